//! Folds one token into its comparison form. For comparing only: text is never rewritten.
//!
//! Token -> comparison form. The base is NFKC of the whole token before any per-character step
//! (ا + U+0654 must compose first); then each code point is stripped, replaced or kept. Every fold
//! can be switched off.
//!
//! ```
//! use ghirbal::normalise::Folds;
//! assert_eq!(Folds::default().fold("الأُمّـة"), "الامه");
//! assert_eq!(Folds::PLAIN.fold("Straße"), "strasse");
//! assert_eq!(Folds::PLAIN.fold("أمة"), "أمة");
//! ```

use std::borrow::Cow;

use icu_casemap::CaseMapper;
use icu_normalizer::ComposingNormalizer;
use serde::{Deserialize, Serialize};

/// Which differences between two words are ignored, besides NFKC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Folds {
    /// Vowel and Qur'anic marks are stripped: U+064B–065F, U+0670, U+0610–061A, U+06D6–06ED.
    pub marks: bool,
    /// The tatweel U+0640 is stripped.
    pub tatweel: bool,
    /// Joiners, direction marks and byte order marks are stripped: U+200B–200F, U+202A–202E,
    /// U+2066–2069, U+FEFF.
    pub format: bool,
    /// آ أ إ ٱ become ا.
    pub alef: bool,
    /// ؤ becomes و and ئ becomes ي.
    pub hamza_seat: bool,
    /// ى and ی become ي.
    pub yeh: bool,
    /// ة becomes ه.
    pub teh_marbuta: bool,
    /// ک becomes ك.
    pub kaf: bool,
    /// Arabic-Indic and Persian digits become ASCII, and the separators inside numbers (, ، ٫ ٬) a
    /// full stop.
    pub digits: bool,
    /// Full case folding of cased scripts.
    pub case: bool,
}

/// What becomes of one code point of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Folded {
    /// Nothing is left.
    Stripped,
    /// This is left.
    Char(char),
}

impl Folds {
    /// NFKC alone.
    pub const NONE: Folds = Folds {
        marks: false,
        tatweel: false,
        format: false,
        alef: false,
        hamza_seat: false,
        yeh: false,
        teh_marbuta: false,
        kaf: false,
        digits: false,
        case: false,
    };

    /// NFKC and case folding.
    pub const PLAIN: Folds = Folds { case: true, ..Folds::NONE };

    /// NFKC and the Arabic folds, which touch Arabic code points and invisible marks alone.
    pub const ARABIC: Folds = Folds {
        marks: true,
        tatweel: true,
        format: true,
        alef: true,
        hamza_seat: true,
        yeh: true,
        teh_marbuta: true,
        kaf: true,
        digits: true,
        case: false,
    };

    /// Both presets: the default.
    pub const ALL: Folds = Folds { case: true, ..Folds::ARABIC };

    /// The names of the switches, as `--no-fold` takes them.
    pub const NAMES: [&'static str; 10] =
        ["marks", "tatweel", "format", "alef", "hamza_seat", "yeh", "teh_marbuta", "kaf", "digits", "case"];

    /// The switch of that name.
    pub fn switch(&mut self, name: &str) -> Option<&mut bool> {
        Some(match name {
            "marks" => &mut self.marks,
            "tatweel" => &mut self.tatweel,
            "format" => &mut self.format,
            "alef" => &mut self.alef,
            "hamza_seat" => &mut self.hamza_seat,
            "yeh" => &mut self.yeh,
            "teh_marbuta" => &mut self.teh_marbuta,
            "kaf" => &mut self.kaf,
            "digits" => &mut self.digits,
            "case" => &mut self.case,
            _ => return None,
        })
    }

    /// Folds one code point that NFKC has already seen; case is left to [`Folds::fold`].
    pub fn char(&self, c: char) -> Folded {
        let to = |on: bool, other: char| Folded::Char(if on { other } else { c });
        let strip = |on: bool| if on { Folded::Stripped } else { Folded::Char(c) };
        match c {
            '\u{064b}'..='\u{065f}' | '\u{0670}' | '\u{0610}'..='\u{061a}' | '\u{06d6}'..='\u{06ed}' => {
                strip(self.marks)
            }
            _ if is_isolated_mark(c) => strip(self.marks),
            '\u{0640}' => strip(self.tatweel),
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => {
                strip(self.format)
            }
            'آ' | 'أ' | 'إ' | 'ٱ' => to(self.alef, 'ا'),
            'ؤ' => to(self.hamza_seat, 'و'),
            'ئ' => to(self.hamza_seat, 'ي'),
            'ى' | 'ی' => to(self.yeh, 'ي'),
            'ة' => to(self.teh_marbuta, 'ه'),
            'ک' => to(self.kaf, 'ك'),
            '٠'..='٩' => to(self.digits, (b'0' + (c as u32 - '٠' as u32) as u8) as char),
            '۰'..='۹' => to(self.digits, (b'0' + (c as u32 - '۰' as u32) as u8) as char),
            // Inside a token these stand between digits only: 375,526,840 is 375.526.840.
            ',' | '،' | '٫' | '٬' => to(self.digits, '.'),
            // The two apostrophes of UAX #29 that join letters are one to a reader.
            '\u{2018}' | '\u{2019}' => Folded::Char('\''),
            _ => Folded::Char(c),
        }
    }

    /// The comparison form of one token.
    ///
    /// A few compatibility characters unfold into several words (ﷺ); they stay apart by a space.
    pub fn fold(&self, token: &str) -> String {
        let token: Cow<str> = if self.marks && token.contains(is_isolated_mark) {
            Cow::Owned(token.replace(is_isolated_mark, ""))
        } else {
            Cow::Borrowed(token)
        };
        let composed = ComposingNormalizer::new_nfkc().normalize(&token);
        let cased: Cow<str> =
            if self.case { CaseMapper::new().fold_string(&composed) } else { Cow::Borrowed(&composed) };
        let mut folded = String::with_capacity(cased.len());
        for c in cased.chars() {
            match self.char(c) {
                Folded::Stripped => {}
                Folded::Char(' ') if folded.is_empty() || folded.ends_with(' ') => {}
                Folded::Char(c) => folded.push(c),
            }
        }
        folded.truncate(folded.trim_end().len());
        folded
    }
}

/// The spacing forms of Arabic marks, which NFKC would turn into a space and a mark.
fn is_isolated_mark(c: char) -> bool {
    matches!(c, '\u{fc5e}'..='\u{fc63}') || (matches!(c, '\u{fe70}'..='\u{fe7e}') && (c as u32).is_multiple_of(2))
}

impl Default for Folds {
    fn default() -> Self {
        Folds::ALL
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every code point named by the Arabic comparison form, with what it becomes.
    fn table() -> Vec<(char, &'static str, &'static str)> {
        let mut rows = Vec::new();
        let mut strip = |name, from: u32, to: u32| {
            rows.extend((from..=to).filter_map(char::from_u32).map(|c| (c, "", name)));
        };
        strip("marks", 0x064b, 0x065f);
        strip("marks", 0x0670, 0x0670);
        strip("marks", 0x0610, 0x061a);
        strip("marks", 0x06d6, 0x06ed);
        strip("tatweel", 0x0640, 0x0640);
        strip("format", 0x200b, 0x200f);
        strip("format", 0x202a, 0x202e);
        strip("format", 0x2066, 0x2069);
        strip("format", 0xfeff, 0xfeff);
        rows.extend([
            ('آ', "ا", "alef"),
            ('أ', "ا", "alef"),
            ('إ', "ا", "alef"),
            ('ٱ', "ا", "alef"),
            ('ؤ', "و", "hamza_seat"),
            ('ئ', "ي", "hamza_seat"),
            ('ى', "ي", "yeh"),
            ('ی', "ي", "yeh"),
            ('ة', "ه", "teh_marbuta"),
            ('ک', "ك", "kaf"),
        ]);
        for (zero, nine) in [('٠', '٩'), ('۰', '۹')] {
            for (c, digit) in (zero..=nine).zip(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]) {
                rows.push((c, digit, "digits"));
            }
        }
        rows
    }

    #[test]
    fn every_named_code_point_folds_as_written_and_only_by_its_own_switch() {
        let rows = table();
        assert_eq!(rows.len(), 21 + 1 + 11 + 24 + 1 + 5 + 5 + 4 + 1 + 10 + 20);
        for (c, expect, name) in rows {
            let word = format!("ب{c}ب");
            assert_eq!(Folds::ALL.fold(&word), format!("ب{expect}ب"), "U+{:04X}", c as u32);
            let mut without = Folds::ALL;
            *without.switch(name).unwrap() = false;
            let nfkc = ComposingNormalizer::new_nfkc().normalize(&word).into_owned();
            assert_eq!(without.fold(&word), nfkc, "U+{:04X} without {name}", c as u32);
        }
    }

    #[test]
    fn composition_comes_before_the_folds() {
        let mut folds = Folds::ALL;
        folds.alef = false;
        assert_eq!(folds.fold("ا\u{654}ب"), "أب");
        assert_eq!(Folds::ALL.fold("ا\u{654}ب"), "اب");
    }

    #[test]
    fn presentation_forms_and_width_forms_fold_to_their_letters() {
        assert_eq!(Folds::ALL.fold("ﻻ"), "لا");
        assert_eq!(Folds::ALL.fold("ﷺ"), "صلي الله عليه وسلم");
        assert_eq!(Folds::ALL.fold("ＡＢＣ１"), "abc1");
    }

    #[test]
    fn alef_maksura_folds_to_yeh_and_never_to_alef() {
        assert_eq!(Folds::ALL.fold("دمى"), "دمي");
        assert_ne!(Folds::ALL.fold("دمى"), Folds::ALL.fold("دما"));
    }

    #[test]
    fn numbers_are_equal_whatever_separates_their_digits() {
        for number in ["375,526,840", "٣٧٥٬٥٢٦٬٨٤٠", "۳۷۵،۵۲۶،۸۴۰"] {
            assert_eq!(Folds::ALL.fold(number), "375.526.840");
        }
        assert_ne!(Folds::ALL.fold("3.5"), Folds::ALL.fold("35"));
    }

    #[test]
    fn every_switch_has_its_name() {
        for name in Folds::NAMES {
            assert!(Folds::default().switch(name).is_some(), "{name}");
        }
        assert!(Folds::default().switch("hamza").is_none());
    }
}
