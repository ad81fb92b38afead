//! The whole order: the only module that knows every stage.
//!
//! Paths + [`Params`] -> findings, cleaned text, a [`Summary`]. Two passes over the input:
//! [`survey`] learns what the corpus is, [`duplicates`] finds the documents that stand in it more
//! than once, [`examine`] looks into each document with that knowledge. Nothing is kept between the
//! passes but what `survey` remembers of each document.
//!
//! ```
//! use ghirbal::params::Params;
//! use ghirbal::pipeline::{Run, Stages};
//! # fn main() -> ghirbal::error::Result<()> {
//! let run = Run::new(&["seeds".into()], Params::default(), Stages::ALL)?;
//! let (summary, samples) = run.report(5)?;
//! assert_eq!(summary.documents, 5);
//! assert!(samples.passages.len() <= 5);
//! # Ok(())
//! # }
//! ```

pub mod across;
pub mod apart;
mod audit;
pub mod duplicates;
pub mod examine;
pub mod hosts;
pub mod overlap;
mod plan;
pub mod resume;
mod sieve;
pub mod survey;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::align::{Passage, groups};
use crate::classify::Classifier;
use crate::decide::{self, Repeat, round};
use crate::error::{Error, Result};
use crate::index::{BandShape, candidate_probability};
use crate::label::{Action, Label};
use crate::params::Params;
use crate::read::{Discovered, FORMATS, Source, Stop, discover_with};
use crate::report::html::{self, Gathered, Seen};
use crate::report::rows::{ClusterRow, DocumentPairRow, PassageGroupRow, PassageRow, Place, Row, SkippedRow};
use crate::report::tune::Size;
use crate::report::{ClusterSample, PassageSample, Samples, Summary};
use crate::span::Span;
use crate::spill::{Spill, guard};
use crate::tokenise::Tokeniser;
use crate::watch::{Event, Phase, Tell, Watch};
use crate::write::Prepared;
use across::Across;
use duplicates::Duplicates;
use examine::{Examined, Examiner, Start, Wants};
use plan::Known;
use resume::DurablePoints;
use survey::{Documents, Survey};

/// Bytes read before they are worked on in parallel: enough work for every core, little memory.
pub const BATCH_LEN_BYTES: usize = 8 << 20;

/// A run that writes stops when more than this share of the text would go, unless it is told
/// another.
pub const REMOVED_MAX: f64 = 0.5;

/// Which stages run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stages {
    /// Filler, stray headlines and repeated passages inside documents; duplicate documents are
    /// always searched.
    pub inside: bool,
}

impl Stages {
    /// Everything.
    pub const ALL: Stages = Stages { inside: true };
    /// Duplicate documents only.
    pub const DOCUMENTS: Stages = Stages { inside: false };

    /// Whether passages that stand in more than one document are searched.
    fn across(self, params: &Params) -> bool {
        self.inside && params.passages.scope.across()
    }
}

/// A corpus with its parameters, ready to run.
pub struct Run {
    paths: Vec<PathBuf>,
    found: Discovered,
    params: Params,
    stages: Stages,
    tokeniser: Tokeniser,
    classifier: Classifier,
    shape: BandShape,
    spill: Spill,
    durable: DurablePoints,
    audited: Option<usize>,
    watch: Option<Box<Tell<'static>>>,
}

impl Run {
    /// Finds the sources below `paths` and reads the phrase lists.
    ///
    /// # Errors
    /// A path that does not exist, parameters out of range, nothing to read.
    pub fn new(paths: &[PathBuf], params: Params, stages: Stages) -> Result<Self> {
        params.validate()?;
        let found = discover_with(paths, &params.reading)?;
        Self::prepare(paths.to_vec(), found, params, stages)
    }

    /// The same over sources that are at hand, such as rows in memory.
    ///
    /// # Errors
    /// Parameters out of range.
    pub fn over(sources: Vec<Source>, params: Params, stages: Stages) -> Result<Self> {
        params.validate()?;
        Self::prepare(Vec::new(), Discovered { sources, ..Discovered::default() }, params, stages)
    }

    fn prepare(paths: Vec<PathBuf>, found: Discovered, params: Params, stages: Stages) -> Result<Self> {
        let tokeniser = Tokeniser::new(params.folds);
        let classifier = Classifier::with_folds(&params.filler, params.folds)?;
        let shape = BandShape::choose(&params.documents);
        let (spill, durable) = (Spill::never(), DurablePoints::default());
        Ok(Self {
            paths,
            found,
            params,
            stages,
            tokeniser,
            classifier,
            shape,
            spill,
            durable,
            audited: None,
            watch: None,
        })
    }

    /// The same run with other points to go on from. The answer is the same.
    pub fn with_durable_points(self, durable: DurablePoints) -> Self {
        Self { durable, ..self }
    }

    /// The same run with bounded memory: what does not fit goes to files. The answer is the same.
    pub fn with_spill(self, spill: Spill) -> Self {
        Self { spill, ..self }
    }

    /// The same run, which ends soon after `stop` says so.
    pub fn stopped_by(mut self, stop: &Arc<Stop>) -> Self {
        self.found.sources.iter_mut().for_each(|source| source.stop = Some(Arc::clone(stop)));
        self
    }

    /// The same run, which tells how far it is.
    pub fn watched(self, tell: impl Fn(Event) + Send + Sync + 'static) -> Self {
        Self { watch: Some(Box::new(tell)), ..self }
    }

    /// The same run, which compares a sample of so many documents with all others, to see what the search
    /// for duplicates misses.
    pub fn audited(self, documents: usize) -> Self {
        Self { audited: Some(documents), ..self }
    }

    fn watch(&self) -> Watch<'_> {
        self.watch.as_deref()
    }

    /// Where the input stands.
    pub fn sources(&self) -> &[Source] {
        &self.found.sources
    }

    /// Which stages run.
    pub fn stages(&self) -> Stages {
        self.stages
    }

    /// The parameters of this run.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// How large the corpus is: one reading.
    ///
    /// # Errors
    /// See [`Run::rows`].
    pub fn size(&self) -> Result<Size> {
        guard(|| {
            let mut tally = Tally::new(self, 0);
            let (params, stages) = (&self.params, Stages::DOCUMENTS);
            let survey =
                survey::survey(&self.found.sources, params, stages, &self.tokeniser, &self.spill, self.watch())?;
            tally.survey(self, &survey);
            if survey.documents.is_empty() {
                return Err(self.nothing_read(&tally));
            }
            let Summary { documents, words, bytes, .. } = tally.summary;
            Ok(Size { documents, words, bytes })
        })
    }

    /// Counts and samples for people: at most `top` of each sort.
    ///
    /// # Errors
    /// See [`Run::rows`].
    pub fn report(&self, top: usize) -> Result<(Summary, Samples)> {
        let mut tally = Tally::new(self, top);
        let wants = Wants { samples: true, ..Wants::default() };
        self.go(wants, &mut tally, |_| Ok(()))?;
        Ok((tally.summary, tally.samples))
    }

    /// The same, and what a page shows besides. There are as many `samples` as the page has room for,
    /// or `top` when that is more.
    ///
    /// # Errors
    /// See [`Run::rows`].
    pub fn page(&self, top: usize) -> Result<(Summary, Samples, Gathered)> {
        let mut tally = Tally::new(self, top.max(html::TOP));
        tally.samples.whole = true;
        tally.gathered = Some(Gathered::default());
        let wants = Wants { samples: true, texts: true, ..Wants::default() };
        self.go(wants, &mut tally, |_| Ok(()))?;
        Ok((tally.summary, tally.samples, tally.gathered.unwrap_or_default()))
    }

    /// Every finding as a line of JSON, the summary last.
    ///
    /// # Errors
    /// A corpus without a document, a source that changes while it is read, a failing `out`.
    pub fn rows(&self, out: &mut dyn Write) -> Result<Summary> {
        let mut tally = Tally::new(self, 0);
        let wants = Wants { rows: true, ..Wants::default() };
        let failed = |e| Error::io("write the findings to", Path::new("standard output"), e);
        self.go(wants, &mut tally, |rows| out.write_all(rows).map_err(failed))?;
        let mut last = Vec::new();
        Row::Summary(&tally.summary).write(&mut last);
        out.write_all(&last).and_then(|()| out.flush()).map_err(failed)?;
        Ok(tally.summary)
    }

    /// Every finding as from [`Run::rows`], and every record as it is without what goes, in reading
    /// order, for a caller who keeps both in memory and
    /// [checks the ceiling](Run::check_ceiling) before using them.
    ///
    /// # Errors
    /// See [`Run::rows`].
    pub fn cleaned(&self, out: &mut dyn Write, mut each: impl FnMut(Prepared)) -> Result<Summary> {
        let mut tally = Tally::new(self, 0);
        let wants = Wants { rows: true, cleaned: true, ..Wants::default() };
        let failed = |e| Error::io("keep the findings in", Path::new("memory"), e);
        guard(|| {
            let known = self.learn(&mut tally)?;
            tally.known(self, &known);
            self.examine(&known, Start::default(), wants, &mut tally, |examined, tally| {
                let examined = tally.examined(examined);
                examined.prepared.into_iter().for_each(&mut each);
                out.write_all(&examined.rows).map_err(failed)
            })?;
            self.document_rows(&known, |rows| out.write_all(rows).map_err(failed))
        })?;
        let mut last = Vec::new();
        Row::Summary(&tally.summary).write(&mut last);
        out.write_all(&last).map_err(failed)?;
        Ok(tally.summary)
    }

    /// Writes the cleaned corpus, the ledger and the findings to `dir`, all at once at the end. What an
    /// unfinished run of the same kind has left is gone on with; see [`resume`].
    ///
    /// # Errors
    /// As [`Run::rows`]; a `dir` that is in use; and when more than `removed_max` of all bytes
    /// would go, in which case nothing is written.
    pub fn clean(&self, dir: &Path, removed_max: f64) -> Result<Summary> {
        guard(|| resume::clean(self, dir, removed_max))
    }

    /// Stops a run that would take away too much.
    ///
    /// # Errors
    /// A ceiling error when more than `removed_max` of all bytes would go.
    pub fn check_ceiling(&self, summary: &Summary, removed_max: f64) -> Result<()> {
        if summary.share_removed() <= removed_max {
            return Ok(());
        }
        Err(Error::ceiling(format!(
            "{:.1} % of the text would go, more than the {:.1} % that --max-removed allows; nothing was written",
            summary.share_removed() * 100.0,
            removed_max * 100.0,
        ))
        .hint("look at `ghirbal report` first; raise --max-removed if that is what you want"))
    }

    /// Reads everything, and hands every row to `each`.
    fn go(&self, wants: Wants, tally: &mut Tally, mut each: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        guard(|| {
            let known = self.learn(tally)?;
            tally.known(self, &known);
            self.examine(&known, Start::default(), wants, tally, |examined, tally| {
                each(&tally.examined(examined).rows)
            })?;
            if wants.rows { self.document_rows(&known, each) } else { Ok(()) }
        })
    }

    /// The passes that learn what the corpus is.
    fn learn(&self, tally: &mut Tally) -> Result<Known> {
        let (params, watch) = (&self.params, self.watch());
        let mut survey = survey::survey(&self.found.sources, params, self.stages, &self.tokeniser, &self.spill, watch)?;
        if survey.documents.is_empty() {
            tally.survey(self, &survey);
            return Err(self.nothing_read(tally));
        }
        let begins = |phase| watch.inspect(|tell| tell(Event::Begins { phase, len_bytes: None }));
        begins(Phase::Compare);
        let duplicates = Duplicates::find(&mut survey, params, self.shape, self.audited, &self.spill)?;
        let across = if self.stages.across(params) {
            begins(Phase::Across);
            across::find(params, &mut survey, &duplicates, &self.spill)
        } else {
            Across::default()
        };
        let mut known = Known { survey, duplicates, across, repeats: HashMap::new() };
        known.repeats = self.repeats_across(&self.examiner(&known), &known.across)?;
        Ok(known)
    }

    fn examiner<'a>(&'a self, known: &'a Known) -> Examiner<'a> {
        Examiner {
            sources: &self.found.sources,
            params: &self.params,
            stages: self.stages,
            wants: Wants::default(),
            tokeniser: &self.tokeniser,
            classifier: &self.classifier,
            survey: &known.survey,
            duplicates: &known.duplicates,
            across: &[],
            repeats: &known.repeats,
            watch: self.watch(),
        }
    }

    /// The pass that looks into every document, from a place on. `each` gets what is not yet counted.
    fn examine(
        &self,
        known: &Known,
        start: Start,
        wants: Wants,
        tally: &mut Tally,
        mut each: impl FnMut(Examined, &mut Tally) -> Result<()>,
    ) -> Result<()> {
        let shown = tally.samples.across.clone();
        let examiner = Examiner { wants, across: &shown, ..self.examiner(known) };
        examiner.run_from(Phase::Examine, start, |examined| each(examined, tally))?;
        tally.finish(&self.tokeniser, self.stages);
        Ok(())
    }

    /// What goes because it stands in another document: none, unless policy says so. Takes a pass of
    /// its own, to know what leaves the documents for other reasons.
    fn repeats_across(&self, examiner: &Examiner, across: &Across) -> Result<HashMap<u32, Vec<Repeat>>> {
        if across.passages.is_empty() || !self.params.policy.action(Label::Repeat).takes_away() {
            return Ok(HashMap::new());
        }
        let involved: HashSet<u32> = across.passages.iter().flat_map(|p| [p.a.document, p.b.document]).collect();
        let mut taken: HashMap<u32, Vec<Span>> = HashMap::new();
        let mut number = 0;
        examiner.run(Phase::Repeats, |examined| {
            let Some(document) = examined.document else { return Ok(()) };
            if involved.contains(&number) {
                let spans = if document.goes() {
                    vec![Span { start: 0, end: u32::MAX }]
                } else {
                    document.decision.removals.iter().map(|r| r.span).collect()
                };
                taken.insert(number, spans);
            }
            number += 1;
            Ok(())
        })?;
        let documents = &examiner.survey.documents;
        let rank = duplicates::ranks(documents, involved.iter().copied(), &self.params.documents.keep);
        let ids: HashMap<u32, String> = involved.into_iter().map(|d| (d, documents.id(d))).collect();
        Ok(decide::across(&across.passages, |d| rank[d as usize], |d| &*ids[&d], &taken, &self.params))
    }

    /// The rows of pairs and clusters, which come after the documents'.
    fn document_rows(&self, known: &Known, mut each: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let Known { survey, duplicates, across, .. } = known;
        let widened =
            &across::widened(&self.found.sources, &self.params, &self.tokeniser, survey, across, self.watch())?;
        let id = |d: u32| survey.documents.id(d);
        let mut line = Vec::new();
        let mut row = |row: Row| {
            line.clear();
            row.write(&mut line);
            each(&line)
        };
        for p in widened {
            row(Row::Passage(PassageRow::new(&id(p.a.document), &id(p.b.document), p)))?;
        }
        for group in groups(widened) {
            let ids: Vec<String> = group.members.iter().map(|side| id(side.document)).collect();
            let members = group.members.iter().zip(&ids).map(|(side, id)| Place::new(id, side.span)).collect();
            let anchor = id(group.anchor.document);
            let anchor = Place::new(&anchor, group.anchor.span);
            row(Row::PassageGroup(PassageGroupRow { anchor, members }))?;
        }
        for v in &across.versions {
            row(Row::DocumentPair(DocumentPairRow {
                a: &id(v.a),
                b: &id(v.b),
                kind: "version",
                jaccard: round(v.jaccard),
                containment: round(v.containment),
            }))?;
        }
        duplicate_rows(&survey.documents, duplicates, &mut row)?;
        for skipped in &self.found.skipped {
            row(Row::Skipped(SkippedRow { source: &skipped.name, line: None, why: &skipped.why }))?;
        }
        Ok(())
    }

    /// Why some sources are not read, those that should have been before those that nobody asked for.
    fn sources_not_read(&self) -> impl Iterator<Item = String> {
        let of = |unreadable| self.found.skipped.iter().filter(move |source| source.unreadable == unreadable);
        let sources = of(true).chain(of(false));
        sources.map(|source| format!("`{}`: {}", source.name, source.why)).take(survey::EXAMPLES_MAX)
    }

    fn nothing_read(&self, tally: &Tally) -> Error {
        if tally.skipped_examples.is_empty() {
            let others = tally.summary.records_of_other_kinds;
            if others > 0 {
                return Error::input(format!(
                    "no document could be read: the {others} records are of other kinds than text, such as responses"
                ))
                .hint("give WET files, whose records of the kind `conversion` hold the text of pages");
            }
            let known: Vec<String> = FORMATS.iter().flat_map(|f| f.extensions).map(|e| format!(".{e}")).collect();
            return Error::input(format!(
                "no document could be read: no {} file below the given paths has one",
                known.join(", ")
            ))
            .hint("give files directly, or a folder that holds some");
        }
        // Each reason carries its own remedy.
        Error::input(format!(
            "no document could be read: every record was skipped, such as {}",
            tally.skipped_examples.join("; ")
        ))
    }
}

/// The rows of pairs and clusters of duplicate documents.
fn duplicate_rows(
    documents: &Documents,
    duplicates: &Duplicates,
    row: &mut impl FnMut(Row) -> Result<()>,
) -> Result<()> {
    let id = |d: u32| documents.id(d);
    for m in duplicates.pairs() {
        row(Row::DocumentPair(DocumentPairRow {
            a: &id(m.a),
            b: &id(m.b),
            kind: m.kind.name(),
            jaccard: round(m.jaccard),
            containment: round(m.containment),
        }))?;
    }
    for c in &duplicates.clusters {
        let members: Vec<String> = c.members.iter().map(|m| id(m.document)).collect();
        let members = members.iter().map(String::as_str).collect();
        row(Row::Cluster(ClusterRow { anchor: &id(c.anchor), members, kind: c.kind().name() }))?;
    }
    Ok(())
}

/// Adds up a run.
struct Tally {
    summary: Summary,
    samples: Samples,
    gathered: Option<Gathered>,
    skipped_examples: Vec<String>,
    /// Documents that share a passage with another.
    sharing: HashSet<u32>,
}

impl Tally {
    fn new(run: &Run, top: usize) -> Self {
        let miss_rate = 1.0 - candidate_probability(run.params.documents.similar, run.shape);
        Self {
            summary: Summary::new(&run.params, run.shape, miss_rate),
            samples: Samples::new(top),
            gathered: None,
            skipped_examples: Vec::new(),
            sharing: HashSet::new(),
        }
    }

    /// Counts what is known before documents are examined.
    fn known(&mut self, run: &Run, known: &Known) {
        self.survey(run, &known.survey);
        self.duplicates(&known.survey, &known.duplicates);
        self.across(&known.survey, &known.across);
    }

    fn survey(&mut self, run: &Run, survey: &Survey) {
        let s = &mut self.summary;
        s.sources = run.found.sources.len() as u64;
        s.documents = survey.documents.len() as u64;
        let unreadable = run.found.skipped.iter().filter(|source| source.unreadable).count() as u64;
        s.skipped = survey.skipped + unreadable;
        s.sources_ignored = run.found.skipped.len() as u64 - unreadable;
        s.sources_hidden = run.found.hidden;
        s.documents_with_shared_id = survey.documents.with_shared_id(&run.spill);
        let survey::Totals { bytes, words, without_words, below_one_shingle } = survey.totals;
        (s.bytes, s.words) = (bytes, words);
        (s.documents_without_words, s.documents_below_one_shingle) = (without_words, below_one_shingle);
        s.records_of_other_kinds = survey.checksums.iter().map(|c| c.records_of_other_kinds).sum();
        self.skipped_examples = survey.skipped_examples.clone();
        self.skipped_examples.extend(run.sources_not_read());
    }

    fn duplicates(&mut self, survey: &Survey, duplicates: &Duplicates) {
        let id = |d: u32| survey.documents.id(d);
        self.summary.clusters = duplicates.clusters.len() as u64;
        self.summary.audit = duplicates.audit;
        self.summary.limits_reached = duplicates.limits_reached.iter().copied().collect();
        if let Some(gathered) = &mut self.gathered {
            gathered.duplicates(duplicates.pairs(), &duplicates.clusters, id);
        }
        let mut largest: Vec<_> = duplicates.clusters.iter().collect();
        largest.sort_by_key(|c| (std::cmp::Reverse(c.members.len()), c.anchor));
        self.samples.clusters = largest
            .iter()
            .take(self.samples.top)
            .map(|c| ClusterSample {
                anchor: id(c.anchor),
                members: c.members.len(),
                first: (id(c.members[0].document), c.members[0].jaccard),
            })
            .collect();
    }

    fn across(&mut self, survey: &Survey, across: &Across) {
        self.summary.passages += across.passages.len() as u64;
        self.sharing = across.passages.iter().flat_map(|p| [p.a.document, p.b.document]).collect();
        self.summary.versions = across.versions.len() as u64;
        let limits = [
            ("phrases in too many documents to compare pair by pair", across.phrases_capped),
            ("passages whose documents have too many copies to list every pair", across.pairs_capped),
        ];
        self.summary.limits_reached.extend(limits.into_iter().filter(|&(_, n)| n > 0));
        if let Some(gathered) = &mut self.gathered {
            across.passages.iter().for_each(|p| gathered.passage(p.identity));
        }
        let mut longest: Vec<&Passage> = across.passages.iter().collect();
        longest.sort_by_key(|p| (std::cmp::Reverse(p.words), p.a, p.b));
        let id = |d: u32| survey.documents.id(d);
        self.samples.across = longest
            .into_iter()
            .take(self.samples.top)
            .map(|p| (p.clone(), PassageSample::across((id(p.a.document), id(p.b.document)), p)))
            .collect();
    }

    /// Counts one record and takes its samples.
    fn examined(&mut self, mut examined: Examined) -> Examined {
        let Some(document) = &mut examined.document else { return examined };
        let s = &mut self.summary;
        let shares = self.sharing.contains(&document.number);
        let goes = document.goes();
        let mut labels = BTreeSet::new();
        let mut count = |s: &mut Summary, label: Label, action: Action, bytes: u64| {
            let counts = s.labels.entry(label).or_default();
            counts.spans += 1;
            counts.bytes += bytes;
            *counts.actions.entry(action).or_default() += 1;
            labels.insert(label);
        };
        if let Some(whole) = &document.whole {
            count(s, whole.label, whole.action, document.bytes);
            let kind = whole.rule.rsplit('.').next().unwrap_or(whole.rule);
            *s.duplicates.entry(kind).or_default() += 1;
        }
        if goes {
            s.documents_removed += 1;
            s.bytes_removed += document.bytes;
            s.labels.entry(Label::DuplicateDocument).or_default().bytes_taken += document.bytes;
        } else {
            for d in &document.decision.spans {
                count(s, d.finding.label, d.action, d.finding.span.len() as u64);
            }
            for r in &document.decision.removals {
                let bytes = r.span.len() as u64;
                s.labels.entry(r.label).or_default().bytes_taken += bytes;
                s.bytes_removed += bytes;
                s.bytes_to_metadata += if r.action == Action::Metadata { bytes } else { 0 };
            }
        }
        for label in labels {
            s.labels.entry(label).or_default().documents += 1;
        }
        s.passages += document.passages.len() as u64;
        s.documents_with_passages += u64::from(shares || !document.passages.is_empty());
        for (i, is_a, lines, text) in document.sides.drain(..) {
            let (_, sample) = &mut self.samples.across[i];
            sample.show(is_a, lines, text);
        }
        if let (Some(gathered), Some((text, host)), Some((sample, _))) =
            (&mut self.gathered, document.text.take(), &document.sample)
        {
            document.passages.iter().for_each(|p| gathered.passage(p.identity));
            gathered.document(&Seen {
                number: sample.number,
                id: &sample.id,
                host: host.as_deref(),
                text: &text,
                decision: &document.decision,
                whole: document.whole.as_ref(),
                goes,
            });
        }
        if let Some((sample, passages)) = document.sample.take()
            && !goes
        {
            self.samples.offer(sample, passages);
        }
        examined
    }

    fn finish(&mut self, tokeniser: &Tokeniser, stages: Stages) {
        self.samples.finish(tokeniser);
        self.gathered.iter_mut().for_each(|g| g.finish(tokeniser));
        let s = &mut self.summary;
        s.notes.extend(survey::note_of_skipped(s.skipped, &self.skipped_examples));
        if s.documents_with_shared_id > 0 {
            s.notes.push(format!(
                "{} documents share their id with another, so findings cannot tell them apart; --id-field names another field",
                s.documents_with_shared_id
            ));
        }
        if s.records_of_other_kinds > 0 {
            s.notes.push(format!(
                "{} WARC records of other kinds than `conversion`, such as responses, hold no text: they pass through unread",
                s.records_of_other_kinds
            ));
        }
        if s.documents_below_one_shingle == s.documents {
            s.notes.push(format!(
                "every document is shorter than one shingle of {} words, so only exact duplicates can be found; --shingle 2 compares shorter runs",
                s.params.documents.shingle_len_tokens
            ));
        }
        if s.documents_without_words == s.documents {
            s.notes.push("no document has a single word, so there is nothing to compare".into());
        } else if s.labels.keys().all(|&l| matches!(l, Label::Title | Label::SectionHeading))
            && s.passages == 0
            && s.limits_reached.is_empty()
        {
            s.notes.push(format!(
                "nothing was found: no two documents share {} of their shingles{}",
                s.params.documents.similar,
                if stages.inside { ", no passage stands twice and no line looks like filler" } else { "" },
            ));
        }
    }
}
