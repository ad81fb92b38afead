//! Candidates for containment: a short document inside a long one.
//!
//! Bands see only how alike two sets are; a note inside a long page is not alike. So every
//! document keeps the same fixed sample of shingles, those whose hash falls under a bound
//! (mod-sampling: Broder 1997, "sketching containment"), and documents that share sampled shingles
//! are proposed.

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
    /// The sample of one shingle set: a pure function, for any thread.
    pub fn sample(shingles: &[u64]) -> &[u64] {
        // The set is sorted, so the hashes under the bound are its beginning.
        &shingles[..shingles.partition_point(|&h| h < u64::MAX / SAMPLE_ONE_IN)]
    }

    /// Adds the sample of one document. Documents come in ascending order.
    pub fn push(&mut self, document: u32, sample: &[u64]) {
        self.entries.extend(sample.iter().map(|&shingle| (shingle, document)));
        self.sampled.push((document, sample.len() as u32));
    }

    /// Pairs that share at least half of what a containment of `contained` would make the smaller
    /// sample share.
    pub fn candidates(mut self, contained: f64) -> SampledCandidates {
        self.entries.sort_unstable();
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
        shared.sort_unstable();
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
            sampled.push(i as u32, SampledShingles::sample(set.as_slice()));
        }
        assert_eq!(sampled.candidates(0.9).candidates, [Candidate { a: 0, b: 1 }]);
    }

    #[test]
    fn a_shingle_of_every_document_proposes_nothing_and_is_counted() {
        let mut sampled = SampledShingles::default();
        (0..100).for_each(|d| sampled.push(d, &[7]));
        assert_eq!(sampled.candidates(0.9), SampledCandidates { candidates: vec![], shingles_capped: 1 });
    }
}
