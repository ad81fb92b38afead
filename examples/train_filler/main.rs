//! What weighs for filler? Trains the linear model on labelled lines.
//!
//! ```text
//! cargo run --release --example train_filler -- [--no-check] -o src/classify/model.txt GOLD.jsonl…
//! ```
//!
//! GOLD holds one page a line: `{"id","host","lines":[{"text","label","kind"?,"nl"?}]}` with the labels
//! `body` and `boilerplate`. A logistic regression first; then boosted trees look at what it gave the
//! lines around, on folds of hosts it did not see. Prints figures of a cross-validation by host, then
//! writes weights trained on everything. The same input gives the same weights.

mod trees;

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;

use ghirbal::classify::{Classifier, Sample, context_values, feature_names};
use ghirbal::fingerprint::LineFrequencies;
use ghirbal::params::FillerParams;
use ghirbal::tokenise::{View, default_tokeniser};
use rayon::prelude::*;
use serde_json::Value;

const FOLDS: u64 = 5;
const EPOCHS: usize = 6;
/// Words are learned when they stand on at least this many hosts, at most so many of them.
const WORD_HOSTS_MIN: usize = 6;
const WORDS_MAX: usize = 4000;
/// L2 penalties a step, of features and of words.
const DECAY: f32 = 1e-6;
const WORD_DECAY: f32 = 4e-6;

struct Page {
    set: usize,
    fold: u64,
    host: String,
    /// Counts in figures: not suspect.
    scored: bool,
    text: String,
    samples: Vec<Sample>,
    /// For each sample: is it filler, when it is labelled.
    filler: Vec<Option<bool>>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (mut output, mut paths, mut check) = (None, Vec::new(), true);
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "-o" => output = args.next(),
            "--no-check" => check = false,
            _ => paths.push(arg),
        }
    }
    let mut pages = Vec::new();
    for (set, path) in paths.iter().enumerate() {
        pages.extend(read(set, path)?);
    }
    let words = vocabulary(&pages);
    println!("{} pages, {} words", pages.len(), words.len());
    let index: HashMap<u64, usize> = words.iter().enumerate().map(|(i, (hash, _))| (*hash, i)).collect();
    let rows = rows(&pages, &index);

    // First look: chances on folds it did not see.
    let mut first = vec![Vec::new(); pages.len()];
    for fold in 0..FOLDS {
        let train: Vec<usize> = (0..pages.len()).filter(|&p| pages[p].fold != fold).collect();
        let weights = fit(&pages, &rows, &train, words.len());
        for p in (0..pages.len()).filter(|&p| pages[p].fold == fold) {
            first[p] = rows[p].iter().map(|r| chance(weights.sum(r))).collect();
        }
    }
    let values: Vec<Vec<Vec<u8>>> =
        pages.par_iter().zip(&first).map(|(page, chances)| context_values(&page.samples, chances)).collect();
    let mut second = vec![Vec::new(); pages.len()];
    for fold in (0..FOLDS).filter(|_| check) {
        let trees = trees::fit(&examples(&pages, &values, |p| pages[p].fold != fold));
        for p in (0..pages.len()).filter(|&p| pages[p].fold == fold) {
            second[p] = values[p].iter().map(|v| chance(trees.iter().map(|t| t.leaf(v)).sum())).collect();
        }
    }
    for (set, path) in paths.iter().enumerate().filter(|_| check) {
        println!("== {path}: cross-validation by host");
        figures("first look", &pages, &first, set);
        figures("second look", &pages, &second, set);
    }
    if let Some(output) = output {
        let all: Vec<usize> = (0..pages.len()).collect();
        let plain = fit(&pages, &rows, &all, words.len());
        let trees = trees::fit(&examples(&pages, &values, |_| true));
        std::fs::write(output, weights_file(&plain, &words, &trees))?;
    }
    Ok(())
}

fn read(set: usize, path: &str) -> Result<Vec<Page>, Box<dyn std::error::Error>> {
    let raw = std::fs::read_to_string(path)?;
    let records: Vec<Value> = raw.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let frequencies = LineFrequencies::default();
    let texts: Vec<(String, Vec<(u32, u32)>)> = records.iter().map(text).collect();
    let host = |r: &Value| r["host"].as_str().unwrap_or_default().to_string();
    records.par_iter().zip(&texts).for_each(|(r, (text, _))| {
        frequencies.observe(Some(&host(r)), &View::new(text, default_tokeniser()));
    });
    let classifier = Classifier::new(&FillerParams::default())?;
    Ok(records
        .par_iter()
        .zip(texts)
        .map(|(r, (text, spans))| {
            let host = host(r);
            let view = View::new(&text, default_tokeniser());
            let samples = classifier.samples(Some(&host), &view, &frequencies);
            let filler = samples.iter().map(|s| label(r, &spans, s)).collect();
            let suspect = r["gold_suspect"].as_bool().unwrap_or(false) || r["lang"] == "xx";
            let fold = host.bytes().fold(7u64, |h, b| h.wrapping_mul(31).wrapping_add(u64::from(b))) % 1009 % FOLDS;
            Page { set, fold, host, scored: !suspect, text, samples, filler }
        })
        .collect())
}

/// The text of a page and the bytes of each of its lines.
fn text(record: &Value) -> (String, Vec<(u32, u32)>) {
    let (mut text, mut spans) = (String::new(), Vec::new());
    for (i, line) in record["lines"].as_array().into_iter().flatten().enumerate() {
        if i > 0 {
            text.push_str(&"\n".repeat(line["nl"].as_u64().unwrap_or(1) as usize));
        }
        let start = text.len() as u32;
        text.push_str(line["text"].as_str().unwrap_or_default());
        spans.push((start, text.len() as u32));
    }
    (text, spans)
}

fn label(record: &Value, spans: &[(u32, u32)], sample: &Sample) -> Option<bool> {
    let line = spans.partition_point(|s| s.1 <= sample.span.start);
    let line = &record["lines"][line];
    if matches!(line["kind"].as_str(), Some("title" | "sep" | "uncertain" | "mixed")) {
        return None;
    }
    match line["label"].as_str() {
        Some("boilerplate") => Some(true),
        Some("body") => Some(false),
        _ => None,
    }
}

/// The words that stand on the most hosts, with one spelling each.
fn vocabulary(pages: &[Page]) -> Vec<(u64, String)> {
    let mut hosts: HashMap<u64, BTreeSet<&str>> = HashMap::new();
    let mut spelling: HashMap<u64, String> = HashMap::new();
    for page in pages {
        for token in default_tokeniser().tokenise(&page.text) {
            let seen = hosts.entry(token.hash).or_default();
            if seen.len() < 2000 {
                seen.insert(&page.host);
            }
            let word = token.span.of(&page.text).to_lowercase();
            let known = spelling.entry(token.hash).or_insert_with(|| word.clone());
            if word < *known {
                *known = word;
            }
        }
    }
    let mut words: Vec<(usize, u64, String)> = hosts
        .into_iter()
        .filter(|(_, hosts)| hosts.len() >= WORD_HOSTS_MIN)
        .map(|(hash, hosts)| (hosts.len(), hash, spelling.remove(&hash).unwrap_or_default()))
        .filter(|(_, hash, word)| {
            let tokens = default_tokeniser().tokenise(word);
            tokens.len() == 1 && tokens[0].hash == *hash && !word.contains(char::is_numeric)
        })
        .collect();
    words.sort_by(|a, b| b.0.cmp(&a.0).then(a.2.cmp(&b.2)));
    words.truncate(WORDS_MAX);
    words.into_iter().map(|(_, hash, word)| (hash, word)).collect()
}

// ---------------------------------------------------------------- logistic regression

#[derive(Clone)]
struct RowOf {
    active: Vec<u16>,
    /// Indices of known words, each of value 1 / sqrt(words of the line).
    words: Vec<(u16, f32)>,
}

fn rows(pages: &[Page], index: &HashMap<u64, usize>) -> Vec<Vec<RowOf>> {
    pages
        .par_iter()
        .map(|page| {
            page.samples
                .iter()
                .map(|s| {
                    let value = 1.0 / (s.words.len().max(1) as f32).sqrt();
                    let words = s.words.iter().filter_map(|w| index.get(w)).map(|&i| (i as u16, value)).collect();
                    RowOf { active: s.features.clone(), words }
                })
                .collect()
        })
        .collect()
}

struct Weights {
    plain: Vec<f32>,
    words: Vec<f32>,
}

impl Weights {
    fn sum(&self, row: &RowOf) -> f32 {
        row.active.iter().map(|&i| self.plain[i as usize]).sum::<f32>()
            + row.words.iter().map(|&(i, v)| self.words[i as usize] * v).sum::<f32>()
    }
}

fn chance(sum: f32) -> f32 {
    1.0 / (1.0 + (-sum).exp())
}

/// The labelled lines of the chosen pages, for the second look.
fn examples<'a>(pages: &[Page], values: &'a [Vec<Vec<u8>>], chosen: impl Fn(usize) -> bool) -> Vec<trees::Example<'a>> {
    let mut examples = Vec::new();
    for (p, page) in pages.iter().enumerate().filter(|(p, _)| chosen(*p)) {
        for (l, values) in values[p].iter().enumerate() {
            if let Some(filler) = page.filler[l] {
                examples.push(trees::Example { values, filler, weight: weight(page, l) });
            }
        }
    }
    examples
}

/// Adagrad (Duchi, Hazan & Singer 2011) over the lines in a fixed pseudo-random order.
fn fit(pages: &[Page], rows: &[Vec<RowOf>], train: &[usize], words: usize) -> Weights {
    let mut w = Weights { plain: vec![0.0; feature_names().0.len()], words: vec![0.0; words] };
    let (mut g, mut gw) = (vec![1e-6f32; w.plain.len()], vec![1e-6f32; words]);
    let mut order: Vec<(usize, usize)> = train
        .iter()
        .flat_map(|&p| (0..rows[p].len()).map(move |l| (p, l)))
        .filter(|&(p, l)| pages[p].filler[l].is_some())
        .collect();
    let mut state = 0x2545_f491_4f6c_dd1du64;
    let mut averaged = Weights { plain: vec![0.0; w.plain.len()], words: vec![0.0; words] };
    for epoch in 0..EPOCHS {
        for i in (1..order.len()).rev() {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            order.swap(i, (state % (i as u64 + 1)) as usize);
        }
        for &(p, l) in &order {
            let row = &rows[p][l];
            let target = if pages[p].filler[l] == Some(true) { 1.0 } else { 0.0 };
            let error = (chance(w.sum(row)) - target) * weight(&pages[p], l);
            for &i in &row.active {
                let i = i as usize;
                let step = error + DECAY * w.plain[i];
                g[i] += step * step;
                w.plain[i] -= 0.1 * step / g[i].sqrt();
            }
            for &(i, v) in &row.words {
                let i = i as usize;
                let step = error * v + WORD_DECAY * w.words[i];
                gw[i] += step * step;
                w.words[i] -= 0.1 * step / gw[i].sqrt();
            }
        }
        if epoch >= EPOCHS / 2 {
            let share = 1.0 / (EPOCHS - EPOCHS / 2) as f32;
            averaged.plain.iter_mut().zip(&w.plain).for_each(|(a, w)| *a += w * share);
            averaged.words.iter_mut().zip(&w.words).for_each(|(a, w)| *a += w * share);
        }
    }
    averaged
}

/// Long body text counts for more than a stray word: losing it costs more.
fn weight(page: &Page, line: usize) -> f32 {
    if page.filler[line] == Some(false) { 1.0 + (page.samples[line].length / 20.0).min(2.0) } else { 1.0 }
}

// ---------------------------------------------------------------- figures and file

fn figures(name: &str, pages: &[Page], chances: &[Vec<f32>], set: usize) {
    let mut line = format!("{name:>12}");
    for threshold in [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95] {
        let (mut tp, mut fp, mut fnn, mut tn) = (0f64, 0f64, 0f64, 0f64);
        let (mut lost, mut body) = (0f64, 0f64);
        for (page, chances) in pages.iter().zip(chances).filter(|(p, _)| p.set == set && p.scored) {
            for ((sample, filler), &p) in page.samples.iter().zip(&page.filler).zip(chances) {
                let Some(filler) = filler else { continue };
                let removed = p >= threshold;
                match (filler, removed) {
                    (true, true) => tp += 1.0,
                    (false, true) => fp += 1.0,
                    (true, false) => fnn += 1.0,
                    (false, false) => tn += 1.0,
                }
                if !filler {
                    body += sample.span.len() as f64;
                    lost += if removed { sample.span.len() as f64 } else { 0.0 };
                }
            }
        }
        let f1 = |hit: f64, wrong: f64, missed: f64| 2.0 * hit / (2.0 * hit + wrong + missed).max(1.0);
        let _ = write!(
            line,
            "\n   {threshold}: filler F1 {:.3} body F1 {:.3} lost {:.4} fp {} ({:.4})",
            f1(tp, fp, fnn),
            f1(tn, fnn, fp),
            lost / body.max(1.0),
            fp,
            fp / (fp + tn).max(1.0),
        );
    }
    println!("{line}");
}

fn weights_file(plain: &Weights, words: &[(u64, String)], trees: &[trees::Tree]) -> String {
    let (names, value_names) = feature_names();
    let mut text =
        String::from("# Weights of the model. Above 0 speaks for filler. Written by examples/train_filler.\n");
    let mut push = |name: &str, weight: f32| {
        if weight.abs() >= 0.005 {
            let _ = writeln!(text, "{name} {weight:.2}");
        }
    };
    for (i, name) in names.iter().enumerate() {
        push(name, plain.plain[i]);
    }
    for (i, (_, word)) in words.iter().enumerate() {
        push(&format!("word {word}"), plain.words[i]);
    }
    for tree in trees {
        let forks: Vec<String> = tree.forks.iter().map(|(v, b)| format!("{}:{b}", value_names[*v])).collect();
        let leaves: Vec<String> = tree.leaves.iter().map(|w| format!("{w:.3}")).collect();
        let _ = writeln!(text, "tree {} | {}", forks.join(" "), leaves.join(" "));
    }
    text
}
