//! A passage that stands in many places is one group, not a list of pairs.
//!
//! [`Passage`]s -> [`Group`]s with an anchor, the first place in reading order, and members. Two
//! sides in one document are the same place when they share more than half of the longer.

use super::{Passage, Side};

/// One passage and all its places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The first place in reading order.
    pub anchor: Side,
    /// The other places in reading order.
    pub members: Vec<Side>,
}

/// For each side of each passage, `a` before `b`, the number of its place: sides of one document
/// that share more than half of the longer are one place.
pub fn places(passages: &[Passage]) -> Vec<usize> {
    let mut parent = same_places(&sides(passages));
    (0..parent.len()).map(|i| root(&mut parent, i)).collect()
}

/// The sides of all passages: 2i and 2i + 1 belong to passage i.
fn sides(passages: &[Passage]) -> Vec<Side> {
    passages.iter().flat_map(|p| [p.a, p.b]).collect()
}

/// Joins sides that are one place: a forest of parents.
fn same_places(sides: &[Side]) -> Vec<usize> {
    let mut parent: Vec<usize> = (0..sides.len()).collect();
    let mut order: Vec<usize> = (0..sides.len()).collect();
    order.sort_unstable_by_key(|&i| sides[i]);
    for (at, &i) in order.iter().enumerate() {
        for &j in &order[at + 1..] {
            let (x, y) = (sides[i], sides[j]);
            if y.document != x.document || y.span.start >= x.span.end {
                break;
            }
            if x.span.overlap(y.span) * 2 > x.span.len().max(y.span.len()) {
                join(&mut parent, i, j);
                // Transitive through `j` from here on.
                break;
            }
        }
    }
    parent
}

/// The passages that stand in three places or more.
pub fn groups(passages: &[Passage]) -> Vec<Group> {
    let sides = sides(passages);
    let mut parent = same_places(&sides);
    for i in 0..passages.len() {
        join(&mut parent, 2 * i, 2 * i + 1);
    }
    let mut by_root: Vec<(usize, Side)> = (0..sides.len()).map(|i| (root(&mut parent, i), sides[i])).collect();
    by_root.sort_unstable();
    let mut groups: Vec<Group> = Vec::new();
    for group in by_root.chunk_by(|x, y| x.0 == y.0) {
        let mut places: Vec<Side> = Vec::new();
        for &(_, side) in group {
            match places.last_mut() {
                Some(last) if last.document == side.document && side.span.start < last.span.end => {
                    last.span = last.span.cover(side.span);
                }
                _ => places.push(side),
            }
        }
        if places.len() > 2 {
            let members = places.split_off(1);
            groups.push(Group { anchor: places[0], members });
        }
    }
    groups.sort_unstable_by_key(|g| g.anchor);
    groups
}

fn join(parent: &mut [usize], i: usize, j: usize) {
    let (x, y) = (root(parent, i), root(parent, j));
    parent[x.max(y)] = x.min(y);
}

fn root(parent: &mut [usize], mut i: usize) -> usize {
    while parent[i] != i {
        parent[i] = parent[parent[i]];
        i = parent[i];
    }
    i
}

#[cfg(test)]
mod tests {
    use super::super::PassageKind;
    use super::*;
    use crate::params::Scope;
    use crate::span::Span;

    fn side(document: u32, start: usize, end: usize) -> Side {
        Side { document, span: Span::new(start, end) }
    }

    fn passage(a: Side, b: Side) -> Passage {
        Passage {
            a,
            b,
            kind: PassageKind::Exact,
            words: 10,
            identity: 1.0,
            jaccard: 1.0,
            containment: 1.0,
            scope: Scope::Corpus,
        }
    }

    #[test]
    fn three_places_are_a_group_and_two_are_not() {
        let pairs = [passage(side(0, 5, 90), side(1, 0, 80)), passage(side(0, 10, 95), side(2, 7, 90))];
        let got = groups(&pairs);
        assert_eq!(got, [Group { anchor: side(0, 5, 95), members: vec![side(1, 0, 80), side(2, 7, 90)] }]);
        assert!(groups(&pairs[..1]).is_empty());
    }

    #[test]
    fn two_passages_of_one_document_are_two_groups() {
        let pairs: Vec<_> = [1, 2]
            .iter()
            .flat_map(|&d| [passage(side(0, 0, 50), side(d, 0, 50)), passage(side(0, 60, 99), side(d, 60, 99))])
            .collect();
        assert_eq!(groups(&pairs).len(), 2);
    }
}
