//! Named features of the lines of a page, for the linear model.
//!
//! Page with the rules' marks -> for each line the indices of its features, each of value 1, and the
//! hashes of its words. A feature is a group with a bin: `length.3`, `stop.1`. Features see the line,
//! its neighbours, its place, how often it recurs, and what the rules said; [`super::context`] adds
//! what a first look at all lines of the page gave.

use std::collections::HashSet;
use std::hash::BuildHasherDefault;

use super::composition::{self, Composition, Traits};
use super::dates;
use super::lexicon::{ByHash, Identity, Kinds};
use super::page::Page;
use super::phrases::Filter;
use super::signs::{self, Bits, Signs};
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
    ("beginning", 7),
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

/// How many values a line has for the second look: a bin of each group, and the page's composition.
pub(super) const VALUES: usize = GROUPS.len() + composition::NAMES.len();

/// The names of all features of the first look, by index.
pub(super) fn names() -> Vec<String> {
    GROUPS.iter().flat_map(|(name, bins)| (0..*bins).map(move |bin| format!("{name}.{bin}"))).collect()
}

/// The names of the values for the second look.
pub(super) fn value_names() -> impl Iterator<Item = String> {
    GROUPS.iter().map(|(name, _)| name).chain(&composition::NAMES).map(|name| name.to_string())
}

/// Collects the features of one line.
struct Row<'r> {
    base: usize,
    group: usize,
    /// Indices of all features.
    active: &'r mut Vec<u16>,
    /// For each group one more than its first bin, 0 without one.
    values: &'r mut [u8],
}

impl Row<'_> {
    /// The feature of the next group, which must be named, at this bin.
    #[inline]
    fn bin(&mut self, name: &str, bin: usize) {
        self.bins(name, Some(bin));
    }

    /// Several features of the next group, or none.
    #[inline]
    fn bins(&mut self, name: &str, bins: impl IntoIterator<Item = usize>) {
        let (expected, count) = GROUPS[self.group];
        debug_assert_eq!(name, expected);
        let mut value = 0;
        for bin in bins {
            let bin = bin.min(count - 1);
            if value == 0 {
                value = bin as u8 + 1;
            }
            self.active.push((self.base + bin) as u16);
        }
        self.values[self.group] = value;
        self.base += count;
        self.group += 1;
    }
}

/// The bin of a value: how many of the ascending borders it reaches.
fn at(value: f32, borders: &[f32]) -> usize {
    borders.iter().take_while(|&&b| value >= b).count()
}

const LENGTHS: &[f32] = &[1.0, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 15.0, 22.0, 40.0, 80.0];

/// What one line shows by itself, looked up once and asked for by its neighbours.
#[derive(Clone, Copy, Default)]
struct Look {
    ending: u8,
    beginning: u8,
    capitals: u8,
    /// A neighbour at a glance.
    seen: u8,
    /// How much it looks like a program's.
    code: u8,
    /// Its words, and those of them in which a writer speaks of himself and the reader.
    words: f32,
    own: f32,
    /// Its words that are function words.
    function: f32,
    verb: bool,
    /// 2 for a date, 1 for a short line with the name of a month.
    date: u8,
    /// The logarithm of one more than its length.
    log: f32,
    signs: Signs,
}

/// What one line's look does not know: counts over the page.
struct PageFacts {
    lines: usize,
    /// Documents of the host with the same first line.
    copies: u32,
    prose_share: f32,
    /// Hashes of the words of other lines that stand in running text.
    told: HashSet<u64, BuildHasherDefault<Identity>>,
    /// Hashes of the first line's words, sorted, and as bits.
    title: Vec<u64>,
    title_bits: u64,
    /// The kinds of every token of the page.
    kinds: Vec<Kinds>,
    /// For each line the nearest running text before and after.
    before: Vec<Option<usize>>,
    after: Vec<Option<usize>>,
    /// For each line the lines shorter than 8 words around it, without a break.
    run: Vec<usize>,
    /// For each line how often it stands in the document.
    twice: Vec<u32>,
    composition: Composition,
    looks: Vec<Look>,
    /// The length in the middle of those of running text, in words.
    median: f32,
}

impl PageFacts {
    fn new(page: &Page) -> Self {
        let n = page.lines.len();
        let lexicon = page.phrases.lexicon();
        page.look_up(0..n, true);
        let kinds: Vec<Kinds> = page.view.tokens.iter().map(|t| lexicon.kinds(t)).collect();
        let content = |i: usize| {
            let kinds = &kinds[page.lines[i].tokens.clone()];
            page.tokens(i).iter().zip(kinds).filter(|(t, k)| is_content(t, **k)).map(|(t, _)| t.hash)
        };
        // Running text has many words and is asked for few: only these are kept.
        let mut filter = Filter::default();
        (0..n).filter(|&i| !page.lines[i].prose).flat_map(content).for_each(|word| filter.add(word));
        let prose = (0..n).filter(|&i| page.lines[i].prose);
        let told = prose.flat_map(content).filter(|&w| filter.may_have(w)).collect();
        let mut title: Vec<u64> = (0..n.min(1)).flat_map(content).collect();
        title.sort_unstable();
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
        let mut lengths: Vec<f32> = page.lines.iter().filter(|l| l.prose).map(|l| l.weight).collect();
        let middle = lengths.len() / 2;
        let median = match lengths.is_empty() {
            true => 20.0,
            false => *lengths.select_nth_unstable_by(middle, f32::total_cmp).1,
        };
        let looks: Vec<Look> = (0..n).map(|i| Look::of(page, i, &kinds[page.lines[i].tokens.clone()])).collect();
        let twice = times(n, |i| page.keys(i).0);
        let traits: Vec<Traits> = (0..n).map(|i| looks[i].traits(page, i, twice[i])).collect();
        let masked = times(n, |i| page.keys(i).1.unwrap_or(page.keys(i).0));
        Self {
            composition: Composition::of(page, &traits, &masked),
            looks,
            median,
            lines: n,
            copies: if n == 0 { 1 } else { page.on_host(0).documents.max(1) },
            prose_share: prose / total.max(1.0),
            kinds,
            told,
            title_bits: title.iter().fold(0, |bits, word| bits | 1 << (word >> 58)),
            title,
            before,
            after,
            run,
            twice,
        }
    }

    fn in_title(&self, word: u64) -> bool {
        self.title_bits >> (word >> 58) & 1 == 1 && self.title.binary_search(&word).is_ok()
    }
}

/// How often each line's key stands in the document.
fn times(lines: usize, key: impl Fn(usize) -> u64) -> Vec<u32> {
    let mut place: ByHash<u32> = ByHash::default();
    place.reserve(lines);
    let mut times: Vec<u32> = Vec::with_capacity(lines);
    let places: Vec<u32> = (0..lines)
        .map(|i| {
            let place = *place.entry(key(i)).or_insert(times.len() as u32);
            if place as usize == times.len() {
                times.push(0);
            }
            times[place as usize] += 1;
            place
        })
        .collect();
    places.into_iter().map(|place| times[place as usize]).collect()
}

impl Look {
    fn of(page: &Page, i: usize, kinds: &[Kinds]) -> Self {
        let (line, text) = (&page.lines[i], page.text(i));
        let (mut function, mut own, mut any) = (0u32, 0u32, Kinds::default());
        for kind in kinds {
            function += u32::from(kind.any(Kinds::FUNCTION));
            own += u32::from(kind.any(Kinds::SELF));
            any = any.or(*kind);
        }
        let (signs, tokens) = (Signs::of(text), page.tokens(i));
        let short = tokens.len() <= DATE_WORDS_MAX;
        let date = short && signs.digits > 0.0 && dates::is_date(page.view.text, tokens, page.phrases.lexicon());
        Self {
            ending: ending(text, line.stop) as u8,
            beginning: beginning(text) as u8,
            capitals: capitals(page, i) as u8,
            seen: seen(page, i) as u8,
            code: code(text, &signs),
            words: kinds.len() as f32,
            own: own as f32,
            function: function as f32,
            verb: any.any(Kinds::VERB),
            date: if date { 2 } else { u8::from(short && any.any(Kinds::MONTH)) },
            log: (1.0 + line.weight).ln(),
            signs,
        }
    }
}

impl Look {
    /// What the composition of its page asks for.
    fn traits(&self, page: &Page, i: usize, times: u32) -> Traits {
        use composition::{ADDRESS, AGAIN, CODE, DATE, DIGITS, ITEM, MARKED, MONEY, SHORT, STOP};
        let traits = [
            (MARKED, is_marked(page, i)),
            (SHORT, page.lines[i].weight < 4.0),
            (STOP, self.ending == 1),
            (AGAIN, times > 1),
            (ITEM, self.beginning == 4),
            (CODE, self.code >= 2),
            (DIGITS, self.signs.digits >= 0.1),
            (MONEY, self.signs.found & signs::MONEY != 0),
            (ADDRESS, self.signs.found & signs::ADDRESS != 0),
            (DATE, self.date > 0),
        ];
        traits.into_iter().filter(|(_, has)| *has).fold(0, |all, (one, _)| all | one)
    }
}

/// Whether a word tells what a text is about.
fn is_content(token: &Token, kinds: Kinds) -> bool {
    !kinds.any(Kinds::FUNCTION) && token.span.len() > 2
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
    /// Its values for the second look, before the chances around it are known.
    pub(super) values: Vec<u8>,
    /// Hashes of its words.
    pub words: Vec<u64>,
    /// Hashes of its beginning, its end, and all of it when it is short: [`Run`].
    pub runs: Vec<u64>,
    pub(super) likes: Likes,
}

/// In what respects a line may be like others of its page.
#[derive(Clone, Copy, Debug)]
pub(super) struct Likes {
    /// In words.
    pub length: f32,
    pub prose: bool,
    pub first_word: u64,
    pub last_word: u64,
    /// Its length, ending and beginning in one value.
    pub shape: u64,
}

/// Whether the page is an article in Arabic letters. The model has learned from no Arabic pages but
/// from articles, where the rules do better; and most of an Arabic corpus is spared its cost.
pub(super) fn is_arabic_article(page: &Page) -> bool {
    let total: f32 = page.lines.iter().map(|l| l.weight).sum();
    let prose = |l: &&super::page::Line| l.prose;
    let share = page.lines.iter().filter(prose).map(|l| l.weight).sum::<f32>() / total.max(1.0);
    // Of the first three lines most, since one may be a name or a title in another script.
    let first = (0..page.lines.len())
        .filter(|&i| page.lines[i].weight >= 3.0 && !super::shape::has_address(page.text(i)))
        .take(3);
    let (arabic, others) = first.fold((0, 0), |(arabic, others), i| match script(page.text(i)) {
        1 => (arabic + 1, others),
        _ => (arabic, others + 1),
    });
    (share >= ARABIC_ARTICLE_SHARE || page.lines.len() < ARABIC_PAGE_LINES) && arabic >= 2 * others
}

/// Share of running text from which a page in Arabic letters is an article.
const ARABIC_ARTICLE_SHARE: f32 = 0.5;
/// Fewer lines are no page of menus: a poem, a table of fixtures.
const ARABIC_PAGE_LINES: usize = 60;

/// The samples of every line.
pub(super) fn of_page(page: &Page) -> Vec<Sample> {
    let mut samples: Vec<Sample> = Vec::with_capacity(page.lines.len());
    let mut values = vec![0; page.lines.len() * VALUES];
    each_line(page, &mut values, VALUES, |i, features, likes| {
        let tokens = page.tokens(i);
        samples.push(Sample {
            span: page.lines[i].span,
            length: likes.length,
            prose: likes.prose,
            features: features.to_vec(),
            values: Vec::new(),
            words: words(tokens).map(|t| t.hash).collect(),
            runs: Run::of(tokens).map(|(run, tokens)| run.key(tokens)).collect(),
            likes,
        });
    });
    for (sample, values) in samples.iter_mut().zip(values.chunks_exact(VALUES)) {
        sample.values = values.to_vec();
    }
    samples
}

/// Writes for every line, into `values` from each multiple of `width` on, one more than the first
/// bin of each group and what the page is made of, and calls `each` with the line, the indices of its
/// features and its likes.
pub(super) fn each_line(page: &Page, values: &mut [u8], width: usize, mut each: impl FnMut(usize, &[u16], Likes)) {
    let facts = PageFacts::new(page);
    let mut active = Vec::with_capacity(2 * GROUPS.len());
    for (i, values) in values.chunks_exact_mut(width).enumerate() {
        active.clear();
        let (bins, around) = values[..VALUES].split_at_mut(GROUPS.len());
        of_line(page, &facts, i, Row { base: 0, group: 0, active: &mut active, values: bins });
        facts.composition.write(i, around);
        let (line, tokens, look) = (&page.lines[i], page.tokens(i), &facts.looks[i]);
        let bits = [at(line.weight, LENGTHS) as u8, look.ending, look.beginning, look.capitals];
        let likes = Likes {
            length: line.weight,
            prose: line.prose,
            first_word: tokens.first().map_or(0, |t| t.hash),
            last_word: tokens.last().map_or(0, |t| t.hash),
            shape: bits.iter().fold(0u64, |key, &bit| key << 8 | u64::from(bit)).wrapping_mul(0x9e37_79b9_7f4a_7c15),
        };
        each(i, &active, likes);
    }
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

/// A longer line is no date.
const DATE_WORDS_MAX: usize = 18;
/// At most this many words of a line are looked at.
const WORDS_MAX: usize = 40;

/// The words of a line that the model knows by themselves.
pub(super) fn words(tokens: &[Token]) -> impl ExactSizeIterator<Item = &Token> {
    tokens.iter().take(WORDS_MAX)
}

fn of_line(page: &Page, facts: &PageFacts, i: usize, mut row: Row) {
    let n = facts.lines;
    let (line, look, tokens) = (&page.lines[i], &facts.looks[i], page.tokens(i));
    let kinds = &facts.kinds[line.tokens.clone()];
    let weight = |i: usize| page.lines[i].weight;
    let neighbour = |offset: isize| i.checked_add_signed(offset).filter(|&j| j < n);
    let length = at(line.weight, LENGTHS);
    let long = |j: Option<usize>| j.is_some_and(|j| page.lines[j].prose || weight(j) >= 15.0);
    let count = tokens.len().max(1) as f32;
    row.bin("bias", 0);
    row.bin("length", length);
    row.bins("length_stop", line.stop.then_some(length));
    row.bins("length_before_long", long(neighbour(-1)).then_some(length));
    row.bins("length_after_long", long(neighbour(1)).then_some(length));
    row.bin("length_page", at(facts.prose_share, &[0.35, 0.7]) * 12 + length);
    row.bin("ending", look.ending.into());
    row.bin("beginning", look.beginning.into());
    row.bin("capitals", look.capitals.into());
    let digits = look.signs.digits;
    row.bin("digits", at(digits, &[0.001, 0.1, 0.4]));
    let function = look.function / count;
    row.bin("function_words", if line.weight < 3.0 { 4 } else { at(function, &[0.01, 0.2, 0.35]) });
    row.bin("verb", usize::from(look.verb));
    row.bins("signs", Bits(look.signs.found));
    row.bin("date", look.date.into());
    let mark = page.marks[i].as_ref();
    row.bin("rule", mark.map_or(0, |m| 1 + m.label as usize));
    row.bin("rule_score", mark.map_or(0, |m| at(m.score, &[0.0, 0.7, 0.9])));
    let log = |count: u32| (count / facts.copies).max(1).ilog2() as usize;
    row.bin("in_corpus", log(page.in_corpus(i).documents));
    let on_host = page.on_host(i);
    row.bin("on_host", log(on_host.documents));
    row.bin("masked_on_host", log(page.masked(i).documents));
    row.bin("at_edge", if on_host.documents < 2 { 0 } else { 1 + usize::from(on_host.at_edge == on_host.documents) });
    row.bin("twice_in_document", facts.twice[i] as usize - 1);
    row.bin("place", i * 10 / n);
    const DISTANCES: &[f32] = &[1.0, 2.0, 3.0, 5.0, 10.0, 25.0, 60.0];
    row.bin("from_start", at(i as f32, DISTANCES));
    row.bin("from_end", at((n - 1 - i) as f32, DISTANCES));
    for (name, offset) in
        [("before_1", -1), ("before_2", -2), ("before_3", -3), ("after_1", 1), ("after_2", 2), ("after_3", 3)]
    {
        row.bin(name, neighbour(offset).map_or(0, |j| facts.looks[j].seen.into()));
    }
    for (name, reach) in [("window_3_words", 3), ("window_8_words", 8)] {
        let (from, to) = (i.saturating_sub(reach), (i + reach + 1).min(n));
        let mean = facts.looks[from..to].iter().map(|look| look.log).sum::<f32>() / (to - from) as f32;
        row.bin(name, at(mean, &[0.8, 1.1, 1.4, 1.7, 2.1, 2.6, 3.2]));
    }
    const NEAR: &[f32] = &[1.0, 2.0, 3.0, 5.0, 12.0];
    row.bin("prose_before", facts.before[i].map_or(5, |j| at((i - j) as f32, NEAR) - 1));
    row.bin("prose_after", facts.after[i].map_or(5, |j| at((j - i) as f32, NEAR) - 1));
    row.bin("run_of_short", at(facts.run[i] as f32, &[1.0, 2.0, 3.0, 6.0, 15.0]));
    let (mut own, mut told, mut in_title) = (0u32, 0u32, 0u32);
    for (token, _) in tokens.iter().zip(kinds).filter(|(t, k)| is_content(t, **k)) {
        own += 1;
        told += u32::from(!line.prose && facts.told.contains(&token.hash));
        in_title += u32::from(facts.in_title(token.hash));
    }
    let share = |found: u32| found as f32 / own.max(1) as f32;
    let by_page = if line.prose || own == 0 { 0 } else { 1 + at(share(told), &[0.01, 0.5, 0.99]) };
    row.bin("told_by_page", by_page);
    row.bin("told_by_title", if own == 0 { 0 } else { 1 + at(share(in_title), &[0.01, 0.5]) });
    row.bin("script", script(page.text(i)) * 4 + at(line.weight, &[3.0, 8.0, 20.0]));
    row.bin("page_lines", at(n as f32, &[6.0, 15.0, 40.0, 100.0, 250.0, 600.0]));
    row.bin("page_prose_share", at(facts.prose_share, &[0.15, 0.35, 0.55, 0.75, 0.9]));
    let alike =
        [-1, 1].iter().filter(|&&o| neighbour(o).is_some_and(|j| (weight(j) - line.weight).abs() <= 1.0)).count();
    row.bin("like_neighbours", if line.weight >= 10.0 { 3 } else { alike });
    row.bin("code", look.code.into());
    let near = |reach: usize| i.saturating_sub(reach)..(i + reach + 1).min(n);
    let coded = facts.looks[near(4)].iter().filter(|look| look.code >= 2).count();
    row.bin("code_around", at(coded as f32, &[1.0, 3.0, 6.0]));
    let speaks = |lines: std::ops::Range<usize>| {
        let (words, own) = facts.looks[lines].iter().fold((0.0, 0.0), |s, x| (s.0 + x.words, s.1 + x.own));
        at(own / f32::max(words, 1.0), &[0.001, 0.04, 0.08, 0.15])
    };
    row.bin("self_words", speaks(i..i + 1));
    row.bin("self_words_around", speaks(near(5)));
    row.bin("to_median", at(line.weight / facts.median, &[0.05, 0.1, 0.2, 0.4, 0.7, 1.1, 1.8]));
    row.bin("pictographs", usize::from(look.signs.pictograph));
    let item = |j: Option<usize>| j.is_some_and(|j| facts.looks[j].beginning == 4);
    let items = usize::from(item(neighbour(-1))) + usize::from(item(neighbour(1)));
    row.bin("list_item", if item(Some(i)) { 1 + items } else { 0 });
}

/// A neighbour at a glance: its length, whether it ends in a stop, whether a rule named it.
fn seen(page: &Page, j: usize) -> usize {
    let line = &page.lines[j];
    match line.weight {
        _ if is_marked(page, j) => 1,
        w if w < 3.0 => 2,
        w if w < 7.0 => 3,
        w if w < 15.0 => 4 + usize::from(line.stop),
        _ => 6 + usize::from(line.stop),
    }
}

/// Whether a rule has named it as filler.
fn is_marked(page: &Page, i: usize) -> bool {
    page.marks[i].as_ref().is_some_and(|m| !matches!(m.label, Label::Title | Label::SectionHeading))
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
        // A row of a table, as extractors write it: `| 2018 | 4.9 |`.
        Some('|') if text.len() > 4 && text.ends_with('|') => 6,
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
            // Only whether all of them are without a small letter matters.
            let capital = || word.len() > first.len_utf8() && !word.chars().any(char::is_lowercase);
            all += usize::from(all + 1 == cased && capital());
        }
    }
    match cased {
        0 => 0,
        _ if all == cased => 4,
        _ => 1 + at(upper as f32 / cased as f32, &[0.4, 0.99]),
    }
}

/// How much a line looks like a program's: 0 not at all, 3 surely. By the signs that prose lacks.
fn code(text: &str, signs: &Signs) -> u8 {
    let end = text.ends_with(['{', '}', ';', '\\']) || text.ends_with("({") || text.ends_with("):");
    let comment = text.starts_with("//") || text.starts_with("# ") || text.starts_with("$ ");
    (u8::from(end) + u8::from(signs.call) + u8::from(comment) + u8::from(signs.dense)).min(3)
}

/// 0 Latin and other cased scripts, 1 Arabic, 2 scripts without spaces.
fn script(text: &str) -> usize {
    text.chars().find(|c| c.is_alphabetic()).map_or(0, |c| match c {
        '\u{600}'..='\u{8ff}' => 1,
        '\u{e00}'..='\u{eff}' | '\u{3000}'..='\u{d7ff}' => 2,
        _ => 0,
    })
}

#[cfg(test)]
mod tests {
    use super::super::Classifier;
    use super::*;
    use crate::fingerprint::LineFrequencies;
    use crate::params::FillerParams;
    use crate::tokenise::{View, default_tokeniser};

    #[test]
    fn an_article_in_arabic_letters_may_name_a_title_in_another_script() {
        let classifier = Classifier::new(&FillerParams::default()).unwrap();
        let is_article = |text: &str| {
            let (view, lines) = (View::new(text, default_tokeniser()), LineFrequencies::default());
            is_arabic_article(&classifier.rules(None, &view, &lines))
        };
        let arabic = "قال الوزير إن الوفد وصل أمس إلى المدينة";
        let latin = "The Prophet by Kahlil Gibran";
        assert!(is_article(&[arabic, latin, arabic].join("\n")));
        assert!(!is_article(&[latin, arabic, latin].join("\n")));
        assert!(!is_article(&[latin, arabic].join("\n")));
        assert!(is_article(arabic));
    }

    #[test]
    fn a_row_of_a_table_begins_like_no_other_line() {
        assert_eq!(beginning("| 2018 | 4.9 |"), 6);
        assert_eq!(beginning("| Home | News"), 5);
        assert_eq!(beginning("| |"), 5);
    }
}
