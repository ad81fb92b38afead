//! The pipeline in parts, on batches: what `ghirbal.spark` runs inside its executors.
//!
//! Every part takes the columns it names and gives others; what flows between them is said in
//! `ghirbal/spark.py`. Numbers are signed 64-bit: Spark has no other.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::builder::{BooleanBuilder, Float64Builder, Int32Builder, Int64Builder, ListBuilder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, Int64Array, LargeStringArray, RecordBatch};
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType};
use ghirbal::index::{propose_group, propose_holders, shares_enough};
use ghirbal::pipeline::apart;
use ghirbal::pipeline::survey::DocumentRow;
use ghirbal::read::Document;
use ghirbal::recurring::DocumentWords;
use ghirbal::shingle::ShingleSet;
use ghirbal::verify::{Match, MatchKind};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use pyo3_arrow::input::AnyRecordBatch;

use crate::error::{arrow, raise, usage};
use crate::findings::Findings;
use crate::params::Params;
use crate::rows;
use crate::stages;
use crate::table::Table;

type Outcome<T> = Result<T, ArrowError>;

/// The columns of a batch.
struct Batch(RecordBatch);

impl Batch {
    fn of(given: AnyRecordBatch) -> PyResult<Self> {
        let (batches, schema) = given.into_table()?.into_inner();
        Ok(Self(match &batches[..] {
            [one] => one.clone(),
            many => arrow_select::concat::concat_batches(&schema, many).map_err(arrow)?,
        }))
    }

    fn len(&self) -> usize {
        self.0.num_rows()
    }

    fn column(&self, name: &str) -> Outcome<&ArrayRef> {
        let missing = || ArrowError::SchemaError(format!("there is no column `{name}`"));
        self.0.column_by_name(name).ok_or_else(missing)
    }

    fn texts(&self, name: &str) -> Outcome<LargeStringArray> {
        Ok(cast(self.column(name)?, &DataType::LargeUtf8)?.as_string::<i64>().clone())
    }

    fn numbers(&self, name: &str) -> Outcome<Int64Array> {
        Ok(cast(self.column(name)?, &DataType::Int64)?.as_primitive::<Int64Type>().clone())
    }

    fn lists(&self, name: &str) -> Outcome<Lists> {
        let wanted = DataType::new_list(DataType::Int64, true);
        Ok(Lists(cast(self.column(name)?, &wanted)?))
    }

    fn shares(&self, name: &str) -> Outcome<arrow_array::Float64Array> {
        Ok(cast(self.column(name)?, &DataType::Float64)?.as_primitive::<Float64Type>().clone())
    }
}

/// A column of lists of numbers.
struct Lists(ArrayRef);

impl Lists {
    /// The list of a row; nothing where it is null.
    fn get(&self, row: usize) -> Option<Vec<i64>> {
        let lists = self.0.as_list::<i32>();
        lists.is_valid(row).then(|| lists.value(row).as_primitive::<Int64Type>().values().to_vec())
    }
}

fn table<const N: usize>(columns: [(&str, ArrayRef); N]) -> Outcome<Table> {
    let columns = columns.map(|(name, column)| (name, column, true));
    Ok(Table::of(RecordBatch::try_from_iter_with_nullable(columns)?))
}

fn finished(mut builder: impl arrow_array::builder::ArrayBuilder) -> ArrayRef {
    arrow_array::builder::ArrayBuilder::finish(&mut builder)
}

fn text(texts: &LargeStringArray, row: usize) -> Option<&str> {
    texts.is_valid(row).then(|| texts.value(row))
}

fn unsigned(numbers: Vec<i64>) -> Vec<u64> {
    numbers.into_iter().map(|n| n as u64).collect()
}

fn small(numbers: Vec<i64>) -> Vec<u32> {
    numbers.into_iter().map(|n| n as u32).collect()
}

fn kind_of(name: &str) -> MatchKind {
    let kinds = [MatchKind::Exact, MatchKind::Near, MatchKind::Contained];
    kinds.into_iter().find(|kind| kind.name() == name).unwrap_or(MatchKind::Near)
}

/// The parts of a run.
#[pyclass(frozen, module = "ghirbal._ghirbal")]
pub struct Parts(apart::Parts);

impl Parts {
    fn on(
        &self,
        py: Python<'_>,
        given: AnyRecordBatch,
        work: impl FnOnce(&apart::Parts, &Batch) -> Outcome<Table> + Send,
    ) -> PyResult<Table> {
        let batch = Batch::of(given)?;
        py.detach(|| work(&self.0, &batch)).map_err(arrow)
    }
}

#[pymethods]
impl Parts {
    #[new]
    fn new(py: Python<'_>, params: &Params) -> PyResult<Self> {
        Ok(Self(apart::Parts::new(params.0.clone()).map_err(|e| raise(py, &e))?))
    }

    /// Documents looked at for each line that may be a template's.
    #[classattr]
    const HOLDERS_MAX: usize = apart::HOLDERS_MAX;

    /// Any table -> id, host, sort_key, text, words, bytes, print_high, print_low (null without words).
    fn documents(&self, py: Python<'_>, batch: AnyRecordBatch) -> PyResult<Table> {
        let batch = Batch::of(batch)?.0;
        let params = self.0.params();
        let rows = rows::rows(py, &batch, params)?;
        if rows.iter().any(|row| row.id.is_none() && row.text.is_some()) {
            return Err(usage(
                py,
                format!(
                    "a row has no id in column `{}`; hint: a row of a DataFrame has no place to be called by, so every one needs an id",
                    params.fields.id
                ),
            ));
        }
        let done = py.detach(|| {
            let mut texts: [StringBuilder; 4] = Default::default();
            let mut numbers: [Int64Builder; 4] = Default::default();
            let mut words = DocumentWords::default();
            for row in &rows {
                let text = row.text.as_ref().and_then(|text| std::str::from_utf8(text).ok());
                let text = text.filter(|text| text.len() as u64 <= params.reading.record_len_bytes_max);
                let fields = [row.id.as_deref(), row.host.as_deref(), row.sort_key.as_deref(), text];
                texts.iter_mut().zip(fields).for_each(|(to, field)| to.append_option(field));
                let survey = text.map(|text| {
                    self.0.survey(text, &mut words);
                    (words.len() as i64, text.len() as i64, words.fingerprint().map(|f| f.0))
                });
                let print = survey.and_then(|s| s.2);
                let counts = [
                    survey.map(|s| s.0),
                    survey.map(|s| s.1),
                    print.map(|print| (print >> 64) as i64),
                    print.map(|print| print as i64),
                ];
                numbers.iter_mut().zip(counts).for_each(|(to, count)| to.append_option(count));
            }
            let [id, host, sort_key, text] = texts.map(finished);
            let [words, bytes, print_high, print_low] = numbers.map(finished);
            table([
                ("id", id),
                ("host", host),
                ("sort_key", sort_key),
                ("text", text),
                ("words", words),
                ("bytes", bytes),
                ("print_high", print_high),
                ("print_low", print_low),
            ])
        });
        done.map_err(arrow)
    }

    /// number, text -> number, line (its place among those with words), key, len (words).
    fn lines(&self, py: Python<'_>, batch: AnyRecordBatch) -> PyResult<Table> {
        self.on(py, batch, |parts, batch| {
            let (numbers, texts) = (batch.numbers("number")?, batch.texts("text")?);
            let mut columns: [Int64Builder; 4] = Default::default();
            let mut words = DocumentWords::default();
            for row in 0..batch.len() {
                let Some(text) = text(&texts, row) else { continue };
                parts.survey(text, &mut words);
                for (place, (key, len)) in words.lines().enumerate() {
                    let values = [numbers.value(row), place as i64, key as i64, i64::from(len)];
                    columns.iter_mut().zip(values).for_each(|(to, value)| to.append_value(value));
                }
            }
            let [number, line, key, len] = columns.map(finished);
            table([("number", number), ("line", line), ("key", key), ("len", len)])
        })
    }

    /// key, len, documents -> the same rows where the line may be a template's.
    fn may_be_template(&self, py: Python<'_>, batch: AnyRecordBatch) -> PyResult<Table> {
        self.on(py, batch, |_, batch| {
            let (lens, documents) = (batch.numbers("len")?, batch.numbers("documents")?);
            let worth: arrow_array::BooleanArray = lens
                .iter()
                .zip(&documents)
                .map(|(len, documents)| {
                    Some(apart::Parts::may_be_template(len.unwrap_or(0) as usize, documents.unwrap_or(0) as usize))
                })
                .collect();
            Ok(Table::of(arrow_select::filter::filter_record_batch(&batch.0, &worth)?))
        })
    }

    /// text, documents (of each of its lines), keys, ds (documents of each key) -> key, rest (a list of
    /// shingles, null when that is too little).
    fn rests(&self, py: Python<'_>, batch: AnyRecordBatch) -> PyResult<Table> {
        self.on(py, batch, |parts, batch| {
            let texts = batch.texts("text")?;
            let [documents, keys, ds] = [batch.lists("documents")?, batch.lists("keys")?, batch.lists("ds")?];
            let (mut out, mut rests) = (Int64Builder::new(), ListBuilder::new(Int64Builder::new()));
            for row in 0..batch.len() {
                let Some(text) = text(&texts, row) else { continue };
                let documents = small(documents.get(row).unwrap_or_default());
                let (keys, ds) = (keys.get(row).unwrap_or_default(), ds.get(row).unwrap_or_default());
                for (key, d) in keys.into_iter().zip(ds) {
                    out.append_value(key);
                    let rest = parts.rest(text, &documents, d as u32);
                    if let Some(rest) = &rest {
                        rest.as_slice().iter().for_each(|&shingle| rests.values().append_value(shingle as i64));
                    }
                    rests.append(rest.is_some());
                }
            }
            table([("key", finished(out)), ("rest", finished(rests))])
        })
    }

    /// key, rests (a list of structs with a list `rest`) -> the keys of template lines.
    fn templates(&self, py: Python<'_>, batch: AnyRecordBatch) -> PyResult<Table> {
        self.on(py, batch, |_, batch| {
            let keys = batch.numbers("key")?;
            let rests = batch.column("rests")?.as_list_opt::<i32>();
            let rests = rests.ok_or_else(|| ArrowError::SchemaError("`rests` is no list".into()))?;
            let mut out = Int64Builder::new();
            for row in 0..batch.len() {
                let held = rests.value(row);
                let held = held.as_struct_opt().and_then(|s| s.column_by_name("rest"));
                let held = held.ok_or_else(|| ArrowError::SchemaError("`rests` holds no `rest`".into()))?;
                let lists = Lists(cast(held, &DataType::new_list(DataType::Int64, true))?);
                let sets: Vec<Option<ShingleSet>> =
                    (0..held.len()).map(|i| lists.get(i).map(|set| ShingleSet::from_hashes(unsigned(set)))).collect();
                if apart::Parts::is_template(&sets) {
                    out.append_value(keys.value(row));
                }
            }
            table([("key", finished(out))])
        })
    }

    /// number, text, template (lines) -> band, key, number, len: a row a band, and with band -1 a row a
    /// sampled shingle, of which the document has len.
    fn keys(&self, py: Python<'_>, batch: AnyRecordBatch) -> PyResult<Table> {
        self.on(py, batch, |parts, batch| {
            let (numbers, texts, template) = (batch.numbers("number")?, batch.texts("text")?, batch.lists("template")?);
            let mut bands = Int32Builder::new();
            let mut columns: [Int64Builder; 3] = Default::default();
            for row in 0..batch.len() {
                let Some(text) = text(&texts, row) else { continue };
                let shingles = parts.shingles(text, &small(template.get(row).unwrap_or_default()));
                let sample = apart::Parts::sample(&shingles);
                let keys = parts.band_keys(&shingles);
                let banded = keys.iter().enumerate().map(|(band, &key)| (band as i32, key, 0));
                let sampled = sample.iter().map(|&shingle| (-1, shingle, sample.len() as i64));
                for (band, key, len) in banded.chain(sampled) {
                    bands.append_value(band);
                    let values = [key as i64, numbers.value(row), len];
                    columns.iter_mut().zip(values).for_each(|(to, value)| to.append_value(value));
                }
            }
            let [key, number, len] = columns.map(finished);
            table([("band", finished(bands)), ("key", key), ("number", number), ("len", len)])
        })
    }

    /// a, b, banded, shared, smaller -> a, b: the pairs that are candidates.
    fn candidates(&self, py: Python<'_>, batch: AnyRecordBatch) -> PyResult<Table> {
        self.on(py, batch, |parts, batch| {
            let [banded, shared, smaller] =
                [batch.numbers("banded")?, batch.numbers("shared")?, batch.numbers("smaller")?];
            let contained = parts.params().documents.contained;
            let worth: arrow_array::BooleanArray = (0..batch.len())
                .map(|row| {
                    let (shared, smaller) = (shared.value(row) as u64, smaller.value(row) as u64);
                    Some(banded.value(row) > 0 || (shared > 0 && shares_enough(shared, smaller, contained)))
                })
                .collect();
            let pairs = batch.0.project(&[batch.0.schema().index_of("a")?, batch.0.schema().index_of("b")?])?;
            Ok(Table::of(arrow_select::filter::filter_record_batch(&pairs, &worth)?))
        })
    }

    /// number, text, template (lines) -> number, shingles: the set, ascending.
    fn sets(&self, py: Python<'_>, batch: AnyRecordBatch) -> PyResult<Table> {
        self.on(py, batch, |parts, batch| {
            let (numbers, texts, template) = (batch.numbers("number")?, batch.texts("text")?, batch.lists("template")?);
            let mut sets = ListBuilder::new(Int64Builder::new());
            for row in 0..batch.len() {
                let template = small(template.get(row).unwrap_or_default());
                let shingles = parts.shingles(text(&texts, row).unwrap_or_default(), &template);
                let set = ShingleSet::from_hashes(shingles);
                set.as_slice().iter().for_each(|&shingle| sets.values().append_value(shingle as i64));
                sets.append(true);
            }
            table([("number", Arc::new(numbers) as ArrayRef), ("shingles", finished(sets))])
        })
    }

    /// a, b, set_a, set_b -> a, b, kind, jaccard, containment: the pairs that are alike.
    fn verify(&self, py: Python<'_>, batch: AnyRecordBatch) -> PyResult<Table> {
        self.on(py, batch, |parts, batch| {
            let (a, b) = (batch.numbers("a")?, batch.numbers("b")?);
            let (set_a, set_b) = (batch.lists("set_a")?, batch.lists("set_b")?);
            let (mut out_a, mut out_b, mut kinds) = (Int64Builder::new(), Int64Builder::new(), StringBuilder::new());
            let (mut jaccard, mut containment) = (Float64Builder::new(), Float64Builder::new());
            for row in 0..batch.len() {
                let set = |lists: &Lists| ShingleSet::from_hashes(unsigned(lists.get(row).unwrap_or_default()));
                let Some(m) = parts.verify((0, &set(&set_a)), (1, &set(&set_b))) else { continue };
                let number = |side| if side == 0 { a.value(row) } else { b.value(row) };
                out_a.append_value(number(m.a));
                out_b.append_value(number(m.b));
                kinds.append_value(m.kind.name());
                jaccard.append_value(m.jaccard);
                containment.append_value(m.containment);
            }
            table([
                ("a", finished(out_a)),
                ("b", finished(out_b)),
                ("kind", finished(kinds)),
                ("jaccard", finished(jaccard)),
                ("containment", finished(containment)),
            ])
        })
    }

    /// id, host, text, partner, kind, jaccard, containment (null for a document that stands nowhere
    /// else) -> bytes, removed (bytes of these), gone, cleaned (its text), metadata (JSON), rows (a list of lines
    /// of JSON).
    #[pyo3(signature = (batch, frequencies = None))]
    fn examine(&self, py: Python<'_>, batch: AnyRecordBatch, frequencies: Option<&Frequencies>) -> PyResult<Table> {
        let batch = Batch::of(batch)?;
        let frequencies = frequencies.map(|f| &f.0);
        let done = py.detach(|| -> Result<Outcome<Table>, ghirbal::error::Error> {
            let columns = (|| -> Outcome<_> {
                let [id, host, text] = ["id", "host", "text"].map(|name| batch.texts(name));
                let [partner, kind] = ["partner", "kind"].map(|name| batch.texts(name));
                let [jaccard, containment] = ["jaccard", "containment"].map(|name| batch.shares(name));
                Ok((id?, host?, text?, partner?, kind?, jaccard?, containment?))
            })();
            let (ids, hosts, texts, partners, kinds, jaccard, containment) = match columns {
                Ok(columns) => columns,
                Err(e) => return Ok(Err(e)),
            };
            let (mut gone, mut cleaned, mut metadata) =
                (BooleanBuilder::new(), StringBuilder::new(), StringBuilder::new());
            let [mut bytes, mut removed] = [Int64Builder::new(), Int64Builder::new()];
            let mut rows = ListBuilder::new(StringBuilder::new());
            for row in 0..batch.len() {
                let Some(read) = text(&texts, row) else {
                    let why = "the row has no text, or more than --max-record allows";
                    push_lines(rows.values(), &self.0.skipped(text(&ids, row).unwrap_or_default(), why));
                    bytes.append_value(0);
                    removed.append_value(0);
                    gone.append_value(false);
                    cleaned.append_null();
                    metadata.append_null();
                    rows.append(true);
                    continue;
                };
                let document = Document {
                    id: text(&ids, row).unwrap_or_default().to_owned(),
                    host: text(&hosts, row).map(str::to_owned),
                    sort_key: None,
                    text: read.to_owned(),
                };
                let elsewhere = text(&partners, row).map(|partner| {
                    let kind = kind_of(text(&kinds, row).unwrap_or_default());
                    let (jaccard, containment) = (jaccard.value(row), containment.value(row));
                    (Match { a: 0, b: 1, kind, jaccard, containment }, partner)
                });
                let elsewhere = elsewhere.as_ref().map(|(m, partner)| (m, *partner));
                let examined = self.0.examine(document, elsewhere, frequencies)?;
                let stays = examined.prepared.cleaned();
                bytes.append_value(read.len() as i64);
                removed.append_value((read.len() - stays.map_or(0, |text| text.len())) as i64);
                gone.append_value(stays.is_none());
                cleaned.append_option(stays.and_then(|text| std::str::from_utf8(text).ok()));
                metadata.append_option(examined.prepared.metadata().map(|v| serde_json::Value::Object(v).to_string()));
                push_lines(rows.values(), &examined.rows);
                rows.append(true);
            }
            Ok(table([
                ("bytes", finished(bytes)),
                ("removed", finished(removed)),
                ("gone", finished(gone)),
                ("cleaned", finished(cleaned)),
                ("metadata", finished(metadata)),
                ("rows", finished(rows)),
            ]))
        });
        done.map_err(|e| raise(py, &e))?.map_err(arrow)
    }
}

/// Appends each line; gives how many there were.
fn push_lines(to: &mut StringBuilder, lines: &[u8]) -> usize {
    let lines = lines.split(|&b| b == b'\n').filter(|line| !line.is_empty());
    lines.filter_map(|line| std::str::from_utf8(line).ok()).map(|line| to.append_value(line)).count()
}

/// Rows of JSON as the table of findings.
#[pyfunction]
pub fn findings(py: Python<'_>, rows: pyo3_arrow::input::AnyArray) -> PyResult<Table> {
    let rows = stages::texts(py, rows, "rows")?;
    let done = py.detach(|| {
        let mut findings = Findings::default();
        for row in rows.iter().flatten() {
            let written = findings.write_all(row.as_bytes()).and_then(|()| findings.write_all(b"\n"));
            written.map_err(|e| ArrowError::JsonError(e.to_string()))?;
        }
        Ok(findings.finish()?.0)
    });
    done.map_err(arrow)
}

/// Band, key, number, len.
type Entry = (i64, i64, i64, i64);

/// Rows of a group are counted from 1, so that an engine that did not sort them is found out.
fn comes_next(place: i64, of: usize, group: &str) -> Outcome<()> {
    if place == of as i64 + 1 {
        return Ok(());
    }
    Err(ArrowError::SchemaError(format!("the engine has not kept {group} together and in order")))
}

/// Takes the keys of a partition, sorted by band, key and number, and proposes pairs, however batches
/// cut the groups.
#[pyclass(frozen, module = "ghirbal._ghirbal")]
pub struct Proposer(Mutex<Vec<Entry>>);

#[pymethods]
impl Proposer {
    #[new]
    fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// band, key, number, len, place (in the group of one band and key) -> a, b, banded (1 or 0), smaller
    /// (the smaller len of a pair that shares a sampled shingle, else 0).
    fn push(&self, py: Python<'_>, batch: AnyRecordBatch) -> PyResult<Table> {
        let batch = Batch::of(batch)?;
        let done = py.detach(|| {
            let columns =
                [batch.numbers("band")?, batch.numbers("key")?, batch.numbers("number")?, batch.numbers("len")?];
            let place = batch.numbers("place")?;
            let mut group = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let mut pairs = Pairs::default();
            for row in 0..batch.len() {
                let entry =
                    (columns[0].value(row), columns[1].value(row), columns[2].value(row), columns[3].value(row));
                if group.first().is_some_and(|first| (first.0, first.1) != (entry.0, entry.1)) {
                    pairs.propose(&group);
                    group.clear();
                }
                comes_next(place.value(row), group.len(), "a key's rows")?;
                group.push(entry);
            }
            pairs.finish()
        });
        done.map_err(arrow)
    }

    /// The pairs of the last group.
    fn finish(&self) -> PyResult<Table> {
        let mut pairs = Pairs::default();
        let mut group = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pairs.propose(&group);
        group.clear();
        pairs.finish().map_err(arrow)
    }
}

#[derive(Default)]
struct Pairs([Int64Builder; 4]);

impl Pairs {
    fn propose(&mut self, group: &[Entry]) {
        let mut push = |x: &Entry, y: &Entry, banded| {
            let values = [x.2.min(y.2), x.2.max(y.2), banded, if banded == 1 { 0 } else { x.3.min(y.3) }];
            self.0.iter_mut().zip(values).for_each(|(to, value)| to.append_value(value));
        };
        match group.first() {
            Some((-1, ..)) => propose_holders(group, |x, y| push(x, y, 0)),
            _ => propose_group(group, |x, y| push(x, y, 1)),
        };
    }

    fn finish(self) -> Outcome<Table> {
        let [a, b, banded, smaller] = self.0.map(finished);
        table([("a", a), ("b", b), ("banded", banded), ("smaller", smaller)])
    }
}

/// Contracts links, of one partition or of all.
#[pyclass(frozen, module = "ghirbal._ghirbal")]
pub struct Forest(Mutex<apart::Forest>);

#[pymethods]
impl Forest {
    #[new]
    fn new() -> Self {
        Self(Mutex::default())
    }

    /// a, b: documents that hang together.
    fn push(&self, py: Python<'_>, batch: AnyRecordBatch) -> PyResult<()> {
        let batch = Batch::of(batch)?;
        let done = py.detach(|| -> Outcome<()> {
            let (a, b) = (batch.numbers("a")?, batch.numbers("b")?);
            let mut forest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            a.values().iter().zip(b.values()).for_each(|(&a, &b)| forest.link(a as u64, b as u64));
            Ok(())
        });
        done.map_err(arrow)
    }

    /// a, b: each document with the smallest it hangs together with.
    fn finish(&self, py: Python<'_>) -> PyResult<Table> {
        let done = py.detach(|| {
            let forest = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
            let (a, b): (Vec<i64>, Vec<i64>) = forest.components().iter().map(|&(a, b)| (a as i64, b as i64)).unzip();
            table([("a", Arc::new(Int64Array::from(a)) as ArrayRef), ("b", Arc::new(Int64Array::from(b)))])
        });
        done.map_err(arrow)
    }
}

/// Takes the documents that have copies or matches, and the matches, sorted by component, and settles
/// what stays in each, however batches cut them.
#[pyclass(frozen, module = "ghirbal._ghirbal")]
pub struct Settler {
    parts: Py<Parts>,
    component: Mutex<Component>,
}

#[derive(Default)]
struct Component {
    number: i64,
    /// The number of each document, ascending.
    numbers: Vec<i64>,
    documents: Vec<DocumentRow>,
    matches: Vec<Match>,
}

#[pymethods]
impl Settler {
    #[new]
    fn new(parts: Py<Parts>) -> Self {
        Self { parts, component: Mutex::default() }
    }

    /// Of each component first all documents by number (component, place, number, id, words, bytes,
    /// print_high, print_low, sort_key), then matches (component, place, a, b, kind, jaccard, containment),
    /// a row being one where a is not null -> row (JSON of a pair or cluster), or number, partner, kind, jaccard,
    /// containment of a document that stands elsewhere too.
    fn push(&self, py: Python<'_>, batch: AnyRecordBatch) -> PyResult<Table> {
        let batch = Batch::of(batch)?;
        let parts = &self.parts.get().0;
        let done = py.detach(|| -> Outcome<Result<Table, ghirbal::error::Error>> {
            let [component, place] = [batch.numbers("component")?, batch.numbers("place")?];
            let number = batch.numbers("number")?;
            let [words, bytes] = [batch.numbers("words")?, batch.numbers("bytes")?];
            let [high, low] = [batch.numbers("print_high")?, batch.numbers("print_low")?];
            let [id, sort_key, kind] = [batch.texts("id")?, batch.texts("sort_key")?, batch.texts("kind")?];
            let [a, b] = [batch.numbers("a")?, batch.numbers("b")?];
            let [jaccard, containment] = [batch.shares("jaccard")?, batch.shares("containment")?];
            let mut current = self.component.lock().unwrap_or_else(PoisonError::into_inner);
            let mut settled = Settled::default();
            for row in 0..batch.len() {
                if current.number != component.value(row) {
                    let of = Component { number: component.value(row), ..Component::default() };
                    if let Err(e) = settled.settle(parts, std::mem::replace(&mut current, of)) {
                        return Ok(Err(e));
                    }
                }
                comes_next(place.value(row), current.documents.len() + current.matches.len(), "a component's rows")?;
                if a.is_null(row) {
                    let print = u128::from(high.value(row) as u64) << 64 | u128::from(low.value(row) as u64);
                    current.numbers.push(number.value(row));
                    current.documents.push(DocumentRow {
                        id: text(&id, row).unwrap_or_default().to_owned(),
                        words: words.value(row) as u32,
                        bytes: bytes.value(row) as u32,
                        fingerprint: high.is_valid(row).then_some(ghirbal::fingerprint::Fingerprint(print)),
                        sort_key: text(&sort_key, row).map(str::to_owned),
                    });
                    continue;
                }
                let place = |number: i64| current.numbers.binary_search(&number).map(|place| place as u32);
                let (Ok(x), Ok(y)) = (place(a.value(row)), place(b.value(row))) else {
                    return Err(ArrowError::SchemaError("a match before the documents it is between".into()));
                };
                let kind = kind_of(text(&kind, row).unwrap_or_default());
                let (jaccard, containment) = (jaccard.value(row), containment.value(row));
                current.matches.push(Match { a: x, b: y, kind, jaccard, containment });
            }
            settled.finish().map(Ok)
        });
        done.map_err(arrow)?.map_err(|e| raise(py, &e))
    }

    /// The same of the last component.
    fn finish(&self, py: Python<'_>) -> PyResult<Table> {
        let parts = &self.parts.get().0;
        let done = py.detach(|| {
            let last = std::mem::take(&mut *self.component.lock().unwrap_or_else(PoisonError::into_inner));
            let mut settled = Settled::default();
            settled.settle(parts, last).map(|()| settled.finish())
        });
        done.map_err(|e| raise(py, &e))?.map_err(arrow)
    }
}

/// Columns of what was settled.
#[derive(Default)]
struct Settled {
    row: StringBuilder,
    number: Int64Builder,
    partner: StringBuilder,
    kind: StringBuilder,
    jaccard: Float64Builder,
    containment: Float64Builder,
}

impl Settled {
    fn settle(&mut self, parts: &apart::Parts, of: Component) -> Result<(), ghirbal::error::Error> {
        let ids: Vec<String> = of.documents.iter().map(|d| d.id.clone()).collect();
        let settled = parts.settle(of.documents.into_iter(), of.matches.into_iter())?;
        let pairs = push_lines(&mut self.row, &settled.rows);
        self.number.append_nulls(pairs);
        self.jaccard.append_nulls(pairs);
        self.containment.append_nulls(pairs);
        self.partner.append_nulls(pairs);
        self.kind.append_nulls(pairs);
        for (document, m, stays) in &settled.elsewhere {
            self.row.append_null();
            self.number.append_value(of.numbers[*document as usize]);
            self.partner.append_value(&ids[*stays as usize]);
            self.kind.append_value(m.kind.name());
            self.jaccard.append_value(m.jaccard);
            self.containment.append_value(m.containment);
        }
        Ok(())
    }

    fn finish(self) -> Outcome<Table> {
        table([
            ("row", finished(self.row)),
            ("number", finished(self.number)),
            ("partner", finished(self.partner)),
            ("kind", finished(self.kind)),
            ("jaccard", finished(self.jaccard)),
            ("containment", finished(self.containment)),
        ])
    }
}

/// Counts the words and lines of a partition's documents.
#[pyclass(frozen, module = "ghirbal._ghirbal")]
pub struct Observer {
    parts: Py<Parts>,
    frequencies: ghirbal::fingerprint::Frequencies,
}

/// Places of words' counters stand behind those of lines.
const WORDS: i64 = 1 << 32;
/// The place of the number of documents.
const DOCUMENTS: i64 = -1;

#[pymethods]
impl Observer {
    #[new]
    fn new(parts: Py<Parts>) -> Self {
        Self { parts, frequencies: Default::default() }
    }

    /// host, text.
    fn push(&self, py: Python<'_>, batch: AnyRecordBatch) -> PyResult<()> {
        let batch = Batch::of(batch)?;
        let parts = self.parts.get();
        let done = py.detach(|| -> Outcome<()> {
            let (hosts, texts) = (batch.texts("host")?, batch.texts("text")?);
            for row in 0..batch.len() {
                if let Some(read) = text(&texts, row) {
                    parts.0.observe(text(&hosts, row), read, &self.frequencies);
                }
            }
            Ok(())
        });
        done.map_err(arrow)
    }

    /// place, documents, at_edge, as_title: sums of which, by place, are the counts of the whole.
    fn finish(&self, py: Python<'_>) -> PyResult<Table> {
        let done = py.detach(|| {
            let mut columns: [Int64Builder; 4] = Default::default();
            let mut push = |values: [i64; 4]| {
                columns.iter_mut().zip(values).for_each(|(to, value)| to.append_value(value));
            };
            push([DOCUMENTS, self.frequencies.words.documents() as i64, 0, 0]);
            for (place, (documents, at_edge, as_title)) in self.frequencies.lines.counted() {
                push([place.into(), documents as i64, at_edge as i64, as_title as i64]);
            }
            self.frequencies.words.counted().for_each(|(place, n)| push([WORDS + i64::from(place), n.into(), 0, 0]));
            let [place, documents, at_edge, as_title] = columns.map(finished);
            table([("place", place), ("documents", documents), ("at_edge", at_edge), ("as_title", as_title)])
        });
        done.map_err(arrow)
    }
}

/// How common words and lines are in a corpus, put together from sums.
#[pyclass(frozen, module = "ghirbal._ghirbal")]
pub struct Frequencies(ghirbal::fingerprint::Frequencies);

/// place, documents, at edge, as title: bytes of one counter.
const COUNTER_LEN_BYTES: usize = 32;

#[pymethods]
impl Frequencies {
    /// From place, documents, at_edge, as_title.
    #[new]
    fn new(sums: AnyRecordBatch) -> PyResult<Self> {
        let batch = Batch::of(sums)?;
        let columns = (|| -> Outcome<_> {
            Ok([
                batch.numbers("place")?,
                batch.numbers("documents")?,
                batch.numbers("at_edge")?,
                batch.numbers("as_title")?,
            ])
        })();
        let columns = columns.map_err(arrow)?;
        let frequencies = ghirbal::fingerprint::Frequencies::default();
        (0..batch.len()).for_each(|row| add(&frequencies, [0, 1, 2, 3].map(|i| columns[i].value(row))));
        Ok(Self(frequencies))
    }

    /// What `from_bytes` reads.
    fn to_bytes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let mut bytes = Vec::new();
        let mut push = |values: [i64; 4]| values.iter().for_each(|v| bytes.extend_from_slice(&v.to_le_bytes()));
        push([DOCUMENTS, self.0.words.documents() as i64, 0, 0]);
        for (place, (documents, at_edge, as_title)) in self.0.lines.counted() {
            push([place.into(), documents as i64, at_edge as i64, as_title as i64]);
        }
        self.0.words.counted().for_each(|(place, n)| push([WORDS + i64::from(place), n.into(), 0, 0]));
        PyBytes::new(py, &bytes)
    }

    /// Reads what `to_bytes` wrote.
    #[staticmethod]
    fn from_bytes(bytes: &[u8]) -> Self {
        let frequencies = ghirbal::fingerprint::Frequencies::default();
        for counter in bytes.as_chunks::<COUNTER_LEN_BYTES>().0 {
            let words = counter.as_chunks::<8>().0;
            add(&frequencies, [0, 1, 2, 3].map(|i| i64::from_le_bytes(words[i])));
        }
        Self(frequencies)
    }
}

fn add(to: &ghirbal::fingerprint::Frequencies, [place, documents, at_edge, as_title]: [i64; 4]) {
    let unsigned = |n: i64| n.max(0) as u64;
    match place {
        DOCUMENTS => to.words.add(unsigned(documents), std::iter::empty()),
        WORDS.. => to.words.add(0, std::iter::once(((place - WORDS) as u32, documents as u32))),
        _ => {
            let counts = (unsigned(documents), unsigned(at_edge), unsigned(as_title));
            to.lines.add_counted(std::iter::once((place as u32, counts)));
        }
    }
}
