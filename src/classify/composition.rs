//! What a page is made of, and what stands around each of its lines.
//!
//! Traits of the lines of a page -> values for the second look, each 0 to 63. The same short line is
//! the article's on a page of lists and a button on a page of prose: shares over the whole page tell one
//! page from another, shares around a line and the nearest lines that a rule has named tell its parts
//! apart. The first look does not see them: on hosts unseen in training it then errs more, since it
//! knows pages by what they are made of.

use super::context::log_of;
use super::page::Page;
use crate::label::Label;

/// A trait of a line, as a bit.
pub(super) type Traits = u16;
/// A rule has named it as filler.
pub(super) const MARKED: Traits = 1;
/// Shorter than four words.
pub(super) const SHORT: Traits = 1 << 1;
/// Ends in a full stop.
pub(super) const STOP: Traits = 1 << 2;
/// Stands more than once in the document.
pub(super) const AGAIN: Traits = 1 << 3;
/// Begins as an item of a list does.
pub(super) const ITEM: Traits = 1 << 4;
/// Looks like a program's.
pub(super) const CODE: Traits = 1 << 5;
/// A tenth of it are digits.
pub(super) const DIGITS: Traits = 1 << 6;
pub(super) const MONEY: Traits = 1 << 7;
pub(super) const ADDRESS: Traits = 1 << 8;
/// Short, with the name of a month or a date.
pub(super) const DATE: Traits = 1 << 9;
const KINDS: usize = 10;

/// The values' names: shares of the page's lines of each trait in the order of the bits, its size;
/// then what stands around the line.
pub(super) const NAMES: [&str; OF_PAGE + OF_LINE] = [
    "page_marked",
    "page_short",
    "page_stops",
    "page_again",
    "page_items",
    "page_code",
    "page_digits",
    "page_money",
    "page_addresses",
    "page_dates",
    "page_lines_count",
    "page_prose_words",
    "masked_in_document",
    "neighbours_masked",
    "again_within_3",
    "again_within_10",
    "marked_within_10",
    "digits_within_10",
    "money_within_10",
    "dates_within_10",
    "share_of_prose",
    "prose_above",
    "mark_before",
    "mark_before_distance",
    "mark_after",
    "mark_after_distance",
];
const OF_PAGE: usize = KINDS + 2;
const OF_LINE: usize = 14;
/// Where the nearest marks stand among the values of a line.
const MARK_BEFORE: usize = 10;
const MARK_AFTER: usize = 12;

/// The values of a page, each 0 to 63.
pub(super) struct Composition {
    page: [u8; OF_PAGE],
    lines: Vec<[u8; OF_LINE]>,
}

impl Composition {
    /// From the traits of each line and how often the document has it, its numbers masked.
    pub fn of(page: &Page, traits: &[Traits], masked: &[u32]) -> Self {
        let n = traits.len();
        // For each trait how many lines before each line have it.
        let mut counts = Vec::with_capacity(n + 1);
        counts.push([0u32; KINDS]);
        for &traits in traits {
            let mut count = counts[counts.len() - 1];
            count.iter_mut().enumerate().for_each(|(kind, count)| *count += u32::from(traits >> kind & 1));
            counts.push(count);
        }
        let has = |kind: Traits, from: usize, to: usize| {
            let kind = kind.trailing_zeros() as usize;
            share((counts[to][kind] - counts[from][kind]) as f32, (to - from) as f32)
        };
        let words = |i: usize| if page.lines[i].prose { page.lines[i].weight } else { 0.0 };
        let total: f32 = (0..n).map(words).sum();
        let mut of_page = [0; OF_PAGE];
        of_page.iter_mut().take(KINDS).enumerate().for_each(|(kind, value)| *value = has(1 << kind, 0, n));
        of_page[KINDS] = log_of(n as f32);
        of_page[KINDS + 1] = log_of(total);
        let mut above = 0.0;
        let of_line = |i: usize| {
            let around = |kind: Traits, reach: usize| has(kind, i.saturating_sub(reach), (i + reach + 1).min(n));
            let beside = [i.checked_sub(1), Some(i + 1)];
            let beside: u32 = beside.into_iter().flatten().filter_map(|j| masked.get(j)).sum();
            let before = above;
            above += words(i);
            [
                log_of(masked[i] as f32),
                log_of(beside as f32),
                around(AGAIN, 3),
                around(AGAIN, 10),
                around(MARKED, 10),
                around(DIGITS, 10),
                around(MONEY, 10),
                around(DATE, 10),
                share(words(i), total),
                (before / total.max(1.0) * 63.0) as u8,
                0,
                0,
                0,
                0,
            ]
        };
        let mut lines: Vec<_> = (0..n).map(of_line).collect();
        nearest(page, traits, 0..n, MARK_BEFORE, &mut lines);
        nearest(page, traits, (0..n).rev(), MARK_AFTER, &mut lines);
        Self { page: of_page, lines }
    }

    /// Writes the values of one line.
    pub fn write(&self, line: usize, values: &mut [u8]) {
        values[..OF_PAGE].copy_from_slice(&self.page);
        values[OF_PAGE..].copy_from_slice(&self.lines[line]);
    }
}

/// A share on a scale of 0 to 63 that tells small ones apart.
fn share(part: f32, whole: f32) -> u8 {
    ((part / whole.max(1.0)).sqrt() * 63.0) as u8
}

/// Writes the label of the last line that a rule has named, and how far it is, at `place`.
fn nearest(
    page: &Page,
    traits: &[Traits],
    order: impl Iterator<Item = usize>,
    place: usize,
    lines: &mut [[u8; OF_LINE]],
) {
    let mut last: Option<(usize, Label)> = None;
    for i in order {
        lines[i][place..place + 2].copy_from_slice(&match last {
            Some((line, label)) => [1 + label as u8, log_of(i.abs_diff(line) as f32).min(62)],
            None => [0, 63],
        });
        if traits[i] & MARKED != 0 {
            last = page.marks[i].as_ref().map(|mark| (i, mark.label));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Classifier;
    use super::*;
    use crate::fingerprint::LineFrequencies;
    use crate::params::FillerParams;
    use crate::tokenise::{View, default_tokeniser};

    /// The values of one name for every line, from traits given line by line.
    fn values(text: &str, traits: &[Traits], masked: &[u32], name: &str) -> Vec<u8> {
        let classifier = Classifier::new(&FillerParams::default()).unwrap();
        let (view, lines) = (View::new(text, default_tokeniser()), LineFrequencies::default());
        let page = classifier.rules(None, &view, &lines);
        let composition = Composition::of(&page, traits, masked);
        let place = NAMES.iter().position(|n| *n == name).unwrap();
        let of_line = |line| {
            let mut values = [0; NAMES.len()];
            composition.write(line, &mut values);
            values[place]
        };
        (0..traits.len()).map(of_line).collect()
    }

    #[test]
    fn a_share_of_the_page_is_the_same_on_all_its_lines() {
        let traits = [MONEY, 0, 0, MONEY | SHORT];
        assert_eq!(values("a\nb\nc\nd", &traits, &[1; 4], "page_money"), [44; 4]);
        assert_eq!(values("a\nb\nc\nd", &traits, &[1; 4], "page_short"), [31; 4]);
        assert_eq!(values("a\nb\nc\nd", &traits, &[1; 4], "page_code"), [0; 4]);
    }

    #[test]
    fn a_share_around_a_line_ends_where_its_reach_does() {
        let text = ["a"; 12].join("\n");
        let mut traits = [0; 12];
        traits[0] = AGAIN;
        let near = values(&text, &traits, &[1; 12], "again_within_3");
        assert!(near[3] > 0 && near[4] == 0, "{near:?}");
        let far = values(&text, &traits, &[1; 12], "again_within_10");
        assert!(far[10] > 0 && far[11] == 0, "{far:?}");
    }

    #[test]
    fn a_line_knows_the_nearest_line_that_a_rule_has_named() {
        let text = "First line here\nRead also:\nthird line here\nfourth line here";
        let traits = [0, MARKED, 0, 0];
        let label = 1 + Label::ReadAlsoMarker as u8;
        assert_eq!(values(text, &traits, &[1; 4], "mark_before"), [0, 0, label, label]);
        assert_eq!(values(text, &traits, &[1; 4], "mark_after"), [label, 0, 0, 0]);
        assert_eq!(values(text, &traits, &[1; 4], "mark_before_distance"), [63, 63, log_of(1.0), log_of(2.0)]);
    }

    #[test]
    fn lines_that_differ_in_their_numbers_only_count_together() {
        let page = "Posts: 12\nPosts: 9\nJoined: May";
        let times = values(page, &[0; 3], &[2, 2, 1], "masked_in_document");
        assert_eq!(times, [log_of(2.0), log_of(2.0), log_of(1.0)]);
        let beside = values(page, &[0; 3], &[2, 2, 1], "neighbours_masked");
        assert_eq!(beside, [log_of(2.0), log_of(3.0), log_of(2.0)]);
    }
}
