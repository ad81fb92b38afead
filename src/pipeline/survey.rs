//! The first pass: what must be known of all documents before one is judged.
//!
//! Records -> [`Survey`]: a row for each document, the frequencies of words and lines, the words
//! duplicates are searched with, and those that passages across documents are. Batches are read in order, worked on in parallel and put together
//! in order.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashSet;
use std::io::{self, Read, Write};
use std::sync::LazyLock;

use bitvec::vec::BitVec;
use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_128;

use crate::align::{CorpusBuilder, Words as TextWords};
use crate::error::Result;
use crate::fingerprint::{Fingerprint, Frequencies};
use crate::params::Params;
use crate::pipeline::overlap::overlapped;
use crate::pipeline::plan::{From, To};
use crate::pipeline::{BATCH_LEN_BYTES, Stages};
use crate::read::{Checksum, Corpus, RawRecord, Source, parse};
use crate::recurring::{DocumentWords, Words};
use crate::report::harmless;
use crate::spill::{Array, Fixed, Sorter, Spill};
use crate::tokenise::{Tokeniser, View};
use crate::watch::{Course, Event, Phase, Watch};

/// What is remembered of each document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentRow {
    /// Its id.
    pub id: String,
    /// Its words.
    pub words: u32,
    /// The bytes of its text.
    pub bytes: u32,
    /// Its fingerprint, if it has words.
    pub fingerprint: Option<Fingerprint>,
    /// What `--keep earliest:FIELD` compares.
    pub sort_key: Option<String>,
}

/// The documents in reading order; a document's number is its place here. 32 bytes a document, its
/// id and, where it is asked for, its sort key, in memory or not.
#[derive(Debug, Default)]
pub struct Documents {
    /// Words, bytes, fingerprint.
    rows: Array<(u32, u32, u64, u64)>,
    ids: Texts,
    /// Each with a byte before it; empty where there is none. Shorter than the others when the last
    /// documents have none.
    sort_keys: Texts,
}

impl Documents {
    /// None yet.
    pub fn new(spill: &Spill) -> Self {
        Self {
            rows: Array::new(spill, spill.share(12)),
            ids: Texts::new(spill, spill.share(12)),
            sort_keys: Texts::new(spill, spill.share(24)),
        }
    }

    /// Adds the next document.
    pub fn push(&mut self, row: &DocumentRow) {
        let fingerprint = row.fingerprint.map_or(0, |f| f.0);
        self.rows.push((row.words, row.bytes, (fingerprint >> 64) as u64, fingerprint as u64));
        self.ids.push(row.id.as_bytes());
        if let Some(key) = &row.sort_key {
            (self.sort_keys.len()..self.len() - 1).for_each(|_| self.sort_keys.push(b""));
            self.sort_keys.push(&[b"=", key.as_bytes()].concat());
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The id of one.
    pub fn id(&self, document: u32) -> String {
        String::from_utf8_lossy(&self.ids.get(document as usize)).into_owned()
    }

    /// Its words.
    pub fn words(&self, document: u32) -> u32 {
        self.rows.get(document as usize).0
    }

    /// The bytes of its text.
    pub fn bytes(&self, document: u32) -> u32 {
        self.rows.get(document as usize).1
    }

    /// Its fingerprint, if it has words.
    pub fn fingerprint(&self, document: u32) -> Option<Fingerprint> {
        fingerprint_of(self.rows.get(document as usize))
    }

    /// The fingerprints of all that have words, with their numbers.
    pub fn fingerprints(&self) -> impl Iterator<Item = (Fingerprint, u32)> {
        let rows = self.rows.pieces().flat_map(|piece| piece.into_owned());
        (0..).zip(rows).filter_map(|(document, row)| Some((fingerprint_of(row)?, document)))
    }

    /// Orders two by their ids.
    pub fn compare_ids(&self, x: u32, y: u32) -> Ordering {
        self.ids.get(x as usize).cmp(&self.ids.get(y as usize))
    }

    /// What `--keep earliest:FIELD` compares, if it has that.
    pub fn sort_key(&self, document: u32) -> Option<String> {
        if document as usize >= self.sort_keys.len() {
            return None;
        }
        let key = self.sort_keys.get(document as usize);
        key.split_first().map(|(_, key)| String::from_utf8_lossy(key).into_owned())
    }

    /// Writes all of them.
    pub(super) fn write(&self, to: &mut To<impl Write>) -> io::Result<()> {
        fn all<T: Fixed>(array: &Array<T>) -> impl Iterator<Item = T> {
            array.pieces().flat_map(|piece| piece.into_owned())
        }
        to.list(all(&self.rows))?;
        for texts in [&self.ids, &self.sort_keys] {
            to.list(all(&texts.bytes))?;
            to.list(all(&texts.ends))?;
        }
        Ok(())
    }

    /// Reads them back.
    pub(super) fn read(from: &mut From<impl Read>, spill: &Spill) -> io::Result<Self> {
        let mut documents = Self::new(spill);
        from.list(|row| documents.rows.push(row))?;
        for texts in [&mut documents.ids, &mut documents.sort_keys] {
            from.list(|byte| texts.bytes.push(byte))?;
            from.list(|end| texts.ends.push(end))?;
        }
        Ok(documents)
    }

    /// How many share their id with another.
    pub fn with_shared_id(&self, spill: &Spill) -> u64 {
        let mut hashes: Sorter<(u64, u64)> = Sorter::new(spill, spill.share(12));
        hashes.reserve(self.len());
        for ids in self.ids.pieces() {
            ids.iter().for_each(|id| {
                let hash = xxh3_128(id);
                hashes.push(((hash >> 64) as u64, hash as u64));
            });
        }
        let mut shared = 0;
        hashes.finish().batches(
            |x, y| x == y,
            |batch| {
                let same = batch.chunk_by(|x, y| x == y).filter(|same| same.len() > 1);
                shared += same.map(|same| same.len() as u64).sum::<u64>();
            },
        );
        shared
    }
}

fn fingerprint_of((words, _, high, low): (u32, u32, u64, u64)) -> Option<Fingerprint> {
    (words > 0).then(|| Fingerprint(u128::from(high) << 64 | u128::from(low)))
}

/// Short texts by number.
#[derive(Debug, Default)]
struct Texts {
    bytes: Array<u8>,
    ends: Array<u64>,
}

impl Texts {
    fn new(spill: &Spill, share_bytes: usize) -> Self {
        Self { bytes: Array::new(spill, share_bytes / 3 * 2), ends: Array::new(spill, share_bytes / 3) }
    }

    fn push(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.ends.push(self.bytes.len() as u64);
    }

    fn len(&self) -> usize {
        self.ends.len()
    }

    fn get(&self, number: usize) -> Cow<'_, [u8]> {
        let start = if number == 0 { 0 } else { self.ends.get(number - 1) };
        self.bytes.range(start as usize..self.ends.get(number) as usize)
    }

    /// All texts in order, some thousands at a time.
    fn pieces(&self) -> impl Iterator<Item = Vec<Vec<u8>>> {
        let mut start = 0;
        self.ends.pieces().map(move |ends| {
            let bytes = self.bytes.range(start as usize..ends[ends.len() - 1] as usize);
            let first = start;
            let texts = ends.iter().map(|&end| {
                let text = bytes[(start - first) as usize..(end - first) as usize].to_vec();
                start = end;
                text
            });
            texts.collect()
        })
    }
}

/// All that the first pass learned.
pub struct Survey {
    /// The documents in reading order.
    pub documents: Documents,
    /// What the documents come to.
    pub totals: Totals,
    /// For each record in reading order, whether it is a document: a further pass need not parse it
    /// to know its number.
    pub is_document: BitVec,
    /// Records that could not be read, with up to [`EXAMPLES_MAX`] reasons.
    pub skipped: u64,
    /// The first reasons, as `source line N: why`.
    pub skipped_examples: Vec<String>,
    /// How common words and lines are; its tables, some 40 MB, are made when one asks.
    pub frequencies: LazyLock<Frequencies>,
    /// What each source's content was.
    pub checksums: Vec<Checksum>,
    /// The words of the first document of each comparison form; its copies have none.
    pub words: Words,
    /// The words of all documents for alignment, where passages across documents are searched.
    pub texts: CorpusBuilder,
}

/// Sums over all documents.
#[derive(Clone, Copy, Debug, Default)]
pub struct Totals {
    /// Bytes of their texts.
    pub bytes: u64,
    /// Their words.
    pub words: u64,
    /// Documents without words.
    pub without_words: u64,
    /// Documents with words, but fewer than a shingle has.
    pub below_one_shingle: u64,
}

/// Reasons kept for an error message.
pub const EXAMPLES_MAX: usize = 3;

/// What a summary says of so many records that could not be read: where the first one is, and why it is.
pub fn note_of_skipped(skipped: u64, examples: &[String]) -> Option<String> {
    let first = examples.first().filter(|_| skipped > 0)?;
    // Its name is one line, whatever the file's is.
    let mut note = format!("not read: {}", harmless(first).replace('\n', "\\n"));
    if skipped > 1 {
        note += &format!("; `report --format jsonl` lists all {skipped}");
    }
    Some(note)
}

/// Records looked at in one go by one thread: some hundred kilobytes.
const PART_LEN_RECORDS: usize = 64;

/// Some consecutive records, looked at on their own.
#[derive(Default)]
struct Part {
    /// For each record, whether it is a document.
    is_document: Vec<bool>,
    rows: Vec<DocumentRow>,
    words: Words,
    texts: Vec<TextWords>,
    /// Source, line and reason.
    skipped: Vec<(u32, u64, String)>,
}

/// Reads everything once.
///
/// # Errors
/// When reading as a whole fails; bad records are counted instead.
pub fn survey(
    sources: &[Source],
    params: &Params,
    stages: Stages,
    tokeniser: &Tokeniser,
    spill: &Spill,
    watch: Watch,
) -> Result<Survey> {
    let frequencies: LazyLock<Frequencies> = LazyLock::new(Frequencies::default);
    let look = |part: &mut Part, words: &mut DocumentWords, raw: &RawRecord| {
        let record = parse(sources, params, raw.clone());
        part.is_document.push(record.document().is_some());
        if let Some(why) = record.skipped() {
            part.skipped.push((record.source, record.line, why.to_owned()));
        }
        let Some(document) = record.document() else { return };
        if stages.inside {
            let view = View::new(&document.text, tokeniser);
            frequencies.observe(document.host.as_deref(), &view);
            words.of_view(&view);
            if stages.across(params) {
                part.texts.push(TextWords::new(&view));
            }
        } else {
            words.of_text(&document.text, tokeniser);
        }
        part.words.push(words);
        part.rows.push(DocumentRow {
            id: document.id.clone(),
            words: words.len() as u32,
            bytes: document.text.len() as u32,
            fingerprint: words.fingerprint(),
            sort_key: document.sort_key.clone(),
        });
    };
    let part = |words: &mut DocumentWords, records: &[RawRecord]| -> Part {
        let mut part = Part::default();
        // Arabic news has 10.95 bytes a word, English about 6.
        part.words.reserve(records.iter().map(|r| r.raw.len()).sum::<usize>() / 8);
        records.iter().for_each(|raw| look(&mut part, words, raw));
        part
    };

    let mut corpus = Corpus::new(sources);
    let course = Course::begin(watch, Phase::Survey, sources, &[]);
    let mut learned = Learned {
        documents: Documents::new(spill),
        words: Words::for_a_corpus(spill),
        texts: CorpusBuilder::new(spill),
        // A table holds at most twice as many as it has room for.
        first_copies_max: spill.share(12) / size_of::<Fingerprint>() / 2,
        shingle_len_tokens: params.documents.shingle_len_tokens as u32,
        ..Learned::default()
    };
    overlapped(
        || corpus.next_batch(BATCH_LEN_BYTES),
        |batch: Vec<RawRecord>| -> Vec<Part> {
            course.works_on(batch.iter());
            batch.par_chunks(PART_LEN_RECORDS).map_init(DocumentWords::default, part).collect()
        },
        |parts| {
            parts.into_iter().for_each(|part| learned.add(part, sources, watch));
            Ok(())
        },
    )?;
    course.ended();
    let Learned { documents, totals, is_document, skipped, skipped_examples, words, texts, .. } = learned;
    let checksums = corpus.into_checksums();
    Ok(Survey { documents, totals, is_document, skipped, skipped_examples, frequencies, checksums, words, texts })
}

/// What was learned so far.
#[derive(Default)]
struct Learned {
    documents: Documents,
    totals: Totals,
    is_document: BitVec,
    skipped: u64,
    skipped_examples: Vec<String>,
    words: Words,
    texts: CorpusBuilder,
    /// So many of the comparison forms seen that copies of them are left out at once; copies of the
    /// others are left out later.
    first_copies: HashSet<Fingerprint>,
    first_copies_max: usize,
    shingle_len_tokens: u32,
}

impl Learned {
    fn add(&mut self, part: Part, sources: &[Source], watch: Watch) {
        self.is_document.extend(part.is_document);
        let first = self.documents.len() as u32;
        (first..).zip(part.texts).for_each(|(number, words)| self.texts.push(number, words));
        for (number, row) in (0..).zip(&part.rows) {
            if row.fingerprint.is_some_and(|f| self.is_first(f)) {
                self.words.push_from(&part.words, number);
            } else {
                self.words.push_copy();
            }
            self.documents.push(row);
            self.totals.bytes += u64::from(row.bytes);
            self.totals.words += u64::from(row.words);
            self.totals.without_words += u64::from(row.words == 0);
            self.totals.below_one_shingle += u64::from(row.words > 0 && row.words < self.shingle_len_tokens);
        }
        self.skipped += part.skipped.len() as u64;
        for (source, line, why) in part.skipped {
            let name = &sources[source as usize].name;
            watch.inspect(|tell| tell(Event::Skipped { source: name, line, why: &why }));
            if self.skipped_examples.len() < EXAMPLES_MAX {
                self.skipped_examples.push(format!("`{name}` line {line}: {why}"));
            }
        }
    }

    /// Whether this comparison form is not known to have been seen.
    fn is_first(&mut self, fingerprint: Fingerprint) -> bool {
        if self.first_copies.len() < self.first_copies_max {
            self.first_copies.insert(fingerprint)
        } else {
            !self.first_copies.contains(&fingerprint)
        }
    }
}
