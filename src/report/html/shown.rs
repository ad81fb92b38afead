//! Text of documents inside a page.
//!
//! Text -> HTML that shows it and does nothing else: markup is escaped, and what would be invisible
//! or turn the direction of its neighbours is named.

use std::fmt::Write;

use maud::Render;

/// Text as it stands, line ends included.
pub struct Shown<'a>(pub &'a str);

impl Render for Shown<'_> {
    fn render_to(&self, out: &mut String) {
        let mut plain = 0;
        for (at, c) in self.0.char_indices().filter(|&(_, c)| hides(c)) {
            self.0[plain..at].render_to(out);
            // Writing to a String cannot fail.
            let _ = write!(out, "<i class=\"code\">{:04X}</i>", c as u32);
            plain = at + c.len_utf8();
        }
        self.0[plain..].render_to(out);
    }
}

/// Control characters but for line ends and tabs, and whatever overrides the direction of text. The
/// marks U+200E and U+200F are usual in Arabic text, and turn nothing outside their isolate.
fn hides(c: char) -> bool {
    let turns = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    let unseen = matches!(c, '\u{2028}' | '\u{2029}' | '\u{e0000}'..='\u{e007f}');
    turns || unseen || (c.is_control() && !matches!(c, '\n' | '\t'))
}

/// The same as a value of an attribute, which scripts compare.
pub fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if hides(c) { out.extend(c.escape_unicode()) } else { out.push(c) }
    }
    out
}

/// The beginning of a name, at most `chars_max` long.
pub fn short(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_escaped_and_what_turns_or_hides_is_named() {
        let shown = Shown("<b title=\"x\">&\n\u{202e}a\u{0}").render().0;
        assert_eq!(shown, "&lt;b title=&quot;x&quot;&gt;&amp;\n<i class=\"code\">202E</i>a<i class=\"code\">0000</i>");
    }

    #[test]
    fn values_of_attributes_hold_nothing_that_hides() {
        assert_eq!(harmless("a\u{0}\u{202e}غ"), "a\\u{0}\\u{202e}غ");
    }

    #[test]
    fn a_long_name_is_cut() {
        assert_eq!((short("غربال", 5).as_str(), short("غربال", 2).as_str()), ("غربال", "غر…"));
    }
}
