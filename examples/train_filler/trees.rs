//! Boosted complete trees over values of 0 to 63, with logistic loss (Friedman 2001).

use rayon::prelude::*;

pub const DEPTH: usize = 4;
const TREES: usize = 160;
const RATE: f32 = 0.1;
/// Lines each tree looks at, in a fixed pseudo-random choice.
const LINES_MAX: usize = 140_000;
/// Share of the values each tree may ask for: trees that cannot all ask the same err less alike
/// (Breiman 2001).
const VALUES_SHARE: u64 = (0.3 * u32::MAX as f64) as u64;
const BINS: usize = 64;
/// Smallest sum of second derivatives in a leaf, and the L2 penalty on its weight.
const HESSIAN_MIN: f32 = 60.0;
const PENALTY: f32 = 20.0;

pub struct Tree {
    pub forks: Vec<(usize, u8)>,
    pub leaves: Vec<f32>,
}

impl Tree {
    pub fn leaf(&self, values: &[u8]) -> f32 {
        let mut node = 0;
        while let Some(&(value, border)) = self.forks.get(node) {
            node = 2 * node + 1 + usize::from(values[value] > border);
        }
        self.leaves[node - self.forks.len()]
    }
}

/// One line to learn from: its values, whether it is filler, how much it counts.
pub struct Example<'a> {
    pub values: &'a [u8],
    pub filler: bool,
    pub weight: f32,
}

pub fn fit(examples: &[Example]) -> Vec<Tree> {
    let columns = examples.first().map_or(0, |e| e.values.len());
    let table: Vec<Vec<u8>> =
        (0..columns).into_par_iter().map(|c| examples.iter().map(|e| e.values[c]).collect()).collect();
    let mut sums = vec![0.0f32; examples.len()];
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut trees = Vec::new();
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state >> 32
    };
    for _ in 0..TREES {
        let share = (LINES_MAX as f64 / examples.len() as f64 * u32::MAX as f64) as u64;
        let mut chosen: Vec<u32> = Vec::with_capacity(LINES_MAX + 1000);
        chosen.extend((0..examples.len() as u32).filter(|_| random() < share));
        let values: Vec<usize> = (0..columns).filter(|_| random() < VALUES_SHARE).collect();
        let slopes: Vec<(f32, f32)> = chosen
            .iter()
            .map(|&i| {
                let e = &examples[i as usize];
                let p = crate::chance(sums[i as usize]);
                let target = if e.filler { 1.0 } else { 0.0 };
                ((p - target) * e.weight, (p * (1.0 - p)).max(1e-4) * e.weight)
            })
            .collect();
        let tree = grow(&table, &values, &chosen, &slopes);
        sums.par_iter_mut().zip(examples).for_each(|(s, e)| *s += tree.leaf(e.values));
        trees.push(tree);
    }
    trees
}

/// The tree that lessens the loss most, one level after another, by these values of the table.
fn grow(table: &[Vec<u8>], values: &[usize], chosen: &[u32], slopes: &[(f32, f32)]) -> Tree {
    let forks_len = (1 << DEPTH) - 1;
    let mut forks = vec![(0, 255u8); forks_len];
    let mut node_of = vec![0usize; chosen.len()];
    for level in 0..DEPTH {
        let (first, width) = ((1 << level) - 1, 1 << level);
        // For each value the sums of slopes by node and bin; then the best border of each node.
        let best: Vec<Vec<(f32, u8)>> = values
            .par_iter()
            .map(|&value| {
                let column = &table[value];
                let mut histogram = vec![(0.0f32, 0.0f32); width * BINS];
                for ((&row, &node), &(g, h)) in chosen.iter().zip(&node_of).zip(slopes) {
                    let cell = &mut histogram[(node - first) * BINS + column[row as usize] as usize];
                    cell.0 += g;
                    cell.1 += h;
                }
                (0..width).map(|node| best_border(&histogram[node * BINS..(node + 1) * BINS])).collect()
            })
            .collect();
        for node in 0..width {
            let (mut gain, mut fork) = (0.0, (0, 255u8));
            for (&value, borders) in values.iter().zip(&best) {
                if borders[node].0 > gain {
                    (gain, fork) = (borders[node].0, (value, borders[node].1));
                }
            }
            forks[first + node] = fork;
        }
        for (node, &row) in node_of.iter_mut().zip(chosen) {
            let (value, border) = forks[*node];
            *node = 2 * *node + 1 + usize::from(table[value][row as usize] > border);
        }
    }
    let mut leaves = vec![(0.0f32, 0.0f32); 1 << DEPTH];
    for (&node, &(g, h)) in node_of.iter().zip(slopes) {
        leaves[node - forks_len].0 += g;
        leaves[node - forks_len].1 += h;
    }
    let leaves = leaves.into_iter().map(|(g, h)| -RATE * g / (h + PENALTY)).collect();
    Tree { forks, leaves }
}

/// The border with the largest gain, and the gain.
fn best_border(cells: &[(f32, f32)]) -> (f32, u8) {
    let (g, h) = cells.iter().fold((0.0, 0.0), |sum, cell| (sum.0 + cell.0, sum.1 + cell.1));
    let worth = |g: f32, h: f32| g * g / (h + PENALTY);
    let (mut left, mut best) = ((0.0, 0.0), (0.0, 255u8));
    for (bin, cell) in cells.iter().enumerate().take(BINS - 1) {
        left = (left.0 + cell.0, left.1 + cell.1);
        let right = (g - left.0, h - left.1);
        if left.1 >= HESSIAN_MIN && right.1 >= HESSIAN_MIN {
            let gain = worth(left.0, left.1) + worth(right.0, right.1) - worth(g, h);
            if gain > best.0 {
                best = (gain, bin as u8);
            }
        }
    }
    best
}
