//! LSH bands (Indyk & Motwani 1998; Broder 2000): sorted runs of (band key, document).
//!
//! A pair is proposed by the first band in which its keys agree. Groups of many documents
//! with one key stay bounded: see [`GROUP_ALL_PAIRS_MAX`].

use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::{BandShape, Candidate};
use crate::sketch::Signature;

/// Up to this many documents with one band key are proposed pair by pair; a larger group (a
/// template, a mass copy) proposes for each document its [`GROUP_WINDOW`] next neighbours and the
/// group's first document, so that cost stays linear in the size of the group.
pub const GROUP_ALL_PAIRS_MAX: usize = 512;
/// Neighbours proposed inside a larger group.
pub const GROUP_WINDOW: usize = 64;

/// The band keys of all documents.
#[derive(Clone, Debug)]
pub struct Bands {
    shape: BandShape,
    /// `shape.bands` keys for each document, one document after the other.
    keys: Vec<u64>,
    documents: Vec<u32>,
    /// For each band, the keys of its capped groups, once known.
    capped: Vec<Vec<u64>>,
}

/// What one band proposes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BandCandidates {
    /// The pairs, none of them proposed by an earlier band.
    pub candidates: Vec<Candidate>,
    /// Groups too large to be proposed pair by pair.
    pub groups_capped: usize,
}

impl Bands {
    /// No documents yet.
    pub fn new(shape: BandShape) -> Self {
        Self { shape, keys: Vec::new(), documents: Vec::new(), capped: Vec::new() }
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

    /// Adds one document. Documents come in ascending order.
    pub fn push(&mut self, document: u32, keys: &[u64]) {
        debug_assert!(self.documents.last().is_none_or(|&last| last < document));
        debug_assert_eq!(keys.len(), self.shape.bands);
        self.keys.extend_from_slice(keys);
        self.documents.push(document);
    }

    /// How many bands there are.
    pub fn len(&self) -> usize {
        self.shape.bands
    }

    /// Whether there is no band.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Ends the adding: finds the groups of each band that are too large to be proposed pair by
    /// pair, before any band proposes.
    pub fn finish(&mut self) {
        let capped = |band| {
            let run = self.run(band);
            let groups = run.chunk_by(|x, y| x.0 == y.0);
            groups.filter(|group| group.len() > GROUP_ALL_PAIRS_MAX).map(|group| group[0].0).collect()
        };
        self.capped = (0..self.len()).into_par_iter().map(capped).collect();
    }

    /// The sorted keys of one band, each with its row.
    fn run(&self, band: usize) -> Vec<(u64, u32)> {
        let mut run: Vec<(u64, u32)> =
            (0..self.documents.len()).map(|row| (self.keys[row * self.shape.bands + band], row as u32)).collect();
        run.sort_unstable();
        run
    }

    /// What one band proposes, in ascending order of its keys. Bands are [`finish`](Self::finish)ed.
    pub fn candidates(&self, band: usize) -> BandCandidates {
        let run = self.run(band);
        let mut found = BandCandidates::default();
        for group in run.chunk_by(|x, y| x.0 == y.0) {
            let capped = group.len() > GROUP_ALL_PAIRS_MAX;
            found.groups_capped += capped as usize;
            for (i, &(_, x)) in group.iter().enumerate() {
                let reach = if capped { GROUP_WINDOW } else { group.len() };
                for &(_, y) in group.iter().skip(i + 1).take(reach) {
                    self.propose(band, x, y, &mut found.candidates);
                }
                if capped && i > GROUP_WINDOW {
                    self.propose(band, group[0].1, x, &mut found.candidates);
                }
            }
        }
        found
    }

    /// Proposes two rows unless an earlier band did; in a capped group it may not have.
    fn propose(&self, band: usize, x: u32, y: u32, candidates: &mut Vec<Candidate>) {
        let earlier = |row: u32| &self.keys[row as usize * self.shape.bands..][..band];
        let agree = earlier(x).iter().zip(earlier(y)).enumerate().filter(|(_, (a, b))| a == b);
        let proposed_before = agree.into_iter().any(|(b, (key, _))| self.capped[b].binary_search(key).is_err());
        if !proposed_before {
            candidates.push(Candidate::new(self.documents[x as usize], self.documents[y as usize]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shingle::ShingleSet;
    use crate::sketch::MinHasher;
    use crate::tokenise::{default_tokeniser, word_hashes};

    fn bands_of(texts: &[&str]) -> Bands {
        let shape = BandShape { bands: 16, rows: 4 };
        let hasher = MinHasher::new(shape.sketch_len(), 0);
        let mut bands = Bands::new(shape);
        for (i, text) in texts.iter().enumerate() {
            let set = ShingleSet::new(&word_hashes(&default_tokeniser().tokenise(text)), 2);
            bands.push(i as u32, &Bands::keys(shape, &hasher.sketch(&set)));
        }
        bands.finish();
        bands
    }

    fn all(bands: &Bands) -> Vec<Candidate> {
        (0..bands.len()).flat_map(|b| bands.candidates(b).candidates).collect()
    }

    #[test]
    fn alike_texts_are_proposed_once_and_unlike_ones_never() {
        let bands = bands_of(&[
            "a b c d e f g h i j k l m n o p q r s t",
            "one two three four five six seven eight nine ten",
            "a b c d e f g h i j k l m n o p q r s z",
        ]);
        assert_eq!(all(&bands), [Candidate { a: 0, b: 2 }]);
    }

    #[test]
    fn a_large_group_stays_linear_and_says_so() {
        let texts = vec!["the same words in every document"; 2000];
        let bands = bands_of(&texts);
        let first = bands.candidates(0);
        assert_eq!(first.groups_capped, 1);
        assert!(first.candidates.len() <= 2000 * (GROUP_WINDOW + 1));
        assert!((1..2000).all(|b| first.candidates.contains(&Candidate { a: 0, b })));
    }

    #[test]
    fn two_alike_documents_in_a_large_group_are_proposed_by_a_smaller_one() {
        let template: String = (0..100).map(|i| format!("t{i} ")).collect();
        let own = |n: usize| (0..12).map(|i| format!("p{n}w{i} ")).collect::<String>();
        let mut texts: Vec<String> = (0..1500).map(|n| template.clone() + &own(n)).collect();
        texts.push(template + &own(77) + "more");
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let bands = bands_of(&texts);
        assert!((0..bands.len()).any(|b| bands.candidates(b).groups_capped > 0));
        assert!(all(&bands).contains(&Candidate { a: 77, b: 1500 }));
    }
}
