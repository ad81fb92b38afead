//! Phrases of one's own: tested before they are used, then used.

use crate::helper::{Folder, article};

const GOOD: &str = "# ours
promo both: (اطلب/اطلبوا) نسختكم من <any>   # our pages
+ اطلبوا نسختكم من العدد الجديد
+ تابعونا على تلغرام
- اطلبوا العلم من المهد إلى اللحد.
site_label block weak: عدد اليوم   # our pages
+ عدد اليوم:
";

const BAD: &str = "+ early
promo both: (تابعوا/تابعونا) قناتنا   # our pages
+ تابعونا قناتنا
+ اشتركوا الآن
- تابعوا قناتنا.
promo block: عدد اليوم
site_label blocks: x # y
+ lost
read_also block: see also # z
promo block: <nix> # x
contact block: (a/b # x
@weather rain
";

fn check(text: &str) -> crate::helper::Ran {
    Folder::with(&[("mine.txt", text)]).ghirbal("phrases check mine.txt")
}

#[test]
fn a_good_list_is_well_and_every_test_is_shown() {
    insta::assert_snapshot!(check(GOOD).ok().stdout);
}

#[test]
fn the_example_of_the_readme_is_well() {
    let readme = include_str!("../../README.md");
    let (_, example) = readme.split_once("```text\n# label, ").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    check(&format!("# {example}")).ok().says(&["1 phrase, 2 tests: all is well"]);
}

#[test]
fn a_bad_list_is_told_everything_that_is_wrong_at_once() {
    insta::assert_snapshot!(check(BAD).code(1).stdout);
}

#[test]
fn files_that_are_no_lists_are_met_with_a_remedy() {
    Folder::empty().ghirbal("phrases check nowhere.txt").code(1).says(&["nowhere.txt", "phrases check -h"]);
    let folder = Folder::with(&[("utf16.txt", &b"\xff\xfep\0"[..]), ("empty.txt", b"")]);
    folder.ghirbal("phrases check utf16.txt").code(1).says(&["UTF-8"]);
    folder.ghirbal("phrases check empty.txt").ok().says(&["no phrase stands in it"]);
    folder.ghirbal("phrases").code(2).says(&["check", "list"]);
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_are_no_fault() {
    check(&format!("\u{feff}{}", GOOD.trim_start_matches("# ours\n").replace('\n', "\r\n"))).ok();
}

#[test]
fn a_list_that_is_hopeless_ends_the_check_early() {
    check(&"nonsense\n".repeat(50)).code(1).says(&["line 20 ", "the rest was not looked at"]);
}

#[test]
fn the_built_in_lists_can_be_read() {
    let folder = Folder::empty();
    let all = folder.ghirbal("phrases list").ok().stdout;
    let arabic =
        folder.ghirbal("phrases list --lang ar").ok().says(&["read_also_marker", "both", "news portals"]).stdout;
    assert!(all.len() > 2 * arabic.len() && arabic.lines().count() > 50);
    folder.ghirbal("phrases list --lang xx").code(1).says(&["no phrases for `xx`", "ar, en"]);
}

#[test]
fn phrases_of_one_s_own_are_used_and_wrong_ones_refused() {
    let text = format!("{}اطلبوا نسختكم من العدد الجديد\n", article(3, 6));
    let folder = Folder::with(&[("a.txt", text.as_str()), ("mine.txt", GOOD), ("bad.txt", "promo block: <nix>\n")]);
    let rows = folder.ghirbal("report a.txt --phrases mine.txt --format jsonl").ok().rows();
    assert!(
        rows.iter().any(|row| row["label"] == "promo" && row["evidence"].to_string().contains("mine.txt")),
        "{rows:#?}"
    );
    folder.ghirbal("clean a.txt -o out --phrases mine.txt").ok();
    assert_eq!(folder.read("out/cleaned/a.txt"), article(3, 6));
    for command in ["report a.txt", "clean a.txt -o out2"] {
        folder.ghirbal(&format!("{command} --phrases bad.txt")).code(1).says(&[
            "bad.txt",
            "line 1",
            "there is no value `<nix>`",
            "ghirbal phrases check bad.txt",
        ]);
        folder.ghirbal(&format!("{command} --phrases nowhere.txt")).code(1).says(&["nowhere.txt", "hint"]);
    }
}
