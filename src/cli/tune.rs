//! `ghirbal tune`: bands and rows from intent, and what they cost.

use std::process::ExitCode;
use std::time::Instant;

use crate::cli::{exit, print};
use crate::error::Result;
use crate::params::Params;
use crate::report::tune::{Size, render};
use crate::shingle::mix;
use crate::sketch::MinHasher;

/// Tells the shape for these parameters, and its cost for a corpus of this size.
///
/// # Errors
/// When standard output fails.
pub fn run(params: &Params, corpus: Option<Size>) -> Result<ExitCode> {
    let hash_seconds = if corpus.is_some() { hash_seconds() } else { 0.0 };
    print(&render(&params.documents, corpus, hash_seconds))?;
    Ok(ExitCode::from(exit::DONE))
}

/// What one hash value of a signature takes on this machine: the fastest of some tries.
fn hash_seconds() -> f64 {
    const PLACES: usize = 128;
    let shingles: Vec<u64> = (0..20_000).map(mix).collect();
    let hasher = MinHasher::new(PLACES, 0);
    let times = (0..5).map(|_| {
        let begin = Instant::now();
        std::hint::black_box(hasher.sketch_hashes(&shingles));
        begin.elapsed().as_secs_f64()
    });
    times.fold(f64::INFINITY, f64::min) / (shingles.len() * PLACES) as f64
}
