//! An output folder that appears whole or not at all.
//!
//! Everything is written into a hidden sibling of the target, synced, and renamed in one step:
//!
//! ```text
//! .NAME.ghirbal-partial/   for its owner only
//!   lock       held as long as a run works here: a second run on the same target is refused
//!   progress   how far a run has come for good (see `progress`), when it has
//!   plan       what its passes over the input have found
//!   claim      where the target is a URL: what is written there to keep others off
//!   output/    what will stand at the target
//! ```
//!
//! A run that fails leaves nothing behind, and one that is killed never a half-written target: what
//! remains is the hidden folder. Of a URL it stands among the temporary files, and goes up when it is
//! whole. The next run on the target takes it over, and goes on from there
//! or clears it.

use std::collections::BTreeSet;
use std::collections::hash_map::RandomState;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::hash::BuildHasher;
use std::io;
use std::path::{Component, Path, PathBuf};

use xxhash_rust::xxh3::xxh3_64;

use super::names;
use crate::error::{Error, Result};
use crate::remote::{self, Upload};
use crate::scratch::{self, Scratch};

/// The names inside the hidden folder.
mod inside {
    pub const LOCK: &str = "lock";
    pub const PROGRESS: &str = "progress";
    pub const PLAN: &str = "plan";
    pub const CLAIM: &str = "claim";
    pub const OUTPUT: &str = "output";
}

/// A folder under construction. Deleted on drop unless committed or kept.
pub struct Staging {
    target: PathBuf,
    /// Where it goes up to when the target is a URL.
    upload: Option<Upload>,
    folder: PathBuf,
    scratch: Scratch,
    /// Let go last, when nothing of the folder is ours any more.
    _lock: File,
    /// Folders created inside, to be synced.
    folders: BTreeSet<PathBuf>,
    /// Whether there is something to go on from.
    kept: bool,
}

impl Staging {
    /// Begins a folder that will stand at `target`.
    ///
    /// # Errors
    /// When the target holds something already, or stands inside an input, or cannot be written; when
    /// another run is at work on it, or has left something that can be gone on with.
    pub fn create(target: &Path, inputs: &[PathBuf]) -> Result<Self> {
        let mut staging = Self::open(target, inputs)?;
        if staging.has_progress() {
            staging.kept = true;
            return Err(Error::usage("an unfinished run has left its work in")
                .at(&staging.folder)
                .hint(format!("`ghirbal resume {}` finishes it; or delete that folder", target.display())));
        }
        staging.begin()?;
        Ok(staging)
    }

    /// Takes the target's hidden folder, with whatever an earlier run has left in it.
    ///
    /// # Errors
    /// As [`create`](Self::create), but for what is left.
    pub fn open(target: &Path, inputs: &[PathBuf]) -> Result<Self> {
        let target = checked(target, inputs)?;
        let folder = partial(&target);
        let parent = folder.parent().unwrap_or(Path::new("/"));
        fs::create_dir_all(parent).map_err(|e| Error::io("create the folder", parent, e))?;
        let mut undisturbed = scratch::hold();
        let lock = loop {
            own_folder(&folder)?;
            if let Some(lock) = lock(&folder, &target)? {
                break lock;
            }
        };
        let scratch = Scratch::held(&mut undisturbed, &folder);
        drop(undisturbed);
        let kept = folder.join(inside::PROGRESS).exists();
        let mut staging = Self { target, upload: None, folder, scratch, _lock: lock, folders: BTreeSet::new(), kept };
        if remote::is_url(&staging.target) {
            let claim = claim(&staging.folder.join(inside::CLAIM))?;
            staging.upload = Some(Upload::begin(&staging.target, &claim)?);
        }
        if kept {
            staging.keep();
        }
        Ok(staging)
    }

    /// Clears what is left of an earlier run.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn begin(&mut self) -> Result<()> {
        self.forget();
        for name in [inside::PROGRESS, inside::PLAN] {
            let path = self.folder.join(name);
            absent(fs::remove_file(&path)).map_err(|e| Error::io("delete", &path, e))?;
        }
        self.begin_output()
    }

    /// Clears what is left of an output.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn begin_output(&mut self) -> Result<()> {
        let output = self.output();
        absent(fs::remove_dir_all(&output)).map_err(|e| Error::io("delete", &output, e))?;
        fs::create_dir(&output).map_err(|e| Error::io("create the folder", &output, e))
    }

    /// Whether an earlier run has left something to go on from.
    pub fn has_progress(&self) -> bool {
        self.progress().exists() && self.output().is_dir()
    }

    /// From now on what is here outlives a failure and an interrupt.
    pub fn keep(&mut self) {
        self.kept = true;
        self.upload.iter().for_each(|upload| upload.keep(true));
        self.scratch
            .keep(&format!("`ghirbal resume {}` goes on with it, and so does the same command", self.target.display()));
    }

    /// The opposite of [`keep`](Self::keep).
    pub fn forget(&mut self) {
        self.kept = false;
        self.upload.iter().for_each(|upload| upload.keep(false));
        self.scratch.forget();
    }

    /// Whether what is here outlives a failure.
    pub fn is_kept(&self) -> bool {
        self.kept
    }

    /// Where it will stand.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// The hidden folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file that says how far a run has come.
    pub fn progress(&self) -> PathBuf {
        self.folder.join(inside::PROGRESS)
    }

    /// The file with what the passes over the input have found.
    pub fn plan(&self) -> PathBuf {
        self.folder.join(inside::PLAN)
    }

    pub(super) fn output(&self) -> PathBuf {
        self.folder.join(inside::OUTPUT)
    }

    /// Creates a file inside, with the folders it stands in, and gives its path for messages.
    ///
    /// # Errors
    /// When the name leads outside, or is taken, or the disk refuses.
    pub fn create_file(&mut self, name: &str) -> Result<(File, PathBuf)> {
        let path = self.place(name)?;
        match File::create_new(&path) {
            Ok(file) => Ok((file, path)),
            Err(e) => Err(Error::io("create", &path, e)),
        }
    }

    /// Opens a file that an earlier run has left, to be read and written on.
    ///
    /// # Errors
    /// When the name leads outside, or there is no such file.
    pub(super) fn open_file(&mut self, name: &str) -> Result<(File, PathBuf)> {
        let path = self.place(name)?;
        match OpenOptions::new().read(true).write(true).open(&path) {
            Ok(file) => Ok((file, path)),
            Err(e) => Err(Error::io("open", &path, e)),
        }
    }

    /// Where a file inside stands; its folders are made.
    fn place(&mut self, name: &str) -> Result<PathBuf> {
        if !is_inside(name) {
            return Err(Error::artefact(format!("`{}` is no name for a file in", name.escape_debug())).at(&self.target));
        }
        let output = self.output();
        let path = output.join(name);
        let _undisturbed = scratch::hold();
        if let Some(folder) = path.parent()
            && !self.folders.contains(folder)
        {
            fs::create_dir_all(folder).map_err(|e| Error::io("create the folder", folder, e))?;
            let inner = folder.ancestors().take_while(|f| f.starts_with(&output));
            self.folders.extend(inner.map(Path::to_path_buf));
        }
        Ok(path)
    }

    /// Makes the names of all files inside durable.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn sync_folders(&self) -> Result<()> {
        self.folders.iter().try_for_each(|folder| sync_folder(folder))
    }

    /// Puts the folder in its place.
    ///
    /// # Errors
    /// When the target has come to hold something in the meantime, or the disk refuses.
    pub fn commit(mut self) -> Result<()> {
        self.sync_folders()?;
        if let Some(upload) = &self.upload {
            upload.finish(&self.output(), names::LEDGER)?;
            self.kept = false;
            return Ok(());
        }
        let undisturbed = scratch::hold();
        fs::rename(self.output(), &self.target).map_err(|e| Error::io("put the output in place", &self.target, e))?;
        self.kept = false;
        drop(undisturbed);
        self.target.parent().map_or(Ok(()), sync_folder)
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if !self.kept {
            // What cannot be deleted stays, and the next run on this target deletes it.
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// The hidden folder of a target.
fn partial(target: &Path) -> PathBuf {
    if remote::is_url(target) {
        let url = xxh3_64(target.as_os_str().as_encoded_bytes());
        return scratch::folder().join(format!(".{url:016x}.ghirbal-partial"));
    }
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    target.with_file_name(format!(".{name}.ghirbal-partial"))
}

/// The file that says how far an unfinished run on `target` has come, whether there is one or not.
///
/// # Errors
/// When the path cannot be resolved.
pub fn progress_of(target: &Path) -> Result<PathBuf> {
    Ok(partial(&resolve(target)?).join(inside::PROGRESS))
}

/// What the hidden folder of a URL says in our name: made up once, so that a run that goes on is known by it.
fn claim(path: &Path) -> Result<String> {
    let failed = |e| Error::io("write", path, e);
    match fs::read_to_string(path) {
        Ok(claim) if !claim.is_empty() => return Ok(claim),
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(failed(e)),
        _ => {}
    }
    // Unlike that of any other run; it is in no output.
    let claim = format!("{:016x}", RandomState::new().hash_one(path));
    fs::write(path, &claim).map_err(failed)?;
    Ok(claim)
}

/// Makes the hidden folder, or makes sure that it is ours: in a folder that all may write to somebody
/// else could have put one there, or a link.
fn own_folder(folder: &Path) -> Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(folder) {
        Ok(()) => return Ok(()),
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
        Err(e) => return Err(Error::io("create the folder", folder, e)),
    }
    let found = match fs::symlink_metadata(folder) {
        Ok(found) => found,
        // Another run has just ended.
        Err(e) if e.kind() == io::ErrorKind::NotFound => return own_folder(folder),
        Err(e) => return Err(Error::io("look at", folder, e)),
    };
    #[cfg(unix)]
    let ours = std::os::unix::fs::MetadataExt::uid(&found) == rustix::process::geteuid().as_raw();
    #[cfg(not(unix))]
    let ours = true;
    if found.is_dir() && ours {
        return Ok(());
    }
    Err(Error::usage("something else stands where the output is to grow:")
        .at(folder)
        .hint("delete it, if it is not needed, or name another folder with -o"))
}

/// The lock of the hidden folder; nothing when the folder went away meanwhile.
fn lock(folder: &Path, target: &Path) -> Result<Option<File>> {
    let path = folder.join(inside::LOCK);
    let file = match OpenOptions::new().write(true).create(true).truncate(false).open(&path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(Error::io("create", &path, e)),
    };
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(Error::usage("another run is writing to")
                .at(target)
                .hint("wait for it, or name another folder with -o"));
        }
        // Some file systems of clusters have no locks. There we go without.
        Err(TryLockError::Error(e)) if e.kind() == io::ErrorKind::Unsupported => {}
        Err(TryLockError::Error(e)) => return Err(Error::io("lock", &path, e)),
    }
    // Whoever held it before us may have deleted it with the folder.
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let id = |m: fs::Metadata| (m.dev(), m.ino());
        let still_there = fs::metadata(&path).map(id).ok() == file.metadata().map(id).ok();
        Ok(still_there.then_some(file))
    }
    #[cfg(not(unix))]
    Ok(Some(file))
}

/// That something is not there is as good as its having been deleted.
fn absent(deleted: io::Result<()>) -> io::Result<()> {
    match deleted {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

pub(super) fn sync_folder(folder: &Path) -> Result<()> {
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
    if remote::is_url(path) {
        return Ok(path.to_path_buf());
    }
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
