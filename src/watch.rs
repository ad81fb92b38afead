//! How far is it? What a run tells of itself while it works.
//!
//! Batches of records -> [`Event`]s, handed to a function that the caller of a run gives it, if any.
//! Nothing here changes an answer, and without a function nothing is counted.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::read::{Checksum, Compression, RawRecord, Source};

/// What a run is busy with, in the order of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The first pass.
    Survey,
    /// Candidates, matches, clusters.
    Compare,
    /// Passages in more than one document.
    Across,
    /// What leaves the documents anyway, before one side of a passage goes.
    Repeats,
    /// The second pass.
    Examine,
    /// Borders of passages across documents.
    Widen,
    /// Lines of hosts, roughly.
    CountLines,
    /// Lines of hosts, exactly.
    NameLines,
}

impl Phase {
    /// What a person reads.
    pub fn name(self) -> &'static str {
        match self {
            Phase::Survey => "reading",
            Phase::Compare => "comparing documents",
            Phase::Across => "passages across documents",
            Phase::Repeats => "weighing repeats",
            Phase::Examine => "looking inside",
            Phase::Widen => "widening passages",
            Phase::CountLines => "counting lines",
            Phase::NameLines => "naming lines",
        }
    }
}

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A phase begins, and the one before it has ended.
    Begins {
        /// Which.
        phase: Phase,
        /// The bytes it will read, where it reads: of compressed files an estimate at first.
        len_bytes: Option<u64>,
    },
    /// The phase has worked through so much.
    Read {
        /// Bytes of content, of the `len_bytes` it began with.
        at_bytes: u64,
        /// Records.
        records: u64,
    },
    /// A record is passed over.
    Skipped {
        /// The name of its source.
        source: &'a str,
        /// The line it begins at.
        line: u64,
        /// Why.
        why: &'a str,
    },
}

/// Who is told. It is called from several threads.
pub type Tell<'a> = dyn Fn(Event) + Send + Sync + 'a;

/// Who is told, if anyone.
pub type Watch<'a> = Option<&'a Tell<'a>>;

/// Text is compressed to a fourth of its length or so.
const COMPRESSED_TIMES: u64 = 4;

/// One reading of all sources.
pub struct Course<'a> {
    watch: Watch<'a>,
    /// The first source that is read.
    first: usize,
    /// For each source from there on, the bytes of content expected before its end.
    ends_bytes: Vec<u64>,
    records: AtomicU64,
}

impl<'a> Course<'a> {
    /// A phase that reads the sources begins. `checksums` are those of an earlier reading, or none.
    pub fn begin(watch: Watch<'a>, phase: Phase, sources: &[Source], checksums: &[Checksum]) -> Self {
        Self::from(watch, phase, sources, checksums, 0)
    }

    /// The same for a reading that leaves the sources before the `first` out.
    pub fn from(watch: Watch<'a>, phase: Phase, sources: &[Source], checksums: &[Checksum], first: usize) -> Self {
        let mut end_bytes = 0;
        let mut ends_bytes = Vec::new();
        if let Some(tell) = watch {
            ends_bytes.extend(sources.iter().enumerate().skip(first).map(|(i, source)| {
                end_bytes += checksums.get(i).map_or_else(|| expected_bytes(source), |c| c.len_bytes);
                end_bytes
            }));
            tell(Event::Begins { phase, len_bytes: Some(end_bytes) });
        }
        Self { watch, first, ends_bytes, records: AtomicU64::new(0) }
    }

    /// Work on the next batch begins, and that on those before it has ended. Records come in the order of
    /// their sources.
    pub fn works_on<'r>(&self, mut batch: impl ExactSizeIterator<Item = &'r RawRecord>) {
        let len = batch.len() as u64;
        let (Some(tell), Some(first)) = (self.watch, batch.next()) else { return };
        let source = first.source as usize - self.first;
        let start_bytes = if source == 0 { 0 } else { self.ends_bytes[source - 1] };
        let at_bytes = (start_bytes + first.offset).min(self.ends_bytes[source]);
        let records = self.records.fetch_add(len, Ordering::Relaxed);
        tell(Event::Read { at_bytes, records });
    }

    /// Work on all has ended.
    pub fn ended(&self) {
        let (Some(tell), Some(&at_bytes)) = (self.watch, self.ends_bytes.last()) else { return };
        tell(Event::Read { at_bytes, records: self.records.load(Ordering::Relaxed) });
    }
}

/// The bytes of content a source may hold, by the length of its file.
pub fn expected_bytes(source: &Source) -> u64 {
    let len_bytes = source.len_bytes();
    if source.coding.compression == Compression::None { len_bytes } else { len_bytes.saturating_mul(COMPRESSED_TIMES) }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::read::{Corpus, discover};

    #[test]
    fn a_reading_tells_how_far_it_is_and_ends_at_its_length() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.jsonl"), "{\"text\":\"one\"}\n{\"text\":\"two\"}\n").unwrap();
        std::fs::write(folder.path().join("b.txt"), "three").unwrap();
        let found = discover(&[folder.path().to_path_buf()]).unwrap();
        let heard = Mutex::new(Vec::new());
        let tell = |event: Event| heard.lock().unwrap().push(format!("{event:?}"));
        let course = Course::begin(Some(&tell), Phase::Survey, &found.sources, &[]);
        let mut corpus = Corpus::new(&found.sources);
        while let Some(batch) = corpus.next_batch(1).unwrap() {
            course.works_on(batch.iter());
        }
        course.ended();
        let heard = heard.into_inner().unwrap();
        assert_eq!(heard[0], "Begins { phase: Survey, len_bytes: Some(35) }");
        assert_eq!(heard[1], "Read { at_bytes: 0, records: 0 }");
        assert_eq!(heard.last().unwrap(), "Read { at_bytes: 35, records: 3 }");
    }

    #[test]
    fn nobody_is_told_anything() {
        let course = Course::begin(None, Phase::Survey, &[], &[]);
        course.works_on([].iter());
        course.ended();
        assert!(course.ends_bytes.is_empty());
    }
}
