//! Names what each line is: filler, stray headline, or the article.
//!
//! A document's segments in order + line frequencies + phrases -> [`Finding`]s. Detection only:
//! nothing here removes.

use serde_json::Value;

use crate::error::Result;
use crate::fingerprint::LineFrequencies;
use crate::label::{Label, Zone};
use crate::params::FillerParams;
use crate::span::Span;
use crate::tokenise::View;

/// What speaks for a finding: names and values, in the order they are shown.
pub type Evidence = Vec<(&'static str, Value)>;

/// A span of text with its label and the reason for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Where it stands, line end not included.
    pub span: Span,
    /// What it is.
    pub label: Label,
    /// The part of the page it stands in.
    pub zone: Zone,
    /// The rule that found it, as `stage.rule`.
    pub rule: &'static str,
    /// Certainty, 0 to 1.
    pub score: f32,
    /// What speaks for it.
    pub evidence: Evidence,
    /// The reason as a sentence.
    pub why: String,
}

/// The rules, with their phrases read.
pub struct Classifier {}

impl Classifier {
    /// Reads the phrase lists.
    ///
    /// # Errors
    /// Names the file and line of a phrase that cannot be read.
    pub fn new(_params: &FillerParams) -> Result<Self> {
        Ok(Self {})
    }

    /// The findings of one document in reading order; they do not overlap.
    pub fn classify(&self, _host: Option<&str>, _view: &View, _lines: &LineFrequencies) -> Vec<Finding> {
        Vec::new()
    }
}
