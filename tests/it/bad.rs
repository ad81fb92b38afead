//! Hundreds of bad inputs in every format, cleaned in one run: each one is read or listed by name with
//! a reason, none stops the others, and every byte of it comes back.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;

use crate::helper::{Folder, article, of_type, record};

/// A bad file.
struct Bad {
    name: String,
    bytes: Vec<u8>,
    /// Whether a record of it must be listed as skipped. Of a flipped byte of a compressed file or a
    /// table nobody can say what it hits.
    listed: bool,
    /// Whether its bytes are its content, so that all of them come back.
    plain: bool,
}

struct Table(Vec<Bad>);

impl Table {
    fn add(&mut self, ending: &str, bytes: impl Into<Vec<u8>>) -> &mut Bad {
        let name = format!("{:03}{ending}", self.0.len());
        self.0.push(Bad { name, bytes: bytes.into(), listed: true, plain: true });
        self.0.last_mut().unwrap()
    }

    /// One bad line between two good ones.
    fn line(&mut self, bad: &[u8]) {
        let number = self.0.len() as u64;
        let good = |id: u64| record(&id.to_string(), &article(id, 2));
        let lines = [good(number * 2 + 10_000).as_bytes(), bad, b"\n", good(number * 2 + 10_001).as_bytes()].concat();
        self.add(".jsonl", lines);
    }
}

/// Every way in which bytes are no UTF-8 (Unicode 15, table 3-7).
const NO_UTF_8: [&[u8]; 16] = [
    b"\x80",
    b"\xbf",
    b"\xc0\x80",
    b"\xc1\xbf",
    b"\xc3",
    b"\xc3(",
    b"\xe0\x80\x80",
    b"\xe0\xa0",
    b"\xe2\x28\xa1",
    b"\xed\xa0\x80",
    b"\xed\xbf\xbf",
    b"\xf0\x80\x80\x80",
    b"\xf0\x9f\x98",
    b"\xf4\x90\x80\x80",
    b"\xf8\x88\x80\x80\x80",
    b"\xff",
];

fn json_lines(table: &mut Table) {
    let whole = br#"{"id":"x","n":[1,{"a":null}],"text":"some words \u0627\n here"}"#;
    for len in 1..whole.len() {
        table.line(&whole[..len]);
    }
    for value in ["null", "true", "false", "0", "-1.5", "1e9", "[]", "{}", r#"["a"]"#, r#"{"a":"b"}"#] {
        table.line(format!(r#"{{"id":"x","text":{value}}}"#).as_bytes());
    }
    for no_string in
        [r#"\x"#, r#"\u12"#, r#"\u12G4"#, r#"\"#, r#"\ud800"#, r#"\udc00"#, r#"\ud800\ud800"#, r#"\ud83dx"#]
    {
        table.line(format!(r#"{{"text":"words {no_string} words"}}"#).as_bytes());
    }
    for control in (0u8..0x20).filter(|&c| c != b'\n') {
        table.line(&[br#"{"text":"words "#, &[control][..], br#" words"}"#].concat());
    }
    for bad in NO_UTF_8 {
        table.line(&[br#"{"text":"words "#, bad, br#" words"}"#].concat());
    }
    for other in [
        "[]",
        "null",
        "1",
        "\"text\"",
        "{}",
        r#"{"body":"x"}"#,
        r#"{"Text":"x"}"#,
        r#"{"text":"a"}{"text":"b"}"#,
        r#"{"text":"a"} more"#,
        r#"{"text":"a",}"#,
        r#"{'text':'a'}"#,
        r#"{text:"a"}"#,
        r#"{"text":"a"/*c*/}"#,
        r#"{"text" "a"}"#,
        r#"{"text":"a","n":01}"#,
        r#"{"text":"a","n":.5}"#,
        r#"{"text":"a","n":1e}"#,
        r#"{"text":"a","n":NaN}"#,
        r#"{"text":"a","n":Infinity}"#,
        r#"{"text":"a","n":+1}"#,
        r#"{"text":"a","n":-}"#,
        r#"{"text":"a","n":tru}"#,
        r#"{"text":"a";"n":1}"#,
        r#"{"text":"a"]"#,
        r#"["text":"a"}"#,
        "\u{1}\u{2}\u{3}",
        "<html>",
        "id,text",
        "---",
        "PK\u{3}\u{4}",
    ] {
        table.line(other.as_bytes());
    }
    table.line(&b"[".repeat(100_000));
    table.line(&b"{\"a\":".repeat(100_000));
    table.line(&b"\0".repeat(4_096));
}

fn plain_text(table: &mut Table) {
    for bad in NO_UTF_8 {
        table.add(".txt", [article(7, 2).as_bytes(), bad, b"\n"].concat());
    }
}

fn csv(table: &mut Table) {
    let good = "1,some good words here\n";
    for bad in ["2", "2,a,b", "2,\"open", "2,\"a\"b", "\"2,a\n", "2,\"a\"\"", ",,,", "2,a,\"b\nc\""] {
        table.add(".csv", format!("id,text\n{good}{bad}\n"));
        table.add(".tsv", format!("id,text\n{good}{bad}\n").replace(',', "\t"));
    }
    for bad in NO_UTF_8 {
        table.add(".csv", [b"id,text\n1,good\n2,", bad, b"\n3,good\n"].concat());
    }
    for header in ["id,body", "text\t,id", "\"text", "id;text,x", "1,2"] {
        table.add(".csv", format!("{header}\n{good}{good}"));
    }
}

fn warc(table: &mut Table, crawl: &[u8]) {
    let step = crawl.len() / 24;
    for len in (1..24).map(|i| i * step + 3) {
        table.add(".wet", &crawl[..len]);
    }
    let text = String::from_utf8(crawl.to_vec()).unwrap();
    // Of a record that should be a document; the first one is none, and is only counted.
    let length = text.rfind("Content-Length: ").unwrap() + 16;
    let end = length + text[length..].find('\r').unwrap();
    for other in ["", "-1", "x", "1e3", "99999999999999999999", "4000000000", "0x10", "1 2"] {
        table.add(".wet", format!("{}{other}{}", &text[..length], &text[end..]));
    }
    let (before, last) = text.split_at(text.rfind("WARC/1.0").unwrap());
    for (from, to) in [("WARC/1.0", "HTTP/1.1"), ("Content-Length", "Content-Size"), ("\r\n\r\n", "\r\n")] {
        table.add(".wet", format!("{before}{}", last.replacen(from, to, 1)));
    }
    table.add(".wet", format!("nothing of the kind\n{text}"));
    for bad in NO_UTF_8 {
        let word = text.rfind(' ').unwrap();
        table.add(".wet", [&crawl[..word], bad, b" ", &crawl[word + bad.len() + 1..]].concat());
    }
}

fn compressed(table: &mut Table) {
    let lines: String = (0..60).map(|i| record(&i.to_string(), &article(50_000 + i, 3))).collect();
    let gz = crate::helper::gzip(lines.as_bytes());
    let mut bz2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    bz2.write_all(lines.as_bytes()).unwrap();
    let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 1);
    xz.write_all(lines.as_bytes()).unwrap();
    let zst = crate::helper::zst(lines.as_bytes());
    for (ending, bytes) in [(".gz", gz), (".zst", zst), (".bz2", bz2.finish().unwrap()), (".xz", xz.finish().unwrap())]
    {
        let ending = format!(".jsonl{ending}");
        let step = bytes.len() / 9;
        for at in (1..9).map(|i| i * step) {
            table.add(&ending, &bytes[..at]).plain = false;
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x55;
            let bad = table.add(&ending, flipped);
            (bad.listed, bad.plain) = (false, false);
        }
        let bad = table.add(&ending, [&bytes[..], b"and then something else"].concat());
        // What follows the last member of a gzip file is passed over by every tool.
        (bad.listed, bad.plain) = (false, false);
    }
}

fn tables(table: &mut Table, folder: &std::path::Path) {
    for name in ["snappy.parquet", "codecs.parquet", "zstd-groups-of-4.parquet", "file.arrow", "lz4.arrows"] {
        let bytes = fs::read(folder.join(name)).unwrap();
        let ending = &name[name.find('.').unwrap()..];
        let step = bytes.len() / 9;
        for at in (1..9).map(|i| i * step) {
            table.add(ending, &bytes[..at]).plain = false;
            // The stream format may end anywhere between two messages.
            table.0.last_mut().unwrap().listed = ending != ".arrows";
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x55;
            let bad = table.add(ending, flipped);
            (bad.listed, bad.plain) = (false, false);
        }
    }
}

fn encodings(table: &mut Table) {
    let utf_16 = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    for bad in [&b"\x00\xd8"[..], b"\x00\xdc", b"\x00\xd8\x00\xd8", b"\x00\xdc\x00\xd8"] {
        let line = |inside: &[u8]| [&utf_16("{\"text\":\"a b ")[..], inside, &utf_16(" c\"}\n")[..]].concat();
        table.add(".jsonl", [b"\xff\xfe", &line(b"")[..], &line(bad)[..], &line(b"")[..]].concat());
        table.add(".txt", [b"\xff\xfe", &utf_16("words ")[..], bad, &utf_16(" words")[..]].concat());
    }
    table.add(".txt", [b"\xff\xfe", &utf_16("words")[..], b"x"].concat());
    table.add(".txt", [&b"\xfe\xff"[..], b"\0w\0o\0r\0d\0"].concat());
}

#[test]
fn hundreds_of_bad_inputs_are_read_or_listed_and_come_back() {
    let fixtures = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut table = Table(Vec::new());
    json_lines(&mut table);
    plain_text(&mut table);
    csv(&mut table);
    warc(&mut table, &fs::read(fixtures.join("crawl.wet")).unwrap());
    compressed(&mut table);
    if cfg!(feature = "tables") {
        tables(&mut table, &fixtures);
    }
    encodings(&mut table);
    let different: BTreeSet<(&str, &[u8])> =
        table.0.iter().map(|b| (&b.name[b.name.find('.').unwrap()..], &b.bytes[..])).collect();
    println!("{} bad inputs", different.len());
    assert!(different.len() >= 300, "{}", different.len());

    let folder = Folder::with(&[("in/good.txt", article(1, 5))]);
    table.0.iter().for_each(|bad| folder.write(&format!("in/{}", bad.name), &bad.bytes));
    folder.ghirbal("clean in -o out --max-removed 1").code(2);
    folder.ghirbal("restore out -o back").ok();

    let rows = folder.rows("out/findings.jsonl");
    let listed: BTreeSet<&str> = of_type(&rows, "skipped").iter().map(|s| s["source"].as_str().unwrap()).collect();
    let without_reason = of_type(&rows, "skipped").iter().filter(|s| s["why"].as_str().unwrap().len() < 8).count();
    assert_eq!(without_reason, 0);
    let mut wrong = Vec::new();
    for bad in &table.0 {
        let back = fs::read(folder.path("back").join(&bad.name));
        if bad.listed && !listed.contains(&*bad.name) {
            wrong.push(format!(
                "{} is not listed: {}",
                bad.name,
                String::from_utf8_lossy(&bad.bytes[..bad.bytes.len().min(400)])
            ));
        }
        match back {
            Ok(back) if bad.plain && back != bad.bytes => wrong.push(format!("{} did not come back", bad.name)),
            Ok(_) => {}
            Err(e) => wrong.push(format!("{}: {e}", bad.name)),
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), table.0.len(), wrong.join("\n"));
}
