//! Ctrl-C: nothing half-written stays behind, but what can be gone on with.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::ProgressBar;

use crate::cli::exit;
use crate::error::{Error, Result};
use crate::remote;
use crate::scratch;

static HAPPENED: AtomicBool = AtomicBool::new(false);

/// From now on an interrupt or a request to end deletes what is under construction, unless another run
/// can go on with it, and ends the process with [`exit::INTERRUPTED`]. `line` is taken away from the
/// terminal.
///
/// # Errors
/// When the operating system refuses.
pub fn listen(line: ProgressBar) -> Result<()> {
    let handler = move || {
        HAPPENED.store(true, Ordering::SeqCst);
        remote::abandon_uploads();
        let (_held, kept) = scratch::clear();
        line.finish_and_clear();
        // Whoever reads this may be gone already; the process ends either way.
        let _ = match kept.first() {
            Some(what) => writeln!(io::stderr(), "interrupted; what is done so far is kept: {what}"),
            None => writeln!(io::stderr(), "interrupted; nothing was written"),
        };
        std::process::exit(exit::INTERRUPTED.into());
    };
    ctrlc::set_handler(handler).map_err(|e| Error::usage(format!("cannot listen for interrupts: {e}")))
}

/// Never returns once an interrupt has happened: what fails then fails because of it.
pub fn yield_to() {
    while HAPPENED.load(Ordering::SeqCst) {
        std::thread::park();
    }
}
