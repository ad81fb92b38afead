//! WARC and WET: records of a web archive; those of the kind `conversion` are texts.
//!
//! ```text
//! WARC/1.0\r\n  header fields\r\n  \r\n  Content-Length bytes  \r\n\r\n
//! ```
//!
//! A text's id is its `WARC-Record-ID`, its host that of its `WARC-Target-URI`. Every other kind
//! (request, response, warcinfo, …) holds HTTP or HTML, not text: it passes through, and is counted.
//! When a text is cut, its `Content-Length` is written anew and its digests, which fit no longer,
//! are left out; the ledger keeps both.

use std::fs::File;
use std::io::{self, Write};
use std::ops::Range;

use memchr::memmem;

use super::compression;
use super::formats::Progress;
use super::{Compression, Content, Document, Parsed, RawRecord, Source, TextForm, host, utf8};
use crate::params::{Invalid, Params};

const VERSION: &[u8] = b"WARC/";
const HEADER_END: &[u8] = b"\r\n\r\n";

/// The longest header that is looked for: a line is never that long.
const HEADER_LEN_BYTES_MAX: usize = 1 << 20;

pub(super) fn sniff(head: &[u8]) -> bool {
    head.starts_with(b"WARC/1.") || head.starts_with(b"WARC/0.")
}

/// The length of the first record, by its `Content-Length`; of what is no record, up to the next.
pub(super) fn split(progress: &mut Progress, bytes: &[u8]) -> Option<usize> {
    if !progress.known {
        match header(bytes) {
            Some(header) if bytes.starts_with(VERSION) => {
                let len = field(header, "content-length").and_then(|v| v.parse::<u64>().ok());
                progress.needed =
                    len.map_or(u64::MAX, |len| (header.len() as u64).saturating_add(len).min(u64::MAX - 1));
            }
            None if bytes.starts_with(VERSION) && bytes.len() < HEADER_LEN_BYTES_MAX => return None,
            None if VERSION.starts_with(bytes) => return None,
            _ => progress.needed = u64::MAX,
        }
        progress.known = true;
    }
    if progress.needed == u64::MAX {
        let from = progress.searched.saturating_sub(VERSION.len()).max(1);
        let next = memmem::find(bytes.get(from..)?, b"\nWARC/1.")?;
        return Some(from + next + 1);
    }
    // Two line ends follow; some writers leave them out, and some write more.
    let end = usize::try_from(progress.needed).ok()?;
    let tail = bytes.get(end..)?;
    let line_ends = tail.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
    (line_ends < tail.len() || line_ends >= HEADER_END.len()).then(|| end + line_ends.min(HEADER_END.len()))
}

/// The header with the empty line that ends it.
fn header(bytes: &[u8]) -> Option<&[u8]> {
    let near = &bytes[..bytes.len().min(HEADER_LEN_BYTES_MAX)];
    memmem::find(near, HEADER_END).map(|at| &bytes[..at + HEADER_END.len()])
}

/// The lines of a header behind the first, each with its place.
fn lines(header: &[u8]) -> impl Iterator<Item = (Range<usize>, &[u8])> {
    let mut at = 0;
    header
        .split_inclusive(|&b| b == b'\n')
        .map(move |line| {
            at += line.len();
            (at - line.len()..at, line)
        })
        .skip(1)
}

/// The name of a line's field, and the place of its value in the line.
fn parts(line: &[u8]) -> Option<(&[u8], Range<usize>)> {
    let colon = memchr::memchr(b':', line)?;
    let value = line[colon + 1..].trim_ascii();
    let start = value.as_ptr() as usize - line.as_ptr() as usize;
    Some((line[..colon].trim_ascii(), start..start + value.len()))
}

/// The value of a header's field; its name is given in lower case.
fn field<'a>(header: &'a [u8], name: &str) -> Option<&'a str> {
    let line = lines(header).find_map(|(_, line)| {
        let (found, value) = parts(line)?;
        found.eq_ignore_ascii_case(name.as_bytes()).then(|| &line[value])
    })?;
    std::str::from_utf8(line).ok()
}

/// The kind of a record that is sound and no text.
pub(super) fn other_kind(record: &[u8]) -> bool {
    record.starts_with(VERSION)
        && header(record)
            .and_then(|h| field(h, "warc-type"))
            .is_some_and(|kind| !kind.eq_ignore_ascii_case("conversion"))
}

pub(super) fn parse(source: &Source, params: &Params, record: &RawRecord) -> Content {
    let raw = &record.raw[..];
    if raw.trim_ascii().is_empty() {
        return Content::Nothing;
    }
    if !raw.starts_with(VERSION) {
        return Content::Skipped("no WARC record begins here; the next one is looked for".into());
    }
    let Some(header) = header(raw) else {
        return Content::Skipped("the header of the WARC record does not end".into());
    };
    if other_kind(raw) {
        return Content::Nothing;
    }
    let Some(len) = field(header, "content-length").and_then(|v| v.parse::<usize>().ok()) else {
        return Content::Skipped("the WARC record has no Content-Length, or none that is a number".into());
    };
    let Some(kind) = field(header, "warc-type") else {
        return Content::Skipped("the WARC record has no WARC-Type".into());
    };
    debug_assert!(kind.eq_ignore_ascii_case("conversion"));
    let start = header.len();
    let lenient = params.reading.invalid == Invalid::Replace && memmem::find(raw, "\u{fffd}".as_bytes()).is_some();
    let len = if lenient {
        // What was replaced has another length than the header says.
        let line_ends = raw.iter().rev().take(HEADER_END.len()).take_while(|b| matches!(b, b'\r' | b'\n')).count();
        (raw.len() - line_ends).saturating_sub(start)
    } else {
        len
    };
    let Some(block) = raw.get(start..start.saturating_add(len)) else {
        let there = raw.len() - start;
        return Content::Skipped(format!("the WARC record says it has {len} bytes and has {there}"));
    };
    if !raw[start + len..].iter().all(|b| matches!(b, b'\r' | b'\n')) {
        return Content::Skipped(format!("the WARC record says it has {len} bytes and has more"));
    }
    let text = match utf8(block, start) {
        Ok(text) => text.to_owned(),
        Err(skipped) => return skipped,
    };
    let id = field(header, "warc-record-id").filter(|id| !id.is_empty());
    let sort_key = params.documents.keep.field().and_then(|name| field(header, &name.to_ascii_lowercase()));
    let address = field(header, "warc-target-uri");
    Content::Document(Parsed {
        document: Document {
            id: id.map_or_else(|| format!("{}:{}", source.name, record.line), str::to_owned),
            host: address.and_then(|uri| host::of_url(uri.trim_matches(['<', '>']))),
            sort_key: sort_key.map(str::to_owned),
            text,
        },
        text_at: start..start + len,
        text_form: TextForm::Block,
    })
}

/// Whether these bytes are one whole record: what a compressed member holds.
pub(super) fn is_one_record(bytes: &[u8]) -> bool {
    split(&mut Progress::default(), bytes) == Some(bytes.len())
}

/// What must change in a record's header when its text is `len` bytes long now: places and what
/// stands there instead, in order.
pub(crate) fn header_changes(record: &[u8], len: usize) -> Vec<(Range<usize>, String)> {
    let Some(header) = header(record) else { return Vec::new() };
    let changes = lines(header).filter_map(|(at, line)| {
        let (name, value) = parts(line)?;
        let is = |wanted: &str| name.eq_ignore_ascii_case(wanted.as_bytes());
        if is("content-length") {
            return Some((at.start + value.start..at.start + value.end, len.to_string()));
        }
        (is("warc-block-digest") || is("warc-payload-digest")).then(|| (at, String::new()))
    });
    changes.collect()
}

/// Writes each record as a compressed member of its own, so that an index of offsets can be made.
pub(crate) struct Members {
    compression: Compression,
    file: Option<File>,
    member: Option<compression::Encoder>,
    progress: Progress,
    /// The record that is being written.
    record: Vec<u8>,
}

/// A record longer than this is handed on in pieces, into one member.
const HELD_LEN_BYTES_MAX: usize = 8 << 20;

impl Members {
    pub(crate) fn new(file: File, compression: Compression) -> Self {
        Self { compression, file: Some(file), member: None, progress: Progress::default(), record: Vec::new() }
    }

    fn put(&mut self, len: usize, ends: bool) -> io::Result<()> {
        let mut member = match (self.member.take(), self.file.take()) {
            (Some(member), _) => member,
            (None, Some(file)) => self.compression.encode(file)?,
            (None, None) => return Err(io::Error::other("written to after its end")),
        };
        member.write_all(&self.record[..len])?;
        self.record.drain(..len);
        self.progress.given(len, ends);
        if ends {
            self.file = Some(member.finish()?);
        } else {
            self.member = Some(member);
        }
        Ok(())
    }

    pub(crate) fn finish(mut self) -> io::Result<File> {
        if !self.record.is_empty() || self.member.is_some() || !self.progress.any {
            self.put(self.record.len(), true)?;
        }
        self.file.take().ok_or_else(|| io::Error::other("written to after its end"))
    }
}

impl Write for Members {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.record.extend_from_slice(bytes);
        while let Some(len) = split(&mut self.progress, &self.record) {
            self.put(len, true)?;
        }
        self.progress.searched = self.record.len();
        if self.record.len() > HELD_LEN_BYTES_MAX {
            self.put(self.record.len(), false)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
