//! The words of all documents, for alignment across them.
//!
//! [`View`]s, one at a time and from any thread -> [`Corpus`]. It is kept by document number, so
//! the order of observation leaves no trace. In memory: 11 bytes a word and 64 a document (see
//! `words`); everything else asks through [`Corpus::words`] alone, so a store on disk
//! can stand in its place.

use std::sync::Mutex;

use rayon::prelude::*;

use super::seed::mix;
use super::words::{Word, Words};
use crate::tokenise::View;

/// A line that stands in this many unlike documents is furniture of a site or a label, not
/// writing. Copies of one document, edited or not, count once.
const COMMON_LINE_DOCUMENTS_MIN: usize = 4;

/// Longer lines are paragraphs, and a paragraph in many documents is a finding.
const COMMON_LINE_MAX_WORDS: usize = 24;

static NO_WORDS: Words = Words::EMPTY;

/// Collects documents from several threads.
#[derive(Default)]
pub struct CorpusBuilder {
    documents: Mutex<Vec<Option<Words>>>,
}

impl CorpusBuilder {
    /// Adds one document.
    pub fn observe(&self, document: u32, view: &View) {
        let words = Words::new(view);
        // A thread that panicked left whole documents behind, never halves.
        let mut documents = self.documents.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let at = document as usize;
        if documents.len() <= at {
            documents.resize_with(at + 1, || None);
        }
        documents[at] = Some(words);
    }

    /// Ends the collection: short lines that stand in many documents take no part in alignment.
    pub fn finish(self) -> Corpus {
        let mut documents: Vec<Option<Words>> =
            self.documents.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
        let families: Vec<u64> = documents.par_iter().map(|words| words.as_ref().map_or(0, family)).collect();
        let common = common_lines(&documents, &families);
        if !common.is_empty() {
            documents.par_iter_mut().enumerate().for_each(|(number, words)| {
                if let Some(words) = words {
                    words.mask_lines(number as u32, |line| {
                        short_line(line).is_some_and(|key| common.binary_search(&key).is_ok())
                    });
                }
            });
        }
        Corpus { documents }
    }
}

/// Keys of the short lines that stand in at least [`COMMON_LINE_DOCUMENTS_MIN`] documents, sorted.
fn common_lines(documents: &[Option<Words>], families: &[u64]) -> Vec<u64> {
    let mut keys: Vec<(u64, u64)> = documents
        .par_iter()
        .zip(families)
        .flat_map_iter(|(words, &family)| {
            words.iter().flat_map(Words::lines).filter_map(short_line).map(move |key| (key, family))
        })
        .collect();
    keys.par_sort_unstable();
    keys.dedup();
    let common = keys.chunk_by(|x, y| x.0 == y.0).filter(|same| same.len() >= COMMON_LINE_DOCUMENTS_MIN);
    common.map(|same| same[0].0).collect()
}

/// A key that two documents share with the probability of their Jaccard similarity: the smallest
/// hash of their 4-grams (Broder 1997).
fn family(words: &Words) -> u64 {
    words.numbers.windows(4).map(mix).min().unwrap_or_else(|| mix(&words.numbers))
}

/// The key of a line that may be furniture.
fn short_line(line: &[Word]) -> Option<u64> {
    (line.len() <= COMMON_LINE_MAX_WORDS).then(|| mix(line))
}

/// The words of all documents by number.
#[derive(Default)]
pub struct Corpus {
    documents: Vec<Option<Words>>,
}

impl Corpus {
    /// One more than the largest document number.
    pub fn len(&self) -> u32 {
        self.documents.len() as u32
    }

    /// Whether there is no document.
    pub fn is_empty(&self) -> bool {
        self.documents.is_empty()
    }

    /// The words of one document; none for a number that was not observed.
    pub fn words(&self, document: u32) -> &Words {
        self.documents.get(document as usize).and_then(Option::as_ref).unwrap_or(&NO_WORDS)
    }

    /// Words in all documents.
    pub fn words_total(&self) -> u64 {
        self.documents.iter().flatten().map(|w| w.len() as u64).sum()
    }
}
