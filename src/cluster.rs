//! Groups matches into clusters around an anchor, the document that stays.
//!
//! [`Match`]es + preference -> [`Cluster`]s. Every member has a verified match with the anchor
//! itself: there is no transitive closure, so a chain of small edits never joins unlike documents
//! (in union-find clusters over such chains 67 % of the pairs fell below a Jaccard of .30).

use crate::spill::{Sorter, Spill};
use crate::verify::{Match, MatchKind};

/// A document that stays and the ones that say the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Cluster {
    /// The document that is kept.
    pub anchor: u32,
    /// The others, in reading order.
    pub members: Vec<Member>,
}

/// A document of a cluster besides the anchor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Member {
    /// Its number.
    pub document: u32,
    /// How it relates to the anchor.
    pub kind: MatchKind,
    /// True Jaccard similarity with the anchor.
    pub jaccard: f64,
    /// True containment with the anchor.
    pub containment: f64,
}

impl Cluster {
    /// `Exact` when every member equals the anchor.
    pub fn kind(&self) -> MatchKind {
        self.members.iter().map(|m| m.kind).max().unwrap_or(MatchKind::Exact)
    }
}

/// A match seen from one side: the rank of that side, the other side, that side, and how alike they
/// are. A document with copies has one to nobody besides.
type Edge = (u32, u32, u32, u64, u64);
const NOBODY: u32 = u32::MAX;

/// The clusters of documents, by their anchors in reading order.
///
/// `copies` are the groups of equal documents, each in order of preference; `near` are matches
/// between the first documents of such groups (and documents without copies); `rank[d]` is the
/// place of document d in the order of preference. The most preferred document becomes an anchor
/// and takes all its matches that no earlier anchor took; then the next.
pub fn cluster(copies: &[Vec<u32>], near: impl Iterator<Item = Match>, rank: &[u32], spill: &Spill) -> Vec<Cluster> {
    let mut edges: Sorter<Edge> = Sorter::new(spill, spill.share(4));
    for m in near.filter(|m| m.kind == MatchKind::Near) {
        for (from, to) in [(m.a, m.b), (m.b, m.a)] {
            edges.push((rank[from as usize], to, from, m.jaccard.to_bits(), m.containment.to_bits()));
        }
    }
    edges.extend(copies.iter().map(|group| (rank[group[0] as usize], NOBODY, group[0], 0, 0)));
    let mut first_copies: Vec<(u32, &[u32])> = copies.iter().map(|group| (group[0], &group[1..])).collect();
    first_copies.sort_unstable();
    let copies_of = |first: u32| match first_copies.binary_search_by_key(&first, |&(d, _)| d) {
        Ok(i) => first_copies[i].1,
        Err(_) => &[],
    };

    let mut taken = bitvec::bitvec![0; rank.len()];
    let mut clusters: Vec<Cluster> = Vec::new();
    // The document whose edges go by, and whether it is an anchor.
    let mut current = None;
    for (_, to, from, jaccard, containment) in edges.finish().iter() {
        if current.is_none_or(|(document, _)| document != from) {
            let is_anchor = !taken[from as usize];
            current = Some((from, is_anchor));
            if is_anchor {
                taken.set(from as usize, true);
                let equal =
                    |&document: &u32| Member { document, kind: MatchKind::Exact, jaccard: 1.0, containment: 1.0 };
                clusters.push(Cluster { anchor: from, members: copies_of(from).iter().map(equal).collect() });
            }
        }
        let (Some((_, true)), Some(cluster)) = (current, clusters.last_mut()) else { continue };
        if to == NOBODY || taken[to as usize] {
            continue;
        }
        taken.set(to as usize, true);
        let (jaccard, containment) = (f64::from_bits(jaccard), f64::from_bits(containment));
        let member = |document| Member { document, kind: MatchKind::Near, jaccard, containment };
        cluster.members.push(member(to));
        cluster.members.extend(copies_of(to).iter().map(|&copy| member(copy)));
    }
    clusters.retain(|cluster| !cluster.members.is_empty());
    clusters.iter_mut().for_each(|cluster| cluster.members.sort_unstable_by_key(|m| m.document));
    clusters.sort_unstable_by_key(|c| c.anchor);
    clusters
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: u32, b: u32) -> Match {
        Match { a, b, kind: MatchKind::Near, jaccard: 0.9, containment: 0.95 }
    }

    fn check(copies: &[Vec<u32>], matches: &[Match], rank: &[u32], expect: &[(u32, &[u32])]) {
        let expect: Vec<(u32, Vec<u32>)> = expect.iter().map(|&(a, m)| (a, m.to_vec())).collect();
        for spill in [Spill::never(), Spill::new(std::env::temp_dir(), 0)] {
            let got: Vec<(u32, Vec<u32>)> = cluster(copies, matches.iter().copied(), rank, &spill)
                .iter()
                .map(|c| (c.anchor, c.members.iter().map(|m| m.document).collect()))
                .collect();
            assert_eq!(got, expect);
        }
    }

    #[test]
    fn a_chain_does_not_become_one_cluster() {
        let chain = [near(0, 1), near(1, 2), near(2, 3), near(3, 4)];
        check(&[], &chain, &[0, 1, 2, 3, 4], &[(0, &[1]), (2, &[3])]);
    }

    #[test]
    fn the_preferred_document_is_the_anchor() {
        check(&[], &[near(0, 1), near(1, 2)], &[1, 0, 2], &[(1, &[0, 2])]);
    }

    #[test]
    fn copies_follow_the_first_of_their_group() {
        check(&[vec![1, 4], vec![2, 3]], &[near(1, 2)], &[9, 0, 1, 2, 3], &[(1, &[2, 3, 4])]);
        check(&[vec![2, 3]], &[], &[0, 1, 2, 3], &[(2, &[3])]);
    }

    #[test]
    fn a_containment_joins_no_cluster() {
        let inside = Match { kind: MatchKind::Contained, ..near(0, 1) };
        check(&[], &[inside], &[0, 1], &[]);
    }
}
