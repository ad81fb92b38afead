//! Ctrl-C: no output, nothing left behind, exit code 130.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::process::{Child, Command};

use crate::helper::{Folder, article, command, record};

fn interrupt(child: Child) -> (Option<i32>, String) {
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let out = child.wait_with_output().unwrap();
    (out.status.code(), String::from_utf8(out.stderr).unwrap())
}

/// The command waits for a pipe that we keep open, so the interrupt always comes in the middle.
#[test]
fn while_a_pipe_is_copied() {
    let folder = Folder::with(&[("tmp/keep", "")]);
    assert!(Command::new("mkfifo").arg(folder.path("pipe")).status().unwrap().success());
    let child = command(&folder.path(""), "clean pipe -o out").env("TMPDIR", folder.path("tmp")).spawn().unwrap();
    let mut pipe: File = OpenOptions::new().write(true).open(folder.path("pipe")).unwrap();
    // More than a pipe holds: once this is written, the copy has begun.
    pipe.write_all(&[b' '; 1 << 20]).unwrap();
    let (code, said) = interrupt(child);
    assert_eq!((code, said.as_str()), (Some(130), "interrupted; nothing was written\n"));
    assert_eq!(folder.names(), ["pipe", "tmp"]);
    assert_eq!(std::fs::read_dir(folder.path("tmp")).unwrap().count(), 1, "the copy is gone");
}

/// The output grows in a hidden folder; as soon as there is one, we interrupt.
#[test]
fn while_the_output_grows() {
    let lines: String = (0..3_000).map(|i| record(&format!("{i}"), &article(i, 9))).collect();
    let folder = Folder::with(&[("a.jsonl", lines)]);
    let mut child = command(&folder.path(""), "clean a.jsonl -o out").spawn().unwrap();
    while folder.names().len() == 1 && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    let (code, said) = interrupt(child);
    assert_eq!((code, said.as_str()), (Some(130), "interrupted; nothing was written\n"));
    assert_eq!(folder.names(), ["a.jsonl"]);
}
