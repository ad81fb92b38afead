//! Sorting what does not fit in memory: sorted runs, merged when they are read.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::ops::Range;

use rayon::prelude::*;

use super::fixed::{decode, encode};
use super::{Fixed, Scrap, Spill};

/// Bytes written at a time.
const PIECE_LEN_BYTES: usize = 256 << 10;

/// Bytes read at a time of each run, at least.
const READ_LEN_BYTES_MIN: usize = 4 << 10;

/// Takes records in any order.
pub struct Sorter<T> {
    spill: Spill,
    len_max: usize,
    distinct: bool,
    buffer: Vec<T>,
    file: Option<Scrap>,
    /// The runs in the file, as places of records.
    runs: Vec<Range<u64>>,
}

impl<T: Fixed> Sorter<T> {
    /// Nothing yet; up to `share_bytes` are held in memory.
    pub fn new(spill: &Spill, share_bytes: usize) -> Self {
        let len_max = (share_bytes / size_of::<T>()).max(1);
        Self { spill: spill.clone(), len_max, distinct: false, buffer: Vec::new(), file: None, runs: Vec::new() }
    }

    /// The same, and equal records are one.
    pub fn distinct(spill: &Spill, share_bytes: usize) -> Self {
        Self { distinct: true, ..Self::new(spill, share_bytes) }
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
                distinct: self.distinct,
                share_bytes: self.len_max * size_of::<T>(),
            }),
            None => Sorted(Held::Memory(Vec::new())),
        }
    }

    fn sort(&mut self) {
        self.buffer.par_sort_unstable();
        if self.distinct {
            self.buffer.dedup();
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
    File { file: Scrap, runs: Vec<Range<u64>>, distinct: bool, share_bytes: usize },
}

impl<T: Fixed> Sorted<T> {
    /// All records in order.
    pub fn iter(&self) -> Box<dyn Iterator<Item = T> + '_> {
        match &self.0 {
            Held::Memory(records) => Box::new(records.iter().copied()),
            Held::File { file, runs, distinct, share_bytes } => {
                let merge = Merge::new(file, runs, share_bytes / 2);
                if *distinct { Box::new(distinct_only(merge)) } else { Box::new(merge) }
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
}

fn distinct_only<T: Fixed>(records: impl Iterator<Item = T>) -> impl Iterator<Item = T> {
    let mut last = None;
    records.filter(move |&record| last.replace(record) != Some(record))
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
        }
    }
}
