//! What does not fit in memory: arrays and sorted runs of records of one size, in memory as long as
//! they keep to their share, in a temporary file beyond.
//!
//! A [`Spill`] knows how much memory may be held and where files go. [`Array`] is appended to and
//! read by place, [`Sorter`] is filled in any order and read in ascending order. What they give back
//! does not depend on the memory they had.
//!
//! The files have no name: the operating system takes them back with the process, however it ends.
//! A file that cannot be written or read ends the run: the stores unwind with the error, and
//! [`guard`] turns it into a result again.
//!
//! ```
//! use ghirbal::spill::{Sorter, Spill, guard};
//! let tiny = Spill::new(std::env::temp_dir(), 64);
//! let sorted = guard(|| {
//!     let mut sorter = Sorter::new(&tiny, tiny.share(1));
//!     (0..1000u32).for_each(|n| sorter.push((n * 7919 % 1000, n)));
//!     Ok(sorter.finish())
//! })?;
//! assert!(tiny.written_bytes() > 0);
//! assert!(sorted.iter().map(|(key, _)| key).eq(0..1000));
//! # Ok::<(), ghirbal::error::Error>(())
//! ```

mod array;
mod fixed;
mod sorter;

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub use array::Array;
pub use fixed::Fixed;
pub use sorter::{Sorted, Sorter};

use crate::error::{Error, Result};

/// How much memory stores may hold together, and where they go on.
#[derive(Clone, Debug)]
pub struct Spill(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    room_bytes: u64,
    written_bytes: AtomicU64,
}

impl Spill {
    /// Stores that hold up to `room_bytes` together and go on in files in `folder`.
    pub fn new(folder: PathBuf, room_bytes: u64) -> Self {
        Self(Arc::new(Inner { folder, room_bytes, written_bytes: AtomicU64::new(0) }))
    }

    /// Stores that stay in memory.
    pub fn never() -> Self {
        Self::new(PathBuf::new(), u64::MAX)
    }

    /// Where files go.
    pub fn folder(&self) -> &Path {
        &self.0.folder
    }

    /// One `of`th of the room, in bytes. Stores that are alive at the same time ask for shares that
    /// are one together.
    pub fn share(&self, of: u64) -> usize {
        usize::try_from(self.0.room_bytes / of).unwrap_or(usize::MAX)
    }

    /// Bytes written to files so far.
    pub fn written_bytes(&self) -> u64 {
        self.0.written_bytes.load(Ordering::Relaxed)
    }
}

impl Default for Spill {
    fn default() -> Self {
        Self::never()
    }
}

/// What a store unwinds with.
struct Failed(Error);

/// Runs what uses stores; an error of theirs comes out as one.
///
/// # Errors
/// That of `run`, or of a store's file.
pub fn guard<T>(run: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|payload| match payload.downcast::<Failed>() {
        Ok(failed) => Err(failed.0),
        Err(other) => resume_unwind(other),
    })
}

/// A temporary file without a name, written and read by place.
#[derive(Debug)]
struct Scrap {
    file: File,
    spill: Spill,
}

impl Scrap {
    fn create(spill: &Spill) -> Self {
        let file = tempfile::tempfile_in(spill.folder());
        let file = file.unwrap_or_else(|e| fail(spill, "create a temporary file in", e));
        Self { file, spill: spill.clone() }
    }

    fn write(&self, bytes: &[u8], at: u64) {
        if let Err(e) = write_all_at(&self.file, bytes, at) {
            fail(&self.spill, "write a temporary file in", e);
        }
        self.spill.0.written_bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
    }

    fn read(&self, bytes: &mut [u8], at: u64) {
        if let Err(e) = read_exact_at(&self.file, bytes, at) {
            fail(&self.spill, "read a temporary file in", e);
        }
    }
}

fn fail(spill: &Spill, doing: &str, e: std::io::Error) -> ! {
    let full = e.kind() == std::io::ErrorKind::StorageFull;
    let error = Error::io(doing, spill.folder(), e);
    let error =
        if full { error.hint("name a folder with more room with --temp-dir, or raise --memory") } else { error };
    resume_unwind(Box::new(Failed(error)))
}

#[cfg(unix)]
use std::os::unix::fs::FileExt;

#[cfg(unix)]
fn write_all_at(file: &File, bytes: &[u8], at: u64) -> std::io::Result<()> {
    file.write_all_at(bytes, at)
}

#[cfg(unix)]
fn read_exact_at(file: &File, bytes: &mut [u8], at: u64) -> std::io::Result<()> {
    file.read_exact_at(bytes, at)
}

#[cfg(windows)]
fn write_all_at(file: &File, mut bytes: &[u8], mut at: u64) -> std::io::Result<()> {
    use std::os::windows::fs::FileExt;
    while !bytes.is_empty() {
        let written = file.seek_write(bytes, at)?;
        (bytes, at) = (&bytes[written..], at + written as u64);
    }
    Ok(())
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut bytes: &mut [u8], mut at: u64) -> std::io::Result<()> {
    use std::os::windows::fs::FileExt;
    while !bytes.is_empty() {
        let read = file.seek_read(bytes, at)?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        (bytes, at) = (&mut bytes[read..], at + read as u64);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_not_there_is_an_error_and_another_panic_stays_one() {
        let nowhere = Spill::new("/nowhere/at/all".into(), 0);
        let failed = guard(|| {
            let mut array = Array::new(&nowhere, 0);
            (0..1 << 20).for_each(|n: u32| array.push(n));
            Ok(())
        });
        assert!(failed.unwrap_err().to_string().contains("create a temporary file in `/nowhere/at/all`"));
        assert!(catch_unwind(|| guard(|| -> Result<()> { resume_unwind(Box::new("mine")) })).is_err());
    }
}
