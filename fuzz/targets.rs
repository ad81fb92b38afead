//! What is fuzzed: one function a target, which panics when a promise is broken.
//!
//! `cargo fuzz` drives them by coverage (`fuzz_targets`), and the tests of the crate by plain mutation
//! (`tests/it/fuzzed.rs`), together with every input that once broke one (`regressions`).

#![allow(dead_code, missing_docs, reason = "each program uses one of them")]

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use ghirbal::align::{CorpusBuilder, Passage, Words, across_documents, within_document};
use ghirbal::classify::{CheckedPhrases, Classifier};
use ghirbal::decide::{Fate, Removal};
use ghirbal::fingerprint::{Frequencies, LineFrequencies};
use ghirbal::label::{Action, Label};
use ghirbal::normalise::Folds;
use ghirbal::params::{FillerParams, Invalid, Params, PassageParams, PhraseList};
use ghirbal::read::{Coding, Compression, Content, Corpus, Discovered, discover_with, parse};
use ghirbal::segment::segment;
use ghirbal::span::Span;
use ghirbal::tokenise::{Tokeniser, View, default_tokeniser};
use ghirbal::write::{Ledger, Output, Progress, prepare, restore};
use xxhash_rust::xxh3::{Xxh3Default, xxh3_64};

/// Names whose endings choose a format and a compression; tables, WARC and compression are told by
/// their content as well.
const NAMES: [&str; 12] = [
    "a.jsonl",
    "a.txt",
    "a.csv",
    "a.tsv",
    "a.warc",
    "a.wet",
    "a.parquet",
    "a.arrow",
    "a.arrows",
    "a.jsonl.gz",
    "a.jsonl.zst",
    "a.csv.xz",
];
const ENCODINGS: [Option<&str>; 4] = [None, Some("windows-1256"), Some("utf-16le"), Some("gb18030")];

/// A folder with one file, and how to read it.
struct Case {
    folder: tempfile::TempDir,
    params: Params,
    found: Discovered,
}

/// The first three bytes choose the name, the encoding and the limits; the others are the file.
fn case(data: &[u8]) -> Option<(Case, &[u8])> {
    let (&[name, encoding, options], content) = data.split_first_chunk::<3>()?;
    let mut params = Params::default();
    params.reading.encoding = ENCODINGS[encoding as usize % ENCODINGS.len()].map(str::to_owned);
    params.reading.invalid = if options & 1 == 1 { Invalid::Replace } else { Invalid::Skip };
    params.reading.record_len_bytes_max = if options & 2 == 2 { 40 } else { 1 << 20 };
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join(NAMES[name as usize % NAMES.len()]);
    fs::write(&path, content).unwrap();
    let found = discover_with(&[path], &params.reading).unwrap();
    Some((Case { folder, params, found }, content))
}

/// Readers of every format: no bytes stop them, records tile their source, texts lie where they say.
pub fn readers(data: &[u8]) {
    let Some((case, content)) = case(data) else { return };
    let sources = &case.found.sources;
    let mut corpus = Corpus::new(sources);
    let mut raw = Vec::new();
    while let Some(batch) = corpus.next_batch(1 << 12).unwrap() {
        for record in batch {
            assert_eq!(record.offset, raw.len() as u64);
            raw.extend_from_slice(&record.raw);
            let record = parse(sources, &case.params, record);
            if let Content::Document(parsed) = &record.content {
                assert!(record.raw.get(parsed.text_at.clone()).is_some());
            }
        }
    }
    let source = &sources[0];
    if source.coding == Coding::from(Compression::None) {
        assert!(raw == content, "every byte is in a record");
    }
}

fn removal(start: usize, end: usize, action: Action) -> Removal {
    let (rule, why) = ("fuzz", "the fuzzer says so".to_owned());
    let span = Span { start: start as u32, end: end as u32 };
    Removal { span, label: Label::Promo, action, rule, score: 0.9, evidence: vec![], why, partner: None }
}

/// Every third document goes; of the others some pieces do, chosen by the bytes of the text.
fn fate(number: usize, text: &str) -> Fate {
    if number % 3 == 2 {
        return Fate::Go(removal(0, text.len(), Action::Remove));
    }
    let step = 3 + text.len() % 7;
    let borders: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let borders: Vec<usize> = borders.into_iter().step_by(step).collect();
    let actions = [Action::Remove, Action::Metadata];
    Fate::Stay(borders.chunks_exact(2).enumerate().map(|(i, p)| removal(p[0], p[1], actions[i % 2])).collect())
}

/// Whatever is cut out of whatever file: `restore` gives back what was read.
pub fn clean_restore(data: &[u8]) {
    let Some((case, _)) = case(data) else { return };
    let sources = &case.found.sources;
    let mut first = Corpus::new(sources);
    while first.next_batch(1 << 16).unwrap().is_some() {}
    let checksums = first.into_checksums();
    let out = case.folder.path().join("out");
    let mut output = Output::create(&out, &[], &case.params, sources, &checksums).unwrap();
    let mut corpus = Corpus::again(sources, &checksums);
    let mut number = 0;
    while let Some(batch) = corpus.next_batch(1 << 12).unwrap() {
        for raw in batch {
            let record = parse(sources, &case.params, raw);
            let fate = record.document().map_or(Fate::Stay(vec![]), |d| fate(number, &d.text));
            number += 1;
            output.append(prepare(&record, sources, &fate, &case.params)).unwrap();
        }
    }
    output.commit().unwrap();
    // Checks every source against the checksum of what was read.
    restore(&out, &case.folder.path().join("back")).unwrap();
}

/// Puts the right checksum in the place of the last bytes of a line.
fn sealed(line: &str) -> String {
    let body = line.rfind(",\"sum\":\"").map_or(line.trim_end_matches('}'), |at| &line[..at]);
    format!("{body},\"sum\":\"{:08x}\"}}\n", xxh3_64(body.as_bytes()) as u32)
}

/// A ledger of anybody's making, its checksums made right, and a progress file: refused or carried
/// out, never a panic, never a file outside the target.
pub fn artefacts(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (cleaned, lines) = text.split_once('\n').unwrap_or(("", &text));
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    fs::create_dir_all(out.join("cleaned")).unwrap();
    fs::write(out.join("cleaned/a.jsonl"), cleaned).unwrap();
    let mut ledger = String::new();
    let mut hasher = Xxh3Default::new();
    let mut count = 0;
    for line in lines.lines() {
        let line = sealed(line);
        hasher.update(line.as_bytes());
        count += 1;
        ledger += &line;
    }
    ledger += &format!("{{\"type\":\"end\",\"lines\":{count},\"xxh3\":\"{:032x}\"}}\n", hasher.digest128());
    fs::write(out.join("ledger.jsonl"), &ledger).unwrap();
    if let Ok(ledger) = Ledger::open(&out) {
        let _ = ledger.entries().map(|entries| entries.count());
    }
    let _ = restore(&out, &folder.path().join("back/back"));
    let progress = folder.path().join("progress");
    fs::write(&progress, sealed(lines.lines().next().unwrap_or_default())).unwrap();
    let _ = Progress::load(&progress);
    let outside = fs::read_dir(folder.path()).unwrap().filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        !["out", "back", "progress"].iter().any(|known| name == *known)
    });
    assert_eq!(outside.count(), 0);
}

static TOKENISERS: LazyLock<Vec<Tokeniser>> =
    LazyLock::new(|| [Folds::ALL, Folds::NONE, Folds::PLAIN, Folds::ARABIC].map(Tokeniser::new).into());

/// The fast way to cut words agrees with the plain one, under every fold.
pub fn tokeniser(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for tokeniser in TOKENISERS.iter() {
        let mut plain = Vec::new();
        tokeniser.for_each_word(&text, |span, form| plain.push((span, xxh3_64(form.as_bytes()))));
        let fast: Vec<_> = tokeniser.tokenise(&text).iter().map(|t| (t.span, t.hash)).collect();
        assert_eq!(fast, plain);
    }
    let segments = segment(&text);
    assert!(segments.iter().all(|s| text.get(s.span.start as usize..s.span.end as usize).is_some()));
    let view = View::new(&text, &TOKENISERS[0]);
    assert!((0..view.segments.len()).all(|s| view.segment_tokens(s).len() <= view.tokens.len()));
}

/// Its tables are large, and what is in them changes only weights.
static FREQUENCIES: LazyLock<Frequencies> = LazyLock::new(Frequencies::default);

fn check(p: &Passage, texts: &[String]) {
    for side in [p.a, p.b] {
        assert!(texts[side.document as usize].get(side.span.start as usize..side.span.end as usize).is_some());
    }
    assert!(p.a.document != p.b.document || p.a.span.end <= p.b.span.start);
    assert!((0.0..=1.0).contains(&p.identity) && (0.0..=1.0).contains(&p.containment));
}

/// Passages of any texts: their sides lie in the text, on character borders, and never on each other.
pub fn aligner(data: &[u8]) {
    // A byte is a word or a line end, so that repeats are easy to come by; 0xff ends a document.
    let texts: Vec<String> = data
        .split(|&b| b == 0xff)
        .take(6)
        .map(|doc| doc.iter().map(|&b| if b % 16 == 15 { "\n".into() } else { format!("w{} ", b % 48) }).collect())
        .collect();
    let params = PassageParams { words_min: 3, identity_min: 0.3, ..PassageParams::default() };
    let mut builder = CorpusBuilder::default();
    for (number, text) in (0..).zip(&texts) {
        let view = View::new(text, default_tokeniser());
        FREQUENCIES.observe(None, &view);
        within_document(number, &view, &FREQUENCIES.words, &params).iter().for_each(|p| check(p, &texts));
        builder.push(number, Words::new(&view));
    }
    let across = across_documents(&builder.finish(), &FREQUENCIES.words, &params, |_, _| false);
    across.passages.iter().for_each(|p| check(p, &texts));
}

static LINES: LazyLock<LineFrequencies> = LazyLock::new(LineFrequencies::default);

/// Any list of phrases: errors by line, never a panic; what can be read can be used on any text.
pub fn phrases(data: &[u8]) {
    let text = String::from_utf8_lossy(data).into_owned();
    let list = PhraseList { name: "fuzz".into(), text };
    let checked = CheckedPhrases::new(&list);
    assert!(checked.errors.iter().all(|e| !e.to_string().is_empty()));
    // A classifier reads the built-in lists too, which takes a hundred times as long as all the rest.
    if !checked.errors.is_empty() || !xxh3_64(data).is_multiple_of(16) {
        return;
    }
    let view = View::new(&list.text, default_tokeniser());
    if let Ok(classifier) = Classifier::new(&FillerParams { phrases: vec![list.clone()], ..FillerParams::default() }) {
        for finding in classifier.classify(Some("a.example"), &view, &LINES) {
            assert!(list.text.get(finding.span.start as usize..finding.span.end as usize).is_some());
        }
    }
}
