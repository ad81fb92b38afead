//! The output folder as it grows: cleaned files one after another, ledger, findings, metadata.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::cut::Prepared;
use super::ledger::{CleanedSource, LedgerWriter};
use super::names;
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
        let cleaned = Vec::with_capacity(sources.len());
        Ok(Self { staging, sources, ledger, findings, metadata: None, current: None, any_record: false, cleaned })
    }

    /// Appends a record, in reading order.
    ///
    /// # Errors
    /// When the disk refuses.
    ///
    /// # Panics
    /// When the record's source comes before the last one's.
    pub fn append(&mut self, prepared: Prepared) -> Result<()> {
        assert!(prepared.source as usize >= self.cleaned.len(), "records come in reading order");
        while self.cleaned.len() < prepared.source as usize {
            self.end_source()?;
        }
        self.any_record = true;
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
        lines.finish()
    }

    /// Ends every file, and puts the folder in its place.
    ///
    /// # Errors
    /// When the disk refuses; then nothing of the output remains.
    pub fn commit(mut self) -> Result<()> {
        while self.cleaned.len() < self.sources.len() {
            self.end_source()?;
        }
        self.ledger.finish(self.cleaned)?;
        self.findings.finish()?;
        if let Some(metadata) = self.metadata {
            metadata.finish()?;
        }
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
        self.cleaned.push(CleanedSource { name: self.sources[self.cleaned.len()].name.clone(), xxh3 });
        Ok(())
    }
}

/// A file that is coded on the way, with the checksum of what went in.
pub(super) struct CleanFile {
    encoder: Encoder,
    hasher: Hasher,
    path: PathBuf,
}

impl CleanFile {
    pub(super) fn create(staging: &mut Staging, name: &str, coding: &Coding) -> Result<Self> {
        let (file, path) = staging.create_file(name)?;
        let encoder = coding.encode(file).map_err(|e| Error::io("write", &path, e))?;
        Ok(Self { encoder, hasher: Hasher::default(), path })
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
}

impl Lines {
    fn create(staging: &mut Staging, name: &str) -> Result<Self> {
        let (file, path) = staging.create_file(name)?;
        Ok(Self { file: BufWriter::new(file), path })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).map_err(|e| Error::io("write", &self.path, e))
    }

    fn finish(mut self) -> Result<()> {
        let done = self.file.flush().and_then(|()| self.file.get_ref().sync_all());
        done.map_err(|e| Error::io("write", &self.path, e))
    }
}
