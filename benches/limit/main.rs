//! `cargo bench --bench limit -- CORPUS`: the limit alone, several runs.

mod measure;

use std::path::PathBuf;

const RUNS: usize = 7;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().skip(1).find(|a| !a.starts_with('-')).map(PathBuf::from);
    let path = path.ok_or("usage: cargo bench --bench limit -- CORPUS")?;
    let folded = measure::folded(&path)?;
    let mut runs: Vec<_> = (0..RUNS).map(|_| measure::run(&folded)).collect();
    runs.sort_by_key(|r| r.cpu);
    let megabytes = folded.len() as f64 / 1e6;
    for r in &runs {
        let seconds = r.cpu.as_secs_f64();
        println!("{seconds:.4} s CPU  {:.0} MB/s  (digest {:016x})", megabytes / seconds, r.digest);
    }
    println!("median {:.4} s CPU for {megabytes:.1} MB of folded text", runs[RUNS / 2].cpu.as_secs_f64());
    Ok(())
}
