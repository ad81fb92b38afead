//! Which lines are worth counting.
//!
//! Keys -> how often each was seen, roughly and never too low. It lets a second pass keep only what
//! recurs.

use std::sync::atomic::{AtomicU8, Ordering};

/// How often each line was seen, roughly: four rows of one-byte counters, 64 MiB whatever the
/// corpus. A count is never too low (Cormode & Muthukrishnan 2005). With 20 million different
/// lines, some 2 GB of news, 1.3 % of those seen once look as if they were seen three times; what
/// passes is counted exactly.
pub struct Sieve {
    counters: Box<[AtomicU8]>,
}

const ROWS: u64 = 4;
const COUNTERS_LOG2: u32 = 24;

impl Default for Sieve {
    fn default() -> Self {
        Self { counters: std::iter::repeat_with(AtomicU8::default).take((ROWS as usize) << COUNTERS_LOG2).collect() }
    }
}

impl Sieve {
    /// Counts a line once more. Threads may count at the same time.
    pub fn add(&self, key: u64) {
        for at in places(key) {
            // Saturating sums do not depend on the order of the additions.
            let _ = self.counters[at].fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_add(1));
        }
    }

    /// How often it was counted, or more; 255 stands for all that is above.
    pub fn count(&self, key: u64) -> u8 {
        places(key).map(|at| self.counters[at].load(Ordering::Relaxed)).min().unwrap_or_default()
    }
}

/// One counter in each row, by two hashes (Kirsch & Mitzenmacher 2006).
fn places(key: u64) -> impl Iterator<Item = usize> {
    let step = key.rotate_left(32) | 1;
    (0..ROWS).map(move |row| {
        let hash = key.wrapping_add(row.wrapping_mul(step));
        ((row << COUNTERS_LOG2) + (hash >> (64 - COUNTERS_LOG2))) as usize
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sieve_is_never_too_low() {
        let sieve = Sieve::default();
        for key in 0..2_000u64 {
            (0..key % 300).for_each(|_| sieve.add(key.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        }
        for key in 0..2_000u64 {
            let count = u64::from(sieve.count(key.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
            assert!(count >= (key % 300).min(255), "{key}");
        }
        assert_eq!(sieve.count(0x1234_5678_9abc_def0), 0);
    }
}
