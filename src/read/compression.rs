//! Takes compression off a source and puts the same one on again.
//!
//! Detected by content, never by name: a `.jsonl` that is gzip inside is read as gzip.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bzip2::bufread::MultiBzDecoder;
use bzip2::write::BzEncoder;
use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;
use liblzma::bufread::XzDecoder;
use liblzma::write::XzEncoder;
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
    /// bzip2, of any number of streams.
    Bzip2,
    /// xz, of any number of streams.
    Xz,
}

/// What a compressed copy costs: the defaults of the `gzip`, `zstd`, `bzip2` and `xz` tools.
const GZIP_LEVEL: u32 = 6;
const ZSTD_LEVEL: i32 = 3;
const BZIP2_LEVEL: u32 = 9;
const XZ_LEVEL: u32 = 6;

/// A source that expands more than this many times is taken for a decompression bomb, once it has
/// given `EXPANDED_LEN_BYTES_MIN`. Text compresses some 4 to 12 times; gzip itself cannot pass 1,032.
pub const EXPANSION_MAX: u64 = 1_100;
pub(crate) const EXPANDED_LEN_BYTES_MIN: u64 = 1 << 28;

const BUFFER_LEN_BYTES: usize = 1 << 16;
/// Decompressed at a time: a decoder that meets damage keeps what it has of the piece to itself.
const PIECE_LEN_BYTES: usize = 1 << 13;
/// The more is written at once, the larger the pieces the system keeps it in.
const WRITE_BUFFER_LEN_BYTES: usize = 1 << 18;

impl Compression {
    /// The bytes of a file's beginning that [`detect`](Self::detect) looks at.
    pub(crate) const MAGIC_LEN_BYTES: usize = 10;

    /// Every value.
    #[cfg(test)]
    pub(crate) const ALL: [Compression; 5] =
        [Compression::None, Compression::Gzip, Compression::Zstd, Compression::Bzip2, Compression::Xz];

    /// Tells the compression from a file's first bytes.
    ///
    /// None of the magic numbers begins valid UTF-8 text, except those of a Zstandard skippable
    /// frame and of bzip2, which hold control characters no text begins with.
    pub fn detect(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Compression::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Compression::Zstd,
            [0xfd, b'7', b'z', b'X', b'Z', 0x00, ..] => Compression::Xz,
            // A block begins with the digits of pi, the end of an empty stream with those of its root.
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, ..]
            | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, 0x50, 0x90, ..] => Compression::Bzip2,
            _ => Compression::None,
        }
    }

    /// The ending that tools expect in a file's name.
    pub fn extension(self) -> &'static str {
        match self {
            Compression::None => "",
            Compression::Gzip => ".gz",
            Compression::Zstd => ".zst",
            Compression::Bzip2 => ".bz2",
            Compression::Xz => ".xz",
        }
    }

    /// Takes the ending of any compression off a file's name.
    pub(crate) fn strip_extension(name: &str) -> &str {
        let endings = [".gz", ".gzip", ".zst", ".zstd", ".bz2", ".xz"];
        let lower = name.to_ascii_lowercase();
        endings.iter().find(|e| lower.ends_with(*e)).map_or(name, |e| &name[..name.len() - e.len()])
    }

    /// The decompressed bytes of a file, or of what else can be read.
    pub(crate) fn decode(self, file: impl Read + Send + 'static) -> io::Result<Box<dyn Read + Send>> {
        if self == Compression::None {
            return Ok(Box::new(file));
        }
        let read = Arc::new(AtomicU64::new(0));
        let file = BufReader::with_capacity(BUFFER_LEN_BYTES, Counted { file, read: Arc::clone(&read) });
        let input: Box<dyn Read + Send> = match self {
            Compression::None | Compression::Gzip => Box::new(MultiGzDecoder::new(file)),
            Compression::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(file)?),
            Compression::Bzip2 => Box::new(MultiBzDecoder::new(file)),
            Compression::Xz => Box::new(XzDecoder::new_multi_decoder(file)),
        };
        Ok(Box::new(Guarded { input, read, given: 0 }))
    }

    /// The decompressed bytes of a file's first member or frame, where there are such.
    pub(crate) fn decode_first(self, file: impl Read + 'static) -> Option<Box<dyn Read>> {
        let file = BufReader::with_capacity(BUFFER_LEN_BYTES, file);
        match self {
            Compression::Gzip => Some(Box::new(flate2::bufread::GzDecoder::new(file))),
            Compression::Zstd => Some(Box::new(zstd::stream::read::Decoder::with_buffer(file).ok()?.single_frame())),
            Compression::Bzip2 => Some(Box::new(bzip2::bufread::BzDecoder::new(file))),
            Compression::Xz => Some(Box::new(XzDecoder::new(file))),
            Compression::None => None,
        }
    }

    /// A writer that compresses into a file. The bytes depend on nothing but what is written.
    ///
    /// # Errors
    /// When the compressor cannot be set up.
    pub fn encode(self, file: File) -> io::Result<Encoder> {
        let file = BufWriter::with_capacity(WRITE_BUFFER_LEN_BYTES, file);
        Ok(Encoder(match self {
            Compression::None => Inner::None(file),
            Compression::Gzip => Inner::Gzip(GzEncoder::new(file, flate2::Compression::new(GZIP_LEVEL))),
            Compression::Zstd => {
                let mut encoder = zstd::stream::write::Encoder::new(file, ZSTD_LEVEL)?;
                encoder.include_checksum(true)?;
                Inner::Zstd(encoder)
            }
            Compression::Bzip2 => Inner::Bzip2(BzEncoder::new(file, bzip2::Compression::new(BZIP2_LEVEL))),
            Compression::Xz => Inner::Xz(XzEncoder::new(file, XZ_LEVEL)),
        }))
    }
}

/// A file that counts what is read of it.
struct Counted<R> {
    file: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.file.read(buffer)?;
        self.read.fetch_add(len as u64, Ordering::Relaxed);
        Ok(len)
    }
}

/// Decompressed bytes in small pieces, as long as they are in proportion.
struct Guarded {
    input: Box<dyn Read + Send>,
    /// Compressed bytes read.
    read: Arc<AtomicU64>,
    /// Decompressed bytes given out.
    given: u64,
}

impl Read for Guarded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let piece = buffer.len().min(PIECE_LEN_BYTES);
        let len = self.input.read(&mut buffer[..piece])?;
        self.given += len as u64;
        let read = self.read.load(Ordering::Relaxed);
        if self.given > EXPANDED_LEN_BYTES_MIN && self.given / EXPANSION_MAX > read {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!(
                    "it expands more than {EXPANSION_MAX} times, as no text does; hint: decompress it yourself if it is sound"
                ),
            ));
        }
        Ok(len)
    }
}

/// Writes one compressed file; see [`Compression::encode`].
pub struct Encoder(Inner);

enum Inner {
    None(BufWriter<File>),
    Gzip(GzEncoder<BufWriter<File>>),
    Zstd(zstd::stream::write::Encoder<'static, BufWriter<File>>),
    Bzip2(BzEncoder<BufWriter<File>>),
    Xz(XzEncoder<BufWriter<File>>),
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
            Inner::Bzip2(encoder) => encoder.finish()?,
            Inner::Xz(encoder) => encoder.finish()?,
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
            Inner::Bzip2(w) => w.write(bytes),
            Inner::Xz(w) => w.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Inner::None(w) => w.flush(),
            Inner::Gzip(w) => w.flush(),
            Inner::Zstd(w) => w.flush(),
            Inner::Bzip2(w) => w.flush(),
            Inner::Xz(w) => w.flush(),
        }
    }
}

/// Bytes as they would stand in a file, for tests.
#[cfg(test)]
pub(crate) fn compressed(bytes: &[u8], compression: Compression) -> Vec<u8> {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut encoder = compression.encode(file.reopen().unwrap()).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap();
    std::fs::read(file.path()).unwrap()
}
