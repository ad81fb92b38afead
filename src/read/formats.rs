//! The table of input formats. A new format is one row here and one file beside it.
//!
//! A row says by which names a format is known, how to tell it from content when the name says
//! nothing, where its next record ends, and how a record is understood. Everything else (batches,
//! checksums, compression, faults, cutting, restoring) is the same for all.

use super::{Compression, Content, RawRecord, Source, jsonl, plain};
use crate::params::Params;

/// One input format.
pub struct Format {
    /// Its name in artefacts.
    pub name: &'static str,
    /// The endings of file names that mean it, without the dot, in lower case. The first one is
    /// given to standard input.
    pub extensions: &'static [&'static str],
    /// Whether a file of unknown name is of this format, by the first bytes of its content.
    pub(crate) sniff: fn(head: &[u8]) -> bool,
    /// Where the first record of these bytes ends.
    pub(crate) split: Split,
    /// Whether a source of no bytes is a record.
    pub(crate) empty_is_record: bool,
    /// Understands one record.
    pub(crate) parse: fn(&Source, &Params, &RawRecord) -> Content,
}

/// The length of the first record, `None` when it does not end in these bytes. They may begin
/// anywhere inside it.
pub(crate) type Split = fn(bytes: &[u8]) -> Option<usize>;

/// Every format, the ones that can be told from content first; the last takes what is left.
pub static FORMATS: &[Format] = &[
    Format {
        name: "jsonl",
        extensions: &["jsonl", "ndjson", "json"],
        sniff: jsonl::sniff,
        split: jsonl::split,
        empty_is_record: false,
        parse: jsonl::parse,
    },
    Format {
        name: "text",
        extensions: &["txt", "text"],
        sniff: |_| true,
        split: |_| None,
        // An empty file is an empty document, not a missing one.
        empty_is_record: true,
        parse: plain::parse,
    },
];

impl Format {
    /// The format that a file's name announces, under any compression's ending.
    pub fn by_name(file_name: &str) -> Option<&'static Format> {
        let (_, extension) = Compression::strip_extension(file_name).rsplit_once('.')?;
        let extension = extension.to_ascii_lowercase();
        FORMATS.iter().find(|f| f.extensions.contains(&extension.as_str()))
    }

    /// The format that decompressed content begins like.
    pub(crate) fn by_content(head: &[u8]) -> &'static Format {
        FORMATS.iter().find(|f| (f.sniff)(head)).unwrap_or(&FORMATS[FORMATS.len() - 1])
    }
}

impl std::fmt::Debug for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}
