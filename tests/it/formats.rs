//! One corpus in every format (`tests/fixtures`, made by the formats' own tools): the same findings,
//! written back in kind, restored.

use std::fs;
use std::path::{Path, PathBuf};

use ghirbal::params::{Params, Reading};
use ghirbal::read::{Corpus, Document, discover_with, parse};
use serde_json::Value;

use crate::helper::{Folder, article, ids, of_type, record};

/// Every fixture that holds the whole corpus, and the options it wants.
#[cfg(feature = "tables")]
const TABLES: &[&str] = &[
    "snappy.parquet",
    "zstd-groups-of-4.parquet",
    "lz4-view.parquet",
    "gzip-dictionary.parquet",
    "brotli-no-arrow-schema.parquet",
    "codecs.parquet",
    "file.arrow",
    "zstd-view.arrow",
    "lz4.arrows",
    "dictionary.arrows",
];
#[cfg(not(feature = "tables"))]
const TABLES: &[&str] = &[];
const TEXTS: &[&str] = &[
    "reference.jsonl",
    "members.jsonl.gz",
    "members.jsonl.bz2",
    "members.jsonl.xz",
    "members.jsonl.zst",
    "python-ascii.jsonl",
    "utf-16.jsonl",
    "excel.csv",
    "unix.csv.bz2",
    "semicolons-with-mark.csv.gz",
    "tabs.tsv",
    "windows-1256.csv --encoding windows-1256",
    "crawl.wet",
    "crawl.warc.wet.gz",
    "responses.warc.gz",
];

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// A fixture's name and its options.
fn parts(case: &str) -> (&str, &str) {
    case.split_once(' ').unwrap_or((case, ""))
}

/// The fixture alone in the folder `in`.
fn alone(name: &str) -> Folder {
    let folder = Folder::empty();
    folder.write(&format!("in/{name}"), fs::read(fixture(name)).unwrap());
    folder
}

/// Everything found but the summary, which names parameters and sources.
fn findings(folder: &Folder, path: &str, options: &str) -> Vec<Value> {
    let options = format!("report {path} {options} --scope both --format jsonl");
    let mut rows = folder.ghirbal(&options).ok().rows();
    assert_eq!(rows.pop().unwrap()["type"], "summary");
    rows
}

fn reading(options: &str) -> Reading {
    Reading { encoding: options.strip_prefix("--encoding ").map(str::to_owned), ..Reading::default() }
}

/// The documents below a path, and the content their records tile.
fn documents(path: &Path, options: &str) -> (Vec<Document>, Vec<u8>) {
    let params = Params { reading: reading(options), ..Params::default() };
    let sources = discover_with(&[path.to_path_buf()], &params.reading).unwrap().sources;
    let mut corpus = Corpus::new(&sources);
    let (mut documents, mut content) = (Vec::new(), Vec::new());
    while let Some(batch) = corpus.next_batch(1 << 20).unwrap() {
        for raw in batch {
            content.extend_from_slice(&raw.raw);
            documents.extend(parse(&sources, &params, raw).document().cloned());
        }
    }
    (documents, content)
}

/// What a document is, whatever it stands in.
fn essence(documents: &[Document]) -> Vec<(&str, Option<&str>, &str)> {
    documents.iter().map(|d| (d.id.as_str(), d.host.as_deref(), d.text.as_str())).collect()
}

#[test]
fn every_format_gives_the_findings_of_json_lines() {
    let reference = alone("reference.jsonl");
    let expected = findings(&reference, "in", "");
    assert!(expected.len() > 15, "{}", expected.len());
    for (name, options) in TEXTS.iter().chain(TABLES).map(|case| parts(case)) {
        let folder = alone(name);
        assert_eq!(findings(&folder, "in", options), expected, "{name}");
    }
}

#[test]
fn every_format_is_cleaned_in_kind_and_restored() {
    let reference = alone("reference.jsonl");
    reference.ghirbal("clean in -o out").ok();
    let (expected, _) = documents(&reference.path("out/cleaned"), "");
    assert!((10..14).contains(&expected.len()));
    for (name, options) in TEXTS.iter().chain(TABLES).map(|case| parts(case)) {
        let folder = alone(name);
        folder.ghirbal(&format!("clean in -o out {options}")).ok();
        let (cleaned, _) = documents(&folder.path("out/cleaned"), options);
        assert_eq!(essence(&cleaned), essence(&expected), "{name}");
        folder.ghirbal("restore out -o back").ok();
        let (original, there) = documents(&folder.path("in"), options);
        let (restored, back) = documents(&folder.path("back"), options);
        assert_eq!(essence(&restored), essence(&original), "{name}");
        assert!(back == there, "{name}: the content comes back byte for byte");
        if !TABLES.contains(&name) && ![".gz", ".bz2", ".xz", ".zst"].iter().any(|e| name.ends_with(e)) {
            let (file, back) = (folder.path(&format!("in/{name}")), folder.path(&format!("back/{name}")));
            assert!(fs::read(file).unwrap() == fs::read(back).unwrap(), "{name}: so does the file");
        }
    }
}

#[test]
fn dedup_leaves_all_that_stays_as_it_was() {
    for (name, options) in TEXTS.iter().chain(TABLES).map(|case| parts(case)) {
        let folder = alone(name);
        folder.ghirbal(&format!("dedup in -o out {options} --threads 3")).ok().says(&["1 removed as duplicates"]);
        let (cleaned, _) = documents(&folder.path("out/cleaned"), options);
        let (original, _) = documents(&folder.path("in"), options);
        let stay: Vec<_> = essence(&original).into_iter().enumerate().filter(|(i, _)| *i != 9 && *i != 3).collect();
        let stayed = essence(&cleaned);
        assert_eq!(stayed.len(), 13, "{name}");
        assert!(stay.iter().all(|(_, document)| stayed.contains(document)), "{name}");
        folder.ghirbal("restore out -o back").ok();
    }
}

#[test]
fn any_number_of_threads_writes_the_same_bytes_in_every_format() {
    for (name, options) in TEXTS.iter().chain(TABLES).map(|case| parts(case)) {
        let folder = alone(name);
        for threads in ["1", "4"] {
            folder.ghirbal(&format!("clean in -o out{threads} {options} --threads {threads}")).ok();
        }
        for file in [format!("cleaned/{name}"), "ledger.jsonl".into(), "findings.jsonl".into()] {
            let bytes = |n: &str| fs::read(folder.path(&format!("out{n}/{file}"))).unwrap();
            assert!(bytes("1") == bytes("4"), "{name}: {file}");
        }
    }
}

#[test]
fn a_cleaned_web_archive_is_one_and_each_record_a_member() {
    let folder = alone("crawl.warc.wet.gz");
    folder.ghirbal("clean in -o out").ok();
    let bytes = fs::read(folder.path("out/cleaned/crawl.warc.wet.gz")).unwrap();
    let mut members = 0;
    let mut left = &bytes[..];
    while !left.is_empty() {
        let mut decoder = flate2::bufread::GzDecoder::new(left);
        let mut record = Vec::new();
        std::io::Read::read_to_end(&mut decoder, &mut record).unwrap();
        left = decoder.into_inner();
        assert!(record.starts_with(b"WARC/1.0\r\n") && record.ends_with(b"\r\n\r\n"));
        let header = record.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
        let fields = String::from_utf8(record[..header].to_vec()).unwrap();
        let len = fields.lines().find_map(|l| l.strip_prefix("Content-Length: ")).unwrap();
        assert_eq!(len.parse::<usize>().unwrap(), record.len() - header - 4, "{fields}");
        members += 1;
    }
    assert_eq!(members, 14, "thirteen texts and the warcinfo");
}

#[test]
fn records_of_other_kinds_pass_through_and_are_counted() {
    let folder = alone("responses.warc.gz");
    folder.ghirbal("report in").ok().says(&["14 documents", "15 WARC records of other kinds than `conversion`"]);
    folder.ghirbal("clean in -o out").ok().says(&["15 WARC records of other kinds"]);
    let cleaned = String::from_utf8(folder.content("out/cleaned/responses.warc.gz")).unwrap();
    assert_eq!(cleaned.matches("WARC-Type: response").count(), 14);
    let others = cleaned.split("WARC/1.0\r\n").filter(|record| record.contains("WARC-Type: response"));
    folder.write("only/a.warc", others.map(|record| format!("WARC/1.0\r\n{record}")).collect::<String>());
    folder.ghirbal("report only").code(1).says(&["of other kinds than text", "hint: give WET files"]);
}

#[test]
fn a_data_set_s_folder_is_read_by_its_shards() {
    let folder = Folder::empty();
    for entry in fs::read_dir(fixture("dataset")).unwrap() {
        let path = entry.unwrap().path();
        folder.write(&format!("in/{}", path.file_name().unwrap().to_str().unwrap()), fs::read(&path).unwrap());
    }
    if cfg!(not(feature = "tables")) {
        return;
    }
    let rows = folder.ghirbal("report in --format jsonl").ok().rows();
    assert_eq!(rows.last().unwrap()["documents"], 14);
    let why: Vec<_> = of_type(&rows, "skipped").iter().map(|s| s["why"].as_str().unwrap()).collect();
    assert_eq!(why.len(), 3, "{why:?}");
    assert!(why.iter().any(|why| why.contains("`state.json` does not list it")));
    folder.ghirbal("clean in -o out").ok();
    assert!(folder.has("out/cleaned/data-00001-of-00002.arrow"));
    folder.ghirbal("restore out -o back").ok();
}

#[test]
fn an_unknown_column_is_named_with_the_columns_there_are() {
    let folder = Folder::with(&[("a.csv", "id,body,n\n1,some words,2\n3,other words,4\n")]);
    let says = ["`a.csv` line 1: no column `text`; the header has: id, body, n; hint: --text-field body"];
    folder.ghirbal("report a.csv").code(1).says(&says);
    folder.ghirbal("report a.csv --text-field body").ok().says(&["2 documents"]);
    if cfg!(feature = "tables") {
        let folder = alone("codecs.parquet");
        folder
            .ghirbal("report in --text-field body")
            .code(1)
            .says(&["no column `body`; the record has: id, text, url"]);
    }
}

#[test]
fn bad_csv_records_are_skipped_by_their_line_and_pass_through() {
    let good = article(401, 3);
    let csv = format!("id,text\n1,\"{good}\"\n2\n3,\"a\"b\n\n4,x,y\n5,\"{good}\"\n6,\"never closed\n");
    let folder = Folder::with(&[("in/a.csv", &csv)]);
    let rows = folder.ghirbal("report in --format jsonl").code(2).rows();
    let skipped = of_type(&rows, "skipped");
    let places: Vec<_> =
        skipped.iter().map(|s| (s["line"].as_u64().unwrap(), s["why"].as_str().unwrap().to_owned())).collect();
    let expected = [
        (6, "the record has 1 fields, and the header 2"),
        (7, "field 2 of the record is a field that goes on behind its closing quote"),
        (9, "the record has 3 fields, and the header 2"),
        (14, "field 2 of the record is a quote that is never closed"),
    ];
    assert_eq!(places, expected.map(|(line, why)| (line, why.to_owned())));
    folder.ghirbal("clean in -o out").code(2).says(&["2 documents read, 1 removed", "4 records could not be read"]);
    let kept = format!("id,text\n1,\"{good}\"\n2\n3,\"a\"b\n\n4,x,y\n6,\"never closed\n");
    assert_eq!(folder.read("out/cleaned/a.csv"), kept);
    folder.restores("out", "in");
}

#[test]
fn csv_that_is_cut_stays_csv() {
    let text = format!("{}المصدر: وكالة \"س\" الأنباء\n", article(403, 8).replacen(' ', " \"\"ص\"\" ", 1));
    let head = "\u{feff}n;text;z\r\n";
    let row = |text: &str| format!("1;\"{text}\";\"x;\"\"y\"\r\n");
    let quoted = text.replace("\"س\"", "\"\"س\"\"");
    let folder = Folder::with(&[("in/a.csv", format!("{head}{}", row(&quoted)))]);
    folder.ghirbal("clean in -o out").ok();
    let kept: String = quoted.split_inclusive('\n').take(8).collect();
    assert_eq!(folder.read("out/cleaned/a.csv"), format!("{head}{}", row(&kept)));
    assert_eq!(folder.rows("out/metadata.jsonl")[0]["source_credit"][0], "المصدر: وكالة \"س\" الأنباء");
    folder.restores("out", "in");
}

#[cfg(feature = "tables")]
#[test]
fn a_null_text_is_skipped_by_its_row_and_a_cut_table_passes_through() {
    let bytes = fs::read(fixture("snappy.parquet")).unwrap();
    let folder = Folder::with(&[
        ("in/cut.parquet", &bytes[..bytes.len() / 2]),
        ("in/junk.arrow", &b"ARROW1\0\0junk"[..]),
        ("in/a.jsonl", record("1", &article(405, 3)).as_bytes()),
    ]);
    let rows = folder.ghirbal("report in --format jsonl").code(2).rows();
    let skipped = of_type(&rows, "skipped");
    assert_eq!(skipped.len(), 2);
    assert!(skipped[0]["why"].as_str().unwrap().starts_with("the parquet table cannot be read: "), "{}", skipped[0]);
    folder.ghirbal("clean in -o out").code(2);
    folder.restores("out", "in");
    // The column `flag` has a null in its second row, and no strings.
    let folder = alone("snappy.parquet");
    let ran = folder.ghirbal("report in --text-field site --id-field text --format jsonl").ok().rows();
    assert_eq!(ran.last().unwrap()["documents"], 14);
    folder.ghirbal("report in --text-field flag").code(1).says(&[
        "`snappy.parquet` line 1: column `flag` is a truth value",
        "line 2: column `flag` is null, not a string",
    ]);
}

#[test]
fn bytes_that_are_no_text_are_replaced_when_asked_and_come_back() {
    let tail = "إقرأ أيضاً:\nخبر \u{fffd} آخر\n";
    let lossy = |text: &str| {
        let parts: Vec<&[u8]> = text.split('\u{fffd}').map(str::as_bytes).collect();
        parts.join(&b"\xe2\x28"[..1])
    };
    let text = format!("{}{tail}", article(407, 8).replacen(' ', " \u{fffd} ", 2));
    let line = record("a", &text);
    let wet = |text: &[u8]| {
        let head = format!(
            "WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Record-ID: <x>\r\nContent-Length: {}\r\n\r\n",
            text.len()
        );
        [head.as_bytes(), text, b"\r\n\r\n"].concat()
    };
    let csv = format!("text,id\n\"{text}\",\"\u{fffd}\"\n");
    let files = [
        ("in/a.jsonl", lossy(&(line.clone() + &line.replace("\"a\"", "\"b\"")))),
        ("in/b.txt", lossy(&article(409, 5).replacen(' ', "\u{fffd}", 1))),
        ("in/c.csv", lossy(&csv)),
        ("in/d.wet", wet(&lossy(&text))),
        ("in/e.txt", lossy(&tail.repeat(2))),
    ];
    let folder = Folder::with(&files.each_ref().map(|(name, bytes)| (*name, bytes.clone())));
    folder.ghirbal("report in").code(1).says(&["invalid UTF-8"]);
    folder.ghirbal("clean in -o out --invalid replace --max-removed 1").ok().says(&["6 documents read"]);
    assert!(folder.read("out/cleaned/b.txt").contains('\u{fffd}'));
    folder.restores("out", "in");
    folder.ghirbal("dedup in -o once --invalid replace --max-removed 1").ok();
    assert!(folder.read("once/cleaned/b.txt").contains('\u{fffd}'));
    folder.restores("once", "in");
}

#[test]
fn old_encodings_are_read_by_name_and_written_back() {
    let text = format!("{}المصدر: وكالة الأنباء\n", article(411, 8));
    let (bytes, _, lost) = encoding_rs::WINDOWS_1256.encode(&text);
    assert!(!lost);
    let (kept, _, _) = encoding_rs::WINDOWS_1256.encode(text.split_inclusive("\n").nth(7).unwrap());
    let utf_16: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_be_bytes).collect();
    let folder = Folder::with(&[("in/a.txt", bytes.to_vec()), ("in/b.txt", utf_16.clone())]);
    folder.ghirbal("report in").code(2).says(&["1 document"]);
    folder
        .ghirbal("clean in -o out --encoding windows-1256 --keep first --max-removed 1")
        .ok()
        .says(&["2 documents read, 1 removed"]);
    let cleaned = fs::read(folder.path("out/cleaned/a.txt")).unwrap();
    assert!(cleaned.ends_with(&kept) && cleaned.len() < bytes.len());
    folder.ghirbal("restore out -o back").ok();
    assert_eq!(fs::read(folder.path("back/a.txt")).unwrap(), bytes.to_vec());
    assert_eq!(fs::read(folder.path("back/b.txt")).unwrap(), utf_16);
    folder.ghirbal("report in --encoding klingon").code(1).says(&["no encoding is called `klingon`", "hint:"]);
}

#[test]
fn patterns_and_lists_name_paths() {
    let files: Vec<_> = ["in/a.jsonl", "in/b.jsonl", "in/c.txt", "in/deep/d.jsonl", "in/.e.jsonl"]
        .iter()
        .enumerate()
        .map(|(i, name)| (*name, record(name, &article(420 + i as u64, 3))))
        .collect();
    let folder = Folder::with(&files);
    let count = |args: &str, stdin: &[u8]| {
        let rows = folder.ghirbal_fed(&format!("report {args} --format jsonl"), stdin).ok().rows();
        rows.last().unwrap()["documents"].as_u64().unwrap()
    };
    assert_eq!(count("in/*.jsonl", b""), 2);
    assert_eq!(count("in/**/*.jsonl", b""), 3);
    assert_eq!(count("in/[ac].*", b""), 2);
    assert_eq!(count("*/{a,b}.jsonl in/a.jsonl", b""), 2);
    folder.write("list", "in/a.jsonl\r\n\nin/deep\n");
    assert_eq!(count("@list", b""), 2);
    assert_eq!(count("@-", b"in/c.txt\nin/*.jsonl\n"), 3);
    folder.ghirbal("report in/*.nosuch").code(1).says(&["no file matches the pattern `in/*.nosuch`", "hint:"]);
    folder.write("list", "nosuch\n");
    folder.ghirbal("report @list").code(1).says(&["`nosuch`", "the list `list` names it"]);
    folder.ghirbal("report @nosuch").code(1).says(&["failed to read the list of paths `nosuch`"]);
}

#[test]
fn a_record_over_the_limit_is_skipped_and_passes_through() {
    let long = record("long", &article(431, 300));
    let lines = record("1", &article(433, 3)) + &long + &record("2", &article(435, 3));
    let folder = Folder::with(&[("in/a.jsonl", &lines)]);
    let says = ["2 documents read", "1 record could not be read"];
    folder.ghirbal("clean in -o out --max-record 5000").code(2).says(&says);
    assert_eq!(folder.read("out/cleaned/a.jsonl"), lines);
    folder.restores("out", "in");
    folder.ghirbal("report in --max-record 0").code(1).says(&["--max-record is 0 bytes", "hint:"]);
    let ran = folder.ghirbal("report in --max-record 5000 --format jsonl").code(2).rows();
    assert!(of_type(&ran, "skipped")[0]["why"].as_str().unwrap().contains("longer than the limit of 5000 bytes"));
}

#[test]
fn what_expands_beyond_all_proportion_is_stopped_and_said() {
    // bzip2 takes 45 bytes for 900 kB of zeros.
    let folder = Folder::with(&[("in/a.jsonl", record("1", &article(437, 3)))]);
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    let zeros = vec![b' '; 1 << 20];
    (0..300).for_each(|_| std::io::Write::write_all(&mut encoder, &zeros).unwrap());
    folder.write("in/bomb.txt.bz2", encoder.finish().unwrap());
    let rows = folder.ghirbal("report in --format jsonl --max-record 1000000").code(2).rows();
    let why: Vec<_> = of_type(&rows, "skipped").iter().map(|s| s["why"].as_str().unwrap().to_owned()).collect();
    assert!(why.iter().any(|why| why.contains("expands more than 1100 times")), "{why:?}");
}

#[test]
fn standard_output_is_refused_with_a_remedy() {
    let folder = Folder::with(&[("a.jsonl", record("1", &article(439, 3)))]);
    folder.ghirbal("clean a.jsonl -o -").code(1).says(&["standard output", "hint:"]);
    assert_eq!(folder.names(), ["a.jsonl"]);
}

#[test]
fn what_is_cleaned_twice_is_cleaned_once() {
    for name in ["excel.csv", "crawl.warc.wet.gz"].iter().chain(TABLES) {
        let folder = alone(name);
        folder.ghirbal("clean in -o once").ok();
        folder.ghirbal("clean once/cleaned -o twice").ok().says(&["0 removed", "0.0 % of the text"]);
    }
}

#[test]
fn ids_of_records_are_those_of_the_format() {
    let folder = alone("reference.jsonl");
    let expected = ids(&folder.read("in/reference.jsonl"));
    let (wet, _) = documents(&fixture("crawl.wet"), "");
    assert_eq!(wet.iter().map(|d| d.id.clone()).collect::<Vec<_>>(), expected);
    assert_eq!(wet[0].host.as_deref(), Some("site0.example"));
}
