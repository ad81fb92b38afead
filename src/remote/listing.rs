//! What a URL names: one object, everything below a prefix, or what matches a pattern.

use std::collections::BTreeSet;
use std::path::Path as FilePath;

use futures_util::TryStreamExt;
use globset::GlobBuilder;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStoreExt};

use super::http::Site;
use super::object::At;
use super::store::{Url, Use, connect};
use super::{Failed, runtime};
use crate::error::{Error, Result};

/// An object that a URL names, not yet opened.
#[derive(Debug)]
pub(crate) struct Found {
    /// Its name relative to the prefix it was found under.
    pub(crate) name: String,
    /// Its own URL.
    pub(crate) url: String,
    /// Whether the user named it, or a pattern did, as opposed to a folder it lies in.
    pub(crate) named: bool,
    pub(super) at: At,
    /// Its length, where a listing said it.
    pub(super) len_bytes: Option<u64>,
}

/// The objects that a URL names, sorted, and the name of the folder they were found under. A URL with
/// one of `*?[{` is a pattern over keys (not of HTTP, where `?` begins a query); it means nothing hidden
/// unless it says so.
///
/// # Errors
/// When there are none, or they cannot be asked for.
pub(crate) fn list(url: &FilePath) -> Result<(String, Vec<Found>)> {
    let failed = |e: Failed| e.error("read", url);
    let parts = Url::parse(url).map_err(failed)?;
    if parts.is_http() {
        return one_file(&parts, url);
    }
    if parts.key.contains(['*', '?', '[', '{']) {
        return matching(&parts, url);
    }
    let store = connect(&parts, Use::Read).map_err(failed)?;
    let path = parts.path().map_err(failed)?;
    if !parts.key.is_empty() && !parts.key.ends_with('/') {
        match runtime::wait(store.head(&path)) {
            Ok(meta) => {
                let (folder, name) = parts.key.rsplit_once('/').unwrap_or(("", &parts.key));
                let found = found(&parts, name.to_owned(), meta, true).map_err(failed)?;
                return Ok((last_part(folder).to_owned(), vec![found]));
            }
            Err(object_store::Error::NotFound { .. }) => {}
            Err(e) => return Err(failed(Failed::of(&parts, &e))),
        }
    }
    let below = below(&parts, &path).map_err(failed)?;
    if below.is_empty() {
        return Err(nothing(url, "there is no object of this name, and none below it:"));
    }
    let found = below.into_iter().map(|(name, meta)| found(&parts, name, meta, false));
    Ok((last_part(path.as_ref()).to_owned(), found.collect::<std::result::Result<_, _>>().map_err(failed)?))
}

/// The object at a URL, without asking whether it is there.
pub(super) fn single(url: &Url) -> std::result::Result<At, Failed> {
    if url.is_http() {
        return Site::new(&url.with_key(&url.key)).map(At::Http);
    }
    Ok(At::Store(url.clone(), connect(url, Use::Read)?, url.path()?))
}

fn one_file(parts: &Url, url: &FilePath) -> Result<(String, Vec<Found>)> {
    let path = parts.key.split(['?', '#']).next().unwrap_or_default();
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    if name.is_empty() {
        return Err(nothing(url, "the URL names no file; a web server lists none:"));
    }
    let at = single(parts).map_err(|e| e.error("read", url))?;
    let found = Found { name: decoded(name), url: parts.with_key(&parts.key), named: true, at, len_bytes: None };
    Ok((decoded(last_part(folder)), vec![found]))
}

fn matching(parts: &Url, url: &FilePath) -> Result<(String, Vec<Found>)> {
    let glob = GlobBuilder::new(&parts.key).literal_separator(true).build();
    let glob = glob.map_err(|e| Error::usage(format!("the pattern cannot be understood ({}):", e.kind())).at(url))?;
    let glob = glob.compile_matcher();
    let failed = |e: Failed| e.error("read", url);
    let literal = parts.key.split('/').take_while(|part| !part.contains(['*', '?', '[', '{']));
    let root = literal.collect::<Vec<_>>().join("/");
    let path = Url { key: root.clone(), ..parts.clone() }.path().map_err(failed)?;
    let hidden_too = parts.key.split('/').any(|part| part.starts_with('.'));
    let mut all = Vec::new();
    for (name, meta) in below(parts, &path).map_err(failed)? {
        let key = meta.location.as_ref().to_owned();
        let named = glob.is_match(&key);
        let folders = || key.match_indices('/').map(|(at, _)| &key[..at]).filter(|f| f.len() > root.len());
        let hidden = name.split('/').any(|part| part.starts_with('.'));
        if (named || folders().any(|folder| glob.is_match(folder))) && (hidden_too || !hidden) {
            all.push(found(parts, name, meta, named).map_err(failed)?);
        }
    }
    if all.is_empty() {
        return Err(nothing(url, "no object matches the pattern").hint("`**` goes through folders, `*` does not"));
    }
    Ok((last_part(&root).to_owned(), all))
}

/// Every object below a prefix with its name there, sorted.
fn below(parts: &Url, prefix: &Path) -> std::result::Result<Vec<(String, ObjectMeta)>, Failed> {
    let store = connect(parts, Use::Read)?;
    let listed = runtime::wait(store.list(Some(prefix)).try_collect::<Vec<_>>());
    let listed = listed.map_err(|e| match Failed::of(parts, &e) {
        // A prefix is never missing, so the bucket is.
        failed if failed.is_missing() => {
            failed.hint(format!("there is no such bucket; look at its name, and at {}", parts.variables().place))
        }
        failed => failed,
    })?;
    let name = |meta: &ObjectMeta| {
        let key = meta.location.as_ref();
        key.strip_prefix(prefix.as_ref()).unwrap_or(key).trim_start_matches('/').to_owned()
    };
    let mut named: Vec<_> = listed.into_iter().map(|meta| (name(&meta), meta)).collect();
    named.sort_by(|(a, _), (b, _)| a.cmp(b));
    // Some tools put an empty object where a folder would stand.
    let folders = named.iter().flat_map(|(name, _)| name.match_indices('/').map(|(at, _)| name[..at].to_owned()));
    let folders: BTreeSet<String> = folders.chain([String::new()]).collect();
    named.retain(|(name, meta)| meta.size > 0 || !folders.contains(name));
    Ok(named)
}

fn found(parts: &Url, name: String, meta: ObjectMeta, named: bool) -> std::result::Result<Found, Failed> {
    let url = parts.with_key(meta.location.as_ref());
    let at = At::Store(parts.clone(), connect(parts, Use::Read)?, meta.location);
    Ok(Found { name, url, named, at, len_bytes: Some(meta.size) })
}

fn nothing(url: &FilePath, what: &str) -> Error {
    Error::usage(what).at(url).hint("name an object, a prefix, or a pattern such as 's3://bucket/crawl/*.jsonl.gz'")
}

fn last_part(key: &str) -> &str {
    key.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
}

/// A name as it was before it was put into a URL.
fn decoded(name: &str) -> String {
    let mut out = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(|_| byte == b'%') {
            // A slash would make a folder, and NUL is no name.
            Some(decoded) if !matches!(decoded, b'/' | 0) => {
                out.push(decoded);
                rest = &after[2..];
            }
            _ => {
                out.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_urls_are_decoded_and_stay_one_name() {
        let cases =
            [("a%20b.txt", "a b.txt"), ("%D8%A8.txt", "ب.txt"), ("a%2Fb", "a%2Fb"), ("100%", "100%"), ("%zz", "%zz")];
        cases.iter().for_each(|(name, expected)| assert_eq!(decoded(name), *expected));
    }
}
