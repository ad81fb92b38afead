//! True similarity and kind of two aligned sides.

use super::PassageKind;
use super::local::Alignment;
use super::seed::mix;
use super::words::{Word, Words};

/// Jaccard similarity and containment of the word 2-gram sets of two sides.
///
/// A side of one word has one 1-gram instead.
pub fn similarity(x: &[Word], y: &[Word]) -> (f32, f32) {
    if x == y && !x.is_empty() {
        return (1.0, 1.0);
    }
    let (x, y) = (grams(x), grams(y));
    let (mut i, mut j, mut both) = (0, 0, 0usize);
    while i < x.len() && j < y.len() {
        match x[i].cmp(&y[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => (i, j, both) = (i + 1, j + 1, both + 1),
        }
    }
    let either = x.len() + y.len() - both;
    (both as f32 / either.max(1) as f32, both as f32 / x.len().min(y.len()).max(1) as f32)
}

fn grams(words: &[Word]) -> Vec<u64> {
    let mut grams: Vec<u64> = words.windows(words.len().clamp(1, 2)).map(mix).collect();
    grams.sort_unstable();
    grams.dedup();
    grams
}

/// How two sides relate.
///
/// A quotation is a side of which at least four fifths stand inside quotation marks, beside one
/// that is quoted for at most a fifth; two quotations have a third text as their source.
pub fn kind(a: &Words, b: &Words, alignment: &Alignment) -> PassageKind {
    let (a0, a1, b0, b1) = alignment.bounds;
    let quoted = |words: &Words, from: u32, to: u32| {
        let inside = (from..to).filter(|&i| words.marks(i).quoted()).count();
        inside as f32 / (to - from).max(1) as f32
    };
    let (x, y) = (quoted(a, a0, a1), quoted(b, b0, b1));
    if x.max(y) >= 0.8 && (x.min(y) <= 0.2 || x.min(y) >= 0.8) {
        PassageKind::Quote
    } else if a.numbers()[a0 as usize..a1 as usize] == b.numbers()[b0 as usize..b1 as usize] {
        PassageKind::Exact
    } else {
        PassageKind::Near
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn similarity_counts_distinct_word_pairs() {
        assert_eq!(similarity(&[1, 2, 3], &[1, 2, 3]), (1.0, 1.0));
        assert_eq!(similarity(&[1, 2, 3], &[1, 2, 4, 5]), (0.25, 0.5));
        assert_eq!(similarity(&[1], &[1]), (1.0, 1.0));
        assert_eq!(similarity(&[], &[1, 2]), (0.0, 0.0));
    }
}
