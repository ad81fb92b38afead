//! Which lines of a corpus are filler?
//!
//! ```text
//! cargo run --release --example filler -- [--level careful|default|thorough] [--time] PATH…
//! ```
//!
//! Reads JSON Lines with the fields `id`, `text` and `host`, or plain text files (also a folder of
//! them), in two passes: the first counts lines over all documents, the second classifies. Prints one
//! `span` record a finding. With `--time` it prints instead the CPU time of each stage on one thread.

use std::io::{BufWriter, Write};
use std::path::Path;

use cpu_time::ThreadTime;
use ghirbal::classify::{Classifier, Finding};
use ghirbal::fingerprint::LineFrequencies;
use ghirbal::label::Action;
use ghirbal::params::Params;
use ghirbal::tokenise::{View, default_tokeniser};
use rayon::prelude::*;
use serde_json::{Map, Value, json};

struct Doc {
    id: String,
    host: Option<String>,
    text: String,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut params = Params::default();
    let mut docs = Vec::new();
    let mut time = false;
    let began = ThreadTime::now();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        if arg == "--time" {
            time = true;
        } else if arg == "--level" {
            params.filler.level = serde_level(&args.next().unwrap_or_default())?;
        } else {
            read(Path::new(&arg), &mut docs)?;
        }
    }
    let classifier = Classifier::new(&params.filler)?;
    let lines = LineFrequencies::default();
    if time {
        return times(began.elapsed().as_secs_f64(), &docs, &classifier, &lines);
    }
    docs.par_iter().for_each(|d| lines.observe(d.host.as_deref(), &View::new(&d.text, default_tokeniser())));
    let found: Vec<Vec<Finding>> = docs
        .par_iter()
        .map(|d| classifier.classify(d.host.as_deref(), &View::new(&d.text, default_tokeniser()), &lines))
        .collect();
    let mut out = BufWriter::new(std::io::stdout().lock());
    for (doc, findings) in docs.iter().zip(found) {
        for finding in findings {
            writeln!(out, "{}", span(&params, &doc.id, finding))?;
        }
    }
    Ok(())
}

fn times(
    read: f64,
    docs: &[Doc],
    classifier: &Classifier,
    lines: &LineFrequencies,
) -> Result<(), Box<dyn std::error::Error>> {
    let start = ThreadTime::now();
    let views: Vec<View> = docs.iter().map(|doc| View::new(&doc.text, default_tokeniser())).collect();
    let cut = start.elapsed().as_secs_f64();
    let start = ThreadTime::now();
    docs.iter().zip(&views).for_each(|(doc, view)| lines.observe(doc.host.as_deref(), view));
    let count = start.elapsed().as_secs_f64();
    let start = ThreadTime::now();
    let classified = docs.iter().zip(&views).map(|(doc, view)| classifier.classify(doc.host.as_deref(), view, lines));
    let findings: usize = classified.map(|found| found.len()).sum();
    let classify = start.elapsed().as_secs_f64();
    let share = (count + classify) / (read + cut);
    println!("read {read:.2} s, cut {cut:.2} s, count lines {count:.2} s, classify {classify:.2} s");
    println!("{findings} findings; counting and classifying add {:.0} % to reading and cutting", 100.0 * share);
    Ok(())
}

fn serde_level(name: &str) -> Result<ghirbal::params::Level, String> {
    use ghirbal::params::Level;
    match name {
        "careful" => Ok(Level::Careful),
        "default" => Ok(Level::Default),
        "thorough" => Ok(Level::Thorough),
        other => Err(format!("`{other}` is none of careful, default, thorough")),
    }
}

fn read(path: &Path, docs: &mut Vec<Doc>) -> Result<(), Box<dyn std::error::Error>> {
    if path.is_dir() {
        let mut files: Vec<_> = std::fs::read_dir(path)?.collect::<Result<_, _>>()?;
        files.sort_by_key(|f| f.file_name());
        return files.iter().try_for_each(|f| read(&f.path(), docs));
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let text = std::fs::read_to_string(path)?;
    if !name.ends_with(".jsonl") {
        docs.push(Doc { id: name, host: None, text });
        return Ok(());
    }
    for line in text.lines() {
        let record: Value = serde_json::from_str(line)?;
        let field = |name: &str| record[name].as_str().map(str::to_string);
        docs.push(Doc {
            id: field("id").unwrap_or_default(),
            host: field("host"),
            text: field("text").unwrap_or_default(),
        });
    }
    Ok(())
}

fn span(params: &Params, doc: &str, finding: Finding) -> Value {
    let action = params.policy.action(finding.label);
    let sure = finding.score >= params.filler.level.score_min();
    let action = if action.takes_away() && !sure { Action::Flag } else { action };
    json!({
        "type": "span",
        "doc": doc,
        "start": finding.span.start,
        "end": finding.span.end,
        "label": finding.label,
        "zone": finding.zone,
        "action": action,
        "rule": finding.rule,
        "score": finding.score,
        "evidence": finding.evidence.into_iter().map(|(k, v)| (k.to_string(), v)).collect::<Map<_, _>>(),
        "why": finding.why,
    })
}
