//! Which punctuation stands in a line, in one pass over its bytes.
//!
//! A line's text -> [`Signs`]. The features ask for a dozen sets of characters; one table for all
//! of them is read once a byte. The tests ask for each set by itself.

use super::shape;

/// Signs are looked for in lines up to this length in bytes.
const LEN_BYTES_MAX: usize = 2000;
/// Digits are counted in the beginning of a line, in characters.
const DIGITS_CHARS_MAX: usize = 200;
/// And the signs of programs, in bytes.
const CODE_BYTES_MAX: usize = 200;

/// What one pass over a line finds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Signs {
    /// Bit k for set k: separators, rights, money, brackets, quotation marks, strokes, colons,
    /// an address, commas.
    pub found: u16,
    /// The share of digits.
    pub digits: f32,
    pub pictograph: bool,
    /// `()`, `::`, `->` or `=>`.
    pub call: bool,
    /// One sign of a program for eight letters, or more.
    pub dense: bool,
}

const SEPARATOR: u16 = 1;
const RIGHTS: u16 = 1 << 1;
pub(super) const MONEY: u16 = 1 << 2;
const BRACKET: u16 = 1 << 3;
const QUOTE: u16 = 1 << 4;
const STROKE: u16 = 1 << 5;
const COLON: u16 = 1 << 6;
pub(super) const ADDRESS: u16 = 1 << 7;
const COMMA: u16 = 1 << 8;
const SETS: u16 = (1 << 9) - 1;
/// May end a call or an arrow.
const CALL: u16 = 1 << 9;
/// Stands in every address.
const AT_OR_STOP: u16 = 1 << 10;
/// Ends or begins a longer character of one of the sets.
const LONGER: u16 = 1 << 11;
const DIGIT: u16 = 1 << 12;
const PICTOGRAPH: u16 = 1 << 13;

/// What each byte may mean.
const BYTES: [u16; 256] = {
    let mut table = [0; 256];
    let sets: [(&[u8], u16); 10] = [
        (b"|", SEPARATOR),
        (b"$%", MONEY),
        (b"([", BRACKET),
        (b"\"", QUOTE),
        (b"/\\_#=", STROKE),
        (b":", COLON),
        (b",", COMMA),
        (b"):>", CALL),
        (b"@.:", AT_OR_STOP),
        // The leads of « and its like, of general punctuation, of full width, of pictographs; and
        // the end of the Arabic comma, whose lead is that of half the alphabet.
        (&[0xc2, 0xe2, 0xef, 0xf0, 0x8c], LONGER),
    ];
    let mut i = 0;
    while i < sets.len() {
        let mut j = 0;
        while j < sets[i].0.len() {
            table[sets[i].0[j] as usize] |= sets[i].1;
            j += 1;
        }
        i += 1;
    }
    let mut digit = b'0';
    while digit <= b'9' {
        table[digit as usize] |= DIGIT;
        digit += 1;
    }
    // The leads of Arabic-Indic, Persian and full-width digits.
    table[0xd9] |= DIGIT;
    table[0xdb] |= DIGIT;
    table[0xef] |= DIGIT;
    table
};

/// Signs of programs count 1 << 16, letters 1.
const CODE: [u32; 256] = {
    let mut table = [0; 256];
    let signs = b"{}=;<>_\\[]`$|*&";
    let mut i = 0;
    while i < signs.len() {
        table[signs[i] as usize] = 1 << 16;
        i += 1;
    }
    let mut byte = 0;
    while byte < 256 {
        if byte >= 0x80 || (byte as u8).is_ascii_alphabetic() {
            table[byte] = 1;
        }
        byte += 1;
    }
    table
};

impl Signs {
    pub fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut found = 0;
        for (i, &byte) in bytes.iter().enumerate() {
            let means = BYTES[byte as usize];
            found |= means;
            if means & LONGER != 0 {
                found |= longer(bytes, i);
            }
        }
        let code: u32 = bytes.iter().take(CODE_BYTES_MAX).map(|&b| CODE[b as usize]).sum();
        let (signs, letters) = (code >> 16, code & 0xffff);
        let call = found & CALL != 0 && bytes.windows(2).any(|pair| matches!(pair, b"()" | b"::" | b"->" | b"=>"));
        let mut sets = found & SETS;
        if text.len() > LEN_BYTES_MAX {
            sets = 0;
        } else if found & AT_OR_STOP != 0 && shape::has_address(text) {
            sets |= ADDRESS;
        }
        Self {
            found: sets,
            digits: if found & DIGIT == 0 { 0.0 } else { digits(text) },
            pictograph: found & PICTOGRAPH != 0,
            call,
            dense: signs > 0 && signs * 8 >= letters,
        }
    }
}

/// The share of digits in the beginning of a line.
fn digits(text: &str) -> f32 {
    let bytes = text.as_bytes();
    let (mut all, mut digits, mut last) = (0, 0, [0u8; 2]);
    for &byte in bytes {
        if byte & 0xc0 != 0x80 {
            if all == DIGITS_CHARS_MAX {
                break;
            }
            all += 1;
            digits += u32::from(byte.is_ascii_digit());
        } else {
            digits += u32::from(matches!(
                (last, byte),
                ([_, 0xd9], 0xa0..=0xa9) | ([_, 0xdb], 0xb0..=0xb9) | ([0xef, 0xbc], 0x90..=0x99)
            ));
        }
        last = [last[1], byte];
    }
    digits as f32 / all.max(1) as f32
}

/// The set of a character of several bytes, one of which stands at `i`.
fn longer(bytes: &[u8], i: usize) -> u16 {
    match bytes[i..] {
        // · » « © ® £ ¥
        [0xc2, 0xb7 | 0xbb | 0xab, ..] => SEPARATOR,
        [0xc2, 0xa9 | 0xae, ..] => RIGHTS,
        [0xc2, 0xa3 | 0xa5, ..] => MONEY,
        // • › → ▼ ►
        [0xe2, 0x80, 0xa2 | 0xba, ..] | [0xe2, 0x86, 0x92, ..] | [0xe2, 0x96, 0xbc | 0xba, ..] => SEPARATOR,
        // ™ € “ ” „
        [0xe2, 0x84, 0xa2, ..] => RIGHTS,
        [0xe2, 0x82, 0xac, ..] => MONEY,
        [0xe2, 0x80, 0x9c..=0x9e, ..] => QUOTE,
        // ☀ to ➿
        [0xe2, 0x98..=0x9e, ..] => PICTOGRAPH,
        [0xf0, 0x9f, 0x8c..=0xab, ..] => PICTOGRAPH,
        // （ ： ，
        [0xef, 0xbc, 0x88, ..] => BRACKET,
        [0xef, 0xbc, 0x9a, ..] => COLON,
        [0xef, 0xbc, 0x8c, ..] => COMMA,
        // ،
        [0x8c, ..] if i > 0 && bytes[i - 1] == 0xd8 => COMMA,
        _ => 0,
    }
}

/// The bits that are set, least first.
pub(super) struct Bits(pub u16);

impl Iterator for Bits {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let bit = self.0.trailing_zeros() as usize;
        self.0 &= self.0.wrapping_sub(1);
        (bit < 16).then_some(bit)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::dates;
    use super::*;

    /// Each set by itself, character by character.
    fn plain(text: &str) -> Signs {
        let sets: [&[char]; 7] = [
            &['|', '·', '•', '»', '›', '«', '→', '▼', '►'],
            &['©', '®', '™'],
            &['$', '€', '£', '¥', '%'],
            &['(', '（', '['],
            &['"', '“', '”', '„'],
            &['/', '\\', '_', '#', '='],
            &[':', '：'],
        ];
        let mut found = sets.iter().enumerate().fold(0, |bits, (k, set)| bits | u16::from(text.contains(*set)) << k);
        found |= u16::from(shape::has_address(text)) << 7 | u16::from(text.contains([',', '،', '，'])) << 8;
        let first: Vec<char> = text.chars().take(DIGITS_CHARS_MAX).collect();
        let digits = first.iter().filter(|&&c| dates::digit(c).is_some()).count();
        let begin = &text.as_bytes()[..text.len().min(CODE_BYTES_MAX)];
        let signs = begin.iter().filter(|b| b"{}=;<>_\\[]`$|*&".contains(b)).count();
        let letters = begin.iter().filter(|b| **b >= 0x80 || b.is_ascii_alphabetic()).count();
        Signs {
            found: if text.len() > LEN_BYTES_MAX { 0 } else { found },
            digits: digits as f32 / first.len().max(1) as f32,
            pictograph: text.contains(|c| matches!(c, '\u{2600}'..='\u{27bf}' | '\u{1f300}'..='\u{1faff}')),
            call: ["()", "::", "->", "=>"].iter().any(|call| text.contains(call)),
            dense: signs > 0 && signs * 8 >= letters,
        }
    }

    #[test]
    fn every_character_is_in_the_sets_that_hold_it() {
        for c in (0..=char::MAX as u32).filter_map(char::from_u32) {
            let text = c.to_string();
            assert_eq!(Signs::of(&text), plain(&text), "{c:?}");
        }
    }

    proptest! {
        #[test]
        fn one_pass_finds_what_a_pass_for_each_set_finds(
            text in "([a-z0-9 .:@/()>=,-]|،|٣|۴|９|«|“|€|：|م|د|☀|😀|語|\\PC){0,300}", times in 1usize..9,
        ) {
            let text = text.repeat(times);
            prop_assert_eq!(Signs::of(&text), plain(&text));
        }
    }
}
