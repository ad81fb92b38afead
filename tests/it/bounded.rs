//! Bounded memory: the same bytes with little memory, nothing left behind, clear refusals; and
//! corpora of unusual shape stay near linear.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use ghirbal::params::{Params, Scope};
use ghirbal::pipeline::{Run, Stages};
use ghirbal::spill::Spill;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use wait4::Wait4;

use crate::helper::{Dice, Folder, article, command, record, same_content};

/// Cleans a folder with so much room for stores, or without a bound; returns how much went to files.
fn clean(input: &Path, out: &Path, scope: Scope, temp_dir: &Path, room_bytes: Option<u64>) -> u64 {
    let mut params = Params::default();
    params.passages.scope = scope;
    let spill = room_bytes.map_or_else(Spill::never, |room| Spill::new(temp_dir.to_path_buf(), room));
    let run = Run::new(&[input.to_path_buf()], params, Stages::ALL).unwrap().with_spill(spill.clone());
    run.clean(out, 1.0).unwrap();
    spill.written_bytes()
}

/// A corpus is cleaned to the same bytes with all memory, with little, and with next to none; returns
/// how much went to files in the last two.
fn check(records: &[String]) -> [u64; 2] {
    let folder = Folder::with(&[("in/a.jsonl", records.concat()), ("temp/keep", String::new())]);
    let mut files = [0, 0];
    for scope in [Scope::Document, Scope::Corpus] {
        let out = |room: &str| folder.path(&format!("{scope:?}-{room}"));
        let written = |room, name| clean(&folder.path("in"), &out(name), scope, &folder.path("temp"), room);
        assert_eq!(written(None, "all"), 0);
        files = [written(Some(50_000), "little"), written(Some(2_000), "none")];
        same_content(&out("all"), &out("little"));
        same_content(&out("all"), &out("none"));
    }
    assert_eq!(fs::read_dir(folder.path("temp")).unwrap().count(), 1, "temporary files have no names");
    files
}

#[test]
fn any_amount_of_memory_writes_the_same_bytes() {
    let mut records = Vec::new();
    for i in 0..90u64 {
        let mut text = format!("الرئيسية أخبار رياضة\n{}", article(i % 40, 8));
        match i % 5 {
            0 => text += &article(500 + i % 3, 2),
            1 => text = text.replacen(' ', " و", 2),
            2 => text = text.split_inclusive('\n').skip(4).collect(),
            _ => {}
        }
        records.push(record(&format!("d{:02}", i % 88), &(text + "جميع الحقوق محفوظة\n")));
    }
    let files = check(&records);
    assert!(0 < files[0] && files[0] < files[1], "{files:?}");
}

#[test]
fn any_amount_of_memory_is_enough_for_random_corpora() {
    let line = prop::collection::vec(0usize..30, 0..14);
    let text = prop::collection::vec(line, 0..6);
    let corpus = prop::collection::vec((text, any::<prop::sample::Index>(), 0u8..3), 1..24);
    let words: Vec<String> = article(1, 30).split_whitespace().take(30).map(str::to_owned).collect();
    let mut runner = TestRunner::new(Config { cases: 12, ..Config::default() });
    let checked = runner.run(&corpus, |documents| {
        let text = |lines: &[Vec<usize>]| -> String {
            lines.iter().map(|line| line.iter().map(|&w| &*words[w]).collect::<Vec<_>>().join(" ") + "\n").collect()
        };
        let texts: Vec<String> = documents.iter().map(|(lines, ..)| text(lines)).collect();
        let records = documents.iter().zip(&texts).enumerate().map(|(i, ((_, other, how), text))| {
            let other = &texts[other.index(texts.len())];
            let both = format!("{text}{other}");
            record(&i.to_string(), [text, other, &both][*how as usize])
        });
        check(&records.collect::<Vec<_>>());
        Ok(())
    });
    checked.unwrap();
}

#[test]
fn too_little_memory_or_no_folder_is_refused() {
    let folder = Folder::with(&[("a.txt", article(1, 3))]);
    folder
        .ghirbal("dedup a.txt -o out --memory 100M")
        .code(1)
        .says(&["100 MiB of memory are too little", "--memory 256M"]);
    folder.ghirbal("dedup a.txt -o out --memory lots").code(2).says(&["write a size as 512M or 2G"]);
    folder.ghirbal("dedup a.txt -o out --memory 256M --temp-dir nowhere").ok();
    assert!(folder.has("out"), "what fits needs no folder");
}

#[test]
fn a_run_says_what_it_needs_of_the_disk_and_stops_before_it_is_too_much() {
    let folder = Folder::empty();
    // A sparse file takes no room, and a run that is refused reads nothing of it.
    let sparse = |name: &str, len| fs::File::create(folder.path(name)).unwrap().set_len(len).unwrap();
    sparse("huge.jsonl", 1 << 42);
    let refused = folder.ghirbal("dedup huge.jsonl -o out --memory 1G").code(1);
    refused.says(&["needs about 6144 GiB of disk", "are free in `[folder]`", "--temp-dir"]);
    sparse("large.txt", 64 << 20);
    let said = folder.ghirbal("report large.txt --memory 256M --temp-dir .").stderr;
    assert!(
        said.starts_with("this corpus may not fit in 256 MiB of memory: up to about 96 MiB of temporary"),
        "{said}"
    );
    assert_eq!(folder.names(), ["huge.jsonl", "large.txt"]);
}

/// CPU seconds and peak bytes of `dedup` over a file.
fn cost(file: &Path) -> (f64, u64) {
    let folder = Folder::empty();
    let args = format!("dedup {} -o out --max-removed 1", file.display());
    let child = command(&folder.path(""), &args).stdout(Stdio::null()).spawn().unwrap();
    let used = child.wait4().unwrap();
    assert!(used.status.success());
    ((used.rusage.utime + used.rusage.stime).as_secs_f64(), used.rusage.maxrss)
}

/// Four times the documents take less than eight times as long (sixteen would be quadratic), and
/// less than five times the memory.
#[track_caller]
fn near_linear(texts: impl Fn(usize) -> String, documents: usize) {
    let folder = Folder::empty();
    let [(cpu, peak), (cpu_4, peak_4)] = [documents, 4 * documents].map(|n| {
        let lines: String = (0..n).map(|i| record(&i.to_string(), &texts(i))).collect();
        folder.write("a.jsonl", lines);
        cost(&folder.path("a.jsonl"))
    });
    assert!(cpu_4 < 8.0 * cpu + 0.5, "{documents} documents take {cpu} s, four times as many {cpu_4} s");
    assert!(peak_4 < 5 * peak, "{documents} documents take {peak} bytes, four times as many {peak_4}");
}

#[test]
fn a_cluster_of_many_copies_is_near_linear() {
    let text = article(1, 8);
    near_linear(|i| if i % 2 == 0 { text.clone() } else { text.replacen(' ', &format!(" w{} ", i % 7), 1) }, 10_000);
}

#[test]
fn a_cluster_of_many_edited_copies_is_near_linear() {
    let text = article(1, 8);
    near_linear(|i| format!("{text} {i}"), 1_500);
}

#[test]
fn a_paragraph_in_every_document_is_near_linear() {
    let paragraph = article(1, 3);
    near_linear(|i| format!("{}{paragraph}", article(10 + i as u64, 2)), 3_000);
}

#[test]
fn documents_of_nothing_are_near_linear() {
    near_linear(|_| String::new(), 50_000);
}

#[test]
fn one_very_large_document_is_near_linear() {
    let mut dice = Dice(3);
    let words: Vec<String> = (0..5_000).map(|_| crate::helper::word(&mut dice)).collect();
    let folder = Folder::empty();
    let [(cpu, peak), (cpu_4, peak_4)] = [2_000, 8_000].map(|lines| {
        let mut dice = Dice(5);
        let line = |_| (0..80).map(|_| &*words[dice.roll(words.len())]).collect::<Vec<_>>().join(" ") + "\n";
        let text: String = (0..lines).map(line).collect();
        folder.write("a.jsonl", record("large", &text) + &record("small", &article(1, 5)));
        cost(&folder.path("a.jsonl"))
    });
    assert!(cpu_4 < 8.0 * cpu + 0.5, "{cpu} s, of four times the length {cpu_4} s");
    assert!(peak_4 < 5 * peak, "{peak} bytes, of four times the length {peak_4}");
}
