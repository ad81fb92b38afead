//! What becomes of a finding: `--remove`, `--keep-label`, `--flag`, `--to-metadata`, `--level`.

use serde_json::Value;

use crate::helper::{Folder, article, of_type};

/// An article with one of everything that policy speaks of.
fn page() -> String {
    format!(
        "عنوان المقال عن شؤون الناس\nتاريخ النشر: 9th, April 2024 GMT\n{}المصدر: وكالة الأنباء\nكلمات دلالية: شؤون الناس\nإقرأ أيضاً:\nخبر آخر من مكان بعيد\n{}",
        article(21, 8),
        article(22, 4)
    )
}

/// Cleans the page; gives what is left, and the action of a label's first span.
fn cleaned(args: &str, label: &str) -> (String, String) {
    let folder = Folder::with(&[("a.txt", page())]);
    folder.ghirbal(&format!("clean a.txt -o out --max-removed 1 {args}")).ok();
    let rows = folder.rows("out/findings.jsonl");
    let spans = of_type(&rows, "span");
    let span = spans.iter().find(|s| s["label"] == label).unwrap_or_else(|| panic!("no {label}"));
    folder.restores_file("out", "a.txt");
    (folder.read("out/cleaned/a.txt"), span["action"].as_str().unwrap().to_owned())
}

impl Folder {
    fn restores_file(&self, out: &str, name: &str) {
        self.ghirbal(&format!("restore {out} -o back")).ok();
        assert_eq!(self.read(name), self.read(&format!("back/{name}")));
    }
}

#[test]
fn by_default_tails_go_and_credits_move() {
    let (text, action) = cleaned("", "source_credit");
    assert_eq!(action, "metadata");
    assert!(!text.contains("وكالة الأنباء") && !text.contains("خبر آخر"), "{text}");
    assert_eq!(cleaned("", "read_also_marker").1, "remove");
    assert_eq!(cleaned("", "read_also_content").1, "remove");
}

#[test]
fn a_label_can_be_kept() {
    let (text, action) = cleaned("--keep-label source_credit", "source_credit");
    assert_eq!(action, "keep");
    assert!(text.contains("المصدر: وكالة الأنباء\n"), "{text}");
}

#[test]
fn a_label_can_be_flagged() {
    let (text, action) = cleaned("--flag keywords,dateline", "keywords");
    assert_eq!(action, "flag");
    assert!(text.contains("كلمات دلالية: شؤون الناس") && text.contains("9th, April"), "{text}");
}

#[test]
fn a_label_can_be_removed_instead_of_moved() {
    let folder = Folder::with(&[("a.txt", page())]);
    folder.ghirbal("clean a.txt -o out --max-removed 1 --remove keywords --remove dateline,source_credit").ok();
    assert!(!folder.has("out/metadata.jsonl"), "nothing went to metadata");
    assert!(!folder.read("out/cleaned/a.txt").contains("9th, April"));
}

#[test]
fn a_label_can_be_moved_instead_of_removed() {
    let folder = Folder::with(&[("a.txt", page())]);
    folder.ghirbal("clean a.txt -o out --max-removed 1 --to-metadata read_also_content").ok();
    assert!(folder.rows("out/metadata.jsonl")[0]["read_also_content"][0].as_str().unwrap().contains("خبر آخر"));
}

#[test]
fn a_repeated_passage_goes_only_when_asked() {
    let sentence = "وقال المتحدث باسم الوزارة إن الاجتماع المقبل سوف يعقد في العاصمة خلال الأسبوع القادم بحضور الجميع";
    let text = format!("{}{sentence}.\n{}{sentence}.\n{}", article(23, 3), article(24, 3), article(25, 3));
    let folder = Folder::with(&[("a.txt", &text)]);
    folder.ghirbal("clean a.txt -o kept").ok();
    assert_eq!(folder.read("kept/cleaned/a.txt"), text);
    folder.ghirbal("clean a.txt -o gone --remove repeat").ok();
    let left = folder.read("gone/cleaned/a.txt");
    assert_eq!(left.matches(sentence).count(), 1, "the first of the two stays");
    assert!(left.starts_with(&format!("{}{sentence}.\n", article(23, 3))));
    let ledger = folder.rows("gone/ledger.jsonl");
    let entry = ledger.iter().find(|row| row["label"] == "repeat").unwrap();
    assert_eq!(entry["partner"]["doc"], "a.txt", "the ledger names the counterpart");
}

#[test]
fn the_article_itself_is_never_removed_by_policy() {
    let folder = Folder::with(&[("a.txt", page())]);
    for label in ["body", "title", "section_heading"] {
        for option in ["--remove", "--to-metadata"] {
            let says = [&format!("`{label}` is the article itself"), "hint:"];
            folder.ghirbal(&format!("clean a.txt -o out {option} {label}")).code(1).says(&[says[0], says[1]]);
        }
    }
    assert!(!folder.has("out"));
}

#[test]
fn duplicates_can_be_flagged_instead_of_removed() {
    let folder = Folder::with(&[("a.txt", article(26, 5)), ("b.txt", article(26, 5))]);
    folder.ghirbal("clean a.txt b.txt -o out --flag duplicate_document").ok().says(&["0 removed"]);
    assert_eq!(folder.read("out/cleaned/a.txt"), folder.read("out/cleaned/b.txt"));
}

#[test]
fn a_more_careful_level_never_removes_more() {
    let removed = |level: &str| {
        let summary = crate::helper::ghirbal(&format!("report seeds --format json --level {level}")).ok();
        serde_json::from_str::<Value>(&summary.stdout).unwrap()["bytes_removed"].as_u64().unwrap()
    };
    let (careful, default, thorough) = (removed("careful"), removed("default"), removed("thorough"));
    assert!(careful < default && default <= thorough, "{careful} {default} {thorough}");
}

#[test]
fn every_removal_has_a_reason_that_reads_as_a_sentence() {
    let folder = Folder::empty();
    let seeds = format!("{}/seeds", env!("CARGO_MANIFEST_DIR"));
    folder.ghirbal(&format!("clean {seeds} -o out --remove repeat")).ok();
    let ledger = folder.rows("out/ledger.jsonl");
    let entries = of_type(&ledger, "removal");
    assert!(entries.len() > 20);
    for entry in entries {
        let why = entry["why"].as_str().unwrap();
        assert!(why.split(' ').count() >= 4, "{entry}");
        assert!(!entry["rule"].as_str().unwrap().is_empty() && entry["score"].as_f64().unwrap() > 0.0, "{entry}");
    }
}

/// Texts inside texts inside texts, with copies and near copies of each: whatever goes, the document
/// it is said to stand in is still there.
#[test]
fn what_stays_for_a_removed_document_does_stay() {
    let mut lines = String::new();
    for family in 0..6u64 {
        let mut text = String::new();
        for size in 0..5u64 {
            let piece = article(1_000 * family + size, 10);
            text += &piece;
            lines += &format!("{}\n", serde_json::json!({"id": format!("f{family}s{size}piece"), "text": piece}));
            let id = format!("f{family}s{size}");
            let near = text.replacen(' ', " غير ", 1);
            for (id, text) in [(id.clone(), &text), (format!("{id}near"), &near), (format!("{id}copy"), &text)] {
                lines += &format!("{}\n", serde_json::json!({"id": id, "text": text}));
            }
        }
    }
    let folder = Folder::with(&[("a.jsonl", lines)]);
    folder.ghirbal("clean a.jsonl -o out --max-removed 1 --remove contained").ok();
    let rows = folder.rows("out/findings.jsonl");
    let removed = |row: &&Value| row["action"] == "remove";
    let documents: Vec<&Value> = of_type(&rows, "document").into_iter().filter(removed).collect();
    assert!(documents.len() > 60, "{}", documents.len());
    let gone: Vec<&Value> = documents.iter().map(|row| &row["doc"]).collect();
    for row in &documents {
        assert!(!gone.contains(&&row["partner"]), "{row}");
    }
}

#[test]
fn a_label_with_two_fates_and_a_document_as_metadata_are_refused() {
    let folder = Folder::with(&[("a.txt", page())]);
    for args in ["--remove promo --keep-label promo", "--to-metadata contained", "--to-metadata duplicate_document"] {
        let ran = folder.ghirbal(&format!("report a.txt {args}"));
        assert!(ran.code(1).stderr.contains("hint: "), "{args}");
    }
}
