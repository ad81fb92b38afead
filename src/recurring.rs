//! Finds the lines of a template: those that stand in documents that are otherwise unlike.
//!
//! [`Words`] of all documents -> a mask over their lines. Documents are compared without these
//! lines, so that a shared menu never makes two articles alike, and different menus never keep two
//! copies of one article apart.
//!
//! How often a line stands alone says little: an article that ten sites copied has lines in ten
//! documents, like a menu of ten pages. What tells them apart is the rest. A line L that stands in
//! d documents is a template's when in the usual pair of them the rest (the lines that stand in
//! fewer than d/2 documents) is a real part of the document and says something else.

use std::borrow::Cow;
use std::ops::Range;

use bitvec::vec::BitVec;
use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_64;

use crate::fingerprint::{self, Fingerprint};
use crate::shingle::ShingleSet;
use crate::spill::{Array, Sorted, Sorter, Spill};
use crate::tokenise::{Piece, Tokeniser, View};
use crate::verify::jaccard_and_containment;

/// A line in fewer documents than this is no template's.
const DOCUMENTS_MIN: usize = 3;
/// A line of more words than this is a sentence: three articles on one event may well share it.
const SHORT_LINE_LEN_TOKENS: usize = 20;
/// So it must stand in this many documents.
const DOCUMENTS_MIN_LONG: usize = 10;
/// Short lines between two template lines, up to this many in a row, are the template's too.
const ENCLOSED_LINES_MAX: usize = 3;
/// But not when they are more than this share of what a document has of its own.
const ENCLOSED_SHARE_MAX: f64 = 0.4;
/// Documents looked at for each line: 10 pairs.
pub(crate) const SAMPLE: usize = 5;
/// The rest must have at least this share of a document's words to be worth comparing.
const REST_SHARE_MIN: f64 = 0.3;
/// Words in the shingles of the rest.
const REST_SHINGLE_LEN_TOKENS: usize = 3;
/// From this containment on the rests say the same: copies with 20 % of the words edited still
/// share (1 − 0.2)^3 = 0.5 of their 3-grams, unrelated news below 0.05.
const REST_ALIKE: f64 = 0.2;

/// Room for this many words is asked for at once. What is not used costs no memory, and from 32 MB on
/// the allocator moves a growing vector by its pages instead of copying it; growing took a twentieth
/// of a run.
const WORDS_EXPECTED: usize = 8 << 20;

/// The word hashes and lines of all documents, one after the other: 8 bytes a word, 16 a line and
/// 16 a document, in memory or not.
#[derive(Debug, Default)]
pub struct Words {
    spill: Spill,
    hashes: Array<u64>,
    /// For each line, its key and the end of its words in `hashes`.
    lines: Array<(u64, u64)>,
    /// For each document, the ends of its lines and of its words.
    ends: Array<(u64, u64)>,
    /// Documents whose words are not looked at: copies of others.
    copies: BitVec,
}

/// The words and lines of one document, not yet put to the others. Made to be used again for the
/// next document.
#[derive(Default)]
pub struct DocumentWords {
    hashes: Vec<u64>,
    /// For each line with words, its key and the end of its words.
    lines: Vec<(u64, u32)>,
    /// The hashes as bytes, least first.
    bytes: Vec<u8>,
}

impl DocumentWords {
    /// Takes the words of a text.
    pub fn of_text(&mut self, text: &str, tokeniser: &Tokeniser) {
        let Self { hashes, lines, .. } = self;
        hashes.clear();
        lines.clear();
        let mut end_line = |end: usize| {
            if lines.last().map_or(0, |&(_, last)| last as usize) < end {
                lines.push((0, end as u32));
            }
        };
        tokeniser.scan(text, |piece| match piece {
            Piece::Word(_, hash) => hashes.push(hash),
            Piece::LineEnd => end_line(hashes.len()),
        });
        end_line(hashes.len());
        self.key_lines();
    }

    /// Takes the words of a view: the same as of its text.
    pub fn of_view(&mut self, view: &View) {
        self.hashes.clear();
        self.hashes.extend(view.tokens.iter().map(|t| t.hash));
        self.lines.clear();
        let lines = (0..view.segments.len()).map(|s| view.token_range(s)).filter(|words| !words.is_empty());
        self.lines.extend(lines.map(|words| (0, words.end as u32)));
        self.key_lines();
    }

    /// A line's key is the hash of its words' hashes.
    fn key_lines(&mut self) {
        self.bytes.resize(self.hashes.len() * 8, 0);
        let bytes = self.bytes.as_chunks_mut().0.iter_mut();
        bytes.zip(&self.hashes).for_each(|(bytes, hash)| *bytes = hash.to_le_bytes());
        let mut start = 0;
        for (key, end) in &mut self.lines {
            *key = xxh3_64(&self.bytes[start..*end as usize * 8]);
            start = *end as usize * 8;
        }
    }

    /// The words' hashes in order.
    pub fn hashes(&self) -> &[u64] {
        &self.hashes
    }

    /// The key of each line with words, and how many it has.
    pub fn lines(&self) -> impl Iterator<Item = (u64, u32)> {
        let starts = std::iter::once(0).chain(self.lines.iter().map(|&(_, end)| end));
        self.lines.iter().zip(starts).map(|(&(key, end), start)| (key, end - start))
    }

    /// How many words there are.
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether there is no word.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// The fingerprint of the document.
    pub fn fingerprint(&self) -> Option<Fingerprint> {
        fingerprint::of_bytes(&self.bytes)
    }
}

impl Words {
    /// No documents yet, but room for those of a whole corpus, as far as memory allows.
    pub fn for_a_corpus(spill: &Spill) -> Self {
        let mut hashes = Array::new(spill, spill.share(3));
        hashes.reserve(WORDS_EXPECTED);
        let (lines, ends) = (Array::new(spill, spill.share(12)), Array::new(spill, spill.share(12)));
        Self { spill: spill.clone(), hashes, lines, ends, copies: BitVec::new() }
    }

    /// Makes room for more words.
    pub fn reserve(&mut self, words: usize) {
        self.hashes.reserve(words);
    }

    /// Adds the next document.
    pub fn push(&mut self, document: &DocumentWords) {
        let base = self.hashes.len() as u64;
        self.hashes.extend_from_slice(&document.hashes);
        self.lines.extend(document.lines.iter().map(|&(key, end)| (key, base + u64::from(end))));
        self.ends.push((self.lines.len() as u64, self.hashes.len() as u64));
    }

    /// Adds one document of another collection as the next.
    pub fn push_from(&mut self, other: &Words, document: u32) {
        let texts = other.texts(document..document + 1);
        let text = texts.text(document);
        let base = self.hashes.len() as u64;
        self.hashes.extend_from_slice(text.hashes);
        self.lines.extend(text.lines.lines.iter().map(|&(key, end)| (key, base + end - text.lines.base)));
        self.ends.push((self.lines.len() as u64, self.hashes.len() as u64));
    }

    /// Adds the next document without its words: a copy of an earlier one.
    pub fn push_copy(&mut self) {
        self.ends.push((self.lines.len() as u64, self.hashes.len() as u64));
    }

    /// From now on these documents have no words: copies that were not known as such when they were
    /// added.
    pub fn without(&mut self, copies: BitVec) {
        self.copies = copies;
    }

    /// How many documents there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no document.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Whether a document is known as a copy, whose words do not count.
    pub fn is_copy(&self, document: u32) -> bool {
        self.copies.get(document as usize).is_some_and(|copy| *copy)
    }

    /// How many words all documents have.
    pub fn words(&self) -> usize {
        self.hashes.len()
    }

    /// How many words a document has.
    pub fn len_of(&self, document: u32) -> usize {
        (self.ends.get(document as usize).1 - self.ends_before(document).1) as usize
    }

    /// The words of consecutive documents.
    pub fn texts(&self, documents: Range<u32>) -> Texts<'_> {
        let lines = self.lines(documents);
        let words = lines.base as usize..lines.ends.last().map_or(lines.base, |&(_, end)| end) as usize;
        Texts { hashes: self.hashes.range(words), lines }
    }

    /// All documents, some megabytes of words at a time.
    pub fn batches(&self) -> impl Iterator<Item = Range<u32>> {
        let (mut ends, mut document, mut start, mut words) = (self.ends.pieces(), 0, 0, 0);
        let mut piece: Vec<(u64, u64)> = Vec::new();
        let mut next = 0;
        std::iter::from_fn(move || {
            loop {
                if next == piece.len() {
                    match ends.next() {
                        Some(more) => (piece, next) = (more.into_owned(), 0),
                        None if start < document => {
                            let last = start..document;
                            start = document;
                            return Some(last);
                        }
                        None => return None,
                    }
                }
                let end = piece[next].1;
                if end - words > BATCH_LEN_WORDS && start < document {
                    let batch = start..document;
                    start = document;
                    words = end;
                    (document, next) = (document + 1, next + 1);
                    return Some(batch);
                }
                (document, next) = (document + 1, next + 1);
            }
        })
    }

    fn ends_before(&self, document: u32) -> (u64, u64) {
        if document == 0 { (0, 0) } else { self.ends.get(document as usize - 1) }
    }

    /// The lines of consecutive documents.
    fn lines(&self, documents: Range<u32>) -> Lines<'_> {
        let (first_line, base) = self.ends_before(documents.start);
        let ends = self.ends.range(documents.start as usize..documents.end as usize);
        let lines = self.lines.range(first_line as usize..ends.last().map_or(first_line, |&(end, _)| end) as usize);
        Lines { words: self, first: documents.start, first_line, base, ends, lines }
    }

    /// How many words a line has.
    fn line_len(&self, line: usize) -> usize {
        let before = if line == 0 { 0 } else { self.lines.get(line - 1).1 };
        (self.lines.get(line).1 - before) as usize
    }
}

/// Words in a batch: 8 MiB of hashes.
const BATCH_LEN_WORDS: u64 = 1 << 20;

/// The lines of some consecutive documents.
struct Lines<'a> {
    words: &'a Words,
    first: u32,
    first_line: u64,
    /// Words before the first line.
    base: u64,
    ends: Cow<'a, [(u64, u64)]>,
    lines: Cow<'a, [(u64, u64)]>,
}

/// The lines of one document.
#[derive(Clone, Copy)]
struct LinesOf<'a> {
    /// The number of its first line.
    first: usize,
    /// Words before it.
    base: u64,
    lines: &'a [(u64, u64)],
}

impl Lines<'_> {
    fn documents(&self) -> Range<u32> {
        self.first..self.first + self.ends.len() as u32
    }

    fn of(&self, document: u32) -> LinesOf<'_> {
        let d = (document - self.first) as usize;
        let (first, base) = if d == 0 { (self.first_line, self.base) } else { self.ends[d - 1] };
        let copy = self.words.copies.get(document as usize).is_some_and(|b| *b);
        let end = if copy { first } else { self.ends[d].0 };
        let lines = &self.lines[(first - self.first_line) as usize..(end - self.first_line) as usize];
        LinesOf { first: first as usize, base, lines }
    }
}

impl LinesOf<'_> {
    fn numbers(&self) -> Range<usize> {
        self.first..self.first + self.lines.len()
    }

    /// The words of a line, counted from the document's first.
    fn words(&self, line: usize) -> Range<usize> {
        let i = line - self.first;
        let start = if i == 0 { self.base } else { self.lines[i - 1].1 };
        (start - self.base) as usize..(self.lines[i].1 - self.base) as usize
    }

    fn words_total(&self) -> usize {
        self.lines.last().map_or(0, |&(_, end)| (end - self.base) as usize)
    }
}

/// The words of some consecutive documents.
pub struct Texts<'a> {
    lines: Lines<'a>,
    hashes: Cow<'a, [u64]>,
}

/// The words of one document.
#[derive(Clone, Copy)]
pub struct Text<'a> {
    lines: LinesOf<'a>,
    hashes: &'a [u64],
}

impl Texts<'_> {
    /// The words of one of them.
    pub fn text(&self, document: u32) -> Text<'_> {
        let lines = self.lines.of(document);
        let start = (lines.base - self.lines.base) as usize;
        Text { hashes: &self.hashes[start..start + lines.words_total()], lines }
    }
}

impl<'a> Text<'a> {
    /// How many lines with words it has.
    pub(crate) fn lines_len(&self) -> usize {
        self.lines.lines.len()
    }

    /// The words whose lines pass `keep`, in order.
    fn words_where(&self, keep: impl Fn(usize) -> bool) -> Cow<'a, [u64]> {
        let mut lines = self.lines.numbers();
        if lines.clone().all(&keep) {
            return Cow::Borrowed(self.hashes);
        }
        let mut kept = Vec::with_capacity(self.hashes.len());
        lines.by_ref().filter(|&line| keep(line)).for_each(|line| {
            kept.extend_from_slice(&self.hashes[self.lines.words(line)]);
        });
        Cow::Owned(kept)
    }

    /// The shingles of what a document has besides a line of `d` documents and all that recurs with
    /// it; none when that is too little to be compared. `documents` says in how many documents each of
    /// its lines stands.
    pub(crate) fn rest(&self, documents: &[u32], d: u32) -> Option<ShingleSet> {
        let rest = self.words_where(|line| documents[line - self.lines.first] * 2 < d);
        let enough = rest.len() as f64 >= self.hashes.len() as f64 * REST_SHARE_MIN;
        enough.then(|| ShingleSet::new(&rest, REST_SHINGLE_LEN_TOKENS))
    }

    /// The words a document is compared by: those of its own lines, or all when a template leaves
    /// less than one line in `REST_SHARE_MIN` of it.
    pub fn core(&self, recurring: &BitVec) -> Cow<'a, [u64]> {
        let own = self.words_where(|line| !recurring[line]);
        if (own.len() as f64) < self.hashes.len() as f64 * REST_SHARE_MIN { Cow::Borrowed(self.hashes) } else { own }
    }
}

/// A line's key, its document, its number.
type Entry = (u64, u32, u32);

fn same_line(x: &Entry, y: &Entry) -> bool {
    x.0 == y.0
}

/// In how many documents a line stands, from all its entries.
fn distinct_documents(group: &[Entry]) -> u32 {
    1 + group.windows(2).filter(|pair| pair[0].1 != pair[1].1).count() as u32
}

/// A bit for each line in the order of [`Words`]: whether it is a template's.
///
/// `fingerprint` orders the documents of a line by content, so that the choice of samples does not
/// depend on the order of the input.
pub fn recurring(words: &Words, fingerprint: impl Fn(u32) -> Option<Fingerprint> + Sync) -> BitVec {
    let mut entries: Sorter<Entry> = Sorter::new(&words.spill, words.spill.share(4));
    entries.reserve(words.lines.len());
    for batch in words.batches() {
        let lines = words.lines(batch);
        for document in lines.documents() {
            let of = lines.of(document);
            entries.extend(of.numbers().zip(of.lines).map(|(line, &(key, _))| (key, document, line as u32)));
        }
    }
    let entries = entries.finish();
    let documents = documents_of_lines(words, &entries);

    let mut mask = BitVec::repeat(false, words.lines.len());
    entries.batches(same_line, |batch| {
        // Nearly all lines stand once; looking at their words would be a walk through all memory.
        let groups: Vec<&[Entry]> = batch.chunk_by(same_line).filter(|group| group.len() >= DOCUMENTS_MIN).collect();
        let templates: Vec<&&[Entry]> = groups
            .par_iter()
            .filter(|group| {
                let d = distinct_documents(group) as usize;
                if d < DOCUMENTS_MIN {
                    return false;
                }
                d >= documents_min(words.line_len(group[0].2 as usize))
                    && is_template(words, &documents, group, d as u32, &fingerprint)
            })
            .collect();
        for group in templates {
            group.iter().for_each(|&(.., line)| mask.set(line as usize, true));
        }
    });
    enclose(words, &mut mask);
    mask
}

/// A line of so many words is no template's when it stands in fewer documents than this.
pub(crate) fn documents_min(line_len_tokens: usize) -> usize {
    if line_len_tokens <= SHORT_LINE_LEN_TOKENS { DOCUMENTS_MIN } else { DOCUMENTS_MIN_LONG }
}

/// In how many documents each line stands, by line.
fn documents_of_lines(words: &Words, entries: &Sorted<Entry>) -> Array<u32> {
    let mut repeated: Sorter<(u32, u32)> = Sorter::new(&words.spill, words.spill.share(12));
    entries.batches(same_line, |batch| {
        for group in batch.chunk_by(same_line) {
            let distinct = distinct_documents(group);
            if distinct > 1 {
                repeated.extend(group.iter().map(|&(.., line)| (line, distinct)));
            }
        }
    });
    let mut documents = Array::new(&words.spill, words.spill.share(12));
    documents.reserve(words.lines.len());
    for (line, distinct) in repeated.finish().iter() {
        documents.extend(std::iter::repeat_n(1, line as usize - documents.len()));
        documents.push(distinct);
    }
    documents.extend(std::iter::repeat_n(1, words.lines.len() - documents.len()));
    documents
}

/// Takes short lines between two template lines for the template's too: one of a list of other
/// stories that happens to be new. Not where they are most of what a document has of its own.
pub(crate) fn enclose(words: &Words, mask: &mut BitVec) {
    for batch in words.batches() {
        let lines = words.lines(batch);
        for document in lines.documents() {
            enclose_in(lines.of(document), mask);
        }
    }
}

fn enclose_in(of: LinesOf, mask: &mut BitVec) {
    let lines = of.numbers();
    let own: usize = lines.clone().filter(|&line| !mask[line]).map(|line| of.words(line).len()).sum();
    let mut enclosed: Vec<usize> = Vec::new();
    let mut at = lines.start;
    while at < lines.end {
        let run_end = (at..lines.end).find(|&line| mask[line] != mask[at]).unwrap_or(lines.end);
        let run = at..run_end;
        let short = run.clone().all(|line| of.words(line).len() <= SHORT_LINE_LEN_TOKENS);
        let between = at > lines.start && run_end < lines.end;
        if !mask[at] && between && short && run.len() <= ENCLOSED_LINES_MAX {
            enclosed.extend(run);
        }
        at = run_end;
    }
    let enclosed_words: usize = enclosed.iter().map(|&line| of.words(line).len()).sum();
    if enclosed_words as f64 <= own as f64 * ENCLOSED_SHARE_MAX {
        enclosed.into_iter().for_each(|line| mask.set(line, true));
    }
}

fn is_template(
    words: &Words,
    documents: &Array<u32>,
    group: &[Entry],
    d: u32,
    fingerprint: &(impl Fn(u32) -> Option<Fingerprint> + Sync),
) -> bool {
    let mut holders: Vec<u32> = group.iter().map(|&(_, document, _)| document).collect();
    holders.dedup();
    // The smallest fingerprints are a random and repeatable sample.
    let sample = holders.len().min(SAMPLE);
    holders.select_nth_unstable_by_key(sample - 1, |&document| fingerprint(document));
    holders.truncate(sample);
    holders.sort_unstable_by_key(|&document| fingerprint(document));

    let rests: Vec<Option<ShingleSet>> = holders
        .iter()
        .map(|&document| {
            let texts = words.texts(document..document + 1);
            let text = texts.text(document);
            text.rest(&documents.range(text.lines.numbers()), d)
        })
        .collect();
    mostly_unlike(&rests)
}

/// Whether more than half of the pairs of rests say something else.
pub(crate) fn mostly_unlike(rests: &[Option<ShingleSet>]) -> bool {
    let (mut unlike, mut pairs) = (0, 0);
    for (i, x) in rests.iter().enumerate() {
        for y in &rests[i + 1..] {
            pairs += 1;
            if let (Some(x), Some(y)) = (x, y) {
                unlike += usize::from(jaccard_and_containment(x.as_slice(), y.as_slice()).1 < REST_ALIKE);
            }
        }
    }
    unlike * 2 > pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokenise::default_tokeniser;

    /// The lines of the first text that are a template's.
    fn check(texts: &[String], expect: &[&str]) {
        let mut words = Words::default();
        let mut fingerprints = Vec::new();
        for text in texts {
            let (mut of_text, mut of_view) = (DocumentWords::default(), DocumentWords::default());
            of_text.of_text(text, default_tokeniser());
            of_view.of_view(&View::new(text, default_tokeniser()));
            assert!(of_text.hashes == of_view.hashes && of_text.lines == of_view.lines);
            let mut alone = Words::default();
            alone.push(&of_text);
            words.push_from(&alone, 0);
            fingerprints.push(of_text.fingerprint());
        }
        let mask = recurring(&words, |d| fingerprints[d as usize]);
        let view = View::new(&texts[0], default_tokeniser());
        let got: Vec<&str> =
            (0..view.segments.len()).filter(|&line| mask[line]).map(|line| view.segment_text(line)).collect();
        assert_eq!(got, expect);
    }

    /// Twelve words that no other article has.
    fn article(n: usize) -> String {
        (0..12).map(|i| format!("a{n}w{i} ")).collect()
    }

    #[test]
    fn a_menu_on_unlike_pages_is_a_templates() {
        let pages: Vec<String> =
            (0..4).map(|n| format!("home news sport\n{}\nall rights reserved\n", article(n))).collect();
        check(&pages, &["home news sport", "all rights reserved"]);
    }

    #[test]
    fn the_lines_of_a_copied_article_are_its_own() {
        let copies: Vec<String> =
            (0..6).map(|n| format!("{}\n{}\nsite {n} menu m{n}\n", article(0), article(1))).collect();
        check(&copies, &[]);
    }

    #[test]
    fn a_long_line_needs_more_documents_than_a_short_one() {
        let pages = |n: usize| -> Vec<String> {
            (0..n).map(|i| format!("{0}{0}\n{1}\n{2}\n", article(99), article(2 * i), article(2 * i + 1))).collect()
        };
        check(&pages(4), &[]);
        check(&pages(12), &[format!("{0}{0}", article(99)).trim()]);
    }

    #[test]
    fn two_documents_make_no_template() {
        check(&[format!("menu\n{}", article(0)), format!("menu\n{}", article(1))], &[]);
    }

    #[test]
    fn a_new_line_in_a_list_is_the_templates_and_a_short_page_is_not() {
        let page =
            |n: usize| format!("{}\n{}\nread also\nstory s{n} t{n}\nmost read\n", article(2 * n), article(2 * n + 1));
        check(&(0..4).map(page).collect::<Vec<_>>(), &["read also", "story s0 t0", "most read"]);
        let short = |n: usize| format!("menu one\n{}\nfooter two\n", article(n));
        check(&(0..4).map(short).collect::<Vec<_>>(), &["menu one", "footer two"]);
    }

    #[test]
    fn a_page_that_is_nearly_all_template_is_compared_as_it_is() {
        let pages: Vec<String> = (0..4).map(|n| format!("{}\nprice {n}\n", article(99))).collect();
        check(&pages, &[]);
    }
}
