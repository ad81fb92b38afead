//! Temporary files and folders, and how an interrupted process is rid of them.
//!
//! Dropping deletes a temporary file; a signal drops nothing. So whoever creates one also holds a
//! [`Scratch`] for its path, and the command line calls [`clear`] when it is told to stop.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use crate::error::{Error, Result};

static PATHS: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
static FOLDER: OnceLock<PathBuf> = OnceLock::new();

/// Where copies of what can be read only once go: the folder the user named, or the system's.
pub fn folder() -> PathBuf {
    FOLDER.get().cloned().unwrap_or_else(std::env::temp_dir)
}

/// Names that folder, once for the process.
pub fn set_folder(folder: &Path) {
    FOLDER.get_or_init(|| folder.to_path_buf());
}

/// Bytes that a user may still write to the file system of a folder, where the system says.
///
/// # Errors
/// When the folder cannot be asked.
#[cfg(unix)]
pub fn free_bytes(folder: &Path) -> Result<Option<u64>> {
    let stat =
        rustix::fs::statvfs(folder).map_err(|e| Error::io("look for free room in", folder, std::io::Error::from(e)))?;
    Ok(Some(stat.f_bavail.saturating_mul(stat.f_frsize)))
}

/// Bytes that a user may still write to the file system of a folder, where the system says.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn free_bytes(_: &Path) -> Result<Option<u64>> {
    Ok(None)
}

/// A path that goes when the process is interrupted, for as long as this is held.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// Remembers a path.
    pub fn new(path: &Path) -> Self {
        hold().push(path.to_path_buf());
        Self(path.to_path_buf())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        hold().retain(|path| *path != self.0);
    }
}

/// While this is held nothing is cleared: for steps that create something below a remembered path.
pub fn hold() -> MutexGuard<'static, Vec<PathBuf>> {
    PATHS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Deletes everything that is remembered, and lets nothing new be remembered while the result is
/// held: hold it until the process has ended.
pub fn clear() -> MutexGuard<'static, Vec<PathBuf>> {
    let paths = hold();
    for path in paths.iter() {
        // What cannot be deleted stays; there is nobody left to tell.
        let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_goes_and_what_was_let_go_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir_all(path("a/b")).unwrap();
        ["a/b/c", "d", "e"].iter().for_each(|name| fs::write(path(name), "x").unwrap());
        let held = [Scratch::new(&path("a")), Scratch::new(&path("d"))];
        drop(Scratch::new(&path("e")));
        drop(clear());
        assert_eq!([path("a").exists(), path("d").exists(), path("e").exists()], [false, false, true]);
        drop(held);
        assert!(!hold().iter().any(|p| p.starts_with(folder.path())));
    }
}
