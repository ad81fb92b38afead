//! Tables (Parquet, Arrow IPC) as lines: one row, one line.
//!
//! ```text
//! [base64 of the other columns]{"id":7,"text":"غربال","url":null}\n
//! ```
//!
//! Columns of strings, whole numbers and truth values stand in the object under their own names, and
//! a row is understood, cut and restored as a line of JSON Lines is. All other columns, nested ones
//! too, stand in front of it in the row format of Arrow, which keeps every bit; dates and decimals
//! are shown in the object as well, so that `--keep latest:date` can look at them. Both ways are
//! functions of the rows alone: how a table was cut into row groups does not show.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, LargeStringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, UInt64Type};
use arrow_array::{Array, ArrayRef, Int64Array, RecordBatch, RecordBatchOptions, UInt64Array};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_cast::{CastOptions, can_cast_types, cast, cast_with_options};
use arrow_row::{RowConverter, SortField};
use arrow_schema::{ArrowError, DataType, Schema, SchemaRef};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};

use self::guarded::guarded;
use super::{Content, RawRecord, Source, flat, json, jsonl};
use crate::params::Params;

mod dictionary;
mod guarded;
mod ipc;
mod parquet;
mod sound;

/// How a table is made: what restoring needs besides its rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableCoding {
    /// The container.
    kind: Kind,
    /// Its schema, as base64 of what Arrow IPC writes.
    schema: String,
    /// Rows in a row group or batch, at most.
    group_len_rows: usize,
    /// The codec of each column by its path (Parquet), or of all (Arrow).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    codecs: Vec<(String, String)>,
    /// What else its footer says, by key (Parquet).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    metadata: Vec<(String, Option<String>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Parquet,
    ArrowFile,
    ArrowStream,
}

/// Rows turned into lines, or into a batch, in one go.
const BATCH_LEN_ROWS: usize = 1024;
const BATCH_LEN_BYTES: usize = 8 << 20;

/// Writes lines as rows.
pub(crate) trait WriteTable: Write + Send {
    /// Ends the table.
    fn finish(self: Box<Self>) -> io::Result<File>;
}

pub(super) fn sniff_stream(head: &[u8]) -> bool {
    ipc::sniff_stream(head)
}

impl TableCoding {
    /// Opens a table far enough to know how to make another like it.
    ///
    /// # Errors
    /// Says why it cannot be read.
    pub(super) fn of(path: &Path, format: &str) -> Result<Self, String> {
        let file = File::open(path).map_err(|e| e.to_string())?;
        let coding = guarded(|| match format {
            "parquet" => parquet::coding(file),
            _ => ipc::coding(file),
        });
        let coding = coding.map_err(|e| shown(&e))?;
        let schema = coding.schema().map_err(|e| shown(&e))?;
        Columns::new(&schema, coding.kind != Kind::ArrowFile).map_err(|e| shown(&e))?;
        Ok(coding)
    }

    fn schema(&self) -> Result<SchemaRef, ArrowError> {
        let bytes = BASE64.decode(&self.schema).map_err(|e| ArrowError::SchemaError(e.to_string()))?;
        let schema = arrow_ipc::root_as_schema(&bytes).map_err(|e| ArrowError::SchemaError(e.to_string()))?;
        Ok(Arc::new(arrow_ipc::convert::fb_to_schema(schema)))
    }
}

/// An error's first line; some have a backtrace behind it.
fn shown(e: &ArrowError) -> String {
    e.to_string().lines().next().unwrap_or_default().to_owned()
}

fn written(schema: &Schema) -> String {
    let mut tracker = arrow_ipc::writer::DictionaryTracker::new(false);
    let mut encoder = arrow_ipc::convert::IpcSchemaEncoder::new().with_dictionary_tracker(&mut tracker);
    BASE64.encode(encoder.schema_to_fb(schema).finished_data())
}

fn failed(e: impl std::fmt::Display) -> io::Error {
    let message = e.to_string();
    io::Error::new(io::ErrorKind::InvalidData, message.lines().next().unwrap_or_default().to_owned())
}

/// The rows of a table as lines.
pub(super) fn read(file: File, coding: &TableCoding) -> io::Result<Box<dyn Read + Send>> {
    let batches = guarded(|| match coding.kind {
        Kind::Parquet => parquet::read(file),
        Kind::ArrowFile => ipc::read_file(file),
        Kind::ArrowStream => ipc::read_stream(file),
    });
    let batches: Batches = batches.map_err(failed)?;
    let columns = Columns::new(&coding.schema().map_err(failed)?, true).map_err(failed)?;
    Ok(Box::new(Lines { batches, columns, batch: None, lines: Vec::new(), given: 0 }))
}

/// A file that lines are written into as rows.
pub(super) fn write(file: File, coding: &TableCoding) -> io::Result<Box<dyn WriteTable>> {
    let schema = coding.schema().map_err(failed)?;
    let columns = Columns::new(&schema, true).map_err(failed)?;
    Ok(match coding.kind {
        Kind::Parquet => Box::new(Rows::new(columns, parquet::Writer::new(file, schema, coding).map_err(failed)?)),
        Kind::ArrowFile => Box::new(Rows::new(columns, ipc::File::new(file, schema, coding).map_err(failed)?)),
        Kind::ArrowStream => Box::new(Rows::new(columns, ipc::Stream::new(file, schema, coding).map_err(failed)?)),
    })
}

/// Understands one row. The part in front of the object holds no brace.
pub(super) fn parse(source: &Source, params: &Params, record: &RawRecord) -> Content {
    let object = memchr::memchr(b'{', &record.raw).unwrap_or(0);
    jsonl::object(source, params, record, object, "column")
}

type Batches = Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send>;

/// How a column stands in a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Text,
    Signed,
    Unsigned,
    Truth,
    /// In front of the object only.
    Other,
    /// In front of it, and as a string or number inside it, too.
    Shown,
}

impl Form {
    fn of(data_type: &DataType) -> Self {
        use DataType::*;
        match data_type {
            Utf8 | LargeUtf8 | Utf8View => Form::Text,
            Dictionary(_, values) if matches!(**values, Utf8 | LargeUtf8 | Utf8View) => Form::Text,
            Int8 | Int16 | Int32 | Int64 => Form::Signed,
            UInt8 | UInt16 | UInt32 | UInt64 => Form::Unsigned,
            Boolean => Form::Truth,
            Date32 | Date64 | Timestamp(..) | Decimal128(..) | Decimal256(..) | Float16 | Float32 | Float64 => {
                Form::Shown
            }
            _ => Form::Other,
        }
    }

    fn is_inside(self) -> bool {
        !matches!(self, Form::Other | Form::Shown)
    }
}

/// How the columns of a schema stand in a line.
struct Columns {
    schema: SchemaRef,
    forms: Vec<Form>,
    /// `"name":` of each column.
    names: Vec<String>,
    /// The columns in front of the object, and what makes rows of them.
    others: Vec<usize>,
    rows: Option<RowConverter>,
}

impl Columns {
    /// Fails when a column could not be written back as it is.
    fn new(schema: &SchemaRef, dictionaries: bool) -> Result<Self, ArrowError> {
        let forms: Vec<Form> = schema.fields().iter().map(|f| Form::of(f.data_type())).collect();
        let names = schema.fields().iter().map(|f| format!("{}:", serde_json::Value::from(f.name().as_str())));
        let others: Vec<usize> = (0..forms.len()).filter(|&i| !forms[i].is_inside()).collect();
        let mut sorted = Vec::new();
        for &i in &others {
            let field = schema.field(i);
            let plain = hydrated(field.data_type());
            let refused = || {
                ArrowError::NotYetImplemented(format!(
                    "column `{}` of type {} cannot be passed through",
                    field.name(),
                    field.data_type()
                ))
            };
            let is_dictionary = plain != *field.data_type();
            if is_dictionary && (!dictionaries || !can_cast_types(&plain, field.data_type())) {
                return Err(refused());
            }
            let sort = SortField::new(plain.clone());
            if !RowConverter::supports_fields(std::slice::from_ref(&sort)) {
                return Err(refused());
            }
            sorted.push(sort);
        }
        let rows = if sorted.is_empty() { None } else { Some(RowConverter::new(sorted)?) };
        Ok(Self { schema: Arc::clone(schema), names: names.collect(), forms, others, rows })
    }

    /// Appends the rows of a batch as lines.
    fn write_lines(&self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), ArrowError> {
        let others = match &self.rows {
            None => None,
            Some(converter) => {
                let columns = self.others.iter().map(|&i| {
                    let column = batch.column(i);
                    let plain = hydrated(column.data_type());
                    if plain == *column.data_type() { Ok(Arc::clone(column)) } else { cast(column, &plain) }
                });
                Some(converter.convert_columns(&columns.collect::<Result<Vec<_>, _>>()?)?)
            }
        };
        let columns: Vec<ArrayRef> = batch.columns().iter().map(in_utc).collect::<Result<_, _>>()?;
        let cells: Vec<Cells> = self
            .forms
            .iter()
            .zip(&columns)
            .map(|(form, column)| Cells::new(*form, column))
            .collect::<Result<_, _>>()?;
        for row in 0..batch.num_rows() {
            if let Some(others) = &others {
                push_base64(out, others.row(row).data());
            }
            out.push(b'{');
            let mut first = true;
            for (name, cells) in self.names.iter().zip(&cells) {
                if matches!(cells, Cells::Hidden) {
                    continue;
                }
                if !std::mem::take(&mut first) {
                    out.push(b',');
                }
                out.extend_from_slice(name.as_bytes());
                cells.write(row, out)?;
            }
            out.extend_from_slice(b"}\n");
        }
        Ok(())
    }
}

fn push_base64(out: &mut Vec<u8>, bytes: &[u8]) {
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, 0);
    let len = BASE64.encode_slice(bytes, &mut out[start..]).unwrap_or(0);
    out.truncate(start + len);
}

/// A type without dictionaries at its top, the way rows keep it.
fn hydrated(data_type: &DataType) -> DataType {
    use DataType::*;
    let inner = |f: &arrow_schema::FieldRef| Arc::new(f.as_ref().clone().with_data_type(hydrated(f.data_type())));
    match data_type {
        Dictionary(_, values) => hydrated(values),
        List(f) => List(inner(f)),
        LargeList(f) => LargeList(inner(f)),
        FixedSizeList(f, len) => FixedSizeList(inner(f), *len),
        Struct(fields) => Struct(fields.iter().map(inner).collect()),
        other => other.clone(),
    }
}

/// Points in time without their zone: they are shown in UTC, so that they compare.
fn in_utc(column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let DataType::Timestamp(unit, Some(_)) = column.data_type() else { return Ok(Arc::clone(column)) };
    let data = column.to_data().into_builder().data_type(DataType::Timestamp(*unit, None)).build()?;
    Ok(arrow_array::make_array(data))
}

/// The values of one column.
enum Cells<'a> {
    Text(ArrayRef),
    Signed(ArrayRef),
    Unsigned(ArrayRef),
    Truth(ArrayRef),
    Number(ArrayRef),
    Shown(&'a ArrayRef, ArrayFormatter<'a>),
    Hidden,
}

const FORMAT: FormatOptions = FormatOptions::new();

impl<'a> Cells<'a> {
    fn new(form: Form, column: &'a ArrayRef) -> Result<Self, ArrowError> {
        Ok(match form {
            Form::Text => Cells::Text(cast(column, &DataType::LargeUtf8)?),
            Form::Signed => Cells::Signed(cast(column, &DataType::Int64)?),
            Form::Unsigned => Cells::Unsigned(cast(column, &DataType::UInt64)?),
            Form::Truth => Cells::Truth(Arc::clone(column)),
            Form::Shown if column.data_type().is_floating() => Cells::Number(cast(column, &DataType::Float64)?),
            Form::Shown => Cells::Shown(column, ArrayFormatter::try_new(column, &FORMAT)?),
            Form::Other => Cells::Hidden,
        })
    }

    fn write(&self, row: usize, out: &mut Vec<u8>) -> Result<(), ArrowError> {
        let null = |array: &dyn Array| array.is_null(row);
        let done = match self {
            Cells::Text(a) if !null(a) => serde_json::to_writer(&mut *out, a.as_string::<i64>().value(row)),
            Cells::Signed(a) if !null(a) => serde_json::to_writer(&mut *out, &a.as_primitive::<Int64Type>().value(row)),
            Cells::Unsigned(a) if !null(a) => {
                serde_json::to_writer(&mut *out, &a.as_primitive::<UInt64Type>().value(row))
            }
            Cells::Truth(a) if !null(a) => serde_json::to_writer(&mut *out, &a.as_boolean().value(row)),
            // What is no number is written as null.
            Cells::Number(a) if !null(a) => {
                serde_json::to_writer(&mut *out, &a.as_primitive::<arrow_array::types::Float64Type>().value(row))
            }
            // A date beyond the calendar is shown as null; it stands in front of the object as it is.
            Cells::Shown(a, formatter) if !null(a) => {
                serde_json::to_writer(&mut *out, &formatter.value(row).try_to_string().ok())
            }
            _ => {
                out.extend_from_slice(b"null");
                Ok(())
            }
        };
        done.map_err(|e| ArrowError::JsonError(e.to_string()))
    }
}

/// Batches read as lines.
struct Lines {
    batches: Batches,
    columns: Columns,
    /// The batch in hand, and how many of its rows are lines already.
    batch: Option<(RecordBatch, usize)>,
    lines: Vec<u8>,
    given: usize,
}

impl Lines {
    /// Turns some more rows into lines; false at the end.
    fn refill(&mut self) -> io::Result<bool> {
        self.lines.clear();
        self.given = 0;
        let (batch, done) = match self.batch.take() {
            Some(in_hand) => in_hand,
            None => match guarded(|| self.batches.next().transpose()).map_err(failed)? {
                None => return Ok(false),
                Some(batch) => (batch, 0),
            },
        };
        let len = BATCH_LEN_ROWS.min(batch.num_rows() - done);
        guarded(|| self.columns.write_lines(&batch.slice(done, len), &mut self.lines)).map_err(failed)?;
        if done + len < batch.num_rows() {
            self.batch = Some((batch, done + len));
        }
        Ok(true)
    }
}

impl Read for Lines {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.lines.len() {
            if !self.refill()? {
                return Ok(0);
            }
        }
        let len = buffer.len().min(self.lines.len() - self.given);
        buffer[..len].copy_from_slice(&self.lines[self.given..self.given + len]);
        self.given += len;
        Ok(len)
    }
}

/// Where batches go.
trait Sink: Send {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), ArrowError>;
    fn finish(self) -> io::Result<File>;
    /// The array of a dictionary column, when the sink wants one dictionary for all batches.
    fn dictionary(&mut self, _column: usize, _texts: &ArrayRef) -> Option<Result<ArrayRef, ArrowError>> {
        None
    }
}

/// Lines written as rows.
struct Rows<S> {
    columns: Columns,
    sink: S,
    /// Whole lines not yet written, and the beginning of the next.
    lines: Vec<u8>,
    /// How many whole lines there are, and how long they are together.
    whole: (usize, usize),
}

impl<S: Sink> Rows<S> {
    fn new(columns: Columns, sink: S) -> Self {
        Self { columns, sink, lines: Vec::new(), whole: (0, 0) }
    }

    fn put(&mut self) -> io::Result<()> {
        let (count, len) = std::mem::take(&mut self.whole);
        if count > 0 {
            let lines = std::str::from_utf8(&self.lines[..len]).map_err(failed)?;
            let batch = batch(&self.columns, &mut self.sink, lines, count)?;
            self.sink.write(&batch).map_err(failed)?;
        }
        self.lines.drain(..len);
        Ok(())
    }
}

impl<S: Sink> Write for Rows<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for line in bytes.split_inclusive(|&b| b == b'\n') {
            self.lines.extend_from_slice(line);
            if line.ends_with(b"\n") {
                self.whole = (self.whole.0 + 1, self.lines.len());
                if self.whole.0 == BATCH_LEN_ROWS || self.whole.1 >= BATCH_LEN_BYTES {
                    self.put()?;
                }
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<S: Sink> WriteTable for Rows<S> {
    fn finish(mut self: Box<Self>) -> io::Result<File> {
        self.put()?;
        if !self.lines.is_empty() {
            return Err(failed("the table ends inside a row"));
        }
        self.sink.finish()
    }
}

/// Values of one column as they are read from lines.
enum Builder {
    Text(LargeStringBuilder),
    Signed(Vec<Option<i64>>),
    Unsigned(Vec<Option<u64>>),
    Truth(BooleanBuilder),
}

/// The rows of whole lines.
fn batch(columns: &Columns, sink: &mut impl Sink, lines: &str, count: usize) -> io::Result<RecordBatch> {
    let broken = || failed("a row is not as it was written");
    let mut builders: Vec<Option<Builder>> = columns
        .forms
        .iter()
        .map(|form| match form {
            Form::Text => Some(Builder::Text(LargeStringBuilder::with_capacity(count, lines.len()))),
            Form::Signed => Some(Builder::Signed(Vec::with_capacity(count))),
            Form::Unsigned => Some(Builder::Unsigned(Vec::with_capacity(count))),
            Form::Truth => Some(Builder::Truth(BooleanBuilder::with_capacity(count))),
            Form::Other | Form::Shown => None,
        })
        .collect();
    // The columns that stand in the object, in order.
    let inside: Vec<usize> = (0..columns.forms.len()).filter(|&i| columns.forms[i] != Form::Other).collect();
    let mut others = Vec::new();
    for line in lines.split_inclusive('\n') {
        let (front, object) = line.split_at(line.find('{').ok_or_else(broken)?);
        if columns.rows.is_some() {
            others.push(BASE64.decode(front).map_err(|_| broken())?);
        }
        let mut next = inside.iter();
        let mut sound = true;
        each_member(object, |value| {
            let Some(builder) = next.next().map(|&i| &mut builders[i]) else {
                sound = false;
                return;
            };
            sound &= builder.as_mut().is_none_or(|builder| builder.push(value).is_some());
        })
        .ok_or_else(broken)?;
        if !sound || next.next().is_some() {
            return Err(broken());
        }
    }
    let mut arrays: Vec<Option<ArrayRef>> = Vec::with_capacity(builders.len());
    for (i, builder) in builders.into_iter().enumerate() {
        let wanted = columns.schema.field(i).data_type();
        arrays.push(match builder {
            None => None,
            Some(builder) => {
                let array = builder.finish();
                let shared = matches!(wanted, DataType::Dictionary(..)).then(|| sink.dictionary(i, &array)).flatten();
                Some(shared.unwrap_or_else(|| exactly(&array, wanted)).map_err(failed)?)
            }
        });
    }
    if let Some(converter) = &columns.rows {
        let parser = converter.parser();
        let rows = others.iter().map(|row| parser.parse(row));
        let columns_of_rows = converter.convert_rows(rows).map_err(failed)?;
        for (&i, array) in columns.others.iter().zip(&columns_of_rows) {
            arrays[i] = Some(exactly(array, columns.schema.field(i).data_type()).map_err(failed)?);
        }
    }
    let arrays = arrays.into_iter().collect::<Option<Vec<_>>>().ok_or_else(broken)?;
    let options = RecordBatchOptions::new().with_row_count(Some(count));
    RecordBatch::try_new_with_options(Arc::clone(&columns.schema), arrays, &options).map_err(failed)
}

/// A cast that loses nothing or fails.
fn exactly(array: &ArrayRef, wanted: &DataType) -> Result<ArrayRef, ArrowError> {
    if array.data_type() == wanted {
        return Ok(Arc::clone(array));
    }
    cast_with_options(array, wanted, &CastOptions { safe: false, ..CastOptions::default() })
}

/// Calls `value` with each member's value in order.
fn each_member<'a>(object: &'a str, mut value: impl FnMut(&'a str)) -> Option<()> {
    let mut values = Vec::new();
    if flat::members(object, |_, value| values.push(value)).is_some() {
        values.into_iter().for_each(value);
        return Some(());
    }
    // A name with an escape in it, or a number with an exponent.
    for raw in jsonl::values(object)? {
        value(raw);
    }
    Some(())
}

impl Builder {
    fn push(&mut self, value: &str) -> Option<()> {
        let null = value == "null";
        match self {
            Builder::Text(builder) if null => builder.append_null(),
            Builder::Text(builder) => {
                let inside = value.strip_prefix('"')?.strip_suffix('"')?;
                builder.append_value(json::decode(inside).ok()?);
            }
            Builder::Signed(values) => values.push(if null { None } else { Some(value.parse().ok()?) }),
            Builder::Unsigned(values) => values.push(if null { None } else { Some(value.parse().ok()?) }),
            Builder::Truth(builder) => builder.append_option(if null { None } else { Some(value.parse().ok()?) }),
        }
        Some(())
    }

    fn finish(self) -> ArrayRef {
        match self {
            Builder::Text(mut builder) => Arc::new(builder.finish()),
            Builder::Signed(values) => Arc::new(Int64Array::from(values)),
            Builder::Unsigned(values) => Arc::new(UInt64Array::from(values)),
            Builder::Truth(mut builder) => Arc::new(builder.finish()),
        }
    }
}
