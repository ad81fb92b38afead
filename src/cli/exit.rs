//! Exit codes, for scripts.

use std::process::ExitCode;

/// Everything was read and done.
pub const DONE: u8 = 0;
/// The run failed; the message says why. Nothing was written.
pub const FAILED: u8 = 1;
/// What was checked (`phrases check`) is not well; the output says what. The same code as a failure:
/// what checks lists in a script must stop either way.
pub const FINDINGS: u8 = 1;
/// Done, but some records could not be read; they are listed and were passed through. Wrong usage
/// ends with this code too, as is the custom, before anything is read.
pub const DONE_WITH_SKIPPED: u8 = 2;
/// A ceiling such as `--max-removed` stopped the run before anything was written.
pub const CEILING: u8 = 3;

/// An interrupt (Ctrl-C) or a request to end stopped the run; nothing was written. 128 + SIGINT, as
/// shells have it.
pub const INTERRUPTED: u8 = 130;

/// The code of a finished run that passed over this many records.
pub fn finished(skipped: u64) -> ExitCode {
    ExitCode::from(if skipped == 0 { DONE } else { DONE_WITH_SKIPPED })
}
