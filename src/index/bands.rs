//! LSH bands (Indyk & Motwani 1998; Broder 2000): sorted runs of (band key, document).
//!
//! Documents that agree in the keys of a band are proposed. Groups of many documents with one key
//! stay bounded: see [`GROUP_ALL_PAIRS_MAX`].

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::{BandShape, Candidates};
use crate::sketch::Signature;
use crate::spill::{Sorter, Spill};

/// Up to this many documents with one band key are proposed pair by pair; a larger group (a
/// template, a mass copy) proposes for each document its [`GROUP_WINDOW`] next neighbours and the
/// group's first document, so that cost stays linear in the size of the group.
pub const GROUP_ALL_PAIRS_MAX: usize = 512;
/// Neighbours proposed inside a larger group.
pub const GROUP_WINDOW: usize = 64;

/// A key, its upper half first, and a document: 12 bytes.
type Entry = (u32, u32, u32);

/// The band keys of all documents, 12 bytes a band and document.
pub struct Bands(Vec<Sorter<Entry>>);

impl Bands {
    /// No documents yet; up to `share_bytes` are held in memory.
    pub fn new(shape: BandShape, spill: &Spill, share_bytes: usize) -> Self {
        Self((0..shape.bands).map(|_| Sorter::new(spill, share_bytes / shape.bands)).collect())
    }

    /// Makes room for this many documents, as far as they may stay in memory.
    pub fn reserve(&mut self, documents: usize) {
        self.0.iter_mut().for_each(|band| band.reserve(documents));
    }

    /// The keys of one signature: a pure function, for any thread.
    pub fn keys(shape: BandShape, signature: &Signature) -> Vec<u64> {
        let mut bytes = Vec::with_capacity(shape.rows * 4);
        signature
            .places()
            .chunks_exact(shape.rows)
            .take(shape.bands)
            .enumerate()
            .map(|(band, rows)| {
                bytes.clear();
                rows.iter().for_each(|place| bytes.extend_from_slice(&place.to_le_bytes()));
                xxh3_64_with_seed(&bytes, band as u64)
            })
            .collect()
    }

    /// Adds one document.
    pub fn push(&mut self, document: u32, keys: &[u64]) {
        debug_assert_eq!(keys.len(), self.0.len());
        for (band, &key) in self.0.iter_mut().zip(keys) {
            band.push(((key >> 32) as u32, key as u32, document));
        }
    }

    /// Proposes every pair that agrees in a band, some of them more than once, and returns how many
    /// groups were too large to be proposed pair by pair.
    pub fn propose(self, candidates: &mut Candidates) -> u64 {
        let same_key = |x: &Entry, y: &Entry| (x.0, x.1) == (y.0, y.1);
        let mut groups_capped = 0;
        for band in self.0 {
            band.finish().batches(same_key, |batch| {
                for group in batch.chunk_by(same_key) {
                    let capped = propose_group(group, |x, y| candidates.push(x.2, y.2));
                    groups_capped += u64::from(capped);
                }
            });
        }
        groups_capped
    }
}

/// Proposes the pairs of one group, in ascending order of its documents; returns whether it is too
/// large to be proposed pair by pair.
pub fn propose_group<T>(group: &[T], mut propose: impl FnMut(&T, &T)) -> bool {
    let capped = group.len() > GROUP_ALL_PAIRS_MAX;
    let reach = if capped { GROUP_WINDOW } else { group.len() };
    for (i, x) in group.iter().enumerate() {
        group.iter().skip(i + 1).take(reach).for_each(|y| propose(x, y));
        if capped && i > GROUP_WINDOW {
            propose(&group[0], x);
        }
    }
    capped
}

#[cfg(test)]
mod tests {
    use super::super::Candidate;
    use super::*;
    use crate::shingle::ShingleSet;
    use crate::sketch::MinHasher;
    use crate::tokenise::{default_tokeniser, word_hashes};

    /// What the bands of these texts propose, and how many groups were capped.
    fn propose(texts: &[&str]) -> (Vec<Candidate>, u64) {
        let shape = BandShape { bands: 16, rows: 4 };
        let hasher = MinHasher::new(shape.sketch_len(), 0);
        let (never, tiny) = (Spill::never(), Spill::new(std::env::temp_dir(), 0));
        let found = [(never, usize::MAX), (tiny, 64 << 10)].map(|(spill, share_bytes)| {
            let mut bands = Bands::new(shape, &spill, share_bytes);
            for (i, text) in texts.iter().enumerate() {
                let set = ShingleSet::new(&word_hashes(&default_tokeniser().tokenise(text)), 2);
                bands.push(i as u32, &Bands::keys(shape, &hasher.sketch(&set)));
            }
            let mut candidates = Candidates::new(&spill, share_bytes);
            let capped = bands.propose(&mut candidates);
            (candidates.finish().iter().map(|(a, b)| Candidate { a, b }).collect::<Vec<_>>(), capped)
        });
        let [in_memory, on_disk] = found;
        assert!(in_memory == on_disk);
        in_memory
    }

    #[test]
    fn alike_texts_are_proposed_once_and_unlike_ones_never() {
        let (proposed, _) = propose(&[
            "a b c d e f g h i j k l m n o p q r s t",
            "one two three four five six seven eight nine ten",
            "a b c d e f g h i j k l m n o p q r s z",
        ]);
        assert_eq!(proposed, [Candidate { a: 0, b: 2 }]);
    }

    #[test]
    fn a_large_group_stays_linear_and_says_so() {
        let texts = vec!["the same words in every document"; 2000];
        let (proposed, capped) = propose(&texts);
        assert_eq!(capped, 16);
        assert!(proposed.len() <= 2000 * (GROUP_WINDOW + 1));
        assert!((1..2000).all(|b| proposed.contains(&Candidate { a: 0, b })));
    }

    #[test]
    fn two_alike_documents_in_a_large_group_are_proposed_by_a_smaller_one() {
        let template: String = (0..100).map(|i| format!("t{i} ")).collect();
        let own = |n: usize| (0..12).map(|i| format!("p{n}w{i} ")).collect::<String>();
        let mut texts: Vec<String> = (0..1500).map(|n| template.clone() + &own(n)).collect();
        texts.push(template + &own(77) + "more");
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let (proposed, capped) = propose(&texts);
        assert!(capped > 0);
        assert!(proposed.contains(&Candidate { a: 77, b: 1500 }));
    }
}
