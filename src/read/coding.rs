//! Between a file's bytes and its content: compression, encoding, tables.
//!
//! A source's *content* is a stream of UTF-8 (or what should be UTF-8) that its records tile, and
//! that the ledger patches. [`Coding`] says how a file becomes content and content a file again; it
//! stands in the ledger, so that restoring needs nothing else.
//!
//! ```text
//! file -decompress-> bytes -transcode-> content        text formats
//! file -rows as lines-> content                        tables (Parquet, Arrow)
//! ```

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Compression;
use super::compression;
use super::encoding::{self, Transcoded, Transcoder};
#[cfg(feature = "tables")]
use super::table::{self, TableCoding};
use super::warc::Members;
use crate::{remote, scratch};

/// How a source is coded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coding {
    /// How it is compressed.
    pub compression: Compression,
    /// The name of its encoding when it is not UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// Whether each record is compressed on its own, as in WARC files.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub members: bool,
    /// How its table is made.
    #[cfg(feature = "tables")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) table: Option<TableCoding>,
}

impl From<Compression> for Coding {
    fn from(compression: Compression) -> Self {
        Self {
            compression,
            encoding: None,
            members: false,
            #[cfg(feature = "tables")]
            table: None,
        }
    }
}

impl Coding {
    /// The content of a file.
    pub(crate) fn decode(&self, file: File) -> io::Result<Box<dyn Read + Send>> {
        #[cfg(feature = "tables")]
        if let Some(table) = &self.table {
            return table::read(file, table);
        }
        self.decode_stream(file)
    }

    /// The content of what stands at a path or a URL. A table, which is read by place, is copied first.
    pub(crate) fn open(&self, path: &Path) -> io::Result<Box<dyn Read + Send>> {
        if !remote::is_url(path) {
            return self.decode(File::open(path)?);
        }
        let mut input = remote::open(path)?;
        if !self.is_table() {
            return self.decode_stream(input);
        }
        let mut copy = tempfile::tempfile_in(scratch::folder())?;
        io::copy(&mut input, &mut copy)?;
        copy.rewind()?;
        self.decode(copy)
    }

    /// The content of a file that is no table, from its bytes in order.
    pub(crate) fn decode_stream(&self, input: impl Read + Send + 'static) -> io::Result<Box<dyn Read + Send>> {
        let input = self.compression.decode(input)?;
        Ok(match self.transcoding()? {
            None => input,
            Some(encoding) => Box::new(Transcoded::new(input, encoding)),
        })
    }

    fn is_table(&self) -> bool {
        #[cfg(feature = "tables")]
        return self.table.is_some();
        #[cfg(not(feature = "tables"))]
        false
    }

    /// A writer of content into a file. The bytes depend on nothing but what is written.
    ///
    /// # Errors
    /// When a compressor cannot be set up, or the ledger names an encoding that is none.
    pub fn encode(&self, file: File) -> io::Result<Encoder> {
        #[cfg(feature = "tables")]
        if let Some(table) = &self.table {
            return Ok(Encoder(Inner::Table(table::write(file, table)?)));
        }
        if self.members && self.compression != Compression::None {
            return Ok(Encoder(Inner::Members(Members::new(file, self.compression))));
        }
        let encoder = self.compression.encode(file)?;
        Ok(Encoder(match self.transcoding()? {
            None => Inner::Plain(encoder),
            Some(encoding) => Inner::Transcoded(Transcoder::new(encoder, encoding)),
        }))
    }

    /// Whether a file is its content, byte for byte.
    pub(crate) fn is_plain(&self) -> bool {
        *self == Self::from(Compression::None)
    }

    fn transcoding(&self) -> io::Result<Option<&'static encoding_rs::Encoding>> {
        let Some(name) = &self.encoding else { return Ok(None) };
        match encoding::named(name) {
            Ok(encoding) => Ok(Some(encoding)),
            Err(why) => Err(io::Error::new(io::ErrorKind::InvalidData, why)),
        }
    }

    /// What stands for bytes that are no text in this encoding.
    pub(crate) fn replacement(&self) -> &'static str {
        match self.transcoding() {
            Ok(Some(encoding)) => encoding::replacement(encoding),
            _ => "\u{fffd}",
        }
    }
}

/// Writes one file; see [`Coding::encode`].
pub struct Encoder(Inner);

enum Inner {
    Plain(compression::Encoder),
    Members(Members),
    Transcoded(Transcoder<compression::Encoder>),
    #[cfg(feature = "tables")]
    Table(Box<dyn table::WriteTable>),
}

impl Encoder {
    /// Ends the file and hands every byte to the operating system.
    ///
    /// # Errors
    /// When the last bytes cannot be written.
    pub fn finish(self) -> io::Result<File> {
        match self.0 {
            Inner::Plain(encoder) => encoder.finish(),
            Inner::Members(members) => members.finish(),
            Inner::Transcoded(transcoder) => transcoder.finish()?.finish(),
            #[cfg(feature = "tables")]
            Inner::Table(table) => table.finish(),
        }
    }

    fn inner(&mut self) -> &mut dyn Write {
        match &mut self.0 {
            Inner::Plain(encoder) => encoder,
            Inner::Members(members) => members,
            Inner::Transcoded(transcoder) => transcoder,
            #[cfg(feature = "tables")]
            Inner::Table(table) => table,
        }
    }
}

impl Write for Encoder {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner().flush()
    }
}
