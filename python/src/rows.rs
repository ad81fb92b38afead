//! What a caller hands over -> sources: paths, or a table whose texts are shared and not copied.

use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, UInt64Type};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_buffer::Buffer;
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType, SchemaRef};
use bytes::Bytes;
use ghirbal::params::Params;
use ghirbal::read::{Field, Row, Source};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3_arrow::input::AnyRecordBatch;

use crate::error::{arrow, usage};

/// The name of a table in memory; a row without an id is called `table:row`, counted from 1.
pub const TABLE: &str = "table";

/// What a caller hands over.
pub enum Input {
    Paths(Vec<PathBuf>),
    Table(SchemaRef, Vec<RecordBatch>),
}

impl Input {
    /// Paths (one, or a list), or any object with `__arrow_c_stream__` or `__arrow_c_array__`. Lists of
    /// records become tables in Python.
    pub fn of(given: &Bound<'_, PyAny>) -> PyResult<Self> {
        if given.hasattr("__arrow_c_stream__")? || given.hasattr("__arrow_c_array__")? {
            let (batches, schema) = given.extract::<AnyRecordBatch>()?.into_table()?.into_inner();
            return Ok(Input::Table(schema, batches));
        }
        if let Ok(path) = given.extract::<PathBuf>() {
            return Ok(Input::Paths(vec![path]));
        }
        if let Ok(paths) = given.extract::<Vec<PathBuf>>() {
            return Ok(Input::Paths(paths));
        }
        Err(PyTypeError::new_err(format!(
            "a {} is neither a path, a list of paths, a list of records nor an Arrow table; hint: pyarrow, polars, \
             pandas (3, or with pyarrow), DuckDB and datasets tables are read as they are",
            given.get_type().name()?
        )))
    }
}

/// A buffer of Arrow as one of `bytes`.
struct Shared(Buffer);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        self.0.as_slice()
    }
}

/// The strings of an array, each a share of its buffer.
fn shared(array: &ArrayRef) -> Result<Vec<Option<Bytes>>, ArrowError> {
    let array = match array.data_type() {
        DataType::LargeUtf8 => Arc::clone(array),
        // Offsets of 64 bits are the only copy: the texts stay where they are.
        _ => cast(array, &DataType::LargeUtf8)?,
    };
    let texts = array.as_string::<i64>();
    let whole = Bytes::from_owner(Shared(texts.values().clone()));
    let offsets = texts.value_offsets();
    let range = |row: usize| offsets[row] as usize..offsets[row + 1] as usize;
    Ok((0..texts.len()).map(|row| texts.is_valid(row).then(|| whole.slice(range(row)))).collect())
}

/// The values of one column as fields.
enum Values {
    Text(ArrayRef),
    Signed(ArrayRef),
    Unsigned(ArrayRef),
    Number(ArrayRef),
    Nothing,
}

impl Values {
    fn of(column: &ArrayRef) -> Result<Self, ArrowError> {
        use DataType::*;
        Ok(match column.data_type() {
            Dictionary(_, values) => Self::of(&cast(column, values)?)?,
            Utf8 | LargeUtf8 | Utf8View => Values::Text(cast(column, &LargeUtf8)?),
            Int8 | Int16 | Int32 | Int64 => Values::Signed(cast(column, &Int64)?),
            UInt8 | UInt16 | UInt32 | UInt64 => Values::Unsigned(cast(column, &UInt64)?),
            Float16 | Float32 | Float64 => Values::Number(cast(column, &Float64)?),
            // Points in time are shown in UTC, so that they compare.
            Timestamp(unit, Some(_)) => {
                let data = column.to_data().into_builder().data_type(Timestamp(*unit, None)).build()?;
                Values::Text(cast(&arrow_array::make_array(data), &LargeUtf8)?)
            }
            Date32 | Date64 | Timestamp(..) | Decimal128(..) | Decimal256(..) => {
                Values::Text(cast(column, &LargeUtf8)?)
            }
            _ => Values::Nothing,
        })
    }

    fn field(&self, row: usize) -> Option<Field> {
        match self {
            Values::Text(a) if a.is_valid(row) => Some(Field::Text(a.as_string::<i64>().value(row).to_owned())),
            Values::Signed(a) if a.is_valid(row) => {
                Some(Field::Number(a.as_primitive::<Int64Type>().value(row).to_string()))
            }
            Values::Unsigned(a) if a.is_valid(row) => {
                Some(Field::Number(a.as_primitive::<UInt64Type>().value(row).to_string()))
            }
            Values::Number(a) if a.is_valid(row) => {
                Some(Field::Number(serde_json::to_string(&a.as_primitive::<Float64Type>().value(row)).ok()?))
            }
            _ => None,
        }
    }
}

/// The rows of a table's batch, with what their columns say of them.
pub fn rows(py: Python<'_>, batch: &RecordBatch, params: &Params) -> PyResult<Vec<Row>> {
    let name = &params.fields.text;
    let Some(text) = batch.column_by_name(name) else {
        let names: Vec<String> = batch.schema().fields().iter().map(|f| f.name().clone()).collect();
        return Err(usage(
            py,
            format!(
                "the table has no column `{name}`; hint: name the text's column with fields={{\"text\": ...}}, it has {}",
                names.join(", ")
            ),
        ));
    };
    let kind = match text.data_type() {
        DataType::Dictionary(_, values) => values,
        other => other,
    };
    if !matches!(kind, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) {
        return Err(usage(py, format!("column `{name}` holds {kind}, not text")));
    }
    let texts = shared(text).map_err(arrow)?;
    let mut columns = Vec::new();
    for name in Row::fields(params) {
        if let Some(column) = batch.column_by_name(name) {
            columns.push((name, Values::of(column).map_err(arrow)?));
        }
    }
    let field = |wanted: &str, row| columns.iter().find(|(name, _)| *name == wanted)?.1.field(row);
    Ok(texts.into_iter().enumerate().map(|(row, text)| Row::new(text, params, |name| field(name, row))).collect())
}

/// A table as a source.
pub fn source(py: Python<'_>, batches: &[RecordBatch], params: &Params) -> PyResult<Source> {
    let mut all = Vec::with_capacity(batches.iter().map(RecordBatch::num_rows).sum());
    for batch in batches {
        all.extend(rows(py, batch, params)?);
    }
    Ok(Source::in_memory(TABLE, all, &params.reading))
}
