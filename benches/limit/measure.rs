//! The physical limit speed is measured against: every word 5-gram of a corpus hashed once.
//!
//! A corpus folded in memory (words joined by single spaces, one document a line) -> CPU seconds of
//! one thread that takes the xxh3 of the joined bytes of every run of five words. A tool that looks
//! at every 5-gram has at least this to do, so its CPU time is told as a multiple of it.

use std::path::Path;
use std::time::Duration;

use cpu_time::ThreadTime;
use ghirbal::params::Params;
use ghirbal::read::{Corpus, discover, parse};
use ghirbal::tokenise::Tokeniser;
use xxhash_rust::xxh3::xxh3_64;

const SHINGLE_LEN_WORDS: usize = 5;

/// What one run of the loop took.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// CPU time of the loop alone.
    pub cpu: Duration,
    /// All hashes, xored: equal for every run, and keeps the loop from being optimised away.
    pub digest: u64,
}

/// Every document's comparison form, one a line.
pub fn folded(path: &Path) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let params = Params::default();
    let tokeniser = Tokeniser::new(params.folds);
    let sources = discover(&[path.to_owned()])?.sources;
    let mut corpus = Corpus::new(&sources);
    let mut folded = Vec::new();
    while let Some(batch) = corpus.next_batch(8 << 20)? {
        for raw in batch {
            if let Some(document) = parse(&sources, &params, raw).document() {
                folded.extend_from_slice(tokeniser.comparison_form(&document.text).as_bytes());
                folded.push(b'\n');
            }
        }
    }
    Ok(folded)
}

/// The loop.
pub fn run(folded: &[u8]) -> Limit {
    let start = ThreadTime::now();
    let digest = folded.split(|&b| b == b'\n').map(hash_line).fold(0, |all, line| all ^ line);
    Limit { cpu: start.elapsed(), digest }
}

fn hash_line(line: &[u8]) -> u64 {
    let mut digest = 0;
    // The beginnings of the last five words, the oldest overwritten next.
    let mut starts = [0; SHINGLE_LEN_WORDS];
    let mut words = 1;
    for space in memchr::memchr_iter(b' ', line) {
        if words >= SHINGLE_LEN_WORDS {
            digest ^= xxh3_64(&line[starts[words % SHINGLE_LEN_WORDS]..space]);
        }
        starts[words % SHINGLE_LEN_WORDS] = space + 1;
        words += 1;
    }
    let first = if words >= SHINGLE_LEN_WORDS { starts[words % SHINGLE_LEN_WORDS] } else { 0 };
    digest ^ xxh3_64(&line[first..])
}
