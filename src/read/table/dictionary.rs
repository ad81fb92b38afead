//! One dictionary for all batches of a file: Arrow's file format allows no other.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::builder::LargeStringBuilder;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, Int64Array, make_array};
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType};

/// The values of one column so far, in the order they came.
#[derive(Default)]
pub(super) struct Dictionary {
    places: HashMap<Box<str>, i64>,
    values: Vec<Box<str>>,
}

impl Dictionary {
    /// The texts as an array of this type whose dictionary begins with all earlier ones.
    pub(super) fn array(&mut self, texts: &ArrayRef, wanted: &DataType) -> Result<ArrayRef, ArrowError> {
        let DataType::Dictionary(key_type, value_type) = wanted else { return cast(texts, wanted) };
        let texts = texts.as_string::<i64>();
        let keys = texts.iter().map(|text| {
            let text = text?;
            Some(match self.places.get(text) {
                Some(&place) => place,
                None => {
                    let place = self.values.len() as i64;
                    self.places.insert(text.into(), place);
                    self.values.push(text.into());
                    place
                }
            })
        });
        let keys: ArrayRef = Arc::new(keys.collect::<Int64Array>());
        let options = arrow_cast::CastOptions { safe: false, ..arrow_cast::CastOptions::default() };
        let keys = arrow_cast::cast_with_options(&keys, key_type, &options)?;
        let mut values = LargeStringBuilder::new();
        self.values.iter().for_each(|value| values.append_value(value));
        let values: ArrayRef = Arc::new(values.finish());
        let values = cast(&values, value_type)?;
        let data = keys.to_data().into_builder().data_type(wanted.clone()).add_child_data(values.to_data()).build()?;
        Ok(make_array(data))
    }
}
