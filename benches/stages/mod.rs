//! Each stage alone, on one thread, on a slice of the corpus: MB/s of its text.

use std::path::Path;

use cpu_time::ThreadTime;
use ghirbal::fingerprint::{Frequencies, fingerprint};
use ghirbal::params::Params;
use ghirbal::read::{Corpus, RawRecord, Record, discover, parse};
use ghirbal::segment::segment;
use ghirbal::shingle::ShingleSet;
use ghirbal::sketch::MinHasher;
use ghirbal::tokenise::{Tokeniser, View, word_hashes};

const SLICE_LEN_BYTES: usize = 32 << 20;
const RUNS: usize = 5;

/// Prints the table.
pub fn table(path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let params = Params::default();
    let tokeniser = Tokeniser::new(params.folds);
    let sources = discover(&[path.to_owned()])?.sources;
    let batch: Vec<RawRecord> = Corpus::new(&sources).next_batch(SLICE_LEN_BYTES)?.unwrap_or_default();
    let records: Vec<Record> = batch.iter().cloned().map(|raw| parse(&sources, &params, raw)).collect();
    let texts: Vec<&str> = records.iter().filter_map(|r| r.document().map(|d| &*d.text)).collect();
    let views: Vec<View> = texts.iter().map(|text| View::new(text, &tokeniser)).collect();
    let words: Vec<Vec<u64>> = views.iter().map(|view| word_hashes(&view.tokens)).collect();
    let sets: Vec<ShingleSet> = words.iter().map(|w| ShingleSet::new(w, 5)).collect();
    let hasher = MinHasher::new(90, 0);
    let bytes: usize = texts.iter().map(|t| t.len()).sum();

    println!("| stage, one thread | MB/s |\n|---|--:|");
    let stage = |name: &str, work: &dyn Fn() -> u64| {
        let seconds = (0..RUNS).map(|_| {
            let start = ThreadTime::now();
            std::hint::black_box(work());
            start.elapsed().as_secs_f64()
        });
        println!("| {name} | {:.0} |", bytes as f64 / 1e6 / seconds.fold(f64::MAX, f64::min));
    };
    stage("cut into records", &|| {
        Corpus::new(&sources).next_batch(SLICE_LEN_BYTES).map_or(0, |b| b.map_or(0, |b| b.len() as u64))
    });
    stage("parse records (and copy them)", &|| {
        batch.iter().cloned().map(|raw| parse(&sources, &params, raw).raw.len() as u64).sum()
    });
    stage("segments", &|| texts.iter().map(|t| segment(t).len() as u64).sum());
    stage("words", &|| texts.iter().map(|t| tokeniser.tokenise(t).len() as u64).sum());
    stage("view (segments and words)", &|| texts.iter().map(|t| View::new(t, &tokeniser).tokens.len() as u64).sum());
    stage("fingerprint", &|| views.iter().filter_map(|v| fingerprint(&v.tokens)).fold(0, |x, f| x ^ f.0 as u64));
    stage("frequencies", &|| {
        let frequencies = Frequencies::default();
        views.iter().for_each(|v| frequencies.observe(None, v));
        frequencies.words.documents()
    });
    stage("5-gram sets", &|| words.iter().map(|w| ShingleSet::new(w, 5).len() as u64).sum());
    stage("sketch of 90 places", &|| sets.iter().map(|s| u64::from(hasher.sketch(s).places()[0])).sum());
    Ok(())
}
