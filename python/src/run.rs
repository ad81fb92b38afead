//! Whole runs: report, dedup, clean, restore, explain.
//!
//! A run works on a thread of its own, without the interpreter's lock; the caller's thread waits,
//! looks for signals and tells how far it is. When it is interrupted, or the callback raises, the run
//! ends before it reads its next batch and leaves nothing behind.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arrow_array::builder::{LargeStringBuilder, StringBuilder, StringViewBuilder};
use arrow_array::cast::AsArray;
use arrow_array::{Array as _, ArrayRef, BooleanArray, Int64Array, RecordBatch};
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use bytes::Bytes;
use ghirbal::cli::explain as place_in;
use ghirbal::error::{Error, Result};
use ghirbal::pipeline::{Run, Stages};
use ghirbal::read::{Source, Stop};
use ghirbal::resources::{Resources, parse_size};
use ghirbal::watch::{Event, Phase};
use ghirbal::write::LedgerEntry;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::error::{arrow, raise, usage};
use crate::findings::Findings;
use crate::params::Params;
use crate::rows::{Input, TABLE, source};
use crate::table::Table;

/// How often a waiting caller looks up.
const LOOK_UP: Duration = Duration::from_millis(50);

/// The process whose threads were started; they do not come along when it is forked.
static THREADS_OF: AtomicU32 = AtomicU32::new(0);

/// Sets the number of threads of this process, once and before anything is run.
#[pyfunction]
pub fn set_threads(py: Python<'_>, threads: usize) -> PyResult<()> {
    let refused =
        || usage(py, "the threads have been started already; hint: call set_threads once, before anything else");
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().map_err(|_| refused())
}

/// Runs `work` and gives what it gives. In a forked child it works on one thread of its own.
fn on_threads<T: Send>(work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    let process = std::process::id();
    let started_by = THREADS_OF.compare_exchange(0, process, Ordering::SeqCst, Ordering::SeqCst);
    if started_by.is_ok() || started_by == Err(process) {
        return work();
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let pool = pool.map_err(|e| Error::usage(format!("cannot start a thread in a forked process: {e}")))?;
    pool.install(work)
}

/// How far a run is, and a way to end it.
#[derive(Default)]
struct Told {
    stop: Arc<Stop>,
    now: Mutex<Option<(Phase, u64, u64)>>,
}

/// What a run is busy with; the bytes it has read of those it will read, where it reads.
type Now = (&'static str, u64, u64);

impl Told {
    fn now(&self) -> Option<Now> {
        let now = *self.now.lock().unwrap_or_else(PoisonError::into_inner);
        now.map(|(phase, at_bytes, len_bytes)| (phase.name(), at_bytes, len_bytes))
    }

    /// A run that can be ended and tells how far it is.
    fn of(self: &Arc<Self>, run: Run) -> Run {
        let told = Arc::clone(self);
        run.stopped_by(&self.stop).watched(move |event| {
            let mut now = told.now.lock().unwrap_or_else(PoisonError::into_inner);
            match event {
                Event::Begins { phase, len_bytes } => *now = Some((phase, 0, len_bytes.unwrap_or(0))),
                Event::Read { at_bytes, .. } => {
                    if let Some((_, at, _)) = &mut *now {
                        *at = at_bytes;
                    }
                }
                Event::Skipped { .. } => {}
            }
        })
    }
}

/// Runs `work` on another thread while this one looks for signals and tells `progress` how far it is.
fn watched<T: Send>(
    py: Python<'_>,
    progress: Option<&Bound<'_, PyAny>>,
    work: impl FnOnce(&Arc<Told>) -> Result<T> + Send,
) -> PyResult<T> {
    let watch = Arc::new(Told::default());
    let mut raised = None;
    let done = std::thread::scope(|scope| {
        let (done, waiting) = channel();
        let watch = &watch;
        scope.spawn(move || {
            // Nobody waits any more when the caller's thread unwound.
            let _ = done.send(on_threads(|| work(watch)));
        });
        // A receiver cannot be shared, which leaving the interpreter asks for.
        let waiting = Mutex::new(waiting);
        let mut told = None;
        loop {
            let got = py.detach(|| match waiting.lock() {
                Ok(waiting) => waiting.recv_timeout(LOOK_UP),
                Err(_) => Err(RecvTimeoutError::Disconnected),
            });
            match got {
                Ok(done) => break Some(done),
                Err(RecvTimeoutError::Disconnected) => break None,
                Err(RecvTimeoutError::Timeout) if raised.is_some() => {}
                Err(RecvTimeoutError::Timeout) => {
                    let now = watch.now();
                    let called = py.check_signals().and_then(|()| match (progress, now) {
                        (Some(progress), Some(now)) if told != Some(now) => progress.call1(now).map(drop),
                        _ => Ok(()),
                    });
                    told = now;
                    if let Err(e) = called {
                        watch.stop.now();
                        raised = Some(e);
                    }
                }
            }
        }
    });
    if let Some(e) = raised {
        return Err(e);
    }
    if let (Some(Ok(_)), Some(progress), Some(now)) = (&done, progress, watch.now()) {
        progress.call1(now)?;
    }
    match done {
        Some(done) => done.map_err(|e| raise(py, &e)),
        None => Err(pyo3::exceptions::PyRuntimeError::new_err("the run ended unexpectedly; please report this")),
    }
}

/// What every run is asked: for which parameters, how far into documents, on how much memory, and who is told.
#[pyclass(frozen, module = "ghirbal._ghirbal")]
pub struct Call {
    params: Params,
    stages: Stages,
    memory_bytes: Option<u64>,
    temp_dir: PathBuf,
    progress: Option<Py<PyAny>>,
}

#[pymethods]
impl Call {
    #[new]
    fn new(
        py: Python<'_>,
        params: Params,
        only_documents: bool,
        memory: Option<&Bound<'_, PyAny>>,
        temp_dir: Option<PathBuf>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let memory_bytes = match memory {
            None => None,
            Some(memory) => match memory.extract::<u64>() {
                Ok(bytes) => Some(bytes),
                Err(_) => Some(parse_size(&memory.extract::<String>()?).map_err(|why| usage(py, why))?),
            },
        };
        let stages = if only_documents { Stages::DOCUMENTS } else { Stages::ALL };
        Ok(Self { params, stages, memory_bytes, temp_dir: temp_dir.unwrap_or_else(std::env::temp_dir), progress })
    }
}

impl Call {
    /// The run over what stands at `from`.
    fn run(&self, from: From, watch: &Arc<Told>) -> Result<Run> {
        let params = self.params.0.clone();
        let run = match from {
            From::Paths(paths) => Run::new(&paths, params, self.stages),
            From::Source(source) => Run::over(vec![*source], params, self.stages),
        };
        Ok(Resources::new(self.memory_bytes, self.temp_dir.clone())?.bound(watch.of(run?))?.0)
    }

    fn progress<'py>(&self, py: Python<'py>) -> Option<&Bound<'py, PyAny>> {
        self.progress.as_ref().map(|progress| progress.bind(py))
    }
}

/// Where a run reads.
enum From {
    Paths(Vec<PathBuf>),
    Source(Box<Source>),
}

impl From {
    fn of(py: Python<'_>, input: &Input, params: &Params) -> PyResult<Self> {
        Ok(match input {
            Input::Paths(paths) => From::Paths(paths.clone()),
            Input::Table(_, batches) => From::Source(Box::new(source(py, batches, &params.0)?)),
        })
    }
}

/// What was found.
#[pyclass(frozen, module = "ghirbal")]
pub struct Report {
    findings: Py<Table>,
    summary: String,
}

impl Report {
    fn new(py: Python<'_>, findings: Findings) -> PyResult<Self> {
        let (findings, summary) = findings.finish().map_err(arrow)?;
        Ok(Self { findings: Py::new(py, findings)?, summary })
    }
}

#[pymethods]
impl Report {
    /// Every finding, a row each.
    #[getter]
    fn findings(&self, py: Python<'_>) -> Py<Table> {
        self.findings.clone_ref(py)
    }

    /// Counts and parameters, as JSON.
    #[getter]
    fn summary_json(&self) -> &str {
        &self.summary
    }

    /// Counts and parameters.
    #[getter]
    fn summary<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        py.import("json")?.call_method1("loads", (&self.summary,))
    }

    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.findings.bind(py).call_method1("__arrow_c_stream__", (requested_schema,))
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        self.findings.bind(py).len()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("Report({} findings)", self.__len__(py)?))
    }

    fn to_pylist<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.findings.bind(py).call_method0("to_pylist")
    }

    fn to_pyarrow<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.findings.bind(py).call_method0("to_pyarrow")
    }

    fn to_polars<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.findings.bind(py).call_method0("to_polars")
    }

    fn to_pandas<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.findings.bind(py).call_method0("to_pandas")
    }
}

/// Finds everything, changes nothing.
#[pyfunction]
pub fn report(py: Python<'_>, data: &Bound<'_, PyAny>, call: &Call) -> PyResult<Report> {
    let from = From::of(py, &Input::of(data)?, &call.params)?;
    let findings = watched(py, call.progress(py), |watch| {
        let mut findings = Findings::default();
        call.run(from, watch)?.rows(&mut findings)?;
        Ok(findings)
    })?;
    Report::new(py, findings)
}

/// Writes the cleaned corpus below paths to a folder; gives the summary as JSON.
#[pyfunction]
pub fn clean_paths(
    py: Python<'_>,
    paths: Vec<PathBuf>,
    output: PathBuf,
    max_removed: f64,
    call: &Call,
) -> PyResult<String> {
    let summary =
        watched(py, call.progress(py), |watch| call.run(From::Paths(paths), watch)?.clean(&output, max_removed))?;
    Ok(serde_json::to_string(&summary).unwrap_or_default())
}

/// A table without what goes, and what is needed to put it back.
#[pyclass(frozen, module = "ghirbal")]
pub struct Cleaned {
    report: Report,
    table: Py<Table>,
    ledger: Py<Table>,
    removed: Py<Table>,
    /// The name of the texts' column.
    text: String,
}

#[pymethods]
impl Cleaned {
    /// The table without what goes.
    #[getter]
    fn table(&self, py: Python<'_>) -> Py<Table> {
        self.table.clone_ref(py)
    }

    /// Every finding, a row each.
    #[getter]
    fn findings(&self, py: Python<'_>) -> Py<Table> {
        self.report.findings.clone_ref(py)
    }

    /// Counts and parameters.
    #[getter]
    fn summary<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.report.summary(py)
    }

    /// What was taken out of the texts that stayed, a row each.
    #[getter]
    fn ledger(&self, py: Python<'_>) -> Py<Table> {
        self.ledger.clone_ref(py)
    }

    /// The rows that went as a whole, with their places in the column `row`, counted from 0.
    #[getter]
    fn removed(&self, py: Python<'_>) -> Py<Table> {
        self.removed.clone_ref(py)
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        PyTuple::new(py, [self.table(py), self.findings(py)])?.call_method0("__iter__")
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let len = |table: &Py<Table>| table.bind(py).len();
        Ok(format!("Cleaned({} rows, {} removed)", len(&self.table)?, len(&self.removed)?))
    }
}

/// One row after cleaning.
struct CleanedRow {
    /// Nothing when the row goes.
    text: Option<Bytes>,
    changed: bool,
    metadata: Option<String>,
    ledger: Vec<u8>,
}

/// Cleans a table.
#[pyfunction]
pub fn clean(py: Python<'_>, data: &Bound<'_, PyAny>, max_removed: f64, call: &Call) -> PyResult<Cleaned> {
    let input = Input::of(data)?;
    let from = From::of(py, &input, &call.params)?;
    let Input::Table(schema, batches) = input else {
        return Err(usage(py, "paths are cleaned into a folder; hint: name it with output=\"cleaned\""));
    };
    let (findings, rows) = watched(py, call.progress(py), |watch| {
        let (mut findings, mut rows) = (Findings::default(), Vec::new());
        let run = call.run(from, watch)?;
        let summary = run.cleaned(&mut findings, |prepared| {
            rows.push(CleanedRow {
                text: prepared.cleaned().cloned(),
                changed: !prepared.ledger().is_empty(),
                metadata: prepared.metadata().map(|values| serde_json::Value::Object(values).to_string()),
                ledger: prepared.ledger().to_vec(),
            });
        })?;
        run.check_ceiling(&summary, max_removed)?;
        Ok((findings, rows))
    })?;
    let fields = &call.params.0.fields;
    let [table, removed, ledger] = put_together(&schema, &batches, &rows, fields).map_err(arrow)?;
    Ok(Cleaned {
        report: Report::new(py, findings)?,
        table: Py::new(py, table)?,
        removed: Py::new(py, removed)?,
        ledger: Py::new(py, ledger)?,
        text: fields.text.clone(),
    })
}

/// The column of a removed row's place in the table, counted from 0.
const ROW: &str = "row";

/// The cleaned table, the removed rows, the ledger.
fn put_together(
    schema: &SchemaRef,
    batches: &[RecordBatch],
    rows: &[CleanedRow],
    fields: &ghirbal::params::Fields,
) -> std::result::Result<[Table; 3], ArrowError> {
    let text_at = schema.index_of(&fields.text)?;
    let has_metadata = rows.iter().any(|row| row.metadata.is_some());
    let mut names: Vec<Field> = schema.fields().iter().map(|f| f.as_ref().clone()).collect();
    let plain = match schema.field(text_at).data_type() {
        DataType::Dictionary(_, values) => (**values).clone(),
        other => other.clone(),
    };
    names[text_at] = names[text_at].clone().with_data_type(plain.clone());
    let mut removed_names: Vec<Field> = schema.fields().iter().map(|f| f.as_ref().clone()).collect();
    removed_names.insert(0, Field::new(free(schema, ROW), DataType::Int64, false));
    if has_metadata {
        names.push(Field::new(free(schema, &fields.metadata), DataType::Utf8, true));
    }
    let cleaned_schema = Arc::new(Schema::new_with_metadata(names, schema.metadata().clone()));
    let removed_schema = Arc::new(Schema::new(removed_names));
    let (mut cleaned, mut removed, mut at) = (Vec::new(), Vec::new(), 0);
    for batch in batches {
        let here = &rows[at..at + batch.num_rows()];
        let stays = BooleanArray::from_iter(here.iter().map(|row| Some(row.text.is_some())));
        let goes = arrow_select::filter::filter_record_batch(
            batch,
            &BooleanArray::from_iter(here.iter().map(|row| Some(row.text.is_none()))),
        )?;
        let places = (at as i64..).zip(here).filter(|(_, row)| row.text.is_none()).map(|(place, _)| place);
        let mut columns = goes.columns().to_vec();
        columns.insert(0, Arc::new(Int64Array::from_iter_values(places)));
        removed.push(RecordBatch::try_new(Arc::clone(&removed_schema), columns)?);

        let mut columns = arrow_select::filter::filter_record_batch(batch, &stays)?.columns().to_vec();
        if here.iter().any(|row| row.changed && row.text.is_some()) {
            columns[text_at] = texts(&plain, batch.column(text_at), here)?;
        } else if *columns[text_at].data_type() != plain {
            columns[text_at] = cast(&columns[text_at], &plain)?;
        }
        if has_metadata {
            let mut metadata = StringBuilder::new();
            here.iter().filter(|row| row.text.is_some()).for_each(|row| metadata.append_option(row.metadata.as_ref()));
            columns.push(Arc::new(metadata.finish()));
        }
        cleaned.push(RecordBatch::try_new(Arc::clone(&cleaned_schema), columns)?);
        at += batch.num_rows();
    }
    Ok([
        Table { schema: cleaned_schema, batches: cleaned },
        Table { schema: removed_schema, batches: removed },
        ledger(rows)?,
    ])
}

/// A name for a column, with a number where it is taken.
fn free(schema: &Schema, wanted: &str) -> String {
    let numbered = (2..).map(|n| format!("{wanted}_{n}"));
    std::iter::once(wanted.to_owned())
        .chain(numbered)
        .find(|name| schema.index_of(name).is_err())
        .unwrap_or_else(|| wanted.to_owned())
}

/// The texts of the rows that stay; a text that was null stays null.
fn texts(kind: &DataType, before: &ArrayRef, rows: &[CleanedRow]) -> std::result::Result<ArrayRef, ArrowError> {
    let texts = rows.iter().enumerate().filter_map(|(row, cleaned)| {
        let text = std::str::from_utf8(cleaned.text.as_ref()?).unwrap_or_default();
        Some(before.is_valid(row).then_some(text))
    });
    Ok(match kind {
        DataType::Utf8View => {
            let mut builder = StringViewBuilder::new();
            texts.for_each(|text| builder.append_option(text));
            Arc::new(builder.finish())
        }
        _ => {
            let mut builder = LargeStringBuilder::new();
            texts.for_each(|text| builder.append_option(text));
            let array: ArrayRef = Arc::new(builder.finish());
            cast(&array, kind)?
        }
    })
}

/// What was taken out of the texts that stayed.
fn ledger(rows: &[CleanedRow]) -> std::result::Result<Table, ArrowError> {
    const TEXTS: [&str; 8] = ["doc", "text", "label", "action", "rule", "evidence", "why", "partner"];
    let mut numbers: [Vec<i64>; 3] = Default::default();
    let mut scores = Vec::new();
    let mut texts: [StringBuilder; TEXTS.len()] = Default::default();
    for (row, cleaned) in rows.iter().enumerate().filter(|(_, cleaned)| cleaned.text.is_some()) {
        for line in cleaned.ledger.split(|&b| b == b'\n').filter(|line| !line.is_empty()) {
            let entry: LedgerEntry = serde_json::from_slice(line).map_err(|e| ArrowError::JsonError(e.to_string()))?;
            let value = |name: &str| -> std::result::Result<String, ArrowError> {
                let line: serde_json::Value =
                    serde_json::from_slice(line).map_err(|e| ArrowError::JsonError(e.to_string()))?;
                Ok(line[name].to_string())
            };
            for (to, number) in numbers.iter_mut().zip([row as i64, entry.start.into(), entry.end.into()]) {
                to.push(number);
            }
            scores.push(f64::from(entry.score));
            let evidence = value("evidence")?;
            let fields = [
                Some(&*entry.doc),
                Some(&*entry.text),
                Some(entry.label.name()),
                Some(entry.action.name()),
                Some(&*entry.rule),
                Some(&*evidence),
                Some(&*entry.why),
                entry.partner.as_ref().map(|partner| &*partner.doc),
            ];
            texts.iter_mut().zip(fields).for_each(|(to, text)| to.append_option(text));
        }
    }
    let mut columns: Vec<(&str, ArrayRef)> = Vec::new();
    for (name, numbers) in [ROW, "start", "end"].into_iter().zip(numbers) {
        columns.push((name, Arc::new(Int64Array::from(numbers))));
    }
    for (name, mut builder) in TEXTS.into_iter().zip(texts) {
        columns.push((name, Arc::new(builder.finish())));
    }
    columns.push(("score", Arc::new(arrow_array::Float64Array::from(scores))));
    Ok(Table::of(RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, c)| (n, c, true)))?))
}

/// Puts a cleaned table together again.
#[pyfunction]
pub fn restore_table(py: Python<'_>, cleaned: &Cleaned) -> PyResult<Table> {
    let (table, removed, ledger) = (cleaned.table.get(), cleaned.removed.get(), cleaned.ledger.get());
    put_back(table, removed, ledger, &cleaned.text)
        .map_err(|e| usage(py, format!("this cannot be put together again: {e}")))
}

fn put_back(table: &Table, removed: &Table, ledger: &Table, text: &str) -> std::result::Result<Table, ArrowError> {
    let whole = |table: &Table| arrow_select::concat::concat_batches(&table.schema, &table.batches);
    let (stayed, removed, ledger) = (whole(table)?, whole(removed)?, whole(ledger)?);
    let schema = Arc::new(Schema::new(removed.schema().fields()[1..].to_vec()));
    let gone: Vec<i64> = removed.column(0).as_primitive::<arrow_array::types::Int64Type>().values().to_vec();
    let text_at = schema.index_of(text)?;

    // Of each row of the original, where it stands now: among the rows that stayed, or that went.
    let total = stayed.num_rows() + removed.num_rows();
    let (mut next_gone, mut next_stayed) = (0, 0);
    let mut places = Vec::with_capacity(total);
    let mut original_row = Vec::with_capacity(stayed.num_rows());
    for row in 0..total {
        if gone.get(next_gone) == Some(&(row as i64)) {
            places.push((1, next_gone));
            next_gone += 1;
        } else {
            places.push((0, next_stayed));
            original_row.push(row as i64);
            next_stayed += 1;
        }
    }
    let numbers = |name: &str| -> std::result::Result<Vec<i64>, ArrowError> {
        let column = ledger.column(ledger.schema().index_of(name)?);
        Ok(column.as_primitive::<arrow_array::types::Int64Type>().values().to_vec())
    };
    let (rows, starts, ends) = (numbers(ROW)?, numbers("start")?, numbers("end")?);
    let taken = ledger.column(ledger.schema().index_of("text")?).as_string::<i32>();
    let cleaned = cast(stayed.column(text_at), &DataType::LargeUtf8)?;
    let cleaned = cleaned.as_string::<i64>();
    let mut restored = LargeStringBuilder::new();
    let mut entry = 0;
    for (i, &row) in original_row.iter().enumerate() {
        let begins = entry;
        while rows.get(entry) == Some(&row) {
            entry += 1;
        }
        if cleaned.is_null(i) {
            restored.append_null();
            continue;
        }
        let (from, mut text, mut at) = (cleaned.value(i), String::new(), 0);
        for e in begins..entry {
            // What stands before the removal in the original and is not there yet stands next here.
            let wanted = (starts[e] as usize).checked_sub(text.len());
            let piece = wanted.and_then(|len| from.get(at..at + len)).ok_or_else(out_of_order)?;
            text.push_str(piece);
            at += piece.len();
            text.push_str(taken.value(e));
            if text.len() != ends[e] as usize {
                return Err(out_of_order());
            }
        }
        text.push_str(&from[at..]);
        restored.append_value(text);
    }
    let restored: ArrayRef = Arc::new(restored.finish());
    let mut columns = Vec::with_capacity(schema.fields().len());
    for (i, field) in schema.fields().iter().enumerate() {
        let now = if i == text_at { cast(&restored, field.data_type())? } else { Arc::clone(stayed.column(i)) };
        let gone = removed.column(i + 1);
        columns.push(arrow_select::interleave::interleave(&[&*now, &**gone], &places)?);
    }
    Ok(Table::of(RecordBatch::try_new(schema, columns)?))
}

fn out_of_order() -> ArrowError {
    ArrowError::InvalidArgumentError("the ledger does not fit the table, one of them was changed".into())
}

/// Puts the originals of a cleaned folder together again.
#[pyfunction]
pub fn restore(py: Python<'_>, cleaned: PathBuf, output: PathBuf) -> PyResult<(u64, u64)> {
    let restored = watched(py, None, |_| ghirbal::write::restore(&cleaned, &output))?;
    Ok((restored.sources, restored.entries))
}

/// Says why a line was removed or kept.
#[pyfunction]
pub fn explain(py: Python<'_>, data: &Bound<'_, PyAny>, place: &str, params: &Params) -> PyResult<String> {
    let params = params.0.clone();
    match Input::of(data)? {
        Input::Paths(paths) => {
            let [path] = &paths[..] else { return Err(usage(py, "explain takes one path")) };
            watched(py, None, |watch| {
                place_in::explain(path, place, |paths, fields| {
                    let params = match fields {
                        Some(fields) => ghirbal::params::Params { fields, ..params },
                        None => params,
                    };
                    Ok(watch.of(Run::new(paths, params, Stages::ALL)?))
                })
            })
        }
        Input::Table(_, batches) => {
            let source = source(py, &batches, &params)?;
            watched(py, None, |watch| {
                let run = watch.of(Run::over(vec![source], params, Stages::ALL)?);
                place_in::explain_run(&run, Path::new(TABLE), place, None)
            })
        }
    }
}
