//! The first pass: what must be known of all documents before one is judged.
//!
//! Records -> [`Survey`]: a row for each document, the frequencies of words and lines, and the words
//! duplicates are searched with. Batches are read in order, worked on in parallel and put together
//! in order.

use std::collections::HashSet;

use bitvec::vec::BitVec;
use rayon::prelude::*;

use crate::error::Result;
use crate::fingerprint::{Fingerprint, Frequencies};
use crate::params::Params;
use crate::pipeline::overlap::overlapped;
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
    /// For each record in reading order, whether it is a document: a further pass need not parse it
    /// to know its number.
    pub is_document: BitVec,
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

/// Records looked at in one go by one thread: some hundred kilobytes.
const PART_LEN_RECORDS: usize = 64;

/// Some consecutive records, looked at on their own.
#[derive(Default)]
struct Part {
    /// For each record, whether it is a document.
    is_document: Vec<bool>,
    rows: Vec<DocumentRow>,
    words: Words,
    /// Source, line and reason.
    skipped: Vec<(u32, u64, String)>,
}

/// Reads everything once.
///
/// # Errors
/// When reading as a whole fails; bad records are counted instead.
pub fn survey(sources: &[Source], params: &Params, stages: Stages, tokeniser: &Tokeniser) -> Result<Survey> {
    let frequencies = Frequencies::default();
    let look = |part: &mut Part, words: &mut DocumentWords, raw: &RawRecord| {
        let record = parse(sources, params, raw.clone());
        part.is_document.push(record.document().is_some());
        if let Some(why) = record.skipped() {
            part.skipped.push((record.source, record.line, why.to_owned()));
        }
        let Some(document) = record.document() else { return };
        if stages.inside {
            let view = View::new(&document.text, tokeniser);
            frequencies.observe(document.host.as_deref(), &view);
            words.of_view(&view);
        } else {
            words.of_text(&document.text, tokeniser);
        }
        part.words.push(words);
        part.rows.push(DocumentRow {
            id: document.id.as_str().into(),
            words: words.len() as u32,
            bytes: document.text.len() as u32,
            fingerprint: words.fingerprint(),
            sort_key: document.sort_key.as_deref().map(Into::into),
        });
    };
    let part = |words: &mut DocumentWords, records: &[RawRecord]| -> Part {
        let mut part = Part::default();
        // Arabic news has 10.95 bytes a word, English about 6.
        part.words.reserve(records.iter().map(|r| r.raw.len()).sum::<usize>() / 8);
        records.iter().for_each(|raw| look(&mut part, words, raw));
        part
    };

    let mut corpus = Corpus::new(sources);
    let mut learned = Learned { words: Words::for_a_corpus(), ..Learned::default() };
    overlapped(
        || corpus.next_batch(BATCH_LEN_BYTES),
        |batch: Vec<RawRecord>| -> Vec<Part> {
            batch.par_chunks(PART_LEN_RECORDS).map_init(DocumentWords::default, part).collect()
        },
        |parts| {
            parts.into_iter().for_each(|part| learned.add(part, sources));
            Ok(())
        },
    )?;
    let Learned { documents, is_document, skipped, skipped_examples, words, .. } = learned;
    let checksums = corpus.into_checksums();
    Ok(Survey { documents, is_document, skipped, skipped_examples, frequencies, checksums, words })
}

/// What was learned so far.
#[derive(Default)]
struct Learned {
    documents: Vec<DocumentRow>,
    is_document: BitVec,
    skipped: u64,
    skipped_examples: Vec<String>,
    words: Words,
    first_copies: HashSet<Fingerprint>,
}

impl Learned {
    fn add(&mut self, part: Part, sources: &[Source]) {
        self.is_document.extend(part.is_document);
        for (number, row) in (0..).zip(&part.rows) {
            if row.fingerprint.is_some_and(|f| self.first_copies.insert(f)) {
                self.words.push_from(&part.words, number);
            } else {
                self.words.push_copy();
            }
        }
        self.documents.extend(part.rows);
        self.skipped += part.skipped.len() as u64;
        for (source, line, why) in part.skipped {
            if self.skipped_examples.len() < EXAMPLES_MAX {
                let name = &sources[source as usize].name;
                self.skipped_examples.push(format!("`{name}` line {line}: {why}"));
            }
        }
    }
}
