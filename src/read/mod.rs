//! Reads records from files: the only stage that knows formats.
//!
//! Paths -> [`Source`]s -> [`Record`]s. A bad record is never an error and never vanishes: it comes
//! out as a record whose `parsed` says why it was skipped, with its raw bytes.

use std::ops::Range;

/// One document, as every later stage sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The record's id: its id field, or the path relative to the given root, or `source:line`.
    pub id: String,
    /// The host whose lines are counted together.
    pub host: Option<String>,
    /// The value of the field `--keep earliest:FIELD` looks at.
    pub sort_key: Option<String>,
    /// The text as it was read.
    pub text: String,
}

/// How a document's text stands in its record's raw bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextForm {
    /// As it is.
    Plain,
    /// As the inside of a JSON string.
    JsonString,
}

/// One record of a source, as it stood there.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its bytes in the decompressed source, line end included. Records tile their source.
    pub raw: Vec<u8>,
    /// The line it begins at, counted from 1.
    pub line: u64,
    /// What was read, or why it was skipped.
    pub parsed: Result<Parsed, String>,
}

/// A record that could be read.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The document.
    pub document: Document,
    /// Where its text stands in the raw bytes (inside the quotes of a JSON string).
    pub text_at: Range<usize>,
    /// How it stands there.
    pub text_form: TextForm,
}
