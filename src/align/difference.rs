//! Which words of two sides differ.
//!
//! Two spans of text -> a list of stretches that are equal, replaced, left out or added, in order.
//! Together they cover all words of both sides.
//!
//! ```
//! use ghirbal::align::{Op, difference};
//! use ghirbal::span::Span;
//! use ghirbal::tokenise::{View, default_tokeniser};
//! let (a, b) = ("مصالح موسكو بل تروج", "مصالح موسكو وتروج");
//! let view = |text| View::new(text, default_tokeniser());
//! let whole = |text: &str| Span::new(0, text.len());
//! let got = difference(&view(a), whole(a), &view(b), whole(b));
//! assert_eq!(got.len(), 2);
//! assert_eq!((got[0].0, got[0].1.of(a)), (Op::Equal, "مصالح موسكو"));
//! assert_eq!((got[1].0, got[1].2.of(b)), (Op::Replace, "وتروج"));
//! ```

use std::collections::BTreeMap;

use super::local::global;
use super::words::{Word, short};
use crate::span::Span;
use crate::tokenise::{Token, View};

/// What became of a stretch of the first side on the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// The same words.
    Equal,
    /// Other words.
    Replace,
    /// Only on the first side; the second span is empty.
    Delete,
    /// Only on the second side; the first span is empty.
    Insert,
}

/// The stretches of `a_span` and `b_span` in order.
pub fn difference(a: &View, a_span: Span, b: &View, b_span: Span) -> Vec<(Op, Span, Span)> {
    let (x, y) = (tokens(a, a_span), tokens(b, b_span));
    let numbers = |tokens: &[Token]| tokens.iter().map(|t| short(t.hash)).collect::<Vec<Word>>();
    let pairs = pairs(&numbers(x), &numbers(y));
    let mut ops = Vec::new();
    let (mut i, mut j) = (0, 0);
    let mut at = 0;
    while at < pairs.len() {
        let (p, q) = (pairs[at].0 as usize, pairs[at].1 as usize);
        let run = pairs[at..].iter().zip(0..).take_while(|&(&(s, t), k)| (s as usize, t as usize) == (p + k, q + k));
        let len = run.count();
        push_gap(&mut ops, (x, i, p), (y, j, q), (a_span, b_span));
        ops.push((Op::Equal, stretch(x, p, p + len, a_span), stretch(y, q, q + len, b_span)));
        (i, j) = (p + len, q + len);
        at += len;
    }
    push_gap(&mut ops, (x, i, x.len()), (y, j, y.len()), (a_span, b_span));
    ops
}

type Part<'t> = (&'t [Token], usize, usize);

fn push_gap(ops: &mut Vec<(Op, Span, Span)>, x: Part, y: Part, spans: (Span, Span)) {
    let op = match (x.1 < x.2, y.1 < y.2) {
        (true, true) => Op::Replace,
        (true, false) => Op::Delete,
        (false, true) => Op::Insert,
        (false, false) => return,
    };
    ops.push((op, stretch(x.0, x.1, x.2, spans.0), stretch(y.0, y.1, y.2, spans.1)));
}

/// The span of words `from..to`; when there are none, the empty place behind the word before.
fn stretch(tokens: &[Token], from: usize, to: usize, around: Span) -> Span {
    if from < to {
        return tokens[from].span.cover(tokens[to - 1].span);
    }
    let at = from.checked_sub(1).and_then(|i| tokens.get(i)).map_or(around.start, |t| t.span.end);
    Span { start: at, end: at }
}

fn tokens<'v>(view: &'v View, span: Span) -> &'v [Token] {
    let from = view.tokens.partition_point(|t| t.span.start < span.start);
    let to = view.tokens.partition_point(|t| t.span.end <= span.end);
    view.tokens.get(from..to).unwrap_or(&[])
}

/// Pairs of equal words, ascending on both sides: around the 3-grams that stand once on each side
/// where the sides are long (patience difference), by dynamic programming in between.
fn pairs(x: &[Word], y: &[Word]) -> Vec<(u32, u32)> {
    let mut anchors: Vec<(u32, u32)> = Vec::new();
    if x.len() * y.len() > 1 << 14 {
        let once = |words: &[Word]| {
            let mut places: BTreeMap<[Word; 3], Option<u32>> = BTreeMap::new();
            for (at, gram) in words.windows(3).enumerate() {
                places.entry([gram[0], gram[1], gram[2]]).and_modify(|p| *p = None).or_insert(Some(at as u32));
            }
            places
        };
        let right = once(y);
        for (gram, at) in once(x) {
            if let (Some(i), Some(&Some(j))) = (at, right.get(&gram)) {
                anchors.push((i, j));
            }
        }
        anchors.sort_unstable();
        anchors = ascending(&anchors);
    }
    anchors.push((x.len() as u32, y.len() as u32));
    let mut pairs = Vec::new();
    let (mut i, mut j) = (0, 0);
    for (p, q) in anchors {
        global(x, y, (i, p), (j, q), &mut pairs);
        if (p as usize) < x.len() {
            pairs.push((p, q));
        }
        (i, j) = (p + 1, q + 1);
    }
    pairs
}

/// The longest part of sorted pairs whose second numbers ascend (Fredman 1975).
fn ascending(pairs: &[(u32, u32)]) -> Vec<(u32, u32)> {
    let mut tails: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    for (i, pair) in pairs.iter().enumerate() {
        let at = tails.partition_point(|&t| pairs[t].1 < pair.1);
        before.push(at.checked_sub(1).map(|t| tails[t]));
        if at == tails.len() {
            tails.push(i);
        } else {
            tails[at] = i;
        }
    }
    let mut chain = Vec::with_capacity(tails.len());
    let mut next = tails.last().copied();
    while let Some(i) = next {
        chain.push(pairs[i]);
        next = before[i];
    }
    chain.reverse();
    chain
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tokenise::default_tokeniser;

    proptest! {
        #[test]
        fn the_stretches_cover_both_sides_and_equal_ones_are_equal(
            x in prop::collection::vec(0u32..9, 0..300),
            y in prop::collection::vec(0u32..9, 0..300),
        ) {
            let text = |words: &[u32]| words.iter().map(|w| format!("س{w} ")).collect::<String>();
            let (s, t) = (text(&x), text(&y));
            let (a, b) = (View::new(&s, default_tokeniser()), View::new(&t, default_tokeniser()));
            let got = difference(&a, Span::new(0, s.len()), &b, Span::new(0, t.len()));
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            let (mut left, mut right) = (Vec::new(), Vec::new());
            for (op, p, q) in got {
                prop_assert_eq!(op == Op::Equal, words(p.of(&s)) == words(q.of(&t)));
                left.extend(words(p.of(&s)));
                right.extend(words(q.of(&t)));
            }
            prop_assert_eq!(left, words(&s));
            prop_assert_eq!(right, words(&t));
        }
    }
}
