//! The rows of the machine-readable output: one JSON object a line, fields as documented in
//! `docs/OUTPUT.md`. Fields may be added; none is changed or dropped without a new
//! [`FORMAT_VERSION`].

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::align::Passage;
use crate::decide::{Decided, Partner, Removal, round};
use crate::label::{Action, Label, Zone};
use crate::params::Scope;
use crate::report::Summary;
use crate::span::Span;

/// The version of the rows, of the ledger and of the summary.
pub const FORMAT_VERSION: u32 = 1;

/// One line of output.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Row<'a> {
    /// A labelled span of one document.
    Span(SpanRow<'a>),
    /// Two places that say the same.
    Passage(PassageRow<'a>),
    /// A passage that stands in three documents or more.
    PassageGroup(PassageGroupRow<'a>),
    /// Two documents that are alike.
    DocumentPair(DocumentPairRow<'a>),
    /// An anchor and the documents that say the same.
    Cluster(ClusterRow<'a>),
    /// What becomes of a document that stands elsewhere too.
    Document(DocumentRow<'a>),
    /// A record that could not be read.
    Skipped(SkippedRow<'a>),
    /// The counts of the run; the last row.
    Summary(&'a Summary),
}

impl Row<'_> {
    /// Appends the row and a line end.
    pub fn write(&self, out: &mut Vec<u8>) {
        // Rows have string keys and finite numbers only, so they always serialise.
        if serde_json::to_writer(&mut *out, self).is_ok() {
            out.push(b'\n');
        }
    }
}

/// A labelled span.
#[derive(Serialize)]
pub struct SpanRow<'a> {
    doc: &'a str,
    start: u32,
    end: u32,
    line: u32,
    label: Label,
    zone: Zone,
    action: Action,
    rule: &'a str,
    score: f32,
    #[serde(serialize_with = "map")]
    evidence: &'a [(&'static str, Value)],
    why: &'a str,
}

impl<'a> SpanRow<'a> {
    /// The row of a decided finding; `line` is counted from 1 in the document's text.
    pub fn new(doc: &'a str, line: u32, decided: &'a Decided) -> Self {
        let f = &decided.finding;
        Self {
            doc,
            start: f.span.start,
            end: f.span.end,
            line,
            label: f.label,
            zone: f.zone,
            action: decided.action,
            rule: f.rule,
            score: f.score,
            evidence: &f.evidence,
            why: &f.why,
        }
    }
}

/// One side of a passage.
#[derive(Serialize)]
pub struct Place<'a> {
    doc: &'a str,
    start: u32,
    end: u32,
}

impl<'a> Place<'a> {
    /// The place of `span` in `doc`.
    pub fn new(doc: &'a str, span: Span) -> Self {
        Self { doc, start: span.start, end: span.end }
    }
}

/// A passage that stands in many documents: the first place, and the others in reading order.
#[derive(Serialize)]
pub struct PassageGroupRow<'a> {
    /// The first place.
    pub anchor: Place<'a>,
    /// The others.
    pub members: Vec<Place<'a>>,
}

/// A repeated passage.
#[derive(Serialize)]
pub struct PassageRow<'a> {
    a: Place<'a>,
    b: Place<'a>,
    kind: &'static str,
    words: u32,
    identity: f64,
    jaccard: f64,
    containment: f64,
    scope: Scope,
}

impl<'a> PassageRow<'a> {
    /// The row of a passage between documents called `a` and `b`.
    pub fn new(a: &'a str, b: &'a str, p: &Passage) -> Self {
        Self {
            a: Place::new(a, p.a.span),
            b: Place::new(b, p.b.span),
            kind: p.kind.name(),
            words: p.words,
            identity: round(p.identity.into()),
            jaccard: round(p.jaccard.into()),
            containment: round(p.containment.into()),
            scope: p.scope,
        }
    }
}

/// Two documents that are alike; `a` lies inside `b` when the kind is `contained`.
#[derive(Serialize)]
pub struct DocumentPairRow<'a> {
    /// One document.
    pub a: &'a str,
    /// The other.
    pub b: &'a str,
    /// exact, near or contained.
    pub kind: &'static str,
    /// True Jaccard similarity.
    pub jaccard: f64,
    /// True containment of the smaller set.
    pub containment: f64,
}

/// A cluster.
#[derive(Serialize)]
pub struct ClusterRow<'a> {
    /// The document that stays.
    pub anchor: &'a str,
    /// The others in reading order.
    pub members: Vec<&'a str>,
    /// exact when all are equal, else near.
    pub kind: &'static str,
}

/// What becomes of a duplicate document.
#[derive(Serialize)]
pub struct DocumentRow<'a> {
    doc: &'a str,
    start: u32,
    end: u32,
    label: Label,
    action: Action,
    rule: &'a str,
    score: f32,
    #[serde(serialize_with = "map")]
    evidence: &'a [(&'static str, Value)],
    why: &'a str,
    #[serde(serialize_with = "partner_id")]
    partner: &'a Option<Partner>,
}

impl<'a> DocumentRow<'a> {
    /// The row of a whole document.
    pub fn new(doc: &'a str, r: &'a Removal) -> Self {
        Self {
            doc,
            start: r.span.start,
            end: r.span.end,
            label: r.label,
            action: r.action,
            rule: r.rule,
            score: r.score,
            evidence: &r.evidence,
            why: &r.why,
            partner: &r.partner,
        }
    }
}

/// A record that was passed over.
#[derive(Serialize)]
pub struct SkippedRow<'a> {
    /// Its source.
    pub source: &'a str,
    /// Its line, counted from 1; none for a whole source.
    pub line: Option<u64>,
    /// Why, with the remedy.
    pub why: &'a str,
}

fn map<S: Serializer>(evidence: &&[(&'static str, Value)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(evidence.iter().map(|(name, value)| (name, value)))
}

fn partner_id<S: Serializer>(partner: &Option<Partner>, serializer: S) -> Result<S::Ok, S::Error> {
    match partner {
        Some(p) => serializer.serialize_str(&p.doc),
        None => serializer.serialize_none(),
    }
}
