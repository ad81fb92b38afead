//! Exact copies of documents share their anchor's passages.
//!
//! [`Passage`]s of anchors + the words of their copies -> the same passages with the copies' own
//! spans: equal words may be spelled with other bytes. Copies take no part in the search, so a
//! thousand copies of a page cost a thousand times its words and nothing else.

use std::sync::Mutex;

use super::corpus::Corpus;
use super::words::Words;
use super::{Passage, Side};
use crate::tokenise::View;

/// Pairs of places one passage is listed as, at most; beyond, the anchors speak for their copies.
const PAIRS_MAX: usize = 16;

/// The words of exact copies, collected from several threads.
#[derive(Default)]
pub struct Copies(Mutex<Vec<(u32, u32, Words)>>);

impl Copies {
    /// Adds a copy of `anchor`.
    pub fn observe(&self, document: u32, anchor: u32, view: &View) {
        let words = Words::new(view);
        // A thread that panicked left whole copies behind, never halves.
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push((anchor, document, words));
    }

    /// The passages, and those of the copies, by reading order; and how many passages had too many
    /// copies.
    pub fn speak(self, passages: Vec<Passage>, texts: &Corpus) -> (Vec<Passage>, u64) {
        let mut copies = self.0.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
        if copies.is_empty() {
            return (passages, 0);
        }
        copies.sort_unstable_by_key(|&(anchor, document, _)| (anchor, document));
        let places = |side: Side| -> Vec<Side> {
            let from = copies.partition_point(|&(anchor, ..)| anchor < side.document);
            let of_anchor = copies[from..].iter().take_while(|&&(anchor, ..)| anchor == side.document);
            let copied = of_anchor.filter_map(|(_, document, words)| {
                let (start, end) = texts.words(side.document).range(side.span)?;
                (end as usize <= words.len()).then(|| Side { document: *document, span: words.span(start, end) })
            });
            std::iter::once(side).chain(copied.take(PAIRS_MAX)).collect()
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
    use crate::tokenise::default_tokeniser;

    #[test]
    fn a_copy_in_another_spelling_has_its_own_span() {
        let prose = |from: usize, n: usize| (from..from + n).map(|i| format!("أكلمة{i}")).collect::<Vec<_>>().join(" ");
        let shared = prose(0, 30);
        let one = format!("{}. {shared}.", prose(100, 40));
        let texts = [one.clone(), format!("{}. {shared}.", prose(300, 40)), one.replace('أ', "ا").replace(' ', "  ")];
        let (builder, copies, frequencies) = (CorpusBuilder::default(), Copies::default(), WordFrequencies::default());
        for (number, text) in texts.iter().enumerate() {
            let view = View::new(text, default_tokeniser());
            frequencies.observe(&view.tokens);
            if number == 2 { copies.observe(2, 0, &view) } else { builder.observe(number as u32, &view) }
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
