//! What the lines around a line say of it, once each line has had a first look.
//!
//! Samples of a page's lines and the chance each got -> the values that the trees see, each 0 to 63:
//! the bins of the first look, what the page is made of, the chances of the neighbours, what lies
//! before and after, and how
//! lines that are alike fared.

use super::features::{self, Likes, Sample, VALUES};
use super::lexicon::ByHash;

/// What the second look sees of the chances around the line.
const CONTEXT: &[&str] = &[
    "own",
    "before_1_chance",
    "before_2_chance",
    "before_3_chance",
    "before_4_chance",
    "after_1_chance",
    "after_2_chance",
    "after_3_chance",
    "after_4_chance",
    "mean_3_before",
    "mean_8_before",
    "mean_20_before",
    "mean_60_before",
    "mean_all_before",
    "mean_3_after",
    "mean_8_after",
    "mean_20_after",
    "mean_60_after",
    "mean_all_after",
    "mean_page",
    "share_of_filler_lines",
    "body_before",
    "body_after",
    "body_on_either_side",
    "body_words",
    "good_prose_before",
    "good_prose_after",
    "good_prose_zone",
    "block",
    "same_first_word",
    "same_last_word",
    "same_shape",
    "same_first_word_count",
    "exact_length",
    "length_before",
    "length_after",
    "place_fine",
];

/// The names of the values of the second look, by index.
pub(super) fn value_names() -> Vec<String> {
    features::value_names().chain(CONTEXT.iter().map(|name| name.to_string())).collect()
}

/// How many values a line has.
pub(super) const WIDTH: usize = VALUES + CONTEXT.len();

/// The values of the second look, each 0 to 63, from the chance of each line at the first.
pub(super) fn values(samples: &[Sample], chances: &[f32]) -> Vec<Vec<u8>> {
    let likes: Vec<Likes> = samples.iter().map(|s| s.likes).collect();
    let mut values = vec![0; samples.len() * WIDTH];
    for (sample, values) in samples.iter().zip(values.chunks_exact_mut(WIDTH)) {
        values[..VALUES].copy_from_slice(&sample.values);
    }
    around(&likes, chances, &mut values);
    values.chunks_exact(WIDTH).map(<[u8]>::to_vec).collect()
}

/// Writes the values of what lies around each line behind those of its bins.
pub(super) fn around(likes: &[Likes], chances: &[f32], values: &mut [u8]) {
    let n = likes.len();
    let lengths: Vec<f32> = likes.iter().map(|s| s.length).collect();
    // Sums of chances weighed by length, so that long lines count for more.
    let mass: Vec<f32> = lengths.iter().map(|w| (1.0 + w).ln()).collect();
    let (from, to) = main_block(&mass, chances);
    let mut sums = Vec::with_capacity(n + 1);
    sums.push((0.0f64, 0.0f64));
    for i in 0..n {
        let (chance, weight) = sums[i];
        sums.push((chance + f64::from(mass[i] * chances[i]), weight + f64::from(mass[i])));
    }
    let mean = |from: usize, to: usize| {
        let weight = sums[to].1 - sums[from].1;
        if weight <= 0.0 { None } else { Some(((sums[to].0 - sums[from].0) / weight) as f32) }
    };
    let body: Vec<f32> = (0..n).map(|j| lengths[j] * (1.0 - chances[j])).collect();
    let total: f32 = body.iter().sum::<f32>().max(1e-6);
    let good: Vec<bool> = (0..n).map(|j| likes[j].prose && chances[j] < 0.3).collect();
    let (first_good, last_good) = (good.iter().position(|g| *g), good.iter().rposition(|g| *g));
    let mut good_before = vec![None; n];
    let mut good_after = vec![None; n];
    for i in 1..n {
        good_before[i] = if good[i - 1] { Some(1) } else { good_before[i - 1].map(|d: usize| d + 1) };
        let j = n - 1 - i;
        good_after[j] = if good[j + 1] { Some(1) } else { good_after[j + 1].map(|d: usize| d + 1) };
    }
    let firsts = Likeness::of(likes, chances, |s| s.first_word);
    let lasts = Likeness::of(likes, chances, |s| s.last_word);
    let shapes = Likeness::of(likes, chances, |s| s.shape);
    // Lengths have few values, distances too; each logarithm is taken once a line.
    let logs: Vec<u8> = lengths.iter().map(|&w| log_of(w)).collect();
    let log = |x: f32| usize::from(log_of(x));
    let percent = |p: f32| 1 + (p.clamp(0.0, 1.0) * 30.0) as usize;
    let maybe = |p: Option<f32>| p.map_or(0, percent);
    let filler_lines = chances.iter().filter(|&&p| p >= 0.5).count() as f32 / n.max(1) as f32;
    let mut body_before = 0.0;
    let total_log = log(total);
    for (i, values) in values.chunks_exact_mut(WIDTH).enumerate() {
        let mut values = Values(values[VALUES..].iter_mut());
        let near = |offset: isize| i.checked_add_signed(offset).and_then(|j| chances.get(j)).copied();
        values.push((chances[i] * 63.0) as usize);
        values.extend([-1, -2, -3, -4, 1, 2, 3, 4].map(|o| maybe(near(o))));
        values.extend([3, 8, 20, 60, n].map(|reach| maybe(mean(i.saturating_sub(reach), i))));
        values.extend([3, 8, 20, 60, n].map(|reach| maybe(mean(i + 1, (i + 1 + reach).min(n)))));
        values.push(maybe(mean(0, n)));
        values.push(percent(filler_lines));
        let before = body_before / total;
        body_before += body[i];
        let after = 1.0 - body_before / total;
        values.extend([percent(before), percent(after), percent(2.0 * before.min(after))]);
        values.push(total_log);
        values.push(good_before[i].map_or(63, |d| log(d as f32)));
        values.push(good_after[i].map_or(63, |d| log(d as f32)));
        values.push(match (first_good, last_good) {
            (Some(first), _) if i < first => 20 + log((first - i) as f32).min(19),
            (_, Some(last)) if i > last => 40 + log((i - last) as f32).min(19),
            (Some(_), Some(_)) => 1,
            _ => 0,
        });
        values.push(match i {
            _ if (from..to).contains(&i) && i == from => 0,
            _ if (from..to).contains(&i) && i + 1 == to => 1,
            _ if (from..to).contains(&i) => 2,
            _ if i < from => 4 + log((from - i) as f32).min(25),
            _ => 34 + log((i - to + 1) as f32).min(25),
        });
        values.push(maybe(firsts.mean(i)));
        values.push(maybe(lasts.mean(i)));
        values.push(maybe(shapes.mean(i)));
        values.push(log(firsts.count(i)));
        values.push(logs[i].into());
        values.push(if i == 0 { 63 } else { logs[i - 1].into() });
        values.push(logs.get(i + 1).map_or(63, |&log| log.into()));
        values.push(i * 60 / n);
    }
}

/// Four times the logarithm to base 2 of one more.
pub(super) fn log_of(x: f32) -> u8 {
    ((1.0 + x).log2() * 4.0).min(63.0) as u8
}

/// The places of a line's values still to be written.
struct Values<'v>(std::slice::IterMut<'v, u8>);

impl Values<'_> {
    fn push(&mut self, value: usize) {
        if let Some(place) = self.0.next() {
            *place = value.min(63) as u8;
        }
    }

    fn extend(&mut self, values: impl IntoIterator<Item = usize>) {
        values.into_iter().for_each(|value| self.push(value));
    }
}

/// The mean chance of lines of a page that are alike in one respect.
struct Likeness {
    /// For each line which of the sums is its own.
    places: Vec<u32>,
    /// Sums of chances, and of how many.
    sums: Vec<(f32, f32)>,
}

impl Likeness {
    fn of(likes: &[Likes], chances: &[f32], key: impl Fn(&Likes) -> u64) -> Self {
        let mut known: ByHash<u32> = ByHash::default();
        known.reserve(likes.len());
        let mut sums: Vec<(f32, f32)> = Vec::with_capacity(likes.len());
        let place = |(like, chance): (&Likes, &f32)| {
            let place = *known.entry(key(like)).or_insert(sums.len() as u32);
            if place as usize == sums.len() {
                sums.push((0.0, 0.0));
            }
            let sum = &mut sums[place as usize];
            *sum = (sum.0 + chance, sum.1 + 1.0);
            place
        };
        let places = likes.iter().zip(chances).map(place).collect();
        Self { places, sums }
    }

    /// From three lines on.
    fn mean(&self, line: usize) -> Option<f32> {
        let (sum, count) = self.sums[self.places[line] as usize];
        (count >= 3.0).then(|| sum / count)
    }

    fn count(&self, line: usize) -> f32 {
        self.sums[self.places[line] as usize].1
    }
}

/// The stretch of lines that holds most body and least filler (the maximum sum subarray, as in
/// content extraction since Pasternack & Roth 2009).
fn main_block(mass: &[f32], chances: &[f32]) -> (usize, usize) {
    let (mut best, mut found) = (0.0, (0, mass.len()));
    let (mut sum, mut start) = (0.0, 0);
    for i in 0..mass.len() {
        sum += mass[i] * (0.5 - chances[i]);
        if sum > best {
            (best, found) = (sum, (start, i + 1));
        }
        if sum <= 0.0 {
            (sum, start) = (0.0, i + 1);
        }
    }
    found
}
