//! Repeated passages inside one document.
//!
//! [`View`] -> [`Passage`]s: seeds among all 3-grams, chains, alignment, rules of natural
//! repetition, and one passage for each later place.

use super::chain::{Chain, chains, cover, matched};
use super::form::Slots;
use super::local::{Alignment, Reach};
use super::merge::{Piece, merge, once};
use super::natural::{
    Substance, has_substance, heading_and_prose, recurs, restated_clause, round, says_the_same, trim,
};
use super::promise::promising;
use super::seed::{Places, Run};
use super::weight::{Placed, Weights, worth};
use super::words::{Word, Words, numbers};
use super::{Passage, PassageKind, Side, measure};
use crate::fingerprint::WordFrequencies;
use crate::params::{PassageParams, Scope};
use crate::tokenise::View;

/// A chain whose seeds weigh less than this together is not aligned: "in the case of" alone
/// starts nothing.
const SEED_MASS_MIN: f32 = 0.5;

/// The passages that stand twice inside one document, by the start of their first side.
///
/// Each later place is reported once, with the earlier place it matches best.
pub fn within_document(
    document: u32,
    view: &View,
    frequencies: &WordFrequencies,
    params: &PassageParams,
) -> Vec<Passage> {
    let numbers = numbers(view);
    let places = Places::new(&numbers);
    let runs = places.runs(params.words_min.max(1) as u32);
    if runs.is_empty() {
        return Vec::new();
    }
    let weights = Weights::new(frequencies, &numbers);
    let placed = Placed::new(&weights, &numbers);
    let worth = |run: &Run| (run.a..run.a_end()).map(|at| worth(placed.at(at))).sum::<f32>();
    let found = chains(runs, worth, true);
    // Without a run of some weight there is nothing to align.
    let heavy = |chain: &Chain| matched(chain).map(|at| placed.at(at)).sum::<f32>() >= SEED_MASS_MIN;
    let found = found.into_iter().filter(heavy);
    let candidates: Vec<Candidate> = found.map(|chain| Candidate::new(&numbers, &placed, chain)).collect();
    // Most documents end here.
    if !may_be_passages(&candidates, params) {
        return Vec::new();
    }
    let words = Words::new(view);
    let pieces = candidates.into_iter().filter_map(|candidate| piece(&words, &placed, candidate, params)).collect();
    let merged = merge(once(pieces, true), &words, &words, params, true);
    merged
        .into_iter()
        .filter_map(|piece| judge(&words, &weights, &places, piece, params))
        .map(|found| passage(document, &words, &found))
        .collect()
}

/// A chain, how far it reaches, and the weight of the matched words.
struct Candidate {
    chain: Chain,
    reach: Reach,
    mass: f32,
}

impl Candidate {
    fn new(numbers: &[Word], placed: &Placed, chain: Chain) -> Self {
        let (_, a_end, b_start, _) = cover(&chain.runs);
        // Halfway between the sides, so that both may grow.
        let between = a_end + (b_start - a_end) / 2;
        let reach = Reach::new(numbers, numbers, &chain, (0, between, between, numbers.len() as u32));
        let mass = match &reach {
            Reach::Run(run) => (run.a..run.a_end()).map(|at| placed.at(at)).sum(),
            Reach::Aligned(alignment) => mass(placed, &chain, alignment),
        };
        Self { chain, reach, mass }
    }
}

fn mass(placed: &Placed, chain: &Chain, alignment: &Alignment) -> f32 {
    if alignment.in_order() {
        alignment.pairs.iter().map(|&(a, _)| placed.at(a)).sum()
    } else {
        matched(chain).map(|at| placed.at(at)).sum()
    }
}

/// Whether [`judge`] may let something of these through. Only then the marks of the words are read.
fn may_be_passages(candidates: &[Candidate], params: &PassageParams) -> bool {
    // The weights of some pieces may add up to a little more than those of all, by rounding.
    const ROUNDING: f32 = 1.001;
    promising(
        candidates,
        |candidate| candidate.reach.bounds(),
        |some| {
            let matched = some.iter().map(|candidate| candidate.reach.matched()).sum();
            let mass = ROUNDING * some.iter().map(|candidate| candidate.mass).sum::<f32>();
            has_substance(Substance { matched, mass }, true, params)
        },
    )
}

/// What could be a piece of a passage.
fn piece(words: &Words, placed: &Placed, candidate: Candidate, params: &PassageParams) -> Option<Piece> {
    let Candidate { chain, reach, mut mass } = candidate;
    let mut alignment = reach.alignment();
    let pairs = alignment.pairs.len();
    trim(words, words, &mut alignment);
    if f64::from(alignment.identity()) < params.identity_min {
        return None;
    }
    if alignment.pairs.len() < pairs {
        mass = self::mass(placed, &chain, &alignment);
    }
    Some(Piece { alignment, mass, documents: 0 })
}

/// Whether a piece is a passage, with its final borders.
fn judge(words: &Words, weights: &Weights, places: &Places, mut piece: Piece, params: &PassageParams) -> Option<Piece> {
    let alignment = &mut piece.alignment;
    let clause = restated_clause(words, words, alignment);
    let substance = Substance { matched: alignment.matched, mass: piece.mass };
    if !has_substance(substance, clause.is_some(), params)
        || heading_and_prose(words, words, alignment)
        || recurs(alignment.matched, times(places, alignment))
        || Slots::new(words, words, |w| weights.of(w), alignment).other_numbers(1)
    {
        return None;
    }
    // A short match that is most of its clause is that clause said again: report the clause. Neither
    // that nor rounding to lines may make the sides meet.
    if let Some(clause) = clause
        && (alignment.matched as usize) < 2 * params.words_min
        && clause.1 <= clause.2
    {
        alignment.bounds = clause;
    }
    if !says_the_same(alignment, params) && !quoted(words, alignment) {
        return None;
    }
    let bounds = alignment.bounds;
    round(words, words, alignment);
    if alignment.bounds.1 > alignment.bounds.2 {
        alignment.bounds = bounds;
    }
    Some(piece)
}

/// Whether one side quotes the other: a quotation may be shortened further than a copy.
fn quoted(words: &Words, alignment: &Alignment) -> bool {
    measure::kind(words, words, alignment) == PassageKind::Quote
}

/// How often the 3-grams of the earlier side stand in the document, at the median.
fn times(places: &Places, alignment: &Alignment) -> u32 {
    let mut counts: Vec<u32> =
        alignment.pairs.windows(3).filter(|p| p[2].0 == p[0].0 + 2).map(|p| places.count(p[0].0)).collect();
    counts.sort_unstable();
    counts.get(counts.len() / 2).copied().unwrap_or(0)
}

fn passage(document: u32, words: &Words, found: &Piece) -> Passage {
    let (a0, a1, b0, b1) = found.alignment.bounds;
    let of = |from: u32, to: u32| &words.numbers()[from as usize..to as usize];
    let (jaccard, containment) = measure::similarity(of(a0, a1), of(b0, b1));
    let kind = measure::kind(words, words, &found.alignment);
    Passage {
        a: Side { document, span: words.span(a0, a1) },
        b: Side { document, span: words.span(b0, b1) },
        kind,
        words: (a1 - a0).min(b1 - b0),
        identity: if kind == PassageKind::Exact { 1.0 } else { found.alignment.identity() },
        jaccard,
        containment,
        scope: Scope::Document,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tokenise::default_tokeniser;

    fn find(text: &str) -> Vec<Passage> {
        let view = View::new(text, default_tokeniser());
        let frequencies = WordFrequencies::default();
        frequencies.observe(&view.tokens);
        within_document(7, &view, &frequencies, &PassageParams::default())
    }

    /// `n` words that stand nowhere else.
    fn prose(from: usize, n: usize) -> String {
        (from..from + n).map(|i| format!("كلمة{i}")).collect::<Vec<_>>().join(" ")
    }

    fn check(text: &str, expect: &[(&str, &str)]) {
        let found = find(text);
        let got: Vec<_> = found.iter().map(|p| (p.a.span.of(text), p.b.span.of(text))).collect();
        assert_eq!(got, expect, "{text}");
    }

    #[test]
    fn a_paragraph_with_an_edited_word_is_found_once() {
        let (p, q) = (prose(0, 30), prose(0, 30).replace("كلمة15 ", "غيرها "));
        let text = format!("{p}.\n{}.\n{q}.\n", prose(100, 40));
        check(&text, &[(&p, &q)]);
        let found = &find(&text)[0];
        assert_eq!(found.kind, PassageKind::Near);
        assert_eq!(found.words, 30);
        assert!((found.identity - 29.0 / 30.0).abs() < 1e-6);
    }

    #[test]
    fn a_paragraph_that_stands_three_times_gives_two_passages() {
        let p = prose(0, 30);
        check(&format!("{p}.\n{p}.\n{p}.\n"), &[(&p, &p), (&p, &p)]);
    }

    #[test]
    fn reordered_sentences_are_one_passage() {
        let (x, y, z) = (prose(0, 15), prose(20, 15), prose(40, 15));
        let text = format!("{x}. {y}. {z}.\n{}\n{y}. {x}. {z}.\n", prose(100, 60));
        assert_eq!(find(&text).len(), 1);
    }

    #[test]
    fn a_quotation_of_the_narrator_is_a_quote() {
        let p = prose(0, 12);
        let text = format!("قال إن {p}.\n{}\nوقال: «{p}».\n", prose(100, 40));
        assert_eq!(find(&text)[0].kind, PassageKind::Quote);
    }

    #[test]
    fn a_refrain_of_three_verses_is_natural_and_a_paragraph_pasted_three_times_is_not() {
        let refrain = prose(0, 8);
        let verses: Vec<_> = (1..=3).map(|i| format!("{}\n{refrain}\n", prose(i * 100, 9))).collect();
        check(&verses.concat(), &[]);
        let long = prose(0, 20);
        let pasted: Vec<_> = (1..=3).map(|i| format!("{}\n{long}\n", prose(i * 100, 9))).collect();
        assert_eq!(find(&pasted.concat()).len(), 2);
    }

    #[test]
    fn a_heading_echoed_by_its_paragraph_is_natural_and_an_equal_line_is_not() {
        let heading = prose(0, 7);
        check(&format!("{}.\n{heading}\nثم {heading} {}.\n", prose(50, 30), prose(100, 20)), &[]);
        check(&format!("{heading}\n{}.\nرابط الخبر في الصحيفة: {heading}\n", prose(50, 30)), &[]);
        check(&format!("{heading}\n{}.\n{heading}\n", prose(50, 30)), &[(&heading, &heading)]);
    }

    #[test]
    fn other_figures_are_another_statement_and_the_same_are_a_repeat() {
        let says = |by: u32, to: u32| {
            format!("{} بنسبة {by} في المئة {} إلى {to} مليون دولار {}", prose(0, 6), prose(20, 6), prose(40, 4))
        };
        let text = |last: &str| format!("{}.\n{}.\n{last}.\n", says(13, 659), prose(300, 30));
        check(&text(&says(14, 638)), &[]);
        check(&text(&says(13, 659)), &[(&says(13, 659), &says(13, 659))]);
    }

    #[test]
    fn a_phrase_in_two_long_clauses_is_no_repeat_and_a_clause_with_a_word_more_is() {
        let phrase = prose(0, 9);
        let clause = |from: usize, words: usize| format!("{} {phrase} {}", prose(from, words), prose(from + 50, words));
        let text = |words: usize| format!("{}.\n{}.\n{}.\n", clause(100, words), prose(300, 40), clause(200, words));
        check(&text(4), &[]);
        let repeated = |word: &str| format!("{phrase} {word}");
        let text = format!("{phrase}.\n{}.\n{}.\n", prose(300, 40), repeated("أيضا"));
        assert_eq!(find(&text).len(), 1);
    }

    #[test]
    fn items_of_a_law_that_begin_alike_are_natural_and_an_item_that_stands_twice_is_not() {
        let stem = "يعاقب بالحبس مدة لا تقل عن سنة كل من";
        let item = |number: usize, what: &str| format!("المادة {number}: {stem} {what}.\n");
        let law = |last: &str| item(5, &prose(0, 9)) + &item(6, &prose(20, 9)) + &item(7, &prose(40, 9)) + last;
        check(&law(""), &[]);
        let found = find(&law(&item(8, &prose(20, 9))));
        assert_eq!(found.len(), 1, "{found:?}");
    }

    #[test]
    fn labels_of_questions_and_answers_are_natural_and_a_question_asked_twice_is_not() {
        let ask = |from: usize| format!("سؤال من القارئ الكريم: {}؟\n", prose(from, 12));
        let answer = |from: usize| format!("جواب الشيخ حفظه الله: {}.\n", prose(from, 25));
        let columns: String = (0..4).map(|i| ask(i * 100) + &answer(i * 100 + 50)).collect();
        check(&columns, &[]);
        assert_eq!(find(&format!("{columns}{}{}", ask(100), answer(900))).len(), 1);
    }

    #[test]
    fn one_word_and_periodic_text_of_a_million_words_end_soon() {
        assert!(find(&"غربال ".repeat(1_000_000)).is_empty());
        let period = prose(0, 100) + "\n";
        let found = find(&period.repeat(10_000));
        // Eight periods are linked at once, so blocks of up to eight periods are reported.
        assert!((1_000..10_000).contains(&found.len()), "{}", found.len());
    }

    #[test]
    fn a_long_text_with_one_repeat_gives_it_alone() {
        let p = prose(0, 40);
        // A period of 16,381 words against one of 9,973: common words, but no repeated triple.
        let body = |from: usize| {
            let words: Vec<_> = (from..from + 150_000).map(|i| format!("w{} v{}", i % 16_381, i * i % 9_973)).collect();
            words.join(" ")
        };
        let text = format!("{p}\n{}\n{p}\n", body(0));
        assert!(find(&text).iter().any(|f| f.a.span.of(&text) == p && f.b.span.of(&text) == p));
    }

    proptest! {
        #[test]
        fn sides_lie_on_word_borders_in_order_and_apart(words in prop::collection::vec(0u32..12, 0..120), every in 5usize..30) {
            let text: String = words
                .iter()
                .enumerate()
                .map(|(i, w)| format!("س{w}{}", if i % every == 0 { ".\n" } else { " " }))
                .collect();
            let view = View::new(&text, default_tokeniser());
            for p in find(&text) {
                prop_assert!(p.a.span.end <= p.b.span.start);
                for side in [p.a, p.b] {
                    prop_assert_eq!(side.document, 7);
                    prop_assert!(view.tokens.iter().any(|t| t.span.start == side.span.start));
                    prop_assert!(view.tokens.iter().any(|t| t.span.end == side.span.end));
                }
                prop_assert!(p.identity > 0.0 && p.identity <= 1.0 && p.jaccard <= p.containment);
            }
        }
    }
}
