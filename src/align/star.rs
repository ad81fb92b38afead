//! One source and its copies are a star, not a net.
//!
//! Passages across documents -> those that name the first place. When A and B share what both
//! share with an earlier S, the pair A-B says nothing new: S is the anchor, and the pairs S-A and
//! S-B stay. Where S is a relative of A or B as a whole, all pairs stay: then it is not clear
//! which of the relatives was copied. But no place names more than [`PARTNERS_MAX`] others: beyond,
//! it names the one most like it.

use std::collections::BTreeMap;

use super::group::places;
use super::{Passage, Side};

/// A later side that lies this far inside another is covered by it.
const COVERED_MIN: f32 = 0.8;

/// What explains a pair is about as alike: an exact copy is not explained by two paraphrases.
const LESS_ALIKE_MAX: f32 = 0.3;

/// Leaves out the pairs that an earlier anchor explains.
///
/// `related(a, b)`, `a < b`, says whether two documents share most of their text.
pub fn star(passages: Vec<Passage>, related: impl Fn(u32, u32) -> bool) -> Vec<Passage> {
    // For each document, what it shares with earlier ones: (its span, the earlier side, how alike).
    let mut sources: BTreeMap<u32, Vec<(Side, Side, f32)>> = BTreeMap::new();
    for p in &passages {
        sources.entry(p.b.document).or_default().push((p.b, p.a, p.identity));
    }
    let explained = |p: &Passage| {
        let (Some(of_a), Some(of_b)) = (sources.get(&p.a.document), sources.get(&p.b.document)) else { return false };
        let anchors = |list: &[(Side, Side, f32)], side: Side| -> Vec<Side> {
            let as_alike = list.iter().filter(|&&(.., identity)| identity >= p.identity - LESS_ALIKE_MAX);
            as_alike.filter(|(mine, ..)| covers(*mine, side)).map(|&(_, source, _)| source).collect()
        };
        let (from_a, from_b) = (anchors(of_a, p.a), anchors(of_b, p.b));
        from_a.iter().any(|s| {
            let same = from_b.iter().any(|t| s.document == t.document && s.span.overlap(t.span) > 0);
            same && !related(s.document, p.a.document) && !related(s.document, p.b.document)
        })
    };
    let keep: Vec<bool> = passages.iter().map(|p| !explained(p)).collect();
    passages.into_iter().zip(keep).filter(|(_, keep)| *keep).map(|(p, _)| p).collect()
}

/// Places that one place is paired with, all of them.
const PARTNERS_MAX: u32 = 256;

/// Of a place with more than [`PARTNERS_MAX`] partners, leaves the passages in which it or its
/// partner has found its best (most matched words, then the earliest partner), and the one with the
/// earliest, so that all places stay connected.
pub fn best_of_many(passages: Vec<Passage>) -> Vec<Passage> {
    let places = places(&passages);
    let of = |i: usize| [places[2 * i], places[2 * i + 1]];
    let matched = |i: usize| passages[i].identity * passages[i].words as f32;
    let mut partners = vec![0u32; places.len()];
    let mut best: Vec<Option<usize>> = vec![None; places.len()];
    let mut first = best.clone();
    // Passages come by reading order, so of equal ones the first has the earliest partner.
    for i in 0..passages.len() {
        for place in of(i) {
            partners[place] += 1;
            first[place].get_or_insert(i);
            if best[place].is_none_or(|other| matched(i) > matched(other)) {
                best[place] = Some(i);
            }
        }
    }
    let kept =
        |i: usize| of(i).iter().any(|&p| partners[p] <= PARTNERS_MAX || best[p] == Some(i) || first[p] == Some(i));
    let keep: Vec<bool> = (0..passages.len()).map(kept).collect();
    passages.into_iter().zip(keep).filter(|(_, keep)| *keep).map(|(p, _)| p).collect()
}

fn covers(mine: Side, side: Side) -> bool {
    mine.span.overlap(side.span) as f32 >= COVERED_MIN * side.span.len() as f32
}

#[cfg(test)]
mod tests {
    use super::super::PassageKind;
    use super::*;
    use crate::params::Scope;
    use crate::span::Span;

    fn passage(a: u32, b: u32) -> Passage {
        let side = |document| Side { document, span: Span::new(10, 90) };
        Passage {
            a: side(a),
            b: side(b),
            kind: PassageKind::Exact,
            words: 10,
            identity: 1.0,
            jaccard: 1.0,
            containment: 1.0,
            scope: Scope::Corpus,
        }
    }

    #[test]
    fn two_copies_of_an_earlier_source_are_not_paired() {
        let all = vec![passage(0, 1), passage(0, 2), passage(1, 2)];
        assert_eq!(star(all.clone(), |_, _| false), all[..2]);
        assert_eq!(star(all.clone(), |a, b| (a, b) == (0, 1)), all);
    }

    #[test]
    fn a_place_with_many_partners_names_the_one_most_like_it() {
        let net = |n: u32| (0..n).flat_map(|a| (a + 1..n).map(move |b| passage(a, b))).collect::<Vec<_>>();
        assert_eq!(best_of_many(net(100)).len(), 4950, "99 partners each");
        let mut all = net(300);
        all.iter_mut().for_each(|p| {
            if (p.a.document, p.b.document) != (20, 21) {
                p.identity = 0.9
            }
        });
        let kept = best_of_many(all);
        assert_eq!(kept.len(), 300, "a star around the first, and the best pair");
        assert!(kept.iter().any(|p| (p.a.document, p.b.document) == (20, 21)));
    }
}
