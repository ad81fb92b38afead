//! The first pass: what must be known of all documents before one is judged.
//!
//! Records -> [`Survey`]: a row for each document, the frequencies of words and lines, and the words
//! duplicates are searched with. Batches are read in order, worked on in parallel and put together
//! in order.

use std::collections::HashSet;

use rayon::prelude::*;

use crate::error::Result;
use crate::fingerprint::{Fingerprint, Frequencies, fingerprint};
use crate::params::Params;
use crate::pipeline::{BATCH_LEN_BYTES, Stages};
use crate::read::{Checksum, Corpus, RawRecord, Source, parse};
use crate::recurring::{DocumentWords, Words};
use crate::tokenise::{Tokeniser, View};

/// What is remembered of each document.
#[derive(Clone, Debug)]
pub struct DocumentRow {
    /// Its id.
    pub id: Box<str>,
    /// Its words.
    pub words: u32,
    /// The bytes of its text.
    pub bytes: u32,
    /// Its fingerprint, if it has words.
    pub fingerprint: Option<Fingerprint>,
    /// What `--keep earliest:FIELD` compares.
    pub sort_key: Option<Box<str>>,
}

/// All that the first pass learned.
pub struct Survey {
    /// The documents in reading order; a document's number is its place here.
    pub documents: Vec<DocumentRow>,
    /// Records that could not be read, with up to [`EXAMPLES_MAX`] reasons.
    pub skipped: u64,
    /// The first reasons, as `source line N: why`.
    pub skipped_examples: Vec<String>,
    /// How common words and lines are.
    pub frequencies: Frequencies,
    /// What each source's content was.
    pub checksums: Vec<Checksum>,
    /// The words of the first document of each comparison form; its copies have none.
    pub words: Words,
}

/// Reasons kept for an error message.
pub const EXAMPLES_MAX: usize = 3;

/// One document, looked at on its own.
struct Seen {
    row: DocumentRow,
    words: DocumentWords,
}

enum Outcome {
    Seen(Seen),
    Skipped { source: u32, line: u64, why: String },
    Nothing,
}

/// Reads everything once.
///
/// # Errors
/// When reading as a whole fails; bad records are counted instead.
pub fn survey(sources: &[Source], params: &Params, stages: Stages, tokeniser: &Tokeniser) -> Result<Survey> {
    let mut survey = Survey {
        documents: Vec::new(),
        skipped: 0,
        skipped_examples: Vec::new(),
        frequencies: Frequencies::default(),
        checksums: Vec::new(),
        words: Words::default(),
    };
    let look = |frequencies: &Frequencies, raw: RawRecord| -> Outcome {
        let record = parse(sources, params, raw);
        if let Some(why) = record.skipped() {
            return Outcome::Skipped { source: record.source, line: record.line, why: why.to_owned() };
        }
        let Some(document) = record.document() else { return Outcome::Nothing };
        let view = View::new(&document.text, tokeniser);
        if stages.inside {
            frequencies.observe(document.host.as_deref(), &view);
        }
        let row = DocumentRow {
            id: document.id.as_str().into(),
            words: view.tokens.len() as u32,
            bytes: document.text.len() as u32,
            fingerprint: fingerprint(&view.tokens),
            sort_key: document.sort_key.as_deref().map(Into::into),
        };
        Outcome::Seen(Seen { row, words: DocumentWords::new(&view) })
    };

    let mut first_copies = HashSet::new();
    let mut corpus = Corpus::new(sources);
    while let Some(batch) = corpus.next_batch(BATCH_LEN_BYTES)? {
        let outcomes: Vec<Outcome> = batch.into_par_iter().map(|raw| look(&survey.frequencies, raw)).collect();
        for outcome in outcomes {
            match outcome {
                Outcome::Seen(seen) => {
                    if seen.row.fingerprint.is_some_and(|f| first_copies.insert(f)) {
                        survey.words.push(&seen.words);
                    } else {
                        survey.words.push_copy();
                    }
                    survey.documents.push(seen.row);
                }
                Outcome::Skipped { source, line, why } => {
                    survey.skipped += 1;
                    if survey.skipped_examples.len() < EXAMPLES_MAX {
                        let name = &sources[source as usize].name;
                        survey.skipped_examples.push(format!("`{name}` line {line}: {why}"));
                    }
                }
                Outcome::Nothing => {}
            }
        }
    }
    survey.checksums = corpus.into_checksums();
    Ok(survey)
}
