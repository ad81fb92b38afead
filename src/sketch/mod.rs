//! Signatures: a fixed number of places that agree in proportion to how alike two sets are.
//!
//! [`ShingleSet`](crate::shingle::ShingleSet) -> [`Signature`]. One sketch so far, `minhash`; another
//! is another file here.

mod minhash;

pub use minhash::{MinHasher, Signature};
