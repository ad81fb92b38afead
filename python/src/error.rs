//! The core's error as exceptions, by kind. They are defined in `ghirbal/errors.py`.

use ghirbal::error::Error;
use pyo3::exceptions::{PyImportError, PyRuntimeError};
use pyo3::prelude::*;

/// An exception of the kind that the core's predicates name.
pub fn raise(py: Python<'_>, error: &Error) -> PyErr {
    let kind = match error {
        e if e.is_ceiling() => "CeilingError",
        e if e.is_artefact() => "ArtefactError",
        e if e.is_usage() => "UsageError",
        e if e.is_input() => "InputError",
        e if e.is_io() => "ReadWriteError",
        _ => "Error",
    };
    of_kind(py, kind, error.to_string())
}

/// An exception that says how something was used wrongly.
pub fn usage(py: Python<'_>, message: impl Into<String>) -> PyErr {
    of_kind(py, "UsageError", message.into())
}

fn of_kind(py: Python<'_>, kind: &str, message: String) -> PyErr {
    let made = py.import("ghirbal.errors").and_then(|errors| errors.getattr(kind)?.call1((&message,)));
    made.map_or_else(|_| PyRuntimeError::new_err(message), PyErr::from_value)
}

/// What Arrow refused.
pub fn arrow(e: arrow_schema::ArrowError) -> PyErr {
    PyRuntimeError::new_err(e.to_string())
}

/// A package that only some of us need.
pub fn import<'py>(py: Python<'py>, package: &str, to: &str) -> PyResult<Bound<'py, PyModule>> {
    py.import(package).map_err(|e| {
        if e.is_instance_of::<PyImportError>(py) {
            PyImportError::new_err(format!("{to} needs the package `{package}`; hint: pip install {package}"))
        } else {
            e
        }
    })
}
