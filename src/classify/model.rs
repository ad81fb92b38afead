//! A model for pages of which extraction left more than an article.
//!
//! Page -> the chance of each line to be filler, and the features that carried it. Two looks: the
//! first, a logistic regression over named features of value 1, sees each line with its neighbours
//! ([`features`]); the second, a sum of small decision trees over named values, sees what the first
//! found around it. The weights stand in `model.txt`, trained by
//! `cargo run --release --example train_filler`.

use super::context;
use super::features::{self, Run, Sample};
use super::lexicon::ByHash;
use super::page::Page;
use super::phrases::Filter;
use crate::tokenise::Tokeniser;

const WEIGHTS: &str = include_str!("model.txt");

/// The weights.
pub(super) struct Model {
    plain: Vec<f32>,
    words: ByHash<f32>,
    /// By the keys of [`features::Run`].
    runs: ByHash<f32>,
    /// Which of the two a hash may be in.
    known: Filter,
    trees: Vec<Tree>,
    value_names: Vec<String>,
}

/// Forks of a tree, and the leaves below the last of them: all trees have this depth.
const FORKS: usize = 15;
const LEAVES: usize = FORKS + 1;
const DEPTH: usize = 4;

/// A complete binary tree: the line goes right where its value is above the border.
struct Tree {
    /// Value and border of each fork, in breadth-first order.
    forks: [(u8, u8); FORKS],
    /// What each leaf adds, from left to right.
    leaves: [f32; LEAVES],
}

/// What the model thinks of one line.
pub(super) struct Opinion {
    /// The chance that the line is filler.
    pub chance: f32,
    /// What the trees saw.
    values: Vec<u8>,
}

impl Model {
    /// Reads the weights; features the file does not name weigh nothing.
    pub fn new(tokeniser: &Tokeniser) -> Self {
        Self::parse(WEIGHTS, tokeniser)
    }

    pub fn parse(text: &str, tokeniser: &Tokeniser) -> Self {
        let names = features::names();
        let value_names = context::value_names();
        let index = |names: &[String], name: &str| names.iter().position(|n| n == name);
        let mut model = Self {
            plain: vec![0.0; names.len()],
            words: ByHash::default(),
            runs: ByHash::default(),
            known: Filter::default(),
            trees: Vec::new(),
            value_names,
        };
        for line in text.lines().filter(|l| !l.starts_with('#')) {
            if let Some(tree) = line.strip_prefix("tree ") {
                model.trees.extend(Tree::parse(tree, &model.value_names));
                continue;
            }
            let Some((name, weight)) = line.rsplit_once(' ') else { continue };
            let Ok(weight) = weight.parse::<f32>() else { continue };
            if let Some(word) = name.strip_prefix("word ") {
                if let [token] = tokeniser.tokenise(word)[..] {
                    model.words.insert(token.hash, weight);
                }
            } else if let Some((run, words)) =
                Run::NAMES.iter().find_map(|(n, run)| Some((run, name.strip_prefix(n)?.strip_prefix(' ')?)))
            {
                model.runs.insert(run.key(&tokeniser.tokenise(words)), weight);
            } else if let Some(i) = index(&names, name) {
                model.plain[i] = weight;
            }
        }
        model.words.keys().chain(model.runs.keys()).for_each(|&key| model.known.add(key));
        model
    }

    /// What it thinks of every line of the page.
    pub fn judge(&self, page: &Page) -> Vec<Opinion> {
        let samples = features::of_page(page);
        let first: Vec<f32> = samples.iter().map(|s| chance(self.first_sum(s))).collect();
        context::values(&samples, &first)
            .into_iter()
            .map(|values| {
                let sum: f32 = self.trees.iter().map(|tree| tree.leaf(&values)).sum();
                Opinion { chance: chance(sum), values }
            })
            .collect()
    }

    /// The values that weighed most with an opinion, and what the trees that first ask for them added.
    pub fn reasons(&self, opinion: &Opinion) -> Vec<(String, f32)> {
        let mut weighed = vec![0.0; self.value_names.len()];
        for tree in &self.trees {
            weighed[tree.forks[0].0 as usize] += tree.leaf(&opinion.values);
        }
        self.most(&weighed)
    }

    fn first_sum(&self, sample: &Sample) -> f32 {
        let shape: f32 = sample.features.iter().map(|&i| self.plain[i as usize]).sum();
        let sum = |keys: &[u64], of: &ByHash<f32>| -> f32 {
            keys.iter().filter(|&&key| self.known.may_have(key)).filter_map(|key| of.get(key)).sum()
        };
        let (known, formulas) = (sum(&sample.words, &self.words), sum(&sample.runs, &self.runs));
        shape + known / (sample.words.len().max(1) as f32).sqrt() + formulas
    }

    /// The three values that weighed most, either way.
    fn most(&self, weighed: &[f32]) -> Vec<(String, f32)> {
        let mut top: Vec<usize> = (0..weighed.len()).filter(|&i| weighed[i] != 0.0).collect();
        top.sort_by(|&a, &b| weighed[b].abs().total_cmp(&weighed[a].abs()));
        top.truncate(3);
        top.into_iter().map(|i| (self.value_names[i].clone(), weighed[i])).collect()
    }
}

impl Tree {
    /// `name:border name:border … | leaf leaf …`
    fn parse(text: &str, names: &[String]) -> Option<Self> {
        let (forks, leaves) = text.split_once(" | ")?;
        let forks: Option<Vec<(u8, u8)>> = forks
            .split(' ')
            .map(|fork| {
                let (name, border) = fork.split_once(':')?;
                Some((names.iter().position(|n| n == name)? as u8, border.parse().ok()?))
            })
            .collect();
        let leaves: Vec<f32> = leaves.split(' ').filter_map(|leaf| leaf.parse().ok()).collect();
        Some(Self { forks: forks?.try_into().ok()?, leaves: leaves.try_into().ok()? })
    }

    /// What the tree adds for these values.
    fn leaf(&self, values: &[u8]) -> f32 {
        let mut node = 0;
        for _ in 0..DEPTH {
            let (value, border) = self.forks[node];
            node = 2 * node + 1 + usize::from(values[value as usize] > border);
        }
        self.leaves[node - FORKS]
    }
}

/// The logistic function.
pub(super) fn chance(sum: f32) -> f32 {
    1.0 / (1.0 + (-sum).exp())
}
