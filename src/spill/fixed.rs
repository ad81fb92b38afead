//! Records of one size: how they stand in a file.

/// A record that takes `LEN` bytes, least significant first.
pub trait Fixed: Copy + Ord + Send + Sync + 'static {
    /// Bytes in a file.
    const LEN: usize;
    /// Writes it to the first `LEN` bytes.
    fn put(self, bytes: &mut [u8]);
    /// Reads it from the first `LEN` bytes.
    fn get(bytes: &[u8]) -> Self;
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Fixed for $number {
            const LEN: usize = size_of::<$number>();
            #[inline(always)]
            fn put(self, bytes: &mut [u8]) {
                bytes[..Self::LEN].copy_from_slice(&self.to_le_bytes());
            }
            #[inline(always)]
            fn get(bytes: &[u8]) -> Self {
                let mut le = [0; Self::LEN];
                le.copy_from_slice(&bytes[..Self::LEN]);
                Self::from_le_bytes(le)
            }
        }
    )*};
}

numbers!(u8, u32, u64);

macro_rules! tuples {
    ($(($($part:ident),*)),*) => {$(
        impl<$($part: Fixed),*> Fixed for ($($part,)*) {
            const LEN: usize = 0 $(+ $part::LEN)*;
            #[inline(always)]
            #[allow(non_snake_case, unused_assignments)]
            fn put(self, bytes: &mut [u8]) {
                let ($($part,)*) = self;
                let mut at = 0;
                $($part.put(&mut bytes[at..]); at += $part::LEN;)*
            }
            #[inline(always)]
            #[allow(unused_assignments)]
            fn get(bytes: &[u8]) -> Self {
                let mut at = 0;
                ($({ let part = $part::get(&bytes[at..]); at += $part::LEN; part },)*)
            }
        }
    )*};
}

tuples!((A, B), (A, B, C), (A, B, C, D), (A, B, C, D, E));

/// The bytes of records, one after another.
pub(super) fn encode<T: Fixed>(records: &[T], bytes: &mut Vec<u8>) {
    bytes.resize(records.len() * T::LEN, 0);
    records.iter().zip(bytes.chunks_exact_mut(T::LEN)).for_each(|(record, bytes)| record.put(bytes));
}

/// Adds the records that stand in these bytes.
pub(super) fn decode<T: Fixed>(bytes: &[u8], records: &mut Vec<T>) {
    records.extend(bytes.chunks_exact(T::LEN).map(T::get));
}
