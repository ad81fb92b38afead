//! Where documents share word 4-grams: the candidates of alignment across documents.
//!
//! [`Corpus`] -> [`Shared`] stretches by pair of documents. Three passes over the words: the
//! first marks 4-grams that stand twice (two bits each), the second collects only those (16 bytes
//! each), sorted by 4-gram; then each group of equal 4-grams gives pairs, the rarest first. Where the
//! pairs would be more than the [`budget`] allows, a 4-gram gives a star around its first place
//! instead, so the work stays linear in the corpus; those are counted, never silently dropped.

use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;

use super::corpus::Corpus;
use super::seed::mix;

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
}

/// What the index found and what it cut short.
#[derive(Debug, Default)]
pub struct Candidates {
    /// Starts of shared stretches, sorted.
    pub shared: Vec<Shared>,
    /// N-grams that stand in more documents than are linked pair by pair.
    pub grams_capped: u64,
    /// Up to this many documents all pairs were linked.
    pub documents_max: u32,
}

/// A place of an n-gram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    key: u64,
    document: u32,
    at: u32,
}

/// The starts of the stretches that documents share.
///
/// `n` is the number of words of a shared stretch at least.
pub fn candidates(corpus: &Corpus, n: usize) -> Candidates {
    let places = places(corpus, n);
    let groups: Vec<&[Place]> = places.chunk_by(|x, y| x.key == y.key).filter(|g| g.len() > 1).collect();
    let documents_max = documents_max(&groups, budget(corpus.words_total()));
    let bases = bases(corpus);
    let linked = Bits::new(corpus.words_total());
    groups.par_iter().filter(|g| g.len() <= documents_max).for_each(|group| {
        for place in group.iter() {
            linked.set(bases[place.document as usize] + u64::from(place.at));
        }
    });
    // A stretch is listed where it begins: not where the words before are equal too and are
    // linked with the same right to all their pairs.
    let begins = |x: &Place, y: &Place| {
        let before = |p: &Place| {
            let at = p.at.checked_sub(1)?;
            linked
                .get(bases[p.document as usize] + u64::from(at))
                .then(|| corpus.words(p.document).numbers[at as usize])
        };
        !matches!((before(x), before(y)), (Some(p), Some(q)) if p == q)
    };
    let link = |x: &Place, y: &Place, documents: u32| {
        let other = x.document != y.document;
        other.then_some(Shared { a_document: x.document, b_document: y.document, a: x.at, b: y.at, documents })
    };
    let mut shared: Vec<Shared> = groups
        .par_iter()
        .flat_map_iter(|&group| {
            let star = group.len() > documents_max;
            let froms = if star { 1 } else { group.len() };
            let documents = group.len() as u32;
            (0..froms).flat_map(move |i| {
                let rest = &group[i + 1..];
                rest.iter()
                    .filter(move |y| star || begins(&group[i], y))
                    .filter_map(move |y| link(&group[i], y, documents))
            })
        })
        .collect();
    shared.par_sort_unstable();
    let capped = groups.iter().filter(|g| g.len() > documents_max);
    Candidates { shared, grams_capped: capped.count() as u64, documents_max: documents_max as u32 }
}

/// The largest group of which all pairs fit the budget, with all smaller ones.
fn documents_max(groups: &[&[Place]], budget: u64) -> usize {
    let mut sizes: Vec<usize> = groups.iter().map(|g| g.len()).collect();
    sizes.par_sort_unstable();
    let mut sum = 0;
    for same in sizes.chunk_by(|x, y| x == y) {
        let size = same[0] as u64;
        sum += same.len() as u64 * size * (size - 1) / 2;
        if sum > budget {
            return same[0] - 1;
        }
    }
    sizes.last().copied().unwrap_or(0)
}

/// The places of all n-grams that stand more than once, sorted by n-gram and reading order.
fn places(corpus: &Corpus, n: usize) -> Vec<Place> {
    let words = corpus.words_total();
    // Sixteen bits a word: one n-gram in sixteen that stands once is kept for nothing.
    let (once, twice) = (Bits::new(words * 16), Bits::new(words * 16));
    let documents = 0..corpus.len();
    documents.clone().into_par_iter().for_each(|document| {
        for gram in corpus.words(document).numbers.windows(n) {
            let key = mix(gram);
            if once.set(once.slot(key)) {
                twice.set(twice.slot(key));
            }
        }
    });
    let mut places: Vec<Place> = documents
        .into_par_iter()
        .flat_map_iter(|document| {
            let twice = &twice;
            corpus.words(document).numbers.windows(n).enumerate().filter_map(move |(at, gram)| {
                let key = mix(gram);
                twice.get(twice.slot(key)).then_some(Place { key, document, at: at as u32 })
            })
        })
        .collect();
    places.par_sort_unstable();
    // A phrase that stands often in one document counts there once: its other places are found
    // when the passage around it is aligned.
    places.dedup_by_key(|p| (p.key, p.document));
    places
}

/// For each document, the number of words before it.
fn bases(corpus: &Corpus) -> Vec<u64> {
    let mut sum = 0;
    (0..corpus.len())
        .map(|document| {
            let base = sum;
            sum += corpus.words(document).len() as u64;
            base
        })
        .collect()
}

/// A bit set that threads fill together; the result does not depend on their order.
struct Bits(Box<[AtomicU64]>);

impl Bits {
    fn new(bits: u64) -> Self {
        let words = (bits / 64 + 1).next_power_of_two() as usize;
        Self(std::iter::repeat_with(AtomicU64::default).take(words).collect())
    }

    /// The bit for a key.
    fn slot(&self, key: u64) -> u64 {
        key & (self.0.len() as u64 * 64 - 1)
    }

    /// Sets a bit and returns whether it was set.
    fn set(&self, bit: u64) -> bool {
        let mask = 1 << (bit % 64);
        self.0[(bit / 64) as usize].fetch_or(mask, Ordering::Relaxed) & mask != 0
    }

    fn get(&self, bit: u64) -> bool {
        self.0[(bit / 64) as usize].load(Ordering::Relaxed) >> (bit % 64) & 1 == 1
    }
}
