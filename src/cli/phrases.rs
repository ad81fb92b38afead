//! `ghirbal phrases`: tests a list of phrases before it is used, and shows the built-in ones.

use std::collections::BTreeSet;
use std::fmt::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use clap::Subcommand;

use crate::classify::check_phrases;
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

/// The lists that come with the crate, as `classify` reads them.
const BUILTIN: &[(&str, &str)] = &[
    ("ar", include_str!("../classify/phrases/ar.txt")),
    ("en", include_str!("../classify/phrases/en.txt")),
    ("fa", include_str!("../classify/phrases/fa.txt")),
    ("ur", include_str!("../classify/phrases/ur.txt")),
    ("de", include_str!("../classify/phrases/de.txt")),
    ("fr", include_str!("../classify/phrases/fr.txt")),
    ("es", include_str!("../classify/phrases/es.txt")),
    ("pt", include_str!("../classify/phrases/pt.txt")),
    ("ru", include_str!("../classify/phrases/ru.txt")),
    ("tr", include_str!("../classify/phrases/tr.txt")),
    ("id", include_str!("../classify/phrases/id.txt")),
    ("zh", include_str!("../classify/phrases/zh.txt")),
];

/// Lines that cannot be read and are named; each costs a look at the whole list.
const ERRORS_MAX: usize = 20;

const HEADING: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();

/// Runs one of them.
pub fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Check { file } => {
            let checked = Checked::new(&read(&file)?);
            print(&checked.render())?;
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
    check_phrases(&list).map_err(|e| e.or_hint(all))?;
    Ok(list)
}

// ---------------------------------------------------------------- a list as it is written

/// One phrase with its examples.
#[derive(Debug, Default, PartialEq)]
struct Entry<'t> {
    line: usize,
    /// Label and kind.
    head: &'t str,
    pattern: &'t str,
    origin: &'t str,
    /// Line number, `+` or not, text.
    examples: Vec<(usize, bool, &'t str)>,
}

/// The phrases of a list. What cannot be read is left out: [`check_phrases`] judges.
fn entries(text: &str) -> Vec<Entry<'_>> {
    let mut entries: Vec<Entry> = Vec::new();
    for (line, content) in text.lines().enumerate().map(|(i, line)| (i + 1, line.trim())) {
        if let Some((plus, example)) = example(content) {
            if let Some(entry) = entries.last_mut() {
                entry.examples.push((line, plus, example));
            }
        } else if !content.starts_with(['#', '@'])
            && let Some((head, rest)) = content.split_once(": ")
        {
            let (pattern, origin) = rest.split_once('#').unwrap_or((rest, ""));
            let (pattern, origin) = (pattern.trim(), origin.trim());
            entries.push(Entry { line, head, pattern, origin, examples: Vec::new() });
        }
    }
    entries
}

fn example(line: &str) -> Option<(bool, &str)> {
    let plus = line.strip_prefix("+ ").map(|text| (true, text));
    plus.or_else(|| line.strip_prefix("- ").map(|text| (false, text)))
}

// ---------------------------------------------------------------- check

/// A list with everything that is wrong with it.
struct Checked {
    name: String,
    /// The list without the lines that cannot be read, and the examples under them.
    readable: String,
    errors: Vec<Error>,
    /// Sentences of [`check_phrases`]: `NAME line N: …`, N the line of the phrase.
    wrong: Vec<String>,
    /// Lines of `+` examples that the built-in phrases find without it.
    known: BTreeSet<usize>,
    /// Examples under phrases that cannot be read.
    untested: usize,
}

impl Checked {
    fn new(list: &PhraseList) -> Self {
        let mut checked = Self {
            name: list.name.clone(),
            readable: String::new(),
            errors: Vec::new(),
            wrong: Vec::new(),
            known: BTreeSet::new(),
            untested: 0,
        };
        let mut lines: Vec<&str> = list.text.lines().collect();
        loop {
            checked.readable = lines.join("\n");
            match check_phrases(&PhraseList { name: list.name.clone(), text: checked.readable.clone() }) {
                Ok(wrong) => {
                    checked.wrong = wrong;
                    checked.known = known(&checked.readable);
                    checked.errors.sort_by_key(Error::line_number);
                    return checked;
                }
                Err(error) => {
                    let at = error.line_number().map(|line| line as usize - 1).filter(|&at| at < lines.len());
                    let kind = "`ghirbal phrases check -h` shows what a phrase may hold";
                    checked.errors.push(error.or_hint(kind));
                    let Some(at) = at.filter(|_| checked.errors.len() < ERRORS_MAX) else {
                        checked.readable.clear();
                        checked.errors.sort_by_key(Error::line_number);
                        return checked;
                    };
                    checked.untested += take_out(&mut lines, at);
                }
            }
        }
    }

    fn unreadable(&self, out: &mut String, error: &Error) -> fmt::Result {
        let line = error.line_number().unwrap_or_default();
        // The line stands in front, and the name in the last line.
        let message = error.to_string().replace(&format!(" `{}` line {line}", self.name), "");
        writeln!(out, "line {line:<4} {BAD}cannot be read{BAD:#}: {message}")
    }

    fn is_well(&self) -> bool {
        self.errors.is_empty() && self.wrong.is_empty()
    }

    fn render(&self) -> String {
        let mut out = String::new();
        // Writing to a String cannot fail.
        let _ = self.try_render(&mut out);
        out
    }

    fn try_render(&self, out: &mut String) -> fmt::Result {
        let (mut tests, mut failed, mut other) = (0, 0, 0);
        let entries = entries(&self.readable);
        let mut errors = self.errors.iter().peekable();
        for entry in &entries {
            while let Some(error) = errors.next_if(|e| e.line_number() < Some(entry.line as u64)) {
                self.unreadable(out, error)?;
            }
            writeln!(out, "line {:<4} {HEADING}{}{HEADING:#}: {}", entry.line, entry.head, shown(entry.pattern))?;
            let about = format!("{} line {}: `{}` ", self.name, entry.line, entry.pattern);
            let mut wrong: Vec<&str> = self.wrong.iter().filter_map(|w| w.strip_prefix(&about)).collect();
            for (line, plus, text) in &entry.examples {
                tests += 1;
                let about = format!(" `{text}`");
                let fails = wrong.iter().position(|w| w.ends_with(&about)).map(|at| wrong.remove(at)).is_some();
                failed += u64::from(fails);
                let (style, verdict) = if fails { (BAD, "FAILED") } else { (GOOD, "ok") };
                let sign = if *plus { '+' } else { '-' };
                write!(out, "  {line:>7} {style}{verdict:<6}{style:#} {sign} {}", shown(text))?;
                match (fails, plus) {
                    (false, true) if self.known.contains(line) => {
                        writeln!(out, "  {FAINT}the built-in phrases find it, too{FAINT:#}")?;
                    }
                    (false, _) => writeln!(out)?,
                    (true, true) => writeln!(out, "  {BAD}is not found{BAD:#}")?,
                    (true, false) => writeln!(out, "  {BAD}is found, and should not be{BAD:#}")?,
                }
            }
            for remark in wrong {
                other += 1;
                writeln!(out, "          {BAD}{remark}{BAD:#}")?;
            }
        }
        for error in errors {
            self.unreadable(out, error)?;
        }
        if !entries.is_empty() || !self.errors.is_empty() {
            writeln!(out)?;
        }
        if self.untested > 0 || self.errors.len() == ERRORS_MAX {
            let stopped = if self.errors.len() == ERRORS_MAX { "; the rest was not looked at" } else { "" };
            writeln!(
                out,
                "{} not tried, as the phrase above cannot be read{stopped}",
                count(self.untested as u64, "test") + if self.untested == 1 { " was" } else { " were" },
            )?;
        }
        if entries.is_empty() && self.errors.is_empty() {
            writeln!(out, "no phrase stands in it, so it changes nothing")?;
        }
        let outcome = match failed + other {
            0 if self.errors.is_empty() => format!("{GOOD}all is well{GOOD:#}"),
            _ => format!(
                "{BAD}{}, {}, {}{BAD:#}",
                count(self.errors.len() as u64, "unreadable line"),
                count(failed, "failed test"),
                count(other, "other finding"),
            ),
        };
        writeln!(out, "{}: {}, {}: {outcome}", self.name, count(entries.len() as u64, "phrase"), count(tests, "test"))
    }
}

/// Blanks a line, and of a phrase the examples that belong to it; how many these are.
fn take_out(lines: &mut [&str], at: usize) -> usize {
    let is_example = |line: &str| example(line.trim()).is_some();
    let is_phrase = |line: &str| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with(['#', '@']) && !is_example(line)
    };
    if !is_phrase(std::mem::take(&mut lines[at])) {
        return 0;
    }
    let mut untested = 0;
    for line in lines[at + 1..].iter_mut().take_while(|line| !is_phrase(line)).filter(|line| is_example(line)) {
        *line = "";
        untested += 1;
    }
    untested
}

/// The lines of `+` examples that are found with their labels though their own phrases are not
/// there: these stand in for them and match nothing.
fn known(readable: &str) -> BTreeSet<usize> {
    let words = readable.lines().filter(|line| line.trim().starts_with('@'));
    let mut stand_ins: Vec<String> = words.map(str::to_owned).collect();
    let mut examples = Vec::new();
    for entry in entries(readable) {
        let label = entry.head.split_whitespace().next().unwrap_or_default();
        stand_ins.push(format!("{label} block: ghirbalstandsin # x"));
        let line = stand_ins.len();
        for (at, _, text) in entry.examples.into_iter().filter(|(_, plus, _)| *plus) {
            stand_ins.push(format!("+ {text}"));
            examples.push((at, format!("x line {line}: "), format!(" `{text}`")));
        }
    }
    let list = PhraseList { name: "x".into(), text: stand_ins.join("\n") };
    let Ok(wrong) = check_phrases(&list) else { return BTreeSet::new() };
    let lost = |phrase: &str, text: &str| wrong.iter().any(|w| w.starts_with(phrase) && w.ends_with(text));
    examples.into_iter().filter(|(_, phrase, text)| !lost(phrase, text)).map(|(at, ..)| at).collect()
}

/// Text of a list, harmless and isolated.
fn shown(text: &str) -> String {
    terminal::isolate(text)
}

// ---------------------------------------------------------------- list

fn list(lang: Option<&str>) -> Result<String> {
    let known: Vec<&str> = BUILTIN.iter().map(|(name, _)| *name).collect();
    if let Some(lang) = lang.filter(|lang| !known.contains(lang)) {
        return Err(Error::usage(format!("there are no phrases for `{lang}`")).hint(known.join(", ")));
    }
    let mut out = String::new();
    for (name, text) in BUILTIN.iter().filter(|(name, _)| lang.is_none_or(|lang| lang == *name)) {
        let entries = entries(text);
        let _ = writeln!(out, "{HEADING}{name}{HEADING:#}  {}", count(entries.len() as u64, "phrase"));
        for entry in &entries {
            let (label, kind) = entry.head.split_once(' ').unwrap_or((entry.head, ""));
            let _ = writeln!(
                out,
                "  {label:<17} {kind:<12} {FAINT}{:<28}{FAINT:#} {}",
                terminal::cut(entry.origin, 28),
                shown(entry.pattern)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_of_the_classifier_is_shown() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/classify/phrases");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|f| f.unwrap().file_name().into_string().unwrap())
            .filter_map(|f| f.strip_suffix(".txt").map(str::to_owned))
            .collect();
        let mut shown: Vec<&str> = BUILTIN.iter().map(|(name, _)| *name).collect();
        files.sort();
        shown.sort();
        assert_eq!(files, shown);
    }

    #[test]
    fn every_line_that_cannot_be_read_is_named() {
        let text = "+ early\npromo block: join us # x\n+ join us\n- no\nnonsense\n+ lost\npromo block: <nix> # x\n";
        let checked = Checked::new(&PhraseList { name: "mine".into(), text: text.into() });
        let lines: Vec<_> = checked.errors.iter().filter_map(Error::line_number).collect();
        assert_eq!((lines, checked.untested), (vec![1, 5, 7], 1));
        assert!(checked.wrong.is_empty(), "{:?}", checked.wrong);
        assert!(!checked.is_well());
    }
}
