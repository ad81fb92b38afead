//! The words of all documents, for alignment across them.
//!
//! The [`Words`] of documents, in any order -> [`Corpus`]. It is kept by document number, so the order
//! leaves no trace. 12 bytes a word (see `words`), in memory 48 a document besides, and in a file beyond
//! its share. Everything else asks through [`Corpus::words`].

use std::borrow::Cow;
use std::ops::{Deref, Range};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;

use super::seed::mix;
use super::words::{Word, Words};
use crate::spill::{Array, Sorter, Spill};

/// A line that stands in this many unlike documents is furniture of a site or a label, not
/// writing. Copies of one document, edited or not, count once.
const COMMON_LINE_DOCUMENTS_MIN: usize = 4;

/// A longer line may be a sentence that a few have copied: it is furniture in twice as many.
const LABEL_MAX_WORDS: usize = 12;

/// Still longer lines are paragraphs, and a paragraph in many documents is a finding.
const COMMON_LINE_MAX_WORDS: usize = 24;

static NO_WORDS: Words = Words::EMPTY;

/// Collects documents.
#[derive(Default)]
pub struct CorpusBuilder(Corpus);

impl CorpusBuilder {
    /// No documents yet; beyond its share their words go to a file.
    pub fn new(spill: &Spill) -> Self {
        Self(Corpus { spill: spill.clone(), ..Corpus::default() })
    }

    /// Adds one document.
    pub fn push(&mut self, document: u32, words: Words) {
        self.0.add(document, words);
    }

    /// Takes one document out again.
    pub fn take(&mut self, document: u32) -> Words {
        self.0.take(document)
    }

    /// Ends the collection: short lines that stand in many documents take no part in alignment.
    pub fn finish(mut self) -> Corpus {
        let common = common_lines(&self.0);
        if !common.is_empty() {
            self.0.mask_lines(&common);
        }
        self.0
    }
}

/// Keys of the short lines that stand in enough unlike documents to be furniture, sorted.
fn common_lines(corpus: &Corpus) -> Vec<u64> {
    let mut keys: Sorter<(u64, u64)> = Sorter::distinct(&corpus.spill, corpus.spill.share(6));
    for batch in corpus.batches() {
        let found: Vec<(u64, u64)> = batch
            .into_par_iter()
            .flat_map_iter(|document| {
                let words = corpus.words(document);
                let family = family(&words);
                words.lines().filter_map(short_line).map(|key| (key, family)).collect::<Vec<_>>()
            })
            .collect();
        keys.extend_from_slice(&found);
    }
    let same_line = |x: &(u64, u64), y: &(u64, u64)| x.0 == y.0;
    let mut common = Vec::new();
    keys.finish().batches(same_line, |batch| {
        let common_in = |key: u64| COMMON_LINE_DOCUMENTS_MIN << (key & LONG);
        let lines = batch.chunk_by(same_line).filter(|same| same.len() >= common_in(same[0].0));
        common.extend(lines.map(|same| same[0].0));
    });
    common
}

/// A key that two documents share with the probability of their Jaccard similarity: the smallest
/// hash of their 4-grams (Broder 1997).
fn family(words: &Words) -> u64 {
    words.numbers().windows(4).map(mix).min().unwrap_or_else(|| mix(words.numbers()))
}

/// The bit of a line's key that is set where the line is longer than a label.
const LONG: u64 = 1;

/// The key of a line that may be furniture.
fn short_line(line: &[Word]) -> Option<u64> {
    let long = if line.len() > LABEL_MAX_WORDS { LONG } else { 0 };
    (line.len() <= COMMON_LINE_MAX_WORDS).then(|| mix(line) & !LONG | long)
}

/// The words of all documents by number.
#[derive(Default)]
pub struct Corpus {
    spill: Spill,
    /// While they keep to their share.
    in_memory: Vec<Option<Words>>,
    in_file: Option<InFile>,
    /// Words of each document.
    lens: Vec<u32>,
    words_total: u64,
}

/// A document asked for lately.
type Slot = Mutex<Option<(u32, Arc<Words>)>>;

/// Words in a file.
struct InFile {
    packed: Array<u32>,
    /// Where each document's words begin.
    starts: Vec<u64>,
    /// Documents asked for lately: pairs come sorted by their first document.
    lately: Box<[Slot]>,
    /// Longer ones are not held.
    lately_len_max: usize,
}

/// Places for documents asked for lately.
const LATELY: usize = 1024;

/// What a word and a document take in memory.
const WORD_LEN_BYTES: u64 = 12;
const DOCUMENT_LEN_BYTES: u64 = 48;

/// The words of one document, from wherever they are.
pub enum WordsOf<'a> {
    /// In memory.
    Held(&'a Words),
    /// Read from a file.
    Read(Arc<Words>),
}

impl Deref for WordsOf<'_> {
    type Target = Words;

    fn deref(&self) -> &Words {
        match self {
            WordsOf::Held(words) => words,
            WordsOf::Read(words) => words,
        }
    }
}

impl Corpus {
    /// One more than the largest document number.
    pub fn len(&self) -> u32 {
        self.lens.len() as u32
    }

    /// Whether there is no document.
    pub fn is_empty(&self) -> bool {
        self.lens.is_empty()
    }

    /// The words of one document; none for a number that was not observed.
    pub fn words(&self, document: u32) -> WordsOf<'_> {
        match &self.in_file {
            Some(in_file) => in_file.words(document, self.len_of(document)),
            None => {
                let words = self.in_memory.get(document as usize).and_then(Option::as_ref);
                WordsOf::Held(words.unwrap_or(&NO_WORDS))
            }
        }
    }

    /// Their shortened hashes alone.
    pub fn numbers(&self, document: u32) -> Cow<'_, [Word]> {
        match &self.in_file {
            Some(in_file) => in_file.numbers(document, self.len_of(document)),
            None => {
                let words = self.in_memory.get(document as usize).and_then(Option::as_ref);
                Cow::Borrowed(words.map_or(&[], |words| words.numbers()))
            }
        }
    }

    /// How many words a document has.
    pub fn len_of(&self, document: u32) -> usize {
        self.lens.get(document as usize).map_or(0, |&len| len as usize)
    }

    /// Words in all documents.
    pub fn words_total(&self) -> u64 {
        self.words_total
    }

    /// All documents, some millions of words at a time.
    pub fn batches(&self) -> impl Iterator<Item = Range<u32>> {
        let mut start = 0;
        std::iter::from_fn(move || {
            let (first, mut words) = (start, 0);
            while start < self.len() && words < BATCH_LEN_WORDS {
                words += self.len_of(start);
                start += 1;
            }
            (first < start).then_some(first..start)
        })
    }

    pub(super) fn spill(&self) -> &Spill {
        &self.spill
    }

    fn add(&mut self, document: u32, words: Words) {
        let at = document as usize;
        if self.lens.len() <= at {
            self.lens.resize(at + 1, 0);
        }
        self.lens[at] = words.len() as u32;
        self.words_total += words.len() as u64;
        let held_bytes = self.words_total * WORD_LEN_BYTES + self.lens.len() as u64 * DOCUMENT_LEN_BYTES;
        if self.in_file.is_none() && held_bytes > self.spill.share(6) as u64 {
            let mut in_file = InFile::new(&self.spill);
            let held = std::mem::take(&mut self.in_memory);
            (0..).zip(held).for_each(|(document, words)| in_file.add(document, &words.unwrap_or_default()));
            self.in_file = Some(in_file);
        }
        match &mut self.in_file {
            Some(in_file) => in_file.add(document, &words),
            None => {
                if self.in_memory.len() <= at {
                    self.in_memory.resize_with(at + 1, || None);
                }
                self.in_memory[at] = Some(words);
            }
        }
    }

    /// Leaves a document without words.
    fn take(&mut self, document: u32) -> Words {
        let len = self.len_of(document);
        if len == 0 {
            return Words::default();
        }
        self.lens[document as usize] = 0;
        self.words_total -= len as u64;
        match &self.in_file {
            Some(in_file) => in_file.read(document, len),
            None => self.in_memory[document as usize].take().unwrap_or_default(),
        }
    }

    /// Takes the words of these short lines out of comparison.
    fn mask_lines(&mut self, common: &[u64]) {
        let masked = |line: &[Word]| short_line(line).is_some_and(|key| common.binary_search(&key).is_ok());
        if self.in_file.is_none() {
            self.in_memory.par_iter_mut().enumerate().for_each(|(number, words)| {
                if let Some(words) = words {
                    words.mask_lines(number as u32, masked);
                }
            });
            return;
        }
        let batches: Vec<Range<u32>> = self.batches().collect();
        for batch in batches {
            let changed = batch.into_par_iter().filter_map(|document| {
                let mut words = (*self.words(document)).clone();
                if !words.lines().any(masked) {
                    return None;
                }
                words.mask_lines(document, masked);
                Some((document, words.numbers().to_vec()))
            });
            let changed: Vec<(u32, Vec<Word>)> = changed.collect();
            if let Some(in_file) = &mut self.in_file {
                changed.into_iter().for_each(|(document, numbers)| in_file.put(document, &numbers));
            }
        }
    }
}

/// Words in a batch.
const BATCH_LEN_WORDS: usize = 1 << 20;

impl InFile {
    fn new(spill: &Spill) -> Self {
        Self {
            packed: Array::new(spill, spill.share(32)),
            starts: Vec::new(),
            lately: std::iter::repeat_with(Mutex::default).take(LATELY).collect(),
            lately_len_max: spill.share(16) / LATELY / WORD_LEN_BYTES as usize,
        }
    }

    fn add(&mut self, document: u32, words: &Words) {
        let at = document as usize;
        if self.starts.len() <= at {
            self.starts.resize(at + 1, 0);
        }
        self.starts[at] = self.packed.len() as u64;
        self.packed.extend_from_slice(words.parts());
    }

    fn words(&self, document: u32, len: usize) -> WordsOf<'_> {
        let mut slot = self.slot(document);
        match &*slot {
            Some((held, words)) if *held == document => WordsOf::Read(Arc::clone(words)),
            _ => {
                let words = Arc::new(self.read(document, len));
                if len <= self.lately_len_max {
                    *slot = Some((document, Arc::clone(&words)));
                }
                WordsOf::Read(words)
            }
        }
    }

    fn read(&self, document: u32, len: usize) -> Words {
        let start = self.starts.get(document as usize).map_or(0, |&start| start as usize);
        Words::of_parts(self.packed.range(start..start + len * Words::PARTS).into_owned())
    }

    fn numbers(&self, document: u32, len: usize) -> Cow<'_, [Word]> {
        let start = self.starts.get(document as usize).map_or(0, |&start| start as usize);
        self.packed.range(start..start + len)
    }

    fn put(&mut self, document: u32, numbers: &[Word]) {
        *self.slot(document) = None;
        self.packed.put(self.starts[document as usize] as usize, numbers);
    }

    fn slot(&self, document: u32) -> MutexGuard<'_, Option<(u32, Arc<Words>)>> {
        self.lately[document as usize % LATELY].lock().unwrap_or_else(PoisonError::into_inner)
    }
}
