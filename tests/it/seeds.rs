//! The five articles of `seeds/`: what must go, what must stay, what must be told.

use std::path::Path;

use crate::helper::{Folder, command, ghirbal, of_type};

fn seeds() -> String {
    format!("{}/seeds", env!("CARGO_MANIFEST_DIR"))
}

/// The seeds, cleaned into `out`.
fn cleaned() -> Folder {
    let folder = Folder::empty();
    folder.ghirbal(&format!("clean {} -o out", seeds())).ok();
    folder
}

fn check(seed: &str, gone: &[&str], stays: &[&str]) {
    let folder = cleaned();
    let name = ["000_dc506b560cfd749a", "001_366b9ce9bfaee48b", "002_cb3bc4d5c45cf85e", "003_5598f450e5c5e9f0"];
    let name = name.iter().chain(&["004_ace82421b291eaec"]).find(|n| n.starts_with(seed)).unwrap();
    let text = folder.read(&format!("out/cleaned/{name}.txt"));
    gone.iter().for_each(|part| assert!(!text.contains(part), "{seed} still has {part:?}:\n{text}"));
    stays.iter().for_each(|part| assert!(text.contains(part), "{seed} has lost {part:?}:\n{text}"));
}

#[test]
fn the_read_also_tails_go_and_the_articles_before_them_stay() {
    check("001", &["إقرأ أيضاً", "بدر عبد العاطي", "التطورات فى لبنان"], &["إنذار نهائي.", "في أستانا"]);
    check("002", &["إقرأ أيضاً", "استعادة 3 قرى في كورسك", "الصعوبات اللوجستية"], &["ويؤدي إلى تدمير أوكرانيا."]);
    check("003", &["إقرأ أيضاً", "كشمير", "باكستان"], &["في زيارة رسمية تستغرق يومين."]);
}

#[test]
fn a_marker_glued_to_the_next_word_goes_and_the_word_keeps_its_first_letter() {
    check("002", &["إقرأ المزيد"], &["\nوأشار الكرملين إلى أن البحث عن حلول"]);
}

#[test]
fn a_repeated_title_and_a_television_headline_go() {
    let title = "تعزيز العلاقات الروسية البيلاروسية للأمن الأوراسي";
    check("004", &["زهور الدم الحلقة 510"], &[title, "\nفي إطار تأكيد جديد"]);
    let text = cleaned().read("out/cleaned/004_ace82421b291eaec.txt");
    assert_eq!(text.matches(title).count(), 1, "the title stands once:\n{text}");
}

#[test]
fn stray_headlines_go_and_headings_of_the_article_stay() {
    check("000", &["\nSputnik\n", "\nمناقشة"], &[]);
    let headings = [
        "\nلقاء وزيري الخارجية: تعزيز التعاون الثنائي\n",
        "\nمباحثات شاملة حول القضايا الدولية\n",
        "\nتوافق حول آليات التعامل مع القضايا المشتركة\n",
        "\nتنفيذ التفاهمات وزيادة التنسيق\n",
        "\nمبادرة الأمن الأوراسي: إطار دبلوماسي متكامل\n",
    ];
    check("004", &[], &headings);
}

#[test]
fn dates_sources_and_keywords_move_to_metadata() {
    let folder = cleaned();
    let rows = folder.rows("out/metadata.jsonl");
    let of = |doc: &str| rows.iter().find(|row| row["doc"].as_str().unwrap().starts_with(doc)).unwrap();
    assert_eq!(of("003")["source_credit"][0], "المصدر: بوابة الوفد");
    assert_eq!(of("001")["dateline"][0], "تاريخ النشر: 25th, June 2024 GMT");
    assert!(of("002")["keywords"][0].as_str().unwrap().starts_with("كلمات دلالية: أسلحة"));
    check("003", &["المصدر: بوابة الوفد", "تاريخ النشر"], &[]);
}

#[test]
fn the_repeated_passage_of_003_is_reported_with_both_places_and_stays() {
    let rows = ghirbal("report seeds --format jsonl").ok().rows();
    let text = std::fs::read_to_string(format!("{}/003_5598f450e5c5e9f0.txt", seeds())).unwrap();
    let line_of = |side: &serde_json::Value| text[..side["start"].as_u64().unwrap() as usize].matches('\n').count() + 1;
    let passages = of_type(&rows, "passage");
    let passage = passages
        .iter()
        .find(|p| p["a"]["doc"].as_str().unwrap().starts_with("003") && (line_of(&p["a"]), line_of(&p["b"])) == (7, 11))
        .expect("lines 7 and 11 of 003 say the same");
    assert_eq!(passage["kind"], "near");
    assert!(passage["identity"].as_f64().unwrap() > 0.8);
    check("003", &[], &["نظيره الصيني هذه الأزمة", "نظيره الصيني وانج يي، الأزمة الأوكرانية"]);
}

#[test]
fn spans_are_places_in_the_original_bytes() {
    for row in of_type(&ghirbal("report seeds --format jsonl").ok().rows(), "span") {
        let text = std::fs::read_to_string(format!("{}/{}", seeds(), row["doc"].as_str().unwrap())).unwrap();
        let at = |name: &str| row[name].as_u64().unwrap() as usize;
        let span = &text[at("start")..at("end")];
        assert_eq!(span.trim(), span, "{row}");
        assert_eq!(text[..at("start")].matches('\n').count() + 1, at("line"), "{row}");
    }
}

#[test]
fn what_was_cleaned_is_restored_byte_for_byte() {
    let folder = cleaned();
    folder.ghirbal("restore out -o back").ok().says(&["restored 5 files"]);
    for entry in std::fs::read_dir(folder.path("back")).unwrap().map(|e| e.unwrap()) {
        let original = std::fs::read(Path::new(&seeds()).join(entry.file_name())).unwrap();
        assert!(original == std::fs::read(entry.path()).unwrap(), "{:?}", entry.file_name());
    }
}

#[test]
fn cleaning_what_is_clean_takes_nothing_more_away() {
    let folder = cleaned();
    folder.ghirbal("clean out/cleaned -o twice").ok().says(&["0.0 % of the text"]);
}

#[test]
fn the_report_tells_a_stranger_on_one_screen() {
    let report = ghirbal("report seeds").ok();
    insta::assert_snapshot!(report.stdout);
    let (rows, columns) = (report.stdout.lines().count(), 110);
    assert!(rows <= 80, "{rows} lines");
    for line in report.stdout.lines() {
        let shown = line.chars().filter(|c| !matches!(c, '\u{2066}'..='\u{2069}')).count();
        assert!(shown <= columns, "{shown} columns: {line}");
    }
}

#[test]
fn the_counts_are_the_same_in_every_form_of_the_report() {
    let json: serde_json::Value = serde_json::from_str(&ghirbal("report seeds --format json").ok().stdout).unwrap();
    let rows = ghirbal("report seeds --format jsonl").ok().rows();
    let last = rows.last().unwrap();
    assert_eq!(last["type"], "summary");
    for name in ["documents", "words", "bytes", "bytes_removed", "labels", "passages", "params_digest"] {
        assert_eq!(json[name], last[name], "{name}");
    }
    assert_eq!(json["passages"].as_u64().unwrap() as usize, of_type(&rows, "passage").len());
    let spans: u64 = json["labels"].as_object().unwrap().values().map(|l| l["spans"].as_u64().unwrap()).sum();
    assert_eq!(spans as usize, of_type(&rows, "span").len());
    let folder = cleaned();
    let summary: serde_json::Value = serde_json::from_str(&folder.read("out/summary.json")).unwrap();
    assert_eq!(summary, json);
    let original: u64 = std::fs::read_dir(seeds())
        .unwrap()
        .map(|e| e.unwrap())
        .filter(|e| e.path().extension().is_some_and(|x| x == "txt"))
        .map(|e| e.metadata().unwrap().len())
        .sum();
    let left: u64 =
        std::fs::read_dir(folder.path("out/cleaned")).unwrap().map(|e| e.unwrap().metadata().unwrap().len()).sum();
    assert_eq!(json["bytes"], original);
    assert_eq!(json["bytes_removed"], original - left);
}

#[test]
fn a_report_changes_nothing() {
    let folder = Folder::empty();
    for entry in std::fs::read_dir(seeds()).unwrap().map(|e| e.unwrap()) {
        folder.write(&format!("in/{}", entry.file_name().to_string_lossy()), std::fs::read(entry.path()).unwrap());
    }
    let mut report = command(&folder.path(""), "report in");
    assert!(report.output().unwrap().status.success());
    assert_eq!(folder.names(), ["in"]);
}
