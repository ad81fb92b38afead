//! A folder goes up to a prefix: all of it, and its last file last.
//!
//! Whoever writes to a prefix first puts an object called [`CLAIM`] there, which a store creates once
//! only (`If-None-Match: *`); so of two runs one is refused, before it has worked for hours. A prefix with
//! that object, or without the last file, is visibly unfinished.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path as FilePath, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions, WriteMultipart};

use super::store::{Url, Use, connect};
use super::{Failed, runtime};
use crate::error::{Error, Result};

/// Says that a run writes to a prefix, or was interrupted there.
const CLAIM: &str = "UNFINISHED";
const CLAIM_TEXT: &str =
    "ghirbal is writing here, or was interrupted. When no run is, delete everything below this prefix.\n";

/// A longer file goes up in parts of this length, a few at a time.
const PART_LEN_BYTES: u64 = 8 << 20;
const PARTS_AT_ONCE: usize = 4;
const FILES_AT_ONCE: usize = 4;

/// S3 takes 10,000 parts.
const PARTS_MAX: u64 = 9_000;

/// A prefix that this run may write to. Dropped unfinished, it takes back what it has put there, unless
/// another run will go on with it.
pub(crate) struct Upload(Arc<Claimed>);

/// What an interrupt must take back as well.
static CLAIMED: Mutex<Vec<Arc<Claimed>>> = Mutex::new(Vec::new());

struct Claimed {
    to: Target,
    /// What has been put, the claim first.
    put: Mutex<Vec<Path>>,
    kept: AtomicBool,
}

/// Where to write.
struct Target {
    url: PathBuf,
    parts: Url,
    prefix: Path,
    store: Arc<dyn ObjectStore>,
}

/// Refuses a prefix that holds something, unless a run has claimed it: whose claim that is shows when
/// this run claims it too.
///
/// # Errors
/// As said, and when the prefix cannot be looked into.
pub(crate) fn require_empty(url: &FilePath) -> Result<()> {
    let to = Target::of(url)?;
    let found = to.objects(2)?;
    if found.is_empty() || found.contains(&to.claim()) { Ok(()) } else { Err(to.in_use()) }
}

impl Target {
    fn of(url: &FilePath) -> Result<Self> {
        let failed = |e: Failed| e.error("write", url);
        let parts = Url::parse(url).map_err(failed)?;
        if parts.is_http() {
            return Err(Error::usage("nothing can be written to a web server:")
                .at(url)
                .hint("-o a folder, s3://, gs:// or az://"));
        }
        let prefix = parts.path().map_err(failed)?;
        if prefix.as_ref().is_empty() {
            return Err(Error::usage("the output would be the whole bucket:").at(url).hint("name a prefix in it"));
        }
        let store = connect(&parts, Use::Write).map_err(failed)?;
        Ok(Self { url: url.to_path_buf(), parts, prefix, store })
    }

    fn claim(&self) -> Path {
        self.prefix.clone().join(CLAIM)
    }

    /// The first objects below the prefix. Two tell whether there are any beside the claim, which comes
    /// first of all that we put.
    fn objects(&self, max: usize) -> Result<Vec<Path>> {
        let listed = self.store.list(Some(&self.prefix)).map_ok(|object| object.location);
        // An empty object where a folder would stand is nothing.
        let listed = listed.try_filter(|path| std::future::ready(*path != self.prefix));
        runtime::wait(listed.take(max).try_collect()).map_err(|e| self.failed("look into", &e))
    }

    fn failed(&self, doing: &str, e: &object_store::Error) -> Error {
        let failed = Failed::of(&self.parts, e);
        let missing = failed.is_missing();
        let error = failed.error(doing, &self.url);
        if missing { error.or_hint("there is no such bucket; create it first") } else { error }
    }

    fn in_use(&self) -> Error {
        Error::usage("the output exists already:")
            .at(&self.url)
            .hint("name a prefix below which there is nothing; nothing is ever written over")
    }
}

impl Upload {
    /// Claims a prefix in the name of `claim`. What an earlier run has put there in that name is deleted.
    ///
    /// # Errors
    /// When it holds something already, or another run has claimed it, or it cannot be written to.
    pub(crate) fn begin(url: &FilePath, claim: &str) -> Result<Self> {
        let to = Target::of(url)?;
        let (path, text) = (to.claim(), format!("{CLAIM_TEXT}{claim}\n"));
        let once = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        let first = match runtime::wait(to.store.put_opts(&path, text.clone().into(), once)) {
            Ok(_) => true,
            Err(object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }) => {
                let claimed = runtime::wait(async { to.store.get(&path).await?.bytes().await });
                if claimed.map_err(|e| to.failed("look into", &e))? != text.as_bytes() {
                    return Err(Error::usage("another run writes there, or was interrupted:").at(url).hint(format!(
                        "name another prefix; or, when no run is writing, delete what is below it, {CLAIM} last"
                    )));
                }
                false
            }
            Err(e) => return Err(to.failed("write", &e)),
        };
        let claimed = Arc::new(Claimed { to, put: Mutex::new(vec![path.clone()]), kept: AtomicBool::new(false) });
        hold(&CLAIMED).push(Arc::clone(&claimed));
        // Dropped on an error, it takes the claim back.
        let upload = Self(claimed);
        let to = &upload.0.to;
        for found in to.objects(if first { 2 } else { usize::MAX })?.iter().filter(|found| **found != path) {
            if first {
                return Err(to.in_use());
            }
            runtime::wait(to.store.delete(found)).map_err(|e| to.failed("delete what is unfinished in", &e))?;
        }
        Ok(upload)
    }

    /// Whether the claim outlives this run, when it does not finish.
    pub(crate) fn keep(&self, kept: bool) {
        self.0.kept.store(kept, Ordering::SeqCst);
    }

    /// Puts all files of a folder below the prefix, the one called `last` after all others, and gives up
    /// the claim.
    ///
    /// # Errors
    /// When the store refuses; then nothing of it remains there, as far as the store lets it be deleted.
    pub(crate) fn finish(&self, folder: &FilePath, last: &str) -> Result<()> {
        let mut files = Vec::new();
        files_in(folder, &mut files)?;
        files.sort();
        let (last, files): (Vec<_>, Vec<_>) = files.into_iter().partition(|(path, _)| *path == folder.join(last));
        let (large, small): (Vec<_>, Vec<_>) = files.into_iter().partition(|(_, len)| *len > PART_LEN_BYTES);
        runtime::wait(async {
            let claimed = &self.0;
            let small = stream::iter(small).map(Ok);
            small.try_for_each_concurrent(FILES_AT_ONCE, |(path, len)| claimed.put(folder, path, len)).await?;
            for (path, len) in large.into_iter().chain(last) {
                claimed.put(folder, path, len).await?;
            }
            Ok(())
        })?;
        // From here on it is finished, whatever becomes of the claim.
        let claim = std::mem::take(&mut *hold(&self.0.put)).into_iter().next();
        match claim {
            Some(claim) => runtime::wait(self.0.to.store.delete(&claim)).map_err(|e| {
                let error = self.0.to.failed("take the mark of an unfinished output from", &e);
                error.or_hint(format!("the output is whole; delete {CLAIM} there"))
            }),
            None => Ok(()),
        }
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        hold(&CLAIMED).retain(|claimed| !Arc::ptr_eq(claimed, &self.0));
        self.0.take_back();
    }
}

impl Claimed {
    async fn put(&self, folder: &FilePath, path: PathBuf, len_bytes: u64) -> Result<()> {
        let name = path.strip_prefix(folder).unwrap_or(&path);
        let parts = name.components().map(|part| part.as_os_str().to_string_lossy().into_owned());
        let key = parts.fold(self.to.prefix.as_ref().to_owned(), |key, part| key + "/" + &part);
        let url = PathBuf::from(self.to.parts.with_key(&key));
        let to =
            Path::parse(&key).map_err(|e| Error::usage(format!("no object can have this name ({e}):")).at(&url))?;
        let read = |e: io::Error| Error::io("read", &path, e);
        let wrote = |e: &object_store::Error| Failed::of(&self.to.parts, e).error("write", &url);
        hold(&self.put).push(to.clone());
        let mut file = File::open(&path).map_err(read)?;
        if len_bytes <= PART_LEN_BYTES {
            let mut bytes = Vec::with_capacity(len_bytes as usize);
            file.read_to_end(&mut bytes).map_err(read)?;
            self.to.store.put(&to, bytes.into()).await.map_err(|e| wrote(&e))?;
            return Ok(());
        }
        let part_len_bytes = PART_LEN_BYTES.max(len_bytes.div_ceil(PARTS_MAX));
        let upload = self.to.store.put_multipart(&to).await.map_err(|e| wrote(&e))?;
        let mut upload = WriteMultipart::new_with_chunk_size(upload, part_len_bytes as usize);
        loop {
            if let Err(e) = upload.wait_for_capacity(PARTS_AT_ONCE).await {
                // The store says why; that it could not clean up either says no more.
                let _ = upload.abort().await;
                return Err(wrote(&e));
            }
            let mut part = Vec::with_capacity(part_len_bytes as usize);
            if let Err(e) = (&mut file).take(part_len_bytes).read_to_end(&mut part) {
                let _ = upload.abort().await;
                return Err(read(e));
            }
            if part.is_empty() {
                break;
            }
            upload.put(part.into());
        }
        upload.finish().await.map_err(|e| wrote(&e))?;
        Ok(())
    }

    /// Deletes what has been put, the claim last, unless it is kept. What cannot be deleted stays, and the
    /// claim with it.
    fn take_back(&self) {
        if self.kept.load(Ordering::SeqCst) {
            return;
        }
        let put = std::mem::take(&mut *hold(&self.put));
        let deleting = async {
            for path in put.iter().rev() {
                match self.to.store.delete(path).await {
                    Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                    Err(_) => return,
                }
            }
        };
        let _ = runtime::wait(async { tokio::time::timeout(TAKE_BACK_MAX, deleting).await });
    }
}

/// So long an interrupted user waits at most.
const TAKE_BACK_MAX: Duration = Duration::from_secs(10);

/// Takes back what unfinished uploads have put; for an interrupt.
pub(crate) fn abandon_uploads() {
    let claimed = std::mem::take(&mut *hold(&CLAIMED));
    claimed.iter().for_each(|claimed| claimed.take_back());
}

fn hold<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn files_in(folder: &FilePath, files: &mut Vec<(PathBuf, u64)>) -> Result<()> {
    let failed = |e| Error::io("look into", folder, e);
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let metadata = entry.metadata().map_err(failed)?;
        if metadata.is_dir() {
            files_in(&entry.path(), files)?;
        } else {
            files.push((entry.path(), metadata.len()));
        }
    }
    Ok(())
}
