//! The command line of `ghirbal.spark`: the core's own options, and where a job reads, works and writes.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use ghirbal::cli::options::{Ceiling, Compare, Everything};
use pyo3::exceptions::PySystemExit;
use pyo3::prelude::*;

use crate::error::raise;
use crate::params::Params;

/// Finds repeated text, filler and stray headlines on Apache Spark
#[derive(Parser)]
#[command(name = "ghirbal.spark", no_binary_name = true, version, max_term_width = 100, after_help = EXAMPLES)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Options are those of `ghirbal`; a ghirbal.toml is not read. Examples:
  spark-submit $(python -c 'import ghirbal.spark as s; print(s.__file__)') \\
      clean s3a://crawl/2026-11 -o s3a://crawl/cleaned --work s3a://crawl/work --identity 0.9
  python -m ghirbal.spark report crawl.parquet -o findings --work work --remove repeat,contained";

#[derive(Subcommand)]
enum Command {
    /// Find what is repeated, what is filler and what is stray; write the findings
    Report {
        #[command(flatten)]
        places: Places,
        #[command(flatten)]
        everything: Everything,
    },
    /// Write the rows without duplicate documents, and the findings
    Dedup {
        #[command(flatten)]
        places: Places,
        #[command(flatten)]
        compare: Compare,
        #[command(flatten)]
        ceiling: Ceiling,
    },
    /// Write the rows without duplicate documents, filler and stray headlines, and the findings
    Clean {
        #[command(flatten)]
        places: Places,
        #[command(flatten)]
        everything: Everything,
        #[command(flatten)]
        ceiling: Ceiling,
    },
}

/// Where a job reads, works and writes.
#[derive(Args)]
struct Places {
    /// What to read: a folder, file or pattern of Spark's; with --read files whatever `ghirbal` reads
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<String>,
    /// The folder to write to: findings/, and cleaned/ without what goes, as Parquet; neither may exist
    #[arg(short, long, value_name = "DIR", help_heading = "Job")]
    output: String,
    /// A folder that all machines reach, for the stages; the same command again goes on from it
    #[arg(long, value_name = "DIR", help_heading = "Job")]
    work: String,
    /// How INPUT is read: `parquet`, `json` or another reader of Spark's; or `files`, by the core in the
    /// executors, in every format and from every URL that `ghirbal` takes, a task a file
    #[arg(long, value_name = "HOW", default_value = "parquet", help_heading = "Job")]
    read: String,
}

/// What was asked on a command line.
#[pyclass(frozen, get_all, module = "ghirbal._ghirbal")]
pub struct Asked {
    command: &'static str,
    inputs: Vec<String>,
    output: String,
    work: String,
    read: String,
    params: Params,
    /// Nothing for a report, which takes nothing away.
    max_removed: Option<f64>,
}

/// Reads a command line, without the program's name. Help and wrong usage are printed and end the program.
#[pyfunction]
pub fn asked(py: Python<'_>, words: Vec<PathBuf>) -> PyResult<Asked> {
    let CommandLine { command } = CommandLine::try_parse_from(words).map_err(|e| {
        // Like the program itself: help to standard output, usage to standard error.
        let _ = e.print();
        PySystemExit::new_err(e.exit_code())
    })?;
    let (command, places, params, ceiling) = match command {
        Command::Report { places, everything } => ("report", places, everything.params(), None),
        Command::Dedup { places, compare, ceiling } => ("dedup", places, compare.params(), Some(ceiling)),
        Command::Clean { places, everything, ceiling } => ("clean", places, everything.params(), Some(ceiling)),
    };
    let params = params.and_then(|params| ceiling.as_ref().map_or(Ok(()), Ceiling::check).map(|()| Params(params)));
    let Places { inputs, output, work, read } = places;
    let (params, max_removed) = (params.map_err(|e| raise(py, &e))?, ceiling.map(|ceiling| ceiling.max_removed));
    Ok(Asked { command, inputs, output, work, read, params, max_removed })
}
