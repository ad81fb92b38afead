//! Named features of the lines of a page, for the linear model.
//!
//! Page with the rules' marks -> for each line the indices of its features, each of value 1, and the
//! hashes of its words. A feature is a group with a bin: `length.3`, `stop.1`. Features see the line,
//! its neighbours, its place, how often it recurs, and what the rules said; [`super::context`] adds
//! what a first look at all lines of the page gave.

use super::dates;
use super::lexicon::{ByHash, Kinds};
use super::page::Page;
use super::phrases::Filter;
use super::shape;
use crate::label::Label;
use crate::span::Span;
use crate::tokenise::Token;

/// Groups with their number of bins. The order is the order of the weights' indices.
pub(super) const GROUPS: &[(&str, usize)] = &[
    ("bias", 1),
    ("length", 12),
    ("length_stop", 12),
    ("length_before_long", 12),
    ("length_after_long", 12),
    ("length_page", 36),
    ("ending", 7),
    ("beginning", 6),
    ("capitals", 5),
    ("digits", 4),
    ("function_words", 5),
    ("verb", 2),
    ("signs", 9),
    ("date", 3),
    ("rule", 24),
    ("rule_score", 4),
    ("in_corpus", 6),
    ("on_host", 5),
    ("masked_on_host", 5),
    ("at_edge", 3),
    ("twice_in_document", 3),
    ("place", 10),
    ("from_start", 8),
    ("from_end", 8),
    ("before_1", 8),
    ("before_2", 8),
    ("before_3", 8),
    ("after_1", 8),
    ("after_2", 8),
    ("after_3", 8),
    ("window_3_words", 8),
    ("window_8_words", 8),
    ("prose_before", 6),
    ("prose_after", 6),
    ("run_of_short", 6),
    ("told_by_page", 5),
    ("told_by_title", 4),
    ("script", 12),
    ("page_lines", 7),
    ("page_prose_share", 6),
    ("like_neighbours", 4),
    ("code", 4),
    ("code_around", 4),
    ("self_words", 5),
    ("self_words_around", 5),
    ("to_median", 8),
    ("pictographs", 2),
    ("list_item", 4),
];

/// The names of all features of the first look, by index.
pub(super) fn names() -> Vec<String> {
    expand(GROUPS)
}

fn expand(groups: &[(&str, usize)]) -> Vec<String> {
    groups.iter().flat_map(|(name, bins)| (0..*bins).map(move |bin| format!("{name}.{bin}"))).collect()
}

/// Collects the features of one line.
struct Row {
    groups: &'static [(&'static str, usize)],
    base: usize,
    group: usize,
    active: Vec<u16>,
}

impl Row {
    fn new(groups: &'static [(&'static str, usize)]) -> Self {
        Self { groups, base: 0, group: 0, active: Vec::with_capacity(groups.len()) }
    }

    /// The feature of the next group, which must be named, at this bin.
    fn bin(&mut self, name: &str, bin: usize) {
        self.bins(name, std::iter::once(bin));
    }

    /// Several features of the next group.
    fn bins(&mut self, name: &str, bins: impl IntoIterator<Item = usize>) {
        let (expected, count) = self.groups[self.group];
        debug_assert_eq!(name, expected);
        for bin in bins {
            self.active.push((self.base + bin.min(count - 1)) as u16);
        }
        self.base += count;
        self.group += 1;
    }
}

/// The bin of a value: how many of the ascending borders it reaches.
fn at(value: f32, borders: &[f32]) -> usize {
    borders.iter().take_while(|&&b| value >= b).count()
}

const LENGTHS: &[f32] = &[1.0, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 15.0, 22.0, 40.0, 80.0];

/// What one line's look does not know: counts over the page.
struct PageFacts {
    lines: usize,
    /// Documents of the host with the same first line.
    copies: u32,
    prose_share: f32,
    /// Hashes of the words of the other lines, and whether they stand in running text.
    told: ByHash<bool>,
    title: ByHash<bool>,
    /// The kinds of every token of the page.
    kinds: Vec<Kinds>,
    /// For each line the nearest running text before and after.
    before: Vec<Option<usize>>,
    after: Vec<Option<usize>>,
    /// For each line the lines shorter than 8 words around it, without a break.
    run: Vec<usize>,
    /// For each line how often it stands in the document.
    twice: Vec<usize>,
    /// For each line how much it looks like a program's.
    code: Vec<u8>,
    /// For each line its words and those of them in which a writer speaks of himself and the reader.
    speaker: Vec<(f32, f32)>,
    /// The length in the middle of those of running text, in words.
    median: f32,
}

impl PageFacts {
    fn new(page: &Page) -> Self {
        let n = page.lines.len();
        let lexicon = page.phrases.lexicon();
        let kinds: Vec<Kinds> = page.view.tokens.iter().map(|t| lexicon.kinds(t)).collect();
        let content = |i: usize| {
            let kinds = &kinds[page.lines[i].tokens.clone()];
            page.tokens(i).iter().zip(kinds).filter(|(t, k)| is_content(t, **k)).map(|(t, _)| t.hash)
        };
        // Running text has many words and is asked for few: only these are kept.
        let mut told: ByHash<bool> =
            (0..n).filter(|&i| !page.lines[i].prose).flat_map(content).map(|w| (w, false)).collect();
        let mut filter = Filter::default();
        told.keys().for_each(|&word| filter.add(word));
        for word in (0..n).filter(|&i| page.lines[i].prose).flat_map(content).filter(|&w| filter.may_have(w)) {
            if let Some(found) = told.get_mut(&word) {
                *found = true;
            }
        }
        let title: ByHash<bool> = (0..n.min(1)).flat_map(content).map(|w| (w, true)).collect();
        let total: f32 = page.lines.iter().map(|l| l.weight).sum();
        let prose: f32 = page.lines.iter().filter(|l| l.prose).map(|l| l.weight).sum();
        let mut before = Vec::with_capacity(n);
        let mut last = None;
        for i in 0..n {
            before.push(last);
            if page.lines[i].prose {
                last = Some(i);
            }
        }
        let mut after = vec![None; n];
        let mut next = None;
        for i in (0..n).rev() {
            after[i] = next;
            if page.lines[i].prose {
                next = Some(i);
            }
        }
        let mut run = vec![0; n];
        let mut start = 0;
        while start < n {
            let end = (start..n).find(|&i| page.lines[i].weight >= 8.0).unwrap_or(n);
            run[start..end].fill(end - start);
            start = end + 1;
        }
        let key = |i: usize| page.tokens(i).iter().fold(0u64, |k, t| k.rotate_left(7) ^ t.hash);
        let keys: Vec<u64> = (0..n).map(key).collect();
        let mut times: ByHash<usize> = ByHash::default();
        keys.iter().for_each(|&k| *times.entry(k).or_default() += 1);
        let twice = keys.iter().map(|k| times[k]).collect();
        let mut lengths: Vec<f32> = page.lines.iter().filter(|l| l.prose).map(|l| l.weight).collect();
        lengths.sort_unstable_by(f32::total_cmp);
        let speaker = |i: usize| {
            let kinds = &kinds[page.lines[i].tokens.clone()];
            (kinds.len() as f32, count_of(kinds, Kinds::SELF))
        };
        Self {
            code: (0..n).map(|i| code(page.text(i))).collect(),
            speaker: (0..n).map(speaker).collect(),
            median: lengths.get(lengths.len() / 2).copied().unwrap_or(20.0),
            lines: n,
            copies: if n == 0 { 1 } else { page.on_host(0).documents.max(1) },
            prose_share: prose / total.max(1.0),
            kinds,
            told,
            title,
            before,
            after,
            run,
            twice,
        }
    }
}

/// Whether a word tells what a text is about.
fn is_content(token: &Token, kinds: Kinds) -> bool {
    !kinds.any(Kinds::FUNCTION) && token.span.len() > 2
}

fn count_of(words: &[Kinds], kinds: Kinds) -> f32 {
    words.iter().filter(|k| k.any(kinds)).count() as f32
}

/// What the linear model sees of one line. For training it; see `examples/train_filler.rs`.
pub struct Sample {
    /// The line, without surrounding white space.
    pub span: Span,
    /// Its length in words.
    pub length: f32,
    /// Running text by its shape.
    pub prose: bool,
    /// Indices of its features, in ascending order.
    pub features: Vec<u16>,
    /// Hashes of its words.
    pub words: Vec<u64>,
    /// Hashes of its beginning, its end, and all of it when it is short: [`Run`].
    pub runs: Vec<u64>,
    pub(super) first_word: u64,
    pub(super) last_word: u64,
    /// Its length, ending and beginning in one value.
    pub(super) shape: u64,
}

/// Whether the page is an article in Arabic letters. The model has learned from no Arabic pages but
/// from articles, where the rules do better; and most of an Arabic corpus is spared its cost.
pub(super) fn is_arabic_article(page: &Page) -> bool {
    let total: f32 = page.lines.iter().map(|l| l.weight).sum();
    let prose = |l: &&super::page::Line| l.prose;
    let share = page.lines.iter().filter(prose).map(|l| l.weight).sum::<f32>() / total.max(1.0);
    (share >= ARABIC_ARTICLE_SHARE || page.lines.len() < ARABIC_PAGE_LINES)
        && (0..page.lines.len())
            .filter(|&i| page.lines[i].weight >= 3.0 && !shape::has_address(page.text(i)))
            .take(3)
            .all(|i| script(page.text(i)) == 1)
}

/// Share of running text from which a page in Arabic letters is an article.
const ARABIC_ARTICLE_SHARE: f32 = 0.5;
/// Fewer lines are no page of menus: a poem, a table of fixtures.
const ARABIC_PAGE_LINES: usize = 60;

/// The samples of every line.
pub(super) fn of_page(page: &Page) -> Vec<Sample> {
    let facts = PageFacts::new(page);
    (0..page.lines.len())
        .map(|i| {
            let (line, tokens, text) = (&page.lines[i], page.tokens(i), page.text(i));
            let bits = [at(line.weight, LENGTHS), ending(text, line.stop), beginning(text), capitals(page, i)];
            Sample {
                span: line.span,
                length: line.weight,
                prose: line.prose,
                features: of_line(page, &facts, i),
                words: words(page, i),
                runs: Run::of(tokens).map(|(run, tokens)| run.key(tokens)).collect(),
                first_word: tokens.first().map_or(0, |t| t.hash),
                last_word: tokens.last().map_or(0, |t| t.hash),
                shape: bits.iter().fold(0u64, |key, &bit| key << 8 | bit as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15),
            }
        })
        .collect()
}

/// A run of words that may be a formula: "read our", "min read", "all rights reserved".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// All words of a short line.
    Line,
    /// The first two words of a longer one.
    Begin,
    /// Its last two.
    End,
}

impl Run {
    /// All kinds, with the names that `model.txt` gives them.
    pub const NAMES: [(&str, Run); 3] = [("line", Run::Line), ("begin", Run::Begin), ("end", Run::End)];
    /// A longer line is no formula.
    const LINE_WORDS_MAX: usize = 8;

    /// The runs of a line, each with its words.
    pub fn of(tokens: &[Token]) -> impl Iterator<Item = (Run, &[Token])> {
        let n = tokens.len();
        let line = ((1..=Self::LINE_WORDS_MAX).contains(&n)).then_some((Run::Line, tokens));
        let ends = (n >= 3).then(|| [(Run::Begin, &tokens[..2]), (Run::End, &tokens[n - 2..])]);
        line.into_iter().chain(ends.into_iter().flatten())
    }

    /// A run's hash.
    pub fn key(self, tokens: &[Token]) -> u64 {
        let seed = (self as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        tokens.iter().fold(seed, |key, t| (key.rotate_left(17) ^ t.hash).wrapping_mul(0xff51_afd7_ed55_8ccd))
    }
}

/// Digits are counted in the beginning of a line.
const DIGITS_SIGNS_MAX: usize = 200;
/// At most this many words of a line are looked at.
const WORDS_MAX: usize = 40;

fn words(page: &Page, i: usize) -> Vec<u64> {
    page.tokens(i).iter().take(WORDS_MAX).map(|t| t.hash).collect()
}

fn of_line(page: &Page, facts: &PageFacts, i: usize) -> Vec<u16> {
    let n = facts.lines;
    let (line, text, tokens) = (&page.lines[i], page.text(i), page.tokens(i));
    let lexicon = page.phrases.lexicon();
    let kinds = &facts.kinds[line.tokens.clone()];
    let weight = |i: usize| page.lines[i].weight;
    let neighbour = |offset: isize| i.checked_add_signed(offset).filter(|&j| j < n);
    let length = at(line.weight, LENGTHS);
    let long = |j: Option<usize>| j.is_some_and(|j| page.lines[j].prose || weight(j) >= 15.0);
    let count = tokens.len().max(1) as f32;
    let mut row = Row::new(GROUPS);
    row.bin("bias", 0);
    row.bin("length", length);
    row.bins("length_stop", line.stop.then_some(length));
    row.bins("length_before_long", long(neighbour(-1)).then_some(length));
    row.bins("length_after_long", long(neighbour(1)).then_some(length));
    row.bin("length_page", at(facts.prose_share, &[0.35, 0.7]) * 12 + length);
    row.bin("ending", ending(text, line.stop));
    row.bin("beginning", beginning(text));
    row.bin("capitals", capitals(page, i));
    let (signs_read, digits_read) = text
        .chars()
        .take(DIGITS_SIGNS_MAX)
        .fold((0, 0), |(all, digits), c| (all + 1, digits + usize::from(dates::digit(c).is_some())));
    let digits = digits_read as f32 / signs_read.max(1) as f32;
    row.bin("digits", at(digits, &[0.001, 0.1, 0.4]));
    let function = count_of(kinds, Kinds::FUNCTION) / count;
    row.bin("function_words", if line.weight < 3.0 { 4 } else { at(function, &[0.01, 0.2, 0.35]) });
    row.bin("verb", usize::from(kinds.iter().any(|k| k.any(Kinds::VERB))));
    row.bins("signs", signs(text));
    let some_date = tokens.len() <= 18 && kinds.iter().any(|k| k.any(Kinds::MONTH));
    let date = digits > 0.0 && tokens.len() <= 18 && dates::is_date(page.view.text, tokens, lexicon);
    row.bin("date", if date { 2 } else { usize::from(some_date) });
    let mark = page.marks[i].as_ref();
    row.bin("rule", mark.map_or(0, |m| 1 + m.label as usize));
    row.bin("rule_score", mark.map_or(0, |m| at(m.score, &[0.0, 0.7, 0.9])));
    let log = |count: u32| (count / facts.copies).max(1).ilog2() as usize;
    row.bin("in_corpus", log(page.in_corpus(i).documents));
    let on_host = page.on_host(i);
    row.bin("on_host", log(on_host.documents));
    row.bin("masked_on_host", log(page.masked(i).documents));
    row.bin("at_edge", if on_host.documents < 2 { 0 } else { 1 + usize::from(on_host.at_edge == on_host.documents) });
    row.bin("twice_in_document", facts.twice[i] - 1);
    row.bin("place", i * 10 / n);
    const DISTANCES: &[f32] = &[1.0, 2.0, 3.0, 5.0, 10.0, 25.0, 60.0];
    row.bin("from_start", at(i as f32, DISTANCES));
    row.bin("from_end", at((n - 1 - i) as f32, DISTANCES));
    for (name, offset) in
        [("before_1", -1), ("before_2", -2), ("before_3", -3), ("after_1", 1), ("after_2", 2), ("after_3", 3)]
    {
        row.bin(name, neighbour(offset).map_or(0, |j| seen(page, j)));
    }
    for (name, reach) in [("window_3_words", 3), ("window_8_words", 8)] {
        let (from, to) = (i.saturating_sub(reach), (i + reach + 1).min(n));
        let mean = (from..to).map(|j| (1.0 + weight(j)).ln()).sum::<f32>() / (to - from) as f32;
        row.bin(name, at(mean, &[0.8, 1.1, 1.4, 1.7, 2.1, 2.6, 3.2]));
    }
    const NEAR: &[f32] = &[1.0, 2.0, 3.0, 5.0, 12.0];
    row.bin("prose_before", facts.before[i].map_or(5, |j| at((i - j) as f32, NEAR) - 1));
    row.bin("prose_after", facts.after[i].map_or(5, |j| at((j - i) as f32, NEAR) - 1));
    row.bin("run_of_short", at(facts.run[i] as f32, &[1.0, 2.0, 3.0, 6.0, 15.0]));
    let own = || tokens.iter().zip(kinds).filter(|(t, k)| is_content(t, **k));
    let own_len = own().count();
    let share = |set: &ByHash<bool>| {
        own().filter(|(t, _)| set.get(&t.hash).is_some_and(|found| *found)).count() as f32 / own_len.max(1) as f32
    };
    let told = if line.prose || own_len == 0 { 0 } else { 1 + at(share(&facts.told), &[0.01, 0.5, 0.99]) };
    row.bin("told_by_page", told);
    row.bin("told_by_title", if own_len == 0 { 0 } else { 1 + at(share(&facts.title), &[0.01, 0.5]) });
    row.bin("script", script(text) * 4 + at(line.weight, &[3.0, 8.0, 20.0]));
    row.bin("page_lines", at(n as f32, &[6.0, 15.0, 40.0, 100.0, 250.0, 600.0]));
    row.bin("page_prose_share", at(facts.prose_share, &[0.15, 0.35, 0.55, 0.75, 0.9]));
    let alike =
        [-1, 1].iter().filter(|&&o| neighbour(o).is_some_and(|j| (weight(j) - line.weight).abs() <= 1.0)).count();
    row.bin("like_neighbours", if line.weight >= 10.0 { 3 } else { alike });
    row.bin("code", facts.code[i].into());
    let near = |reach: usize| i.saturating_sub(reach)..(i + reach + 1).min(n);
    let coded = near(4).filter(|&j| facts.code[j] >= 2).count();
    row.bin("code_around", at(coded as f32, &[1.0, 3.0, 6.0]));
    let speaks = |lines: std::ops::Range<usize>| {
        let (words, own) = facts.speaker[lines].iter().fold((0.0, 0.0), |s, x| (s.0 + x.0, s.1 + x.1));
        at(own / f32::max(words, 1.0), &[0.001, 0.04, 0.08, 0.15])
    };
    row.bin("self_words", speaks(i..i + 1));
    row.bin("self_words_around", speaks(near(5)));
    row.bin("to_median", at(line.weight / facts.median, &[0.05, 0.1, 0.2, 0.4, 0.7, 1.1, 1.8]));
    row.bin("pictographs", usize::from(text.contains(pictograph)));
    let item = |j: Option<usize>| j.is_some_and(|j| beginning(page.text(j)) == 4);
    let items = usize::from(item(neighbour(-1))) + usize::from(item(neighbour(1)));
    row.bin("list_item", if item(Some(i)) { 1 + items } else { 0 });
    row.active
}

/// A neighbour at a glance: its length, whether it ends in a stop, whether a rule named it.
fn seen(page: &Page, j: usize) -> usize {
    let line = &page.lines[j];
    let filler = page.marks[j].as_ref().is_some_and(|m| !matches!(m.label, Label::Title | Label::SectionHeading));
    match line.weight {
        _ if filler => 1,
        w if w < 3.0 => 2,
        w if w < 7.0 => 3,
        w if w < 15.0 => 4 + usize::from(line.stop),
        _ => 6 + usize::from(line.stop),
    }
}

fn ending(text: &str, stop: bool) -> usize {
    match text.chars().next_back() {
        _ if stop => 1,
        Some('?' | '؟' | '？' | '!' | '！') => 2,
        Some(':' | '：') => 3,
        Some(',' | '،' | '，' | ';' | '；' | '、') => 4,
        Some('.' | '…') => 5,
        Some('»' | '›' | '>' | '→' | ']' | '+' | '▼' | '|') => 6,
        _ => 0,
    }
}

fn beginning(text: &str) -> usize {
    match text.chars().next() {
        Some(c) if c.is_lowercase() => 1,
        Some(c) if c.is_uppercase() => 2,
        Some(c) if c.is_numeric() => 3,
        Some('-' | '–' | '*' | '•' | '·' | '‣' | '▪') => 4,
        Some(c) if !c.is_alphanumeric() => 5,
        _ => 0,
    }
}

/// How many words of a cased script begin with a capital.
fn capitals(page: &Page, i: usize) -> usize {
    let (mut upper, mut cased, mut all) = (0, 0, 0);
    for token in page.tokens(i).iter().take(WORDS_MAX) {
        let word = token.span.of(page.view.text);
        let Some(first) = word.chars().next() else { continue };
        if first.is_uppercase() || first.is_lowercase() {
            cased += 1;
            upper += usize::from(first.is_uppercase());
            all += usize::from(word.chars().count() > 1 && !word.chars().any(char::is_lowercase));
        }
    }
    match cased {
        0 => 0,
        _ if all == cased => 4,
        _ => 1 + at(upper as f32 / cased as f32, &[0.4, 0.99]),
    }
}

fn pictograph(c: char) -> bool {
    matches!(c, '\u{2600}'..='\u{27bf}' | '\u{1f300}'..='\u{1faff}')
}

/// How much a line looks like a program's: 0 not at all, 3 surely. By the signs that prose lacks.
fn code(text: &str) -> u8 {
    let (mut signs, mut letters) = (0u32, 0u32);
    for byte in text.bytes().take(200) {
        match byte {
            b'{' | b'}' | b'=' | b';' | b'<' | b'>' | b'_' | b'\\' | b'[' | b']' | b'`' | b'$' | b'|' | b'*' | b'&' => {
                signs += 1;
            }
            b'a'..=b'z' | b'A'..=b'Z' | 0x80.. => letters += 1,
            _ => {}
        }
    }
    let end = text.ends_with(['{', '}', ';', '\\']) || text.ends_with("({") || text.ends_with("):");
    let call = text.contains("()") || text.contains("::") || text.contains("->") || text.contains("=>");
    let comment = text.starts_with("//") || text.starts_with("# ") || text.starts_with("$ ");
    let dense = signs > 0 && signs * 8 >= letters;
    (u8::from(end) + u8::from(call) + u8::from(comment) + u8::from(dense)).min(3)
}

fn signs(text: &str) -> Vec<usize> {
    let mut found = Vec::new();
    if text.len() > 2000 {
        return found;
    }
    let tests: [&[char]; 7] = [
        &['|', '·', '•', '»', '›', '«', '→', '▼', '►'],
        &['©', '®', '™'],
        &['$', '€', '£', '¥', '%'],
        &['(', '（', '['],
        &['"', '“', '”', '„'],
        &['/', '\\', '_', '#', '='],
        &[':', '：'],
    ];
    found.extend(tests.iter().enumerate().filter(|(_, set)| text.contains(**set)).map(|(k, _)| k));
    if shape::has_address(text) {
        found.push(7);
    }
    if text.contains([',', '،', '，']) {
        found.push(8);
    }
    found
}

/// 0 Latin and other cased scripts, 1 Arabic, 2 scripts without spaces.
fn script(text: &str) -> usize {
    text.chars().find(|c| c.is_alphabetic()).map_or(0, |c| match c {
        '\u{600}'..='\u{8ff}' => 1,
        '\u{e00}'..='\u{eff}' | '\u{3000}'..='\u{d7ff}' => 2,
        _ => 0,
    })
}
