//! Cleaning and restoring, case by case; [`damage`] and [`properties`] have the rest.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::*;
use crate::decide::{Fate, Partner, Removal};
use crate::error::{Error, Result};
use crate::label::{Action, Label};
use crate::params::Params;
use crate::read::{Compression, Corpus, Record, compressed, discover, parse};
use crate::span::Span;

mod damage;
mod properties;

/// The decompressed content of a file.
fn content(path: &Path) -> Vec<u8> {
    let bytes = fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut content = Vec::new();
    let file = fs::File::open(path).unwrap();
    Compression::detect(&bytes).decode(file).unwrap().read_to_end(&mut content).unwrap();
    content
}

/// A folder with `in` (these files), and after cleaning `out`.
struct Case {
    folder: tempfile::TempDir,
}

impl Case {
    fn new(files: &[(&str, &[u8])]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            let path = folder.path().join("in").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn clean_to(&self, target: &str, fate: impl Fn(&Record) -> Fate) -> Result<()> {
        let (params, inputs) = (Params::default(), [self.path("in")]);
        let sources = discover(&inputs)?.sources;
        let mut first = Corpus::new(&sources);
        while first.next_batch(1 << 16)?.is_some() {}
        let checksums = first.into_checksums();
        let mut output = Output::create(&self.path(target), &inputs, &params, &sources, &checksums)?;
        let mut corpus = Corpus::again(&sources, &checksums);
        while let Some(batch) = corpus.next_batch(64)? {
            for raw in batch {
                let record = parse(&sources, &params, raw);
                output.append(prepare(&record, &sources, &fate(&record), &params))?;
            }
        }
        output.findings(b"{}\n")?;
        output.summary(b"{}\n")?;
        output.commit()
    }

    /// Cleans `in` to `out`.
    fn clean(&self, fate: impl Fn(&Record) -> Fate) -> &Self {
        self.clean_to("out", fate).unwrap();
        self
    }

    fn cleaned(&self, name: &str) -> String {
        String::from_utf8(content(&self.path("out/cleaned").join(name))).unwrap()
    }

    fn restore(&self) -> Result<RestoreSummary> {
        let _ = fs::remove_dir_all(self.path("back"));
        restore(&self.path("out"), &self.path("back"))
    }

    /// Restores `out` and compares every source with what `in` holds.
    fn restores(&self) {
        let summary = self.restore().unwrap();
        let sources = discover(&[self.path("in")]).unwrap().sources;
        assert_eq!(summary.sources, sources.len() as u64);
        for source in sources {
            let back = self.path("back").join(&source.name);
            assert_eq!(content(&back), content(&source.path), "{}", source.name);
            assert_eq!(Compression::detect(&fs::read(back).unwrap()), source.coding.compression);
        }
    }

    fn ledger(&self) -> Vec<LedgerEntry> {
        let ledger = Ledger::open(&self.path("out")).unwrap();
        let entries: Vec<_> = ledger.entries().unwrap().map(|e| e.unwrap()).collect();
        assert_eq!(entries.len() as u64, ledger.len());
        entries
    }
}

fn removal(start: usize, end: usize, label: Label, action: Action) -> Removal {
    Removal {
        span: Span::new(start, end),
        label,
        action,
        rule: "test.rule",
        score: 0.99,
        evidence: vec![("phrase", json!("إقرأ")), ("count", json!(2))],
        why: "the test says so".into(),
        partner: Some(Partner { doc: "x\"".into(), span: Some(Span::new(1, 2)) }),
    }
}

fn remove(start: usize, end: usize) -> Removal {
    removal(start, end, Label::ReadAlsoMarker, Action::Remove)
}

fn go() -> Fate {
    Fate::Go(removal(0, 0, Label::DuplicateDocument, Action::Remove))
}

/// Removes every occurrence of these.
fn without(wanted: &'static [(&'static str, Label, Action)]) -> impl Fn(&Record) -> Fate {
    move |record| {
        let text = record.document().map_or("", |d| d.text.as_str());
        let mut removals: Vec<_> = wanted
            .iter()
            .flat_map(|&(what, label, action)| {
                text.match_indices(what).map(move |(at, _)| removal(at, at + what.len(), label, action))
            })
            .collect();
        removals.sort_by_key(|r| r.span);
        Fate::Stay(removals)
    }
}

#[test]
fn a_json_line_is_cut_in_its_raw_form_and_every_other_byte_stays() {
    let line = "\u{feff} {\"a\" : 1.0,\"text\":\"\\u063a\\/X\\n\\ud83d\\ude00Yغ\" ,\"z\":[ ] } \r\n";
    let case = Case::new(&[("a.jsonl", line.as_bytes())]);
    case.clean(without(&[("X\n", Label::Share, Action::Remove), ("Y", Label::Share, Action::Remove)]));
    assert_eq!(case.cleaned("a.jsonl"), line.replace("X\\n", "").replace('Y', ""));
    case.restores();
}

#[test]
fn metadata_goes_to_a_field_before_the_closing_brace() {
    let case = Case::new(&[("a.jsonl", "{\"text\":\"الأحد: Text Source: X\"} \n".as_bytes())]);
    case.clean(without(&[
        ("الأحد: ", Label::Dateline, Action::Metadata),
        (" Source: X", Label::SourceCredit, Action::Metadata),
    ]));
    let cleaned = "{\"text\":\"Text\",\"ghirbal\":{\"dateline\":[\"الأحد:\"],\"source_credit\":[\"Source: X\"]}} \n";
    assert_eq!(case.cleaned("a.jsonl"), cleaned);
    case.restores();
}

#[test]
fn a_field_that_is_taken_is_not_written_over() {
    let line = "{\"ghirbal\":1,\"text\":\"D\",\"ghirbal_2\":{\"}\":\"}\"}}";
    let case = Case::new(&[("a.jsonl", line.as_bytes())]);
    case.clean(without(&[("D", Label::Dateline, Action::Metadata)]));
    let cleaned: Value = serde_json::from_str(&case.cleaned("a.jsonl")).unwrap();
    assert_eq!(cleaned["ghirbal_3"], json!({"dateline": ["D"]}));
    case.restores();
}

#[test]
fn metadata_of_plain_text_goes_to_a_file_of_its_own_when_there_is_any() {
    let case = Case::new(&[("a.txt", "D\nText\n".as_bytes())]);
    case.clean(without(&[("D\n", Label::Dateline, Action::Metadata)]));
    assert_eq!(case.cleaned("a.txt"), "Text\n");
    let lines = fs::read_to_string(case.path("out/metadata.jsonl")).unwrap();
    let line: Value = serde_json::from_str(&lines).unwrap();
    assert_eq!(line, json!({"doc": "a.txt", "source": "a.txt", "dateline": ["D"]}));
    case.restores();

    let case = Case::new(&[("a.txt", b"Text")]);
    case.clean(|_| Fate::Stay(vec![remove(0, 1)]));
    assert!(!case.path("out/metadata.jsonl").exists());
}

#[test]
fn a_record_that_goes_takes_its_line_with_it() {
    let lines = "{\"id\":1,\"text\":\"a\"}\n{\"id\":2,\"text\":\"غ\",\"x\":\"\\/\"}\r\n{\"id\":3,\"text\":\"c\"}";
    for gone in ["1", "2", "3"] {
        let case = Case::new(&[("a.jsonl", lines.as_bytes())]);
        case.clean(|r| if r.document().unwrap().id == gone { go() } else { Fate::Stay(vec![]) });
        let kept: String = lines.split_inclusive('\n').filter(|l| !l.contains(&format!("\"id\":{gone}"))).collect();
        assert_eq!(case.cleaned("a.jsonl"), kept);
        let entries = case.ledger();
        assert_eq!(entries.len(), 1);
        assert_eq!((entries[0].start, entries[0].end as usize), (0, entries[0].text.len()));
        assert_eq!(entries[0].record.to_string(), gone);
        case.restores();
    }
}

#[test]
fn a_source_of_which_nothing_stays_has_no_file_and_one_without_records_an_empty_one() {
    let empty = compressed(b"", Compression::Gzip);
    let case = Case::new(&[("gone.txt", b"x"), ("gone.jsonl", b"{\"text\":\"x\"}\n"), ("empty.jsonl.gz", &empty)]);
    case.clean(|_| go());
    assert!(!case.path("out/cleaned/gone.txt").exists() && !case.path("out/cleaned/gone.jsonl").exists());
    assert_eq!(case.cleaned("empty.jsonl.gz"), "");
    case.restores();
}

#[test]
fn what_is_no_document_passes_through() {
    let bytes = b"\nbroken\n{\"text\":1}\n\xff\xfe\n{\"text\":\"x\"}";
    let case = Case::new(&[("a.jsonl", bytes), ("b.txt", b"\xff")]);
    case.clean(|_| go());
    assert_eq!(fs::read(case.path("out/cleaned/a.jsonl")).unwrap(), bytes[..bytes.len() - 12]);
    assert_eq!(fs::read(case.path("out/cleaned/b.txt")).unwrap(), b"\xff");
    case.restores();
}

#[test]
fn a_damaged_source_is_given_back_as_far_as_it_could_be_read() {
    let lines: String = (0u64..60_000)
        .map(|i| format!("{{\"text\":\"{:x}\"}}\n", xxhash_rust::xxh3::xxh3_128(&i.to_le_bytes())))
        .collect();
    for &compression in &Compression::ALL[1..] {
        let bytes = compressed(lines.as_bytes(), compression);
        let case = Case::new(&[("a.jsonl", &bytes[..bytes.len() / 2])]);
        case.clean(|r| if r.line % 3 == 0 { go() } else { Fate::Stay(vec![remove(1, 2)]) });
        case.restore().unwrap();
        let back = content(&case.path("back/a.jsonl"));
        assert!(lines.as_bytes().starts_with(&back) && back.len() > 10_000, "{} bytes", back.len());
    }
}

#[test]
fn the_ledger_says_what_the_contract_says() {
    let case = Case::new(&[("n/a.jsonl", "\n{\"id\":\"d\",\"text\":\"غX\"}".as_bytes())]);
    case.clean(without(&[("X", Label::ReadAlsoMarker, Action::Remove)]));
    let ledger = fs::read_to_string(case.path("out/ledger.jsonl")).unwrap();
    let lines: Vec<Value> = ledger.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[0]["version"], 1);
    assert_eq!(lines[0]["params"], Params::default().digest());
    assert_eq!(lines[0]["sources"][0]["name"], "n/a.jsonl");
    let content = fs::read(case.path("in/n/a.jsonl")).unwrap();
    assert_eq!(lines[0]["sources"][0]["xxh3"], format!("{:032x}", xxhash_rust::xxh3::xxh3_128(&content)));
    assert_eq!(lines[3]["lines"], 3);

    let mut entry = lines[1].clone();
    entry.as_object_mut().unwrap().remove("sum").unwrap();
    assert_eq!(
        entry,
        json!({
            "type": "removal", "doc": "d", "source": "n/a.jsonl", "record": 2, "start": 2, "end": 3, "text": "X",
            "label": "read_also_marker", "action": "remove", "rule": "test.rule", "score": 0.99,
            "evidence": {"phrase": "إقرأ", "count": 2}, "partner": {"doc": "x\"", "start": 1, "end": 2},
            "why": "the test says so", "at": 21, "escapes": "json"
        })
    );
    assert!(ledger.contains("\"score\":0.99,"), "scores are short decimals");
    assert!(ledger.contains("\"evidence\":{\"phrase\":\"إقرأ\",\"count\":2}"), "evidence keeps its order");
}

#[test]
fn the_ledger_keeps_a_removed_document_s_text_once() {
    let text = "نص طويل ".repeat(1000);
    let python =
        text.encode_utf16().map(|u| if u == 32 { " ".into() } else { format!("\\u{u:04x}") }).collect::<String>();
    for raw in [text.clone(), python] {
        let case = Case::new(&[("a.jsonl", format!("{{\"text\":\"{raw}\"}}\n").as_bytes())]);
        case.clean(|_| go());
        let len = fs::metadata(case.path("out/ledger.jsonl")).unwrap().len() as usize;
        assert!(len < text.len() + 8192, "{len} bytes for a text of {}", text.len());
        case.restores();
    }
}

#[test]
fn scores_are_rounded_and_never_break_the_ledger() {
    for (score, written) in [(0.123_456_f32, 0.1235), (f32::NAN, 0.0), (f32::INFINITY, 0.0)] {
        let case = Case::new(&[("a.txt", b"x")]);
        case.clean(|_| Fate::Stay(vec![Removal { score, ..remove(0, 1) }]));
        assert_eq!(case.ledger()[0].score, written);
    }
}

/// One row per format, compression and way of writing: the loop that a new format joins.
#[test]
fn every_format_is_cleaned_and_restored_in_kind() {
    for format in crate::read::FORMATS.iter().filter(|f| !f.is_table) {
        let bytes: &[u8] = match format.name {
            "text" => "\u{feff}غربالX\r\nY".as_bytes(),
            "jsonl" => "{\"text\":\"غربالX\\r\\n\",\"k\":[1]}\r\n{\"text\":\"\\u0058\"}".as_bytes(),
            "csv" => "id,text\r\n1,\"غربالX\r\n\"\"Y\"\"\"\r\n2,XY\n".as_bytes(),
            "warc" => {
                "WARC/1.0\r\nWARC-Type: conversion\r\nContent-Length:  14\r\nWARC-Block-Digest: sha1:A\r\n\r\nغربالX\nYz\r\n\r\n"
                    .as_bytes()
            }
            other => panic!("give the format {other} a sample"),
        };
        for compression in Compression::ALL {
            let name = format!("a.{}{}", format.extensions[0], compression.extension());
            let case = Case::new(&[(&name, &compressed(bytes, compression))]);
            case.clean(without(&[("X", Label::Dateline, Action::Metadata), ("Y", Label::Share, Action::Remove)]));
            assert!(!case.cleaned(&name).replace("dateline\":[\"X\"]", "").contains(['X', 'Y']));
            assert_eq!(Compression::detect(&fs::read(case.path("out/cleaned").join(&name)).unwrap()), compression);
            case.restores();
        }
    }
}

#[test]
fn an_output_is_never_written_over_an_input_or_anything_else() {
    let case = Case::new(&[("a.txt", b"x")]);
    let keep = |_: &Record| Fate::Stay(vec![]);
    for (target, says) in [
        ("in", "the output is an input"),
        ("in/out", "lies inside the input"),
        ("in/no/such/out", "lies inside the input"),
        ("in/a.txt", "lies inside the input"),
        ("other/../in/out", "without `..`"),
        ("full", "exists already"),
        ("file", "exists already"),
    ] {
        fs::create_dir_all(case.path("full/x")).unwrap();
        fs::write(case.path("file"), "").unwrap();
        let message = case.clean_to(target, keep).unwrap_err().to_string();
        assert!(message.contains(says), "{target}: {message}");
    }
    fs::create_dir(case.path("empty")).unwrap();
    case.clean_to("empty", keep).unwrap();
    assert!(case.path("empty/ledger.jsonl").exists());
    case.clean_to("new/deep/out", keep).unwrap();
}

/// The names in a folder, sorted.
fn listing(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_run_that_fails_leaves_nothing_behind_and_one_that_ends_leaves_only_its_folder() {
    let case = Case::new(&[("a.txt", b"x"), ("b.txt", b"y")]);
    let in_the_middle = |record: &Record| {
        if record.document().unwrap().id == "a.txt" {
            assert_eq!(listing(case.folder.path()).len(), 2, "work is done in a hidden sibling");
            fs::write(case.path("in/b.txt"), "changed").unwrap();
        }
        Fate::Stay(vec![])
    };
    // Batches of 64 bytes: b.txt is read after a.txt is written.
    assert!(case.clean_to("out", in_the_middle).unwrap_err().to_string().contains("changed while it was read"));
    assert_eq!(listing(case.folder.path()), ["in"]);

    case.clean(|_| Fate::Stay(vec![]));
    assert_eq!(listing(case.folder.path()), ["in", "out"]);
    assert_eq!(listing(&case.path("out")), ["cleaned", "findings.jsonl", "ledger.jsonl", "summary.json"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |name: &str| fs::metadata(case.path(name)).unwrap().permissions().mode();
        assert_eq!(mode("out"), mode("in"), "an ordinary folder, not a private one");
    }
}

#[test]
fn two_runs_give_the_same_bytes() {
    let case = Case::new(&[("a.jsonl.gz", &compressed(b"{\"text\":\"abc\"}\n", Compression::Gzip)), ("b.txt", b"x")]);
    for target in ["1", "2"] {
        case.clean_to(target, |_| Fate::Stay(vec![remove(0, 1)])).unwrap();
    }
    for file in ["ledger.jsonl", "cleaned/a.jsonl.gz", "cleaned/b.txt"] {
        assert_eq!(fs::read(case.path("1").join(file)).unwrap(), fs::read(case.path("2").join(file)).unwrap());
    }
}
