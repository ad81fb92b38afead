//! Where documents share word 4-grams: the candidates of alignment across documents.
//!
//! [`Corpus`] -> [`Shared`] stretches by pair of documents. The places of 4-grams that stand twice (24 bytes
//! each) are sorted by 4-gram; then each group of equal 4-grams gives pairs, the rarest first. Where the
//! pairs would be more than the [`budget`] allows, a 4-gram gives a star around its first place
//! instead, so the work stays linear in the corpus; those are counted, never silently dropped.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;

use super::corpus::Corpus;
use super::grams::repeated;
use super::words::Word;
use crate::spill::{Fixed, Sorted, Sorter};

/// Words in an indexed n-gram. Four, because at one edit in four words 32 % survive, several in
/// every passage of twenty words; 3-grams double the postings and give ten times the chance pairs.
pub const GRAM_LEN_WORDS: usize = 4;

/// Pairs of places that are looked at, at most: a tenth of a second of one core, and linear in the
/// corpus beyond 8 million words. Twice as many took 5 s more on 240 MB of news (n-grams in up to 356
/// documents instead of 44) and found 7 % more passages, nearly all of them formulas.
fn budget(words: u64) -> u64 {
    (1 << 22).max(words / 2)
}

/// Equal words in two documents, `a` before `b` in reading order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shared {
    /// Number of the earlier document.
    pub a_document: u32,
    /// Number of the later document.
    pub b_document: u32,
    /// First word there.
    pub a: u32,
    /// First word here.
    pub b: u32,
    /// Documents in which the n-gram there stands.
    pub documents: u32,
    /// Words that are equal from there on, at most; `u32::MAX` where that is not known.
    pub len_max: u32,
}

impl Fixed for Shared {
    const LEN: usize = 24;

    fn put(self, bytes: &mut [u8]) {
        ((self.a_document, self.b_document), (self.a, self.b), (self.documents, self.len_max)).put(bytes);
    }

    fn get(bytes: &[u8]) -> Self {
        let ((a_document, b_document), (a, b), (documents, len_max)) = Fixed::get(bytes);
        Self { a_document, b_document, a, b, documents, len_max }
    }
}

impl Shared {
    /// Whether the stretches of a pair may come to so many words. Most pairs share four words once,
    /// by chance, and their documents need not be looked at.
    pub fn may_reach(pair: &[Self], words_min: usize) -> bool {
        pair.iter().fold(0, |sum: u32, shared| sum.saturating_add(shared.len_max)) as usize >= words_min
    }

    /// Whether both lie in the same two documents.
    pub fn same_pair(x: &Self, y: &Self) -> bool {
        (x.a_document, x.b_document) == (y.a_document, y.b_document)
    }
}

/// What the index found and what it cut short.
pub struct Candidates {
    /// Starts of shared stretches, sorted.
    pub shared: Sorted<Shared>,
    /// N-grams that stand in more documents than are linked pair by pair.
    pub grams_capped: u64,
    /// Up to this many documents all pairs were linked.
    pub documents_max: u32,
}

/// A place of an n-gram.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    /// The upper and the lower half of its hash.
    key: (u32, u32),
    document: u32,
    at: u32,
    /// The word before it, if there is one.
    before: Word,
    /// Sixteen bits of each of the two words after it, those of the next above, 0 where there is none.
    after: u32,
}

/// The sixteen bits of a word after a place.
fn half(word: Option<&Word>) -> u32 {
    word.map_or(0, |word| (word >> 16).max(1))
}

/// How many words are equal from two places of an n-gram on, at most.
fn len_max(n: usize, x: &Place, y: &Place) -> u32 {
    let equal = |shift: u32| {
        let (x, y) = (x.after >> shift & 0xffff, y.after >> shift & 0xffff);
        x == y && x != 0
    };
    match (equal(16), equal(0)) {
        (false, _) => n as u32,
        (true, false) => n as u32 + 1,
        (true, true) => u32::MAX,
    }
}

impl Fixed for Place {
    const LEN: usize = 24;

    fn put(self, bytes: &mut [u8]) {
        (self.key, self.document, self.at, self.before, self.after).put(bytes);
    }

    fn get(bytes: &[u8]) -> Self {
        let (key, document, at, before, after) = Fixed::get(bytes);
        Self { key, document, at, before, after }
    }
}

fn same_gram(x: &Place, y: &Place) -> bool {
    x.key == y.key
}

/// Groups whose pairs are listed at a time.
const GROUPS: usize = 4096;

/// The starts of the stretches that documents share.
///
/// `n` is the number of words of a shared stretch at least.
pub fn candidates(corpus: &Corpus, n: usize) -> Candidates {
    let places = places(corpus, n);
    let documents_max = documents_max(&places, budget(corpus.words_total()));
    let bases = bases(corpus);
    let linked = Bits::new(corpus.words_total());
    let mut grams_capped = 0;
    places.batches(same_gram, |batch| {
        let groups: Vec<&[Place]> = batch.chunk_by(same_gram).collect();
        grams_capped += groups.iter().filter(|group| group.len() > documents_max).count() as u64;
        groups.par_iter().filter(|group| group.len() <= documents_max).for_each(|group| {
            for place in group.iter() {
                linked.set(bases[place.document as usize] + u64::from(place.at));
            }
        });
    });
    // A stretch is listed where it begins: not where the words before are equal too and are
    // linked with the same right to all their pairs.
    let begins = |x: &Place, y: &Place| {
        let before = |p: &Place| {
            let at = p.at.checked_sub(1)?;
            linked.get(bases[p.document as usize] + u64::from(at)).then_some(p.before)
        };
        !matches!((before(x), before(y)), (Some(p), Some(q)) if p == q)
    };
    let link = |x: &Place, y: &Place, documents: u32| {
        let other = x.document != y.document;
        other.then(|| Shared {
            a_document: x.document,
            b_document: y.document,
            a: x.at,
            b: y.at,
            documents,
            len_max: len_max(n, x, y),
        })
    };
    let mut shared: Sorter<Shared> = Sorter::new(corpus.spill(), corpus.spill().share(4));
    places.batches(same_gram, |batch| {
        let groups: Vec<&[Place]> = batch.chunk_by(same_gram).collect();
        for some in groups.chunks(GROUPS) {
            let links = some.par_iter().flat_map_iter(|&group| {
                let star = group.len() > documents_max;
                let froms = if star { 1 } else { group.len() };
                let documents = group.len() as u32;
                (0..froms).flat_map(move |i| {
                    let rest = &group[i + 1..];
                    rest.iter()
                        .filter(move |y| star || begins(&group[i], y))
                        .filter_map(move |y| link(&group[i], y, documents))
                })
            });
            shared.extend_from_slice(&links.collect::<Vec<_>>());
        }
    });
    drop(places);
    Candidates { shared: shared.finish(), grams_capped, documents_max: documents_max as u32 }
}

/// The largest group of which all pairs fit the budget, with all smaller ones.
fn documents_max(places: &Sorted<Place>, budget: u64) -> usize {
    let mut sizes: BTreeMap<usize, u64> = BTreeMap::new();
    places.batches(same_gram, |batch| {
        batch.chunk_by(same_gram).for_each(|group| *sizes.entry(group.len()).or_default() += 1);
    });
    let mut sum = 0;
    for (&size, &groups) in &sizes {
        sum += groups * size as u64 * (size as u64 - 1) / 2;
        if sum > budget {
            return size - 1;
        }
    }
    sizes.last_key_value().map_or(0, |(&size, _)| size)
}

/// The places of all n-grams that stand more than once, sorted by n-gram and reading order.
fn places(corpus: &Corpus, n: usize) -> Sorted<Place> {
    // A phrase that stands often in one document counts there once: its other places are found
    // when the passage around it is aligned.
    let same_document = |x: &Place, y: &Place| (x.key, x.document) == (y.key, y.document);
    let mut places = Sorter::distinct_by(corpus.spill(), corpus.spill().share(4), same_document);
    let place = |key: u64, document: u32, numbers: &[Word], at: usize| {
        let before = if at == 0 { 0 } else { numbers[at - 1] };
        let after = half(numbers.get(at + n)) << 16 | half(numbers.get(at + n + 1));
        Place { key: ((key >> 32) as u32, key as u32), document, at: at as u32, before, after }
    };
    let key = |place: &Place| u64::from(place.key.0) << 32 | u64::from(place.key.1);
    let bits_max = (corpus.spill().share(6) as u64).saturating_mul(8);
    repeated(corpus, n, bits_max, place, key, |found| places.extend_from_slice(found));
    places.finish().repeated(same_gram)
}

/// For each document, the number of words before it.
fn bases(corpus: &Corpus) -> Vec<u64> {
    let mut sum = 0;
    (0..corpus.len())
        .map(|document| {
            let base = sum;
            sum += corpus.len_of(document) as u64;
            base
        })
        .collect()
}

/// A bit set that threads fill together; the result does not depend on their order.
struct Bits(Box<[AtomicU64]>);

impl Bits {
    fn new(bits: u64) -> Self {
        Self(std::iter::repeat_with(AtomicU64::default).take((bits / 64 + 1) as usize).collect())
    }

    fn set(&self, bit: u64) {
        self.0[(bit / 64) as usize].fetch_or(1 << (bit % 64), Ordering::Relaxed);
    }

    fn get(&self, bit: u64) -> bool {
        self.0[(bit / 64) as usize].load(Ordering::Relaxed) >> (bit % 64) & 1 == 1
    }
}
