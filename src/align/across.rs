//! Repeated passages across documents.
//!
//! [`Corpus`] -> [`Repeats`]: shared 4-grams, chains, alignment and the same rules as inside a
//! document. What stands in many documents becomes a group with an anchor.

use rayon::prelude::*;

use super::chain::{Chain, chains};
use super::corpus::Corpus;
use super::index::{GRAM_LEN_WORDS, Shared, candidates};
use super::local::{Alignment, align};
use super::natural::{Substance, has_substance, round, trim};
use super::seed::Run;
use super::weight::Weights;
use super::words::Words;
use super::{Passage, PassageKind, Side, measure};
use crate::fingerprint::WordFrequencies;
use crate::params::{PassageParams, Scope};

/// What [`across_documents`] found.
#[derive(Debug, Default)]
pub struct Repeats {
    /// Passages by reading order of their sides.
    pub passages: Vec<Passage>,
    /// Phrases that stand in more documents than are compared pair by pair.
    pub phrases_capped: u64,
    /// The documents of the most frequent of them.
    pub documents_max: u32,
}

/// The passages that two documents share.
///
/// `excluded(a, b)`, `a < b`, names pairs that are reported elsewhere: near duplicates as wholes.
pub fn across_documents(
    corpus: &Corpus,
    frequencies: &WordFrequencies,
    params: &PassageParams,
    excluded: impl Fn(u32, u32) -> bool + Sync,
) -> Repeats {
    let n = params.words_min.clamp(2, GRAM_LEN_WORDS);
    let candidates = candidates(corpus, n, &excluded);
    let weights = Weights::of_corpus(frequencies);
    let pairs: Vec<&[Shared]> =
        candidates.shared.chunk_by(|x, y| (x.a_document, x.b_document) == (y.a_document, y.b_document)).collect();
    let passages = pairs.par_iter().flat_map_iter(|pair| between(corpus, &weights, pair, n, params)).collect();
    Repeats { passages, phrases_capped: candidates.grams_capped, documents_max: candidates.documents_max }
}

/// The passages of one pair of documents, in order.
fn between(corpus: &Corpus, weights: &Weights, pair: &[Shared], n: usize, params: &PassageParams) -> Vec<Passage> {
    let Some(&Shared { a_document, b_document, .. }) = pair.first() else { return Vec::new() };
    let (a, b) = (corpus.words(a_document), corpus.words(b_document));
    let runs = runs(a, b, pair, n);
    let total: u32 = runs.iter().map(|r| r.len).sum();
    if (total as usize) < params.words_min {
        return Vec::new();
    }
    let worth =
        |run: &Run| a.numbers[run.a as usize..run.a_end() as usize].iter().map(|&w| weights.worth_of(w)).sum::<f32>();
    let found = chains(runs, worth, false).into_iter().filter_map(|chain| judge(a, b, weights, &chain, params));
    once(found.collect()).into_iter().map(|found| passage((a_document, a), (b_document, b), &found.alignment)).collect()
}

/// The shared stretches at full length, each once.
fn runs(a: &Words, b: &Words, pair: &[Shared], n: usize) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::with_capacity(pair.len());
    // Along a diagonal the stretches ascend; one that begins inside the last is part of it.
    let mut starts: Vec<(i64, u32)> = pair.iter().map(|s| (i64::from(s.b) - i64::from(s.a), s.a)).collect();
    starts.sort_unstable();
    let mut last: Option<(i64, u32)> = None;
    for (diagonal, at) in starts {
        if last.is_some_and(|(d, end)| d == diagonal && at < end) {
            continue;
        }
        let b_at = (i64::from(at) + diagonal) as u32;
        let equal =
            a.numbers[at as usize..].iter().zip(&b.numbers[b_at as usize..]).take_while(|(x, y)| x == y).count();
        last = Some((diagonal, at + equal as u32));
        if equal >= n {
            runs.push(Run { a: at, b: b_at, len: equal as u32 });
        }
    }
    runs
}

struct Found {
    alignment: Alignment,
    mass: f32,
}

fn judge(a: &Words, b: &Words, weights: &Weights, chain: &Chain, params: &PassageParams) -> Option<Found> {
    let limits = (0, a.len() as u32, 0, b.len() as u32);
    let mut alignment = align(&a.numbers, &b.numbers, chain, limits);
    trim(a, b, &mut alignment);
    if (alignment.matched as usize) < params.words_min || f64::from(alignment.identity()) < params.identity_min {
        return None;
    }
    let mass: f32 = if chain.others.is_empty() {
        alignment.pairs.iter().map(|&(at, _)| weights.of(a.numbers[at as usize])).sum()
    } else {
        let all = chain.runs.iter().chain(&chain.others);
        all.flat_map(|r| r.a..r.a_end()).map(|at| weights.of(a.numbers[at as usize])).sum()
    };
    if !has_substance(Substance { matched: alignment.matched, mass }, false, params) {
        return None;
    }
    round(a, b, &mut alignment);
    Some(Found { alignment, mass })
}

/// Of passages of one pair that share more than half of a side, the heaviest stays.
fn once(mut found: Vec<Found>) -> Vec<Found> {
    found.sort_by(|x, y| y.mass.total_cmp(&x.mass).then(x.alignment.bounds.cmp(&y.alignment.bounds)));
    let mut kept: Vec<Found> = Vec::new();
    for candidate in found {
        let (a0, a1, b0, b1) = candidate.alignment.bounds;
        let taken = kept.iter().any(|k| {
            let (x0, x1, y0, y1) = k.alignment.bounds;
            let shared = |s: u32, e: u32, t: u32, f: u32| e.min(f).saturating_sub(s.max(t)) * 2 > e - s;
            shared(a0, a1, x0, x1) || shared(b0, b1, y0, y1)
        });
        if !taken {
            kept.push(candidate);
        }
    }
    kept.sort_by_key(|f| f.alignment.bounds);
    kept
}

fn passage(a: (u32, &Words), b: (u32, &Words), alignment: &Alignment) -> Passage {
    let (a0, a1, b0, b1) = alignment.bounds;
    let of = |words: &Words, from: u32, to: u32| words.numbers[from as usize..to as usize].to_vec();
    let (jaccard, containment) = measure::similarity(&of(a.1, a0, a1), &of(b.1, b0, b1));
    let kind = measure::kind(a.1, b.1, alignment);
    Passage {
        a: Side { document: a.0, span: a.1.span(a0, a1) },
        b: Side { document: b.0, span: b.1.span(b0, b1) },
        kind,
        words: (a1 - a0).min(b1 - b0),
        identity: if kind == PassageKind::Exact { 1.0 } else { alignment.identity() },
        jaccard,
        containment,
        scope: Scope::Corpus,
    }
}
