//! Single stages on arrays of texts: the core's functions, a batch at a time, without the
//! interpreter's lock and on the caller's thread.
//!
//! Numbers are signed 64-bit and lists are plain lists, which every engine has; a key's bits are
//! those of the core's unsigned number.

use std::sync::Arc;

use arrow_array::builder::{Float64Builder, Int64Builder, ListBuilder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::{Array as _, ArrayRef, Float64Array, Int64Array, LargeStringArray, RecordBatch};
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType};
use ghirbal::align::within_document;
use ghirbal::classify::Classifier;
use ghirbal::fingerprint::Frequencies;
use ghirbal::pipeline::apart::Parts;
use ghirbal::recurring::DocumentWords;
use ghirbal::report::LineNumbers;
use ghirbal::shingle::ShingleSet;
use ghirbal::tokenise::{Tokeniser, View};
use pyo3::prelude::*;
use pyo3_arrow::input::AnyArray;

use crate::error::{arrow, raise, usage};
use crate::params::Params;
use crate::table::{Array, Table};

/// The strings of any array of text.
pub fn texts(py: Python<'_>, given: AnyArray, what: &str) -> PyResult<LargeStringArray> {
    let (chunks, field) = given.into_chunked_array()?.into_inner();
    let kind = match field.data_type() {
        DataType::Dictionary(_, values) => values,
        other => other,
    };
    if !matches!(kind, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null) {
        return Err(usage(py, format!("`{what}` holds {kind}, not text")));
    }
    let chunks: Result<Vec<ArrayRef>, ArrowError> = chunks.iter().map(|c| cast(c, &DataType::LargeUtf8)).collect();
    let chunks = chunks.map_err(arrow)?;
    let array = match &chunks[..] {
        [] => arrow_array::new_empty_array(&DataType::LargeUtf8),
        [one] => Arc::clone(one),
        many => {
            let many: Vec<&dyn arrow_array::Array> = many.iter().map(|c| &**c).collect();
            arrow_select::concat::concat(&many).map_err(arrow)?
        }
    };
    Ok(array.as_string::<i64>().clone())
}

fn parts(py: Python<'_>, params: &Params) -> PyResult<Parts> {
    Parts::new(params.0.clone()).map_err(|e| raise(py, &e))
}

fn lists(texts: &LargeStringArray, mut each: impl FnMut(&str, &mut Vec<i64>)) -> Array {
    let mut lists = ListBuilder::new(Int64Builder::new());
    let mut values = Vec::new();
    for text in texts {
        values.clear();
        if let Some(text) = text {
            each(text, &mut values);
        }
        lists.values().append_slice(&values);
        // Neither a text that is null nor one without words has any.
        lists.append(!values.is_empty());
    }
    Array::new(Arc::new(lists.finish()))
}

/// The signature of each text.
#[pyfunction]
pub fn sketch(py: Python<'_>, texts: AnyArray, params: &Params) -> PyResult<Array> {
    let (parts, texts) = (parts(py, params)?, self::texts(py, texts, "texts")?);
    Ok(py.detach(|| {
        lists(&texts, |text, places| {
            let shingles = parts.shingles(text, &[]);
            if !shingles.is_empty() {
                places.extend(parts.sketch(&shingles).places().iter().map(|&place| i64::from(place)));
            }
        })
    }))
}

/// The band keys of each text.
#[pyfunction]
pub fn band_keys(py: Python<'_>, texts: AnyArray, params: &Params) -> PyResult<Array> {
    let (parts, texts) = (parts(py, params)?, self::texts(py, texts, "texts")?);
    Ok(py.detach(|| {
        lists(&texts, |text, keys| {
            keys.extend(parts.band_keys(&parts.shingles(text, &[])).iter().map(|&key| key as i64));
        })
    }))
}

/// How the texts of two arrays relate, pair by pair.
#[pyfunction]
pub fn verify(py: Python<'_>, a: AnyArray, b: AnyArray, params: &Params) -> PyResult<Table> {
    let (parts, a, b) = (parts(py, params)?, texts(py, a, "a")?, texts(py, b, "b")?);
    if a.len() != b.len() {
        return Err(usage(py, format!("`a` has {} texts and `b` has {}", a.len(), b.len())));
    }
    let found = py.detach(|| {
        let (mut kinds, mut inner) = (StringBuilder::new(), StringBuilder::new());
        let (mut jaccard, mut containment) = (Float64Builder::new(), Float64Builder::new());
        let (mut x, mut y) = (DocumentWords::default(), DocumentWords::default());
        for (a, b) in a.iter().zip(&b) {
            let found = a.zip(b).and_then(|(a, b)| {
                parts.survey(a, &mut x);
                parts.survey(b, &mut y);
                if x.fingerprint().is_some() && x.fingerprint() == y.fingerprint() {
                    return Some(("exact", "a", 1.0, 1.0));
                }
                let set = |text| ShingleSet::from_hashes(parts.shingles(text, &[]));
                let m = parts.verify((0, &set(a)), (1, &set(b)))?;
                Some((m.kind.name(), if m.a == 0 { "a" } else { "b" }, m.jaccard, m.containment))
            });
            kinds.append_option(found.map(|f| f.0));
            inner.append_option(found.filter(|f| f.0 == "contained").map(|f| f.1));
            jaccard.append_option(found.map(|f| f.2));
            containment.append_option(found.map(|f| f.3));
        }
        let columns: [(&str, ArrayRef); 4] = [
            ("kind", Arc::new(kinds.finish())),
            ("inner", Arc::new(inner.finish())),
            ("jaccard", Arc::new(jaccard.finish())),
            ("containment", Arc::new(containment.finish())),
        ];
        RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true)))
    });
    found.map(Table::of).map_err(arrow)
}

/// What the lines of each text are, by the frequencies of these texts.
#[pyfunction]
pub fn classify(py: Python<'_>, texts: AnyArray, hosts: Option<AnyArray>, params: &Params) -> PyResult<Table> {
    let params = &params.0;
    let texts = self::texts(py, texts, "texts")?;
    let hosts = hosts.map(|hosts| self::texts(py, hosts, "hosts")).transpose()?;
    if hosts.as_ref().is_some_and(|hosts| hosts.len() != texts.len()) {
        return Err(usage(py, "there are not as many hosts as texts"));
    }
    let classifier = Classifier::with_folds(&params.filler, params.folds).map_err(|e| raise(py, &e))?;
    let found = py.detach(|| {
        let tokeniser = Tokeniser::new(params.folds);
        let frequencies = Frequencies::default();
        let host = |row: usize| hosts.as_ref().filter(|h| h.is_valid(row)).map(|h| h.value(row));
        let some = || texts.iter().enumerate().filter_map(|(row, text)| Some((row, text?)));
        some().for_each(|(row, text)| frequencies.observe(host(row), &View::new(text, &tokeniser)));
        let mut numbers: [Vec<i64>; 4] = Default::default();
        let mut scores = Vec::new();
        let mut words: [StringBuilder; 5] = Default::default();
        for (row, text) in some() {
            let (view, lines) = (View::new(text, &tokeniser), LineNumbers::new(text));
            for f in classifier.classify(host(row), &view, &frequencies.lines) {
                let line = i64::from(lines.at(f.span.start));
                let places = [row as i64, f.span.start.into(), f.span.end.into(), line];
                numbers.iter_mut().zip(places).for_each(|(to, number)| to.push(number));
                // As the rows have it: the shortest decimal that is this number.
                scores.push(f.score.to_string().parse::<f64>().unwrap_or(f64::from(f.score)));
                let evidence: serde_json::Map<_, _> =
                    f.evidence.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
                let evidence = serde_json::Value::Object(evidence).to_string();
                let fields = [f.label.name(), f.zone.name(), f.rule, &evidence, &f.why];
                words.iter_mut().zip(fields).for_each(|(to, text)| to.append_value(text));
            }
        }
        let mut columns: Vec<(&str, ArrayRef)> = Vec::new();
        for (name, numbers) in ["row", "start", "end", "line"].into_iter().zip(numbers) {
            columns.push((name, Arc::new(Int64Array::from(numbers))));
        }
        for (name, mut words) in ["label", "zone", "rule", "evidence", "why"].into_iter().zip(words) {
            columns.push((name, Arc::new(words.finish())));
        }
        columns.push(("score", Arc::new(Float64Array::from(scores))));
        RecordBatch::try_from_iter(columns)
    });
    found.map(Table::of).map_err(arrow)
}

/// The passages that stand twice inside each text, by the frequencies of these texts.
#[pyfunction]
pub fn align(py: Python<'_>, texts: AnyArray, params: &Params) -> PyResult<Table> {
    let params = &params.0;
    let texts = self::texts(py, texts, "texts")?;
    let found = py.detach(|| {
        let tokeniser = Tokeniser::new(params.folds);
        let frequencies = Frequencies::default();
        let some = || texts.iter().enumerate().filter_map(|(row, text)| Some((row, text?)));
        some().for_each(|(_, text)| frequencies.words.observe(&View::new(text, &tokeniser).tokens));
        let mut numbers: [Vec<i64>; 6] = Default::default();
        let mut shares: [Vec<f64>; 3] = Default::default();
        let mut kinds = StringBuilder::new();
        for (row, text) in some() {
            let view = View::new(text, &tokeniser);
            for p in within_document(0, &view, &frequencies.words, &params.passages) {
                let (a, b) = (p.a.span, p.b.span);
                let places = [row as i64, a.start.into(), a.end.into(), b.start.into(), b.end.into(), p.words.into()];
                numbers.iter_mut().zip(places).for_each(|(to, number)| to.push(number));
                let rounded = [p.identity, p.jaccard, p.containment].map(|share| ghirbal::decide::round(share.into()));
                shares.iter_mut().zip(rounded).for_each(|(to, share)| to.push(share));
                kinds.append_value(p.kind.name());
            }
        }
        let mut columns: Vec<(&str, ArrayRef)> = Vec::new();
        let names = ["row", "a_start", "a_end", "b_start", "b_end", "words"];
        for (name, numbers) in names.into_iter().zip(numbers) {
            columns.push((name, Arc::new(Int64Array::from(numbers))));
        }
        for (name, shares) in ["identity", "jaccard", "containment"].into_iter().zip(shares) {
            columns.push((name, Arc::new(Float64Array::from(shares))));
        }
        columns.push(("kind", Arc::new(kinds.finish())));
        RecordBatch::try_from_iter(columns)
    });
    found.map(Table::of).map_err(arrow)
}
