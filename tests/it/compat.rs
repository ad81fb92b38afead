//! Artefacts of every version that was ever written are read for ever after. They stand in
//! `tests/compat`, one folder a format version, and are never made again (`tests/compat/make`).

use std::fs;
use std::path::Path;

use crate::helper::{Folder, ghirbal, same_content};

#[test]
fn outputs_of_every_version_are_restored_and_explained() {
    let compat = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compat");
    let versions = fs::read_dir(&compat).unwrap().map(|entry| entry.unwrap().path());
    let versions: Vec<_> = versions.filter(|path| path.is_dir()).collect();
    assert!(!versions.is_empty());
    for frozen in versions {
        let folder = Folder::empty();
        let (out, back) = (frozen.join("out"), folder.path("back"));
        ghirbal(&format!("restore {} -o {}", out.display(), back.display())).ok();
        // A table's container is made anew; that its rows came back `restore` has checked itself.
        fs::copy(frozen.join("in/table.parquet"), back.join("table.parquet")).unwrap();
        same_content(&frozen.join("in"), &back);
        ghirbal(&format!("explain {} tail.txt:8", out.display())).ok().says(&["إقرأ أيضاً"]);
    }
}

#[test]
fn damaged_findings_are_not_explained_from() {
    let folder = Folder::empty();
    let frozen = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compat/1/out");
    let copied = std::process::Command::new("cp").arg("-r").arg(frozen).arg(folder.path("out")).status();
    assert!(copied.unwrap().success());
    let findings = folder.read("out/findings.jsonl");
    folder.write("out/findings.jsonl", findings.replacen("read_also", "read_oslo", 1));
    let says = ["a file beside the ledger was edited or damaged", "findings.jsonl", "hint:"];
    folder.ghirbal("explain out tail.txt:8").code(1).says(&says);
    folder.ghirbal("restore out -o back").ok();
}
