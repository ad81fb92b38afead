//! A document reduced to what alignment reads: a number, a place and a few marks for each word.
//!
//! [`View`] -> [`Words`], 12 bytes a word in one piece (4 hash, 4 start, 2 length, 1 marks), so a corpus of
//! 22 million words (240 MB of Arabic news) stands in 260 MB, and in a file as it does in memory. 32 bits of the hash are enough
//! here: two different words of one pair of documents collide with probability 2e-10, and a seed
//! needs three collisions in a row.

use super::seed::mix;
use crate::span::Span;
use crate::tokenise::View;

/// The upper 32 bits of a token's hash; [`full`] gives back what the frequency table asks for.
pub type Word = u32;

/// A hash with the upper 32 bits of the original, which is what selects a frequency counter.
pub fn full(word: Word) -> u64 {
    u64::from(word) << 32
}

/// The shortened hash of a token.
pub fn short(hash: u64) -> Word {
    (hash >> 32) as Word
}

/// The words of `view` as numbers.
pub fn numbers(view: &View) -> Vec<Word> {
    view.tokens.iter().map(|t| short(t.hash)).collect()
}

/// What stands around a word, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks(u8);

impl Marks {
    const LINE: u8 = 1;
    const CLAUSE: u8 = 2;
    const QUOTED: u8 = 4;
    const STOP: u8 = 8;
    const VOCALISED: u8 = 16;
    const NUMBER: u8 = 32;

    /// The word is the first of its line.
    pub fn starts_line(self) -> bool {
        self.0 & Self::LINE != 0
    }

    /// The word is the first after a mark that divides clauses, or of its line.
    pub fn starts_clause(self) -> bool {
        self.0 & (Self::CLAUSE | Self::LINE) != 0
    }

    /// The word stands inside quotation marks.
    pub fn quoted(self) -> bool {
        self.0 & Self::QUOTED != 0
    }

    /// The word is written with its short vowels.
    pub fn vocalised(self) -> bool {
        self.0 & Self::VOCALISED != 0
    }

    /// The word begins with a digit.
    pub fn number(self) -> bool {
        self.0 & Self::NUMBER != 0
    }

    /// A sentence ends between this word and the next.
    pub fn before_stop(self) -> bool {
        self.0 & Self::STOP != 0
    }
}

/// How far the ends of a clause or a line are looked for: a document may be a single line of a
/// million words, and every passage asks.
const REACH_MAX_WORDS: u32 = 256;

/// The words of one document: their shortened hashes, then their starts, then their lengths with one byte of
/// marks each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words(Vec<u32>);

impl Words {
    /// No words.
    pub(super) const EMPTY: Words = Words(Vec::new());

    /// Reduces `view`.
    pub fn new(view: &View) -> Self {
        let tokens = &view.tokens;
        let mut parts = Vec::with_capacity(tokens.len() * Self::PARTS);
        parts.extend(tokens.iter().map(|t| short(t.hash)));
        parts.extend(tokens.iter().map(|t| t.span.start));
        // A "word" of more than 65,535 bytes is no word; its span is reported shortened to
        // nothing rather than cut inside a character.
        let len = |span: Span| u32::from(u16::try_from(span.len()).unwrap_or(0));
        parts.extend(tokens.iter().zip(marks(view)).map(|(t, marks)| len(t.span) | u32::from(marks.0) << 16));
        Self(parts)
    }

    /// Numbers of 32 bits that a word takes.
    pub(super) const PARTS: usize = 3;

    /// All its numbers.
    pub(super) fn parts(&self) -> &[u32] {
        &self.0
    }

    /// What [`parts`](Self::parts) gave.
    pub(super) fn of_parts(parts: Vec<u32>) -> Self {
        Self(parts)
    }

    /// Shortened hashes in order.
    pub fn numbers(&self) -> &[Word] {
        &self.0[..self.len()]
    }

    fn starts(&self) -> &[u32] {
        &self.0[self.len()..2 * self.len()]
    }

    fn len_and_marks(&self, at: usize) -> u32 {
        self.0[2 * self.len() + at]
    }

    /// The share of the words `from..to` that are written with their short vowels.
    pub fn vocalised(&self, from: u32, to: u32) -> f32 {
        (from..to).filter(|&at| self.marks(at).vocalised()).count() as f32 / (to - from).max(1) as f32
    }

    /// The words of each line.
    pub fn lines(&self) -> impl Iterator<Item = &[Word]> {
        self.line_ranges().map(|(start, end)| &self.numbers()[start..end])
    }

    /// Takes the words of some lines out of comparison: each gets a number of its own.
    pub fn mask_lines(&mut self, document: u32, masked: impl Fn(&[Word]) -> bool) {
        let ranges: Vec<_> = self.line_ranges().filter(|&(s, e)| masked(&self.numbers()[s..e])).collect();
        for (start, end) in ranges {
            for at in start..end {
                self.0[at] = (mix(&[document, at as u32]) >> 32) as Word;
            }
        }
    }

    fn line_ranges(&self) -> impl Iterator<Item = (usize, usize)> {
        let starts = (0..self.len()).filter(|&at| self.starts_line(at as u32));
        let ends = (1..=self.len()).filter(|&at| self.starts_line(at as u32));
        starts.zip(ends)
    }

    /// Number of words.
    pub fn len(&self) -> usize {
        self.0.len() / Self::PARTS
    }

    /// Whether the document has no words.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The place of the words `start..end` in the text, from the first byte of the first to the
    /// last of the last.
    pub fn span(&self, start: u32, end: u32) -> Span {
        Span { start: self.word(start).start, end: self.word(end - 1).end }
    }

    /// The places of all words in order.
    pub(super) fn spans(&self) -> impl Iterator<Item = Span> {
        (0..self.len() as u32).map(|at| self.word(at))
    }

    fn word(&self, at: u32) -> Span {
        let start = self.starts()[at as usize];
        Span { start, end: start + (self.len_and_marks(at as usize) & 0xffff) }
    }

    /// The words that begin inside `span`; `None` when there are none.
    pub fn range(&self, span: Span) -> Option<(u32, u32)> {
        let from = self.starts().partition_point(|&start| start < span.start);
        let to = self.starts().partition_point(|&start| start < span.end);
        (from < to).then_some((from as u32, to as u32))
    }

    /// What stands around word `at`.
    pub fn marks(&self, at: u32) -> Marks {
        Marks((self.len_and_marks(at as usize) >> 16) as u8)
    }

    /// Whether a line begins at word `at`, or the document ends there.
    pub fn starts_line(&self, at: u32) -> bool {
        at as usize >= self.len() || self.marks(at).starts_line()
    }

    /// The words of the line that word `at` stands in, no further than 256 words away.
    pub fn line(&self, at: u32) -> (u32, u32) {
        self.bounds(at, Marks::starts_line)
    }

    /// The words of the clause that word `at` stands in, no further than 256 words away.
    pub fn clause(&self, at: u32) -> (u32, u32) {
        self.bounds(at, Marks::starts_clause)
    }

    fn bounds(&self, at: u32, begins: impl Fn(Marks) -> bool) -> (u32, u32) {
        let mut start = at;
        while start > at.saturating_sub(REACH_MAX_WORDS) && !begins(self.marks(start)) {
            start -= 1;
        }
        let mut end = at + 1;
        while end < (self.len() as u32).min(at + REACH_MAX_WORDS) && !begins(self.marks(end)) {
            end += 1;
        }
        (start, end)
    }
}

/// The marks of every word, from the characters between words.
///
/// A straight quotation mark opens when it stands before a word and not behind one, and closes
/// otherwise, so that quotations may hold quoted names; an open quotation ends with its line.
fn marks(view: &View) -> Vec<Marks> {
    let mut marks = Vec::with_capacity(view.tokens.len());
    let may_recite = vowel_signs(view.text.as_bytes()) >= RECITED_SIGNS_MIN;
    let mut at = 0;
    for segment in 0..view.segments.len() {
        let mut quotes = 0u32;
        let mut first = true;
        for token in view.segment_tokens(segment) {
            let between = view.text.get(at..token.span.start as usize).unwrap_or("");
            let mut mark = if first { Marks::LINE } else { 0 };
            let mut space = first;
            // A single space stands between most words, and says nothing.
            for c in if between == " " { "" } else { between }.chars() {
                match c {
                    '“' | '«' | '„' => quotes += 1,
                    '”' | '»' => quotes = quotes.saturating_sub(1),
                    '"' if space => quotes += 1,
                    '"' => quotes = quotes.saturating_sub(1),
                    _ => {}
                }
                if divides_clauses(c) {
                    mark |= Marks::CLAUSE;
                }
                if is_stop(c) {
                    set_stop(&mut marks);
                }
                space = c.is_whitespace() || (space && c == '"') || matches!(c, ':' | '(' | '،' | ',' | '.');
            }
            if quotes > 0 {
                mark |= Marks::QUOTED;
            }
            if may_recite && vocalised(token.span.of(view.text)) {
                mark |= Marks::VOCALISED;
            }
            if begins_with_number(token.span.of(view.text)) {
                mark |= Marks::NUMBER;
            }
            marks.push(Marks(mark));
            first = false;
            at = at.max(token.span.end as usize);
        }
        let line_end = view.segments[segment].content.end as usize;
        if !first && view.text.get(at..line_end).is_some_and(|rest| rest.chars().any(is_stop)) {
            set_stop(&mut marks);
        }
        at = at.max(line_end);
    }
    marks
}

/// A verse of six words has a dozen signs; a text with fewer recites nothing.
const RECITED_SIGNS_MIN: u32 = 12;

/// Short vowels and other signs of reading: U+064B to U+0652.
fn vowel_signs(text: &[u8]) -> u32 {
    let next = text.get(1..).unwrap_or_default();
    text.iter().zip(next).map(|(&x, &y)| u32::from((x == 0xd9) & (y.wrapping_sub(0x8b) < 8))).sum()
}

/// Whether a word carries at least two of them: one alone is a mere help to the reader.
fn vocalised(word: &str) -> bool {
    vowel_signs(word.as_bytes()) >= 2
}

/// Whether a word begins with a character of the category of numbers. Asking the tables of Unicode about
/// each Arabic letter took a thirtieth of a whole run.
fn begins_with_number(word: &str) -> bool {
    match word.as_bytes() {
        [first @ ..0x80, ..] => first.is_ascii_digit(),
        // U+0600 to U+067F: its only numbers are the Arabic-Indic digits.
        [0xd8, ..] => false,
        [0xd9, second, ..] => matches!(second, 0xa0..=0xa9),
        _ => word.starts_with(char::is_numeric),
    }
}

fn set_stop(marks: &mut [Marks]) {
    if let Some(last) = marks.last_mut() {
        last.0 |= Marks::STOP;
    }
}

fn divides_clauses(c: char) -> bool {
    is_stop(c) || matches!(c, ',' | '،' | ';' | '؛' | ':' | '、' | '，' | '；' | '：' | '–' | '—')
}

fn is_stop(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | '؟' | '…' | '۔' | '。' | '！' | '？' | '।')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokenise::default_tokeniser;

    fn words(text: &str) -> Words {
        Words::new(&View::new(text, default_tokeniser()))
    }

    fn quoted(text: &str) -> String {
        let words = words(text);
        (0..words.len() as u32).map(|i| if words.marks(i).quoted() { 'q' } else { '-' }).collect()
    }

    #[test]
    fn quotations_may_hold_quoted_names() {
        assert_eq!(quoted("قال: \"نعم في \"بريكس\" معا\". ثم مضى"), "-qqqq--");
        assert_eq!(quoted("he said “yes” and «no»"), "--q-q");
        assert_eq!(quoted("plain words"), "--");
    }

    #[test]
    fn vocalised_words_carry_two_marks() {
        let words = words("قال تَعَالَى: لاَ إِكْرَاهَ فِي الدِّينِ");
        assert_eq!((words.vocalised(0, 1), words.vocalised(1, 2), words.vocalised(2, 4)), (0.0, 1.0, 0.5));
    }

    #[test]
    fn words_begin_with_numbers_as_the_tables_of_unicode_have_them() {
        for c in '\0'..='\u{ffff}' {
            assert_eq!(begins_with_number(c.encode_utf8(&mut [0; 4])), c.is_numeric(), "{c:?}");
        }
    }

    #[test]
    fn an_open_quotation_ends_with_its_line() {
        assert_eq!(quoted("قال «نعم\nلا"), "-q-");
    }

    #[test]
    fn clauses_and_lines_are_bounded() {
        let words = words("a b, c d. e\nf g");
        assert_eq!(words.clause(3), (2, 4));
        assert_eq!(words.line(3), (0, 5));
        assert_eq!(words.line(5), (5, 7));
        assert!(words.marks(3).before_stop() && !words.marks(4).before_stop());
    }
}
