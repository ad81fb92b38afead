//! Candidates for containment: a short document inside a long one.
//!
//! Bands see only how alike two sets are; a note inside a long page is not alike. So every
//! document keeps the same fixed sample of shingles, those whose hash falls under a bound
//! (mod-sampling: Broder 1997, "sketching containment"), and documents that share sampled shingles
//! are proposed.

use super::Candidates;
use crate::spill::{Array, Sorter, Spill};

/// One shingle in this many is sampled: a document of 50 words has six of them.
const SAMPLE_ONE_IN: u64 = 8;
/// A shingle that stands in more documents than this proposes nothing: it is a formula or a
/// template. How many there were is reported.
pub const DOCUMENT_FREQUENCY_MAX: usize = 64;

/// The sampled shingles of all documents.
pub struct SampledShingles {
    spill: Spill,
    share_bytes: usize,
    /// Of one document after another.
    shingles: Array<u64>,
    /// How many each document has.
    lens: Array<u32>,
    places: Places,
}

impl SampledShingles {
    /// No documents yet; up to `share_bytes` are held in memory. About so many `words` are to come.
    pub fn new(spill: &Spill, share_bytes: usize, words: usize) -> Self {
        let (shingles, lens) = (Array::new(spill, share_bytes / 2), Array::new(spill, share_bytes / 8));
        let places = Places::new(words / SAMPLE_ONE_IN as usize, share_bytes);
        Self { spill: spill.clone(), share_bytes, shingles, lens, places }
    }

    /// The sample of a document's shingles, in any order and repeated or not: ascending, each once.
    /// A pure function, for any thread.
    pub fn sample(shingles: &[u64]) -> Vec<u64> {
        let mut sample = Vec::with_capacity(shingles.len() / SAMPLE_ONE_IN as usize * 2);
        for some in shingles.chunks(64) {
            // Written whether sampled or not: a branch would often be foreseen wrongly.
            let (mut sampled, mut len) = ([0; 64], 0);
            for &h in some {
                sampled[len & 63] = h;
                len += usize::from(h < u64::MAX / SAMPLE_ONE_IN);
            }
            sample.extend_from_slice(&sampled[..len]);
        }
        sample.sort_unstable();
        sample.dedup();
        sample
    }

    /// Adds the sample of one document. Documents come in ascending order.
    pub fn push(&mut self, document: u32, sample: &[u64]) {
        sample.iter().for_each(|&shingle| self.places.mark(shingle));
        self.shingles.extend_from_slice(sample);
        self.lens.extend(std::iter::repeat_n(0, document as usize - self.lens.len()));
        self.lens.push(sample.len() as u32);
    }

    /// Proposes pairs that share at least half of what a containment of `contained` would make the
    /// smaller sample share, and returns how many shingles are too common to propose anything.
    pub fn propose(self, contained: f64, candidates: &mut Candidates) -> u64 {
        let entries = self.repeated().finish();
        let Self { spill, share_bytes, shingles, lens, places } = self;
        drop((shingles, places));
        let same_shingle = |x: &(u64, u32), y: &(u64, u32)| x.0 == y.0;
        let mut shingles_capped = 0;
        let mut shared = Sorter::new(&spill, share_bytes / 4);
        entries.batches(same_shingle, |batch| {
            for group in batch.chunk_by(same_shingle) {
                let capped = propose_holders(group, |x, y| shared.push((x.1.min(y.1), x.1.max(y.1))));
                shingles_capped += u64::from(capped);
            }
        });
        let same_pair = |x: &(u32, u32), y: &(u32, u32)| x == y;
        shared.finish().batches(same_pair, |batch| {
            for group in batch.chunk_by(same_pair) {
                let (a, b) = group[0];
                let smaller = lens.get(a as usize).min(lens.get(b as usize));
                if shares_enough(group.len() as u64, smaller.into(), contained) {
                    candidates.push(a, b);
                }
            }
        });
        shingles_capped
    }

    /// The shingles whose place was seen again, with their documents.
    fn repeated(&self) -> Sorter<(u64, u32)> {
        let mut sorter = Sorter::new(&self.spill, self.share_bytes / 4);
        let mut lens = self.lens.pieces().flat_map(|piece| piece.into_owned());
        let (mut document, mut left) = (0, lens.next().unwrap_or(0));
        for piece in self.shingles.pieces() {
            for &shingle in piece.iter() {
                while left == 0 {
                    document += 1;
                    left = lens.next().unwrap_or(u32::MAX);
                }
                left -= 1;
                if self.places.seen_again(shingle) {
                    sorter.push((shingle, document));
                }
            }
        }
        sorter
    }
}

/// Proposes the pairs of the documents that hold one shingle; returns whether it is too common to
/// propose any.
pub fn propose_holders<T>(group: &[T], mut propose: impl FnMut(&T, &T)) -> bool {
    let capped = group.len() > DOCUMENT_FREQUENCY_MAX;
    if !capped {
        for (i, x) in group.iter().enumerate() {
            group[i + 1..].iter().for_each(|y| propose(x, y));
        }
    }
    capped
}

/// Whether two documents share enough sampled shingles to be a candidate: half of what a containment
/// of `contained` would make the smaller sample share.
pub fn shares_enough(shared: u64, smaller: u64, contained: f64) -> bool {
    shared as f64 >= smaller as f64 * contained / 2.0
}

/// Which shingles may stand in several documents: the others propose nothing, and would all have to
/// be sorted.
///
/// Two bits for each of 8 to 16 places an entry, or fewer where memory is short: the place was seen,
/// the place was seen again. A shingle that shares its place by chance stays, and does no harm.
struct Places(Vec<[u64; 2]>);

impl Places {
    fn new(entries: usize, share_bytes: usize) -> Self {
        let places = (entries * 8).next_power_of_two().min((share_bytes / 2 + 1).next_power_of_two()).max(64);
        Self(vec![[0; 2]; places / 64])
    }

    /// A word and a bit in it.
    fn place(&self, shingle: u64) -> (usize, u64) {
        // Samples are small hashes: their low bits are the mixed ones.
        ((shingle as usize / 64) & (self.0.len() - 1), 1 << (shingle & 63))
    }

    fn mark(&mut self, shingle: u64) {
        let (word, bit) = self.place(shingle);
        let [seen, again] = &mut self.0[word];
        *again |= *seen & bit;
        *seen |= bit;
    }

    fn seen_again(&self, shingle: u64) -> bool {
        let (word, bit) = self.place(shingle);
        self.0[word][1] & bit != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shingle::ShingleSet;
    use crate::tokenise::{default_tokeniser, word_hashes};

    /// What these samples propose, and how many shingles were capped.
    fn propose(samples: &[Vec<u64>]) -> (Vec<(u32, u32)>, u64) {
        let (never, tiny) = (Spill::never(), Spill::new(std::env::temp_dir(), 0));
        let [in_memory, on_disk] = [(never, usize::MAX), (tiny, 1 << 10)].map(|(spill, share_bytes)| {
            let words = samples.iter().map(Vec::len).sum::<usize>() * SAMPLE_ONE_IN as usize;
            let mut sampled = SampledShingles::new(&spill, share_bytes, words);
            (0..).zip(samples).for_each(|(document, sample)| sampled.push(document, sample));
            let mut candidates = Candidates::new(&spill, share_bytes);
            let capped = sampled.propose(0.9, &mut candidates);
            (candidates.finish().iter().collect::<Vec<_>>(), capped)
        });
        assert_eq!(in_memory, on_disk);
        in_memory
    }

    #[test]
    fn a_part_and_its_whole_are_proposed() {
        let words = |range: std::ops::Range<u32>| -> String { range.map(|n| format!("w{n} ")).collect() };
        let samples = [words(0..1000), words(300..360), words(5000..5100)].map(|text| {
            let set = ShingleSet::new(&word_hashes(&default_tokeniser().tokenise(&text)), 5);
            SampledShingles::sample(set.as_slice())
        });
        assert_eq!(propose(&samples).0, [(0, 1)]);
    }

    #[test]
    fn every_repeated_entry_is_kept() {
        let plain: Vec<(u64, u32)> = (0..1000).map(|d| (crate::shingle::mix(u64::from(d) % 700) >> 3, d)).collect();
        let mut sampled = SampledShingles::new(&Spill::never(), usize::MAX, plain.len() * SAMPLE_ONE_IN as usize);
        plain.iter().for_each(|&(shingle, document)| sampled.push(document * 2, &[shingle]));
        let kept: Vec<_> =
            sampled.repeated().finish().iter().map(|(shingle, document)| (shingle, document / 2)).collect();
        let twice = plain.iter().filter(|e| plain.iter().filter(|f| f.0 == e.0).count() > 1);
        assert!(twice.into_iter().all(|e| kept.contains(e)));
        assert!(kept.len() < 750);
    }

    #[test]
    fn a_shingle_of_every_document_proposes_nothing_and_is_counted() {
        assert_eq!(propose(&vec![vec![7]; 100]), (vec![], 1));
    }
}
