//! The lines each host repeats over its pages: its template, as far as it can be seen from outside.
//!
//! [`Hosts`] -> rows for programs (`host`, `host_line`, `hosts_summary`), a table for each host for
//! people. Hosts stand the largest first, their lines the most repeated first.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use anstyle::Style;
use serde::Serialize;

use crate::decide::round;
use crate::label::{Action, Label};
use crate::report::Excerpt;
use crate::report::rows::FORMAT_VERSION;
use crate::report::terminal::{
    COLUMNS_MAX, COLUMNS_MIN, FAINT, FLAGGED, HEADING, count, grouped, isolate, prose, quoted, style,
};

/// Columns of the table besides a line's text.
const TABLE_COLUMNS: usize = 60;
/// Columns of that in a terminal too narrow for both.
const LINE_COLUMNS_MIN: usize = 20;

/// What the hosts of a corpus repeat.
#[derive(Clone, Debug, PartialEq)]
pub struct Hosts {
    /// The hosts, the largest first; the documents that name none come last.
    pub hosts: Vec<Host>,
    /// The counts of the run.
    pub summary: HostsSummary,
}

/// The counts of a report of hosts.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct HostsSummary {
    /// The version of the machine-readable output.
    pub format_version: u32,
    /// The version of ghirbal.
    pub ghirbal: &'static str,
    /// Documents read.
    pub documents: u64,
    /// Different hosts they name.
    pub hosts: u64,
    /// Documents that name no host.
    pub documents_without_host: u64,
    /// Recurring lines of all hosts.
    pub lines: u64,
    /// The smallest number of a host's documents on which a line counts as recurring; one of ten
    /// words and more needs `documents_prose_min`.
    pub documents_min: u64,
    /// The same for long lines.
    pub documents_prose_min: u64,
    /// Records and sources that could not be read.
    pub skipped: u64,
    /// Places where a declared limit cut the search short, by name.
    pub limits_reached: BTreeMap<&'static str, u64>,
    /// What a reader should know.
    pub notes: Vec<String>,
    /// The digest of all parameters.
    pub params_digest: String,
}

impl HostsSummary {
    /// Nothing counted yet.
    pub fn new(params_digest: String) -> Self {
        Self { format_version: FORMAT_VERSION, ghirbal: env!("CARGO_PKG_VERSION"), params_digest, ..Self::default() }
    }
}

/// One host.
#[derive(Clone, Debug, PartialEq)]
pub struct Host {
    /// Its name; none for the documents that name no host.
    pub name: Option<String>,
    /// Its documents.
    pub documents: u64,
    /// Its recurring lines, the most repeated first.
    pub lines: Vec<HostLine>,
}

/// One recurring line.
#[derive(Clone, Debug, PartialEq)]
pub struct HostLine {
    /// Its plainest spelling, numbers written `#` when it is masked.
    pub text: String,
    /// Whether lines are counted together that differ in numbers alone.
    pub masked: bool,
    /// Documents of the host it stands in.
    pub documents: u64,
    /// Of them, those where it stands before the article, inside it, after it.
    pub positions: [u64; 3],
    /// What the classifier most often makes of it, what becomes of it then, and in how many of the
    /// documents; none where it mostly takes it for the article's.
    pub label: Option<(Label, Action, u64)>,
}

/// Where in its documents a line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Position {
    /// Before the article.
    Head,
    /// Between its first and its last line.
    Inside,
    /// After it.
    Tail,
}

impl Position {
    /// All of them, as [`HostLine::positions`] counts them.
    pub const ALL: [Position; 3] = [Position::Head, Position::Inside, Position::Tail];

    /// The commonest of counted positions; of equally common ones the first.
    pub fn most(positions: &[u64; 3]) -> Position {
        Self::ALL.into_iter().rev().max_by_key(|&p| positions[p as usize]).unwrap_or(Position::Head)
    }

    fn name(self) -> &'static str {
        match self {
            Position::Head => "head",
            Position::Inside => "inside",
            Position::Tail => "tail",
        }
    }
}

impl HostLine {
    /// Where it mostly stands, and in which share of its documents it stands there.
    pub fn position(&self) -> (Position, f64) {
        let position = Position::most(&self.positions);
        (position, self.positions[position as usize] as f64 / self.documents.max(1) as f64)
    }
}

// ---------------------------------------------------------------- rows

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Row<'a> {
    Host {
        host: Option<&'a str>,
        documents: u64,
        lines: usize,
    },
    HostLine {
        host: Option<&'a str>,
        text: &'a str,
        masked: bool,
        documents: u64,
        share: f64,
        position: Position,
        stability: f64,
        label: Option<Label>,
        action: Option<Action>,
        labelled: u64,
    },
    HostsSummary(&'a HostsSummary),
}

/// Writes every host with its lines and the summary, one JSON object a line.
///
/// # Errors
/// When `out` fails.
pub fn rows(hosts: &Hosts, out: &mut dyn std::io::Write) -> std::io::Result<()> {
    let mut write = |row: Row| {
        let mut line = serde_json::to_vec(&row)?;
        line.push(b'\n');
        out.write_all(&line)
    };
    for host in &hosts.hosts {
        let name = host.name.as_deref();
        write(Row::Host { host: name, documents: host.documents, lines: host.lines.len() })?;
        for line in &host.lines {
            let (position, stability) = line.position();
            write(Row::HostLine {
                host: name,
                text: &line.text,
                masked: line.masked,
                documents: line.documents,
                share: round(line.documents as f64 / host.documents.max(1) as f64),
                position,
                stability: round(stability),
                label: line.label.map(|(label, ..)| label),
                action: line.label.map(|(_, action, _)| action),
                labelled: line.label.map_or(0, |(.., n)| n),
            })?;
        }
    }
    write(Row::HostsSummary(&hosts.summary))
}

// ---------------------------------------------------------------- tables

/// At most `top_hosts` hosts with at most `top_lines` lines each, in so many columns.
pub fn render(hosts: &Hosts, top_hosts: usize, top_lines: usize, columns: usize) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = try_render(&mut out, hosts, top_hosts, top_lines, columns.clamp(COLUMNS_MIN, COLUMNS_MAX));
    out
}

fn try_render(out: &mut String, all: &Hosts, top_hosts: usize, top_lines: usize, columns: usize) -> fmt::Result {
    let s = &all.summary;
    write!(out, "{HEADING}{}{HEADING:#}", count(s.documents, "document"))?;
    match (s.hosts, s.documents_without_host) {
        (0, _) => write!(out, " of no host")?,
        (hosts, 0) => write!(out, " of {}", count(hosts, "host"))?,
        (hosts, none) => write!(out, " of {}, {} of no host", count(hosts, "host"), grouped(none))?,
    }
    if s.skipped > 0 {
        write!(out, " · {FLAGGED}{} skipped{FLAGGED:#}", count(s.skipped, "record"))?;
    }
    writeln!(
        out,
        "\n{}, each on at least {} of its host's documents, long lines on {}",
        count(s.lines, "recurring line"),
        s.documents_min,
        s.documents_prose_min,
    )?;
    for host in all.hosts.iter().take(top_hosts) {
        table(out, host, top_lines, columns)?;
    }
    let hidden = all.hosts.get(top_hosts..).unwrap_or_default();
    let named = hidden.iter().filter(|host| host.name.is_some()).count() as u64;
    let what = match (named, hidden.len() as u64 - named) {
        (0, 0) => String::new(),
        (0, _) => "and the documents of no host".into(),
        (hosts, 0) => format!("and {}", count(hosts, "smaller host")),
        (hosts, _) => format!("and {}, and the documents of no host", count(hosts, "smaller host")),
    };
    if !what.is_empty() {
        writeln!(out, "\n{FAINT}{what}; --top shows more, --hosts=HOST one, --format jsonl all{FAINT:#}")?;
    }
    for note in &s.notes {
        writeln!(out)?;
        prose(out, Style::new(), 0, columns, &format!("{FLAGGED}note{FLAGGED:#} {note}"))?;
    }
    for (limit, n) in &s.limits_reached {
        writeln!(out, "\n{FLAGGED}limit{FLAGGED:#} {limit}: {}", grouped(*n))?;
    }
    Ok(())
}

fn table(out: &mut String, host: &Host, top: usize, columns: usize) -> fmt::Result {
    let name = host.name.as_deref().map_or_else(|| "documents of no host".to_owned(), isolate);
    let lines = match host.lines.len() as u64 {
        0 => "no line recurs".to_owned(),
        n => count(n, "recurring line"),
    };
    writeln!(out, "\n{HEADING}{name}{HEADING:#}  {} · {lines}", count(host.documents, "document"))?;
    if host.lines.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "  {FAINT}{:>9} {:>6}  {:<11} {:<17} {:<8}  line{FAINT:#}",
        "documents", "share", "position", "class", "becomes"
    )?;
    for line in host.lines.iter().take(top) {
        let (position, stability) = line.position();
        let (label, action) = line.label.map_or(("-", Action::Keep), |(label, action, _)| (label.name(), action));
        let style = style(action);
        writeln!(
            out,
            "  {:>9} {:>6}  {:<6} {:>4} {label:<17} {style}{:<8}{style:#}  {}",
            grouped(line.documents),
            percent(line.documents as f64 / host.documents.max(1) as f64),
            position.name(),
            percent(stability),
            action.name(),
            quoted(Excerpt::new(&line.text).as_str(), columns.saturating_sub(TABLE_COLUMNS).max(LINE_COLUMNS_MIN)),
        )?;
    }
    if host.lines.len() > top {
        writeln!(out, "  {FAINT}and {} more{FAINT:#}", grouped((host.lines.len() - top) as u64))?;
    }
    Ok(())
}

/// Whole per cent, never 100 where something is missing.
fn percent(share: f64) -> String {
    match (share * 100.0).floor() {
        whole if whole < 1.0 => "<1%".into(),
        whole => format!("{whole:.0}%"),
    }
}
