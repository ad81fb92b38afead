//! How much did the bands miss? What a sample says of all, and how surely.
//!
//! Counts -> [`Audit`], with an interval that holds at any sample size.

use serde::Serialize;

/// A sample of documents, each compared with every other document.
///
/// Its unit is the document: pairs of one document are found or missed together, documents were drawn
/// one by one. Copies stand for one document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Audit {
    /// Documents drawn.
    pub documents_sampled: u64,
    /// Documents they were drawn from, and compared with.
    pub documents: u64,
    /// Pairs of a drawn document and any other that are truly alike, at `similar` or above.
    pub pairs: u64,
    /// Of them, pairs that nothing proposed.
    pub pairs_missed: u64,
    /// Drawn documents in such a pair.
    pub documents_with_pairs: u64,
    /// Of them, documents all of whose pairs were proposed.
    pub documents_complete: u64,
    /// The share of all documents in a pair of which that holds: at least this ...
    pub complete_min: f64,
    /// ... and at most this, with [`CONFIDENCE`].
    pub complete_max: f64,
}

/// How surely the interval of an [`Audit`] holds the true share, at least.
pub const CONFIDENCE: f64 = 0.95;

impl Audit {
    /// The same with its interval.
    pub fn judged(self) -> Self {
        let (complete_min, complete_max) = interval(self.documents_complete, self.documents_with_pairs, CONFIDENCE);
        Self { complete_min, complete_max, ..self }
    }
}

/// The shares that explain `k` successes in `n` trials (Clopper & Pearson, "The use of confidence or
/// fiducial limits illustrated in the case of the binomial", *Biometrika* 26, 1934): those for which
/// neither so many nor so few are rarer than half of 1 − `confidence`. It is exact: never narrower than
/// promised, also where all or none succeed.
pub fn interval(k: u64, n: u64, confidence: f64) -> (f64, f64) {
    if n == 0 {
        return (0.0, 1.0);
    }
    let tail = (1.0 - confidence) / 2.0;
    // P(X >= k) grows with the share, P(X <= k) falls.
    let low = if k == 0 { 0.0 } else { bisect(|p| 1.0 - at_most(k - 1, n, p) < tail) };
    let high = if k == n { 1.0 } else { bisect(|p| at_most(k, n, p) > tail) };
    (low, high)
}

/// Where `below` stops to hold between 0 and 1.
fn bisect(below: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        *if below(middle) { &mut low } else { &mut high } = middle;
    }
    (low + high) / 2.0
}

/// P(X ≤ k) of a binomial of `n` trials with probability `p`, summed in logarithms.
fn at_most(k: u64, n: u64, p: f64) -> f64 {
    if p <= 0.0 {
        return 1.0;
    }
    if p >= 1.0 {
        return f64::from(u8::from(k >= n));
    }
    let mut log_term = n as f64 * (-p).ln_1p();
    let mut sum = log_term.exp();
    for i in 0..k {
        log_term += ((n - i) as f64 / (i + 1) as f64).ln() + p.ln() - (-p).ln_1p();
        sum += log_term.exp();
    }
    sum.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_the_one_of_the_tables() {
        // Where all succeed, (α/2)^(1/n) in closed form; the others from tables of the exact interval.
        for (k, n, low, high) in [
            (10, 10, 0.025_f64.powf(0.1), 1.0),
            (118, 118, 0.025_f64.powf(1.0 / 118.0), 1.0),
            (0, 20, 0.0, 1.0 - 0.025_f64.powf(0.05)),
            (5, 10, 0.1871, 0.8129),
            (81, 263, 0.2527, 0.3676),
            (0, 0, 0.0, 1.0),
        ] {
            let (l, h) = interval(k, n, 0.95);
            assert!((l - low).abs() < 1e-4 && (h - high).abs() < 1e-4, "{k} of {n}: {l} {h}");
        }
    }

    #[test]
    fn a_larger_sample_narrows_it() {
        let width = |n: u64| {
            let (low, high) = interval(n * 9 / 10, n, 0.95);
            high - low
        };
        assert!(width(5_000) < width(500) && width(500) < width(50));
    }
}
