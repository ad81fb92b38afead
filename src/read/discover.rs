//! Finds the sources behind the paths a user names: files, folders, standard input.
//!
//! Every source gets a unique name, relative to the path it was found under; sources are sorted by
//! name, so the order of arguments does not matter. What is not read is listed, not forgotten.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, BufRead, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use globset::GlobBuilder;
use ignore::WalkBuilder;
use tempfile::{NamedTempFile, TempPath};

use super::csv::Columns;
use super::{Coding, Compression, FORMATS, Format, Reader, Row, Stop, encoding, host, memory, warc};
use crate::error::{Error, Result};
use crate::params::Reading;
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
    /// How they are coded.
    pub coding: Coding,
    /// The first folder below the given root, if it lies in one.
    pub folder: Option<String>,
    /// The columns of a CSV file.
    pub(crate) columns: Option<Arc<Columns>>,
    /// Why it is nothing but bytes: a table that cannot be opened. It passes through.
    pub(crate) unreadable: Option<String>,
    /// A longer record is skipped.
    pub(crate) record_len_bytes_max: u64,
    /// Its records, when they are in memory and no file has them.
    pub(crate) rows: Option<Arc<[Row]>>,
    /// What may end its reading.
    pub(crate) stop: Option<Arc<Stop>>,
    /// The copy of something that can be read only once; deleted with the last clone.
    spool: Option<Arc<(TempPath, Scratch)>>,
}

impl Source {
    /// Rows that are in memory already, as a source called `name`. A longer text than the limit is
    /// skipped, as it is from a file.
    pub fn in_memory(name: &str, rows: Vec<Row>, reading: &Reading) -> Self {
        Self {
            name: name.to_owned(),
            path: PathBuf::from(name),
            format: &memory::ROWS,
            coding: Coding::from(Compression::None),
            folder: None,
            columns: None,
            unreadable: None,
            record_len_bytes_max: reading.record_len_bytes_max,
            rows: Some(rows.into()),
            stop: None,
            spool: None,
        }
    }

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

/// How much of a compressed member is looked at to see whether it holds one record.
const MEMBER_LEN_BYTES_MAX: u64 = 64 << 20;

/// [`discover_with`] for UTF-8 and records of any length that is read by default.
///
/// # Errors
/// See there.
pub fn discover(paths: &[PathBuf]) -> Result<Discovered> {
    discover_with(paths, &Reading::default())
}

/// Finds the sources behind `paths`; `-` is standard input, `@FILE` a file with a path a line
/// (`@-` reads it from standard input). A path that does not exist and holds one of `*?[{` is a
/// pattern, for shells that do not expand it.
///
/// In a folder the name decides what is read; a file named by the user is read whatever its name,
/// and told by its content when the name says nothing. Symbolic links inside folders are not
/// followed: a target inside the tree is read anyway, one outside was not asked for. A file
/// reached by two paths is read once.
///
/// # Errors
/// When a named path does not exist or cannot be read; when standard input cannot be copied.
pub fn discover_with(paths: &[PathBuf], reading: &Reading) -> Result<Discovered> {
    let encoding = reading.encoding.as_deref().map(encoding::named).transpose().map_err(Error::usage)?;
    let mut search = Search {
        encoding: encoding.map(encoding_rs::Encoding::name),
        record_len_bytes_max: reading.record_len_bytes_max,
        ..Search::default()
    };
    for path in paths {
        let list = path.to_str().and_then(|path| path.strip_prefix('@')).filter(|_| !path.exists());
        match list {
            Some(list) => {
                for path in listed(list)? {
                    search.path(&path).map_err(|e| e.hint(format!("the list `{list}` names it")))?;
                }
            }
            None => search.path(path)?,
        }
    }
    Ok(search.finish())
}

/// The paths in a list.
fn listed(list: &str) -> Result<Vec<PathBuf>> {
    let failed = |e| Error::io("read the list of paths", Path::new(list), e);
    let input: Box<dyn BufRead> = match list {
        "-" => Box::new(io::stdin().lock()),
        _ => Box::new(io::BufReader::new(File::open(list).map_err(failed)?)),
    };
    let lines = input.lines().collect::<io::Result<Vec<_>>>().map_err(failed)?;
    Ok(lines
        .iter()
        .map(|line| line.trim_end_matches('\r'))
        .filter(|line| !line.is_empty())
        .map(PathBuf::from)
        .collect())
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
    /// The encoding of what has no byte order mark.
    encoding: Option<&'static str>,
    record_len_bytes_max: u64,
}

impl Search {
    fn path(&mut self, path: &Path) -> Result<()> {
        if path == Path::new("-") {
            return self.spool(io::stdin().lock(), "stdin", path);
        }
        let metadata = match fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(e) if e.kind() == io::ErrorKind::NotFound && is_pattern(path) => return self.pattern(path),
            Err(e) => return Err(missing(path, e)),
        };
        if metadata.is_dir() {
            self.folder(path);
        } else if metadata.is_file() {
            self.named_file(path)?;
        } else {
            // A pipe or device gives its bytes once; we pass over them several times.
            let file = File::open(path).map_err(|e| Error::io("read", path, e))?;
            self.spool(file, &file_name(path), path)?;
        }
        Ok(())
    }

    /// What a pattern means: files, and folders with all that is in them. Like a shell's, it means
    /// nothing hidden unless it says so.
    fn pattern(&mut self, pattern: &Path) -> Result<()> {
        let text = pattern.to_string_lossy();
        let glob = GlobBuilder::new(&text)
            .literal_separator(true)
            .build()
            .map_err(|e| Error::usage(format!("the pattern cannot be understood ({}):", e.kind())).at(pattern))?;
        let matcher = glob.compile_matcher();
        // Everything before the first part with a sign of its own.
        let root: PathBuf = pattern.components().take_while(|part| !is_pattern(Path::new(part))).collect();
        let depth = pattern.components().count() - root.components().count();
        let deep = text.contains("**");
        let walk_root = if root.as_os_str().is_empty() { Path::new(".") } else { &root };
        let mut walk = WalkBuilder::new(walk_root);
        walk.standard_filters(false).max_depth((!deep).then_some(depth)).sort_by_file_path(Path::cmp);
        if !text.split('/').any(|part| part.starts_with('.') && part != "." && part != "..") {
            walk.filter_entry(|e| e.depth() == 0 || !e.file_name().as_encoded_bytes().starts_with(b"."));
        }
        let mut any = false;
        for entry in walk.build().flatten() {
            let path = if root.as_os_str().is_empty() {
                entry.path().strip_prefix(".").unwrap_or(entry.path())
            } else {
                entry.path()
            };
            if entry.depth() > 0 && matcher.is_match(path) {
                any = true;
                self.path(path)?;
            }
        }
        if any {
            return Ok(());
        }
        Err(Error::usage("no file matches the pattern").at(pattern).hint("`**` goes through folders, `*` does not"))
    }

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
        if let Some(why) = beside_a_data_set(path) {
            return Err((why, false));
        }
        let Some(by_name) = Format::by_name(&file_name(path)) else {
            let known: Vec<&str> = FORMATS.iter().flat_map(|f| f.extensions).copied().collect();
            return Err((format!("unknown format; known by name: {}", known.join(", ")), false));
        };
        let relative = path.strip_prefix(root).unwrap_or(path);
        let parts: Vec<_> = relative.components().map(|c| c.as_os_str().to_string_lossy()).collect();
        let mut source = self.source(parts.join("/"), path, Some(by_name)).map_err(unreadable)?;
        source.folder = host::of_folder(&source.name);
        self.add(source, root_name.to_owned());
        Ok(())
    }

    fn named_file(&mut self, path: &Path) -> Result<()> {
        let name = file_name(path);
        let by_name = Format::by_name(&name);
        let source = self.source(name, path, by_name).map_err(|e| Error::io("read", path, e))?;
        let parent = fs::canonicalize(path).ok().and_then(|p| p.parent().map(file_name)).unwrap_or_default();
        self.add(source, parent);
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
        let source = self.source(name.to_owned(), &copy, None).map_err(|e| Error::io("read", &copy, e))?;
        let name = format!("{name}.{}{}", source.format.extensions[0], source.coding.compression.extension());
        let spool = Some(Arc::new((copy, scratch)));
        self.add(Source { name, spool, ..source }, String::new());
        Ok(())
    }

    /// Looks into a file: what it is, and how it is coded. A name tells the format where the content
    /// has no signature.
    fn source(&self, name: String, path: &Path, by_name: Option<&'static Format>) -> io::Result<Source> {
        let mut head = Vec::new();
        File::open(path)?.take(Compression::MAGIC_LEN_BYTES as u64).read_to_end(&mut head)?;
        let mut coding = Coding::from(Compression::detect(&head));
        // Most files are plain, of a known name, and need no second look.
        let plain = coding.compression == Compression::None && self.encoding.is_none();
        if plain && encoding::of_mark(&head).is_none() {
            let format = Format::by_signature(&head).or(by_name.filter(|f| !f.signed && f.name != "csv"));
            if let Some(format) = format.filter(|f| !f.signed) {
                return Ok(self.of(name, path, format, coding));
            }
        }
        let mut start = content_head(path, &coding);
        let signature = Format::by_signature(&start);
        if signature.is_none() {
            let encoding = encoding::of_mark(&start).map(encoding_rs::Encoding::name).or(self.encoding);
            let is_utf_8 = start.starts_with("\u{feff}".as_bytes());
            coding.encoding = encoding.filter(|name| *name != "UTF-8" && !is_utf_8).map(str::to_owned);
            if coding.encoding.is_some() {
                start = content_head(path, &coding);
            }
        }
        let format = signature.or(by_name).unwrap_or_else(|| Format::by_content(&start));
        if format.members && coding.compression != Compression::None {
            coding.members = first_member(path, coding.compression).is_some_and(|first| warc::is_one_record(&first));
        }
        let mut source = self.of(name, path, format, coding);
        if format.name == "csv" {
            source.columns = Some(Arc::new(Columns::read(&start, &source.name)));
        }
        #[cfg(feature = "tables")]
        if format.is_table {
            let coded = if source.coding.compression == Compression::None {
                super::table::TableCoding::of(path, format.name)
            } else {
                Err("it is compressed as a whole; hint: decompress it first, tables compress inside".into())
            };
            match coded {
                Ok(table) => source.coding.table = Some(table),
                Err(why) => {
                    source.coding = Coding::from(source.coding.compression);
                    source.unreadable = Some(format!("the {} table cannot be read: {why}", format.name));
                }
            }
        }
        Ok(source)
    }

    fn of(&self, name: String, path: &Path, format: &'static Format, coding: Coding) -> Source {
        Source {
            name,
            path: path.to_path_buf(),
            format,
            coding,
            folder: None,
            columns: None,
            unreadable: None,
            record_len_bytes_max: self.record_len_bytes_max,
            rows: None,
            stop: None,
            spool: None,
        }
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

/// The beginning of the content, as much as can be read: a fault is reported when the records are
/// read.
fn content_head(path: &Path, coding: &Coding) -> Vec<u8> {
    let mut head = Vec::new();
    if let Ok(input) = File::open(path).and_then(|file| coding.decode(file)) {
        let _ = input.take(HEAD_LEN_BYTES).read_to_end(&mut head);
    }
    head
}

/// What the first member or frame of a compressed file holds.
fn first_member(path: &Path, compression: Compression) -> Option<Vec<u8>> {
    let mut member = Vec::new();
    compression.decode_first(File::open(path).ok()?)?.take(MEMBER_LEN_BYTES_MAX).read_to_end(&mut member).ok()?;
    Some(member)
}

/// Whether a path is to be understood as a pattern.
fn is_pattern(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().iter().any(|b| matches!(b, b'*' | b'?' | b'[' | b'{'))
}

/// Why a file in the folder of a Hugging Face data set is none of its shards.
///
/// Such a folder holds `dataset_info.json`, and `state.json` where `save_to_disk` wrote it, which
/// lists the shards; other Arrow files in it are caches of earlier steps.
fn beside_a_data_set(path: &Path) -> Option<String> {
    let name = file_name(path);
    let folder = path.parent()?;
    let describes =
        |name: &str| matches!(name, "dataset_info.json" | "dataset_infos.json" | "state.json" | "dataset_dict.json");
    if describes(&name) {
        let text = fs::read(path).ok()?;
        let described: serde_json::Value = serde_json::from_slice(&text).ok()?;
        let known = ["_data_files", "features", "splits", "builder_name", "dataset_name", "default"];
        let of_a_set = name == "dataset_infos.json" || known.iter().any(|key| described.get(key).is_some());
        return of_a_set.then(|| "describes a data set; its shards are read".to_owned());
    }
    if name.ends_with(".arrow") {
        let state: serde_json::Value = serde_json::from_slice(&fs::read(folder.join("state.json")).ok()?).ok()?;
        let shards = state["_data_files"].as_array()?;
        let listed = shards.iter().any(|shard| shard["filename"] == name);
        return (!listed).then(|| "no shard of the data set: `state.json` does not list it".to_owned());
    }
    None
}
