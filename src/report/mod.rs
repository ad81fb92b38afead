//! Shows what was found: as rows for programs, as one screen for people.
//!
//! Decisions, passages, matches -> [`rows`] (the machine-readable contract), [`Summary`] (counts),
//! [`terminal`] (text), [`html`] (one file). Reporting changes nothing and decides nothing.

mod audit;
mod compare;
pub mod explain;
pub mod hosts;
pub mod html;
pub mod rows;
mod samples;
mod summary;
pub mod terminal;
pub mod tune;

pub use audit::{Audit, CONFIDENCE};
pub use compare::{Compared, Stretch};
pub use samples::{ClusterSample, DocumentSample, Excerpt, LineNumbers, PassageSample, Samples, SpanSample, harmless};
pub use summary::{LabelCounts, Summary};
