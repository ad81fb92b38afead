//! Finds repeated passages: the same words twice, with edits, inside one document or across two.
//!
//! Views -> [`Passage`]s with both sides' spans and their true similarity.

mod words;
mod seed;
mod chain;
mod local;
mod weight;
mod natural;
mod measure;
mod merge;
mod within;
mod corpus;
mod index;
mod star;
mod across;

pub use across::{Repeats, Version, across_documents};
pub use corpus::{Corpus, CorpusBuilder};
pub use within::within_document;
pub use words::Words;

use crate::params::Scope;
use crate::span::Span;

/// How the two sides of a passage relate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassageKind {
    /// Equal comparison forms.
    Exact,
    /// Alike.
    Near,
    /// One side is a quotation of the other.
    Quote,
}

impl PassageKind {
    /// The wire name.
    pub const fn name(self) -> &'static str {
        match self {
            PassageKind::Exact => "exact",
            PassageKind::Near => "near",
            PassageKind::Quote => "quote",
        }
    }
}

/// One side of a passage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Side {
    /// The document's number in reading order.
    pub document: u32,
    /// Where it stands there.
    pub span: Span,
}

/// Two places that say the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Passage {
    /// The earlier side in reading order.
    pub a: Side,
    /// The later side.
    pub b: Side,
    /// How they relate.
    pub kind: PassageKind,
    /// Words of the shorter side.
    pub words: u32,
    /// Share of aligned columns whose words are equal.
    pub identity: f32,
    /// True Jaccard similarity of the two sides' word 2-gram sets.
    pub jaccard: f32,
    /// Share of the smaller side's word 2-grams that the other side has.
    pub containment: f32,
    /// Whether both sides lie in one document.
    pub scope: Scope,
}
