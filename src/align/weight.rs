//! How much a word says: rare in the corpus and rare in its document.
//!
//! Frequencies + words -> a weight between 0 and 1 for each word. The share of the largest possible
//! idf, so that a threshold means the same in five documents and in a million, times the same
//! share inside the document, which lowers the names and terms its text is about: a formula
//! ("foreign minister N. N.") is made of them.

use std::borrow::Cow;
use std::cell::Cell;

use super::chain::WORD_WORTH_MIN;
use super::words::{Word, full};
use crate::fingerprint::WordFrequencies;

/// What a word of this weight is worth in a chain.
pub fn worth(weight: f32) -> f32 {
    WORD_WORTH_MIN + (1.0 - WORD_WORTH_MIN) * weight
}

/// Weights of the words of one document.
pub struct Weights<'f> {
    frequencies: &'f WordFrequencies,
    /// 1 / the largest idf; 0 in a corpus of one document, where idf says nothing.
    scale: f32,
    /// Words of the document; sorted when they are more than [`COUNTED_MAX`].
    words: Cow<'f, [Word]>,
    /// No word weighs less.
    floor: f32,
}

/// Twenty words weigh two, which is enough for a passage of any words.
const CORPUS_FLOOR: f32 = 0.1;

/// In a document of so many words a word is counted by looking at all, a dozen at a time; few words
/// are asked for. Sorting them took as long as all the rest.
const COUNTED_MAX: usize = 1 << 11;

impl<'f> Weights<'f> {
    /// Weights for the document with these words.
    pub fn new(frequencies: &'f WordFrequencies, words: &'f [Word]) -> Self {
        let mut words = Cow::Borrowed(words);
        if words.len() > COUNTED_MAX {
            words.to_mut().sort_unstable();
        }
        let documents = frequencies.documents() as f32;
        let idf_max = ((documents + 1.0) / 1.5).ln();
        let scale = if frequencies.documents() < 2 { 0.0 } else { 1.0 / idf_max };
        Self { frequencies, scale, words, floor: 0.0 }
    }

    /// Weights by the corpus alone, for passages across documents.
    ///
    /// A paragraph that stands in every document consists of words that do: a floor lets its
    /// length count.
    pub fn of_corpus(frequencies: &'f WordFrequencies) -> Self {
        Self { floor: CORPUS_FLOOR, ..Self::new(frequencies, &[]) }
    }

    /// The weight of one word.
    pub fn of(&self, word: Word) -> f32 {
        (self.in_corpus(word) * self.in_document(word)).max(self.floor)
    }

    fn in_corpus(&self, word: Word) -> f32 {
        if self.scale == 0.0 { 1.0 } else { (self.frequencies.idf(full(word)) * self.scale).min(1.0) }
    }

    /// ln(1 + n / f) as a share of its value at f = 1; a word on both sides of a repeat stands
    /// there twice, so f counts pairs.
    fn in_document(&self, word: Word) -> f32 {
        let count = self.count(word);
        if count <= 2 {
            return 1.0;
        }
        let n = self.words.len() as f32;
        (1.0 + n / (count as f32 / 2.0)).ln() / (1.0 + n).ln()
    }

    fn count(&self, word: Word) -> usize {
        if self.words.len() <= COUNTED_MAX {
            return self.words.iter().map(|&w| u32::from(w == word)).sum::<u32>() as usize;
        }
        let from = self.words.partition_point(|&w| w < word);
        self.words[from..].partition_point(|&w| w == word)
    }
}

/// The weights of words by their places in the document, each worked out once. Its repeated words are asked
/// for several times, and every answer is a read far apart in memory and two logarithms.
pub struct Placed<'f> {
    weights: &'f Weights<'f>,
    words: &'f [Word],
    /// NaN where nobody has asked.
    known: Vec<Cell<f32>>,
}

impl<'f> Placed<'f> {
    /// The weights of these words.
    pub fn new(weights: &'f Weights<'f>, words: &'f [Word]) -> Self {
        Self { weights, words, known: vec![Cell::new(f32::NAN); words.len()] }
    }

    /// The weight of the word at a place.
    pub fn at(&self, at: u32) -> f32 {
        let known = &self.known[at as usize];
        if known.get().is_nan() {
            known.set(self.weights.of(self.words[at as usize]));
        }
        known.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokenise::default_tokeniser;

    #[test]
    fn common_words_weigh_less_than_rare_ones_here_and_in_the_corpus() {
        let frequencies = WordFrequencies::default();
        let tokeniser = default_tokeniser();
        for text in ["في بيت كبير", "في سوق", "في مدرسة", "في حقل", "في بيت"] {
            frequencies.observe(&tokeniser.tokenise(text));
        }
        let of = |text| super::super::words::short(tokeniser.tokenise(text)[0].hash);
        let words = [1, 1, 1, 1, of("سوق"), of("بيت"), of("في")];
        let weights = Weights::new(&frequencies, &words);
        assert!(weights.of(of("سوق")) > weights.of(of("بيت")));
        assert!(weights.of(of("بيت")) > weights.of(of("في")));
        assert!(weights.in_document(1) < weights.in_document(of("سوق")));
    }

    #[test]
    fn words_of_a_long_document_are_counted_as_those_of_a_short_one() {
        let frequencies = WordFrequencies::default();
        let words: Vec<Word> = (0..COUNTED_MAX as Word + 1).map(|i| i * i % 97).collect();
        let (long, short) = (Weights::new(&frequencies, &words), Weights::new(&frequencies, &words[1..]));
        for word in 0..99 {
            assert_eq!(long.count(word), short.count(word) + usize::from(word == words[0]));
        }
    }

    #[test]
    fn a_single_document_still_has_weights() {
        let frequencies = WordFrequencies::default();
        let tokens = default_tokeniser().tokenise("قال نعم");
        frequencies.observe(&tokens);
        assert_eq!(Weights::new(&frequencies, &[1, 2]).of(1), 1.0);
    }
}
