//! A document as the rules see it: lines with their shape, and what each has been found to be.
//!
//! View + phrases + frequencies -> [`Page`], on which the rules set [`Mark`]s one after another; a
//! mark that stands is not overwritten unless a rule says so.

use std::cell::{Cell, OnceCell};
use std::ops::Range;
use std::rc::Rc;

use serde_json::{Value, json};

use super::lexicon::Kinds;
use super::phrases::{Haystack, Phrases};
use super::{Evidence, Finding, shape};
use crate::fingerprint::{HostKey, LineCount, LineFrequencies, line_keys};
use crate::label::{Label, Zone};
use crate::span::Span;
use crate::tokenise::{Token, Tokeniser, View};

/// A line longer than this is running text even without a full stop.
const PROSE_WEIGHT_LONG: f32 = 22.0;
/// A line with a full stop is running text from this length on.
const PROSE_WEIGHT_STOP: f32 = 6.0;
/// The least first byte of a character of three bytes.
const THREE_BYTES: u8 = 0xe0;
/// What one token of a script without spaces weighs: Chinese has about 1.6 characters a word.
const CHARACTER_WEIGHT: f32 = 0.6;

/// One line and its shape.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// Without surrounding white space.
    pub span: Span,
    pub tokens: Range<usize>,
    /// Its length in words, tokens of scripts without spaces weighed.
    pub weight: f32,
    /// Ends with a full stop.
    pub stop: bool,
    /// Running text: a sentence, or long.
    pub prose: bool,
}

/// What a rule found a line to be.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    pub label: Label,
    pub rule: &'static str,
    pub score: f32,
    pub evidence: Evidence,
    pub why: String,
}

impl Mark {
    pub fn new(label: Label, rule: &'static str, score: f32, why: impl Into<String>) -> Self {
        Self { label, rule, score, evidence: Vec::new(), why: why.into() }
    }

    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.evidence.push((name, value.into()));
        self
    }
}

/// What [`line_keys`] gives.
type Keys = (u64, Option<u64>);

/// A document under classification.
pub(super) struct Page<'a> {
    pub view: &'a View<'a>,
    pub phrases: &'a Phrases,
    pub frequencies: &'a LineFrequencies,
    pub tokeniser: &'a Tokeniser,
    pub lines: Vec<Line>,
    /// What each line is; `None` for running text of the article.
    pub marks: Vec<Option<Mark>>,
    /// What is found inside lines that stay.
    pub inside: Vec<(usize, Range<usize>, Mark)>,
    /// Bounds of the running text; marks are only added, so it only shrinks.
    prose: Cell<(usize, usize)>,
    /// Counts of lines, once they were asked for: of the host, masked, of the corpus.
    counts: Vec<[Cell<Option<LineCount>>; 3]>,
    /// The host's key, and those of lines once they were asked for: plain and masked.
    host: HostKey,
    keys: Vec<Cell<Option<Keys>>>,
    /// Stems of lines, once they were asked for: a paragraph is asked from both its sides.
    stems: Vec<OnceCell<Rc<[u64]>>>,
}

impl<'a> Page<'a> {
    pub fn new(
        view: &'a View<'a>,
        host: Option<&'a str>,
        phrases: &'a Phrases,
        frequencies: &'a LineFrequencies,
        tokeniser: &'a Tokeniser,
    ) -> Self {
        let lines: Vec<Line> = (0..view.segments.len())
            .filter(|&s| !view.segments[s].content.is_empty())
            .map(|s| Line::new(view, view.segments[s].content, view.token_range(s)))
            .collect();
        let marks = vec![None; lines.len()];
        let prose = Cell::new((0, lines.len()));
        let counts = vec![[const { Cell::new(None) }; 3]; lines.len()];
        let keys = vec![Cell::new(None); lines.len()];
        let host = HostKey::of(host);
        let stems = vec![OnceCell::new(); lines.len()];
        Self {
            view,
            phrases,
            frequencies,
            tokeniser,
            lines,
            marks,
            inside: Vec::new(),
            prose,
            counts,
            host,
            keys,
            stems,
        }
    }

    pub fn text(&self, line: usize) -> &'a str {
        self.lines[line].span.of(self.view.text)
    }

    pub fn tokens(&self, line: usize) -> &'a [Token] {
        &self.view.tokens[self.lines[line].tokens.clone()]
    }

    /// How often the host has this line.
    pub fn on_host(&self, line: usize) -> LineCount {
        self.count(line, 0, || self.frequencies.of_key(self.keys(line).0, self.host))
    }

    /// How often the host has this line, its numbers aside.
    pub fn masked(&self, line: usize) -> LineCount {
        self.count(line, 1, || match self.keys(line).1 {
            Some(masked) => self.frequencies.of_key(masked, self.host),
            None => self.on_host(line),
        })
    }

    /// How often the corpus has this line.
    pub fn in_corpus(&self, line: usize) -> LineCount {
        self.count(line, 2, || self.frequencies.of_key(self.keys(line).0, HostKey::CORPUS))
    }

    /// Looks the counts of these lines up: one after another without a question between, so that the
    /// reads of memory do not wait for each other. `all` of them, or only those on the host.
    pub fn look_up(&self, lines: impl Iterator<Item = usize> + Clone, all: bool) {
        for line in lines.clone() {
            self.keys(line);
        }
        for line in lines {
            self.on_host(line);
            if all {
                self.masked(line);
                self.in_corpus(line);
            }
        }
    }

    /// What tells the line from others, as it is and with its numbers masked.
    pub fn keys(&self, line: usize) -> Keys {
        self.keys[line].get().unwrap_or_else(|| {
            let keys = line_keys(self.view.text, self.tokens(line));
            self.keys[line].set(Some(keys));
            keys
        })
    }

    /// Each count costs three reads of memory far apart; several rules ask for the same.
    fn count(&self, line: usize, kind: usize, look: impl FnOnce() -> LineCount) -> LineCount {
        let known = &self.counts[line][kind];
        known.get().unwrap_or_else(|| {
            let count = look();
            known.set(Some(count));
            count
        })
    }

    pub fn haystack(&self, line: usize) -> Haystack<'a> {
        let span = self.lines[line].span;
        let tokens = self.tokens(line);
        // Invisible marks after the last word belong to it, though not to the line's content.
        let end = tokens.last().map_or(span.end, |t| t.span.end.max(span.end));
        Haystack { text: self.view.text, bytes: (span.start as usize, end as usize), tokens }
    }

    /// Whether the line stands for now as running text of the article.
    pub fn is_prose(&self, line: usize) -> bool {
        self.lines[line].prose && self.marks[line].is_none()
    }

    /// Whether no running text stands before the line, or none after it.
    pub fn is_outside(&self, line: usize) -> bool {
        let (mut first, mut end) = self.prose.get();
        while first < end && !self.is_prose(first) {
            first += 1;
        }
        while first < end && !self.is_prose(end - 1) {
            end -= 1;
        }
        self.prose.set((first, end));
        first == end || line <= first || line + 1 >= end
    }

    /// Whether no running text stands after the line.
    pub fn is_after(&self, line: usize) -> bool {
        self.is_outside(line) && {
            let (first, end) = self.prose.get();
            first == end || line + 1 >= end
        }
    }

    /// The nearest running text after the line.
    pub fn prose_after(&self, line: usize) -> Option<usize> {
        (line + 1..self.lines.len()).find(|&i| self.is_prose(i))
    }

    /// Words of running text in a range of lines.
    pub fn prose_weight(&self, lines: Range<usize>) -> f32 {
        lines.filter(|&i| self.is_prose(i)).map(|i| self.lines[i].weight).sum()
    }

    pub fn set(&mut self, line: usize, mark: Mark) {
        if self.marks[line].is_none() {
            self.marks[line] = Some(mark);
        }
    }

    /// Stems of the content words of a line, sorted: function words, numbers and short words left
    /// out, Arabic articles and conjunctions stripped, others cut to six letters.
    pub fn stems(&self, line: usize) -> Rc<[u64]> {
        self.stems[line].get_or_init(|| self.stems_of(line).into()).clone()
    }

    fn stems_of(&self, line: usize) -> Vec<u64> {
        let mut stems = Vec::new();
        let lexicon = self.phrases.lexicon();
        let tokens = self.tokens(line);
        let mut at = 0;
        self.tokeniser.for_each_word(self.text(line), |_, word| {
            let function = tokens.get(at).is_some_and(|t| lexicon.is(t, Kinds::FUNCTION));
            at += 1;
            let letters = word.chars().count();
            if !function && letters >= 3 && !word.starts_with(|c: char| c.is_numeric()) {
                stems.push(xxhash_rust::xxh3::xxh3_64(stem(word, letters).as_bytes()));
            }
        });
        stems.sort_unstable();
        stems.dedup();
        stems
    }

    /// The marks as findings, in reading order.
    pub fn findings(self) -> Vec<Finding> {
        // A line that its own parts fill, such as foreign text with a post glued to it, is none of
        // the article's.
        let article = |&i: &usize| {
            self.is_prose(i) && {
                let parts = self.inside.iter().filter(|part| part.0 == i);
                parts.map(|(_, bytes, _)| bytes.len()).sum::<usize>() < self.lines[i].span.len()
            }
        };
        let first = (0..self.lines.len()).find(article).unwrap_or(0);
        let last = (0..self.lines.len()).rev().find(article).unwrap_or(self.lines.len());
        let mut findings = Vec::with_capacity(self.marks.iter().flatten().count() + self.inside.len());
        let Page { lines, marks, inside, .. } = self;
        let mut push = |span: Span, zone, mark: Mark| {
            let Mark { label, rule, score, evidence, why } = mark;
            findings.push(Finding { span, label, zone, rule, score, evidence, why });
        };
        for (i, mark) in marks.into_iter().enumerate() {
            if let Some(mark) = mark {
                push(lines[i].span, zone(mark.label, i, first, last), mark);
            }
        }
        for (i, bytes, mark) in inside {
            push(Span::new(bytes.start, bytes.end), zone(mark.label, i, first, last), mark);
        }
        findings.sort_by_key(|f| (f.span.start, std::cmp::Reverse(f.span.end)));
        let mut end = 0;
        findings.retain(|f| {
            let apart = f.span.start >= end && !f.span.is_empty();
            if apart {
                end = f.span.end;
            }
            apart
        });
        findings
    }
}

impl Line {
    fn new(view: &View, span: Span, tokens: Range<usize>) -> Self {
        let text = span.of(view.text);
        let words = &view.tokens[tokens.clone()];
        // Most lines have no character of three bytes, and so no token that weighs less.
        let weight = match text.bytes().fold(0, u8::max) >= THREE_BYTES {
            false => words.len() as f32,
            true => words.iter().map(|t| if is_character(t.span.of(view.text)) { CHARACTER_WEIGHT } else { 1.0 }).sum(),
        };
        let stop = shape::ends_with_stop(text);
        let prose = weight >= PROSE_WEIGHT_LONG || (stop && weight >= PROSE_WEIGHT_STOP);
        Self { span, tokens, weight, stop, prose }
    }

    /// A headline by its shape: 2 to 25 words and no full stop.
    pub fn headline(&self) -> bool {
        !self.stop && (2.0..=25.0).contains(&self.weight)
    }
}

/// A token of a script without spaces.
fn is_character(word: &str) -> bool {
    // Latin, Cyrillic, Arabic and their like take two bytes a letter, all of these scripts more.
    if word.as_bytes().first().is_none_or(|&b| b < THREE_BYTES) {
        return false;
    }
    word.chars().next().is_some_and(|c| {
        matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{0e00}'..='\u{0eff}' | '\u{20000}'..='\u{3ffff}')
    })
}

/// A word without the Arabic article and its conjunctions; a word of another script to six letters.
fn stem(word: &str, letters: usize) -> &str {
    if word.starts_with(|c: char| ('\u{0600}'..'\u{0700}').contains(&c)) {
        for (prefix, left) in
            [("وال", 3), ("بال", 3), ("فال", 3), ("كال", 3), ("ولل", 3), ("ال", 3), ("لل", 3), ("و", 4)]
        {
            if let Some(rest) = word.strip_prefix(prefix)
                && letters - prefix.chars().count() >= left
            {
                return rest;
            }
        }
        return word;
    }
    word.char_indices().nth(6).map_or(word, |(at, _)| &word[..at])
}

/// How many members two sorted sets share.
pub(super) fn shared(a: &[u64], b: &[u64]) -> usize {
    a.iter().filter(|x| b.binary_search(x).is_ok()).count()
}

/// The part of the page a line stands in, the article reaching from `first` to `last`.
fn zone(label: Label, line: usize, first: usize, last: usize) -> Zone {
    let article_own = matches!(
        label,
        Label::Title
            | Label::TitleRepeat
            | Label::SectionHeading
            | Label::Dateline
            | Label::Byline
            | Label::SourceCredit
            | Label::Keywords
    );
    if line > last && !article_own {
        Zone::Tail
    } else if line > first
        && !article_own
        && matches!(
            label,
            Label::ReadAlsoContent
                | Label::InsertedHeadline
                | Label::ReadAlsoMarker
                | Label::SocialEmbed
                | Label::Promo
        )
    {
        Zone::Insert
    } else {
        Zone::Main
    }
}

/// A score as evidence shows it: two decimals.
pub(super) fn rounded(value: f32) -> Value {
    json!((f64::from(value) * 100.0).round() / 100.0)
}
