//! `clean` and `dedup`: what is written, what is not, and when nothing is.

use std::fs;

use crate::helper::{Folder, article, ids, record};

fn with_tail(seed: u64) -> String {
    format!("{}إقرأ أيضاً:\nخبر آخر من مكان بعيد\n", article(seed, 8))
}

#[test]
fn an_output_folder_holds_what_its_documentation_says() {
    let folder = Folder::with(&[("in/a.txt", with_tail(31)), ("in/deep/b.jsonl", record("1", &with_tail(33)))]);
    folder.ghirbal("clean in -o out").ok().says(&["2 documents read", "written to out"]);
    let names: Vec<_> = fs::read_dir(folder.path("out")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names.len(), 4, "{names:?}");
    for name in ["cleaned/a.txt", "cleaned/deep/b.jsonl", "ledger.jsonl", "findings.jsonl", "summary.json"] {
        assert!(folder.has(&format!("out/{name}")), "{name}");
    }
    assert_eq!(folder.names(), ["in", "out"], "nothing else is left behind");
    folder.restores("out", "in");
}

#[test]
fn findings_are_what_report_prints() {
    let folder = Folder::with(&[("in/a.txt", with_tail(35)), ("in/b.jsonl", record("1", &with_tail(35)) + "broken\n")]);
    folder.ghirbal("clean in -o out --max-removed 1").code(2);
    let report = folder.ghirbal("report in --format jsonl").code(2);
    assert_eq!(folder.read("out/findings.jsonl"), report.stdout);
}

#[test]
fn dedup_touches_no_text_that_stays() {
    let text = with_tail(37);
    let lines = record("1", &text) + &record("2", &text) + &record("3", &article(39, 9));
    let folder = Folder::with(&[("in/a.jsonl", &lines)]);
    folder.ghirbal("dedup in -o out").ok().says(&["1 removed as duplicates"]);
    assert_eq!(folder.read("out/cleaned/a.jsonl"), record("1", &text) + &record("3", &article(39, 9)));
    folder.restores("out", "in");
}

#[test]
fn other_fields_stay_byte_for_byte() {
    let (before, after) = ("{ \"n\" : 1.0e5,\"a\":[ 1,2 ],  \"text\":", ",\"u\":\"\\u00e9\\/\", \"id\" : \"x\" }\r\n");
    let text = |s: &str| serde_json::to_string(s).unwrap();
    let folder = Folder::with(&[("in/a.jsonl", format!("{before}{}{after}", text(&with_tail(41))))]);
    folder.ghirbal("clean in -o out --max-removed 1").ok();
    assert_eq!(folder.read("out/cleaned/a.jsonl"), format!("{before}{}{after}", text(&article(41, 8))));
    folder.restores("out", "in");
}

#[test]
fn metadata_of_a_record_goes_into_a_field_of_it() {
    let text = format!("{}المصدر: وكالة الأنباء\n", article(43, 8));
    let folder = Folder::with(&[("in/a.jsonl", record("1", &text))]);
    folder.ghirbal("clean in -o out").ok();
    let row = &folder.rows("out/cleaned/a.jsonl")[0];
    assert_eq!(row["ghirbal"]["source_credit"][0], "المصدر: وكالة الأنباء");
    assert_eq!(row["text"], article(43, 8));
    folder.restores("out", "in");
}

#[test]
fn inputs_are_never_touched() {
    let folder = Folder::with(&[("in/a.txt", with_tail(45)), ("in/b.txt", with_tail(45))]);
    let before = fs::metadata(folder.path("in/a.txt")).unwrap().modified().unwrap();
    folder.ghirbal("clean in -o out --max-removed 1").ok();
    assert_eq!(fs::metadata(folder.path("in/a.txt")).unwrap().modified().unwrap(), before);
    assert_eq!(folder.read("in/a.txt"), with_tail(45));
}

#[test]
fn too_much_to_remove_stops_the_run_and_nothing_is_written() {
    let copies: Vec<_> = (0..4).map(|i| format!("in/{i}.txt")).collect();
    let files: Vec<_> = copies.iter().map(|name| (name.as_str(), article(47, 5))).collect();
    let folder = Folder::with(&files);
    let says = ["75.0 % of the text would go, more than the 50.0 % that --max-removed allows", "hint:"];
    folder.ghirbal("clean in -o out").code(3).says(&says);
    folder.ghirbal("dedup in -o out").code(3).says(&says);
    folder.ghirbal("clean in -o out --dry-run").code(3).says(&says);
    assert_eq!(folder.names(), ["in"]);
    folder.ghirbal("clean in -o out --max-removed 0.75").ok();
    assert!(folder.has("out/cleaned/0.txt"));
}

#[test]
fn a_dry_run_writes_nothing_and_says_the_same() {
    let folder = Folder::with(&[("in/a.txt", with_tail(49)), ("in/b.txt", article(51, 5))]);
    let dry = folder.ghirbal("clean in -o out --dry-run").ok().says(&["nothing was written (--dry-run)"]);
    assert_eq!(folder.names(), ["in"]);
    let wet = folder.ghirbal("clean in -o out").ok();
    assert_eq!(dry.stdout.lines().next(), wet.stdout.replace("taken out", "to take out").lines().next());
    folder.ghirbal("clean in --dry-run").ok();
}

#[test]
fn what_was_cleaned_can_be_cleaned_again() {
    let lines = record("1", &with_tail(53)) + &record("2", &with_tail(53)) + &record("3", &article(55, 9));
    let folder = Folder::with(&[("in/a.jsonl", lines)]);
    folder.ghirbal("clean in -o once --max-removed 1").ok();
    folder.ghirbal("clean once/cleaned -o twice").ok().says(&["0 removed", "0.0 % of the text"]);
    assert_eq!(folder.read("once/cleaned/a.jsonl"), folder.read("twice/cleaned/a.jsonl"));
}

#[test]
fn compressed_files_come_out_compressed_the_same_way() {
    let lines = record("1", &with_tail(57)) + &record("2", &article(59, 8));
    let gz = crate::helper::gzip(lines.as_bytes());
    let zst = crate::helper::zst(with_tail(61).as_bytes());
    let folder = Folder::with(&[("in/a.jsonl.gz", gz), ("in/b.txt.zst", zst)]);
    folder.ghirbal("clean in -o out").ok();
    assert_eq!(fs::read(folder.path("out/cleaned/a.jsonl.gz")).unwrap()[..2], [0x1f, 0x8b]);
    assert_eq!(folder.content("out/cleaned/b.txt.zst"), article(61, 8).as_bytes());
    assert_eq!(ids(&String::from_utf8(folder.content("out/cleaned/a.jsonl.gz")).unwrap()), ["1", "2"]);
    folder.restores("out", "in");
}
