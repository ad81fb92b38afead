//! How far reading has come, for whoever waits on another thread, and a way to end it.
//!
//! A run reads its input several times over, in batches. Between two batches it tells its watch what
//! it has read and asks whether to go on, so a run ends within a batch of being asked to.
//!
//! ```
//! use std::sync::Arc;
//! use ghirbal::params::Params;
//! use ghirbal::pipeline::{Run, Stages};
//! use ghirbal::read::Watch;
//!
//! let watch = Arc::new(Watch::default());
//! let run = Run::new(&["seeds".into()], Params::default(), Stages::ALL)?.watched(&watch);
//! run.report(5)?;
//! assert_eq!(watch.records_read(), 2 * 5, "five documents in each of two passes");
//! watch.end();
//! assert!(run.report(5).unwrap_err().is_interrupted());
//! # Ok::<(), ghirbal::error::Error>(())
//! ```

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::error::{Error, Result};

/// What a run has read so far, over all of its passes.
#[derive(Debug, Default)]
pub struct Watch {
    ended: AtomicBool,
    records: AtomicU64,
    bytes: AtomicU64,
}

impl Watch {
    /// Lets the run end with an [interrupted](Error::is_interrupted) error before it reads its next
    /// batch.
    pub fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    /// Records read: each counts once in every pass.
    pub fn records_read(&self) -> u64 {
        self.records.load(Ordering::Relaxed)
    }

    /// Bytes of these records.
    pub fn bytes_read(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(super) fn go_on(&self) -> Result<()> {
        if self.ended.load(Ordering::Relaxed) { Err(Error::interrupted()) } else { Ok(()) }
    }

    pub(super) fn read(&self, records: u64, bytes: u64) {
        self.records.fetch_add(records, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}
