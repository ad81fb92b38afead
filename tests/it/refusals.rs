//! Outputs that would harm something are refused before anything is read or written.

use crate::helper::{Folder, article};

fn corpus() -> Folder {
    Folder::with(&[("in/a.txt", article(1, 5)), ("in/b.txt", article(2, 5)), ("used/mine.txt", "mine".to_owned())])
}

/// `clean` with these arguments must be refused with these words, and change nothing.
fn check(args: &str, says: &[&str]) {
    let folder = corpus();
    for command in ["clean", "dedup"] {
        folder.ghirbal(&format!("{command} {args}")).code(1).says(says);
    }
    assert_eq!(folder.names(), ["in", "used"]);
    assert_eq!(folder.read("used/mine.txt"), "mine");
    assert_eq!(folder.read("in/a.txt"), article(1, 5));
}

#[test]
fn an_output_folder_in_use() {
    check("in -o used", &["the output exists already: `[folder]/used`", "hint: name a folder that does not exist"]);
}

#[test]
fn an_output_that_is_a_file() {
    check("in -o used/mine.txt", &["the output exists already"]);
}

#[test]
fn an_output_inside_the_input() {
    check("in -o in/out", &["the output lies inside the input in:", "hint: name a folder outside"]);
}

#[test]
fn an_output_that_is_the_input() {
    check("in -o in", &["the output is an input: `[folder]/in`", "hint: name another folder"]);
    check("in -o used/../in", &["the output is an input"]);
}

#[test]
fn an_output_that_is_an_input_file() {
    check("in/a.txt -o in/a.txt", &["the output is an input"]);
}

#[test]
fn a_dry_run_refuses_what_the_run_would() {
    check("in -o used --dry-run", &["the output exists already"]);
    check("in -o in/out --dry-run", &["the output lies inside the input"]);
}

#[test]
fn an_empty_folder_may_be_filled() {
    let folder = corpus();
    std::fs::create_dir(folder.path("empty")).unwrap();
    folder.ghirbal("clean in -o empty").ok();
    assert!(folder.has("empty/cleaned/a.txt"));
}

#[test]
fn folders_on_the_way_to_the_output_are_made() {
    let folder = corpus();
    folder.ghirbal("clean in -o a/b/out").ok();
    assert!(folder.has("a/b/out/cleaned/a.txt"));
}
