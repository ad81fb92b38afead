//! Named features of the lines of a page, for the linear model.
//!
//! Page with the rules' marks -> for each line the indices of its features, each of value 1, and the
//! hashes of its words. A feature is a group with a bin: `length.3`, `stop.1`. Features see the line,
//! its neighbours, its place, how often it recurs, and what the rules said; the [`values`] of the
//! second look add what a first look at all lines of the page gave.

use super::dates;
use super::lexicon::{ByHash, Kinds};
use super::page::{Page, shared};
use super::shape;
use crate::label::Label;
use crate::span::Span;

/// Groups with their number of bins. The order is the order of the weights' indices.
const GROUPS: &[(&str, usize)] = &[
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
];

/// What the second look sees besides the bins of the first: chances around the line.
const CONTEXT: &[&str] = &[
    "own",
    "before_1_chance",
    "before_2_chance",
    "before_3_chance",
    "before_4_chance",
    "after_1_chance",
    "after_2_chance",
    "after_3_chance",
    "after_4_chance",
    "mean_3_before",
    "mean_8_before",
    "mean_20_before",
    "mean_60_before",
    "mean_all_before",
    "mean_3_after",
    "mean_8_after",
    "mean_20_after",
    "mean_60_after",
    "mean_all_after",
    "mean_page",
    "share_of_filler_lines",
    "body_before",
    "body_after",
    "body_on_either_side",
    "body_words",
    "good_prose_before",
    "good_prose_after",
    "good_prose_zone",
    "block",
    "same_first_word",
    "same_last_word",
    "same_shape",
    "same_first_word_count",
    "exact_length",
    "length_before",
    "length_after",
    "place_fine",
];

/// The names of all features of the first look, by index.
pub(super) fn names() -> Vec<String> {
    expand(GROUPS)
}

/// The names of the values of the second look, by index.
pub(super) fn value_names() -> Vec<String> {
    GROUPS.iter().map(|(name, _)| name.to_string()).chain(CONTEXT.iter().map(|name| name.to_string())).collect()
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
    /// Hashes of the words of running text, sorted.
    told: Vec<u64>,
    title: Vec<u64>,
    /// For each line the nearest running text before and after.
    before: Vec<Option<usize>>,
    after: Vec<Option<usize>>,
    /// For each line the lines shorter than 8 words around it, without a break.
    run: Vec<usize>,
    /// For each line how often it stands in the document.
    twice: Vec<usize>,
}

impl PageFacts {
    fn new(page: &Page) -> Self {
        let n = page.lines.len();
        let content = |i: usize| -> Vec<u64> {
            let lexicon = page.phrases.lexicon();
            page.tokens(i)
                .iter()
                .filter(|t| !lexicon.is(t, Kinds::FUNCTION) && t.span.len() > 2)
                .map(|t| t.hash)
                .collect()
        };
        let sorted = |mut v: Vec<u64>| {
            v.sort_unstable();
            v.dedup();
            v
        };
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
        let mut order = keys.clone();
        order.sort_unstable();
        let twice = keys.iter().map(|k| order.partition_point(|x| x <= k) - order.partition_point(|x| x < k)).collect();
        Self {
            lines: n,
            copies: if n == 0 { 1 } else { page.frequencies.on_host(page.host, page.tokens(0)).documents.max(1) },
            prose_share: prose / total.max(1.0),
            told: sorted((0..n).filter(|&i| page.lines[i].prose).flat_map(content).collect()),
            title: sorted((0..n.min(1)).flat_map(content).collect()),
            before,
            after,
            run,
            twice,
        }
    }
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
    first_word: u64,
    last_word: u64,
    /// Its length, ending and beginning in one value.
    shape: u64,
}

/// Whether the page is an article in Arabic letters. The model has learned from no Arabic pages but
/// from articles, where the rules do better; and most of an Arabic corpus is spared its cost.
pub(super) fn is_arabic_article(page: &Page) -> bool {
    let total: f32 = page.lines.iter().map(|l| l.weight).sum();
    let prose = |l: &&super::page::Line| l.prose;
    let share = page.lines.iter().filter(prose).map(|l| l.weight).sum::<f32>() / total.max(1.0);
    (share >= ARABIC_ARTICLE_SHARE || page.lines.len() < ARABIC_PAGE_LINES)
        && (0..page.lines.len()).filter(|&i| page.lines[i].weight >= 3.0).take(3).all(|i| script(page.text(i)) == 1)
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
                first_word: tokens.first().map_or(0, |t| t.hash),
                last_word: tokens.last().map_or(0, |t| t.hash),
                shape: bits.iter().fold(0u64, |key, &bit| key << 8 | bit as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15),
            }
        })
        .collect()
}

/// At most this many words of a line are looked at.
const WORDS_MAX: usize = 40;

fn words(page: &Page, i: usize) -> Vec<u64> {
    let mut words: Vec<u64> = page.tokens(i).iter().take(WORDS_MAX).map(|t| t.hash).collect();
    words.sort_unstable();
    words.dedup();
    words
}

fn of_line(page: &Page, facts: &PageFacts, i: usize) -> Vec<u16> {
    let n = facts.lines;
    let (line, text, tokens) = (&page.lines[i], page.text(i), page.tokens(i));
    let lexicon = page.phrases.lexicon();
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
    let digits =
        text.chars().filter(|&c| dates::digit(c).is_some()).count() as f32 / text.chars().count().max(1) as f32;
    row.bin("digits", at(digits, &[0.001, 0.1, 0.4]));
    let function = lexicon.count(tokens, Kinds::FUNCTION) as f32 / count;
    row.bin("function_words", if line.weight < 3.0 { 4 } else { at(function, &[0.01, 0.2, 0.35]) });
    row.bin("verb", usize::from(lexicon.count(tokens, Kinds::VERB) > 0));
    row.bins("signs", signs(text));
    let some_date = tokens.len() <= 18 && lexicon.count(tokens, Kinds::MONTH) > 0;
    let date = digits > 0.0 && dates::is_date(page.view.text, tokens, lexicon);
    row.bin("date", if date { 2 } else { usize::from(some_date) });
    let mark = page.marks[i].as_ref();
    row.bin("rule", mark.map_or(0, |m| 1 + m.label as usize));
    row.bin("rule_score", mark.map_or(0, |m| at(m.score, &[0.0, 0.7, 0.9])));
    let log = |count: u32| (count / facts.copies).max(1).ilog2() as usize;
    row.bin("in_corpus", log(page.frequencies.in_corpus(tokens).documents));
    let on_host = page.frequencies.on_host(page.host, tokens);
    row.bin("on_host", log(on_host.documents));
    row.bin("masked_on_host", log(page.frequencies.masked(page.host, page.view, tokens).documents));
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
    let mut own: Vec<u64> =
        tokens.iter().filter(|t| !lexicon.is(t, Kinds::FUNCTION) && t.span.len() > 2).map(|t| t.hash).collect();
    own.sort_unstable();
    own.dedup();
    let share = |set: &[u64]| shared(&own, set) as f32 / own.len().max(1) as f32;
    let told = if line.prose || own.is_empty() { 0 } else { 1 + at(share(&facts.told), &[0.01, 0.5, 0.99]) };
    row.bin("told_by_page", told);
    row.bin("told_by_title", if own.is_empty() { 0 } else { 1 + at(share(&facts.title), &[0.01, 0.5]) });
    row.bin("script", script(text) * 4 + at(line.weight, &[3.0, 8.0, 20.0]));
    row.bin("page_lines", at(n as f32, &[6.0, 15.0, 40.0, 100.0, 250.0, 600.0]));
    row.bin("page_prose_share", at(facts.prose_share, &[0.15, 0.35, 0.55, 0.75, 0.9]));
    let alike =
        [-1, 1].iter().filter(|&&o| neighbour(o).is_some_and(|j| (weight(j) - line.weight).abs() <= 1.0)).count();
    row.bin("like_neighbours", if line.weight >= 10.0 { 3 } else { alike });
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

/// The values of the second look, each 0 to 63, from the chance of each line at the first.
pub(super) fn values(samples: &[Sample], chances: &[f32]) -> Vec<Vec<u8>> {
    let n = samples.len();
    let lengths: Vec<f32> = samples.iter().map(|s| s.length).collect();
    let (from, to) = main_block(&lengths, chances);
    // Sums of chances weighed by length, so that long lines count for more.
    let mass: Vec<f32> = lengths.iter().map(|w| (1.0 + w).ln()).collect();
    let mut sums = vec![(0.0f64, 0.0f64)];
    for i in 0..n {
        let (chance, weight) = sums[i];
        sums.push((chance + f64::from(mass[i] * chances[i]), weight + f64::from(mass[i])));
    }
    let mean = |from: usize, to: usize| {
        let weight = sums[to].1 - sums[from].1;
        if weight <= 0.0 { None } else { Some(((sums[to].0 - sums[from].0) / weight) as f32) }
    };
    let body: Vec<f32> = (0..n).map(|j| lengths[j] * (1.0 - chances[j])).collect();
    let total: f32 = body.iter().sum::<f32>().max(1e-6);
    let good: Vec<bool> = (0..n).map(|j| samples[j].prose && chances[j] < 0.3).collect();
    let (first_good, last_good) = (good.iter().position(|g| *g), good.iter().rposition(|g| *g));
    let mut good_before = vec![None; n];
    let mut good_after = vec![None; n];
    for i in 1..n {
        good_before[i] = if good[i - 1] { Some(1) } else { good_before[i - 1].map(|d: usize| d + 1) };
        let j = n - 1 - i;
        good_after[j] = if good[j + 1] { Some(1) } else { good_after[j + 1].map(|d: usize| d + 1) };
    }
    let firsts = Likeness::of(samples, chances, |s| s.first_word);
    let lasts = Likeness::of(samples, chances, |s| s.last_word);
    let shapes = Likeness::of(samples, chances, |s| s.shape);
    let log = |x: f32| ((1.0 + x).log2() * 4.0) as usize;
    let percent = |p: f32| 1 + (p.clamp(0.0, 1.0) * 30.0) as usize;
    let maybe = |p: Option<f32>| p.map_or(0, percent);
    let filler_lines = chances.iter().filter(|&&p| p >= 0.5).count() as f32 / n.max(1) as f32;
    let mut body_before = 0.0;
    (0..n)
        .map(|i| {
            let mut values = Vec::with_capacity(GROUPS.len() + CONTEXT.len());
            let mut base = 0;
            let mut active = samples[i].features.iter().peekable();
            for (_, bins) in GROUPS {
                let mut value = 0;
                while let Some(&&f) = active.peek()
                    && (f as usize) < base + bins
                {
                    if value == 0 {
                        value = f as usize - base + 1;
                    }
                    active.next();
                }
                values.push(value);
                base += bins;
            }
            let near = |offset: isize| i.checked_add_signed(offset).and_then(|j| chances.get(j)).copied();
            values.push((chances[i] * 63.0) as usize);
            values.extend([-1, -2, -3, -4, 1, 2, 3, 4].map(|o| maybe(near(o))));
            values.extend([3, 8, 20, 60, n].map(|reach| maybe(mean(i.saturating_sub(reach), i))));
            values.extend([3, 8, 20, 60, n].map(|reach| maybe(mean(i + 1, (i + 1 + reach).min(n)))));
            values.push(maybe(mean(0, n)));
            values.push(percent(filler_lines));
            let before = body_before / total;
            body_before += body[i];
            let after = 1.0 - body_before / total;
            values.extend([percent(before), percent(after), percent(2.0 * before.min(after))]);
            values.push(log(total));
            values.push(good_before[i].map_or(63, |d| log(d as f32)));
            values.push(good_after[i].map_or(63, |d| log(d as f32)));
            values.push(match (first_good, last_good) {
                (Some(first), _) if i < first => 20 + log((first - i) as f32).min(19),
                (_, Some(last)) if i > last => 40 + log((i - last) as f32).min(19),
                (Some(_), Some(_)) => 1,
                _ => 0,
            });
            values.push(match i {
                _ if (from..to).contains(&i) && i == from => 0,
                _ if (from..to).contains(&i) && i + 1 == to => 1,
                _ if (from..to).contains(&i) => 2,
                _ if i < from => 4 + log((from - i) as f32).min(25),
                _ => 34 + log((i - to + 1) as f32).min(25),
            });
            values.push(maybe(firsts.mean(samples[i].first_word)));
            values.push(maybe(lasts.mean(samples[i].last_word)));
            values.push(maybe(shapes.mean(samples[i].shape)));
            values.push(log(firsts.count(samples[i].first_word)));
            values.push(log(lengths[i]));
            values.push(if i == 0 { 63 } else { log(lengths[i - 1]) });
            values.push(lengths.get(i + 1).map_or(63, |&w| log(w)));
            values.push(i * 60 / n);
            values.into_iter().map(|v| v.min(63) as u8).collect()
        })
        .collect()
}

/// The mean chance of lines of a page that are alike in one respect.
struct Likeness(ByHash<(f32, f32)>);

impl Likeness {
    fn of(samples: &[Sample], chances: &[f32], key: impl Fn(&Sample) -> u64) -> Self {
        let mut sums: ByHash<(f32, f32)> = ByHash::default();
        for (sample, chance) in samples.iter().zip(chances) {
            let sum = sums.entry(key(sample)).or_default();
            *sum = (sum.0 + chance, sum.1 + 1.0);
        }
        Self(sums)
    }

    /// From three lines on.
    fn mean(&self, key: u64) -> Option<f32> {
        self.0.get(&key).filter(|(_, count)| *count >= 3.0).map(|(sum, count)| sum / count)
    }

    fn count(&self, key: u64) -> f32 {
        self.0.get(&key).map_or(0.0, |(_, count)| *count)
    }
}

/// The stretch of lines that holds most body and least filler (the maximum sum subarray, as in
/// content extraction since Pasternack & Roth 2009).
fn main_block(lengths: &[f32], chances: &[f32]) -> (usize, usize) {
    let (mut best, mut found) = (0.0, (0, lengths.len()));
    let (mut sum, mut start) = (0.0, 0);
    for i in 0..lengths.len() {
        sum += (1.0 + lengths[i]).ln() * (0.5 - chances[i]);
        if sum > best {
            (best, found) = (sum, (start, i + 1));
        }
        if sum <= 0.0 {
            (sum, start) = (0.0, i + 1);
        }
    }
    found
}
