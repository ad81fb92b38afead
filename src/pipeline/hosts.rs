//! What each host repeats over its pages.
//!
//! Records -> [`Hosts`], in two passes and bounded memory. The first counts documents by host and
//! lines by host, the lines in a sieve of small counters that is never too low. The second counts
//! exactly, but only the lines that the sieve says recur, and asks the classifier what it makes of
//! them. Everything is a sum, a minimum or a choice by content, so neither the number of threads
//! nor the order of the paths changes the answer.
//!
//! A line recurs when it stands in [`DOCUMENTS_MIN`] documents of its host, a long one in
//! [`DOCUMENTS_PROSE_MIN`], that are not copies of each other: where every line of a page recurs, the
//! page was published again, and that says nothing of a template.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU8, Ordering};

use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::decide::{Decided, decide};
use crate::error::{Error, Result};
use crate::fingerprint::LineFrequencies;
use crate::fingerprint::lines::{WORDS_MAX, begins_with_digit, line_keys};
use crate::label::{Action, Label};
use crate::pipeline::overlap::overlapped;
use crate::pipeline::sieve::Sieve;
use crate::pipeline::{BATCH_LEN_BYTES, Run, Tally, survey};
use crate::read::{Checksum, Corpus, Document, RawRecord, parse};
use crate::report::hosts::{Host, HostLine, Hosts, HostsSummary, Position};
use crate::report::rows::SkippedRow;
use crate::span::Span;
use crate::tokenise::{Token, View};
use crate::watch::{Course, Phase};

/// A line recurs from this many documents of its host on, as `sitewide` has it.
pub const DOCUMENTS_MIN: u8 = 3;

/// A line that may be prose from this many on: background that a newsroom repeats is no template.
pub const DOCUMENTS_PROSE_MIN: u8 = 8;

/// Hosts counted, in reading order: some 25 MB.
const HOSTS_MAX: usize = 1 << 18;

/// Lines counted exactly: some 80 MB. Where more recur, the rarest are left out.
const LINES_MAX: usize = 1 << 18;

/// Bytes of a line that are kept to show it.
const TEXT_LEN_BYTES_MAX: usize = 1_000;

/// A line with this many words may be prose; one that does not recur is the article's.
const PROSE_WORDS_MIN: usize = 10;

/// A line of fewer words is no sign that a page was published again.
const TELLING_WORDS_MIN: usize = 4;

impl Run {
    /// The lines each host repeats, or one host alone. `skipped` is given every record that could
    /// not be read, in reading order.
    ///
    /// # Errors
    /// As [`Run::rows`]; and when no document is of the host that was asked for.
    pub fn hosts(&self, only: Option<&str>, skipped: &mut dyn FnMut(&SkippedRow) -> Result<()>) -> Result<Hosts> {
        let census = Census::take(self, skipped)?;
        if census.documents == 0 {
            let mut tally = Tally::new(self, 0);
            tally.skipped_examples = census.skipped_examples;
            return Err(self.nothing_read(&tally));
        }
        let only = match only {
            Some(name) => Some(census.wanted(name)?),
            None => None,
        };
        let mut lines = Lines::default();
        lines.count(self, &census, only)?;
        Ok(census.report(self, lines, only))
    }
}

// ---------------------------------------------------------------- the first pass

/// What the first pass learned.
struct Census {
    documents: u64,
    hosts: HashMap<Option<Box<str>>, Counted>,
    documents_of_other_hosts: u64,
    sieve: Sieve,
    frequencies: LineFrequencies,
    checksums: Vec<Checksum>,
    skipped: u64,
    skipped_examples: Vec<String>,
}

/// One host as it is counted.
#[derive(Clone, Copy)]
struct Counted {
    /// In the order of their first documents.
    number: u32,
    documents: u64,
}

/// What the first pass keeps of one record for the counting in order.
enum Met {
    Document(Option<String>),
    Skipped { source: u32, line: u64, why: String },
    Nothing,
}

impl Census {
    fn take(run: &Run, skipped_row: &mut dyn FnMut(&SkippedRow) -> Result<()>) -> Result<Self> {
        let (sieve, frequencies) = (Sieve::default(), LineFrequencies::default());
        let sources = &run.found.sources;
        let (mut documents, mut skipped, mut documents_of_other_hosts) = (0, 0, 0);
        let mut skipped_examples = Vec::new();
        let mut hosts: HashMap<Option<Box<str>>, Counted> = HashMap::new();
        let look = |raw: RawRecord| {
            let mut record = parse(sources, &run.params, raw);
            if let Some(document) = record.document() {
                let view = View::new(&document.text, &run.tokeniser);
                let host = document.host.as_deref();
                frequencies.observe(host, &view);
                let seed = host_seed(host);
                let mut keys: Vec<u64> = Vec::new();
                for line in 0..view.segments.len() {
                    let Some((plain, masked)) = keys_of(&view, line) else { continue };
                    keys.extend([Some(plain), masked].into_iter().flatten().map(|key| on_host(key, seed)));
                }
                keys.sort_unstable();
                keys.dedup();
                keys.into_iter().for_each(|key| sieve.add(key));
            }
            match &mut record.content {
                crate::read::Content::Document(parsed) => Met::Document(parsed.document.host.take()),
                crate::read::Content::Skipped(why) => {
                    Met::Skipped { source: record.source, line: record.line, why: std::mem::take(why) }
                }
                crate::read::Content::Nothing => Met::Nothing,
            }
        };
        let mut corpus = Corpus::new(sources);
        let course = Course::begin(run.watch(), Phase::CountLines, sources, &[]);
        overlapped(
            || corpus.next_batch(BATCH_LEN_BYTES),
            |batch: Vec<RawRecord>| -> Vec<Met> {
                course.works_on(batch.iter());
                batch.into_par_iter().map(look).collect()
            },
            |batch| {
                for met in batch {
                    match met {
                        Met::Nothing => {}
                        Met::Skipped { source, line, why } => {
                            let source = &sources[source as usize].name;
                            skipped_row(&SkippedRow { source, line: Some(line), why: &why })?;
                            if skipped_examples.len() < survey::EXAMPLES_MAX {
                                skipped_examples.push(format!("`{source}` line {line}: {why}"));
                            }
                            skipped += 1;
                        }
                        Met::Document(host) => {
                            documents += 1;
                            let host = host.map(String::into_boxed_str);
                            let number = hosts.len() as u32;
                            if let Some(counted) = hosts.get_mut(&host) {
                                counted.documents += 1;
                            } else if hosts.len() < HOSTS_MAX || host.is_none() {
                                hosts.insert(host, Counted { number, documents: 1 });
                            } else {
                                documents_of_other_hosts += 1;
                            }
                        }
                    }
                }
                Ok(())
            },
        )?;
        course.ended();
        for source in &run.found.skipped {
            skipped_row(&SkippedRow { source: &source.name, line: None, why: &source.why })?;
            skipped += u64::from(source.unreadable);
        }
        skipped_examples.extend(run.sources_not_read());
        let checksums = corpus.into_checksums();
        Ok(Self {
            documents,
            hosts,
            documents_of_other_hosts,
            sieve,
            frequencies,
            checksums,
            skipped,
            skipped_examples,
        })
    }

    /// The number of the host a user names.
    fn wanted(&self, name: &str) -> Result<u32> {
        let found = self.hosts.get(&Some(name.into()));
        found.map(|counted| counted.number).ok_or_else(|| {
            let hint = match self.names() {
                0 => "no document names a host; --host-field names the field that holds it".to_owned(),
                _ => "`--hosts` alone lists them, the largest first".to_owned(),
            };
            Error::usage(format!("no document is of a host `{name}`")).hint(hint)
        })
    }

    /// How many different hosts are named.
    fn names(&self) -> u64 {
        (self.hosts.len() - usize::from(self.hosts.contains_key(&None))) as u64
    }

    fn report(self, run: &Run, lines: Lines, only: Option<u32>) -> Hosts {
        let mut summary = HostsSummary::new(run.params.digest());
        summary.documents = self.documents;
        summary.hosts = self.names();
        summary.documents_without_host = self.hosts.get(&None).map_or(0, |counted| counted.documents);
        summary.skipped = self.skipped;
        summary.notes.extend(survey::note_of_skipped(self.skipped, &self.skipped_examples));
        summary.documents_min = u64::from(lines.least);
        summary.documents_prose_min = u64::from(lines.least.max(DOCUMENTS_PROSE_MIN));
        let limits = &mut summary.limits_reached;
        if self.documents_of_other_hosts > 0 {
            limits.insert("documents of hosts beyond the first 262144", self.documents_of_other_hosts);
        }
        if lines.least > DOCUMENTS_MIN {
            limits.insert("more than 262144 lines recur; left out those on fewer documents than", lines.least.into());
        }
        if lines.refused > 0 {
            limits.insert("places of lines beyond the first 262144", lines.refused);
        }
        let mut by_host = lines.by_host();
        let mut hosts: Vec<Host> = self
            .hosts
            .into_iter()
            .filter(|(_, counted)| only.is_none_or(|only| only == counted.number))
            .map(|(name, counted)| Host {
                name: name.map(String::from),
                documents: counted.documents,
                lines: by_host.remove(&counted.number).unwrap_or_default(),
            })
            .collect();
        hosts.sort_by(|a, b| {
            let key = |h: &Host| (h.name.is_none(), Reverse(h.documents));
            key(a).cmp(&key(b)).then_with(|| a.name.cmp(&b.name))
        });
        summary.lines = hosts.iter().map(|host| host.lines.len() as u64).sum();
        let folders =
            "--host-field names the field that holds it or a URL; of plain text, the first folder is the host";
        if summary.hosts == 0 {
            let what = format!("no document names a host, so all are counted as of one; {folders}");
            summary.notes.push(what);
        }
        Hosts { hosts, summary }
    }
}

fn host_seed(host: Option<&str>) -> u64 {
    host.map_or(0, |host| xxh3_64_with_seed(host.as_bytes(), 1))
}

fn on_host(line: u64, host: u64) -> u64 {
    xxh3_64_with_seed(&line.to_le_bytes(), host)
}

/// The keys of a line, none when it is empty or prose. Numbers alone are not masked: `3-1` is no
/// template.
fn keys_of(view: &View, line: usize) -> Option<(u64, Option<u64>)> {
    let tokens = view.segment_tokens(line);
    if tokens.is_empty() || tokens.len() > WORDS_MAX {
        return None;
    }
    let (plain, masked) = line_keys(view.text, tokens);
    let words = tokens.iter().any(|t| !begins_with_digit(view.text, t));
    Some((plain, masked.filter(|_| words)))
}

// ---------------------------------------------------------------- the second pass

/// The lines that are counted exactly.
struct Lines {
    by_key: HashMap<u64, Line>,
    /// At most so many.
    max: usize,
    /// Lines the sieve has seen less often are left out.
    least: u8,
    /// Places of lines that were not counted because that did not help either.
    refused: u64,
}

impl Default for Lines {
    fn default() -> Self {
        Self { by_key: HashMap::new(), max: LINES_MAX, least: DOCUMENTS_MIN, refused: 0 }
    }
}

/// One line as it is counted.
struct Line {
    host: u32,
    text: Box<str>,
    /// The line with its numbers masked, when it has some and is not masked itself.
    masked: Option<u64>,
    is_masked: bool,
    /// What the sieve says.
    roughly: u8,
    /// Whether it recurs over documents that are not copies of each other.
    template: bool,
    documents_min: u8,
    documents: u64,
    positions: [u64; 3],
    /// The sum of its line numbers, so that ties stand as the page has them.
    line_numbers: u64,
    labels: Vec<((Label, Action), u64)>,
}

/// One line of one document.
struct Seen {
    key: u64,
    text: String,
    masked: Option<u64>,
    is_masked: bool,
    roughly: u8,
    template: bool,
    documents_min: u8,
    position: Position,
    number: u64,
    label: Option<(Label, Action)>,
}

impl Lines {
    fn count(&mut self, run: &Run, census: &Census, only: Option<u32>) -> Result<()> {
        let least = AtomicU8::new(self.least);
        let mut corpus = Corpus::again(&run.found.sources, &census.checksums);
        let course = Course::begin(run.watch(), Phase::NameLines, &run.found.sources, &census.checksums);
        let look = |raw: RawRecord| -> Option<(u32, Vec<Seen>)> {
            let record = parse(&run.found.sources, &run.params, raw);
            let document = record.document()?;
            let counted = census.hosts.get(&document.host.as_deref().map(Box::from))?;
            let few = counted.documents < DOCUMENTS_MIN.into();
            if few || only.is_some_and(|only| only != counted.number) {
                return None;
            }
            Some((counted.number, seen(run, census, document, least.load(Ordering::Relaxed))))
        };
        overlapped(
            || corpus.next_batch(BATCH_LEN_BYTES),
            |batch: Vec<RawRecord>| -> Vec<_> {
                course.works_on(batch.iter());
                batch.into_par_iter().filter_map(look).collect()
            },
            |batch| {
                for (host, lines) in batch {
                    lines.into_iter().for_each(|line| self.add(host, line));
                }
                // Only saves work: `add` looks again.
                least.store(self.least, Ordering::Relaxed);
                Ok(())
            },
        )?;
        course.ended();
        Ok(())
    }

    fn add(&mut self, host: u32, seen: Seen) {
        if seen.roughly < self.least {
            return;
        }
        if let Some(line) = self.by_key.get_mut(&seen.key) {
            return line.add(seen);
        }
        while self.by_key.len() >= self.max && self.least < u8::MAX {
            // Which lines stay in the end depends on what the sieve says of all of them, not on
            // the order they come in: whatever stays has been counted from the beginning.
            self.least = self.least.saturating_add(self.least / 4 + 1);
            let least = self.least;
            self.by_key.retain(|_, line| line.roughly >= least);
        }
        if seen.roughly < self.least {
            return;
        }
        if self.by_key.len() >= self.max {
            self.refused += 1;
            return;
        }
        let mut line = Line {
            host,
            text: shown(&seen.text).into(),
            masked: seen.masked,
            is_masked: seen.is_masked,
            roughly: seen.roughly,
            template: false,
            documents_min: seen.documents_min,
            documents: 0,
            positions: [0; 3],
            line_numbers: 0,
            labels: Vec::new(),
        };
        let key = seen.key;
        line.add(seen);
        self.by_key.insert(key, line);
    }

    /// The lines that recur, by the numbers of their hosts, in the order they are shown.
    fn by_host(mut self) -> BTreeMap<u32, Vec<HostLine>> {
        let least = self.least;
        self.by_key.retain(|_, line| line.template && line.documents >= line.documents_min.max(least).into());
        // A line with numbers is shown as it is where it mostly stands so, else with its like.
        let mut commonest: HashMap<u64, u64> = HashMap::new();
        for line in self.by_key.values() {
            if let Some(masked) = line.masked.filter(|masked| self.by_key.contains_key(masked)) {
                let most = commonest.entry(masked).or_default();
                *most = line.documents.max(*most);
            }
        }
        let one_form = |masked: &u64| {
            let together = self.by_key.get(masked).map_or(0, |line| line.documents);
            commonest.get(masked).is_some_and(|&most| most * 10 >= together * 9)
        };
        let shown = |key: &u64, line: &Line| match line.masked {
            _ if line.is_masked => !one_form(key),
            Some(masked) if self.by_key.contains_key(&masked) => one_form(&masked),
            _ => true,
        };
        let mut lines: Vec<&Line> =
            self.by_key.iter().filter(|(key, line)| shown(key, line)).map(|(_, line)| line).collect();
        lines.sort_by(|a, b| {
            let mean = |x: &Line, y: &Line| u128::from(x.line_numbers) * u128::from(y.documents);
            (a.host, Reverse(a.documents))
                .cmp(&(b.host, Reverse(b.documents)))
                .then_with(|| Position::most(&a.positions).cmp(&Position::most(&b.positions)))
                .then_with(|| mean(a, b).cmp(&mean(b, a)))
                .then_with(|| (&a.text, a.is_masked).cmp(&(&b.text, b.is_masked)))
        });
        let mut by_host: BTreeMap<u32, Vec<HostLine>> = BTreeMap::new();
        for line in lines {
            by_host.entry(line.host).or_default().push(line.report());
        }
        by_host
    }
}

impl Line {
    fn add(&mut self, seen: Seen) {
        let text = shown(&seen.text);
        if text != &*self.text && plainness(text) < plainness(&self.text) {
            self.text = text.into();
        }
        self.template |= seen.template;
        self.documents += 1;
        self.positions[seen.position as usize] += 1;
        self.line_numbers += seen.number;
        if let Some(label) = seen.label {
            match self.labels.iter_mut().find(|(l, _)| *l == label) {
                Some((_, n)) => *n += 1,
                None => self.labels.push((label, 1)),
            }
        }
    }

    fn report(&self) -> HostLine {
        let labelled: u64 = self.labels.iter().map(|(_, n)| n).sum();
        let label = self.labels.iter().max_by_key(|(label, n)| (*n, Reverse(*label)));
        HostLine {
            text: self.text.to_string(),
            masked: self.is_masked,
            documents: self.documents,
            positions: self.positions,
            label: label.filter(|_| labelled * 2 >= self.documents).map(|&((label, action), n)| (label, action, n)),
        }
    }
}

/// Of several spellings the plainest is shown, so that it does not matter which came first: the
/// shortest, then the one with the fewest capitals inside words.
fn plainness(text: &str) -> (usize, usize, &str) {
    let mut inside = false;
    let shouting = |c: char| std::mem::replace(&mut inside, c.is_alphabetic()) && c.is_uppercase();
    (text.len(), text.chars().map(shouting).filter(|&s| s).count(), text)
}

/// As much of a line as is kept.
fn shown(text: &str) -> &str {
    &text[..text.floor_char_boundary(TEXT_LEN_BYTES_MAX)]
}

/// The keys of one line on its host, each with how often the sieve has seen it.
#[derive(Clone, Copy)]
struct Keys {
    plain: (u64, u8),
    masked: Option<(u64, u8)>,
}

/// The lines of one document that recur on its host, each once.
fn seen(run: &Run, census: &Census, document: &Document, least: u8) -> Vec<Seen> {
    let view = View::new(&document.text, &run.tokeniser);
    let host = document.host.as_deref();
    let seed = host_seed(host);
    let look = |key: u64| (on_host(key, seed), census.sieve.count(on_host(key, seed)));
    let lines: Vec<Option<Keys>> = (0..view.segments.len())
        .map(|line| {
            let (plain, masked) = keys_of(&view, line)?;
            Some(Keys { plain: look(plain), masked: masked.map(look) })
        })
        .collect();
    let often = |line: usize| lines[line].map_or(0, |keys| keys.plain.1.max(keys.masked.map_or(0, |(_, n)| n)));
    if (0..lines.len()).all(|line| often(line) < least) {
        return Vec::new();
    }

    // The rarest line of a page that was published again stands on all its copies. Prose is taken
    // for the page's own.
    let telling = (0..lines.len()).filter(|&line| view.segment_tokens(line).len() >= TELLING_WORDS_MIN);
    let copies = telling.map(|line| lines[line].map_or(1, |keys| keys.plain.1)).min().unwrap_or(1);
    let article = article(&view, often);
    let findings = run.classifier.classify(host, &view, &census.frequencies);
    let decided = decide(&document.id, &view, findings, &[], &[], &run.params).spans;

    let mut all = Vec::new();
    for (number, keys) in lines.iter().enumerate() {
        let &Some(Keys { plain, masked }) = keys else { continue };
        let prose = view.segment_tokens(number).len() >= PROSE_WORDS_MIN;
        let documents_min = if prose { DOCUMENTS_PROSE_MIN } else { DOCUMENTS_MIN };
        let content = view.segments[number].content;
        for ((key, roughly), is_masked) in [Some((plain, false)), masked.map(|m| (m, true))].into_iter().flatten() {
            if roughly < least {
                continue;
            }
            let text = content.of(view.text).trim();
            all.push(Seen {
                key,
                text: if is_masked { mask(&view, number) } else { text.to_owned() },
                masked: masked.map(|(key, _)| key).filter(|_| !is_masked),
                is_masked,
                roughly,
                template: roughly >= documents_min.max(copies.saturating_mul(2)),
                documents_min,
                position: match &article {
                    article if number < article.start => Position::Head,
                    article if number >= article.end => Position::Tail,
                    _ => Position::Inside,
                },
                number: number as u64,
                label: label_of(content, &decided),
            });
        }
    }
    // The first place of each line.
    all.sort_by_key(|seen| (seen.key, seen.number));
    all.dedup_by_key(|seen| seen.key);
    all
}

/// The lines of the article: from the first to the last line of its own that is long enough. Where
/// there is none, the page's halves are head and tail.
fn article(view: &View, often: impl Fn(usize) -> u8) -> std::ops::Range<usize> {
    let own = |line: &usize| often(*line) < DOCUMENTS_MIN && view.segment_tokens(*line).len() >= PROSE_WORDS_MIN;
    let mut own = (0..view.segments.len()).filter(own);
    match own.next() {
        Some(first) => first..own.next_back().unwrap_or(first) + 1,
        None => view.segments.len() / 2..view.segments.len() / 2,
    }
}

/// What was decided on most of a line.
fn label_of(line: Span, decided: &[Decided]) -> Option<(Label, Action)> {
    let first = decided.partition_point(|d| d.finding.span.end <= line.start);
    let touching = decided[first..].iter().take_while(|d| d.finding.span.start < line.end);
    let most = touching.max_by_key(|d| d.finding.span.overlap(line))?;
    (most.finding.span.overlap(line) * 2 > line.len()).then_some((most.finding.label, most.action))
}

/// A line with its numbers written `#`.
fn mask(view: &View, line: usize) -> String {
    let content = view.segments[line].content;
    let mut out = String::new();
    let mut at = content.start as usize;
    let numbers = |t: &&Token| begins_with_digit(view.text, t);
    for token in view.segment_tokens(line).iter().filter(numbers) {
        out.push_str(view.text.get(at..token.span.start as usize).unwrap_or_default());
        // A compatibility character may stand for several words.
        if token.span.end as usize > at {
            out.push('#');
            at = token.span.end as usize;
        }
    }
    out.push_str(&view.text[at..content.end as usize]);
    out.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Line `n` stands in `n` documents.
    fn places(lines: u8) -> Vec<u8> {
        (1..=lines).flat_map(|n| std::iter::repeat_n(n, n.into())).collect()
    }

    fn counted(order: impl IntoIterator<Item = u8>, max: usize) -> (u8, u64, Vec<(String, u64)>) {
        let mut lines = Lines { max, ..Lines::default() };
        for n in order {
            lines.add(
                0,
                Seen {
                    key: u64::from(n) * 0x9e37_79b9,
                    text: format!("line {n}"),
                    masked: None,
                    is_masked: false,
                    roughly: n,
                    template: true,
                    documents_min: DOCUMENTS_MIN,
                    position: Position::Head,
                    number: 0,
                    label: None,
                },
            );
        }
        let (least, refused) = (lines.least, lines.refused);
        let lines = lines.by_host().remove(&0).unwrap_or_default();
        (least, refused, lines.into_iter().map(|line| (line.text, line.documents)).collect())
    }

    #[test]
    fn when_too_many_lines_recur_the_rarest_are_left_out_in_whatever_order_they_come() {
        let expected = counted(places(60), 20);
        let (least, refused, lines) = &expected;
        assert!(*least > DOCUMENTS_MIN && *refused == 0 && !lines.is_empty() && lines.len() <= 20);
        assert!(lines.iter().all(|(text, documents)| *text == format!("line {documents}")), "counted whole: {lines:?}");
        assert_eq!(lines.len(), 61 - usize::from(*least), "every commoner line stays");
        assert_eq!(counted(places(60).into_iter().rev(), 20), expected);
        let mut mixed = places(60);
        mixed.sort_by_key(|n| (n % 7, *n));
        assert_eq!(counted(mixed, 20), expected);
    }

    #[test]
    fn of_several_spellings_the_plainest_is_shown() {
        let mut spellings = ["HOME PAGE", "Home  Page", "home page", "Home Page"];
        spellings.sort_by_key(|text| plainness(text));
        assert_eq!(spellings[0], "Home Page");
        assert_eq!(spellings[3], "Home  Page");
    }

    #[test]
    fn a_line_with_numbers_is_cut_where_they_stand() {
        let view = View::new("الصفحة ٣ من 12, 5", crate::tokenise::default_tokeniser());
        assert_eq!(mask(&view, 0), "الصفحة # من #, #");
    }
}
