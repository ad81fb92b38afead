//! CSV and TSV: a header that names the columns, then one record a line, or several where a quoted
//! field holds line ends.
//!
//! ```text
//! id,text\r\n
//! 7,"a ""quoted"" text\nof two lines"\r\n
//! ```
//!
//! RFC 4180 with what occurs: LF or CRLF, a byte order mark, blank lines, any of `, ; | tab` between
//! fields (a tab in `.tsv` and `.tab`, else whichever stands most often in the header). A record is
//! never parsed and written anew: the text's place in it is kept, and the writer cuts there.

use std::ops::Range;

use memchr::{memchr, memchr2};

use super::formats::Progress;
use super::jsonl::missing;
use super::{Content, Document, Parsed, RawRecord, Source, TextForm, host, utf8};
use crate::params::Params;

/// What must be known of a source before its records can be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    /// What stands between two fields.
    pub(crate) delimiter: u8,
    /// Their names in order.
    pub(crate) names: Vec<String>,
    /// Where the header ends.
    header_end: u64,
}

/// Where in a record the reader stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum State {
    /// At the beginning of a field.
    #[default]
    Start,
    /// In a field without quotes, or behind the closing one.
    Bare,
    /// Inside quotes.
    Quoted,
    /// Behind a quote inside quotes: the closing one, or the first of a pair.
    Quote,
}

impl Columns {
    /// Reads the header at the beginning of a source; its name may tell the delimiter.
    pub(super) fn read(head: &[u8], file_name: &str) -> Self {
        let lower = file_name.to_ascii_lowercase();
        let tabs = [".tsv", ".tab"].iter().any(|ending| super::Compression::strip_extension(&lower).ends_with(ending));
        let start = head.len() - head.strip_prefix(BOM).unwrap_or(head).len();
        // Blank lines in front of it are passed over.
        let blank = head[start..].iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
        let body = &head[start + blank..];
        let delimiter = if tabs { b'\t' } else { delimiter(body) };
        let mut progress = Progress { delimiter, ..Progress::default() };
        let len = split(&mut progress, body).unwrap_or(body.len());
        let line = String::from_utf8_lossy(&body[..len]);
        let names = fields(&line, delimiter).map(|f| f.unwrap_or(Field { at: 0..0, quoted: false }).text(&line));
        Self { delimiter, names: names.collect(), header_end: (start + blank + len) as u64 }
    }
}

const BOM: &[u8] = "\u{feff}".as_bytes();

/// The likeliest of the usual delimiters: the one that stands most often in the first line, outside
/// quotes.
fn delimiter(body: &[u8]) -> u8 {
    let mut counts = [(b',', 0), (b'\t', 0), (b';', 0), (b'|', 0)];
    let mut quoted = false;
    for &b in body {
        match b {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => break,
            _ if quoted => {}
            _ => counts.iter_mut().filter(|(d, _)| *d == b).for_each(|(_, n)| *n += 1),
        }
    }
    // The first of equals: the comma when there is none at all.
    counts.iter().rev().max_by_key(|(_, n)| *n).map_or(b',', |(d, _)| *d)
}

pub(super) fn split(progress: &mut Progress, bytes: &[u8]) -> Option<usize> {
    let delimiter = progress.delimiter;
    let mut at = progress.searched;
    loop {
        let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
        (progress.state, at) = match progress.state {
            State::Start if rest[0] == b'"' => (State::Quoted, at + 1),
            State::Start | State::Bare => {
                let Some(next) = memchr2(delimiter, b'\n', rest) else {
                    progress.state = State::Bare;
                    return None;
                };
                if rest[next] == b'\n' {
                    return Some(at + next + 1);
                }
                (State::Start, at + next + 1)
            }
            State::Quoted => (State::Quote, at + memchr(b'"', rest)? + 1),
            State::Quote if rest[0] == b'"' => (State::Quoted, at + 1),
            State::Quote => (State::Bare, at),
        };
    }
}

/// A field's place in its record, between the quotes if it has some.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Field {
    at: Range<usize>,
    quoted: bool,
}

impl Field {
    fn text(&self, record: &str) -> String {
        let inside = &record[self.at.clone()];
        if self.quoted { decode(inside) } else { inside.to_owned() }
    }
}

/// The text behind the inside of a quoted field.
pub(crate) fn decode(inside: &str) -> String {
    inside.replace("\"\"", "\"")
}

/// Where places in the text stand between the quotes. `decoded` is ascending.
pub(crate) fn raw_offsets(inside: &str, decoded: impl IntoIterator<Item = usize>) -> Vec<usize> {
    let mut quotes = inside.match_indices("\"\"").map(|(at, _)| at).peekable();
    let mut doubled = 0;
    let places = decoded.into_iter().map(|wanted| {
        while quotes.next_if(|&at| at - doubled < wanted).is_some() {
            doubled += 1;
        }
        wanted + doubled
    });
    places.collect()
}

/// The fields of a record, each with its place or what is wrong with it.
fn fields(record: &str, delimiter: u8) -> impl Iterator<Item = Result<Field, &'static str>> {
    let line = record.strip_suffix('\n').unwrap_or(record);
    let bytes = line.strip_suffix('\r').unwrap_or(line).as_bytes();
    let mut next = Some(0);
    std::iter::from_fn(move || {
        let start = next.take()?;
        let rest = &bytes[start..];
        if rest.first() != Some(&b'"') {
            let end = memchr(delimiter, rest).map_or(bytes.len(), |len| start + len);
            next = (end < bytes.len()).then_some(end + 1);
            return Some(Ok(Field { at: start..end, quoted: false }));
        }
        let mut end = start + 1;
        loop {
            match memchr(b'"', &bytes[end..]) {
                None => return Some(Err("a quote that is never closed")),
                Some(len) if bytes.get(end + len + 1) == Some(&b'"') => end += len + 2,
                Some(len) => {
                    end += len;
                    break;
                }
            }
        }
        match bytes.get(end + 1) {
            None => {}
            Some(&b) if b == delimiter => next = Some(end + 2),
            Some(_) => return Some(Err("a field that goes on behind its closing quote")),
        }
        Some(Ok(Field { at: start + 1..end, quoted: true }))
    })
}

pub(super) fn parse(source: &Source, params: &Params, record: &RawRecord) -> Content {
    let Some(columns) = &source.columns else { return Content::Nothing };
    let wanted = &params.fields;
    let column = |name: &str| columns.names.iter().position(|column| column == name);
    let Some(text_column) = column(&wanted.text) else {
        // Said once, of the header, and not of every record.
        let is_header =
            record.offset < columns.header_end && record.offset + record.raw.len() as u64 >= columns.header_end;
        return if is_header { no_text(columns, &wanted.text) } else { Content::Nothing };
    };
    let raw = match utf8(&record.raw, 0) {
        Ok(raw) => raw,
        Err(skipped) => return skipped,
    };
    if record.offset < columns.header_end || raw.trim_end_matches(['\r', '\n']).is_empty() {
        return Content::Nothing;
    }
    let mut found = Vec::with_capacity(columns.names.len());
    for field in fields(raw, columns.delimiter) {
        match field {
            Ok(field) => found.push(field),
            Err(why) => return Content::Skipped(format!("field {} of the record is {why}", found.len() + 1)),
        }
    }
    if found.len() != columns.names.len() {
        let (fields, columns) = (found.len(), columns.names.len());
        return Content::Skipped(format!("the record has {fields} fields, and the header {columns}"));
    }
    let value = |name: &str| column(name).map(|c| found[c].text(raw));
    let some = |value: Option<String>| value.filter(|value| !value.is_empty());
    let text = &found[text_column];
    Content::Document(Parsed {
        document: Document {
            id: some(value(&wanted.id)).unwrap_or_else(|| format!("{}:{}", source.name, record.line)),
            host: host::of_fields(&wanted.host, some(value(&wanted.host)), || {
                host::URL_FIELDS.iter().map(|url| value(url))
            }),
            sort_key: some(params.documents.keep.field().and_then(value)),
            text: text.text(raw),
        },
        text_at: text.at.clone(),
        text_form: if text.quoted { TextForm::CsvQuoted } else { TextForm::Plain },
    })
}

fn no_text(columns: &Columns, name: &str) -> Content {
    let known = ["text", "content", "body", "article", "document", "raw_content", "story"];
    let likely = columns.names.iter().find(|column| known.contains(&column.to_lowercase().as_str()));
    let names = columns.names.iter().map(String::as_str);
    let why = missing(name, "column", "header", names, likely.map(String::as_str));
    Content::Skipped(format!("{why}; none of its records is read"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The records of `bytes`, split in pieces of `sip` bytes.
    fn records(bytes: &[u8], delimiter: u8, sip: usize) -> Vec<&[u8]> {
        let mut progress = Progress { delimiter, ..Progress::default() };
        let (mut start, mut seen, mut found) = (0, 0, Vec::new());
        loop {
            match split(&mut progress, &bytes[start..seen]) {
                Some(len) => {
                    found.push(&bytes[start..start + len]);
                    start += len;
                    progress.given(len, true);
                }
                None if seen == bytes.len() => break,
                None => {
                    progress.searched = seen - start;
                    seen = (seen + sip).min(bytes.len());
                }
            }
        }
        if start < bytes.len() {
            found.push(&bytes[start..]);
        }
        found
    }

    fn texts(record: &str) -> Result<Vec<String>, &'static str> {
        fields(record, b',').map(|field| Ok(field?.text(record))).collect()
    }

    #[test]
    fn quotes_hold_delimiters_line_ends_and_quotes() {
        let bytes = b"a,\"b\n,\"\"c\"\"\",d\r\n\n5\" disk,\"x\"\n";
        for sip in [1, 2, 3, 100] {
            let found = records(bytes, b',', sip);
            assert_eq!(found, [&b"a,\"b\n,\"\"c\"\"\",d\r\n"[..], b"\n", b"5\" disk,\"x\"\n"]);
        }
        assert_eq!(texts("a,\"b\n,\"\"c\"\"\",d\r\n").unwrap(), ["a", "b\n,\"c\"", "d"]);
        assert_eq!(texts("5\" disk,,\"\"").unwrap(), ["5\" disk", "", ""]);
        assert_eq!(texts("a,\"b"), Err("a quote that is never closed"));
        assert_eq!(texts("\"a\"b,c"), Err("a field that goes on behind its closing quote"));
    }

    #[test]
    fn the_delimiter_is_the_header_s_or_the_name_s() {
        for (head, name, delimiter, names) in [
            ("id,text\n1;2;3", "a.csv", b',', vec!["id", "text"]),
            ("\u{feff}id;\"a,b,c\";text\r\n", "a.csv", b';', vec!["id", "a,b,c", "text"]),
            ("id,x\ttext\n", "a.tsv.gz", b'\t', vec!["id,x", "text"]),
            ("\n\nid|text", "x", b'|', vec!["id", "text"]),
            ("text\n", "x", b',', vec!["text"]),
        ] {
            let columns = Columns::read(head.as_bytes(), name);
            assert_eq!((columns.delimiter, columns.names), (delimiter, names.into_iter().map(str::to_owned).collect()));
        }
    }

    proptest! {
        /// The csv crate reads the same records and fields.
        #[test]
        fn records_and_fields_are_those_of_the_csv_crate(
            rows in prop::collection::vec(prop::collection::vec("[ab,;\"\n\r غ]{0,6}", 2..4), 1..5),
            crlf: bool,
            sip in 1usize..9,
        ) {
            let terminator = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
            let mut writer = csv::WriterBuilder::new().flexible(true).terminator(terminator).from_writer(Vec::new());
            rows.iter().for_each(|row| writer.write_record(row).unwrap());
            let bytes = writer.into_inner().unwrap();
            let read: Vec<Vec<String>> = records(&bytes, b',', sip)
                .into_iter()
                .map(|record| texts(std::str::from_utf8(record).unwrap()).unwrap())
                .collect();
            prop_assert_eq!(read, rows);
        }

        #[test]
        fn every_place_of_the_text_has_its_place_between_the_quotes(text in "[a\"غ]{0,12}") {
            let inside = text.replace('"', "\"\"");
            let borders: Vec<usize> = (0..=text.len()).filter(|&i| text.is_char_boundary(i)).collect();
            let places = raw_offsets(&inside, borders.iter().copied());
            for (place, &border) in places.iter().zip(&borders) {
                prop_assert_eq!(decode(&inside[..*place]), &text[..border]);
                prop_assert_eq!(decode(&inside[*place..]), &text[border..]);
            }
        }
    }
}
