//! What a page is made of, and what stands around each of its lines.
//!
//! Traits of the lines of a page -> bins of features. The same short line is the article's on a page
//! of lists and a button on a page of prose: shares over the whole page tell one page from another,
//! shares around a line and the nearest lines that a rule has named tell its parts apart.

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

/// Features of the whole page, with their number of bins: shares of lines of each trait in the
/// order of the bits, and its size.
pub(super) const OF_PAGE: [(&str, usize); KINDS + 2] = [
    ("page_marked", 10),
    ("page_short", 10),
    ("page_stops", 10),
    ("page_again", 10),
    ("page_items", 10),
    ("page_code", 10),
    ("page_digits", 10),
    ("page_money", 10),
    ("page_addresses", 10),
    ("page_dates", 10),
    ("page_lines_fine", 14),
    ("page_prose_words", 14),
];

/// Features of one line by what stands around it, with their number of bins.
pub(super) const OF_LINE: [(&str, usize); 14] = [
    ("masked_in_document", 9),
    ("neighbours_masked", 9),
    ("mark_before", 24),
    ("mark_before_distance", 10),
    ("mark_after", 24),
    ("mark_after_distance", 10),
    ("again_within_3", 7),
    ("again_within_10", 9),
    ("marked_within_10", 9),
    ("digits_within_10", 9),
    ("money_within_10", 9),
    ("dates_within_10", 9),
    ("share_of_prose", 7),
    ("prose_above", 10),
];

/// The features' bins.
pub(super) struct Composition {
    pub page: [u8; OF_PAGE.len()],
    pub lines: Vec<[u8; OF_LINE.len()]>,
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
        let share = |kind: Traits, from: usize, to: usize| {
            let kind = kind.trailing_zeros() as usize;
            (counts[to][kind] - counts[from][kind]) as f32 / (to - from).max(1) as f32
        };
        let words = |i: usize| if page.lines[i].prose { page.lines[i].weight } else { 0.0 };
        let total: f32 = (0..n).map(words).sum();
        let mut of_page = [0; OF_PAGE.len()];
        for (kind, bin) in of_page.iter_mut().take(KINDS).enumerate() {
            let borders = if 1 << kind & (SHORT | STOP | AGAIN) != 0 { COMMON } else { RARE };
            *bin = at(share(1 << kind, 0, n), borders);
        }
        of_page[KINDS] = at(n as f32, PAGE_LINES);
        of_page[KINDS + 1] = at(total, PROSE_WORDS);
        let mut lines = vec![[0; OF_LINE.len()]; n];
        let mut above = 0.0;
        for (i, line) in lines.iter_mut().enumerate() {
            let around = |reach: usize| (i.saturating_sub(reach), (i + reach + 1).min(n));
            let (near, far) = (around(3), around(10));
            let beside = [i.checked_sub(1), Some(i + 1)];
            let beside: u32 = beside.into_iter().flatten().filter_map(|j| masked.get(j)).sum();
            line[0] = at(masked[i] as f32, TIMES);
            line[1] = at(beside as f32, TIMES_OF_TWO);
            line[6] = at(share(AGAIN, near.0, near.1), &[0.1, 0.2, 0.4, 0.5, 0.7, 0.99]);
            for (bin, kind) in line[7..12].iter_mut().zip([AGAIN, MARKED, DIGITS, MONEY, DATE]) {
                *bin = at(share(kind, far.0, far.1), AROUND);
            }
            line[12] = at(words(i) / total.max(1.0), &[1e-6, 0.005, 0.01, 0.02, 0.04, 0.1]);
            line[13] = at(above / total.max(1.0), &[1e-6, 0.05, 0.15, 0.3, 0.5, 0.7, 0.85, 0.95, 0.999]);
            above += words(i);
        }
        nearest(page, traits, 0..n, 2, &mut lines);
        nearest(page, traits, (0..n).rev(), 4, &mut lines);
        Self { page: of_page, lines }
    }
}

/// Writes the label of the last line that a rule has named, and how far it is, at `place`.
fn nearest(
    page: &Page,
    traits: &[Traits],
    order: impl Iterator<Item = usize>,
    place: usize,
    lines: &mut [[u8; OF_LINE.len()]],
) {
    let mut last: Option<(usize, Label)> = None;
    for i in order {
        if let Some((line, label)) = last {
            lines[i][place] = 1 + label as u8;
            lines[i][place + 1] = 1 + at(i.abs_diff(line) as f32, DISTANCES);
        }
        if traits[i] & MARKED != 0 {
            last = page.marks[i].as_ref().map(|mark| (i, mark.label));
        }
    }
}

const COMMON: &[f32] = &[0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.85];
const RARE: &[f32] = &[1e-6, 0.005, 0.015, 0.03, 0.06, 0.12, 0.2, 0.35, 0.6];
const AROUND: &[f32] = &[1e-6, 0.06, 0.12, 0.2, 0.3, 0.45, 0.6, 0.9];
const TIMES: &[f32] = &[2.0, 3.0, 4.0, 6.0, 10.0, 20.0, 50.0, 150.0];
const TIMES_OF_TWO: &[f32] = &[3.0, 4.0, 5.0, 8.0, 16.0, 40.0, 100.0, 300.0];
const DISTANCES: &[f32] = &[2.0, 3.0, 5.0, 8.0, 14.0, 25.0, 50.0, 110.0];
const PAGE_LINES: &[f32] =
    &[8.0, 20.0, 45.0, 75.0, 120.0, 165.0, 210.0, 255.0, 310.0, 380.0, 480.0, 690.0, 1000.0];
const PROSE_WORDS: &[f32] =
    &[1.0, 80.0, 160.0, 280.0, 460.0, 680.0, 920.0, 1200.0, 1500.0, 1900.0, 2700.0, 3900.0, 7000.0];

/// The bin of a value: how many of the ascending borders it reaches.
fn at(value: f32, borders: &[f32]) -> u8 {
    borders.iter().take_while(|&&b| value >= b).count() as u8
}
