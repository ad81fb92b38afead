//! Reports: what is counted, what is said, and that finding nothing says why.

use ghirbal::label::{Action, Label};
use ghirbal::params::Params;
use ghirbal::pipeline::{Run, Stages};
use ghirbal::report::terminal;
use unicode_width::UnicodeWidthStr;

use crate::helper::{Folder, article, of_type, record};

#[test]
fn a_copy_is_counted_once_and_names_the_one_that_stays() {
    let text = article(1, 6);
    let folder = Folder::with(&[("a.txt", &text), ("b.txt", &text), ("c.txt", &article(2, 6))]);
    let rows = folder.ghirbal("report a.txt b.txt c.txt --format jsonl").ok().rows();
    let clusters = of_type(&rows, "cluster");
    assert_eq!(clusters.len(), 1);
    assert_eq!((&clusters[0]["anchor"], &clusters[0]["kind"]), (&"a.txt".into(), &"exact".into()));
    assert_eq!(clusters[0]["members"], serde_json::json!(["b.txt"]));
    folder.ghirbal("report a.txt b.txt c.txt").ok().says(&["1 exact in 1 cluster", "3 documents"]);
}

#[test]
fn spelling_that_folds_away_is_no_difference() {
    let text = article(3, 6);
    let folder = Folder::with(&[("a.txt", text.clone()), ("b.txt", text.replace('ا', "أ").replace('ي', "ى") + "\n\n")]);
    let kind = |args: &str| {
        let rows = folder.ghirbal(&format!("report a.txt b.txt --format jsonl {args}")).ok().rows();
        of_type(&rows, "cluster").first().map(|c| c["kind"].as_str().unwrap().to_owned())
    };
    assert_eq!(kind("").as_deref(), Some("exact"));
    assert_eq!(kind("--fold none"), None);
    assert_eq!(kind("--no-fold alef"), None);
}

#[test]
fn a_small_edit_makes_a_near_duplicate_with_its_true_similarity() {
    let text = article(4, 12);
    let mut words: Vec<&str> = text.split(' ').collect();
    words[70] = "غيره";
    let folder = Folder::with(&[("a.txt", text.clone()), ("b.txt", words.join(" "))]);
    let rows = folder.ghirbal("report a.txt b.txt --format jsonl").ok().rows();
    let pairs = of_type(&rows, "document_pair");
    // One word of 168 changes 5 of 164 shingles on each side.
    let (same, all) = (159.0, 169.0);
    assert_eq!(pairs.len(), 1);
    assert!((pairs[0]["jaccard"].as_f64().unwrap() - same / all).abs() < 1e-4, "{}", pairs[0]);
}

#[test]
fn a_document_inside_another_is_reported_and_stays() {
    let folder = Folder::with(&[("long.txt", article(5, 20)), ("short.txt", article(5, 6))]);
    folder.ghirbal("report long.txt short.txt").ok().says(&["1 contained"]);
    folder.ghirbal("dedup long.txt short.txt -o kept").ok().says(&["0 removed"]);
    folder.ghirbal("clean long.txt short.txt -o clean --remove contained").ok().says(&["1 removed"]);
    assert!(folder.has("clean/cleaned/long.txt") && !folder.has("clean/cleaned/short.txt"));
}

#[test]
fn the_numbers_add_up() {
    let json = crate::helper::ghirbal("report seeds --format json").ok().stdout;
    let summary: serde_json::Value = serde_json::from_str(&json).unwrap();
    let labels = summary["labels"].as_object().unwrap();
    let sum = |of: &dyn Fn(&serde_json::Value) -> u64| labels.values().map(of).sum::<u64>();
    let taken = sum(&|l| l["bytes_taken"].as_u64().unwrap());
    assert_eq!(taken, summary["bytes_removed"].as_u64().unwrap());
    let spans = sum(&|l| l["spans"].as_u64().unwrap());
    assert_eq!(sum(&|l| l["actions"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum()), spans);
    // The table shows what the counts hold, and adds up to the first lines.
    let told = crate::helper::ghirbal("report seeds").ok().stdout;
    let size = ghirbal::report::terminal::size(taken);
    assert!(told.lines().nth(1).unwrap().contains(&format!("({size})")), "{told}");
    assert!(told.lines().any(|l| l.starts_with("together") && l.ends_with(&size)), "{told}");
    for (name, label) in labels {
        let line = told.lines().find(|l| l.split_whitespace().next() == Some(name));
        let Some(line) = line else { continue };
        let cells: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(cells[1], label["spans"].to_string(), "{line}");
        assert_eq!(cells[2], label["documents"].to_string(), "{line}");
    }
}

#[test]
fn columns_stand_below_each_other_in_any_script() {
    let told = crate::helper::ghirbal("report seeds").ok().stdout;
    let table: Vec<&str> = told.lines().skip(3).take_while(|l| !l.is_empty()).collect();
    assert!(table.len() > 8, "{told}");
    // Nothing before the example is wider than one column a character; the example is isolated, and last.
    let becomes = table[0].find("becomes").unwrap();
    for line in &table[1..table.len() - 1] {
        let head: String = line.chars().take(becomes + 10).collect();
        assert!(head.chars().nth(becomes - 1) == Some(' ') && head.chars().nth(becomes) != Some(' '), "{line}");
        let example = &line[head.len()..];
        assert!(example.starts_with('\u{2068}') && example.ends_with('\u{2069}'), "{line}");
    }
}

/// The report on the seeds for a terminal of so many columns, without styles.
fn report_in(columns: usize) -> String {
    let run = Run::new(&["seeds".into()], Params::default(), Stages::ALL).unwrap();
    let (summary, samples) = run.report(5).unwrap();
    anstream::adapter::strip_str(&terminal::render(&summary, &samples, columns)).to_string()
}

#[test]
fn a_narrow_terminal_has_a_narrow_report() {
    for columns in [60, 80, 100] {
        let told = report_in(columns);
        told.lines().for_each(|line| assert!(line.width() <= columns, "{} of {columns}: {line}", line.width()));
        assert_eq!(told.contains("for example"), columns > 60, "{told}");
        for part in ["26.5 %", "read_also_content", "inserted_headline", "7.0 KB", "line 7 ≈ line 11"] {
            assert!(told.contains(part), "{part} in {columns}: {told}");
        }
    }
    assert_eq!(report_in(400), report_in(100));
    assert_eq!(report_in(1), report_in(60));
}

#[test]
fn what_loses_most_stands_first() {
    let told = crate::helper::ghirbal("report seeds").ok().stdout;
    let documents = told.split("\ndocuments").nth(1).unwrap();
    let order: Vec<&str> = documents.split("\n  \u{2068}").skip(1).map(|d| &d[..3]).collect();
    assert_eq!(order, ["003", "002", "001", "000", "004"], "{told}");
}

#[test]
fn a_class_with_two_fates_names_both_and_large_numbers_are_grouped() {
    let run = Run::new(&["seeds".into()], Params::default(), Stages::ALL).unwrap();
    let (mut summary, samples) = run.report(5).unwrap();
    let label = summary.labels.get_mut(&Label::SiteLabel).unwrap();
    label.spans = 12_345;
    label.actions = [(Action::Remove, 2_345), (Action::Flag, 10_000)].into();
    summary.passages = 4_953;
    let told = anstream::adapter::strip_str(&terminal::render(&summary, &samples, 100)).to_string();
    let line = told.lines().find(|l| l.starts_with("site_label")).unwrap();
    assert!(line.contains(" 12,345 ") && line.contains("  flag, remove  "), "{line}");
    assert!(told.contains("5 of 4,953"), "{told}");
}

#[test]
fn a_writing_command_says_how_to_go_back_and_counts_well() {
    let lines = record("1", &article(1, 6)) + "no record\n";
    let folder = Folder::with(&[("a.jsonl", lines)]);
    let ran = folder.ghirbal("clean a.jsonl -o out").code(2);
    ran.says(&[
        "written to out; `ghirbal restore out -o DIR` puts everything back",
        "1 record could not be read: passed through unchanged",
    ]);
}

#[test]
fn finding_nothing_says_so() {
    let folder = Folder::with(&[("a.txt", article(6, 6)), ("b.txt", article(7, 6))]);
    folder.ghirbal("report a.txt b.txt").ok().says(&["nothing was found: no two documents share 0.8", "no passage"]);
    // Of what was not looked for nothing is said.
    let told = folder.ghirbal("dedup a.txt b.txt -o out").ok().stdout;
    assert!(told.contains("no two documents share 0.8") && !told.contains("no passage"), "{told}");
}

#[test]
fn documents_shorter_than_one_shingle_are_the_reason_given() {
    let folder = Folder::with(&[("a.jsonl", record("1", "كلمة واحدة") + &record("2", "وهنا كلمتان"))]);
    folder
        .ghirbal("report a.jsonl")
        .ok()
        .says(&["every document is shorter than one shingle of 5 words", "--shingle 2"]);
    folder.ghirbal("dedup a.jsonl -o out").ok().says(&["shorter than one shingle"]);
}

#[test]
fn documents_without_words_are_the_reason_given() {
    let folder = Folder::with(&[("a.txt", "… — !\n"), ("b.txt", "")]);
    folder.ghirbal("report a.txt b.txt").ok().says(&["no document has a single word"]);
}

#[test]
fn text_of_documents_cannot_write_to_the_terminal() {
    let hostile = format!("\u{1b}[31mtitle\u{202e}\n{}Read also:\n\u{1b}]0;x\u{7}y\n", article(8, 8));
    let folder = Folder::with(&[("a.jsonl", record("\u{1b}[2J\nid", &hostile))]);
    for args in ["report a.jsonl", "explain a.jsonl 1", "report a.jsonl --format jsonl"] {
        let ran = folder.ghirbal(args).ok();
        assert!(!ran.stdout.contains(['\u{1b}', '\u{7}']), "{args}: {}", ran.stdout);
    }
}
