//! How often lines recur over the documents of a host and over the corpus.
//!
//! Views of all documents -> counts by line: in how many documents it stands, in how many of these
//! near the beginning or the end, in how many it is the title. A line is counted as it is and with
//! its numbers masked, for its host and for the whole corpus.
//!
//! ```
//! use ghirbal::fingerprint::LineFrequencies;
//! use ghirbal::tokenise::{View, default_tokeniser};
//! let lines = LineFrequencies::default();
//! for day in ["1 May", "2 May", "3 May"] {
//!     lines.observe(Some("a.example"), &View::new(&format!("Title of {day}\nUpdated {day}"), default_tokeniser()));
//! }
//! let view = View::new("Updated 9 May", default_tokeniser());
//! assert_eq!(lines.masked(Some("a.example"), &view, view.segment_tokens(0)).documents, 3);
//! assert_eq!(lines.masked(Some("b.example"), &view, view.segment_tokens(0)).documents, 0);
//! ```

use std::cmp::Reverse;
use std::sync::atomic::{AtomicU64, Ordering};

use super::words::brought_near;
use crate::tokenise::{Token, View};

/// Longer lines are prose; counting them costs time and finds nothing. Passages find repeated prose.
pub const WORDS_MAX: usize = 40;

/// Lines this near the first or the last line stand at the edge.
const EDGE_LINES: usize = 4;

/// Rows of the sketch and counters in a row: 3 x 2^20 x 8 bytes are 24 MiB whatever the corpus.
const ROWS: usize = 3;
const COUNTERS_LOG2: u32 = 20;

/// How often one line was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineCount {
    /// Documents it stands in.
    pub documents: u32,
    /// Documents in which it stands among the first or last four lines.
    pub at_edge: u32,
    /// Documents it is the first line of.
    pub as_title: u32,
}

/// Lines and masked lines by host.
///
/// A count-min sketch (Cormode & Muthukrishnan 2005) with saturating counters: a count is never
/// too low, and too high only where a line shares all three counters with commoner ones.
pub struct LineFrequencies {
    counters: Box<[AtomicU64]>,
}

impl Default for LineFrequencies {
    fn default() -> Self {
        Self { counters: std::iter::repeat_with(AtomicU64::default).take(ROWS << COUNTERS_LOG2).collect() }
    }
}

/// Lines whose counters are read together before they are changed.
const TOGETHER: usize = 256;

/// Bits of the three counts in one counter.
const DOCUMENTS_BITS: u32 = 24;
const EDGE_BITS: u32 = 22;
const TITLE_BITS: u32 = 18;

impl LineFrequencies {
    /// Counts the distinct lines of one document. Threads may observe different documents at the
    /// same time.
    pub fn observe(&self, host: Option<&str>, view: &View) {
        let last = view.segments.len().saturating_sub(1);
        let host = host_key(host);
        // Key, at the edge, title: a line that stands twice counts once, at the edge if either is.
        let mut keys: Vec<(u64, bool, bool)> = Vec::new();
        for segment in 0..view.segments.len() {
            let tokens = view.segment_tokens(segment);
            if tokens.is_empty() || tokens.len() > WORDS_MAX {
                continue;
            }
            let edge = segment < EDGE_LINES || last - segment < EDGE_LINES;
            let title = segment == 0;
            let (plain, masked) = line_keys(view.text, tokens);
            for line in [Some(plain), masked].into_iter().flatten() {
                keys.push((mix(line, host), edge, title));
                keys.push((mix(line, CORPUS), edge, title));
            }
        }
        // The greatest of equal keys is at the edge or the title when any is.
        keys.sort_unstable_by_key(|&key| Reverse(key));
        keys.dedup_by_key(|&mut (key, ..)| key);
        for some in keys.chunks(TOGETHER) {
            let counters = some.iter().flat_map(|&(key, ..)| self.row_counters(key));
            brought_near(counters.map(|counter| counter.load(Ordering::Relaxed)));
            some.iter().for_each(|&(key, edge, title)| self.add(key, edge, title));
        }
    }

    /// How often this line was seen on the host.
    pub fn on_host(&self, host: Option<&str>, tokens: &[Token]) -> LineCount {
        self.count(mix(plain_key(tokens), host_key(host)))
    }

    /// How often this line was seen in the corpus.
    pub fn in_corpus(&self, tokens: &[Token]) -> LineCount {
        self.count(mix(plain_key(tokens), CORPUS))
    }

    /// How often this line was seen on the host, its numbers and months aside.
    pub fn masked(&self, host: Option<&str>, view: &View, tokens: &[Token]) -> LineCount {
        let key = masked_key(view.text, tokens).unwrap_or_else(|| plain_key(tokens));
        self.count(mix(key, host_key(host)))
    }

    /// All that was counted, as numbers.
    pub fn counts(&self) -> impl Iterator<Item = u64> {
        self.counters.iter().map(|counter| counter.load(Ordering::Relaxed))
    }

    /// Puts back the number that stood at this place of [`counts`](Self::counts).
    pub fn set(&self, at: usize, n: u64) {
        if let Some(counter) = self.counters.get(at) {
            counter.store(n, Ordering::Relaxed);
        }
    }

    fn add(&self, key: u64, edge: bool, title: bool) {
        self.row_counters(key).for_each(|counter| add(counter, (1, edge.into(), title.into())));
    }

    /// The counters that are not zero, by place: documents, at the edge, as title. What another
    /// process has to know to [add](Self::add_counted) these counts to its own.
    pub fn counted(&self) -> impl Iterator<Item = (u32, (u64, u64, u64))> {
        let values = self.counters.iter().map(|counter| counter.load(Ordering::Relaxed));
        (0..).zip(values).filter(|&(_, value)| value > 0).map(|(place, value)| (place, unpack(value)))
    }

    /// Adds counts of other documents.
    pub fn add_counted(&self, counted: impl Iterator<Item = (u32, (u64, u64, u64))>) {
        counted.for_each(|(place, counts)| {
            if let Some(counter) = self.counters.get(place as usize) {
                add(counter, counts);
            }
        });
    }

    /// How often the line of a key of [`line_keys`] was seen on the host.
    pub fn of_key(&self, key: u64, host: HostKey) -> LineCount {
        self.count(mix(key, host.0))
    }

    fn count(&self, key: u64) -> LineCount {
        let mut least = LineCount { documents: u32::MAX, at_edge: u32::MAX, as_title: u32::MAX };
        for counter in self.row_counters(key) {
            let (documents, at_edge, as_title) = unpack(counter.load(Ordering::Relaxed));
            least.documents = least.documents.min(documents as u32);
            least.at_edge = least.at_edge.min(at_edge as u32);
            least.as_title = least.as_title.min(as_title as u32);
        }
        least
    }

    fn row_counters(&self, key: u64) -> impl Iterator<Item = &AtomicU64> {
        (0..ROWS).map(move |row| {
            let place = mix(key, row as u64 + 1) >> (64 - COUNTERS_LOG2);
            &self.counters[(row << COUNTERS_LOG2) + place as usize]
        })
    }
}

/// Adds to the three counts of one counter.
fn add(counter: &AtomicU64, (documents, at_edge, as_title): (u64, u64, u64)) {
    let sum = |old: u64| {
        let old = unpack(old);
        Some(pack(old.0 + documents, old.1 + at_edge, old.2 + as_title))
    };
    // Saturating sums do not depend on the order of the additions.
    let _ = counter.fetch_update(Ordering::Relaxed, Ordering::Relaxed, sum);
}

fn pack(documents: u64, at_edge: u64, as_title: u64) -> u64 {
    let clip = |value: u64, bits: u32| value.min((1 << bits) - 1);
    clip(documents, DOCUMENTS_BITS)
        | clip(at_edge, EDGE_BITS) << DOCUMENTS_BITS
        | clip(as_title, TITLE_BITS) << (DOCUMENTS_BITS + EDGE_BITS)
}

fn unpack(counter: u64) -> (u64, u64, u64) {
    let field = |shift: u32, bits: u32| (counter >> shift) & ((1 << bits) - 1);
    (field(0, DOCUMENTS_BITS), field(DOCUMENTS_BITS, EDGE_BITS), field(DOCUMENTS_BITS + EDGE_BITS, TITLE_BITS))
}

/// Stands for the whole corpus where a host's key would.
const CORPUS: u64 = 0x9e37_79b9_7f4a_7c15;

/// What a host, or the whole corpus, adds to the key of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostKey(u64);

impl HostKey {
    /// The whole corpus.
    pub const CORPUS: Self = Self(CORPUS);

    /// A host, `None` being one too.
    pub fn of(host: Option<&str>) -> Self {
        Self(host_key(host))
    }
}

fn host_key(host: Option<&str>) -> u64 {
    xxhash_rust::xxh3::xxh3_64(host.unwrap_or_default().as_bytes())
}

fn plain_key(tokens: &[Token]) -> u64 {
    tokens.iter().fold(0, |key, t| mix(key, t.hash))
}

/// As [`plain_key`], with every word that begins with a digit counted as one and the same; `None`
/// where no word does.
fn masked_key(text: &str, tokens: &[Token]) -> Option<u64> {
    let mut numbers = 0;
    let key = tokens.iter().fold(1, |key, t| {
        let number = begins_with_digit(text, t);
        numbers += usize::from(number);
        mix(key, if number { 7 } else { t.hash })
    });
    (numbers > 0).then_some(key)
}

/// What tells one line from another, whatever its host: as it is, and with its numbers masked where
/// it has any. No key of one sort is a key of the other.
pub fn line_keys(text: &str, tokens: &[Token]) -> (u64, Option<u64>) {
    // Both in one pass: each step of a key waits for the one before, two keys wait together.
    let (mut plain, mut masked, mut numbers) = (0, 1, false);
    for token in tokens {
        let number = begins_with_digit(text, token);
        numbers |= number;
        plain = mix(plain, token.hash);
        masked = mix(masked, if number { 7 } else { token.hash });
    }
    (plain, numbers.then_some(masked))
}

/// Whether a word is masked as a number: ASCII, Arabic-Indic, Persian and full-width digits; the
/// tables of Unicode cost too much here.
pub fn begins_with_digit(text: &str, token: &Token) -> bool {
    match text.as_bytes()[token.span.start as usize..] {
        [b'0'..=b'9', ..] => true,
        // The Arabic-Indic, Persian and full-width digits, as UTF-8 has them.
        [0xd9, 0xa0..=0xa9, ..] | [0xdb, 0xb0..=0xb9, ..] | [0xef, 0xbc, 0x90..=0x99, ..] => true,
        _ => false,
    }
}

/// Mixes a word into a key: the multiply and xor-shift of SplitMix64 (Steele et al. 2014).
fn mix(key: u64, word: u64) -> u64 {
    let mut z = (key.rotate_left(23) ^ word).wrapping_add(CORPUS);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokenise::default_tokeniser;

    fn observe(lines: &LineFrequencies, host: &str, text: &str) {
        lines.observe(Some(host), &View::new(text, default_tokeniser()));
    }

    fn tokens(text: &str) -> Vec<Token> {
        default_tokeniser().tokenise(text)
    }

    #[test]
    fn a_line_counts_once_in_each_document() {
        let lines = LineFrequencies::default();
        observe(&lines, "h", "عنوان\nأضف تعليقك\nأضف تعليقك");
        observe(&lines, "h", "آخر\nأضف تعليقًك");
        let count = lines.on_host(Some("h"), &tokens("أضف تعليقك"));
        assert_eq!(count, LineCount { documents: 2, at_edge: 2, as_title: 0 });
        assert_eq!(lines.in_corpus(&tokens("عنوان")).as_title, 1);
        assert_eq!(lines.on_host(Some("other"), &tokens("أضف تعليقك")).documents, 0);
    }

    #[test]
    fn both_keys_of_a_line_in_one_pass_are_those_taken_apart() {
        for text in ["", "a b c", "قراءة ٩٨٣ مرة", "۱۲ فروردین", "９ lives", "3-1", "no 7", "٪ ﷺ ½"]
        {
            let tokens = tokens(text);
            assert_eq!(line_keys(text, &tokens), (plain_key(&tokens), masked_key(text, &tokens)), "{text}");
            for token in &tokens {
                let digit = |c: char| matches!(c, '0'..='9' | '٠'..='٩' | '۰'..='۹' | '０'..='９');
                assert_eq!(begins_with_digit(text, token), token.span.of(text).starts_with(digit), "{text}");
            }
        }
    }

    #[test]
    fn counts_of_two_halves_add_up_to_those_of_the_whole() {
        let halves = [LineFrequencies::default(), LineFrequencies::default()];
        let (whole, sum) = (LineFrequencies::default(), LineFrequencies::default());
        for (i, text) in ["a\nmenu 1", "b\nmenu 2", "menu 3\nc"].into_iter().enumerate() {
            observe(&halves[i % 2], "h", text);
            observe(&whole, "h", text);
        }
        halves.iter().for_each(|half| sum.add_counted(half.counted()));
        assert!(sum.counted().eq(whole.counted()));
    }

    #[test]
    fn numbers_are_masked() {
        let lines = LineFrequencies::default();
        observe(&lines, "h", "x\nقراءة 12 مرة");
        observe(&lines, "h", "y\nقراءة ٩٨٣ مرة");
        let view = View::new("قراءة 5 مرة", default_tokeniser());
        assert_eq!(lines.masked(Some("h"), &view, view.segment_tokens(0)).documents, 2);
        assert_eq!(lines.on_host(Some("h"), view.segment_tokens(0)).documents, 0);
    }

    #[test]
    fn counters_saturate_and_do_not_run_into_each_other() {
        let full = pack(u64::MAX, u64::MAX, u64::MAX);
        assert_eq!(full, u64::MAX);
        assert_eq!(unpack(pack(3, 1 << 30, 2)), (3, (1 << 22) - 1, 2));
    }
}
