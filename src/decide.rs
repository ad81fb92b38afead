//! The only place that removes: findings and verdicts + policy -> what leaves the text.

use crate::classify::Evidence;
use crate::label::{Action, Label};
use crate::span::Span;

/// Where the counterpart of something removed stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partner {
    /// The id of its document.
    pub doc: String,
    /// Its place there; `None` for the whole document.
    pub span: Option<Span>,
}

/// Bytes that leave a text, with the reason.
#[derive(Clone, Debug, PartialEq)]
pub struct Removal {
    /// What is cut, line ends included where whole lines go. Removals of one document are sorted
    /// and do not overlap.
    pub span: Span,
    /// What it is.
    pub label: Label,
    /// `Remove` or `Metadata`.
    pub action: Action,
    /// The rule that found it.
    pub rule: &'static str,
    /// Certainty, 0 to 1.
    pub score: f32,
    /// What speaks for it.
    pub evidence: Evidence,
    /// The reason as a sentence.
    pub why: String,
    /// The counterpart, when there is one.
    pub partner: Option<Partner>,
}

/// What becomes of one record.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// It stays, without these bytes (possibly none).
    Stay(Vec<Removal>),
    /// The whole document goes.
    Go(Removal),
}
