//! What a command tells of itself: nothing in a pipe, more when asked, nothing at all when told.

use crate::helper::{Folder, article, record};

fn folder() -> Folder {
    let lines: String = (0..50).map(|i| record(&format!("{i}"), &article(i, 9))).collect();
    Folder::with(&[("a.jsonl", lines + "no record\n")])
}

#[test]
fn a_pipe_is_told_nothing_but_the_result() {
    let ran = folder().ghirbal("report a.jsonl").code(2);
    assert_eq!(ran.stderr, "");
    assert!(ran.stdout.starts_with("50 documents"));
}

#[test]
fn a_log_names_phases_and_skipped_records() {
    let plain = folder().ghirbal("report a.jsonl").code(2);
    let ran = folder().ghirbal("report a.jsonl -v").code(2);
    assert_eq!(ran.stdout, plain.stdout);
    for part in ["reading", "comparing documents", "looking inside", "record skipped", "a.jsonl", "line=51"] {
        assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
    }
    assert!(!ran.stderr.contains('\u{1b}'));
}

#[test]
fn a_log_of_json_is_one_object_a_line() {
    let ran = folder().ghirbal("clean a.jsonl -o out --log-format json").code(2);
    let lines: Vec<serde_json::Value> = ran.stderr.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let done: Vec<_> = lines.iter().filter(|l| l["message"] == "done").collect();
    assert_eq!(done[0]["phase"], "reading");
    assert_eq!(done[0]["records"], 51);
    assert!(done[0]["seconds"].as_f64().unwrap() > 0.0);
    let failed = folder().ghirbal("report missing --log-format json").code(1);
    let failed: serde_json::Value = serde_json::from_str(&failed.stderr).unwrap();
    assert_eq!(failed["level"], "ERROR");
    assert!(failed["message"].as_str().unwrap().contains("hint"));
}

#[test]
fn quiet_is_quiet_and_still_says_what_went_wrong() {
    let folder = folder();
    let ran = folder.ghirbal("clean a.jsonl -o out -q").code(2);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    assert!(folder.has("out/summary.json"));
    folder.ghirbal("clean a.jsonl -o out -q").code(1).says(&["error:"]);
    folder.ghirbal("report a.jsonl -q -v").code(2).says(&["cannot be used with"]);
    assert!(folder.ghirbal("report a.jsonl -q").code(2).stdout.starts_with("50 documents"));
}

#[test]
fn telling_changes_no_answer() {
    let rows = |args: &str| folder().ghirbal(&format!("report a.jsonl --format jsonl {args}")).code(2).stdout;
    assert_eq!(rows("-vv"), rows("-q"));
}
