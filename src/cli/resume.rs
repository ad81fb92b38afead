//! `ghirbal resume`: what was typed, typed again.

use std::ffi::OsString;
use std::path::Path;

use crate::error::{Error, Result};
use crate::pipeline::resume::DurablePoints;
use crate::write::{CommandLine, Progress, progress_of};

/// How often this process makes durable what it has done.
pub fn durable_points(every_bytes: Option<u64>) -> DurablePoints {
    let args: Option<Vec<String>> = std::env::args_os().map(|arg| arg.into_string().ok()).collect();
    // A resumed run that stops again is resumed by what it was begun with.
    let command =
        RESUMED.get().cloned().or_else(|| Some(CommandLine { args: args?, folder: std::env::current_dir().ok()? }));
    let default = DurablePoints::default();
    DurablePoints { every_bytes: every_bytes.unwrap_or(default.every_bytes), command }
}

static RESUMED: std::sync::OnceLock<CommandLine> = std::sync::OnceLock::new();

/// The words of the command that an unfinished run on `dir` was, with its working folder made ours.
///
/// # Errors
/// When there is none, or it cannot be given again.
pub fn words(dir: &Path) -> Result<Vec<OsString>> {
    let path = progress_of(dir)?;
    if !path.exists() {
        return Err(Error::usage("there is no unfinished run to go on with for")
            .at(dir)
            .hint("a run that stopped before its first durable point begins anew: give its command again"));
    }
    let again = "give the command again as it was; it goes on, too";
    let Some(command) = Progress::load(&path)?.command else {
        return Err(Error::usage("the command line of the unfinished run could not be written down:")
            .at(&path)
            .hint(again));
    };
    if command.args.iter().any(|arg| arg == "-" || arg == "@-") {
        return Err(Error::usage("the unfinished run read standard input, which cannot be read again:")
            .at(dir)
            .hint(again));
    }
    std::env::set_current_dir(&command.folder)
        .map_err(|e| Error::io("go back to the folder", &command.folder, e).hint(again))?;
    Ok(RESUMED.get_or_init(|| command).args.iter().map(OsString::from).collect())
}
