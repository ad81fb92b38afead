//! What stands in for `remote` where it is not built in: every URL is refused, with the remedy.

use std::convert::Infallible;
use std::io::{self, Read};
use std::path::Path;

use bytes::Bytes;

use super::Failed;
use crate::error::Result;

/// There is none.
#[derive(Clone, Debug)]
pub(crate) struct Object(Infallible);

impl Object {
    pub(crate) fn is_ranged(&self) -> bool {
        match self.0 {}
    }

    pub(crate) fn len_bytes(&self) -> u64 {
        match self.0 {}
    }

    pub(crate) fn read_from(&self, _: u64) -> Box<dyn Read + Send> {
        match self.0 {}
    }

    pub(crate) fn begin(&self) -> Box<dyn Read + Send> {
        match self.0 {}
    }

    pub(crate) fn copy(&self, _: &mut std::fs::File) -> std::result::Result<(), Failed> {
        match self.0 {}
    }
}

/// There is none.
pub(crate) struct Found {
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) named: bool,
}

/// Nothing is uploaded.
pub(crate) struct Upload(Infallible);

impl Upload {
    pub(crate) fn begin(url: &Path, _: &str) -> Result<Self> {
        Err(failed().error("write", url))
    }

    pub(crate) fn keep(&self, _: bool) {
        match self.0 {}
    }

    pub(crate) fn finish(&self, _: &Path, _: &str) -> Result<()> {
        match self.0 {}
    }
}

pub(crate) fn abandon_uploads() {}

pub(crate) fn list(url: &Path) -> Result<(String, Vec<Found>)> {
    Err(failed().error("read", url))
}

pub(crate) fn open_all(_: &[&Found]) -> Result<Vec<(Object, Bytes)>> {
    Ok(Vec::new())
}

pub(crate) fn open_url(_: &Path) -> io::Result<Box<dyn Read + Send>> {
    Err(failed().into())
}

pub(crate) fn exists(url: &Path) -> Result<bool> {
    Err(failed().error("read", url))
}

pub(crate) fn require_empty(url: &Path) -> Result<()> {
    Err(failed().error("write", url))
}

fn failed() -> Failed {
    Failed {
        why: "this ghirbal is built without remote".into(),
        hint: Some("cargo install --features remote builds URLs in; or copy the objects to a folder first".into()),
        kind: io::ErrorKind::Unsupported,
    }
}
