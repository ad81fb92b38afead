//! Proposes pairs of documents that may be alike; proves nothing.
//!
//! Signatures -> [`Candidate`]s by bands ([`Bands`]); shingle sets -> candidates for containment
//! by sampled shingles ([`SampledShingles`]). What is proposed here is suspected only: the one way
//! on is [`crate::verify`].

mod bands;
mod sampled;
mod shape;

pub use bands::{Bands, propose_group};
pub use sampled::{SampledShingles, propose_holders, shares_enough};
pub use shape::{BandShape, candidate_probability};

use crate::spill::{Sorted, Sorter, Spill};

/// Two documents that may be alike, the smaller number first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    /// The earlier document.
    pub a: u32,
    /// The later document.
    pub b: u32,
}

impl Candidate {
    /// The pair of two different documents, in either order.
    pub fn new(x: u32, y: u32) -> Self {
        debug_assert_ne!(x, y);
        Self { a: x.min(y), b: x.max(y) }
    }
}

/// Proposed pairs, each once however often it was proposed: what does not fit in memory is sorted
/// in runs.
pub struct Candidates(Sorter<(u32, u32)>);

impl Candidates {
    /// None yet; up to `share_bytes` are held in memory.
    pub fn new(spill: &Spill, share_bytes: usize) -> Self {
        Self(Sorter::distinct(spill, share_bytes))
    }

    /// Proposes two different documents, in either order.
    pub fn push(&mut self, x: u32, y: u32) {
        let Candidate { a, b } = Candidate::new(x, y);
        self.0.push((a, b));
    }

    /// Proposes all that another search has proposed.
    pub fn append(&mut self, other: Candidates) {
        self.0.extend(other.finish().iter());
    }

    /// The pairs in ascending order.
    pub fn finish(self) -> Sorted<(u32, u32)> {
        self.0.finish()
    }
}
