//! The ledger: what was removed, why, and everything needed to put it back.
//!
//! One JSON object a line:
//!
//! ```text
//! {"type":"ledger", "version":1, "params":…, "sources":[{"name", "xxh3", …}], …, "sum":…}
//! {"type":"removal", "doc", "source", "start", "end", "text", "label", …, "sum":…}   in reading order
//! {"type":"rewritten", "source", "record", "at", "original", "len_bytes", "sum":…}     among them
//! {"type":"cleaned", "sources":[{"name", "xxh3"}], "files":[{"name", "xxh3"}], "sum":…}
//! {"type":"end", "lines":…, "xxh3":…}
//! ```
//!
//! Read as a patch, it knows no formats: at byte `at` of an original's content (decompressed, in
//! UTF-8, of a table its rows as lines) stood `before` + the removed text in its raw form + `after`,
//! or `bytes`; `added` names bytes that the original did not have; where something was `rewritten`,
//! `original` stood instead of the next `len_bytes`. Every line carries its own `sum`, so that damage is named by its line;
//! the last one covers all that stands before it, so that a missing line is seen too.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use xxhash_rust::xxh3::{Xxh3Default, xxh3_64};

use super::names;
use super::progress::Kept;
use crate::error::{Error, Result};
use crate::label::{Action, Label};
use crate::params::Params;
use crate::read::json::Escapes;
use crate::read::{Checksum, Coding, Hasher, Source};
use crate::remote;

/// The version of the ledger's format. Readers refuse others.
pub const LEDGER_VERSION: u32 = 1;

/// One removed or moved span.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "removal")]
pub struct LedgerEntry {
    /// The id of the document.
    pub doc: String,
    /// The name of its source.
    pub source: String,
    /// The line its record began at in the original source, counted from 1.
    pub record: u64,
    /// First byte in the document's text as it was read.
    pub start: u32,
    /// One past the last.
    pub end: u32,
    /// What was removed.
    pub text: String,
    /// What it is.
    pub label: Label,
    /// `remove` or `metadata`.
    pub action: Action,
    /// The rule that found it.
    pub rule: String,
    /// Certainty, 0 to 1, to four places.
    pub score: f32,
    /// What speaks for it, in the order it is shown.
    #[serde(serialize_with = "write_pairs", deserialize_with = "read_pairs")]
    pub evidence: Vec<(String, Value)>,
    /// The counterpart, when there is one.
    pub partner: Option<LedgerPartner>,
    /// The reason as a sentence.
    pub why: String,
    /// Where its raw bytes stood in the decompressed original source.
    pub at: u64,
    /// How the text was written there.
    #[serde(default, skip_serializing_if = "is_plain")]
    pub escapes: Escapes,
    /// The raw bytes, when no usual way of writing gives them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
    /// Bytes of the record in front of the text, when the whole record went.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub before: String,
    /// Bytes of the record behind the text, when the whole record went.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub after: String,
    /// What stood there in hexadecimal, when it was no UTF-8. Then it says all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<String>,
    /// Bytes that the cleaned record has and the original had not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub added: Option<Added>,
}

/// Bytes that stand differently in the cleaned file, because something else changed: the length in
/// a record's header, or what was no text and was replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "rewritten")]
pub struct Rewritten {
    /// The name of the source.
    pub source: String,
    /// The line its record began at in the original source, counted from 1.
    pub record: u64,
    /// Where the bytes stood in the original source.
    pub at: u64,
    /// What stood there.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub original: String,
    /// The same in hexadecimal, when it was no UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<String>,
    /// How many bytes stand there now.
    pub len_bytes: u64,
}

/// One change of the ledger.
#[derive(Clone, Debug, PartialEq)]
pub enum LedgerLine {
    /// A span that was removed or moved.
    Removal(Box<LedgerEntry>),
    /// Bytes that were rewritten.
    Rewritten(Rewritten),
}

impl LedgerLine {
    /// The name of its source.
    pub fn source(&self) -> &str {
        match self {
            LedgerLine::Removal(entry) => &entry.source,
            LedgerLine::Rewritten(rewritten) => &rewritten.source,
        }
    }

    /// Where it begins in the original source.
    pub fn at(&self) -> u64 {
        match self {
            LedgerLine::Removal(entry) => entry.at,
            LedgerLine::Rewritten(rewritten) => rewritten.at,
        }
    }

    /// What stood there.
    pub fn original(&self) -> Option<Vec<u8>> {
        match self {
            LedgerLine::Removal(entry) => entry.original(),
            LedgerLine::Rewritten(rewritten) => match &rewritten.bytes {
                Some(bytes) => from_hex(bytes),
                None => Some(rewritten.original.clone().into_bytes()),
            },
        }
    }

    /// What stands in the cleaned file and not in the original.
    pub fn added(&self) -> Option<Added> {
        match self {
            LedgerLine::Removal(entry) => entry.added,
            LedgerLine::Rewritten(rewritten) => {
                let len = self.original().map_or(0, |original| original.len() as u64);
                Some(Added { at: rewritten.at + len, len_bytes: rewritten.len_bytes })
            }
        }
    }
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(digits: &str) -> Option<Vec<u8>> {
    let digit = |b: u8| (b as char).to_digit(16);
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| Some((digit(pair[0])? << 4 | digit(*pair.get(1)?)?) as u8)).collect()
}

/// The place of a counterpart; without offsets it is the whole document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerPartner {
    /// The id of its document.
    pub doc: String,
    /// First byte in its text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<u32>,
    /// One past the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<u32>,
}

/// Bytes that cleaning added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Added {
    /// Before which byte of the decompressed original source.
    pub at: u64,
    /// How many.
    pub len_bytes: u64,
}

/// One source as it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerSource {
    /// Its name.
    pub name: String,
    /// The name of its format.
    pub format: String,
    /// How it was compressed, encoded, made.
    #[serde(flatten)]
    pub coding: Coding,
    /// The length of its content.
    pub len_bytes: u64,
    /// The xxh3 of its content, 128 bits in hexadecimal.
    pub xxh3: String,
}

impl LedgerEntry {
    /// The bytes that stood at `at`; nothing when the ledger is not of our making.
    pub fn original(&self) -> Option<Vec<u8>> {
        if let Some(bytes) = &self.bytes {
            return from_hex(bytes);
        }
        let raw = match &self.raw {
            Some(raw) => raw.clone(),
            None => self.escapes.write(&self.text),
        };
        if self.before.is_empty() && self.after.is_empty() {
            return Some(raw.into_bytes());
        }
        Some([self.before.as_str(), &raw, &self.after].concat().into_bytes())
    }
}

/// A score as the ledger writes it: four places say more than any score knows.
pub(super) fn rounded(score: f32) -> f32 {
    if score.is_finite() { (score * 1e4).round() / 1e4 } else { 0.0 }
}

fn is_plain(escapes: &Escapes) -> bool {
    *escapes == Escapes::None
}

fn write_pairs<S: Serializer>(pairs: &[(String, Value)], serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(name, value)| (name, value)))
}

fn read_pairs<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Vec<(String, Value)>, D::Error> {
    struct Pairs;

    impl<'de> Visitor<'de> for Pairs {
        type Value = Vec<(String, Value)>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Self::Value, A::Error> {
            let mut pairs = Vec::new();
            while let Some(pair) = map.next_entry()? {
                pairs.push(pair);
            }
            Ok(pairs)
        }
    }

    deserializer.deserialize_map(Pairs)
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename = "ledger")]
struct Header {
    version: u32,
    ghirbal: String,
    /// The parameters' digest.
    params: String,
    sources: Vec<LedgerSource>,
    /// The parameters themselves, for telling what differs.
    parameters: Value,
}

/// The cleaned files as they were written, in the order of the header's sources.
#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename = "cleaned")]
struct Cleaned {
    sources: Vec<CleanedSource>,
    /// The other files beside the ledger.
    #[serde(default)]
    files: Vec<CleanedSource>,
}

/// One cleaned file as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CleanedSource {
    pub(super) name: String,
    /// The xxh3 of its decompressed content; nothing when no file was written, because no record
    /// of the source stayed.
    pub(super) xxh3: Option<String>,
}

/// What a sealed line ends in: `,"sum":"01234567"}`.
pub(super) const SEAL_LEN_BYTES: usize = 18;

/// One line, closed by a checksum of its own bytes.
pub(super) fn seal(line: &impl Serialize) -> Vec<u8> {
    // Writing plain values into memory cannot fail.
    let mut body = serde_json::to_vec(line).unwrap_or_default();
    body.pop();
    let sum = sum(&body);
    [&body, sum.as_bytes(), b"\n"].concat()
}

/// What follows the body of a line, which is the line without its closing brace.
pub(super) fn sum(body: &[u8]) -> String {
    format!(",\"sum\":\"{:08x}\"}}", xxh3_64(body) as u32)
}

pub(super) fn is_sealed(line: &[u8]) -> bool {
    let Some(line) = line.strip_suffix(b"\n") else { return false };
    let Some((body, seal)) = line.split_at_checked(line.len().saturating_sub(SEAL_LEN_BYTES)) else { return false };
    sum(body).as_bytes() == seal
}

/// The last line, which covers all lines before it.
pub(super) fn end_line(lines: u64, hasher: &Xxh3Default) -> String {
    format!("{{\"type\":\"end\",\"lines\":{lines},\"xxh3\":\"{:032x}\"}}\n", hasher.digest128())
}

/// Writes a ledger from its header to its checksum.
pub(super) struct LedgerWriter {
    file: BufWriter<File>,
    path: PathBuf,
    hasher: Xxh3Default,
    lines: u64,
    len_bytes: u64,
}

impl LedgerWriter {
    pub(super) fn new(
        file: File,
        path: PathBuf,
        params: &Params,
        sources: &[Source],
        checksums: &[Checksum],
    ) -> Result<Self> {
        let mut writer = Self { file: BufWriter::new(file), path, hasher: Xxh3Default::new(), lines: 0, len_bytes: 0 };
        let sources = sources.iter().zip(checksums).map(|(source, checksum)| LedgerSource {
            name: source.name.clone(),
            format: source.format.name.to_owned(),
            coding: source.coding.clone(),
            len_bytes: checksum.len_bytes,
            xxh3: checksum.hex(),
        });
        let header = Header {
            version: LEDGER_VERSION,
            ghirbal: env!("CARGO_PKG_VERSION").to_owned(),
            params: params.digest(),
            sources: sources.collect(),
            parameters: serde_json::to_value(params).unwrap_or_default(),
        };
        writer.write(&seal(&header))?;
        Ok(writer)
    }

    /// Goes on with a ledger of which this much is durable.
    pub(super) fn go_on(mut file: File, path: PathBuf, kept: &Kept) -> Result<Self> {
        let (mut hasher, mut lines) = (Xxh3Default::new(), 0);
        kept.go_on(&mut file, &path, |bytes| {
            hasher.update(bytes);
            lines += memchr::memchr_iter(b'\n', bytes).count() as u64;
        })?;
        Ok(Self { file: BufWriter::new(file), path, hasher, lines, len_bytes: kept.len_bytes })
    }

    /// Makes durable what was written so far.
    pub(super) fn rest(&mut self) -> Result<Kept> {
        let done = self.file.flush().and_then(|()| self.file.get_ref().sync_data());
        done.map_err(|e| Error::io("write", &self.path, e))?;
        Ok(Kept { len_bytes: self.len_bytes, xxh3: format!("{:032x}", self.hasher.digest128()) })
    }

    /// Appends whole sealed lines.
    pub(super) fn write(&mut self, lines: &[u8]) -> Result<()> {
        self.hasher.update(lines);
        self.lines += memchr::memchr_iter(b'\n', lines).count() as u64;
        self.len_bytes += lines.len() as u64;
        self.file.write_all(lines).map_err(|e| Error::io("write", &self.path, e))
    }

    /// Writes the checksums; the file is whole then and on disk.
    pub(super) fn finish(mut self, cleaned: Vec<CleanedSource>, files: Vec<CleanedSource>) -> Result<()> {
        self.write(&seal(&Cleaned { sources: cleaned, files }))?;
        let failed = |e| Error::io("write", &self.path, e);
        self.file.write_all(end_line(self.lines, &self.hasher).as_bytes()).map_err(failed)?;
        self.file.flush().map_err(failed)?;
        self.file.get_ref().sync_all().map_err(failed)
    }
}

/// A ledger that has been checked from its first byte to its last.
pub struct Ledger {
    path: PathBuf,
    header: Header,
    cleaned: Vec<CleanedSource>,
    files: Vec<CleanedSource>,
    /// Lines between the header and the list of cleaned files.
    changes: u64,
    /// Of them, removals.
    entries: u64,
}

impl Ledger {
    /// Checks the ledger of an output folder: version, every line, the whole.
    ///
    /// # Errors
    /// When there is none, or it is of another version, or a byte is not what was written; names
    /// the line.
    pub fn open(dir: &Path) -> Result<Self> {
        Self::check(Lines::open(&dir.join(names::LEDGER))?)
    }

    pub(super) fn check(mut lines: Lines) -> Result<Self> {
        let path = lines.path.clone();
        let damaged = |what: &str, line: u64| {
            Error::artefact(format!("the ledger is damaged ({what}):"))
                .at(&path)
                .line(line)
                .hint("bring it back from a copy; a damaged ledger cannot be trusted to restore anything")
        };
        let mut hasher = Xxh3Default::new();
        let mut header = None;
        let mut cleaned = None;
        let mut rewritten = 0;
        loop {
            if !lines.next()? {
                return Err(damaged("it is cut off", lines.number + 1));
            }
            let line = &lines.line[..];
            if line.starts_with(b"{\"type\":\"end\"") {
                if line != end_line(lines.number - 1, &hasher).as_bytes() {
                    return Err(damaged("lines are missing or changed", lines.number));
                }
                break;
            }
            if header.is_none() {
                check_version(line, &path)?;
            }
            if !is_sealed(line) {
                return Err(damaged("the line's checksum does not match", lines.number));
            }
            hasher.update(line);
            if header.is_none() {
                header = Some(serde_json::from_slice::<Header>(line).map_err(|e| damaged(&e.to_string(), 1))?);
            } else if line.starts_with(b"{\"type\":\"cleaned\"") {
                let list: Cleaned = serde_json::from_slice(line).map_err(|e| damaged(&e.to_string(), lines.number))?;
                cleaned = Some(list);
            }
            rewritten += u64::from(is_rewritten(line));
        }
        let last = lines.number;
        if lines.next()? {
            return Err(damaged("something follows its end", last + 1));
        }
        match (header, cleaned) {
            (Some(header), Some(cleaned))
                if cleaned.sources.iter().map(|c| &c.name).eq(header.sources.iter().map(|s| &s.name)) =>
            {
                let changes = last.saturating_sub(3);
                let (Cleaned { sources: cleaned, files }, entries) = (cleaned, changes.saturating_sub(rewritten));
                Ok(Self { changes, entries, path, header, cleaned, files })
            }
            _ => Err(damaged("its lists of sources differ", last)),
        }
    }

    /// The digest of the parameters it was written under.
    pub fn params_digest(&self) -> &str {
        &self.header.params
    }

    /// The parameters it was written under.
    pub fn parameters(&self) -> &Value {
        &self.header.parameters
    }

    /// The sources as they were read, in reading order.
    pub fn sources(&self) -> &[LedgerSource] {
        &self.header.sources
    }

    pub(super) fn cleaned(&self) -> &[CleanedSource] {
        &self.cleaned
    }

    /// Makes sure that a file beside the ledger, such as the findings, is as it was written.
    ///
    /// # Errors
    /// When a byte of it is another, or it cannot be read.
    pub fn require_unedited(&self, name: &str) -> Result<()> {
        let path = self.path.with_file_name(name);
        let failed = |e| remote::into_error("read", &path, e);
        let mut hasher = Hasher::default();
        let mut file = BufReader::with_capacity(1 << 16, remote::open(&path).map_err(failed)?);
        loop {
            let bytes = file.fill_buf().map_err(failed)?;
            if bytes.is_empty() {
                break;
            }
            hasher.update(bytes);
            let len = bytes.len();
            file.consume(len);
        }
        let written = self.files.iter().find(|file| file.name == name).and_then(|file| file.xxh3.as_ref());
        if written.is_some_and(|xxh3| *xxh3 != hasher.checksum().hex()) {
            return Err(Error::artefact("a file beside the ledger was edited or damaged:")
                .at(&path)
                .hint("bring it back from a copy; `restore` does not need it"));
        }
        Ok(())
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// How many spans were removed or moved.
    pub fn len(&self) -> u64 {
        self.entries
    }

    /// Whether nothing was removed or moved.
    pub fn is_empty(&self) -> bool {
        self.entries == 0
    }

    /// What was removed or moved, in reading order, one in memory at a time.
    ///
    /// # Errors
    /// When the file cannot be opened any more.
    pub fn entries(&self) -> Result<impl Iterator<Item = Result<LedgerEntry>> + use<>> {
        Ok(self.lines()?.filter_map(|line| match line {
            Ok(LedgerLine::Removal(entry)) => Some(Ok(*entry)),
            Ok(LedgerLine::Rewritten(_)) => None,
            Err(e) => Some(Err(e)),
        }))
    }

    /// Every change in reading order, one in memory at a time.
    ///
    /// # Errors
    /// When the file cannot be opened any more.
    pub fn lines(&self) -> Result<impl Iterator<Item = Result<LedgerLine>> + use<>> {
        let mut lines = Lines::open(&self.path)?;
        lines.next()?;
        let mut left = self.changes;
        Ok(std::iter::from_fn(move || {
            left = left.checked_sub(1)?;
            Some(lines.next().and_then(|_| {
                let line = if is_rewritten(&lines.line) {
                    serde_json::from_slice(&lines.line).map(LedgerLine::Rewritten)
                } else {
                    serde_json::from_slice(&lines.line).map(LedgerLine::Removal)
                };
                line.map_err(|e| {
                    Error::artefact(format!("the ledger has an entry that cannot be read ({e}):"))
                        .at(&lines.path)
                        .line(lines.number)
                })
            }))
        }))
    }
}

fn is_rewritten(line: &[u8]) -> bool {
    line.starts_with(b"{\"type\":\"rewritten\"")
}

/// Refuses what is no ledger or one of another version, before anything else is asked of it.
fn check_version(line: &[u8], path: &Path) -> Result<()> {
    #[derive(Deserialize)]
    struct Version {
        r#type: String,
        version: u32,
    }
    match serde_json::from_slice::<Version>(line) {
        Ok(v) if v.r#type == "ledger" && v.version != LEDGER_VERSION => Err(Error::artefact(format!(
            "the ledger is of format version {}, and this ghirbal reads version {LEDGER_VERSION}:",
            v.version
        ))
        .at(path)
        .hint("use the version of ghirbal that wrote it")),
        Ok(v) if v.r#type == "ledger" => Ok(()),
        _ => Err(Error::artefact("not a ledger, or damaged in its header:").at(path).line(1)),
    }
}

/// Lines with their numbers, one in memory at a time.
pub(super) struct Lines {
    input: Box<dyn BufRead>,
    path: PathBuf,
    line: Vec<u8>,
    /// The number of `line`, counted from 1.
    number: u64,
}

impl Lines {
    fn open(path: &Path) -> Result<Self> {
        let file = remote::open(path).map_err(|e| {
            remote::into_error("read the ledger", path, e)
                .or_hint("name a folder that `ghirbal clean` or `dedup` wrote")
        })?;
        Ok(Self::of(Box::new(BufReader::with_capacity(1 << 16, file)), path))
    }

    pub(super) fn of(input: Box<dyn BufRead>, path: &Path) -> Self {
        Self { input, path: path.to_path_buf(), line: Vec::new(), number: 0 }
    }

    /// Reads the next line; false at the end.
    fn next(&mut self) -> Result<bool> {
        self.line.clear();
        let len = self.input.read_until(b'\n', &mut self.line);
        let len = len.map_err(|e| remote::into_error("read", &self.path, e))?;
        self.number += u64::from(len > 0);
        Ok(len > 0)
    }
}
