//! How far an unfinished run has come for good, so that another can go on from there.
//!
//! One sealed line of JSON beside the growing output. It is written anew at every *durable point*:
//! first everything it speaks of is synced, then it is put in place in one step. So it never says
//! more than is on the disk, whenever the process or the machine stops.
//!
//! A run goes on from it only when it would have written the same: same version, command, parameters
//! and sources. Otherwise it is refused, with what differs.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use xxhash_rust::xxh3::Xxh3Default;

use super::ledger::{CleanedSource, is_sealed, seal};
use super::staging::sync_folder;
use crate::error::{Error, Result};
use crate::params::Params;

/// The version of the format. Readers refuse others.
pub const PROGRESS_VERSION: u32 = 1;

/// What was made durable of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "progress")]
pub struct Progress {
    pub(super) version: u32,
    /// The version of ghirbal.
    ghirbal: String,
    /// The command line, when it can be written down.
    pub command: Option<CommandLine>,
    /// What the run is.
    pub identity: Identity,
    /// The file with what the passes over the input have found.
    pub plan: Kept,
    /// The output, once some of it is durable.
    pub written: Option<Written>,
}

/// What a user typed, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandLine {
    /// The arguments, that of the program first.
    pub args: Vec<String>,
    /// The working folder.
    pub folder: PathBuf,
}

/// What must be the same for two runs to write the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    /// Which stages run: `clean` or `dedup`.
    pub stages: String,
    /// The parameters' digest.
    pub params: String,
    /// The parameters themselves, for telling what differs.
    pub parameters: Value,
    /// The sources in reading order.
    pub sources: Vec<Input>,
    /// A checksum of what was met and is not read.
    pub not_read: String,
}

/// A source as it was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Its name.
    pub name: String,
    /// The name of its format.
    pub format: String,
    /// The length of its file.
    pub len_bytes: u64,
}

/// The beginning of a file that is durable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Its length.
    pub len_bytes: u64,
    /// Its xxh3, 128 bits in hexadecimal.
    pub xxh3: String,
}

/// The durable part of an output folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Written {
    /// Records appended.
    pub records: u64,
    /// Of them, those of sources that are done.
    pub records_of_done: u64,
    /// The cleaned files that are done.
    pub(super) cleaned: Vec<CleanedSource>,
    /// The cleaned file of the source we are in, if it has one.
    pub(super) current: Option<Kept>,
    pub(super) ledger: Kept,
    pub(super) findings: Kept,
    pub(super) metadata: Option<Kept>,
    /// What was counted so far.
    pub counts: Value,
}

impl Written {
    /// The index of the source that is gone on with.
    pub fn source(&self) -> usize {
        self.cleaned.len()
    }
}

impl Progress {
    /// A run whose plan is durable, and nothing else yet.
    pub fn new(command: Option<CommandLine>, identity: Identity, plan: Kept) -> Self {
        let ghirbal = env!("CARGO_PKG_VERSION").to_owned();
        Self { version: PROGRESS_VERSION, ghirbal, command, identity, plan, written: None }
    }

    /// Puts it in the place of the one before.
    ///
    /// # Errors
    /// When the disk refuses; then the one before holds.
    pub fn save(&self, path: &Path) -> Result<()> {
        let failed = |e| Error::io("write", path, e);
        let new = path.with_extension("new");
        let mut file = File::create(&new).map_err(failed)?;
        file.write_all(&seal(self)).and_then(|()| file.sync_all()).map_err(failed)?;
        fs::rename(&new, path).map_err(failed)?;
        path.parent().map_or(Ok(()), sync_folder)
    }

    /// Reads it back.
    ///
    /// # Errors
    /// When it is of another version, or a byte is not what was written.
    pub fn load(path: &Path) -> Result<Self> {
        #[derive(Deserialize)]
        struct Version {
            r#type: String,
            version: u32,
            ghirbal: String,
        }
        let line = fs::read(path).map_err(|e| Error::io("read", path, e))?;
        let refused = |what: &str| {
            Error::artefact(format!("the progress of an unfinished run {what}:"))
                .at(path)
                .hint("delete its folder; the run begins anew then")
        };
        let version: Version = serde_json::from_slice(&line).map_err(|_| refused("is damaged"))?;
        let (ours, theirs) = ((PROGRESS_VERSION, env!("CARGO_PKG_VERSION")), (version.version, &*version.ghirbal));
        if version.r#type == "progress" && ours != theirs {
            let found = format!("was written by ghirbal {} (format version {})", version.ghirbal, version.version);
            return Err(
                refused(&found).hint("finish it with that version, or delete its folder; the run begins anew then")
            );
        }
        if !is_sealed(&line) {
            return Err(refused("is damaged (its checksum does not match)"));
        }
        serde_json::from_slice(&line).map_err(|e| refused(&format!("cannot be understood ({e})")))
    }

    /// Refuses to go on with a run that would write something else.
    ///
    /// # Errors
    /// Names the first thing that differs.
    pub fn require(&self, run: &Identity, path: &Path) -> Result<()> {
        match self.identity.difference(run) {
            None => Ok(()),
            Some(what) => Err(Error::artefact(format!("an unfinished run is another one than this ({what}):"))
                .at(path)
                .hint("`ghirbal resume` goes on with that one; when its folder is deleted, this one begins anew")),
        }
    }
}

impl Identity {
    /// What differs first, for a message.
    fn difference(&self, other: &Self) -> Option<String> {
        if self.stages != other.stages {
            return Some(format!("`{}` there, `{}` here", self.stages, other.stages));
        }
        if let Some(what) = Params::difference(&self.parameters, &other.parameters) {
            return Some(what);
        }
        let (there, here) = (&self.sources, &other.sources);
        if let Some((a, b)) = there.iter().zip(here).find(|(a, b)| a != b) {
            return Some(match a.name == b.name {
                true => format!("source `{}` has {} bytes there, {} here", a.name, a.len_bytes, b.len_bytes),
                false => format!("source `{}` there, `{}` here", a.name, b.name),
            });
        }
        if there.len() != here.len() {
            return Some(format!("{} sources there, {} here", there.len(), here.len()));
        }
        (self != other).then(|| "other files are passed over".to_owned())
    }
}

impl Kept {
    /// Reads the durable beginning of a file, so that it can be written on behind it, and hands every
    /// byte to `each`. What stands behind it is cut off.
    ///
    /// # Errors
    /// When it is not what was written.
    pub(super) fn go_on(&self, file: &mut File, path: &Path, mut each: impl FnMut(&[u8])) -> Result<()> {
        let failed = |e| Error::io("read", path, e);
        let (mut left, mut hasher) = (self.len_bytes, Xxh3Default::new());
        let mut buffer = vec![0; 1 << 16];
        while left > 0 {
            let most = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
            let len = file.read(&mut buffer[..most]).map_err(failed)?;
            if len == 0 {
                break;
            }
            hasher.update(&buffer[..len]);
            each(&buffer[..len]);
            left -= len as u64;
        }
        if left > 0 || format!("{:032x}", hasher.digest128()) != self.xxh3 {
            return Err(Error::artefact("the output of an unfinished run was damaged:")
                .at(path)
                .hint("delete its folder; the run begins anew then"));
        }
        file.set_len(self.len_bytes).map_err(|e| Error::io("cut", path, e))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn progress() -> Progress {
        let kept = Kept { len_bytes: 3, xxh3: "0".repeat(32) };
        let identity = Identity {
            stages: "clean".into(),
            params: Params::default().digest(),
            parameters: serde_json::to_value(Params::default()).unwrap(),
            sources: vec![Input { name: "a.jsonl".into(), format: "jsonl".into(), len_bytes: 300 }],
            not_read: String::new(),
        };
        let written = Written {
            records: 9,
            records_of_done: 0,
            cleaned: Vec::new(),
            current: Some(kept.clone()),
            ledger: kept.clone(),
            findings: kept.clone(),
            metadata: None,
            counts: json!({"n": 1}),
        };
        let command = Some(CommandLine { args: vec!["ghirbal".into()], folder: "/".into() });
        Progress { written: Some(written), ..Progress::new(command, identity, kept) }
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("progress");
        progress().save(&path).unwrap();
        assert_eq!(Progress::load(&path).unwrap(), progress());
        let whole = fs::read(&path).unwrap();
        for len in 0..whole.len() {
            fs::write(&path, &whole[..len]).unwrap();
            assert!(Progress::load(&path).unwrap_err().is_artefact(), "cut at {len}");
        }
        for bit in 0..whole.len() * 8 {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, &bytes).unwrap();
            assert!(Progress::load(&path).unwrap_err().is_artefact(), "bit {bit}");
        }
    }

    #[test]
    fn another_run_is_refused_with_what_differs() {
        let check = |change: fn(&mut Identity), says: &str| {
            let mut run = progress().identity;
            change(&mut run);
            let refused = progress().require(&run, Path::new("x")).unwrap_err().to_string();
            assert!(refused.contains(says), "{refused}");
        };
        assert!(progress().require(&progress().identity, Path::new("x")).is_ok());
        check(|run| run.stages = "dedup".into(), "`clean` there, `dedup` here");
        check(|run| run.parameters["documents"]["similar"] = 0.7.into(), "documents.similar is 0.8 there, 0.7 here");
        check(|run| run.sources[0].len_bytes = 301, "source `a.jsonl` has 300 bytes there, 301 here");
        check(|run| run.sources[0].name = "b".into(), "source `a.jsonl` there, `b` here");
        check(|run| run.sources.clear(), "1 sources there, 0 here");
        check(|run| run.not_read = "1".into(), "other files");
    }
}
