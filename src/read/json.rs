//! The inside of a JSON string: between raw bytes and the text they stand for.
//!
//! All functions take the bytes between the quotes of a string that a JSON parser has accepted.
//!
//! ```text
//! raw:  a \u0627 \n b      decoded offsets 0 1 3 4 5
//!       0 1      7  9 10   raw offsets
//! ```

use memchr::memchr;
use serde::{Deserialize, Serialize};

/// The text behind the raw inside of a string.
///
/// # Errors
/// The place of an escape that stands for no character (half of a surrogate pair).
pub(crate) fn decode(raw: &str) -> Result<String, usize> {
    let mut text = String::with_capacity(raw.len());
    let mut at = 0;
    while let Some(run) = memchr(b'\\', &raw.as_bytes()[at..]) {
        text.push_str(&raw[at..at + run]);
        at += run;
        let (character, len) = escape(&raw.as_bytes()[at..]).ok_or(at)?;
        text.push(character);
        at += len;
    }
    text.push_str(&raw[at..]);
    Ok(text)
}

/// Where places in the text stand in its raw form. `decoded` is ascending and on character
/// borders of the text.
pub(crate) fn raw_offsets(raw: &str, decoded: impl IntoIterator<Item = usize>) -> Vec<usize> {
    let bytes = raw.as_bytes();
    // The run of unescaped bytes we stand in: both forms advance alike up to its end.
    let (mut raw_at, mut text_at) = (0, 0);
    let mut run_end = memchr(b'\\', bytes).unwrap_or(bytes.len());
    let mut offsets = Vec::new();
    for wanted in decoded {
        while wanted > text_at + (run_end - raw_at) {
            text_at += run_end - raw_at;
            raw_at = run_end;
            let Some((character, len)) = escape(&bytes[raw_at..]) else { break };
            text_at += character.len_utf8();
            raw_at += len;
            run_end = memchr(b'\\', &bytes[raw_at..]).map_or(bytes.len(), |run| raw_at + run);
        }
        offsets.push(raw_at + (wanted - text_at));
    }
    offsets
}

/// The character an escape at the beginning of `bytes` stands for, and the escape's length.
fn escape(bytes: &[u8]) -> Option<(char, usize)> {
    let simple = match bytes.get(1)? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unicode_escape(bytes),
        _ => return None,
    };
    Some((simple, 2))
}

fn unicode_escape(bytes: &[u8]) -> Option<(char, usize)> {
    let high = code_unit(bytes)?;
    if let Some(character) = char::from_u32(high) {
        return Some((character, 6));
    }
    let low = code_unit(bytes.get(6..)?)?;
    if !(0xd800..0xdc00).contains(&high) || !(0xdc00..0xe000).contains(&low) {
        return None;
    }
    char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)).map(|c| (c, 12))
}

/// The value of `\uXXXX` at the beginning of `bytes`.
fn code_unit(bytes: &[u8]) -> Option<u32> {
    let digits = bytes.strip_prefix(b"\\u")?.get(..4)?;
    digits.iter().try_fold(0, |value, &d| Some(value * 16 + (d as char).to_digit(16)?))
}

/// A way of writing text inside a JSON string. The ledger names it instead of keeping the raw
/// bytes a second time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Escapes {
    /// Not inside a JSON string at all.
    #[default]
    None,
    /// Only what must be: quotes, backslashes, control characters (serde_json, JavaScript,
    /// Python's `ensure_ascii=False`).
    Json,
    /// Everything outside printable ASCII (Python's default).
    Ascii,
    /// Not JSON but a quoted field of CSV: quotes are doubled.
    Csv,
}

impl Escapes {
    /// Writes text this way.
    pub(crate) fn write(self, text: &str) -> String {
        match self {
            Escapes::None => return text.to_owned(),
            Escapes::Csv => return text.replace('"', "\"\""),
            Escapes::Json | Escapes::Ascii => {}
        }
        let mut raw = String::with_capacity(text.len() + text.len() / 8);
        let mut rest = text;
        // What is written as it is comes in long runs.
        while let Some(run) = rest.bytes().position(|byte| self.escapes(byte)) {
            raw.push_str(&rest[..run]);
            let mut characters = rest[run..].chars();
            let Some(character) = characters.next() else { break };
            rest = characters.as_str();
            match character {
                '"' => raw.push_str("\\\""),
                '\\' => raw.push_str("\\\\"),
                '\u{8}' => raw.push_str("\\b"),
                '\u{c}' => raw.push_str("\\f"),
                '\n' => raw.push_str("\\n"),
                '\r' => raw.push_str("\\r"),
                '\t' => raw.push_str("\\t"),
                _ => push_code_units(&mut raw, character),
            }
        }
        raw.push_str(rest);
        raw
    }

    /// Whether a character that begins with this byte is written as an escape.
    fn escapes(self, byte: u8) -> bool {
        matches!(byte, ..b' ' | b'"' | b'\\') || (byte >= 0x7f && self == Escapes::Ascii)
    }

    /// The way of writing that turns `text` into exactly `raw`, when it is one of ours.
    pub(crate) fn of(raw: &str, text: &str) -> Option<Self> {
        [Escapes::Json, Escapes::Ascii].into_iter().find(|style| style.write(text) == raw)
    }
}

fn push_code_units(raw: &mut String, character: char) {
    for unit in character.encode_utf16(&mut [0; 2]) {
        raw.push_str(&format!("\\u{unit:04x}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoding_agrees_with_serde_json_on_every_kind_of_escape() {
        for raw in ["", "a", r"\u0627\u0644", r"\ud83d\ude00", r#"\"\\\/\b\f\n\r\t"#, r"غ\u0631بال\n", "\u{1F600}x"]
        {
            let expected: String = serde_json::from_str(&format!("\"{raw}\"")).unwrap();
            assert_eq!(decode(raw).unwrap(), expected);
        }
    }

    #[test]
    fn half_a_surrogate_pair_is_no_character() {
        assert_eq!(decode(r"ab\ud83d"), Err(2));
        assert_eq!(decode(r"\ud83dx"), Err(0));
        assert_eq!(decode(r"\ud83d\u0041"), Err(0));
        assert_eq!(decode(r"\ude00\ud83d"), Err(0));
    }

    #[test]
    fn every_border_of_the_text_has_its_place_in_the_raw_form() {
        let raw = r"a\u0627\nb\ud83d\ude00ا";
        let text = decode(raw).unwrap();
        let borders: Vec<usize> = (0..=text.len()).filter(|&i| text.is_char_boundary(i)).collect();
        let offsets = raw_offsets(raw, borders.iter().copied());
        assert_eq!(offsets, [0, 1, 7, 9, 10, 22, 24]);
        for (from, &border) in offsets.iter().zip(&borders) {
            assert_eq!(decode(&raw[*from..]).unwrap(), text[border..]);
        }
    }

    #[test]
    fn both_usual_ways_of_writing_are_recognised() {
        let text = "غ\"\\\n\u{1}\u{7f}😀/";
        let json = serde_json::to_string(text).unwrap();
        assert_eq!(Escapes::of(&json[1..json.len() - 1], text), Some(Escapes::Json));
        let python = r#"\u063a\"\\\n\u0001\u007f\ud83d\ude00/"#;
        assert_eq!(Escapes::of(python, text), Some(Escapes::Ascii));
        assert_eq!(Escapes::of(&python.replace('/', r"\/"), text), None);
    }
}
