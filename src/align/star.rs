//! One source and its copies are a star, not a net.
//!
//! Passages across documents -> those that name the first place. When A and B share what both
//! share with an earlier S, the pair A-B says nothing new: S is the anchor, and the pairs S-A and
//! S-B stay. Where S is a relative of A or B as a whole, all pairs stay: then it is not clear
//! which of the relatives was copied.

use std::collections::BTreeMap;

use super::{Passage, Side};

/// A later side that lies this far inside another is covered by it.
const COVERED_MIN: f32 = 0.8;

/// Leaves out the pairs that an earlier anchor explains.
///
/// `related(a, b)`, `a < b`, says whether two documents share most of their text.
pub fn star(passages: Vec<Passage>, related: impl Fn(u32, u32) -> bool) -> Vec<Passage> {
    // For each document, what it shares with earlier ones: (its span, the earlier side).
    let mut sources: BTreeMap<u32, Vec<(Side, Side)>> = BTreeMap::new();
    for p in &passages {
        sources.entry(p.b.document).or_default().push((p.b, p.a));
    }
    let explained = |p: &Passage| {
        let (Some(of_a), Some(of_b)) = (sources.get(&p.a.document), sources.get(&p.b.document)) else { return false };
        let anchors = |list: &[(Side, Side)], side: Side| -> Vec<Side> {
            list.iter().filter(|(mine, _)| covers(*mine, side)).map(|&(_, source)| source).collect()
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
}
