//! What nobody can know beforehand who writes a text to slow us down.
//!
//! The hashes of words are the same everywhere, so that answers are; an open table whose places followed
//! from them alone could be filled by a text of chosen words until every step walks through all of it.
//! A table's places follow from the key of this process as well, and nothing else does: whatever is read
//! out of a table comes in an order of its own.

use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;

/// The first place to look at for a hash, in a table of `mask` + 1 places, a power of two.
///
/// The upper bits of a product with an odd number that is different in every process: which hashes share
/// them cannot be known (multiply-shift, Dietzfelbinger et al. 1997).
#[inline]
pub fn table_place(hash: u64, mask: usize) -> usize {
    static KEY: OnceLock<u64> = OnceLock::new();
    let key = *KEY.get_or_init(|| RandomState::new().hash_one(0) | 1);
    (hash.wrapping_mul(key) >> (mask as u64).leading_zeros().min(63)) as usize & mask
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn chosen_hashes_do_not_share_a_place() {
        // All of these share their lower 40 bits, and without a key their place.
        let places: BTreeSet<usize> = (0..1000u64).map(|n| table_place(n << 40 | 7, (1 << 14) - 1)).collect();
        assert!(places.len() > 500, "{}", places.len());
        assert_eq!((table_place(7, 0), table_place(u64::MAX, 1) < 2), (0, true));
        assert_eq!(table_place(12345, 255), table_place(12345, 255));
    }
}
