//! A file that appears whole or not at all, and never in place of another.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::{Error, Result};
use crate::scratch::{self, Scratch};

/// A file under construction. Deleted on drop unless committed.
pub struct NewFile {
    target: PathBuf,
    file: NamedTempFile,
    _scratch: Scratch,
}

impl NewFile {
    /// Begins a file that will stand at `target`.
    ///
    /// # Errors
    /// When something stands there already, or the folder cannot be written to.
    pub fn create(target: &Path) -> Result<Self> {
        match fs::symlink_metadata(target) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) if e.kind() != io::ErrorKind::NotADirectory => return Err(Error::io("look at", target, e)),
            _ => return Err(exists(target)),
        }
        let target = std::path::absolute(target).map_err(|e| Error::io("resolve", target, e))?;
        let parent = target.parent().unwrap_or(Path::new("/"));
        fs::create_dir_all(parent).map_err(|e| Error::io("create the folder", parent, e))?;
        let name = target.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let prefix = format!(".{name}.ghirbal-");
        let mut builder = tempfile::Builder::new();
        builder.prefix(&prefix);
        #[cfg(unix)]
        {
            // A temporary file is for its owner only; of this one the user's mask decides.
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        let file = builder.tempfile_in(parent).map_err(|e| Error::io("create a file in", parent, e))?;
        let scratch = Scratch::new(file.path());
        Ok(Self { target, file, _scratch: scratch })
    }

    /// Writes the content and puts the file in its place.
    ///
    /// # Errors
    /// When something has come to stand there in the meantime, or the disk refuses.
    pub fn commit(mut self, content: &[u8]) -> Result<()> {
        let failed = |e| Error::io("write", &self.target, e);
        self.file.write_all(content).map_err(failed)?;
        self.file.as_file().sync_all().map_err(failed)?;
        let undisturbed = scratch::hold();
        self.file.persist_noclobber(&self.target).map_err(|e| match e.error.kind() {
            io::ErrorKind::AlreadyExists => exists(&self.target),
            _ => Error::io("put the report in place", &self.target, e.error),
        })?;
        drop(undisturbed);
        let parent = self.target.parent().unwrap_or(Path::new("/"));
        File::open(parent).and_then(|f| f.sync_all()).map_err(|e| Error::io("sync the folder", parent, e))
    }
}

fn exists(target: &Path) -> Error {
    Error::usage("the output exists already:")
        .at(target)
        .hint("name a file that does not exist; nothing is ever written over")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_whole_and_replaces_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("new/report.html");
        let (first, second) = (NewFile::create(&target).unwrap(), NewFile::create(&target).unwrap());
        assert!(!target.exists());
        first.commit(b"first").unwrap();
        assert!(second.commit(b"second").unwrap_err().to_string().contains("exists already"));
        assert!(NewFile::create(&target).is_err());
        assert_eq!(fs::read(&target).unwrap(), b"first");
        assert_eq!(fs::read_dir(target.parent().unwrap()).unwrap().count(), 1);
    }
}
