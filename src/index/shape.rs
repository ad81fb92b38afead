//! Bands and rows from intent: how alike, and how many may be missed.

use serde::Serialize;

use crate::params::DocumentParams;

/// How a signature is cut into bands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct BandShape {
    /// Bands. More bands propose more pairs.
    pub bands: usize,
    /// Places in a band. More rows propose fewer pairs.
    pub rows: usize,
}

/// The probability that two sets of Jaccard similarity `similarity` agree in at least one band:
/// 1 − (1 − s^r)^b (Leskovec, Rajaraman & Ullman, *Mining of Massive Datasets*, section 3.4.2).
pub fn candidate_probability(similarity: f64, shape: BandShape) -> f64 {
    1.0 - (1.0 - similarity.powi(shape.rows as i32)).powi(shape.bands as i32)
}

impl BandShape {
    /// The shape with the most rows, and then the fewest bands, that misses at most
    /// `miss_rate_max` of the pairs exactly at `similar`, within `sketch_len` places. Where no
    /// shape reaches that, one row in each band comes closest.
    pub fn choose(params: &DocumentParams) -> Self {
        if let Some((bands, rows)) = params.bands_rows {
            return Self { bands, rows };
        }
        let fitting = |rows: usize| {
            (1..=params.sketch_len / rows)
                .map(|bands| Self { bands, rows })
                .find(|&shape| 1.0 - candidate_probability(params.similar, shape) <= params.miss_rate_max)
        };
        (1..=params.sketch_len).rev().find_map(fitting).unwrap_or(Self { bands: params.sketch_len.max(1), rows: 1 })
    }

    /// Places the signature must have.
    pub fn sketch_len(self) -> usize {
        self.bands * self.rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(similar: f64, miss_rate_max: f64) -> BandShape {
        BandShape::choose(&DocumentParams { similar, miss_rate_max, ..DocumentParams::default() })
    }

    #[test]
    fn the_chosen_shape_keeps_the_promised_miss_rate() {
        for similar in [0.3, 0.5, 0.7, 0.8, 0.9, 0.99] {
            let shape = choose(similar, 0.001);
            assert!(1.0 - candidate_probability(similar, shape) <= 0.001, "{similar}: {shape:?}");
            assert!(shape.sketch_len() <= 128);
        }
        assert_eq!(choose(0.8, 0.001), BandShape { bands: 18, rows: 5 });
        assert_eq!(choose(1.0, 0.001), BandShape { bands: 1, rows: 128 });
    }

    #[test]
    fn an_unreachable_promise_gets_the_most_sensitive_shape() {
        assert_eq!(choose(0.01, 0.001), BandShape { bands: 128, rows: 1 });
    }

    #[test]
    fn the_s_curve_matches_the_measured_values() {
        // P(candidate) at J .40/.45/.50 for 42 bands of 3.
        for (s, p) in [(0.40, 0.938), (0.45, 0.982), (0.50, 0.996)] {
            assert!((candidate_probability(s, BandShape { bands: 42, rows: 3 }) - p).abs() < 0.001);
        }
    }
}
