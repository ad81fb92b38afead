//! Reads records from files: the only stage that knows formats.
//!
//! Paths -> [`Source`]s -> [`RawRecord`]s -> [`Record`]s. Finding where a record ends is
//! sequential ([`Corpus::next_batch`]); understanding it is pure and may run on many threads
//! ([`parse`]).
//!
//! Two promises. A bad record is never an error and never vanishes: it comes out as a record whose
//! content says why it was skipped, with its raw bytes. And records tile their source: their raw
//! bytes, one after another, are the decompressed source, or as much of it as could be read.
//!
//! ```
//! use ghirbal::params::Params;
//! use ghirbal::read::{Content, Corpus, discover, parse};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! std::fs::write(folder.path().join("a.jsonl"), "{\"id\":7,\"text\":\"غربال\"}\nnot a record\n")?;
//!
//! let found = discover(&[folder.path().to_path_buf()])?;
//! let mut corpus = Corpus::new(&found.sources);
//! let batch = corpus.next_batch(1 << 20)?.unwrap_or_default();
//! let records: Vec<_> =
//!     batch.into_iter().map(|raw| parse(&found.sources, &Params::default(), raw)).collect();
//! assert_eq!(records[0].document().unwrap().id, "7");
//! assert!(matches!(&records[1].content, Content::Skipped(why) if why.contains("JSON")));
//! # Ok(())
//! # }
//! ```

use std::ops::Range;

use bytes::Bytes;

use crate::params::{Invalid, Params};

mod coding;
mod compression;
pub(crate) mod csv;
mod discover;
mod encoding;
mod flat;
mod formats;
mod host;
pub(crate) mod json;
mod jsonl;
mod memory;
mod plain;
mod reader;
mod stop;
#[cfg(feature = "tables")]
mod table;
pub(crate) mod warc;

pub use coding::{Coding, Encoder};
#[cfg(feature = "tables")]
pub(crate) use compression::EXPANDED_LEN_BYTES_MIN;
#[cfg(test)]
pub(crate) use compression::compressed;
pub use compression::{Compression, EXPANSION_MAX};
pub use discover::{Discovered, SkippedSource, Source, discover, discover_with};
pub use formats::{FORMATS, Format};
pub use json::Escapes;
pub use memory::{Field, Row};
pub use reader::{Checksum, Corpus, RECORD_LEN_BYTES_MAX, Reader};
pub use stop::Stop;

pub(crate) use jsonl::field_names;
pub(crate) use reader::Hasher;

/// One document, as every later stage sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The record's id: its id field, or the path relative to the given root, or `source:line`.
    pub id: String,
    /// The host whose lines are counted together: what its host field or its URL names, of plain
    /// text the first folder below the given root.
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
    /// As it is, in a block whose length stands in the record's header.
    Block,
    /// As the inside of a JSON string.
    JsonString,
    /// As the inside of a quoted field.
    CsvQuoted,
}

/// One record as it was cut from its source, not yet understood.
#[derive(Clone, Debug)]
pub struct RawRecord {
    /// The index of its source.
    pub source: u32,
    /// The line it begins at, counted from 1.
    pub line: u64,
    /// Where it begins in the decompressed source, in bytes.
    pub offset: u64,
    /// Its bytes, line end included: a share of the block they were read with, no copy.
    pub raw: Bytes,
    /// What the reader knows without parsing: the source ended in a fault, the record is too long.
    given: Option<Content>,
}

/// One record of a source, as it stood there and as it was understood.
#[derive(Clone, Debug)]
pub struct Record {
    /// The index of its source.
    pub source: u32,
    /// The line it begins at, counted from 1.
    pub line: u64,
    /// Where it begins in the decompressed source, in bytes.
    pub offset: u64,
    /// Its bytes, line end included. Records tile their source.
    pub raw: Bytes,
    /// Bytes that were no text, where U+FFFD stands in `raw` now: its place there and the bytes.
    pub replaced: Vec<Replaced>,
    /// What it is.
    pub content: Content,
}

/// Where in a record a replacement stands, and the bytes that stood there.
pub type Replaced = (usize, Box<[u8]>);

/// What a record turned out to be.
#[derive(Clone, Debug)]
pub enum Content {
    /// A document.
    Document(Parsed),
    /// Neither document nor fault: a blank line, or the rest of a record already reported as too
    /// long. Passes through.
    Nothing,
    /// Could not be read, and why. Passes through, is listed and counted.
    Skipped(String),
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

impl Record {
    /// The document, when it is one.
    pub fn document(&self) -> Option<&Document> {
        match &self.content {
            Content::Document(parsed) => Some(&parsed.document),
            Content::Nothing | Content::Skipped(_) => None,
        }
    }

    /// Why it was skipped, when it was.
    pub fn skipped(&self) -> Option<&str> {
        match &self.content {
            Content::Skipped(why) => Some(why),
            Content::Document(_) | Content::Nothing => None,
        }
    }
}

/// Understands one record. Pure; batches of raw records may be parsed in parallel.
///
/// # Panics
/// When the record comes from other sources than these.
pub fn parse(sources: &[Source], params: &Params, mut raw: RawRecord) -> Record {
    let source = &sources[raw.source as usize];
    let (as_it_was, mut replaced) = (raw.raw.clone(), Vec::new());
    let content = match raw.given.take() {
        Some(given) => given,
        None => {
            if params.reading.invalid == Invalid::Replace && simdutf8::basic::from_utf8(&raw.raw).is_err() {
                (raw.raw, replaced) = replace(&raw.raw, source.coding.replacement());
            }
            (source.format.parse)(source, params, &raw)
        }
    };
    if !replaced.is_empty() && !matches!(content, Content::Document(_)) {
        // What is no document all the same passes through as it was.
        raw.raw = as_it_was;
        replaced.clear();
    }
    Record { source: raw.source, line: raw.line, offset: raw.offset, raw: raw.raw, replaced, content }
}

/// Puts `with` in the place of whatever is no UTF-8; gives what stood there too.
fn replace(bytes: &[u8], with: &str) -> (Bytes, Vec<Replaced>) {
    let mut out = Vec::with_capacity(bytes.len() + 16);
    let mut replaced = Vec::new();
    for chunk in bytes.utf8_chunks() {
        out.extend_from_slice(chunk.valid().as_bytes());
        if !chunk.invalid().is_empty() {
            replaced.push((out.len(), chunk.invalid().into()));
            out.extend_from_slice(with.as_bytes());
        }
    }
    (out.into(), replaced)
}

/// Bytes as text, or why they are none. Checking Arabic with the standard library took three
/// quarters of the time of parsing a record; simdutf8 is some twenty times as fast.
fn utf8(bytes: &[u8], skipped_len: usize) -> Result<&str, Content> {
    simdutf8::basic::from_utf8(bytes).map_err(|_| {
        let valid = std::str::from_utf8(bytes).map_or_else(|e| e.valid_up_to(), str::len);
        Content::Skipped(format!("invalid UTF-8 at byte {}", skipped_len + valid))
    })
}

#[cfg(test)]
mod tests;
