//! The page of a report: one file that is complete, bounded and harmless.

use std::fmt::Write;

use crate::helper::{Folder, article, ghirbal, record};

/// What the page of a report on these files is.
fn page(files: &[(&str, String)]) -> String {
    let folder = Folder::with(files);
    let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    folder.ghirbal(&format!("report {} --html report.html", names.join(" "))).ok();
    folder.read("report.html")
}

/// Names of everything that would be fetched or run.
fn loads(page: &str) -> Vec<&str> {
    ["src=", "<link", "<img", "<iframe", "<object", "@import", "url(", "fetch(", "href=\"http", "javascript:"]
        .into_iter()
        .filter(|what| page.contains(what))
        .collect()
}

#[test]
fn a_page_stands_beside_the_text_and_needs_nothing_else() {
    let folder = Folder::empty();
    let target = folder.path("report.html");
    let plain = ghirbal("report seeds").ok();
    let ran = ghirbal(&format!("report seeds --html {}", target.display())).ok();
    let told = ran.stdout.strip_prefix(&plain.stdout);
    assert_eq!(told, Some(format!("\nwritten to {}, for any browser\n", target.display()).as_str()));
    let page = folder.read("report.html");
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>"));
    assert_eq!(loads(&page), [""; 0]);
    assert!(page.contains("default-src 'none'"));
    for part in ["<strong>26.5 %</strong>", "id=\"passages\"", "مصر وروسيا تبحثان", "read also marker", "threshold 0.8"]
    {
        assert!(page.contains(part), "{part}");
    }
    assert_eq!(folder.names(), ["report.html"]);
}

#[test]
fn the_same_corpus_gives_the_same_page_on_any_number_of_threads() {
    let folder = Folder::empty();
    let pages = ["1", "4"].map(|threads| {
        let name = format!("{threads}.html");
        ghirbal(&format!("report seeds --scope both --threads {threads} --html {}", folder.path(&name).display())).ok();
        folder.read(&name)
    });
    assert!(pages[0] == pages[1]);
}

#[test]
fn nothing_is_written_over_or_into_an_input() {
    let folder = Folder::with(&[("in/a.txt", article(1, 6)), ("old.html", "mine".into())]);
    folder.ghirbal("report in --html old.html").code(1).says(&["the output exists already: `[folder]/old.html`"]);
    folder.ghirbal("report in --html in").code(1).says(&["the output is an input"]);
    folder.ghirbal("report in --html in/new.html").code(1).says(&["lies inside the input"]);
    folder.ghirbal("report in/a.txt --html in/a.txt").code(1).says(&["the output is an input"]);
    folder.ghirbal("report in --format jsonl --html new.html").code(1).says(&["--format text or json"]);
    folder.ghirbal("report in --hosts --html new.html").code(2);
    folder.ghirbal("report missing --html new.html").code(1);
    assert_eq!(folder.read("old.html"), "mine");
    assert_eq!(folder.names(), ["in", "old.html"]);
    assert!(!folder.has("in/new.html"));
    folder.ghirbal("report in --format json --html new/new.html").ok();
    assert!(folder.has("new/new.html"));
}

#[test]
fn a_hostile_document_is_text_and_nothing_more() {
    let script = "</script><script>document.title='owned'</script><img src=x onerror=alert(1)>";
    let turned = "\u{202e}desrever\u{202c}\u{0}\u{1b}[2J";
    let lines = format!("{script}\n{}Read also:\n{script} {turned}\n{}", article(2, 8), "line ".repeat(200_000));
    let id = format!("\"><script>{turned}{}", "id ".repeat(50_000));
    let page = page(&[("a.jsonl", record(&id, &lines) + &record("b", &lines))]);
    // The page has one script, its own, and every attribute of its own making.
    assert_eq!(page.matches("<script").count(), 1);
    assert_eq!((page.matches("<img").count(), page.matches("</script").count()), (0, 1));
    assert!(!page.contains(['\u{202e}', '\u{202c}', '\u{0}', '\u{1b}']));
    assert!(page.contains("&lt;script&gt;") && page.contains(">202E</i>"));
    assert!(page.len() < 200_000, "{}", page.len());
}

#[test]
fn a_corpus_of_nothing_but_findings_stays_within_five_megabytes() {
    let mut records = String::new();
    for i in 0..400u64 {
        let mut text = format!("{}\n", "<\u{202a}&\"\u{1}".repeat(60));
        for j in 0..30 {
            write!(text, "{}Read also:\n<b>&&&&&&\u{202a}\u{202b}\u{202c}</b> {j}\n\n", article(i * 100 + j, 3))
                .unwrap();
        }
        records += &record(&format!("<{i}>{}", "&".repeat(500)), &text);
    }
    let page = page(&[("a.jsonl", records)]);
    assert!(page.len() < 5_000_000, "{}", page.len());
    assert!(page.contains("id=\"about\"") && page.ends_with("</html>"));
}
