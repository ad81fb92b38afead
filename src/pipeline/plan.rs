//! What the passes over the input have found, in a file: an unfinished run is gone on with without
//! reading everything again.
//!
//! [`Known`] -> bytes -> [`Known`]. Least significant byte first, numbers of eight bytes, lists with
//! their length in front, compressed as a whole (Zstandard, with its checksum); the magic number and
//! the version stand in front, an xxh3 of the file in the [`Progress`](crate::write::Progress) beside
//! it. Nothing is held in memory that was not before: lists go through as they are read.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::sync::LazyLock;

use bitvec::vec::BitVec;

use crate::align::{CorpusBuilder, Passage, PassageKind, Side};
use crate::cluster::{Cluster, Member};
use crate::decide::{Partner, Repeat};
use crate::error::{Error, Result};
use crate::fingerprint::Frequencies;
use crate::params::Scope;
use crate::pipeline::across::{Across, VersionPair};
use crate::pipeline::duplicates::Duplicates;
use crate::pipeline::survey::{Documents, Survey, Totals};
use crate::read::{Checksum, Hasher};
use crate::recurring::Words;
use crate::span::Span;
use crate::spill::{Fixed, Sorter, Spill};
use crate::verify::Match;
use crate::write::Kept;

/// What is known of a corpus before its documents are examined.
pub struct Known {
    /// What the first pass learned, but for words, which are not needed any more.
    pub survey: Survey,
    /// Which documents stand elsewhere too.
    pub duplicates: Duplicates,
    /// The passages across documents.
    pub across: Across,
    /// What goes of each document because it stands in another.
    pub repeats: HashMap<u32, Vec<Repeat>>,
}

/// What a plan begins with; the last is its version.
const MAGIC: [u8; 16] = *b"ghirbal plan\0\0\0\x01";

/// Records encoded in one go.
const PIECE_LEN_RECORDS: usize = 4096;

impl Known {
    /// Writes it to a new file, which is durable then.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn save(&self, path: &Path) -> Result<Kept> {
        let written = File::create(path).and_then(|file| {
            let mut encoder = zstd::Encoder::new(Summed { inner: BufWriter::new(file), hasher: Hasher::default() }, 1)?;
            encoder.include_checksum(true)?;
            let mut to = To(encoder);
            self.write(&mut to)?;
            let Summed { inner, hasher } = to.0.finish()?;
            inner.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
            Ok(hasher.checksum())
        });
        let checksum = written.map_err(|e| Error::io("write", path, e))?;
        Ok(Kept { len_bytes: checksum.len_bytes, xxh3: checksum.hex() })
    }

    /// Reads it back; what does not fit in memory goes where `spill` says.
    ///
    /// # Errors
    /// When the file is not as it was written.
    pub fn load(path: &Path, kept: &Kept, spill: &Spill) -> Result<Self> {
        let damaged = |why: &str| {
            Error::artefact(format!("the plan of an unfinished run is damaged ({why}):"))
                .at(path)
                .hint("delete its folder; the run begins anew then")
        };
        let open = || File::open(path).map_err(|e| Error::io("read", path, e));
        let mut summed = Summed { inner: open()?, hasher: Hasher::default() };
        io::copy(&mut summed, &mut io::sink()).map_err(|e| Error::io("read", path, e))?;
        let checksum = summed.hasher.checksum();
        if (checksum.len_bytes, checksum.hex()) != (kept.len_bytes, kept.xxh3.clone()) {
            return Err(damaged("its checksum does not match"));
        }
        let decoder = zstd::Decoder::new(open()?).map_err(|e| damaged(&e.to_string()))?;
        Self::read(&mut From(BufReader::with_capacity(1 << 16, decoder)), spill).map_err(|e| damaged(&e.to_string()))
    }

    fn write(&self, to: &mut To<impl Write>) -> io::Result<()> {
        let Self { survey, duplicates, across, repeats } = self;
        to.0.write_all(&MAGIC)?;
        survey.documents.write(to)?;
        let Totals { bytes, words, without_words, below_one_shingle } = survey.totals;
        [bytes, words, without_words, below_one_shingle, survey.skipped].into_iter().try_for_each(|n| to.number(n))?;
        to.number(survey.is_document.len() as u64)?;
        to.list(survey.is_document.chunks(64).map(|bits| bits.iter_ones().fold(0u64, |word, bit| word | 1 << bit)))?;
        to.number(survey.skipped_examples.len() as u64)?;
        survey.skipped_examples.iter().try_for_each(|example| to.text(example))?;
        to.list(survey.frequencies.words.counts())?;
        to.list(survey.frequencies.lines.counts())?;
        to.list(
            survey
                .checksums
                .iter()
                .map(|c| (c.len_bytes, c.records_of_other_kinds, (c.xxh3 >> 64) as u64, c.xxh3 as u64)),
        )?;

        to.list(duplicates.pairs().map(|m| m.pack()))?;
        to.list(duplicates.clusters.iter().flat_map(|c| {
            c.members.iter().map(|m| {
                let Member { document, kind, jaccard, containment } = *m;
                (c.anchor, Match { a: document, b: c.anchor, kind, jaccard, containment }.pack())
            })
        }))?;
        let mut elsewhere: Vec<_> = duplicates.all().map(|(d, (m, stays))| (d, stays, m.pack())).collect();
        elsewhere.sort_unstable();
        to.list(elsewhere.into_iter())?;
        to.number(duplicates.limits_reached.len() as u64)?;
        for (limit, n) in &duplicates.limits_reached {
            to.text(limit)?;
            to.number(*n)?;
        }

        to.list(across.passages.iter().map(packed))?;
        to.list(across.versions.iter().map(|v| (v.a, v.b, v.jaccard.to_bits(), v.containment.to_bits())))?;
        to.number(across.phrases_capped)?;
        to.number(across.pairs_capped)?;

        let mut repeats: Vec<_> = repeats.iter().collect();
        repeats.sort_unstable_by_key(|(document, _)| **document);
        to.number(repeats.len() as u64)?;
        for (document, repeats) in repeats {
            to.number(u64::from(*document))?;
            to.number(repeats.len() as u64)?;
            repeats.iter().try_for_each(|repeat| write_repeat(to, repeat))?;
        }
        Ok(())
    }

    fn read(from: &mut From<impl Read>, spill: &Spill) -> io::Result<Self> {
        let mut magic = [0; MAGIC.len()];
        from.0.read_exact(&mut magic)?;
        if magic != MAGIC {
            return Err(invalid("it is of another version"));
        }
        let documents = Documents::read(from, spill)?;
        let totals = Totals {
            bytes: from.number()?,
            words: from.number()?,
            without_words: from.number()?,
            below_one_shingle: from.number()?,
        };
        let (skipped, records) = (from.number()?, from.number()? as usize);
        let mut is_document = BitVec::new();
        from.list(|word: u64| (0..64).for_each(|bit| is_document.push(word >> bit & 1 == 1)))?;
        is_document.truncate(records);
        let skipped_examples = (0..from.number()?).map(|_| from.text()).collect::<io::Result<_>>()?;
        let frequencies: LazyLock<Frequencies> = LazyLock::new(Frequencies::default);
        let mut at = 0;
        from.list(|n| {
            frequencies.words.set(at, n);
            at += 1;
        })?;
        at = 0;
        from.list(|n| {
            frequencies.lines.set(at, n);
            at += 1;
        })?;
        let mut checksums = Vec::new();
        from.list(|(len_bytes, records_of_other_kinds, high, low): (u64, u64, u64, u64)| {
            let xxh3 = u128::from(high) << 64 | u128::from(low);
            checksums.push(Checksum { xxh3, len_bytes, records_of_other_kinds });
        })?;
        let (words, texts) = (Words::default(), CorpusBuilder::default());
        let survey =
            Survey { documents, totals, is_document, skipped, skipped_examples, frequencies, checksums, words, texts };

        let mut pairs = Sorter::new(spill, spill.share(8));
        from.list(|pair| pairs.push(pair))?;
        let mut clusters: Vec<Cluster> = Vec::new();
        from.list(|(anchor, packed)| {
            if clusters.last().is_none_or(|cluster| cluster.anchor != anchor) {
                clusters.push(Cluster { anchor, members: Vec::new() });
            }
            let Match { a: document, kind, jaccard, containment, .. } = Match::unpack(packed);
            let member = Member { document, kind, jaccard, containment };
            if let Some(cluster) = clusters.last_mut() {
                cluster.members.push(member);
            }
        })?;
        let mut elsewhere = HashMap::new();
        from.list(|(document, stays, packed)| {
            elsewhere.insert(document, (Match::unpack(packed), stays));
        })?;
        // Their names are constants of the program; a handful of copies may live as long as it does.
        let limit = |from: &mut From<_>| Ok((&*from.text()?.leak(), from.number()?));
        let limits_reached = (0..from.number()?).map(|_| limit(from)).collect::<io::Result<_>>()?;
        let duplicates = Duplicates::of_parts(pairs.finish(), clusters, elsewhere, limits_reached);

        let mut across = Across::default();
        from.list(|packed| across.passages.push(unpacked(packed)))?;
        from.list(|(a, b, jaccard, containment)| {
            let (jaccard, containment) = (f64::from_bits(jaccard), f64::from_bits(containment));
            across.versions.push(VersionPair { a, b, jaccard, containment });
        })?;
        (across.phrases_capped, across.pairs_capped) = (from.number()?, from.number()?);

        let mut repeats = HashMap::new();
        for _ in 0..from.number()? {
            let document = from.number()? as u32;
            let of_it = (0..from.number()?).map(|_| read_repeat(from)).collect::<io::Result<_>>()?;
            repeats.insert(document, of_it);
        }
        match from.0.read(&mut [0])? {
            0 => Ok(Self { survey, duplicates, across, repeats }),
            _ => Err(invalid("something follows its end")),
        }
    }
}

type Place = (u32, u32, u32);
type PackedPassage = (Place, Place, (u8, u8), u32, (u32, u32, u32));

fn packed(p: &Passage) -> PackedPassage {
    let place = |side: Side| (side.document, side.span.start, side.span.end);
    let bits = (p.identity.to_bits(), p.jaccard.to_bits(), p.containment.to_bits());
    (place(p.a), place(p.b), (p.kind as u8, u8::from(p.scope == Scope::Document)), p.words, bits)
}

fn unpacked((a, b, (kind, inside), words, (identity, jaccard, containment)): PackedPassage) -> Passage {
    let side = |(document, start, end): Place| Side { document, span: Span { start, end } };
    let kinds = [PassageKind::Exact, PassageKind::Near, PassageKind::Quote];
    Passage {
        a: side(a),
        b: side(b),
        kind: kinds.into_iter().find(|&k| k as u8 == kind).unwrap_or(PassageKind::Near),
        words,
        identity: f32::from_bits(identity),
        jaccard: f32::from_bits(jaccard),
        containment: f32::from_bits(containment),
        scope: if inside == 1 { Scope::Document } else { Scope::Corpus },
    }
}

fn write_repeat(to: &mut To<impl Write>, repeat: &Repeat) -> io::Result<()> {
    let Repeat { span, words, identity, containment, quote, stays, relation } = repeat;
    to.span(*span)?;
    let numbers =
        [*words, identity.to_bits(), containment.to_bits(), u32::from(*quote), u32::from(stays.span.is_some())];
    numbers.into_iter().try_for_each(|n| to.number(u64::from(n)))?;
    to.span(stays.span.unwrap_or_default())?;
    to.text(&stays.doc)?;
    to.text(relation)
}

fn read_repeat(from: &mut From<impl Read>) -> io::Result<Repeat> {
    let span = from.span()?;
    let mut number = || from.number().map(|n| n as u32);
    let (words, identity, containment, quote, has_span) = (number()?, number()?, number()?, number()?, number()?);
    let stays_span = Some(from.span()?).filter(|_| has_span == 1);
    Ok(Repeat {
        span,
        words,
        identity: f32::from_bits(identity),
        containment: f32::from_bits(containment),
        quote: quote == 1,
        stays: Partner { doc: from.text()?, span: stays_span },
        relation: from.text()?,
    })
}

fn invalid(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.to_owned())
}

/// Where a plan is written to.
pub(super) struct To<W>(W);

impl<W: Write> To<W> {
    pub(super) fn number(&mut self, n: u64) -> io::Result<()> {
        self.0.write_all(&n.to_le_bytes())
    }

    fn span(&mut self, span: Span) -> io::Result<()> {
        self.number(u64::from(span.end) << 32 | u64::from(span.start))
    }

    fn text(&mut self, text: &str) -> io::Result<()> {
        self.number(text.len() as u64)?;
        self.0.write_all(text.as_bytes())
    }

    /// Records, some at a time, each lot with its length; an empty one is the end.
    pub(super) fn list<T: Fixed>(&mut self, mut records: impl Iterator<Item = T>) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(PIECE_LEN_RECORDS * T::LEN);
        loop {
            bytes.clear();
            for record in records.by_ref().take(PIECE_LEN_RECORDS) {
                let at = bytes.len();
                bytes.resize(at + T::LEN, 0);
                record.put(&mut bytes[at..]);
            }
            self.number((bytes.len() / T::LEN) as u64)?;
            if bytes.is_empty() {
                return Ok(());
            }
            self.0.write_all(&bytes)?;
        }
    }
}

/// Where a plan is read from.
pub(super) struct From<R>(R);

impl<R: Read> From<R> {
    pub(super) fn number(&mut self) -> io::Result<u64> {
        let mut bytes = [0; 8];
        self.0.read_exact(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn span(&mut self) -> io::Result<Span> {
        let number = self.number()?;
        Ok(Span { start: number as u32, end: (number >> 32) as u32 })
    }

    fn text(&mut self) -> io::Result<String> {
        let len = self.number()?;
        let mut bytes = Vec::new();
        self.0.by_ref().take(len).read_to_end(&mut bytes)?;
        if bytes.len() as u64 != len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        String::from_utf8(bytes).map_err(|_| invalid("a text is no UTF-8"))
    }

    pub(super) fn list<T: Fixed>(&mut self, mut each: impl FnMut(T)) -> io::Result<()> {
        let mut bytes = Vec::new();
        loop {
            let len = self.number()? as usize;
            if len == 0 {
                return Ok(());
            }
            if len > PIECE_LEN_RECORDS {
                return Err(invalid("a list is too long"));
            }
            bytes.resize(len * T::LEN, 0);
            self.0.read_exact(&mut bytes)?;
            bytes.chunks_exact(T::LEN).for_each(|record| each(T::get(record)));
        }
    }
}

/// Hashes what goes by.
struct Summed<I> {
    inner: I,
    hasher: Hasher,
}

impl<W: Write> Write for Summed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let len = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..len]);
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<R: Read> Read for Summed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..len]);
        Ok(len)
    }
}
