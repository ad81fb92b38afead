//! `ghirbal phrases`: tests a list of phrases before it is used, and shows the built-in ones.

use std::fmt::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use clap::Subcommand;

use crate::classify::{CheckedPhrase, CheckedPhrases, builtin_phrases};
use crate::cli::{exit, print};
use crate::error::{Error, Result};
use crate::params::PhraseList;
use crate::report::terminal::{self, count};

/// What to do with phrases.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Test a list of your own: every line that cannot be read, every `+` and `-` line's outcome
    #[command(after_help = LANGUAGE)]
    Check {
        /// The list, as `report --phrases` and `clean --phrases` take it
        file: PathBuf,
    },
    /// Show the built-in phrases: label, kind, origin and words
    List {
        /// One language only
        #[arg(long, value_name = "LANG")]
        lang: Option<String>,
    },
}

const LANGUAGE: &str = "A list has four kinds of lines:
  # a remark
  @month يناير فبراير                     words of a kind
  promo both: (اطلب/اطلبوا) نسختكم من <any>   # where it was seen
  + اطلبوا نسختكم من العدد الجديد         a line the phrase above finds
  - اطلبوا العلم من المهد إلى اللحد.      one it does not find

A phrase is `label block|inline|both [weak]: words # origin`: a whole line, inside a line, or both;
`weak` needs support from its position. (a/b) are alternatives, [a] may be missing, <n> <date>
<fulldate> <time> <name> <outlet> <tags> <quoted> <headline> <address> <agency> <any> <rest> are values.
Kinds of words are month, weekday, date, agency, place, function, verb, episode, person, resume.

Exit codes: 0 all is well, 1 something is not";

/// Lines that cannot be read and are named: a file with more is no list.
const ERRORS_MAX: usize = 20;

const HEADING: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();

/// Runs one of them.
pub fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Check { file } => {
            let list = read(&file)?;
            let mut checked = CheckedPhrases::new(&list);
            let kind = "`ghirbal phrases check -h` shows what a phrase may hold";
            checked.errors = checked.errors.into_iter().map(|e| e.or_hint(kind)).collect();
            print(&render(&list.name, &checked))?;
            Ok(ExitCode::from(if checked.is_well() { exit::DONE } else { exit::FINDINGS }))
        }
        Command::List { lang } => {
            print(&list(lang.as_deref())?)?;
            Ok(ExitCode::from(exit::DONE))
        }
    }
}

/// Reads a list of phrases from a file.
///
/// # Errors
/// When it is missing or no text.
pub fn read(path: &Path) -> Result<PhraseList> {
    let text = std::fs::read_to_string(path).map_err(|e| {
        let no_text = e.kind() == std::io::ErrorKind::InvalidData;
        let hint = if no_text { "a list is text in UTF-8" } else { "`ghirbal phrases check -h` shows what a list is" };
        Error::io("read the phrases in", path, e).hint(hint)
    })?;
    // Some editors begin every file with one.
    let text = text.strip_prefix('\u{feff}').map_or(text.clone(), str::to_owned);
    Ok(PhraseList { name: path.display().to_string(), text })
}

/// Reads a list that is about to be used.
///
/// # Errors
/// As [`read`], and on the first line that cannot be read.
pub fn read_to_use(path: &Path) -> Result<PhraseList> {
    let list = read(path)?;
    let all = format!("`ghirbal phrases check {}` names everything that is wrong with it", path.display());
    match CheckedPhrases::new(&list).errors.into_iter().next() {
        Some(error) => Err(error.or_hint(all)),
        None => Ok(list),
    }
}

// ---------------------------------------------------------------- check

/// Everything that is to be said about a list.
fn render(name: &str, checked: &CheckedPhrases) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = try_render(&mut out, name, checked);
    out
}

fn try_render(out: &mut String, name: &str, checked: &CheckedPhrases) -> fmt::Result {
    let CheckedPhrases { phrases, errors, examples_untried } = checked;
    let (mut tests, mut failed, mut other) = (0, 0, 0);
    // Beyond so many errors the rest is left alone.
    let stop = errors.get(ERRORS_MAX).and_then(Error::line_number).unwrap_or(u64::MAX);
    let mut told = errors.iter().take(ERRORS_MAX).peekable();
    for checked in phrases.iter().take_while(|p| p.phrase.line < stop) {
        let CheckedPhrase { phrase, outcomes } = checked;
        while let Some(error) = told.next_if(|e| e.line_number() < Some(phrase.line)) {
            unreadable(out, name, error)?;
        }
        let weak = if phrase.weak { " weak" } else { "" };
        let head = format!("{} {}{weak}", phrase.label, phrase.place.name());
        writeln!(out, "line {:<4} {HEADING}{head}{HEADING:#}: {}", phrase.line, shown(&phrase.pattern))?;
        for (example, outcome) in phrase.examples.iter().zip(outcomes) {
            tests += 1;
            failed += u64::from(!outcome.right);
            let (style, verdict) = if outcome.right { (GOOD, "ok") } else { (BAD, "FAILED") };
            let sign = if example.plus { '+' } else { '-' };
            write!(out, "  {:>7} {style}{verdict:<6}{style:#} {sign} {}", example.line, shown(&example.text))?;
            match (outcome.right, example.plus) {
                (true, true) if outcome.known => {
                    writeln!(out, "  {FAINT}the built-in phrases find it, too{FAINT:#}")?;
                }
                (true, _) => writeln!(out)?,
                (false, true) => writeln!(out, "  {BAD}is not found{BAD:#}")?,
                (false, false) => writeln!(out, "  {BAD}is found, and should not be{BAD:#}")?,
            }
        }
        for remark in checked.remarks() {
            other += 1;
            writeln!(out, "          {BAD}{remark}{BAD:#}")?;
        }
    }
    for error in told {
        unreadable(out, name, error)?;
    }
    if !phrases.is_empty() || !errors.is_empty() {
        writeln!(out)?;
    }
    let stopped = if errors.len() > ERRORS_MAX { "; the rest was not looked at" } else { "" };
    if *examples_untried > 0 || !stopped.is_empty() {
        writeln!(
            out,
            "{} not tried, as the phrase above cannot be read{stopped}",
            count(*examples_untried as u64, "test") + if *examples_untried == 1 { " was" } else { " were" },
        )?;
    }
    if phrases.is_empty() && errors.is_empty() {
        writeln!(out, "no phrase stands in it, so it changes nothing")?;
    }
    let outcome = match checked.is_well() {
        true => format!("{GOOD}all is well{GOOD:#}"),
        false => format!(
            "{BAD}{}, {}, {}{BAD:#}",
            count(errors.len().min(ERRORS_MAX) as u64, "unreadable line"),
            count(failed, "failed test"),
            count(other, "other finding"),
        ),
    };
    writeln!(out, "{name}: {}, {}: {outcome}", count(phrases.len() as u64, "phrase"), count(tests, "test"))
}

fn unreadable(out: &mut String, name: &str, error: &Error) -> fmt::Result {
    let line = error.line_number().unwrap_or_default();
    // The line stands in front, and the name in the last line.
    let message = error.to_string().replace(&format!(" `{name}` line {line}"), "");
    writeln!(out, "line {line:<4} {BAD}cannot be read{BAD:#}: {message}")
}

/// Text of a list, harmless and isolated.
fn shown(text: &str) -> String {
    terminal::isolate(text)
}

// ---------------------------------------------------------------- list

fn list(lang: Option<&str>) -> Result<String> {
    let lists: Vec<_> = builtin_phrases().filter(|(name, _)| lang.is_none_or(|lang| lang == *name)).collect();
    if let (Some(lang), true) = (lang, lists.is_empty()) {
        let known: Vec<&str> = builtin_phrases().map(|(name, _)| name).collect();
        return Err(Error::usage(format!("there are no phrases for `{lang}`")).hint(known.join(", ")));
    }
    let mut out = String::new();
    for (name, phrases) in lists {
        let _ = writeln!(out, "{HEADING}{name}{HEADING:#}  {}", count(phrases.len() as u64, "phrase"));
        for phrase in &phrases {
            let place = phrase.place.name().to_owned() + if phrase.weak { " weak" } else { "" };
            let _ = writeln!(
                out,
                "  {:<17} {place:<12} {FAINT}{:<28}{FAINT:#} {}",
                phrase.label.name(),
                terminal::cut(&phrase.origin, 28),
                shown(&phrase.pattern)
            );
        }
        out.push('\n');
    }
    let _ = writeln!(
        out,
        "{FAINT}block: a whole line; inline: inside a line; both; weak: needs support from its position{FAINT:#}"
    );
    Ok(out)
}
