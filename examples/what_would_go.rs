//! What would leave my corpus, by class?
//!
//! `cargo run --release --example what_would_go -- PATH…` runs the whole pipeline from the library
//! and prints a line a class. Nothing is written.

use std::error::Error;

use ghirbal::params::Params;
use ghirbal::pipeline::{Run, Stages};

fn main() -> Result<(), Box<dyn Error>> {
    let paths: Vec<_> = std::env::args_os().skip(1).map(Into::into).collect();
    let run = Run::new(&paths, Params::default(), Stages::ALL)?;
    let (summary, _) = run.report(0)?;
    for (label, counts) in &summary.labels {
        println!("{label}\t{} spans\t{} bytes go", counts.spans, counts.bytes_taken);
    }
    println!("{:.1} % of {} bytes", summary.share_removed() * 100.0, summary.bytes);
    Ok(())
}
