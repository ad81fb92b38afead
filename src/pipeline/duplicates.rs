//! Finds the duplicate documents of a survey: candidates, matches, clusters, and for each document
//! that stands elsewhere too, where.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use bitvec::vec::BitVec;
use rayon::prelude::*;

use crate::cluster::{Cluster, cluster};
use crate::error::Result;
use crate::index::{BandShape, Bands, Candidate, Candidates, SampledShingles};
use crate::label::{Action, Label};
use crate::params::{Keep, Params};
use crate::pipeline::audit::audit;
use crate::pipeline::overlap::{overlapped, released};
use crate::pipeline::survey::{Documents, Survey};
use crate::recurring::{Words, recurring};
use crate::report::Audit;
use crate::shingle::{ShingleSet, hashes_into};
use crate::sketch::MinHasher;
use crate::spill::{Sorted, Sorter, Spill};
use crate::verify::{Match, MatchKind, Packed, ShingleSets, verify};

/// Every pair, cluster and duplicate of a corpus.
pub struct Duplicates {
    pairs: Sorted<Packed>,
    /// Clusters by their anchors.
    pub clusters: Vec<Cluster>,
    /// For a document that stands elsewhere too: the match, and the document that stays for it.
    elsewhere: HashMap<u32, (Match, u32)>,
    /// Declared limits that were reached, with how often.
    pub limits_reached: Vec<(&'static str, u64)>,
    /// What a sample of documents says was missed, when it was asked for.
    pub audit: Option<Audit>,
}

impl Duplicates {
    /// The match of `document` with the one that stays for it, and that one's number.
    pub fn of(&self, document: u32) -> Option<&(Match, u32)> {
        self.elsewhere.get(&document)
    }

    /// Pairs of documents in reading order: exact ones with the first of their group, near and
    /// contained ones as verified.
    pub fn pairs(&self) -> impl Iterator<Item = Match> {
        self.pairs.iter().map(Match::unpack)
    }

    /// All documents that stand elsewhere too, in no order.
    pub fn all(&self) -> impl Iterator<Item = (u32, (Match, u32))> {
        self.elsewhere.iter().map(|(&document, &found)| (document, found))
    }

    /// What an earlier search found.
    pub(super) fn of_parts(
        pairs: Sorted<Packed>,
        clusters: Vec<Cluster>,
        elsewhere: HashMap<u32, (Match, u32)>,
        limits_reached: Vec<(&'static str, u64)>,
    ) -> Self {
        Self { pairs, clusters, elsewhere, limits_reached, audit: None }
    }

    /// Searches a survey. Takes the words, which only this search needs, out of it.
    ///
    /// With `audited`, so many documents are compared with all others besides.
    ///
    /// # Errors
    /// None of its own: what it shares with the passes over the input can fail there.
    pub fn find(
        survey: &mut Survey,
        params: &Params,
        shape: BandShape,
        audited: Option<usize>,
        spill: &Spill,
    ) -> Result<Duplicates> {
        let mut copies = copies(&survey.documents, spill);
        let mut words = std::mem::take(&mut survey.words);
        words.without(later_copies(&copies, words.len()));
        let preferred = preferred(&survey.documents, &mut copies, &params.documents.keep);
        let found = matches(&words, survey, shape, params, &preferred, audited, spill)?;
        drop(preferred);
        released(words);
        Ok(Self::settle(&survey.documents, copies, found, params, spill))
    }

    /// The duplicates among documents whose matches are known: `found` between first copies, each
    /// once. What [`Duplicates::find`] does once it has searched, for those who search elsewhere.
    pub fn of_matches(
        documents: &Documents,
        found: impl Iterator<Item = Match>,
        params: &Params,
        spill: &Spill,
    ) -> Duplicates {
        let mut copies = copies(documents, spill);
        let preferred = preferred(documents, &mut copies, &params.documents.keep);
        let mut matches: Sorter<Packed> = Sorter::new(spill, spill.share(8));
        found.for_each(|m| matches.push(between(m, &preferred).pack()));
        let found = Found { matches: matches.finish(), limits_reached: Vec::new(), audit: None };
        Self::settle(documents, copies, found, params, spill)
    }

    /// Clusters, and what stays for what, from matches between preferred copies.
    fn settle(
        documents: &Documents,
        copies: Vec<Vec<u32>>,
        Found { matches, mut limits_reached, audit }: Found,
        params: &Params,
        spill: &Spill,
    ) -> Duplicates {
        let near = || matches.iter().map(Match::unpack);
        let involved = copies.iter().map(|group| group[0]).chain(near().flat_map(|m| [m.a, m.b]));
        let rank = ranks(documents, involved, &params.documents.keep);
        let clusters = cluster(&copies, near(), &rank, spill);
        drop(rank);
        let mut elsewhere = HashMap::new();
        for c in &clusters {
            for m in &c.members {
                let matched =
                    Match { a: m.document, b: c.anchor, kind: m.kind, jaccard: m.jaccard, containment: m.containment };
                elsewhere.insert(m.document, (matched, c.anchor));
            }
        }
        contained(near(), documents, params, &mut elsewhere, spill);

        let mut pairs = Sorter::new(spill, spill.share(8));
        let exact = copies.iter().flat_map(|group| {
            group[1..].iter().map(|&copy| Match {
                a: group[0].min(copy),
                b: group[0].max(copy),
                kind: MatchKind::Exact,
                jaccard: 1.0,
                containment: 1.0,
            })
        });
        pairs.extend(exact.map(|m| m.pack()));
        let capped = with_copies(near(), &copies, &mut pairs);
        if capped > 0 {
            limits_reached.push(("pairs of copies too many to list one by one", capped));
        }
        Duplicates { pairs: pairs.finish(), clusters, elsewhere, limits_reached, audit }
    }
}

/// For each of these documents, its place in the order of preference among them, 0 first.
pub fn ranks(documents: &Documents, of: impl Iterator<Item = u32>, keep: &Keep) -> Vec<u32> {
    let mut involved: BitVec = BitVec::repeat(false, documents.len());
    of.for_each(|d| involved.set(d as usize, true));
    let mut order: Vec<u32> = involved.iter_ones().map(|d| d as u32).collect();
    order.par_sort_unstable_by(|&x, &y| prefer(documents, keep, x, y));
    let mut rank = vec![u32::MAX; documents.len()];
    order.iter().enumerate().for_each(|(place, &d)| rank[d as usize] = place as u32);
    rank
}

/// Orders two documents by preference, the preferred one first.
fn prefer(documents: &Documents, keep: &Keep, x: u32, y: u32) -> Ordering {
    let longer = || documents.words(y).cmp(&documents.words(x));
    let by_id = || documents.compare_ids(x, y);
    let by_key = |latest: bool| match (documents.sort_key(x), documents.sort_key(y)) {
        (Some(x), Some(y)) => {
            let order = compare_keys(&x, &y);
            if latest { order.reverse() } else { order }
        }
        // A document without the field comes after those with it.
        (x, y) => y.is_some().cmp(&x.is_some()),
    };
    let first = match keep {
        Keep::First => Ordering::Equal,
        Keep::Longest => longer().then_with(by_id),
        Keep::Earliest(_) => by_key(false).then_with(longer).then_with(by_id),
        Keep::Latest(_) => by_key(true).then_with(longer).then_with(by_id),
    };
    first.then(x.cmp(&y))
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

/// Groups of two or more documents with equal comparison forms, each in reading order.
fn copies(documents: &Documents, spill: &Spill) -> Vec<Vec<u32>> {
    let mut prints: Sorter<(u64, u64, u32)> = Sorter::new(spill, spill.share(6));
    prints.reserve(documents.len());
    prints.extend(documents.fingerprints().map(|(f, document)| ((f.0 >> 64) as u64, f.0 as u64, document)));
    let same_form = |x: &(u64, u64, u32), y: &(u64, u64, u32)| (x.0, x.1) == (y.0, y.1);
    let mut groups = Vec::new();
    prints.finish().batches(same_form, |batch| {
        let same = batch.chunk_by(same_form).filter(|group| group.len() > 1);
        groups.extend(same.map(|group| group.iter().map(|&(.., document)| document).collect()));
    });
    groups
}

/// Sorts each group by preference, and gives for its first document in reading order the preferred
/// one: matches are found between first copies, clusters speak of the preferred copy.
fn preferred(documents: &Documents, copies: &mut [Vec<u32>], keep: &Keep) -> HashMap<u32, u32> {
    let firsts: Vec<u32> = copies.iter().map(|group| group[0]).collect();
    copies.par_iter_mut().for_each(|group| group.sort_unstable_by(|&x, &y| prefer(documents, keep, x, y)));
    let preferred = firsts.into_iter().zip(copies.iter().map(|group| group[0])).collect();
    copies.sort_unstable();
    preferred
}

/// A match of first copies as one of preferred copies.
fn between(m: Match, preferred: &HashMap<u32, u32>) -> Match {
    let prefer = |d: u32| preferred.get(&d).copied().unwrap_or(d);
    let (a, b) = (prefer(m.a), prefer(m.b));
    let (a, b) = if m.kind == MatchKind::Contained { (a, b) } else { (a.min(b), a.max(b)) };
    Match { a, b, ..m }
}

/// The documents that are copies of an earlier one.
fn later_copies(copies: &[Vec<u32>], documents: usize) -> BitVec {
    let mut later = BitVec::repeat(false, documents);
    copies.iter().flat_map(|group| &group[1..]).for_each(|&d| later.set(d as usize, true));
    later
}

/// What a document is found by.
struct Sketched {
    document: u32,
    keys: Vec<u64>,
    sample: Vec<u64>,
}

/// What a search gives.
struct Found {
    matches: Sorted<Packed>,
    limits_reached: Vec<(&'static str, u64)>,
    audit: Option<Audit>,
}

/// Verified matches between documents that are no copies of each other, without repetition, by the
/// preferred copies of both, and the limits that were reached.
///
/// Documents are compared by their words without template lines. Copies and documents without words
/// have none.
fn matches(
    words: &Words,
    survey: &Survey,
    shape: BandShape,
    params: &Params,
    preferred: &HashMap<u32, u32>,
    audited: Option<usize>,
    spill: &Spill,
) -> Result<Found> {
    let template_lines = recurring(words, |d| survey.documents.fingerprint(d));
    let len_tokens = params.documents.shingle_len_tokens;
    let hasher = MinHasher::new(shape.sketch_len(), params.documents.seed);
    let mut bands = Bands::new(shape, spill, spill.share(4));
    bands.reserve(words.len());
    let mut sampled = SampledShingles::new(spill, spill.share(3), words.words());
    let mut batches = words.batches();
    let sketched = overlapped(
        || Ok(batches.next()),
        |batch| -> Vec<Option<Sketched>> {
            let texts = words.texts(batch.clone());
            let sketch = |hashes: &mut Vec<u64>, document: u32| {
                hashes.clear();
                hashes_into(&texts.text(document).core(&template_lines), len_tokens, hashes);
                (!hashes.is_empty()).then(|| Sketched {
                    document,
                    keys: Bands::keys(shape, &hasher.sketch_hashes(hashes)),
                    sample: SampledShingles::sample(hashes),
                })
            };
            batch.into_par_iter().map_init(Vec::new, sketch).collect()
        },
        |sketched| {
            for s in sketched.into_iter().flatten() {
                bands.push(s.document, &s.keys);
                sampled.push(s.document, &s.sample);
            }
            Ok(())
        },
    );
    sketched?;
    let (mut candidates, mut by_samples) =
        (Candidates::new(spill, spill.share(8)), Candidates::new(spill, spill.share(24)));
    let (groups_capped, shingles_capped) =
        rayon::join(|| bands.propose(&mut candidates), || sampled.propose(params.documents.contained, &mut by_samples));
    candidates.append(by_samples);
    let limits = [
        ("band groups too large to compare pair by pair", groups_capped),
        ("shingles too common to propose a containment", shingles_capped),
    ];
    let cores = Cores { words, template_lines, len_tokens, words_max: spill.share(4) / 12 };
    let mut matches: Sorter<Packed> = Sorter::new(spill, spill.share(8));
    let candidates = candidates.finish();
    let rank = |d: u32| survey.documents.fingerprint(d).filter(|_| !words.is_copy(d)).map(|f| f.0 as u64);
    let similar = params.documents.similar;
    let audit = audited.map(|sample_len| audit(&cores, &candidates, similar, sample_len, rank, spill));
    cores.verified(&candidates, params, |m| matches.push(between(m, preferred).pack()));
    let limits_reached = limits.into_iter().filter(|&(_, n)| n > 0).collect();
    Ok(Found { matches: matches.finish(), limits_reached, audit })
}

/// What documents are compared by.
pub(super) struct Cores<'a> {
    words: &'a Words,
    template_lines: BitVec,
    len_tokens: usize,
    /// Sets of documents with so many words together are held at a time.
    words_max: usize,
}

/// The sets of some documents: a set is made when a pair is proposed, and most documents never are.
struct Sets {
    documents: Vec<u32>,
    sets: Vec<ShingleSet>,
}

impl ShingleSets for Sets {
    fn shingles(&self, document: u32) -> &[u64] {
        self.documents.binary_search(&document).map_or(&[], |at| self.sets[at].as_slice())
    }
}

/// Pairs that are verified at a time.
const PAIRS_MAX: usize = 1 << 18;

impl Cores<'_> {
    /// Verifies sorted pairs, some at a time: as many as the sets of their documents fit in memory.
    fn verified(&self, pairs: &Sorted<(u32, u32)>, params: &Params, mut each: impl FnMut(Match)) {
        let mut some: Vec<Candidate> = Vec::new();
        let (mut documents, mut words) = (HashSet::new(), 0);
        for (a, b) in pairs.iter() {
            for document in [a, b] {
                if documents.insert(document) {
                    words += self.words.len_of(document);
                }
            }
            some.push(Candidate { a, b });
            if words > self.words_max || some.len() >= PAIRS_MAX {
                self.verify(&some, documents.drain().collect(), params).into_iter().for_each(&mut each);
                some.clear();
                words = 0;
            }
        }
        self.verify(&some, documents.into_iter().collect(), params).into_iter().for_each(each);
    }

    /// How many documents there are.
    pub(super) fn len(&self) -> u32 {
        self.words.len() as u32
    }

    /// How many words a document has.
    pub(super) fn words_of(&self, document: u32) -> usize {
        self.words.len_of(document)
    }

    /// The shingle sets of these documents.
    pub(super) fn sets(&self, documents: &[u32]) -> Vec<ShingleSet> {
        let set = |&document: &u32| {
            let texts = self.words.texts(document..document + 1);
            let mut hashes = Vec::new();
            hashes_into(&texts.text(document).core(&self.template_lines), self.len_tokens, &mut hashes);
            ShingleSet::from_hashes(hashes)
        };
        documents.par_iter().map(set).collect()
    }

    fn verify(&self, some: &[Candidate], mut documents: Vec<u32>, params: &Params) -> Vec<Match> {
        documents.sort_unstable();
        let sets = Sets { sets: self.sets(&documents), documents };
        some.par_iter().filter_map(|&candidate| verify(candidate, &sets, &params.documents)).collect()
    }
}

/// Two groups of copies are listed pair by pair up to this many pairs; beyond, the pair of their
/// preferred copies stands for all.
const PAIRS_OF_COPIES_MAX: usize = 256;

/// Adds each match, and the same for the copies of both sides; returns how many matches had too
/// many copies for that.
fn with_copies(matches: impl Iterator<Item = Match>, copies: &[Vec<u32>], pairs: &mut Sorter<Packed>) -> u64 {
    let groups: HashMap<u32, &[u32]> = copies.iter().map(|group| (group[0], &group[..])).collect();
    let mut capped = 0;
    for m in matches {
        let (left, right) = ([m.a], [m.b]);
        let left = groups.get(&m.a).copied().unwrap_or(&left);
        let right = groups.get(&m.b).copied().unwrap_or(&right);
        if left.len() * right.len() > PAIRS_OF_COPIES_MAX {
            capped += 1;
            pairs.push(m.pack());
            continue;
        }
        for &a in left {
            for &b in right {
                let swap = m.kind != MatchKind::Contained && b < a;
                let (a, b) = if swap { (b, a) } else { (a, b) };
                pairs.push(Match { a, b, ..m }.pack());
            }
        }
    }
    capped
}

/// A containment in the order of judgement, what is descending inverted: the words and the number of
/// the document inside; the containment, which is not negative, the words and the number of the
/// other; the Jaccard similarity.
type Inside = ((u32, u32), (u64, u32, u32), u64);

/// Finds for each contained document the one that stays for it: the fullest containment, then the
/// longer document, then the earlier.
///
/// What stays for another document does stay: containers are judged before what they contain, and a
/// document that others name is itself left where it is.
fn contained(
    matches: impl Iterator<Item = Match>,
    documents: &Documents,
    params: &Params,
    elsewhere: &mut HashMap<u32, (Match, u32)>,
    spill: &Spill,
) {
    let mut inside: Sorter<Inside> = Sorter::new(spill, spill.share(8));
    let words = |d: u32| documents.words(d);
    for m in matches.filter(|m| m.kind == MatchKind::Contained) {
        inside.push(((!words(m.a), m.a), (!m.containment.to_bits(), !words(m.b), m.b), m.jaccard.to_bits()));
    }
    let inside = inside.finish();
    let inside = inside.iter().map(|((_, a), (containment, _, b), jaccard)| Match {
        a,
        b,
        kind: MatchKind::Contained,
        jaccard: f64::from_bits(jaccard),
        containment: f64::from_bits(!containment),
    });
    let removed = |m: &Match| match m.kind {
        MatchKind::Contained => params.policy.contained == Action::Remove,
        MatchKind::Exact | MatchKind::Near => params.policy.action(Label::DuplicateDocument) == Action::Remove,
    };
    let mut stays: HashSet<u32> = elsewhere.values().map(|&(_, anchor)| anchor).collect();
    for m in inside {
        let partner_goes = elsewhere.get(&m.b).is_some_and(|(m, _)| removed(m));
        if elsewhere.contains_key(&m.a) || partner_goes || (removed(&m) && stays.contains(&m.a)) {
            continue;
        }
        elsewhere.insert(m.a, (m, m.b));
        stays.insert(m.b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::survey::DocumentRow;

    fn row(id: &str, words: u32, sort_key: Option<&str>) -> DocumentRow {
        DocumentRow { id: id.into(), words, bytes: 0, fingerprint: None, sort_key: sort_key.map(Into::into) }
    }

    fn check(keep: &str, rows: &[DocumentRow], expect: &[u32]) {
        let in_memory = Documents::default();
        let on_disk = Documents::new(&Spill::new(std::env::temp_dir(), 0));
        let all: Vec<u32> = (0..rows.len() as u32).collect();
        for mut documents in [in_memory, on_disk] {
            rows.iter().for_each(|row| documents.push(row));
            assert_eq!(ranks(&documents, all.iter().copied(), &keep.parse().unwrap()), expect, "{keep}");
        }
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
