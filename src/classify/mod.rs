//! Names what each line is: filler, stray headline, or the article.
//!
//! A document's lines in order + line frequencies + phrases -> [`Finding`]s. Detection only:
//! nothing here removes. The rules run in a fixed order, each on the lines that no rule before it
//! has named: phrases (vocabulary), head, blocks under markers, embeds, addresses, lines of the
//! host, headlines. Findings are in reading order, do not overlap, and begin and end on character
//! borders.
//!
//! ```
//! use ghirbal::classify::Classifier;
//! use ghirbal::fingerprint::LineFrequencies;
//! use ghirbal::label::Label;
//! use ghirbal::params::FillerParams;
//! use ghirbal::tokenise::{View, default_tokeniser};
//! let classifier = Classifier::new(&FillerParams::default())?;
//! let text = "عنوان الخبر\nتاريخ النشر: 25 يونيو 2024\nقال الوزير إن الوفد وصل أمس إلى المدينة.\nأضف تعليقك";
//! let view = View::new(text, default_tokeniser());
//! let findings = classifier.classify(None, &view, &LineFrequencies::default());
//! let labels: Vec<Label> = findings.iter().map(|f| f.label).collect();
//! assert_eq!(labels, [Label::Title, Label::Dateline, Label::SiteLabel]);
//! # Ok::<(), ghirbal::error::Error>(())
//! ```

mod composition;
mod contact;
mod context;
mod dates;
mod embeds;
mod features;
mod head;
mod headlines;
mod judge;
mod lexicon;
mod markers;
mod model;
mod page;
mod phrases;
mod shape;
mod signs;
mod sitewide;
#[cfg(test)]
mod tests;

use serde_json::Value;

use crate::error::Result;
use crate::fingerprint::LineFrequencies;
use crate::label::{Label, Zone};
use crate::normalise::Folds;
use crate::params::FillerParams;
use crate::span::Span;
use crate::tokenise::{Tokeniser, View};
use model::Model;
use page::Page;
use phrases::Phrases;
pub use phrases::{CheckedPhrase, CheckedPhrases, Example, Outcome, Phrase, Place, builtin_phrases};

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
pub struct Classifier {
    phrases: Phrases,
    model: Model,
    tokeniser: Tokeniser,
}

pub use features::{Run, Sample};

/// The names of the features of the first look and of the second, by index.
pub fn feature_names() -> (Vec<String>, Vec<String>) {
    (features::names(), context::value_names())
}

/// The values of the second look, each 0 to 63, from the chances that the first look gave a page's
/// lines.
pub fn context_values(samples: &[Sample], chances: &[f32]) -> Vec<Vec<u8>> {
    context::values(samples, chances)
}

impl Classifier {
    /// Reads the phrase lists, for documents cut with the default folds.
    ///
    /// # Errors
    /// Names the file and line of a phrase that cannot be read.
    pub fn new(params: &FillerParams) -> Result<Self> {
        Self::with_folds(params, Folds::default())
    }

    /// Reads the phrase lists, for documents cut with these folds.
    ///
    /// # Errors
    /// Names the file and line of a phrase that cannot be read.
    pub fn with_folds(params: &FillerParams, folds: Folds) -> Result<Self> {
        let tokeniser = Tokeniser::new(folds);
        Ok(Self {
            phrases: Phrases::new(&tokeniser, folds, &params.phrases)?,
            model: Model::new(&tokeniser),
            tokeniser,
        })
    }

    /// The same rules with other weights, as `examples/train_filler` writes them.
    pub fn weights(mut self, text: &str) -> Self {
        self.model = Model::parse(text, &self.tokeniser);
        self
    }

    /// What the linear model sees of every line of a document.
    pub fn samples(&self, host: Option<&str>, view: &View, lines: &LineFrequencies) -> Vec<Sample> {
        features::of_page(&self.rules(host, view, lines))
    }

    /// The chance that the model alone gives each line of a document to be filler.
    pub fn chances(&self, host: Option<&str>, view: &View, lines: &LineFrequencies) -> Vec<f32> {
        self.model.judge(&self.rules(host, view, lines)).chances
    }

    /// The findings of one document in reading order; they do not overlap.
    pub fn classify(&self, host: Option<&str>, view: &View, lines: &LineFrequencies) -> Vec<Finding> {
        let mut page = self.rules(host, view, lines);
        judge::judge(&mut page, &self.model);
        page.findings()
    }

    /// The document with what the rules say of its lines.
    fn rules<'a>(&'a self, host: Option<&'a str>, view: &'a View<'a>, lines: &'a LineFrequencies) -> Page<'a> {
        let mut page = Page::new(view, host, &self.phrases, lines, &self.tokeniser);
        markers::phrases(&mut page);
        let title = head::title(&mut page);
        head::bylines(&mut page, title);
        markers::blocks(&mut page);
        embeds::embeds(&mut page);
        contact::addresses(&mut page);
        sitewide::sitewide(&mut page);
        headlines::headlines(&mut page);
        page
    }
}
