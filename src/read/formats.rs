//! The table of input formats. A new format is one row here and one file beside it.
//!
//! A row says by which names a format is known, how to tell it from content when the name says
//! nothing, where its next record ends, and how a record is understood. Everything else (batches,
//! checksums, compression, faults, cutting, restoring) is the same for all. A table's content is its
//! rows as lines of JSON (`table/`), so it is understood, cut and restored as JSON Lines are.

#[cfg(feature = "tables")]
use super::table;
use super::{Compression, Content, RawRecord, Source, csv, jsonl, plain, warc};
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
    /// Whether those bytes are a signature that no file of another format has. Then they say more
    /// than the name.
    pub(crate) signed: bool,
    /// Where the first record of these bytes ends.
    pub(crate) split: Split,
    /// What one record is called where it is counted.
    pub(crate) unit: Unit,
    /// Whether a source of no bytes is a record.
    pub(crate) empty_is_record: bool,
    /// Understands one record.
    pub(crate) parse: fn(&Source, &Params, &RawRecord) -> Content,
    /// Whether a record is sound and holds no text by its kind: it passes through, counted.
    pub(crate) other_kind: fn(record: &[u8]) -> bool,
    /// Whether metadata can become a field of the record; else it is written to a file beside.
    pub(crate) takes_fields: bool,
    /// Whether records are compressed one by one where the source was.
    pub(crate) members: bool,
    /// Whether its files have a footer or header of their own, and are no stream of records.
    pub(crate) is_table: bool,
}

/// The length of the first record, `None` when it does not end in these bytes, of which
/// [`Progress::searched`] were looked at before.
pub(crate) type Split = fn(progress: &mut Progress, bytes: &[u8]) -> Option<usize>;

/// What is known of the record whose end is looked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress {
    /// Bytes known to hold no end.
    pub(crate) searched: usize,
    /// Of a WARC record: whether its length is known, and the length.
    pub(crate) known: bool,
    pub(crate) needed: u64,
    /// Of a CSV record: where in a field we stand.
    pub(crate) state: csv::State,
    /// Of a CSV source: what parts its fields.
    pub(crate) delimiter: u8,
    /// Whether anything was given out.
    pub(crate) any: bool,
}

impl Progress {
    /// The first `len` bytes were given out, and with them the record's end, or not.
    pub(crate) fn given(&mut self, len: usize, ends: bool) {
        self.any = true;
        self.searched = 0;
        if ends {
            *self = Self { any: true, delimiter: self.delimiter, ..Self::default() };
        } else if self.needed != u64::MAX {
            self.needed = self.needed.saturating_sub(len as u64);
        }
    }
}

/// What is counted when the place of a record is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Lines; a record may have several.
    Line,
    /// Records, which are one line each.
    LineRecord,
    /// Rows of a table.
    Row,
    /// Records.
    Record,
}

impl Unit {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Unit::Line | Unit::LineRecord => "line",
            Unit::Row => "row",
            Unit::Record => "record",
        }
    }
}

/// The row of a text format: what the others differ from.
pub(super) const TEXT: Format = Format {
    name: "text",
    extensions: &["txt", "text"],
    sniff: |_| true,
    signed: false,
    split: |_, _| None,
    unit: Unit::LineRecord,
    // An empty file is an empty document, not a missing one.
    empty_is_record: true,
    parse: plain::parse,
    other_kind: |_| false,
    takes_fields: false,
    members: false,
    is_table: false,
};

/// What tables have in common.
#[cfg(feature = "tables")]
const TABLE: Format = Format {
    signed: true,
    split: jsonl::split,
    unit: Unit::Row,
    empty_is_record: false,
    parse: table::parse,
    is_table: true,
    ..TEXT
};

/// Every format, the ones that can be told from content first; the last takes what is left.
pub static FORMATS: &[Format] = &[
    #[cfg(feature = "tables")]
    Format { name: "parquet", extensions: &["parquet", "pq"], sniff: |head| head.starts_with(b"PAR1"), ..TABLE },
    #[cfg(feature = "tables")]
    Format {
        name: "arrow",
        extensions: &["arrow", "feather", "ipc"],
        sniff: |head| head.starts_with(b"ARROW1"),
        ..TABLE
    },
    #[cfg(feature = "tables")]
    Format { name: "arrow_stream", extensions: &["arrows"], sniff: table::sniff_stream, ..TABLE },
    Format {
        name: "warc",
        extensions: &["warc", "wet"],
        sniff: warc::sniff,
        signed: true,
        split: warc::split,
        unit: Unit::Record,
        empty_is_record: false,
        parse: warc::parse,
        other_kind: warc::other_kind,
        members: true,
        ..TEXT
    },
    Format {
        name: "jsonl",
        extensions: &["jsonl", "ndjson", "json"],
        sniff: jsonl::sniff,
        split: jsonl::split,
        unit: Unit::LineRecord,
        empty_is_record: false,
        parse: jsonl::parse,
        takes_fields: true,
        ..TEXT
    },
    Format {
        name: "csv",
        extensions: &["csv", "tsv", "tab"],
        // Nothing tells a table from a text with commas; only the name does.
        sniff: |_| false,
        split: csv::split,
        unit: Unit::Line,
        empty_is_record: false,
        parse: csv::parse,
        ..TEXT
    },
    TEXT,
];

impl Format {
    /// The format that a file's name announces, under any compression's ending.
    pub fn by_name(file_name: &str) -> Option<&'static Format> {
        let (_, extension) = Compression::strip_extension(file_name).rsplit_once('.')?;
        let extension = extension.to_ascii_lowercase();
        FORMATS.iter().find(|f| f.extensions.contains(&extension.as_str()))
    }

    /// The format whose signature stands at the beginning of decompressed content.
    pub(crate) fn by_signature(head: &[u8]) -> Option<&'static Format> {
        FORMATS.iter().find(|f| f.signed && (f.sniff)(head))
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
