//! Finds repeated passages: the same words twice, with edits, inside one document or across two.
//!
//! Views -> [`Passage`]s with both sides' spans and their true similarity. The files are the steps:
//! `words` reduce a document to numbers, `seed` (inside) and `index` (across) find where
//! words recur, `chain` groups what lies near, `local` aligns word by word, `promise` rules out what
//! cannot pass, `weight`, `natural` and `form` decide what counts, `merge` joins pieces, `star`, `group` and `copies` order many
//! places, `measure` gives the figures, `difference` and `snap` serve the reader.
//!
//! Both sides of a passage begin and end with words; inside a document they do not overlap. The
//! result depends on the documents and their numbers alone, not on threads or order of reading.
//!
//! ```
//! use ghirbal::align::{CorpusBuilder, PassageKind, Words, across_documents};
//! use ghirbal::fingerprint::WordFrequencies;
//! use ghirbal::params::PassageParams;
//! use ghirbal::tokenise::{View, default_tokeniser};
//!
//! let shared = "تم التأكيد على عدم جدوى اللقاءات الدولية حول هذه القضية التي لا تأخذ مصالح الجميع في الاعتبار";
//! let texts = [format!("قال الوزير إنه {shared}."), format!("وأضافت الوكالة: {shared}"), "نص آخر".into()];
//! let (mut corpus, frequencies) = (CorpusBuilder::default(), WordFrequencies::default());
//! for (number, text) in texts.iter().enumerate() {
//!     let view = View::new(text, default_tokeniser());
//!     frequencies.observe(&view.tokens);
//!     corpus.push(number as u32, Words::new(&view));
//! }
//! let found = across_documents(&corpus.finish(), &frequencies, &PassageParams::default(), |_, _| false);
//! assert_eq!(found.passages.len(), 1);
//! assert_eq!(found.passages[0].kind, PassageKind::Exact);
//! assert_eq!(found.passages[0].a.span.of(&texts[0]), shared);
//! ```

mod words;
mod seed;
mod chain;
mod local;
mod weight;
mod natural;
mod measure;
mod merge;
mod form;
mod promise;
mod within;
mod corpus;
mod copies;
mod grams;
mod index;
mod star;
mod across;
mod group;
mod difference;
mod snap;

pub use across::{Repeats, Version, across_documents};
pub use copies::Copies;
pub use corpus::{Corpus, CorpusBuilder};
pub use difference::{Op, difference};
pub use group::{Group, groups};
pub use snap::{narrow, widen};
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
