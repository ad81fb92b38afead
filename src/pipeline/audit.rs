//! Did the bands propose what is there? A sample of documents against all others.
//!
//! Words, proposed pairs -> [`Audit`]. The truth is counted, not estimated: for each drawn document the
//! shingles it shares with every other one. That takes one look at all shingles for as many drawn
//! documents as fit the memory of the run; besides those, 16 bytes for each drawn document are held.

use std::collections::{BTreeMap, BinaryHeap};

use bitvec::prelude::{BitVec, bitvec};
use rayon::prelude::*;

use crate::pipeline::duplicates::Cores;
use crate::report::Audit;
use crate::shingle::{ShingleSet, mix};
use crate::spill::{Sorted, Sorter, Spill};

/// Compares `sample_len` documents with all. `rank` orders documents for the draw: it must not depend on
/// their order.
pub fn audit(
    cores: &Cores,
    candidates: &Sorted<(u32, u32)>,
    similar: f64,
    sample_len: usize,
    rank: impl Fn(u32) -> Option<u64>,
    spill: &Spill,
) -> Audit {
    let mut documents = BitVec::with_capacity(cores.len() as usize);
    let mut first: BinaryHeap<(u64, u32)> = BinaryHeap::new();
    for (document, rank) in (0..cores.len()).map(|d| (d, rank(d))) {
        documents.push(rank.is_some());
        first.extend(rank.map(|rank| (mix(rank), document)));
        if first.len() > sample_len {
            first.pop();
        }
    }
    let mut drawn: Vec<u32> = first.into_iter().map(|(_, document)| document).collect();
    drawn.sort_unstable();

    let (mut pairs, mut pairs_missed) = (0, 0);
    let mut with_pairs: BitVec = bitvec![0; drawn.len()];
    let mut incomplete = with_pairs.clone();
    let mut proposed = candidates.iter().peekable();
    for pair in alike(cores, &drawn, &documents, similar, spill).iter() {
        while proposed.next_if(|other| *other < pair).is_some() {}
        let is_missed = proposed.peek() != Some(&pair);
        pairs += 1;
        pairs_missed += u64::from(is_missed);
        for at in [pair.0, pair.1].iter().filter_map(|document| drawn.binary_search(document).ok()) {
            with_pairs.set(at, true);
            if is_missed {
                incomplete.set(at, true);
            }
        }
    }
    let documents_with_pairs = with_pairs.count_ones() as u64;
    Audit {
        documents_sampled: drawn.len() as u64,
        documents: documents.count_ones() as u64,
        pairs,
        pairs_missed,
        documents_with_pairs,
        documents_complete: documents_with_pairs - incomplete.count_ones() as u64,
        ..Audit::default()
    }
    .judged()
}

/// The pairs of a drawn document and any other that are truly alike, the lower number first.
fn alike(cores: &Cores, drawn: &[u32], documents: &BitVec, similar: f64, spill: &Spill) -> Sorted<(u32, u32)> {
    // Words, documents and candidates take five sixths of the room at most; the shares here are the rest.
    let mut pairs = Sorter::distinct(spill, spill.share(24));
    let others_max = (spill.share(48) / SET_LEN_BYTES).min(OTHERS_LEN_SHINGLES_MAX);
    for some in pieces(cores, drawn.iter().copied(), spill.share(12) / HELD_LEN_BYTES) {
        let held = Held::new(cores, some);
        // Of each document there may be as many pairs as documents are held.
        let documents_max = (spill.share(48) / size_of::<(u32, u32)>() / held.documents.len()).max(1);
        for others in pieces(cores, documents.iter_ones().map(|d| d as u32), others_max) {
            let sets = cores.sets(&others);
            for (others, sets) in others.chunks(documents_max).zip(sets.chunks(documents_max)) {
                let found = others.par_iter().zip(sets).map(|(&d, set)| held.alike(d, set, similar));
                found.collect::<Vec<_>>().into_iter().for_each(|found| pairs.extend(found));
            }
        }
    }
    pairs.finish()
}

/// Bytes of a shingle in [`Held`], its set of before included.
const HELD_LEN_BYTES: usize = 28;
/// Bytes of a shingle in a set.
const SET_LEN_BYTES: usize = 8;
/// Shingles of other documents at a time, whatever room there is: some megabytes.
const OTHERS_LEN_SHINGLES_MAX: usize = 1 << 20;
/// A set's own bytes, in shingles.
const SET_LEN_SHINGLES: usize = 8;

/// Documents in order, as many at a time as have so many shingles, or one.
fn pieces(cores: &Cores, documents: impl Iterator<Item = u32>, shingles_max: usize) -> impl Iterator<Item = Vec<u32>> {
    let mut documents = documents.map(|d| (d, cores.words_of(d) + SET_LEN_SHINGLES)).peekable();
    std::iter::from_fn(move || {
        let (first, mut shingles) = documents.next()?;
        let mut piece = vec![first];
        while let Some((document, more)) = documents.next_if(|(_, more)| shingles + more <= shingles_max) {
            piece.push(document);
            shingles += more;
        }
        Some(piece)
    })
}

/// Some drawn documents, found by their shingles.
struct Held {
    documents: Vec<u32>,
    /// How many shingles each has.
    lens: Vec<usize>,
    /// Shingles in ascending order, each with the place of a document that has it.
    holders: Vec<(u64, u32)>,
    /// Where the shingles of each beginning are, and the end; a beginning is the bits above `shift`.
    starts: Vec<u32>,
    shift: u32,
}

impl Held {
    fn new(cores: &Cores, documents: Vec<u32>) -> Self {
        let sets = cores.sets(&documents);
        let lens: Vec<usize> = sets.iter().map(ShingleSet::len).collect();
        let mut holders = Vec::with_capacity(lens.iter().sum());
        for (at, set) in (0..).zip(sets) {
            holders.extend(set.as_slice().iter().map(|&shingle| (shingle, at)));
        }
        holders.par_sort_unstable();
        let bits = holders.len().max(2).ilog2();
        let shift = 64 - bits;
        let mut starts = vec![0; (1 << bits) + 1];
        holders.iter().for_each(|(shingle, _)| starts[(shingle >> shift) as usize + 1] += 1);
        (1..starts.len()).for_each(|i| starts[i] += starts[i - 1]);
        Self { documents, lens, holders, starts, shift }
    }

    /// The places of the documents that have a shingle.
    fn holders(&self, shingle: u64) -> impl Iterator<Item = u32> {
        let beginning = (shingle >> self.shift) as usize;
        let some = &self.holders[self.starts[beginning] as usize..self.starts[beginning + 1] as usize];
        let rest = &some[some.partition_point(|&(other, _)| other < shingle)..];
        rest.iter().take_while(move |&&(other, _)| other == shingle).map(|&(_, at)| at)
    }

    /// The pairs of a document and those it is truly alike.
    fn alike(&self, document: u32, set: &ShingleSet, similar: f64) -> Vec<(u32, u32)> {
        let mut shared: BTreeMap<u32, usize> = BTreeMap::new();
        for at in set.as_slice().iter().flat_map(|&shingle| self.holders(shingle)) {
            *shared.entry(at).or_default() += 1;
        }
        let pair = |(at, both): (u32, usize)| {
            let other = self.documents[at as usize];
            let either = self.lens[at as usize] + set.len() - both;
            let is_pair = other != document && both as f64 / either as f64 >= similar;
            is_pair.then_some((other.min(document), other.max(document)))
        };
        shared.into_iter().filter_map(pair).collect()
    }
}
