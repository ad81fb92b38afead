//! The guides are true: their commands run, and print what they say.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::helper::Folder;

/// A block of commands of a document: its line, the commands, what they must print.
struct Block {
    line: usize,
    commands: String,
    prints: Vec<String>,
}

/// The blocks marked `sh`.
fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut inside = false;
    for (line, text) in (1..).zip(text.lines()) {
        match (inside, text) {
            (false, "```sh") => {
                blocks.push(Block { line, commands: String::new(), prints: Vec::new() });
                inside = true;
            }
            (true, "```") => inside = false,
            (true, text) => {
                let block = blocks.last_mut().unwrap();
                match text.strip_prefix("#> ") {
                    Some(printed) => block.prints.push(printed.to_owned()),
                    None => block.commands += &format!("{text}\n"),
                }
            }
            _ => {}
        }
    }
    blocks
}

/// Runs a document's blocks one after another in one folder, where the seeds lie.
#[track_caller]
fn check(document: &str) {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = Folder::empty();
    for entry in fs::read_dir(here.join("seeds")).unwrap() {
        let entry = entry.unwrap();
        folder.write(&format!("seeds/{}", entry.file_name().to_string_lossy()), fs::read(entry.path()).unwrap());
    }
    let binary = PathBuf::from(assert_cmd::cargo::cargo_bin!("ghirbal"));
    let path = std::env::join_paths(
        [binary.parent().unwrap().to_path_buf()]
            .into_iter()
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    let path = path.unwrap();
    let blocks = blocks(&fs::read_to_string(here.join(document)).unwrap());
    assert!(!blocks.is_empty(), "{document} has no commands");
    for block in blocks {
        let ran =
            Command::new("sh").args(["-euc", &block.commands]).current_dir(folder.path("")).env("PATH", &path).output();
        let ran = ran.unwrap();
        let told = String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
        // Marks of direction are for the eye.
        let told = told.replace(['\u{2068}', '\u{2069}'], "");
        assert!(ran.status.success(), "{document} line {}:\n{}\n{told}", block.line, block.commands);
        for printed in &block.prints {
            assert!(told.contains(printed), "{document} line {} does not print {printed:?}:\n{told}", block.line);
        }
    }
}

#[test]
fn the_guide_runs_as_it_stands() {
    check("docs/GUIDE.md");
}

#[test]
fn the_answers_to_questions_run_as_they_stand() {
    check("docs/FAQ.md");
}

#[test]
fn the_readme_shows_what_the_seeds_give() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let shown = readme.split("The first one ends in this (shortened):\n\n```text\n").nth(1).unwrap();
    let shown = shown.split("```").next().unwrap();
    let told = crate::helper::ghirbal("report seeds").ok().stdout.replace(['\u{2068}', '\u{2069}'], "");
    for line in shown.lines().filter(|line| !line.is_empty()) {
        assert!(told.lines().any(|l| l == line), "README shows {line:?}, which is not in\n{told}");
    }
}

#[test]
fn commands_and_what_they_print_are_read_from_a_document() {
    let read = blocks("text\n```sh\necho a\n#> a\necho b\n```\n```text\nno\n```\n");
    assert_eq!((read.len(), read[0].line, read[0].commands.as_str()), (1, 2, "echo a\necho b\n"));
    assert_eq!(read[0].prints, ["a"]);
}
