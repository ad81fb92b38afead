//! What weighs for filler? Trains the model on labelled lines, and says how it does on hosts it has
//! not seen.
//!
//! ```text
//! cargo run --release --example train_filler -- [--folds N] [--seed N] [--lines FILE] [-o src/classify/model.txt] GOLD.jsonl…
//! ```
//!
//! GOLD holds one page a line: `{"id","host","lang","lines":[{"text","label","kind"?,"spans"?,"nl"?}]}`
//! with the labels `body` and `boilerplate`. A logistic regression first; then boosted trees look at
//! what it gave the lines around, on folds of hosts it did not see. With `--folds` the hosts are
//! divided; each part is classified, rules and all, with weights trained on the other parts, and the
//! figures are printed at every level; `--seed` divides them otherwise. Of a GOLD written after `--also`, the lines are not learned from,
//! only scored. `--lines` writes what the unseen lines got, for choosing the borders of
//! `src/classify/judge.rs`. With `-o` the weights trained on everything are written. The same input
//! gives the same weights.

mod logistic;
mod score;
mod trees;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::io::Write as _;

use ghirbal::classify::{Classifier, Run, Sample, context_values, feature_names};
use ghirbal::fingerprint::LineFrequencies;
use ghirbal::params::{FillerParams, Level};
use ghirbal::tokenise::{View, default_tokeniser};
use logistic::{Weights, chance};
use rayon::prelude::*;
use serde_json::{Value, json};

/// Folds of hosts within the training pages, so that the trees see honest chances.
const INNER_FOLDS: u64 = 5;
/// Words, and runs of words, are learned when they stand on at least this many hosts, at most so
/// many of them.
const WORD_HOSTS_MIN: usize = 10;
const WORDS_MAX: usize = 4000;
const RUN_HOSTS_MIN: usize = 10;
const RUNS_MAX: usize = 4000;

/// A page of so many lines keeps its weight.
const TYPICAL_LINES: f32 = 250.0;

/// A labelled page.
pub struct Page {
    set: usize,
    host: String,
    /// Which part of the hosts it belongs to.
    part: u64,
    lang: String,
    /// Counts in figures: not suspect.
    scored: bool,
    learned: bool,
    text: String,
    gold: Vec<score::Gold>,
    samples: Vec<Sample>,
    /// For each sample: is it filler, when it is labelled.
    filler: Vec<Option<bool>>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (mut output, mut lines, mut folds, mut seed) = (None, None, 0u64, 0u64);
    let (mut paths, mut learned) = (Vec::new(), true);
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "-o" => output = args.next(),
            "--lines" => lines = args.next(),
            "--folds" => folds = args.next().unwrap_or_default().parse()?,
            "--seed" => seed = args.next().unwrap_or_default().parse()?,
            "--also" => learned = false,
            _ => paths.push((arg, learned)),
        }
    }
    let classifier = Classifier::new(&FillerParams::default())?;
    let mut pages = Vec::new();
    let mut frequencies = Vec::new();
    for (set, (path, learned)) in paths.iter().enumerate() {
        let counts = LineFrequencies::default();
        let part = |host: &str| part_of(host, seed, folds.max(1));
        pages.extend(read(set, path, *learned, &classifier, &counts, part)?);
        frequencies.push(counts);
    }
    let spelling = spelling(&pages);
    println!("{} pages, {} spellings", pages.len(), spelling.words.len());
    if folds > 0 {
        let unseen: Vec<String> =
            (0..folds).map(|fold| train(&pages, &spelling, |page| page.learned && page.part != fold)).collect();
        let classifiers = unseen
            .iter()
            .map(|weights| Ok(Classifier::new(&FillerParams::default())?.weights(weights)))
            .collect::<ghirbal::error::Result<Vec<_>>>()?;
        let of = |page: &Page| &classifiers[page.part as usize];
        for level in [Level::Careful, Level::Default, Level::Thorough] {
            score::print(&paths, &pages, &frequencies, level, folds, of);
        }
        if let Some(lines) = lines {
            write_lines(&lines, &pages, &frequencies, of)?;
        }
    }
    if let Some(output) = output {
        std::fs::write(output, train(&pages, &spelling, |page| page.learned))?;
    }
    Ok(())
}

/// The part a host belongs to.
fn part_of(host: &str, seed: u64, parts: u64) -> u64 {
    host.bytes().fold(7 + seed, |h, b| h.wrapping_mul(31).wrapping_add(u64::from(b))) % 1009 % parts
}

/// Weights from the chosen pages alone, as `model.txt` has them.
fn train(pages: &[Page], spelling: &Spelling, chosen: impl Fn(&Page) -> bool) -> String {
    let pages: Vec<&Page> = pages.iter().filter(|page| chosen(page)).collect();
    let words = vocabulary(&pages, WORD_HOSTS_MIN, WORDS_MAX, |s| &s.words, |w| spelling.words.contains_key(&w));
    let runs = vocabulary(&pages, RUN_HOSTS_MIN, RUNS_MAX, |s| &s.runs, |r| spelling.runs.contains_key(&r));
    let rows = logistic::rows(&pages, &words, &runs);
    let part = |page: &Page| part_of(&page.host, 0, 1000) % INNER_FOLDS;
    // First look: chances on parts it did not see.
    let parts: Vec<Weights> = (0..INNER_FOLDS)
        .into_par_iter()
        .map(|fold| {
            let train: Vec<usize> = (0..pages.len()).filter(|&p| part(pages[p]) != fold).collect();
            logistic::fit(&pages, &rows, &train, words.len() + runs.len())
        })
        .collect();
    let values: Vec<Vec<Vec<u8>>> = (0..pages.len())
        .into_par_iter()
        .map(|p| {
            let weights = &parts[part(pages[p]) as usize];
            let chances: Vec<f32> = rows[p].iter().map(|r| chance(weights.sum(r))).collect();
            context_values(&pages[p].samples, &chances)
        })
        .collect();
    let trees = trees::fit(&examples(&pages, &values));
    let plain = logistic::fit(&pages, &rows, &(0..pages.len()).collect::<Vec<_>>(), words.len() + runs.len());
    weights_file(&plain, &words, &runs, spelling, &trees)
}

fn read(
    set: usize,
    path: &str,
    learned: bool,
    classifier: &Classifier,
    frequencies: &LineFrequencies,
    part: impl Fn(&str) -> u64 + Sync,
) -> Result<Vec<Page>, Box<dyn std::error::Error>> {
    let raw = std::fs::read_to_string(path)?;
    let records: Vec<Value> = raw.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let texts: Vec<(String, Vec<score::Gold>)> = records.iter().map(score::text).collect();
    let field = |r: &Value, name: &str| r[name].as_str().unwrap_or_default().to_string();
    records.par_iter().zip(&texts).for_each(|(r, (text, _))| {
        frequencies.observe(Some(&field(r, "host")), &View::new(text, default_tokeniser()));
    });
    Ok(records
        .par_iter()
        .zip(texts)
        .map(|(r, (text, gold))| {
            let host = field(r, "host");
            let view = View::new(&text, default_tokeniser());
            let samples = classifier.samples(Some(&host), &view, frequencies);
            let line = |s: &Sample| &gold[gold.partition_point(|g| g.bytes.1 <= s.span.start)];
            let filler = samples.iter().map(|s| line(s).filler).collect();
            let suspect = r["gold_suspect"].as_bool().unwrap_or(false) || r["lang"] == "xx";
            let part = part(&host);
            Page { set, host, part, lang: field(r, "lang"), scored: !suspect, learned, text, gold, samples, filler }
        })
        .collect())
}

/// Of each word and run of words one spelling, the least.
struct Spelling {
    words: HashMap<u64, String>,
    runs: HashMap<u64, String>,
}

fn spelling(pages: &[Page]) -> Spelling {
    let (mut words, mut runs) = (HashMap::new(), HashMap::new());
    fn least(map: &mut HashMap<u64, String>, key: u64, word: String) {
        let known = map.entry(key).or_insert_with(|| word.clone());
        if word < *known {
            *known = word;
        }
    }
    for page in pages.iter().filter(|p| p.learned) {
        for sample in &page.samples {
            let text = sample.span.of(&page.text);
            let tokens = default_tokeniser().tokenise(text);
            let word = |t: &ghirbal::tokenise::Token| t.span.of(text).to_lowercase();
            for token in &tokens {
                least(&mut words, token.hash, word(token));
            }
            for (run, tokens) in Run::of(&tokens) {
                let name = Run::NAMES.iter().find(|(_, r)| *r == run).map_or("", |(name, _)| name);
                let all: Vec<String> = tokens.iter().map(word).collect();
                least(&mut runs, run.key(tokens), format!("{name} {}", all.join(" ")));
            }
        }
    }
    // A spelling must read back as what it spells.
    words.retain(|hash, word| {
        let tokens = default_tokeniser().tokenise(word);
        tokens.len() == 1 && tokens[0].hash == *hash && !word.contains(char::is_numeric)
    });
    runs.retain(|key, text| {
        let (name, words) = text.split_once(' ').unwrap_or_default();
        let run = Run::NAMES.iter().find(|(n, _)| *n == name).map(|(_, run)| *run);
        run.is_some_and(|run| run.key(&default_tokeniser().tokenise(words)) == *key) && !text.contains(char::is_numeric)
    });
    Spelling { words, runs }
}

/// What stands on the most hosts.
fn vocabulary(
    pages: &[&Page],
    hosts_min: usize,
    len_max: usize,
    of: impl Fn(&Sample) -> &Vec<u64>,
    known: impl Fn(u64) -> bool,
) -> Vec<u64> {
    let mut hosts: BTreeMap<u64, BTreeSet<&str>> = BTreeMap::new();
    for page in pages {
        for &key in page.samples.iter().flat_map(&of) {
            hosts.entry(key).or_default().insert(&page.host);
        }
    }
    let mut found: Vec<(usize, u64)> = hosts
        .into_iter()
        .filter(|(key, hosts)| hosts.len() >= hosts_min && known(*key))
        .map(|(key, hosts)| (hosts.len(), key))
        .collect();
    found.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    found.truncate(len_max);
    found.into_iter().map(|(_, key)| key).collect()
}

/// The labelled lines, for the second look.
fn examples<'a>(pages: &[&Page], values: &'a [Vec<Vec<u8>>]) -> Vec<trees::Example<'a>> {
    let mut examples = Vec::new();
    for (p, page) in pages.iter().enumerate() {
        for (l, values) in values[p].iter().enumerate() {
            if let Some(filler) = page.filler[l] {
                examples.push(trees::Example { values, filler, weight: weight(page, l) });
            }
        }
    }
    examples
}

/// Long body text counts for more than a stray word: losing it costs more. A line of a long page
/// counts for less: a page counts by the root of its lines, since what one long page teaches holds for
/// fewer hosts than what many short ones do.
fn weight(page: &Page, line: usize) -> f32 {
    let body = page.filler[line] == Some(false);
    let by_length = if body { 1.0 + (page.samples[line].length / 20.0).min(2.0) } else { 1.0 };
    by_length * (TYPICAL_LINES / page.samples.len() as f32).sqrt()
}

fn weights_file(plain: &Weights, words: &[u64], runs: &[u64], spelling: &Spelling, trees: &[trees::Tree]) -> String {
    let (names, value_names) = feature_names();
    let mut text =
        String::from("# Weights of the model. Above 0 speaks for filler. Written by examples/train_filler.\n");
    let mut push = |name: &str, weight: f32, least: f32| {
        if weight.abs() >= least {
            let _ = writeln!(text, "{name} {weight:.2}");
        }
    };
    for (i, name) in names.iter().enumerate() {
        push(name, plain.plain[i], 0.005);
    }
    for (i, word) in words.iter().enumerate() {
        push(&format!("word {}", spelling.words[word]), plain.words[i], 0.005);
    }
    for (i, run) in runs.iter().enumerate() {
        push(&spelling.runs[run], plain.words[words.len() + i], 0.05);
    }
    for tree in trees {
        let forks: Vec<String> = tree.forks.iter().map(|(v, b)| format!("{}:{b}", value_names[*v])).collect();
        let leaves: Vec<String> = tree.leaves.iter().map(|w| format!("{w:.3}")).collect();
        let _ = writeln!(text, "tree {} | {}", forks.join(" "), leaves.join(" "));
    }
    text
}

/// One line for each unseen line: what it is and what it got.
fn write_lines<'a>(
    path: &str,
    pages: &'a [Page],
    frequencies: &[LineFrequencies],
    of: impl Fn(&Page) -> &'a Classifier + Sync,
) -> std::io::Result<()> {
    let written: Vec<String> = pages
        .par_iter()
        .filter(|page| page.scored)
        .map(|page| {
            let (view, counts) = (View::new(&page.text, default_tokeniser()), &frequencies[page.set]);
            let chances = of(page).chances(Some(&page.host), &view, counts);
            let found = of(page).classify(Some(&page.host), &view, counts);
            let mut out = String::new();
            for ((sample, chance), filler) in page.samples.iter().zip(chances).zip(&page.filler) {
                let by = found.iter().find(|f| f.span == sample.span);
                let line = json!({"set": page.set, "host": page.host, "lang": page.lang, "fold": page.part,
                    "filler": filler, "length": sample.length, "bytes": sample.span.len(), "chance": chance,
                    "rule": by.map(|f| f.rule), "label": by.map(|f| f.label), "score": by.map(|f| f.score),
                    "text": sample.span.of(&page.text)});
                let _ = writeln!(out, "{line}");
            }
            out
        })
        .collect();
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    written.iter().try_for_each(|page| writeln!(file, "{page}"))
}
