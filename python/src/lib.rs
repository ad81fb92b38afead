//! The Python package of ghirbal: it carries tables in and out, and holds no formula and no default.
//!
//! ```text
//! params   keyword arguments -> the core's Params, by the names of their serialised form
//! error    the core's errors -> exceptions by kind
//! table    Arrow tables and arrays, in and out without copying
//! rows     paths, tables and lists of records -> sources
//! findings rows of the machine-readable output -> a table
//! run      report, dedup, clean, restore, explain
//! stages   single stages on arrays of texts
//! parts    the pipeline in parts, for Spark
//! read     documents of files, for engines that cannot read them
//! command  the command line of a job on Spark
//! ```

mod command;
mod error;
mod findings;
mod params;
mod parts;
mod read;
mod rows;
mod run;
mod stages;
mod table;

use pyo3::prelude::*;

#[pymodule]
mod _ghirbal {
    #[pymodule_export]
    use crate::command::{Asked, asked};
    #[pymodule_export]
    use crate::params::Params;
    #[pymodule_export]
    use crate::parts::{Forest, Frequencies, Observer, Parts, Proposer, Settler, findings};
    #[pymodule_export]
    use crate::read::{Documents, sources};
    #[pymodule_export]
    use crate::run::{Call, Cleaned, Report, clean, clean_paths, explain, report, restore, restore_table, set_threads};
    #[pymodule_export]
    use crate::stages::{align, band_keys, classify, sketch, verify};
    #[pymodule_export]
    use crate::table::{Array, Table};

    use super::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("REMOVED_MAX", ghirbal::pipeline::REMOVED_MAX)?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
