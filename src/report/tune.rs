//! Bands and rows for people: what an intent comes to, and what it costs.
//!
//! [`DocumentParams`] and, where there is a corpus, its [`Size`] -> text.

use std::fmt::{self, Write};

use crate::index::{BandShape, candidate_probability};
use crate::params::DocumentParams;
use crate::report::terminal::{FAINT, FLAGGED, HEADING, count, grouped, per_cent, size};

/// How large a corpus is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Documents.
    pub documents: u64,
    /// Words of all documents: as many shingles, near enough.
    pub words: u64,
    /// Bytes of all texts.
    pub bytes: u64,
}

/// What a search for duplicates costs by its shape.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Hash values computed: one for each shingle and place of the signature.
    pub hashes: u64,
    /// Bytes of band keys: one entry for each document and band.
    pub band_bytes: u64,
}

/// Bytes of one entry: a key of 8 and a document number of 4.
const BAND_ENTRY_BYTES: u64 = 12;

impl Size {
    /// The cost of a shape.
    pub fn cost(&self, shape: BandShape) -> Cost {
        Cost {
            hashes: self.words * shape.sketch_len() as u64,
            band_bytes: self.documents * shape.bands as u64 * BAND_ENTRY_BYTES,
        }
    }
}

/// Miss rates that are compared, besides the one that was asked for.
const MISS_RATES: [f64; 4] = [0.1, 0.01, 0.001, 0.0001];

/// The shape for an intent, its curve, and what neighbouring intents would cost. `hash_seconds` is what a
/// hash value takes on this machine.
pub fn render(params: &DocumentParams, corpus: Option<Size>, hash_seconds: f64) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = try_render(&mut out, params, corpus, hash_seconds);
    out
}

fn try_render(out: &mut String, params: &DocumentParams, corpus: Option<Size>, hash_seconds: f64) -> fmt::Result {
    let shape = BandShape::choose(params);
    let miss = missed(params.similar, shape);
    writeln!(
        out,
        "{HEADING}{} bands of {} rows{HEADING:#}, {} places of a signature, for --similar {} --miss {}",
        shape.bands,
        shape.rows,
        shape.sketch_len(),
        params.similar,
        params.miss_rate_max
    )?;
    writeln!(out, "expected to miss {} of the pairs exactly at {}, fewer above", per_cent(miss), params.similar)?;
    if params.bands_rows.is_some() {
        writeln!(out, "{FAINT}--bands and --rows override what --similar and --miss give{FAINT:#}")?;
    } else if miss > params.miss_rate_max {
        writeln!(
            out,
            "{FLAGGED}note{FLAGGED:#} {} places do not suffice for --miss {}: this comes closest",
            params.sketch_len, params.miss_rate_max
        )?;
    }
    writeln!(out, "\n{HEADING}chance that a pair is compared, by its Jaccard similarity{HEADING:#}")?;
    curve(out, params.similar, shape)?;
    writeln!(out, "{FAINT}what is compared is compared exactly: a low threshold costs time, never precision{FAINT:#}")?;

    writeln!(out, "\n{HEADING}what other miss rates come to{HEADING:#}")?;
    write!(
        out,
        "{FAINT}{:>8} {:>6} {:>5} {:>7} {:>9} {:>9}",
        "--miss", "bands", "rows", "places", "misses", "at ½ sim."
    )?;
    if corpus.is_some() {
        write!(out, " {:>10} {:>11}", "CPU", "band keys")?;
    }
    writeln!(out, "{FAINT:#}")?;
    let mut rates: Vec<f64> = MISS_RATES.iter().copied().chain([params.miss_rate_max]).collect();
    rates.sort_by(|x, y| y.total_cmp(x));
    rates.dedup();
    for rate in rates {
        let shape = BandShape::choose(&DocumentParams { miss_rate_max: rate, bands_rows: None, ..params.clone() });
        let chosen = rate == params.miss_rate_max;
        write!(
            out,
            "{:>8} {:>6} {:>5} {:>7} {:>9} {:>9}",
            rate,
            shape.bands,
            shape.rows,
            shape.sketch_len(),
            per_cent(missed(params.similar, shape)),
            per_cent(candidate_probability(params.similar / 2.0, shape)),
        )?;
        if let Some(corpus) = corpus {
            let cost = corpus.cost(shape);
            write!(out, " {:>10} {:>11}", seconds(cost.hashes as f64 * hash_seconds), size(cost.band_bytes))?;
        }
        writeln!(out, "{}", if chosen { "  <" } else { "" })?;
    }
    match corpus {
        Some(c) => writeln!(
            out,
            "{FAINT}{}, {}, {}; CPU: signatures alone, {} shingles at {:.2} ns a place here and now{FAINT:#}",
            count(c.documents, "document"),
            count(c.words, "word"),
            size(c.bytes),
            grouped(c.words),
            hash_seconds * 1e9,
        ),
        None => writeln!(out, "{FAINT}with a PATH: what each costs on that corpus{FAINT:#}"),
    }
}

fn missed(similar: f64, shape: BandShape) -> f64 {
    1.0 - candidate_probability(similar, shape)
}

const CURVE_COLUMNS: usize = 50;

/// A bar for every twentieth, and for the threshold.
fn curve(out: &mut String, similar: f64, shape: BandShape) -> fmt::Result {
    let mut at: Vec<f64> = (0..=20).map(|i| f64::from(i) / 20.0).chain([similar]).collect();
    at.sort_by(f64::total_cmp);
    at.dedup_by(|x, y| (*x - *y).abs() < 1e-9);
    for s in at {
        let chance = candidate_probability(s, shape);
        let bar = "█".repeat((chance * CURVE_COLUMNS as f64).round() as usize);
        let mark = if (s - similar).abs() < 1e-9 { "< --similar" } else { "" };
        writeln!(out, "  {s:<5.2} {:>8} {bar:<CURVE_COLUMNS$} {mark}", per_cent(chance))
            .and_then(|()| trim_line(out))?;
    }
    Ok(())
}

/// Takes the blanks before the last line end away.
fn trim_line(out: &mut String) -> fmt::Result {
    out.truncate(out.trim_end().len());
    out.write_char('\n')
}

fn seconds(seconds: f64) -> String {
    match seconds {
        ..100.0 => format!("{seconds:.1} s"),
        ..6_000.0 => format!("{:.0} min", seconds / 60.0),
        _ => format!("{:.1} h", seconds / 3_600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_intent_is_told_with_its_curve_and_its_neighbours() {
        let params = DocumentParams { miss_rate_max: 0.01, ..DocumentParams::default() };
        let text = render(&params, Some(Size { documents: 1_000, words: 400_000, bytes: 3_000_000 }), 1e-9);
        assert!(text.contains("bands of"), "{text}");
        assert_eq!(text.lines().filter(|l| l.contains("< --similar")).count(), 1, "{text}");
        assert_eq!(text.lines().filter(|l| l.ends_with("  <")).count(), 1, "{text}");
        assert!(text.contains("1,000 documents"), "{text}");
    }

    #[test]
    fn a_cost_is_a_sum_one_can_check() {
        let size = Size { documents: 10, words: 1_000, bytes: 6_000 };
        assert_eq!(size.cost(BandShape { bands: 18, rows: 5 }), Cost { hashes: 90_000, band_bytes: 2_160 });
    }

    #[test]
    fn shares_near_none_and_all_are_told_from_them() {
        let cases = [
            (0.0, "0 %"),
            (1.0, "100 %"),
            (0.5, "50.0 %"),
            (0.00001, "0.001 %"),
            (1e-9, "<0.001 %"),
            (1.0 - 1e-9, ">99.99 %"),
        ];
        cases.iter().for_each(|&(share, text)| assert_eq!(per_cent(share), text));
    }
}
