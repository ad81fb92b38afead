//! One error for the whole library: what was being done, to which file and line, and what to do.
//!
//! A bad *record* is never an [`Error`]: it becomes a skipped record that is listed and counted.
//! An `Error` ends the run.

use std::fmt;
use std::path::{Path, PathBuf};

/// Why a run could not go on.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    message: String,
    path: Option<PathBuf>,
    line: Option<u64>,
    hint: Option<String>,
    source: Option<std::io::Error>,
}

/// The kinds that callers tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Io,
    Input,
    Usage,
    Artefact,
    Ceiling,
    Interrupted,
}

/// The result of everything that can end a run.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), path: None, line: None, hint: None, source: None }
    }

    /// The operating system refused something; `doing` reads as "failed to {doing}".
    pub fn io(doing: &str, path: &Path, source: std::io::Error) -> Self {
        Self { source: Some(source), ..Self::new(Kind::Io, format!("failed to {doing}")).at(path) }
    }

    /// The input as a whole cannot be used.
    pub fn input(message: impl Into<String>) -> Self {
        Self::new(Kind::Input, message)
    }

    /// The options contradict each other or the input.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// A ledger, an output folder or another file of our own is damaged or of another version.
    pub fn artefact(message: impl Into<String>) -> Self {
        Self::new(Kind::Artefact, message)
    }

    /// A declared ceiling stopped the run before anything was written.
    pub fn ceiling(message: impl Into<String>) -> Self {
        Self::new(Kind::Ceiling, message)
    }

    /// The run was told to stop.
    pub fn interrupted() -> Self {
        Self::new(Kind::Interrupted, "interrupted; nothing was written")
    }

    /// Names the file.
    pub fn at(mut self, path: &Path) -> Self {
        self.path = Some(path.to_path_buf());
        self
    }

    /// Names the line, counted from 1.
    pub fn line(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
    }

    /// Names the file and line of settings that say so.
    pub fn said_in(mut self, path: &Path, line: u64) -> Self {
        self.message += ", in";
        self.at(path).line(line)
    }

    /// Adds what the user can do about it.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same, where nothing is said yet.
    pub fn or_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint.get_or_insert_with(|| hint.into());
        self
    }

    /// Adds what the user can do after that.
    pub fn and_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(format!("{}; {}", self.remedy(), hint.into()));
        self
    }

    /// What the user can do about it: what was said, or else what helps with errors of this kind.
    pub fn remedy(&self) -> &str {
        use std::io::ErrorKind::{NotFound, PermissionDenied, StorageFull};
        if let Some(hint) = &self.hint {
            return hint;
        }
        match (self.kind, self.source.as_ref().map(std::io::Error::kind)) {
            (Kind::Io, Some(NotFound)) => "check how the path is spelled, and that it is still there",
            (Kind::Io, Some(PermissionDenied)) => "ask for access to it, or name another place",
            (Kind::Io, Some(StorageFull)) => "make room, or name another place with --output or --temp-dir",
            (Kind::Io, _) => "see that the file and its disk are in order, and run it again",
            (Kind::Input, _) => "`ghirbal report --help` says what can be read, and how fields are named",
            (Kind::Usage, _) => "`ghirbal COMMAND --help` says what each option takes",
            (Kind::Artefact, _) => "use the folder as it was written, or clean the originals again into a new one",
            (Kind::Interrupted, _) => "run it again when it may go on",
            (Kind::Ceiling, _) => "look at `ghirbal report` first, and raise the ceiling if that is what you want",
        }
    }

    /// The line it names.
    pub fn line_number(&self) -> Option<u64> {
        self.line
    }

    /// Whether the input as a whole cannot be used.
    pub fn is_input(&self) -> bool {
        self.kind == Kind::Input
    }

    /// Whether options contradict each other or the input.
    pub fn is_usage(&self) -> bool {
        self.kind == Kind::Usage
    }

    /// Whether it was [stopped](crate::read::Stop).
    pub fn is_interrupted(&self) -> bool {
        self.kind == Kind::Interrupted
    }

    /// Whether it names a file.
    pub fn names_a_file(&self) -> bool {
        self.path.is_some()
    }

    /// Whether a ceiling such as `--max-removed` stopped the run.
    pub fn is_ceiling(&self) -> bool {
        self.kind == Kind::Ceiling
    }

    /// Whether the operating system refused something.
    pub fn is_io(&self) -> bool {
        self.kind == Kind::Io
    }

    /// Whether a file of our own was refused.
    pub fn is_artefact(&self) -> bool {
        self.kind == Kind::Artefact
    }

    /// Whether the reader of our output went away (`| head`).
    pub fn is_broken_pipe(&self) -> bool {
        self.source.as_ref().is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(path) = &self.path {
            write!(f, " `{}`", path.display())?;
        }
        if let Some(line) = self.line {
            write!(f, " line {line}")?;
        }
        if let Some(source) = &self.source {
            write!(f, ": {source}")?;
        }
        // What was passed on may bring its own.
        if self.hint.is_none() && self.message.contains("; hint: ") {
            return Ok(());
        }
        write!(f, "; hint: {}", self.remedy())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|e| e as _)
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::*;

    #[test]
    fn every_error_ends_with_a_remedy() {
        let place = Path::new("a.txt");
        let mut errors = vec![
            Error::input("it went wrong"),
            Error::usage("it went wrong"),
            Error::artefact("it went wrong"),
            Error::ceiling("it went wrong"),
        ];
        for kind in [ErrorKind::NotFound, ErrorKind::PermissionDenied, ErrorKind::StorageFull, ErrorKind::Other] {
            errors.push(Error::io("read", place, kind.into()));
        }
        for error in errors {
            let told = error.to_string();
            assert!(told.split_once("; hint: ").is_some_and(|(_, remedy)| remedy.len() > 10), "{told}");
        }
    }

    #[test]
    fn a_message_names_file_line_and_remedy() {
        let e = Error::input("failed to read")
            .at(Path::new("news.jsonl"))
            .line(812)
            .hint("name the field with --text-field");
        assert_eq!(e.to_string(), "failed to read `news.jsonl` line 812; hint: name the field with --text-field");
    }
}
