//! Text from the web is hostile: it shows nothing it should not, and costs no more than other text.

use std::fs;
use std::process::Stdio;

use wait4::Wait4;

use crate::helper::{Folder, article, command, record};

/// CPU seconds of a search for passages everywhere.
fn cost(folder: &Folder, lines: String) -> f64 {
    folder.write("a.jsonl", lines);
    let args = "report a.jsonl --scope both --format jsonl --min-words 3 --identity 0.3";
    let child = command(&folder.path(""), args).stdout(Stdio::null()).spawn().unwrap();
    let used = child.wait4().unwrap();
    assert!(used.status.success());
    (used.rusage.utime + used.rusage.stime).as_secs_f64()
}

/// Of four times the text a search takes less than eight times as long; sixteen would be quadratic.
#[track_caller]
fn near_linear(text: impl Fn(usize) -> String, len: usize) {
    let folder = Folder::empty();
    let of = |len: usize| record("1", &text(len)) + &record("2", &text(len + 7)) + &record("3", &article(1, 4));
    let (small, large) = (cost(&folder, of(len)), cost(&folder, of(4 * len)));
    assert!(large < 8.0 * small + 0.5, "{len} words take {small} s, four times as many {large} s");
}

#[test]
fn one_word_again_and_again_is_near_linear() {
    near_linear(|len| "كلمة ".repeat(len), 10_000);
}

#[test]
fn a_period_of_any_length_is_near_linear() {
    for period in [2, 3, 17, 400] {
        near_linear(|len| (0..len).map(|i| format!("w{} ", i % period)).collect(), 10_000);
    }
}

#[test]
fn the_same_lines_in_another_order_are_near_linear() {
    let lines: Vec<String> = article(5, 40).lines().map(str::to_owned).collect();
    near_linear(|len| (0..len / 14).map(|i| lines[i * i % 40].clone() + "\n").collect(), 10_000);
}

#[test]
fn names_and_fields_cannot_steer_a_terminal() {
    let folder = Folder::with(&[("in/a\u{1b}[31m\u{202e}.jsonl", "{\"\\u001b[2J\\u202e\":\"x\"}\nnothing\n")]);
    for args in ["report in", "clean in -o out", "report in/nosuch\u{1b}[2J"] {
        let ran = folder.ghirbal(args).code(1);
        let said = ran.stdout + &ran.stderr;
        assert!(!said.contains(['\u{1b}', '\u{202e}']), "{said:?}");
        assert!(said.contains("\\u{1b}"), "{said}");
    }
}

#[test]
fn the_hidden_folder_of_a_growing_output_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;

    let lines: String = (0..800).map(|i| record(&i.to_string(), &article(i, 9))).collect();
    let folder = Folder::with(&[("a.jsonl", lines)]);
    let mut child = command(&folder.path(""), "clean a.jsonl -o out").spawn().unwrap();
    let partial = folder.path(".out.ghirbal-partial");
    while !partial.exists() && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    let mode = fs::metadata(&partial).unwrap().permissions().mode();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(mode & 0o777, 0o700);
    let (out, plain) = (fs::metadata(folder.path("out")).unwrap(), folder.path("plain"));
    fs::create_dir(&plain).unwrap();
    assert_eq!(out.permissions().mode(), fs::metadata(plain).unwrap().permissions().mode(), "and then as usual");
}

#[test]
fn links_in_a_circle_are_not_followed() {
    let folder = Folder::with(&[("in/a.txt", article(3, 4))]);
    std::os::unix::fs::symlink("..", folder.path("in/up")).unwrap();
    std::os::unix::fs::symlink("/", folder.path("in/root")).unwrap();
    let rows = folder.ghirbal("report in --format jsonl").ok().rows();
    assert_eq!(rows.last().unwrap()["documents"], 1);
}
