//! Finds the sources behind the paths a user names: files, folders, standard input.
//!
//! Every source gets a unique name, relative to the path it was found under; sources are sorted by
//! name, so the order of arguments does not matter. What is not read is listed, not forgotten.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, BufRead, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use globset::GlobBuilder;
use ignore::WalkBuilder;
use tempfile::TempPath;

use super::csv::Columns;
use super::{Coding, Compression, FORMATS, Format, Reader, Row, Stop, encoding, host, memory, warc};
use crate::error::{Error, Result};
use crate::params::Reading;
use crate::remote::{self, Object};
use crate::scratch::{self, Scratch};

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
    /// What to call it in messages, when that is not its path.
    shown: Option<PathBuf>,
    /// The copy of something that can be read only once, or only by place; deleted with the last clone.
    spool: Option<Arc<(TempPath, Scratch)>>,
    /// What is read as a stream from a URL.
    object: Option<Object>,
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
            shown: None,
            spool: None,
            object: None,
        }
    }

    /// Its records. `index` is its place among the sources.
    pub fn reader(&self, index: u32) -> Reader {
        Reader::open(self, index, None)
    }

    /// The file to name in a message: never a copy.
    pub fn place(&self) -> &Path {
        self.shown.as_deref().unwrap_or(&self.path)
    }

    /// Its length as it is stored, zero when it cannot be told.
    pub fn len_bytes(&self) -> u64 {
        match &self.object {
            Some(object) => object.len_bytes(),
            None => fs::metadata(&self.path).map_or(0, |m| m.len()),
        }
    }

    /// The length of the copy that was made of it, if one was.
    pub fn copy_len_bytes(&self) -> Option<u64> {
        self.spool.is_some().then(|| self.len_bytes())
    }

    /// Asks for the beginning of an object whose turn will come.
    pub(super) fn begin(&self) -> Option<Box<dyn Read + Send>> {
        self.object.as_ref().map(Object::begin)
    }

    /// Its content from the beginning, which may have been asked for.
    pub(super) fn content(&self, begun: Option<Box<dyn Read + Send>>) -> io::Result<Box<dyn Read + Send>> {
        match begun.or_else(|| self.begin()) {
            Some(stream) => self.coding.decode_stream(stream),
            None => self.coding.decode(File::open(&self.path)?),
        }
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

/// A longer description of a data set is none.
const DESCRIPTION_LEN_BYTES_MAX: u64 = 16 << 20;

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
/// pattern, for shells that do not expand it. A URL is an object, a prefix as if it were a folder, or a
/// pattern over keys; names are relative to the prefix.
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
    let failed = |e| remote::into_error("read the list of paths", Path::new(list), e);
    let input: Box<dyn BufRead> = match list {
        "-" => Box::new(io::stdin().lock()),
        _ => Box::new(io::BufReader::new(remote::open(Path::new(list)).map_err(failed)?)),
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
        if remote::is_url(path) {
            return self.url(path);
        }
        let metadata = match fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(e) if e.kind() == io::ErrorKind::NotFound && is_pattern(path) => return self.pattern(path),
            Err(e) => return Err(missing(path, e)),
        };
        if metadata.is_dir() {
            self.folder(path);
        } else if metadata.is_file() && is_standard_output(path) {
            return Err(Error::usage("standard output is written to an input:")
                .at(path)
                .hint("send it to another file"));
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

    /// What a URL names.
    fn url(&mut self, url: &Path) -> Result<()> {
        let (root, found) = remote::list(url)?;
        let mut described = BTreeMap::new();
        for f in found.iter().filter(|f| !f.named && describes_a_data_set(last_part(&f.name))) {
            let (url, mut text) = (Path::new(&f.url), Vec::new());
            let read = remote::open(url).and_then(|f| f.take(DESCRIPTION_LEN_BYTES_MAX).read_to_end(&mut text));
            read.map_err(|e| remote::into_error("read", url, e))?;
            described.insert(f.name.as_str(), text);
        }
        let mut read = Vec::new();
        let mut hidden = BTreeSet::new();
        for f in &found {
            let folder = &f.name[..f.name.len() - last_part(&f.name).len()];
            let beside = |name: &str| described.get(format!("{folder}{name}").as_str()).cloned();
            if f.named {
                read.push(f);
            } else if let Some(at) = hidden_at(&f.name) {
                hidden.insert(&f.name[..at]);
            } else if let Some(why) = beside_a_data_set(last_part(&f.name), beside) {
                self.skip(Path::new(&f.url), why, false);
            } else if Format::by_name(&f.name).is_none() {
                self.skip(Path::new(&f.url), unknown_format(), false);
            } else {
                read.push(f);
            }
        }
        self.hidden += hidden.len() as u64;
        // Opened some at a time, so that their beginnings do not fill the memory.
        for some in read.chunks(64) {
            let opened = remote::open_all(some)?;
            for (f, (object, head)) in some.iter().zip(opened) {
                let mut source = self.object(&f.name, Path::new(&f.url), object, &head)?;
                source.folder = host::of_folder(&source.name);
                self.found.push(Found { source, root: root.clone(), canonical: PathBuf::from(&f.url) });
            }
        }
        Ok(())
    }

    /// An object as a source: read as a stream, or copied first when it is read by place.
    fn object(&self, name: &str, url: &Path, object: Object, head: &Bytes) -> Result<Source> {
        let by_name = Format::by_name(name);
        let is_table = Format::by_signature(head).or(by_name).is_some_and(|f| f.is_table);
        if is_table || !object.is_ranged() {
            let (copy, spool) = spooled(url, object.len_bytes(), |copy| object.copy(copy).map_err(io::Error::from))?;
            let source = self.source(name.to_owned(), &copy, by_name, &|| Ok(Box::new(File::open(&copy)?)));
            let source = source.map_err(|e| Error::io("read", &copy, e))?;
            return Ok(Source { shown: Some(url.to_path_buf()), spool: Some(spool), ..source });
        }
        let whole = || -> io::Result<Box<dyn Read + Send>> {
            Ok(Box::new(io::Cursor::new(head.clone()).chain(object.read_from(head.len() as u64))))
        };
        let source = self.source(name.to_owned(), url, by_name, &whole);
        let source = source.map_err(|e| remote::into_error("read", url, e))?;
        Ok(Source { object: Some(object), ..source })
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
        if is_standard_output(path) {
            return Err(("what standard output is written to".into(), false));
        }
        let beside = |name: &str| fs::read(path.parent()?.join(name)).ok();
        if let Some(why) = beside_a_data_set(&file_name(path), beside) {
            return Err((why, false));
        }
        let Some(by_name) = Format::by_name(&file_name(path)) else { return Err((unknown_format(), false)) };
        let relative = path.strip_prefix(root).unwrap_or(path);
        let parts: Vec<_> = relative.components().map(|c| c.as_os_str().to_string_lossy()).collect();
        let open = || -> io::Result<Box<dyn Read + Send>> { Ok(Box::new(File::open(path)?)) };
        let mut source = self.source(parts.join("/"), path, Some(by_name), &open).map_err(unreadable)?;
        source.folder = host::of_folder(&source.name);
        self.add(source, root_name.to_owned());
        Ok(())
    }

    fn named_file(&mut self, path: &Path) -> Result<()> {
        let name = file_name(path);
        let by_name = Format::by_name(&name);
        let source = self.source(name, path, by_name, &|| Ok(Box::new(File::open(path)?)));
        let source = source.map_err(|e| Error::io("read", path, e))?;
        let parent = fs::canonicalize(path).ok().and_then(|p| p.parent().map(file_name)).unwrap_or_default();
        self.add(source, parent);
        Ok(())
    }

    /// Copies what can be read only once into a temporary file.
    fn spool(&mut self, mut input: impl Read, name: &str, path: &Path) -> Result<()> {
        let (copy, spool) = spooled(path, 0, |copy| io::copy(&mut input, copy).map(|_| ()))?;
        let source = self.source(name.to_owned(), &copy, None, &|| Ok(Box::new(File::open(&copy)?)));
        let source = source.map_err(|e| Error::io("read", &copy, e))?;
        let name = format!("{name}.{}{}", source.format.extensions[0], source.coding.compression.extension());
        self.add(Source { shown: Some(PathBuf::from(&name)), name, spool: Some(spool), ..source }, String::new());
        Ok(())
    }

    /// Looks into a file: what it is, and how it is coded. A name tells the format where the content
    /// has no signature.
    fn source(&self, name: String, path: &Path, by_name: Option<&'static Format>, open: Open) -> io::Result<Source> {
        let mut head = Vec::new();
        open()?.take(Compression::MAGIC_LEN_BYTES as u64).read_to_end(&mut head)?;
        let mut coding = Coding::from(Compression::detect(&head));
        // Most files are plain, of a known name, and need no second look.
        let plain = coding.compression == Compression::None && self.encoding.is_none();
        if plain && encoding::of_mark(&head).is_none() {
            let format = Format::by_signature(&head).or(by_name.filter(|f| !f.signed && f.name != "csv"));
            if let Some(format) = format.filter(|f| !f.signed) {
                return Ok(self.of(name, path, format, coding));
            }
        }
        let mut start = content_head(open, &coding)?;
        let signature = Format::by_signature(&start);
        if signature.is_none() {
            let encoding = encoding::of_mark(&start).map(encoding_rs::Encoding::name).or(self.encoding);
            let is_utf_8 = start.starts_with("\u{feff}".as_bytes());
            coding.encoding = encoding.filter(|name| *name != "UTF-8" && !is_utf_8).map(str::to_owned);
            if coding.encoding.is_some() {
                start = content_head(open, &coding)?;
            }
        }
        let format = signature.or(by_name).unwrap_or_else(|| Format::by_content(&start));
        if format.members && coding.compression != Compression::None {
            coding.members = first_member(open, coding.compression)?.is_some_and(|first| warc::is_one_record(&first));
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
            shown: None,
            spool: None,
            object: None,
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
        let named_after_all =
            |path: &PathBuf| read.contains(path) || fs::canonicalize(path).is_ok_and(|p| read.contains(&p));
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

/// The bytes of what is looked into, from their beginning.
type Open<'a> = &'a dyn Fn() -> io::Result<Box<dyn Read + Send>>;

/// The beginning of the content, as much as can be read: a fault is reported when the records are
/// read. Fails only when an object cannot be had.
fn content_head(open: Open, coding: &Coding) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let read = open().and_then(|bytes| coding.decode_stream(bytes));
    match read.and_then(|input| input.take(HEAD_LEN_BYTES).read_to_end(&mut head)) {
        Err(e) if remote::is_failure(&e) => Err(e),
        _ => Ok(head),
    }
}

/// What the first member or frame of a compressed file holds. Fails only when an object cannot be had.
fn first_member(open: Open, compression: Compression) -> io::Result<Option<Vec<u8>>> {
    let mut member = Vec::new();
    let Some(input) = open().ok().and_then(|bytes| compression.decode_first(bytes)) else { return Ok(None) };
    match input.take(MEMBER_LEN_BYTES_MAX).read_to_end(&mut member) {
        Ok(_) => Ok(Some(member)),
        Err(e) if remote::is_failure(&e) => Err(e),
        Err(_) => Ok(None),
    }
}

/// Copies what `fill` gives into a temporary file; `needed_bytes` must be free for it.
fn spooled(
    from: &Path,
    needed_bytes: u64,
    fill: impl FnOnce(&mut File) -> io::Result<()>,
) -> Result<(PathBuf, Arc<(TempPath, Scratch)>)> {
    let folder = scratch::folder();
    let free = scratch::free_bytes(&folder)?;
    if free.is_some_and(|free| free < needed_bytes) {
        return Err(Error::input(format!(
            "a copy of {needed_bytes} bytes is needed in {}, where {} are free, to read",
            folder.display(),
            free.unwrap_or_default()
        ))
        .at(from)
        .hint("name a folder with more room with --temp-dir"));
    }
    let failed = |e| Error::io("create a temporary file in", &folder, e);
    let mut copy = tempfile::Builder::new().prefix("ghirbal-").tempfile_in(&folder).map_err(failed)?;
    let scratch = Scratch::new(copy.path());
    fill(copy.as_file_mut()).map_err(|e| remote::into_error("copy to a temporary file", from, e))?;
    let copy = copy.into_temp_path();
    Ok((copy.to_path_buf(), Arc::new((copy, scratch))))
}

/// The file's name in a name with folders.
fn last_part(name: &str) -> &str {
    &name[name.rfind('/').map_or(0, |at| at + 1)..]
}

/// Where the part of a name ends that begins with a dot.
fn hidden_at(name: &str) -> Option<usize> {
    let mut end = 0;
    for part in name.split('/') {
        end += part.len();
        if part.starts_with('.') {
            return Some(end);
        }
        end += 1;
    }
    None
}

fn unknown_format() -> String {
    let known: Vec<&str> = FORMATS.iter().flat_map(|f| f.extensions).copied().collect();
    format!("unknown format; known by name: {}", known.join(", "))
}

/// Whether what we print goes into this file: `report . > report.txt`. Reading it would never end well.
#[cfg(unix)]
fn is_standard_output(path: &Path) -> bool {
    let (Ok(out), Ok(file)) = (rustix::fs::fstat(io::stdout()), rustix::fs::stat(path)) else { return false };
    (file.st_dev, file.st_ino) == (out.st_dev, out.st_ino)
}

#[cfg(not(unix))]
fn is_standard_output(_: &Path) -> bool {
    false
}

/// Whether a path is to be understood as a pattern.
fn is_pattern(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().iter().any(|b| matches!(b, b'*' | b'?' | b'[' | b'{'))
}

/// Why a file in the folder of a Hugging Face data set is none of its shards.
///
/// Such a folder holds `dataset_info.json`, and `state.json` where `save_to_disk` wrote it, which
/// lists the shards; other Arrow files in it are caches of earlier steps. `read` gives the content of a file of some name in that folder.
fn beside_a_data_set(name: &str, read: impl Fn(&str) -> Option<Vec<u8>>) -> Option<String> {
    if describes_a_data_set(name) {
        let text = read(name)?;
        let described: serde_json::Value = serde_json::from_slice(&text).ok()?;
        let known = ["_data_files", "features", "splits", "builder_name", "dataset_name", "default"];
        let of_a_set = name == "dataset_infos.json" || known.iter().any(|key| described.get(key).is_some());
        return of_a_set.then(|| "describes a data set; its shards are read".to_owned());
    }
    if name.ends_with(".arrow") {
        let state: serde_json::Value = serde_json::from_slice(&read("state.json")?).ok()?;
        let shards = state["_data_files"].as_array()?;
        let listed = shards.iter().any(|shard| shard["filename"] == name);
        return (!listed).then(|| "no shard of the data set: `state.json` does not list it".to_owned());
    }
    None
}

fn describes_a_data_set(name: &str) -> bool {
    matches!(name, "dataset_info.json" | "dataset_infos.json" | "state.json" | "dataset_dict.json")
}
