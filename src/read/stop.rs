//! A way to end a run from another thread.
//!
//! A run reads its input several times over, in batches. Before each it asks whether to go on, so it
//! ends within a batch of being told to.
//!
//! ```
//! use std::sync::Arc;
//! use ghirbal::params::Params;
//! use ghirbal::pipeline::{Run, Stages};
//! use ghirbal::read::Stop;
//!
//! let stop = Arc::new(Stop::default());
//! let run = Run::new(&["seeds".into()], Params::default(), Stages::ALL)?.stopped_by(&stop);
//! run.report(5)?;
//! stop.now();
//! assert!(run.report(5).unwrap_err().is_interrupted());
//! # Ok::<(), ghirbal::error::Error>(())
//! ```

use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Result};

/// Whether a run is to end.
#[derive(Debug, Default)]
pub struct Stop(AtomicBool);

impl Stop {
    /// Lets the run end with an [interrupted](Error::is_interrupted) error before it reads its next
    /// batch.
    pub fn now(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(super) fn go_on(&self) -> Result<()> {
        if self.0.load(Ordering::Relaxed) { Err(Error::interrupted()) } else { Ok(()) }
    }
}
