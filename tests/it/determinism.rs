//! The same input and options give the same bytes: any number of threads, any order.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::helper::{Dice, Folder, article, ids, prose, record};

/// Records with exact copies, near copies, contained ones, tails and a shared footer.
fn corpus() -> Vec<String> {
    let mut dice = Dice(7);
    let mut records = Vec::new();
    for i in 0..120u64 {
        let mut text = article(1_000 + i % 60, 10);
        match i % 6 {
            1 => text = text.replacen(' ', " و", 1),
            2 => text = text.split_inclusive('\n').skip(4).collect(),
            3 => text += &format!("إقرأ أيضاً:\nخبر آخر {i}\n{}", article(2_000 + i, 2)),
            4 => text = text.lines().rev().map(|l| format!("{l}\n")).collect(),
            _ => {}
        }
        if i % 5 == 0 {
            let words = prose(i, 20 + dice.roll(9)).join(" ");
            text += &format!("{words}\n{words}\n");
        }
        text += "جميع الحقوق محفوظة لموقع الأخبار\n";
        records.push(record(&format!("d{i:03}"), &text));
    }
    records
}

/// Everything a run writes, without the order that only mirrors the input's.
fn findings(folder: &Folder, name: &str) -> BTreeSet<String> {
    let rows = folder.rows(name).into_iter().map(|mut row| {
        match row["type"].as_str() {
            Some("cluster") => row["members"].as_array_mut().unwrap().sort_by_key(Value::to_string),
            Some("document_pair") if row["kind"] != "contained" && row["a"].as_str() > row["b"].as_str() => {
                let a = row["a"].take();
                row["a"] = row["b"].take();
                row["b"] = a;
            }
            _ => {}
        }
        row.to_string()
    });
    rows.collect()
}

#[test]
fn any_number_of_threads_writes_the_same_bytes() {
    let folder = Folder::with(&[("in/a.jsonl", corpus().concat())]);
    folder.ghirbal("clean in -o one --threads 1 --remove repeat,contained --max-removed 1").ok();
    folder.ghirbal("clean in -o two --threads 2 --remove repeat,contained --max-removed 1").ok();
    folder.ghirbal("clean in -o six --threads 6 --remove repeat,contained --max-removed 1").ok();
    for name in ["cleaned/a.jsonl", "ledger.jsonl", "findings.jsonl", "summary.json"] {
        for other in ["two", "six"] {
            assert!(
                folder.read(&format!("one/{name}")) == folder.read(&format!("{other}/{name}")),
                "{name} of {other}"
            );
        }
    }
    assert!(folder.rows("one/ledger.jsonl").len() > 100, "there was something to decide");
    assert_eq!(folder.ghirbal("report in").ok().stdout, folder.ghirbal("report in --threads 1").ok().stdout);
}

#[test]
fn the_order_of_the_paths_does_not_matter() {
    let records = corpus();
    let (a, b) = records.split_at(50);
    let folder = Folder::with(&[("x/a.jsonl", a.concat()), ("y/b.jsonl", b.concat()), ("z/a.jsonl", article(9, 9))]);
    folder.ghirbal("clean x y z/a.jsonl -o one --max-removed 1").code(2);
    folder.ghirbal("clean z/a.jsonl y x y -o two --max-removed 1").code(2);
    for name in ["ledger.jsonl", "findings.jsonl", "summary.json", "cleaned/b.jsonl", "cleaned/x/a.jsonl"] {
        assert!(folder.read(&format!("one/{name}")) == folder.read(&format!("two/{name}")), "{name}");
    }
}

#[test]
fn the_order_of_the_records_does_not_matter() {
    let mut records = corpus();
    let folder = Folder::with(&[("a.jsonl", records.concat())]);
    folder.ghirbal("clean a.jsonl -o one --max-removed 1").ok();
    let kept = |name: &str| BTreeSet::from_iter(ids(&folder.read(name)));
    let expected = (kept("one/cleaned/a.jsonl"), findings(&folder, "one/findings.jsonl"));
    for seed in 0..3 {
        Dice(seed).shuffle(&mut records);
        folder.write("a.jsonl", records.concat());
        let out = format!("out{seed}");
        folder.ghirbal(&format!("clean a.jsonl -o {out} --max-removed 1")).ok();
        assert_eq!(kept(&format!("{out}/cleaned/a.jsonl")), expected.0);
        let found = findings(&folder, &format!("{out}/findings.jsonl"));
        let differ: Vec<_> = found.symmetric_difference(&expected.1).collect();
        assert!(differ.is_empty(), "{differ:#?}");
    }
}

#[test]
fn how_records_are_spread_over_files_does_not_matter() {
    let records = corpus();
    let (a, b) = records.split_at(61);
    let folder =
        Folder::with(&[("one/a.jsonl", records.concat()), ("two/a.jsonl", a.concat()), ("two/b.jsonl", b.concat())]);
    folder.ghirbal("clean one -o out1 --max-removed 1").ok();
    folder.ghirbal("clean two -o out2 --max-removed 1").ok();
    let spread = folder.read("out2/cleaned/a.jsonl") + &folder.read("out2/cleaned/b.jsonl");
    assert!(folder.read("out1/cleaned/a.jsonl") == spread);
}

#[test]
fn no_environment_variable_changes_an_answer() {
    let folder = Folder::with(&[("a.jsonl", corpus()[..40].concat())]);
    let plain = folder.ghirbal("report a.jsonl --format jsonl").ok().stdout;
    let mut command = crate::helper::command(&folder.path(""), "report a.jsonl --format jsonl");
    command.env("LC_ALL", "tr_TR.UTF-8").env("TZ", "Asia/Riyadh").env("COLUMNS", "20").env("RAYON_NUM_THREADS", "1");
    let strange = command.output().unwrap();
    assert!(plain.as_bytes() == strange.stdout);
}
