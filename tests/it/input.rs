//! Where text comes from: standard input, fields, folders, compression.

use crate::helper::{Folder, article, gzip, of_type, record, zst};

fn documents(folder: &Folder, args: &str, stdin: &[u8]) -> u64 {
    let rows = folder.ghirbal_fed(&format!("report {args} --format jsonl"), stdin).ok().rows();
    rows.last().unwrap()["documents"].as_u64().unwrap()
}

#[test]
fn standard_input_is_told_by_its_content() {
    let folder = Folder::empty();
    let lines = record("1", &article(91, 3)) + &record("2", &article(92, 3));
    assert_eq!(documents(&folder, "-", lines.as_bytes()), 2);
    assert_eq!(documents(&folder, "-", article(91, 3).as_bytes()), 1);
    assert_eq!(documents(&folder, "-", &gzip(lines.as_bytes())), 2);
    assert_eq!(documents(&folder, "-", &zst(lines.as_bytes())), 2);
}

#[test]
fn standard_input_can_be_cleaned_and_restored() {
    let folder = Folder::empty();
    let lines = record("1", &article(93, 3)) + &record("2", &article(93, 3));
    folder.ghirbal_fed("dedup - -o out", lines.as_bytes()).ok();
    folder.ghirbal("restore out -o back").ok();
    assert_eq!(folder.read("back/stdin.jsonl"), lines);
    assert_eq!(folder.read("out/cleaned/stdin.jsonl"), record("1", &article(93, 3)));
}

#[test]
fn fields_can_have_other_names() {
    let text = article(94, 3);
    let line = serde_json::json!({"url": "https://a.org/1", "content": text, "key": 7}).to_string();
    let folder = Folder::with(&[("a.jsonl", format!("{line}\n{}\n", line.replace(":7", ":8")))]);
    let rows = folder.ghirbal("report a.jsonl --text-field content --id-field key --format jsonl").ok().rows();
    assert_eq!(of_type(&rows, "document_pair")[0]["b"], "8");
    let rows = folder.ghirbal("report a.jsonl --text-field content --format jsonl").ok().rows();
    assert_eq!(of_type(&rows, "document_pair")[0]["b"], "a.jsonl:2", "without an id a record is its place");
}

#[test]
fn lines_of_a_host_are_counted_together() {
    let footer = "تابعوا أخبارنا الحصرية كل يوم على موقعنا هذا";
    let page = |i: u64| serde_json::json!({"id": i.to_string(), "host": "a.org", "text": format!("{}{footer}\n", article(100 + i, 6))});
    let lines: String = (0..40).map(|i| format!("{}\n", page(i))).collect();
    let folder = Folder::with(&[("a.jsonl", lines)]);
    let rows = folder.ghirbal("report a.jsonl --format jsonl").ok().rows();
    let found = rows.iter().filter(|row| row["label"] == "site_wide").count();
    assert_eq!(found, 40, "the footer of every page");
}

#[test]
fn a_file_is_read_once_however_it_is_reached() {
    let folder = Folder::with(&[("in/a.txt", article(95, 3))]);
    assert_eq!(documents(&folder, "in in/a.txt ./in/../in/a.txt", b""), 1);
}

#[test]
fn hidden_files_are_not_read() {
    let folder = Folder::with(&[("in/a.txt", article(96, 3)), ("in/.git/b.txt", article(97, 3))]);
    assert_eq!(documents(&folder, "in", b""), 1);
}

#[test]
fn one_record_of_fifty_megabytes_is_a_document() {
    let text = article(98, 40).repeat(50_000_000 / article(98, 40).len() + 1);
    let folder = Folder::with(&[("a.jsonl", record("1", &text) + &record("2", &article(99, 3)))]);
    folder.ghirbal("dedup a.jsonl -o out").ok().says(&["2 documents read"]);
    assert!(text.len() > 50_000_000);
}
