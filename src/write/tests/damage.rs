//! Damaged, forged and edited outputs: refused by name, never a panic.

use super::*;
use crate::write::ledger::{Lines, SEAL_LEN_BYTES, end_line, sum};

/// Small, with every kind of line.
fn small_output() -> Case {
    let case = Case::new(&[("a.jsonl", b"{\"text\":\"abc\"}\n{\"text\":\"gone\"}\n"), ("b.txt", b"abc")]);
    case.clean(|r| match r.document() {
        Some(d) if d.text == "gone" => go(),
        _ => Fate::Stay(vec![removal(1, 2, Label::Dateline, Action::Metadata)]),
    });
    case
}

fn refused(case: &Case, what: &str) -> Error {
    let error = case.restore().expect_err(what);
    assert!(error.is_artefact(), "{what}: {error}");
    assert!(!case.path("back").exists(), "{what}: nothing is written");
    error
}

#[test]
fn a_ledger_with_any_byte_flipped_or_cut_is_refused() {
    let case = small_output();
    case.restores();
    let path = case.path("out/ledger.jsonl");
    let whole = fs::read(&path).unwrap();
    let check = |bytes: &[u8]| {
        let lines = Lines::of(Box::new(std::io::Cursor::new(bytes.to_vec())), &path);
        Ledger::check(lines).map(|_| ())
    };
    check(&whole).unwrap();
    let mut damaged = whole.clone();
    for at in 0..whole.len() {
        for bit in 0..8 {
            damaged[at] ^= 1 << bit;
            let error = check(&damaged).expect_err("a flipped bit");
            assert!(error.is_artefact() && error.to_string().contains("ledger.jsonl"), "byte {at}: {error}");
            damaged[at] = whole[at];
        }
        assert!(check(&whole[..at]).is_err_and(|e| e.is_artefact()), "cut at byte {at}");
    }
    fs::write(&path, [&whole[..], b"\n"].concat()).unwrap();
    assert!(refused(&case, "a byte more").to_string().contains("something follows its end"));
}

#[test]
fn damage_is_named_by_its_line_and_missing_lines_are_seen() {
    let case = small_output();
    let path = case.path("out/ledger.jsonl");
    let whole = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    fs::write(&path, whole.replacen("\"text\":\"gone\"", "\"text\":\"fond\"", 1)).unwrap();
    assert!(refused(&case, "an edited line").to_string().contains("ledger.jsonl` line 3"));
    fs::write(&path, [lines[0], lines[1], lines[3], lines[4], lines[5]].concat()).unwrap();
    assert!(refused(&case, "a missing line").to_string().contains("lines are missing or changed"));
    fs::write(&path, lines[..5].concat()).unwrap();
    assert!(refused(&case, "a missing end").to_string().contains("cut off"));
    fs::write(&path, "").unwrap();
    refused(&case, "an empty file");
    fs::write(&path, whole.replacen("\"version\":1", "\"version\":2", 1)).unwrap();
    assert!(refused(&case, "another version").to_string().contains("format version 2"));
}

/// Writes the ledger anew with valid checksums around false content.
fn forge(case: &Case, from: &str, to: &str) {
    let path = case.path("out/ledger.jsonl");
    let whole = fs::read_to_string(&path).unwrap();
    assert!(whole.contains(from), "{from} is not in {whole}");
    let (mut forged, mut hasher) = (Vec::new(), xxhash_rust::xxh3::Xxh3Default::new());
    let lines: Vec<&str> = whole.lines().collect();
    for line in &lines[..lines.len() - 1] {
        let body = line[..line.len() - SEAL_LEN_BYTES].replace(from, to);
        let line = format!("{body}{}\n", sum(body.as_bytes()));
        hasher.update(line.as_bytes());
        forged.extend(line.into_bytes());
    }
    forged.extend(end_line(lines.len() as u64 - 1, &hasher).into_bytes());
    fs::write(&path, forged).unwrap();
}

#[test]
fn a_forged_ledger_is_refused_and_never_panics() {
    small_output().restores();
    for (from, to, says) in [
        ("\"at\":10,", "\"at\":9,", "cannot be put together"),
        ("\"text\":\"b\"", "\"text\":\"X\"", "cannot be put together"),
        ("\"at\":10,", "\"at\":18446744073709551615,", "shorter than the ledger says"),
        ("\"at\":15,", "\"at\":1,", "out of order"),
        ("\"len_bytes\":29}", "\"len_bytes\":18446744073709551615}", "shorter than the ledger says"),
        ("\"source\":\"b.txt\"", "\"source\":\"z.txt\"", "cannot be put together"),
        ("\"name\":\"b.txt\"", "\"name\":\"../b.txt\"", "outside its folder"),
        ("\"action\":\"metadata\"", "\"action\":\"burn\"", "cannot be read"),
        ("\"xxh3\":\"", "\"xxh3\":\"0", "not what was written"),
    ] {
        let case = small_output();
        forge(&case, from, to);
        let message = refused(&case, to).to_string();
        assert!(message.contains(says), "{to}: {message}");
    }
}

#[test]
fn an_edited_or_missing_cleaned_file_is_named() {
    let case = small_output();
    let path = case.path("out/cleaned/b.txt");
    for (edit, says) in [("aX", "not what was written"), ("", "shorter"), ("acc", "not what was written")] {
        fs::write(&path, edit).unwrap();
        let message = refused(&case, edit).to_string();
        assert!(message.contains("cleaned/b.txt") && message.contains(says), "{message}");
    }
    fs::remove_file(&path).unwrap();
    let message = refused(&case, "missing").to_string();
    assert!(message.contains("missing") && message.contains("cleaned/b.txt"), "{message}");
}

#[test]
fn a_moved_output_still_restores() {
    let case = small_output();
    fs::rename(case.path("out"), case.path("elsewhere")).unwrap();
    restore(&case.path("elsewhere"), &case.path("back")).unwrap();
    assert_eq!(content(&case.path("back/b.txt")), b"abc");
}

#[test]
fn a_ledger_cannot_name_files_outside_its_folder() {
    for name in ["../x", "/x", "a/../../x", "", "a//b", "."] {
        assert!(!staging::is_inside(name), "{name}");
    }
    assert!(staging::is_inside("a/b..c/.d"));
}

#[test]
fn no_ledger_no_restore() {
    let case = Case::new(&[("a.txt", b"x")]);
    let message = restore(&case.path("in"), &case.path("back")).unwrap_err().to_string();
    assert!(message.contains("ledger.jsonl") && message.contains("hint: name a folder"), "{message}");
}
