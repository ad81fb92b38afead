//! `--keep`: which document of a cluster stays, and who wins a tie.

use crate::helper::{Folder, article, ids};

/// Documents of one cluster as `(id, date, longer)`; only `stays` may be left.
fn check(keep: &str, documents: &[(&str, &str, bool)], stays: &str) {
    let text = article(11, 30);
    let lines: String = documents
        .iter()
        .map(|&(id, date, longer)| {
            let text = if longer { format!("{text}\nوهذه جملة في آخرها") } else { text.clone() };
            let date = if date.is_empty() { serde_json::Value::Null } else { date.into() };
            format!("{}\n", serde_json::json!({"id": id, "date": date, "text": text}))
        })
        .collect();
    let folder = Folder::with(&[("a.jsonl", lines)]);
    folder.ghirbal(&format!("dedup a.jsonl -o out --max-removed 1 {keep}")).ok();
    assert_eq!(ids(&folder.read("out/cleaned/a.jsonl")), [stays], "{keep} of {documents:?}");
}

#[test]
fn the_longest_stays_unless_asked_otherwise() {
    check("", &[("a", "", false), ("b", "", true), ("c", "", false)], "b");
    check("--keep longest", &[("b", "", true), ("a", "", false)], "b");
}

#[test]
fn of_equally_long_ones_the_smaller_id_stays() {
    check("--keep longest", &[("c", "", false), ("a", "", false), ("b", "", false)], "a");
}

#[test]
fn the_first_stays_when_asked() {
    check("--keep first", &[("c", "", false), ("a", "", true)], "c");
}

#[test]
fn the_earliest_or_latest_of_a_field_stays() {
    let dated = [("a", "2024-02-01", true), ("b", "2024-01-31", false), ("c", "2025-01-01", false)];
    check("--keep earliest:date", &dated, "b");
    check("--keep latest:date", &dated, "c");
}

#[test]
fn on_the_same_date_the_longer_stays_then_the_smaller_id() {
    check("--keep earliest:date", &[("a", "2024", false), ("b", "2024", true)], "b");
    check("--keep latest:date", &[("b", "2024", false), ("a", "2024", false)], "a");
}

#[test]
fn a_document_without_the_field_comes_last() {
    check("--keep earliest:date", &[("a", "", true), ("b", "2024", false)], "b");
    check("--keep latest:date", &[("a", "", true), ("b", "2024", false)], "b");
}

#[test]
fn numbers_are_compared_as_numbers() {
    check("--keep earliest:date", &[("a", "10", false), ("b", "9", false)], "b");
}

#[test]
fn numbers_come_before_other_values_in_any_order_of_the_records() {
    let documents = [("a", "9", false), ("b", "10", false), ("c", "1a", false), ("d", "NaN", false)];
    for shift in 0..4 {
        let mut turned = documents;
        turned.rotate_left(shift);
        check("--keep earliest:date", &turned, "a");
        check("--keep latest:date", &turned, "d");
    }
}
