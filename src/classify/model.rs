//! A model for pages of which extraction left more than an article.
//!
//! Page -> the chance of each line to be filler, and the features that carried it. Two looks: the
//! first, a logistic regression over named features of value 1, sees each line with its neighbours
//! ([`features`]); the second, a sum of small decision trees over named values, sees what the first
//! found around it. The weights stand in `model.txt`, trained by
//! `cargo run --release --example train_filler`.

use super::context;
use super::features::{self, Likes, Run};
use super::lexicon::ByHash;
use super::page::Page;
use super::phrases::Filter;
use crate::tokenise::{Token, Tokeniser};

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
    /// The values that trees ask for first, ascending, and for each tree which of them it is.
    roots: Vec<u8>,
    root_of: Vec<u8>,
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

/// What the model thinks of the lines of a page.
pub(super) struct Opinions {
    /// The chance of each line to be filler.
    pub chances: Vec<f32>,
    /// For each line what the trees of each root added.
    weighed: Vec<f32>,
    roots: usize,
}

/// So many lines are taken through the trees together: their values stay in the nearest memory, and
/// while one line waits for a fork the next goes on.
const LINES_AT_ONCE: usize = 64;

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
            roots: Vec::new(),
            root_of: Vec::new(),
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
        model.roots = model.trees.iter().map(|tree| tree.forks[0].0).collect();
        model.roots.sort_unstable();
        model.roots.dedup();
        let place = |tree: &Tree| model.roots.partition_point(|&root| root < tree.forks[0].0) as u8;
        model.root_of = model.trees.iter().map(place).collect();
        model
    }

    /// What it thinks of every line of the page.
    pub fn judge(&self, page: &Page) -> Opinions {
        const WIDTH: usize = context::WIDTH;
        let n = page.lines.len();
        let mut values = vec![0; n * WIDTH];
        let mut likes: Vec<Likes> = Vec::with_capacity(n);
        let mut chances = Vec::with_capacity(n);
        features::each_line(page, &mut values, WIDTH, |i, features, like| {
            chances.push(chance(self.first_sum(features, page.tokens(i))));
            likes.push(like);
        });
        context::around(&likes, &chances, &mut values);
        let roots = self.roots.len();
        let mut weighed = vec![0.0; n * roots];
        chances.fill(0.0);
        let lines = values.chunks(WIDTH * LINES_AT_ONCE).zip(chances.chunks_mut(LINES_AT_ONCE));
        for ((values, sums), weighed) in lines.zip(weighed.chunks_mut((roots * LINES_AT_ONCE).max(1))) {
            for (tree, &root) in self.trees.iter().zip(&self.root_of) {
                let lines = values.as_chunks::<WIDTH>().0.iter().zip(&mut *sums);
                for ((values, sum), weighed) in lines.zip(weighed.chunks_exact_mut(roots)) {
                    let leaf = tree.leaf(values);
                    *sum += leaf;
                    weighed[root as usize] += leaf;
                }
            }
        }
        chances.iter_mut().for_each(|sum| *sum = chance(*sum));
        Opinions { chances, weighed, roots }
    }

    /// The three values that weighed most with an opinion, either way, and what the trees that first
    /// ask for them added.
    pub fn reasons(&self, opinions: &Opinions, line: usize) -> impl Iterator<Item = (&str, f32)> {
        let weighed = &opinions.weighed[line * opinions.roots..][..opinions.roots];
        let mut top: [Option<usize>; 3] = [None; 3];
        for root in (0..weighed.len()).filter(|&root| weighed[root] != 0.0) {
            // Of two that weighed the same the first stays before the second.
            let more = |kept: &Option<usize>| kept.is_none_or(|kept| weighed[root].abs() > weighed[kept].abs());
            if let Some(place) = top.iter().position(more) {
                top[place..].rotate_right(1);
                top[place] = Some(root);
            }
        }
        let named = |root: usize| (self.value_names[self.roots[root] as usize].as_str(), weighed[root]);
        top.into_iter().flatten().map(named).collect::<Vec<_>>().into_iter()
    }

    fn first_sum(&self, features: &[u16], tokens: &[Token]) -> f32 {
        let shape: f32 = features.iter().map(|&i| self.plain[i as usize]).sum();
        let of = |key: u64, of: &ByHash<f32>| if self.known.may_have(key) { of.get(&key).copied() } else { None };
        let words = features::words(tokens);
        let len = words.len();
        let known: f32 = words.filter_map(|t| of(t.hash, &self.words)).sum();
        let formulas: f32 = Run::of(tokens).filter_map(|(run, tokens)| of(run.key(tokens), &self.runs)).sum();
        shape + known / (len.max(1) as f32).sqrt() + formulas
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
    #[inline]
    fn leaf(&self, values: &[u8; context::WIDTH]) -> f32 {
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

#[cfg(test)]
mod tests {
    use super::super::Classifier;
    use super::*;
    use crate::fingerprint::LineFrequencies;
    use crate::params::FillerParams;
    use crate::tokenise::{View, default_tokeniser};

    /// The chances and reasons taken line by line from what the trainer sees.
    fn plain(model: &Model, page: &Page) -> Vec<(f32, Vec<(String, f32)>)> {
        let samples = features::of_page(page);
        let sum = |keys: &[u64], of: &ByHash<f32>| -> f32 { keys.iter().filter_map(|key| of.get(key)).sum() };
        let first = samples.iter().map(|s| {
            let shape: f32 = s.features.iter().map(|&i| model.plain[i as usize]).sum();
            let known = sum(&s.words, &model.words) / (s.words.len().max(1) as f32).sqrt();
            chance(shape + known + sum(&s.runs, &model.runs))
        });
        let values = context::values(&samples, &first.collect::<Vec<_>>());
        let opinion = |values: Vec<u8>| {
            let values: [u8; context::WIDTH] = values.try_into().unwrap();
            let mut weighed = vec![0.0; context::WIDTH];
            model.trees.iter().for_each(|tree| weighed[tree.forks[0].0 as usize] += tree.leaf(&values));
            let mut top: Vec<usize> = (0..weighed.len()).filter(|&i| weighed[i] != 0.0).collect();
            top.sort_by(|&a, &b| weighed[b].abs().total_cmp(&weighed[a].abs()));
            let named = |i: usize| (model.value_names[i].clone(), weighed[i]);
            let reasons = top.into_iter().take(3).map(named).collect();
            (chance(model.trees.iter().map(|tree| tree.leaf(&values)).sum()), reasons)
        };
        values.into_iter().map(opinion).collect()
    }

    #[test]
    fn many_lines_at_once_get_the_chances_and_reasons_that_each_gets_by_itself() {
        let classifier = Classifier::new(&FillerParams::default()).unwrap();
        let parts =
            ["Home", "Read our privacy policy", "© 2024 All rights reserved.", "3 comments", "- item", "语言", "a();"];
        let prose = "The museum opened a new hall on Monday, and its director said that visitors may see it for free.";
        for n in [1, 2, 63, 64, 65, 200] {
            let line = |i: usize| if i % 5 == 3 { prose } else { parts[i * i % 31 % parts.len()] };
            let text = (0..n).map(line).collect::<Vec<_>>().join("\n");
            let (view, lines) = (View::new(&text, default_tokeniser()), LineFrequencies::default());
            let page = classifier.rules(Some("h"), &view, &lines);
            let opinions = classifier.model.judge(&page);
            for (i, (chance, reasons)) in plain(&classifier.model, &page).into_iter().enumerate() {
                assert_eq!(opinions.chances[i].to_bits(), chance.to_bits(), "line {i} of {n}");
                let got: Vec<_> = classifier.model.reasons(&opinions, i).map(|(n, w)| (n.to_string(), w)).collect();
                assert_eq!(got, reasons, "line {i} of {n}");
            }
        }
    }
}
