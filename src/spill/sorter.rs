//! Sorting what does not fit in memory: sorted runs, merged when they are read.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::ops::Range;

use rayon::prelude::*;

use super::fixed::{decode, encode};
use super::{Array, Fixed, Scrap, Spill};

/// Bytes written at a time.
const PIECE_LEN_BYTES: usize = 256 << 10;

/// Bytes read at a time of each run, at least.
const READ_LEN_BYTES_MIN: usize = 4 << 10;

/// Whether two records, of which the first comes before the other, count as one.
type Same<T> = fn(&T, &T) -> bool;

/// Takes records in any order.
pub struct Sorter<T> {
    spill: Spill,
    len_max: usize,
    same: Option<Same<T>>,
    buffer: Vec<T>,
    file: Option<Scrap>,
    /// The runs in the file, as places of records.
    runs: Vec<Range<u64>>,
}

impl<T: Fixed> Sorter<T> {
    /// Nothing yet; up to `share_bytes` are held in memory.
    pub fn new(spill: &Spill, share_bytes: usize) -> Self {
        let len_max = (share_bytes / size_of::<T>()).max(1);
        Self { spill: spill.clone(), len_max, same: None, buffer: Vec::new(), file: None, runs: Vec::new() }
    }

    /// The same, and equal records are one.
    pub fn distinct(spill: &Spill, share_bytes: usize) -> Self {
        Self::distinct_by(spill, share_bytes, T::eq)
    }

    /// The same, and of records that are the `same` the first stays. In ascending order these stand
    /// together.
    pub fn distinct_by(spill: &Spill, share_bytes: usize, same: fn(&T, &T) -> bool) -> Self {
        Self { same: Some(same), ..Self::new(spill, share_bytes) }
    }

    /// Makes room for this many more records, as far as they may stay in memory.
    pub fn reserve(&mut self, records: usize) {
        self.buffer.reserve(records.min(self.len_max.saturating_sub(self.buffer.len())));
    }

    /// Adds a record.
    #[inline]
    pub fn push(&mut self, record: T) {
        if self.buffer.len() >= self.len_max {
            self.write_run();
        }
        self.buffer.push(record);
    }

    /// Adds records.
    pub fn extend(&mut self, records: impl IntoIterator<Item = T>) {
        records.into_iter().for_each(|record| self.push(record));
    }

    /// Adds records, many at once.
    pub fn extend_from_slice(&mut self, mut records: &[T]) {
        while !records.is_empty() {
            if self.buffer.len() >= self.len_max {
                self.write_run();
            }
            let (now, later) = records.split_at(records.len().min(self.len_max - self.buffer.len()));
            self.buffer.extend_from_slice(now);
            records = later;
        }
    }

    /// Ends the adding.
    pub fn finish(mut self) -> Sorted<T> {
        if self.runs.is_empty() {
            self.sort();
            return Sorted(Held::Memory(self.buffer));
        }
        self.write_run();
        match self.file {
            Some(file) => Sorted(Held::File {
                file,
                runs: self.runs,
                same: self.same,
                share_bytes: self.len_max * size_of::<T>(),
            }),
            None => Sorted(Held::Memory(Vec::new())),
        }
    }

    fn sort(&mut self) {
        self.buffer.par_sort_unstable();
        if let Some(same) = self.same {
            self.buffer.dedup_by(|later, first| same(first, later));
        }
    }

    fn write_run(&mut self) {
        self.sort();
        let file = self.file.get_or_insert_with(|| Scrap::create(&self.spill));
        let start = self.runs.last().map_or(0, |run| run.end);
        let mut at = start;
        let mut bytes = Vec::new();
        for piece in self.buffer.chunks((PIECE_LEN_BYTES / T::LEN).max(1)) {
            encode(piece, &mut bytes);
            file.write(&bytes, at * T::LEN as u64);
            at += piece.len() as u64;
        }
        self.runs.push(start..at);
        self.buffer.clear();
    }
}

/// Records in ascending order, to be read as often as one likes.
pub struct Sorted<T>(Held<T>);

enum Held<T> {
    Memory(Vec<T>),
    File { file: Scrap, runs: Vec<Range<u64>>, same: Option<Same<T>>, share_bytes: usize },
}

impl<T: Fixed> Sorted<T> {
    /// All records in order.
    pub fn iter(&self) -> Box<dyn Iterator<Item = T> + '_> {
        match &self.0 {
            Held::Memory(records) => Box::new(records.iter().copied()),
            Held::File { file, runs, same, share_bytes } => {
                let merge = Merge::new(file, runs, share_bytes / 2);
                match *same {
                    Some(same) => Box::new(distinct_only(merge, same)),
                    None => Box::new(merge),
                }
            }
        }
    }

    /// All records in order, many at a time, those that are the `same` never parted. In memory all
    /// come at once.
    pub fn batches(&self, same: impl Fn(&T, &T) -> bool, mut each: impl FnMut(&[T])) {
        let share_bytes = match &self.0 {
            Held::Memory(records) if records.is_empty() => return,
            Held::Memory(records) => return each(records),
            Held::File { share_bytes, .. } => *share_bytes,
        };
        let len_max = (share_bytes / 2 / size_of::<T>()).max(1);
        let mut batch: Vec<T> = Vec::new();
        for record in self.iter() {
            if batch.len() >= len_max && batch.last().is_some_and(|last| !same(last, &record)) {
                each(&batch);
                batch.clear();
            }
            batch.push(record);
        }
        if !batch.is_empty() {
            each(&batch);
        }
    }

    /// The records that stand with others that are the `same`.
    pub fn repeated(self, same: fn(&T, &T) -> bool) -> Self {
        let (spill, share_bytes) = match self.0 {
            Held::Memory(mut records) => {
                let (mut kept, mut start) = (0, 0);
                while start < records.len() {
                    let rest = &records[start + 1..];
                    let len = 1 + rest.iter().take_while(|record| same(&records[start], record)).count();
                    if len > 1 {
                        records.copy_within(start..start + len, kept);
                        kept += len;
                    }
                    start += len;
                }
                records.truncate(kept);
                return Self(Held::Memory(records));
            }
            Held::File { ref file, share_bytes, .. } => (file.spill.clone(), share_bytes),
        };
        let mut kept = Array::new(&spill, share_bytes / 8);
        self.batches(same, |batch| {
            batch.chunk_by(same).filter(|group| group.len() > 1).for_each(|group| kept.extend_from_slice(group));
        });
        kept.into_sorted(share_bytes)
    }

    /// These records of a file, which are in order.
    pub(super) fn one_run(file: Scrap, len: usize, share_bytes: usize) -> Self {
        Self(Held::File { file, runs: std::iter::once(0..len as u64).collect(), same: None, share_bytes })
    }

    /// These records, which are in order.
    pub(super) fn in_memory(records: Vec<T>) -> Self {
        Self(Held::Memory(records))
    }
}

fn distinct_only<T: Fixed>(records: impl Iterator<Item = T>, same: Same<T>) -> impl Iterator<Item = T> {
    let mut first: Option<T> = None;
    records.filter(move |record| {
        let again = first.is_some_and(|first| same(&first, record));
        if !again {
            first = Some(*record);
        }
        !again
    })
}

/// One run as it is read.
struct Reading<T> {
    rest: Range<u64>,
    records: Vec<T>,
    next: usize,
}

/// Merges runs.
struct Merge<'a, T> {
    file: &'a Scrap,
    /// Records read at a time.
    step: u64,
    bytes: Vec<u8>,
    readings: Vec<Reading<T>>,
    /// The first record of each run that is not at its end.
    firsts: BinaryHeap<Reverse<(T, usize)>>,
}

impl<'a, T: Fixed> Merge<'a, T> {
    fn new(file: &'a Scrap, runs: &[Range<u64>], share_bytes: usize) -> Self {
        let read_len = (share_bytes / runs.len().max(1)).clamp(READ_LEN_BYTES_MIN, 1 << 20);
        let readings = runs.iter().map(|run| Reading { rest: run.clone(), records: Vec::new(), next: 0 }).collect();
        let step = (read_len / size_of::<T>()).max(1) as u64;
        let mut merge = Self { file, step, bytes: Vec::new(), readings, firsts: BinaryHeap::new() };
        for run in 0..merge.readings.len() {
            if let Some(first) = merge.next_of(run) {
                merge.firsts.push(Reverse((first, run)));
            }
        }
        merge
    }

    /// The next record of one run.
    fn next_of(&mut self, run: usize) -> Option<T> {
        let reading = &mut self.readings[run];
        if reading.next == reading.records.len() {
            let piece = self.step.min(reading.rest.end - reading.rest.start);
            reading.records.clear();
            reading.next = 0;
            self.bytes.resize(piece as usize * T::LEN, 0);
            self.file.read(&mut self.bytes, reading.rest.start * T::LEN as u64);
            decode(&self.bytes, &mut reading.records);
            reading.rest.start += piece;
        }
        let record = reading.records.get(reading.next).copied();
        reading.next += 1;
        record
    }
}

impl<T: Fixed> Iterator for Merge<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        let &Reverse((record, run)) = self.firsts.peek()?;
        let after = self.next_of(run);
        if let Some(mut first) = self.firsts.peek_mut() {
            match after {
                Some(after) => *first = Reverse((after, run)),
                None => {
                    PeekMut::pop(first);
                }
            }
        }
        Some(record)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn runs_give_what_sorting_in_memory_gives(
            mut records in prop::collection::vec((0u64..50, any::<u32>()), 0..500),
            share in 0usize..2000,
            distinct in any::<bool>(),
        ) {
            let spill = Spill::new(std::env::temp_dir(), 0);
            let mut sorter = if distinct { Sorter::distinct(&spill, share) } else { Sorter::new(&spill, share) };
            sorter.extend(records.iter().copied());
            let sorted = sorter.finish();
            records.sort_unstable();
            if distinct { records.dedup(); }
            for _ in 0..2 {
                prop_assert!(sorted.iter().eq(records.iter().copied()));
            }
            let mut joined = Vec::new();
            let mut ends = Vec::new();
            sorted.batches(|x, y| x.0 == y.0, |batch| {
                joined.extend_from_slice(batch);
                ends.push(joined.len());
            });
            prop_assert_eq!(&joined, &records);
            prop_assert!(ends.iter().all(|&e| e == joined.len() || joined[e - 1].0 != joined[e].0));
            let repeated: Vec<_> = records.chunk_by(|x, y| x.0 == y.0).filter(|g| g.len() > 1).flatten().collect();
            prop_assert!(sorted.repeated(|x, y| x.0 == y.0).iter().eq(repeated.into_iter().copied()));
        }

        #[test]
        fn the_first_of_what_counts_as_one_stays(
            mut records in prop::collection::vec((0u64..50, any::<u32>()), 0..500),
            share in 0usize..2000,
        ) {
            let spill = Spill::new(std::env::temp_dir(), 0);
            let mut sorter = Sorter::distinct_by(&spill, share, |x: &(u64, u32), y| x.0 == y.0);
            sorter.extend(records.iter().copied());
            records.sort_unstable();
            records.dedup_by_key(|r| r.0);
            prop_assert!(sorter.finish().iter().eq(records));
        }
    }
}
