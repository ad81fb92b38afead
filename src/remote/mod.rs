//! Objects at URLs: S3 and what speaks its protocol, Google Cloud Storage, Azure, HTTP.
//!
//! A URL -> the objects it names -> bytes, as a stream in bounded memory; a folder -> a prefix. The
//! feature `remote` builds it in; without it every URL is refused by name (`absent`).
//!
//! An object is read at one version of it: every answer carries a tag and a length, and one of
//! another version ends the run, as a file does that changes while it is read. What breaks on the way
//! is asked for again from where it stopped, for a minute and a half. What fails for good is an error
//! of the run and never a skipped record: `into_error` tells it from the faults of a stream.
//!
//! Credentials are found the ecosystem's way: environment variables, then the machine's own.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::error::Error;

#[cfg(feature = "remote")]
mod http;
#[cfg(feature = "remote")]
mod listing;
#[cfg(feature = "remote")]
mod object;
#[cfg(feature = "remote")]
mod runtime;
#[cfg(feature = "remote")]
mod store;
#[cfg(feature = "remote")]
mod upload;

#[cfg(not(feature = "remote"))]
mod absent;

#[cfg(not(feature = "remote"))]
pub(crate) use absent::{Object, Upload, abandon_uploads, exists, list, open_all, open_url, require_empty};
#[cfg(feature = "remote")]
pub(crate) use {
    listing::list,
    object::{Object, exists, open_all, open_url},
    upload::{Upload, abandon_uploads, require_empty},
};

/// What a URL begins with, and what errors call the place.
const SCHEMES: [&str; 8] = ["s3", "s3a", "gs", "az", "abfs", "abfss", "http", "https"];

/// Whether a path is a URL of an object store or of HTTP.
pub fn is_url(path: &Path) -> bool {
    scheme(path).is_some()
}

fn scheme(path: &Path) -> Option<&'static str> {
    let (scheme, rest) = path.to_str()?.split_once("://")?;
    let known = SCHEMES.iter().find(|known| known.eq_ignore_ascii_case(scheme))?;
    (!rest.is_empty()).then_some(known)
}

/// The bytes of a file or of an object.
pub(crate) fn open(path: &Path) -> io::Result<Box<dyn Read + Send>> {
    if is_url(path) { open_url(path) } else { Ok(Box::new(File::open(path)?)) }
}

/// Whether `inner` is `outer` or stands below it, both being URLs.
pub(crate) fn lies_in(inner: &Path, outer: &Path) -> bool {
    let (Some(inner), Some(outer)) = (inner.to_str(), outer.to_str()) else { return false };
    let (inner, outer) = (inner.trim_end_matches('/'), outer.trim_end_matches('/'));
    inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Why an object cannot be had.
#[derive(Clone, Debug)]
pub(crate) struct Failed {
    why: String,
    hint: Option<String>,
    kind: io::ErrorKind,
    /// Whether asking again may help.
    #[cfg(feature = "remote")]
    transient: bool,
}

impl Failed {
    /// As an error of the run; `doing` reads as "failed to {doing}".
    pub(crate) fn error(&self, doing: &str, url: &Path) -> Error {
        let error = Error::io(doing, url, io::Error::new(self.kind, self.why.clone()));
        match &self.hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for Failed {}

impl From<Failed> for io::Error {
    fn from(failed: Failed) -> Self {
        io::Error::new(failed.kind, failed)
    }
}

/// Whether reading failed because an object could not be had, as opposed to a fault in its bytes.
pub(crate) fn is_failure(e: &io::Error) -> bool {
    failure(e).is_some()
}

fn failure(e: &io::Error) -> Option<&Failed> {
    e.get_ref()?.downcast_ref()
}

/// What went wrong with a path, as an error of the run, with its remedy when it is a URL.
pub(crate) fn into_error(doing: &str, path: &Path, e: io::Error) -> Error {
    match failure(&e) {
        Some(failed) => failed.error(doing, path),
        None => Error::io(doing, path, e),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_told_from_paths() {
        let urls =
            ["s3://b", "s3://b/crawl/*.jsonl.gz", "S3://b/k", "gs://b/k", "az://c/k", "http://h/x?y", "https://h"];
        urls.iter().for_each(|url| assert!(is_url(Path::new(url)), "{url}"));
        let paths = ["s3", "s3:/b/k", "s3://", "ftp://h/x", "file:///x", "a/s3://b", "-", "://x"];
        paths.iter().for_each(|path| assert!(!is_url(Path::new(path)), "{path}"));
    }

    #[test]
    fn a_url_lies_in_its_prefixes_only() {
        let lies = |inner: &str, outer: &str| lies_in(Path::new(inner), Path::new(outer));
        assert!(lies("s3://b/crawl/out", "s3://b/crawl") && lies("s3://b/crawl/", "s3://b/crawl"));
        assert!(!lies("s3://b/crawled", "s3://b/crawl") && !lies("s3://b", "s3://b/crawl"));
    }
}
