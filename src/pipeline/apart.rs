//! The same pipeline in parts, for engines that spread a corpus over machines.
//!
//! [`Run`](super::Run) holds a corpus in its hands. Here nobody does: an engine moves rows between
//! machines, and each part is a pure function of one document or of one group. The engine numbers the
//! documents, which gives them an order; for the rest, what a part needs is what the part before gave:
//!
//! ```text
//! text              -survey->   words, fingerprint, lines          of each document
//! lines by key      -rest->     what its holders have besides      is_template-> template lines
//! text, lines       -shingles-> band keys, sampled shingles        of the first of equal documents
//! groups by key     -index->    pairs (propose_group, propose_holders)
//! pairs of sets     -verify->   matches
//! copies, matches   -Forest->   components, in parts and in parts of parts
//! a component       -settle->   pairs, clusters, what stays for what
//! text, host        -observe->  frequencies                        sums, in any order
//! text, frequencies -examine->  rows, cleaned text
//! ```
//!
//! Put together they give what a run gives, row for row: a test below and the tests of the Python
//! package compare them. Passages across documents are not among them.

use std::collections::HashMap;

use bitvec::vec::BitVec;
use bytes::Bytes;

use crate::classify::Classifier;
use crate::decide::{Decision, Fate, Removal, duplicate};
use crate::error::{Error, Result};
use crate::fingerprint::Frequencies;
use crate::index::{BandShape, Bands, Candidate, SampledShingles};
use crate::label::Action;
use crate::params::Params;
use crate::pipeline::duplicates::Duplicates;
use crate::pipeline::survey::{DocumentRow, Documents};
use crate::pipeline::{duplicate_rows, examine};
use crate::read::{Content, Document, Parsed, Record, Source, TextForm};
use crate::recurring::{self, DocumentWords, Words};
use crate::report::LineNumbers;
use crate::report::rows::{Row, SkippedRow};
use crate::shingle::{ShingleSet, hashes_into};
use crate::sketch::{MinHasher, Signature};
use crate::spill::Spill;
use crate::tokenise::{Tokeniser, View};
use crate::verify::{Match, ShingleSets, verify};
use crate::write::{Prepared, prepare};

/// Documents looked at for each line that may be a template's: those with the smallest fingerprints.
pub const HOLDERS_MAX: usize = recurring::SAMPLE;

/// What the parts of one run have in common.
pub struct Parts {
    params: Params,
    shape: BandShape,
    hasher: MinHasher,
    tokeniser: Tokeniser,
    classifier: Classifier,
    /// What records are said to come from.
    sources: [Source; 1],
}

/// One document, looked into.
pub struct Examined {
    /// Its rows, as lines of JSON.
    pub rows: Vec<u8>,
    /// Its text without what goes, and what goes.
    pub prepared: Prepared,
}

/// Which documents hang together, whatever links say so and in whatever order they come.
///
/// It takes memory by documents and not by links, and forests of parts of the links, linked, are the forest of all:
/// links can be contracted where they lie before they are gathered.
///
/// ```
/// use ghirbal::pipeline::apart::Forest;
///
/// let mut forest = Forest::default();
/// [(7, 4), (9, 7), (3, 5)].into_iter().for_each(|(a, b)| forest.link(a, b));
/// assert_eq!(forest.components(), [(3, 3), (4, 4), (5, 3), (7, 4), (9, 4)]);
/// ```
#[derive(Default)]
pub struct Forest {
    places: HashMap<u64, u32>,
    /// By place: the document, and the place of one it hangs on, of a smaller number or itself.
    trees: Vec<(u64, u32)>,
}

/// What becomes of all documents that stand elsewhere too.
pub struct Settled {
    /// The rows of pairs and clusters, as lines of JSON.
    pub rows: Vec<u8>,
    /// For each such document, by number: its match, and the document that stays for it.
    pub elsewhere: Vec<(u32, Match, u32)>,
}

impl Forest {
    /// These two hang together.
    ///
    /// # Panics
    /// At more than 2^32 documents, 200 GB of them.
    pub fn link(&mut self, a: u64, b: u64) {
        let (a, b) = (self.root(a), self.root(b));
        let [small, large] = if self.trees[a as usize].0 < self.trees[b as usize].0 { [a, b] } else { [b, a] };
        self.trees[large as usize].1 = small;
    }

    /// Each document with the smallest number that it hangs together with, by number.
    pub fn components(mut self) -> Vec<(u64, u64)> {
        let mut found: Vec<(u64, u64)> = (0..self.trees.len() as u32)
            .map(|place| {
                let root = self.root_of(place);
                (self.trees[place as usize].0, self.trees[root as usize].0)
            })
            .collect();
        found.sort_unstable();
        found
    }

    fn root(&mut self, number: u64) -> u32 {
        let next = u32::try_from(self.trees.len()).expect("fewer than 2^32 documents");
        let place = *self.places.entry(number).or_insert(next);
        if place == next {
            self.trees.push((number, next));
        }
        self.root_of(place)
    }

    /// Halves the path it walks, which keeps paths short.
    fn root_of(&mut self, mut place: u32) -> u32 {
        while self.trees[place as usize].1 != place {
            let above = self.trees[self.trees[place as usize].1 as usize].1;
            self.trees[place as usize].1 = above;
            place = above;
        }
        place
    }
}

impl Parts {
    /// The parts of a run with these parameters.
    ///
    /// # Errors
    /// Parameters out of range, and passages across documents, which no part finds.
    pub fn new(params: Params) -> Result<Self> {
        params.validate()?;
        let tokeniser = Tokeniser::new(params.folds);
        let classifier = Classifier::with_folds(&params.filler, params.folds)?;
        let shape = BandShape::choose(&params.documents);
        let hasher = MinHasher::new(shape.sketch_len(), params.documents.seed);
        let sources = [Source::in_memory("table", Vec::new(), &params.reading)];
        Ok(Self { params, shape, hasher, tokeniser, classifier, sources })
    }

    /// The parameters.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// How signatures are cut into bands.
    pub fn shape(&self) -> BandShape {
        self.shape
    }

    /// The words of a text, with its lines and its fingerprint.
    pub fn survey(&self, text: &str, words: &mut DocumentWords) {
        words.of_text(text, &self.tokeniser);
    }

    /// Whether a line of so many words, which stands in so many documents, is worth a look: its
    /// holders may show that it is a template's.
    pub fn may_be_template(line_len_tokens: usize, documents: usize) -> bool {
        documents >= recurring::documents_min(line_len_tokens)
    }

    /// The shingles of what a holder has besides a line of `d` documents, or none when that is too
    /// little. `documents` says in how many documents each line with words stands.
    pub fn rest(&self, text: &str, documents: &[u32], d: u32) -> Option<ShingleSet> {
        let words = self.words(text);
        words.texts(0..1).text(0).rest(documents, d)
    }

    /// Whether a line is a template's, by the rests of its [`HOLDERS_MAX`] holders.
    pub fn is_template(rests: &[Option<ShingleSet>]) -> bool {
        recurring::mostly_unlike(rests)
    }

    /// The hashes of the shingles a document is compared by, repeated and in order of their places.
    /// `template_lines` are the places of a template's lines among the lines with words.
    pub fn shingles(&self, text: &str, template_lines: &[u32]) -> Vec<u64> {
        let len_tokens = self.params.documents.shingle_len_tokens;
        let mut hashes = Vec::new();
        if template_lines.is_empty() {
            let mut words = DocumentWords::default();
            words.of_text(text, &self.tokeniser);
            hashes_into(words.hashes(), len_tokens, &mut hashes);
            return hashes;
        }
        let words = self.words(text);
        let mut mask = BitVec::repeat(false, words.texts(0..1).text(0).lines_len());
        for &line in template_lines {
            if let Some(mut bit) = mask.get_mut(line as usize) {
                *bit = true;
            }
        }
        recurring::enclose(&words, &mut mask);
        hashes_into(&words.texts(0..1).text(0).core(&mask), len_tokens, &mut hashes);
        hashes
    }

    /// The signature of shingles.
    pub fn sketch(&self, shingles: &[u64]) -> Signature {
        self.hasher.sketch_hashes(shingles)
    }

    /// The band keys of shingles, one a band; none for no shingles.
    pub fn band_keys(&self, shingles: &[u64]) -> Vec<u64> {
        if shingles.is_empty() { Vec::new() } else { Bands::keys(self.shape, &self.sketch(shingles)) }
    }

    /// The sampled shingles, by which a document inside another is found.
    pub fn sample(shingles: &[u64]) -> Vec<u64> {
        SampledShingles::sample(shingles)
    }

    /// The match of two different documents, the first of them earlier, by their sets; none when they
    /// are not alike enough.
    pub fn verify(&self, (a, x): (u32, &ShingleSet), (b, y): (u32, &ShingleSet)) -> Option<Match> {
        let sets = Pair { a, x, y };
        verify(Candidate { a, b }, &sets, &self.params.documents)
    }

    /// What becomes of the documents of a component, or of several: `documents` are all of these, in
    /// reading order and numbered from 0, `matches` are between the first of equal ones, each once.
    ///
    /// # Errors
    /// None yet; stores may come to need files.
    pub fn settle(
        &self,
        documents: impl Iterator<Item = DocumentRow>,
        matches: impl Iterator<Item = Match>,
    ) -> Result<Settled> {
        let spill = Spill::never();
        let mut rows_of = Documents::new(&spill);
        documents.for_each(|row| rows_of.push(&row));
        let duplicates = Duplicates::of_matches(&rows_of, matches, &self.params, &spill);
        let mut rows = Vec::new();
        duplicate_rows(&rows_of, &duplicates, &mut |row| {
            row.write(&mut rows);
            Ok(())
        })?;
        let mut elsewhere: Vec<_> = duplicates.all().map(|(document, (m, partner))| (document, m, partner)).collect();
        elsewhere.sort_unstable_by_key(|&(document, ..)| document);
        Ok(Settled { rows, elsewhere })
    }

    /// Counts the words and lines of one document.
    pub fn observe(&self, host: Option<&str>, text: &str, frequencies: &Frequencies) {
        frequencies.observe(host, &View::new(text, &self.tokeniser));
    }

    /// What becomes of a document as a whole, when it stands elsewhere too.
    pub fn whole(&self, text: &str, elsewhere: Option<(&Match, &str)>) -> Option<Removal> {
        elsewhere.map(|(matched, partner)| duplicate(text.len(), matched, partner, &self.params))
    }

    /// The row of a document that has no text, or one longer than a record may be.
    pub fn skipped(&self, id: &str, why: &str) -> Vec<u8> {
        let mut row = Vec::new();
        Row::Skipped(SkippedRow { source: id, line: None, why }).write(&mut row);
        row
    }

    /// Looks into one document, with the frequencies of the whole corpus; without them, only at what
    /// becomes of it as a whole.
    ///
    /// # Errors
    /// A text longer than a record may be.
    pub fn examine(
        &self,
        document: Document,
        elsewhere: Option<(&Match, &str)>,
        frequencies: Option<&Frequencies>,
    ) -> Result<Examined> {
        if document.text.len() as u64 > self.params.reading.record_len_bytes_max {
            return Err(Error::input(format!("document `{}` is longer than --max-record", document.id)));
        }
        let whole = self.whole(&document.text, elsewhere);
        let (mut decision, mut passages) = (Decision::default(), Vec::new());
        if let Some(frequencies) = frequencies {
            let view = View::new(&document.text, &self.tokeniser);
            (decision, passages) =
                examine::inside(0, &document, &view, frequencies, &self.classifier, &[], &self.params);
        }
        let mut rows = Vec::new();
        let lines = LineNumbers::new(&document.text);
        examine::document_rows(&document.id, &lines, &decision, &passages, whole.as_ref(), &mut rows);
        let fate = match whole {
            Some(removal) if removal.action == Action::Remove => Fate::Go(removal),
            _ => Fate::Stay(decision.removals),
        };
        let raw = Bytes::from(document.text.clone());
        let parsed = Parsed { text_at: 0..document.text.len(), text_form: TextForm::Plain, document };
        let content = Content::Document(parsed);
        let record = Record { source: 0, line: 1, offset: 0, raw, replaced: Vec::new(), content };
        Ok(Examined { rows, prepared: prepare(&record, &self.sources, &fate, &self.params) })
    }

    /// One document's words, as a collection of one.
    fn words(&self, text: &str) -> Words {
        let (mut document, mut words) = (DocumentWords::default(), Words::default());
        document.of_text(text, &self.tokeniser);
        words.push(&document);
        words
    }
}

/// Two documents with their sets.
struct Pair<'a> {
    a: u32,
    x: &'a ShingleSet,
    y: &'a ShingleSet,
}

impl ShingleSets for Pair<'_> {
    fn shingles(&self, document: u32) -> &[u64] {
        if document == self.a { self.x.as_slice() } else { self.y.as_slice() }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;
    use crate::index::{propose_group, propose_holders, shares_enough};
    use crate::pipeline::{Run, Stages};
    use crate::read::Row;

    /// Everything an engine does, with maps where it has shuffles.
    fn in_parts(texts: &[String]) -> Vec<String> {
        let parts = Parts::new(Params::default()).unwrap();
        let documents: Vec<(DocumentRow, Vec<(u64, u32)>)> = (0..)
            .zip(texts)
            .map(|(n, text)| {
                let mut words = DocumentWords::default();
                parts.survey(text, &mut words);
                let row = DocumentRow {
                    id: format!("{n:02}"),
                    words: words.len() as u32,
                    bytes: text.len() as u32,
                    fingerprint: words.fingerprint(),
                    sort_key: None,
                };
                (row, words.lines().collect())
            })
            .collect();
        let mut seen = BTreeSet::new();
        let firsts: Vec<usize> =
            (0..texts.len()).filter(|&d| documents[d].0.fingerprint.is_some_and(|f| seen.insert(f))).collect();

        let mut holders: BTreeMap<(u64, u32), BTreeSet<usize>> = BTreeMap::new();
        for &d in &firsts {
            documents[d].1.iter().for_each(|&line| {
                holders.entry(line).or_default().insert(d);
            });
        }
        let counts = |d: usize| -> Vec<u32> { documents[d].1.iter().map(|line| holders[line].len() as u32).collect() };
        let templates: BTreeSet<(u64, u32)> = holders
            .iter()
            .filter(|((_, len), held)| Parts::may_be_template(*len as usize, held.len()))
            .filter(|(_, held)| {
                let mut sample: Vec<usize> = held.iter().copied().collect();
                sample.sort_by_key(|&d| documents[d].0.fingerprint);
                sample.truncate(HOLDERS_MAX);
                let rests: Vec<_> =
                    sample.iter().map(|&d| parts.rest(&texts[d], &counts(d), held.len() as u32)).collect();
                Parts::is_template(&rests)
            })
            .map(|(&line, _)| line)
            .collect();
        assert!(!templates.is_empty());

        let mut bands: HashMap<_, Vec<u32>> = HashMap::new();
        let mut samples: HashMap<_, Vec<(u32, usize)>> = HashMap::new();
        let mut sets = HashMap::new();
        for &d in &firsts {
            let lines = (0..).zip(&documents[d].1).filter(|(_, line)| templates.contains(line)).map(|(n, _)| n);
            let shingles = parts.shingles(&texts[d], &lines.collect::<Vec<u32>>());
            (0..)
                .zip(parts.band_keys(&shingles))
                .for_each(|band: (u32, u64)| bands.entry(band).or_default().push(d as u32));
            let sample = Parts::sample(&shingles);
            sample.iter().for_each(|&s| samples.entry(s).or_default().push((d as u32, sample.len())));
            sets.insert(d as u32, ShingleSet::from_hashes(shingles));
        }
        let mut pairs: BTreeSet<(u32, u32)> = BTreeSet::new();
        for group in bands.values() {
            propose_group(group, |&x, &y| {
                pairs.insert((x, y));
            });
        }
        let mut shared: BTreeMap<(u32, u32), (u64, usize)> = BTreeMap::new();
        for group in samples.values() {
            propose_holders(group, |x, y| shared.entry((x.0, y.0)).or_insert((0, x.1.min(y.1))).0 += 1);
        }
        let enough = |&(_, &(n, smaller)): &(_, &(u64, usize))| shares_enough(n, smaller as u64, 0.9);
        pairs.extend(shared.iter().filter(enough).map(|(&pair, _)| pair));
        let matches: Vec<Match> =
            pairs.iter().filter_map(|&(a, b)| parts.verify((a, &sets[&a]), (b, &sets[&b]))).collect();

        let mut forest = Forest::default();
        matches.iter().for_each(|m| forest.link(m.a.into(), m.b.into()));
        let mut first_of = HashMap::new();
        for (d, (row, _)) in (0..).zip(&documents) {
            if let Some(fingerprint) = row.fingerprint {
                forest.link(d, *first_of.entry(fingerprint).or_insert(d));
            }
        }
        let mut components: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
        forest.components().iter().for_each(|&(d, root)| components.entry(root).or_default().push(d as u32));
        assert!(components.len() > 2);
        let (mut rows, mut elsewhere) = (Vec::new(), BTreeMap::new());
        for members in components.values() {
            let place = |d: u32| members.binary_search(&d).ok().map(|place| place as u32);
            let of_these = matches.iter().filter_map(|&m| Some(Match { a: place(m.a)?, b: place(m.b)?, ..m }));
            let documents = members.iter().map(|&d| documents[d as usize].0.clone());
            let settled = parts.settle(documents, of_these).unwrap();
            rows.extend(settled.rows);
            let number = |place: u32| members[place as usize];
            elsewhere.extend(settled.elsewhere.into_iter().map(|(d, m, stays)| (number(d), (m, number(stays)))));
        }

        let frequencies = Frequencies::default();
        texts.iter().for_each(|text| parts.observe(None, text, &frequencies));
        for (d, text) in (0..).zip(texts) {
            let document = Document { id: format!("{d:02}"), host: None, sort_key: None, text: text.clone() };
            let elsewhere = elsewhere.get(&d).map(|(m, partner)| (m, format!("{partner:02}")));
            let elsewhere = elsewhere.as_ref().map(|(m, partner)| (*m, &**partner));
            rows.extend(parts.examine(document, elsewhere, Some(&frequencies)).unwrap().rows);
        }
        lines_of(&rows)
    }

    fn lines_of(rows: &[u8]) -> Vec<String> {
        let mut lines: Vec<String> = String::from_utf8_lossy(rows).lines().map(str::to_owned).collect();
        lines.retain(|line| !line.contains(r#""type":"summary""#));
        lines.sort();
        lines
    }

    #[test]
    fn the_parts_put_together_give_what_a_run_gives() {
        let article = |n: u32, words: u32| (0..words).map(|w| format!("a{n}w{w} ")).collect::<String>();
        let page = |text: String| format!("home news sport\n{text}\nread also\nall rights reserved\n");
        let mut texts: Vec<String> = (0..8).map(|n| page(article(n, 90))).collect();
        texts.push(page(article(3, 90)));
        texts.push(format!("other menu\n{}\n", article(3, 90)));
        texts.push(format!("{} and more", article(5, 88)));
        texts.push(article(6, 40));
        texts.push(page(format!("{0}\n{1}\n{0}", article(9, 30), article(10, 40))));
        texts.push("…".into());

        let rows = (0..).zip(&texts).map(|(n, text)| Row {
            text: Some(Bytes::from(text.clone())),
            id: Some(format!("{n:02}")),
            ..Row::default()
        });
        let params = Params::default();
        let source = Source::in_memory("table", rows.collect(), &params.reading);
        let mut whole = Vec::new();
        Run::over(vec![source], params, Stages::ALL).unwrap().rows(&mut whole).unwrap();
        let whole = lines_of(&whole);
        for kind in ["exact", "near", "contained"] {
            assert!(whole.iter().any(|row| row.contains("document_pair") && row.contains(kind)), "{kind}: {whole:#?}");
        }
        assert_eq!(in_parts(&texts), whole);
    }

    proptest! {
        #[test]
        fn forests_of_parts_are_the_forest_of_all(links in prop::collection::vec((0u64..40, 0u64..40), 0..60), cut in 0usize..60) {
            let forest = |links: &[(u64, u64)]| {
                let mut forest = Forest::default();
                links.iter().for_each(|&(a, b)| forest.link(a, b));
                forest.components()
            };
            let (left, right) = links.split_at(cut.min(links.len()));
            let mut of_parts = forest(right);
            of_parts.extend(forest(left));
            let whole = forest(&links);
            prop_assert_eq!(forest(&of_parts), whole.clone());
            // Against a plain closure.
            let mut smallest: BTreeMap<u64, u64> = links.iter().flat_map(|&(a, b)| [(a, a), (b, b)]).collect();
            for _ in 0..links.len() {
                for (a, b) in &links {
                    let least = smallest[a].min(smallest[b]);
                    smallest.extend([(*a, least), (*b, least)]);
                }
            }
            prop_assert_eq!(whole, smallest.into_iter().collect::<Vec<_>>());
        }
    }
}
