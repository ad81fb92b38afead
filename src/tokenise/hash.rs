//! xxh3-64 of short words, without a branch on their length.
//!
//! Most words have 4 to 16 bytes. xxh3 (Collet 2019) hashes 4 to 8 and 9 to 16 in two different ways,
//! and which comes next cannot be foreseen: computing both and taking one costs less than a wrong
//! guess. Everything else goes to the library, which the test compares with.

use xxhash_rust::xxh3::xxh3_64;

/// Bytes of any value that must stand before and behind a word.
pub(super) const MARGIN: usize = 16;

/// What the default secret comes to: its words 1 and 2, 3 and 4, 5 and 6 combined.
const FLIP_SHORT: u64 = 0xc73a_b174_c5ec_d5a2;
const FLIP_LOW: u64 = 0x6782_737b_ea42_39b9;
const FLIP_HIGH: u64 = 0xaf56_bc3b_0996_523a;

/// The xxh3-64 of `bytes[start..end]`.
///
/// # Panics
/// When less than [`MARGIN`] bytes stand before or behind.
#[inline]
pub(super) fn word_hash(bytes: &[u8], start: usize, end: usize) -> u64 {
    let len = end - start;
    if !(4..=16).contains(&len) {
        return xxh3_64(&bytes[start..end]);
    }
    let (from_start, to_end) = (eight(bytes, start), eight(bytes, end - 8));
    std::hint::select_unpredictable(len <= 8, up_to_8(from_start, to_end, len), up_to_16(from_start, to_end, len))
}

/// XXH3_len_4to8_64b: the first four bytes and the last.
#[inline]
fn up_to_8(from_start: u64, to_end: u64, len: usize) -> u64 {
    const FACTOR: u64 = 0x9fb2_1c65_1e98_df25;
    let mut h = (to_end >> 32).wrapping_add(from_start << 32) ^ FLIP_SHORT;
    h ^= h.rotate_left(49) ^ h.rotate_left(24);
    h = h.wrapping_mul(FACTOR);
    h ^= (h >> 35).wrapping_add(len as u64);
    h = h.wrapping_mul(FACTOR);
    h ^ h >> 28
}

/// XXH3_len_9to16_64b: the first eight bytes and the last.
#[inline]
fn up_to_16(from_start: u64, to_end: u64, len: usize) -> u64 {
    let (low, high) = (from_start ^ FLIP_LOW, to_end ^ FLIP_HIGH);
    let product = u128::from(low) * u128::from(high);
    let folded = product as u64 ^ (product >> 64) as u64;
    let mut h = (len as u64).wrapping_add(low.swap_bytes()).wrapping_add(high).wrapping_add(folded);
    h ^= h >> 37;
    h = h.wrapping_mul(0x1656_6791_9e37_79f9);
    h ^ h >> 32
}

#[inline]
fn eight(bytes: &[u8], at: usize) -> u64 {
    let mut eight = [0; 8];
    eight.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(eight)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn words_of_every_length_have_the_hash_of_the_library(bytes in prop::array::uniform32(any::<u8>())) {
            let around = [&[7; MARGIN][..], &bytes, &[8; MARGIN]].concat();
            for len in 0..=bytes.len() {
                prop_assert_eq!(word_hash(&around, MARGIN, MARGIN + len), xxh3_64(&bytes[..len]), "{}", len);
            }
        }
    }
}
