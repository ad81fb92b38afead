//! Finds the duplicate documents of a survey: candidates, matches, clusters, and for each document
//! that stands elsewhere too, where.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use bitvec::vec::BitVec;
use rayon::prelude::*;

use crate::cluster::{Cluster, cluster};
use crate::index::{BandShape, Bands, Candidate, SampledShingles};
use crate::label::{Action, Label};
use crate::params::{Keep, Params};
use crate::pipeline::survey::{DocumentRow, Survey};
use crate::recurring::{Words, recurring};
use crate::shingle::{ShingleSet, hashes_into};
use crate::sketch::MinHasher;
use crate::verify::{Match, MatchKind, ShingleSets, verify};

/// Every pair, cluster and duplicate of a corpus.
#[derive(Default)]
pub struct Duplicates {
    /// Pairs of documents in reading order: exact ones with the first of their group, near and
    /// contained ones as verified.
    pub pairs: Vec<Match>,
    /// Clusters by their anchors.
    pub clusters: Vec<Cluster>,
    /// For a document that stands elsewhere too: the match, and the document that stays for it.
    elsewhere: HashMap<u32, (Match, u32)>,
    /// Declared limits that were reached, with how often.
    pub limits_reached: Vec<(&'static str, u64)>,
}

impl Duplicates {
    /// The match of `document` with the one that stays for it, and that one's number.
    pub fn of(&self, document: u32) -> Option<&(Match, u32)> {
        self.elsewhere.get(&document)
    }

    /// Searches a survey. Takes the words, which only this search needs, out of it.
    pub fn find(survey: &mut Survey, params: &Params, shape: BandShape) -> Duplicates {
        let rank = ranks(&survey.documents, &params.documents.keep);
        let copies = copies(&survey.documents, &rank);
        let words = std::mem::take(&mut survey.words);
        let cores = Cores::new(&words, survey, params);
        let (mut matches, mut limits_reached) = matches(&cores, shape, params);
        drop(cores);

        // Matches were found between first copies in reading order; clusters speak of the
        // preferred copy.
        let preferred: HashMap<u32, u32> =
            copies.iter().map(|group| (group.iter().copied().min().unwrap_or(group[0]), group[0])).collect();
        let prefer = |d: u32| preferred.get(&d).copied().unwrap_or(d);
        for m in &mut matches {
            let (a, b) = (prefer(m.a), prefer(m.b));
            (m.a, m.b) = if m.kind == MatchKind::Contained { (a, b) } else { (a.min(b), a.max(b)) };
        }
        matches.sort_unstable_by_key(|m| (m.a, m.b));

        let clusters = cluster(&copies, &matches, &rank);
        let mut elsewhere = HashMap::new();
        for c in &clusters {
            for m in &c.members {
                let matched =
                    Match { a: m.document, b: c.anchor, kind: m.kind, jaccard: m.jaccard, containment: m.containment };
                elsewhere.insert(m.document, (matched, c.anchor));
            }
        }
        contained(&matches, survey, params, &mut elsewhere);

        let exact = copies.iter().flat_map(|group| {
            group[1..].iter().map(|&copy| Match {
                a: group[0].min(copy),
                b: group[0].max(copy),
                kind: MatchKind::Exact,
                jaccard: 1.0,
                containment: 1.0,
            })
        });
        let mut pairs: Vec<Match> = exact.collect();
        let capped = with_copies(&matches, &copies, &mut pairs);
        if capped > 0 {
            limits_reached.push(("pairs of copies too many to list one by one", capped));
        }
        pairs.sort_unstable_by_key(|m| (m.a, m.b));
        Duplicates { pairs, clusters, elsewhere, limits_reached }
    }
}

/// The place of each document in the order of preference, 0 first.
pub fn ranks(documents: &[DocumentRow], keep: &Keep) -> Vec<u32> {
    let longer = |x: &DocumentRow, y: &DocumentRow| y.words.cmp(&x.words);
    let by_key = |x: &DocumentRow, y: &DocumentRow, latest: bool| match (&x.sort_key, &y.sort_key) {
        (Some(x), Some(y)) => {
            let order = compare_keys(x, y);
            if latest { order.reverse() } else { order }
        }
        // A document without the field comes after those with it.
        (x, y) => y.is_some().cmp(&x.is_some()),
    };
    let mut order: Vec<u32> = (0..documents.len() as u32).collect();
    order.par_sort_unstable_by(|&i, &j| {
        let (x, y) = (&documents[i as usize], &documents[j as usize]);
        let first = match keep {
            Keep::First => Ordering::Equal,
            Keep::Longest => longer(x, y).then_with(|| x.id.cmp(&y.id)),
            Keep::Earliest(_) => by_key(x, y, false).then_with(|| longer(x, y)).then_with(|| x.id.cmp(&y.id)),
            Keep::Latest(_) => by_key(x, y, true).then_with(|| longer(x, y)).then_with(|| x.id.cmp(&y.id)),
        };
        first.then(i.cmp(&j))
    });
    let mut rank = vec![0; documents.len()];
    order.iter().enumerate().for_each(|(place, &d)| rank[d as usize] = place as u32);
    rank
}

/// A total order of field values: finite numbers by value, then everything else as text.
fn compare_keys(x: &str, y: &str) -> Ordering {
    let number = |s: &str| s.parse::<f64>().ok().filter(|n| n.is_finite());
    match (number(x), number(y)) {
        (Some(a), Some(b)) => a.total_cmp(&b).then_with(|| x.cmp(y)),
        (None, None) => x.cmp(y),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

/// Groups of two or more documents with equal comparison forms, each in order of preference.
fn copies(documents: &[DocumentRow], rank: &[u32]) -> Vec<Vec<u32>> {
    let mut order: Vec<u32> =
        (0..documents.len() as u32).filter(|&d| documents[d as usize].fingerprint.is_some()).collect();
    let key = |d: u32| (documents[d as usize].fingerprint, rank[d as usize]);
    order.par_sort_unstable_by_key(|&d| key(d));
    let mut groups: Vec<Vec<u32>> =
        order.chunk_by(|&x, &y| key(x).0 == key(y).0).filter(|group| group.len() > 1).map(<[u32]>::to_vec).collect();
    groups.sort_unstable();
    groups
}

/// What documents are compared by: their words without template lines. Copies and documents without
/// words have none.
struct Cores<'a> {
    words: &'a Words,
    template_lines: BitVec,
    shingle_len_tokens: usize,
    /// The sets of documents that were proposed, made when first asked for: most never are, and
    /// sorting the shingles of all took some 7 % of a run.
    sets: Vec<OnceLock<ShingleSet>>,
}

impl<'a> Cores<'a> {
    fn new(words: &'a Words, survey: &Survey, params: &Params) -> Self {
        Self {
            words,
            template_lines: recurring(words, |d| survey.documents[d as usize].fingerprint),
            shingle_len_tokens: params.documents.shingle_len_tokens,
            sets: std::iter::repeat_with(OnceLock::new).take(words.len()).collect(),
        }
    }

    /// The shingles of a document as they stand, repeated ones too.
    fn hashes_into(&self, document: u32, hashes: &mut Vec<u64>) {
        hashes.clear();
        hashes_into(&self.words.core(document, &self.template_lines), self.shingle_len_tokens, hashes);
    }
}

impl ShingleSets for Cores<'_> {
    fn shingles(&self, document: u32) -> &[u64] {
        let set = self.sets[document as usize].get_or_init(|| {
            let mut hashes = Vec::new();
            self.hashes_into(document, &mut hashes);
            ShingleSet::from_hashes(hashes)
        });
        set.as_slice()
    }
}

/// What a document is found by.
struct Sketched {
    keys: Vec<u64>,
    sample: Vec<u64>,
}

/// Verified matches between documents that are no copies of each other, without repetition.
fn matches(cores: &Cores, shape: BandShape, params: &Params) -> (Vec<Match>, Vec<(&'static str, u64)>) {
    let hasher = MinHasher::new(shape.sketch_len(), params.documents.seed);
    let sketched: Vec<Option<Sketched>> = (0..cores.words.len() as u32)
        .into_par_iter()
        .map_init(Vec::new, |hashes, document| {
            cores.hashes_into(document, hashes);
            (!hashes.is_empty()).then(|| Sketched {
                keys: Bands::keys(shape, &hasher.sketch_hashes(hashes)),
                sample: SampledShingles::sample(hashes),
            })
        })
        .collect();
    let (mut bands, mut sampled) = (Bands::new(shape), SampledShingles::default());
    sampled.reserve(sketched.iter().flatten().map(|s| s.sample.len()).sum());
    for (document, s) in (0..).zip(sketched).filter_map(|(document, s)| Some((document, s?))) {
        bands.push(document, &s.keys);
        sampled.push(document, &s.sample);
    }
    bands.finish();
    let verified = |candidates: Vec<Candidate>| -> Vec<Match> {
        candidates.into_par_iter().filter_map(|c| verify(c, cores, &params.documents)).collect()
    };
    let by_band: Vec<(Vec<Match>, usize)> = (0..bands.len())
        .into_par_iter()
        .map(|band| {
            let proposed = bands.candidates(band);
            (verified(proposed.candidates), proposed.groups_capped)
        })
        .collect();
    let groups_capped: usize = by_band.iter().map(|(_, capped)| capped).sum();
    let mut matches: Vec<Match> = by_band.into_iter().flat_map(|(matches, _)| matches).collect();
    let proposed = sampled.candidates(params.documents.contained);
    matches.extend(verified(proposed.candidates));
    matches.sort_unstable_by_key(|m| (m.a.min(m.b), m.a.max(m.b)));
    matches.dedup_by_key(|m| (m.a.min(m.b), m.a.max(m.b)));
    let limits = [
        ("band groups too large to compare pair by pair", groups_capped as u64),
        ("shingles too common to propose a containment", proposed.shingles_capped as u64),
    ];
    (matches, limits.into_iter().filter(|&(_, n)| n > 0).collect())
}

/// Two groups of copies are listed pair by pair up to this many pairs; beyond, the pair of their
/// preferred copies stands for all.
const PAIRS_OF_COPIES_MAX: usize = 256;

/// Adds each match, and the same for the copies of both sides; returns how many matches had too
/// many copies for that.
fn with_copies(matches: &[Match], copies: &[Vec<u32>], pairs: &mut Vec<Match>) -> u64 {
    let groups: HashMap<u32, &[u32]> = copies.iter().map(|group| (group[0], &group[..])).collect();
    let mut capped = 0;
    for m in matches {
        let (left, right) = ([m.a], [m.b]);
        let left = groups.get(&m.a).copied().unwrap_or(&left);
        let right = groups.get(&m.b).copied().unwrap_or(&right);
        if left.len() * right.len() > PAIRS_OF_COPIES_MAX {
            capped += 1;
            pairs.push(*m);
            continue;
        }
        for &a in left {
            for &b in right {
                let swap = m.kind != MatchKind::Contained && b < a;
                let (a, b) = if swap { (b, a) } else { (a, b) };
                pairs.push(Match { a, b, ..*m });
            }
        }
    }
    capped
}

/// Finds for each contained document the one that stays for it: the fullest containment, then the
/// longer document, then the earlier.
///
/// What stays for another document does stay: containers are judged before what they contain, and a
/// document that others name is itself left where it is.
fn contained(matches: &[Match], survey: &Survey, params: &Params, elsewhere: &mut HashMap<u32, (Match, u32)>) {
    let words = |d: u32| survey.documents[d as usize].words;
    let mut inside: Vec<&Match> = matches.iter().filter(|m| m.kind == MatchKind::Contained).collect();
    inside.sort_unstable_by(|x, y| {
        words(y.a)
            .cmp(&words(x.a))
            .then(x.a.cmp(&y.a))
            .then(y.containment.total_cmp(&x.containment))
            .then(words(y.b).cmp(&words(x.b)))
            .then(x.b.cmp(&y.b))
    });
    let removed = |m: &Match| match m.kind {
        MatchKind::Contained => params.policy.contained == Action::Remove,
        MatchKind::Exact | MatchKind::Near => params.policy.action(Label::DuplicateDocument) == Action::Remove,
    };
    let mut stays: HashSet<u32> = elsewhere.values().map(|&(_, anchor)| anchor).collect();
    for m in inside {
        let partner_goes = elsewhere.get(&m.b).is_some_and(|(m, _)| removed(m));
        if elsewhere.contains_key(&m.a) || partner_goes || (removed(m) && stays.contains(&m.a)) {
            continue;
        }
        elsewhere.insert(m.a, (*m, m.b));
        stays.insert(m.b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, words: u32, sort_key: Option<&str>) -> DocumentRow {
        DocumentRow { id: id.into(), words, bytes: 0, fingerprint: None, sort_key: sort_key.map(Into::into) }
    }

    fn check(keep: &str, rows: &[DocumentRow], expect: &[u32]) {
        assert_eq!(ranks(rows, &keep.parse().unwrap()), expect, "{keep}");
    }

    #[test]
    fn the_order_of_preference_is_as_documented() {
        let rows = [row("c", 5, None), row("b", 9, Some("10")), row("a", 9, Some("9"))];
        check("longest", &rows, &[2, 1, 0]);
        check("first", &rows, &[0, 1, 2]);
        check("earliest:date", &rows, &[2, 1, 0]);
        check("latest:date", &rows, &[2, 0, 1]);
        let mixed =
            [row("a", 1, Some("1a")), row("b", 1, Some("9")), row("c", 1, Some("10")), row("d", 1, Some("NaN"))];
        check("earliest:date", &mixed, &[2, 0, 1, 3]);
        let dates = [row("a", 1, Some("2024-02-01")), row("b", 1, Some("2024-01-31"))];
        check("earliest:date", &dates, &[1, 0]);
    }
}
