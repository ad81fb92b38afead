//! `ghirbal.toml`: options that need not be typed each time.
//!
//! A file holds long options of the command line by their names, and is read as their defaults: what is
//! typed beats it, and [`Params`](crate::params::Params) come from options alone, wherever those stand.
//! The table of options is the command line's own; nothing is listed twice.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint, parser::ValueSource};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::{Error, Result};

/// The name of the file.
pub const NAME: &str = "ghirbal.toml";

/// Long options that belong to one call, and stand in no file.
const NOT_SETTINGS: [&str; 12] = [
    "audit",
    "config",
    "dry-run",
    "format",
    "help",
    "hosts",
    "html",
    "log-format",
    "no-config",
    "output",
    "verbose",
    "version",
];

/// Commands that take options from a file.
const COMMANDS: [&str; 6] = ["report", "dedup", "clean", "explain", "tune", "config"];

/// Options that share their values: a label has one fate.
const FATES: [&str; 4] = ["remove", "keep-label", "flag", "to-metadata"];

/// Where a file of settings is looked for.
#[derive(clap::Args, Clone, Debug)]
pub struct SettingsOptions {
    /// Take options from this file instead of the nearest ghirbal.toml
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        conflicts_with = "no_config",
        hide_short_help = true,
        help_heading = "Messages"
    )]
    config: Option<PathBuf>,
    /// Take options from the command line alone
    #[arg(long, global = true, hide_short_help = true, help_heading = "Messages")]
    no_config: bool,
}

/// The options that a file sets.
#[derive(Debug, Default)]
pub struct Settings {
    /// Where they stand.
    pub path: Option<PathBuf>,
    entries: Vec<Entry>,
}

/// One option.
#[derive(Debug)]
struct Entry {
    key: String,
    values: Vec<String>,
    line: u64,
}

impl Settings {
    /// The settings for what was typed.
    ///
    /// # Errors
    /// A file that cannot be read, is no TOML, or holds what is no option or has no such value.
    pub fn find(command: &Command, typed: &ArgMatches) -> Result<Self> {
        let Some((name, typed)) = typed.subcommand() else { return Ok(Self::default()) };
        if !COMMANDS.contains(&name) || typed.get_flag("no_config") {
            return Ok(Self::default());
        }
        let named = typed.get_one::<PathBuf>("config").cloned();
        let Some(path) = named.or_else(upwards) else { return Ok(Self::default()) };
        let text = std::fs::read_to_string(&path).map_err(|e| {
            Error::io("read the settings in", &path, e)
                .hint("`ghirbal init` writes a file of settings; --no-config does without")
        })?;
        let mut settings = Self { entries: parse(&text, &path, command)?, path: Some(path) };
        settings.check(command)?;
        for entry in settings.entries.iter_mut().filter(|e| FATES.contains(&e.key.as_str())) {
            entry.values.retain(|label| !FATES.iter().any(|fate| names(typed, fate, label)));
        }
        settings.entries.retain(|entry| !entry.values.is_empty());
        Ok(settings)
    }

    /// The command line with these settings as defaults.
    pub fn applied(&self, command: Command) -> Command {
        COMMANDS.iter().fold(command, |command, name| {
            command.mut_subcommand(name, |subcommand| {
                self.entries.iter().fold(subcommand, |subcommand, entry| entry.applied(subcommand))
            })
        })
    }

    /// Where the value of an option comes from.
    pub fn origin(&self, arg: &Arg, typed: &ArgMatches) -> Origin<'_> {
        if typed.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine) {
            return Origin::CommandLine;
        }
        match (&self.path, self.entries.iter().find(|e| Some(e.key.as_str()) == arg.get_long())) {
            (Some(path), Some(entry)) => Origin::File(path, entry.line),
            _ => Origin::Default,
        }
    }

    /// Tries each value on its own, so that what is wrong has its line.
    fn check(&self, command: &Command) -> Result<()> {
        for entry in &self.entries {
            let Some(arg) = setting(command, &entry.key) else { continue };
            let alone = Command::new("settings").arg(freed(arg.clone()));
            let typed = entry.values.iter().map(|value| format!("--{}={value}", entry.key));
            let all = std::iter::once("settings".to_owned()).chain(typed);
            if let Err(e) = alone.try_get_matches_from(all) {
                let rendered = e.render().to_string();
                let first = rendered.lines().next().unwrap_or_default();
                let why = first.strip_prefix("error: ").unwrap_or(first);
                let path = self.path.as_deref().unwrap_or(Path::new(NAME));
                let hint = format!("`ghirbal report --help` says what --{} takes", entry.key);
                return Err(Error::usage(format!("{why}, in the settings")).at(path).line(entry.line).hint(hint));
            }
        }
        Ok(())
    }

    /// Names the place of a setting that an error speaks of.
    pub fn blame(&self, error: Error, mut alone: impl FnMut(&Self) -> Result<()>) -> Error {
        let Some(path) = self.path.as_deref().filter(|_| !error.names_a_file()) else { return error };
        for entry in &self.entries {
            let one = Entry { key: entry.key.clone(), values: entry.values.clone(), line: entry.line };
            let one = Self { path: None, entries: vec![one] };
            if alone(&one).is_err_and(|e| e.to_string() == error.to_string()) {
                return error.said_in(path, entry.line);
            }
        }
        error
    }
}

/// Where the value of an option comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin<'a> {
    /// It was typed.
    CommandLine,
    /// A file and a line.
    File(&'a Path, u64),
    /// Nobody set it.
    Default,
}

impl Entry {
    fn applied(&self, command: Command) -> Command {
        if setting_of(&command, &self.key).is_none() {
            return command;
        }
        let id = self.key.replace('-', "_");
        command.mut_arg(id, |arg| freed(arg).default_values(self.values.clone()))
    }
}

/// An option without what it asks of others: a file may hold one of two that belong together.
fn freed(arg: Arg) -> Arg {
    arg.requires(clap::builder::Resettable::Reset)
}

/// The nearest file of settings, in this folder or one it lies in, as one would write its path here.
fn upwards() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    let mut way = PathBuf::new();
    for folder in here.ancestors() {
        if folder.join(NAME).is_file() {
            return Some(way.join(NAME));
        }
        way.push("..");
    }
    None
}

/// Every option that a file may hold, in the order of the help.
pub fn settings(command: &Command) -> impl Iterator<Item = &Arg> {
    let subcommands = COMMANDS.iter().filter_map(|name| command.find_subcommand(name));
    let mut seen = Vec::new();
    subcommands.flat_map(Command::get_arguments).filter(move |arg| {
        let Some(long) = arg.get_long() else { return false };
        let new = !NOT_SETTINGS.contains(&long) && !seen.contains(&long);
        seen.push(long);
        new
    })
}

fn setting<'a>(command: &'a Command, key: &str) -> Option<&'a Arg> {
    settings(command).find(|arg| arg.get_long() == Some(key))
}

fn setting_of<'a>(subcommand: &'a Command, key: &str) -> Option<&'a Arg> {
    subcommand.get_arguments().find(|arg| arg.get_long() == Some(key))
}

/// Whether an option was typed with this value.
fn names(typed: &ArgMatches, option: &str, value: &str) -> bool {
    let values = typed.try_get_many::<String>(&option.replace('-', "_"));
    values.ok().flatten().is_some_and(|mut values| values.any(|v| v == value))
}

/// The known name that a misspelt one may have meant.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let likely = known.map(|k| (strsim::jaro(k, name), k)).max_by(|x, y| x.0.total_cmp(&y.0));
    likely.filter(|&(likeness, _)| likeness > 0.7).map(|(_, k)| k)
}

/// Reads a file of settings.
fn parse(text: &str, path: &Path, command: &Command) -> Result<Vec<Entry>> {
    let line_of = |at: usize| text.as_bytes()[..at.min(text.len())].iter().filter(|&&b| b == b'\n').count() as u64 + 1;
    let wrong = |message: String, at: usize| Error::usage(message).at(path).line(line_of(at));
    let table = DeTable::parse(text).map_err(|e| {
        let at = e.span().map_or(0, |span| span.start);
        wrong(format!("the settings cannot be read: {},", e.message()), at)
            .hint("a line reads NAME = VALUE, such as similar = 0.8")
    })?;
    let mut entries = Vec::new();
    for (key, value) in table.get_ref() {
        let (at, key) = (key.span().start, key.get_ref().as_ref());
        let Some(arg) = setting(command, key) else {
            let known = settings(command).filter_map(Arg::get_long);
            let hint = match (nearest(&key.replace('_', "-"), known), NOT_SETTINGS.contains(&key)) {
                (_, true) => format!("--{key} belongs to one call and is given on the command line"),
                (Some(near), _) => format!("is it `{near}`?"),
                _ => "`ghirbal config` lists every setting".to_owned(),
            };
            return Err(wrong(format!("unknown setting `{key}` in"), at).hint(hint));
        };
        let values = values(value, arg).map_err(|wants| {
            wrong(format!("`{key}` cannot be {}, in", value.get_ref().type_str()), value.span().start).hint(wants)
        })?;
        let is_path = matches!(arg.get_value_hint(), ValueHint::AnyPath | ValueHint::FilePath | ValueHint::DirPath);
        let values = if is_path { values.iter().map(|value| beside(path, value)).collect() } else { values };
        entries.push(Entry { key: key.to_owned(), values, line: line_of(at) });
    }
    entries.sort_by_key(|entry| entry.line);
    Ok(entries)
}

/// A path of a file of settings is seen from that file.
fn beside(settings: &Path, value: &str) -> String {
    let folder = settings.parent().unwrap_or(Path::new(""));
    folder.join(value).to_string_lossy().into_owned()
}

/// What one would type for a value.
fn values(value: &Spanned<DeValue>, arg: &Arg) -> std::result::Result<Vec<String>, String> {
    let many = matches!(arg.get_action(), ArgAction::Append) || arg.get_value_delimiter().is_some();
    let one = |value: &DeValue| match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.as_str().replace('_', "")),
        DeValue::Float(number) => Some(number.as_str().replace('_', "")),
        _ => None,
    };
    match value.get_ref() {
        DeValue::Array(list) if many => {
            let all: Option<Vec<String>> = list.iter().map(|v| one(v.get_ref())).collect();
            all.ok_or_else(|| "a list of texts, such as [\"repeat\", \"promo\"]".to_owned())
        }
        other => one(other).map(|v| vec![v]).ok_or_else(|| "a text in quotation marks, or a number".to_owned()),
    }
}

// ---------------------------------------------------------------- written

/// A file with every setting, each with its help, none in force.
pub fn template(command: &Command) -> String {
    let mut out =
        "# Settings of ghirbal, for this folder and all below it. What stands on the command line goes before\n\
                   # what stands here. Take the `#` away in front of what you want to set.\n"
            .to_owned();
    let mut heading = None;
    for arg in settings(command) {
        if arg.get_help_heading() != heading {
            heading = arg.get_help_heading();
            out += &format!("\n# ------ {}\n", heading.unwrap_or("Report"));
        }
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        out.push('\n');
        for line in wrapped(&help, 96) {
            out += &format!("# {line}\n");
        }
        let defaults: Vec<OsString> = arg.get_default_values().iter().map(|v| v.to_os_string()).collect();
        out += &format!("#{} = {}\n", arg.get_long().unwrap_or_default(), written(arg, &defaults));
    }
    out
}

/// Values of an option as TOML.
pub fn written(arg: &Arg, values: &[OsString]) -> String {
    let one = |value: &OsString| {
        let value = value.to_string_lossy();
        if value.parse::<f64>().is_ok_and(f64::is_finite) {
            value.into_owned()
        } else {
            // A string of JSON is one of TOML.
            serde_json::to_string(&value).unwrap_or_default()
        }
    };
    let many = matches!(arg.get_action(), ArgAction::Append) || arg.get_value_delimiter().is_some();
    match values {
        values if many => {
            let all: Vec<String> = values.iter().flat_map(|v| split(v, arg)).map(|v| one(&v)).collect();
            format!("[{}]", all.join(", "))
        }
        [value, ..] => one(value),
        [] => "\"\"".to_owned(),
    }
}

fn split(value: &OsString, arg: &Arg) -> Vec<OsString> {
    let text = value.to_string_lossy();
    match arg.get_value_delimiter() {
        Some(delimiter) => text.split(delimiter).map(OsString::from).collect(),
        None => vec![value.clone()],
    }
}

/// Words in lines of at most so many characters.
fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.len() - 1;
        if !lines[last].is_empty() && lines[last].chars().count() + 1 + word.chars().count() > columns {
            lines.push(word.to_owned());
        } else {
            let gap = if lines[last].is_empty() { "" } else { " " };
            lines[last] += &format!("{gap}{word}");
        }
    }
    lines
}
