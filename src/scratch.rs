//! Temporary files and folders, and how an interrupted process is rid of them.
//!
//! Dropping deletes a temporary file; a signal drops nothing. So whoever creates one also holds a
//! [`Scratch`] for its path, and the command line calls [`clear`] when it is told to stop.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use crate::error::{Error, Result};

static PATHS: Mutex<Vec<Remembered>> = Mutex::new(Vec::new());
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

/// A path that somebody is at work on.
#[derive(Debug)]
pub struct Remembered {
    path: PathBuf,
    /// What can be done with it, when it is not to go.
    kept: Option<String>,
}

/// A path that goes when the process is interrupted, for as long as this is held, unless it is kept.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// Remembers a path.
    pub fn new(path: &Path) -> Self {
        Self::held(&mut hold(), path)
    }

    /// The same for a path that was made while this was held: no signal finds it unknown.
    pub fn held(held: &mut MutexGuard<'static, Vec<Remembered>>, path: &Path) -> Self {
        held.push(Remembered { path: path.to_path_buf(), kept: None });
        Self(path.to_path_buf())
    }

    /// From now on it stays when the process is interrupted, because it is good for something: `what`
    /// is said then.
    pub fn keep(&self, what: &str) {
        self.set(Some(what.to_owned()));
    }

    /// The opposite of [`keep`](Self::keep).
    pub fn forget(&self) {
        self.set(None);
    }

    fn set(&self, kept: Option<String>) {
        hold().iter_mut().filter(|r| r.path == self.0).for_each(|r| r.kept.clone_from(&kept));
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        hold().retain(|r| r.path != self.0);
    }
}

/// While this is held nothing is cleared: for steps that create something below a remembered path.
pub fn hold() -> MutexGuard<'static, Vec<Remembered>> {
    PATHS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Deletes everything that is remembered and not kept, and lets nothing new be remembered while the
/// first result is held: hold it until the process has ended. The second is what can be done with
/// what was kept.
pub fn clear() -> (MutexGuard<'static, Vec<Remembered>>, Vec<String>) {
    clear_below(Path::new(""))
}

fn clear_below(folder: &Path) -> (MutexGuard<'static, Vec<Remembered>>, Vec<String>) {
    let paths = hold();
    let mut kept = Vec::new();
    for Remembered { path, kept: reason } in paths.iter().filter(|r| r.path.starts_with(folder)) {
        match reason {
            Some(reason) => kept.push(reason.clone()),
            // What cannot be deleted stays; there is nobody left to tell.
            None => drop(if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }),
        }
    }
    (paths, kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_goes_and_what_was_let_go_or_kept_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir_all(path("a/b")).unwrap();
        ["a/b/c", "d", "e", "f"].iter().for_each(|name| fs::write(path(name), "x").unwrap());
        let held = [Scratch::new(&path("a")), Scratch::new(&path("d")), Scratch::new(&path("f"))];
        drop(Scratch::new(&path("e")));
        held[1].keep("once");
        held[1].forget();
        held[2].keep("it is f");
        // Other tests of this process are at work, too.
        let (guard, kept) = clear_below(folder.path());
        drop(guard);
        assert_eq!(kept, ["it is f"]);
        let there = ["a", "d", "e", "f"].map(|name| path(name).exists());
        assert_eq!(there, [false, false, true, true]);
        drop(held);
        assert!(!hold().iter().any(|r| r.path.starts_with(folder.path())));
    }
}
