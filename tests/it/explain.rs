//! `explain`: why a line was removed or kept, as a sentence.

use crate::helper::{Folder, article, ghirbal, record};

#[test]
fn a_repeated_passage_is_shown_beside_its_counterpart() {
    insta::assert_snapshot!(ghirbal("explain seeds 003:11").ok().stdout);
}

#[test]
fn a_removed_line_has_its_reason() {
    ghirbal("explain seeds 002:9").ok().says(&["removed as read_also_marker", "rule ", "certainty "]);
    ghirbal("explain seeds 004:5").ok().says(&["removed as inserted_headline"]);
    ghirbal("explain seeds 001:9").ok().says(&["moved to metadata as source_credit"]);
}

#[test]
fn a_kept_line_says_that_no_rule_found_anything() {
    ghirbal("explain seeds 001:6").ok().says(&["kept: no rule finds filler here"]);
}

#[test]
fn a_cleaned_folder_explains_itself_by_the_lines_of_the_originals() {
    let folder = Folder::empty();
    let seeds = format!("{}/seeds", env!("CARGO_MANIFEST_DIR"));
    folder.ghirbal(&format!("clean {seeds} -o out")).ok();
    for place in ["003:11", "003:20", "002:9", "001:6"] {
        let here = folder.ghirbal(&format!("explain out {place}")).ok().stdout;
        assert_eq!(here, ghirbal(&format!("explain seeds {place}")).ok().stdout, "{place}");
    }
}

#[test]
fn a_removed_duplicate_is_shown_beside_the_one_that_stays() {
    let lines = record("kept", &article(71, 9)) + &record("removed", &article(71, 9));
    let folder = Folder::with(&[("in/a.jsonl", lines)]);
    folder.ghirbal("clean in -o out").ok();
    for path in ["in", "out", "in/a.jsonl"] {
        folder
            .ghirbal(&format!("explain {path} removed:1"))
            .ok()
            .says(&["the whole document: removed as duplicate_document", "every word is the same as in `kept`"]);
    }
    folder.ghirbal("explain in/a.jsonl 2").ok().says(&["the whole document: removed"]);
}

#[test]
fn one_document_needs_only_a_line() {
    let folder = Folder::with(&[("a.txt", format!("{}إقرأ أيضاً:\nخبر آخر\n{}", article(73, 8), article(74, 3)))]);
    folder.ghirbal("explain a.txt 9").ok().says(&["a.txt line 9", "removed as read_also_marker"]);
}

#[test]
fn a_place_that_does_not_exist_is_named_with_a_remedy() {
    ghirbal("explain seeds 003:900").code(1).says(&["has no line 900", "its last line is 26"]);
    ghirbal("explain seeds 003:0").code(1).says(&["has no line 0"]);
    ghirbal("explain seeds nosuch:1").code(1).says(&["no document is called `nosuch` in `seeds`", "hint:"]);
    ghirbal("explain seeds 7").code(1).says(&["names none of them in `seeds`", "DOC:LINE"]);
    ghirbal("explain seeds here").code(1).says(&["`here` names no line", "hint:"]);
    ghirbal("explain nosuch 1").code(1).says(&["nosuch", "hint:"]);
}
