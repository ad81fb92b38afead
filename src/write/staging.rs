//! An output folder that appears whole or not at all.
//!
//! Everything is written into a hidden sibling of the target, synced, and renamed in one step. A
//! run that fails leaves nothing behind; a run that is killed leaves the hidden folder, never a
//! half-written target.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Component, Path, PathBuf};

use tempfile::TempDir;

use super::names;
use crate::error::{Error, Result};
use crate::remote::{self, Upload};
use crate::scratch::{self, Scratch};

/// A folder under construction. Deleted on drop unless committed.
pub struct Staging {
    target: PathBuf,
    /// Where it goes when the target is a URL. First of all, so that it is given up first.
    upload: Option<Upload>,
    folder: TempDir,
    _scratch: Scratch,
    /// Folders created inside, to be synced.
    folders: BTreeSet<PathBuf>,
}

impl Staging {
    /// Begins a folder that will stand at `target`.
    ///
    /// # Errors
    /// When the target holds something already, or stands inside an input, or cannot be written.
    pub fn create(target: &Path, inputs: &[PathBuf]) -> Result<Self> {
        let target = checked(target, inputs)?;
        let upload = remote::is_url(&target).then(|| Upload::begin(&target)).transpose()?;
        let parent = match upload {
            Some(_) => scratch::folder(),
            None => target.parent().unwrap_or(Path::new("/")).to_path_buf(),
        };
        let parent = parent.as_path();
        fs::create_dir_all(parent).map_err(|e| Error::io("create the folder", parent, e))?;
        let name = target.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut builder = tempfile::Builder::new();
        let prefix = format!(".{name}.ghirbal-");
        builder.prefix(&prefix);
        #[cfg(unix)]
        {
            // A temporary folder is for its owner only; this one becomes an ordinary folder, and
            // the user's mask decides.
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(fs::Permissions::from_mode(0o777));
        }
        let folder = builder.tempdir_in(parent).map_err(|e| Error::io("create a folder in", parent, e))?;
        let scratch = Scratch::new(folder.path());
        Ok(Self { target, upload, folder, _scratch: scratch, folders: BTreeSet::new() })
    }

    /// Creates a file inside, with the folders it stands in, and gives its path for messages.
    ///
    /// # Errors
    /// When the name leads outside, or is taken, or the disk refuses.
    pub fn create_file(&mut self, name: &str) -> Result<(File, PathBuf)> {
        if !is_inside(name) {
            return Err(Error::artefact(format!("`{}` is no name for a file in", name.escape_debug())).at(&self.target));
        }
        let path = self.folder.path().join(name);
        let _undisturbed = scratch::hold();
        if let Some(folder) = path.parent()
            && !self.folders.contains(folder)
        {
            fs::create_dir_all(folder).map_err(|e| Error::io("create the folder", folder, e))?;
            let inner = folder.ancestors().take_while(|f| f.starts_with(self.folder.path()));
            self.folders.extend(inner.map(Path::to_path_buf));
        }
        match File::create_new(&path) {
            Ok(file) => Ok((file, path)),
            Err(e) => Err(Error::io("create", &path, e)),
        }
    }

    /// Puts the folder in its place.
    ///
    /// # Errors
    /// When the target has come to hold something in the meantime, or the disk refuses.
    pub fn commit(self) -> Result<()> {
        if let Some(upload) = self.upload {
            return upload.finish(self.folder.path(), names::LEDGER);
        }
        for folder in &self.folders {
            sync_folder(folder)?;
        }
        let undisturbed = scratch::hold();
        fs::rename(self.folder.path(), &self.target)
            .map_err(|e| Error::io("put the output in place", &self.target, e))?;
        // Renamed away: there is nothing left to delete.
        let _ = self.folder.keep();
        drop(undisturbed);
        self.target.parent().map_or(Ok(()), sync_folder)
    }
}

fn sync_folder(folder: &Path) -> Result<()> {
    File::open(folder).and_then(|f| f.sync_all()).map_err(|e| Error::io("sync the folder", folder, e))
}

/// Refuses a target that [`Staging::create`] would refuse, before anything else is done.
///
/// # Errors
/// When the target holds something already, or stands inside an input.
pub fn check_target(target: &Path, inputs: &[PathBuf]) -> Result<()> {
    checked(target, inputs).map(|_| ())
}

/// The target's real path, when it may be written to.
fn checked(target: &Path, inputs: &[PathBuf]) -> Result<PathBuf> {
    if target == Path::new("-") {
        return Err(Error::usage(
            "the output is a folder, with a ledger beside the cleaned files, and not standard output",
        )
        .hint("-o DIR, then read DIR/cleaned"));
    }
    if remote::is_url(target) {
        if let Some(input) = inputs.iter().find(|input| remote::is_url(input) && remote::lies_in(target, input)) {
            return Err(Error::usage(format!("the output lies inside the input {}:", input.display()))
                .at(target)
                .hint("name a prefix outside with -o"));
        }
        remote::require_empty(target)?;
        return Ok(target.to_path_buf());
    }
    let target = resolve(target)?;
    refuse_overlap(&target, inputs)?;
    match fs::read_dir(&target).map(|mut entries| entries.next().is_none()) {
        Ok(true) => Ok(target),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(target),
        Err(e) if e.kind() != io::ErrorKind::NotADirectory => Err(Error::io("look into", &target, e)),
        _ => Err(Error::usage("the output exists already:")
            .at(&target)
            .hint("name a folder that does not exist or is empty; nothing is ever written over")),
    }
}

/// Whether a name with `/` stays inside the folder it is joined to.
pub(super) fn is_inside(name: &str) -> bool {
    !name.contains('\0')
        && name.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
        && Path::new(name).components().all(|c| matches!(c, Component::Normal(_)))
}

/// The absolute path of something that need not exist yet, without symbolic links.
fn resolve(path: &Path) -> Result<PathBuf> {
    let failed = |e| Error::io("resolve", path, e);
    let absolute = std::path::absolute(path).map_err(failed)?;
    for ancestor in absolute.ancestors() {
        match fs::canonicalize(ancestor) {
            Ok(real) => {
                let rest = absolute.strip_prefix(ancestor).unwrap_or(Path::new(""));
                if rest.components().any(|c| c == Component::ParentDir) {
                    break;
                }
                return Ok(real.components().chain(rest.components()).collect());
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(failed(e)),
        }
    }
    Err(Error::usage("cannot tell where the output goes:").at(path).hint("name it without `..`"))
}

/// An output inside an input would be read as input by the next run; one that is an input would
/// be lost.
fn refuse_overlap(target: &Path, inputs: &[PathBuf]) -> Result<()> {
    for input in inputs {
        let Ok(real) = fs::canonicalize(input) else { continue };
        if target == real {
            return Err(Error::usage("the output is an input:").at(target).hint("name another folder with -o"));
        }
        if real.is_dir() && target.starts_with(&real) {
            return Err(Error::usage(format!("the output lies inside the input {}:", input.display()))
                .at(target)
                .hint("name a folder outside with -o"));
        }
    }
    Ok(())
}
