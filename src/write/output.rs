//! The output folder as it grows: cleaned files one after another, ledger, findings, metadata.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::cut::Prepared;
use super::ledger::{CleanedSource, LedgerWriter};
use super::names;
use super::progress::{Kept, Written};
use super::staging::Staging;
use crate::error::{Error, Result};
use crate::params::Params;
use crate::read::{Checksum, Coding, Encoder, Hasher, Source};

/// An output folder under construction; nothing of it is seen before [`commit`](Output::commit).
pub struct Output<'a> {
    staging: Staging,
    sources: &'a [Source],
    ledger: LedgerWriter,
    findings: Lines,
    metadata: Option<Lines>,
    /// The cleaned file of the source we are in.
    current: Option<CleanFile>,
    /// Whether a record of the source we are in has been seen.
    any_record: bool,
    /// The cleaned files that are done; its length is the index of the source we are in.
    cleaned: Vec<CleanedSource>,
    /// The other files that are done.
    files: Vec<CleanedSource>,
    /// Records appended, and those of them that belong to sources that are done.
    records: u64,
    records_of_done: u64,
    /// Bytes written since something was made durable.
    written_bytes: u64,
}

impl<'a> Output<'a> {
    /// Begins the output of a run over `sources`, found under `inputs`, whose checksums a first
    /// pass has taken.
    ///
    /// # Errors
    /// When the target holds something already, or stands inside an input, or cannot be written.
    ///
    /// # Panics
    /// When there is not one checksum for each source.
    pub fn create(
        target: &Path,
        inputs: &[PathBuf],
        params: &Params,
        sources: &'a [Source],
        checksums: &[Checksum],
    ) -> Result<Self> {
        Self::begin(Staging::create(target, inputs)?, params, sources, checksums)
    }

    /// The same in a folder that has been begun already.
    ///
    /// # Errors
    /// When the disk refuses.
    ///
    /// # Panics
    /// When there is not one checksum for each source.
    pub fn begin(mut staging: Staging, params: &Params, sources: &'a [Source], checksums: &[Checksum]) -> Result<Self> {
        assert_eq!(sources.len(), checksums.len());
        let (file, path) = staging.create_file(names::LEDGER)?;
        let ledger = LedgerWriter::new(file, path, params, sources, checksums)?;
        let findings = Lines::create(&mut staging, names::FINDINGS)?;
        Ok(Self {
            staging,
            sources,
            ledger,
            findings,
            metadata: None,
            current: None,
            any_record: false,
            cleaned: Vec::with_capacity(sources.len()),
            files: Vec::new(),
            records: 0,
            records_of_done: 0,
            written_bytes: 0,
        })
    }

    /// Goes on where `written` ends: every file is checked up to there, and cut there.
    ///
    /// # Errors
    /// When something is not as it was written, or the disk refuses.
    pub fn go_on(mut staging: Staging, sources: &'a [Source], written: &Written) -> Result<Self> {
        delete_all_but(&staging, sources, written)?;
        let (file, path) = staging.open_file(names::LEDGER)?;
        let ledger = LedgerWriter::go_on(file, path, &written.ledger)?;
        let findings = Lines::go_on(&mut staging, names::FINDINGS, &written.findings)?;
        let metadata = written.metadata.as_ref().map(|kept| Lines::go_on(&mut staging, names::METADATA, kept));
        let metadata = metadata.transpose()?;
        let current = match (&written.current, sources.get(written.source())) {
            (Some(kept), Some(source)) => Some(CleanFile::go_on(&mut staging, source, kept)?),
            _ => None,
        };
        Ok(Self {
            staging,
            sources,
            ledger,
            findings,
            metadata,
            current,
            any_record: written.records > written.records_of_done,
            cleaned: written.cleaned.clone(),
            files: Vec::new(),
            records: written.records,
            records_of_done: written.records_of_done,
            written_bytes: 0,
        })
    }

    /// Where it grows.
    pub fn staging(&mut self) -> &mut Staging {
        &mut self.staging
    }

    /// Ends the files of all sources before this one.
    ///
    /// # Errors
    /// When the disk refuses.
    ///
    /// # Panics
    /// When the source has been ended already.
    pub fn advance(&mut self, source: u32) -> Result<()> {
        assert!(source as usize >= self.cleaned.len(), "records come in reading order");
        while self.cleaned.len() < source as usize {
            self.end_source()?;
        }
        Ok(())
    }

    /// Makes everything durable once `every_bytes` were written since the last time, and gives what one
    /// can go on from. In the middle of a source that is compressed, encoded or a table there is no
    /// such point: what such a coder has in hand cannot be written down.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn rest(&mut self, every_bytes: u64, counts: impl FnOnce() -> Value) -> Result<Option<Written>> {
        if self.written_bytes < every_bytes || self.current.as_ref().is_some_and(|file| !file.is_plain) {
            return Ok(None);
        }
        self.written_bytes = 0;
        let current = self.current.as_mut().map(CleanFile::rest).transpose()?;
        let metadata = self.metadata.as_mut().map(Lines::rest).transpose()?;
        let (ledger, findings) = (self.ledger.rest()?, self.findings.rest()?);
        self.staging.sync_folders()?;
        let (records, records_of_done) = (self.records, self.records_of_done);
        let cleaned = self.cleaned.clone();
        Ok(Some(Written { records, records_of_done, cleaned, current, ledger, findings, metadata, counts: counts() }))
    }

    /// Appends a record, in reading order.
    ///
    /// # Errors
    /// When the disk refuses.
    ///
    /// # Panics
    /// When the record's source comes before the last one's.
    pub fn append(&mut self, prepared: Prepared) -> Result<()> {
        self.advance(prepared.source)?;
        self.any_record = true;
        self.records += 1;
        self.written_bytes += (prepared.cleaned.len() + prepared.ledger.len()) as u64;
        if !prepared.gone {
            self.clean_file()?.write(&prepared.cleaned)?;
        }
        if !prepared.ledger.is_empty() {
            self.ledger.write(&prepared.ledger)?;
        }
        if !prepared.metadata.is_empty() {
            let lines = match &mut self.metadata {
                Some(lines) => lines,
                none => none.insert(Lines::create(&mut self.staging, names::METADATA)?),
            };
            lines.write(&prepared.metadata)?;
        }
        Ok(())
    }

    /// Appends whole lines to the findings.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn findings(&mut self, lines: &[u8]) -> Result<()> {
        self.findings.write(lines)
    }

    /// Writes the summary.
    ///
    /// # Errors
    /// When the disk refuses, or there is one already.
    pub fn summary(&mut self, summary: &[u8]) -> Result<()> {
        let mut lines = Lines::create(&mut self.staging, names::SUMMARY)?;
        lines.write(summary)?;
        self.files.push(lines.finish(names::SUMMARY)?);
        Ok(())
    }

    /// Ends every file, and puts the folder in its place.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn commit(mut self) -> Result<()> {
        self.advance(self.sources.len() as u32)?;
        self.files.push(self.findings.finish(names::FINDINGS)?);
        if let Some(metadata) = self.metadata {
            self.files.push(metadata.finish(names::METADATA)?);
        }
        self.ledger.finish(self.cleaned, self.files)?;
        self.staging.commit()
    }

    /// The cleaned file of the source we are in, created when the first record stays.
    fn clean_file(&mut self) -> Result<&mut CleanFile> {
        match &mut self.current {
            Some(file) => Ok(file),
            none => {
                let source = &self.sources[self.cleaned.len()];
                let name = format!("{}/{}", names::CLEANED, source.name);
                Ok(none.insert(CleanFile::create(&mut self.staging, &name, &source.coding)?))
            }
        }
    }

    /// A source none of whose records stayed has no cleaned file; one without records has an
    /// empty one.
    fn end_source(&mut self) -> Result<()> {
        if !self.any_record {
            self.clean_file()?;
        }
        let xxh3 = self.current.take().map(CleanFile::finish).transpose()?.map(|checksum| checksum.hex());
        self.any_record = false;
        self.records_of_done = self.records;
        self.cleaned.push(CleanedSource { name: self.sources[self.cleaned.len()].name.clone(), xxh3 });
        Ok(())
    }
}

/// Deletes what was begun after a durable point.
fn delete_all_but(staging: &Staging, sources: &[Source], written: &Written) -> Result<()> {
    let output = staging.output();
    let cleaned = |name: &str| output.join(names::CLEANED).join(name);
    let mut kept: BTreeSet<PathBuf> = [names::LEDGER, names::FINDINGS].map(|name| output.join(name)).into();
    kept.extend(written.metadata.iter().map(|_| output.join(names::METADATA)));
    kept.extend(written.cleaned.iter().filter(|done| done.xxh3.is_some()).map(|done| cleaned(&done.name)));
    if let (Some(_), Some(source)) = (&written.current, sources.get(written.source())) {
        kept.insert(cleaned(&source.name));
    }
    let mut found = BTreeSet::new();
    let mut folders = vec![output.clone()];
    while let Some(folder) = folders.pop() {
        let failed = |e| Error::io("look into", &folder, e);
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let path = entry.path();
            if entry.file_type().map_err(failed)?.is_dir() {
                folders.push(path);
            } else if kept.contains(&path) {
                found.insert(path);
            } else {
                fs::remove_file(&path).map_err(|e| Error::io("delete", &path, e))?;
            }
        }
    }
    match kept.difference(&found).next() {
        None => Ok(()),
        Some(missing) => Err(Error::artefact("the output of an unfinished run has lost a file:")
            .at(missing)
            .hint("delete its folder; the run begins anew then")),
    }
}

/// A file that is coded on the way, with the checksum of what went in.
pub(super) struct CleanFile {
    encoder: Encoder,
    /// The same file, to be synced while the encoder has it.
    file: File,
    /// Whether what is written stands in the file as it is.
    is_plain: bool,
    hasher: Hasher,
    path: PathBuf,
}

impl CleanFile {
    pub(super) fn create(staging: &mut Staging, name: &str, coding: &Coding) -> Result<Self> {
        let (file, path) = staging.create_file(name)?;
        Self::of(file, path, coding, Hasher::default())
    }

    fn go_on(staging: &mut Staging, source: &Source, kept: &Kept) -> Result<Self> {
        let (mut file, path) = staging.open_file(&format!("{}/{}", names::CLEANED, source.name))?;
        let mut hasher = Hasher::default();
        kept.go_on(&mut file, &path, |bytes| hasher.update(bytes))?;
        Self::of(file, path, &source.coding, hasher)
    }

    fn of(file: File, path: PathBuf, coding: &Coding, hasher: Hasher) -> Result<Self> {
        let failed = |e| Error::io("write", &path, e);
        let same = file.try_clone().map_err(failed)?;
        let encoder = coding.encode(file).map_err(failed)?;
        Ok(Self { encoder, file: same, is_plain: coding.is_plain(), hasher, path })
    }

    /// Makes durable what was written so far.
    fn rest(&mut self) -> Result<Kept> {
        let done = self.encoder.flush().and_then(|()| self.file.sync_data());
        done.map_err(|e| Error::io("write", &self.path, e))?;
        let checksum = self.hasher.checksum();
        Ok(Kept { len_bytes: checksum.len_bytes, xxh3: checksum.hex() })
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.hasher.update(bytes);
        self.encoder.write_all(bytes).map_err(|e| Error::io("write", &self.path, e))
    }

    pub(super) fn len_bytes(&self) -> u64 {
        self.hasher.checksum().len_bytes
    }

    pub(super) fn finish(self) -> Result<Checksum> {
        let file = self.encoder.finish().map_err(|e| Error::io("write", &self.path, e))?;
        file.sync_all().map_err(|e| Error::io("sync", &self.path, e))?;
        Ok(self.hasher.checksum())
    }
}

/// A plain file of our own.
struct Lines {
    file: BufWriter<File>,
    path: PathBuf,
    hasher: Hasher,
}

impl Lines {
    fn create(staging: &mut Staging, name: &str) -> Result<Self> {
        let (file, path) = staging.create_file(name)?;
        Ok(Self { file: BufWriter::new(file), path, hasher: Hasher::default() })
    }

    fn go_on(staging: &mut Staging, name: &str, kept: &Kept) -> Result<Self> {
        let (mut file, path) = staging.open_file(name)?;
        let mut hasher = Hasher::default();
        kept.go_on(&mut file, &path, |bytes| hasher.update(bytes))?;
        Ok(Self { file: BufWriter::new(file), path, hasher })
    }

    /// Makes durable what was written so far.
    fn rest(&mut self) -> Result<Kept> {
        let done = self.file.flush().and_then(|()| self.file.get_ref().sync_data());
        done.map_err(|e| Error::io("write", &self.path, e))?;
        let checksum = self.hasher.checksum();
        Ok(Kept { len_bytes: checksum.len_bytes, xxh3: checksum.hex() })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.hasher.update(bytes);
        self.file.write_all(bytes).map_err(|e| Error::io("write", &self.path, e))
    }

    fn finish(mut self, name: &str) -> Result<CleanedSource> {
        let done = self.file.flush().and_then(|()| self.file.get_ref().sync_all());
        done.map_err(|e| Error::io("write", &self.path, e))?;
        Ok(CleanedSource { name: name.to_owned(), xxh3: Some(self.hasher.checksum().hex()) })
    }
}
