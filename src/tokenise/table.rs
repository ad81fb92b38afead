//! What the tokeniser must know of each code point, in one table lookup.
//!
//! An entry says how the code point behaves at word borders and
//! what its comparison form is, or that the whole token has to be normalised to know.

use std::sync::OnceLock;

use icu_casemap::CaseMapper;
use icu_normalizer::ComposingNormalizer;
use icu_properties::props::{CanonicalCombiningClass, Ideographic, LineBreak, Script, WordBreak};
use icu_properties::{CodePointMapData, CodePointSetData};

use crate::normalise::{Folded, Folds};

/// How a code point behaves at word borders: the Word_Break property of UAX #29, with the
/// tailorings named in the parent module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Class {
    /// Divides words.
    Other,
    /// Belongs to the character before it.
    Extend,
    /// Joins with letters and digits.
    Letter,
    /// Joins with letters and digits.
    Digit,
    /// Joins with its like.
    Katakana,
    /// Joins with everything (`_`).
    Connector,
    /// Joins two letters or two digits that stand on both sides of it.
    MidLetter,
    /// Joins two digits that stand on both sides of it.
    MidDigit,
    /// Is a word of its own, with what extends it.
    Single,
}

impl Class {
    const ALL: [Class; 9] = [
        Class::Other,
        Class::Extend,
        Class::Letter,
        Class::Digit,
        Class::Katakana,
        Class::Connector,
        Class::MidLetter,
        Class::MidDigit,
        Class::Single,
    ];

    /// Whether a word can begin here. A connector alone is no word.
    pub fn starts_word(self) -> bool {
        matches!(self, Class::Letter | Class::Digit | Class::Katakana | Class::Single)
    }

    /// Whether a word goes on from `self` to `next` (WB5, WB8–WB10, WB13–WB13b).
    pub fn joins(self, next: Class) -> bool {
        match self {
            Class::Letter | Class::Digit => matches!(next, Class::Letter | Class::Digit | Class::Connector),
            Class::Katakana => matches!(next, Class::Katakana | Class::Connector),
            Class::Connector => {
                matches!(next, Class::Letter | Class::Digit | Class::Katakana | Class::Connector)
            }
            _ => false,
        }
    }
}

/// What becomes of a code point in the comparison form.
#[derive(Clone, Copy)]
pub enum Step {
    /// Nothing is left.
    Stripped,
    /// This is left.
    Char(char),
    /// The whole token must be normalised.
    Normalise,
}

/// One code point's class and step, packed so that the scanner copies the comparison form without
/// looking at it:
///
/// ```text
/// bits 0-31   the comparison form in UTF-8, first byte lowest
/// bits 32-34  its length in bytes; 0 when nothing is left
/// bits 40-44  NORMALISE, GOES_ON, STARTS, OTHER, ENDS_LINE
/// bits 56-59  the class
/// ```
#[derive(Clone, Copy)]
pub struct Entry(u64);

/// The whole token has to be normalised to know the form.
const NORMALISE: u64 = 1 << 40;
/// A letter, digit or mark whose form is known: goes on with any word of letters and digits.
const GOES_ON: u64 = 1 << 41;
/// A letter or digit whose form is known.
const STARTS: u64 = 1 << 42;
/// Divides words, whatever stands around it.
const OTHER: u64 = 1 << 43;
/// Ends a line (and is [`OTHER`]).
const ENDS_LINE: u64 = 1 << 44;

impl Entry {
    fn new(class: Class, step: Step, ends_line: bool) -> Self {
        let form = match step {
            Step::Stripped => 0,
            Step::Char(c) => {
                let mut bytes = [0; 4];
                let len = c.encode_utf8(&mut bytes).len() as u64;
                u64::from(u32::from_le_bytes(bytes)) | len << 32
            }
            Step::Normalise => NORMALISE,
        };
        let known = form != NORMALISE;
        let flag = |on: bool, flag: u64| if on { flag } else { 0 };
        Entry(
            form | flag(known && matches!(class, Class::Letter | Class::Digit | Class::Extend), GOES_ON)
                | flag(known && matches!(class, Class::Letter | Class::Digit), STARTS)
                | flag(class == Class::Other, OTHER)
                | flag(ends_line, ENDS_LINE)
                | (class as u64) << 56,
        )
    }

    /// How the code point behaves at word borders.
    pub fn class(self) -> Class {
        Class::ALL[(self.0 >> 56) as usize]
    }

    /// What its comparison form is.
    pub fn folded(self) -> Step {
        if self.0 & NORMALISE != 0 {
            return Step::Normalise;
        }
        let bytes = self.form();
        match std::str::from_utf8(&bytes[..self.form_len()]).ok().and_then(|form| form.chars().next()) {
            Some(c) => Step::Char(c),
            None => Step::Stripped,
        }
    }

    /// The bytes of the comparison form, as many as [`Entry::form_len`] says; then zeros.
    #[inline]
    pub fn form(self) -> [u8; 4] {
        (self.0 as u32).to_le_bytes()
    }

    /// How many bytes the comparison form has.
    #[inline]
    pub fn form_len(self) -> usize {
        (self.0 >> 32 & 7) as usize
    }

    /// Whether the form has to be asked from the normaliser.
    #[inline]
    pub fn is_normalised(self) -> bool {
        self.0 & NORMALISE != 0
    }

    /// Whether a word of letters and digits goes on with it, the form being known.
    #[inline]
    pub fn goes_on(self) -> bool {
        self.0 & GOES_ON != 0
    }

    /// Whether a word of letters and digits begins here, the form being known.
    #[inline]
    pub fn starts(self) -> bool {
        self.0 & STARTS != 0
    }

    /// Whether it divides words, whatever stands around it.
    #[inline]
    pub fn is_other(self) -> bool {
        self.0 & OTHER != 0
    }

    /// Whether it ends a line, as [`segment`](crate::segment) has it.
    #[inline]
    pub fn ends_line(self) -> bool {
        self.0 & ENDS_LINE != 0
    }
}

/// Code points of one or two UTF-8 bytes: ASCII, Latin, Greek, Cyrillic, Hebrew, Arabic.
pub const SHORT: usize = 0x800;
const PAGE: usize = 0x100;

/// The entries of all code points under given folds.
///
/// Those of up to two bytes are worked out at once (16 KiB), the others by pages of 256 when a text
/// first has one of them, so that a table costs a fraction of a millisecond and no text pays for
/// scripts it does not have.
pub struct Table {
    folds: Folds,
    short: Box<[Entry; SHORT]>,
    pages: Box<[OnceLock<Box<[Entry; PAGE]>>]>,
}

impl Table {
    /// The table for these folds.
    pub fn new(folds: Folds) -> Self {
        let mut short = Box::new([Entry(0); SHORT]);
        short.iter_mut().zip('\0'..).for_each(|(entry, c)| *entry = compute(folds, c));
        let pages = (0..=char::MAX as usize / PAGE).map(|_| OnceLock::new()).collect();
        Self { folds, short, pages }
    }

    /// The entries of the code points below [`SHORT`].
    #[inline]
    pub fn short(&self) -> &[Entry; SHORT] {
        &self.short
    }

    /// The entry of one code point.
    #[inline]
    pub fn entry(&self, c: char) -> Entry {
        let c = c as usize;
        match self.short.get(c) {
            Some(&entry) => entry,
            None => self.pages[c / PAGE].get_or_init(|| self.page(c / PAGE))[c % PAGE],
        }
    }

    #[cold]
    fn page(&self, page: usize) -> Box<[Entry; PAGE]> {
        let mut entries = Box::new([Entry::new(Class::Other, Step::Normalise, false); PAGE]);
        for (i, entry) in entries.iter_mut().enumerate() {
            // Surrogates are no characters; nobody will ask.
            if let Some(c) = char::from_u32((page * PAGE + i) as u32) {
                *entry = compute(self.folds, c);
            }
        }
        entries
    }
}

fn compute(folds: Folds, c: char) -> Entry {
    let class = class(c);
    let step = if class == Class::Other { Step::Normalise } else { step(folds, c) };
    Entry::new(class, step, matches!(c, '\n'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}'))
}

fn class(c: char) -> Class {
    // Tailored: full stop and colon join letters in UAX #29, which text that lost its spaces does
    // not bear.
    match c {
        '.' | '\u{2024}' | '\u{fe52}' | '\u{ff0e}' => return Class::MidDigit,
        ':' | '\u{fe13}' | '\u{fe55}' | '\u{ff1a}' => return Class::Other,
        // ExtendNumLet for Mongolian suffixes; everywhere else it is a space.
        '\u{202f}' => return Class::Other,
        // Word_Break=Other, but the folds strip it: a stray one must not divide a word.
        '\u{200b}' => return Class::Extend,
        _ => {}
    }
    if CodePointMapData::<LineBreak>::new().get(c) == LineBreak::ComplexContext {
        return match CodePointMapData::<WordBreak>::new().get(c) {
            WordBreak::Extend => Class::Extend,
            _ => Class::Single,
        };
    }
    match CodePointMapData::<WordBreak>::new().get(c) {
        WordBreak::ALetter | WordBreak::HebrewLetter => Class::Letter,
        WordBreak::Numeric => Class::Digit,
        WordBreak::Katakana => Class::Katakana,
        WordBreak::ExtendNumLet => Class::Connector,
        WordBreak::MidLetter | WordBreak::MidNumLet | WordBreak::SingleQuote => Class::MidLetter,
        WordBreak::MidNum => Class::MidDigit,
        WordBreak::Extend | WordBreak::Format | WordBreak::ZWJ => Class::Extend,
        _ if CodePointSetData::new::<Ideographic>().contains(c) => Class::Single,
        _ if CodePointMapData::<Script>::new().get(c) == Script::Hiragana && c.is_alphabetic() => Class::Single,
        _ => Class::Other,
    }
}

/// What becomes of `c`, where that does not depend on its neighbours.
fn step(folds: Folds, c: char) -> Step {
    let folded = |c| match folds.char(c) {
        Folded::Stripped => Step::Stripped,
        Folded::Char(c) => Step::Char(c),
    };
    // Unified ideographs and Hangul syllables are most of the plane and fold to themselves; a
    // Hangul syllable composes only with conjoining jamo, which ask for normalisation themselves.
    if matches!(c, '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}') {
        return Step::Char(c);
    }
    if composes(c) {
        return Step::Normalise;
    }
    if folds.char(c) == Folded::Stripped {
        return Step::Stripped;
    }
    if c.is_ascii() {
        return folded(if folds.case { c.to_ascii_lowercase() } else { c });
    }
    let mut buffer = [0; 4];
    let nfkc = ComposingNormalizer::new_nfkc().normalize(c.encode_utf8(&mut buffer)).into_owned();
    let reordered =
        |c| CodePointMapData::<CanonicalCombiningClass>::new().get(c) != CanonicalCombiningClass::NotReordered;
    if reordered(c) || nfkc.chars().any(|c| reordered(c) || composes(c)) {
        return Step::Normalise;
    }
    let cased = if folds.case { CaseMapper::new().fold_string(&nfkc).into_owned() } else { nfkc };
    let mut chars = cased.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) => folded(c),
        _ => Step::Normalise,
    }
}

/// The code points that can be the second of a canonical composition, as ranges. They are written
/// down because finding them means asking for every code point at the start of a process; a test asks.
#[rustfmt::skip]
const SECONDS: &[(u32, u32)] = &[
    (0x0300, 0x0304), (0x0306, 0x030c), (0x030f, 0x030f), (0x0311, 0x0311), (0x0313, 0x0314),
    (0x031b, 0x031b), (0x0323, 0x0328), (0x032d, 0x032e), (0x0330, 0x0331), (0x0338, 0x0338),
    (0x0342, 0x0342), (0x0345, 0x0345), (0x05b4, 0x05b4), (0x05b7, 0x05b9), (0x05bc, 0x05bc),
    (0x05bf, 0x05bf), (0x05c1, 0x05c2), (0x0653, 0x0655), (0x093c, 0x093c), (0x09bc, 0x09bc),
    (0x09be, 0x09be), (0x09d7, 0x09d7), (0x0a3c, 0x0a3c), (0x0b3c, 0x0b3c), (0x0b3e, 0x0b3e),
    (0x0b56, 0x0b57), (0x0bbe, 0x0bbe), (0x0bd7, 0x0bd7), (0x0c56, 0x0c56), (0x0cc2, 0x0cc2),
    (0x0cd5, 0x0cd6), (0x0d3e, 0x0d3e), (0x0d57, 0x0d57), (0x0dca, 0x0dca), (0x0dcf, 0x0dcf),
    (0x0ddf, 0x0ddf), (0x0f72, 0x0f72), (0x0f74, 0x0f74), (0x0f80, 0x0f80), (0x0fb5, 0x0fb5),
    (0x0fb7, 0x0fb7), (0x102e, 0x102e), (0x1161, 0x1175), (0x11a8, 0x11c2), (0x1b35, 0x1b35),
    (0x3099, 0x309a), (0x110ba, 0x110ba), (0x11127, 0x11127), (0x1133e, 0x1133e), (0x11357, 0x11357),
    (0x113b8, 0x113b8), (0x113bb, 0x113bb), (0x113c2, 0x113c2), (0x113c9, 0x113c9), (0x114b0, 0x114b0),
    (0x114ba, 0x114ba), (0x114bd, 0x114bd), (0x115af, 0x115af), (0x11930, 0x11930), (0x1611e, 0x16120),
    (0x16129, 0x16129), (0x16d67, 0x16d67), (0x1d165, 0x1d165), (0x1d16e, 0x1d172),
];

/// Whether `c` can be the second of a canonical composition, so that what becomes of it depends on
/// the character before it.
fn composes(c: char) -> bool {
    let c = c as u32;
    let range = SECONDS.partition_point(|&(_, last)| last < c);
    SECONDS.get(range).is_some_and(|&(first, _)| first <= c)
}

#[cfg(test)]
mod tests {
    use icu_normalizer::properties::{CanonicalDecompositionBorrowed, Decomposed};

    use super::*;

    #[test]
    fn the_written_seconds_are_those_of_unicode() {
        let decompositions = CanonicalDecompositionBorrowed::new();
        let mut seconds: Vec<u32> = ('\u{a0}'..=char::MAX)
            .filter_map(|c| match decompositions.decompose(c) {
                Decomposed::Expansion(_, second) => Some(second as u32),
                _ => None,
            })
            .collect();
        seconds.sort_unstable();
        seconds.dedup();
        let ranges: Vec<(u32, u32)> =
            seconds.chunk_by(|a, b| a + 1 == *b).map(|range| (range[0], range[range.len() - 1])).collect();
        assert_eq!(SECONDS, ranges, "{ranges:#06x?}");
    }
}
