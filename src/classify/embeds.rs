//! Embedded posts of social networks: anchored on the link or the signature, grown backward.

use memchr::memmem;

use super::page::{Mark, Page};
use super::shape;
use crate::label::Label;

/// A line with the post's link has at most this many words besides.
const WORDS_MAX: f32 = 60.0;

/// A line of filler longer than this that holds a post is not all post.
const OWN_WORDS_MAX: f32 = 20.0;

/// Marks embedded posts; they overrule what else a line was taken for.
pub(super) fn embeds(page: &mut Page) {
    // Most pages have no post, and are asked once.
    let all = page.view.text.as_bytes();
    if memmem::find(all, b"pic.").is_none() && memmem::find(all, b"(@").is_none() {
        return;
    }
    for line in 0..page.lines.len() {
        if page.lines[line].weight > WORDS_MAX {
            continue;
        }
        let text = page.text(line);
        let picture = memmem::find(text.as_bytes(), b"pic.").map_or("", |at| &text[at..]);
        let post = picture.contains("pic.twitter.com/") || picture.contains("pic.x.com/") || signature(text);
        if !post {
            continue;
        }
        // The post may begin inside the line, after the article's last sentence.
        match glued_post(text) {
            Some(cut) if cut > 0 => {
                let span = page.lines[line].span;
                let bytes = span.start as usize + cut..span.end as usize;
                page.inside.push((line, bytes, mark(line)));
            }
            // A paragraph of an appended article that quotes a post stays what it is.
            _ if page.marks[line].is_some() && page.lines[line].weight > OWN_WORDS_MAX => {}
            _ => page.marks[line] = Some(mark(line)),
        }
        if line > 0
            && text.starts_with(|c: char| is_pictograph(c))
            && let Some(cut) = glued_post(page.text(line - 1))
        {
            let span = page.lines[line - 1].span;
            split(page, line - 1, span.start as usize + cut, mark(line));
        }
    }
}

fn mark(line: usize) -> Mark {
    let why = "a post of a social network: its link or signature stands here";
    Mark::new(Label::SocialEmbed, "embed.post", 0.9, why).with("link_line", line + 1)
}

/// Gives the bytes from `cut` on to `mark`, and those before it to what the line was.
fn split(page: &mut Page, line: usize, cut: usize, mark: Mark) {
    let span = page.lines[line].span;
    if let Some(own) = page.marks[line].take() {
        page.inside.push((line, span.start as usize..cut, own));
    }
    page.inside.push((line, cut..span.end as usize, mark));
}

/// Where a post that begins with a pictograph is glued to the end of a sentence.
fn glued_post(text: &str) -> Option<usize> {
    let (cut, _) = text.char_indices().find(|&(at, c)| {
        is_pictograph(c) && at > 0 && text[..at].trim_end().ends_with(['.', '!', '?', '؟', '»', '"'])
    })?;
    (!shape::ends_with_stop(&text[cut..])).then_some(cut)
}

/// "— name (@account) May 1, 2024"
fn signature(text: &str) -> bool {
    memmem::find(text.as_bytes(), b"(@").is_some()
        && (text.contains("\u{2014}") || text.contains("&mdash;"))
        && text.chars().any(char::is_numeric)
}

fn is_pictograph(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{21ff}' | '\u{2300}'..='\u{23ff}' | '\u{25a0}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}')
}
