//! A logistic regression over features of value 1 and known words.

use std::collections::HashMap;

use ghirbal::classify::feature_names;
use rayon::prelude::*;

use crate::Page;

const EPOCHS: usize = 6;
/// L2 penalties a step, of features and of words.
const DECAY: f32 = 1e-6;
const WORD_DECAY: f32 = 4e-6;

#[derive(Clone)]
pub struct RowOf {
    active: Vec<u16>,
    /// Indices of known words, each of value 1 / sqrt(words of the line), and of known runs, of value 1.
    words: Vec<(u16, f32)>,
}

/// What the regression sees of each line: words first, then runs.
pub fn rows(pages: &[&Page], words: &[u64], runs: &[u64]) -> Vec<Vec<RowOf>> {
    let index: HashMap<u64, u16> = words.iter().chain(runs).enumerate().map(|(i, hash)| (*hash, i as u16)).collect();
    pages
        .par_iter()
        .map(|page| {
            let rows = page.samples.iter().map(|s| {
                let value = 1.0 / (s.words.len().max(1) as f32).sqrt();
                let known = |hashes: &[u64], value: f32| -> Vec<(u16, f32)> {
                    hashes.iter().filter_map(|w| index.get(w)).map(|&i| (i, value)).collect()
                };
                let mut words = known(&s.words, value);
                words.extend(known(&s.runs, 1.0));
                RowOf { active: s.features.clone(), words }
            });
            rows.collect()
        })
        .collect()
}

/// The weights of the first look.
pub struct Weights {
    pub plain: Vec<f32>,
    /// Of words, then of runs.
    pub words: Vec<f32>,
}

impl Weights {
    /// The sum over a line's features.
    pub fn sum(&self, row: &RowOf) -> f32 {
        row.active.iter().map(|&i| self.plain[i as usize]).sum::<f32>()
            + row.words.iter().map(|&(i, v)| self.words[i as usize] * v).sum::<f32>()
    }
}

/// The logistic function.
pub fn chance(sum: f32) -> f32 {
    1.0 / (1.0 + (-sum).exp())
}

/// Adagrad (Duchi, Hazan & Singer 2011) over the lines in a fixed pseudo-random order.
pub fn fit(pages: &[&Page], rows: &[Vec<RowOf>], train: &[usize], words: usize) -> Weights {
    let mut w = Weights { plain: vec![0.0; feature_names().0.len()], words: vec![0.0; words] };
    let (mut g, mut gw) = (vec![1e-6f32; w.plain.len()], vec![1e-6f32; words]);
    let mut order: Vec<(usize, usize)> = train
        .iter()
        .flat_map(|&p| (0..rows[p].len()).map(move |l| (p, l)))
        .filter(|&(p, l)| pages[p].filler[l].is_some())
        .collect();
    let mut state = 0x2545_f491_4f6c_dd1du64;
    let mut averaged = Weights { plain: vec![0.0; w.plain.len()], words: vec![0.0; words] };
    for epoch in 0..EPOCHS {
        for i in (1..order.len()).rev() {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            order.swap(i, (state % (i as u64 + 1)) as usize);
        }
        for &(p, l) in &order {
            let row = &rows[p][l];
            let target = if pages[p].filler[l] == Some(true) { 1.0 } else { 0.0 };
            let error = (chance(w.sum(row)) - target) * crate::weight(pages[p], l);
            for &i in &row.active {
                let i = i as usize;
                let step = error + DECAY * w.plain[i];
                g[i] += step * step;
                w.plain[i] -= 0.1 * step / g[i].sqrt();
            }
            for &(i, v) in &row.words {
                let i = i as usize;
                let step = error * v + WORD_DECAY * w.words[i];
                gw[i] += step * step;
                w.words[i] -= 0.1 * step / gw[i].sqrt();
            }
        }
        if epoch >= EPOCHS / 2 {
            let share = 1.0 / (EPOCHS - EPOCHS / 2) as f32;
            averaged.plain.iter_mut().zip(&w.plain).for_each(|(a, w)| *a += w * share);
            averaged.words.iter_mut().zip(&w.words).for_each(|(a, w)| *a += w * share);
        }
    }
    averaged
}
