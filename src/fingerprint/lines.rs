//! How often lines recur over the documents of a host and over the corpus.

use crate::tokenise::View;

/// Lines and masked lines by host.
#[derive(Default)]
pub struct LineFrequencies {}

impl LineFrequencies {
    /// Counts the distinct lines of one document.
    pub fn observe(&self, _host: Option<&str>, _view: &View) {}
}
