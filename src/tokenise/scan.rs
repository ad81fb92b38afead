//! Words as spans and hashes, and line ends, in one pass over the bytes.
//!
//! Text -> calls for each word and each line end. Gives the same words as
//! [`Tokeniser::for_each_word`], several times as fast: no word is decoded, no form is a string.
//! Each code point is one table entry, whose folded bytes are copied into a buffer on the stack; the
//! hash is taken where the word ends. What this does not cover (a
//! joining mark between letters, a character that needs its neighbours to be normalised) is cut
//! by the plain code, one token at a time.

use xxhash_rust::xxh3::xxh3_64;

use super::blocks::{Chunk, Rows};
use super::table::{Class, Entry};
use super::{Chars, Tokeniser};
use crate::span::Span;

/// Longer words take the plain way: 120 bytes are 60 Arabic letters, more than any word has.
const WORD_LEN_BYTES_MAX: usize = 120;
/// The longest form of one code point.
const FORM_OF_ONE_LEN_BYTES_MAX: usize = 4;
/// The form of a code point has at most four bytes for one or two (Ⱥ has two, ⱥ three).
const FORM_LEN_BYTES_MAX: usize = FORM_OF_ONE_LEN_BYTES_MAX * (WORD_LEN_BYTES_MAX + 2);

/// What a scan comes upon.
pub enum Piece {
    /// A word: its span and the hash of its comparison form.
    Word(Span, u64),
    /// A line end, as [`segment`](crate::segment) has them, CR LF being two.
    LineEnd,
}

type Form = [u8; FORM_LEN_BYTES_MAX];

/// Room for the comparison form of one word: of the fast way and of the plain one.
struct Forms {
    one: Form,
    plain: String,
}

impl Default for Forms {
    fn default() -> Self {
        Self { one: [0; _], plain: String::new() }
    }
}

impl Tokeniser {
    /// Calls `each` with every word and every line end in order.
    pub fn scan(&self, text: &str, mut each: impl FnMut(Piece)) {
        let mut forms = Forms::default();
        if !Rows::available() {
            return self.scan_by_steps(text, &mut forms, &mut each);
        }
        let bytes = text.as_bytes();
        // A block is looked at with the byte before it.
        let mut at = if text.is_empty() { 0 } else { self.step(text, 0, &mut forms, &mut each) };
        let mut chunk = Chunk::new();
        while at < bytes.len() {
            chunk.look(&self.rows, bytes, at);
            at = self.walk(text, at, &chunk, &mut forms, &mut each);
        }
    }

    /// Goes through a chunk that begins at `base`, and returns where the next one is to begin.
    #[inline]
    fn walk(&self, text: &str, base: usize, chunk: &Chunk, forms: &mut Forms, each: &mut impl FnMut(Piece)) -> usize {
        let is_last = base + chunk.len() == text.len();
        let mut at = 0;
        while at < chunk.len() {
            at = chunk.skip_apart(at);
            if at == chunk.len() {
                break;
            }
            if chunk.is_plain(at) {
                let end = chunk.skip_plain(at);
                let ends = if end < chunk.len() {
                    chunk.is_apart(end) || text.as_bytes()[base + end] == b'\n'
                } else if is_last {
                    true
                } else if at > 0 {
                    // Perhaps the word goes on in the next chunk.
                    return base + at;
                } else {
                    false
                };
                if ends {
                    each(Piece::Word(Span::new(base + at, base + end), chunk.hash(at, end)));
                    at = end;
                    continue;
                }
            }
            at = self.step(text, base + at, forms, each) - base;
        }
        base + at
    }

    /// The same one token at a time.
    fn scan_by_steps(&self, text: &str, forms: &mut Forms, each: &mut impl FnMut(Piece)) {
        let mut at = 0;
        while at < text.len() {
            at = self.step(text, at, forms, each);
        }
    }

    /// One word, or one code point that belongs to none; returns its end.
    fn step(&self, text: &str, start: usize, forms: &mut Forms, each: &mut impl FnMut(Piece)) -> usize {
        let (entry, len) = match text.as_bytes()[start..] {
            [first @ ..0x80, ..] => (self.table.short()[first as usize], 1),
            [first @ ..0xe0, second, ..] => (self.table.short()[of_two(first, second)], 2),
            _ => self.long_entry(text, start),
        };
        if entry.is_other() {
            if entry.ends_line() {
                each(Piece::LineEnd);
            }
            return start + len;
        }
        let cut = if entry.starts() {
            self.word_at(text, start, &mut forms.one)
        } else if entry.class() == Class::Single && !entry.is_normalised() {
            self.single_at(text, start, &mut forms.one)
        } else if entry.class().starts_word() {
            None
        } else {
            return start + len;
        };
        if let Some((end, form_len)) = cut {
            if form_len > 0 {
                each(Piece::Word(Span::new(start, end), xxh3_64(&forms.one[..form_len])));
            }
            return end;
        }
        let mut chars = Chars { text, at: start + len, table: &self.table };
        let end = chars.word_end(entry.class());
        self.forms(&text[start..end], &mut forms.plain, |form| {
            each(Piece::Word(Span::new(start, end), xxh3_64(form.as_bytes())));
        });
        end
    }

    /// The end of the word of letters and digits that begins at `start`, and the length of its
    /// form; `None` where this pass does not reach.
    #[inline]
    fn word_at(&self, text: &str, start: usize, form: &mut Form) -> Option<(usize, usize)> {
        let bytes = text.as_bytes();
        let short = self.table.short();
        let (mut at, mut form_len) = (start, 0);
        // Two bytes are looked at together.
        let stop = (start + WORD_LEN_BYTES_MAX).min(bytes.len() - 1);
        loop {
            while at < stop {
                // The two lengths apart, so that the next place does not wait for this byte: inside
                // a word the lengths hardly ever change, and the branch is foreseen.
                let first = bytes[at];
                let entry = if first < 0x80 {
                    let entry = short[first as usize];
                    if entry.goes_on() {
                        push(entry, form, &mut form_len);
                        at += 1;
                        continue;
                    }
                    entry
                } else if first < 0xe0 {
                    let entry = short[of_two(first, bytes[at + 1])];
                    if entry.goes_on() {
                        push(entry, form, &mut form_len);
                        at += 2;
                        continue;
                    }
                    entry
                } else {
                    break;
                };
                if entry.is_other() {
                    return Some((at, form_len));
                }
                break;
            }
            // The last byte of the text, a longer code point, or perhaps the end of the word.
            let Some((entry, len)) = self.entry_at(text, at) else { return Some((at, form_len)) };
            if at - start > WORD_LEN_BYTES_MAX {
                return None;
            }
            if !entry.goes_on() {
                return self.ends_word(text, at, entry, len).then_some((at, form_len));
            }
            push(entry, form, &mut form_len);
            at += len;
        }
    }

    /// Whether a word of letters and digits certainly ends before `entry`, which does not simply
    /// go on with it.
    #[inline]
    fn ends_word(&self, text: &str, at: usize, entry: Entry, len: usize) -> bool {
        match entry.class() {
            Class::Other | Class::Single => true,
            // Joins only what stands on both sides; mostly a space follows.
            Class::MidLetter | Class::MidDigit => self.entry_at(text, at + len).is_none_or(|(next, _)| next.is_other()),
            _ => false,
        }
    }

    /// The same for a character that is a word of its own, with the marks on it.
    #[inline]
    fn single_at(&self, text: &str, start: usize, form: &mut Form) -> Option<(usize, usize)> {
        let (mut at, mut form_len) = (start, 0);
        while let Some((entry, len)) = self.entry_at(text, at) {
            if at > start && entry.class() != Class::Extend {
                break;
            }
            if entry.is_normalised() || at - start > WORD_LEN_BYTES_MAX {
                return None;
            }
            push(entry, form, &mut form_len);
            at += len;
        }
        Some((at, form_len))
    }

    /// The entry of the code point at `at`, and its length in bytes.
    #[inline]
    fn entry_at(&self, text: &str, at: usize) -> Option<(Entry, usize)> {
        match text.as_bytes().get(at)? {
            &first @ ..0x80 => Some((self.table.short()[first as usize], 1)),
            _ => Some(self.long_entry(text, at)),
        }
    }

    /// The same where there is one, whatever its length.
    fn long_entry(&self, text: &str, at: usize) -> (Entry, usize) {
        let c = text[at..].chars().next().unwrap_or_default();
        (self.table.entry(c), c.len_utf8())
    }
}

/// The code point of a two-byte sequence: the lower five and six bits. Below `SHORT` whatever the
/// bytes are.
#[inline]
fn of_two(first: u8, second: u8) -> usize {
    (first as usize & 0x1f) << 6 | (second as usize & 0x3f)
}

/// Copies four bytes, and counts those that are the form.
#[inline]
fn push(entry: Entry, form: &mut Form, len: &mut usize) {
    form[*len..*len + FORM_OF_ONE_LEN_BYTES_MAX].copy_from_slice(&entry.form());
    *len += entry.form_len();
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;
    use crate::normalise::Folds;
    use crate::segment::segment;
    use crate::tokenise::table::SHORT;

    /// Every preset, and every preset without each of its folds.
    static TOKENISERS: LazyLock<Vec<Tokeniser>> = LazyLock::new(|| {
        let presets = [Folds::ALL, Folds::NONE, Folds::PLAIN, Folds::ARABIC];
        let without = Folds::NAMES.iter().map(|name| {
            let mut folds = Folds::ALL;
            if let Some(on) = folds.switch(name) {
                *on = false;
            }
            folds
        });
        // Miri takes a thousand times as long for each table.
        let many = if cfg!(miri) { 1 } else { usize::MAX };
        presets.into_iter().chain(without).take(many).map(Tokeniser::new).collect()
    });

    fn check(text: &str) {
        for tokeniser in TOKENISERS.iter() {
            let mut plain = Vec::new();
            tokeniser.for_each_word(text, |span, form| plain.push((span, xxh3_64(form.as_bytes()))));
            let mut lines = Vec::new();
            for by_blocks in [false, true] {
                let (mut scanned, mut line_ends) = (Vec::new(), Vec::new());
                let mut each = |piece| match piece {
                    Piece::Word(span, hash) => scanned.push((span, hash)),
                    Piece::LineEnd => line_ends.push(scanned.len()),
                };
                if by_blocks {
                    tokeniser.scan(text, each);
                } else {
                    tokeniser.scan_by_steps(text, &mut Forms::default(), &mut each);
                }
                assert_eq!(scanned, plain, "{text:?} under {:?}, by blocks: {by_blocks}", tokeniser.folds);
                lines.push(line_ends);
            }
            assert_eq!(lines[0], lines[1], "{text:?} under {:?}", tokeniser.folds);
        }
    }

    #[test]
    fn scanned_words_are_the_plain_ones_where_the_ways_part() {
        for text in [
            "",
            "ا",
            "don't can’t 'tis rock'n'roll o'' '",
            "3.14 1,000 3. 4,x 3.x ٣٫٥ a.b a_b _a a_ ア_イ a_ア",
            "ا\u{654}ب أ\u{64e}ب ـــ \u{200f}قال\u{200f}: ﷺ ﻻ e\u{301}",
            "中文字か\u{3099}きテスト ที่นี่ 한국어 हिन्दी 𝒳𝒴 😀 \u{1f1f8}\u{1f1e6}",
            "ß ẞ İ ŉ ﬀ ＡＢ１",
        ] {
            check(text);
        }
        assert_eq!(of_two(0xff, 0xff), SHORT - 1);
        check(&"Ⱥ".repeat(61));
        check(&"طويل".repeat(99));
        check(&"a".repeat(500));
        check(&"中\u{3099}".repeat(200));
        check(&format!("中{}", "\u{200f}\u{fe0f}".repeat(300)));
    }

    /// Under Miri: that no length makes a block read or write beside its bytes.
    #[test]
    fn texts_of_any_length_give_the_plain_words() {
        let text = "abc طويل 1.5, ".repeat(80);
        for len in [1, 2, 62, 63, 64, 65, 66, 67, 127, 128, 129, 130, 1090, 1100] {
            check(&text[..text.floor_char_boundary(len)]);
        }
    }

    #[test]
    fn lines_hold_the_words_of_their_segments() {
        let text = "\n\none two\r\nthree\u{2028}\u{85}four\u{b}five\u{c} —\nsix'\nseven";
        let mut lines = vec![0];
        TOKENISERS[0].scan(text, |piece| match piece {
            Piece::Word(..) => *lines.last_mut().unwrap() += 1,
            Piece::LineEnd => lines.push(0),
        });
        let tokens = TOKENISERS[0].tokenise(text);
        let expected: Vec<usize> = segment(text)
            .iter()
            .map(|s| tokens.iter().filter(|t| s.span.contains(t.span)).count())
            .filter(|&n| n > 0)
            .collect();
        lines.retain(|&n| n > 0);
        assert_eq!(lines, expected);
    }

    proptest! {
        #[test]
        fn scanned_words_are_the_plain_ones(text in "\\PC{0,60}") {
            check(&text);
        }

        #[test]
        fn scanned_words_are_the_plain_ones_in_the_scripts_we_know(
            text in "[\\p{Arabic}\\p{Latin}\\p{Greek}\\p{Cyrillic}\\p{Han}\\p{Hangul}\\p{Thai}\\p{Katakana}\\p{Hiragana}\\p{M}a-z0-9 .,:_'’،\n\r\u{200c}\u{200f}\u{feff}\u{640}]{0,60}"
        ) {
            check(&text);
        }

        /// Long enough for several blocks, with characters across their borders.
        #[test]
        fn blocks_give_what_steps_give(
            parts in prop::collection::vec(prop_oneof![
                4 => "[\u{621}-\u{64a}]{1,7}[ ،.\n]?",
                2 => "[a-zA-Z0-9]{1,9}[ ,.']?",
                1 => "[\\p{Cyrillic}\\p{Greek}\\p{Hebrew}]{1,9} ",
                1 => "[\\p{Arabic}\\p{Latin}\\p{Han}\\p{M}0-9٠-٩ .,،:_'’«»\r\u{85}\u{a0}\u{640}\u{200f}]{0,9}",
            ], 0..400)
        ) {
            check(&parts.concat());
        }
    }
}
