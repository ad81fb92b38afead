//! What a page shows beyond counts and the terminal's examples.
//!
//! Clusters, matches, passages and examined documents, in reading order -> [`Gathered`]: histograms,
//! shares by host and script, and a bounded choice of documents with their text. The choice is a
//! pure function of what was found; everything else is counted.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use xxhash_rust::xxh3::xxh3_64;

use super::shown::short;
use crate::cluster::Cluster;
use crate::decide::{Decision, Removal};
use crate::label::{Action, Label};
use crate::report::LineNumbers;
use crate::report::compare::Compared;
use crate::span::Span;
use crate::tokenise::Tokeniser;
use crate::verify::{Match, MatchKind};

/// Documents that lose most.
const MOST: usize = 60;
/// Documents of each label, chosen by a hash of their number.
const PER_LABEL: usize = 10;
/// Clusters, the largest.
const CLUSTERS: usize = 30;
/// Members named of each.
const MEMBERS: usize = 8;
/// Bytes of a document that are shown whole; of a longer one this much, around its spans.
const TEXT_MAX_BYTES: usize = 6_000;
/// Bytes shown of the beginning of a longer document.
const HEAD_BYTES: usize = 500;
/// Bytes shown before and after a span.
const CONTEXT_BYTES: usize = 250;
/// Bytes shown of either end of a long span.
const SPAN_END_BYTES: usize = 700;
/// Spans shown of one document.
const NOTES: usize = 40;
/// Characters of a reason, an id or a host.
const REASON_CHARS: usize = 400;
pub(super) const NAME_CHARS: usize = 120;
/// Bytes compared of two documents of a cluster.
const COMPARED_BYTES: usize = 1_500;
/// Hosts counted one by one; what comes later is counted together.
const HOSTS: usize = 100_000;
/// Letters looked at to tell a document's script.
const SCRIPT_LETTERS: usize = 100;

/// Bars of a histogram from 0 to 1.
pub const BINS: usize = 20;

/// What remains of a document when it has been examined.
pub struct Seen<'a> {
    /// Its number in reading order.
    pub number: u32,
    /// Its id.
    pub id: &'a str,
    /// Its host, when it names one.
    pub host: Option<&'a str>,
    /// Its text.
    pub text: &'a str,
    /// What was decided on its inside.
    pub decision: &'a Decision,
    /// What becomes of it as a whole, when it stands elsewhere too.
    pub whole: Option<&'a Removal>,
    /// Whether it goes as a whole.
    pub goes: bool,
}

/// Documents that have something in common.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// How many.
    pub documents: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Bytes that leave them.
    pub bytes_taken: u64,
}

/// One reason.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// What it speaks of.
    pub label: Label,
    /// What becomes of it.
    pub action: Action,
    /// First and last line; none when it speaks of the whole document.
    pub lines: Option<(u32, u32)>,
    /// The reason as a sentence.
    pub why: String,
    /// The rule that found it.
    pub rule: &'static str,
    /// Certainty, 0 to 1.
    pub score: f32,
}

impl Note {
    /// Whether the next note says the same of the next line.
    fn goes_on(&self, next: &Note) -> bool {
        let adjacent = matches!((self.lines, next.lines), (Some(a), Some(b)) if b.0 <= a.1 + 1);
        let fate = |n: &Note| (n.label, n.action, n.rule, n.score.to_bits());
        adjacent && fate(self) == fate(next) && self.why == next.why
    }
}

/// A piece of a document as shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Text, with the index of the note that speaks of it.
    Text(String, Option<usize>),
    /// So many bytes are not shown.
    Gap(usize),
}

/// A document with the text around its spans.
#[derive(Clone, Debug, PartialEq)]
pub struct DocumentDetail {
    /// Its number in reading order.
    pub number: u32,
    /// Its id.
    pub id: String,
    /// Its host.
    pub host: Option<String>,
    /// Bytes of its text.
    pub bytes: u64,
    /// Bytes that leave it.
    pub bytes_taken: u64,
    /// Why it goes or is flagged as a whole, then why its spans do.
    pub notes: Vec<Note>,
    /// Spans that are not shown.
    pub notes_left_out: usize,
    /// Its text.
    pub pieces: Vec<Piece>,
}

/// A cluster with its first members.
#[derive(Clone, Debug)]
pub struct ClusterDetail {
    /// The number and id of the document that stays.
    pub anchor: (u32, String),
    /// How many there are besides it.
    pub members: usize,
    /// The first of them: number, id, kind and similarity to the anchor.
    pub first: Vec<(u32, String, MatchKind, f64)>,
    /// The member whose text is compared with the anchor's: the first that is not equal to it.
    compared: Option<u32>,
    texts: (String, String),
    /// The beginnings of both.
    pub beginnings: Compared,
}

impl ClusterDetail {
    /// The index in `first` of the member that is compared.
    pub fn compared_with(&self) -> Option<usize> {
        self.first.iter().position(|(number, ..)| Some(*number) == self.compared)
    }
}

/// Some documents, the ones of the smallest keys.
#[derive(Clone, Debug)]
struct Pool {
    room: usize,
    kept: BTreeSet<(u64, u32)>,
}

impl Pool {
    fn new(room: usize) -> Self {
        Self { room, kept: BTreeSet::new() }
    }

    fn takes(&self, key: (u64, u32)) -> bool {
        self.kept.len() < self.room || self.kept.last().is_some_and(|&last| key < last)
    }

    /// Takes one in and gives the one that falls out for it.
    fn put(&mut self, key: (u64, u32)) -> Option<u32> {
        self.kept.insert(key);
        if self.kept.len() > self.room { self.kept.pop_last().map(|(_, number)| number) } else { None }
    }
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Gathered {
    /// Pairs of near documents by Jaccard similarity.
    pub near: [u64; BINS],
    /// Pairs of which one lies inside the other, by Jaccard similarity.
    pub contained: [u64; BINS],
    /// Pairs of equal documents.
    pub exact: u64,
    /// Passages by the share of equal words.
    pub identities: [u64; BINS],
    /// How many clusters there are of each size, anchor included; the key is the least size of a
    /// class that reaches to the next power of two.
    pub cluster_sizes: BTreeMap<u64, u64>,
    /// Documents by script.
    pub scripts: BTreeMap<&'static str, Share>,
    hosts: HashMap<String, Share>,
    /// Documents that name no host.
    pub without_host: Share,
    /// Documents of hosts met when there was no room to count them one by one.
    pub other_hosts: Share,
    /// The largest clusters.
    pub clusters: Vec<ClusterDetail>,
    /// The documents kept, each with how many pools keep it.
    documents: BTreeMap<u32, (DocumentDetail, usize)>,
    most: Pool,
    labels: BTreeMap<Label, Pool>,
}

impl Default for Gathered {
    fn default() -> Self {
        Self {
            near: [0; BINS],
            contained: [0; BINS],
            exact: 0,
            identities: [0; BINS],
            cluster_sizes: BTreeMap::new(),
            scripts: BTreeMap::new(),
            hosts: HashMap::new(),
            without_host: Share::default(),
            other_hosts: Share::default(),
            clusters: Vec::new(),
            documents: BTreeMap::new(),
            most: Pool::new(MOST),
            labels: BTreeMap::new(),
        }
    }
}

impl Gathered {
    /// Counts pairs and clusters and keeps the largest. `id` gives a document's id.
    pub fn duplicates(&mut self, pairs: impl Iterator<Item = Match>, clusters: &[Cluster], id: impl Fn(u32) -> String) {
        for m in pairs {
            match m.kind {
                MatchKind::Exact => self.exact += 1,
                MatchKind::Near => self.near[bin(m.jaccard)] += 1,
                MatchKind::Contained => self.contained[bin(m.jaccard)] += 1,
            }
        }
        for c in clusters {
            let size = c.members.len() as u64 + 1;
            let class = if size <= 4 { size } else { size.next_power_of_two() / 2 + 1 };
            *self.cluster_sizes.entry(class).or_default() += 1;
        }
        let mut largest: Vec<&Cluster> = clusters.iter().collect();
        largest.sort_by_key(|c| (Reverse(c.members.len()), c.anchor));
        let name = |d: u32| short(&id(d), NAME_CHARS);
        self.clusters = largest
            .into_iter()
            .take(CLUSTERS)
            .map(|c| ClusterDetail {
                anchor: (c.anchor, name(c.anchor)),
                members: c.members.len(),
                first: c
                    .members
                    .iter()
                    .take(MEMBERS)
                    .map(|m| (m.document, name(m.document), m.kind, m.jaccard))
                    .collect(),
                compared: c.members.iter().take(MEMBERS).find(|m| m.kind != MatchKind::Exact).map(|m| m.document),
                texts: Default::default(),
                beginnings: Compared::default(),
            })
            .collect();
    }

    /// Counts a passage.
    pub fn passage(&mut self, identity: f32) {
        self.identities[bin(identity.into())] += 1;
    }

    /// Counts a document and keeps it when it is one to be shown. Documents come in reading order.
    pub fn document(&mut self, seen: &Seen) {
        let inside: u64 = seen.decision.removals.iter().map(|r| r.span.len() as u64).sum();
        let bytes = seen.text.len() as u64;
        let bytes_taken = if seen.goes { bytes } else { inside };
        let mut shares = vec![self.scripts.entry(script(seen.text)).or_default()];
        shares.push(match seen.host {
            None => &mut self.without_host,
            Some(host) if self.hosts.len() < HOSTS || self.hosts.contains_key(host) => {
                self.hosts.entry(host.to_owned()).or_default()
            }
            Some(_) => &mut self.other_hosts,
        });
        for share in shares {
            share.documents += 1;
            share.bytes += bytes;
            share.bytes_taken += bytes_taken;
        }
        for c in &mut self.clusters {
            if c.anchor.0 == seen.number {
                c.texts.0 = beginning(seen.text).to_owned();
            } else if c.compared == Some(seen.number) {
                c.texts.1 = beginning(seen.text).to_owned();
            }
        }
        self.choose(seen, bytes_taken);
    }

    fn choose(&mut self, seen: &Seen, bytes_taken: u64) {
        let mut labels: BTreeSet<Label> = seen.whole.iter().map(|w| w.label).collect();
        if !seen.goes {
            labels.extend(seen.decision.spans.iter().filter(|d| d.action != Action::Keep).map(|d| d.finding.label));
        }
        if labels.is_empty() {
            return;
        }
        let drawn = (xxh3_64(&seen.number.to_le_bytes()), seen.number);
        let most = (u64::MAX - bytes_taken, seen.number);
        let (mut pools, mut fallen) = (0, Vec::new());
        if !seen.goes && bytes_taken > 0 && self.most.takes(most) {
            pools += 1;
            fallen.extend(self.most.put(most));
        }
        for label in labels {
            let pool = self.labels.entry(label).or_insert_with(|| Pool::new(PER_LABEL));
            if pool.takes(drawn) {
                pools += 1;
                fallen.extend(pool.put(drawn));
            }
        }
        if pools > 0 {
            self.documents.insert(seen.number, (detail(seen, bytes_taken), pools));
        }
        for number in fallen {
            if let Some((_, pools)) = self.documents.get_mut(&number) {
                *pools -= 1;
                if *pools == 0 {
                    self.documents.remove(&number);
                }
            }
        }
    }

    /// Compares what is shown side by side.
    pub fn finish(&mut self, tokeniser: &Tokeniser) {
        for c in &mut self.clusters {
            let (a, b) = std::mem::take(&mut c.texts);
            let b = if c.compared.is_none() { a.clone() } else { b };
            c.beginnings = Compared::whole(&a, &b, tokeniser);
        }
    }

    /// The documents kept, the ones that lose most first.
    pub fn documents(&self) -> Vec<&DocumentDetail> {
        let mut documents: Vec<_> = self.documents.values().map(|(detail, _)| detail).collect();
        documents.sort_by_key(|d| (Reverse(d.bytes_taken), d.number));
        documents
    }

    /// The hosts, those that lose most first.
    pub fn hosts(&self) -> Vec<(&str, Share)> {
        let mut hosts: Vec<(&str, Share)> = self.hosts.iter().map(|(host, &share)| (host.as_str(), share)).collect();
        hosts.sort_by_key(|&(host, share)| (Reverse(share.bytes_taken), Reverse(share.bytes), host));
        hosts
    }
}

fn bin(share: f64) -> usize {
    ((share * BINS as f64 + 1e-9) as usize).min(BINS - 1)
}

fn beginning(text: &str) -> &str {
    &text[..floor(text, COMPARED_BYTES)]
}

/// The last character border at or before a byte.
fn floor(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Bytes that are looked through for the border of a word.
const WORD_BYTES: usize = 48;

/// Where the next word begins, if one is near.
fn word_start(text: &str, at: usize) -> usize {
    let near = &text[at..floor(text, at + WORD_BYTES)];
    near.find(char::is_whitespace).map_or(at, |space| at + space)
}

/// Where the last word ended, if one is near.
fn word_end(text: &str, at: usize) -> usize {
    let from = floor(text, at.saturating_sub(WORD_BYTES));
    if at == text.len() { at } else { text[from..at].rfind(char::is_whitespace).map_or(at, |space| from + space) }
}

/// The script of most of the first letters.
fn script(text: &str) -> &'static str {
    let of = |c: char| match c as u32 {
        0x41..=0x24f | 0x1e00..=0x1eff => Some("Latin"),
        0x600..=0x6ff | 0x750..=0x77f | 0x8a0..=0x8ff | 0xfb50..=0xfdff | 0xfe70..=0xfefc => Some("Arabic"),
        0x400..=0x52f => Some("Cyrillic"),
        0x370..=0x3ff => Some("Greek"),
        0x590..=0x5ff => Some("Hebrew"),
        0x900..=0xdff => Some("Indic"),
        0xe00..=0xe7f => Some("Thai"),
        0x3040..=0x30ff | 0x3400..=0x9fff | 0xf900..=0xfaff | 0x20000..=0x3ffff => Some("Han and kana"),
        0x1100..=0x11ff | 0xac00..=0xd7af => Some("Hangul"),
        _ => Some("other"),
    };
    let mut counts: Vec<(&'static str, u32)> = Vec::new();
    for script in text.chars().filter(|c| c.is_alphabetic()).take(SCRIPT_LETTERS).filter_map(of) {
        match counts.iter_mut().find(|(name, _)| *name == script) {
            Some((_, n)) => *n += 1,
            None => counts.push((script, 1)),
        }
    }
    counts.into_iter().max_by_key(|&(name, n)| (n, Reverse(name))).map_or("no letters", |(name, _)| name)
}

fn detail(seen: &Seen, bytes_taken: u64) -> DocumentDetail {
    let lines = LineNumbers::new(seen.text);
    let mut notes: Vec<Note> = seen
        .whole
        .iter()
        .map(|w| Note {
            label: w.label,
            action: w.action,
            lines: None,
            why: short(&w.why, REASON_CHARS),
            rule: w.rule,
            score: w.score,
        })
        .collect();
    let spans = if seen.goes { &[][..] } else { &seen.decision.spans };
    // What is flagged or goes comes before titles and headings that stay, where there is no room.
    let (worth, kept): (Vec<_>, Vec<_>) = spans.iter().partition(|d| d.action != Action::Keep);
    let mut shown: Vec<_> = worth.into_iter().chain(kept).take(NOTES).collect();
    shown.sort_by_key(|d| d.finding.span);
    let mut at = Vec::new();
    for d in &shown {
        let note = Note {
            label: d.finding.label,
            action: d.action,
            lines: Some(lines.of(d.finding.span)),
            why: short(&d.finding.why, REASON_CHARS),
            rule: d.finding.rule,
            score: d.finding.score,
        };
        match notes.last_mut() {
            Some(last) if last.goes_on(&note) => last.lines = last.lines.zip(note.lines).map(|(a, b)| (a.0, b.1)),
            _ => notes.push(note),
        }
        at.push((d.finding.span, notes.len() - 1));
    }
    DocumentDetail {
        number: seen.number,
        id: short(seen.id, NAME_CHARS),
        host: seen.host.map(|host| short(host, NAME_CHARS)),
        bytes: seen.text.len() as u64,
        bytes_taken,
        notes,
        notes_left_out: spans.len() - shown.len(),
        pieces: pieces(seen.text, &at),
    }
}

/// A text cut at the borders of its spans, without what there is no room for.
fn pieces(text: &str, spans: &[(Span, usize)]) -> Vec<Piece> {
    let mut cuts: Vec<(usize, usize, Option<usize>)> = Vec::new();
    let mut at = 0;
    for &(span, note) in spans {
        let (start, end) = (at.max(span.start as usize), span.end as usize);
        if start < end {
            cuts.push((at, start, None));
            cuts.push((start, end, Some(note)));
            at = end;
        }
    }
    cuts.push((at, text.len(), None));
    let windows = windows(text, spans);
    let (mut pieces, mut shown) = (Vec::new(), 0);
    for (from, to) in windows {
        if from > shown {
            pieces.push(Piece::Gap(from - shown));
        }
        for &(start, end, note) in &cuts {
            let (start, end) = (start.max(from), end.min(to));
            if start < end {
                pieces.push(Piece::Text(text[start..end].to_owned(), note));
            }
        }
        shown = to;
    }
    if shown < text.len() {
        pieces.push(Piece::Gap(text.len() - shown));
    }
    pieces
}

/// What is shown of a text: all of it, or its beginning and the surroundings of its spans, in order
/// and apart from each other.
fn windows(text: &str, spans: &[(Span, usize)]) -> Vec<(usize, usize)> {
    if text.len() <= TEXT_MAX_BYTES {
        return vec![(0, text.len())];
    }
    let wanted = spans.iter().flat_map(|(span, _)| {
        let (start, end) = (span.start as usize, span.end as usize);
        let (before, after) = (start.saturating_sub(CONTEXT_BYTES), end + CONTEXT_BYTES);
        if end - start <= 2 * SPAN_END_BYTES {
            [(before, after), (after, after)]
        } else {
            [(before, start + SPAN_END_BYTES), (end - SPAN_END_BYTES, after)]
        }
    });
    let mut room = TEXT_MAX_BYTES;
    let mut windows: Vec<(usize, usize)> = Vec::new();
    for (from, to) in [(0, HEAD_BYTES)].into_iter().chain(wanted) {
        let shown = windows.last().map_or(0, |&(_, to)| to);
        let from = if from <= shown { shown } else { word_start(text, floor(text, from)) };
        let to = word_end(text, floor(text, to.min(from + room)));
        // The last words there would be room for help nobody.
        if from >= to || room < HEAD_BYTES / 4 {
            continue;
        }
        room -= (to - from).min(room);
        match windows.last_mut() {
            Some(last) if last.1 == from => last.1 = to,
            _ => windows.push((from, to)),
        }
    }
    windows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::Finding;
    use crate::decide::Decided;
    use crate::label::Zone;

    fn decided(span: Span, label: Label, action: Action) -> Decided {
        let finding =
            Finding { span, label, zone: Zone::Main, rule: "r", score: 1.0, evidence: vec![], why: "because".into() };
        Decided { finding, action }
    }

    fn see(gathered: &mut Gathered, number: u32, text: &str, label: Label) {
        let decision = Decision { spans: vec![decided(Span::new(0, 3), label, Action::Flag)], removals: vec![] };
        let host = Some("a.example");
        gathered.document(&Seen { number, id: "d", host, text, decision: &decision, whole: None, goes: false });
    }

    fn shown(pieces: &[Piece]) -> usize {
        pieces.iter().map(|p| if let Piece::Text(text, _) = p { text.len() } else { 0 }).sum()
    }

    #[test]
    fn a_short_text_is_cut_at_its_spans_and_is_whole() {
        let spans = [(Span::new(4, 7), 0), (Span::new(6, 9), 1)];
        let text = |s: &str, note| Piece::Text(s.into(), note);
        let expect = [text("one ", None), text("two", Some(0)), text(" t", Some(1)), text("hree", None)];
        assert_eq!(pieces("one two three", &spans), expect);
    }

    #[test]
    fn a_long_text_is_shown_around_its_spans_within_its_bound() {
        let text = "سطر طويل ".repeat(50_000);
        let spans: Vec<_> = (0..30).map(|i| (Span::new(i * 16 * 1000, i * 16 * 1000 + 8000), i)).collect();
        let pieces = pieces(&text, &spans);
        assert!(shown(&pieces) <= TEXT_MAX_BYTES && shown(&pieces) > TEXT_MAX_BYTES - 200, "{}", shown(&pieces));
        let gaps: usize = pieces.iter().map(|p| if let Piece::Gap(n) = p { *n } else { 0 }).sum();
        assert_eq!(gaps + shown(&pieces), text.len());
    }

    #[test]
    fn cuts_lie_between_words() {
        let text = "كلمة ".repeat(3000);
        for piece in pieces(&text, &[(Span::new(9 * 1000, 9 * 1001), 0)]) {
            let Piece::Text(text, _) = piece else { continue };
            assert!(text.split_whitespace().all(|word| word == "كلمة"), "{text}");
        }
    }

    #[test]
    fn neighbours_with_one_reason_share_a_note() {
        let spans = [(0, 3, Label::Promo), (4, 7, Label::Promo), (8, 11, Label::Share), (16, 19, Label::Share)];
        let spans = spans.map(|(from, to, label)| decided(Span::new(from, to), label, Action::Flag)).to_vec();
        let (text, decision) = ("one\ntwo\nsix\n...\nten", Decision { spans, removals: vec![] });
        let seen = Seen { number: 0, id: "d", host: None, text, decision: &decision, whole: None, goes: false };
        let detail = detail(&seen, 0);
        let lines: Vec<_> = detail.notes.iter().map(|n| n.lines.unwrap()).collect();
        assert_eq!(lines, [(1, 2), (3, 3), (5, 5)]);
        let marked: Vec<_> =
            detail.pieces.iter().filter_map(|p| if let Piece::Text(_, n) = p { *n } else { None }).collect();
        assert_eq!(marked, [0, 0, 1, 2]);
    }

    #[test]
    fn documents_are_bounded_for_each_label_and_the_choice_is_spread() {
        let mut gathered = Gathered::default();
        for number in 0..1000 {
            see(&mut gathered, number, "text", if number % 100 == 0 { Label::Promo } else { Label::Contact });
        }
        let numbers: BTreeSet<u32> = gathered.documents().iter().map(|d| d.number).collect();
        assert_eq!(numbers.len(), 2 * PER_LABEL);
        assert_eq!(numbers.iter().filter(|&n| n % 100 == 0).count(), PER_LABEL);
        assert!(numbers.iter().any(|&n| n > 500 && n % 100 != 0));
        assert_eq!(gathered.hosts(), [("a.example", Share { documents: 1000, bytes: 4000, bytes_taken: 0 })]);
    }

    #[test]
    fn scripts_are_told_by_most_letters() {
        for (text, expect) in
            [("2024: غربال ABC", "Arabic"), ("A sieve", "Latin"), ("… 12", "no letters"), ("сито", "Cyrillic")]
        {
            assert_eq!(script(text), expect);
        }
    }
}
