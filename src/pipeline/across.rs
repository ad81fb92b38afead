//! Passages that stand in more than one document: a pass of its own, only when asked for.
//!
//! Records -> [`Across`]. Every document's words are kept (11 bytes a word), in a file where they do
//! not fit; exact copies are left out, their anchor speaks for them.

use rayon::prelude::*;

use crate::align::{Corpus as Texts, CorpusBuilder, Passage, across_documents};
use crate::error::Result;
use crate::params::Params;
use crate::pipeline::BATCH_LEN_BYTES;
use crate::pipeline::duplicates::Duplicates;
use crate::pipeline::survey::Survey;
use crate::read::{Corpus, Record, Source, parse};
use crate::shingle::ShingleSet;
use crate::spill::Spill;
use crate::tokenise::{Tokeniser, View};
use crate::verify::{MatchKind, jaccard_and_containment};

/// What stands in more than one document.
#[derive(Default)]
pub struct Across {
    /// The passages, by reading order of their sides.
    pub passages: Vec<Passage>,
    /// Pairs of documents that share most of their text in the same order, with what was added
    /// between.
    pub versions: Vec<VersionPair>,
    /// Phrases in too many documents to be compared pair by pair.
    pub phrases_capped: u64,
}

/// Two versions of one text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VersionPair {
    /// The earlier document.
    pub a: u32,
    /// The later document.
    pub b: u32,
    /// True Jaccard similarity of their shingle sets.
    pub jaccard: f64,
    /// Share of the smaller set that lies in the other.
    pub containment: f64,
}

/// Reads everything once more and finds them.
///
/// # Errors
/// When a source has changed since the first pass.
pub fn find(
    sources: &[Source],
    params: &Params,
    tokeniser: &Tokeniser,
    survey: &Survey,
    duplicates: &Duplicates,
    spill: &Spill,
) -> Result<Across> {
    let builder = CorpusBuilder::new(spill);
    let copy = |d: u32| duplicates.of(d).is_some_and(|(m, _)| m.kind == MatchKind::Exact);
    let mut number = 0;
    let mut corpus = Corpus::again(sources, &survey.checksums);
    while let Some(batch) = corpus.next_batch(BATCH_LEN_BYTES)? {
        let records: Vec<Record> = batch.into_par_iter().map(|raw| parse(sources, params, raw)).collect();
        let documents: Vec<_> = records.iter().filter_map(Record::document).zip(number..).collect();
        number += documents.len() as u32;
        documents.into_par_iter().filter(|&(_, d)| !copy(d)).for_each(|(document, d)| {
            builder.observe(d, &View::new(&document.text, tokeniser));
        });
    }
    let texts = builder.finish();
    let anchor = |d: u32| duplicates.of(d).filter(|(m, _)| m.kind != MatchKind::Contained).map_or(d, |&(_, a)| a);
    let repeats = across_documents(&texts, &survey.frequencies.words, &params.passages, |a, b| anchor(a) == anchor(b));
    let shingles = |d: u32| shingles(&texts, d, params.documents.shingle_len_tokens);
    let versions = repeats
        .versions
        .par_iter()
        .map(|v| {
            let (jaccard, containment) = jaccard_and_containment(shingles(v.a).as_slice(), shingles(v.b).as_slice());
            VersionPair { a: v.a, b: v.b, jaccard, containment }
        })
        .collect();
    Ok(Across { passages: repeats.passages, versions, phrases_capped: repeats.phrases_capped })
}

fn shingles(texts: &Texts, document: u32, len_tokens: usize) -> ShingleSet {
    let words: Vec<u64> = texts.numbers(document).iter().map(|&w| u64::from(w)).collect();
    ShingleSet::new(&words, len_tokens)
}
