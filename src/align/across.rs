//! Repeated passages across documents.
//!
//! [`Corpus`] -> [`Repeats`]: shared 4-grams, chains, alignment and the same rules as inside a
//! document. What stands in many documents becomes a group with an anchor.

use rayon::prelude::*;

use super::chain::{Chain, chains, matched};
use super::corpus::Corpus;
use super::form::Slots;
use super::index::{GRAM_LEN_WORDS, Shared, candidates};
use super::local::{Alignment, Reach};
use super::merge::{Piece, merge, once};
use super::natural::{Substance, common_property, has_substance, headline, listing, recited, round, trim};
use super::promise::promising;
use super::seed::Run;
use super::star::{best_of_many, star};
use super::weight::{Weights, worth};
use super::words::Words;
use super::{Passage, PassageKind, Side, measure};
use crate::fingerprint::WordFrequencies;
use crate::params::{PassageParams, Scope};

/// What [`across_documents`] found.
#[derive(Debug, Default)]
pub struct Repeats {
    /// Passages by reading order of their sides.
    pub passages: Vec<Passage>,
    /// Pairs of documents that share most of their text in the same order. Their passages are not
    /// listed singly.
    pub versions: Vec<Version>,
    /// Phrases that stand in more documents than are compared pair by pair.
    pub phrases_capped: u64,
    /// Up to this many documents all pairs are compared.
    pub documents_max: u32,
}

/// Two documents that are versions of one text, with insertions between what they share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// The earlier document.
    pub a: u32,
    /// The later document.
    pub b: u32,
    /// Words of the earlier one that lie in shared passages.
    pub words: u32,
}

/// Passages from which on two documents that share them in order, and most of their text, are
/// versions of one text. One or two are copying: a contained text, a text and its amended end.
const VERSION_PIECES_MIN: usize = 3;

/// The share of the longer document that versions have in common.
const MUTUAL_SHARE_MIN: f32 = 0.4;

/// The same when the passages are only two: one text with an insertion.
const MUTUAL_SHARE_MIN_OF_TWO: f32 = 0.7;

/// Whether as many passages, with these shares of the shorter and of the longer document, make two
/// versions.
fn version(passages: usize, share_of_shorter: f32, share_of_longer: f32) -> bool {
    (passages >= VERSION_PIECES_MIN && share_of_shorter >= RELATED_SHARE_MIN && share_of_longer >= MUTUAL_SHARE_MIN)
        || (passages >= 2 && share_of_longer >= MUTUAL_SHARE_MIN_OF_TWO)
}

/// Two documents are relatives when passages cover this share of the shorter one.
const RELATED_SHARE_MIN: f32 = 0.5;

/// The passages that two documents share.
///
/// `duplicates(a, b)`, `a < b`, names pairs that are reported elsewhere as near duplicates: of
/// them only passages out of order are of interest here, moved paragraphs.
pub fn across_documents(
    corpus: &Corpus,
    frequencies: &WordFrequencies,
    params: &PassageParams,
    duplicates: impl Fn(u32, u32) -> bool + Sync,
) -> Repeats {
    let n = params.words_min.clamp(2, GRAM_LEN_WORDS);
    let candidates = candidates(corpus, n);
    let weights = Weights::of_corpus(frequencies);
    let mut found: Vec<Between> = Vec::new();
    candidates.shared.batches(Shared::same_pair, |batch| {
        let pairs = batch.chunk_by(Shared::same_pair).filter(|pair| Shared::may_reach(pair, params.words_min));
        let pairs: Vec<&[Shared]> = pairs.collect();
        let between = pairs.par_iter().map(|pair| between(corpus, &weights, pair, n, params, &duplicates));
        // Most pairs have nothing to show.
        let shown = |b: &Between| b.share >= RELATED_SHARE_MIN || !b.passages.is_empty() || b.version.is_some();
        found.par_extend(between.filter(shown));
    });
    let mut repeats = Repeats {
        phrases_capped: candidates.grams_capped,
        documents_max: candidates.documents_max,
        ..Repeats::default()
    };
    let mut related = Vec::new();
    for Between { pair, passages, share, version } in found {
        if share >= RELATED_SHARE_MIN {
            related.push(pair);
        }
        repeats.passages.extend(passages);
        repeats.versions.extend(version);
    }
    let related = |a, b| related.binary_search(&(a, b)).is_ok() || duplicates(a, b);
    repeats.passages = star(repeats.passages, related);
    repeats.passages = best_of_many(repeats.passages);
    repeats
}

/// What two documents have in common.
#[derive(Default)]
struct Between {
    pair: (u32, u32),
    passages: Vec<Passage>,
    /// The share of the shorter document that lies in what both share.
    share: f32,
    /// What stands for their passages.
    version: Option<Version>,
}

/// The passages of one pair of documents, in order.
fn between(
    corpus: &Corpus,
    weights: &Weights,
    pair: &[Shared],
    n: usize,
    params: &PassageParams,
    duplicates: &impl Fn(u32, u32) -> bool,
) -> Between {
    let Some(&Shared { a_document, b_document, .. }) = pair.first() else { return Between::default() };
    let (a, b) = (corpus.words(a_document), corpus.words(b_document));
    let (a, b): (&Words, &Words) = (&a, &b);
    let runs = runs(a, b, pair, n);
    let total: u32 = runs.iter().map(|&(r, _)| r.len).sum();
    if (total as usize) < params.words_min {
        return Between::default();
    }
    let words = |run: &Run| &a.numbers()[run.a as usize..run.a_end() as usize];
    let worth = |run: &Run| words(run).iter().map(|&word| worth(weights.of(word))).sum::<f32>();
    let chains = chains(runs.iter().map(|&(r, _)| r).collect(), worth, false);
    let candidates: Vec<Candidate> = chains.into_iter().map(|chain| Candidate::new(a, b, &runs, chain)).collect();
    if !may_be_passages(&candidates, params) {
        return Between::default();
    }
    let pieces = candidates.into_iter().filter_map(|candidate| piece(a, b, weights, candidate, params));
    let pieces = merge(once(pieces.collect(), false), a, b, params, false);
    // Of near duplicates even a headline may have moved, which is no passage by itself.
    let moved = words_in_order(&pieces) < pieces.iter().map(words_of).sum()
        || pieces.iter().any(|piece| !piece.alignment.in_order());
    let found = judge(a, b, weights, pieces, params);
    let words: u32 = found.iter().map(words_of).sum();
    let share = words as f32 / a.len().min(b.len()).max(1) as f32;
    let mut between = Between { pair: (a_document, b_document), share, ..Between::default() };
    if duplicates(a_document, b_document) {
        if !moved {
            return between;
        }
    } else if version(found.len(), share, words as f32 / a.len().max(b.len()).max(1) as f32)
        && words_in_order(&found) * 10 >= words * 9
    {
        between.version = Some(Version { a: a_document, b: b_document, words });
        return between;
    }
    between.passages = found.iter().map(|found| passage((a_document, a), (b_document, b), &found.alignment)).collect();
    between
}

fn words_of(found: &Piece) -> u32 {
    found.alignment.bounds.1 - found.alignment.bounds.0
}

/// Words in the largest part of some passages that stands in the same order on both sides. Takes
/// passages by their first side.
fn words_in_order(found: &[Piece]) -> u32 {
    // The heaviest ascending subsequence; passages of one pair are few.
    let mut best: Vec<u32> = Vec::with_capacity(found.len());
    for (i, f) in found.iter().enumerate() {
        let before = (i.saturating_sub(256)..i).filter(|&j| found[j].alignment.bounds.2 < f.alignment.bounds.2);
        best.push(words_of(f) + before.map(|j| best[j]).max().unwrap_or(0));
    }
    best.into_iter().max().unwrap_or(0)
}

/// The shared stretches at full length, each once, with the documents of their first n-gram;
/// by their ends.
fn runs(a: &Words, b: &Words, pair: &[Shared], n: usize) -> Vec<(Run, u32)> {
    let mut runs: Vec<(Run, u32)> = Vec::with_capacity(pair.len());
    // Along a diagonal the stretches ascend; one that begins inside the last is part of it.
    let mut starts: Vec<(i64, u32, u32)> =
        pair.iter().map(|s| (i64::from(s.b) - i64::from(s.a), s.a, s.documents)).collect();
    starts.sort_unstable();
    let mut last: Option<(i64, u32)> = None;
    for (diagonal, at, documents) in starts {
        if last.is_some_and(|(d, end)| d == diagonal && at < end) {
            if let Some((_, least)) = runs.last_mut() {
                *least = documents.min(*least);
            }
            continue;
        }
        let b_at = (i64::from(at) + diagonal) as u32;
        let equal =
            a.numbers()[at as usize..].iter().zip(&b.numbers()[b_at as usize..]).take_while(|(x, y)| x == y).count();
        last = Some((diagonal, at + equal as u32));
        if equal >= n {
            runs.push((Run { a: at, b: b_at, len: equal as u32 }, documents));
        }
    }
    runs.sort_unstable_by_key(|(r, _)| (r.a_end(), r.b_end()));
    runs
}

/// A chain and how far it reaches.
struct Candidate {
    chain: Chain,
    reach: Reach,
    /// In how many documents its rarest seed stands.
    documents: u32,
}

impl Candidate {
    fn new(a: &Words, b: &Words, runs: &[(Run, u32)], chain: Chain) -> Self {
        let limits = (0, a.len() as u32, 0, b.len() as u32);
        let documents = chain.runs.iter().chain(&chain.others).map(|run| {
            // A run that was cut at its start ends where it ended.
            let at = runs.partition_point(|(r, _)| (r.a_end(), r.b_end()) < (run.a_end(), run.b_end()));
            runs.get(at).map_or(0, |&(_, documents)| documents)
        });
        let documents = documents.min().unwrap_or(0);
        Self { reach: Reach::new(a.numbers(), b.numbers(), &chain, limits), documents, chain }
    }
}

/// Whether [`judge`] may let something of these through: most pairs of documents share two phrases
/// and nothing around them.
fn may_be_passages(candidates: &[Candidate], params: &PassageParams) -> bool {
    promising(
        candidates,
        |candidate| candidate.reach.bounds(),
        |some| {
            let matched = some.iter().map(|candidate| candidate.reach.matched()).sum();
            let documents = some.iter().map(|candidate| candidate.documents).min().unwrap_or(0);
            matched as usize >= params.words_min && !common_property(matched, documents, params)
        },
    )
}

/// What could be a piece of a passage.
fn piece(a: &Words, b: &Words, weights: &Weights, candidate: Candidate, params: &PassageParams) -> Option<Piece> {
    let Candidate { chain, reach, documents } = candidate;
    let mut alignment = reach.alignment();
    trim(a, b, &mut alignment);
    if f64::from(alignment.identity()) < params.identity_min {
        return None;
    }
    let weigh = |at: u32| weights.of(a.numbers()[at as usize]);
    let mass = if alignment.in_order() {
        alignment.pairs.iter().map(|&(at, _)| weigh(at)).sum()
    } else {
        matched(&chain).map(weigh).sum()
    };
    Some(Piece { documents, alignment, mass })
}

/// The pieces that are passages, with their final borders.
fn judge(a: &Words, b: &Words, weights: &Weights, pieces: Vec<Piece>, params: &PassageParams) -> Vec<Piece> {
    let counts = |piece: &Piece| {
        let Piece { alignment, mass, documents } = piece;
        let substance = Substance { matched: alignment.matched, mass: *mass };
        has_substance(substance, false, params)
            && !common_property(alignment.matched, *documents, params)
            && !headline(a, b, alignment)
            && !listing(a, b, alignment)
            && !recited(a, b, alignment)
    };
    let slots = |piece: Piece| (Slots::new(a, b, |w| weights.of(w), &piece.alignment), piece);
    let mut pieces: Vec<(Slots, Piece)> = pieces.into_iter().filter(counts).map(slots).collect();
    if pieces.iter().any(|(slots, piece)| slots.form(piece)) {
        pieces.retain(|(slots, piece)| !slots.form(piece) && !slots.part_of_form(piece));
    }
    let mut found: Vec<Piece> = pieces.into_iter().map(|(_, piece)| piece).collect();
    found.iter_mut().for_each(|piece| round(a, b, &mut piece.alignment));
    found
}

fn passage(a: (u32, &Words), b: (u32, &Words), alignment: &Alignment) -> Passage {
    let (a0, a1, b0, b1) = alignment.bounds;
    let (x, y) = (&a.1.numbers()[a0 as usize..a1 as usize], &b.1.numbers()[b0 as usize..b1 as usize]);
    let (jaccard, containment) = measure::similarity(x, y);
    let kind = measure::kind(a.1, b.1, alignment);
    Passage {
        a: Side { document: a.0, span: a.1.span(a0, a1) },
        b: Side { document: b.0, span: b.1.span(b0, b1) },
        kind,
        words: (a1 - a0).min(b1 - b0),
        identity: if kind == PassageKind::Exact { 1.0 } else { alignment.identity() },
        jaccard,
        containment,
        scope: Scope::Corpus,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::CorpusBuilder;
    use super::*;
    use crate::tokenise::{View, default_tokeniser};

    /// The passages of a corpus as texts, and what else was found.
    fn find(texts: &[String]) -> (Vec<(String, String)>, Repeats) {
        find_with(texts, false)
    }

    fn find_with(texts: &[String], duplicates: bool) -> (Vec<(String, String)>, Repeats) {
        let (mut builder, frequencies) = (CorpusBuilder::default(), WordFrequencies::default());
        for (number, text) in (0..).zip(texts) {
            let view = View::new(text, default_tokeniser());
            frequencies.observe(&view.tokens);
            builder.push(number, Words::new(&view));
        }
        let repeats = across_documents(&builder.finish(), &frequencies, &PassageParams::default(), |_, _| duplicates);
        let of = |side: &Side| side.span.of(&texts[side.document as usize]).to_owned();
        (repeats.passages.iter().map(|p| (of(&p.a), of(&p.b))).collect(), repeats)
    }

    /// `n` words that stand nowhere else.
    fn prose(from: usize, n: usize) -> String {
        (from..from + n).map(|i| format!("كلمة{i}")).collect::<Vec<_>>().join(" ")
    }

    /// A text of its own around `inside`.
    fn host(number: usize, inside: &str) -> String {
        format!("{}.\n{inside}.\n{}.\n", prose(number * 1000 + 100_000, 60), prose(number * 1000 + 100_500, 60))
    }

    #[test]
    fn a_paragraph_of_another_document_is_found() {
        let p = prose(0, 30);
        let texts: Vec<_> = (0..6).map(|i| host(i, if i % 3 == 1 { &p } else { "." })).collect();
        assert_eq!(find(&texts).0, [(p.clone(), p)]);
    }

    #[test]
    fn a_spread_passage_is_several_findings_and_a_reordered_one_is_one() {
        let (x, y) = (prose(0, 20), prose(50, 20));
        let spread = format!("{x}.\n{}.\n{y}.", prose(9000, 80));
        assert_eq!(find(&[host(0, &format!("{x}. {y}")), host(1, &spread)]).0.len(), 2);
        assert_eq!(find(&[host(0, &format!("ثم {x}. {y}")), host(1, &format!("وقد {y}. {x}"))]).0.len(), 1);
    }

    #[test]
    fn a_verse_in_many_documents_is_common_property_and_a_paragraph_is_not() {
        let (verse, paragraph) = (prose(0, 9), prose(50, 40));
        let verses: Vec<_> = (0..8)
            .map(|i| host(i, &format!("{} {verse} {}", prose(i * 50 + 700, 9), prose(i * 50 + 730, 9))))
            .collect();
        assert!(find(&verses).0.is_empty());
        let copies: Vec<_> = (0..8).map(|i| host(i, &paragraph)).collect();
        let (passages, repeats) = find(&copies);
        assert_eq!(passages.len(), 7, "a star around the first");
        assert_eq!(super::super::groups(&repeats.passages)[0].members.len(), 7);
    }

    #[test]
    fn lines_of_a_site_are_furniture_and_a_sentence_in_five_documents_is_not() {
        let line = prose(0, 10);
        let texts: Vec<_> = (0..9).map(|i| host(i, &line)).collect();
        assert!(find(&texts).0.is_empty());
        let sentence = prose(50, 22);
        let copied = |documents: usize| find(&(0..documents).map(|i| host(i, &sentence)).collect::<Vec<_>>()).0.len();
        assert_eq!((copied(5), copied(9)), (4, 0), "a sentence that a few have copied is none yet");
    }

    #[test]
    fn documents_that_share_most_in_order_are_versions_and_near_duplicates_are_listed_where_moved() {
        let parts: Vec<_> = (0..4).map(|i| prose(i * 100, 60)).collect();
        let with = |number: usize, order: [usize; 4]| {
            let part =
                |(i, &p): (usize, &usize)| format!("{}.\n{}.\n", parts[p], prose(50_000 + number * 5000 + i * 300, 60));
            order.iter().enumerate().map(part).collect::<String>()
        };
        let (same, moved) = ([0, 1, 2, 3], [1, 2, 3, 0]);
        let (passages, repeats) = find(&[with(0, same), with(1, same)]);
        assert!(passages.is_empty());
        assert_eq!(repeats.versions, [Version { a: 0, b: 1, words: 240 }]);
        assert_eq!(find(&[with(0, same), with(1, moved)]).0.len(), 4);
        assert!(find_with(&[with(0, same), with(1, same)], true).0.is_empty());
        let swapped = |x: &str, y: &str| format!("{}.\n{x}.\n{y}.\n{}.\n", prose(9000, 60), prose(9100, 60));
        let (x, y) = (prose(0, 30), prose(100, 30));
        assert_eq!(find_with(&[swapped(&x, &y), swapped(&x, &y)], true).0.len(), 0);
        assert_ne!(
            find_with(&[swapped(&x, &y), swapped(&y, &x)], true).0.len(),
            0,
            "two neighbours have changed places"
        );
        assert_eq!(find_with(&[with(0, same), with(1, moved)], true).0.len(), 4);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn renumbering_documents_changes_only_numbers(
            lens in prop::collection::vec(14usize..40, 3),
            order in Just((0..6).collect::<Vec<usize>>()).prop_shuffle(),
        ) {
            let shared: Vec<_> = lens.iter().enumerate().map(|(i, &len)| prose(i * 100, len)).collect();
            let texts: Vec<_> = (0..6).map(|i| host(i, &shared[i / 2])).collect();
            let shuffled: Vec<_> = order.iter().map(|&i| texts[i].clone()).collect();
            let sorted = |found: Vec<(String, String)>| {
                let mut found: Vec<_> = found.into_iter().map(|(a, b)| if a <= b { (a, b) } else { (b, a) }).collect();
                found.sort();
                found
            };
            let here = sorted(find(&texts).0);
            prop_assert_eq!(here.len(), 3);
            prop_assert_eq!(here, sorted(find(&shuffled).0));
        }
    }
}
