use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::decide::{Fate, Partner, Removal};
use crate::error::{Error, Result};
use crate::label::{Action, Label};
use crate::params::Params;
use crate::read::{Compression, Corpus, Record, discover, parse};
use crate::span::Span;

fn compressed(bytes: &[u8], compression: Compression) -> Vec<u8> {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut encoder = compression.encode(file.reopen().unwrap()).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap();
    fs::read(file.path()).unwrap()
}

/// The decompressed content of a file.
fn content(path: &Path) -> Vec<u8> {
    let bytes = fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut content = Vec::new();
    let file = fs::File::open(path).unwrap();
    Compression::detect(&bytes).decode(file).unwrap().read_to_end(&mut content).unwrap();
    content
}

/// A folder with `in` (these files), and after cleaning `out`.
struct Case {
    folder: tempfile::TempDir,
}

impl Case {
    fn new(files: &[(&str, &[u8])]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            let path = folder.path().join("in").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn clean_to(&self, target: &str, fate: impl Fn(&Record) -> Fate) -> Result<()> {
        let (params, inputs) = (Params::default(), [self.path("in")]);
        let sources = discover(&inputs)?.sources;
        let mut first = Corpus::new(&sources);
        while first.next_batch(1 << 16)?.is_some() {}
        let checksums = first.into_checksums();
        let mut output = Output::create(&self.path(target), &inputs, &params, &sources, &checksums)?;
        let mut corpus = Corpus::again(&sources, &checksums);
        while let Some(batch) = corpus.next_batch(64)? {
            for raw in batch {
                let record = parse(&sources, &params, raw);
                output.append(prepare(&record, &sources, &fate(&record), &params))?;
            }
        }
        output.findings_line(b"{}")?;
        output.summary(b"{}\n")?;
        output.commit()
    }

    /// Cleans `in` to `out`.
    fn clean(&self, fate: impl Fn(&Record) -> Fate) -> &Self {
        self.clean_to("out", fate).unwrap();
        self
    }

    fn cleaned(&self, name: &str) -> String {
        String::from_utf8(content(&self.path("out/cleaned").join(name))).unwrap()
    }

    fn restore(&self) -> Result<RestoreSummary> {
        let _ = fs::remove_dir_all(self.path("back"));
        restore(&self.path("out"), &self.path("back"))
    }

    /// Restores `out` and compares every source with what `in` holds.
    fn restores(&self) {
        let summary = self.restore().unwrap();
        let sources = discover(&[self.path("in")]).unwrap().sources;
        assert_eq!(summary.sources, sources.len() as u64);
        for source in sources {
            let back = self.path("back").join(&source.name);
            assert_eq!(content(&back), content(&source.path), "{}", source.name);
            assert_eq!(Compression::detect(&fs::read(back).unwrap()), source.compression);
        }
    }

    fn ledger(&self) -> Vec<LedgerEntry> {
        let ledger = Ledger::open(&self.path("out")).unwrap();
        let entries: Vec<_> = ledger.entries().unwrap().map(|e| e.unwrap()).collect();
        assert_eq!(entries.len() as u64, ledger.len());
        entries
    }
}

fn removal(start: usize, end: usize, label: Label, action: Action) -> Removal {
    Removal {
        span: Span::new(start, end),
        label,
        action,
        rule: "test.rule",
        score: 0.99,
        evidence: vec![("phrase", json!("إقرأ")), ("count", json!(2))],
        why: "the test says so".into(),
        partner: Some(Partner { doc: "x\"".into(), span: Some(Span::new(1, 2)) }),
    }
}

fn remove(start: usize, end: usize) -> Removal {
    removal(start, end, Label::ReadAlsoMarker, Action::Remove)
}

fn go() -> Fate {
    Fate::Go(removal(0, 0, Label::DuplicateDocument, Action::Remove))
}

/// Removes every occurrence of these.
fn without(wanted: &'static [(&'static str, Label, Action)]) -> impl Fn(&Record) -> Fate {
    move |record| {
        let text = record.document().map_or("", |d| d.text.as_str());
        let mut removals: Vec<_> = wanted
            .iter()
            .flat_map(|&(what, label, action)| {
                text.match_indices(what).map(move |(at, _)| removal(at, at + what.len(), label, action))
            })
            .collect();
        removals.sort_by_key(|r| r.span);
        Fate::Stay(removals)
    }
}

#[test]
fn a_json_line_is_cut_in_its_raw_form_and_every_other_byte_stays() {
    let line = "\u{feff} {\"a\" : 1.0,\"text\":\"\\u063a\\/X\\n\\ud83d\\ude00Yغ\" ,\"z\":[ ] } \r\n";
    let case = Case::new(&[("a.jsonl", line.as_bytes())]);
    case.clean(without(&[("X\n", Label::Share, Action::Remove), ("Y", Label::Share, Action::Remove)]));
    assert_eq!(case.cleaned("a.jsonl"), line.replace("X\\n", "").replace('Y', ""));
    case.restores();
}

#[test]
fn metadata_goes_to_a_field_before_the_closing_brace() {
    let case = Case::new(&[("a.jsonl", "{\"text\":\"الأحد: Text Source: X\"} \n".as_bytes())]);
    case.clean(without(&[
        ("الأحد: ", Label::Dateline, Action::Metadata),
        (" Source: X", Label::SourceCredit, Action::Metadata),
    ]));
    let cleaned = "{\"text\":\"Text\",\"ghirbal\":{\"dateline\":[\"الأحد:\"],\"source_credit\":[\"Source: X\"]}} \n";
    assert_eq!(case.cleaned("a.jsonl"), cleaned);
    case.restores();
}

#[test]
fn a_field_that_is_taken_is_not_written_over() {
    let line = "{\"ghirbal\":1,\"text\":\"D\",\"ghirbal_2\":{\"}\":\"}\"}}";
    let case = Case::new(&[("a.jsonl", line.as_bytes())]);
    case.clean(without(&[("D", Label::Dateline, Action::Metadata)]));
    let cleaned: Value = serde_json::from_str(&case.cleaned("a.jsonl")).unwrap();
    assert_eq!(cleaned["ghirbal_3"], json!({"dateline": ["D"]}));
    case.restores();
}

#[test]
fn metadata_of_plain_text_goes_to_a_file_of_its_own_when_there_is_any() {
    let case = Case::new(&[("a.txt", "D\nText\n".as_bytes())]);
    case.clean(without(&[("D\n", Label::Dateline, Action::Metadata)]));
    assert_eq!(case.cleaned("a.txt"), "Text\n");
    let lines = fs::read_to_string(case.path("out/metadata.jsonl")).unwrap();
    let line: Value = serde_json::from_str(&lines).unwrap();
    assert_eq!(line, json!({"doc": "a.txt", "source": "a.txt", "dateline": ["D"]}));
    case.restores();

    let case = Case::new(&[("a.txt", b"Text")]);
    case.clean(|_| Fate::Stay(vec![remove(0, 1)]));
    assert!(!case.path("out/metadata.jsonl").exists());
}

#[test]
fn a_record_that_goes_takes_its_line_with_it() {
    let lines = "{\"id\":1,\"text\":\"a\"}\n{\"id\":2,\"text\":\"غ\",\"x\":\"\\/\"}\r\n{\"id\":3,\"text\":\"c\"}";
    for gone in ["1", "2", "3"] {
        let case = Case::new(&[("a.jsonl", lines.as_bytes())]);
        case.clean(|r| if r.document().unwrap().id == gone { go() } else { Fate::Stay(vec![]) });
        let kept: String = lines.split_inclusive('\n').filter(|l| !l.contains(&format!("\"id\":{gone}"))).collect();
        assert_eq!(case.cleaned("a.jsonl"), kept);
        let entries = case.ledger();
        assert_eq!(entries.len(), 1);
        assert_eq!((entries[0].start, entries[0].end as usize), (0, entries[0].text.len()));
        assert_eq!(entries[0].record.to_string(), gone);
        case.restores();
    }
}

#[test]
fn a_source_of_which_nothing_stays_has_no_file_and_one_without_records_an_empty_one() {
    let empty = compressed(b"", Compression::Gzip);
    let case = Case::new(&[("gone.txt", b"x"), ("gone.jsonl", b"{\"text\":\"x\"}\n"), ("empty.jsonl.gz", &empty)]);
    case.clean(|_| go());
    assert!(!case.path("out/cleaned/gone.txt").exists() && !case.path("out/cleaned/gone.jsonl").exists());
    assert_eq!(case.cleaned("empty.jsonl.gz"), "");
    case.restores();
}

#[test]
fn what_is_no_document_passes_through() {
    let bytes = b"\nbroken\n{\"text\":1}\n\xff\xfe\n{\"text\":\"x\"}";
    let case = Case::new(&[("a.jsonl", bytes), ("b.txt", b"\xff")]);
    case.clean(|_| go());
    assert_eq!(fs::read(case.path("out/cleaned/a.jsonl")).unwrap(), bytes[..bytes.len() - 12]);
    assert_eq!(fs::read(case.path("out/cleaned/b.txt")).unwrap(), b"\xff");
    case.restores();
}

#[test]
fn a_damaged_source_is_given_back_as_far_as_it_could_be_read() {
    let lines: String = (0u64..20_000)
        .map(|i| format!("{{\"text\":\"{:x}\"}}\n", xxhash_rust::xxh3::xxh3_128(&i.to_le_bytes())))
        .collect();
    for compression in [Compression::Gzip, Compression::Zstd] {
        let bytes = compressed(lines.as_bytes(), compression);
        let case = Case::new(&[("a.jsonl", &bytes[..bytes.len() / 2])]);
        case.clean(|r| if r.line % 3 == 0 { go() } else { Fate::Stay(vec![remove(1, 2)]) });
        case.restore().unwrap();
        let back = content(&case.path("back/a.jsonl"));
        assert!(lines.as_bytes().starts_with(&back) && back.len() > 10_000, "{} bytes", back.len());
    }
}

#[test]
fn the_ledger_says_what_the_contract_says() {
    let case = Case::new(&[("n/a.jsonl", "\n{\"id\":\"d\",\"text\":\"غX\"}".as_bytes())]);
    case.clean(without(&[("X", Label::ReadAlsoMarker, Action::Remove)]));
    let ledger = fs::read_to_string(case.path("out/ledger.jsonl")).unwrap();
    let lines: Vec<Value> = ledger.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[0]["version"], 1);
    assert_eq!(lines[0]["params"], Params::default().digest());
    assert_eq!(lines[0]["sources"][0]["name"], "n/a.jsonl");
    let content = fs::read(case.path("in/n/a.jsonl")).unwrap();
    assert_eq!(lines[0]["sources"][0]["xxh3"], format!("{:032x}", xxhash_rust::xxh3::xxh3_128(&content)));
    assert_eq!(lines[3]["lines"], 3);

    let mut entry = lines[1].clone();
    entry.as_object_mut().unwrap().remove("sum").unwrap();
    assert_eq!(
        entry,
        json!({
            "type": "removal", "doc": "d", "source": "n/a.jsonl", "record": 2, "start": 2, "end": 3, "text": "X",
            "label": "read_also_marker", "action": "remove", "rule": "test.rule", "score": 0.99,
            "evidence": {"phrase": "إقرأ", "count": 2}, "partner": {"doc": "x\"", "start": 1, "end": 2},
            "why": "the test says so", "at": 21, "escapes": "json"
        })
    );
    assert!(ledger.contains("\"score\":0.99,"), "scores are short decimals");
    assert!(ledger.contains("\"evidence\":{\"phrase\":\"إقرأ\",\"count\":2}"), "evidence keeps its order");
}

#[test]
fn the_ledger_keeps_a_removed_document_s_text_once() {
    let text = "نص طويل ".repeat(1000);
    let python =
        text.encode_utf16().map(|u| if u == 32 { " ".into() } else { format!("\\u{u:04x}") }).collect::<String>();
    for raw in [text.clone(), python] {
        let case = Case::new(&[("a.jsonl", format!("{{\"text\":\"{raw}\"}}\n").as_bytes())]);
        case.clean(|_| go());
        let len = fs::metadata(case.path("out/ledger.jsonl")).unwrap().len() as usize;
        assert!(len < text.len() + 8192, "{len} bytes for a text of {}", text.len());
        case.restores();
    }
}

#[test]
fn scores_are_rounded_and_never_break_the_ledger() {
    for (score, written) in [(0.123_456_f32, 0.1235), (f32::NAN, 0.0), (f32::INFINITY, 0.0)] {
        let case = Case::new(&[("a.txt", b"x")]);
        case.clean(|_| Fate::Stay(vec![Removal { score, ..remove(0, 1) }]));
        assert_eq!(case.ledger()[0].score, written);
    }
}

/// One row per format, compression and way of writing: the loop that a new format joins.
#[test]
fn every_format_is_cleaned_and_restored_in_kind() {
    for format in crate::read::FORMATS {
        let bytes: &[u8] = match format.name {
            "text" => "\u{feff}غربالX\r\nY".as_bytes(),
            "jsonl" => "{\"text\":\"غربالX\\r\\n\",\"k\":[1]}\r\n{\"text\":\"\\u0058\"}".as_bytes(),
            other => panic!("give the format {other} a sample"),
        };
        for compression in [Compression::None, Compression::Gzip, Compression::Zstd] {
            let name = format!("a.{}{}", format.extensions[0], compression.extension());
            let case = Case::new(&[(&name, &compressed(bytes, compression))]);
            case.clean(without(&[("X", Label::Dateline, Action::Metadata), ("Y", Label::Share, Action::Remove)]));
            assert!(!case.cleaned(&name).replace("dateline\":[\"X\"]", "").contains(['X', 'Y']));
            assert_eq!(Compression::detect(&fs::read(case.path("out/cleaned").join(&name)).unwrap()), compression);
            case.restores();
        }
    }
}

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
        let lines = ledger::Lines::of(Box::new(std::io::Cursor::new(bytes.to_vec())), &path);
        ledger::Ledger::check(lines).map(|_| ())
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
        let body = line[..line.len() - ledger::SEAL_LEN_BYTES].replace(from, to);
        let line = format!("{body}{}\n", ledger::sum(body.as_bytes()));
        hasher.update(line.as_bytes());
        forged.extend(line.into_bytes());
    }
    forged.extend(ledger::end_line(lines.len() as u64 - 1, &hasher).into_bytes());
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

#[test]
fn an_output_is_never_written_over_an_input_or_anything_else() {
    let case = Case::new(&[("a.txt", b"x")]);
    let keep = |_: &Record| Fate::Stay(vec![]);
    for (target, says) in [
        ("in", "the output is an input"),
        ("in/out", "lies inside the input"),
        ("in/no/such/out", "lies inside the input"),
        ("in/a.txt", "lies inside the input"),
        ("other/../in/out", "without `..`"),
        ("full", "exists already"),
        ("file", "exists already"),
    ] {
        fs::create_dir_all(case.path("full/x")).unwrap();
        fs::write(case.path("file"), "").unwrap();
        let message = case.clean_to(target, keep).unwrap_err().to_string();
        assert!(message.contains(says), "{target}: {message}");
    }
    fs::create_dir(case.path("empty")).unwrap();
    case.clean_to("empty", keep).unwrap();
    assert!(case.path("empty/ledger.jsonl").exists());
    case.clean_to("new/deep/out", keep).unwrap();
}

/// The names in a folder, sorted.
fn listing(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_run_that_fails_leaves_nothing_behind_and_one_that_ends_leaves_only_its_folder() {
    let case = Case::new(&[("a.txt", b"x"), ("b.txt", b"y")]);
    let in_the_middle = |record: &Record| {
        if record.document().unwrap().id == "a.txt" {
            assert_eq!(listing(case.folder.path()).len(), 2, "work is done in a hidden sibling");
            fs::write(case.path("in/b.txt"), "changed").unwrap();
        }
        Fate::Stay(vec![])
    };
    // Batches of 64 bytes: b.txt is read after a.txt is written.
    assert!(case.clean_to("out", in_the_middle).unwrap_err().to_string().contains("changed while it was read"));
    assert_eq!(listing(case.folder.path()), ["in"]);

    case.clean(|_| Fate::Stay(vec![]));
    assert_eq!(listing(case.folder.path()), ["in", "out"]);
    assert_eq!(listing(&case.path("out")), ["cleaned", "findings.jsonl", "ledger.jsonl", "summary.json"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |name: &str| fs::metadata(case.path(name)).unwrap().permissions().mode();
        assert_eq!(mode("out"), mode("in"), "an ordinary folder, not a private one");
    }
}

#[test]
fn two_runs_give_the_same_bytes() {
    let case = Case::new(&[("a.jsonl.gz", &compressed(b"{\"text\":\"abc\"}\n", Compression::Gzip)), ("b.txt", b"x")]);
    for target in ["1", "2"] {
        case.clean_to(target, |_| Fate::Stay(vec![remove(0, 1)])).unwrap();
    }
    for file in ["ledger.jsonl", "cleaned/a.jsonl.gz", "cleaned/b.txt"] {
        assert_eq!(fs::read(case.path("1").join(file)).unwrap(), fs::read(case.path("2").join(file)).unwrap());
    }
}

// Property tests: any text, any way of writing it, any removals.

/// Characters that are easy to get wrong.
fn character() -> impl Strategy<Value = char> {
    prop_oneof![
        prop::sample::select(vec![
            'a', 'غ', 'ا', ' ', '\n', '\r', '\t', '"', '\\', '/', '}', '{', '😀', '\u{feff}', '\0'
        ]),
        any::<char>(),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(character(), 0..24).prop_map(|chars| chars.into_iter().collect())
}

/// What becomes of a document, in terms that fit any text.
#[derive(Clone, Debug)]
enum Plan {
    Go,
    /// Borders as shares of the text's characters, and whether each removal is metadata.
    Cut(Vec<(u8, u8, bool)>),
}

fn plan() -> impl Strategy<Value = Plan> {
    prop_oneof![
        1 => Just(Plan::Go),
        4 => prop::collection::vec(any::<(u8, u8, bool)>(), 0..5).prop_map(Plan::Cut),
    ]
}

impl Plan {
    fn fate(&self, text: &str) -> Fate {
        let Plan::Cut(cuts) = self else { return go() };
        let borders: Vec<usize> = (0..=text.len()).filter(|&i| text.is_char_boundary(i)).collect();
        let place = |share: u8| borders[(borders.len() - 1) * share as usize / 255];
        let mut spans: Vec<_> = cuts.iter().map(|&(a, b, m)| (place(a.min(b)), place(a.max(b)), m)).collect();
        spans.sort();
        // Adjacent removals stay, overlapping ones do not.
        let mut end = 0;
        spans.retain(|&(s, e, _)| {
            s >= end && s < e && {
                end = e;
                true
            }
        });
        let removals = spans.into_iter().map(|(start, end, metadata)| match metadata {
            true => removal(start, end, Label::Dateline, Action::Metadata),
            false => remove(start, end),
        });
        Fate::Stay(removals.collect())
    }
}

/// A JSON string of `text`, each character written in one of the ways JSON knows.
fn written(text: &str, ways: &[u8]) -> String {
    let mut raw = String::new();
    for (i, c) in text.chars().enumerate() {
        let units = |upper: bool| {
            let unit = |u: &u16| if upper { format!("\\u{u:04X}") } else { format!("\\u{u:04x}") };
            c.encode_utf16(&mut [0; 2]).iter().map(unit).collect::<String>()
        };
        match (ways.get(i % ways.len().max(1)).copied().unwrap_or(0) % 4, c) {
            (1, _) => raw.push_str(&units(false)),
            (2, _) => raw.push_str(&units(true)),
            (_, '\n') => raw.push_str("\\n"),
            (_, '\t') => raw.push_str("\\t"),
            (_, '"' | '\\') => raw.extend(['\\', c]),
            (3, '/') => raw.push_str("\\/"),
            (_, '\0'..='\x1f') => raw.push_str(&units(false)),
            _ => raw.push(c),
        }
    }
    raw
}

fn json_line() -> impl Strategy<Value = Vec<u8>> {
    let document = (text(), prop::collection::vec(any::<u8>(), 0..4), 0..6usize).prop_map(|(text, ways, shape)| {
        let text = written(&text, &ways);
        match shape {
            0 => format!("{{\"text\":\"{text}\"}}"),
            1 => format!("{{\"id\":3,\"text\":\"{text}\",\"ghirbal\":{{}}}}"),
            2 => format!(" {{ \"text\" : \"{text}\" , \"b\":\"}}\\\"\" }} \t"),
            3 => format!("{{\"text\":\"x\",\"text\":\"{text}\"}}"),
            4 => format!("{{\"url\":\"http://a/\",\"text\":\"{text}\",\"n\":[1e5, null]}}"),
            _ => format!("{{\"te\\u0078t\":\"{text}\"}}"),
        }
        .into_bytes()
    });
    prop_oneof![
        6 => document,
        1 => prop::sample::select(vec!["", " ", "\r", "{", "[]", "{\"text\":null}", "\u{feff}"]).prop_map(|s| s.into()),
        1 => prop::collection::vec(any::<u8>(), 0..8),
    ]
}

fn json_file() -> impl Strategy<Value = Vec<u8>> {
    let end = prop::sample::select(vec!["\n", "\r\n"]);
    (prop::collection::vec((json_line(), end), 0..6), any::<bool>(), any::<bool>()).prop_map(|(lines, bom, last)| {
        let mut bytes: Vec<u8> = if bom { "\u{feff}".into() } else { Vec::new() };
        for (line, end) in lines {
            bytes.extend(line);
            bytes.extend(end.as_bytes());
        }
        if !last {
            bytes.truncate(bytes.trim_ascii_end().len());
        }
        bytes
    })
}

fn compression() -> impl Strategy<Value = Compression> {
    prop::sample::select(Compression::ALL.to_vec())
}

proptest! {
    // Every case syncs about ten files to disk; `the_ledger_is_a_patch` runs many more in memory.
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn json_lines_come_back_byte_for_byte(
        bytes in json_file(),
        compression in compression(),
        plans in prop::collection::vec(plan(), 1..6),
    ) {
        let case = Case::new(&[("a.jsonl", &compressed(&bytes, compression))]);
        case.clean(|r| plans[r.line as usize % plans.len()].fate(r.document().map_or("", |d| &d.text)));
        case.restores();
    }

    #[test]
    fn plain_text_comes_back_byte_for_byte(
        text in text(),
        bom: bool,
        tail in prop::collection::vec(any::<u8>(), 0..2),
        compression in compression(),
        plan in plan(),
    ) {
        let mut bytes = if bom { "\u{feff}".as_bytes().to_vec() } else { Vec::new() };
        bytes.extend(text.as_bytes());
        bytes.extend(tail);
        let case = Case::new(&[("a.txt", &compressed(&bytes, compression))]);
        case.clean(|r| plan.fate(&r.document().unwrap_or(&crate::read::Document {
            id: String::new(), host: None, sort_key: None, text: String::new(),
        }).text));
        case.restores();
    }
}

/// Puts an original together from memory: what [`restore`] does, in its plainest form.
fn patched(cleaned: &[u8], entries: &[LedgerEntry]) -> Vec<u8> {
    let (mut original, mut from) = (Vec::new(), 0);
    for entry in entries {
        let kept = entry.at as usize - original.len();
        original.extend(&cleaned[from..from + kept]);
        from += kept;
        original.extend(entry.original().into_bytes());
        if let Some(added) = entry.added {
            let kept = added.at as usize - original.len();
            original.extend(&cleaned[from..from + kept]);
            from += kept + added.len_bytes as usize;
        }
    }
    original.extend(&cleaned[from..]);
    original
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn the_ledger_is_a_patch(
        (name, bytes) in prop_oneof![
            json_file().prop_map(|b| ("a.jsonl", b)),
            text().prop_map(|t| ("a.txt", t.into_bytes())),
        ],
        plans in prop::collection::vec(plan(), 1..6),
    ) {
        let case = Case::new(&[(name, &bytes)]);
        let (params, sources) = (Params::default(), discover(&[case.path("in")]).unwrap().sources);
        let (mut cleaned, mut entries) = (Vec::new(), Vec::new());
        for raw in sources[0].reader(0) {
            let record = parse(&sources, &params, raw);
            let fate = plans[record.line as usize % plans.len()].fate(record.document().map_or("", |d| &d.text));
            let prepared = prepare(&record, &sources, &fate, &params);
            cleaned.extend(prepared.cleaned);
            for line in prepared.ledger.split_inclusive(|&b| b == b'\n') {
                let entry: LedgerEntry = serde_json::from_slice(line).unwrap();
                let document = record.document().unwrap();
                prop_assert_eq!(&entry.text, &document.text[entry.start as usize..entry.end as usize]);
                entries.push(entry);
            }
        }
        prop_assert_eq!(patched(&cleaned, &entries), bytes);
    }

    /// What is left is what a JSON library would have written: the text without the removals, the
    /// metadata, every other field.
    #[test]
    fn a_cleaned_record_has_the_text_without_the_removals(
        text in text(),
        ways in prop::collection::vec(any::<u8>(), 0..4),
        cuts in prop::collection::vec(any::<(u8, u8, bool)>(), 1..5),
    ) {
        let line = format!("{{\"id\":\"1\",\"text\":\"{}\",\"z\":[1,\"}}\"]}}\n", written(&text, &ways));
        let Fate::Stay(removals) = Plan::Cut(cuts).fate(&text) else { unreachable!() };
        let case = Case::new(&[("a.jsonl", line.as_bytes())]);
        let (params, sources) = (Params::default(), discover(&[case.path("in")]).unwrap().sources);
        let record = parse(&sources, &params, sources[0].reader(0).next().unwrap());
        let prepared = prepare(&record, &sources, &Fate::Stay(removals.clone()), &params);

        let mut kept = text.clone();
        for removal in removals.iter().rev() {
            kept.replace_range(removal.span.range(), "");
        }
        let mut expected = json!({"id": "1", "text": kept, "z": [1, "}"]});
        let moved: Vec<_> =
            removals.iter().filter(|r| r.action == Action::Metadata).map(|r| r.span.of(&text).trim()).collect();
        if !moved.is_empty() {
            expected["ghirbal"] = json!({"dateline": moved});
        }
        prop_assert_eq!(serde_json::from_slice::<Value>(&prepared.cleaned).unwrap(), expected);
        let ledger = prepared.ledger.split_inclusive(|&b| b == b'\n');
        let texts: Vec<_> = ledger.map(|l| serde_json::from_slice::<LedgerEntry>(l).unwrap().text).collect();
        let removed: Vec<_> = removals.iter().map(|r| r.span.of(&text)).collect();
        prop_assert_eq!(texts, removed);
    }
}
