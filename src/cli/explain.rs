//! `ghirbal explain`: finds the document and its rows, here or in an output folder.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::error::{Error, Result};
use crate::params::Fields;
use crate::pipeline::Run;
use crate::read::{Corpus, Document, parse};
use crate::remote;
use crate::report::explain::Explained;
use crate::scratch::{self, Scratch};
use crate::write::{Ledger, names, restore};

/// Explains a place of a corpus, or of what was cleaned into a folder. `prepare` makes a run over
/// paths with the parameters of the caller, and the fields of a cleaned folder's own ledger.
///
/// # Errors
/// A place that names no document or line; see [`Run::rows`] and [`restore`].
pub fn explain(
    path: &Path,
    place: &str,
    prepare: impl FnOnce(&[PathBuf], Option<Fields>) -> Result<Run>,
) -> Result<String> {
    let ledger = path.join(names::LEDGER);
    let cleaned = if remote::is_url(&ledger) { remote::exists(&ledger)? } else { ledger.is_file() };
    if !cleaned {
        return explain_run(&prepare(&[path.to_path_buf()], None)?, path, place, None);
    }
    // Line numbers are those of the original text, so what was cleaned is first put back.
    let folder = tempfile::tempdir_in(scratch::folder())
        .map_err(|e| Error::io("create a temporary folder in", &scratch::folder(), e))?;
    let _scratch = Scratch::new(folder.path());
    let originals = folder.path().join("originals");
    restore(path, &originals)?;
    let ledger = Ledger::open(path)?;
    ledger.require_unedited(names::FINDINGS)?;
    let run = prepare(std::slice::from_ref(&originals), Some(fields_of(&ledger)))?;
    explain_run(&run, path, place, Some(&path.join(names::FINDINGS)))
}

/// Explains a place of a run's corpus, which is `shown` to the user under this name; by `findings`
/// that were written before, where there are any.
///
/// # Errors
/// A place that names no document or line; see [`Run::rows`].
pub fn explain_run(run: &Run, shown: &Path, place: &str, findings: Option<&Path>) -> Result<String> {
    let (wanted, line) = choose(run, shown, place)?;
    let mut rows = RowsOf { id: &wanted.id, partial: Vec::new(), rows: Vec::new() };
    if let Some(findings) = findings {
        let failed = |e| remote::into_error("read", findings, e);
        let mut file = remote::open(findings).map_err(failed)?;
        std::io::copy(&mut file, &mut rows).map_err(failed)?;
    } else {
        run.rows(&mut rows)?;
    }
    let mut text_of = |id: &str| find(run, |d, _, _| d.id == id).ok()?.map(|d| d.text);
    let explained = Explained { id: &wanted.id, text: &wanted.text, rows: &rows.rows };
    explained.render(line, &mut text_of).map_err(|last| {
        Error::usage(format!("`{}` has no line {}", wanted.id, line.unwrap_or_default()))
            .hint(format!("its last line is {last}"))
    })
}

/// The names of fields that a folder was cleaned with.
fn fields_of(ledger: &Ledger) -> Fields {
    let name =
        |field: &str, default: String| ledger.parameters()["fields"][field].as_str().map_or(default, str::to_owned);
    let default = Fields::default();
    Fields {
        text: name("text", default.text),
        id: name("id", default.id),
        host: name("host", default.host),
        metadata: name("metadata", default.metadata),
    }
}

/// Collects the rows that name one document.
struct RowsOf<'a> {
    id: &'a str,
    partial: Vec<u8>,
    rows: Vec<Value>,
}

impl Write for RowsOf<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.partial.extend_from_slice(bytes);
        while let Some(end) = memchr::memchr(b'\n', &self.partial) {
            if let Ok(row) = serde_json::from_slice::<Value>(&self.partial[..end]) {
                let names = |value: &Value| value.as_str() == Some(self.id);
                if names(&row["doc"]) || names(&row["a"]["doc"]) || names(&row["b"]["doc"]) {
                    self.rows.push(row);
                }
            }
            self.partial.drain(..=end);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Understands DOC:LINE, LINE or the number of a record: the document, and the line in it if one
/// was named. Errors speak of the path as it was `shown` to the user.
fn choose(run: &Run, shown: &Path, place: &str) -> Result<(Document, Option<u32>)> {
    let (doc, line) = match place.rsplit_once(':') {
        Some((doc, line)) => (Some(doc), line),
        None => (None, place),
    };
    let number: u32 = line.parse().map_err(|_| {
        Error::usage(format!("`{place}` names no line")).hint("give a line number, or DOC:LINE such as 003:11")
    })?;
    match doc {
        Some(doc) => {
            let exact = find(run, |d, _, _| d.id == doc)?;
            let found = match exact {
                Some(d) => Some(d),
                None => find(run, |d, _, _| d.id.contains(doc))?,
            };
            let missing = || Error::usage(format!("no document is called `{doc}` in")).at(shown);
            found.map(|d| (d, Some(number))).ok_or_else(|| missing().hint("give its id, or a part of it"))
        }
        None => {
            let mut documents = 0;
            let only = find(run, |_, _, _| {
                documents += 1;
                documents == 2
            })?;
            if only.is_none() && documents == 1 {
                let only = find(run, |_, _, _| true)?;
                return only.map(|d| (d, Some(number))).ok_or_else(|| Error::input("the document is gone").at(shown));
            }
            let sources = run.sources().len();
            let record = find(run, |_, _, line| sources == 1 && line == u64::from(number))?;
            record.map(|d| (d, None)).ok_or_else(|| {
                Error::usage(format!("there is more than one document, and `{place}` names none of them in"))
                    .at(shown)
                    .hint("say which: DOC:LINE, where DOC is an id or a part of it")
            })
        }
    }
}

/// The first document for which `wanted` holds, given it, its source and its record's line.
fn find(run: &Run, mut wanted: impl FnMut(&Document, u32, u64) -> bool) -> Result<Option<Document>> {
    let mut records = Corpus::new(run.sources());
    while let Some(batch) = records.next_batch(1 << 20)? {
        for raw in batch {
            let record = parse(run.sources(), run.params(), raw);
            if let Some(document) = record.document()
                && wanted(document, record.source, record.line)
            {
                return Ok(Some(document.clone()));
            }
        }
    }
    Ok(None)
}
