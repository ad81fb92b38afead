//! Documents of files, for engines that cannot read them: what `ghirbal.spark.read` runs in executors.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_schema::ArrowError;
use ghirbal::error::{Error, Result};
use ghirbal::read::{Content, Corpus, Document, discover_with, parse};
use pyo3::prelude::*;

use crate::error::{arrow, raise};
use crate::params::Params;
use crate::table::Table;

/// So much of a file is read at a time.
const BATCH_LEN_BYTES: usize = 16 << 20;

fn table<const N: usize>(columns: [(&str, Vec<Option<String>>); N]) -> std::result::Result<Table, ArrowError> {
    let columns = columns.map(|(name, values)| (name, Arc::new(StringArray::from(values)) as ArrayRef, true));
    RecordBatch::try_from_iter_with_nullable(columns).map(Table::of)
}

/// What stands behind paths and URLs: name, path, folder of each file, path being null where it cannot
/// be read.
#[pyfunction]
pub fn sources(py: Python<'_>, paths: Vec<PathBuf>, params: &Params) -> PyResult<Table> {
    let reading = &params.0.reading;
    let found = py.detach(|| discover_with(&paths, reading)).map_err(|e| raise(py, &e))?;
    let readable = found.sources.iter().map(|s| {
        let path = s.place().to_string_lossy().into_owned();
        (s.name.clone(), Some(path), s.folder.clone())
    });
    let unreadable = found.skipped.into_iter().filter(|s| s.unreadable).map(|s| (s.name, None, None));
    let (mut names, mut places, mut folders) = (Vec::new(), Vec::new(), Vec::new());
    for (name, place, folder) in readable.chain(unreadable) {
        names.push(Some(name));
        places.push(place);
        folders.push(folder);
    }
    table([("name", names), ("path", places), ("folder", folders)]).map_err(arrow)
}

/// What a record is called, and the document that it is unless it cannot be read.
type Called = (String, Option<Document>);

/// The documents of one source, some at a time: id, text, host, sort_key. What cannot be read has no text
/// and is called by its place.
#[pyclass(frozen, module = "ghirbal._ghirbal")]
pub struct Documents(Mutex<Receiver<Result<Vec<Called>>>>);

#[pymethods]
impl Documents {
    #[new]
    fn new(name: String, path: Option<PathBuf>, folder: Option<String>, params: &Params) -> Self {
        let (sender, receiver) = sync_channel(1);
        let params = params.0.clone();
        std::thread::spawn(move || {
            let last = match path {
                Some(path) => read(name, path, folder, &params, &sender).map(|()| Vec::new()),
                None => Ok(vec![(name, None)]),
            };
            // Nobody waits any more when the other side is gone.
            let _ = sender.send(last);
        });
        Self(Mutex::new(receiver))
    }

    fn __iter__(this: PyRef<'_, Self>) -> PyRef<'_, Self> {
        this
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Table>> {
        let next = py.detach(|| self.0.lock().unwrap_or_else(PoisonError::into_inner).recv());
        let Ok(records) = next else { return Ok(None) };
        let (mut ids, mut texts, mut hosts, mut keys) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (id, document) in records.map_err(|e| raise(py, &e))? {
            let (text, host, key) = document.map_or((None, None, None), |d| (Some(d.text), d.host, d.sort_key));
            ids.push(Some(id));
            texts.push(text);
            hosts.push(host);
            keys.push(key);
        }
        table([("id", ids), ("text", texts), ("host", hosts), ("sort_key", keys)]).map(Some).map_err(arrow)
    }
}

/// Reads the source at `path`, under the name and folder it was found with, until nobody listens.
fn read(
    name: String,
    path: PathBuf,
    folder: Option<String>,
    params: &ghirbal::params::Params,
    to: &SyncSender<Result<Vec<Called>>>,
) -> Result<()> {
    let mut sources = discover_with(std::slice::from_ref(&path), &params.reading)?.sources;
    let [source] = &mut sources[..] else {
        return Err(Error::input("the file is no longer what it was when the run began").at(&path));
    };
    (source.name, source.folder) = (name.clone(), folder);
    let mut corpus = Corpus::new(&sources);
    while let Some(batch) = corpus.next_batch(BATCH_LEN_BYTES)? {
        let called = batch.into_iter().map(|raw| parse(&sources, params, raw)).filter_map(|record| {
            Some(match record.content {
                Content::Document(parsed) => (parsed.document.id.clone(), Some(parsed.document)),
                Content::Skipped(_) => (format!("{name}:{}", record.line), None),
                Content::Nothing => return None,
            })
        });
        if to.send(Ok(called.collect())).is_err() {
            break;
        }
    }
    Ok(())
}
