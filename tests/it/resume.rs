//! A run that stops in whatever way is gone on with, and ends in the bytes of one that did not.
//!
//! `checks/kill` does the same at hundreds of random moments, with every command.

use std::fs;
use std::process::{Child, Command};

use serde_json::Value;

use crate::helper::{Folder, article, command, gzip, record, same_content};

const PARTIAL: &str = ".out.ghirbal-partial";

/// Sources of several sorts, with copies, tails and a bad record.
fn corpus() -> Folder {
    let text = |i: u64| match i % 5 {
        0 => article(i / 2, 9) + "إقرأ أيضاً:\nخبر آخر\n",
        _ => article(i / 2, 9),
    };
    let lines: Vec<String> = (0..1_200).map(|i| record(&format!("d{i:04}"), &text(i))).collect();
    let lines_of = |from: usize, to: usize| lines[from..to].concat();
    Folder::with(&[
        ("in/a.jsonl", (lines_of(0, 700) + "no record\n").into_bytes()),
        ("in/b.jsonl.gz", gzip(lines_of(700, 900).as_bytes())),
        ("in/c.txt", ("المصدر: وكالة\n".to_owned() + &text(3)).into_bytes()),
        ("in/d.jsonl", lines_of(900, 1_200).into_bytes()),
    ])
}

const CLEAN: &str = "clean in -o out --max-removed 1 --checkpoint 30K";

impl Folder {
    fn progress(&self) -> Option<Value> {
        let text = fs::read_to_string(self.path(PARTIAL).join("progress")).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// Records that are durable; nothing before there is a plan.
    fn durable(&self) -> Option<u64> {
        Some(self.progress()?["written"]["records"].as_u64().unwrap_or(0))
    }

    /// Starts a command and waits until more than so many records are durable, or it has ended.
    fn start(&self, args: &str, more_than: Option<u64>) -> Child {
        let mut child = command(&self.path(""), args).spawn().unwrap();
        while self.durable() <= more_than && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        child
    }

    /// Leaves a run that was killed when some of its output was durable.
    fn killed(&self) {
        let mut child = self.start(CLEAN, Some(0));
        child.kill().unwrap();
        assert_eq!(child.wait().unwrap().code(), None, "it was killed");
        assert!(self.durable() > Some(0) && !self.has("out"));
    }
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

#[test]
fn killed_again_and_again_a_run_ends_in_the_same_bytes_and_does_nothing_twice() {
    let folder = corpus();
    folder.ghirbal("clean in -o expected --max-removed 1").code(2);
    let (mut kills, mut durable) = (0, None);
    let mut args = CLEAN;
    while !folder.has("out") {
        let mut child = folder.start(args, durable);
        child.kill().unwrap();
        child.wait().unwrap();
        if folder.has("out") {
            break;
        }
        assert!(folder.durable() >= durable, "what was durable stays so");
        (kills, durable) = (kills + 1, folder.durable());
        args = if kills % 2 == 0 { CLEAN } else { "resume out" };
    }
    assert!(kills >= 4, "{kills} kills");
    same_content(&folder.path("expected"), &folder.path("out"));
    folder.restores("out", "in");
    fs::remove_dir_all(folder.path(PARTIAL)).unwrap_or_default();
    assert_eq!(folder.names(), ["expected", "in", "out"]);
}

#[test]
fn with_passages_across_documents_and_other_memory_and_threads_too() {
    let folder = corpus();
    let options = "--max-removed 1 --scope both --remove repeat,contained --snap sentence";
    folder.ghirbal(&format!("clean in -o expected {options}")).code(2);
    let again = format!("clean in -o out {options} --checkpoint 30K");
    for more_than in [None, Some(100), Some(800)] {
        let mut child = folder.start(&again, more_than);
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(folder.durable() > Some(800));
    folder.ghirbal(&format!("{again} --threads 1 --memory 300M")).code(2);
    same_content(&folder.path("expected"), &folder.path("out"));
    assert_eq!(folder.names(), ["expected", "in", "out"]);
}

#[test]
fn an_interrupt_keeps_what_is_durable_and_says_how_to_go_on() {
    for name in ["-INT", "-TERM"] {
        let folder = corpus();
        folder.ghirbal("dedup in -o expected --max-removed 1").code(2);
        let child = folder.start("dedup in -o out --max-removed 1 --checkpoint 30K", Some(0));
        signal(&child, name);
        let out = child.wait_with_output().unwrap();
        let said = String::from_utf8(out.stderr).unwrap();
        assert_eq!(out.status.code(), Some(130), "{said}");
        assert!(said.contains("interrupted; what is done so far is kept: `ghirbal resume "), "{said}");
        assert_eq!(folder.names(), [PARTIAL, "expected", "in"]);
        folder.ghirbal("resume out").code(2).says(&["written to out"]);
        same_content(&folder.path("expected"), &folder.path("out"));
        assert_eq!(folder.names(), ["expected", "in", "out"]);
    }
}

#[test]
fn another_run_than_the_unfinished_one_is_refused_with_what_differs() {
    let folder = corpus();
    folder.killed();
    let refused = |args: &str, says: &[&str]| {
        folder.ghirbal(args).code(1).says(says);
        assert!(folder.durable() > Some(0), "what is durable stays so");
    };
    let other = "clean in -o out --max-removed 1 --similar 0.7";
    refused(other, &["another one than this (documents.similar is 0.8 there, 0.7 here)", "`ghirbal resume`"]);
    refused("dedup in -o out", &["`clean` there, `dedup` here"]);
    refused("clean in/a.jsonl -o out", &["4 sources there, 1 here"]);
    refused("restore in -o out", &["ledger"]);
    folder.write("in/e.jsonl", record("e", "new"));
    refused(CLEAN, &["4 sources there, 5 here"]);
    fs::remove_file(folder.path("in/e.jsonl")).unwrap();
    let d = folder.read("in/d.jsonl");
    folder.write("in/d.jsonl", d.clone() + "\n");
    refused("resume out", &["source `d.jsonl` has "]);
    fs::remove_file(folder.path("in/d.jsonl")).unwrap();
    refused("resume out", &["4 sources there, 3 here"]);
    folder.write("in/d.jsonl", d);
    folder.ghirbal("resume out").code(2);
    assert!(folder.has("out"));
}

#[test]
fn a_source_that_changed_without_growing_ends_the_run_and_nothing_is_left() {
    let folder = corpus();
    folder.killed();
    let d = folder.read("in/d.jsonl");
    folder.write("in/d.jsonl", d.replacen('.', "!", 1));
    folder.ghirbal("resume out").code(1).says(&["the file changed while it was read", "d.jsonl"]);
    assert_eq!(folder.names(), ["in"]);
}

#[test]
fn what_was_damaged_meanwhile_is_refused_by_name() {
    for (name, damage) in [
        ("progress", &(|bytes: &mut Vec<u8>| bytes[40] ^= 1) as &dyn Fn(&mut Vec<u8>)),
        ("progress", &|bytes| bytes.truncate(bytes.len() / 2)),
        ("plan", &|bytes| bytes[100] ^= 1),
        ("plan", &|bytes| bytes.truncate(bytes.len() - 1)),
        ("output/ledger.jsonl", &|bytes| bytes[60] ^= 1),
        ("output/findings.jsonl", &|bytes| bytes.truncate(60)),
        ("output/cleaned/a.jsonl", &|bytes| bytes[60] ^= 1),
    ] {
        let folder = corpus();
        let mut child = folder.start(CLEAN, Some(0));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(folder.durable() < Some(700), "still in the first source");
        let path = format!("{PARTIAL}/{name}");
        let mut bytes = fs::read(folder.path(&path)).unwrap();
        damage(&mut bytes);
        fs::write(folder.path(&path), bytes).unwrap();
        folder.ghirbal(CLEAN).code(1).says(&["damaged", name, "hint: delete its folder"]);
        fs::remove_dir_all(folder.path(PARTIAL)).unwrap();
        folder.ghirbal(CLEAN).code(2);
    }
}

#[test]
fn what_an_unfinished_run_left_is_not_written_over() {
    let folder = corpus();
    folder.ghirbal("dedup in -o done --max-removed 1").code(2);
    folder.killed();
    let ran = folder.ghirbal("restore done -o out").code(1);
    ran.says(&["an unfinished run has left its work in", PARTIAL, "`ghirbal resume out` finishes it; or delete"]);
    assert!(folder.durable() > Some(0));
}

#[test]
fn a_small_run_has_nothing_to_go_on_from_and_begins_anew() {
    let folder = corpus();
    let mut child = command(&folder.path(""), "clean in -o out --max-removed 1").spawn().unwrap();
    while !folder.has(PARTIAL) && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(folder.names(), [PARTIAL, "in"], "a kill leaves the hidden folder");
    folder.ghirbal("resume out").code(1).says(&["there is no unfinished run to go on with", "give its command again"]);
    folder.ghirbal("clean in -o out --max-removed 1").code(2);
    assert_eq!(folder.names(), ["in", "out"], "the next run has cleared it");
}

#[test]
fn two_runs_on_one_output_are_told_apart() {
    let folder = corpus();
    let mut first = folder.start(CLEAN, None);
    signal(&first, "-STOP");
    let refused = folder.ghirbal("dedup in -o out").code(1);
    refused.says(&["another run is writing to `[folder]/out`", "hint: wait for it, or name another folder"]);
    folder.ghirbal("dedup in -o other --max-removed 1").code(2);
    signal(&first, "-CONT");
    assert_eq!(first.wait().unwrap().code(), Some(2), "the first one is not disturbed");
    folder.restores("out", "in");
    assert_eq!(folder.names(), ["in", "other", "out"]);
}

#[cfg(unix)]
#[test]
fn a_folder_that_somebody_else_put_there_is_not_used() {
    let folder = corpus();
    fs::create_dir(folder.path("theirs")).unwrap();
    std::os::unix::fs::symlink("theirs", folder.path(PARTIAL)).unwrap();
    folder.ghirbal(CLEAN).code(1).says(&["something else stands where the output is to grow", PARTIAL]);
    assert_eq!(fs::read_dir(folder.path("theirs")).unwrap().count(), 0);
}
