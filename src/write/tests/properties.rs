//! Any text, any way of writing it, any removals.

use proptest::prelude::*;

use super::*;

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
        original.extend(entry.original().unwrap());
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
