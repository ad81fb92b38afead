//! Keyword arguments as the core's parameters, by the names of their serialised form.

use std::fmt::Write;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use serde_json::{Map, Value};

use crate::error::{raise, usage};

/// Every choice that changes an answer.
#[pyclass(frozen, eq, module = "ghirbal", from_py_object)]
#[derive(Clone, PartialEq)]
pub struct Params(pub ghirbal::params::Params);

#[pymethods]
impl Params {
    #[new]
    #[pyo3(signature = (**params))]
    fn new(py: Python<'_>, params: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        Self::with(py, &ghirbal::params::Params::default(), params)
    }

    /// The same with other values.
    #[pyo3(signature = (**params))]
    fn replace(&self, py: Python<'_>, params: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        Self::with(py, &self.0, params)
    }

    /// All values, by section.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        py.import("json")?.call_method1("loads", (self.json(),))
    }

    /// 128 bits that differ when any parameter differs, as 32 hexadecimal digits.
    #[getter]
    fn digest(&self) -> String {
        self.0.digest()
    }

    /// The names of the columns a table is read by: the text's first.
    fn columns(&self) -> Vec<String> {
        let others = ghirbal::read::Row::fields(&self.0).into_iter().filter(|name| *name != self.0.fields.text);
        std::iter::once(&*self.0.fields.text).chain(others).map(str::to_owned).collect()
    }

    fn __hash__(&self) -> u64 {
        u64::from_str_radix(&self.0.digest()[..16], 16).unwrap_or_default()
    }

    fn __repr__(&self) -> String {
        let (now, default) = (object(&self.0), object(&ghirbal::params::Params::default()));
        let mut out = String::new();
        for (section, values) in &now {
            let changed: Map<String, Value> = values
                .as_object()
                .into_iter()
                .flatten()
                .filter(|(name, value)| default[section].get(name) != Some(value))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
            if !changed.is_empty() {
                let comma = if out.is_empty() { "" } else { ", " };
                let _ = write!(out, "{comma}{section}={}", Value::Object(changed));
            }
        }
        format!("Params({out})")
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let made = py.get_type::<Self>().getattr("from_json")?;
        Ok((made, PyTuple::new(py, [self.json()])?))
    }

    /// Reads what `json` wrote.
    #[staticmethod]
    fn from_json(py: Python<'_>, text: &str) -> PyResult<Self> {
        let params: ghirbal::params::Params =
            serde_json::from_str(text).map_err(|e| usage(py, format!("these are no parameters: {e}")))?;
        params.validate().map_err(|e| raise(py, &e))?;
        Ok(Self(params))
    }

    /// All values as JSON.
    fn json(&self) -> String {
        Value::Object(object(&self.0)).to_string()
    }
}

impl Params {
    /// `base` with what is named: whole sections (`documents={"similar": 0.7}`) or, where only one
    /// section has such a name, the value alone (`similar=0.7`).
    fn with(py: Python<'_>, base: &ghirbal::params::Params, named: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let Some(named) = named.filter(|named| !named.is_empty()) else { return Ok(Self(base.clone())) };
        let text: String = py.import("json")?.call_method1("dumps", (named,))?.extract()?;
        let named: Map<String, Value> = serde_json::from_str(&text).map_err(|e| usage(py, e.to_string()))?;
        let mut params = object(base);
        for (name, value) in named {
            put(&mut params, &name, value).map_err(|why| usage(py, why))?;
        }
        Self::from_json(py, &Value::Object(params).to_string())
    }
}

fn object(params: &ghirbal::params::Params) -> Map<String, Value> {
    match serde_json::to_value(params) {
        Ok(Value::Object(object)) => object,
        _ => Map::new(),
    }
}

fn put(params: &mut Map<String, Value>, name: &str, value: Value) -> Result<(), String> {
    match (params.get_mut(name), value) {
        (Some(Value::Object(section)), Value::Object(values)) => {
            section.extend(values);
            return Ok(());
        }
        (Some(_), _) => return Err(format!("`{name}` is a section; hint: {name}={{...}}")),
        (None, value) => {
            let holders: Vec<String> =
                params.iter().filter(|(_, s)| s.get(name).is_some()).map(|(s, _)| s.clone()).collect();
            match &holders[..] {
                [only] => params[only][name] = value,
                [] => {
                    let known: Vec<&str> = params.keys().map(String::as_str).collect();
                    return Err(format!(
                        "no parameter is called `{name}`; hint: the sections are {}, see Params().to_dict()",
                        known.join(", ")
                    ));
                }
                [first, ..] => {
                    return Err(format!(
                        "`{name}` stands in the sections {}; hint: say which, such as {first}={{\"{name}\": ...}}",
                        holders.join(", ")
                    ));
                }
            }
        }
    }
    Ok(())
}
