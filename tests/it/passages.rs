//! Passages across documents: where they are looked for, how they are shown, which side stays.

use crate::helper::{Folder, article, of_type};

const SHARED: &str = "وقال المتحدث باسم الوزارة إن الاجتماع المقبل سوف يعقد في العاصمة خلال الأسبوع القادم بحضور الجميع \
    وتوقع أن تنتهي الأعمال قبل نهاية الشهر في حال اكتمال النصاب";

/// A text of its own around a shared paragraph; a higher `n` makes it longer.
fn host(n: usize) -> String {
    format!("{}{SHARED}.\n{}", article(30 + n as u64, 3 + n), article(60 + n as u64, 3))
}

#[test]
fn documents_that_share_a_passage_are_counted() {
    let shared = crate::helper::article(900, 2);
    let text = |seed: u64| format!("{}{shared}{}", article(seed, 4), article(seed + 50, 4));
    let folder = Folder::with(&[("a.txt", text(1)), ("b.txt", text(2)), ("c.txt", article(3, 8))]);
    let summary = |scope: &str| {
        let json = folder.ghirbal(&format!("report a.txt b.txt c.txt --format json --scope {scope}")).ok().stdout;
        serde_json::from_str::<serde_json::Value>(&json).unwrap()["documents_with_passages"].as_u64()
    };
    assert_eq!((summary("corpus"), summary("both"), summary("document")), (Some(2), Some(2), Some(0)));
}

#[test]
fn each_scope_shows_its_own_passages() {
    let inside = format!("{}{SHARED}.\n{}{SHARED}.\n", article(41, 3), article(42, 3));
    let folder = Folder::with(&[("a.txt", host(1)), ("b.txt", inside)]);
    let scopes = |args: &str| -> Vec<String> {
        let rows = folder.ghirbal(&format!("report a.txt b.txt --format jsonl {args}")).ok().rows();
        of_type(&rows, "passage").iter().map(|p| p["scope"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(scopes(""), ["document"]);
    assert!(!scopes("--scope corpus").is_empty() && scopes("--scope corpus").iter().all(|s| s == "corpus"));
    assert_eq!(scopes("--scope both").len(), 1 + scopes("--scope corpus").len());
}

#[test]
fn the_two_sides_are_shown_with_what_differs_in_brackets() {
    let folder = Folder::with(&[("a.txt", host(1)), ("b.txt", host(2).replace("العاصمة", "المدينة القديمة"))]);
    let report = folder.ghirbal("report a.txt b.txt --scope corpus").ok();
    report.says(&["line 5 ≈ line 6 of", "near", "[العاصمة]", "[المدينة القديمة]"]);
}

#[test]
fn a_paragraph_in_many_documents_is_one_group() {
    let files: Vec<(String, String)> = (0..12).map(|n| (format!("{n:02}.txt"), host(n))).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let folder = Folder::with(&files);
    let rows = folder.ghirbal("report . --scope corpus --format jsonl").ok().rows();
    assert_eq!(of_type(&rows, "passage").len(), 11, "one passage for each later place");
    let groups = of_type(&rows, "passage_group");
    assert_eq!(groups.len(), 1);
    assert_eq!(groups[0]["anchor"]["doc"], "00.txt");
    assert_eq!(groups[0]["members"].as_array().unwrap().len(), 11);
}

#[test]
fn one_side_stays_where_the_keep_rule_says() {
    let (short, long) = (host(1), host(4));
    let folder = Folder::with(&[("a.txt", &short), ("b.txt", &long)]);
    let left = |out: &str, args: &str| {
        folder.ghirbal(&format!("clean a.txt b.txt -o {out} --scope corpus --remove repeat {args}")).ok();
        folder.ghirbal(&format!("restore {out} -o {out}.back")).ok();
        assert_eq!(
            (folder.read(&format!("{out}.back/a.txt")), folder.read(&format!("{out}.back/b.txt"))),
            (short.clone(), long.clone())
        );
        ["a", "b"].map(|name| folder.read(&format!("{out}/cleaned/{name}.txt")).matches(SHARED).count())
    };
    assert_eq!(left("longest", ""), [0, 1]);
    assert_eq!(left("first", "--keep first"), [1, 0]);
    let removal = &folder.rows("longest/ledger.jsonl")[1];
    assert_eq!((&removal["label"], &removal["partner"]["doc"]), (&"repeat".into(), &"b.txt".into()));
    assert!(removal["why"].as_str().unwrap().contains("a passage of `b.txt`, which stays"));
}

#[test]
fn what_stays_for_another_document_is_not_removed_with_a_tail() {
    // The better document has the paragraph in a tail that goes: the other keeps its own.
    let long = format!("{}إقرأ أيضاً:\nخبر آخر عن اجتماع الوزارة في العاصمة\n{SHARED}.\n", article(44, 20));
    let folder = Folder::with(&[("a.txt", host(1)), ("b.txt", long)]);
    folder.ghirbal("clean a.txt b.txt -o out --scope corpus --remove repeat --max-removed 1").ok();
    assert!(!folder.read("out/cleaned/b.txt").contains(SHARED), "the tail goes");
    assert!(folder.read("out/cleaned/a.txt").contains(SHARED));
}

#[test]
fn inside_a_document_the_longer_side_can_stay() {
    let longer = SHARED.replace("العاصمة", "العاصمة القديمة");
    let text = format!("{}{SHARED}.\n{}{longer}.\n", article(45, 3), article(46, 3));
    let folder = Folder::with(&[("a.txt", &text)]);
    folder.ghirbal("clean a.txt -o first --remove repeat").ok();
    folder.ghirbal("clean a.txt -o longest --remove repeat --keep-passage longest").ok();
    let left = |out: &str| {
        let text = folder.read(&format!("{out}/cleaned/a.txt"));
        (text.contains(SHARED), text.contains(&longer))
    };
    assert_eq!((left("first"), left("longest")), ((true, false), (false, true)));
}

#[test]
fn borders_can_be_shown_at_sentences_and_paragraphs() {
    let folder = Folder::with(&[("a.txt", host(1)), ("b.txt", host(2).replace("وقال المتحدث", "ونقل عن الناطق"))]);
    let side = |snap: &str| {
        let rows =
            folder.ghirbal(&format!("report a.txt b.txt --scope corpus --format jsonl --snap {snap}")).ok().rows();
        let passage = of_type(&rows, "passage")[0].clone();
        let (start, end) =
            (passage["a"]["start"].as_u64().unwrap() as usize, passage["a"]["end"].as_u64().unwrap() as usize);
        host(1)[start..end].to_owned()
    };
    assert!(!side("word").ends_with('.'));
    assert_eq!(side("sentence"), format!("{SHARED}."));
    assert_eq!(side("paragraph"), format!("{SHARED}."));
}
