//! Cuts text into words: spans in the original bytes, and a 64-bit hash of each comparison form.
//!
//! Text -> [`Token`]s, the bridge between text and numbers: everything after this stage compares
//! hashes, everything reported goes back through the spans. Words follow UAX #29 with these
//! tailorings: a full stop or a colon between letters divides ("الروسية.وقال" is two words, as
//! text that lost its spaces needs), a narrow no-break space is a space, and scripts without spaces
//! give one token for each character (Han, Hiragana) or letter with its marks (Thai, Lao, Khmer,
//! Myanmar), so that shingles work as character n-grams there.
//!
//! ```
//! use ghirbal::tokenise::Tokeniser;
//! let tokeniser = Tokeniser::default();
//! let text = "قال: «الأُمّة»";
//! let tokens = tokeniser.tokenise(text);
//! assert_eq!(tokens[1].span.of(text), "الأُمّة");
//! assert_eq!(tokens[1].hash, tokeniser.tokenise("الامه")[0].hash);
//! ```

mod blocks;
mod hash;
mod scan;
mod table;

pub use scan::Piece;

use std::sync::LazyLock;

use crate::normalise::Folds;
use crate::segment::{Segment, segment};
use crate::span::Span;
use blocks::Rows;
use table::{Class, Entry, Table};

/// One word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// Where it stands in the original bytes.
    pub span: Span,
    /// xxh3-64 of the UTF-8 bytes of its comparison form.
    pub hash: u64,
}

/// The hashes of words in order.
pub fn word_hashes(tokens: &[Token]) -> Vec<u64> {
    tokens.iter().map(|t| t.hash).collect()
}

/// Cuts text into words under given [`Folds`]. Building one costs a fraction of a millisecond, and as
/// much for each block of 256 code points that a text is the first to have: share it.
pub struct Tokeniser {
    folds: Folds,
    table: Table,
    rows: Rows,
}

impl Default for Tokeniser {
    fn default() -> Self {
        Self::new(Folds::default())
    }
}

/// The tokeniser with the default folds, built once.
pub fn default_tokeniser() -> &'static Tokeniser {
    static DEFAULT: LazyLock<Tokeniser> = LazyLock::new(Tokeniser::default);
    &DEFAULT
}

impl Tokeniser {
    /// A tokeniser for these folds.
    pub fn new(folds: Folds) -> Self {
        let table = Table::new(folds);
        Self { folds, rows: Rows::new(&table), table }
    }

    /// The words of `text` in order.
    pub fn tokenise(&self, text: &str) -> Vec<Token> {
        // Arabic news has 10.95 bytes a word, English about 6.
        let mut tokens = Vec::with_capacity(text.len() / 8);
        self.scan(text, |piece| {
            if let Piece::Word(span, hash) = piece {
                tokens.push(Token { span, hash });
            }
        });
        tokens
    }

    /// The comparison form of `text`: its folded words joined by single spaces.
    pub fn comparison_form(&self, text: &str) -> String {
        let mut form = String::with_capacity(text.len());
        self.for_each_word(text, |_, word| {
            if !form.is_empty() {
                form.push(' ');
            }
            form.push_str(word);
        });
        form
    }

    /// Calls `word` with the span and the comparison form of every word in order.
    ///
    /// This is the plain way to cut words, and what [`Tokeniser::scan`] is tested against; where
    /// hashes are enough, `scan` is several times as fast.
    ///
    /// A compatibility character that unfolds into several words (ﷺ) calls it once for each, with
    /// the same span.
    pub fn for_each_word(&self, text: &str, mut word: impl FnMut(Span, &str)) {
        let mut form = String::with_capacity(64);
        let mut chars = Chars { text, at: 0, table: &self.table };
        while let Some((start, entry)) = chars.next() {
            if entry.class().starts_word() {
                let end = chars.word_end(entry.class());
                self.forms(&text[start..end], &mut form, |form| word(Span::new(start, end), form));
            }
        }
    }

    /// The words one token stands for: one, or none when nothing is left of it, or several.
    fn forms(&self, token: &str, form: &mut String, mut word: impl FnMut(&str)) {
        form.clear();
        if self.push_folded(token, form) {
            if !form.is_empty() {
                word(form);
            }
        } else {
            self.folds.fold(token).split(' ').filter(|p| !p.is_empty()).for_each(word);
        }
    }

    /// Folds code point by code point through the table; `false` where the table does not reach
    /// and the whole token must be normalised.
    fn push_folded(&self, token: &str, form: &mut String) -> bool {
        for c in token.chars() {
            match self.table.entry(c).folded() {
                table::Step::Char(c) => form.push(c),
                table::Step::Stripped => {}
                table::Step::Normalise => return false,
            }
        }
        true
    }
}

/// A cursor over the code points of a text with their table entries.
struct Chars<'t> {
    text: &'t str,
    at: usize,
    table: &'t Table,
}

impl Chars<'_> {
    fn next(&mut self) -> Option<(usize, Entry)> {
        let start = self.at;
        let c = self.text[start..].chars().next()?;
        self.at += c.len_utf8();
        Some((start, self.table.entry(c)))
    }

    /// Moves past the word whose first code point has just been read, and returns its end.
    ///
    /// Rules WB4–WB13b of UAX #29 on the classes of [`table`].
    fn word_end(&mut self, first: Class) -> usize {
        let mut end = self.at;
        let mut last = first;
        while let Some((_, entry)) = self.next() {
            let class = entry.class();
            if class == Class::Extend {
                end = self.at;
            } else if last.joins(class) {
                last = class;
                end = self.at;
            } else if let Some(class) = self.across(last, class) {
                last = class;
                end = self.at;
            } else {
                break;
            }
        }
        self.at = end;
        end
    }

    /// Across one joining punctuation mark: the class behind it, when the mark stands between two
    /// letters (an apostrophe) or two digits (a decimal mark).
    fn across(&mut self, before: Class, mark: Class) -> Option<Class> {
        if !matches!(
            (before, mark),
            (Class::Letter, Class::MidLetter) | (Class::Digit, Class::MidDigit | Class::MidLetter)
        ) {
            return None;
        }
        let back = self.at;
        while let Some((_, entry)) = self.next() {
            match entry.class() {
                Class::Extend => {}
                class if class == before => return Some(class),
                _ => break,
            }
        }
        self.at = back;
        None
    }
}

/// A document's text seen as segments and words: what every later stage reads.
pub struct View<'t> {
    /// The text.
    pub text: &'t str,
    /// Its lines; they tile it.
    pub segments: Vec<Segment>,
    /// Its words in order.
    pub tokens: Vec<Token>,
    /// For each segment, the index one past its last token.
    token_ends: Vec<u32>,
}

impl<'t> View<'t> {
    /// Cuts `text`.
    pub fn new(text: &'t str, tokeniser: &Tokeniser) -> Self {
        let segments = segment(text);
        let tokens = tokeniser.tokenise(text);
        let mut token_ends = Vec::with_capacity(segments.len());
        let mut i = 0;
        for s in &segments {
            while i < tokens.len() && tokens[i].span.start < s.span.end {
                i += 1;
            }
            token_ends.push(i as u32);
        }
        Self { text, segments, tokens, token_ends }
    }

    /// Indices into `tokens` of the words of one segment.
    pub fn token_range(&self, segment: usize) -> std::ops::Range<usize> {
        let start = if segment == 0 { 0 } else { self.token_ends[segment - 1] };
        start as usize..self.token_ends[segment] as usize
    }

    /// The words of one segment.
    pub fn segment_tokens(&self, segment: usize) -> &[Token] {
        &self.tokens[self.token_range(segment)]
    }

    /// The line of one segment, without its end.
    pub fn segment_text(&self, segment: usize) -> &'t str {
        self.segments[segment].content.of(self.text)
    }

    /// The segment that the byte `at` lies in.
    pub fn segment_at(&self, at: u32) -> usize {
        self.segments.partition_point(|s| s.span.end <= at).min(self.segments.len().saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_segmentation::UnicodeSegmentation;

    use super::*;

    fn words(text: &str) -> Vec<&str> {
        default_tokeniser().tokenise(text).iter().map(|t| t.span.of(text)).collect()
    }

    fn check(text: &str, expect: &[&str]) {
        assert_eq!(words(text), expect, "{text:?}");
    }

    #[test]
    fn arabic_words_keep_their_marks_and_lose_their_punctuation() {
        check("قالَ: «نَعَم»، ثمّ… مضى؛ أليس كذلك؟", &["قالَ", "نَعَم", "ثمّ", "مضى", "أليس", "كذلك"]);
        check("القرن الـ21.", &["القرن", "الـ21"]);
        check("ـــ", &[]);
    }

    #[test]
    fn a_full_stop_without_a_space_divides_letters_but_not_digits() {
        check("الروسية.وقال", &["الروسية", "وقال"]);
        check("3.14 1,000 ٣٫٥ 2024-2026", &["3.14", "1,000", "٣٫٥", "2024", "2026"]);
        check("المصدر:وكالة", &["المصدر", "وكالة"]);
    }

    #[test]
    fn every_space_divides_words() {
        check(
            "استشهد\u{202f}نتيجة\u{a0}إصابته\u{2003}بشظايا\u{3000}مقذوف",
            &["استشهد", "نتيجة", "إصابته", "بشظايا", "مقذوف"],
        );
    }

    #[test]
    fn apostrophes_join_letters() {
        check("don't l’homme 'quoted'", &["don't", "l’homme", "quoted"]);
        let t = default_tokeniser();
        assert_eq!(t.tokenise("don't")[0].hash, t.tokenise("DON’T")[0].hash);
    }

    #[test]
    fn scripts_without_spaces_give_a_token_for_each_character() {
        check("中文字", &["中", "文", "字"]);
        check("これはテスト", &["こ", "れ", "は", "テスト"]);
        check("ที่นี่", &["ที่", "นี่"]);
    }

    #[test]
    fn invisible_marks_inside_a_word_change_nothing() {
        let t = default_tokeniser();
        let plain = t.tokenise("العربية");
        for marked in ["الع\u{200f}ربية", "\u{202b}العربية\u{202c}", "الع\u{200b}ربية", "العربيـــة"]
        {
            let got = t.tokenise(marked);
            assert_eq!(got.len(), 1, "{marked:?}");
            assert_eq!(got[0].hash, plain[0].hash, "{marked:?}");
        }
    }

    #[test]
    fn a_ligature_of_several_words_counts_as_those_words() {
        let t = default_tokeniser();
        let one: Vec<_> = t.tokenise("ﷺ").iter().map(|t| t.hash).collect();
        let four: Vec<_> = t.tokenise("صلى الله عليه وسلم").iter().map(|t| t.hash).collect();
        assert_eq!(one, four);
    }

    #[test]
    fn a_view_gives_each_segment_its_own_words() {
        let view = View::new("a b\n\nc\n", default_tokeniser());
        assert_eq!(view.token_range(0), 0..2);
        assert_eq!(view.token_range(1), 2..3);
        assert_eq!(view.segment_at(5), 1);
    }

    /// UAX #29 by another hand, where the tailorings do not reach.
    #[test]
    fn words_agree_with_unicode_segmentation_on_plain_text() {
        for text in [
            "The quick (“brown”) fox can’t jump 32.3 feet, right?",
            "أعلن وزير الخارجية الروسي سيرغي لافروف، اليوم الثلاثاء",
            "Быстрая коричневая лиса 1 234,5",
            "Größe naïve façade ΑΒΓ ελληνικά",
            "한국어 문장 테스트",
            "हिन्दी में लिखा गया पाठ",
        ] {
            assert_eq!(words(text), text.unicode_words().collect::<Vec<_>>());
        }
    }

    proptest! {
        #[test]
        fn the_table_and_the_normaliser_give_the_same_tokens(text in "[\\p{Arabic}\\p{Latin}\\p{Greek}\\p{Han}\\p{Hangul}\\p{M}0-9 .,'\u{200c}\u{feff}]{0,40}") {
            static PRESETS: LazyLock<Vec<Tokeniser>> =
                LazyLock::new(|| [Folds::ALL, Folds::NONE, Folds::PLAIN].map(Tokeniser::new).into());
            for tokeniser in PRESETS.iter() {
                let folds = tokeniser.folds;
                tokeniser.for_each_word(&text, |span, form| {
                    assert!(text.is_char_boundary(span.start as usize) && text.is_char_boundary(span.end as usize));
                    let slow = folds.fold(span.of(&text));
                    assert!(slow.split(' ').any(|p| p == form), "{:?}: {form:?} is not {slow:?}", span.of(&text));
                });
            }
        }

        #[test]
        fn any_text_is_cut_without_overlap(text in "\\PC{0,60}") {
            let tokens = default_tokeniser().tokenise(&text);
            for pair in tokens.windows(2) {
                prop_assert!(pair[0].span == pair[1].span || pair[0].span.end <= pair[1].span.start);
            }
        }
    }
}
