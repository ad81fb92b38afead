//! Writes cleaned text, ledger and findings, and puts them back together.
//!
//! [`Record`](crate::read::Record)s + [`Fate`](crate::decide::Fate)s -> an output folder:
//!
//! ```text
//! DIR/cleaned/<source>   the source without what was removed: same name, format, coding
//! DIR/ledger.jsonl       every removed or moved span, in reading order, with reason and partner
//! DIR/findings.jsonl     what the pipeline reports
//! DIR/metadata.jsonl     metadata of documents whose format has no room for it, when there is any
//! DIR/summary.json       counts and parameters
//! ```
//!
//! The work is split in two: [`prepare`] is pure and runs on many threads, [`Output::append`] puts
//! the prepared bytes in their place, in reading order. The folder appears whole or not at all,
//! and [`restore`] gives back every input byte from it.
//!
//! ```
//! use ghirbal::decide::{Fate, Removal};
//! use ghirbal::label::{Action, Label};
//! use ghirbal::params::Params;
//! use ghirbal::read::{Corpus, discover, parse};
//! use ghirbal::span::Span;
//! use ghirbal::write::{Output, prepare, restore};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let (input, output) = (folder.path().join("in"), folder.path().join("out"));
//! std::fs::create_dir(&input)?;
//! std::fs::write(input.join("a.txt"), "غربال\nRead also:\n")?;
//!
//! let (params, inputs) = (Params::default(), [input.clone()]);
//! let sources = discover(&inputs)?.sources;
//! let mut corpus = Corpus::new(&sources);
//! let raw = corpus.next_batch(1 << 20)?.unwrap_or_default();
//! assert!(corpus.next_batch(1 << 20)?.is_none());
//!
//! let mut out = Output::create(&output, &inputs, &params, &sources, &corpus.into_checksums())?;
//! for raw in raw {
//!     let record = parse(&sources, &params, raw);
//!     let marker = Removal {
//!         span: Span::new(11, 22),
//!         label: Label::ReadAlsoMarker,
//!         action: Action::Remove,
//!         rule: "marker.line",
//!         score: 0.99,
//!         evidence: vec![],
//!         why: "the line only announces other articles".into(),
//!         partner: None,
//!     };
//!     out.append(prepare(&record, &sources, &Fate::Stay(vec![marker]), &params))?;
//! }
//! out.commit()?;
//! assert_eq!(std::fs::read(output.join("cleaned/a.txt"))?, "غربال\n".as_bytes());
//!
//! restore(&output, &folder.path().join("back"))?;
//! assert_eq!(std::fs::read(folder.path().join("back/a.txt"))?, std::fs::read(input.join("a.txt"))?);
//! # Ok(())
//! # }
//! ```

mod cut;
mod ledger;
mod output;
mod progress;
mod restore;
mod staging;

pub use cut::{Prepared, prepare};
pub use ledger::{Added, LEDGER_VERSION, Ledger, LedgerEntry, LedgerLine, LedgerPartner, LedgerSource, Rewritten};
pub use output::Output;
pub use progress::{CommandLine, Identity, Input, Kept, PROGRESS_VERSION, Progress, Written};
pub use restore::{RestoreSummary, restore};
pub use staging::{Staging, check_target, progress_of};

/// The names inside an output folder.
pub mod names {
    /// The folder of the cleaned sources.
    pub const CLEANED: &str = "cleaned";
    /// What was removed.
    pub const LEDGER: &str = "ledger.jsonl";
    /// What was found.
    pub const FINDINGS: &str = "findings.jsonl";
    /// What left plain text documents as metadata.
    pub const METADATA: &str = "metadata.jsonl";
    /// Counts and parameters.
    pub const SUMMARY: &str = "summary.json";
}

#[cfg(test)]
mod tests;
