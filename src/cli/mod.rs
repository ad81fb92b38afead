//! The command line: options in, text and exit codes out. It decides nothing.

pub mod exit;
pub mod explain;
mod interrupt;
mod options;
mod phrases;
mod resources;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use crate::error::{Error, Result};
use crate::params::Params;
use crate::pipeline::{REMOVED_MAX, Run, Stages};
use crate::report::rows::{Row, SkippedRow};
use crate::report::{Summary, hosts, html, terminal};
use crate::write::{check_target, restore};
use options::{Compare, Everything, Paths};

/// Finds repeated text, filler and stray headlines in text corpora, in any language, Arabic first
#[derive(Parser, Debug)]
#[command(name = "ghirbal", version, about, max_term_width = 100, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str =
    "Exit codes: 0 done, 1 failed, 2 done with skipped records (or wrong usage), 3 stopped by a ceiling";

#[derive(Subcommand, Debug)]
enum Command {
    /// Show what is repeated, what is filler and what is stray; change nothing
    Report {
        #[command(flatten)]
        paths: Paths,
        #[command(flatten)]
        everything: Everything,
        /// One screen of text, one JSON object of counts, or every finding as a line of JSON
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
        /// Show instead what each host repeats over its pages, its template; with =HOST one host's
        #[arg(long, value_name = "HOST", num_args = 0..=1, require_equals = true, default_missing_value = "")]
        hosts: Option<String>,
        /// Examples of each sort in the text report [default: 5]; with --hosts, hosts and lines of
        /// each [default: 10]
        #[arg(long, value_name = "N")]
        top: Option<usize>,
        /// Also write one page for a browser, with examples in full; the file must not exist, and
        /// needs nothing but itself
        #[arg(long, value_name = "FILE", conflicts_with = "hosts")]
        html: Option<PathBuf>,
    },
    /// Write the corpus without duplicate documents
    Dedup {
        #[command(flatten)]
        paths: Paths,
        #[command(flatten)]
        compare: Compare,
        #[command(flatten)]
        output: Output,
    },
    /// Write the corpus without duplicate documents, filler and stray headlines
    Clean {
        #[command(flatten)]
        paths: Paths,
        #[command(flatten)]
        everything: Everything,
        #[command(flatten)]
        output: Output,
    },
    /// Put everything back that `clean` or `dedup` took out, byte for byte
    Restore {
        /// The folder that `clean` or `dedup` wrote
        dir: PathBuf,
        /// The folder to write the originals to; it must not exist or be empty
        #[arg(short, long, value_name = "DIR")]
        output: PathBuf,
    },
    /// Say why a line was removed or kept, with its counterpart
    ///
    /// PATH is a corpus, or a folder that `clean` wrote. LINE is a line number of the document's
    /// original text; where there are several documents, DOC:LINE. In a file of JSON Lines a bare
    /// number names a record.
    #[command(
        after_help = "Examples:\n  ghirbal explain seeds 003:11\n  ghirbal explain article.txt 7\n  ghirbal explain cleaned 002:9"
    )]
    Explain {
        /// A corpus, or a folder that `clean` or `dedup` wrote
        path: PathBuf,
        /// LINE, DOC:LINE, or the number of a record
        line: String,
        #[command(flatten)]
        everything: Everything,
    },
    /// Test a list of phrases of your own, or show the built-in ones
    Phrases {
        #[command(subcommand)]
        command: phrases::Command,
    },
}

/// Examples of each sort that a report shows.
const TOP: usize = 5;
/// Hosts, and lines of each, that a report of hosts shows.
const HOSTS_TOP: usize = 10;
/// Lines of a host that was asked for alone.
const ONE_HOST_TOP: usize = 50;

/// Where to write, and when not to.
#[derive(clap::Args, Debug)]
struct Output {
    /// The folder to write to; it must not exist or be empty, and appears whole or not at all
    #[arg(short, long, value_name = "DIR", required_unless_present = "dry_run", help_heading = "Output")]
    output: Option<PathBuf>,
    /// Do everything but write
    #[arg(long, help_heading = "Output")]
    dry_run: bool,
    /// Stop, and write nothing, when more than this share of the text would go
    #[arg(long, value_name = "SHARE", default_value_t = REMOVED_MAX, help_heading = "Output")]
    max_removed: f64,
}

impl Output {
    /// Refuses what would be refused in the end, before anything is read.
    fn check(&self, inputs: &[PathBuf]) -> Result<()> {
        if !(0.0..=1.0).contains(&self.max_removed) {
            return Err(Error::usage(format!("--max-removed is {}", self.max_removed))
                .hint("--max-removed is a share from 0 to 1; 1 sets no ceiling"));
        }
        self.output.as_deref().map_or(Ok(()), |dir| check_target(dir, inputs))
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Text,
    Json,
    Jsonl,
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let done = interrupt::listen().and_then(|()| run(Cli::parse()));
    if done.is_err() {
        interrupt::yield_to();
    }
    match done {
        Ok(code) => code,
        // The reader has seen enough (`| head`): no error.
        Err(e) if e.is_broken_pipe() => ExitCode::from(exit::DONE),
        Err(e) => {
            anstream::eprintln!("{}error:{} {e}", anstyle::AnsiColor::Red.on_default().bold(), anstyle::Reset);
            ExitCode::from(if e.is_ceiling() { exit::CEILING } else { exit::FAILED })
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode> {
    match cli.command {
        Command::Report { paths, everything, format, hosts: None, top, html: Some(file) } => {
            let params = everything.params()?;
            report_page(&paths.paths, params, format, top.unwrap_or(TOP), &file)
        }
        Command::Report { paths, everything, format, hosts: None, top, html: None } => {
            let run = Run::new(&paths.paths, everything.params()?, Stages::ALL)?;
            let run = everything.resources().bound(run, None)?;
            let summary = match format {
                Format::Text => {
                    let (summary, samples) = run.report(top.unwrap_or(TOP))?;
                    print(&terminal::render(&summary, &samples))?;
                    summary
                }
                Format::Json => {
                    let (summary, _) = run.report(0)?;
                    print_json(&summary)?;
                    summary
                }
                Format::Jsonl => run.rows(&mut io::BufWriter::new(io::stdout().lock()))?,
            };
            Ok(exit::finished(summary.skipped))
        }
        Command::Report { paths, everything, format, hosts: Some(host), top, .. } => {
            let run = Run::new(&paths.paths, everything.params()?, Stages::ALL)?;
            report_hosts(&run, Some(host.as_str()).filter(|host| !host.is_empty()), format, top)
        }
        Command::Dedup { paths, compare, output } => {
            output.check(&paths.paths)?;
            let run = Run::new(&paths.paths, compare.params()?, Stages::DOCUMENTS)?;
            write(compare.resources().bound(run, output.output.as_deref())?, &output)
        }
        Command::Clean { paths, everything, output } => {
            output.check(&paths.paths)?;
            let run = Run::new(&paths.paths, everything.params()?, Stages::ALL)?;
            write(everything.resources().bound(run, output.output.as_deref())?, &output)
        }
        Command::Restore { dir, output } => {
            let restored = restore(&dir, &output)?;
            print(&format!(
                "restored {} with {} put back, to {}\n",
                terminal::count(restored.sources, "file"),
                terminal::count(restored.entries, "piece"),
                output.display(),
            ))?;
            Ok(ExitCode::from(exit::DONE))
        }
        Command::Explain { path, line, everything } => explain::run(&path, &line, |paths, fields| {
            let mut params = everything.params()?;
            params.fields = fields.unwrap_or(params.fields);
            everything.resources().bound(Run::new(paths, params, Stages::ALL)?, None)
        }),
        Command::Phrases { command } => phrases::run(command),
    }
}

/// The report, and a page of it in `file`.
fn report_page(paths: &[PathBuf], params: Params, format: Format, top: usize, file: &Path) -> Result<ExitCode> {
    if matches!(format, Format::Jsonl) {
        return Err(Error::usage("--html and --format jsonl are two reports")
            .hint("run them one after the other, or use --format text or json"));
    }
    // A file that cannot be written is refused now, not after hours.
    check_target(file, paths).map_err(|e| e.hint("name a file that does not exist, outside the input, with --html"))?;
    let page = html::NewFile::create(file)?;
    let (summary, mut samples, gathered) = Run::new(paths, params, Stages::ALL)?.page(top)?;
    page.commit(html::render(&summary, &samples, &gathered).as_bytes())?;
    match format {
        Format::Json => print_json(&summary)?,
        Format::Text | Format::Jsonl => {
            samples.cut(top);
            print(&terminal::render(&summary, &samples))?;
        }
    }
    Ok(exit::finished(summary.skipped))
}

/// What the hosts of a corpus repeat, or one of them.
fn report_hosts(run: &Run, host: Option<&str>, format: Format, top: Option<usize>) -> Result<ExitCode> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let failed = |e| Error::io("write to", Path::new("standard output"), e);
    let found = run.hosts(host, &mut |skipped| {
        if !matches!(format, Format::Jsonl) {
            return Ok(());
        }
        let mut row = Vec::new();
        Row::Skipped(SkippedRow { source: skipped.source, line: skipped.line, why: skipped.why }).write(&mut row);
        out.write_all(&row).map_err(failed)
    })?;
    match format {
        Format::Text => {
            let lines = top.unwrap_or(if host.is_some() { ONE_HOST_TOP } else { HOSTS_TOP });
            print(&hosts::render(&found, top.unwrap_or(HOSTS_TOP), lines))?;
        }
        Format::Json => print_json(&found.summary)?,
        Format::Jsonl => hosts::rows(&found, &mut out).and_then(|()| out.flush()).map_err(failed)?,
    }
    Ok(exit::finished(found.summary.skipped))
}

fn write(run: Run, output: &Output) -> Result<ExitCode> {
    let (summary, written) = match &output.output {
        Some(dir) if !output.dry_run => (run.clean(dir, output.max_removed)?, Some(dir.as_path())),
        _ => {
            let (summary, _) = run.report(0)?;
            run.check_ceiling(&summary, output.max_removed)?;
            (summary, None)
        }
    };
    print(&outcome(&summary, written))?;
    Ok(exit::finished(summary.skipped))
}

/// What a writing command says when it is done; `written` is nothing after a dry run.
fn outcome(s: &Summary, written: Option<&Path>) -> String {
    let (going, passing) = match written {
        Some(_) => ("taken out", "they passed through unchanged and are listed in findings.jsonl"),
        None => ("to take out", "they would pass through unchanged; `report --format jsonl` lists them"),
    };
    let mut out = format!(
        "{} read, {} removed as duplicates; {:.1} % of the text {going} ({}, {} of it to metadata)\n",
        terminal::count(s.documents, "document"),
        s.documents_removed,
        s.share_removed() * 100.0,
        terminal::size(s.bytes_removed),
        terminal::size(s.bytes_to_metadata),
    );
    out += &match written {
        Some(dir) => format!("written to {}\n", dir.display()),
        None => "nothing was written (--dry-run)\n".to_owned(),
    };
    if s.skipped > 0 {
        out += &format!("{} could not be read; {passing}\n", terminal::count(s.skipped, "record"));
    }
    if s.sources_ignored > 0 {
        out += &format!("{} of no known format not read\n", terminal::count(s.sources_ignored, "file"));
    }
    if s.sources_hidden > 0 {
        out += &format!("{} not read\n", terminal::count(s.sources_hidden, "hidden file or folder"));
    }
    for note in &s.notes {
        out += &format!("note: {note}\n");
    }
    for (limit, n) in &s.limits_reached {
        out += &format!("limit: {limit}: {n}\n");
    }
    out
}

fn print_json(value: &impl serde::Serialize) -> Result<()> {
    print(&(serde_json::to_string_pretty(value).unwrap_or_default() + "\n"))
}

/// Prints to standard output, with colours where they belong.
fn print(text: &str) -> Result<()> {
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|e| Error::io("write to", Path::new("standard output"), e))
}
