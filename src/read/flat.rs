//! The members of one flat JSON object, without a parser.
//!
//! A line -> name and value of each member, undecoded; or nothing, when the line is anything but an
//! object of strings, plain numbers and words. Then `serde_json` reads it, and says what is wrong
//! if something is. What this accepts, `serde_json` accepts with the same members: a test compares
//! them. It is there for speed: records are mostly one long string, whose end `memchr` finds at
//! memory speed.

use memchr::memchr2;

/// Calls `member` with the inside of each name's quotes and the whole of each value. `None` when
/// the line is not for this reader; some members may have been seen by then.
pub(super) fn members<'a>(line: &'a str, mut member: impl FnMut(&'a str, &'a str)) -> Option<()> {
    let bytes = line.as_bytes();
    let mut at = token(bytes, skip_space(bytes, 0), b'{')?;
    loop {
        let name_end = string(bytes, skip_space(bytes, at))?;
        let name = &line[skip_space(bytes, at) + 1..name_end - 1];
        if name.contains('\\') {
            return None;
        }
        let value_start = skip_space(bytes, token(bytes, skip_space(bytes, name_end), b':')?);
        let value_end = value(bytes, value_start)?;
        member(name, &line[value_start..value_end]);
        at = skip_space(bytes, value_end);
        match bytes.get(at)? {
            b',' => at += 1,
            b'}' => break,
            _ => return None,
        }
    }
    (skip_space(bytes, at + 1) == bytes.len()).then_some(())
}

fn skip_space(bytes: &[u8], at: usize) -> usize {
    at + bytes[at..].iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r')).count()
}

fn token(bytes: &[u8], at: usize, wanted: u8) -> Option<usize> {
    (*bytes.get(at)? == wanted).then_some(at + 1)
}

/// The end of the value that begins at `at`.
fn value(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at)? {
        b'"' => string(bytes, at),
        b'-' | b'0'..=b'9' => number(bytes, at),
        _ => [&b"true"[..], b"false", b"null"].iter().find(|w| bytes[at..].starts_with(w)).map(|w| at + w.len()),
    }
}

/// The end of the string whose quote stands at `at`.
fn string(bytes: &[u8], at: usize) -> Option<usize> {
    let start = token(bytes, at, b'"')?;
    let mut end = start;
    loop {
        end += memchr2(b'"', b'\\', &bytes[end..])?;
        if bytes[end] == b'"' {
            break;
        }
        end += escape_len(&bytes[end..])?;
    }
    // Control characters must be escaped. Without a branch for each byte this runs in vectors.
    let smallest = bytes[start..end].iter().fold(u8::MAX, |least, &b| least.min(b));
    (smallest >= b' ').then_some(end + 1)
}

fn escape_len(bytes: &[u8]) -> Option<usize> {
    match bytes.get(1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(2),
        b'u' => bytes.get(2..6)?.iter().all(u8::is_ascii_hexdigit).then_some(6),
        _ => None,
    }
}

/// The end of a number without an exponent.
fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let digits = |at: usize| bytes[at..].iter().take_while(|b| b.is_ascii_digit()).count();
    let start = at + usize::from(bytes[at] == b'-');
    let whole = digits(start);
    if whole == 0 || (whole > 1 && bytes[start] == b'0') {
        return None;
    }
    let mut end = start + whole;
    if bytes.get(end) == Some(&b'.') {
        let fraction = digits(end + 1);
        if fraction == 0 {
            return None;
        }
        end += 1 + fraction;
    }
    (!matches!(bytes.get(end), Some(b'e' | b'E'))).then_some(end)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde_json::value::RawValue;

    use super::*;

    fn flat(line: &str) -> Option<Vec<(&str, &str)>> {
        let mut all = Vec::new();
        members(line, |name, value| all.push((name, value))).map(|()| all)
    }

    /// Whatever the reader accepts, `serde_json` reads alike.
    fn check(line: &str) {
        let Some(members) = flat(line) else { return };
        let parsed: BTreeMap<String, &RawValue> =
            serde_json::from_str(line).unwrap_or_else(|e| panic!("{line:?}: {e}"));
        // As in `serde_json`, the last of several equal names wins.
        let members: BTreeMap<&str, &str> = members.into_iter().collect();
        assert!(parsed.iter().map(|(name, value)| (name.as_str(), value.get())).eq(members), "{line:?}");
    }

    #[test]
    fn flat_objects_are_read_and_others_left_to_the_parser() {
        let line = " {\"a\" : \"x\\\"\\u0627\" ,\t\"b\":-1.5,\"c\":true,\"a\":null } \r\n";
        assert_eq!(flat(line), Some(vec![("a", "\"x\\\"\\u0627\""), ("b", "-1.5"), ("c", "true"), ("a", "null")]));
        for other in [
            "",
            "{",
            "{}",
            "[1]",
            "{\"a\":[1]}",
            "{\"a\":{}}",
            "{\"a\":1e9}",
            "{\"a\":01}",
            "{\"a\":1.}",
            "{\"a\":-}",
            "{\"a\":\"\\q\"}",
            "{\"a\":\"\\u12\"}",
            "{\"a\":\"\u{1}\"}",
            "{\"a\":\"x}",
            "{\"a\":1,}",
            "{\"a\":1} x",
            "{\"a\":truex}",
            "{\"a\" 1}",
            "{\"\\u0061\":1}",
            "{a:1}",
        ] {
            assert_eq!(flat(other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_json_with_the_same_members(
            parts in prop::collection::vec(prop::sample::select(vec![
                "{", "}", "\"", ":", ",", " ", "\\", "u0627", "\\u0627", "\\ud83d", "\"a\"", "\"b\":", "1", "0", "-", ".5", "e3",
                "true", "null", "[", "]", "\t", "\u{1}", "غ", "\"x\\n\"", "{\"a\":", "\"}",
            ]), 0..14)
        ) {
            check(&parts.concat());
            check(&format!("{{\"t\":\"{}\"}}", parts.concat()));
        }
    }
}
