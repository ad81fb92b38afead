//! Torture: templates, chains of edits, thousands of copies, a million empty lines.

use std::collections::{BTreeMap, BTreeSet};

use crate::helper::{Dice, Folder, article, of_type, prose, record, word};

/// The 5-word shingles of a text.
fn shingles(text: &str) -> BTreeSet<Vec<&str>> {
    let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    words.windows(5).map(<[_]>::to_vec).collect()
}

fn jaccard(a: &str, b: &str) -> f64 {
    let (a, b) = (shingles(a), shingles(b));
    let both = a.intersection(&b).count() as f64;
    both / (a.len() + b.len()) as f64 / (1.0 - both / (a.len() + b.len()) as f64)
}

/// Three thousand pages of one site: menu, footer and a fixed paragraph of so many lines are the same
/// on all; five lines differ. Among them are two that really are the same but for a word.
fn check(menu: usize, fixed: usize, footer: usize, alike: f64) {
    let (menu, fixed, footer) = (article(1, menu), article(2, fixed), article(3, footer));
    let page = |i: u64| format!("{menu}{}{fixed}{}{footer}", article(10_000 + i, 3), article(20_000 + i, 2));
    assert!(jaccard(&page(0), &page(1)) > alike, "as a whole they are alike");
    let mut lines: String = (0..3_000).map(|i| record(&format!("p{i}"), &page(i))).collect();
    let content = article(10_077, 3);
    lines += &record("twin", &page(77).replace(&content, &content.replacen(' ', " غير ", 1)));
    let folder = Folder::with(&[("site.jsonl", lines)]);
    folder.ghirbal("dedup site.jsonl -o out").ok();
    let rows = folder.rows("out/findings.jsonl");
    let clusters = of_type(&rows, "cluster");
    assert_eq!(clusters.len(), 1, "{clusters:?}");
    let named = clusters[0].to_string();
    assert!(named.contains("\"twin\"") && named.contains("\"p77\""), "{named}");
}

#[test]
fn documents_that_share_two_thirds_are_not_duplicates() {
    check(4, 3, 3, 0.45);
}

/// Pages this alike fill every band with groups too large to compare pair by pair; the two that are
/// the same were lost among them.
#[test]
fn documents_that_share_four_fifths_are_not_duplicates() {
    check(10, 6, 8, 0.65);
}

/// Each is like the next, the first is nothing like the last.
#[test]
fn a_chain_of_small_edits_joins_no_unlike_documents() {
    let mut dice = Dice(5);
    let mut words = prose(4, 200);
    let mut texts = BTreeMap::new();
    for i in 0..150 {
        texts.insert(format!("c{i:03}"), words.join(" "));
        for _ in 0..2 {
            let at = dice.roll(words.len());
            words[at] = word(&mut dice);
        }
    }
    assert!(jaccard(&texts["c000"], &texts["c001"]) > 0.85 && jaccard(&texts["c000"], &texts["c149"]) < 0.1);
    let lines: String = texts.iter().map(|(id, text)| record(id, text)).collect();
    let folder = Folder::with(&[("chain.jsonl", lines)]);
    folder.ghirbal("dedup chain.jsonl -o out --max-removed 1").ok();
    let rows = folder.rows("out/findings.jsonl");
    let clusters = of_type(&rows, "cluster");
    assert!(clusters.len() > 20);
    for cluster in clusters {
        let anchor = &texts[cluster["anchor"].as_str().unwrap()];
        for member in cluster["members"].as_array().unwrap() {
            let similar = jaccard(anchor, &texts[member.as_str().unwrap()]);
            assert!(similar >= 0.8, "{member} is {similar} like its anchor {}", cluster["anchor"]);
        }
    }
}

#[test]
fn twenty_thousand_copies_leave_one() {
    let mut lines: String =
        (0..20_000).map(|i| record(&format!("{i}"), "هذا نص واحد يتكرر في كل وثيقة بلا أي تغيير فيه")).collect();
    lines += &record("other", &article(6, 3));
    let folder = Folder::with(&[("a.jsonl", lines)]);
    folder.ghirbal("clean a.jsonl -o out --max-removed 1").ok().says(&["20,001 documents read", "19,999 removed"]);
    assert_eq!(folder.rows("out/cleaned/a.jsonl").len(), 2);
}

#[test]
fn a_million_empty_lines_are_read_and_given_back() {
    let empty = "\n".repeat(1_000_000);
    let text = format!("{}{empty}{}", article(7, 3), article(8, 3));
    let lines = format!("{}{empty}{}", record("1", &article(9, 3)), record("2", &text));
    let folder = Folder::with(&[("in/a.txt", &text), ("in/b.jsonl", &lines)]);
    folder.ghirbal("clean in -o out --max-removed 1").ok();
    folder.restores("out", "in");
}

#[test]
fn one_word_repeated_without_end_is_handled() {
    let folder = Folder::with(&[("a.txt", "غربال ".repeat(100_000)), ("b.txt", "غ".repeat(500_000))]);
    folder.ghirbal("report a.txt b.txt --format jsonl").ok();
}
