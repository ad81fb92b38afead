//! One object: opened at a version, read by ranges, a few of them ahead.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::Path as FilePath;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::http::Site;
use super::listing::{Found, single};
use super::store::Url;
use super::{Failed, runtime, scheme};
use crate::error::Result as Done;
use crate::scratch;

/// Bytes of an object's beginning that [`open_all`] gives along with it: what formats are told by.
const HEAD_LEN_BYTES: u64 = 1 << 16;

/// A range that is asked for: small at first, since many objects are small, then as large as pays for
/// a request's way.
const RANGE_LEN_BYTES: Range<u64> = 256 << 10..4 << 20;

/// Ranges that are under way at a time. With the one being read, a stream holds up to 20 MiB.
const RANGES_AHEAD: usize = 4;

/// Objects that are opened at a time.
const OPENED_AT_ONCE: usize = 16;

/// How often what fails for now is asked for again without a byte arriving: for a quarter of a second,
/// then twice as long each time up to half a minute. An object that was never read is given up sooner.
const TRIES_FIRST: u32 = 3;
const TRIES: u32 = 9;

/// A server that says nothing for so long is asked again.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// An object at one version of it. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Object(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    at: At,
    /// Zero when the server does not say.
    len_bytes: u64,
    version: Option<String>,
    /// Whether it can be read from any place on.
    ranged: bool,
}

/// Where an object is.
#[derive(Clone, Debug)]
pub(super) enum At {
    Store(Url, Arc<dyn ObjectStore>, Path),
    Http(Site),
}

/// An answer: what it is of, and its bytes.
pub(super) struct Part {
    pub(super) version: Option<String>,
    /// The length of the whole object.
    pub(super) total: Option<u64>,
    /// Whether the bytes are the range that was asked for, not everything.
    pub(super) partial: bool,
    pub(super) body: BoxStream<'static, Result<Bytes, Failed>>,
}

impl At {
    /// Asks for a range, or for everything.
    async fn fetch(&self, range: Option<Range<u64>>) -> Result<Part, Failed> {
        timeout(SILENCE_MAX, self.ask(range)).await.unwrap_or_else(|_| Err(silent()))
    }

    async fn ask(&self, range: Option<Range<u64>>) -> Result<Part, Failed> {
        let (url, store, path) = match self {
            At::Http(site) => return site.fetch(range).await,
            At::Store(url, store, path) => (url.clone(), store, path),
        };
        let options = GetOptions { range: range.map(GetRange::Bounded), ..GetOptions::default() };
        let got = store.get_opts(path, options).await.map_err(|e| Failed::of(&url, &e))?;
        let (version, total) = (got.meta.e_tag.clone(), Some(got.meta.size));
        let body = got.into_stream().map(move |bytes| bytes.map_err(|e| Failed::of(&url, &e))).boxed();
        Ok(Part { version, total, partial: true, body })
    }

    /// The length, of which a store does not give a range when it is nought.
    async fn listed_len(&self) -> Result<Option<u64>, Failed> {
        match self {
            At::Http(_) => Ok(None),
            At::Store(url, store, path) => match store.head(path).await {
                Ok(meta) => Ok(Some(meta.size)),
                Err(e) => Err(Failed::of(url, &e)),
            },
        }
    }
}

impl Part {
    async fn next(&mut self) -> Option<Result<Bytes, Failed>> {
        timeout(SILENCE_MAX, self.body.next()).await.unwrap_or_else(|_| Some(Err(silent())))
    }
}

impl Object {
    /// Opens an object by reading its beginning. `listed_len` is what a listing said.
    async fn open(at: At, listed_len: Option<u64>) -> Result<(Self, Bytes), Failed> {
        let new = |at, len_bytes, version, ranged| Self(Arc::new(Inner { at, len_bytes, version, ranged }));
        if listed_len == Some(0) {
            // Of nothing there is no range.
            return Ok((new(at, 0, None, true), Bytes::new()));
        }
        let mut waits = waits(TRIES_FIRST);
        loop {
            let attempt = async {
                let mut part = at.fetch(Some(0..HEAD_LEN_BYTES)).await?;
                let total = match part.total {
                    Some(total) if part.partial => total,
                    // Whoever sends all or does not know how much it is gives his bytes once.
                    _ => return Ok((part.total.unwrap_or(0), None, false, Bytes::new())),
                };
                let mut head = BytesMut::new();
                while head.len() < total.min(HEAD_LEN_BYTES) as usize {
                    let Some(bytes) = part.next().await else { return Err(cut_short()) };
                    head.extend_from_slice(&bytes?);
                }
                Ok((total, part.version, true, head.freeze()))
            };
            match (attempt.await, waits.next()) {
                (Ok((total, _, true, _)), _) if listed_len.is_some_and(|listed| listed != total) => {
                    return Err(Failed::changed());
                }
                (Ok((total, version, ranged, head)), _) => return Ok((new(at, total, version, ranged), head)),
                (Err(failed), Some(wait)) if failed.transient => tokio::time::sleep(wait).await,
                (Err(failed), _) => return Err(failed),
            }
        }
    }

    /// Whether it can be read more than once, and from any place on.
    pub(crate) fn is_ranged(&self) -> bool {
        self.0.ranged
    }

    /// Its length as it is stored, zero when that is not known.
    pub(crate) fn len_bytes(&self) -> u64 {
        self.0.len_bytes
    }

    /// Its bytes from a place on.
    pub(crate) fn read_from(&self, at: u64) -> Box<dyn Read + Send> {
        Box::new(Stream { object: self.clone(), from: at, at, asked: VecDeque::new(), current: Bytes::new() })
    }

    /// Its bytes, of which the first are asked for at once.
    pub(crate) fn begin(&self) -> Box<dyn Read + Send> {
        let mut stream = Stream { object: self.clone(), from: 0, at: 0, asked: VecDeque::new(), current: Bytes::new() };
        stream.ask(1);
        Box::new(stream)
    }

    /// Copies it into an empty file, whether it is ranged or not.
    pub(crate) fn copy(&self, file: &mut File) -> Result<(), Failed> {
        let disk = |e: io::Error| match super::failure(&e) {
            Some(failed) => failed.clone(),
            None => Failed::for_good(format!("it cannot be copied to {}: {e}", scratch::folder().display()))
                .hint("name a folder with room with --temp-dir"),
        };
        if self.0.ranged {
            return io::copy(&mut self.read_from(0), file).map(|_| ()).map_err(disk);
        }
        let mut waits = waits(TRIES);
        loop {
            let attempt = async {
                let mut part = self.0.at.fetch(None).await?;
                file.set_len(0).and_then(|()| file.seek(SeekFrom::Start(0))).map_err(disk)?;
                let mut len_bytes = 0;
                while let Some(bytes) = part.next().await {
                    let bytes = bytes?;
                    file.write_all(&bytes).map_err(disk)?;
                    len_bytes += bytes.len() as u64;
                }
                if part.total.is_some_and(|total| total != len_bytes) { Err(cut_short()) } else { Ok(()) }
            };
            match (runtime::wait(attempt), waits.next()) {
                (Err(failed), Some(wait)) if failed.transient => std::thread::sleep(wait),
                (done, _) => return done,
            }
        }
    }

    /// One range, asked for again from where it broke off.
    async fn get(self, range: Range<u64>) -> Result<Bytes, Failed> {
        let len = (range.end - range.start) as usize;
        let mut got = BytesMut::with_capacity(len);
        let mut patience = waits(TRIES);
        while got.len() < len {
            let before = got.len();
            let rest = range.start + before as u64..range.end;
            let Err(failed) = self.more(rest, &mut got).await else { break };
            if got.len() > before {
                patience = waits(TRIES);
            }
            match patience.next() {
                Some(wait) if failed.transient => tokio::time::sleep(wait).await,
                _ => return Err(failed),
            }
        }
        Ok(got.freeze())
    }

    /// Appends a range, or as much of it as comes.
    async fn more(&self, range: Range<u64>, got: &mut BytesMut) -> Result<(), Failed> {
        let until = got.len() + (range.end - range.start) as usize;
        let mut part = self.0.at.fetch(Some(range)).await?;
        if part.total != Some(self.0.len_bytes) || part.version != self.0.version || !part.partial {
            return Err(Failed::changed());
        }
        while got.len() < until {
            let bytes = part.next().await.ok_or_else(cut_short)??;
            got.extend_from_slice(&bytes[..bytes.len().min(until - got.len())]);
        }
        Ok(())
    }
}

fn silent() -> Failed {
    Failed::for_now("the server fell silent")
}

fn cut_short() -> Failed {
    Failed::for_now("the server sent less than it had announced")
}

/// How long to wait before each further try.
fn waits(tries: u32) -> impl Iterator<Item = Duration> {
    (0..tries).map(|n| Duration::from_millis(250 << n).min(Duration::from_secs(30)))
}

/// Reads an object from some place to its end; asks ahead.
struct Stream {
    object: Object,
    from: u64,
    /// How far was asked.
    at: u64,
    asked: VecDeque<JoinHandle<Result<Bytes, Failed>>>,
    current: Bytes,
}

impl Stream {
    fn ask(&mut self, ahead: usize) {
        while self.asked.len() < ahead && self.at < self.object.len_bytes() {
            // As much as was asked for already: the ranges double.
            let len = (self.at - self.from).clamp(RANGE_LEN_BYTES.start, RANGE_LEN_BYTES.end);
            let end = (self.at + len).min(self.object.len_bytes());
            self.asked.push_back(runtime::spawn(self.object.clone().get(self.at..end)));
            self.at = end;
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            self.ask(RANGES_AHEAD);
            let Some(next) = self.asked.pop_front() else { return Ok(0) };
            self.current = runtime::wait(next).map_err(io::Error::other)??;
        }
        let len = buffer.len().min(self.current.len());
        buffer[..len].copy_from_slice(&self.current.split_to(len));
        Ok(len)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.asked.iter().for_each(JoinHandle::abort);
    }
}

/// Opens objects, some at a time, and gives each with its first [`HEAD_LEN_BYTES`].
///
/// # Errors
/// That of the first that cannot be opened.
pub(crate) fn open_all(found: &[&Found]) -> Done<Vec<(Object, Bytes)>> {
    let opening = found.iter().map(|f| Object::open(f.at.clone(), f.len_bytes));
    let opened = runtime::wait(stream::iter(opening).buffered(OPENED_AT_ONCE).collect::<Vec<_>>());
    found.iter().zip(opened).map(|(f, o)| o.map_err(|e| e.error("read", FilePath::new(&f.url)))).collect()
}

/// The bytes of the object at a URL.
pub(crate) fn open_url(url: &FilePath) -> io::Result<Box<dyn Read + Send>> {
    let (object, head) = open_single(url)?;
    if object.is_ranged() {
        return Ok(Box::new(io::Cursor::new(head.clone()).chain(object.read_from(head.len() as u64))));
    }
    let mut copy = tempfile::tempfile_in(scratch::folder())?;
    object.copy(&mut copy)?;
    copy.seek(SeekFrom::Start(0))?;
    Ok(Box::new(copy))
}

/// Whether there is an object at a URL. One with a query names a file, and none beside it.
///
/// # Errors
/// When that cannot be told.
pub(crate) fn exists(url: &FilePath) -> Done<bool> {
    if scheme(url).is_some_and(|scheme| scheme.starts_with("http")) && url.to_string_lossy().contains('?') {
        return Ok(false);
    }
    match open_single(url) {
        Ok(_) => Ok(true),
        Err(failed) if failed.is_missing() => Ok(false),
        Err(failed) => Err(failed.error("read", url)),
    }
}

fn open_single(url: &FilePath) -> Result<(Object, Bytes), Failed> {
    let at = single(&Url::parse(url)?)?;
    runtime::wait(async {
        let len_bytes = at.listed_len().await?;
        Object::open(at, len_bytes).await
    })
}
