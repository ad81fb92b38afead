//! Finds the sources behind the paths a user names: files, folders, standard input.
//!
//! Every source gets a unique name, relative to the path it was found under; sources are sorted by
//! name, so the order of arguments does not matter. What is not read is listed, not forgotten.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ignore::WalkBuilder;
use tempfile::{NamedTempFile, TempPath};

use super::{Compression, FORMATS, Format, Reader, host};
use crate::error::{Error, Result};
use crate::scratch::Scratch;

/// One file to read.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its name in ids and artefacts: a relative path with `/`, unique among the sources. A name
    /// that is not UTF-8 holds U+FFFD in place of the bytes that are not.
    pub name: String,
    /// Where its bytes are.
    pub path: PathBuf,
    /// What they are.
    pub format: &'static Format,
    /// How they are compressed.
    pub compression: Compression,
    /// The first folder below the given root, if it lies in one.
    pub folder: Option<String>,
    /// The copy of something that can be read only once; deleted with the last clone.
    spool: Option<Arc<(TempPath, Scratch)>>,
}

impl Source {
    /// Its records. `index` is its place among the sources.
    pub fn reader(&self, index: u32) -> Reader {
        Reader::open(self, index)
    }

    /// The file to name in a message: never the copy of standard input.
    pub fn place(&self) -> &Path {
        if self.spool.is_some() { Path::new(&self.name) } else { &self.path }
    }
}

/// A file that was met and is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedSource {
    /// Its path as it was met.
    pub name: String,
    /// The reason.
    pub why: String,
    /// Whether it should have been read and could not be, as opposed to being of no known format.
    pub unreadable: bool,
}

/// What stands behind the named paths.
#[derive(Debug, Default)]
pub struct Discovered {
    /// What is read, sorted by name.
    pub sources: Vec<Source>,
    /// What is not, sorted by name.
    pub skipped: Vec<SkippedSource>,
    /// Hidden files and folders passed over.
    pub hidden: u64,
}

/// How much of a file of unknown format is looked at.
const HEAD_LEN_BYTES: u64 = 1 << 16;

/// Finds the sources behind `paths`; `-` is standard input.
///
/// In a folder the name decides what is read; a file named by the user is read whatever its name,
/// and told by its content when the name says nothing. Symbolic links inside folders are not
/// followed: a target inside the tree is read anyway, one outside was not asked for. A file
/// reached by two paths is read once.
///
/// # Errors
/// When a named path does not exist or cannot be read; when standard input cannot be copied.
pub fn discover(paths: &[PathBuf]) -> Result<Discovered> {
    let mut search = Search::default();
    for path in paths {
        if path == Path::new("-") {
            search.spool(io::stdin().lock(), "stdin", path)?;
            continue;
        }
        let metadata = fs::metadata(path).map_err(|e| missing(path, e))?;
        if metadata.is_dir() {
            search.folder(path);
        } else if metadata.is_file() {
            search.named_file(path)?;
        } else {
            // A pipe or device gives its bytes once; we pass over them several times.
            let file = File::open(path).map_err(|e| Error::io("read", path, e))?;
            search.spool(file, &file_name(path), path)?;
        }
    }
    Ok(search.finish())
}

fn missing(path: &Path, e: io::Error) -> Error {
    let found = e.kind() == io::ErrorKind::NotFound;
    let error = Error::io("read", path, e);
    if found { error.hint("name a file or a folder that exists, or `-` for standard input") } else { error }
}

/// A source whose name is not final.
struct Found {
    source: Source,
    /// The name of the folder it was found under, for telling equal names apart.
    root: String,
    /// Tells one file reached by two paths.
    canonical: PathBuf,
}

#[derive(Default)]
struct Search {
    found: Vec<Found>,
    skipped: BTreeMap<PathBuf, SkippedSource>,
    hidden: u64,
}

impl Search {
    fn folder(&mut self, root: &Path) {
        let canonical_root = fs::canonicalize(root).unwrap_or_else(|_| root.to_path_buf());
        let root_name = file_name(&canonical_root);
        let hidden = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&hidden);
        let walk = WalkBuilder::new(root)
            .standard_filters(false)
            .filter_entry(move |entry| {
                let shown = entry.depth() == 0 || !entry.file_name().as_encoded_bytes().starts_with(b".");
                counter.fetch_add(u64::from(!shown), Ordering::Relaxed);
                shown
            })
            .build();
        for entry in walk {
            match entry {
                Ok(entry) => {
                    let is_dir = entry.file_type().is_some_and(|t| t.is_dir());
                    if !is_dir && let Err((why, unreadable)) = self.met(root, &root_name, entry.path()) {
                        self.skip(entry.path(), why, unreadable);
                    }
                }
                Err(e) => {
                    let e = e.to_string();
                    self.skip(&root.join(format!("({e})")), e, true);
                }
            }
        }
        self.hidden += hidden.load(Ordering::Relaxed);
    }

    /// A file in a folder. Fails with the reason for skipping it, and whether it is unreadable.
    fn met(&mut self, root: &Path, root_name: &str, path: &Path) -> std::result::Result<(), (String, bool)> {
        let unreadable = |e: io::Error| (format!("cannot be read: {e}"), true);
        let file_type = fs::symlink_metadata(path).map_err(unreadable)?.file_type();
        if file_type.is_symlink() {
            return Err(("a symbolic link, not followed".into(), false));
        }
        if !file_type.is_file() {
            return Err(("not a regular file".into(), false));
        }
        let Some(format) = Format::by_name(&file_name(path)) else {
            let known: Vec<&str> = FORMATS.iter().flat_map(|f| f.extensions).copied().collect();
            return Err((format!("unknown format; known by name: {}", known.join(", ")), false));
        };
        let compression = compression_of(path).map_err(unreadable)?;
        let relative = path.strip_prefix(root).unwrap_or(path);
        let parts: Vec<_> = relative.components().map(|c| c.as_os_str().to_string_lossy()).collect();
        let name = parts.join("/");
        let folder = host::of_folder(&name);
        let source = Source { name, path: path.to_path_buf(), format, compression, folder, spool: None };
        self.add(source, root_name.to_owned());
        Ok(())
    }

    fn named_file(&mut self, path: &Path) -> Result<()> {
        let compression = compression_of(path).map_err(|e| Error::io("read", path, e))?;
        let name = file_name(path);
        let format = Format::by_name(&name).unwrap_or_else(|| Format::by_content(&head(path, compression)));
        let parent = fs::canonicalize(path).ok().and_then(|p| p.parent().map(file_name)).unwrap_or_default();
        self.add(Source { name, path: path.to_path_buf(), format, compression, folder: None, spool: None }, parent);
        Ok(())
    }

    /// Copies what can be read only once into a temporary file.
    fn spool(&mut self, mut input: impl Read, name: &str, path: &Path) -> Result<()> {
        let mut copy = NamedTempFile::with_prefix("ghirbal-")
            .map_err(|e| Error::io("create a temporary file in", &std::env::temp_dir(), e))?;
        let scratch = Scratch::new(copy.path());
        io::copy(&mut input, &mut copy).map_err(|e| Error::io("copy to a temporary file", path, e))?;
        copy.flush().map_err(|e| Error::io("write", copy.path(), e))?;
        let copy = copy.into_temp_path();
        let compression = compression_of(&copy).map_err(|e| Error::io("read", &copy, e))?;
        let format = Format::by_content(&head(&copy, compression));
        let name = format!("{name}.{}{}", format.extensions[0], compression.extension());
        let path = copy.to_path_buf();
        let spool = Some(Arc::new((copy, scratch)));
        self.add(Source { name, path, format, compression, folder: None, spool }, String::new());
        Ok(())
    }

    fn add(&mut self, source: Source, root: String) {
        let canonical = fs::canonicalize(&source.path).unwrap_or_else(|_| source.path.clone());
        self.found.push(Found { source, root, canonical });
    }

    fn skip(&mut self, path: &Path, why: String, unreadable: bool) {
        let name = path.to_string_lossy().into_owned();
        self.skipped.insert(path.to_path_buf(), SkippedSource { name, why, unreadable });
    }

    fn finish(self) -> Discovered {
        let mut found = self.found;
        // Of two paths to one file the longer name says more; the rest only settles the order.
        found.sort_by(|a, b| {
            let key = |f: &Found| (f.canonical.clone(), usize::MAX - f.source.name.len(), f.source.name.clone());
            key(a).cmp(&key(b))
        });
        found.dedup_by(|b, a| a.canonical == b.canonical);
        let read: BTreeSet<&PathBuf> = found.iter().map(|f| &f.canonical).collect();
        let named_after_all = |path: &PathBuf| fs::canonicalize(path).is_ok_and(|p| read.contains(&p));
        let skipped = self.skipped.into_iter();
        let skipped = skipped.filter(|(path, s)| s.unreadable || !named_after_all(path)).map(|(_, s)| s).collect();
        Discovered { sources: name_apart(found), skipped, hidden: self.hidden }
    }
}

/// Gives equal names the name of their folder in front, then numbers; sorts by name.
fn name_apart(mut found: Vec<Found>) -> Vec<Source> {
    let mut count = BTreeMap::<String, usize>::new();
    for f in &found {
        *count.entry(f.source.name.clone()).or_default() += 1;
    }
    for f in &mut found {
        if count[&f.source.name] > 1 && !f.root.is_empty() {
            f.source.name = format!("{}/{}", f.root, f.source.name);
        }
    }
    found.sort_by(|a, b| (&a.source.name, &a.canonical).cmp(&(&b.source.name, &b.canonical)));
    // A file cannot stand where another source needs a folder.
    let folders: BTreeSet<String> = found.iter().flat_map(|f| folders_of(&f.source.name)).collect();
    let mut taken = BTreeSet::new();
    for f in &mut found {
        let mut name = f.source.name.clone();
        let mut number = 2;
        while folders.contains(&name) || !taken.insert(name.clone()) {
            name = numbered(&f.source.name, number);
            number += 1;
        }
        f.source.name = name;
    }
    let mut sources: Vec<Source> = found.into_iter().map(|f| f.source).collect();
    sources.sort_by(|a, b| a.name.cmp(&b.name));
    sources
}

fn folders_of(name: &str) -> impl Iterator<Item = String> {
    name.match_indices('/').map(|(at, _)| name[..at].to_owned())
}

/// `a/x.jsonl.gz` -> `a/x~2.jsonl.gz`.
fn numbered(name: &str, number: usize) -> String {
    let file = name.rfind('/').map_or(0, |at| at + 1);
    let dot = name[file..].char_indices().skip(1).find(|(_, c)| *c == '.').map_or(name.len(), |(at, _)| file + at);
    format!("{}~{number}{}", &name[..dot], &name[dot..])
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn compression_of(path: &Path) -> io::Result<Compression> {
    let mut head = Vec::new();
    File::open(path)?.take(Compression::MAGIC_LEN_BYTES as u64).read_to_end(&mut head)?;
    Ok(Compression::detect(&head))
}

/// The beginning of the decompressed content, as much as can be read: a fault is reported when
/// the records are read.
fn head(path: &Path, compression: Compression) -> Vec<u8> {
    let mut head = Vec::new();
    if let Ok(input) = File::open(path).and_then(|file| compression.decode(file)) {
        let _ = input.take(HEAD_LEN_BYTES).read_to_end(&mut head);
    }
    head
}
