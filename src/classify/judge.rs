//! Where the rules stop: the model's opinion of lines that no rule has named.
//!
//! Page with the rules' marks -> marks of rule `model.line`, and doubts about rules the model does
//! not share. The chance is turned into a score by what an error costs: a long line must be surer
//! than a short one, and a line on a page that is all article surer than one on a page of menus.

use super::features;
use super::model::{Model, Opinions};
use super::page::{Mark, Page, rounded};
use super::shape;
use crate::label::Label;

/// Lines shorter than this are cheap to lose.
const SHORT: f32 = 8.0;
/// Lines at least this long are paragraphs.
const LONG: f32 = 22.0;
/// A page is one of menus when at least this share of its lines is filler.
const MENUS_SHARE: f32 = 0.4;
/// Only on a page at least this long may the first line be a button rather than the title.
const MENU_PAGE_LINES: usize = 25;
/// Below this chance the model contradicts a rule: for short, middle and long lines.
const DOUBT: [f32; 3] = [0.15, 0.4, 0.4];
/// The same for rules that go by structure alone. On hosts unseen in training, of their lines with a
/// smaller chance four in five were the article's.
const DOUBT_STRUCTURE: [f32; 3] = [0.45, 0.45, 0.45];
const STRUCTURE: &[&str] = &["headline.inserted", "marker.appended"];
/// What a contradicted rule keeps: flagged at every level.
const DOUBTED_SCORE: f32 = 0.45;

/// The chances from which a line goes at the levels thorough, default and careful: for short, middle
/// and long lines, on pages of menus and on others. Chosen on hosts unseen in training (`--folds 5
/// --lines` of `examples/train_filler`), where of what main-content extractors leave the article
/// then loses about 0.65, 0.45 and 0.1 % of its bytes. Lower borders for thorough lose more of the
/// article and find hardly more filler.
const MENUS: [[f32; 3]; 3] = [[0.5, 0.55, 0.93], [0.5, 0.7, 0.96], [0.6, 0.85, 0.98]];
const ARTICLE: [[f32; 3]; 3] = [[0.4, 0.45, 0.93], [0.45, 0.5, 0.97], [0.6, 0.7, 0.985]];

/// Asks the model where it has something to say.
pub(super) fn judge(page: &mut Page, model: &Model) {
    if page.lines.len() < 2 || features::is_arabic_article(page) || is_all_prose(page) {
        return;
    }
    let opinions = model.judge(page);
    let chances = &opinions.chances;
    let filler = chances.iter().filter(|&&chance| chance >= 0.5).count() as f32 / chances.len() as f32;
    let borders = if filler >= MENUS_SHARE { MENUS } else { ARTICLE };
    for (line, &chance) in chances.iter().enumerate() {
        let weight = page.lines[line].weight;
        let length = usize::from(weight >= SHORT) + usize::from(weight >= LONG);
        let score = score(chance, borders[length]);
        let menus = filler >= MENUS_SHARE && page.lines.len() >= MENU_PAGE_LINES;
        let replaced = match page.marks[line].as_ref().map(|m| m.label) {
            None | Some(Label::SectionHeading) => score >= 0.5,
            Some(Label::Title) => menus && score >= 0.7 && !told(page, line),
            Some(_) => false,
        };
        if replaced {
            page.marks[line] = Some(mark_of(page, line, score, &opinions, model));
            continue;
        }
        match &mut page.marks[line] {
            Some(mark) if matches!(mark.label, Label::Title | Label::SectionHeading) => {}
            Some(mark) => {
                let doubt = if STRUCTURE.contains(&mark.rule) { DOUBT_STRUCTURE } else { DOUBT };
                if chance < doubt[length] && mark.score > DOUBTED_SCORE {
                    mark.evidence.push(("score_of_rule", rounded(mark.score)));
                    mark.evidence.push(("chance_by_model", rounded(chance)));
                    mark.score = DOUBTED_SCORE;
                    mark.why = format!("{}; but its place and neighbours are the article's", mark.why);
                } else {
                    mark.score = mark.score.max(score);
                }
            }
            None => {}
        }
    }
}

/// Whether below the first line there is nothing but running text and what rules found: of a long
/// line on such a page the model is never sure enough.
fn is_all_prose(page: &Page) -> bool {
    (1..page.lines.len()).all(|i| match &page.marks[i] {
        None => page.lines[i].prose && page.lines[i].weight >= LONG,
        Some(mark) => !matches!(mark.label, Label::SectionHeading) && !STRUCTURE.contains(&mark.rule),
    })
}

/// Whether most words of a line stand in the running text of its page, as those of a title do.
fn told(page: &Page, line: usize) -> bool {
    let mut words: Vec<u64> = (0..page.lines.len())
        .filter(|&i| i != line && page.lines[i].prose)
        .flat_map(|i| page.tokens(i).iter().map(|t| t.hash))
        .collect();
    words.sort_unstable();
    let own = page.tokens(line);
    let found = own.iter().filter(|t| words.binary_search(&t.hash).is_ok()).count();
    own.len() >= 3 && found * 2 >= own.len()
}

/// 0.5, 0.7 and 0.9 at the borders of the levels, straight between them.
fn score(chance: f32, [thorough, default, careful]: [f32; 3]) -> f32 {
    let between = |from: f32, to: f32| (chance - from) / (to - from).max(1e-3);
    if chance >= careful {
        0.9 + 0.09 * between(careful, 1.0).min(1.0)
    } else if chance >= default {
        0.7 + 0.2 * between(default, careful)
    } else if chance >= thorough {
        0.5 + 0.2 * between(thorough, default)
    } else {
        0.5 * chance / thorough
    }
}

fn mark_of(page: &Page, line: usize, score: f32, opinions: &Opinions, model: &Model) -> Mark {
    let text = page.text(line);
    let label = match page.lines[line].weight {
        _ if text.contains('©') => Label::Rights,
        w if w < 12.0 && shape::has_address(text) => Label::Contact,
        w if w < 5.0 => Label::SiteLabel,
        _ if page.lines[line].headline() => Label::ReadAlsoContent,
        _ => Label::Promo,
    };
    let mut why = String::with_capacity(160);
    why.push_str("its shape, words and neighbours are those of filler; ");
    let mut reasons = serde_json::Map::new();
    for (at, (name, weight)) in model.reasons(opinions, line).enumerate() {
        why.push_str(if at > 0 { ", " } else { "" });
        for (i, part) in name.split('_').enumerate() {
            why.push_str(if i > 0 { " " } else { "" });
            why.push_str(part);
        }
        reasons.insert(name.to_string(), rounded(weight));
    }
    why.push_str(" weighed most");
    let evidence = vec![("chance", rounded(opinions.chances[line])), ("weighed", reasons.into())];
    Mark { label, rule: "model.line", score, evidence, why }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_meet_the_levels_at_their_borders() {
        for borders in MENUS.iter().chain(&ARTICLE) {
            assert!((score(borders[0], *borders) - 0.5).abs() < 1e-4);
            assert!((score(borders[1], *borders) - 0.7).abs() < 1e-4);
            assert!((score(borders[2], *borders) - 0.9).abs() < 1e-4);
            assert!(score(1.0, *borders) <= 1.0);
        }
    }
}
