//! `restore`: every byte comes back, whatever it was; what cannot be trusted is refused.

use std::fs;

use proptest::prelude::*;

use crate::helper::{Folder, article, gzip, record, zst};

/// Lines that the rules find something in, and whatever Unicode there is.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ء-ي ]{0,80}",
        Just("إقرأ أيضاً:".to_owned()),
        Just("Read also:".to_owned()),
        Just("المصدر: وكالة".to_owned()),
        Just("تاريخ النشر: 9th, April 2024 GMT".to_owned()),
        Just("كلمات دلالية: أ ب ت".to_owned()),
        Just("pic.twitter.com/WitNG9Iu2u".to_owned()),
        Just("وقال المتحدث باسم الوزارة إن الاجتماع المقبل سوف يعقد في العاصمة".to_owned()),
        Just(String::new()),
    ]
}

/// A text with any line ends, with a byte order mark or without.
fn text() -> impl Strategy<Value = String> {
    let line_end = prop_oneof![Just("\n"), Just("\r\n"), Just("\r"), Just("\u{2028}"), Just("")];
    let lines = prop::collection::vec((line(), line_end), 0..12);
    (any::<bool>(), lines).prop_map(|(bom, lines)| {
        let lines: String = lines.into_iter().map(|(line, end)| line + end).collect();
        if bom { format!("\u{feff}{lines}") } else { lines }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_corpus_comes_back(texts in prop::collection::vec(text(), 1..8), junk: Vec<u8>) {
        let lines: String = texts.iter().enumerate().map(|(i, text)| record(&format!("{i}"), text)).collect();
        let lines = [lines.as_bytes(), &junk, b"\n", texts[0].as_bytes()].concat();
        let folder = Folder::with(&[
            ("in/a.jsonl", lines.clone()),
            ("in/b.jsonl.gz", gzip(&lines)),
            ("in/c.txt.zst", zst(texts[0].as_bytes())),
            ("in/junk.txt", junk),
        ]);
        for (i, text) in texts.iter().enumerate() {
            folder.write(&format!("in/{i}.txt"), text);
        }
        let ran = folder.ghirbal("clean in -o out --max-removed 1 --level thorough --remove repeat,contained,social_embed");
        prop_assert!(folder.has("out"), "{}", ran.transcript());
        folder.restores("out", "in");
    }
}

#[test]
fn empty_files_one_line_files_and_strange_line_ends_come_back() {
    let copy = article(81, 4);
    let folder = Folder::with(&[
        ("in/empty.txt", ""),
        ("in/empty.jsonl", ""),
        ("in/blank.jsonl", "\n\r\n \n"),
        ("in/one.txt", "سطر واحد بلا نهاية"),
        ("in/crlf.txt", "\u{feff}إقرأ أيضاً:\r\nخبر\r\n"),
        ("in/mark.jsonl", "\u{feff}{\"text\":\"المصدر: وكالة\"}\r\n"),
        ("in/x.txt", &copy),
        ("in/y.txt", &copy),
        ("in/deep/er/z.txt", &copy),
    ]);
    folder.ghirbal("clean in -o out --max-removed 1").ok();
    folder.restores("out", "in");
}

#[test]
fn restoring_says_what_it_did() {
    let folder = Folder::with(&[("in/x.txt", article(82, 4)), ("in/y.txt", article(82, 4))]);
    folder.ghirbal("dedup in -o out").ok();
    folder.ghirbal("restore out -o back").ok().says(&["restored 2 files with 1 piece put back, to back"]);
}

#[test]
fn a_folder_in_use_is_not_restored_over() {
    let folder = Folder::with(&[("in/x.txt", article(83, 4)), ("used/x.txt", "mine".to_owned())]);
    folder.ghirbal("dedup in -o out").ok();
    folder.ghirbal("restore out -o used").code(1).says(&["exists already", "hint:"]);
    folder.ghirbal("restore out -o in").code(1).says(&["exists already"]);
    folder.ghirbal("restore out -o out/back").code(1).says(&["inside the input"]);
    assert_eq!(folder.read("used/x.txt"), "mine");
}

#[test]
fn what_is_no_output_folder_is_refused() {
    let folder = Folder::with(&[("in/x.txt", article(84, 4))]);
    folder.ghirbal("restore in -o back").code(1).says(&["ledger", "in"]);
    folder.ghirbal("restore nosuch -o back").code(1).says(&["nosuch"]);
    assert_eq!(folder.names(), ["in"]);
}

#[test]
fn an_edited_cleaned_file_or_ledger_is_refused_by_name() {
    let text = format!("{}إقرأ أيضاً:\nخبر آخر\n", article(85, 8));
    let folder = Folder::with(&[("in/x.txt", text)]);
    folder.ghirbal("clean in -o out").ok();
    let cleaned = folder.read("out/cleaned/x.txt");
    folder.write("out/cleaned/x.txt", cleaned.replacen(' ', "  ", 1));
    folder.ghirbal("restore out -o back").code(1).says(&["edited or damaged", "out/cleaned/x.txt"]);
    folder.write("out/cleaned/x.txt", cleaned);
    let ledger = folder.read("out/ledger.jsonl");
    folder.write("out/ledger.jsonl", ledger.replacen("خبر", "حبر", 1));
    folder.ghirbal("restore out -o back").code(1).says(&["the ledger is damaged", "`out/ledger.jsonl` line 3"]);
    folder.write("out/ledger.jsonl", ledger);
    fs::remove_file(folder.path("out/cleaned/x.txt")).unwrap();
    folder.ghirbal("restore out -o back").code(1).says(&["a cleaned file is missing"]);
    assert_eq!(folder.names(), ["in", "out"], "nothing half-restored is left");
}
