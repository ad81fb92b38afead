//! A linear model for pages of which extraction left more than an article.
//!
//! Page -> the chance of each line to be filler, and the features that carried it. Two looks: the
//! first sees each line with its neighbours ([`features`]), the second what the first found around
//! it. Both are logistic regressions over named features of value 1; the weights stand in
//! `model.txt`, trained by `cargo run --release --example train_filler`.

use super::features;
use super::lexicon::ByHash;
use super::page::Page;
use crate::tokenise::Tokeniser;

const WEIGHTS: &str = include_str!("model.txt");

/// The weights.
pub(super) struct Model {
    plain: Vec<f32>,
    words: ByHash<f32>,
    context: Vec<f32>,
    names: Vec<String>,
}

/// What the model thinks of one line.
pub(super) struct Opinion {
    /// The chance that the line is filler.
    pub chance: f32,
    /// The features that weighed most for it, with their weights.
    pub reasons: Vec<(String, f32)>,
}

impl Model {
    /// Reads the weights; features the file does not name weigh nothing.
    pub fn new(tokeniser: &Tokeniser) -> Self {
        Self::parse(WEIGHTS, tokeniser)
    }

    fn parse(text: &str, tokeniser: &Tokeniser) -> Self {
        let names = features::names();
        let context_names = features::context_names();
        let mut model = Self {
            plain: vec![0.0; names.len()],
            words: ByHash::default(),
            context: vec![0.0; context_names.len()],
            names,
        };
        let index: std::collections::HashMap<&str, usize> =
            model.names.iter().enumerate().map(|(i, n)| (n.as_str(), i)).collect();
        let context_index: std::collections::HashMap<&str, usize> =
            context_names.iter().enumerate().map(|(i, n)| (n.as_str(), i)).collect();
        for line in text.lines().filter(|l| !l.starts_with('#')) {
            let Some((name, weight)) = line.rsplit_once(' ') else { continue };
            let Ok(weight) = weight.parse::<f32>() else { continue };
            if let Some(word) = name.strip_prefix("word ") {
                if let [token] = tokeniser.tokenise(word)[..] {
                    model.words.insert(token.hash, weight);
                }
            } else if let Some(&i) = index.get(name) {
                model.plain[i] = weight;
            } else if let Some(&i) = context_index.get(name) {
                model.context[i] = weight;
            }
        }
        model
    }

    /// What it thinks of every line of the page.
    pub fn judge(&self, page: &Page) -> Vec<Opinion> {
        let rows = features::of_page(page);
        let first: Vec<f32> = rows.iter().map(|(active, words)| chance(self.first_sum(active, words))).collect();
        let lengths: Vec<f32> = page.lines.iter().map(|l| l.weight).collect();
        let second = features::context(&lengths, &first);
        rows.iter()
            .zip(second)
            .map(|((active, _), context)| Opinion {
                chance: chance(context.iter().map(|&i| self.context[i as usize]).sum()),
                reasons: self.reasons(active),
            })
            .collect()
    }

    fn first_sum(&self, active: &[u16], words: &[u64]) -> f32 {
        let shape: f32 = active.iter().map(|&i| self.plain[i as usize]).sum();
        let known: f32 = words.iter().filter_map(|w| self.words.get(w)).sum();
        shape + known / (words.len().max(1) as f32).sqrt()
    }

    /// The three features that weighed most, either way.
    fn reasons(&self, active: &[u16]) -> Vec<(String, f32)> {
        let mut weighed: Vec<(usize, f32)> = active.iter().map(|&i| (i as usize, self.plain[i as usize])).collect();
        weighed.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0)));
        weighed.truncate(3);
        weighed.into_iter().map(|(i, w)| (self.names[i].clone(), w)).collect()
    }
}

/// The logistic function.
pub(super) fn chance(sum: f32) -> f32 {
    1.0 / (1.0 + (-sum).exp())
}
