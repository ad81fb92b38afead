//! JSON Lines: one object a line, the text in one of its fields.
//!
//! Nothing but the fields we ask for is decoded, and the text's place in the line is kept, so that
//! the writer can cut the line itself and leave every other byte alone. As in serde_json, the last
//! of several equal names wins.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::formats::Progress;
use super::{Content, Document, Parsed, RawRecord, Source, TextForm, flat, host, json, utf8};
use crate::params::Params;

const BOM: &[u8] = "\u{feff}".as_bytes();

/// A message lists no more names of fields than this.
const NAMES_SHOWN_MAX: usize = 12;

pub(super) fn sniff(head: &[u8]) -> bool {
    head.strip_prefix(BOM).unwrap_or(head).trim_ascii_start().first() == Some(&b'{')
}

pub(super) fn split(progress: &mut Progress, bytes: &[u8]) -> Option<usize> {
    Some(progress.searched + memchr::memchr(b'\n', &bytes[progress.searched..])? + 1)
}

pub(super) fn parse(source: &Source, params: &Params, record: &RawRecord) -> Content {
    let raw = &record.raw[..];
    // Tolerated where files begin with one; elsewhere it is broken JSON.
    let bom = if record.offset == 0 && raw.starts_with(BOM) { BOM.len() } else { 0 };
    object(source, params, record, bom, "field")
}

/// Understands the object that stands behind the first `skipped` bytes of a record. `field` is what
/// its members are called.
pub(super) fn object(source: &Source, params: &Params, record: &RawRecord, skipped: usize, field: &str) -> Content {
    let raw = &record.raw[..];
    let line = match utf8(&raw[skipped..], skipped) {
        Ok(line) => line,
        Err(skipped) => return skipped,
    };
    if line.trim_ascii().is_empty() {
        return Content::Nothing;
    }
    let fields = match Fields::read(line, params) {
        Ok(fields) => fields,
        Err(e) => return Content::Skipped(broken(line, &e)),
    };
    let Some(value) = fields.text else {
        return Content::Skipped(no_text(line, &params.fields.text, field));
    };
    let name = &params.fields.text;
    let Some(inside) = inside(value) else {
        return Content::Skipped(format!("{field} `{name}` is {}, not a string", kind(value)));
    };
    // Where the inside of the quotes stands in the record's bytes.
    let start = inside.as_ptr() as usize - raw.as_ptr() as usize;
    let text = match json::decode(inside) {
        Ok(text) => text,
        Err(at) => {
            let at = start + at;
            return Content::Skipped(format!("{field} `{name}` holds half of a surrogate pair at byte {at}"));
        }
    };
    let id = fields.id.and_then(string_or_number).filter(|id| !id.is_empty());
    let host = host::of_fields(&params.fields.host, fields.host.and_then(inside_text), || {
        fields.urls.into_iter().flatten().map(inside_text)
    });
    Content::Document(Parsed {
        document: Document {
            id: id.unwrap_or_else(|| format!("{}:{}", source.name, record.line)),
            host,
            sort_key: fields.sort_key.and_then(string_or_number),
            text,
        },
        text_at: start..start + inside.len(),
        text_form: TextForm::JsonString,
    })
}

/// The names of an object's fields in their order; as many as there are before an error.
pub(crate) fn field_names(line: &str) -> Vec<String> {
    members(line).into_iter().map(|(name, _)| name).collect()
}

/// The values one record's document is made of, undecoded.
#[derive(Default)]
struct Fields<'a> {
    text: Option<&'a str>,
    id: Option<&'a str>,
    host: Option<&'a str>,
    /// Addresses of the page, in the order of [`host::URL_FIELDS`].
    urls: [Option<&'a str>; host::URL_FIELDS.len()],
    sort_key: Option<&'a str>,
}

impl<'a> Fields<'a> {
    fn read(line: &'a str, params: &Params) -> serde_json::Result<Self> {
        let mut fields = Fields::default();
        if flat::members(line, |name, value| fields.set(&Roles::of(name, params), value)).is_some() {
            return Ok(fields);
        }
        Self::parse(line, params)
    }

    /// The same for any line.
    fn parse(line: &'a str, params: &Params) -> serde_json::Result<Self> {
        let mut deserializer = serde_json::Deserializer::from_str(line);
        let fields = deserializer.deserialize_map(FieldsVisitor(params))?;
        deserializer.end()?;
        Ok(fields)
    }

    fn set(&mut self, roles: &Roles, value: &'a str) {
        for (wanted, place) in [
            (roles.text, &mut self.text),
            (roles.id, &mut self.id),
            (roles.host, &mut self.host),
            (roles.sort_key, &mut self.sort_key),
        ] {
            if wanted {
                *place = Some(value);
            }
        }
        if let Some(url) = roles.url {
            self.urls[url] = Some(value);
        }
    }
}

struct FieldsVisitor<'p>(&'p Params);

impl<'de> Visitor<'de> for FieldsVisitor<'_> {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
        let mut fields = Fields::default();
        while let Some(roles) = map.next_key_seed(RolesOf(self.0))? {
            if !roles.any() {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let value: &'de RawValue = map.next_value()?;
            fields.set(&roles, value.get());
        }
        Ok(fields)
    }
}

/// What a field is used for; one field may serve as several.
struct Roles {
    text: bool,
    id: bool,
    host: bool,
    /// Which of [`host::URL_FIELDS`].
    url: Option<usize>,
    sort_key: bool,
}

impl Roles {
    fn of(name: &str, params: &Params) -> Self {
        Roles {
            text: name == params.fields.text,
            id: name == params.fields.id,
            host: name == params.fields.host,
            url: host::URL_FIELDS.iter().position(|&url| url == name),
            sort_key: Some(name) == params.documents.keep.field(),
        }
    }

    fn any(&self) -> bool {
        self.text || self.id || self.host || self.url.is_some() || self.sort_key
    }
}

/// Turns a field's name into its roles without keeping the name.
struct RolesOf<'p>(&'p Params);

impl<'de> DeserializeSeed<'de> for RolesOf<'_> {
    type Value = Roles;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Roles, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for RolesOf<'_> {
    type Value = Roles;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field's name")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Roles, E> {
        Ok(Roles::of(name, self.0))
    }
}

/// The raw bytes between a string's quotes.
fn inside(value: &str) -> Option<&str> {
    value.strip_prefix('"')?.strip_suffix('"')
}

fn inside_text(value: &str) -> Option<String> {
    json::decode(inside(value)?).ok()
}

/// A string's text, or a number as it is written.
fn string_or_number(value: &str) -> Option<String> {
    match value.as_bytes().first()? {
        b'"' => inside_text(value),
        b'-' | b'0'..=b'9' => Some(value.to_owned()),
        _ => None,
    }
}

/// What a JSON value is, by its first byte.
fn kind(value: &str) -> &'static str {
    match value.as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b'"') => "a string",
        Some(b't' | b'f') => "a truth value",
        Some(b'n') => "null",
        _ => "a number",
    }
}

/// Why a line is no record.
fn broken(line: &str, error: &serde_json::Error) -> String {
    // A whole value of another kind is a different mistake than a damaged line.
    if serde_json::from_str::<IgnoredAny>(line).is_ok() && !line.trim_ascii().starts_with('{') {
        let kind = kind(line.trim_ascii());
        let hint = if kind == "an array" { "; hint: `jq -c '.[]'` turns an array into JSON Lines" } else { "" };
        return format!("not a JSON object but {kind}{hint}");
    }
    let message = error.to_string();
    let what = message.split(" at line ").next().unwrap_or_default();
    // The first line of a value printed over several lines.
    let hint = match line.trim_ascii() {
        "[" => "; hint: a record is one line; `jq -c '.[]'` turns an array into JSON Lines",
        "{" => "; hint: a record is one line; `jq -c .` puts each on one",
        _ => "",
    };
    format!("broken JSON at column {}: {what}{hint}", error.column())
}

/// Why a record has no text, with the fields it has and the likeliest of them.
fn no_text(line: &str, name: &str, field: &str) -> String {
    let members = members(line);
    if members.is_empty() {
        return format!("no {field} `{name}`; the record is empty");
    }
    // The longest string is the text more often than not.
    let strings = members.iter().filter(|(_, value)| value.get().starts_with('"'));
    let likely = strings.max_by_key(|(_, value)| value.get().len()).map(|(name, _)| name.as_str());
    missing(name, field, "record", members.iter().map(|(name, _)| name.as_str()), likely)
}

/// Says that a field is missing, which ones there are, and the likeliest of them.
pub(super) fn missing<'a>(
    name: &str,
    field: &str,
    whole: &str,
    names: impl ExactSizeIterator<Item = &'a str>,
    likely: Option<&str>,
) -> String {
    let count = names.len();
    let mut shown: Vec<String> = names.take(NAMES_SHOWN_MAX).map(|name| name.escape_debug().to_string()).collect();
    if count > NAMES_SHOWN_MAX {
        shown.push(format!("and {} more", count - NAMES_SHOWN_MAX));
    }
    let mut why = format!("no {field} `{name}`; the {whole} has: {}", shown.join(", "));
    if let Some(likely) = likely {
        why.push_str(&format!("; hint: --text-field {}", likely.escape_debug()));
    }
    why
}

/// An object's fields in their order, as many as there are before an error.
fn members(line: &str) -> Vec<(String, &RawValue)> {
    struct Members<'m, 'de>(&'m mut Vec<(String, &'de RawValue)>);

    impl<'de> Visitor<'de> for Members<'_, 'de> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
            while let Some((name, value)) = map.next_entry().map_err(A::Error::custom)? {
                self.0.push((name, value));
            }
            Ok(())
        }
    }

    let mut members = Vec::new();
    // An error ends the list, and that is all it means here.
    let _ = serde_json::Deserializer::from_str(line).deserialize_map(Members(&mut members));
    members
}

/// The values of an object in their order, undecoded; nothing when it is broken.
#[cfg(feature = "tables")]
pub(super) fn values(object: &str) -> Option<Vec<&str>> {
    serde_json::from_str::<IgnoredAny>(object).ok()?;
    Some(members(object).into_iter().map(|(_, value)| value.get()).collect())
}
