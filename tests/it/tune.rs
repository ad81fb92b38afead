//! Bands and rows from intent, and what a run missed.

use ghirbal::params::Params;
use ghirbal::pipeline::{Run, Stages};
use ghirbal::spill::Spill;

use crate::helper::{Folder, article, ghirbal, record};

/// Documents, each second one a copy of the one before with one word changed.
fn pairs() -> Folder {
    pairs_changed(100)
}

/// The same, with one of so many words changed.
fn pairs_changed(one_in: usize) -> Folder {
    let lines: String = (0..40)
        .flat_map(|i| {
            let text = article(i, 12);
            let other: Vec<&str> = text
                .split(' ')
                .enumerate()
                .map(|(n, word)| if n % one_in == 70 % one_in { "غيره" } else { word })
                .collect();
            [record(&format!("{i}a"), &text), record(&format!("{i}b"), &other.join(" "))]
        })
        .collect();
    Folder::with(&[("a.jsonl", lines)])
}

fn audit(args: &str) -> serde_json::Value {
    let json = pairs().ghirbal(&format!("report a.jsonl --format json {args}")).ok().stdout;
    serde_json::from_str::<serde_json::Value>(&json).unwrap()["audit"].clone()
}

#[test]
fn an_intent_becomes_bands_and_rows() {
    let told = ghirbal("tune --similar 0.8 --miss 0.001").ok().stdout;
    assert!(told.starts_with("18 bands of 5 rows, 90 places"), "{told}");
    assert!(told.contains("< --similar"));
    ghirbal("tune --similar 0.05 --miss 0.0001").ok().says(&["do not suffice", "this comes closest"]);
    ghirbal("tune --similar 8").code(1).says(&["--similar is a share"]);
    ghirbal("tune --bands 20 --rows 4").ok().says(&["20 bands of 4 rows", "override"]);
}

#[test]
fn a_corpus_is_counted_for_its_cost() {
    pairs().ghirbal("tune a.jsonl").ok().says(&["80 documents", "band keys", "13,440 words"]);
}

#[test]
fn a_report_says_what_it_expects_to_miss() {
    pairs()
        .ghirbal("report a.jsonl")
        .ok()
        .says(&["18 bands of 5 rows: expected to miss 0.", "of the pairs exactly at 0.8"]);
}

#[test]
fn an_audit_of_a_good_search_finds_nothing_missed() {
    let audit = audit("--audit");
    assert_eq!(audit["documents_sampled"], 80);
    assert_eq!((&audit["pairs"], &audit["pairs_missed"]), (&40.into(), &0.into()));
    assert_eq!(audit["documents_complete"], 80);
    assert!(audit["complete_min"].as_f64().unwrap() > 0.95 && audit["complete_max"] == 1.0);
    pairs().ghirbal("report a.jsonl --audit").ok().says(&[
        "audit: 80 of 80",
        "40 pairs at or above 0.8, 0 missed",
        "95 % confidence",
    ]);
}

#[test]
fn an_audit_of_a_poor_search_says_how_poor() {
    // One band of so many rows that no changed pair agrees in it; and no document so like another that a
    // sample of its shingles would often propose it as contained.
    let args = "report a.jsonl --format json --similar 0.1 --audit --bands 1 --rows 128 --contained 1";
    let json = pairs_changed(7).ghirbal(args).ok().stdout;
    let audit = &serde_json::from_str::<serde_json::Value>(&json).unwrap()["audit"];
    assert_eq!(audit["pairs"], 40);
    let missed = audit["pairs_missed"].as_u64().unwrap();
    assert!(missed > 0, "{audit}");
    assert_eq!(audit["documents_complete"].as_u64().unwrap(), 80 - 2 * missed);
    assert!(audit["complete_max"].as_f64().unwrap() < 1.0);
}

#[test]
fn a_smaller_sample_is_the_same_each_time_and_says_less_surely() {
    let few = audit("--audit=20");
    assert_eq!(few["documents_sampled"], 20);
    assert_eq!(few, audit("--audit=20 --threads 1 --memory 256M"));
    assert!(few["complete_min"].as_f64() < audit("--audit")["complete_min"].as_f64());
}

#[test]
fn an_audit_is_the_same_in_any_memory() {
    let folder = pairs_changed(7);
    let mut params = Params::default();
    params.documents.similar = 0.1;
    params.documents.bands_rows = Some((1, 128));
    let audit = |spill: Spill| {
        let run = Run::new(&[folder.path("a.jsonl")], params.clone(), Stages::DOCUMENTS).unwrap().audited(60);
        run.with_spill(spill).report(0).unwrap().0.audit.unwrap()
    };
    let in_memory = audit(Spill::never());
    assert!(in_memory.pairs > 20 && in_memory.pairs_missed > 0, "{in_memory:?}");
    // Of the sample a few documents are held at a time, then one; of the pairs some, then next to none.
    for room_bytes in [200_000, 2_000, 0] {
        let spill = Spill::new(std::env::temp_dir(), room_bytes);
        assert_eq!(audit(spill.clone()), in_memory, "{room_bytes}");
        assert!(spill.written_bytes() > 0);
    }
}

#[test]
fn an_audit_changes_nothing_else() {
    let rows = |args: &str| {
        let rows = pairs().ghirbal(&format!("report a.jsonl --format jsonl {args}")).ok().rows();
        rows.into_iter().filter(|row| row["type"] != "summary").collect::<Vec<_>>()
    };
    assert_eq!(rows("--audit"), rows(""));
}
