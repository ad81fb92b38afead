//! Rows of the machine-readable output as a table: one wide row each, fields as in `docs/OUTPUT.md`.
//!
//! What stands as a name in some rows and as a place in others (`a`, `b`, `anchor`, `members`) is a
//! place here, whose `start` and `end` are null where a whole document is meant. `evidence` is JSON.

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::Arc;

use arrow_array::builder::{ArrayBuilder, Float64Builder, Int64Builder, ListBuilder, StringBuilder, StructBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, DataType, Field, Fields, Schema, SchemaRef};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::table::Table;

/// Rows in a batch.
const BATCH_LEN_ROWS: usize = 1 << 16;

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow, rename = "type")]
    kind_of_row: Cow<'a, str>,
    #[serde(borrow)]
    doc: Option<Cow<'a, str>>,
    start: Option<i64>,
    end: Option<i64>,
    line: Option<i64>,
    #[serde(borrow)]
    label: Option<Cow<'a, str>>,
    #[serde(borrow)]
    zone: Option<Cow<'a, str>>,
    #[serde(borrow)]
    action: Option<Cow<'a, str>>,
    #[serde(borrow)]
    rule: Option<Cow<'a, str>>,
    score: Option<f64>,
    #[serde(borrow)]
    evidence: Option<&'a RawValue>,
    #[serde(borrow)]
    why: Option<Cow<'a, str>>,
    #[serde(borrow)]
    partner: Option<Cow<'a, str>>,
    a: Option<Place>,
    b: Option<Place>,
    #[serde(borrow)]
    kind: Option<Cow<'a, str>>,
    words: Option<i64>,
    identity: Option<f64>,
    jaccard: Option<f64>,
    containment: Option<f64>,
    #[serde(borrow)]
    scope: Option<Cow<'a, str>>,
    anchor: Option<Place>,
    members: Option<Vec<Place>>,
    #[serde(borrow)]
    source: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Place {
    Document(String),
    Passage { doc: String, start: i64, end: i64 },
}

const TEXT: [&str; 9] = ["type", "label", "zone", "action", "rule", "why", "partner", "kind", "scope"];

fn place_fields() -> Fields {
    let number = |name| Field::new(name, DataType::Int64, true);
    vec![Field::new("doc", DataType::Utf8, true), number("start"), number("end")].into()
}

/// The columns, in their order.
pub fn schema() -> SchemaRef {
    let place = || DataType::Struct(place_fields());
    let field = |name: &str| {
        let data_type = match name {
            "start" | "end" | "line" | "words" => DataType::Int64,
            "score" | "identity" | "jaccard" | "containment" => DataType::Float64,
            "a" | "b" | "anchor" => place(),
            "members" => DataType::new_list(place(), true),
            _ => DataType::Utf8,
        };
        Field::new(name, data_type, true)
    };
    Arc::new(Schema::new(COLUMNS.map(field).to_vec()))
}

const COLUMNS: [&str; 24] = [
    "type",
    "doc",
    "start",
    "end",
    "line",
    "label",
    "zone",
    "action",
    "rule",
    "score",
    "evidence",
    "why",
    "partner",
    "a",
    "b",
    "kind",
    "words",
    "identity",
    "jaccard",
    "containment",
    "scope",
    "anchor",
    "members",
    "source",
];

/// Takes lines of JSON, gives a table. The summary, which is last, is kept apart.
#[derive(Default)]
pub struct Findings {
    partial: Vec<u8>,
    columns: Columns,
    batches: Vec<RecordBatch>,
    summary: Vec<u8>,
}

impl Findings {
    /// The table, and the summary as JSON if there was one.
    ///
    /// # Errors
    /// When columns came out of unequal length.
    pub fn finish(mut self) -> Result<(Table, String), ArrowError> {
        if self.columns.len > 0 || self.batches.is_empty() {
            self.batches.push(self.columns.finish()?);
        }
        let summary = String::from_utf8_lossy(&self.summary).into_owned();
        Ok((Table { schema: schema(), batches: self.batches }, summary))
    }

    fn line(&mut self, line: &[u8]) -> io::Result<()> {
        let row: Line = serde_json::from_slice(line)?;
        if row.kind_of_row == "summary" {
            self.summary = line.to_vec();
            return Ok(());
        }
        self.columns.push(&row);
        if self.columns.len == BATCH_LEN_ROWS {
            self.batches.push(self.columns.finish().map_err(io::Error::other)?);
        }
        Ok(())
    }
}

impl Write for Findings {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut partial = std::mem::take(&mut self.partial);
        for line in bytes.split_inclusive(|&b| b == b'\n') {
            if partial.is_empty() && line.ends_with(b"\n") {
                self.line(line)?;
                continue;
            }
            partial.extend_from_slice(line);
            if line.ends_with(b"\n") {
                self.line(&partial)?;
                partial.clear();
            }
        }
        self.partial = partial;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Columns {
    len: usize,
    texts: [StringBuilder; TEXT.len()],
    doc: StringBuilder,
    source: StringBuilder,
    evidence: StringBuilder,
    start: Int64Builder,
    end: Int64Builder,
    line: Int64Builder,
    words: Int64Builder,
    score: Float64Builder,
    identity: Float64Builder,
    jaccard: Float64Builder,
    containment: Float64Builder,
    a: StructBuilder,
    b: StructBuilder,
    anchor: StructBuilder,
    members: ListBuilder<StructBuilder>,
}

fn places() -> StructBuilder {
    let columns: Vec<Box<dyn ArrayBuilder>> =
        vec![Box::new(StringBuilder::new()), Box::new(Int64Builder::new()), Box::new(Int64Builder::new())];
    StructBuilder::new(place_fields(), columns)
}

impl Default for Columns {
    fn default() -> Self {
        Self {
            len: 0,
            texts: Default::default(),
            doc: StringBuilder::new(),
            source: StringBuilder::new(),
            evidence: StringBuilder::new(),
            start: Int64Builder::new(),
            end: Int64Builder::new(),
            line: Int64Builder::new(),
            words: Int64Builder::new(),
            score: Float64Builder::new(),
            identity: Float64Builder::new(),
            jaccard: Float64Builder::new(),
            containment: Float64Builder::new(),
            a: places(),
            b: places(),
            anchor: places(),
            members: ListBuilder::new(places()),
        }
    }
}

fn push_place(to: &mut StructBuilder, place: Option<&Place>) {
    let (doc, start, end) = match place {
        None => (None, None, None),
        Some(Place::Document(doc)) => (Some(doc), None, None),
        Some(Place::Passage { doc, start, end }) => (Some(doc), Some(*start), Some(*end)),
    };
    if let Some(docs) = to.field_builder::<StringBuilder>(0) {
        docs.append_option(doc);
    }
    for (i, number) in [(1, start), (2, end)] {
        if let Some(numbers) = to.field_builder::<Int64Builder>(i) {
            numbers.append_option(number);
        }
    }
    to.append(place.is_some());
}

impl Columns {
    fn push(&mut self, row: &Line) {
        self.len += 1;
        let texts: [Option<&str>; TEXT.len()] = [
            Some(&row.kind_of_row),
            row.label.as_deref(),
            row.zone.as_deref(),
            row.action.as_deref(),
            row.rule.as_deref(),
            row.why.as_deref(),
            row.partner.as_deref(),
            row.kind.as_deref(),
            row.scope.as_deref(),
        ];
        self.texts.iter_mut().zip(texts).for_each(|(to, text)| to.append_option(text));
        self.doc.append_option(row.doc.as_deref());
        self.source.append_option(row.source.as_deref());
        self.evidence.append_option(row.evidence.map(RawValue::get));
        self.start.append_option(row.start);
        self.end.append_option(row.end);
        self.line.append_option(row.line);
        self.words.append_option(row.words);
        self.score.append_option(row.score);
        self.identity.append_option(row.identity);
        self.jaccard.append_option(row.jaccard);
        self.containment.append_option(row.containment);
        push_place(&mut self.a, row.a.as_ref());
        push_place(&mut self.b, row.b.as_ref());
        push_place(&mut self.anchor, row.anchor.as_ref());
        let members = row.members.as_deref();
        members.into_iter().flatten().for_each(|place| push_place(self.members.values(), Some(place)));
        self.members.append(members.is_some());
    }

    fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
        self.len = 0;
        let columns = COLUMNS.map(|name| -> ArrayRef {
            match name {
                "doc" => Arc::new(self.doc.finish()),
                "source" => Arc::new(self.source.finish()),
                "evidence" => Arc::new(self.evidence.finish()),
                "start" => Arc::new(self.start.finish()),
                "end" => Arc::new(self.end.finish()),
                "line" => Arc::new(self.line.finish()),
                "words" => Arc::new(self.words.finish()),
                "score" => Arc::new(self.score.finish()),
                "identity" => Arc::new(self.identity.finish()),
                "jaccard" => Arc::new(self.jaccard.finish()),
                "containment" => Arc::new(self.containment.finish()),
                "a" => Arc::new(self.a.finish()),
                "b" => Arc::new(self.b.finish()),
                "anchor" => Arc::new(self.anchor.finish()),
                "members" => Arc::new(self.members.finish()),
                text => {
                    let at = TEXT.iter().position(|&name| name == text).unwrap_or_default();
                    Arc::new(self.texts[at].finish())
                }
            }
        });
        RecordBatch::try_new(schema(), columns.to_vec())
    }
}
