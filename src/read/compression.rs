//! Takes compression off a source and puts the same one on again.
//!
//! Detected by content, never by name: a `.jsonl` that is gzip inside is read as gzip.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};

use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};

/// How a source is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip, of any number of members.
    Gzip,
    /// Zstandard, of any number of frames.
    Zstd,
}

/// What a compressed copy costs; level 6 and 3 are the defaults of the `gzip` and `zstd` tools.
const GZIP_LEVEL: u32 = 6;
const ZSTD_LEVEL: i32 = 3;

const BUFFER_LEN_BYTES: usize = 1 << 16;

impl Compression {
    /// The bytes of a file's beginning that [`detect`](Self::detect) looks at.
    pub(crate) const MAGIC_LEN_BYTES: usize = 4;

    /// Every value.
    #[cfg(test)]
    pub(crate) const ALL: [Compression; 3] = [Compression::None, Compression::Gzip, Compression::Zstd];

    /// Tells the compression from a file's first bytes.
    ///
    /// None of the magic numbers begins valid UTF-8 text, except that of a Zstandard skippable
    /// frame, which holds a control character no text begins with.
    pub fn detect(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Compression::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Compression::Zstd,
            _ => Compression::None,
        }
    }

    /// The ending that tools expect in a file's name.
    pub fn extension(self) -> &'static str {
        match self {
            Compression::None => "",
            Compression::Gzip => ".gz",
            Compression::Zstd => ".zst",
        }
    }

    /// Takes the ending of any compression off a file's name.
    pub(crate) fn strip_extension(name: &str) -> &str {
        let endings = [".gz", ".gzip", ".zst", ".zstd"];
        let lower = name.to_ascii_lowercase();
        endings.iter().find(|e| lower.ends_with(*e)).map_or(name, |e| &name[..name.len() - e.len()])
    }

    /// The decompressed bytes of a file.
    pub(crate) fn decode(self, file: File) -> io::Result<Box<dyn Read + Send>> {
        Ok(match self {
            Compression::None => Box::new(file),
            Compression::Gzip => Box::new(MultiGzDecoder::new(BufReader::with_capacity(BUFFER_LEN_BYTES, file))),
            Compression::Zstd => {
                let file = BufReader::with_capacity(BUFFER_LEN_BYTES, file);
                Box::new(zstd::stream::read::Decoder::with_buffer(file)?)
            }
        })
    }

    /// A writer that compresses into a file. The bytes depend on nothing but what is written.
    ///
    /// # Errors
    /// When the compressor cannot be set up.
    pub fn encode(self, file: File) -> io::Result<Encoder> {
        let file = BufWriter::with_capacity(BUFFER_LEN_BYTES, file);
        Ok(Encoder(match self {
            Compression::None => Inner::None(file),
            Compression::Gzip => Inner::Gzip(GzEncoder::new(file, flate2::Compression::new(GZIP_LEVEL))),
            Compression::Zstd => {
                let mut encoder = zstd::stream::write::Encoder::new(file, ZSTD_LEVEL)?;
                encoder.include_checksum(true)?;
                Inner::Zstd(encoder)
            }
        }))
    }
}

/// Writes one compressed file; see [`Compression::encode`].
pub struct Encoder(Inner);

enum Inner {
    None(BufWriter<File>),
    Gzip(GzEncoder<BufWriter<File>>),
    Zstd(zstd::stream::write::Encoder<'static, BufWriter<File>>),
}

impl Encoder {
    /// Ends the compressed stream and hands every byte to the operating system.
    ///
    /// # Errors
    /// When the last bytes cannot be written.
    pub fn finish(self) -> io::Result<File> {
        let file = match self.0 {
            Inner::None(file) => file,
            Inner::Gzip(encoder) => encoder.finish()?,
            Inner::Zstd(encoder) => encoder.finish()?,
        };
        file.into_inner().map_err(io::IntoInnerError::into_error)
    }
}

impl Write for Encoder {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Inner::None(w) => w.write(bytes),
            Inner::Gzip(w) => w.write(bytes),
            Inner::Zstd(w) => w.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Inner::None(w) => w.flush(),
            Inner::Gzip(w) => w.flush(),
            Inner::Zstd(w) => w.flush(),
        }
    }
}
