//! Cuts sources into raw records: bounded memory, checksums on the way, faults as records.

use std::fs::File;
use std::io::{self, BufReader, Read};

use xxhash_rust::xxh3::Xxh3Default;

use super::formats::Step;
use super::{Content, Format, RawRecord, Source};
use crate::error::{Error, Result};

/// The longest record, in bytes: a [`Span`](crate::span::Span) counts with 32 bits. A longer one is
/// skipped, and passes through in pieces.
pub const RECORD_LEN_BYTES_MAX: u64 = u32::MAX as u64;

/// 256 KiB hold many lines, and stay inside a second-level cache.
const BUFFER_LEN_BYTES: usize = 1 << 18;

/// The xxh3 of a source's decompressed content (as much as could be read).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checksum {
    /// 128 bits of xxh3.
    pub xxh3: u128,
    /// The content's length.
    pub len_bytes: u64,
}

impl Checksum {
    /// The checksum as artefacts write it: 32 hexadecimal digits.
    pub fn hex(&self) -> String {
        format!("{:032x}", self.xxh3)
    }
}

/// Computes a [`Checksum`] as bytes go by.
#[derive(Clone, Default)]
pub(crate) struct Hasher {
    state: Xxh3Default,
    len_bytes: u64,
}

impl Hasher {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.state.update(bytes);
        self.len_bytes += bytes.len() as u64;
    }

    pub(crate) fn checksum(&self) -> Checksum {
        Checksum { xxh3: self.state.digest128(), len_bytes: self.len_bytes }
    }
}

/// The records of one source, one in memory at a time.
///
/// A file that cannot be opened, or whose compressed stream is damaged, ends in a skipped record
/// that says so.
pub struct Reader {
    input: Option<BufReader<Box<dyn Read + Send>>>,
    format: &'static Format,
    source: u32,
    line: u64,
    record_len_bytes_max: u64,
    /// Whether the last record was cut at the limit and goes on.
    in_piece: bool,
    /// Why reading stopped; told once, after the last record.
    fault: Option<String>,
    hasher: Hasher,
}

impl Reader {
    pub(crate) fn open(source: &Source, index: u32) -> Self {
        let opened = File::open(&source.path).and_then(|file| source.compression.decode(file));
        let (input, fault) = match opened {
            Ok(input) => (Some(BufReader::with_capacity(BUFFER_LEN_BYTES, input)), None),
            Err(e) => (None, Some(format!("the file cannot be opened: {e}"))),
        };
        Self {
            input,
            format: source.format,
            source: index,
            line: 0,
            record_len_bytes_max: RECORD_LEN_BYTES_MAX,
            in_piece: false,
            fault,
            hasher: Hasher::default(),
        }
    }

    #[cfg(test)]
    pub(crate) fn record_len_bytes_max(mut self, max: u64) -> Self {
        self.record_len_bytes_max = max;
        self
    }

    /// The checksum of what has been read so far; of the whole source once the records have ended.
    pub fn checksum(&self) -> Checksum {
        self.hasher.checksum()
    }

    fn record(&mut self, raw: Vec<u8>, given: Option<Content>) -> RawRecord {
        let offset = self.hasher.len_bytes;
        self.hasher.update(&raw);
        RawRecord { source: self.source, line: self.line, offset, raw, given }
    }

    fn stopped(&self, error: &io::Error) -> String {
        let after = match self.line {
            0 => "before its first record".to_owned(),
            line => format!("after line {line}"),
        };
        match error.kind() {
            io::ErrorKind::UnexpectedEof => format!("the compressed stream ends too early, {after}"),
            _ => format!("the source is damaged or unreadable {after}: {error}"),
        }
    }
}

impl Iterator for Reader {
    type Item = RawRecord;

    fn next(&mut self) -> Option<RawRecord> {
        if let Some(input) = &mut self.input {
            let mut raw = Vec::new();
            let first = self.line == 0;
            let step = (self.format.split)(input, first, self.record_len_bytes_max, &mut raw);
            if let Err(error) = &step {
                self.input = None;
                self.line += u64::from(!raw.is_empty() && !self.in_piece);
                self.fault = Some(self.stopped(error));
                if !raw.is_empty() {
                    let given = self.in_piece.then_some(Content::Nothing);
                    return Some(self.record(raw, given));
                }
            }
            if let Ok(step) = step {
                if step == Step::End {
                    self.input = None;
                    return None;
                }
                let goes_on = std::mem::replace(&mut self.in_piece, step == Step::Piece);
                self.line += u64::from(!goes_on);
                let given = match (goes_on, step) {
                    (true, _) => Some(Content::Nothing),
                    (false, Step::Piece) => {
                        let max = self.record_len_bytes_max;
                        Some(Content::Skipped(format!("the record is longer than the limit of {max} bytes")))
                    }
                    (false, _) => None,
                };
                return Some(self.record(raw, given));
            }
        }
        let fault = self.fault.take()?;
        // The fault stands behind everything that could be read, and takes no bytes of its own.
        self.line += 1;
        Some(self.record(Vec::new(), Some(Content::Skipped(fault))))
    }
}

/// The records of many sources in order, in batches.
pub struct Corpus<'a> {
    sources: &'a [Source],
    /// What an earlier pass saw.
    expected: Option<&'a [Checksum]>,
    reader: Option<Reader>,
    checksums: Vec<Checksum>,
}

impl<'a> Corpus<'a> {
    /// A first pass.
    pub fn new(sources: &'a [Source]) -> Self {
        Self { sources, expected: None, reader: None, checksums: Vec::new() }
    }

    /// A further pass, which fails when a source is no longer what the first pass saw.
    ///
    /// # Panics
    /// When there is not one checksum for each source.
    pub fn again(sources: &'a [Source], checksums: &'a [Checksum]) -> Self {
        assert_eq!(sources.len(), checksums.len());
        Self { expected: Some(checksums), ..Self::new(sources) }
    }

    /// The next records, about `len_bytes` of them together but at least one; `None` at the end.
    ///
    /// # Errors
    /// When a source has changed since the first pass.
    pub fn next_batch(&mut self, len_bytes: usize) -> Result<Option<Vec<RawRecord>>> {
        let mut batch = Vec::new();
        let mut len = 0;
        while len < len_bytes {
            let index = self.checksums.len();
            let Some(source) = self.sources.get(index) else { break };
            let reader = self.reader.get_or_insert_with(|| Reader::open(source, index as u32));
            match reader.next() {
                Some(record) => {
                    // An empty record costs its bookkeeping; without this a batch has no bound.
                    len += record.raw.len() + size_of::<RawRecord>();
                    batch.push(record);
                }
                None => {
                    let checksum = reader.checksum();
                    if self.expected.is_some_and(|expected| expected[index] != checksum) {
                        return Err(Error::input("the file changed while it was read")
                            .at(source.place())
                            .hint("run again when nothing writes to it"));
                    }
                    self.checksums.push(checksum);
                    self.reader = None;
                }
            }
        }
        Ok((!batch.is_empty()).then_some(batch))
    }

    /// The checksums of the sources read to their end, in their order.
    pub fn into_checksums(self) -> Vec<Checksum> {
        self.checksums
    }
}
