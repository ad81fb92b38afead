//! What the tokeniser must know of each code point, in one table lookup.
//!
//! For the Basic Multilingual Plane the answers are precomputed (65,536 entries of 4 bytes); beyond
//! it they are worked out one by one. An entry says how the code point behaves at word borders and
//! what its comparison form is, or that the whole token has to be normalised to know.

use std::sync::LazyLock;

use icu_casemap::CaseMapper;
use icu_normalizer::ComposingNormalizer;
use icu_normalizer::properties::{CanonicalDecompositionBorrowed, Decomposed};
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
pub enum Step {
    /// Nothing is left.
    Stripped,
    /// This is left.
    Char(char),
    /// The whole token must be normalised.
    Normalise,
}

/// One code point's class and step, packed: the class in the top byte, a char or a code below it.
#[derive(Clone, Copy)]
pub struct Entry(u32);

const STRIPPED: u32 = 0x11_0000;
const NORMALISE: u32 = 0x11_0001;

impl Entry {
    fn new(class: Class, step: u32) -> Self {
        Entry((class as u32) << 24 | step)
    }

    /// How the code point behaves at word borders.
    pub fn class(self) -> Class {
        Class::ALL[(self.0 >> 24) as usize]
    }

    /// What its comparison form is.
    pub fn folded(self) -> Step {
        match self.0 & 0xff_ffff {
            STRIPPED => Step::Stripped,
            c => char::from_u32(c).map_or(Step::Normalise, Step::Char),
        }
    }
}

/// The entries of all code points under given folds.
pub struct Table {
    folds: Folds,
    plane: Vec<Entry>,
}

impl Table {
    /// Works out the Basic Multilingual Plane: some milliseconds.
    pub fn new(folds: Folds) -> Self {
        let plane = (0..0x1_0000)
            .map(|c| char::from_u32(c).map_or(Entry::new(Class::Other, NORMALISE), |c| compute(folds, c)))
            .collect();
        Self { folds, plane }
    }

    /// The entry of one code point.
    #[inline]
    pub fn entry(&self, c: char) -> Entry {
        match self.plane.get(c as usize) {
            Some(&entry) => entry,
            None => compute(self.folds, c),
        }
    }
}

fn compute(folds: Folds, c: char) -> Entry {
    let class = class(c);
    let step = if class == Class::Other { NORMALISE } else { step(folds, c) };
    Entry::new(class, step)
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

/// The code of what becomes of `c`, where that does not depend on its neighbours.
fn step(folds: Folds, c: char) -> u32 {
    let code = |c| match folds.char(c) {
        Folded::Stripped => STRIPPED,
        Folded::Char(c) => c as u32,
    };
    // Unified ideographs and Hangul syllables are most of the plane and fold to themselves; a
    // Hangul syllable composes only with conjoining jamo, which ask for normalisation themselves.
    if matches!(c, '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}') {
        return c as u32;
    }
    if composes(c) {
        return NORMALISE;
    }
    if code(c) == STRIPPED {
        return STRIPPED;
    }
    let mut buffer = [0; 4];
    let nfkc = ComposingNormalizer::new_nfkc().normalize(c.encode_utf8(&mut buffer)).into_owned();
    let reordered =
        |c| CodePointMapData::<CanonicalCombiningClass>::new().get(c) != CanonicalCombiningClass::NotReordered;
    if reordered(c) || nfkc.chars().any(|c| reordered(c) || composes(c)) {
        return NORMALISE;
    }
    let cased = if folds.case { CaseMapper::new().fold_string(&nfkc).into_owned() } else { nfkc };
    let mut chars = cased.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) => code(c),
        _ => NORMALISE,
    }
}

/// Whether `c` can be the second of a canonical composition, so that what becomes of it depends on
/// the character before it.
fn composes(c: char) -> bool {
    static SECONDS: LazyLock<Vec<char>> = LazyLock::new(|| {
        let decompositions = CanonicalDecompositionBorrowed::new();
        let mut seconds: Vec<char> = ('\u{a0}'..='\u{1ffff}')
            .filter_map(|c| match decompositions.decompose(c) {
                Decomposed::Expansion(_, second) => Some(second),
                _ => None,
            })
            .collect();
        seconds.sort_unstable();
        seconds.dedup();
        seconds
    });
    SECONDS.binary_search(&c).is_ok()
}
