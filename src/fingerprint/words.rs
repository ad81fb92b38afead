//! Document frequency of words, in bounded memory.

use std::hint::black_box;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::keyed::table_place;
use crate::tokenise::Token;

/// Counters: 2^22 of 4 bytes are 16 MiB whatever the corpus. Words that share a counter add up, so
/// a word never looks rarer than it is.
const COUNTERS: usize = 1 << 22;

/// In how many documents each word stands.
///
/// A single row of a count-min sketch (Cormode & Muthukrishnan 2005): `document_frequency` is
/// exact for words that share no counter and too high otherwise, never too low.
pub struct WordFrequencies {
    counters: Box<[AtomicU32]>,
    documents: AtomicU64,
}

impl Default for WordFrequencies {
    fn default() -> Self {
        let counters = std::iter::repeat_with(AtomicU32::default).take(COUNTERS).collect();
        Self { counters, documents: AtomicU64::new(0) }
    }
}

impl WordFrequencies {
    /// Counts the distinct words of one document.
    pub fn observe(&self, tokens: &[Token]) {
        let mut counters: Vec<&AtomicU32> = Vec::with_capacity(tokens.len());
        distinct(tokens.iter().map(|t| t.hash), tokens.len(), |word| counters.push(self.counter(word)));
        brought_near(counters.iter().map(|counter| counter.load(Ordering::Relaxed)));
        counters.iter().for_each(|counter| {
            counter.fetch_add(1, Ordering::Relaxed);
        });
        self.documents.fetch_add(1, Ordering::Relaxed);
    }

    /// Documents observed.
    pub fn documents(&self) -> u64 {
        self.documents.load(Ordering::Relaxed)
    }

    /// Documents in which the word with this hash stands.
    pub fn document_frequency(&self, word: u64) -> u32 {
        self.counter(word).load(Ordering::Relaxed)
    }

    /// Inverse document frequency, ln((N + 1) / (df + 0.5)), at least 0: natural logarithms of
    /// document counts (Spärck Jones 1972, smoothed).
    pub fn idf(&self, word: u64) -> f32 {
        let n = self.documents() as f32;
        ((n + 1.0) / (self.document_frequency(word) as f32 + 0.5)).ln().max(0.0)
    }

    /// The counters that are not zero, by place: what another process has to know to
    /// [add](Self::add) these counts to its own.
    pub fn counted(&self) -> impl Iterator<Item = (u32, u32)> {
        let values = self.counters.iter().map(|counter| counter.load(Ordering::Relaxed));
        (0..).zip(values).filter(|&(_, value)| value > 0)
    }

    /// Adds counts of other documents.
    pub fn add(&self, documents: u64, counted: impl Iterator<Item = (u32, u32)>) {
        self.documents.fetch_add(documents, Ordering::Relaxed);
        counted.for_each(|(place, value)| {
            if let Some(counter) = self.counters.get(place as usize) {
                counter.fetch_add(value, Ordering::Relaxed);
            }
        });
    }

    /// All that was counted, as numbers: the documents, then every counter.
    pub fn counts(&self) -> impl Iterator<Item = u64> {
        let counters = self.counters.iter().map(|counter| u64::from(counter.load(Ordering::Relaxed)));
        std::iter::once(self.documents()).chain(counters)
    }

    /// Puts back the number that stood at this place of [`counts`](Self::counts).
    pub fn set(&self, at: usize, n: u64) {
        match at.checked_sub(1).and_then(|at| self.counters.get(at)) {
            Some(counter) => counter.store(n as u32, Ordering::Relaxed),
            None => self.documents.store(n, Ordering::Relaxed),
        }
    }

    fn counter(&self, word: u64) -> &AtomicU32 {
        &self.counters[(word >> 42) as usize]
    }
}

/// Reads counters that are about to be changed. They lie far apart in memory: reads wait for it together,
/// atomic changes one after the other.
pub(super) fn brought_near<T>(values: impl Iterator<Item = T>) {
    values.for_each(|value| {
        black_box(value);
    });
}

/// Calls `each` once with every different word, in the order of their first places.
///
/// An open table with at most half its places taken, which needs no sorting.
fn distinct(words: impl Iterator<Item = u64>, len: usize, mut each: impl FnMut(u64)) {
    let mask = (len * 2 + 1).next_power_of_two() - 1;
    // 0 means free; a word of hash 0 is remembered apart.
    let (mut table, mut zero_seen) = (vec![0u64; mask + 1], false);
    for word in words {
        if word == 0 {
            if !std::mem::replace(&mut zero_seen, true) {
                each(word);
            }
            continue;
        }
        let mut at = table_place(word, mask);
        while table[at] != 0 && table[at] != word {
            at = (at + 1) & mask;
        }
        if table[at] == 0 {
            table[at] = word;
            each(word);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tokenise::default_tokeniser;

    proptest! {
        #[test]
        fn distinct_words_are_those_of_a_set(words in prop::collection::vec(0u64..40, 0..99)) {
            let mut found = Vec::new();
            distinct(words.iter().map(|w| w * 8), words.len(), |w| found.push(w / 8));
            found.sort_unstable();
            let set: std::collections::BTreeSet<u64> = words.into_iter().collect();
            prop_assert!(found.into_iter().eq(set));
        }
    }

    #[test]
    fn a_word_counts_once_in_each_document() {
        let words = WordFrequencies::default();
        let tokeniser = default_tokeniser();
        for text in ["روسيا روسيا والصين", "روسيا", "باكستان"] {
            words.observe(&tokeniser.tokenise(text));
        }
        let of = |w| tokeniser.tokenise(w)[0].hash;
        assert_eq!(words.document_frequency(of("روسيا")), 2);
        assert_eq!(words.document_frequency(of("الهند")), 0);
        assert!(words.idf(of("باكستان")) > words.idf(of("روسيا")));
    }
}
