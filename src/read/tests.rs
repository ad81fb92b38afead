use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::*;
use crate::error::Result;
use crate::params::Keep;

/// A folder with these files in it.
fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    folder
}

fn found(folder: &Path) -> Discovered {
    discover(&[folder.to_path_buf()]).unwrap()
}

fn names(found: &Discovered) -> Vec<&str> {
    found.sources.iter().map(|s| s.name.as_str()).collect()
}

fn records(sources: &[Source], params: &Params) -> Vec<Record> {
    let raw = sources.iter().enumerate().flat_map(|(index, source)| source.reader(index as u32));
    raw.map(|raw| parse(sources, params, raw)).collect()
}

/// The records of one file.
fn read(name: &str, bytes: &[u8]) -> Vec<Record> {
    let folder = folder(&[(name, bytes)]);
    let records = records(&found(folder.path()).sources, &Params::default());
    let raw: Vec<u8> = records.iter().flat_map(|r| r.raw.clone()).collect();
    for (record, offset) in records.iter().zip(records.iter().scan(0, |at, r| {
        let offset = *at;
        *at += r.raw.len() as u64;
        Some(offset)
    })) {
        assert_eq!(record.offset, offset, "records tile their source");
    }
    if Compression::detect(bytes) == Compression::None {
        assert_eq!(raw, bytes, "records tile their source");
    }
    records
}

/// The only record of a JSON line.
fn line(line: &str) -> Record {
    let mut records = read("a.jsonl", line.as_bytes());
    assert_eq!(records.len(), 1);
    records.remove(0)
}

fn document(json: &str) -> Document {
    line(json).document().unwrap_or_else(|| panic!("no document: {json}")).clone()
}

/// What a reader says about a line it skips.
fn why(json: &str) -> String {
    line(json).skipped().unwrap_or_else(|| panic!("not skipped: {json}")).to_owned()
}

/// A record of each text format, and what it is as a document.
const SAMPLES: &[(&str, &[u8])] = &[
    ("jsonl", b"{\"id\":\"1\",\"text\":\"\xd8\xba\"}\n"),
    ("text", "غ".as_bytes()),
    ("csv", "text\nغ\n".as_bytes()),
    ("warc", "WARC/1.0\r\nWARC-Type: conversion\r\nContent-Length: 2\r\n\r\nغ\r\n\r\n".as_bytes()),
];

#[test]
fn every_row_of_the_table_is_read_under_each_of_its_names_and_compressions() {
    // Tables compress inside; `tests/it/formats.rs` has them.
    for format in FORMATS.iter().filter(|f| !f.is_table) {
        let (_, sample) = SAMPLES.iter().find(|(name, _)| *name == format.name).expect("a sample for each format");
        for extension in format.extensions {
            for compression in Compression::ALL {
                let name = format!("a.{extension}{}", compression.extension());
                let records = read(&name, &compressed(sample, compression));
                let texts: Vec<_> = records.iter().filter_map(|r| r.document()).map(|d| d.text.as_str()).collect();
                assert_eq!(texts, ["غ"], "{name}");
                let raw: Vec<u8> = records.iter().flat_map(|r| r.raw.clone()).collect();
                assert_eq!(raw, *sample, "{name}");
            }
        }
    }
}

#[test]
fn a_folder_is_read_by_name_and_what_is_not_read_is_listed() {
    let folder = folder(&[
        ("b/x.TXT", b"x"),
        ("a.jsonl", b""),
        ("image.png", b"\x89PNG"),
        (".hidden.txt", b"h"),
        (".git/c.txt", b"h"),
    ]);
    let found = found(folder.path());
    assert_eq!(names(&found), ["a.jsonl", "b/x.TXT"]);
    assert_eq!(found.hidden, 2);
    assert_eq!(found.skipped.len(), 1);
    assert!(found.skipped[0].name.ends_with("image.png") && found.skipped[0].why.starts_with("unknown format"));
    assert!(!found.skipped[0].unreadable);
}

#[test]
fn a_file_of_unknown_name_is_told_by_its_content() {
    let json = b"\xef\xbb\xbf \n{\"text\":\"x\"}\n";
    let folder = folder(&[("crawl", json), ("note", b"x"), ("part.gz", &compressed(json, Compression::Gzip))]);
    let paths: Vec<PathBuf> = ["crawl", "note", "part.gz"].iter().map(|n| folder.path().join(n)).collect();
    let found = discover(&paths).unwrap();
    let formats: Vec<_> = found.sources.iter().map(|s| s.format.name).collect();
    assert_eq!(formats, ["jsonl", "text", "jsonl"]);
}

#[test]
fn a_missing_path_is_named_with_a_remedy() {
    let message = discover(&["no/such/file".into()]).unwrap_err().to_string();
    assert!(message.contains("`no/such/file`") && message.contains("hint: name a file"), "{message}");
}

#[test]
fn equal_names_are_told_apart_whatever_the_order_of_the_arguments() {
    let folder = folder(&[("a/x.txt", b"1"), ("b/x.txt", b"2"), ("b/y.txt", b"3"), ("c/b/x.txt", b"4"), ("d/a", b"5")]);
    let mut paths: Vec<PathBuf> = ["a", "b", "c/b", "d/a"].iter().map(|n| folder.path().join(n)).collect();
    let forward = discover(&paths).unwrap();
    assert_eq!(names(&forward), ["a/x.txt", "a~2", "b/x.txt", "b/x~2.txt", "y.txt"]);
    paths.reverse();
    assert_eq!(names(&discover(&paths).unwrap()), names(&forward));
}

#[test]
fn a_file_reached_twice_is_read_once() {
    let folder = folder(&[("a/x.txt", b"1"), ("a/odd", b"2")]);
    let root = folder.path();
    let found = discover(&[root.into(), root.join("a/x.txt"), root.join("a"), root.join("a/odd")]).unwrap();
    assert_eq!(names(&found), ["a/x.txt", "odd"]);
    assert_eq!(found.skipped, [], "the odd name was asked for, so it is read");
}

#[cfg(unix)]
#[test]
fn symbolic_links_are_listed_and_not_followed() {
    let outside = folder(&[("secret.txt", b"s")]);
    let folder = folder(&[("x.txt", b"1")]);
    std::os::unix::fs::symlink(outside.path().join("secret.txt"), folder.path().join("y.txt")).unwrap();
    std::os::unix::fs::symlink(outside.path(), folder.path().join("z")).unwrap();
    std::os::unix::fs::symlink("nowhere", folder.path().join("w.txt")).unwrap();
    let found = found(folder.path());
    assert_eq!(names(&found), ["x.txt"]);
    assert_eq!(found.skipped.iter().map(|s| s.why.as_str()).collect::<Vec<_>>(), ["a symbolic link, not followed"; 3]);
}

#[cfg(unix)]
#[test]
fn a_symbolic_link_named_by_the_user_is_followed() {
    let outside = folder(&[("a/x.txt", b"1"), ("y", b"2")]);
    let folder = folder(&[]);
    for (target, link) in [("a", "l"), ("y", "m")] {
        std::os::unix::fs::symlink(outside.path().join(target), folder.path().join(link)).unwrap();
    }
    let found = discover(&[folder.path().join("l"), folder.path().join("m")]).unwrap();
    assert_eq!(names(&found), ["m", "x.txt"]);
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_no_utf_8_are_told_apart() {
    use std::os::unix::ffi::OsStrExt;
    let folder = folder(&[]);
    for name in [b"\xff.txt", b"\xfe.txt"] {
        fs::write(folder.path().join(std::ffi::OsStr::from_bytes(name)), "x").unwrap();
    }
    let root = folder.path().file_name().unwrap().to_str().unwrap();
    let found = discover(&[folder.path().to_path_buf()]).unwrap();
    let records = records(&found.sources, &Params::default());
    assert_eq!(records.len(), 2);
    assert!(records.iter().all(|r| r.document().is_some_and(|d| d.text == "x")));
    assert_eq!(names(&found), [format!("{root}/\u{fffd}.txt"), format!("{root}/\u{fffd}~2.txt")]);
}

#[test]
fn a_source_that_cannot_be_opened_any_more_is_a_skipped_record() {
    let folder = folder(&[("a.txt", b"1"), ("b.txt", b"2")]);
    let sources = found(folder.path()).sources;
    fs::remove_file(folder.path().join("a.txt")).unwrap();
    let records = records(&sources, &Params::default());
    assert!(records[0].skipped().unwrap().starts_with("the file cannot be opened"));
    assert_eq!(records[1].document().unwrap().text, "2");
}

#[test]
fn line_ends_blank_lines_and_a_missing_last_line_end_are_kept() {
    let records = read("a.jsonl", b"\xef\xbb\xbf{\"text\":\"1\"}\r\n\r\n  \n{\"text\":\"2\"}");
    let lines: Vec<_> = records.iter().map(|r| (r.line, r.document().map(|d| d.text.as_str()))).collect();
    assert_eq!(lines, [(1, Some("1")), (2, None), (3, None), (4, Some("2"))]);
    assert!(matches!(records[1].content, Content::Nothing) && matches!(records[2].content, Content::Nothing));
    assert_eq!(records[3].document().unwrap().id, "a.jsonl:4");
}

#[test]
fn the_text_s_place_in_the_line_is_its_raw_form() {
    let record = line(r#"{"a":{"text":"no"},"text" : "\u063a\"x" , "b":1}"#);
    let Content::Document(parsed) = &record.content else { panic!() };
    assert_eq!(parsed.document.text, "غ\"x");
    assert_eq!(&record.raw[parsed.text_at.clone()], br#"\u063a\"x"#);
}

#[test]
fn ids_are_strings_or_numbers() {
    assert_eq!(document(r#"{"id":"ا\u0031","text":""}"#).id, "ا1");
    assert_eq!(document(r#"{"id":-1.50,"text":""}"#).id, "-1.50");
    for id in ["null", "\"\"", "[1]", "true", r#""\ud800""#] {
        assert_eq!(document(&format!(r#"{{"id":{id},"text":""}}"#)).id, "a.jsonl:1");
    }
}

#[test]
fn the_host_comes_from_its_field_or_from_the_url() {
    assert_eq!(document(r#"{"host":"H","url":"http://u/","text":""}"#).host.as_deref(), Some("H"));
    assert_eq!(document(r#"{"url":"http://U:80/","text":""}"#).host.as_deref(), Some("u"));
    assert_eq!(document(r#"{"host":null,"url":"http://u/","text":""}"#).host.as_deref(), Some("u"));
    assert_eq!(document(r#"{"uri":"http://www.u.v/","url":"not one","text":""}"#).host.as_deref(), Some("u.v"));
    assert_eq!(document(r#"{"host":{"a":1},"url":"u/","text":""}"#).host, None);
    assert_eq!(document(r#"{"text":""}"#).host, None);
}

#[test]
fn the_last_of_equal_names_wins_and_one_field_may_serve_twice() {
    assert_eq!(document(r#"{"text":"1","text":"2"}"#).text, "2");
    let mut params = Params::default();
    params.fields.id = "text".into();
    params.documents.keep = Keep::Earliest("n".into());
    let folder = folder(&[("a.jsonl", br#"{"text":"t","n":2020}"#)]);
    let records = records(&found(folder.path()).sources, &params);
    let document = records[0].document().unwrap();
    assert_eq!((document.id.as_str(), document.sort_key.as_deref()), ("t", Some("2020")));
}

#[test]
fn a_skipped_record_says_why_in_words() {
    assert_eq!(
        why(r#"{"url":"u","body":"long text","n":1}"#),
        "no field `text`; the record has: url, body, n; hint: --text-field body"
    );
    assert_eq!(why("{}"), "no field `text`; the record is empty");
    assert_eq!(why(r#"{"text":null}"#), "field `text` is null, not a string");
    assert_eq!(why(r#"{"text":["a"]}"#), "field `text` is an array, not a string");
    assert_eq!(why(r#"{"text":"a\ud83d"}"#), "field `text` holds half of a surrogate pair at byte 10");
    assert_eq!(why("[1]"), "not a JSON object but an array; hint: `jq -c '.[]'` turns an array into JSON Lines");
    assert_eq!(why("12"), "not a JSON object but a number");
    assert!(why(r#"{"text":"a""#).starts_with("broken JSON at column 11: EOF"));
    assert!(why(r#"{"text":"a"} x"#).starts_with("broken JSON at column 14: trailing"));
    assert!(why("{\"text\":\"a\tb\"}").starts_with("broken JSON at column 10: control character"));
    assert!(why("\u{feff}\u{feff}{\"text\":\"\"}").starts_with("broken JSON"));
    assert!(why("[").ends_with("`jq -c '.[]'` turns an array into JSON Lines"));
    assert!(why("{").ends_with("`jq -c .` puts each on one"));
    assert_eq!(read("a.jsonl", b"{\"text\":\"\xff\"}")[0].skipped(), Some("invalid UTF-8 at byte 9"));
    assert_eq!(read("a.txt", b"ab\xd8")[0].skipped(), Some("invalid UTF-8 at byte 2"));
}

#[test]
fn names_of_fields_cannot_play_tricks_on_a_terminal_and_long_lists_are_cut() {
    assert!(why(r#"{"\u001b[2J\n":1}"#).contains("\\u{1b}[2J\\n"));
    let many: Vec<String> = (0..40).map(|i| format!("\"f{i}\":1")).collect();
    assert!(why(&format!("{{{}}}", many.join(","))).ends_with("f11, and 28 more"));
}

#[test]
fn nesting_of_any_depth_is_passed_over() {
    let deep = format!(r#"{{"x":{}{},"text":"t"}}"#, "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(document(&deep).text, "t");
}

#[test]
fn plain_text_is_one_document_byte_order_mark_included() {
    let records = read("a.txt", b"\xef\xbb\xbfx\r\n\r\ny");
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].document().unwrap().text, "\u{feff}x\r\n\r\ny");
    assert_eq!(records[0].document().unwrap().id, "a.txt");
}

#[test]
fn an_empty_text_is_an_empty_document_and_an_empty_json_file_has_none() {
    assert_eq!(read("a.txt", b"")[0].document().unwrap().text, "");
    assert_eq!(read("a.jsonl", b"").len(), 0);
}

#[test]
fn members_and_frames_after_the_first_are_read() {
    for &compression in &Compression::ALL[1..] {
        let mut bytes = compressed(b"{\"text\":\"1\"}\n{\"te", compression);
        bytes.extend(compressed(b"", compression));
        bytes.extend(compressed(b"xt\":\"2\"}\n", compression));
        let texts: Vec<_> = read("a.jsonl", &bytes).iter().map(|r| r.document().unwrap().text.clone()).collect();
        assert_eq!(texts, ["1", "2"], "{compression:?}");
    }
}

#[test]
fn a_zstandard_file_may_begin_with_a_skippable_frame() {
    let mut bytes = b"\x50\x2a\x4d\x18\x02\0\0\0ab".to_vec();
    bytes.extend(compressed(b"{\"text\":\"1\"}", Compression::Zstd));
    assert_eq!(read("a.jsonl.zst", &bytes)[0].document().unwrap().text, "1");
}

/// Lines that do not compress well, so that a cut loses only some of them.
fn many_lines() -> Vec<u8> {
    let lines =
        (0u64..60_000).map(|i| format!("{{\"text\":\"{:x}\"}}\n", xxhash_rust::xxh3::xxh3_128(&i.to_le_bytes())));
    lines.collect::<String>().into_bytes()
}

#[test]
fn a_stream_that_ends_too_early_gives_its_records_and_then_says_so() {
    let whole = many_lines();
    for &compression in &Compression::ALL[1..] {
        let bytes = compressed(&whole, compression);
        let records = read("a.jsonl", &bytes[..bytes.len() / 2]);
        let read: Vec<u8> = records.iter().flat_map(|r| r.raw.clone()).collect();
        assert!(whole.starts_with(&read) && read.len() > 10_000, "{compression:?}: {} bytes", read.len());
        let last = records.last().unwrap();
        assert!(last.raw.is_empty());
        let why = last.skipped().unwrap();
        assert!(why.starts_with("the compressed stream ends too early, after line "), "{compression:?}: {why}");
        assert!(records[..records.len() - 2].iter().all(|r| r.document().is_some()));
    }
}

#[test]
fn a_damaged_stream_gives_its_records_and_then_says_so() {
    let whole = many_lines();
    for &compression in &Compression::ALL[1..] {
        let mut bytes = compressed(&whole, compression);
        let middle = bytes.len() / 2;
        bytes[middle..middle + 8].fill(0xff);
        let records = read("a.jsonl", &bytes);
        let why = records.last().unwrap().skipped().unwrap();
        assert!(why.starts_with("the source is damaged or unreadable "), "{compression:?}: {why}");
    }
}

#[test]
fn a_damaged_beginning_is_a_fault_of_one_source_and_the_next_is_read() {
    let folder = folder(&[("a.jsonl", b"\x1f\x8bgarbage"), ("b.txt", b"x")]);
    let records = records(&found(folder.path()).sources, &Params::default());
    assert!(records[0].skipped().unwrap().contains("before its first record"));
    assert_eq!(records[1].document().unwrap().text, "x");
}

#[test]
fn a_record_over_the_limit_is_skipped_once_and_passes_through_in_pieces() {
    for (name, bytes) in
        [("a.jsonl", &b"{\"text\":\"aaaaaaaaaaaaaaaaaaaaaa\"}\n{\"text\":\"1\"}\n"[..]), ("a.txt", &[b'x'; 40])]
    {
        let folder = folder(&[(name, bytes)]);
        let sources = found(folder.path()).sources;
        let raw: Vec<_> = sources[0].reader(0).record_len_bytes_max(16).collect();
        assert!(raw.iter().all(|r| r.raw.len() <= 16));
        assert_eq!(raw.iter().flat_map(|r| r.raw.clone()).collect::<Vec<_>>(), bytes);
        let records: Vec<_> = raw.into_iter().map(|r| parse(&sources, &Params::default(), r)).collect();
        assert!(records[0].skipped().unwrap().contains("longer than the limit of 16 bytes"));
        assert_eq!(records.iter().filter(|r| r.skipped().is_some()).count(), 1);
        if name == "a.jsonl" {
            let last = records.last().unwrap();
            assert_eq!((last.line, last.document().map(|d| d.text.as_str())), (2, Some("1")));
        }
    }
}

/// All batches of one pass.
fn batches(mut corpus: Corpus, len_bytes: usize) -> Result<(Vec<usize>, Vec<Checksum>)> {
    let mut sizes = Vec::new();
    while let Some(batch) = corpus.next_batch(len_bytes)? {
        sizes.push(batch.len());
    }
    Ok((sizes, corpus.into_checksums()))
}

#[test]
fn batches_run_over_sources_and_checksums_are_of_the_decompressed_content() {
    let folder = folder(&[("a.jsonl", b""), ("b.txt", b"x"), ("c.txt.gz", &compressed(b"y", Compression::Gzip))]);
    let sources = found(folder.path()).sources;
    let (sizes, checksums) = batches(Corpus::new(&sources), 1 << 20).unwrap();
    assert_eq!(sizes, [2]);
    assert_eq!(batches(Corpus::new(&sources), 1).unwrap().0, [1, 1]);
    let expected: Vec<_> = [&b""[..], b"x", b"y"].iter().map(|b| xxhash_rust::xxh3::xxh3_128(b)).collect();
    assert_eq!(checksums.iter().map(|c| c.xxh3).collect::<Vec<_>>(), expected);
    assert!(batches(Corpus::again(&sources, &checksums), 10).is_ok());
}

#[test]
fn what_stands_before_damage_is_read() {
    let noise = (0..1_000_000u32).map(|i| i.wrapping_mul(i ^ 0x9e37_79b9) >> 24 & 63);
    let lines: Vec<u8> = noise.map(|n| if n == 0 { b'\n' } else { b'0' + n as u8 }).collect();
    // Blocks of 99,981 bytes, of which one cannot be told from garbage before it has ended.
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(&lines).unwrap();
    let mut damaged = encoder.finish().unwrap();
    let at = damaged.len() * 75 / 100;
    damaged[at] ^= 1;
    let folder = folder(&[("a.txt.bz2", &damaged)]);
    let records = records(&found(folder.path()).sources, &Params::default());
    let read = records.iter().flat_map(|r| r.raw.iter());
    let same = read.zip(&lines).take_while(|(a, b)| a == b).count();
    assert!(same > 7 * 99_981 - (1 << 13), "{same}");
}

#[test]
fn a_file_that_changes_between_two_passes_ends_the_run_by_name() {
    let folder = folder(&[("a.txt", b"1"), ("b.txt", b"2")]);
    let sources = found(folder.path()).sources;
    let (_, checksums) = batches(Corpus::new(&sources), 1).unwrap();
    // Other bytes, more, fewer, none, and no file.
    for change in [Some(&b"3"[..]), Some(b"22"), Some(b""), None] {
        let path = folder.path().join("b.txt");
        change.map_or_else(|| fs::remove_file(&path), |bytes| fs::write(&path, bytes)).unwrap();
        let message = batches(Corpus::again(&sources, &checksums), 1).unwrap_err().to_string();
        assert!(message.contains("changed while it was read") && message.contains("b.txt"), "{message}");
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_is_copied_and_read_like_a_file() {
    let folder = folder(&[]);
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::write(pipe, "{\"text\":\"1\"}\n")
    });
    let sources = discover(&[pipe]).unwrap().sources;
    writer.join().unwrap().unwrap();
    assert_eq!(sources[0].name, "pipe.jsonl");
    let copy = sources[0].path.clone();
    assert_eq!(records(&sources, &Params::default())[0].document().unwrap().id, "pipe.jsonl:1");
    drop(sources);
    assert!(!copy.exists(), "the copy goes with its source");
}

proptest::proptest! {
    #[test]
    fn no_bytes_whatever_are_lost_or_make_the_reader_panic(bytes: Vec<u8>, name in "a\\.(txt|jsonl)") {
        read(&name, &bytes);
    }

    #[test]
    fn json_of_any_shape_is_a_document_or_says_why_not(json in "[{]?(\"(text|id|a)\":(\"[a-c\\\\u0-9]{0,6}\"|null|1|\\[\\]),?){0,3}[}]?") {
        read("a.jsonl", json.as_bytes());
    }
}
