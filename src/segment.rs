//! Cuts a document's text into segments: one line or paragraph each, with its end.
//!
//! Text -> [`Segment`]s. The segments tile the text: each begins where the one before ended, and
//! blank lines belong to the segment before them (at the very start, to the first). Removing a
//! segment's `span` therefore never leaves a hole of empty lines.
//!
//! ```
//! use ghirbal::segment::segment;
//! let text = "عنوان\n\nفقرة أولى\r\n";
//! let segments = segment(text);
//! assert_eq!(segments.len(), 2);
//! assert_eq!(segments[0].span.of(text), "عنوان\n\n");
//! assert_eq!(segments[1].content.of(text), "فقرة أولى");
//! ```

use crate::span::Span;

/// A line with what ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The line, its terminator and the blank lines after it.
    pub span: Span,
    /// The line alone, without surrounding white space.
    pub content: Span,
}

/// Cuts `text` at line ends: LF, CR LF, CR, VT, FF, NEL and the Unicode line and paragraph
/// separators (The Unicode Standard, section 5.8, "Newline Guidelines").
pub fn segment(text: &str) -> Vec<Segment> {
    let mut segments: Vec<Segment> = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let (line_end, next) = line_end(text, at);
        let content = trim(text, at, line_end);
        match segments.last_mut() {
            Some(last) if content.is_empty() => last.span.end = next as u32,
            // Blank lines before the first line belong to it.
            Some(last) => {
                let start = last.span.end as usize;
                segments.push(Segment { span: Span::new(start, next), content });
            }
            None if !content.is_empty() => segments.push(Segment { span: Span::new(0, next), content }),
            None => {}
        }
        at = next;
    }
    if segments.is_empty() && !text.is_empty() {
        segments.push(Segment { span: Span::new(0, text.len()), content: Span::new(text.len(), text.len()) });
    }
    segments
}

/// Where the line that begins at `at` ends, without and with its terminator.
fn line_end(text: &str, at: usize) -> (usize, usize) {
    let bytes = text.as_bytes();
    let mut i = at;
    loop {
        i += plain_len(&bytes[i..]);
        if i == bytes.len() {
            return (i, i);
        }
        let terminator_len = match bytes[i] {
            b'\r' if bytes.get(i + 1) == Some(&b'\n') => 2,
            b'\n' | b'\r' | 0x0b | 0x0c => 1,
            0xc2 if bytes.get(i + 1) == Some(&0x85) => 2,
            0xe2 if bytes[i + 1..].starts_with(&[0x80, 0xa8]) || bytes[i + 1..].starts_with(&[0x80, 0xa9]) => 3,
            _ => 0,
        };
        if terminator_len > 0 {
            return (i, i + terminator_len);
        }
        i += 1;
    }
}

/// How many bytes from the beginning cannot begin a line end.
fn plain_len(bytes: &[u8]) -> usize {
    let may_end = |b: &u8| matches!(b, 0x0a..=0x0d | 0xc2 | 0xe2);
    // Whole blocks are asked without a branch, so that the compiler can make vectors of it.
    let (blocks, rest) = bytes.as_chunks::<32>();
    let plain = blocks.iter().take_while(|block| !block.iter().fold(false, |any, b| any | may_end(b))).count() * 32;
    let rest = if plain < blocks.len() * 32 { &bytes[plain..] } else { rest };
    plain + rest.iter().take_while(|b| !may_end(b)).count()
}

/// The span `start..end` without white space and byte order marks at its ends.
fn trim(text: &str, start: usize, end: usize) -> Span {
    let blank = |c: char| c.is_whitespace() || c == '\u{feff}';
    let line = &text[start..end];
    let left = line.trim_start_matches(blank);
    let content_start = start + line.len() - left.len();
    Span::new(content_start, content_start + left.trim_end_matches(blank).len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expect: &[&str]) {
        let got: Vec<_> = segment(text).iter().map(|s| s.span.of(text)).collect();
        assert_eq!(got, expect, "{text:?}");
    }

    #[test]
    fn blank_lines_belong_to_the_line_before() {
        check("a\n\n \nb", &["a\n\n \n", "b"]);
        check("\n\na\n", &["\n\na\n"]);
        check("", &[]);
        check(" \n\n", &[" \n\n"]);
    }

    #[test]
    fn every_unicode_line_end_ends_a_line() {
        check(
            "a\r\nb\rc\u{2028}d\u{2029}e\u{85}f\u{b}g\u{c}h",
            &["a\r\n", "b\r", "c\u{2028}", "d\u{2029}", "e\u{85}", "f\u{b}", "g\u{c}", "h"],
        );
    }

    #[test]
    fn content_leaves_out_white_space_and_the_byte_order_mark() {
        let text = "\u{feff}  عنوان\u{a0}\n";
        assert_eq!(segment(text)[0].content.of(text), "عنوان");
    }

    proptest! {
        #[test]
        fn segments_tile_the_text(text in "(\\PC|[\r\n\u{2028}\u{85} \u{feff}]){0,60}") {
            let segments = segment(&text);
            let mut at = 0;
            for s in &segments {
                prop_assert_eq!(s.span.start as usize, at);
                prop_assert!(s.span.contains(s.content));
                prop_assert_eq!(s.content.of(&text).trim(), s.content.of(&text));
                at = s.span.end as usize;
            }
            prop_assert_eq!(at, text.len());
        }
    }
}
