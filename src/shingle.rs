//! Runs of consecutive words: what documents are compared by.
//!
//! Word hashes -> [`ShingleSet`]. A shingle's hash is combined from the hashes of its words, so each
//! word is hashed once whatever the shingle length. A text shorter than one shingle is one shingle
//! of all its words: it can equal another text, never resemble one.
//!
//! ```
//! use ghirbal::shingle::ShingleSet;
//! use ghirbal::tokenise::{default_tokeniser, word_hashes};
//! let tokens = default_tokeniser().tokenise("روسيا والصين تتفقان على بدء حوار");
//! let words = word_hashes(&tokens);
//! assert_eq!(ShingleSet::new(&words, 5).len(), 2);
//! assert_eq!(ShingleSet::new(&words, 9).len(), 1);
//! ```

/// The distinct shingles of a text: 64-bit hashes, sorted.
///
/// No collision was seen in 8 million shingles; theory expects one among 6 billion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShingleSet(Vec<u64>);

impl ShingleSet {
    /// The shingles of `len_tokens` words each.
    pub fn new(words: &[u64], len_tokens: usize) -> Self {
        let mut hashes = Vec::new();
        hashes_into(words, len_tokens, &mut hashes);
        Self::from_hashes(hashes)
    }

    /// The set of these hashes.
    pub fn from_hashes(mut hashes: Vec<u64>) -> Self {
        hashes.sort_unstable();
        hashes.dedup();
        Self(hashes)
    }

    /// How many distinct shingles there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the text had no words.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The hashes in ascending order.
    pub fn as_slice(&self) -> &[u64] {
        &self.0
    }
}

/// The hash of every shingle in order of its place: `words - len + 1` of them, or one for a
/// shorter text, or none for none.
pub fn hashes(words: &[u64], len_tokens: usize) -> impl Iterator<Item = u64> + '_ {
    let window = len_tokens.min(words.len()).max(1);
    words.windows(window).map(combine)
}

/// The same, appended to a vector. The usual length is known to the compiler, which unrolls it.
pub fn hashes_into(words: &[u64], len_tokens: usize, out: &mut Vec<u64>) {
    match words.array_windows::<5>() {
        fives if len_tokens == 5 && words.len() >= 5 => out.extend(fives.map(|five| combine(five))),
        _ => out.extend(hashes(words, len_tokens)),
    }
}

/// Polynomial combination in 64 bits with the finaliser of SplitMix64 (Steele, Lea & Flood 2014),
/// whose every output bit depends on every input bit.
#[inline(always)]
fn combine(words: &[u64]) -> u64 {
    let sum = words.iter().fold(words.len() as u64, |h, w| h.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(*w));
    mix(sum)
}

/// SplitMix64's finaliser: a bijection on 64 bits.
#[inline]
pub fn mix(mut h: u64) -> u64 {
    h = (h ^ (h >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    h = (h ^ (h >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    h ^ (h >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokenise::{default_tokeniser, word_hashes};

    fn set(text: &str, len: usize) -> ShingleSet {
        ShingleSet::new(&word_hashes(&default_tokeniser().tokenise(text)), len)
    }

    #[test]
    fn word_order_and_shingle_length_tell_shingles_apart() {
        assert_ne!(set("a b c", 3), set("c b a", 3));
        assert_ne!(set("a", 1), set("a a", 2));
        assert_eq!(set("a b a b a b", 2).len(), 2);
    }

    #[test]
    fn a_short_text_is_one_shingle_of_all_its_words() {
        assert_eq!(set("a b c", 5), set("A, B, C!", 5));
        assert_eq!(set("a b c", 5).len(), 1);
        assert_ne!(set("a b c", 5), set("a b", 5));
        assert!(set("…", 5).is_empty());
    }
}
