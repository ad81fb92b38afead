//! An array that is appended to and read by place.

use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::Range;

use super::fixed::{decode, encode};
use super::{Fixed, Scrap, Sorted, Spill};

/// Bytes written and read at a time.
const PIECE_LEN_BYTES: usize = 256 << 10;

thread_local! {
    /// What is read on its way to records.
    static BYTES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Records by place, in memory while they keep to a share of it.
#[derive(Debug)]
pub struct Array<T> {
    spill: Spill,
    len_max: usize,
    /// All records, or those that are not yet in the file.
    tail: Vec<T>,
    file: Option<Scrap>,
    /// Records in the file.
    written: usize,
}

impl<T: Fixed> Default for Array<T> {
    fn default() -> Self {
        Self::new(&Spill::never(), usize::MAX)
    }
}

impl<T: Fixed> Array<T> {
    /// Nothing yet; up to `share_bytes` stay in memory.
    pub fn new(spill: &Spill, share_bytes: usize) -> Self {
        let len_max = share_bytes / size_of::<T>();
        Self { spill: spill.clone(), len_max, tail: Vec::new(), file: None, written: 0 }
    }

    /// Makes room for this many more records, as far as they may stay in memory.
    pub fn reserve(&mut self, records: usize) {
        if self.file.is_none() {
            self.tail.reserve(records.min(self.len_max.saturating_sub(self.tail.len())));
        }
    }

    /// Appends a record.
    #[inline]
    pub fn push(&mut self, record: T) {
        self.tail.push(record);
        if self.tail.len() > self.tail_len_max() {
            self.write_out();
        }
    }

    /// Appends records.
    pub fn extend_from_slice(&mut self, records: &[T]) {
        self.tail.extend_from_slice(records);
        if self.tail.len() > self.tail_len_max() {
            self.write_out();
        }
    }

    /// Appends records.
    pub fn extend(&mut self, records: impl IntoIterator<Item = T>) {
        records.into_iter().for_each(|record| self.push(record));
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.written + self.tail.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The record at a place.
    ///
    /// # Panics
    /// When there are fewer.
    pub fn get(&self, at: usize) -> T {
        if at >= self.written {
            return self.tail[at - self.written];
        }
        // No record of ours is longer.
        let mut bytes = [0; 64];
        self.read(&mut bytes[..T::LEN], at);
        T::get(&bytes)
    }

    /// The records at these places.
    ///
    /// # Panics
    /// When there are fewer.
    pub fn range(&self, places: Range<usize>) -> Cow<'_, [T]> {
        if places.start >= self.written {
            return Cow::Borrowed(&self.tail[places.start - self.written..places.end - self.written]);
        }
        let mut records = Vec::with_capacity(places.len());
        let in_file = places.start..places.end.min(self.written);
        BYTES.with_borrow_mut(|bytes| {
            let mut at = in_file.start;
            while at < in_file.end {
                let piece = (in_file.end - at).min(PIECE_LEN_BYTES / T::LEN);
                bytes.resize(bytes.len().max(piece * T::LEN), 0);
                self.read(&mut bytes[..piece * T::LEN], at);
                decode(&bytes[..piece * T::LEN], &mut records);
                at += piece;
            }
        });
        records.extend_from_slice(&self.tail[..places.end.saturating_sub(self.written)]);
        Cow::Owned(records)
    }

    /// All records, some tens of thousands at a time.
    pub fn pieces(&self) -> impl Iterator<Item = Cow<'_, [T]>> {
        let step = (PIECE_LEN_BYTES / T::LEN).max(1);
        (0..self.len()).step_by(step).map(move |at| self.range(at..(at + step).min(self.len())))
    }

    /// Puts other records at a place.
    ///
    /// # Panics
    /// When there are fewer.
    pub fn put(&mut self, at: usize, records: &[T]) {
        let in_file = self.written.saturating_sub(at).min(records.len());
        let (before, after) = records.split_at(in_file);
        if let (Some(file), false) = (&self.file, before.is_empty()) {
            let mut bytes = Vec::new();
            encode(before, &mut bytes);
            file.write(&bytes, (at * T::LEN) as u64);
        }
        let start = (at + in_file).saturating_sub(self.written);
        self.tail[start..start + after.len()].copy_from_slice(after);
    }

    /// The same records, known to be in order.
    pub(super) fn into_sorted(mut self, share_bytes: usize) -> Sorted<T> {
        if self.file.is_some() {
            self.write_out();
        }
        match self.file {
            Some(file) => Sorted::one_run(file, self.written, share_bytes),
            None => Sorted::in_memory(self.tail),
        }
    }

    fn read(&self, bytes: &mut [u8], at: usize) {
        if let Some(file) = &self.file {
            file.read(bytes, (at * T::LEN) as u64);
        }
    }

    fn tail_len_max(&self) -> usize {
        if self.file.is_none() { self.len_max } else { self.piece_len() }
    }

    /// Records written at a time.
    fn piece_len(&self) -> usize {
        (self.len_max / 4).clamp(4, PIECE_LEN_BYTES / T::LEN)
    }

    fn write_out(&mut self) {
        let piece_len = self.piece_len();
        let file = self.file.get_or_insert_with(|| Scrap::create(&self.spill));
        let mut bytes = Vec::new();
        for piece in self.tail.chunks(piece_len) {
            encode(piece, &mut bytes);
            file.write(&bytes, (self.written * T::LEN) as u64);
            self.written += piece.len();
        }
        // What was held until now is given back, all but a little.
        self.tail.clear();
        self.tail.shrink_to(piece_len * 2);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_put_comes_back(
            parts in prop::collection::vec(prop::collection::vec(any::<(u64, u32)>(), 0..60), 0..9),
            share in 0usize..3000,
            at in any::<(prop::sample::Index, prop::sample::Index)>(),
            patch in prop::collection::vec(any::<(u64, u32)>(), 0..9),
        ) {
            let spill = Spill::new(std::env::temp_dir(), 0);
            let mut array = Array::new(&spill, share);
            let mut plain: Vec<(u64, u32)> = Vec::new();
            for part in &parts {
                array.extend_from_slice(part);
                plain.extend(part);
                part.iter().take(2).for_each(|&r| { array.push(r); plain.push(r); });
            }
            if plain.len() > patch.len() {
                let at = at.0.index(plain.len() - patch.len());
                array.put(at, &patch);
                plain[at..at + patch.len()].copy_from_slice(&patch);
            }
            prop_assert_eq!(array.len(), plain.len());
            let (x, y) = (at.0.index(plain.len() + 1), at.1.index(plain.len() + 1));
            let range = x.min(y)..x.max(y);
            prop_assert_eq!(&*array.range(range.clone()), &plain[range]);
            prop_assert!((0..plain.len()).all(|i| array.get(i) == plain[i]));
            let pieces: Vec<_> = array.pieces().flat_map(|p| p.into_owned()).collect();
            prop_assert_eq!(pieces, plain);
        }
    }
}
