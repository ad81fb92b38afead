//! Cuts removals out of one record and writes down what is needed to put them back.
//!
//! [`Record`] + [`Fate`] -> [`Prepared`]: the bytes for the cleaned file and for the ledger. Pure,
//! so it runs on many threads. What stays, stays byte for byte: the raw record itself is cut, the
//! text's places being found in its raw form, and nothing is parsed and written anew.

use std::collections::BTreeMap;
use std::ops::Range;

use bytes::Bytes;
use serde_json::{Map, Value};

use super::ledger::{Added, LedgerEntry, LedgerPartner, Rewritten, hex, rounded, seal};
use crate::decide::{Fate, Removal};
use crate::label::{Action, Label};
use crate::params::Params;
use crate::read::json::{Escapes, raw_offsets};
use crate::read::{Content, Parsed, Record, Source, TextForm, csv, field_names, warc};

/// One record, ready to be appended to the output.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The index of its source.
    pub(super) source: u32,
    /// Whether it left the corpus.
    pub(super) gone: bool,
    /// Its bytes in the cleaned file.
    pub(super) cleaned: Bytes,
    /// Its lines in the ledger.
    pub(super) ledger: Vec<u8>,
    /// Its line in the file of metadata.
    pub(super) metadata: Vec<u8>,
}

/// Carries out a record's fate. What is no document passes through; when the whole document goes,
/// the removal's own span does not matter.
///
/// # Panics
/// When removals are not sorted, overlap, or do not stand on character borders of the text.
pub fn prepare(record: &Record, sources: &[Source], fate: &Fate, params: &Params) -> Prepared {
    let source = &sources[record.source as usize];
    match (&record.content, fate) {
        (Content::Document(parsed), Fate::Go(removal)) => leave_out(record, parsed, source, removal),
        (Content::Document(parsed), Fate::Stay(removals)) if !removals.is_empty() || !record.replaced.is_empty() => {
            Cut::new(record, parsed, source).apply(removals, params)
        }
        _ => Prepared::unchanged(record.source, record.raw.clone()),
    }
}

impl Prepared {
    /// Its bytes without what was taken out, none when the whole record goes.
    pub fn cleaned(&self) -> Option<&Bytes> {
        (!self.gone).then_some(&self.cleaned)
    }

    /// Its lines in the ledger.
    pub fn ledger(&self) -> &[u8] {
        &self.ledger
    }

    /// What left the text as metadata, where the record itself has no room for it: texts by label.
    pub fn metadata(&self) -> Option<Map<String, Value>> {
        let mut line: Map<String, Value> = serde_json::from_slice(&self.metadata).ok()?;
        line.retain(|name, _| name.parse::<Label>().is_ok());
        Some(line)
    }

    /// The index of its source.
    pub fn source(&self) -> u32 {
        self.source
    }

    /// A record that passes through as it is.
    pub fn unchanged(source: u32, raw: Bytes) -> Self {
        Self { source, gone: false, cleaned: raw, ledger: Vec::new(), metadata: Vec::new() }
    }
}

/// The whole record goes; the ledger keeps its text once and the bytes around it.
fn leave_out(record: &Record, parsed: &Parsed, source: &Source, removal: &Removal) -> Prepared {
    let cut = Cut::new(record, parsed, source);
    let (before, after) = (&record.raw[..parsed.text_at.start], &record.raw[parsed.text_at.end..]);
    let mut entry = cut.entry(removal, &parsed.document.text, cut.inside);
    entry.start = 0;
    entry.end = parsed.document.text.len() as u32;
    entry.at = record.offset;
    match (std::str::from_utf8(before), std::str::from_utf8(after)) {
        (Ok(before), Ok(after)) if record.replaced.is_empty() => {
            entry.before = before.to_owned();
            entry.after = after.to_owned();
        }
        _ => {
            entry.raw = None;
            entry.bytes = Some(hex(&cut.original(0..record.raw.len())));
        }
    }
    Prepared { source: record.source, gone: true, cleaned: Bytes::new(), ledger: seal(&entry), metadata: Vec::new() }
}

/// A place of a record that stands differently in the cleaned file.
struct Change {
    at: Range<usize>,
    with: String,
    line: Line,
}

enum Line {
    Removal(Box<LedgerEntry>),
    Rewritten,
}

/// One document's text in its raw form.
struct Cut<'a> {
    record: &'a Record,
    parsed: &'a Parsed,
    source: &'a Source,
    /// The raw bytes the text was read from.
    inside: &'a str,
    /// How far the first n replacements moved what follows them, for every n.
    moved: Vec<i64>,
}

impl<'a> Cut<'a> {
    fn new(record: &'a Record, parsed: &'a Parsed, source: &'a Source) -> Self {
        // The reader has decoded these very bytes; were they no text, there were no document.
        let inside = simdutf8::basic::from_utf8(&record.raw[parsed.text_at.clone()]).unwrap_or_default();
        let with = source.coding.replacement().len() as i64;
        let mut moved = vec![0];
        for (_, bytes) in &record.replaced {
            moved.push(moved[moved.len() - 1] + bytes.len() as i64 - with);
        }
        Self { record, parsed, source, inside, moved }
    }

    fn apply(&self, removals: &[Removal], params: &Params) -> Prepared {
        let raw = &self.record.raw;
        let text = &self.parsed.document.text;
        assert!(removals.is_sorted_by(|a, b| a.span.end <= b.span.start), "removals are sorted and do not overlap");

        let borders = removals.iter().flat_map(|r| [r.span.start as usize, r.span.end as usize]);
        let offsets = match self.parsed.text_form {
            TextForm::Plain | TextForm::Block => borders.collect(),
            TextForm::JsonString => raw_offsets(self.inside, borders),
            TextForm::CsvQuoted => csv::raw_offsets(self.inside, borders),
        };
        let mut changes = Vec::with_capacity(removals.len());
        for (removal, place) in removals.iter().zip(offsets.chunks_exact(2)) {
            let (start, end) = (self.parsed.text_at.start + place[0], self.parsed.text_at.start + place[1]);
            let entry = self.entry(removal, removal.span.of(text), &self.inside[place[0]..place[1]]);
            changes.push(Change { at: start..end, with: String::new(), line: Line::Removal(Box::new(entry)) });
        }
        if self.parsed.text_form == TextForm::Block {
            let removed: usize = changes.iter().map(|change| change.at.len()).sum();
            // What was replaced may be longer or shorter than what stood there.
            let len = self.parsed.text_at.len() - removed;
            changes.extend(self.header_changes(len));
        }
        changes.sort_by_key(|change| (change.at.start, change.at.end));
        let changed: Vec<Range<usize>> = changes.iter().map(|change| change.at.clone()).collect();
        let replacement = self.source.coding.replacement();
        for (at, _) in &self.record.replaced {
            let next = changed.partition_point(|change| change.end <= *at);
            if !changed.get(next).is_some_and(|change| change.contains(at)) {
                let at = *at..at + replacement.len();
                changes.push(Change { at, with: replacement.to_owned(), line: Line::Rewritten });
            }
        }
        changes.sort_by_key(|change| (change.at.start, change.at.end));

        let mut metadata = Vec::new();
        let mut field = None;
        if let Some(values) = self.metadata(removals) {
            if self.source.format.takes_fields {
                field = Some(self.metadata_field(values, &params.fields.metadata));
            } else {
                metadata = self.metadata_line(values);
            }
        }
        let mut cleaned = Vec::with_capacity(raw.len());
        let mut kept_to = 0;
        let mut ledger = Vec::new();
        let mut changes = changes.into_iter().peekable();
        let mut last_entry: Option<LedgerEntry> = None;
        while let Some(change) = changes.next() {
            cleaned.extend_from_slice(&raw[kept_to..change.at.start]);
            cleaned.extend_from_slice(change.with.as_bytes());
            kept_to = change.at.end;
            let at = self.place(change.at.start);
            match change.line {
                Line::Removal(mut entry) => {
                    entry.at = at;
                    let original = self.original(change.at.clone());
                    if original[..] != raw[change.at] {
                        entry.raw = None;
                        entry.bytes = Some(hex(&original));
                    }
                    // The field is added behind the last change, so its line waits for it.
                    match &field {
                        Some(_) if changes.peek().is_none() => last_entry = Some(*entry),
                        _ => ledger.extend(seal(&entry)),
                    }
                }
                Line::Rewritten => ledger.extend(self.rewritten(&change)),
            }
        }
        if let Some((brace, field)) = field {
            let brace = brace.max(kept_to);
            let at = self.place(brace);
            cleaned.extend_from_slice(&raw[kept_to..brace]);
            cleaned.extend_from_slice(field.as_bytes());
            kept_to = brace;
            let len_bytes = field.len() as u64;
            match last_entry {
                Some(mut entry) => {
                    entry.added = Some(Added { at, len_bytes });
                    ledger.extend(seal(&entry));
                }
                None => ledger.extend(seal(&Rewritten { at, len_bytes, ..self.nothing() })),
            }
        }
        cleaned.extend_from_slice(&raw[kept_to..]);
        Prepared { source: self.record.source, gone: false, cleaned: cleaned.into(), ledger, metadata }
    }

    /// What changes in the header of a record whose text is `len` bytes long now.
    fn header_changes(&self, len: usize) -> impl Iterator<Item = Change> {
        let changes = warc::header_changes(&self.record.raw, len).into_iter();
        changes.map(|(at, with)| Change { at, with, line: Line::Rewritten })
    }

    /// The ledger's line for bytes that were rewritten.
    fn rewritten(&self, change: &Change) -> Vec<u8> {
        let original = self.original(change.at.clone());
        let (at, len_bytes) = (self.place(change.at.start), change.with.len() as u64);
        let (original, bytes) = match String::from_utf8(original) {
            Ok(original) => (original, None),
            Err(e) => (String::new(), Some(hex(e.as_bytes()))),
        };
        seal(&Rewritten { at, original, bytes, len_bytes, ..self.nothing() })
    }

    fn nothing(&self) -> Rewritten {
        Rewritten {
            source: self.source.name.clone(),
            record: self.record.line,
            at: 0,
            original: String::new(),
            bytes: None,
            len_bytes: 0,
        }
    }

    /// Where a place of the record stood in the original source.
    fn place(&self, at: usize) -> u64 {
        self.record.offset.saturating_add_signed(at as i64 + self.moved[self.replaced_before(at)])
    }

    /// How many replacements stand before a place of the record.
    fn replaced_before(&self, at: usize) -> usize {
        self.record.replaced.partition_point(|(replaced, _)| *replaced < at)
    }

    /// What stood in a place of the record before anything was replaced.
    fn original(&self, at: Range<usize>) -> Vec<u8> {
        let raw = &self.record.raw;
        let with = self.source.coding.replacement().len();
        let mut original = Vec::with_capacity(at.len());
        let mut kept_to = at.start;
        for (replaced, bytes) in &self.record.replaced[self.replaced_before(at.start)..self.replaced_before(at.end)] {
            original.extend_from_slice(&raw[kept_to..*replaced]);
            original.extend_from_slice(bytes);
            kept_to = replaced + with;
        }
        original.extend_from_slice(&raw[kept_to..at.end]);
        original
    }

    /// The ledger's entry for a removal of `text`, written as `raw` in the record.
    fn entry(&self, removal: &Removal, text: &str, raw: &str) -> LedgerEntry {
        let (escapes, raw) = match self.parsed.text_form {
            TextForm::Plain | TextForm::Block => (Escapes::None, None),
            TextForm::CsvQuoted if raw == text => (Escapes::None, None),
            TextForm::CsvQuoted => (Escapes::Csv, None),
            TextForm::JsonString => match Escapes::of(raw, text) {
                Some(escapes) => (escapes, None),
                None => (Escapes::Json, Some(raw.to_owned())),
            },
        };
        LedgerEntry {
            doc: self.parsed.document.id.clone(),
            source: self.source.name.clone(),
            record: self.record.line,
            start: removal.span.start,
            end: removal.span.end,
            text: text.to_owned(),
            label: removal.label,
            action: removal.action,
            rule: removal.rule.to_owned(),
            score: rounded(removal.score),
            evidence: removal.evidence.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
            partner: removal.partner.as_ref().map(|partner| LedgerPartner {
                doc: partner.doc.clone(),
                start: partner.span.map(|span| span.start),
                end: partner.span.map(|span| span.end),
            }),
            why: removal.why.clone(),
            at: 0,
            escapes,
            raw,
            before: String::new(),
            after: String::new(),
            bytes: None,
            added: None,
        }
    }

    /// The removed texts that go to metadata, by label.
    fn metadata(&self, removals: &[Removal]) -> Option<Map<String, Value>> {
        let mut values = BTreeMap::<Label, Vec<Value>>::new();
        for removal in removals.iter().filter(|r| r.action == Action::Metadata) {
            let text = removal.span.of(&self.parsed.document.text).trim();
            values.entry(removal.label).or_default().push(text.into());
        }
        let values: Map<_, _> = values.into_iter().map(|(l, texts)| (l.name().to_owned(), texts.into())).collect();
        (!values.is_empty()).then_some(values)
    }

    /// The line of a plain text document in the file of metadata.
    fn metadata_line(&self, values: Map<String, Value>) -> Vec<u8> {
        let mut line = Map::new();
        line.insert("doc".into(), self.parsed.document.id.clone().into());
        line.insert("source".into(), self.source.name.clone().into());
        line.extend(values);
        format!("{}\n", Value::Object(line)).into_bytes()
    }

    /// The field for a record's metadata, and where it is put: before the closing brace.
    fn metadata_field(&self, values: Map<String, Value>, wanted: &str) -> (usize, String) {
        // An accepted record is one object, so its last brace is the one that closes it.
        let brace = self.record.raw.iter().rposition(|&b| b == b'}').unwrap_or(self.parsed.text_at.end);
        let line = String::from_utf8_lossy(&self.record.raw);
        let names = field_names(line.trim_start_matches('\u{feff}'));
        let numbered = (2..).map(|n| format!("{wanted}_{n}"));
        let name = std::iter::once(wanted.to_owned()).chain(numbered).find(|name| !names.contains(name));
        let name = name.unwrap_or_else(|| wanted.to_owned());
        (brace, format!(",{}:{}", Value::String(name), Value::Object(values)))
    }
}
