//! Seeds: word 3-grams that stand in two places, joined to runs of equal words.
//!
//! Words -> [`Run`]s. Inside a document every 3-gram counts, also those that stand there often: each
//! is linked to the [`LINKS_MAX`] places before it, not to all, so time and memory stay linear in
//! the number of words. Three words, because at one edit in four words .75^3 = 42 % of the
//! 3-grams of a copy survive; 2-grams repeat by chance in any long text.

use std::cell::OnceCell;

use super::words::Word;
use crate::keyed::table_place;

/// Words in a seed.
pub const SEED_LEN_WORDS: usize = 3;

/// Earlier places a seed is linked to. A passage that stands k times is linked to its nearest
/// copies; a phrase that stands everywhere adds no more than this per word.
const LINKS_MAX: usize = 8;

const NONE: u32 = u32::MAX;

/// Equal words at `a` and at `b`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Run {
    /// First word on the earlier side.
    pub a: u32,
    /// First word on the later side.
    pub b: u32,
    /// Number of words.
    pub len: u32,
}

impl Run {
    /// One past the last word on the earlier side.
    pub fn a_end(&self) -> u32 {
        self.a + self.len
    }

    /// One past the last word on the later side.
    pub fn b_end(&self) -> u32 {
        self.b + self.len
    }
}

/// Where each 3-gram of a document stood before.
pub struct Places<'w> {
    words: &'w [Word],
    /// Slots of an open-addressed table: the last place of a 3-gram.
    table: Vec<u32>,
    /// The place before, for each place.
    before: Vec<u32>,
    /// How many places stand before, for each place; counted when they are asked for.
    rank: OnceCell<Vec<u32>>,
}

impl<'w> Places<'w> {
    /// Links every place of every 3-gram to the place before it.
    pub fn new(words: &'w [Word]) -> Self {
        let places = (words.len() + 1).saturating_sub(SEED_LEN_WORDS);
        let mut this = Self {
            words,
            table: vec![NONE; (2 * places.max(1)).next_power_of_two()],
            before: Vec::with_capacity(places),
            rank: OnceCell::new(),
        };
        for at in 0..places {
            let slot = this.slot(at);
            let last = this.table[slot];
            this.before.push(last);
            this.table[slot] = at as u32;
        }
        this
    }

    /// How often the 3-gram at `at` stands in the document.
    pub fn count(&self, at: u32) -> u32 {
        match self.before.get(at as usize) {
            None => 0,
            Some(_) => self.rank()[self.table[self.slot(at as usize)] as usize] + 1,
        }
    }

    fn rank(&self) -> &[u32] {
        self.rank.get_or_init(|| {
            let mut rank: Vec<u32> = Vec::with_capacity(self.before.len());
            for &last in &self.before {
                rank.push(if last == NONE { 0 } else { rank[last as usize] + 1 });
            }
            rank
        })
    }

    /// Runs of at least three words that stand at two places at least `distance_min` words apart.
    ///
    /// Sorted by the later side, then the earlier. The two sides of a run do not overlap: a run
    /// that would (periodic text) is cut into pieces as long as the distance.
    pub fn runs(&self, distance_min: u32) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        // (place, run) of the 3-grams linked to the one just read; there are at most LINKS_MAX.
        let mut open: Vec<(u32, usize)> = Vec::new();
        let mut next = Vec::new();
        for b in 0..self.before.len() {
            let mut a = self.before[b];
            for _ in 0..LINKS_MAX {
                if a == NONE {
                    break;
                }
                let continued = open.iter().find(|&&(place, _)| place + 1 == a).map(|&(_, run)| run);
                if let Some(run) = continued {
                    runs[run].len += 1;
                    next.push((a, run));
                } else if b as u32 - a >= distance_min {
                    next.push((a, runs.len()));
                    runs.push(Run { a, b: b as u32, len: SEED_LEN_WORDS as u32 });
                }
                a = self.before[a as usize];
            }
            std::mem::swap(&mut open, &mut next);
            next.clear();
        }
        if runs.iter().any(|r| r.a_end() > r.b) {
            runs = runs.iter().flat_map(|&r| pieces(r)).collect();
        }
        runs
    }

    fn slot(&self, at: usize) -> usize {
        let gram = &self.words[at..at + SEED_LEN_WORDS];
        let mask = self.table.len() - 1;
        let mut slot = table_place(mix(gram), mask);
        loop {
            let place = self.table[slot];
            if place == NONE || self.words[place as usize..][..SEED_LEN_WORDS] == *gram {
                return slot;
            }
            slot = (slot + 1) & mask;
        }
    }
}

/// A run cut so that no piece overlaps its own copy.
fn pieces(run: Run) -> impl Iterator<Item = Run> {
    let distance = run.b - run.a;
    (0..run.len.div_ceil(distance)).map(move |i| {
        let from = i * distance;
        Run { a: run.a + from, b: run.b + from, len: distance.min(run.len - from) }
    })
}

/// 64 mixed bits of a short sequence of words: a multiply and a shift for each, the constants of
/// splitmix64 (Steele, Lea & Flood 2014).
pub fn mix(gram: &[Word]) -> u64 {
    let mut hash = 0x9e37_79b9_7f4a_7c15u64;
    for &word in gram {
        hash = (hash ^ u64::from(word)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        hash ^= hash >> 29;
    }
    hash.wrapping_mul(0x94d0_49bb_1331_11eb)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn equal_stretches_become_one_run() {
        let words = [1, 2, 3, 4, 5, 9, 1, 2, 3, 4, 7];
        assert_eq!(Places::new(&words).runs(3), [Run { a: 0, b: 6, len: 4 }]);
        assert_eq!(Places::new(&words).count(6), 2);
        assert_eq!(Places::new(&words).count(2), 1);
    }

    #[test]
    fn periodic_text_gives_pieces_that_do_not_overlap_their_copies() {
        let words: Vec<Word> = (0..40).map(|i| i % 10).collect();
        for run in Places::new(&words).runs(6) {
            assert!(run.a_end() <= run.b, "{run:?}");
        }
        assert!(Places::new(&[7; 1000]).runs(6).iter().all(|r| r.a_end() <= r.b));
        assert!(Places::new(&[]).runs(6).is_empty());
    }

    proptest! {
        #[test]
        fn runs_are_equal_words_and_every_seed_lies_in_one(words in prop::collection::vec(0u32..6, 0..60)) {
            let places = Places::new(&words);
            let runs = places.runs(3);
            for r in &runs {
                prop_assert_eq!(&words[r.a as usize..r.a_end() as usize], &words[r.b as usize..r.b_end() as usize]);
            }
            for b in 0..places.before.len() {
                let a = places.before[b];
                if a != NONE && b as u32 - a >= 3 {
                    prop_assert!(runs.iter().any(|r| r.b - r.a == b as u32 - a && r.a <= a && a < r.a_end()));
                }
            }
        }
    }
}
