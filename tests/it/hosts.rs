//! `report --hosts`: what a site repeats over its pages, and which site a page is from.

use serde_json::{Value, json};

use crate::helper::{Folder, article, of_type, record};

/// A page with a menu, a dated line and a footer of its site.
fn page(site: &str, n: u64) -> String {
    format!(
        "{site} الرئيسية\nعاجل | رياضة | اقتصاد\nآخر تحديث للصفحة {n} مرات\n{}جميع الحقوق محفوظة لموقع {site}\n",
        article(n, 4)
    )
}

fn pages(site: &str, from: u64, n: u64) -> Vec<(String, String)> {
    (from..from + n).map(|i| (format!("in/{site}/{i}.txt"), page(site, i))).collect()
}

fn folder(files: &[(String, String)]) -> Folder {
    let files: Vec<(&str, &String)> = files.iter().map(|(name, text)| (name.as_str(), text)).collect();
    Folder::with(&files)
}

fn two_sites() -> Folder {
    folder(&[pages("نخلة", 100, 6), pages("زيتون", 200, 4)].concat())
}

/// The rows of one type, each as some of its fields.
fn fields(rows: &[Value], kind: &str, names: &[&str]) -> Vec<Value> {
    of_type(rows, kind).iter().map(|row| names.iter().map(|name| row[*name].clone()).collect()).collect()
}

/// Documents by host, as the rows of a report have them.
fn hosts(folder: &Folder, args: &str) -> Vec<Value> {
    let rows = folder.ghirbal(&format!("report --hosts {args} --format jsonl")).ok().rows();
    fields(&rows, "host", &["host", "documents"])
}

#[test]
fn each_site_s_template_is_one_table() {
    insta::assert_snapshot!(two_sites().ghirbal("report --hosts in").ok().stdout);
}

#[test]
fn rows_say_how_often_and_where_a_line_stands() {
    let rows = two_sites().ghirbal("report --hosts in --format jsonl").ok().rows();
    assert_eq!(fields(&rows, "host", &["host", "documents", "lines"]), [json!(["نخلة", 6, 4]), json!(["زيتون", 4, 4])]);
    let lines: Vec<&Value> = of_type(&rows, "host_line").into_iter().filter(|row| row["host"] == "نخلة").collect();
    let shown: Vec<Value> = lines
        .iter()
        .map(|l| json!([l["text"], l["masked"], l["documents"], l["share"], l["position"], l["stability"]]))
        .collect();
    assert_eq!(
        shown,
        [
            json!(["نخلة الرئيسية", false, 6, 1.0, "head", 1.0]),
            json!(["عاجل | رياضة | اقتصاد", false, 6, 1.0, "head", 1.0]),
            json!(["آخر تحديث للصفحة # مرات", true, 6, 1.0, "head", 1.0]),
            json!(["جميع الحقوق محفوظة لموقع نخلة", false, 6, 1.0, "tail", 1.0]),
        ]
    );
    assert_eq!(
        (&lines[3]["label"], &lines[3]["action"], &lines[3]["labelled"]),
        (&json!("rights"), &json!("remove"), &json!(6))
    );
    let last = rows.last().unwrap();
    assert_eq!((&last["type"], &last["documents"], &last["hosts"]), (&json!("hosts_summary"), &json!(10), &json!(2)));
}

#[test]
fn one_host_can_be_asked_for() {
    let folder = two_sites();
    let rows = folder.ghirbal("report --hosts=زيتون in --format jsonl").ok().rows();
    assert_eq!(fields(&rows, "host", &["host", "documents"]), [json!(["زيتون", 4])]);
    folder.ghirbal("report --hosts=رمان in").code(1).says(&["no document is of a host `رمان`", "`--hosts` alone"]);
}

#[test]
fn top_bounds_hosts_and_lines() {
    let shown = two_sites().ghirbal("report --hosts in --top 1").ok();
    shown.says(&["نخلة الرئيسية", "and 3 more", "and 1 smaller host"]);
}

#[test]
fn the_counts_alone_are_one_object() {
    let json: Value =
        serde_json::from_str(&two_sites().ghirbal("report --hosts in --format json").ok().stdout).unwrap();
    assert_eq!((&json["hosts"], &json["lines"], &json["documents_min"]), (&json!(2), &json!(8), &json!(3)));
}

#[test]
fn threads_and_the_order_of_paths_change_nothing() {
    let folder = two_sites();
    for format in ["", "--format jsonl"] {
        let expected = folder.ghirbal(&format!("report --hosts in {format}")).ok().stdout;
        for args in ["in --threads 1", "in --threads 3"] {
            assert_eq!(folder.ghirbal(&format!("report --hosts {args} {format}")).ok().stdout, expected, "{args}");
        }
        let ordered = |paths: &str| folder.ghirbal(&format!("report --hosts {paths} {format}")).ok().stdout;
        assert_eq!(ordered("in/نخلة in/زيتون in"), expected);
        assert_eq!(ordered("in in/زيتون"), expected);
    }
}

#[test]
fn the_order_of_records_changes_no_count() {
    let mut records: Vec<String> = (0..40)
        .map(|i| {
            let site = if i % 3 == 0 { "a.org" } else { "b.org" };
            format!("{}\n", json!({"id": i.to_string(), "host": site, "text": page(site, 300 + i)}))
        })
        .collect();
    let folder = Folder::with(&[("a.jsonl", records.concat())]);
    let expected = folder.ghirbal("report --hosts a.jsonl --format jsonl").ok().stdout;
    records.reverse();
    folder.write("a.jsonl", records.concat());
    assert_eq!(folder.ghirbal("report --hosts a.jsonl --format jsonl").ok().stdout, expected);
}

#[test]
fn an_article_published_many_times_is_no_template() {
    let copy = article(7, 8);
    let mut files: Vec<(String, String)> = (0..9).map(|i| (format!("in/site/copy{i}.txt"), copy.clone())).collect();
    let rows = folder(&files).ghirbal("report --hosts in --format jsonl").ok().rows();
    assert_eq!(fields(&rows, "host", &["documents", "lines"]), [json!([9, 0])]);
    // Among other pages the site's own lines still are one.
    files = files.into_iter().map(|(name, text)| (name, format!("قائمة الموقع كلها\n{text}"))).collect();
    files.extend((0..20).map(|i| (format!("in/site/{i}.txt"), format!("قائمة الموقع كلها\n{}", article(400 + i, 5)))));
    let rows = folder(&files).ghirbal("report --hosts in --format jsonl").ok().rows();
    assert_eq!(fields(&rows, "host_line", &["text", "documents"]), [json!(["قائمة الموقع كلها", 29])]);
}

#[test]
fn numbers_are_masked_only_where_they_differ() {
    let files: Vec<(String, String)> = (0..5)
        .map(|i| {
            (format!("in/s/{i}.txt"), format!("{}حقوق النشر 2024 لنا\nالعدد {i} من المجلة\n12\n", article(500 + i, 4)))
        })
        .collect();
    let rows = folder(&files).ghirbal("report --hosts in --format jsonl").ok().rows();
    assert_eq!(
        fields(&rows, "host_line", &["text", "masked"]),
        [json!(["حقوق النشر 2024 لنا", false]), json!(["العدد # من المجلة", true]), json!(["12", false])]
    );
}

#[test]
fn a_record_s_host_is_its_host_field_then_its_url() {
    let record = |i: u64, fields: Value| {
        let mut record = json!({"id": i.to_string(), "text": article(600 + i, 3)});
        record.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        format!("{record}\n")
    };
    let all: Vec<String> = [
        json!({"host": "WWW.a.org", "url": "http://other.org/"}),
        json!({"host": "", "url": "https://user@www.A.org:443/x?y"}),
        json!({"host": null, "uri": "http://a.org."}),
        json!({"link": "http://b.org/1", "site": "C"}),
        json!({"url": "broken", "uri": "http://b.org/2", "site": "C"}),
        json!({"url": "http://b.org/3", "uri": "http://x.org", "site": "https://www.c.net/"}),
        json!({"url": "not a url"}),
        json!({"url": 7}),
    ]
    .into_iter()
    .enumerate()
    .map(|(i, fields)| record(i as u64, fields))
    .collect();
    let folder = Folder::with(&[("in/a/r.jsonl", all.concat())]);
    assert_eq!(hosts(&folder, "in"), [json!(["a.org", 3]), json!(["b.org", 3]), json!([null, 2])]);
    assert_eq!(
        hosts(&folder, "in --host-field site"),
        [json!(["C", 2]), json!(["a.org", 2]), json!(["c.net", 1]), json!(["other.org", 1]), json!([null, 2])]
    );
    let by_url = hosts(&folder, "in --host-field url");
    assert_eq!(by_url[..2], [json!(["b.org", 3]), json!(["a.org", 2])], "a URL field gives its host");
}

#[test]
fn a_folder_for_each_site_names_the_hosts_of_plain_text() {
    let folder = two_sites();
    assert_eq!(hosts(&folder, "in"), [json!(["نخلة", 6]), json!(["زيتون", 4])]);
    assert_eq!(hosts(&folder, "in/نخلة"), [json!([null, 6])], "the folder itself is the root");
    assert_eq!(hosts(&folder, "in/نخلة/100.txt"), [json!([null, 1])]);
    // Two files of one name get their folders' names in front; that makes these no hosts.
    let folder = Folder::with(&[("x/a.txt", article(1, 3)), ("y/a.txt", article(2, 3))]);
    assert_eq!(hosts(&folder, "x y"), [json!([null, 2])]);
}

#[test]
fn lines_of_a_folder_s_site_are_counted_apart() {
    let footer = "تابعوا أخبارنا الحصرية كل يوم على موقعنا هذا";
    let files: Vec<(String, String)> = (0..20)
        .map(|i| {
            let site = if i < 10 { "one" } else { "two" };
            let end = if i < 10 { footer } else { "كلام ليس في أي صفحة أخرى" };
            (format!("in/{site}/{i}.txt"), format!("{}{end}\n", article(700 + i, 6)))
        })
        .collect();
    let rows = folder(&files).ghirbal("report --hosts=one in --format jsonl").ok().rows();
    assert_eq!(fields(&rows, "host_line", &["text", "documents"]), [json!([footer, 10])]);
}

#[test]
fn a_corpus_without_hosts_says_so() {
    let pages: String = (0..5).map(|i| record(&i.to_string(), &page("س", 800 + i))).collect();
    let folder = Folder::with(&[("a.jsonl", pages)]);
    folder.ghirbal("report --hosts a.jsonl").ok().says(&[
        "5 documents of no host",
        "documents of no host",
        "عاجل | رياضة | اقتصاد",
        "no document names a host",
        "--host-field",
    ]);
    folder.ghirbal("report --hosts=a.org a.jsonl").code(1).says(&["no document names a host", "--host-field"]);
}

#[test]
fn a_corpus_without_documents_or_with_bad_records_says_so() {
    let folder = Folder::with(&[("empty/readme.md", "x"), ("bad.jsonl", "{\n")]);
    folder.ghirbal("report --hosts empty").code(1).says(&["no document could be read"]);
    folder.ghirbal("report --hosts bad.jsonl").code(1).says(&["every record was skipped", "broken JSON"]);
    folder.ghirbal("report --hosts nowhere").code(1).says(&["nowhere"]);
    folder.write("some.jsonl", record("1", &article(1, 3)) + "nonsense\n");
    let ran = folder.ghirbal("report --hosts some.jsonl --format jsonl").code(2);
    assert_eq!(fields(&ran.rows(), "skipped", &["source", "line"]), [json!(["some.jsonl", 2])]);
    folder.ghirbal("report --hosts some.jsonl").code(2).says(&["1 record skipped", "no line recurs"]);
}

#[test]
fn a_host_s_name_and_lines_cannot_write_to_the_terminal() {
    let hostile = |i: u64| json!({"host": "\u{1b}[2J", "text": format!("\u{1b}[31mmenu of this\u{202e} site\n{}", article(900 + i, 3))});
    let folder = Folder::with(&[("a.jsonl", (0..4).map(|i| format!("{}\n", hostile(i))).collect::<String>())]);
    let shown = folder.ghirbal("report --hosts a.jsonl").ok().says(&["4 documents"]).stdout;
    assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown}");
}
