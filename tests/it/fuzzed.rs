//! The targets of `fuzz/` under plain mutation, and every input that once broke one.
//!
//! `GHIRBAL_MUTATIONS=100000 cargo test --test it fuzzed` tries more of them. With `GHIRBAL_SEEDS=DIR` the
//! seeds are written out instead, as `checks/fuzz` wants them.

use std::fs;
use std::path::Path;

use crate::helper::Dice;

#[path = "../../fuzz/targets.rs"]
mod targets;

/// Mutations of each target that a test tries.
const MUTATIONS: u64 = 300;

/// What formats are made of.
const WORDS: [&[u8]; 24] = [
    b"{\"text\":\"",
    b"\"}\n",
    b"\n",
    b"\r\n\r\n",
    b"\"",
    b"\\u0000",
    b"\\ud800",
    b",",
    b"\t",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"WARC/1.0\r\n",
    b"WARC-Type: conversion\r\n",
    b"Content-Length: 5\r\n",
    b"\x1f\x8b\x08",
    b"\x28\xb5\x2f\xfd",
    b"PAR1",
    b"ARROW1\0\0",
    b"\xff\xff\xff\xff",
    b"\x00\x00\x00\x00",
    b"\xd9\x80",
    b"\xe2\x80\x8f",
    b"+ ",
    b"- ",
];

fn mutated(dice: &mut Dice, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = seeds[dice.roll(seeds.len())].clone();
    for _ in 0..=dice.roll(8) {
        let at = dice.roll(bytes.len() + 1);
        let end = (at + dice.roll(40)).min(bytes.len());
        match dice.roll(8) {
            0 | 1 if at < bytes.len() => bytes[at] ^= 1 << dice.roll(8),
            2 if at < bytes.len() => bytes[at] = [0, 0x7f, 0x80, 0xff, b'"', b'\n'][dice.roll(6)],
            3 => drop(bytes.drain(at..end)),
            4 => drop(bytes.splice(at..at, bytes[at..end].to_vec())),
            5 => drop(bytes.splice(at..at, WORDS[dice.roll(WORDS.len())].iter().copied())),
            6 => {
                let other = &seeds[dice.roll(seeds.len())];
                let from = dice.roll(other.len() + 1);
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
            _ => bytes.truncate(end),
        }
    }
    bytes
}

/// Every input that once broke the target, the seeds, and mutations of them.
fn check(name: &str, target: fn(&[u8]), seeds: &[Vec<u8>]) {
    if let Some(folder) = std::env::var_os("GHIRBAL_SEEDS") {
        return write(&Path::new(&folder).join(name), seeds);
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    for entry in fs::read_dir(here.join("fuzz/regressions").join(name)).into_iter().flatten() {
        target(&fs::read(entry.unwrap().path()).unwrap());
    }
    seeds.iter().for_each(|seed| target(seed));
    let mutations = number("GHIRBAL_MUTATIONS").unwrap_or(MUTATIONS);
    let first = number("GHIRBAL_SEED").unwrap_or(0);
    for n in first..first + mutations {
        let input = mutated(&mut Dice(n), seeds);
        let done = std::panic::catch_unwind(|| target(&input));
        if done.is_err() {
            let kept = std::env::temp_dir().join(format!("ghirbal-{name}-{n}"));
            fs::write(&kept, &input).unwrap();
            panic!("mutation {n} breaks `{name}`; it is kept in {}", kept.display());
        }
    }
}

/// A folder of seeds, and [`WORDS`] beside it as libFuzzer reads a dictionary.
fn write(folder: &Path, seeds: &[Vec<u8>]) {
    fs::create_dir_all(folder).unwrap();
    for (number, seed) in seeds.iter().enumerate() {
        fs::write(folder.join(format!("seed-{number}")), seed).unwrap();
    }
    let escaped = |word: &[u8]| word.iter().map(|byte| format!("\\x{byte:02x}")).collect::<String>();
    let words: String = WORDS.iter().map(|word| format!("\"{}\"\n", escaped(word))).collect();
    fs::write(folder.with_file_name("words"), words).unwrap();
}

/// Every fixture in every role that its name gives it.
fn files() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_file()).collect();
    files.sort();
    let mut seeds = Vec::new();
    for path in files {
        let mut bytes = fs::read(&path).unwrap();
        let name = path.to_string_lossy();
        if !(name.ends_with(".parquet") || name.contains(".arrow") || name.ends_with("gz") || name.ends_with("xz")) {
            bytes.truncate(6_000);
        }
        for choice in 0..12u8 {
            let endings = [
                ".jsonl", ".txt", ".csv", ".tsv", ".warc", ".wet", ".parquet", ".arrow", ".arrows", ".gz", ".zst",
                ".xz",
            ];
            if name.ends_with(endings[choice as usize]) || (choice == 1 && bytes.len() < 5_000) {
                seeds.push([&[choice, choice % 4 / 3, choice % 4], &bytes[..]].concat());
            }
        }
    }
    seeds
}

fn texts() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    let text = |bytes: Vec<u8>| bytes[..bytes.len().min(3_000)].to_vec();
    let mut seeds: Vec<_> = files.into_iter().filter(|p| p.is_file()).map(|p| text(fs::read(p).unwrap())).collect();
    seeds.push("中文字か\u{3099}きテスト ที่นี่ 한국어 हिन्दी 𝒳𝒴 😀 ﷺ ﻻ e\u{301} İ ŉ ﬀ ＡＢ１ don't can’t 3.14".into());
    seeds
}

#[test]
fn readers() {
    check("readers", targets::readers, &files());
}

#[test]
fn clean_restore() {
    check("clean_restore", targets::clean_restore, &files());
}

#[test]
fn artefacts() {
    let ledger = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compat/1/out/ledger.jsonl");
    let ledger = fs::read_to_string(ledger).unwrap_or_default();
    let ledger: Vec<&str> = ledger.lines().filter(|line| !line.contains("\"type\":\"end\"")).collect();
    let own = r#"{"id":"1","text":"a b"}
{"type":"ledger","version":1,"ghirbal":"0.1.0","params":"","sources":[{"name":"a.jsonl","format":"jsonl","compression":"none","len_bytes":30,"xxh3":""}],"parameters":{}}
{"type":"rewritten","source":"a.jsonl","record":1,"at":3,"original":"xyz","len_bytes":2}
{"type":"cleaned","sources":[{"name":"a.jsonl","xxh3":null}],"files":[]}"#;
    let progress = r#"
{"type":"progress","version":1,"ghirbal":"0.1.0","command":null,"identity":{"stages":"clean","params":"","parameters":{},"sources":[],"not_read":""},"plan":{"len_bytes":1,"xxh3":""},"written":null}"#;
    let frozen = format!("\n{}", ledger.join("\n"));
    check("artefacts", targets::artefacts, &[own.into(), progress.into(), frozen.into()]);
}

#[test]
fn tokeniser() {
    check("tokeniser", targets::tokeniser, &texts());
}

#[test]
fn aligner() {
    let mut dice = Dice(9);
    let doc = |dice: &mut Dice, n: usize| (0..n).map(|_| dice.roll(256) as u8).collect::<Vec<u8>>();
    let seeds: Vec<_> = [20, 200, 900].iter().map(|&n| doc(&mut dice, n).repeat(2)).collect();
    check("aligner", targets::aligner, &seeds);
}

#[test]
fn phrases() {
    let lists = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/classify/phrases");
    let mut files: Vec<_> = fs::read_dir(lists).unwrap().map(|e| e.unwrap().path()).collect();
    files.retain(|p| p.extension().is_some_and(|e| e == "txt"));
    files.sort();
    let list = |p: &std::path::PathBuf| fs::read(p).map(|bytes| bytes[..bytes.len().min(1_500)].to_vec()).unwrap();
    check("phrases", targets::phrases, &files.iter().map(list).collect::<Vec<_>>());
}

/// A number that the tester gives; no answer depends on it.
fn number(name: &str) -> Option<u64> {
    std::env::var_os(name)?.to_str()?.parse().ok()
}
