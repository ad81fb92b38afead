//! True similarity on true sets: the only way from [`Candidate`] to [`Match`].
//!
//! ```
//! use ghirbal::verify::{jaccard_and_containment};
//! assert_eq!(jaccard_and_containment(&[1, 2, 3], &[2, 3, 4, 5]), (0.4, 2.0 / 3.0));
//! ```

use crate::index::Candidate;
use crate::params::DocumentParams;

/// How two documents relate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MatchKind {
    /// Equal comparison forms.
    Exact,
    /// Jaccard similarity at or above the threshold.
    Near,
    /// One lies inside the other.
    Contained,
}

impl MatchKind {
    /// The wire name.
    pub const fn name(self) -> &'static str {
        match self {
            MatchKind::Exact => "exact",
            MatchKind::Near => "near",
            MatchKind::Contained => "contained",
        }
    }
}

/// Two documents whose similarity has been computed and found sufficient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Match {
    /// The earlier document; of a containment, the one inside.
    pub a: u32,
    /// The other.
    pub b: u32,
    /// How they relate.
    pub kind: MatchKind,
    /// True Jaccard similarity of the shingle sets.
    pub jaccard: f64,
    /// Share of the smaller set that lies in the other.
    pub containment: f64,
}

/// A match as a record of one size: in the order of its documents.
pub type Packed = (u32, u32, u8, u64, u64);

impl Match {
    /// The match as a record.
    pub fn pack(&self) -> Packed {
        (self.a, self.b, self.kind as u8, self.jaccard.to_bits(), self.containment.to_bits())
    }

    /// The match of a record.
    pub fn unpack((a, b, kind, jaccard, containment): Packed) -> Self {
        let kinds = [MatchKind::Exact, MatchKind::Near, MatchKind::Contained];
        let kind = kinds.into_iter().find(|&k| k as u8 == kind).unwrap_or(MatchKind::Near);
        Self { a, b, kind, jaccard: f64::from_bits(jaccard), containment: f64::from_bits(containment) }
    }
}

/// Where the shingle set of a document is found.
pub trait ShingleSets: Sync {
    /// The sorted shingles of a document.
    fn shingles(&self, document: u32) -> &[u64];
}

/// Computes the true similarity of a candidate and keeps it if it suffices.
pub fn verify(candidate: Candidate, sets: &impl ShingleSets, params: &DocumentParams) -> Option<Match> {
    let Candidate { a, b } = candidate;
    let (x, y) = (sets.shingles(a), sets.shingles(b));
    let smaller_share_min = params.similar.min(params.contained);
    if x.is_empty() || y.is_empty() {
        return None;
    }
    let shared = shared_at_least(x, y, smaller_share_min * x.len().min(y.len()) as f64)?;
    let (jaccard, containment) = shares(shared, x.len(), y.len());
    if jaccard >= params.similar {
        Some(Match { a, b, kind: MatchKind::Near, jaccard, containment })
    } else if containment >= params.contained {
        // Of two sets of one size either may be called the inner one: the earlier is.
        let (a, b) = if x.len() <= y.len() { (a, b) } else { (b, a) };
        Some(Match { a, b, kind: MatchKind::Contained, jaccard, containment })
    } else {
        None
    }
}

/// Jaccard similarity |A∩B| / |A∪B| and containment |A∩B| / min(|A|, |B|) of two sorted sets;
/// both 0 when either is empty.
pub fn jaccard_and_containment(a: &[u64], b: &[u64]) -> (f64, f64) {
    match shared_at_least(a, b, 0.0) {
        Some(shared) if !a.is_empty() && !b.is_empty() => shares(shared, a.len(), b.len()),
        _ => (0.0, 0.0),
    }
}

fn shares(shared: usize, a: usize, b: usize) -> (f64, f64) {
    (shared as f64 / (a + b - shared) as f64, shared as f64 / a.min(b) as f64)
}

/// From this many times the length on, a set is searched in steps that double instead of walked
/// through.
const MUCH_LARGER: usize = 8;

/// Members two sorted sets share, or `None` as soon as fewer than `least` are certain.
fn shared_at_least(a: &[u64], b: &[u64], least: f64) -> Option<usize> {
    // Members of the smaller side that may be missed before `least` is out of reach.
    let spare = a.len().min(b.len()) as f64 - least;
    let (small, large) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if large.len() / MUCH_LARGER >= small.len() {
        return shared_with_larger(small, large, spare);
    }
    let (mut i, mut j, mut shared) = (0, 0, 0);
    while i < small.len() && j < large.len() {
        // Which side goes on cannot be foreseen, so no step branches; whether it is still worth it is
        // asked now and then.
        for _ in 0..32.min(small.len() - i).min(large.len() - j) {
            let (x, y) = (small[i], large[j]);
            shared += usize::from(x == y);
            i += usize::from(x <= y);
            j += usize::from(y <= x);
        }
        if spare < (i - shared) as f64 {
            return None;
        }
    }
    (spare >= (small.len() - shared) as f64).then_some(shared)
}

fn shared_with_larger(small: &[u64], large: &[u64], mut spare: f64) -> Option<usize> {
    let mut shared = 0;
    let mut at = 0;
    for (i, &x) in small.iter().enumerate() {
        // Far ahead in a much larger set: double the step, then halve it (galloping search).
        at += gallop(&large[at..], x);
        if at == large.len() {
            spare -= (small.len() - i) as f64;
            break;
        }
        if large[at] == x {
            shared += 1;
        } else {
            spare -= 1.0;
            if spare < 0.0 {
                return None;
            }
        }
    }
    (spare >= 0.0).then_some(shared)
}

/// How many members of a sorted slice are below `x`.
fn gallop(sorted: &[u64], x: u64) -> usize {
    let mut bound = 1;
    while bound < sorted.len() && sorted[bound] < x {
        bound *= 2;
    }
    let low = bound / 2;
    low + sorted[low..sorted.len().min(bound + 1)].partition_point(|&y| y < x)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    struct Sets(Vec<Vec<u64>>);

    impl ShingleSets for Sets {
        fn shingles(&self, document: u32) -> &[u64] {
            &self.0[document as usize]
        }
    }

    fn check(a: std::ops::Range<u64>, b: std::ops::Range<u64>) -> Option<Match> {
        let sets = Sets(vec![a.collect(), b.collect()]);
        verify(Candidate::new(0, 1), &sets, &DocumentParams::default())
    }

    #[test]
    fn alike_sets_are_near_and_inner_ones_are_contained() {
        assert_eq!(check(0..100, 5..100).map(|m| m.kind), Some(MatchKind::Near));
        let inside = check(0..1000, 10..60).unwrap();
        assert_eq!((inside.a, inside.b, inside.kind, inside.containment), (1, 0, MatchKind::Contained, 1.0));
        assert_eq!(check(0..100, 30..130), None);
        assert_eq!(check(0..0, 0..9), None);
    }

    proptest! {
        #[test]
        fn shares_equal_those_of_plain_sets(
            a in prop_oneof![prop::collection::btree_set(0u64..200, 0..80), prop::collection::btree_set(0u64..200, 0..5)],
            b in prop::collection::btree_set(0u64..200, 0..80),
        ) {
            let (x, y): (Vec<_>, Vec<_>) = (a.iter().copied().collect(), b.iter().copied().collect());
            let both = a.intersection(&b).count() as f64;
            let union = a.union(&b).collect::<BTreeSet<_>>().len() as f64;
            let (jaccard, containment) = jaccard_and_containment(&x, &y);
            if a.is_empty() || b.is_empty() {
                prop_assert_eq!((jaccard, containment), (0.0, 0.0));
            } else {
                prop_assert_eq!(jaccard, both / union);
                prop_assert_eq!(containment, both / a.len().min(b.len()) as f64);
            }
            let sets = Sets(vec![x, y]);
            let params = DocumentParams { similar: 0.5, contained: 0.8, ..DocumentParams::default() };
            let found = verify(Candidate::new(0, 1), &sets, &params);
            prop_assert_eq!(found.is_some(), jaccard >= 0.5 || containment >= 0.8);
        }
    }
}
