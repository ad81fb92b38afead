//! The command line: options in, text and exit codes out. It decides nothing.

pub mod exit;
pub mod explain;
mod generate;
mod interrupt;
pub mod options;
mod phrases;
mod progress;
mod resources;
mod resume;
mod settings;
mod tune;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::error::{Error, Result};
use crate::pipeline::{Run, Stages};
use crate::report::rows::{Row, SkippedRow};
use crate::report::{Summary, harmless, hosts, html, terminal};
use crate::resources::parse_size;
use crate::write::{check_target, restore};
use options::{Ceiling, Compare, Everything, Paths};
use progress::{Progress, Telling};
use resources::ResourceOptions;
use settings::{Origin, Settings, SettingsOptions};

/// Finds repeated text, filler and stray headlines in text corpora, in any language, Arabic first
#[derive(Parser, Debug)]
#[command(name = "ghirbal", version, about, max_term_width = 100, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    telling: Telling,
    #[command(flatten)]
    settings: SettingsOptions,
}

const EXIT_CODES: &str =
    "Exit codes: 0 done, 1 failed, 2 done with skipped records (or wrong usage), 3 stopped by a ceiling";

#[derive(Subcommand, Debug)]
enum Command {
    /// Show what is repeated, what is filler and what is stray; change nothing
    #[command(after_long_help = REPORT_EXAMPLES)]
    Report {
        #[command(flatten)]
        paths: Paths,
        #[command(flatten)]
        everything: Everything,
        #[command(flatten)]
        resources: ResourceOptions,
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
        /// Compare a sample of documents with all others, and say what the search for duplicates missed
        /// [N: 2000]
        #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "2000", conflicts_with = "hosts")]
        audit: Option<usize>,
    },
    /// Write the corpus without duplicate documents
    #[command(after_long_help = DEDUP_EXAMPLES)]
    Dedup {
        #[command(flatten)]
        paths: Paths,
        #[command(flatten)]
        compare: Compare,
        #[command(flatten)]
        resources: ResourceOptions,
        #[command(flatten)]
        output: Output,
    },
    /// Write the corpus without duplicate documents, filler and stray headlines
    #[command(after_long_help = CLEAN_EXAMPLES)]
    Clean {
        #[command(flatten)]
        paths: Paths,
        #[command(flatten)]
        everything: Everything,
        #[command(flatten)]
        resources: ResourceOptions,
        #[command(flatten)]
        output: Output,
    },
    /// Put everything back that `clean` or `dedup` took out, byte for byte
    #[command(after_long_help = "Examples:\n  ghirbal restore cleaned -o originals")]
    Restore {
        /// The folder that `clean` or `dedup` wrote
        dir: PathBuf,
        /// The folder to write the originals to; it must not exist or be empty
        #[arg(short, long, value_name = "DIR")]
        output: PathBuf,
    },
    /// Go on with a `clean` or `dedup` that was interrupted, killed, or ran out of disk
    ///
    /// Does what the same command again would do: what was made durable is not done again, and the
    /// output is the same, byte for byte.
    Resume {
        /// The folder that was to be written, as it was given with -o
        dir: PathBuf,
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
        #[arg(value_name = "DOC:LINE")]
        line: String,
        #[command(flatten)]
        everything: Everything,
        #[command(flatten)]
        resources: ResourceOptions,
    },
    /// Say how many bands and rows a similarity and a miss rate come to, and what that costs
    #[command(after_help = "Examples:\n  ghirbal tune --similar 0.7 --miss 0.01\n  ghirbal tune crawl.jsonl.zst")]
    Tune {
        /// A corpus to say the cost for
        #[arg(value_name = "PATH")]
        paths: Vec<PathBuf>,
        #[command(flatten)]
        compare: Compare,
        #[command(flatten)]
        resources: ResourceOptions,
    },
    /// Test a list of phrases of your own, or show the built-in ones
    Phrases {
        #[command(subcommand)]
        command: phrases::Command,
    },
    /// Write a ghirbal.toml with every setting, none in force
    Init {
        /// The folder to write it to
        #[arg(default_value = ".")]
        dir: PathBuf,
    },
    /// Print the settings in force, and where each comes from
    Config {
        #[command(flatten)]
        everything: Everything,
        #[command(flatten)]
        resources: ResourceOptions,
        #[command(flatten)]
        ceiling: Ceiling,
        #[command(flatten)]
        durable: Durable,
    },
    /// Print what a shell needs to complete commands and options
    #[command(after_help = COMPLETIONS)]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write one for each command into a folder
    Man {
        /// The folder
        dir: Option<PathBuf>,
    },
}

const REPORT_EXAMPLES: &str = "Examples:
  ghirbal report crawl/                                one screen: what would go, and why
  ghirbal report crawl/ --html report.html             all of it, in a browser
  ghirbal report crawl/ --hosts                        each site's template
  ghirbal report 'crawl/*.jsonl.gz' --format jsonl     every finding, for a program
  ghirbal report crawl/ --scope corpus --top 20        passages that stand in two documents
  ghirbal report crawl/ --similar 0.7 --audit          is anything missed at that threshold?";

const DEDUP_EXAMPLES: &str = "Examples:
  ghirbal dedup crawl.jsonl.zst -o deduped
  ghirbal dedup crawl/ --similar 0.7 --keep latest:date -o deduped
  ghirbal dedup crawl/ --dry-run                       what would go, without writing";

const CLEAN_EXAMPLES: &str = "Examples:
  ghirbal clean crawl/ -o cleaned
  ghirbal clean crawl/ --level careful --keep-label promo -o cleaned
  ghirbal clean crawl/ --remove repeat,contained --phrases mine.txt -o cleaned
  ghirbal clean crawl/ --dry-run                       what would go, without writing";

const COMPLETIONS: &str = "Examples:
  ghirbal completions bash > ~/.local/share/bash-completion/completions/ghirbal
  ghirbal completions zsh > ~/.zfunc/_ghirbal
  ghirbal completions fish > ~/.config/fish/completions/ghirbal.fish
  ghirbal completions powershell >> $PROFILE";

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
    #[command(flatten)]
    ceiling: Ceiling,
    #[command(flatten)]
    durable: Durable,
}

/// How often to make durable what is done.
#[derive(clap::Args, Debug)]
struct Durable {
    /// Make what is done durable after so much text, so that `resume` can go on from there [default: 1G]
    #[arg(long, hide_short_help = true, value_name = "SIZE", value_parser = parse_size, help_heading = "Output")]
    checkpoint: Option<u64>,
}

impl Output {
    /// Refuses what would be refused in the end, before anything is read.
    fn check(&self, inputs: &[PathBuf]) -> Result<()> {
        self.ceiling.check()?;
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
    let (cli, typed, settings) = match read(std::env::args_os().collect()) {
        Ok(read) => read,
        Err(e) => return failed(&e, false),
    };
    let progress = Arc::new(Progress::new(&cli.telling, cli.command.streams()));
    if let Some(path) = &settings.path {
        tracing::info!(path = %path.display(), "settings");
    }
    let json = progress.logs_json();
    let done = interrupt::listen(progress.line()).and_then(|()| run(cli, &typed, &settings, &progress));
    progress.clear();
    if done.is_err() {
        interrupt::yield_to();
    }
    match done {
        Ok(code) => code,
        // The reader has seen enough (`| head`): no error.
        Err(e) if e.is_broken_pipe() => ExitCode::from(exit::DONE),
        Err(e) => failed(&blamed(e, &settings), json),
    }
}

/// What was typed, with the settings of a file behind it. Wrong usage ends the process here.
fn read(words: Vec<OsString>) -> Result<(Cli, ArgMatches, Settings)> {
    let typed = Cli::command().get_matches_from(&words);
    let settings = Settings::find(&Cli::command(), &typed)?;
    let typed = settings.applied(Cli::command()).get_matches_from(&words);
    let cli = Cli::from_arg_matches(&typed).unwrap_or_else(|e| e.exit());
    Ok((cli, typed, settings))
}

/// Says why a run failed.
fn failed(e: &Error, json: bool) -> ExitCode {
    // Names of files and fields are other people's.
    let said = harmless(&e.to_string());
    if json {
        tracing::error!("{said}");
    } else {
        anstream::eprintln!("{}error:{} {said}", anstyle::AnsiColor::Red.on_default().bold(), anstyle::Reset);
    }
    ExitCode::from(if e.is_ceiling() { exit::CEILING } else { exit::FAILED })
}

/// The same error with the line of the settings it comes from, if it does.
fn blamed(e: Error, settings: &Settings) -> Error {
    settings.blame(e, |one| {
        let typed = one.applied(Cli::command()).try_get_matches_from(["ghirbal", "config"]);
        match typed.and_then(|typed| Cli::from_arg_matches(&typed)).map(|cli| cli.command) {
            Ok(Command::Config { everything, ceiling, .. }) => everything.params().and_then(|_| ceiling.check()),
            _ => Ok(()),
        }
    })
}

impl Command {
    /// Whether findings stream to a terminal while they are found.
    fn streams(&self) -> bool {
        matches!(self, Command::Report { format: Format::Jsonl, .. }) && io::stdout().is_terminal()
    }
}

fn run(cli: Cli, typed: &ArgMatches, settings: &Settings, progress: &Arc<Progress>) -> Result<ExitCode> {
    let start = |paths: &[PathBuf], params, stages| -> Result<Run> {
        let run = Run::new(paths, params, stages)?;
        if !progress.listens() {
            return Ok(run);
        }
        let hearing = Arc::clone(progress);
        Ok(run.watched(move |event| hearing.hear(event)))
    };
    match cli.command {
        Command::Report { paths, everything, resources, format, hosts, top, html, audit } => {
            resources.start()?;
            let run = start(&paths.paths, everything.params()?, Stages::ALL)?;
            let run = audit.into_iter().fold(run, Run::audited);
            match (hosts, html) {
                (Some(host), _) => {
                    report_hosts(&run, Some(host.as_str()).filter(|host| !host.is_empty()), format, top, progress)
                }
                (None, Some(file)) => {
                    let page = new_page(&paths.paths, format, &file)?;
                    let run = resources.bound(run, Some(&file), progress)?;
                    report_page(&run, (page, &file), format, top.unwrap_or(TOP), progress)
                }
                (None, None) => {
                    let run = resources.bound(run, None, progress)?;
                    report(&run, format, top.unwrap_or(TOP), progress)
                }
            }
        }
        Command::Dedup { paths, compare, resources, output } => {
            output.check(&paths.paths)?;
            resources.start()?;
            let run = start(&paths.paths, compare.params()?, Stages::DOCUMENTS)?;
            write(resources.bound(run, output.output.as_deref(), progress)?, &output, progress)
        }
        Command::Clean { paths, everything, resources, output } => {
            output.check(&paths.paths)?;
            resources.start()?;
            let run = start(&paths.paths, everything.params()?, Stages::ALL)?;
            write(resources.bound(run, output.output.as_deref(), progress)?, &output, progress)
        }
        Command::Restore { dir, output } => {
            progress.says("putting back");
            let restored = restore(&dir, &output)?;
            told(
                progress,
                &format!(
                    "restored {} with {} put back, to {}\n",
                    terminal::count(restored.sources, "file"),
                    terminal::count(restored.entries, "piece"),
                    output.display(),
                ),
            )?;
            Ok(ExitCode::from(exit::DONE))
        }
        Command::Resume { dir } => {
            let (cli, typed, settings) = read(resume::words(&dir)?)?;
            match cli.command {
                Command::Clean { .. } | Command::Dedup { .. } => run(cli, &typed, &settings, progress),
                _ => Err(Error::artefact("the unfinished run is no `clean` or `dedup`:").at(&dir)),
            }
        }
        Command::Explain { path, line, everything, resources } => {
            resources.start()?;
            let text = explain::explain(&path, &line, |paths, fields| {
                let mut params = everything.params()?;
                params.fields = fields.unwrap_or(params.fields);
                resources.bound(start(paths, params, Stages::ALL)?, None, progress)
            })?;
            progress.clear();
            print(&text)?;
            Ok(ExitCode::from(exit::DONE))
        }
        Command::Tune { paths, compare, resources } => {
            resources.start()?;
            let params = compare.params()?;
            let corpus = match &paths[..] {
                [] => None,
                paths => {
                    let run = start(paths, params.clone(), Stages::DOCUMENTS)?;
                    Some(resources.bound(run, None, progress)?.size()?)
                }
            };
            progress.clear();
            tune::run(&params, corpus)
        }
        Command::Phrases { command } => phrases::run(command),
        Command::Init { dir } => init(&dir, progress),
        Command::Config { everything, ceiling, .. } => {
            everything.params()?;
            ceiling.check()?;
            print(&in_force(typed, settings))?;
            Ok(ExitCode::from(exit::DONE))
        }
        Command::Completions { shell } => generate::completions(shell, Cli::command()),
        Command::Man { dir } => generate::man(dir.as_deref(), Cli::command()),
    }
}

/// Writes a file of settings.
fn init(dir: &Path, progress: &Progress) -> Result<ExitCode> {
    let path = dir.join(settings::NAME);
    let new = std::fs::OpenOptions::new().write(true).create_new(true).open(&path);
    new.and_then(|mut file| file.write_all(settings::template(&Cli::command()).as_bytes())).map_err(|e| {
        if e.kind() == io::ErrorKind::AlreadyExists {
            return Error::usage("there are settings already:")
                .at(&path)
                .hint("edit them, or take the file away first");
        }
        Error::io("write the settings to", &path, e).hint("name a folder one can write to")
    })?;
    told(progress, &format!("wrote {}; `ghirbal config` prints what is in force\n", path.display()))?;
    Ok(ExitCode::from(exit::DONE))
}

/// The settings as TOML, each with where it comes from.
fn in_force(typed: &ArgMatches, settings: &Settings) -> String {
    let Some((_, typed)) = typed.subcommand() else { return String::new() };
    let command = settings.applied(Cli::command());
    let Some(config) = command.find_subcommand("config") else { return String::new() };
    let mut out = String::new();
    let mut heading = None;
    for arg in settings::settings(&command).filter(|arg| config.get_arguments().any(|a| a.get_id() == arg.get_id())) {
        if arg.get_help_heading() != heading {
            heading = arg.get_help_heading();
            out += &format!("{}# {}\n", if out.is_empty() { "" } else { "\n" }, heading.unwrap_or_default());
        }
        let name = arg.get_long().unwrap_or_default();
        let values: Vec<OsString> =
            typed.get_raw(arg.get_id().as_str()).into_iter().flatten().map(OsString::from).collect();
        let line = match values.is_empty() {
            true => format!("#{name} ="),
            false => format!("{name} = {}", settings::written(arg, &values)),
        };
        let origin = match settings.origin(arg, typed) {
            Origin::CommandLine => "command line".to_owned(),
            Origin::File(path, line) => format!("{} line {line}", path.display()),
            Origin::Default => "default".to_owned(),
        };
        out += &format!("{line:<44} # {origin}\n");
    }
    out
}

/// The report to standard output.
fn report(run: &Run, format: Format, top: usize, progress: &Progress) -> Result<ExitCode> {
    let summary = match format {
        Format::Text => {
            let (summary, samples) = run.report(top)?;
            progress.clear();
            print(&terminal::render(&summary, &samples, columns()))?;
            summary
        }
        Format::Json => {
            let (summary, _) = run.report(0)?;
            progress.clear();
            print_json(&summary)?;
            summary
        }
        Format::Jsonl => run.rows(&mut io::BufWriter::new(io::stdout().lock()))?,
    };
    Ok(exit::finished(summary.skipped))
}

/// The file for the page of a report. One that cannot be written is refused now, not after hours.
fn new_page(paths: &[PathBuf], format: Format, file: &Path) -> Result<html::NewFile> {
    if matches!(format, Format::Jsonl) {
        return Err(Error::usage("--html and --format jsonl are two reports")
            .hint("run them one after the other, or use --format text or json"));
    }
    check_target(file, paths).map_err(|e| e.hint("name a file that does not exist, outside the input, with --html"))?;
    html::NewFile::create(file)
}

/// The report, and a page of it.
fn report_page(
    run: &Run,
    (page, file): (html::NewFile, &Path),
    format: Format,
    top: usize,
    progress: &Progress,
) -> Result<ExitCode> {
    let (summary, mut samples, gathered) = run.page(top)?;
    page.commit(html::render(&summary, &samples, &gathered).as_bytes())?;
    progress.clear();
    match format {
        Format::Json => print_json(&summary)?,
        Format::Text | Format::Jsonl => {
            samples.cut(top);
            print(&terminal::render(&summary, &samples, columns()))?;
            told(progress, &format!("\nwritten to {}, for any browser\n", file.display()))?;
        }
    }
    Ok(exit::finished(summary.skipped))
}

/// What the hosts of a corpus repeat, or one of them.
fn report_hosts(
    run: &Run,
    host: Option<&str>,
    format: Format,
    top: Option<usize>,
    progress: &Progress,
) -> Result<ExitCode> {
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
    progress.clear();
    match format {
        Format::Text => {
            let lines = top.unwrap_or(if host.is_some() { ONE_HOST_TOP } else { HOSTS_TOP });
            print(&hosts::render(&found, top.unwrap_or(HOSTS_TOP), lines, columns()))?;
        }
        Format::Json => print_json(&found.summary)?,
        Format::Jsonl => hosts::rows(&found, &mut out).and_then(|()| out.flush()).map_err(failed)?,
    }
    Ok(exit::finished(found.summary.skipped))
}

fn write(run: Run, output: &Output, progress: &Progress) -> Result<ExitCode> {
    let (summary, written) = match &output.output {
        Some(dir) if !output.dry_run => {
            let run = run.with_durable_points(resume::durable_points(output.durable.checkpoint));
            (run.clean(dir, output.ceiling.max_removed)?, Some(dir.as_path()))
        }
        _ => {
            let (summary, _) = run.report(0)?;
            run.check_ceiling(&summary, output.ceiling.max_removed)?;
            (summary, None)
        }
    };
    told(progress, &outcome(&summary, written))?;
    Ok(exit::finished(summary.skipped))
}

/// What a writing command says when it is done; `written` is nothing after a dry run.
fn outcome(s: &Summary, written: Option<&Path>) -> String {
    let (going, passing) = match written {
        Some(_) => ("taken out", "passed through unchanged, listed in findings.jsonl"),
        None => ("to take out", "would pass through unchanged; `report --format jsonl` lists such"),
    };
    let mut out = format!(
        "{} read, {} removed as duplicates; {:.1} % of the text {going} ({}, {} of it to metadata)\n",
        terminal::count(s.documents, "document"),
        terminal::grouped(s.documents_removed),
        s.share_removed() * 100.0,
        terminal::size(s.bytes_removed),
        terminal::size(s.bytes_to_metadata),
    );
    out += &match written {
        Some(dir) => {
            let name = dir.display().to_string();
            format!("written to {name}; `ghirbal restore {} -o DIR` puts everything back\n", for_a_shell(&name))
        }
        None => "nothing was written (--dry-run)\n".to_owned(),
    };
    if s.skipped > 0 {
        out += &format!("{} could not be read: {passing}\n", terminal::count(s.skipped, "record"));
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
        out += &format!("limit: {limit}: {}\n", terminal::grouped(*n));
    }
    out
}

/// A name as it is typed in a shell.
fn for_a_shell(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_alphanumeric() || "/._-:".contains(c));
    if plain { name.to_owned() } else { format!("'{}'", name.replace('\'', "'\\''")) }
}

/// Prints what a command says when it is done, unless it is to be quiet.
fn told(progress: &Progress, text: &str) -> Result<()> {
    progress.clear();
    if progress.is_quiet() { Ok(()) } else { print(text) }
}

fn print_json(value: &impl serde::Serialize) -> Result<()> {
    print(&(serde_json::to_string_pretty(value).unwrap_or_default() + "\n"))
}

/// Columns of a report: those of the terminal, where standard output is one.
fn columns() -> usize {
    let size = io::stdout().is_terminal().then(terminal_size::terminal_size).flatten();
    size.map_or(terminal::COLUMNS_MAX, |(width, _)| width.0.into())
}

/// Prints to standard output, with colours where they belong.
fn print(text: &str) -> Result<()> {
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|e| Error::io("write to", Path::new("standard output"), e))
}
