//! Phrases in lines, and the blocks that "read also" markers open.
//!
//! Structure leads, vocabulary confirms: a marker alone on a line opens a block of headlines; the
//! block goes on through running text only when that text is another article's (it repeats the
//! headline above it, or the article had ended with its source or tags), else the article resumes.

use super::headlines;
use super::page::{Mark, Page, shared};
use super::phrases::Hit;
use crate::label::Label;

/// Lines between the article's end ("Source: …") and a marker that still belong together.
const CLOSING_LINES: usize = 5;
/// A block of headlines without running text ends after this many lines.
const HEADLINES_MAX: usize = 12;

/// Sets the marks of phrases that are whole lines, and cuts phrases inside lines.
pub(super) fn phrases(page: &mut Page) {
    let all = page.phrases;
    let mut weak = Vec::new();
    for line in 0..page.lines.len() {
        let hay = page.haystack(line);
        // "In pictures: the headline" at the very top is the title, not news of another article.
        let title = |hit: &Hit| line == 0 && hit.phrase.label == Label::ReadAlsoContent;
        if let Some(hit) = all.whole_line(hay).filter(|hit| !title(hit)) {
            let mark = block_mark(&hit);
            if hit.phrase.weak {
                weak.push((line, mark));
            } else {
                page.set(line, mark);
            }
            continue;
        }
        let mut cuts = Vec::new();
        all.inside_line(hay, |hit| {
            let whole = hit.bytes.start == hay.bytes.0 && hit.bytes.end == hay.bytes.1;
            if !(whole && hit.phrase.weak) {
                cuts.push((hit.bytes.clone(), inline_mark(&hit)));
            }
        });
        for (bytes, mark) in cuts {
            page.inside.push((line, bytes, mark));
        }
    }
    for (line, mark) in weak {
        if let Some(mark) = supported(page, line, mark) {
            page.set(line, mark);
        }
    }
}

/// A weak phrase counts outside the article or beside filler that needs no support, and inside the
/// article where the host repeats it. Below a line that ends in a colon it may be what that line
/// announces.
fn supported(page: &Page, line: usize, mark: Mark) -> Option<Mark> {
    let count = page.on_host(line);
    if line == 0 || page.text(line - 1).ends_with([':', '：']) {
        return None;
    }
    let outside = page.is_outside(line);
    let beside = page.marks[line - 1].is_some() || page.marks.get(line + 1).is_some_and(Option::is_some);
    // An agency's name between two paragraphs is the credit of a picture that was lost.
    let credit = page.phrases.lexicon().all(page.tokens(line), super::lexicon::Kinds::AGENCY);
    let score = match (outside || beside || credit, count.documents >= 3) {
        (true, true) => 0.95,
        (true, false) => 0.85,
        (false, true) => 0.75,
        (false, false) => 0.4,
    };
    (score > 0.5).then(|| Mark { score, ..mark.with("documents_on_host", count.documents) })
}

fn block_mark(hit: &Hit) -> Mark {
    let why = match hit.phrase.label {
        Label::ReadAlsoMarker => "the line only announces other articles",
        Label::ReadAlsoContent => "the line announces another article and gives its headline",
        Label::Dateline => "the line only gives a date or a place",
        Label::SourceCredit => "the line only names the source",
        Label::Keywords => "the line only lists tags",
        Label::Byline => "the line only names who wrote it",
        Label::Contact => "the line only gives an address",
        Label::Promo => "the line only promotes the site's services",
        Label::Share => "the line is a bar of buttons for sharing",
        Label::Rights => "the line only states rights or terms",
        Label::SocialEmbed => "the line belongs to an embedded post",
        _ => "the line is a button or label of the page",
    };
    Mark::new(hit.phrase.label, "phrase.line", 0.95, why)
        .with("phrase", hit.phrase.pattern.as_str())
        .with("list", hit.phrase.list.as_str())
}

fn inline_mark(hit: &Hit) -> Mark {
    let (score, why) = if hit.glued {
        (0.95, "a marker glued to the next word; only the marker's bytes are meant")
    } else {
        (0.85, "a marker inside the line; only its own bytes are meant")
    };
    Mark::new(hit.phrase.label, "phrase.inside", score, why)
        .with("phrase", hit.phrase.pattern.as_str())
        .with("list", hit.phrase.list.as_str())
}

/// Follows every marker into the block it opens.
pub(super) fn blocks(page: &mut Page) {
    same_line(page);
    let mut line = 0;
    while line < page.lines.len() {
        let opens = page.marks[line].as_ref().is_some_and(opens_block);
        line = if opens { block(page, line) } else { line + 1 };
    }
}

/// A marker, alone or with the headline it announces.
fn opens_block(mark: &Mark) -> bool {
    mark.label == Label::ReadAlsoMarker
        || (mark.label == Label::ReadAlsoContent && matches!(mark.rule, "phrase.line" | "marker.same_line"))
}

/// A marker before a headline on one line announces that headline: the line goes whole. Glued to
/// the next word inside the article it may have been glued to a paragraph, and is cut alone.
fn same_line(page: &mut Page) {
    let cuts = std::mem::take(&mut page.inside);
    for (line, bytes, mark) in cuts {
        let glued = page.view.text[bytes.end..].starts_with(char::is_alphabetic);
        let ended = page.is_after(line) || closing_line(page, line).is_some();
        let whole = mark.label == Label::ReadAlsoMarker
            && bytes.start == page.lines[line].span.start as usize
            && page.lines[line].headline()
            && (!glued || ended);
        if whole {
            let why = "a marker and the headline it announces, on one line".to_string();
            page.set(line, Mark { label: Label::ReadAlsoContent, rule: "marker.same_line", score: 0.9, why, ..mark });
        } else {
            page.inside.push((line, bytes, mark));
        }
    }
}

/// Marks the block of the marker at `marker`; returns the line after it.
fn block(page: &mut Page, marker: usize) -> usize {
    let closed = closing_line(page, marker);
    let before = page.prose_weight(0..marker);
    if before < 5.0 {
        // A marker above the article opens nothing that can be told from the article itself.
        return marker + 1;
    }
    let alone = page.marks[marker].as_ref().is_some_and(|m| m.label == Label::ReadAlsoMarker);
    if !alone {
        // The headline stands in the marker's line; only its own text may follow.
        let next = marker + 1;
        let told = next < page.lines.len() && page.is_prose(next) && told_by(page, marker, next);
        if next < page.lines.len() && page.is_prose(next) && (closed.is_some() || told) {
            let common = shared(&page.stems(marker), &page.stems(next));
            return appended(page, marker, next, closed, common);
        }
        if closed.is_none() {
            return next;
        }
    }
    let mut line = marker + 1;
    let mut above: Vec<usize> = Vec::new();
    while line < page.lines.len() {
        if page.marks[line].as_ref().is_some_and(opens_block) {
            return line;
        }
        if page.marks[line].is_some() {
            line += 1;
            continue;
        }
        if !page.lines[line].prose {
            if line - marker > HEADLINES_MAX && closed.is_none() && !page.is_after(line) {
                return line;
            }
            above.push(line);
            line += 1;
            continue;
        }
        if above.is_empty() {
            // The marker lost its headline: what follows is the article, unless it had ended.
            return if closed.is_some() { appended(page, marker, line, closed, 0) } else { line };
        }
        let told = page.stems(line);
        let common = above.iter().rev().take(2).map(|&h| shared(&page.stems(h), &told)).max().unwrap_or(0);
        // A lead begins anew; a paragraph that goes on ("وقال") belongs to the text before.
        if closed.is_some() || common >= 2 || (alone && common == 1 && !headlines::resumes(page, line)) {
            return appended(page, marker, line, closed, common);
        }
        break;
    }
    announced(page, marker, line);
    line
}

/// Whether a paragraph tells what a headline says.
fn told_by(page: &Page, headline: usize, line: usize) -> bool {
    shared(&page.stems(headline), &page.stems(line)) >= 2 && !headlines::resumes(page, line)
}

/// The line before the marker with which the article had ended: its source, tags or end mark.
fn closing_line(page: &Page, marker: usize) -> Option<usize> {
    (marker.saturating_sub(CLOSING_LINES)..marker).rev().take_while(|&i| page.marks[i].is_some()).find(|&i| {
        page.marks[i]
            .as_ref()
            .is_some_and(|m| matches!(m.label, Label::SourceCredit | Label::Keywords | Label::Rights | Label::Contact))
    })
}

/// Marks the headlines of a block from its marker to `end`.
fn announced(page: &mut Page, marker: usize, end: usize) {
    for line in marker + 1..end {
        let why = format!("a headline under the marker of line {}", marker + 1);
        let score = if page.lines[line].stop { 0.75 } else { 0.92 };
        page.set(
            line,
            Mark::new(Label::ReadAlsoContent, "marker.headline", score, why).with("marker_line", marker + 1),
        );
    }
}

/// Marks another article appended after its marker, to the end of the file.
fn appended(page: &mut Page, marker: usize, prose: usize, closed: Option<usize>, common: usize) -> usize {
    let before = page.prose_weight(0..marker);
    let after = page.prose_weight(prose..page.lines.len());
    // Far more text after the marker than before it: rather the article than its appendix.
    let lopsided = after > 3.0 * before && closed.is_none();
    let score = match (closed.is_some(), common >= 2, lopsided) {
        (_, _, true) => 0.55,
        (true, true, _) => 0.96,
        (true, false, _) => 0.9,
        (false, true, _) => 0.85,
        (false, false, _) => 0.72,
    };
    announced(page, marker, prose);
    for line in prose..page.lines.len() {
        let why = match closed {
            Some(end) => format!(
                "text of another article: the article ended at line {}, the marker is line {}",
                end + 1,
                marker + 1
            ),
            None => format!(
                "text of another article: it tells what the headline under the marker of line {} says",
                marker + 1
            ),
        };
        let mark = Mark::new(Label::ReadAlsoContent, "marker.appended", score, why)
            .with("marker_line", marker + 1)
            .with("words_shared_with_headline", common);
        let own = page.marks[line].as_ref().is_some_and(|m| {
            matches!(
                m.label,
                Label::Byline | Label::Dateline | Label::SourceCredit | Label::Keywords | Label::SiteLabel
            ) && !page.is_after(line)
        });
        if page.marks[line].is_none() || own {
            page.marks[line] = Some(mark);
        }
    }
    page.lines.len()
}
