//! Arrow tables and arrays that Python holds, by the PyCapsule interface.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type};
use arrow_array::{
    Array as _, ArrayRef, BooleanArray, Float64Array, Int64Array, LargeStringArray, RecordBatch, RecordBatchOptions,
    StructArray,
};
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Schema, SchemaRef};
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyCapsule, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};
use pyo3_arrow::ffi::{ArrayIterator, to_array_pycapsules, to_schema_pycapsule, to_stream_pycapsule};

use crate::error::{arrow, import, usage};

/// Columns of equal length, in batches.
#[pyclass(frozen, module = "ghirbal")]
pub struct Table {
    pub schema: SchemaRef,
    pub batches: Vec<RecordBatch>,
}

impl Table {
    pub fn of(batch: RecordBatch) -> Self {
        Self { schema: batch.schema(), batches: vec![batch] }
    }

    fn column(&self, index: usize) -> Result<Array, ArrowError> {
        let field = Arc::new(self.schema.field(index).clone());
        let chunks: Vec<&dyn arrow_array::Array> = self.batches.iter().map(|b| &**b.column(index)).collect();
        let array = if chunks.is_empty() {
            arrow_array::new_empty_array(field.data_type())
        } else {
            arrow_select::concat::concat(&chunks)?
        };
        Ok(Array { array, field })
    }
}

#[pymethods]
impl Table {
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyCapsule>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let field = Arc::new(Field::new_struct("", self.schema.fields().clone(), false));
        let batches: Vec<Result<ArrayRef, ArrowError>> =
            self.batches.iter().map(|b| Ok(Arc::new(StructArray::from(b.clone())) as ArrayRef)).collect();
        Ok(to_stream_pycapsule(py, Box::new(ArrayIterator::new(batches, field)), requested_schema)?)
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        Ok(to_schema_pycapsule(py, &*self.schema)?)
    }

    fn __len__(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    fn __repr__(&self) -> String {
        format!("Table({} rows: {})", self.__len__(), self.column_names().join(", "))
    }

    /// The names of the columns in their order.
    #[getter]
    fn column_names(&self) -> Vec<String> {
        self.schema.fields().iter().map(|f| f.name().clone()).collect()
    }

    fn __getitem__(&self, name: &str) -> PyResult<Array> {
        let index = self.schema.index_of(name).map_err(|_| PyKeyError::new_err(name.to_owned()))?;
        self.column(index).map_err(arrow)
    }

    /// Records as a table: their values are strings, numbers, truth values or None, and one column
    /// holds one sort of them.
    #[staticmethod]
    fn from_pylist(py: Python<'_>, records: Vec<Bound<'_, PyDict>>) -> PyResult<Self> {
        let mut names: Vec<String> = Vec::new();
        for record in &records {
            for name in record.keys() {
                let name: String = name.extract()?;
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        let mut columns: Vec<(String, ArrayRef)> = Vec::new();
        for name in names {
            let values: PyResult<Vec<_>> = records.iter().map(|record| record.get_item(&name)).collect();
            let column = column(py, &name, &values?)?;
            columns.push((name, column));
        }
        let fields: Vec<Field> =
            columns.iter().map(|(name, c)| Field::new(name, c.data_type().clone(), true)).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(records.len()));
        let arrays = columns.into_iter().map(|(_, column)| column).collect();
        let batch = RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options);
        batch.map(Self::of).map_err(arrow)
    }

    /// The rows as dictionaries.
    fn to_pylist<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let rows = PyList::empty(py);
        for batch in &self.batches {
            let schema = batch.schema();
            for row in 0..batch.num_rows() {
                let dict = PyDict::new(py);
                for (field, column) in schema.fields().iter().zip(batch.columns()) {
                    dict.set_item(field.name(), value(py, column, row)?)?;
                }
                rows.append(dict)?;
            }
        }
        Ok(rows)
    }

    /// The same as a pyarrow.Table, without copying.
    fn to_pyarrow<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        import(slf.py(), "pyarrow", "to_pyarrow()")?.call_method1("table", (slf,))
    }

    /// The same as a polars.DataFrame.
    fn to_polars<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        import(slf.py(), "polars", "to_polars()")?.call_method1("DataFrame", (slf,))
    }

    /// The same as a pandas.DataFrame.
    fn to_pandas<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let pandas = import(py, "pandas", "to_pandas()")?;
        match py.import("pyarrow") {
            Ok(pyarrow) => pyarrow.call_method1("table", (slf,))?.call_method0("to_pandas"),
            Err(_) => {
                let named = PyDict::new(py);
                named.set_item("columns", slf.get().column_names())?;
                pandas.call_method("DataFrame", (slf.get().to_pylist(py)?,), Some(&named))
            }
        }
    }
}

/// One column.
#[pyclass(frozen, module = "ghirbal")]
pub struct Array {
    array: ArrayRef,
    field: FieldRef,
}

impl Array {
    pub fn new(array: ArrayRef) -> Self {
        let field = Arc::new(Field::new("", array.data_type().clone(), true));
        Self { array, field }
    }
}

#[pymethods]
impl Array {
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyCapsule>>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        Ok(to_array_pycapsules(py, Arc::clone(&self.field), &self.array, requested_schema)?)
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        Ok(to_schema_pycapsule(py, &*self.field)?)
    }

    fn __len__(&self) -> usize {
        self.array.len()
    }

    fn __repr__(&self) -> String {
        format!("Array({} values of {})", self.array.len(), self.array.data_type())
    }

    /// Strings as an array.
    #[staticmethod]
    fn from_pylist(texts: Vec<Option<String>>) -> Self {
        Self::new(Arc::new(LargeStringArray::from_iter(texts)))
    }

    /// The values as Python objects.
    fn to_pylist<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let values: PyResult<Vec<_>> = (0..self.array.len()).map(|row| value(py, &self.array, row)).collect();
        PyList::new(py, values?)
    }

    /// The same as a pyarrow.Array, without copying.
    fn to_pyarrow<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        import(slf.py(), "pyarrow", "to_pyarrow()")?.call_method1("array", (slf,))
    }

    /// The same as a polars.Series.
    fn to_polars<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        import(slf.py(), "polars", "to_polars()")?.call_method1("Series", (slf,))
    }

    /// The same as a pandas.Series.
    fn to_pandas<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        import(slf.py(), "pandas", "to_pandas()")?.call_method1("Series", (slf.get().to_pylist(slf.py())?,))
    }
}

/// The values of one column of records: all of one sort, besides None.
fn column(py: Python<'_>, name: &str, values: &[Option<Bound<'_, PyAny>>]) -> PyResult<ArrayRef> {
    let values: Vec<Option<&Bound<'_, PyAny>>> =
        values.iter().map(|value| value.as_ref().filter(|value| !value.is_none())).collect();
    let all = |is: &dyn Fn(&Bound<'_, PyAny>) -> bool| values.iter().flatten().all(|value| is(value));
    fn each<'py, T: for<'a> FromPyObject<'a, 'py>>(values: &[Option<&Bound<'py, PyAny>>]) -> Option<Vec<Option<T>>> {
        values.iter().map(|value| value.map(|v| v.extract::<T>().ok()).map_or(Some(None), |v| v.map(Some))).collect()
    }
    let found: Option<ArrayRef> = if all(&|v| v.is_instance_of::<PyString>()) {
        each::<String>(&values).map(|v| Arc::new(LargeStringArray::from_iter(v)) as ArrayRef)
    } else if all(&|v| v.is_instance_of::<PyBool>()) {
        each::<bool>(&values).map(|v| Arc::new(BooleanArray::from(v)) as ArrayRef)
    } else if all(&|v| v.is_instance_of::<PyInt>()) {
        each::<i64>(&values).map(|v| Arc::new(Int64Array::from(v)) as ArrayRef)
    } else if all(&|v| v.is_instance_of::<PyInt>() || v.is_instance_of::<PyFloat>()) {
        each::<f64>(&values).map(|v| Arc::new(Float64Array::from(v)) as ArrayRef)
    } else {
        None
    };
    found.ok_or_else(|| {
        usage(
            py,
            format!(
                "`{name}` holds values of several sorts, or others than strings, numbers and truth values; hint: \
                 pyarrow.Table.from_pylist(records) makes a table of any"
            ),
        )
    })
}

/// One value as a Python object.
fn value<'py>(py: Python<'py>, array: &ArrayRef, row: usize) -> PyResult<Bound<'py, PyAny>> {
    use DataType::*;
    if array.is_null(row) {
        return Ok(py.None().into_bound(py));
    }
    let as_type = |to: &DataType| cast(&array.slice(row, 1), to).map_err(arrow);
    match array.data_type() {
        Null => Ok(py.None().into_bound(py)),
        Boolean => array.as_boolean().value(row).into_bound_py_any(py),
        Utf8 => array.as_string::<i32>().value(row).into_bound_py_any(py),
        LargeUtf8 => array.as_string::<i64>().value(row).into_bound_py_any(py),
        Utf8View => array.as_string_view().value(row).into_bound_py_any(py),
        Float32 => array.as_primitive::<Float32Type>().value(row).into_bound_py_any(py),
        Float64 => array.as_primitive::<Float64Type>().value(row).into_bound_py_any(py),
        UInt64 => as_type(&UInt64)?.as_primitive::<arrow_array::types::UInt64Type>().value(0).into_bound_py_any(py),
        Int8 | Int16 | Int32 | Int64 | UInt8 | UInt16 | UInt32 => {
            as_type(&Int64)?.as_primitive::<arrow_array::types::Int64Type>().value(0).into_bound_py_any(py)
        }
        Dictionary(_, inner) => value(py, &as_type(inner)?, 0),
        Struct(fields) => {
            let dict = PyDict::new(py);
            for (field, column) in fields.iter().zip(array.as_struct().columns()) {
                dict.set_item(field.name(), value(py, column, row)?)?;
            }
            dict.into_bound_py_any(py)
        }
        List(_) => list(py, array.as_list::<i32>().value(row)),
        LargeList(_) => list(py, array.as_list::<i64>().value(row)),
        FixedSizeList(..) => list(py, array.as_fixed_size_list().value(row)),
        other => Err(usage(py, format!("to_pylist() knows no {other}; hint: to_pyarrow().to_pylist()"))),
    }
}

fn list<'py>(py: Python<'py>, values: ArrayRef) -> PyResult<Bound<'py, PyAny>> {
    let values: PyResult<Vec<_>> = (0..values.len()).map(|row| value(py, &values, row)).collect();
    PyList::new(py, values?)?.into_bound_py_any(py)
}
