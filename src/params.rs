//! Every choice that changes an answer, in one value.
//!
//! No environment variable, clock, locale or thread count changes a finding; only [`Params`] does.
//! Its [`digest`](Params::digest) stands in every artefact, and unlike artefacts are refused.
//!
//! ```
//! use ghirbal::params::Params;
//! let mut params = Params::default();
//! let digest = params.digest();
//! params.documents.similar = 0.7;
//! assert_ne!(params.digest(), digest);
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use xxhash_rust::xxh3::xxh3_128;

use crate::error::{Error, Result};
use crate::label::{Action, Label};
use crate::normalise::Folds;

/// All parameters of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// How bytes become text.
    pub reading: Reading,
    /// Where a record's text, id and host stand.
    pub fields: Fields,
    /// What two words may differ in and still be the same word.
    pub folds: Folds,
    /// When two documents are duplicates, and which is kept.
    pub documents: DocumentParams,
    /// When a repeated passage counts.
    pub passages: PassageParams,
    /// How readily filler is recognised.
    pub filler: FillerParams,
    /// What becomes of each finding.
    pub policy: Policy,
}

/// How bytes become text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Reading {
    /// The encoding of text that is not UTF-8 and has no byte order mark, by its name on the web.
    pub encoding: Option<String>,
    /// What becomes of a record that holds bytes which are no text.
    pub invalid: Invalid,
    /// The longest record, in bytes; a longer one is skipped.
    pub record_len_bytes_max: u64,
}

impl Default for Reading {
    fn default() -> Self {
        Self { encoding: None, invalid: Invalid::Skip, record_len_bytes_max: 256 << 20 }
    }
}

/// What becomes of a record that holds bytes which are no text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Invalid {
    /// It is skipped, and passes through.
    #[default]
    Skip,
    /// The bytes are replaced by U+FFFD; the ledger keeps them.
    Replace,
}

impl FromStr for Invalid {
    type Err = String;

    fn from_str(s: &str) -> std::result::Result<Self, String> {
        match s {
            "skip" => Ok(Invalid::Skip),
            "replace" => Ok(Invalid::Replace),
            _ => Err(format!("`{s}` is none of skip, replace")),
        }
    }
}

/// Names of the fields of a record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Fields {
    /// The text.
    pub text: String,
    /// The id; a record without one is called `source:line`.
    pub id: String,
    /// The host, whose lines are counted together: a name or a URL. Where it names none, the host
    /// of a field `url`, `uri` or `link` is taken.
    pub host: String,
    /// The field that metadata is written to in cleaned records.
    pub metadata: String,
}

impl Default for Fields {
    fn default() -> Self {
        Self { text: "text".into(), id: "id".into(), host: "host".into(), metadata: "ghirbal".into() }
    }
}

/// Duplicate documents: shingles, sketch, bands, and the choice of the anchor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DocumentParams {
    /// Two documents are near duplicates when the true Jaccard similarity of their shingle sets
    /// is at least this. Lower finds more.
    pub similar: f64,
    /// A document is contained in another when at least this share of its shingles lies there.
    /// Lower finds more.
    pub contained: f64,
    /// Words in a shingle. Longer is stricter.
    pub shingle_len_tokens: usize,
    /// Places in a signature, at most.
    pub sketch_len: usize,
    /// The share of pairs exactly at `similar` that the bands may miss. Lower is slower.
    pub miss_rate_max: f64,
    /// Bands and rows, when the user overrides what `similar` and `miss_rate_max` give.
    pub bands_rows: Option<(usize, usize)>,
    /// Which document of a cluster is kept.
    pub keep: Keep,
    /// Seed of the sketch's hash functions, for adversarial corpora.
    pub seed: u64,
}

impl Default for DocumentParams {
    fn default() -> Self {
        Self {
            similar: 0.8,
            contained: 0.9,
            shingle_len_tokens: 5,
            sketch_len: 128,
            miss_rate_max: 0.001,
            bands_rows: None,
            keep: Keep::Longest,
            seed: 0,
        }
    }
}

/// Which document of a cluster is its anchor and stays.
///
/// Ties go to the longer text in words (`Earliest`, `Latest`), then to the smaller id in byte
/// order, then to reading order; so, but for `First` and equal ids, the choice does not depend on
/// the order of the input. Values that are numbers compare as numbers and come before other text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Keep {
    /// The one with the most words.
    Longest,
    /// The first in reading order: sources by name, records as they stand.
    First,
    /// The one with the smallest value of this field.
    Earliest(String),
    /// The one with the largest value of this field.
    Latest(String),
}

impl Keep {
    /// The field the choice looks at.
    pub fn field(&self) -> Option<&str> {
        match self {
            Keep::Earliest(field) | Keep::Latest(field) => Some(field),
            Keep::Longest | Keep::First => None,
        }
    }
}

impl fmt::Display for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Keep::Longest => f.write_str("longest"),
            Keep::First => f.write_str("first"),
            Keep::Earliest(field) => write!(f, "earliest:{field}"),
            Keep::Latest(field) => write!(f, "latest:{field}"),
        }
    }
}

impl From<Keep> for String {
    fn from(keep: Keep) -> String {
        keep.to_string()
    }
}

impl TryFrom<String> for Keep {
    type Error = String;

    fn try_from(s: String) -> std::result::Result<Self, String> {
        s.parse()
    }
}

impl FromStr for Keep {
    type Err = String;

    fn from_str(s: &str) -> std::result::Result<Self, String> {
        match s.split_once(':') {
            None if s == "longest" => Ok(Keep::Longest),
            None if s == "first" => Ok(Keep::First),
            Some(("earliest", field)) if !field.is_empty() => Ok(Keep::Earliest(field.into())),
            Some(("latest", field)) if !field.is_empty() => Ok(Keep::Latest(field.into())),
            _ => Err(format!("`{s}` is none of longest, first, earliest:FIELD, latest:FIELD")),
        }
    }
}

/// Where repeated passages are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Inside each document.
    Document,
    /// Across documents.
    Corpus,
    /// Both.
    Both,
}

impl Scope {
    /// Whether passages inside a document are looked for.
    pub fn inside(self) -> bool {
        self != Scope::Corpus
    }

    /// Whether passages across documents are looked for.
    pub fn across(self) -> bool {
        self != Scope::Document
    }
}

/// Where the borders of a passage lie when it is shown or removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Snap {
    /// At words, as found.
    #[default]
    Word,
    /// At sentences.
    Sentence,
    /// At lines.
    Paragraph,
}

impl FromStr for Snap {
    type Err = String;

    fn from_str(s: &str) -> std::result::Result<Self, String> {
        match s {
            "word" => Ok(Snap::Word),
            "sentence" => Ok(Snap::Sentence),
            "paragraph" => Ok(Snap::Paragraph),
            _ => Err(format!("`{s}` is none of word, sentence, paragraph")),
        }
    }
}

/// Which side of a passage repeated inside one document stays when repeats are removed. Across
/// documents it is the side in the document that [`Keep`] prefers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeepPassage {
    /// The first.
    #[default]
    First,
    /// The longer; the first of two of one length.
    Longest,
}

impl FromStr for KeepPassage {
    type Err = String;

    fn from_str(s: &str) -> std::result::Result<Self, String> {
        match s {
            "first" => Ok(KeepPassage::First),
            "longest" => Ok(KeepPassage::Longest),
            _ => Err(format!("`{s}` is none of first, longest")),
        }
    }
}

/// Repeated passages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PassageParams {
    /// Where they are looked for.
    pub scope: Scope,
    /// The shortest passage that counts, in words of its shorter side.
    pub words_min: usize,
    /// Share of aligned words that must be equal. Lower finds more.
    pub identity_min: f64,
    /// Where its borders lie when it is shown or removed.
    pub snap: Snap,
    /// Which side stays inside a document.
    pub keep: KeepPassage,
}

impl Default for PassageParams {
    fn default() -> Self {
        Self { scope: Scope::Document, words_min: 6, identity_min: 0.5, snap: Snap::Word, keep: KeepPassage::First }
    }
}

/// How much certainty a removal needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Only what is all but certain.
    Careful,
    /// The balance.
    #[default]
    Default,
    /// Also what is merely likely.
    Thorough,
}

impl Level {
    /// The smallest score at which a policy of removal is carried out; below it the finding is
    /// flagged.
    pub fn score_min(self) -> f32 {
        match self {
            Level::Careful => 0.9,
            Level::Default => 0.7,
            Level::Thorough => 0.5,
        }
    }
}

/// Filler and stray headlines.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FillerParams {
    /// How much certainty a removal needs.
    pub level: Level,
    /// The user's own phrases, besides the built-in lists.
    pub phrases: Vec<PhraseList>,
}

/// A list of phrases, in the language of the built-in ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PhraseList {
    /// What it is called in evidence and errors: the path as it was typed.
    pub name: String,
    /// The text of the list.
    pub text: String,
}

/// What becomes of each finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    actions: [Action; Label::ALL.len()],
    /// What becomes of a document that is contained in another.
    pub contained: Action,
}

impl Policy {
    /// The action for a label.
    pub fn action(&self, label: Label) -> Action {
        self.actions[label as usize]
    }

    /// Sets the action for a label.
    ///
    /// # Errors
    /// When the label names text that is never taken away.
    pub fn set(&mut self, label: Label, action: Action) -> Result<()> {
        if matches!(label, Label::Body | Label::Title | Label::SectionHeading) && action.takes_away() {
            return Err(Error::usage(format!("`{label}` is the article itself and is never removed"))
                .hint("choose one of the labels of filler, repeats or duplicates"));
        }
        if label == Label::DuplicateDocument && action == Action::Metadata {
            return Err(no_metadata("duplicate_document"));
        }
        self.actions[label as usize] = action;
        Ok(())
    }
}

impl Policy {
    /// Sets what becomes of a document that is contained in another.
    ///
    /// # Errors
    /// A whole document is no metadata.
    pub fn set_contained(&mut self, action: Action) -> Result<()> {
        if action == Action::Metadata {
            return Err(no_metadata("contained"));
        }
        self.contained = action;
        Ok(())
    }
}

fn no_metadata(what: &str) -> Error {
    Error::usage(format!("`{what}` is a whole document and cannot become a field of itself"))
        .hint("--remove, --flag or --keep-label")
}

impl Default for Policy {
    fn default() -> Self {
        let mut actions = [Action::Flag; Label::ALL.len()];
        for &label in Label::ALL {
            actions[label as usize] = match label {
                Label::Body | Label::Title | Label::SectionHeading => Action::Keep,
                Label::Dateline | Label::SourceCredit | Label::Keywords | Label::Byline => Action::Metadata,
                Label::SocialEmbed | Label::Repeat => Action::Flag,
                Label::TitleRepeat
                | Label::ReadAlsoMarker
                | Label::ReadAlsoContent
                | Label::InsertedHeadline
                | Label::SiteLabel
                | Label::Contact
                | Label::Promo
                | Label::Share
                | Label::Rights
                | Label::SiteWide
                | Label::DuplicateDocument => Action::Remove,
            };
        }
        Self { actions, contained: Action::Flag }
    }
}

impl Serialize for Policy {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_map(
            Label::ALL.iter().map(|&l| (l.name(), self.action(l))).chain([("contained_document", self.contained)]),
        )
    }
}

/// What is not named keeps its default.
impl<'de> Deserialize<'de> for Policy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let mut policy = Policy::default();
        for (name, action) in BTreeMap::<String, Action>::deserialize(deserializer)? {
            let set = match name.as_str() {
                "contained_document" => policy.set_contained(action),
                _ => name.parse().map_err(Error::usage).and_then(|label| policy.set(label, action)),
            };
            set.map_err(serde::de::Error::custom)?;
        }
        Ok(policy)
    }
}

impl Params {
    /// 128 bits that differ when any parameter differs, as 32 hexadecimal digits.
    pub fn digest(&self) -> String {
        let bytes = serde_json::to_vec(self).unwrap_or_default();
        format!("{:032x}", xxh3_128(&bytes))
    }

    /// The first parameter that differs between two sets as artefacts write them, for a message:
    /// "documents.similar is 0.8 there, 0.7 here".
    pub fn difference(there: &Value, here: &Value) -> Option<String> {
        match (there, here) {
            (Value::Object(a), Value::Object(b)) => {
                let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
                let value = |of: &Map<String, Value>, name: &str| of.get(name).cloned().unwrap_or_default();
                names.into_iter().find_map(|name| {
                    let differs = Self::difference(&value(a, name), &value(b, name))?;
                    let inner = !differs.starts_with(' ');
                    Some(format!("{name}{}{differs}", if inner { "." } else { "" }))
                })
            }
            _ if there == here => None,
            _ => Some(format!(" is {there} there, {here} here")),
        }
    }

    /// Checks what the types do not hold.
    ///
    /// # Errors
    /// Names the parameter and its range.
    pub fn validate(&self) -> Result<()> {
        let share = |name: &str, value: f64| {
            if value > 0.0 && value <= 1.0 {
                Ok(())
            } else {
                Err(Error::usage(format!("{name} is {value}"))
                    .hint(format!("{name} is a share above 0 and at most 1, such as 0.8")))
            }
        };
        share("--similar", self.documents.similar)?;
        share("--contained", self.documents.contained)?;
        share("--identity", self.passages.identity_min)?;
        share("--miss", self.documents.miss_rate_max)?;
        if !(1..=u64::from(u32::MAX)).contains(&self.reading.record_len_bytes_max) {
            return Err(Error::usage(format!("--max-record is {} bytes", self.reading.record_len_bytes_max))
                .hint("at least 1 and at most 4294967295"));
        }
        if self.documents.shingle_len_tokens == 0 {
            return Err(Error::usage("--shingle is 0").hint("a shingle has at least one word; 5 is usual"));
        }
        if let Some((bands, rows)) = self.documents.bands_rows
            && (bands == 0 || rows == 0 || bands * rows > 1024)
        {
            return Err(Error::usage(format!("{bands} bands of {rows} rows"))
                .hint("both are at least 1 and their product is at most 1024"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_article_itself_cannot_be_removed_by_policy() {
        let mut policy = Policy::default();
        assert!(policy.set(Label::Title, Action::Remove).is_err());
        assert!(policy.set(Label::Title, Action::Flag).is_ok());
        assert_eq!(policy.action(Label::Repeat), Action::Flag);
    }

    #[test]
    fn keep_reads_back_from_its_display() {
        for keep in ["longest", "first", "earliest:date", "latest:crawled"] {
            assert_eq!(keep.parse::<Keep>().unwrap().to_string(), keep);
        }
        assert!("earliest".parse::<Keep>().is_err());
        assert!("earliest:".parse::<Keep>().is_err());
    }

    #[test]
    fn params_read_back_from_their_serialised_form_and_the_rest_keeps_its_default() {
        let mut params = Params::default();
        params.documents.keep = Keep::Latest("date".into());
        params.documents.bands_rows = Some((20, 5));
        params.passages.scope = Scope::Both;
        params.policy.set(Label::Repeat, Action::Remove).unwrap();
        params.policy.set_contained(Action::Remove).unwrap();
        let written = serde_json::to_string(&params).unwrap();
        assert_eq!(serde_json::from_str::<Params>(&written).unwrap(), params);

        let some: Params = serde_json::from_str(r#"{"documents":{"similar":0.7}}"#).unwrap();
        let documents = DocumentParams { similar: 0.7, ..DocumentParams::default() };
        assert_eq!(some, Params { documents, ..Params::default() });
        for wrong in [r#"{"document":{}}"#, r#"{"documents":{"same":1}}"#, r#"{"policy":{"title":"remove"}}"#] {
            assert!(serde_json::from_str::<Params>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn shares_outside_their_range_are_refused_by_name() {
        let mut params = Params::default();
        params.documents.similar = 80.0;
        assert!(params.validate().unwrap_err().to_string().contains("--similar is 80"));
        params.documents.similar = f64::NAN;
        assert!(params.validate().is_err());
    }
}
