//! The figures of a set: lines, bytes and titles, each page once.

use ghirbal::classify::Classifier;
use ghirbal::fingerprint::LineFrequencies;
use ghirbal::params::{Level, Policy};
use ghirbal::tokenise::{View, default_tokeniser};
use rayon::prelude::*;
use serde_json::Value;

use crate::Page;

/// A labelled line of a page.
pub struct Gold {
    /// Where it stands.
    pub bytes: (u32, u32),
    /// What it is, when it is scored.
    pub filler: Option<bool>,
    /// The first line, when it is a title.
    title: bool,
    /// Filler inside a line of the article.
    spans: Vec<(u32, u32)>,
}

/// The text of a page and its lines.
pub fn text(record: &Value) -> (String, Vec<Gold>) {
    let (mut text, mut gold) = (String::new(), Vec::new());
    for (i, line) in record["lines"].as_array().into_iter().flatten().enumerate() {
        if i > 0 {
            text.push_str(&"\n".repeat(line["nl"].as_u64().unwrap_or(1) as usize));
        }
        let (start, own) = (text.len() as u32, line["text"].as_str().unwrap_or_default());
        text.push_str(own);
        let kind = line["kind"].as_str();
        let filler = match line["label"].as_str() {
            _ if matches!(kind, Some("title" | "sep" | "uncertain")) || own.is_empty() => None,
            Some("boilerplate") => Some(true),
            Some("body") => Some(false),
            _ => None,
        };
        let byte = |v: &Value| {
            let at = v.as_u64().unwrap_or(0) as usize;
            start + own.char_indices().nth(at).map_or(own.len(), |(b, _)| b) as u32
        };
        let spans = line["spans"].as_array().into_iter().flatten().map(|s| (byte(&s[0]), byte(&s[1]))).collect();
        gold.push(Gold { bytes: (start, text.len() as u32), filler, title: i == 0 && kind == Some("title"), spans });
    }
    (text, gold)
}

#[derive(Clone, Copy, Default)]
struct Counts {
    /// Lines right, wrongly removed, wrongly kept, and of the article kept.
    lines: [f64; 4],
    /// Bytes right and wrongly removed.
    bytes: [f64; 2],
    body: f64,
    titles: f64,
}

impl Counts {
    fn add(self, other: Counts) -> Counts {
        let mut sum = self;
        sum.lines.iter_mut().zip(other.lines).for_each(|(a, b)| *a += b);
        sum.bytes.iter_mut().zip(other.bytes).for_each(|(a, b)| *a += b);
        sum.body += other.body;
        sum.titles += other.titles;
        sum
    }

    fn told(&self) -> String {
        let [tp, fp, missed, kept] = self.lines;
        let f1 = |hit: f64, wrong: f64, missed: f64| 2.0 * hit / (2.0 * hit + wrong + missed).max(1.0);
        format!(
            "F1 {:.3} (P {:.3} R {:.3}) body F1 {:.3} byte P {:.3} lost {:.5} body lines removed {fp} titles {}",
            f1(tp, fp, missed),
            tp / (tp + fp).max(1.0),
            tp / (tp + missed).max(1.0),
            f1(kept, missed, fp),
            self.bytes[0] / self.bytes.iter().sum::<f64>().max(1.0),
            self.bytes[1] / self.body.max(1.0),
            self.titles,
        )
    }
}

/// Prints the figures of each set at one level, of each fold of its hosts, and of its languages.
pub fn print<'a>(
    paths: &[(String, bool)],
    pages: &'a [Page],
    frequencies: &[LineFrequencies],
    level: Level,
    folds: u64,
    classifier: impl Fn(&Page) -> &'a Classifier + Sync,
) {
    let counts: Vec<Counts> =
        pages.par_iter().map(|page| of_page(page, classifier(page), &frequencies[page.set], level)).collect();
    let sum = |chosen: &dyn Fn(&Page) -> bool| {
        let chosen = pages.iter().zip(&counts).filter(|(page, _)| page.scored && chosen(page));
        chosen.fold(Counts::default(), |sum, (_, c)| sum.add(*c)).told()
    };
    for (set, (path, _)) in paths.iter().enumerate() {
        println!("{level:?} {path}: {}", sum(&|page| page.set == set));
        for fold in 0..folds {
            println!("    hosts {fold}: {}", sum(&|page| page.set == set && page.part == fold));
        }
        let mut langs: Vec<&str> = pages.iter().filter(|p| p.set == set).map(|p| p.lang.as_str()).collect();
        langs.sort_unstable();
        langs.dedup();
        for lang in langs.iter().filter(|_| langs.len() > 1) {
            println!("    {lang}: {}", sum(&|page| page.set == set && page.lang == **lang));
        }
    }
}

fn of_page(page: &Page, classifier: &Classifier, frequencies: &LineFrequencies, level: Level) -> Counts {
    let view = View::new(&page.text, default_tokeniser());
    let policy = Policy::default();
    let mut taken = vec![false; page.text.len()];
    for finding in classifier.classify(Some(&page.host), &view, frequencies) {
        if policy.action(finding.label).takes_away() && finding.score >= level.score_min() {
            taken[finding.span.start as usize..finding.span.end as usize].fill(true);
        }
    }
    let mut counts = Counts::default();
    for gold in &page.gold {
        let (start, end) = (gold.bytes.0 as usize, gold.bytes.1 as usize);
        let count = |from: usize, to: usize| taken[from..to].iter().filter(|t| **t).count();
        let got = count(start, end);
        let gone = got * 2 > end - start;
        counts.titles += f64::from(u8::from(gold.title && gone));
        let Some(filler) = gold.filler else { continue };
        counts.lines[match (filler, gone) {
            (true, true) => 0,
            (false, true) => 1,
            (true, false) => 2,
            (false, false) => 3,
        }] += 1.0;
        let (right, own) = if filler {
            (got, end - start)
        } else {
            let spans = gold.spans.iter().map(|&(a, b)| (count(a as usize, b as usize), (b - a) as usize));
            spans.fold((0, 0), |sum, x| (sum.0 + x.0, sum.1 + x.1))
        };
        counts.bytes[0] += right as f64;
        counts.bytes[1] += (got - right) as f64;
        counts.body += (end - start - own) as f64;
    }
    counts
}
