//! Candidates for containment: a short document inside a long one.
//!
//! Bands see only how alike two sets are; a note inside a long page is not alike. So every
//! document keeps the same fixed sample of shingles, those whose hash falls under a bound
//! (mod-sampling: Broder 1997, "sketching containment"), and documents that share sampled shingles
//! are proposed.

use rayon::prelude::*;

use super::Candidate;

/// One shingle in this many is sampled: a document of 50 words has six of them.
const SAMPLE_ONE_IN: u64 = 8;
/// A shingle that stands in more documents than this proposes nothing: it is a formula or a
/// template. How many there were is reported.
pub const DOCUMENT_FREQUENCY_MAX: usize = 64;

/// The sampled shingles of all documents.
#[derive(Clone, Debug, Default)]
pub struct SampledShingles {
    entries: Vec<(u64, u32)>,
    sampled: Vec<(u32, u32)>,
}

/// What the samples propose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SampledCandidates {
    /// Ascending pairs.
    pub candidates: Vec<Candidate>,
    /// Shingles too common to propose anything.
    pub shingles_capped: usize,
}

impl SampledShingles {
    /// The sample of a document's shingles, in any order and repeated or not: ascending, each once.
    /// A pure function, for any thread.
    pub fn sample(shingles: &[u64]) -> Vec<u64> {
        let mut sample: Vec<u64> = shingles.iter().copied().filter(|&h| h < u64::MAX / SAMPLE_ONE_IN).collect();
        sample.sort_unstable();
        sample.dedup();
        sample
    }

    /// Makes room for this many more sampled shingles.
    pub fn reserve(&mut self, shingles: usize) {
        self.entries.reserve_exact(shingles);
    }

    /// Adds the sample of one document. Documents come in ascending order.
    pub fn push(&mut self, document: u32, sample: &[u64]) {
        self.entries.extend(sample.iter().map(|&shingle| (shingle, document)));
        self.sampled.push((document, sample.len() as u32));
    }

    /// Pairs that share at least half of what a containment of `contained` would make the smaller
    /// sample share.
    pub fn candidates(mut self, contained: f64) -> SampledCandidates {
        keep_repeated(&mut self.entries);
        self.entries.par_sort_unstable();
        let mut found = SampledCandidates::default();
        let mut shared: Vec<Candidate> = Vec::new();
        for group in self.entries.chunk_by(|x, y| x.0 == y.0) {
            if group.len() > DOCUMENT_FREQUENCY_MAX {
                found.shingles_capped += 1;
                continue;
            }
            for (i, &(_, x)) in group.iter().enumerate() {
                shared.extend(group[i + 1..].iter().map(|&(_, y)| Candidate::new(x, y)));
            }
        }
        shared.par_sort_unstable();
        for group in shared.chunk_by(|x, y| x == y) {
            let Candidate { a, b } = group[0];
            let smaller = self.sample_len(a).min(self.sample_len(b));
            if group.len() as f64 >= smaller as f64 * contained / 2.0 {
                found.candidates.push(group[0]);
            }
        }
        found
    }

    fn sample_len(&self, document: u32) -> u32 {
        match self.sampled.binary_search_by_key(&document, |&(d, _)| d) {
            Ok(i) => self.sampled[i].1,
            Err(_) => 0,
        }
    }
}

/// Drops most entries whose shingle stands in no other document: they propose nothing, and
/// would all have to be sorted.
///
/// Two bits for each of 8 to 16 places an entry: the place was seen, the place was seen again. A
/// shingle that shares its place by chance stays, and does no harm.
fn keep_repeated(entries: &mut Vec<(u64, u32)>) {
    let places = (entries.len() * 8).next_power_of_two().max(64);
    let (mut seen, mut again) = (vec![0u64; places / 64], vec![0u64; places / 64]);
    // Samples are small hashes: their low bits are the mixed ones.
    let place = |shingle: u64| ((shingle as usize & (places - 1)) / 64, 1u64 << (shingle & 63));
    for &(shingle, _) in entries.iter() {
        let (word, bit) = place(shingle);
        again[word] |= seen[word] & bit;
        seen[word] |= bit;
    }
    entries.retain(|&(shingle, _)| {
        let (word, bit) = place(shingle);
        again[word] & bit != 0
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shingle::ShingleSet;
    use crate::tokenise::{default_tokeniser, word_hashes};

    #[test]
    fn a_part_and_its_whole_are_proposed() {
        let words = |range: std::ops::Range<u32>| -> String { range.map(|n| format!("w{n} ")).collect() };
        let mut sampled = SampledShingles::default();
        for (i, text) in [words(0..1000), words(300..360), words(5000..5100)].iter().enumerate() {
            let set = ShingleSet::new(&word_hashes(&default_tokeniser().tokenise(text)), 5);
            sampled.push(i as u32, &SampledShingles::sample(set.as_slice()));
        }
        assert_eq!(sampled.candidates(0.9).candidates, [Candidate { a: 0, b: 1 }]);
    }

    #[test]
    fn every_repeated_entry_is_kept() {
        let mut entries: Vec<(u64, u32)> =
            (0..1000).map(|d| (crate::shingle::mix(u64::from(d) % 700) >> 3, d)).collect();
        let repeated: Vec<_> =
            entries.iter().copied().filter(|e| entries.iter().filter(|f| f.0 == e.0).count() > 1).collect();
        keep_repeated(&mut entries);
        assert!(repeated.iter().all(|e| entries.contains(e)));
        assert!(entries.len() < 750);
    }

    #[test]
    fn a_shingle_of_every_document_proposes_nothing_and_is_counted() {
        let mut sampled = SampledShingles::default();
        (0..100).for_each(|d| sampled.push(d, &[7]));
        assert_eq!(sampled.candidates(0.9), SampledCandidates { candidates: vec![], shingles_capped: 1 });
    }
}
