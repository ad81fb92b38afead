//! Local alignment of two sides: fills the gaps of a chain and extends its ends, word by word.
//!
//! [`Chain`] -> [`Alignment`], the pairs of equal words in order. Between two runs the words are
//! aligned globally (Needleman & Wunsch 1970), beyond the ends by an extension that stops where
//! edits outweigh matches (Zhang et al. 2000); both work in windows, so the cost is bounded by
//! the chain, not by the product of the sides.

use super::chain::{Chain, cover, coverage};
use super::seed::Run;
use super::words::Word;

/// Score of a column of equal words. Together with [`EDIT`], a stretch gains when more than half
/// of its columns are equal.
const MATCH: i32 = 1;
/// Score of a column of unequal words or of a gap.
const EDIT: i32 = -1;

/// Words on each side that an extension looks at before it stops or moves on.
const WINDOW_WORDS: usize = 12;

/// The largest gap that is aligned, in cells; a larger one counts as edits throughout.
const CELLS_MAX: usize = 1 << 14;

/// Which words of two sides are paired.
#[derive(Clone, Debug, PartialEq)]
pub struct Alignment {
    /// First and one past the last word on both sides: (a start, a end, b start, b end).
    pub bounds: (u32, u32, u32, u32),
    /// Equal words, ascending on both sides.
    pub pairs: Vec<(u32, u32)>,
    /// Words matched on the side with fewer, reordered pieces included.
    pub matched: u32,
}

impl Alignment {
    /// Whether all matched words stand in the same order on both sides.
    pub fn in_order(&self) -> bool {
        self.matched as usize == self.pairs.len()
    }

    /// Share of aligned columns whose words are equal. Between two pairs there are as many columns
    /// as the longer of the two gaps has words; reordered pieces count as equal columns.
    pub fn identity(&self) -> f32 {
        let (a0, a1, b0, b1) = self.bounds;
        let mut columns = 0;
        let (mut a, mut b) = (a0, b0);
        for &(x, y) in &self.pairs {
            columns += (x - a).max(y - b) + 1;
            (a, b) = (x + 1, y + 1);
        }
        columns += (a1 - a).max(b1 - b);
        if !self.in_order() {
            columns = (a1 - a0).max(b1 - b0);
        }
        (self.matched as f32 / columns.max(1) as f32).min(1.0)
    }
}

/// How far a chain reaches on both sides.
pub enum Reach {
    /// It is one run, with nothing to gain at its ends: nearly always. Its words need not be paired to know.
    Run(Run),
    /// It was aligned.
    Aligned(Alignment),
}

impl Reach {
    /// How far `chain` reaches. `limits` bounds both sides as (a start, a end, b start, b end).
    pub fn new(x: &[Word], y: &[Word], chain: &Chain, limits: (u32, u32, u32, u32)) -> Self {
        if let ([run], []) = (&chain.runs[..], &chain.others[..]) {
            let ahead = || may_gain(ahead(x, run.a_end(), limits.1), ahead(y, run.b_end(), limits.3));
            let back = || {
                let (left, right) = (Backwards::new(x, limits.0, run.a), Backwards::new(y, limits.2, run.b));
                may_gain(left.words(), right.words())
            };
            if !ahead() && !back() {
                return Self::Run(*run);
            }
        }
        Self::Aligned(align(x, y, chain, limits))
    }

    /// First and one past the last word on both sides: (a start, a end, b start, b end).
    pub fn bounds(&self) -> (u32, u32, u32, u32) {
        match self {
            Reach::Run(run) => (run.a, run.a_end(), run.b, run.b_end()),
            Reach::Aligned(alignment) => alignment.bounds,
        }
    }

    /// Words matched.
    pub fn matched(&self) -> u32 {
        match self {
            Reach::Run(run) => run.len,
            Reach::Aligned(alignment) => alignment.matched,
        }
    }

    /// The pairs of words.
    pub fn alignment(self) -> Alignment {
        let (bounds, matched) = (self.bounds(), self.matched());
        match self {
            Reach::Run(run) => Alignment { bounds, pairs: paired(run).collect(), matched },
            Reach::Aligned(alignment) => alignment,
        }
    }
}

/// The local alignment around `chain`.
///
/// `limits` bounds both sides as (a start, a end, b start, b end).
fn align(x: &[Word], y: &[Word], chain: &Chain, limits: (u32, u32, u32, u32)) -> Alignment {
    let mut pairs = fill(x, y, chain);
    if !chain.others.is_empty() {
        let all: Vec<_> = chain.runs.iter().chain(&chain.others).copied().collect();
        let matched = (coverage(&all) as u32).max(pairs.len() as u32);
        return Alignment { bounds: cover(&all), pairs, matched };
    }
    extend_back(x, y, &mut pairs, limits);
    extend(x, y, &mut pairs, limits);
    let (first, last) = (pairs[0], pairs[pairs.len() - 1]);
    let matched = pairs.len() as u32;
    Alignment { bounds: (first.0, last.0 + 1, first.1, last.1 + 1), pairs, matched }
}

/// The pairs of a run.
fn paired(run: Run) -> impl Iterator<Item = (u32, u32)> {
    (0..run.len).map(move |i| (run.a + i, run.b + i))
}

/// Pairs of equal words of two whole sides, aligned globally around given runs.
pub fn fill(x: &[Word], y: &[Word], chain: &Chain) -> Vec<(u32, u32)> {
    let mut pairs: Vec<(u32, u32)> = Vec::with_capacity(chain.runs.iter().map(|run| run.len as usize).sum());
    for run in &chain.runs {
        if let Some(&(a, b)) = pairs.last() {
            global(x, y, (a + 1, run.a), (b + 1, run.b), &mut pairs);
        }
        pairs.extend(paired(*run));
    }
    pairs
}

/// Appends the pairs of the best global alignment of `x[a]` with `y[b]`.
pub fn global(x: &[Word], y: &[Word], a: (u32, u32), b: (u32, u32), pairs: &mut Vec<(u32, u32)>) {
    let (n, m) = ((a.1 - a.0) as usize, (b.1 - b.0) as usize);
    if n == 0 || m == 0 || n * m > CELLS_MAX {
        return;
    }
    let (x, y) = (&x[a.0 as usize..a.1 as usize], &y[b.0 as usize..b.1 as usize]);
    // Most gaps are a word or two put in another's place.
    if n * m <= GLANCE_MAX && !x.iter().any(|word| y.contains(word)) {
        return;
    }
    pairs.extend(Table::new(x, y).trace(n, m).into_iter().map(|(i, j)| (a.0 + i, b.0 + j)));
}

/// In smaller gaps all words are compared with all before a table is made.
const GLANCE_MAX: usize = 1 << 10;

/// Appends pairs behind the last one while matches outweigh edits.
fn extend(x: &[Word], y: &[Word], pairs: &mut Vec<(u32, u32)>, limits: (u32, u32, u32, u32)) {
    while let Some(&(a, b)) = pairs.last() {
        let (a, b) = (a + 1, b + 1);
        let Some(gained) = gain(ahead(x, a, limits.1), ahead(y, b, limits.3)) else { return };
        pairs.extend(gained.into_iter().map(|(i, j)| (a + i, b + j)));
    }
}

/// The words of a window from a place on.
fn ahead(words: &[Word], from: u32, limit: u32) -> &[Word] {
    let from = from as usize;
    &words[from..(limit as usize).min(from + WINDOW_WORDS).max(from)]
}

/// The same before the first pair.
fn extend_back(x: &[Word], y: &[Word], pairs: &mut Vec<(u32, u32)>, limits: (u32, u32, u32, u32)) {
    let mut front: Vec<(u32, u32)> = Vec::new();
    while let Some(&(a, b)) = front.last().or(pairs.first()) {
        let left = Backwards::new(x, limits.0, a);
        let right = Backwards::new(y, limits.2, b);
        let Some(gained) = gain(left.words(), right.words()) else { break };
        front.extend(gained.into_iter().map(|(i, j)| (a - 1 - i, b - 1 - j)));
    }
    if !front.is_empty() {
        front.reverse();
        front.append(pairs);
        *pairs = front;
    }
}

/// The words of a window before a place, the nearest first.
struct Backwards {
    words: [Word; WINDOW_WORDS],
    len: usize,
}

impl Backwards {
    fn new(words: &[Word], limit: u32, end: u32) -> Self {
        let before = &words[limit.max(end.saturating_sub(WINDOW_WORDS as u32)) as usize..end as usize];
        let mut this = Self { words: [0; WINDOW_WORDS], len: before.len() };
        this.words.iter_mut().zip(before.iter().rev()).for_each(|(to, &word)| *to = word);
        this
    }

    fn words(&self) -> &[Word] {
        &self.words[..self.len]
    }
}

/// The pairs of the best alignment of prefixes of two windows, when it has more matches than edits.
fn gain(x: &[Word], y: &[Word]) -> Option<Vec<(u32, u32)>> {
    if !may_gain(x, y) {
        return None;
    }
    let table = Table::new(x, y);
    let (i, j) = table.best()?;
    Some(table.trace(i, j))
}

/// Whether prefixes of two windows may have more matches than edits. Nearly all windows end here.
///
/// An alignment that reaches to the k-th word on one side, and no further on the other, has at least
/// k columns; more than half of them match, each in a row of its own. So among the first k words of
/// one side more than k/2 must stand among the first k of the other, for some k.
fn may_gain(x: &[Word], y: &[Word]) -> bool {
    let mut others = [0; WINDOW_WORDS];
    others[..y.len()].copy_from_slice(y);
    // Words of `x` by the smallest k for which they and an equal word of `y` are among the first k.
    let mut matched = [0u8; WINDOW_WORDS];
    for (i, &word) in x.iter().enumerate() {
        let mut equal = [0u32; WINDOW_WORDS];
        (0..).zip(equal.iter_mut().zip(&others)).for_each(|(j, (bit, &other))| *bit = u32::from(other == word) << j);
        let first = equal.iter().sum::<u32>().trailing_zeros() as usize;
        if first < y.len() {
            matched[first.max(i)] += 1;
        }
    }
    let mut sum = 0;
    (1..).zip(matched).any(|(k, here)| {
        sum += here;
        sum * 2 > k
    })
}

/// Scores of all alignments of prefixes, from the corner.
struct Table<'w> {
    x: &'w [Word],
    y: &'w [Word],
    cells: Vec<i32>,
}

impl<'w> Table<'w> {
    fn new(x: &'w [Word], y: &'w [Word]) -> Self {
        let width = y.len() + 1;
        let mut cells = vec![0; (x.len() + 1) * width];
        (0..).zip(&mut cells[..width]).for_each(|(j, cell)| *cell = EDIT * j);
        for (i, word) in x.iter().enumerate() {
            let (above, row) = cells[i * width..(i + 2) * width].split_at_mut(width);
            let mut before = EDIT * (i as i32 + 1);
            row[0] = before;
            for ((cell, above), other) in row[1..].iter_mut().zip(above.windows(2)).zip(y) {
                let through = above[0] + if word == other { MATCH } else { EDIT };
                before = through.max(above[1].max(before) + EDIT);
                *cell = before;
            }
        }
        Self { x, y, cells }
    }

    fn at(&self, i: usize, j: usize) -> i32 {
        self.cells[i * (self.y.len() + 1) + j]
    }

    /// The prefix lengths with the best score above 0, the shortest of equal ones.
    fn best(&self) -> Option<(usize, usize)> {
        let mut best = (0, 0);
        for i in 1..=self.x.len() {
            for j in 1..=self.y.len() {
                if self.at(i, j) > self.at(best.0, best.1) {
                    best = (i, j);
                }
            }
        }
        (self.at(best.0, best.1) > 0).then_some(best)
    }

    /// The equal pairs on the best way to the prefixes of lengths `i` and `j`, ascending.
    fn trace(&self, mut i: usize, mut j: usize) -> Vec<(u32, u32)> {
        let mut pairs = Vec::new();
        while i > 0 && j > 0 {
            let equal = self.x[i - 1] == self.y[j - 1];
            let here = if equal { MATCH } else { EDIT };
            if self.at(i, j) == self.at(i - 1, j - 1) + here {
                (i, j) = (i - 1, j - 1);
                if equal {
                    pairs.push((i as u32, j as u32));
                }
            } else if self.at(i, j) == self.at(i - 1, j) + EDIT {
                i -= 1;
            } else {
                j -= 1;
            }
        }
        pairs.reverse();
        pairs
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::chain::chains;
    use super::*;

    /// Plain quadratic Smith & Waterman (1981): the best local score.
    fn smith_waterman(x: &[Word], y: &[Word]) -> i32 {
        let mut above = vec![0; y.len() + 1];
        let mut best = 0;
        for &p in x {
            let mut row = vec![0; y.len() + 1];
            for (j, &q) in y.iter().enumerate() {
                let through = above[j] + if p == q { MATCH } else { EDIT };
                row[j + 1] = through.max(above[j + 1] + EDIT).max(row[j] + EDIT).max(0);
                best = best.max(row[j + 1]);
            }
            above = row;
        }
        best
    }

    fn score(alignment: &Alignment) -> i32 {
        let matches = alignment.pairs.len() as i32;
        let columns = (matches as f32 / alignment.identity()).round() as i32;
        matches * MATCH + (columns - matches) * EDIT
    }

    fn seeds(x: &[Word], y: &[Word]) -> Vec<Run> {
        let mut runs = Vec::new();
        for a in 0..x.len() {
            for b in 0..y.len() {
                let fresh = a == 0 || b == 0 || x[a - 1] != y[b - 1];
                let len = x[a..].iter().zip(&y[b..]).take_while(|(p, q)| p == q).count();
                if fresh && len >= 3 {
                    runs.push(Run { a: a as u32, b: b as u32, len: len as u32 });
                }
            }
        }
        runs
    }

    #[test]
    fn gaps_are_filled_and_ends_extended_over_single_edits() {
        let x = [1, 2, 50, 3, 4, 5, 6, 60, 7, 8, 9, 10, 70, 11, 12];
        let y = [1, 2, 51, 3, 4, 5, 6, 61, 62, 7, 8, 9, 10, 11, 12];
        let chain = &chains(vec![Run { a: 3, b: 3, len: 4 }, Run { a: 8, b: 9, len: 4 }], |r| r.len as f32, false)[0];
        let got = align(&x, &y, chain, (0, 15, 0, 15));
        assert_eq!(got.bounds, (0, 15, 0, 15));
        assert_eq!(got.matched, 12);
        assert!((got.identity() - 12.0 / 16.0).abs() < 1e-6, "{}", got.identity());
    }

    proptest! {
        #[test]
        fn a_reach_is_that_of_the_alignment(x in prop::collection::vec(0u32..9, 3..40), y in prop::collection::vec(0u32..9, 3..40)) {
            let limits = (0, x.len() as u32, 0, y.len() as u32);
            for run in seeds(&x, &y) {
                let chain = Chain { runs: smallvec::smallvec![run], others: Vec::new() };
                let aligned = align(&x, &y, &chain, limits);
                let reach = Reach::new(&x, &y, &chain, limits);
                prop_assert_eq!((reach.bounds(), reach.matched()), (aligned.bounds, aligned.matched));
                prop_assert_eq!(reach.alignment(), aligned);
            }
        }

        #[test]
        fn windows_left_out_gain_nothing(
            x in prop::collection::vec(0u32..14, 0..=WINDOW_WORDS),
            y in prop::collection::vec(0u32..14, 0..=WINDOW_WORDS),
        ) {
            prop_assert!(may_gain(&x, &y) || Table::new(&x, &y).best().is_none());
        }

        #[test]
        fn gaps_left_out_have_no_pair(x in prop::collection::vec(0u32..90, 1..9), y in prop::collection::vec(0u32..90, 1..9)) {
            let mut pairs = Vec::new();
            global(&x, &y, (0, x.len() as u32), (0, y.len() as u32), &mut pairs);
            prop_assert_eq!(pairs, Table::new(&x, &y).trace(x.len(), y.len()));
        }

        #[test]
        fn the_chained_alignment_is_as_good_as_the_quadratic_one(
            body in prop::collection::vec(0u32..1000, 20..60),
            edits in prop::collection::vec((0usize..60, 0u8..3), 0..6),
            around in prop::collection::vec(2000u32..3000, 20),
        ) {
            let mut copy = body.clone();
            for (at, kind) in edits {
                let at = at % copy.len();
                match kind {
                    0 => copy[at] = 5000 + at as u32,
                    1 => copy.insert(at, 6000 + at as u32),
                    _ => { copy.remove(at); }
                }
            }
            let x: Vec<Word> = [&around[..5], &body, &around[5..10]].concat();
            let y: Vec<Word> = [&around[10..15], &copy, &around[15..]].concat();
            let limits = (0, x.len() as u32, 0, y.len() as u32);
            let found = chains(seeds(&x, &y), |r| r.len as f32, false);
            let best = found.iter().map(|c| align(&x, &y, c, limits)).map(|a| score(&a)).max().unwrap_or(0);
            let oracle = smith_waterman(&x, &y);
            prop_assert!(best <= oracle);
            // Six edits in twenty words may leave no seed at one end.
            prop_assert!(best * 10 >= oracle * 8 || oracle < 8, "{best} of {oracle}");
        }
    }
}
