//! Did the bands propose what is there? A sample of documents against all others.
//!
//! Words, proposed pairs -> [`Audit`]. The truth is counted, not estimated: for each drawn document the
//! shingles it shares with every other one. That takes one look at all shingles, and memory for those of
//! the sample.

use std::collections::{BTreeMap, HashMap, HashSet};

use rayon::prelude::*;

use crate::pipeline::duplicates::Cores;
use crate::report::Audit;
use crate::shingle::mix;
use crate::spill::Sorted;

/// Compares `sample_len` documents with all. `rank` orders documents for the draw: it must not depend on
/// their order.
pub fn audit(
    cores: &Cores,
    candidates: &Sorted<(u32, u32)>,
    similar: f64,
    sample_len: usize,
    rank: impl Fn(u32) -> Option<u64>,
) -> Audit {
    let documents: Vec<u32> = (0..cores.len()).filter(|&d| rank(d).is_some()).collect();
    let mut drawn = documents.clone();
    drawn.sort_by_cached_key(|&d| (mix(rank(d).unwrap_or(0)), d));
    drawn.truncate(sample_len);
    drawn.sort_unstable();

    let mut holders: HashMap<u64, Vec<u32>> = HashMap::new();
    let mut lens = Vec::with_capacity(drawn.len());
    for (i, set) in (0..).zip(cores.sets(&drawn)) {
        lens.push(set.len());
        set.as_slice().iter().for_each(|&shingle| holders.entry(shingle).or_default().push(i));
    }
    let mut pairs: Vec<(u32, u32)> = Vec::new();
    for some in documents.chunks(DOCUMENTS_AT_A_TIME) {
        let found = cores.sets(some).into_par_iter().zip(some).flat_map_iter(|(set, &document)| {
            let mut shared: BTreeMap<u32, usize> = BTreeMap::new();
            for i in set.as_slice().iter().filter_map(|shingle| holders.get(shingle)).flatten() {
                *shared.entry(*i).or_default() += 1;
            }
            let alike = shared.into_iter().filter_map(|(i, both)| {
                let either = lens[i as usize] + set.len() - both;
                let other = drawn[i as usize];
                let is_pair = other != document && both as f64 / either as f64 >= similar;
                is_pair.then_some((other.min(document), other.max(document)))
            });
            alike.collect::<Vec<_>>()
        });
        pairs.par_extend(found);
    }
    pairs.par_sort_unstable();
    pairs.dedup();

    let mut missed: HashSet<(u32, u32)> = pairs.iter().copied().collect();
    candidates.iter().for_each(|pair| {
        missed.remove(&pair);
    });
    let of_drawn = |pairs: &mut dyn Iterator<Item = (u32, u32)>| -> HashSet<u32> {
        pairs.flat_map(|(a, b)| [a, b]).filter(|d| drawn.binary_search(d).is_ok()).collect()
    };
    let with_pairs = of_drawn(&mut pairs.iter().copied()).len() as u64;
    let incomplete = of_drawn(&mut missed.iter().copied()).len() as u64;
    Audit {
        documents_sampled: drawn.len() as u64,
        documents: documents.len() as u64,
        pairs: pairs.len() as u64,
        pairs_missed: missed.len() as u64,
        documents_with_pairs: with_pairs,
        documents_complete: with_pairs - incomplete,
        ..Audit::default()
    }
    .judged()
}

/// Some megabytes of shingles.
const DOCUMENTS_AT_A_TIME: usize = 4_096;
