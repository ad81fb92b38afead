//! Cuts sources into raw records: bounded memory, checksums on the way, faults as records.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use xxhash_rust::xxh3::Xxh3Default;

use super::formats::{Progress, Unit};
use super::{Content, Format, RawRecord, Row, Source};
use crate::error::{Error, Result};
use crate::remote;

/// The longest record that can be asked for, in bytes: a [`Span`](crate::span::Span) counts with 32
/// bits. A record longer than what was asked for is skipped, and passes through in pieces.
pub const RECORD_LEN_BYTES_MAX: u64 = u32::MAX as u64;

/// Bytes read at a time. Records share them, so a block must hold many.
const BLOCK_LEN_BYTES: usize = 1 << 20;

/// Memory that is used again for the next block, once every record of this one is gone. Fresh memory
/// costs a page fault for every 4 KiB.
struct Block(Vec<u8>);

/// Blocks kept for use; what two passes of readers and workers have in hand at a time.
const FREE_BLOCKS_MAX: usize = 32;
static FREE_BLOCKS: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

impl Block {
    fn with_capacity(len_bytes: usize) -> Self {
        let free = if len_bytes > BLOCK_LEN_BYTES { None } else { FREE_BLOCKS.lock().ok().and_then(|mut f| f.pop()) };
        Self(free.unwrap_or_else(|| Vec::with_capacity(len_bytes)))
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        let mut block = std::mem::take(&mut self.0);
        block.clear();
        if let Ok(mut free) = FREE_BLOCKS.lock()
            && free.len() < FREE_BLOCKS_MAX
            && block.capacity() == BLOCK_LEN_BYTES
        {
            free.push(block);
        }
    }
}

impl AsRef<[u8]> for Block {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// The xxh3 of a source's decompressed content (as much as could be read).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checksum {
    /// 128 bits of xxh3.
    pub xxh3: u128,
    /// The content's length.
    pub len_bytes: u64,
    /// Records that hold no text by their kind, such as responses in a WARC file.
    pub records_of_other_kinds: u64,
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
    records_of_other_kinds: u64,
}

impl Hasher {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.state.update(bytes);
        self.len_bytes += bytes.len() as u64;
    }

    pub(crate) fn checksum(&self) -> Checksum {
        Checksum {
            xxh3: self.state.digest128(),
            len_bytes: self.len_bytes,
            records_of_other_kinds: self.records_of_other_kinds,
        }
    }
}

/// The records of one source, one in memory at a time.
///
/// A file that cannot be opened, or whose compressed stream is damaged, ends in a skipped record
/// that says so.
pub struct Reader {
    input: Option<Box<dyn Read + Send>>,
    /// What was read and not yet given out.
    block: Bytes,
    /// What is known of the end of its first record.
    progress: Progress,
    /// Why nothing more can be read, once what was read has been given out.
    error: Option<io::Error>,
    format: &'static Format,
    /// Why the whole source is nothing but bytes.
    unreadable: Option<String>,
    source: u32,
    /// The line of the record given out last.
    line: u64,
    /// How many lines it has.
    lines: u64,
    offset: u64,
    record_len_bytes_max: u64,
    /// Whether the last record was cut at the limit and goes on.
    in_piece: bool,
    /// Why reading stopped; told once, after the last record.
    fault: Option<String>,
    /// An object that could not be had: no fault of its bytes, and the end of the run.
    failure: Option<io::Error>,
    hasher: Hasher,
    /// The records, when they are in memory.
    rows: Option<Arc<[Row]>>,
}

impl Reader {
    /// `begun` is what has been asked for already.
    pub(crate) fn open(source: &Source, index: u32, begun: Option<Box<dyn Read + Send>>) -> Self {
        let content = || source.content(begun);
        let (input, fault, failure) = match source.rows.is_none().then(content) {
            None => (None, None, None),
            Some(Ok(input)) => (Some(input), None, None),
            Some(Err(e)) if remote::is_failure(&e) => (None, None, Some(e)),
            Some(Err(e)) => (None, Some(format!("the file cannot be opened: {e}")), None),
        };
        let delimiter = source.columns.as_ref().map_or(0, |columns| columns.delimiter);
        Self {
            input,
            block: Bytes::new(),
            progress: Progress { delimiter, ..Progress::default() },
            error: None,
            format: source.format,
            unreadable: source.unreadable.clone(),
            source: index,
            line: 0,
            lines: 1,
            offset: 0,
            record_len_bytes_max: source.record_len_bytes_max,
            in_piece: false,
            fault,
            failure,
            hasher: Hasher::default(),
            rows: source.rows.clone(),
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

    /// Reads more behind what is left. Whether there was any.
    fn fill(&mut self) -> io::Result<bool> {
        let Some(input) = &mut self.input else { return Ok(false) };
        // Doubled when a record is longer, so that no byte is moved more than twice on average.
        let mut block = Block::with_capacity(BLOCK_LEN_BYTES.max(self.block.len() * 2));
        block.0.extend_from_slice(&self.block);
        let room = (block.0.capacity() - block.0.len()) as u64;
        let read = input.take(room).read_to_end(&mut block.0);
        self.hasher.update(&block.0[self.block.len()..]);
        self.block = Bytes::from_owner(block);
        Ok(read? > 0)
    }

    /// Gives out the first `len` bytes, which end a record or not.
    fn record(&mut self, len: usize, ends: bool, given: Option<Content>) -> RawRecord {
        let offset = self.offset;
        self.offset += len as u64;
        self.progress.given(len, ends);
        let raw = self.block.split_to(len);
        if self.format.unit == Unit::Line {
            self.lines += memchr::memchr_iter(b'\n', &raw).count() as u64;
        }
        RawRecord { source: self.source, line: self.line, offset, raw, given }
    }

    /// Goes on to the next record.
    fn next_line(&mut self) {
        let counts_lines = self.format.unit == Unit::Line && self.line > 0;
        self.line += if counts_lines { self.lines } else { 1 };
        self.lines = 0;
    }

    /// Gives out the first `len` bytes, a whole record or (`goes_on`) a piece of one.
    fn record_or_piece(&mut self, len: usize, goes_on: bool) -> RawRecord {
        let is_rest = std::mem::replace(&mut self.in_piece, goes_on);
        if !is_rest {
            self.next_line();
        }
        let given = match (is_rest, goes_on) {
            (true, _) => Some(Content::Nothing),
            (false, true) => Some(self.too_long()),
            (false, false) => None,
        };
        if !is_rest && (self.format.other_kind)(&self.block[..len]) {
            self.hasher.records_of_other_kinds += 1;
        }
        self.record(len, !goes_on, given)
    }

    /// The next row of a source in memory.
    fn row(&mut self, rows: &[Row]) -> Option<RawRecord> {
        let raw = rows.get(self.line as usize)?.text.clone().unwrap_or_default();
        self.line += 1;
        self.hasher.update(&raw);
        let offset = self.offset;
        self.offset += raw.len() as u64;
        let given = (raw.len() as u64 > self.record_len_bytes_max).then(|| self.too_long());
        Some(RawRecord { source: self.source, line: self.line, offset, raw, given })
    }

    fn too_long(&self) -> Content {
        let max = self.record_len_bytes_max;
        Content::Skipped(format!("the record is longer than the limit of {max} bytes (--max-record)"))
    }

    fn stopped(&self, error: &io::Error) -> String {
        let after = match self.line {
            0 => "before its first record".to_owned(),
            line => format!("after {} {line}", self.format.unit.name()),
        };
        match error.kind() {
            io::ErrorKind::UnexpectedEof => format!("the compressed stream ends too early, {after}"),
            _ => format!("the source is damaged or unreadable {after}: {error}"),
        }
    }

    /// The next piece of a source that is nothing but bytes.
    fn opaque(&mut self, why: &str) -> Option<RawRecord> {
        match self.fill() {
            Ok(true) => {
                let given = if self.line == 0 { Content::Skipped(why.to_owned()) } else { Content::Nothing };
                self.line = 1;
                Some(self.record(self.block.len(), false, Some(given)))
            }
            Ok(false) => None,
            Err(error) => {
                self.input = None;
                match remote::is_failure(&error) {
                    true => self.failure = Some(error),
                    false => self.fault = Some(self.stopped(&error)),
                }
                None
            }
        }
    }
}

impl Iterator for Reader {
    type Item = RawRecord;

    fn next(&mut self) -> Option<RawRecord> {
        if let Some(rows) = self.rows.clone() {
            return self.row(&rows);
        }
        if self.input.is_some()
            && let Some(why) = self.unreadable.take()
        {
            let piece = self.opaque(&why);
            self.unreadable = Some(why);
            if piece.is_some() {
                return piece;
            }
            self.input = None;
        }
        while self.input.is_some() {
            let in_reach = self.block.len().min(usize::try_from(self.record_len_bytes_max).unwrap_or(usize::MAX));
            if let Some(len) = (self.format.split)(&mut self.progress, &self.block[..in_reach]) {
                return Some(self.record_or_piece(len, false));
            }
            self.progress.searched = in_reach;
            if in_reach as u64 == self.record_len_bytes_max {
                return Some(self.record_or_piece(in_reach, true));
            }
            if let Some(error) = self.error.take() {
                self.input = None;
                if !self.block.is_empty() && !self.in_piece {
                    self.next_line();
                }
                self.fault = Some(self.stopped(&error));
                if !self.block.is_empty() {
                    let given = self.in_piece.then_some(Content::Nothing);
                    return Some(self.record(self.block.len(), true, given));
                }
                break;
            }
            match self.fill() {
                Ok(true) => {}
                Ok(false) => {
                    self.input = None;
                    let is_record = !self.block.is_empty() || (self.line == 0 && self.format.empty_is_record);
                    return is_record.then(|| self.record_or_piece(self.block.len(), false));
                }
                Err(error) if remote::is_failure(&error) => {
                    self.input = None;
                    self.failure = Some(error);
                    return None;
                }
                Err(error) => self.error = Some(error),
            }
        }
        let fault = self.fault.take()?;
        // The fault stands behind everything that could be read, and takes no bytes of its own.
        self.next_line();
        Some(self.record(0, true, Some(Content::Skipped(fault))))
    }
}

/// The records of many sources in order, in batches.
pub struct Corpus<'a> {
    sources: &'a [Source],
    /// What an earlier pass saw.
    expected: Option<&'a [Checksum]>,
    reader: Option<Reader>,
    /// The objects whose turn comes next: of many small ones, the way there takes longer than they do.
    begun: VecDeque<Option<Box<dyn Read + Send>>>,
    checksums: Vec<Checksum>,
}

/// Objects that are asked for before their turn.
const OBJECTS_AHEAD: usize = 16;

impl<'a> Corpus<'a> {
    /// A first pass.
    pub fn new(sources: &'a [Source]) -> Self {
        Self { sources, expected: None, reader: None, begun: VecDeque::new(), checksums: Vec::new() }
    }

    /// A further pass, which fails when a source is no longer what the first pass saw.
    ///
    /// # Panics
    /// When there is not one checksum for each source.
    pub fn again(sources: &'a [Source], checksums: &'a [Checksum]) -> Self {
        assert_eq!(sources.len(), checksums.len());
        Self { expected: Some(checksums), ..Self::new(sources) }
    }

    /// The same without the first sources, which were seen already.
    pub fn without_first(mut self, sources: usize) -> Self {
        self.checksums.extend(self.expected.iter().flat_map(|expected| &expected[..sources]));
        self
    }

    /// The next records, about `len_bytes` of them together but at least one; `None` at the end.
    ///
    /// # Errors
    /// When a source has changed since the first pass.
    pub fn next_batch(&mut self, len_bytes: usize) -> Result<Option<Vec<RawRecord>>> {
        let mut batch = Vec::new();
        let mut len = 0;
        let stop = self.sources.get(self.checksums.len()).and_then(|source| source.stop.as_ref());
        stop.map_or(Ok(()), |stop| stop.go_on())?;
        while len < len_bytes {
            let index = self.checksums.len();
            let Some(source) = self.sources.get(index) else { break };
            let reader = match &mut self.reader {
                Some(reader) => reader,
                none => {
                    let next = self.sources.iter().skip(index + self.begun.len());
                    self.begun.extend(next.take(OBJECTS_AHEAD - self.begun.len()).map(Source::begin));
                    none.insert(Reader::open(source, index as u32, self.begun.pop_front().flatten()))
                }
            };
            match reader.next() {
                Some(record) => {
                    // An empty record costs its bookkeeping; without this a batch has no bound.
                    len += record.raw.len() + size_of::<RawRecord>();
                    batch.push(record);
                }
                None => {
                    if let Some(failure) = reader.failure.take() {
                        return Err(remote::into_error("read", source.place(), failure));
                    }
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
