//! The counts of a run: what was read, what was found, what goes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::index::BandShape;
use crate::label::{Action, Label};
use crate::params::Params;
use crate::report::Audit;
use crate::report::rows::FORMAT_VERSION;

/// Counts of one run. Bytes are UTF-8 bytes of document texts.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// The version of the machine-readable output.
    pub format_version: u32,
    /// The version of ghirbal.
    pub ghirbal: &'static str,
    /// Sources read.
    pub sources: u64,
    /// Documents read.
    pub documents: u64,
    /// Records and sources that could not be read.
    pub skipped: u64,
    /// Files below a given folder that are of no known format: listed, and not read.
    pub sources_ignored: u64,
    /// Hidden files and folders below a given folder: not read.
    pub sources_hidden: u64,
    /// Records that hold no text by their kind, such as responses in a WARC file: passed through.
    pub records_of_other_kinds: u64,
    /// Documents whose id another document has too: findings name them alike.
    pub documents_with_shared_id: u64,
    /// Bytes of all documents.
    pub bytes: u64,
    /// Words of all documents.
    pub words: u64,
    /// Documents without a single word: they are compared with nothing.
    pub documents_without_words: u64,
    /// Documents of fewer words than one shingle: they can only be exact duplicates.
    pub documents_below_one_shingle: u64,
    /// Findings by label.
    pub labels: BTreeMap<Label, LabelCounts>,
    /// Repeated passages reported.
    pub passages: u64,
    /// Documents in which a passage is repeated, or that share one with another.
    pub documents_with_passages: u64,
    /// Pairs of documents that are versions of one text, with insertions.
    pub versions: u64,
    /// Clusters of duplicate documents.
    pub clusters: u64,
    /// Duplicates by kind: exact, near, contained.
    pub duplicates: BTreeMap<&'static str, u64>,
    /// Documents that go as a whole.
    pub documents_removed: u64,
    /// Bytes that leave the texts, whole documents included.
    pub bytes_removed: u64,
    /// Of them, bytes that go to metadata.
    pub bytes_to_metadata: u64,
    /// How signatures were cut into bands.
    pub shape: BandShape,
    /// Share of the pairs exactly at `similar` that the bands are expected to miss.
    pub miss_rate_expected: f64,
    /// What a sample of documents compared with all others says, when it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit: Option<Audit>,
    /// Places where a declared limit cut the search short, by name.
    pub limits_reached: BTreeMap<&'static str, u64>,
    /// What a reader should know, such as why nothing was found.
    pub notes: Vec<String>,
    /// Every parameter.
    pub params: Params,
    /// Their digest.
    pub params_digest: String,
}

/// Findings of one label.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct LabelCounts {
    /// Spans.
    pub spans: u64,
    /// Documents they stand in.
    pub documents: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Spans by what becomes of them.
    pub actions: BTreeMap<Action, u64>,
    /// Bytes that leave the text.
    pub bytes_taken: u64,
}

impl Summary {
    /// Nothing counted yet.
    pub fn new(params: &Params, shape: BandShape, miss_rate_expected: f64) -> Self {
        Self {
            format_version: FORMAT_VERSION,
            ghirbal: env!("CARGO_PKG_VERSION"),
            sources: 0,
            documents: 0,
            skipped: 0,
            sources_ignored: 0,
            sources_hidden: 0,
            records_of_other_kinds: 0,
            documents_with_shared_id: 0,
            bytes: 0,
            words: 0,
            documents_without_words: 0,
            documents_below_one_shingle: 0,
            labels: BTreeMap::new(),
            passages: 0,
            documents_with_passages: 0,
            versions: 0,
            clusters: 0,
            duplicates: BTreeMap::new(),
            documents_removed: 0,
            bytes_removed: 0,
            bytes_to_metadata: 0,
            shape,
            miss_rate_expected,
            audit: None,
            limits_reached: BTreeMap::new(),
            notes: Vec::new(),
            params: params.clone(),
            params_digest: params.digest(),
        }
    }

    /// Share of all bytes that leaves the texts.
    pub fn share_removed(&self) -> f64 {
        if self.bytes == 0 { 0.0 } else { self.bytes_removed as f64 / self.bytes as f64 }
    }
}
