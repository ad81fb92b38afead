//! The second pass: every document once more, now with what the corpus is known to be.
//!
//! Records + [`Survey`] + [`Duplicates`] -> [`Examined`], in reading order. Documents are examined
//! in parallel, each on its own.

use std::collections::HashMap;

use rayon::prelude::*;

use crate::align::{self, Passage, widen};
use crate::classify::Classifier;
use crate::decide::{Decision, Fate, Removal, Repeat, decide, duplicate};
use crate::error::Result;
use crate::fingerprint::Frequencies;
use crate::label::Action;
use crate::params::{Invalid, Params, Snap};
use crate::pipeline::duplicates::Duplicates;
use crate::pipeline::overlap::overlapped;
use crate::pipeline::survey::Survey;
use crate::pipeline::{BATCH_LEN_BYTES, Stages};
use crate::read::{Corpus, Document, RawRecord, Record, Source, parse};
use crate::report::rows::{DocumentRow, PassageRow, Row, SkippedRow, SpanRow};
use crate::report::{DocumentSample, LineNumbers, PassageSample};
use crate::tokenise::{Tokeniser, View};
use crate::watch::{Course, Phase, Watch};
use crate::write::{Prepared, prepare};

/// What the second pass should produce besides decisions.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wants {
    /// Rows of the machine-readable output.
    pub rows: bool,
    /// Samples for a report.
    pub samples: bool,
    /// Cleaned records and ledger entries.
    pub cleaned: bool,
    /// Texts and hosts, for a page that shows some.
    pub texts: bool,
}

/// Where the second pass begins.
#[derive(Clone, Copy, Debug, Default)]
pub struct Start {
    /// Sources that are done.
    pub source: usize,
    /// Their records.
    pub records_of_done: u64,
    /// All records that are done.
    pub records: u64,
}

/// One record, examined.
pub struct Examined {
    /// What was found in it, unless it is no document.
    pub document: Option<ExaminedDocument>,
    /// Its rows, when wanted.
    pub rows: Vec<u8>,
    /// Its cleaned form, when wanted.
    pub prepared: Option<Prepared>,
}

/// One document, examined.
pub struct ExaminedDocument {
    /// Its number.
    pub number: u32,
    /// Bytes of its text.
    pub bytes: u64,
    /// What was decided on its inside.
    pub decision: Decision,
    /// The passages repeated inside it.
    pub passages: Vec<Passage>,
    /// What becomes of it as a whole, when it stands elsewhere too.
    pub whole: Option<Removal>,
    /// The sides of shown passages across documents that lie in it.
    pub sides: Vec<ShownSide>,
    /// Its samples, when wanted.
    pub sample: Option<(DocumentSample, Vec<PassageSample>)>,
    /// Its text and host, when wanted.
    pub text: Option<(String, Option<String>)>,
}

impl ExaminedDocument {
    /// Whether the whole document goes.
    pub fn goes(&self) -> bool {
        self.whole.as_ref().is_some_and(|r| r.action == Action::Remove)
    }
}

/// Everything a document is examined with.
pub struct Examiner<'a> {
    /// The sources of the corpus.
    pub sources: &'a [Source],
    /// All parameters.
    pub params: &'a Params,
    /// Which stages run.
    pub stages: Stages,
    /// What to produce.
    pub wants: Wants,
    /// Cuts words.
    pub tokeniser: &'a Tokeniser,
    /// Names lines.
    pub classifier: &'a Classifier,
    /// What the first pass learned.
    pub survey: &'a Survey,
    /// Which documents stand elsewhere too.
    pub duplicates: &'a Duplicates,
    /// The passages across documents whose sides are shown.
    pub across: &'a [(Passage, PassageSample)],
    /// What goes of each document because it stands in another.
    pub repeats: &'a HashMap<u32, Vec<Repeat>>,
    /// Who is told how far it is.
    pub watch: Watch<'a>,
}

/// A side of a shown passage across documents: which passage, whether its first side, its lines and
/// its text.
pub type ShownSide = (usize, bool, (u32, u32), String);

impl Examiner<'_> {
    /// Reads everything again and hands each record, examined, to `each` in reading order.
    ///
    /// # Errors
    /// When a source has changed since the first pass, or `each` fails.
    pub fn run(&self, phase: Phase, each: impl FnMut(Examined) -> Result<()>) -> Result<()> {
        self.run_from(phase, Start::default(), each)
    }

    /// The same without the records before a place.
    ///
    /// # Errors
    /// When a source that is read has changed since the first pass, or `each` fails.
    pub fn run_from(&self, phase: Phase, start: Start, mut each: impl FnMut(Examined) -> Result<()>) -> Result<()> {
        let mut corpus = Corpus::again(self.sources, &self.survey.checksums).without_first(start.source);
        let course = Course::from(self.watch, phase, self.sources, &self.survey.checksums, start.source);
        let mut record = start.records_of_done as usize;
        let mut number = self.survey.is_document.get(..record).map_or(0, |before| before.count_ones() as u32);
        let read = || {
            let Some(batch) = corpus.next_batch(BATCH_LEN_BYTES)? else { return Ok(None) };
            // A source that has grown gives more records than the first pass saw. It does not
            // matter what they are called: the run will fail at the source's end.
            let numbered = batch.into_iter().map(|raw| {
                let is_document = self.survey.is_document.get(record).is_some_and(|b| *b);
                let numbered = (number, is_document, raw);
                record += 1;
                number += u32::from(is_document);
                (record as u64 > start.records).then_some(numbered)
            });
            let numbered = numbered.flatten();
            Ok(Some(numbered.collect::<Vec<_>>()))
        };
        let examine = |(number, is_document, raw): (u32, bool, RawRecord)| match is_document {
            true if self.passes_through(number) => self.unchanged(number, raw),
            _ => self.record(number, parse(self.sources, self.params, raw)),
        };
        overlapped(
            read,
            |batch| -> Vec<Examined> {
                course.works_on(batch.iter().map(|(.., raw)| raw));
                batch.into_par_iter().map(examine).collect()
            },
            |examined| examined.into_iter().try_for_each(&mut each),
        )?;
        course.ended();
        Ok(())
    }

    /// Whether nothing is looked for inside a document, and nothing becomes of it as a whole. Then
    /// it need not be parsed again.
    fn passes_through(&self, number: u32) -> bool {
        let as_it_is = self.params.reading.invalid == Invalid::Skip;
        as_it_is && !self.stages.inside && self.across.is_empty() && self.duplicates.of(number).is_none()
    }

    fn unchanged(&self, number: u32, raw: RawRecord) -> Examined {
        let known = (number as usize) < self.survey.documents.len();
        let document = known.then(|| ExaminedDocument {
            number,
            bytes: u64::from(self.survey.documents.bytes(number)),
            decision: Decision::default(),
            passages: Vec::new(),
            whole: None,
            sides: Vec::new(),
            sample: None,
            text: None,
        });
        let prepared = self.wants.cleaned.then(|| Prepared::unchanged(raw.source, raw.raw));
        Examined { document, rows: Vec::new(), prepared }
    }

    fn record(&self, number: u32, record: Record) -> Examined {
        let mut rows = Vec::new();
        let source = &self.sources[record.source as usize];
        if let (Some(why), true) = (record.skipped(), self.wants.rows) {
            Row::Skipped(SkippedRow { source: &source.name, line: Some(record.line), why }).write(&mut rows);
        }
        let document = record.document().map(|document| {
            let (view, decision, passages);
            let view = if self.stages.inside {
                view = View::new(&document.text, self.tokeniser);
                let elsewhere = self.repeats.get(&number).map_or(&[][..], Vec::as_slice);
                let frequencies = &self.survey.frequencies;
                (decision, passages) =
                    inside(number, document, &view, frequencies, self.classifier, elsewhere, self.params);
                Some(&view)
            } else {
                (decision, passages) = (Decision::default(), Vec::new());
                None
            };
            let whole = self.duplicates.of(number).map(|(matched, partner)| {
                let partner = self.survey.documents.id(*partner);
                duplicate(document.text.len(), matched, &partner, self.params)
            });
            let lines = LineNumbers::new(if self.wants.rows || self.wants.samples { &document.text } else { "" });
            if self.wants.rows {
                document_rows(&document.id, &lines, &decision, &passages, whole.as_ref(), &mut rows);
            }
            let sample = view.filter(|_| self.wants.samples).map(|view| {
                (
                    DocumentSample::new(number, &document.id, view, &lines, &decision),
                    passages.iter().map(|p| PassageSample::new(&document.id, view, &lines, p)).collect(),
                )
            });
            let sides = self.sides(number, &document.text, &lines);
            let text = self.wants.texts.then(|| (document.text.clone(), document.host.clone()));
            ExaminedDocument {
                number,
                bytes: document.text.len() as u64,
                decision,
                passages,
                whole,
                sides,
                sample,
                text,
            }
        });
        let prepared = self.wants.cleaned.then(|| {
            let fate = match &document {
                Some(d) if d.goes() => d.whole.clone().map_or(Fate::Stay(Vec::new()), Fate::Go),
                Some(d) => Fate::Stay(d.decision.removals.clone()),
                None => Fate::Stay(Vec::new()),
            };
            prepare(&record, self.sources, &fate, self.params)
        });
        Examined { document, rows, prepared }
    }

    fn sides(&self, number: u32, text: &str, lines: &LineNumbers) -> Vec<ShownSide> {
        let shown = self.across.iter().enumerate().flat_map(|(i, (p, _))| [(i, true, p.a), (i, false, p.b)]);
        shown
            .filter(|(.., side)| side.document == number)
            .map(|(i, is_a, side)| (i, is_a, lines.of(side.span), side.span.of(text).to_owned()))
            .collect()
    }
}

/// What is found inside one document, and what was decided on it: its filler and its repeated
/// passages. `elsewhere` is what goes because it stands in other documents.
pub(super) fn inside(
    number: u32,
    document: &Document,
    view: &View,
    frequencies: &Frequencies,
    classifier: &Classifier,
    elsewhere: &[Repeat],
    params: &Params,
) -> (Decision, Vec<Passage>) {
    let findings = classifier.classify(document.host.as_deref(), view, &frequencies.lines);
    let found = if params.passages.scope.inside() {
        align::within_document(number, view, &frequencies.words, &params.passages)
    } else {
        Vec::new()
    };
    let decision = decide(&document.id, view, findings, &found, elsewhere, params);
    (decision, found.into_iter().map(|p| widened(view, p, params.passages.snap)).collect())
}

/// Appends the rows of one document.
pub(super) fn document_rows(
    id: &str,
    lines: &LineNumbers,
    decision: &Decision,
    passages: &[Passage],
    whole: Option<&Removal>,
    rows: &mut Vec<u8>,
) {
    if let Some(removal) = whole {
        Row::Document(DocumentRow::new(id, removal)).write(rows);
    }
    for decided in &decision.spans {
        Row::Span(SpanRow::new(id, lines.at(decided.finding.span.start), decided)).write(rows);
    }
    for passage in passages {
        Row::Passage(PassageRow::new(id, id, passage)).write(rows);
    }
}

/// A passage inside one document with both sides at sentences or paragraphs, as long as they do not
/// meet.
fn widened(view: &View, mut passage: Passage, snap: Snap) -> Passage {
    let (a, b) = (widen(view, passage.a.span, snap), widen(view, passage.b.span, snap));
    if a.end <= b.start {
        (passage.a.span, passage.b.span) = (a, b);
    }
    passage
}
