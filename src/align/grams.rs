//! Word n-grams of a corpus that stand more than once.
//!
//! [`Corpus`] -> whatever the caller makes of each of their places. Two passes over the words: the first
//! marks n-grams that are seen twice (two bits each), the second hands on the places of only those. Bits
//! asked for in the order of the text lie far apart in memory, and each is waited for. So the n-grams
//! of a million words are first dealt out by the upper bits of their keys (radix partitioning, Manegold,
//! Boncz & Kersten 2002), and the bits of one range at a time are looked at: they fit in the cache.

use std::ops::Range;

use rayon::prelude::*;

use super::corpus::Corpus;
use super::seed::mix;
use super::words::Word;

/// Ranges of keys. Two bits of each n-gram of 22 million words are 90 MB, and 350 kB in a range.
const RANGES: usize = 256;

/// Documents dealt out together.
const DOCUMENTS: usize = 64;

/// Calls `found` with many at a time of what `place` makes of an n-gram's key, its document, the words of that and
/// its place in them: for every n-gram that stands more than once, and one in sixteen of the others, as long as `bits_max`
/// allows sixteen bits a word.
pub fn repeated<T: Copy + Default + Send + Sync>(
    corpus: &Corpus,
    n: usize,
    bits_max: u64,
    place: impl Fn(u64, u32, &[Word], usize) -> T + Sync,
    key: impl Fn(&T) -> u64 + Sync,
    mut found: impl FnMut(&[T]),
) {
    let mut seen = Seen::new((corpus.words_total() * 16).min(bits_max));
    for batch in corpus.batches() {
        seen.mark(&dealt(corpus, batch, n, |key, _, _, _| key));
    }
    let twice = seen.twice();
    for batch in corpus.batches() {
        let dealt = dealt(corpus, batch, n, &place);
        let of_range = |range: usize| -> Vec<T> {
            let places = dealt.iter().flat_map(|some| some.of(range));
            places.filter(|place| twice.has(key(place))).copied().collect()
        };
        let places: Vec<Vec<T>> = (0..RANGES).into_par_iter().map(of_range).collect();
        places.iter().for_each(|places| found(places));
    }
}

/// What was made of the n-grams of some documents, by ranges of their keys.
struct Dealt<T> {
    records: Vec<T>,
    ends: [u32; RANGES],
}

fn range_of(key: u64) -> usize {
    (key >> (u64::BITS - RANGES.ilog2())) as usize
}

impl<T: Copy + Default> Dealt<T> {
    /// Deals out the records of these keys.
    fn new(keys: &[u64], record: impl Iterator<Item = T>) -> Self {
        let mut ends = [0; RANGES];
        keys.iter().for_each(|&key| ends[range_of(key)] += 1);
        let mut sum = 0;
        for end in &mut ends {
            sum += std::mem::replace(end, sum);
        }
        let mut records = vec![T::default(); keys.len()];
        for (&key, record) in keys.iter().zip(record) {
            let end = &mut ends[range_of(key)];
            records[*end as usize] = record;
            *end += 1;
        }
        Self { records, ends }
    }

    fn of(&self, range: usize) -> &[T] {
        let start = if range == 0 { 0 } else { self.ends[range - 1] };
        &self.records[start as usize..self.ends[range] as usize]
    }
}

/// Deals out the n-grams of some documents, [`DOCUMENTS`] at a time.
fn dealt<T: Copy + Default + Send>(
    corpus: &Corpus,
    batch: Range<u32>,
    n: usize,
    record: impl Fn(u64, u32, &[Word], usize) -> T + Sync,
) -> Vec<Dealt<T>> {
    let deal = |documents: Vec<u32>| {
        let documents: Vec<_> = documents.into_iter().map(|document| (document, corpus.numbers(document))).collect();
        let keys: Vec<u64> = documents.iter().flat_map(|(_, numbers)| keys(numbers, n)).collect();
        let places = documents.iter().flat_map(|(document, numbers)| {
            (0..(numbers.len() + 1).saturating_sub(n)).map(move |at| (*document, &numbers[..], at))
        });
        let records = keys.iter().zip(places).map(|(&key, (document, numbers, at))| record(key, document, numbers, at));
        Dealt::new(&keys, records)
    };
    batch.into_par_iter().chunks(DOCUMENTS).map(deal).collect()
}

/// The keys of all n-grams in order.
fn keys(numbers: &[Word], n: usize) -> impl Iterator<Item = u64> {
    numbers.windows(n).map(|gram| match *gram {
        [a, b, c, d] => mix(&[a, b, c, d]),
        _ => mix(gram),
    })
}

/// Two bits for each key, not all of them of one key only.
struct Seen {
    once: Bits,
    twice: Bits,
}

impl Seen {
    fn new(bits: u64) -> Self {
        Self { once: Bits::new(bits), twice: Bits::new(bits) }
    }

    /// Marks keys. What comes of it does not depend on their order.
    fn mark(&mut self, dealt: &[Dealt<u64>]) {
        let len = self.once.range_len;
        let ranges = self.once.words.par_chunks_mut(len).zip(self.twice.words.par_chunks_mut(len));
        ranges.enumerate().for_each(|(range, (once, twice))| {
            for &key in dealt.iter().flat_map(|some| some.of(range)) {
                let (at, bit) = place_in_range(key, len);
                twice[at] |= once[at] & bit;
                once[at] |= bit;
            }
        });
    }

    /// The keys seen twice.
    fn twice(self) -> Bits {
        self.twice
    }
}

/// A bit for each key, those of one range after those of another.
struct Bits {
    words: Vec<u64>,
    /// Words of a range.
    range_len: usize,
}

impl Bits {
    fn new(bits: u64) -> Self {
        let range_len = (bits / 64) as usize / RANGES + 1;
        Self { words: vec![0; range_len * RANGES], range_len }
    }

    fn has(&self, key: u64) -> bool {
        let (at, bit) = place_in_range(key, self.range_len);
        self.words[range_of(key) * self.range_len + at] & bit != 0
    }
}

/// The word and the bit of a key among as many words of its range.
fn place_in_range(key: u64, len: usize) -> (usize, u64) {
    let within = u128::from(key << RANGES.ilog2());
    let slot = (within * (len as u128 * 64)) >> 64;
    ((slot / 64) as usize, 1 << (slot % 64))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::align::CorpusBuilder;
    use crate::align::words::Words;
    use crate::tokenise::{View, default_tokeniser};

    /// The keys of n-grams that are handed on, by document and place.
    fn found(texts: &[String], n: usize) -> BTreeMap<(u32, usize), u64> {
        let mut builder = CorpusBuilder::default();
        for (number, text) in (0..).zip(texts) {
            builder.push(number, Words::new(&View::new(text, default_tokeniser())));
        }
        let mut found = BTreeMap::new();
        let place = |key, document, _: &[Word], at| (key, document, at);
        repeated(
            &builder.finish(),
            n,
            u64::MAX,
            place,
            |place| place.0,
            |places: &[(u64, u32, usize)]| {
                for &(key, document, at) in places {
                    assert_eq!(found.insert((document, at), key), None, "each place once");
                }
            },
        );
        found
    }

    proptest! {
        #[test]
        fn every_place_of_a_repeated_gram_is_found(
            documents in prop::collection::vec(prop::collection::vec(0u32..30, 0..40), 0..90), n in 2usize..5
        ) {
            let text = |words: &Vec<u32>| words.iter().map(|w| format!("w{w} ")).collect::<String>();
            let found = found(&documents.iter().map(text).collect::<Vec<_>>(), n);
            let mut places: BTreeMap<&[u32], Vec<(u32, usize)>> = BTreeMap::new();
            for (number, words) in (0..).zip(&documents) {
                for (at, gram) in words.windows(n).enumerate() {
                    places.entry(gram).or_default().push((number, at));
                }
            }
            for places in places.values().filter(|places| places.len() > 1) {
                let keys: Vec<_> = places.iter().map(|place| found.get(place)).collect();
                prop_assert!(keys[0].is_some() && keys.iter().all(|key| *key == keys[0]));
            }
        }
    }

    #[test]
    fn few_places_of_others_are_handed_on() {
        let text = (0..20_000).map(|i| format!("w{i} ")).collect::<String>();
        assert!(found(&[text], 4).len() < 20_000 / 12);
    }
}
