//! A bounded choice of examples for reports people read.
//!
//! The choice is a pure function of what was found: the largest first, ties in reading order. Its
//! size does not grow with the corpus.

use std::collections::BTreeMap;

use crate::align::{Passage, PassageKind};
use crate::decide::Decision;
use crate::label::{Action, Label};
use crate::report::compare::Compared;
use crate::span::Span;
use crate::tokenise::{Tokeniser, View};

/// Columns of text an excerpt shows.
const EXCERPT_CHARS: usize = 90;

/// The beginning of a piece of text, on one line and harmless to a terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Excerpt(String);

impl Excerpt {
    /// White space is folded; control characters and direction overrides are shown as escapes; marks that
    /// nobody sees and an isolate makes idle are left out.
    pub fn new(text: &str) -> Self {
        Self::cut(text, EXCERPT_CHARS)
    }

    /// The same, long enough to compare two passages.
    pub fn long(text: &str) -> Self {
        Self::cut(text, 8 * EXCERPT_CHARS)
    }

    /// The same, all of it: only for text that is bounded already.
    pub(super) fn whole(text: &str) -> Self {
        Self::cut(text, usize::MAX)
    }

    fn cut(text: &str, chars_max: usize) -> Self {
        let mut out = String::new();
        let mut chars = 0;
        for word in text.split_whitespace() {
            if chars > 0 {
                out.push(' ');
            }
            for c in word.chars().filter(|c| !matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{feff}')) {
                if chars == chars_max {
                    out.push('…');
                    return Self(out);
                }
                push_harmless(c, &mut out);
                chars += 1;
            }
        }
        Self(out)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Lines of text as `push_harmless` shows their characters.
pub fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    text.chars().for_each(|c| if c == '\n' { out.push(c) } else { push_harmless(c, &mut out) });
    out
}

/// Appends `c`, escaped where it could move the cursor, hide text or turn its direction.
pub fn push_harmless(c: char, out: &mut String) {
    let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    if c.is_control() || turns {
        out.extend(c.escape_unicode());
    } else {
        out.push(c);
    }
}

/// A labelled span as shown.
#[derive(Clone, Debug, PartialEq)]
pub struct SpanSample {
    /// First and last line, counted from 1.
    pub lines: (u32, u32),
    /// What it is.
    pub label: Label,
    /// What becomes of it.
    pub action: Action,
    /// How it begins.
    pub excerpt: Excerpt,
}

/// A document as shown.
#[derive(Clone, Debug, PartialEq)]
pub struct DocumentSample {
    /// Its number in reading order.
    pub number: u32,
    /// Its id.
    pub id: String,
    /// Bytes of its text.
    pub bytes: u64,
    /// Bytes that leave it.
    pub bytes_taken: u64,
    /// What was found, besides what is kept without a remark.
    pub spans: Vec<SpanSample>,
}

impl DocumentSample {
    /// The sample of one document.
    pub fn new(number: u32, id: &str, view: &View, lines: &LineNumbers, decision: &Decision) -> Self {
        let spans = decision
            .spans
            .iter()
            .filter(|d| d.action != Action::Keep)
            .map(|d| SpanSample {
                lines: lines.of(d.finding.span),
                label: d.finding.label,
                action: d.action,
                excerpt: Excerpt::new(d.finding.span.of(view.text)),
            })
            .collect();
        Self {
            number,
            id: id.to_owned(),
            bytes: view.text.len() as u64,
            bytes_taken: decision.removals.iter().map(|r| r.span.len() as u64).sum(),
            spans,
        }
    }
}

/// A repeated passage as shown.
#[derive(Clone, Debug, PartialEq)]
pub struct PassageSample {
    /// The number of its first document in reading order.
    pub number: u32,
    /// The ids of its documents.
    pub docs: (String, String),
    /// The lines of its two sides.
    pub lines: ((u32, u32), (u32, u32)),
    /// How the sides relate.
    pub kind: PassageKind,
    /// Words of the shorter side.
    pub words: u32,
    /// Share of aligned words that are equal.
    pub identity: f32,
    /// Share of the smaller side's 2-grams that the other has.
    pub containment: f32,
    /// The two sides, word against word.
    pub compared: Compared,
    /// The same with equal stretches in full, when the samples are for a page with room.
    pub whole: Compared,
    /// Their texts, until both are known.
    texts: (String, String),
}

impl PassageSample {
    /// The sample of a passage inside one document.
    pub fn new(id: &str, view: &View, lines: &LineNumbers, p: &Passage) -> Self {
        let mut sample = Self::across((id.to_owned(), id.to_owned()), p);
        for (is_a, span) in [(true, p.a.span), (false, p.b.span)] {
            sample.show(is_a, lines.of(span), span.of(view.text).to_owned());
        }
        sample
    }

    /// A passage across documents; its sides are shown when their documents are read again.
    pub fn across(docs: (String, String), p: &Passage) -> Self {
        Self {
            number: p.a.document,
            docs,
            lines: ((0, 0), (0, 0)),
            kind: p.kind,
            words: p.words,
            identity: p.identity,
            containment: p.containment,
            compared: Compared::default(),
            whole: Compared::default(),
            texts: Default::default(),
        }
    }

    /// Shows the first or the second side.
    pub fn show(&mut self, is_a: bool, lines: (u32, u32), text: String) {
        if is_a {
            (self.lines.0, self.texts.0) = (lines, text);
        } else {
            (self.lines.1, self.texts.1) = (lines, text);
        }
    }
}

/// A cluster as shown.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterSample {
    /// The id of the document that stays.
    pub anchor: String,
    /// How many documents there are besides it.
    pub members: usize,
    /// The first of them with its similarity.
    pub first: (String, f64),
}

/// Line numbers of one text.
pub struct LineNumbers {
    /// Where each line after the first begins.
    starts: Vec<u32>,
}

impl LineNumbers {
    /// Finds the line feeds of a text: lines are counted as editors count them.
    pub fn new(text: &str) -> Self {
        Self { starts: memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at as u32 + 1).collect() }
    }

    /// The line a byte lies in, counted from 1.
    pub fn at(&self, byte: u32) -> u32 {
        self.starts.partition_point(|&start| start <= byte) as u32 + 1
    }

    /// The bytes of a line, counted from 1, of a text of `text_len` bytes.
    pub fn span(&self, line: u32, text_len: usize) -> Option<Span> {
        let n = line.checked_sub(1)? as usize;
        let start = if n == 0 { 0 } else { *self.starts.get(n - 1)? as usize };
        let end = self.starts.get(n).map_or(text_len, |&next| next as usize);
        (start < text_len).then(|| Span::new(start, end))
    }

    /// How many lines `text`, whose line numbers these are, has.
    pub fn count(&self, text: &str) -> u32 {
        if text.is_empty() { 0 } else { self.at(text.len() as u32 - 1) }
    }

    /// The first and last line of a span.
    pub fn of(&self, span: Span) -> (u32, u32) {
        (self.at(span.start), self.at(span.end.saturating_sub(1).max(span.start)))
    }
}

/// The examples kept so far.
#[derive(Clone, Debug)]
pub struct Samples {
    /// At most this many of each sort.
    pub top: usize,
    /// Whether passages are compared in full too.
    pub whole: bool,
    /// The documents that lose most, these first once finished; ties in reading order.
    pub documents: Vec<DocumentSample>,
    /// The longest passages.
    pub passages: Vec<PassageSample>,
    /// The longest passages across documents, each beside its sample until the report is finished.
    pub across: Vec<(Passage, PassageSample)>,
    /// The largest clusters.
    pub clusters: Vec<ClusterSample>,
    /// The first finding of each label with its document.
    pub labels: BTreeMap<Label, (String, SpanSample)>,
}

impl Samples {
    /// Room for `top` examples of each sort.
    pub fn new(top: usize) -> Self {
        Self {
            top,
            whole: false,
            documents: Vec::new(),
            passages: Vec::new(),
            across: Vec::new(),
            clusters: Vec::new(),
            labels: BTreeMap::new(),
        }
    }

    /// Offers one document with its passages. Documents come in reading order.
    pub fn offer(&mut self, document: DocumentSample, passages: Vec<PassageSample>) {
        for span in &document.spans {
            self.labels.entry(span.label).or_insert_with(|| (document.id.clone(), span.clone()));
        }
        if !document.spans.is_empty() {
            self.documents.push(document);
        }
        self.passages.extend(passages);
        if self.documents.len() > 4 * self.top || self.passages.len() > 4 * self.top {
            self.shrink();
        }
    }

    /// Cuts everything down to the largest `top`.
    pub fn finish(&mut self, tokeniser: &Tokeniser) {
        self.passages.extend(self.across.drain(..).map(|(_, sample)| sample));
        self.shrink();
        for p in &mut self.passages {
            let (a, b) = std::mem::take(&mut p.texts);
            p.compared = Compared::new(&a, &b, tokeniser);
            if self.whole {
                p.whole = Compared::whole(&a, &b, tokeniser);
            }
        }
    }

    /// What finished samples with a smaller `top` would hold.
    pub fn cut(&mut self, top: usize) {
        self.top = top;
        self.clusters.truncate(top);
        self.shrink();
    }

    fn shrink(&mut self) {
        self.documents.sort_by_key(|d| (std::cmp::Reverse(d.bytes_taken), d.number));
        self.documents.truncate(self.top);
        self.passages.sort_by_key(|p| (std::cmp::Reverse(p.words), p.number, p.lines));
        self.passages.truncate(self.top);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_cannot_move_the_cursor_or_turn_the_text() {
        let hostile = "a\u{1b}[2Jb\u{202e}c\n\nd";
        assert_eq!(Excerpt::new(hostile).as_str(), "a\\u{1b}[2Jb\\u{202e}c d");
        assert_eq!(Excerpt::new("\u{feff}ما \u{200f}للبيئة").as_str(), "ما للبيئة");
        assert_eq!(Excerpt::new(&"x".repeat(500)).as_str().chars().count(), EXCERPT_CHARS + 1);
    }

    #[test]
    fn lines_are_counted_from_one() {
        let lines = LineNumbers::new("a\nb\n\nc");
        assert_eq!((lines.at(0), lines.at(1), lines.at(2), lines.at(5)), (1, 1, 2, 4));
        assert_eq!(lines.of(Span::new(0, 2)), (1, 1));
    }

    #[test]
    fn the_largest_are_kept_and_ties_go_to_the_earlier() {
        let document = |number, bytes_taken| DocumentSample {
            number,
            id: String::new(),
            bytes: 100,
            bytes_taken,
            spans: vec![SpanSample {
                lines: (1, 1),
                label: Label::Promo,
                action: Action::Remove,
                excerpt: Excerpt::default(),
            }],
        };
        let mut samples = Samples::new(2);
        for (number, taken) in (0..20).map(|n| (n, if n == 15 { 9 } else { 5 })) {
            samples.offer(document(number, taken), vec![]);
        }
        samples.finish(crate::tokenise::default_tokeniser());
        assert_eq!(samples.documents.iter().map(|d| d.number).collect::<Vec<_>>(), [15, 0]);
        samples.cut(1);
        assert_eq!(samples.documents.iter().map(|d| d.number).collect::<Vec<_>>(), [15]);
    }
}
