//! What a run of text looks like, without knowing its words: ends of sentences, addresses, scripts.

use crate::tokenise::Token;

/// Marks that end a statement.
const STOPS: &[char] = &['.', '。', '．', '۔', '।', '։', '።'];
/// Marks that end a sentence, questions and exclamations included.
const SENTENCE_ENDS: &[char] = &['.', '。', '．', '۔', '।', '։', '።', '!', '?', '؟', '！', '？', '…', '‼', '⁉'];
/// Closing marks that may follow the end of a sentence.
const CLOSERS: &[char] = &[
    '"', '\'', '”', '’', '»', '›', ')', ']', '}', '」', '』', '）', '】', '》', '*', '\u{200f}', '\u{200e}',
    '\u{feff}', '\u{a0}', ' ',
];

/// Whether the text ends with a full stop, closing marks aside. An ellipsis is none.
pub(super) fn ends_with_stop(text: &str) -> bool {
    let text = text.trim_end_matches(CLOSERS);
    text.ends_with(STOPS) && !text.ends_with("..")
}

/// Whether a sentence ends inside the text: an end mark with white space behind it. Full stops
/// after one or two letters are abbreviations ("د. أحمد", "U.S. Army").
pub(super) fn has_sentence_end(text: &str) -> bool {
    let mut word_len = 0;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if matches!(c, '。' | '！' | '？') {
            return chars.peek().is_some();
        }
        if SENTENCE_ENDS.contains(&c) {
            let spaced = chars.peek().is_some_and(|n| n.is_whitespace());
            if spaced && (c != '.' || word_len > 2) {
                return true;
            }
        }
        word_len = if c.is_alphanumeric() { word_len + 1 } else { 0 };
    }
    false
}

/// Whether a sentence may begin at byte `at` of a line that starts at `line_start`.
pub(super) fn sentence_begins(text: &str, line_start: usize, at: usize) -> bool {
    let before = text[line_start..at].trim_end_matches([
        ' ', '\u{a0}', '\t', '/', '*', '•', '-', '–', '>', '«', '“', '"', '(', '[', '\u{200f}', '\u{200e}', '\u{202b}',
        '\u{202c}',
    ]);
    before.is_empty() || before.ends_with(SENTENCE_ENDS) || before.ends_with(CLOSERS) || before.ends_with([':', '|'])
}

/// What stands between two words. A character that unfolds into several words gives them one span;
/// nothing stands between those.
pub(super) fn between<'t>(text: &'t str, before: &Token, after: &Token) -> &'t str {
    text.get(before.span.end as usize..after.span.start as usize).unwrap_or_default()
}

/// Whether the text holds an address of the net: mail, link, account.
pub(super) fn has_address(text: &str) -> bool {
    // Every address has one of these signs, most lines have none: a look around each.
    let bytes = text.as_bytes();
    let mut at_sign = false;
    for i in memchr::memchr3_iter(b'.', b':', b'@', bytes) {
        let link = match bytes[i] {
            b'.' => {
                let (before, after) = (&bytes[..i], &bytes[i + 1..]);
                matches!(before, [.., b'w', b'w', b'w'] | [.., b'W', b'W', b'W'] | [.., b'W', b'w', b'w'])
                    || (before.ends_with(b"t") && after.starts_with(b"co/"))
                    || (before.ends_with(b"pic") && after.starts_with(b"twitter.com"))
            }
            b':' => bytes[i + 1..].starts_with(b"//"),
            _ => {
                at_sign = true;
                false
            }
        };
        if link {
            return true;
        }
    }
    at_sign && (mail_at(text).is_some() || account_len(text) > 0)
}

/// Where a mail address has its `@`.
pub(super) fn mail_at(text: &str) -> Option<usize> {
    text.match_indices('@').map(|(at, _)| at).find(|&at| {
        let name =
            text[..at].chars().next_back().is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
        let domain = &text[at + 1..];
        let domain_len =
            domain.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))).unwrap_or(domain.len());
        let domain = domain[..domain_len].trim_end_matches(['.', '-']);
        name && domain.contains('.') && !domain.starts_with('.')
    })
}

/// Whether a link or a bare host name stands in the text.
#[cfg(test)]
pub(super) fn has_link(text: &str) -> bool {
    if text.contains("://") || text.contains("pic.twitter.com") || text.contains("t.co/") {
        return true;
    }
    text.contains("www.") || text.contains("WWW.") || text.contains("Www.")
}

/// Length of the first `@account` in bytes, 0 without one.
pub(super) fn account_len(text: &str) -> usize {
    for (at, _) in text.match_indices('@') {
        let before = text[..at].chars().next_back();
        if before.is_some_and(|c| c.is_ascii_alphanumeric()) {
            continue;
        }
        let name = &text[at + 1..];
        let len = name.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(name.len());
        if len >= 2 {
            return len + 1;
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ellipsis_is_no_full_stop() {
        assert!(ends_with_stop("انتهى الأمر.»"));
        assert!(ends_with_stop("He left.\" "));
        assert!(!ends_with_stop("...المزيد..."));
        assert!(!ends_with_stop("لماذا؟"));
    }

    #[test]
    fn abbreviations_do_not_end_sentences() {
        assert!(!has_sentence_end("د. أحمد علي"));
        assert!(!has_sentence_end("U.S. Army"));
        assert!(has_sentence_end("قال نعم. ثم مضى"));
        assert!(!has_sentence_end("العربية.نت"));
        assert!(has_sentence_end("好。再见"));
    }

    #[test]
    fn one_pass_finds_the_addresses_that_each_sort_s_own_search_finds() {
        let parts =
            ["www", "WWW", "Www", "wWw", ".", "t", "co/", "pic", "twitter.com", ":", "//", "@", "ab", "c.de", " ", "م"];
        for a in parts {
            for b in parts {
                for c in parts {
                    let text = format!("{a}{b}{c}");
                    let plain = mail_at(&text).is_some() || has_link(&text) || account_len(&text) > 0;
                    assert_eq!(has_address(&text), plain, "{text}");
                }
            }
        }
    }

    #[test]
    fn addresses_are_mail_links_and_accounts() {
        assert!(mail_at("للمراسلة: a.b@c-d.com").is_some());
        assert!(mail_at("@name").is_none());
        assert!(has_link("see WWW.example.org"));
        assert_eq!(account_len("T: @abc_d!"), 6);
        assert_eq!(account_len("a@b.com"), 0);
    }
}
