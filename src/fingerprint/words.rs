//! Document frequency of words, in bounded memory.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

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
        let mut words: Vec<u64> = tokens.iter().map(|t| t.hash).collect();
        words.sort_unstable();
        words.dedup();
        for word in words {
            self.counter(word).fetch_add(1, Ordering::Relaxed);
        }
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

    fn counter(&self, word: u64) -> &AtomicU32 {
        &self.counters[(word >> 42) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokenise::default_tokeniser;

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
