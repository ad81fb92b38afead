//! Places in text: half-open ranges of UTF-8 bytes.
//!
//! Every span Ghirbal reports lies in the document's *original* bytes and begins and ends on a
//! character border; nothing is ever measured on a normalised copy.
//!
//! ```
//! use ghirbal::span::Span;
//! let text = "غربال sieve";
//! let word = Span::new(0, 10);
//! assert_eq!(word.of(text), "غربال");
//! ```

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// A half-open range of bytes in one document's text.
///
/// 32 bits bound a document at 4 GiB; the reader refuses longer ones by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The span `start..end`, both in bytes.
    pub fn new(start: usize, end: usize) -> Self {
        debug_assert!(start <= end && end <= u32::MAX as usize);
        Self { start: start as u32, end: end as u32 }
    }

    /// The bytes as an index range.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The text inside the span.
    ///
    /// # Panics
    /// When the span does not lie in `text` on character borders.
    pub fn of(self, text: &str) -> &str {
        &text[self.range()]
    }

    /// Length in bytes.
    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Whether nothing lies inside.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Whether `other` lies wholly inside.
    pub fn contains(self, other: Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Bytes both spans share.
    pub fn overlap(self, other: Span) -> usize {
        (self.end.min(other.end)).saturating_sub(self.start.max(other.start)) as usize
    }

    /// The smallest span around both.
    pub fn cover(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlap_counts_shared_bytes_only() {
        assert_eq!(Span::new(0, 4).overlap(Span::new(2, 9)), 2);
        assert_eq!(Span::new(0, 4).overlap(Span::new(4, 9)), 0);
        assert_eq!(Span::new(3, 8).cover(Span::new(0, 4)), Span::new(0, 8));
    }
}
