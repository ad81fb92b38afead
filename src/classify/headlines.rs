//! Headlines inside the article: its own section headings, and those of other items.
//!
//! A section heading and an inserted headline look alike; what tells them apart is whether the next
//! paragraph tells what the line says. One signal never suffices: an inserted headline reaches a
//! score that removes only with two that do not depend on each other.

use std::rc::Rc;

use super::lexicon::Kinds;
use super::page::{Mark, Page, shared};
use super::{dates, shape};
use crate::label::Label;

/// An inserted headline has 2 to 20 words.
const WORDS: std::ops::RangeInclusive<f32> = 2.0..=20.0;
/// More headline-shaped lines in a row are a list or a poem.
const RUN_MAX: usize = 3;
/// Headings of sections are short; headlines are sentences without a stop.
const HEADLINE_WORDS_MIN: f32 = 6.0;
/// Two headlines in a row have at least this many words together; two verses have fewer.
const PAIR_WORDS_MIN: f32 = 12.0;
/// Above this share of words that stand elsewhere in the document, the line belongs to it.
const TOLD_SHARE_MAX: f32 = 0.55;

/// The caption of an episode has at most this many words.
const EPISODE_WORDS_MAX: f32 = 9.0;

/// More of them are what the page is about.
const EPISODES_MAX: usize = 2;

/// A single line whose surroundings alone speak against it: reported, and removed only when thorough.
const SINGLE_SCORE: f32 = 0.65;

/// Marks section headings and inserted headlines.
pub(super) fn headlines(page: &mut Page) {
    let mut line = 1;
    while line < page.lines.len() {
        // Most lines of a page of menus need not be looked at: a run begins below a paragraph.
        let end = if page.is_prose(line - 1) { run_end(page, line) } else { line };
        if end == line {
            line += 1;
            continue;
        }
        let announced = page.text(line - 1).ends_with([':', '：']);
        if end - line <= RUN_MAX && !announced && end < page.lines.len() && page.is_prose(end) {
            run(page, line, end);
        }
        line = end;
    }
    episodes(page);
}

/// Marks captions of episodes that no running text of the page speaks of.
fn episodes(page: &mut Page) {
    let caption = |&line: &usize| {
        let shape = &page.lines[line];
        page.marks[line].is_none()
            && !shape.prose
            && !shape.stop
            && (3.0..=EPISODE_WORDS_MAX).contains(&shape.weight)
            && ends_in_episode(page, line)
    };
    let captions: Vec<usize> = (1..page.lines.len()).filter(caption).collect();
    if captions.len() > EPISODES_MAX {
        return;
    }
    for line in captions {
        let own = page.stems(line);
        let told =
            (0..page.lines.len()).filter(|&i| i == 0 || page.lines[i].prose).any(|i| shared(&own, &page.stems(i)) > 0);
        if !told {
            let why = "the caption of an episode, of which no paragraph speaks";
            let mark = Mark::new(Label::InsertedHeadline, "headline.episode", 0.85, why);
            page.set(line, mark.with("signals", vec!["episode_number", "no_word_shared_with_any_paragraph"]));
        }
    }
}

/// "name الحلقة 510": the number of the episode comes last.
fn ends_in_episode(page: &Page, line: usize) -> bool {
    let tokens = page.tokens(line);
    let [.., word, number] = tokens else { return false };
    page.phrases.lexicon().is(word, Kinds::EPISODE) && dates::number(number.span.of(page.view.text)).is_some()
}

/// The end of the run of headline-shaped lines that begins at `line`.
fn run_end(page: &Page, line: usize) -> usize {
    (line..page.lines.len()).find(|&i| page.marks[i].is_some() || !is_candidate(page, i)).unwrap_or(page.lines.len())
}

fn is_candidate(page: &Page, line: usize) -> bool {
    let text = page.text(line);
    let shape = &page.lines[line];
    !shape.prose
        && !shape.stop
        && WORDS.contains(&shape.weight)
        && !text.ends_with([':', '،', ',', ';', '؛', '…', '：'])
        && !text.ends_with("..")
        && !text.starts_with(['-', '–', '*', '•', '·', '('])
        && !is_quotation(text)
        && !begins_as_sentence(page, line)
        && !shape::has_sentence_end(text)
        && dates::number(text.split([' ', '.', ')', '-']).next().unwrap_or_default()).is_none()
}

/// A line in quotation marks from end to end is speech.
fn is_quotation(text: &str) -> bool {
    const QUOTES: [char; 7] = ['"', '“', '”', '«', '»', '‘', '’'];
    text.starts_with(QUOTES) && (text.ends_with(QUOTES) || text.matches(QUOTES).count() < 2)
}

/// A line that begins with a verb of reporting or goes on ("وتعود", "والوزير") is the article's.
fn begins_as_sentence(page: &Page, line: usize) -> bool {
    let lexicon = page.phrases.lexicon();
    page.tokens(line).first().is_some_and(|first| {
        let word = first.span.of(page.view.text);
        lexicon.is(first, Kinds::VERB.or(Kinds::RESUME))
            || (word.starts_with("وال") && word.chars().count() > 5)
            || (["وت", "وي", "ولل", "وب"].iter().any(|p| word.starts_with(p)) && word.chars().count() > 4)
    })
}

/// Judges one or two headline-shaped lines between two paragraphs.
fn run(page: &mut Page, start: usize, end: usize) {
    let below = page.stems(end);
    let above = page.stems(start - 1);
    let stems: Vec<Rc<[u64]>> = (start..end).map(|i| page.stems(i)).collect();
    let common: Vec<usize> = stems.iter().map(|s| shared(s, &below)).collect();
    let pair = end - start >= 2;
    let total: f32 = (start..end).map(|i| page.lines[i].weight).sum();
    // Headings come alone; two sentences without a stop in a row are two links.
    let least = if end - start == 2 { 4.0 } else { HEADLINE_WORDS_MIN };
    let links = pair && total >= PAIR_WORDS_MIN && (start..end).all(|i| page.lines[i].weight >= least);
    if end - start == RUN_MAX && !(links && resumes(page, end)) {
        return;
    }
    let goes_on = resumes(page, end);
    let elsewhere = if goes_on { Elsewhere::of(page, start..end) } else { Elsewhere(Vec::new()) };
    let pair_shares = if end - start == 2 { shared(&stems[0], &stems[1]) } else { 0 };
    for line in start..end {
        let (at, own) = (line - start, &stems[line - start]);
        if own.is_empty() {
            continue;
        }
        let apart = common[at] == 0;
        let mut signals: Vec<&'static str> = Vec::new();
        if apart {
            signals.push("no_word_shared_with_next_paragraph");
        }
        if episode(page, line) {
            signals.push("episode_number");
        }
        let question = page.text(line).contains(['?', '؟']);
        if goes_on
            && page.lines[line].weight >= HEADLINE_WORDS_MIN
            && !question
            && (pair || shared(own, &above) <= 1)
            && elsewhere.share(page, line) < TOLD_SHARE_MAX
        {
            signals.push("next_paragraph_goes_on_with_the_text_before");
        }
        if links && !question {
            signals.push("two_headlines_in_a_row");
        }
        let titles = page.in_corpus(line).as_title;
        if titles > 0 && page.lines[line].weight >= 3.0 {
            signals.push("title_of_another_document");
        }
        if pair && pair_shares >= 2 {
            signals.push("rubric_and_headline");
        }
        let seen = page.on_host(line).documents;
        if seen >= 2 && page.lines[line].weight >= 5.0 {
            signals.push("in_other_documents_of_the_host");
        }
        // A question is as often a heading as a headline: it needs one signal more.
        let strong = (signals.len() - usize::from(apart)).saturating_sub(usize::from(question));
        let long = page.lines[line].weight >= HEADLINE_WORDS_MIN;
        let score = match (strong, apart) {
            (2.., true) => 0.92,
            (2.., false) => 0.8,
            (1, true) if signals.contains(&"next_paragraph_goes_on_with_the_text_before") => SINGLE_SCORE,
            (1, true) => 0.8,
            (1, false) if titles > 0 => 0.6,
            (0, true) if long => 0.55,
            _ => 0.0,
        };
        if score > 0.0 {
            let why = match strong {
                0 => "a headline-shaped line between paragraphs that shares no word with the next".to_string(),
                _ => format!("a headline-shaped line between paragraphs: {}", signals.join(", ").replace('_', " ")),
            };
            let mark = Mark::new(Label::InsertedHeadline, "headline.inserted", score, why)
                .with("signals", signals)
                .with("words_shared_with_next_paragraph", common[at])
                .with("words_shared_with_previous_paragraph", shared(own, &above));
            page.set(line, mark);
        } else {
            let why = format!("a heading: {} of its words stand in the paragraph below", common[at]);
            let score = if common[at] > 0 { 0.9 } else { 0.6 };
            page.set(
                line,
                Mark::new(Label::SectionHeading, "headline.section", score, why)
                    .with("words_shared_with_next_paragraph", common[at]),
            );
        }
    }
}

/// Whether a paragraph begins by going on: "وقال", "and", "but".
pub(super) fn resumes(page: &Page, line: usize) -> bool {
    let first = page.tokens(line).first().map_or("", |t| t.span.of(page.view.text));
    let rest = first.strip_prefix('و').filter(|rest| rest.chars().count() >= 2);
    rest.is_some() || page.tokens(line).first().is_some_and(|t| page.phrases.lexicon().is(t, Kinds::RESUME))
}

/// Words of the whole document but a run of lines, sorted.
struct Elsewhere(Vec<u64>);

impl Elsewhere {
    fn of(page: &Page, run: std::ops::Range<usize>) -> Self {
        let others = (0..page.lines.len()).filter(|i| !run.contains(i));
        let mut words: Vec<u64> = others.flat_map(|i| page.tokens(i).iter().map(|t| t.hash)).collect();
        words.sort_unstable();
        Self(words)
    }

    /// The share of a line's words, function words aside, that stand elsewhere in the document.
    fn share(&self, page: &Page, line: usize) -> f32 {
        let lexicon = page.phrases.lexicon();
        let own = || page.tokens(line).iter().filter(|t| !lexicon.is(t, Kinds::FUNCTION));
        let told = own().filter(|t| self.0.binary_search(&t.hash).is_ok()).count();
        told as f32 / own().count().max(1) as f32
    }
}

/// A part of a series: "الحلقة 510", "Season 2 Episode 4".
fn episode(page: &Page, line: usize) -> bool {
    let tokens = page.tokens(line);
    tokens.windows(2).any(|w| {
        page.phrases.lexicon().is(&w[0], Kinds::EPISODE) && dates::number(w[1].span.of(page.view.text)).is_some()
    })
}
