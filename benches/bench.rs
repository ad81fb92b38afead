//! `just bench [CORPUS]`: limit, `dedup`, `report` and `clean` on a corpus, side by side.
//!
//! Whole processes, reading and writing included, each several times in turn so that a noisy
//! neighbour disturbs all alike; medians, the ratio of CPU time to the limit of the same run, wall
//! time with one thread and with one for each core, and peak memory. Without a path a corpus is
//! generated, the same one every time.

#[path = "limit/measure.rs"]
mod measure;
mod stages;
mod synthetic;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use wait4::Wait4;

/// One row of the table.
struct Subject {
    name: &'static str,
    args: &'static [&'static str],
    writes: bool,
}

const SUBJECTS: &[Subject] = &[
    Subject { name: "dedup", args: &["dedup"], writes: true },
    Subject { name: "report", args: &["report", "--scope", "document"], writes: false },
    Subject { name: "clean", args: &["clean", "--scope", "corpus", "--max-removed", "1"], writes: true },
];

/// What one process took.
#[derive(Clone, Copy)]
struct Cost {
    cpu: f64,
    wall: f64,
    peak_bytes: u64,
}

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1).filter(|a| a != "--bench");
    let (mut corpus, mut runs, mut only) = (None, 5, None);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--runs" => runs = args.next().ok_or("--runs N")?.parse()?,
            "--only" => only = args.next(),
            path => corpus = Some(PathBuf::from(path)),
        }
    }
    let scratch = tempfile::tempdir()?;
    let corpus = match corpus {
        Some(corpus) => corpus,
        None => synthetic::write(scratch.path())?,
    };
    let subjects: Vec<&Subject> =
        SUBJECTS.iter().filter(|s| only.as_deref().is_none_or(|only| only == s.name)).collect();

    let folded = measure::folded(&corpus)?;
    let mut limits = Vec::new();
    let mut costs: Vec<[Vec<Cost>; 2]> = subjects.iter().map(|_| [Vec::new(), Vec::new()]).collect();
    for _ in 0..runs {
        limits.push(measure::run(&folded));
        for (subject, costs) in subjects.iter().zip(&mut costs) {
            costs[0].push(subject.run(&corpus, scratch.path(), Some("1"))?);
            costs[1].push(subject.run(&corpus, scratch.path(), None)?);
        }
    }
    assert!(limits.iter().all(|l| l.digest == limits[0].digest), "every run hashes the same");
    let limit = median(limits.iter().map(|l| l.cpu.as_secs_f64()).collect());
    let megabytes = std::fs::metadata(&corpus)?.len() as f64 / 1e6;
    println!("corpus {} ({megabytes:.1} MB), {runs} runs, medians\n", corpus.display());
    println!("| work | CPU s | x limit | MB/s of CPU | wall s, 1 thread | wall s, all cores | faster | peak MB |");
    println!("|---|--:|--:|--:|--:|--:|--:|--:|");
    println!("| limit | {limit:.3} | 1.0 | {:.0} | | | | |", folded.len() as f64 / 1e6 / limit);
    for (subject, [one, all]) in subjects.iter().zip(&costs) {
        let of = |costs: &[Cost], what: fn(&Cost) -> f64| median(costs.iter().map(what).collect());
        let cpu = of(one, |c| c.cpu);
        let (wall_one, wall_all) = (of(one, |c| c.wall), of(all, |c| c.wall));
        println!(
            "| {} | {cpu:.2} | {:.1} | {:.0} | {wall_one:.2} | {wall_all:.2} | {:.2}x | {:.0} |",
            subject.name,
            cpu / limit,
            megabytes / cpu,
            wall_one / wall_all,
            of(all, |c| c.peak_bytes as f64) / 1e6,
        );
    }
    drop(folded);
    println!();
    stages::table(&corpus)
}

impl Subject {
    fn run(&self, corpus: &Path, scratch: &Path, threads: Option<&str>) -> Result<Cost> {
        let output = scratch.join("out");
        let mut command = Command::new(env!("CARGO_BIN_EXE_ghirbal"));
        command.args(self.args).arg(corpus).stdout(Stdio::null());
        if self.writes {
            command.arg("-o").arg(&output);
        }
        if let Some(threads) = threads {
            command.args(["--threads", threads]);
        }
        let start = Instant::now();
        let used = command.spawn()?.wait4()?;
        let wall = start.elapsed().as_secs_f64();
        if self.writes {
            std::fs::remove_dir_all(&output)?;
        }
        if !used.status.success() {
            return Err(format!("{} failed: {}", self.name, used.status).into());
        }
        let cpu = (used.rusage.utime + used.rusage.stime).as_secs_f64();
        Ok(Cost { cpu, wall, peak_bytes: used.rusage.maxrss })
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
