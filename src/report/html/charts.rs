//! Pictures of numbers, as SVG of our own.
//!
//! Numbers -> SVG without styles: sizes are attributes, colours are classes of `page.css`.

// The templates have no statements but `let`.
#![allow(clippy::let_unit_value)]

use maud::{Markup, html};

use super::gathered::BINS;
use crate::report::terminal::grouped;

/// A part of a bar: its class and how much it is.
pub type Part = (&'static str, u64);

/// A bar of parts, as long as their share of `all`.
pub fn bar(parts: &[Part], all: u64) -> Markup {
    let mut x = 0.0;
    html! {
        svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" {
            rect class="rest" width="100" height="10" {}
            @for &(class, n) in parts {
                @let width = percent(n, all);
                rect class=(class) x=(number(x)) width=(number(width)) height="10" {}
                @let _ = x += width;
            }
        }
    }
}

/// `n` of `all` in per cent.
pub fn percent(n: u64, all: u64) -> f64 {
    if all == 0 { 0.0 } else { (n as f64 / all as f64 * 100.0).min(100.0) }
}

/// One series of a histogram: its class, its name, and a count for each bar.
pub struct Series<'a> {
    /// The class of its bars.
    pub class: &'static str,
    /// What it is called.
    pub name: &'static str,
    /// Its counts.
    pub bins: &'a [u64; BINS],
}

const LEFT: f64 = 44.0;
const TOP: f64 = 26.0;
const WIDTH: f64 = 552.0;
const HEIGHT: f64 = 190.0;

/// Counts between 0 and 1, one series on the other, with a threshold and a curve of probabilities.
pub fn histogram(title: &str, series: &[Series], threshold: f64, curve: Option<&dyn Fn(f64) -> f64>) -> Markup {
    let total = |i: usize| series.iter().map(|s| s.bins[i]).sum::<u64>();
    let most = (0..BINS).map(total).max().unwrap_or(0).max(1);
    let x = |share: f64| number(LEFT + share * WIDTH);
    let y = |share: f64| TOP + (1.0 - share) * HEIGHT;
    let step = WIDTH / BINS as f64;
    html! {
        svg class="chart" viewBox="0 0 640 262" role="img" aria-label=(title) {
            @for tick in [0.0, 0.5, 1.0] {
                line class="grid" x1=(number(LEFT)) x2=(x(1.0)) y1=(number(y(tick))) y2=(number(y(tick))) {}
            }
            text class="end" x=(number(LEFT - 8.0)) y=(number(y(1.0) + 5.0)) { (compact(most)) }
            text class="end" x=(number(LEFT - 8.0)) y=(number(y(0.0) + 2.0)) { "0" }
            @if curve.is_some() {
                text class="curve-text" x=(number(LEFT + WIDTH + 6.0)) y=(number(y(1.0) + 5.0)) { "100 %" }
                text class="curve-text" x=(number(LEFT + WIDTH + 6.0)) y=(number(y(0.0) + 2.0)) { "0 %" }
            }
            @for i in 0..BINS {
                @let mut base = 0u64;
                @for s in series.iter().filter(|s| s.bins[i] > 0) {
                    @let _ = base += s.bins[i];
                    @let top = base as f64 / most as f64;
                    // One pair among thousands is still seen.
                    @let height = (s.bins[i] as f64 / most as f64 * HEIGHT).max(1.5);
                    rect class=(s.class) x=(number(LEFT + i as f64 * step + 1.0)) y=(number(y(top).min(y(0.0) - 1.5)))
                        width=(number(step - 2.0)) height=(number(height)) {
                        title { (s.name) ", " (format!("{:.2}", bin_start(i))) " to " (format!("{:.2}", bin_start(i + 1))) ": " (s.bins[i]) }
                    }
                }
            }
            @if let Some(curve) = curve {
                @let points: Vec<String> = (0..=100)
                    .map(|i| f64::from(i) / 100.0)
                    .map(|s| format!("{},{}", x(s), number(y(curve(s)))))
                    .collect();
                polyline class="curve" points=(points.join(" ")) {}
            }
            line class="threshold" x1=(x(threshold)) x2=(x(threshold)) y1=(number(TOP - 8.0)) y2=(number(y(0.0))) {}
            text class=(if threshold > 0.5 { "end threshold-text" } else { "threshold-text" })
                x=(number(LEFT + threshold * WIDTH + if threshold > 0.5 { -5.0 } else { 5.0 })) y=(number(TOP - 8.0)) {
                "threshold " (threshold)
            }
            @for tick in [0.0, 0.2, 0.4, 0.6, 0.8, 1.0] {
                text class="middle" x=(x(tick)) y=(number(y(0.0) + 24.0)) { (tick) }
            }
        }
    }
}

/// Where a bar begins.
pub fn bin_start(i: usize) -> f64 {
    i as f64 / BINS as f64
}

/// A number with as many digits as a picture needs.
fn number(n: f64) -> String {
    let text = format!("{n:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A count that fits an axis.
fn compact(n: u64) -> String {
    match n {
        0..10_000 => grouped(n),
        10_000..10_000_000 => format!("{}k", n / 1000),
        _ => format!("{}M", n / 1_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_long_as_their_share_and_never_longer_than_all() {
        let svg = bar(&[("taken", 25), ("flag", 50)], 100).0;
        assert!(svg.contains(r#"<rect class="taken" x="0" width="25""#), "{svg}");
        assert!(svg.contains(r#"<rect class="flag" x="25" width="50""#), "{svg}");
        assert!(bar(&[("taken", 7)], 0).0.contains(r#"width="0""#));
    }

    #[test]
    fn a_histogram_draws_what_there_is() {
        let mut bins = [0; BINS];
        (bins[16], bins[19]) = (3, 1);
        let curve = |s: f64| s * s;
        let series = [Series { class: "near", name: "near", bins: &bins }];
        let svg = histogram("pairs", &series, 0.8, Some(&curve)).0;
        assert_eq!(svg.matches("<rect class=\"near\"").count(), 2);
        assert!(svg.contains("near, 0.80 to 0.85: 3") && svg.contains("threshold 0.8") && svg.contains("<polyline"));
    }
}
