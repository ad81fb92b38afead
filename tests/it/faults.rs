//! Bad input: named with file, line and remedy; the rest goes on; nothing is lost.

use std::fs;
use std::process::Command;

use crate::helper::{Folder, article, command, gzip, of_type, record, zst};

/// Good records around one bad line; it must be skipped, named, counted and passed through.
fn check(bad: &[u8], why: &str) {
    let lines = [record("1", &article(1, 3)).as_bytes(), bad, b"\n", record("2", &article(2, 3)).as_bytes()].concat();
    let folder = Folder::with(&[("in/a.jsonl", &lines)]);
    let rows = folder.ghirbal("report in --format jsonl").code(2).rows();
    let skipped = of_type(&rows, "skipped");
    assert_eq!(skipped.len(), 1);
    assert_eq!((&skipped[0]["source"], &skipped[0]["line"]), (&"a.jsonl".into(), &2.into()));
    assert!(skipped[0]["why"].as_str().unwrap().contains(why), "{}", skipped[0]);
    assert_eq!((&rows.last().unwrap()["documents"], &rows.last().unwrap()["skipped"]), (&2.into(), &1.into()));
    let named = "note not read: `a.jsonl` line 2: ";
    folder.ghirbal("report in").code(2).says(&["1 record skipped", named]);
    folder.ghirbal("report in --hosts").code(2).says(&["1 record skipped", named]);
    folder.ghirbal("clean in -o out").code(2).says(&["1 record could not be read"]);
    assert!(fs::read(folder.path("out/cleaned/a.jsonl")).unwrap() == lines, "it passed through");
    folder.restores("out", "in");
}

#[test]
fn a_broken_json_line_is_skipped_by_name() {
    check(b"{\"id\":\"x\",\"text\":\"abc", "JSON");
    check(b"no json at all", "JSON");
    check(b"[1,2]", "not a JSON object");
}

#[test]
fn invalid_utf_8_in_a_line_is_skipped_by_name() {
    check(b"{\"text\":\"a\xffb\"}", "invalid UTF-8 at byte 10");
}

#[test]
fn a_record_without_the_text_field_lists_the_fields_it_has() {
    check(
        b"{\"id\":\"x\",\"body\":\"some words\"}",
        "no field `text`; the record has: id, body; hint: --text-field body",
    );
}

#[test]
fn a_text_that_is_no_string_is_skipped_by_name() {
    check(b"{\"text\":null}", "field `text` is null, not a string");
    check(b"{\"text\":12}", "field `text` is a number, not a string");
    check(b"{\"text\":[\"a\"]}", "field `text` is an array, not a string");
}

#[test]
fn half_a_surrogate_pair_is_skipped_by_name() {
    check(b"{\"text\":\"\\ud83d\"}", "half of a surrogate pair");
}

#[test]
fn nesting_of_any_depth_is_passed_over() {
    let deep =
        format!("{{\"x\":{}1{},\"id\":\"deep\",\"text\":\"words\"}}\n", "[".repeat(100_000), "]".repeat(100_000));
    let folder = Folder::with(&[("a.jsonl", deep)]);
    folder.ghirbal("report a.jsonl").ok().says(&["1 document"]);
}

#[test]
fn a_text_file_that_is_no_utf_8_is_skipped_by_name_and_passes_through() {
    let folder = Folder::with(&[("in/a.txt", article(3, 3).as_bytes()), ("in/b.txt", b"caf\xe9\n")]);
    let rows = folder.ghirbal("report in --format jsonl").code(2).rows();
    assert_eq!(of_type(&rows, "skipped")[0]["source"], "b.txt");
    folder.ghirbal("clean in -o out").code(2);
    assert_eq!(fs::read(folder.path("out/cleaned/b.txt")).unwrap(), b"caf\xe9\n");
    folder.restores("out", "in");
}

#[test]
fn a_compressed_stream_that_ends_too_early_gives_what_it_has() {
    let lines: String = (0..2_000).map(|i| record(&format!("{i}"), &article(1_000 + i, 3))).collect();
    for (name, bytes) in [("a.jsonl.gz", gzip(lines.as_bytes())), ("a.jsonl.zst", zst(lines.as_bytes()))] {
        let folder = Folder::with(&[(name, &bytes[..bytes.len() * 3 / 4])]);
        let rows = folder.ghirbal(&format!("report {name} --format jsonl")).code(2).rows();
        let skipped = of_type(&rows, "skipped");
        let last = skipped.last().unwrap();
        assert!(last["why"].as_str().unwrap().contains("ends too early, after line"), "{name}: {last}");
        assert!(rows.last().unwrap()["documents"].as_u64().unwrap() > 100, "{name}");
    }
}

#[test]
fn a_damaged_compressed_stream_is_named() {
    let lines: String = (0..400).map(|i| record(&format!("{i}"), &article(1_000 + i, 3))).collect();
    let mut bytes = gzip(lines.as_bytes());
    let half = bytes.len() / 2;
    bytes[half..half + 64].fill(0xff);
    let folder = Folder::with(&[("in/a.jsonl.gz", bytes), ("in/b.jsonl", record("b", &article(5, 3)).into_bytes())]);
    let rows = folder.ghirbal("report in --format jsonl").code(2).rows();
    assert!(of_type(&rows, "skipped").iter().any(|s| s["why"].as_str().unwrap().contains("damaged")));
}

#[test]
fn a_file_that_only_claims_to_be_compressed_is_read_as_it_is() {
    let folder = Folder::with(&[("a.jsonl.gz", record("1", &article(6, 3)))]);
    folder.ghirbal("report a.jsonl.gz").ok().says(&["1 document"]);
}

#[test]
fn when_every_record_is_bad_the_first_ones_are_named() {
    let folder = Folder::with(&[("a.jsonl", "{\"body\":\"x\"}\n{\"body\":\"y\"}\n")]);
    let ran = folder.ghirbal("report a.jsonl").code(1);
    insta::assert_snapshot!(ran.transcript());
    folder.ghirbal("clean a.jsonl -o out").code(1).says(&["--text-field body"]);
    assert!(!folder.has("out"));
}

#[test]
fn an_empty_corpus_says_so() {
    let folder = Folder::with(&[("empty.jsonl", "")]);
    fs::create_dir(folder.path("nothing")).unwrap();
    for args in ["report nothing", "report empty.jsonl", "clean nothing -o out"] {
        folder.ghirbal(args).code(1).says(&["no document could be read", "hint:"]);
    }
    assert!(!folder.has("out"));
}

#[test]
fn an_empty_text_file_is_a_document_without_words() {
    let folder = Folder::with(&[("a.txt", "")]);
    folder.ghirbal("report -").ok().says(&["no document has a single word"]);
    folder.ghirbal("report a.txt").ok().says(&["1 document", "no document has a single word"]);
}

#[test]
fn a_missing_path_is_named_with_a_remedy() {
    let folder = Folder::with(&[("a.txt", article(7, 3))]);
    let ran = folder.ghirbal("report a.txt nosuch.jsonl").code(1);
    insta::assert_snapshot!(ran.transcript());
}

#[test]
fn a_folder_with_the_name_of_a_file_is_a_folder() {
    let folder = Folder::with(&[("in/x.txt/a.txt", article(8, 3))]);
    folder.ghirbal("report in").ok().says(&["1 document"]);
    folder.ghirbal("report in/x.txt").ok().says(&["1 document"]);
}

#[test]
fn what_is_not_read_in_a_folder_is_listed() {
    let folder = Folder::with(&[("in/a.txt", article(9, 3)), ("in/sheet.ods", "a,b\n".to_owned())]);
    let rows = folder.ghirbal("report in --format jsonl").ok().rows();
    folder.ghirbal("clean in -o out").ok().says(&["1 file of no known format not read"]);
    let skipped = of_type(&rows, "skipped");
    assert_eq!(skipped.len(), 1);
    assert!(skipped[0]["source"].as_str().unwrap().ends_with("sheet.ods"));
    assert!(skipped[0]["why"].as_str().unwrap().contains("unknown format; known by name: "));
}

#[cfg(unix)]
#[test]
fn links_that_lead_nowhere_and_pipes_in_a_folder_are_listed_and_hang_nothing() {
    let folder = Folder::with(&[("in/a.txt", article(10, 3))]);
    std::os::unix::fs::symlink("nowhere", folder.path("in/b.txt")).unwrap();
    assert!(Command::new("mkfifo").arg(folder.path("in/c.txt")).status().unwrap().success());
    let rows = folder.ghirbal("report in --format jsonl").rows();
    let why: Vec<_> = of_type(&rows, "skipped").iter().map(|s| s["why"].as_str().unwrap()).collect();
    assert_eq!(why, ["a symbolic link, not followed", "not a regular file"]);
    folder.ghirbal("report in/b.txt").code(1).says(&["failed to read `in/b.txt`"]);
}

#[test]
fn ids_are_only_names_whatever_they_hold() {
    let ids = ["../../up", "/etc/passwd", "a\nb", "a\u{0}b", "\"", "", "x".repeat(5_000).as_str()].map(str::to_owned);
    let lines: String = ids.iter().map(|id| record(id, &article(11, 4))).collect();
    let folder = Folder::with(&[("in/a.jsonl", lines)]);
    folder.ghirbal("clean in -o out --max-removed 1").ok().says(&["6 removed"]);
    assert_eq!(folder.names(), ["in", "out"]);
    folder.restores("out", "in");
}

#[test]
fn records_with_the_same_id_are_different_documents() {
    let lines = record("x", &article(12, 4)) + &record("x", &article(13, 4)) + &record("x", &article(12, 4));
    let folder = Folder::with(&[("in/a.jsonl", lines)]);
    folder.ghirbal("clean in -o out").ok().says(&["3 documents read, 1 removed"]);
    assert_eq!(folder.rows("out/cleaned/a.jsonl").len(), 2);
    folder.restores("out", "in");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let lines: String = (0..300).map(|i| record(&format!("{i}"), &article(i / 2, 6))).collect();
    let folder = Folder::with(&[("a.jsonl", lines)]);
    for args in [
        "report a.jsonl --format jsonl",
        "report a.jsonl",
        "report a.jsonl --format json",
        "explain a.jsonl 1",
        "--help",
    ] {
        let mut child = command(&folder.path(""), args).spawn().unwrap();
        drop(child.stdout.take());
        let out = child.wait_with_output().unwrap();
        assert_eq!((out.status.code(), String::from_utf8_lossy(&out.stderr).as_ref()), (Some(0), ""), "{args}");
    }
}
