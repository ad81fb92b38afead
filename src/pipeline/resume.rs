//! Writes a cleaned corpus, and goes on with one that was not finished.
//!
//! [`Run`] + target -> output folder. On the way there are *durable points*: everything so far is
//! synced, and [`Progress`] says how far that is. The first one stands behind the passes that learn
//! what the corpus is (`plan`), the others between two records of the last pass. A run
//! that stops in whatever way is gone on with from the last one, and ends in the same bytes as if it
//! had not stopped.
//!
//! A point costs a sync, so there is one for every gigabyte or so: what is smaller begins anew.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use xxhash_rust::xxh3::xxh3_128;

use super::examine::{Start, Wants};
use super::plan::Known;
use super::{Run, Stages, Tally};
use crate::error::{Error, Result};
use crate::label::Label;
use crate::report::rows::Row;
use crate::report::{LabelCounts, Summary};
use crate::verify::MatchKind;
use crate::write::{CommandLine, Identity, Input, Output, Progress, Staging, Written};

/// How often what is done is made durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DurablePoints {
    /// Bytes of content between two of them.
    pub every_bytes: u64,
    /// What the user typed, to be done again by `resume`.
    pub command: Option<CommandLine>,
}

impl Default for DurablePoints {
    fn default() -> Self {
        Self { every_bytes: 1 << 30, command: None }
    }
}

/// See [`Run::clean`].
pub(super) fn clean(run: &Run, dir: &Path, removed_max: f64) -> Result<Summary> {
    // A folder that cannot be written to is refused now, not after hours.
    let staging = Staging::open(dir, &run.paths)?;
    let mut tally = Tally::new(run, 0);
    let (mut progress, known, mut output) = begin(run, staging, &mut tally)?;
    match write(run, &known, progress.as_mut(), &mut output, &mut tally, removed_max) {
        Ok(()) => output.commit().map(|()| tally.summary),
        Err(e) if output.staging().is_kept() && e.is_io() => {
            Err(e.and_hint(format!("then `ghirbal resume {}` goes on with what is done", dir.display())))
        }
        Err(e) => {
            // What was refused would be refused again.
            output.staging().forget();
            Err(e)
        }
    }
}

/// Learns what the corpus is, or takes what an unfinished run has learned and written.
fn begin<'a>(run: &'a Run, mut staging: Staging, tally: &mut Tally) -> Result<(Option<Progress>, Known, Output<'a>)> {
    let sources = &run.found.sources;
    if staging.has_progress() {
        let path = staging.progress();
        let progress = Progress::load(&path)?;
        progress.require(&identity(run), &path)?;
        let known = Known::load(&staging.plan(), &progress.plan, &run.spill)?;
        tally.known(run, &known);
        let output = match &progress.written {
            Some(written) => {
                tally.count_again(&written.counts).map_err(|e| e.at(&path))?;
                Output::go_on(staging, sources, written)?
            }
            None => {
                staging.begin_output()?;
                Output::begin(staging, &run.params, sources, &known.survey.checksums)?
            }
        };
        return Ok((Some(progress), known, output));
    }
    staging.begin()?;
    let known = run.learn(tally)?;
    tally.known(run, &known);
    let mut progress = None;
    let len_bytes: u64 = known.survey.checksums.iter().map(|c| c.len_bytes).sum();
    if len_bytes >= run.durable.every_bytes {
        let plan = known.save(&staging.plan())?;
        let begun = Progress::new(run.durable.command.clone(), identity(run), plan);
        begun.save(&staging.progress())?;
        staging.keep();
        progress = Some(begun);
    }
    let output = Output::begin(staging, &run.params, sources, &known.survey.checksums)?;
    Ok((progress, known, output))
}

/// Writes what is not yet written.
fn write(
    run: &Run,
    known: &Known,
    mut progress: Option<&mut Progress>,
    output: &mut Output,
    tally: &mut Tally,
    removed_max: f64,
) -> Result<()> {
    let start = progress.as_ref().and_then(|progress| progress.written.as_ref()).map_or(Start::default(), start_of);
    let wants = Wants { rows: true, cleaned: true, ..Wants::default() };
    run.examine(known, start, wants, tally, |examined, tally| {
        if let (Some(progress), Some(prepared)) = (&mut progress, &examined.prepared) {
            output.advance(prepared.source())?;
            if let Some(written) = output.rest(run.durable.every_bytes, || tally.counts())? {
                progress.written = Some(written);
                progress.save(&output.staging().progress())?;
            }
        }
        let examined = tally.examined(examined);
        output.findings(&examined.rows)?;
        examined.prepared.map_or(Ok(()), |prepared| output.append(prepared))
    })?;
    run.document_rows(known, |rows| output.findings(rows))?;
    run.check_ceiling(&tally.summary, removed_max)?;
    let mut last = Vec::new();
    Row::Summary(&tally.summary).write(&mut last);
    output.findings(&last)?;
    output.summary(&serde_json::to_vec_pretty(&tally.summary).unwrap_or_default())
}

fn start_of(written: &Written) -> Start {
    Start { source: written.source(), records_of_done: written.records_of_done, records: written.records }
}

fn identity(run: &Run) -> Identity {
    let sources = run.found.sources.iter().map(|source| Input {
        name: source.name.clone(),
        format: source.format.name.to_owned(),
        len_bytes: source.len_bytes(),
    });
    let skipped = run.found.skipped.iter().map(|s| format!("{} {} {}\n", s.unreadable, s.name, s.why));
    let not_read = format!("{}{}", skipped.collect::<String>(), run.found.hidden);
    Identity {
        stages: if run.stages == Stages::ALL { "clean" } else { "dedup" }.to_owned(),
        params: run.params.digest(),
        parameters: serde_json::to_value(&run.params).unwrap_or_default(),
        sources: sources.collect(),
        not_read: format!("{:032x}", xxh3_128(not_read.as_bytes())),
    }
}

/// What is counted as documents are examined.
#[derive(Serialize, Deserialize)]
struct Counts {
    labels: BTreeMap<Label, LabelCounts>,
    duplicates: BTreeMap<String, u64>,
    passages: u64,
    documents_with_passages: u64,
    documents_removed: u64,
    bytes_removed: u64,
    bytes_to_metadata: u64,
}

impl Tally {
    fn counts(&self) -> Value {
        let s = &self.summary;
        let counts = Counts {
            labels: s.labels.clone(),
            duplicates: s.duplicates.iter().map(|(kind, n)| ((*kind).to_owned(), *n)).collect(),
            passages: s.passages,
            documents_with_passages: s.documents_with_passages,
            documents_removed: s.documents_removed,
            bytes_removed: s.bytes_removed,
            bytes_to_metadata: s.bytes_to_metadata,
        };
        serde_json::to_value(counts).unwrap_or_default()
    }

    /// Takes over what was counted before the run stopped.
    fn count_again(&mut self, counts: &Value) -> Result<()> {
        let counts: Counts = Counts::deserialize(counts)
            .map_err(|e| Error::artefact(format!("the counts of an unfinished run cannot be understood ({e}):")))?;
        let s = &mut self.summary;
        let kinds = [MatchKind::Exact, MatchKind::Near, MatchKind::Contained].map(MatchKind::name);
        s.labels = counts.labels;
        s.duplicates = kinds.into_iter().filter_map(|kind| Some((kind, *counts.duplicates.get(kind)?))).collect();
        // Those across documents are among them already.
        s.passages = counts.passages;
        s.documents_with_passages = counts.documents_with_passages;
        s.documents_removed = counts.documents_removed;
        s.bytes_removed = counts.bytes_removed;
        s.bytes_to_metadata = counts.bytes_to_metadata;
        Ok(())
    }
}
