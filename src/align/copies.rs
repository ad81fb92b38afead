//! Exact copies of documents share their anchor's passages.
//!
//! [`Passage`]s of anchors + the places of the words of their copies -> the same passages with the
//! copies' own spans: equal words may be spelled with other bytes. Copies take no part in the search,
//! so a thousand copies of a page cost eight bytes for each of their words (in a file where they do
//! not fit) and nothing else.

use super::corpus::Corpus;
use super::words::Words;
use super::{Passage, Side};
use crate::span::Span;
use crate::spill::{Array, Spill};

/// Pairs of places one passage is listed as, at most; beyond, the anchors speak for their copies.
const PAIRS_MAX: usize = 16;

/// Exact copies, and where their words stand.
pub struct Copies {
    copies: Vec<Copy>,
    /// First and one past the last byte of each word.
    borders: Array<u32>,
}

/// An exact copy.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Copy {
    anchor: u32,
    document: u32,
    /// Where its words begin in `borders`, and how many there are.
    first: u64,
    words: u32,
}

impl Copies {
    /// No copies yet; beyond their share the places of their words go to a file.
    pub fn new(spill: &Spill) -> Self {
        Self { copies: Vec::new(), borders: Array::new(spill, spill.share(32)) }
    }

    /// Adds a copy of `anchor`.
    pub fn push(&mut self, document: u32, anchor: u32, words: &Words) {
        let first = self.borders.len() as u64;
        self.borders.extend(words.spans().flat_map(|span| [span.start, span.end]));
        self.copies.push(Copy { anchor, document, first, words: words.len() as u32 });
    }

    /// The passages, and those of the copies, by reading order; and how many passages had too many
    /// copies.
    pub fn speak(self, passages: Vec<Passage>, texts: &Corpus) -> (Vec<Passage>, u64) {
        let Self { mut copies, borders } = self;
        if copies.is_empty() {
            return (passages, 0);
        }
        copies.sort_unstable();
        let places = |side: Side| -> Vec<Side> {
            let from = copies.partition_point(|copy| copy.anchor < side.document);
            let of_anchor = copies[from..].iter().take_while(|copy| copy.anchor == side.document);
            // More than are listed in any case are not looked up.
            let of_anchor = of_anchor.take(PAIRS_MAX);
            let copied = of_anchor.filter_map(|copy| {
                let (start, end) = texts.words(side.document).range(side.span).filter(|&(_, end)| end <= copy.words)?;
                let border = |at: u64| borders.get((copy.first + at) as usize);
                let span = Span { start: border(2 * u64::from(start)), end: border(2 * u64::from(end) - 1) };
                Some(Side { document: copy.document, span })
            });
            std::iter::once(side).chain(copied).collect()
        };
        let mut capped = 0;
        let mut all = Vec::with_capacity(passages.len());
        for passage in passages {
            let (left, right) = (places(passage.a), places(passage.b));
            if left.len() * right.len() > PAIRS_MAX {
                capped += 1;
                all.push(passage);
                continue;
            }
            for &x in &left {
                for &y in &right {
                    all.push(Passage { a: x.min(y), b: x.max(y), ..passage.clone() });
                }
            }
        }
        all.sort_by_key(|p| (p.a, p.b));
        (all, capped)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{CorpusBuilder, across_documents};
    use super::*;
    use crate::fingerprint::WordFrequencies;
    use crate::params::PassageParams;
    use crate::tokenise::{View, default_tokeniser};

    #[test]
    fn a_copy_in_another_spelling_has_its_own_span() {
        let prose = |from: usize, n: usize| (from..from + n).map(|i| format!("أكلمة{i}")).collect::<Vec<_>>().join(" ");
        let shared = prose(0, 30);
        let one = format!("{}. {shared}.", prose(100, 40));
        let texts = [one.clone(), format!("{}. {shared}.", prose(300, 40)), one.replace('أ', "ا").replace(' ', "  ")];
        let (mut builder, mut copies, frequencies) =
            (CorpusBuilder::default(), Copies::new(&Spill::never()), WordFrequencies::default());
        for (number, text) in texts.iter().enumerate() {
            let view = View::new(text, default_tokeniser());
            frequencies.observe(&view.tokens);
            let words = Words::new(&view);
            if number == 2 { copies.push(2, 0, &words) } else { builder.push(number as u32, words) }
        }
        let corpus = builder.finish();
        let found = across_documents(&corpus, &frequencies, &PassageParams::default(), |_, _| false);
        let (all, capped) = copies.speak(found.passages, &corpus);
        assert_eq!((all.len(), capped), (2, 0));
        assert_eq!(all[0].a.span.of(&texts[0]), shared);
        assert_eq!((all[1].a.document, all[1].b.document), (1, 2));
        assert_eq!(all[1].b.span.of(&texts[2]), shared.replace('أ', "ا").replace(' ', "  "));
    }
}
