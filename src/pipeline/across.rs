//! Passages that stand in more than one document: only when asked for.
//!
//! The words that the first pass kept of every document (12 bytes a word, in a file where they do not
//! fit) -> [`Across`]. Exact copies are not searched: what is found in their anchor is found in them.

use std::collections::HashMap;

use rayon::prelude::*;

use crate::align::{Copies, Corpus as Texts, Passage, Side, across_documents, widen};
use crate::error::Result;
use crate::params::{Params, Snap};
use crate::pipeline::BATCH_LEN_BYTES;
use crate::pipeline::duplicates::Duplicates;
use crate::pipeline::overlap::released;
use crate::pipeline::survey::Survey;
use crate::read::{Corpus, Record, Source, parse};
use crate::shingle::ShingleSet;
use crate::spill::Spill;
use crate::tokenise::{Tokeniser, View};
use crate::verify::{MatchKind, jaccard_and_containment};
use crate::watch::{Course, Phase, Watch};

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
    /// Passages whose documents have too many exact copies to list every pair of them.
    pub pairs_capped: u64,
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

/// Finds them. Takes the words, which only this search needs, out of the survey.
pub fn find(params: &Params, survey: &mut Survey, duplicates: &Duplicates, spill: &Spill) -> Across {
    let (mut builder, mut copies) = (std::mem::take(&mut survey.texts), Copies::new(spill));
    for (document, (found, anchor)) in duplicates.all() {
        if found.kind == MatchKind::Exact {
            copies.push(document, anchor, &builder.take(document));
        }
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
    let (passages, pairs_capped) = copies.speak(repeats.passages, &texts);
    released(texts);
    Across { passages, versions, phrases_capped: repeats.phrases_capped, pairs_capped }
}

/// The passages with both sides at sentences or paragraphs, as `--snap` asks. Takes one more reading
/// where it does.
///
/// # Errors
/// When a source has changed since the first pass.
pub fn widened(
    sources: &[Source],
    params: &Params,
    tokeniser: &Tokeniser,
    survey: &Survey,
    across: &Across,
    watch: Watch,
) -> Result<Vec<Passage>> {
    let mut passages = across.passages.clone();
    if params.passages.snap == Snap::Word || passages.is_empty() {
        return Ok(passages);
    }
    let sides = passages.iter_mut().flat_map(|p| [&mut p.a, &mut p.b]);
    let mut by_document: HashMap<u32, Vec<&mut Side>> = HashMap::new();
    sides.for_each(|side| by_document.entry(side.document).or_default().push(side));
    let mut number = 0;
    let mut corpus = Corpus::again(sources, &survey.checksums);
    let course = Course::begin(watch, Phase::Widen, sources, &survey.checksums);
    while let Some(batch) = corpus.next_batch(BATCH_LEN_BYTES)? {
        course.works_on(batch.iter());
        let records: Vec<Record> = batch.into_par_iter().map(|raw| parse(sources, params, raw)).collect();
        for document in records.iter().filter_map(Record::document) {
            if let Some(sides) = by_document.get_mut(&number) {
                let view = View::new(&document.text, tokeniser);
                sides.iter_mut().for_each(|side| side.span = widen(&view, side.span, params.passages.snap));
            }
            number += 1;
        }
    }
    Ok(passages)
}

fn shingles(texts: &Texts, document: u32, len_tokens: usize) -> ShingleSet {
    let words: Vec<u64> = texts.numbers(document).iter().map(|&w| u64::from(w)).collect();
    ShingleSet::new(&words, len_tokens)
}
