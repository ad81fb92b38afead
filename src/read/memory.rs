//! Rows that are in memory already: a table that another program holds.
//!
//! Fields of a row -> [`Row`] -> a record like any other, whose raw bytes are the text itself, shared
//! and not copied. What a row's id and host are is settled here as it is for JSON Lines.
//!
//! ```
//! use ghirbal::params::Params;
//! use ghirbal::read::{Corpus, Field, Row, Source, parse};
//! let params = Params::default();
//! let row = Row::new(Some("غربال".into()), &params, |name| match name {
//!     "id" => Some(Field::Number("7".into())),
//!     "url" => Some(Field::Text("https://www.a.example/1".into())),
//!     _ => None,
//! });
//! let sources = [Source::in_memory("table", vec![row, Row::default()], &params.reading)];
//! let records = Corpus::new(&sources).next_batch(1 << 20)?.unwrap_or_default();
//! let records: Vec<_> = records.into_iter().map(|raw| parse(&sources, &params, raw)).collect();
//! let document = records[0].document().unwrap();
//! assert_eq!((&*document.id, document.host.as_deref()), ("7", Some("a.example")));
//! assert!(records[1].skipped().is_some());
//! # Ok::<(), ghirbal::error::Error>(())
//! ```

use bytes::Bytes;

use super::formats::{Format, TEXT, Unit};
use super::{Content, Document, Parsed, RawRecord, Source, TextForm, host, utf8};
use crate::params::Params;

/// One row.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// Its text; without one it is skipped.
    pub text: Option<Bytes>,
    /// Its id; without one it is called `source:row`, rows counted from 1.
    pub id: Option<String>,
    /// The host whose lines are counted together.
    pub host: Option<String>,
    /// The value of the field `--keep earliest:FIELD` looks at.
    pub sort_key: Option<String>,
}

/// The value of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// A string.
    Text(String),
    /// A number, as it is written in JSON.
    Number(String),
}

impl Field {
    fn text(self) -> Option<String> {
        match self {
            Field::Text(text) => Some(text),
            Field::Number(_) => None,
        }
    }

    fn text_or_number(self) -> String {
        match self {
            Field::Text(value) | Field::Number(value) => value,
        }
    }
}

impl Row {
    /// A row with this text, whose other fields are looked up by name.
    pub fn new(text: Option<Bytes>, params: &Params, field: impl Fn(&str) -> Option<Field>) -> Self {
        let name = &params.fields.host;
        let urls = || host::URL_FIELDS.iter().map(|url| field(url)?.text());
        Self {
            text,
            id: field(&params.fields.id).map(Field::text_or_number).filter(|id| !id.is_empty()),
            host: host::of_fields(name, field(name).and_then(Field::text), urls),
            sort_key: params.documents.keep.field().and_then(&field).map(Field::text_or_number),
        }
    }

    /// The names of the fields that are looked up.
    pub fn fields(params: &Params) -> Vec<&str> {
        let asked = [&*params.fields.id, &*params.fields.host];
        let mut names: Vec<&str> =
            asked.into_iter().chain(host::URL_FIELDS).chain(params.documents.keep.field()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// The format of rows in memory. It is no file's, so the table of formats does not list it.
pub(super) static ROWS: Format =
    Format { name: "rows", extensions: &[], unit: Unit::Row, empty_is_record: false, parse, ..TEXT };

fn parse(source: &Source, params: &Params, record: &RawRecord) -> Content {
    let row = source.rows.as_ref().and_then(|rows| rows.get(record.line as usize - 1));
    let Some(Row { text: Some(_), id, host, sort_key }) = row else {
        return Content::Skipped(format!("column `{}` is null, not a string", params.fields.text));
    };
    match utf8(&record.raw, 0) {
        Ok(text) => Content::Document(Parsed {
            document: Document {
                id: id.clone().unwrap_or_else(|| format!("{}:{}", source.name, record.line)),
                host: host.clone(),
                sort_key: sort_key.clone(),
                text: text.to_owned(),
            },
            text_at: 0..text.len(),
            text_form: TextForm::Plain,
        }),
        Err(skipped) => skipped,
    }
}
