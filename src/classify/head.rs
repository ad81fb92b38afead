//! The head of an article: its title, the title once more, who wrote it, where and when.
//!
//! Works on the lines before the first running text, and on a dateline joined to the lead.

use super::lexicon::Kinds;
use super::page::{Mark, Page};
use super::{dates, shape};
use crate::label::Label;
use crate::tokenise::Token;

/// A title has at most this many words; the longest Arabic headlines seen have 22.
const TITLE_WORDS_MAX: f32 = 25.0;
/// The title comes once more within this many lines.
const TITLE_REPEAT_LINES: usize = 6;
/// A byline stands within this many lines of the title.
const BYLINE_LINES: usize = 4;
/// "وكالة الأنباء السعودية" and a place: more words are a deck.
const BYLINE_WORDS_MAX: usize = 8;
const PART_WORDS_MAX: usize = 4;

/// Marks the title and its repetitions, and returns the title's line.
pub(super) fn title(page: &mut Page) -> Option<usize> {
    let line = (0..page.lines.len().min(4)).find(|&i| page.marks[i].is_none())?;
    let shape = &page.lines[line];
    if page.lines.len() < 2 || shape.stop || shape.weight > TITLE_WORDS_MAX || shape.weight < 1.0 {
        return None;
    }
    let words: Vec<u64> = page.tokens(line).iter().map(|t| t.hash).collect();
    page.set(line, Mark::new(Label::Title, "head.title", 0.9, "the first line, without a full stop, heads the text"));
    if words.len() < 2 {
        return Some(line);
    }
    for again in line + 1..page.lines.len() {
        let tokens = page.tokens(again);
        if tokens.len() != words.len() || !tokens.iter().map(|t| t.hash).eq(words.iter().copied()) {
            continue;
        }
        // Right below the title it is the page's second copy; further down it may be a refrain.
        let near = again <= line + TITLE_REPEAT_LINES && (line + 1..again).all(|i| !page.lines[i].prose);
        let score = if near { 0.98 } else { 0.6 };
        let why = format!("line {} is the title once more", again + 1);
        page.marks[again] =
            Some(Mark::new(Label::TitleRepeat, "head.title_repeat", score, why).with("title_line", line + 1));
    }
    Some(line)
}

/// Marks bylines and datelines by their shape, above the first running text.
pub(super) fn bylines(page: &mut Page, title: Option<usize>) {
    let Some(title) = title else { return };
    let Some(lead) = page.prose_after(title) else { return };
    for line in title + 1..lead.min(title + 1 + BYLINE_LINES) {
        if page.marks[line].is_none()
            && let Some(mark) = byline(page, line, title)
        {
            page.set(line, mark);
        }
    }
    joined_dateline(page, lead);
}

fn byline(page: &Page, line: usize, title: usize) -> Option<Mark> {
    let text = page.text(line);
    let tokens = page.tokens(line);
    let lexicon = page.phrases.lexicon();
    if tokens.is_empty() || tokens.len() > BYLINE_WORDS_MAX || page.lines[line].stop || shape::has_sentence_end(text) {
        return None;
    }
    // Below a colon stands what it announces: fixtures, a list of names.
    if page.text(line - 1).ends_with([':', '：']) {
        return None;
    }
    if let Some(mark) = place_and_name(page, line) {
        return Some(mark);
    }
    if text.contains(['؟', '?', '!', '"', '“', '«', '،', ':', '('])
        || text.contains(char::is_numeric)
        || lexicon.count(tokens, Kinds::VERB) > 0
    {
        return None;
    }
    let known = Kinds::PLACE.or(Kinds::AGENCY);
    if tokens.len() <= 4 && lexicon.all(tokens, known) {
        let why = "the line holds only places and agencies, above the text";
        return Some(Mark::new(Label::Dateline, "head.place_agency", 0.85, why));
    }
    if lexicon.count(tokens, Kinds::FUNCTION) > 0 {
        return None;
    }
    if tokens.len() <= 4 && text.ends_with('/') {
        return Some(Mark::new(
            Label::Byline,
            "head.outlet",
            0.85,
            "a short line that ends in a stroke names the outlet",
        ));
    }
    if let Some(at) = dash(page, line) {
        let (left, right) = tokens.split_at(at);
        if left.len() <= PART_WORDS_MAX && right.len() <= PART_WORDS_MAX {
            let places = [left, right].iter().filter(|p| lexicon.all(p, Kinds::PLACE)).count();
            let agencies = [left, right].iter().filter(|p| lexicon.all(p, Kinds::AGENCY)).count();
            let why = "two short names with a dash between them, between title and text";
            return Some(match (places, agencies) {
                (1.., 1..) => Mark::new(Label::Dateline, "head.place_agency", 0.95, why),
                // Two such lines in a row may be bylines; a third makes them a list of fixtures.
                (0, 0) if (line + 1..line + 3).all(|l| l < page.lines.len() && dash(page, l).is_some()) => return None,
                (0, 0) if line > title + 1 && page.marks[line - 1].is_none() => return None,
                (0, 0) => Mark::new(Label::Byline, "head.name_place", 0.72, why),
                _ => Mark::new(Label::Byline, "head.name_place", 0.92, why).with("known", places + agencies),
            });
        }
    }
    let in_title = tokens.len() >= 2
        && tokens.len() <= 4
        && page.tokens(title).windows(tokens.len()).any(|w| w.iter().map(|t| t.hash).eq(tokens.iter().map(|t| t.hash)))
        && page.text(title).contains(':');
    if in_title {
        let why = "the name that the title gives before its colon, alone on a line";
        return Some(Mark::new(Label::Byline, "head.name_in_title", 0.85, why));
    }
    let person = lexicon.is(&tokens[0], Kinds::PERSON);
    let named = line == title + 1 && (2..=4).contains(&tokens.len()) && page.is_prose(line + 1);
    if named {
        let score = if person { 0.75 } else { 0.55 };
        let why = "a few words without a verb between title and text may name the author";
        return Some(Mark::new(Label::Byline, "head.name", score, why));
    }
    None
}

/// "name (place)", "place: name", "outlet - name - place": short parts of which one is a place.
fn place_and_name(page: &Page, line: usize) -> Option<Mark> {
    let (tokens, lexicon) = (page.tokens(line), page.phrases.lexicon());
    if page.text(line).contains(['؟', '?', '!']) || page.text(line).contains(char::is_numeric) {
        return None;
    }
    let mut parts: Vec<&[Token]> = Vec::new();
    let mut start = 0;
    for i in 1..=tokens.len() {
        let divided = i == tokens.len() || {
            let between = gap(page, &tokens[i - 1], &tokens[i]).trim();
            between.contains([':', '-', '–', '—', 'ـ', '/', '|', '(', '،'])
                && between.chars().all(|c| " :-–—ـ/|(،«»\"“)".contains(c))
        };
        if divided {
            parts.push(&tokens[start..i]);
            start = i;
        }
    }
    let places = parts.iter().filter(|p| lexicon.all(p, Kinds::PLACE)).count();
    // A paper named after a town is a place.
    let agency = |p: &&&[Token]| lexicon.all(p, Kinds::AGENCY) && !lexicon.all(p, Kinds::PLACE);
    let agencies = parts.iter().filter(agency).count();
    let others = parts.len() - places - agencies;
    let short = parts.iter().all(|p| p.len() <= PART_WORDS_MAX) && (2..=4).contains(&parts.len());
    let prose = lexicon.count(tokens, Kinds::FUNCTION.or(Kinds::VERB)) > 0;
    if !short || prose || places == 0 || others > 2 {
        return None;
    }
    let label = if others == 0 { Label::Dateline } else { Label::Byline };
    let why = "short names of which one is a place, between title and text";
    // "name – town (country)" tells where something is as often as who wrote it.
    let score = if parts.len() > 2 && page.text(line).ends_with(')') { 0.65 } else { 0.92 };
    Some(Mark::new(label, "head.place_and_name", score, why).with("places", places).with("agencies", agencies))
}

/// Between which words of a line a dash or stroke divides it in two.
fn dash(page: &Page, line: usize) -> Option<usize> {
    let tokens = page.tokens(line);
    let mut found = None;
    for i in 1..tokens.len() {
        if is_dash(gap(page, &tokens[i - 1], &tokens[i])) {
            if found.is_some() {
                return None;
            }
            found = Some(i);
        }
    }
    found
}

fn gap<'a>(page: &Page<'a>, before: &Token, after: &Token) -> &'a str {
    shape::between(page.view.text, before, after)
}

/// A dash, a stroke, a bar, or a tatweel used as a dash.
fn is_dash(gap: &str) -> bool {
    matches!(gap.trim(), "-" | "–" | "—" | "ـ" | "/" | "|" | "ــ" | "--" | "\\" | "•")
}

/// Cuts "القاهرة - رويترز: " or "LONDON (Reuters) - " from the lead, and nothing else.
fn joined_dateline(page: &mut Page, lead: usize) {
    let tokens = page.tokens(lead);
    let lexicon = page.phrases.lexicon();
    let places = tokens.iter().take(6).take_while(|t| lexicon.is(t, Kinds::PLACE)).count();
    if places == 0 || tokens.len() < 12 {
        return;
    }
    let mut end = places;
    let mut agencies = 0;
    while end < tokens.len().min(places + 8) {
        let between = gap(page, &tokens[end - 1], &tokens[end]);
        if agencies > 0 && opens_text(between) && !lexicon.is(&tokens[end], Kinds::AGENCY) {
            let (start, stop) =
                (page.lines[lead].span.start as usize, tokens[end - 1].span.end as usize + between.len());
            let why = "a place and an agency before the first sentence";
            let mark =
                Mark::new(Label::Dateline, "head.joined", 0.85, why).with("cut", page.view.text[start..stop].trim());
            page.inside.push((lead, start..stop, mark));
            return;
        }
        if lexicon.is(&tokens[end], Kinds::AGENCY) {
            agencies += 1;
        } else if lexicon.is(&tokens[end], Kinds::PLACE) {
        } else if !dates::is_date(page.view.text, &tokens[places..=end], lexicon)
            && !lexicon.is(&tokens[end], Kinds::MONTH.or(Kinds::DATE))
            && dates::number(tokens[end].span.of(page.view.text)).is_none()
        {
            return;
        }
        end += 1;
    }
}

/// What stands between a dateline and the text: ": ", ") - ", " — ".
fn opens_text(gap: &str) -> bool {
    let marks = gap.trim();
    !marks.is_empty() && marks.ends_with([':', '-', '–', '—', 'ـ', '/'])
}
