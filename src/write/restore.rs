//! Puts the originals together again from cleaned text and ledger, byte for byte.
//!
//! An output folder -> a folder with the sources as they were read. The ledger is a patch over
//! bytes, so nothing is parsed here; memory is one ledger entry and two buffers. Every source is
//! checked against the checksum taken when it was read, and nothing is put in place before all
//! are. Of a compressed source or a table the *content* is given back exactly, in a container made
//! anew; of a source that was damaged, as much as could be read.

use std::io::{self, BufRead, BufReader, Read};
use std::iter::Peekable;
use std::path::{Path, PathBuf};

use super::ledger::{CleanedSource, Ledger, LedgerLine, LedgerSource};
use super::names;
use super::output::CleanFile;
use super::staging::{Staging, is_inside};
use crate::error::{Error, Result};
use crate::read::{Coding, Hasher};
use crate::remote;

/// What [`restore`] has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RestoreSummary {
    /// Sources written.
    pub sources: u64,
    /// Their decompressed content together.
    pub len_bytes: u64,
    /// Ledger entries put back.
    pub entries: u64,
}

/// Restores the originals of an output folder into a new folder.
///
/// # Errors
/// When the ledger is damaged or of another version; when a cleaned file is missing or has been
/// edited; when a source does not come out as it was read; when the disk refuses. Then nothing is
/// written.
pub fn restore(dir: &Path, target: &Path) -> Result<RestoreSummary> {
    let ledger = Ledger::open(dir)?;
    let mut staging = Staging::create(target, &[dir.to_path_buf()])?;
    let mut entries = ledger.lines()?.peekable();
    let mut summary = RestoreSummary::default();
    for (source, cleaned) in ledger.sources().iter().zip(ledger.cleaned()) {
        summary.len_bytes += restore_source(dir, source, cleaned, &mut entries, &mut staging)?;
        summary.sources += 1;
    }
    if let Some(entry) = entries.next() {
        return Err(out_of_order(&entry?).at(ledger.path()));
    }
    summary.entries = ledger.len();
    staging.commit()?;
    Ok(summary)
}

/// Restores one source with the entries that belong to it; gives its length.
fn restore_source(
    dir: &Path,
    source: &LedgerSource,
    cleaned: &CleanedSource,
    entries: &mut Peekable<impl Iterator<Item = Result<LedgerLine>>>,
    staging: &mut Staging,
) -> Result<u64> {
    if !is_inside(&source.name) {
        let name = source.name.escape_debug();
        return Err(Error::artefact(format!("the ledger names a source outside its folder: {name}")).at(dir));
    }
    let mut from = CleanedFile::open(dir, cleaned, &source.coding)?;
    let mut to = CleanFile::create(staging, &source.name, &source.coding)?;
    while let Some(entry) = entries.next_if(|e| e.as_ref().map_or(true, |e| e.source() == source.name)) {
        let entry = entry?;
        from.copy_until(entry.at(), &mut to, &entry)?;
        to.write(&entry.original().ok_or_else(|| out_of_order(&entry).at(dir))?)?;
        if let Some(added) = entry.added() {
            from.copy_until(added.at, &mut to, &entry)?;
            from.take(added.len_bytes, |_| Ok(()))?;
        }
    }
    from.take_rest(|bytes| to.write(bytes))?;
    from.require_unedited(cleaned)?;
    let checksum = to.finish()?;
    if checksum.hex() != source.xxh3 || checksum.len_bytes != source.len_bytes {
        return Err(Error::artefact(format!("the original of `{}` cannot be put together from", source.name))
            .at(dir)
            .hint("the ledger and the cleaned files are not of one run"));
    }
    Ok(checksum.len_bytes)
}

fn out_of_order(line: &LedgerLine) -> Error {
    let of = match line {
        LedgerLine::Removal(entry) => format!("document `{}`", entry.doc.escape_debug()),
        LedgerLine::Rewritten(rewritten) => format!("record {}", rewritten.record),
    };
    Error::artefact(format!("the ledger's entry for {of} stands out of order in"))
}

/// A cleaned file, read once from its beginning to its end.
struct CleanedFile {
    /// Nothing when no record of the source stayed.
    input: Box<dyn BufRead>,
    path: PathBuf,
    hasher: Hasher,
}

impl CleanedFile {
    fn open(dir: &Path, cleaned: &CleanedSource, coding: &Coding) -> Result<Self> {
        let path = dir.join(names::CLEANED).join(&cleaned.name);
        let input: Box<dyn BufRead> = match cleaned.xxh3 {
            None => Box::new(io::empty()),
            Some(_) => Box::new(open_decoded(&path, coding)?),
        };
        Ok(Self { input, path, hasher: Hasher::default() })
    }

    /// Copies up to the place `at` of the original, of which all before is written.
    fn copy_until(&mut self, at: u64, to: &mut CleanFile, entry: &LedgerLine) -> Result<()> {
        let Some(len) = at.checked_sub(to.len_bytes()) else {
            return Err(out_of_order(entry).at(&self.path));
        };
        self.take(len, |bytes| to.write(bytes))
    }

    /// Hands on exactly the next `len` bytes.
    fn take(&mut self, len: u64, mut each: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let mut left = len;
        while left > 0 {
            let len = self.fill(left, &mut each)?;
            if len == 0 {
                return Err(self.edited("it is shorter than the ledger says"));
            }
            left -= len;
        }
        Ok(())
    }

    fn take_rest(&mut self, mut each: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        while self.fill(u64::MAX, &mut each)? > 0 {}
        Ok(())
    }

    /// Hands on a buffer of at most `max` bytes, empty at the end; gives its length.
    fn fill(&mut self, max: u64, each: &mut impl FnMut(&[u8]) -> Result<()>) -> Result<u64> {
        while self.input.fill_buf().is_err_and(|e| e.kind() == io::ErrorKind::Interrupted) {}
        let bytes = match self.input.fill_buf() {
            Ok(bytes) => bytes,
            Err(e) if remote::is_failure(&e) => return Err(remote::into_error("read", &self.path, e)),
            Err(e) => {
                let e = e.to_string();
                return Err(self.edited(&e));
            }
        };
        let len = usize::try_from(max).map_or(bytes.len(), |max| max.min(bytes.len()));
        self.hasher.update(&bytes[..len]);
        each(&bytes[..len])?;
        self.input.consume(len);
        Ok(len as u64)
    }

    fn require_unedited(&self, cleaned: &CleanedSource) -> Result<()> {
        match &cleaned.xxh3 {
            Some(xxh3) if *xxh3 != self.hasher.checksum().hex() => {
                Err(self.edited("its content is not what was written"))
            }
            _ => Ok(()),
        }
    }

    fn edited(&self, why: &str) -> Error {
        Error::artefact(format!("a cleaned file was edited or damaged ({why}):"))
            .at(&self.path)
            .hint("the ledger fits only the cleaned files of its own run; bring the file back from a copy")
    }
}

fn open_decoded(path: &Path, coding: &Coding) -> Result<BufReader<Box<dyn Read + Send>>> {
    let input = coding.open(path).map_err(|e| match e.kind() {
        io::ErrorKind::NotFound => Error::artefact("a cleaned file is missing:")
            .at(path)
            .hint("restoring needs the cleaned files and the ledger as they were written"),
        _ => remote::into_error("read", path, e),
    })?;
    Ok(BufReader::with_capacity(1 << 16, input))
}
