//! Which passages of a JSON Lines corpus stand twice?
//!
//! `cargo run --release --example passages -- [--scope document|corpus] [--min-words N]
//! [--identity SHARE] FILE…` prints one line a passage, as `ghirbal report --format jsonl` does.
//! A `.txt` file is one document.

use std::error::Error;
use std::io::Write;
use std::path::Path;

use ghirbal::align::{CorpusBuilder, Words, across_documents, within_document};
use ghirbal::fingerprint::Frequencies;
use ghirbal::params::{PassageParams, Scope};
use ghirbal::tokenise::{View, default_tokeniser};
use rayon::prelude::*;
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let mut params = PassageParams::default();
    let mut documents: Vec<(String, String)> = Vec::new();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} asks for a value"));
        match arg.as_str() {
            "--scope" => {
                params.scope = match value()?.as_str() {
                    "document" => Scope::Document,
                    "corpus" => Scope::Corpus,
                    other => return Err(format!("`{other}` is none of document, corpus").into()),
                }
            }
            "--min-words" => params.words_min = value()?.parse()?,
            "--identity" => params.identity_min = value()?.parse()?,
            path => read(Path::new(path), &mut documents)?,
        }
    }

    let frequencies = Frequencies::default();
    let mut corpus = CorpusBuilder::default();
    for (number, (_, text)) in (0..).zip(&documents) {
        let view = View::new(text, default_tokeniser());
        frequencies.observe(None, &view);
        if params.scope == Scope::Corpus {
            corpus.push(number, Words::new(&view));
        }
    }
    let within: Vec<Vec<_>> = documents
        .par_iter()
        .enumerate()
        .map(|(number, (_, text))| {
            let view = View::new(text, default_tokeniser());
            within_document(number as u32, &view, &frequencies.words, &params)
        })
        .collect();

    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let across = across_documents(&corpus.finish(), &frequencies.words, &params, |_, _| false);
    eprintln!(
        "{} pairs of documents are versions of one text; {} phrases stand in more than {} documents",
        across.versions.len(),
        across.phrases_capped,
        across.documents_max
    );
    for version in &across.versions {
        let id = |number: u32| &documents[number as usize].0;
        let line = json!({"type": "document_pair", "a": id(version.a), "b": id(version.b), "kind": "version"});
        writeln!(out, "{line}")?;
    }
    for passage in within.into_iter().flatten().chain(across.passages) {
        let side = |s: &ghirbal::align::Side| {
            let id = &documents[s.document as usize].0;
            json!({"doc": id, "start": s.span.start, "end": s.span.end})
        };
        let line = json!({
            "type": "passage", "a": side(&passage.a), "b": side(&passage.b), "kind": passage.kind.name(),
            "words": passage.words, "identity": passage.identity, "jaccard": passage.jaccard,
            "containment": passage.containment, "scope": passage.scope,
        });
        writeln!(out, "{line}")?;
    }
    Ok(())
}

fn read(path: &Path, documents: &mut Vec<(String, String)>) -> Result<(), Box<dyn Error>> {
    let content = std::fs::read_to_string(path)?;
    if path.extension().is_some_and(|e| e == "txt") {
        let name = path.file_name().unwrap_or(path.as_os_str());
        documents.push((name.to_string_lossy().into_owned(), content));
        return Ok(());
    }
    for line in content.lines() {
        let record: Value = serde_json::from_str(line)?;
        let field = |name| record[name].as_str().map(str::to_owned).ok_or(format!("a record has no field `{name}`"));
        documents.push((field("id")?, field("text")?));
    }
    Ok(())
}
