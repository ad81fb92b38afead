//! Options as typed, and how they become [`Params`].
//!
//! They are [`clap::Args`], so that another program of ours (the Python package's on Spark) takes the same ones:
//!
//! ```
//! use clap::Parser;
//! use ghirbal::cli::options::Everything;
//!
//! #[derive(Parser)]
//! struct Cli {
//!     input: String,
//!     #[command(flatten)]
//!     everything: Everything,
//! }
//!
//! let typed = Cli::parse_from(["program", "crawl", "--similar", "0.7", "--remove", "repeat"]);
//! assert_eq!(typed.everything.params()?.documents.similar, 0.7);
//! # Ok::<(), ghirbal::error::Error>(())
//! ```

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::phrases;
use crate::cli::settings::nearest;
use crate::error::{Error, Result};
use crate::label::{Action, Label};
use crate::normalise::Folds;
use crate::params::{
    DocumentParams, Invalid, Keep, KeepPassage, Level, Params, PassageParams, Policy, Reading, Scope, Snap,
};
use crate::pipeline::REMOVED_MAX;

/// What to read.
#[derive(Args, Debug)]
pub struct Paths {
    /// Files, folders, patterns and URLs to read; `-` is standard input, `@FILE` a list of paths
    ///
    /// Plain text (.txt, .text: one document a file), JSON Lines (.jsonl, .ndjson, .json), CSV (.csv,
    /// .tsv, .tab), WARC and WET (.warc, .wet), each also .gz, .zst, .bz2 and .xz; Parquet (.parquet)
    /// and Arrow (.arrow, .feather, .arrows). The order of the paths does not matter. URLs (s3://, gs://,
    /// az:// with prefixes and patterns, http(s)://) need a build with the feature `remote`.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
}

/// What every command that compares documents asks.
#[derive(Args, Debug)]
pub struct Compare {
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    documents: Documents,
}

/// What a command asks that looks into documents, too.
#[derive(Args, Debug)]
pub struct Everything {
    #[command(flatten)]
    compare: Compare,
    #[command(flatten)]
    inside: Inside,
}

/// When not to write.
#[derive(Args, Debug)]
pub struct Ceiling {
    /// Stop, and write nothing, when more than this share of the text would go
    #[arg(long, value_name = "SHARE", default_value_t = REMOVED_MAX, help_heading = "Output")]
    pub max_removed: f64,
}

/// How to read it, and which words count as equal.
#[derive(Args, Debug)]
struct Input {
    /// The field or column that holds a record's text
    #[arg(long, value_name = "FIELD", default_value = "text", help_heading = "Input")]
    text_field: String,
    /// The field that holds its id; without one a record is called SOURCE:LINE
    #[arg(long, value_name = "FIELD", default_value = "id", help_heading = "Input")]
    id_field: String,
    /// The field that holds its host, or a URL: recurring lines are counted by host
    ///
    /// Where there is none, `url`, `uri` or `link` is taken, and of plain text the first folder below
    /// PATH.
    #[arg(long, value_name = "FIELD", default_value = "host", help_heading = "Input")]
    host_field: String,
    /// The encoding of text that is not UTF-8, such as windows-1256
    ///
    /// Names are those of the web. A byte order mark says more than this; what is written comes out
    /// in the same encoding.
    #[arg(long, value_name = "NAME", help_heading = "Input")]
    encoding: Option<String>,
    /// Bytes that are no text: `skip` the record, or `replace` them by U+FFFD
    ///
    /// `restore` brings them back.
    #[arg(long, value_name = "HOW", default_value = "skip", help_heading = "Input")]
    invalid: Invalid,
    /// The longest record, in bytes; a longer one is skipped and passes through
    #[arg(long, hide_short_help = true, value_name = "BYTES", default_value_t = Reading::default().record_len_bytes_max, help_heading = "Input")]
    max_record: u64,
    /// Folds that make words equal: `arabic`, `plain` (case only), `none`
    ///
    /// NFKC comes before all of them. The default is both.
    #[arg(long, value_name = "PRESET", value_delimiter = ',', default_value = "arabic,plain", help_heading = "Input")]
    fold: Vec<String>,
    /// Switch one fold off: marks, tatweel, format, alef, hamza_seat, yeh, teh_marbuta, kaf,
    /// digits, case
    #[arg(long, value_name = "FOLD", value_delimiter = ',', help_heading = "Input")]
    no_fold: Vec<String>,
}

/// When two documents are duplicates.
#[derive(Args, Debug)]
struct Documents {
    /// Jaccard similarity of their shingles from which two documents are near duplicates; lower
    /// finds more
    #[arg(long, value_name = "SHARE", default_value_t = DocumentParams::default().similar, help_heading = "Duplicate documents")]
    similar: f64,
    /// Share of its shingles from which a document counts as contained in another; lower finds more
    #[arg(long, value_name = "SHARE", default_value_t = DocumentParams::default().contained, help_heading = "Duplicate documents")]
    contained: f64,
    /// Words in a shingle; fewer finds more
    #[arg(long, value_name = "WORDS", default_value_t = DocumentParams::default().shingle_len_tokens, help_heading = "Duplicate documents")]
    shingle: usize,
    /// Which document of a cluster stays: longest, first, earliest:FIELD, latest:FIELD
    ///
    /// Ties go to the longer one, then the smaller id, then reading order.
    #[arg(long, value_name = "RULE", default_value = "longest", help_heading = "Duplicate documents")]
    keep: Keep,
    /// Share of the pairs exactly at --similar that may be missed; lower is slower
    #[arg(long, value_name = "SHARE", default_value_t = DocumentParams::default().miss_rate_max, help_heading = "Duplicate documents")]
    miss: f64,
    /// Override the bands that follow from --similar and --miss; more find more
    #[arg(long, value_name = "N", requires = "rows", help_heading = "Duplicate documents")]
    bands: Option<usize>,
    /// Override the rows in a band; more find less
    #[arg(long, value_name = "N", requires = "bands", help_heading = "Duplicate documents")]
    rows: Option<usize>,
    /// Seed of the sketch, for corpora an adversary may have written
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Duplicate documents")]
    seed: u64,
}

/// How certain findings must be, and what becomes of them.
#[derive(Args, Debug)]
struct Inside {
    /// Certainty a removal needs; `careful` removes least
    #[arg(long, value_enum, default_value_t = LevelName::Default, help_heading = "Filler and passages")]
    level: LevelName,
    /// Where repeated passages are searched
    #[arg(long, value_enum, default_value_t = ScopeName::Document, help_heading = "Filler and passages")]
    scope: ScopeName,
    /// The shortest passage that counts, in words; fewer finds more
    #[arg(long, value_name = "WORDS", default_value_t = PassageParams::default().words_min, help_heading = "Filler and passages")]
    min_words: usize,
    /// Share of aligned words that must be equal; lower finds more
    #[arg(long, value_name = "SHARE", default_value_t = PassageParams::default().identity_min, help_heading = "Filler and passages")]
    identity: f64,
    /// Where a passage ends: word, sentence, paragraph
    ///
    /// What is shown is widened to whole ones; what `--remove repeat` takes is narrowed to whole ones,
    /// sentences at least.
    #[arg(long, value_name = "UNIT", default_value = "word", help_heading = "Filler and passages")]
    snap: Snap,
    /// Which side of a passage inside a document stays: first, longest
    ///
    /// Across documents `--keep` decides.
    #[arg(long, value_name = "RULE", default_value = "first", help_heading = "Filler and passages")]
    keep_passage: KeepPassage,
    /// A file with phrases of your own (`ghirbal phrases check` tests one); may be repeated
    #[arg(long, value_name = "FILE", help_heading = "Filler and passages")]
    phrases: Vec<PathBuf>,
    /// Remove these labels, such as `repeat` or `social_embed`; `contained` removes documents that
    /// lie inside others
    #[arg(long, value_name = "LABEL", value_delimiter = ',', help_heading = "Policy", long_help = remove_help())]
    remove: Vec<String>,
    /// Keep these labels in the text
    #[arg(long, value_name = "LABEL", value_delimiter = ',', help_heading = "Policy")]
    keep_label: Vec<String>,
    /// Keep these labels and report them
    #[arg(long, value_name = "LABEL", value_delimiter = ',', help_heading = "Policy")]
    flag: Vec<String>,
    /// Move these labels out of the text into a field
    #[arg(long, value_name = "LABEL", value_delimiter = ',', help_heading = "Policy")]
    to_metadata: Vec<String>,
}

/// The long help of `--remove`: every label that can go, with what becomes of it by default.
fn remove_help() -> String {
    let policy = Policy::default();
    let removable = Label::ALL.iter().filter(|&&label| policy.action(label) != Action::Keep);
    let labels: Vec<String> = removable.map(|&label| format!("{label} ({})", policy.action(label))).collect();
    format!(
        "Remove these labels; `contained` removes documents that lie inside others\n\nThe labels, and what becomes of \
         them by default: {}, contained ({})",
        labels.join(", "),
        policy.contained,
    )
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LevelName {
    Careful,
    Default,
    Thorough,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ScopeName {
    /// Both sides in one document
    Document,
    /// The sides in two documents
    Corpus,
    /// Either
    Both,
}

impl Compare {
    /// The parameters asked for.
    ///
    /// # Errors
    /// Names an option's value that cannot be.
    pub fn params(&self) -> Result<Params> {
        let mut params = Params::default();
        self.input.apply(&mut params)?;
        self.documents.apply(&mut params)?;
        params.validate()?;
        Ok(params)
    }
}

impl Everything {
    /// The parameters asked for.
    ///
    /// # Errors
    /// Names an option's value that cannot be.
    pub fn params(&self) -> Result<Params> {
        let mut params = self.compare.params()?;
        self.inside.apply(&mut params)?;
        params.validate()?;
        Ok(params)
    }
}

impl Ceiling {
    /// Refuses what is no share.
    ///
    /// # Errors
    /// Names the option and its range.
    pub fn check(&self) -> Result<()> {
        if !(0.0..=1.0).contains(&self.max_removed) {
            return Err(Error::usage(format!("--max-removed is {}", self.max_removed))
                .hint("--max-removed is a share from 0 to 1; 1 sets no ceiling"));
        }
        Ok(())
    }
}

impl Input {
    /// Puts the options into `params`.
    ///
    /// # Errors
    /// An unknown fold.
    fn apply(&self, params: &mut Params) -> Result<()> {
        params.reading =
            Reading { encoding: self.encoding.clone(), invalid: self.invalid, record_len_bytes_max: self.max_record };
        params.fields.text.clone_from(&self.text_field);
        params.fields.id.clone_from(&self.id_field);
        params.fields.host.clone_from(&self.host_field);
        let mut folds = Folds::NONE;
        for preset in &self.fold {
            match preset.as_str() {
                "arabic" => folds = Folds { case: folds.case, ..Folds::ARABIC },
                "plain" => folds.case = true,
                "none" => {}
                other => {
                    return Err(Error::usage(format!("unknown fold preset `{other}`")).hint("arabic, plain or none"));
                }
            }
        }
        for name in &self.no_fold {
            match folds.switch(name) {
                Some(switch) => *switch = false,
                None => {
                    return Err(Error::usage(format!("unknown fold `{name}`")).hint(Folds::NAMES.join(", ")));
                }
            }
        }
        params.folds = folds;
        Ok(())
    }
}

impl Documents {
    /// Puts the options into `params`.
    ///
    /// # Errors
    /// Bands without rows, or rows without bands.
    fn apply(&self, params: &mut Params) -> Result<()> {
        let d = &mut params.documents;
        d.similar = self.similar;
        d.contained = self.contained;
        d.shingle_len_tokens = self.shingle;
        d.keep = self.keep.clone();
        d.miss_rate_max = self.miss;
        d.bands_rows = match (self.bands, self.rows) {
            (None, None) => None,
            (Some(bands), Some(rows)) => Some((bands, rows)),
            // On the command line alone clap asks for both; one may stand in a file.
            _ => return Err(Error::usage("one of bands and rows is set").hint("set --bands and --rows, or neither")),
        };
        d.seed = self.seed;
        Ok(())
    }
}

impl Inside {
    /// Puts the options into `params`.
    ///
    /// # Errors
    /// An unknown label, or one that is never removed.
    fn apply(&self, params: &mut Params) -> Result<()> {
        params.filler.level = match self.level {
            LevelName::Careful => Level::Careful,
            LevelName::Default => Level::Default,
            LevelName::Thorough => Level::Thorough,
        };
        params.passages.scope = match self.scope {
            ScopeName::Document => Scope::Document,
            ScopeName::Corpus => Scope::Corpus,
            ScopeName::Both => Scope::Both,
        };
        params.passages.words_min = self.min_words;
        params.passages.identity_min = self.identity;
        params.passages.snap = self.snap;
        params.passages.keep = self.keep_passage;
        for path in &self.phrases {
            params.filler.phrases.push(phrases::read_to_use(path)?);
        }
        let mut decided = std::collections::BTreeMap::new();
        for (labels, action) in [
            (&self.remove, Action::Remove),
            (&self.keep_label, Action::Keep),
            (&self.flag, Action::Flag),
            (&self.to_metadata, Action::Metadata),
        ] {
            for name in labels {
                if let Some(other) = decided.insert(name.as_str(), action)
                    && other != action
                {
                    return Err(Error::usage(format!("`{name}` is given two fates, {other} and {action}"))
                        .hint("name each label once"));
                }
                if name == "contained" {
                    params.policy.set_contained(action)?;
                } else {
                    params.policy.set(label(name)?, action)?;
                }
            }
        }
        Ok(())
    }
}

/// The label of a name.
///
/// # Errors
/// There is none; the one that may have been meant.
fn label(name: &str) -> Result<Label> {
    name.parse().map_err(|e: String| {
        let known = Label::ALL.iter().map(|label| label.name()).chain(["contained"]);
        let error = Error::usage(e);
        nearest(name, known).into_iter().fold(error, |error, near| error.hint(format!("is it `{near}`?")))
    })
}
