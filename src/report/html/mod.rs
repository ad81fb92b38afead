//! The report as one page: a file that needs nothing but a browser.
//!
//! [`Summary`] + [`Samples`] + [`Gathered`] -> HTML with its style and script inside. Nothing is
//! loaded; a policy in the page forbids it, and forbids scripts but the page's own. Text of
//! documents is escaped by the templates and isolated by the browser (`dir="auto"`, `bdi`), so that
//! Arabic and Latin stand side by side. The page is bounded: see [`PAGE_MAX_BYTES`].

mod charts;
mod file;
mod gathered;
mod shown;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use maud::{DOCTYPE, Markup, PreEscaped, html};
use xxhash_rust::xxh3::xxh3_128;

use crate::index::candidate_probability;
use crate::label::{Action, Label};
use crate::report::terminal::{audited, count, expected_to_miss, grouped, size};
use crate::report::{LabelCounts, PassageSample, Samples, Stretch, Summary};
use charts::{Series, bar, bin_start, histogram, percent};
use gathered::{BINS, ClusterDetail, DocumentDetail, NAME_CHARS, Note, Piece};
use shown::{Shown, harmless, short};

pub use file::NewFile;
pub use gathered::{Gathered, Seen, Share};

/// A page is never longer, for any corpus.
pub const PAGE_MAX_BYTES: usize = 5_000_000;

/// Passages that are shown at most: what [`Samples::top`] should be at least.
pub const TOP: usize = 60;

// What each list may take of the page; the rest is counts, a few tens of kilobytes.
const DOCUMENTS_MAX_BYTES: usize = 3_200_000;
const PASSAGES_MAX_BYTES: usize = 1_000_000;
const CLUSTERS_MAX_BYTES: usize = 600_000;

/// Hosts shown one by one.
const HOSTS: usize = 12;
/// Notes and limits shown, and characters of each.
const REMARKS: usize = 20;
const REMARK_CHARS: usize = 600;

/// Items of a list that are open from the start.
const OPEN: usize = 2;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The whole page.
pub fn render(summary: &Summary, samples: &Samples, gathered: &Gathered) -> String {
    let documents = gathered.documents();
    let numbers: HashMap<&str, u32> = documents.iter().map(|d| (d.id.as_str(), d.number)).collect();
    let body = html! {
        a class="skip" href="#documents" { "Skip to the documents" }
        header class="top" {
            p class="brand" { "ghirbal " bdi lang="ar" { "غربال" } }
            nav aria-label="Sections" {
                a href="#classes" { "Classes" }
                @if gathered.hosts().len() > 1 { a href="#hosts" { "Hosts" } }
                a href="#duplicates" { "Duplicates" }
                a href="#passages" { "Passages" }
                a href="#documents" { "Documents" }
                a href="#about" { "About" }
            }
            form class="search" role="search" hidden {
                label for="q" { "Search" }
                input id="q" type="search" autocomplete="off" dir="auto" placeholder="words, ids, reasons";
                output id="found" for="q" aria-live="polite" {}
            }
        }
        main {
            (overview(summary))
            (classes(summary, samples))
            (origins(gathered))
            (duplicates(summary, gathered, &numbers))
            (passages(summary, samples, gathered, &numbers))
            (documents_section(summary, &documents))
            (about(summary))
        }
        div id="tip" hidden aria-hidden="true" {}
    };
    // A policy that lets only these two blocks run. Who writes a document cannot foresee the name.
    let nonce = format!("{:032x}", xxh3_128(body.0.as_bytes()));
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'"
    );
    let page = html! {
        (DOCTYPE)
        html lang="en" dir="ltr" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "ghirbal: " (count(summary.documents, "document")) ", " (format!("{:.1}", summary.share_removed() * 100.0)) " % would go" }
                style nonce=(nonce) { (PreEscaped(STYLE)) (PreEscaped(hues())) }
            }
            body {
                (body)
                script nonce=(nonce) { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.0
}

/// The families that README tells apart.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Family {
    Repeated,
    Filler,
    Stray,
    Metadata,
    Article,
}

impl Family {
    const ALL: [Family; 5] = [Family::Repeated, Family::Filler, Family::Stray, Family::Metadata, Family::Article];

    fn name(self) -> &'static str {
        match self {
            Family::Repeated => "Repeated text",
            Family::Filler => "Filler",
            Family::Stray => "Stray headlines",
            Family::Metadata => "Metadata",
            Family::Article => "The article's own",
        }
    }
}

/// The family of a label, what it is, and its hue.
fn about_label(label: Label) -> (Family, &'static str, u32) {
    use Family::*;
    match label {
        Label::Body => (Article, "running text", 0),
        Label::Title => (Article, "the headline of the document", 200),
        Label::SectionHeading => (Article, "a heading inside the article", 180),
        Label::TitleRepeat => (Stray, "the title once more, as its own line", 48),
        Label::InsertedHeadline => (Stray, "a headline of another item inside the article", 36),
        Label::Dateline => (Metadata, "publication date, place or agency", 215),
        Label::SourceCredit => (Metadata, "“Source: …”", 232),
        Label::Byline => (Metadata, "the author's line", 198),
        Label::Keywords => (Metadata, "a list of tags", 250),
        Label::ReadAlsoMarker => (Filler, "announces other articles", 4),
        Label::ReadAlsoContent => (Filler, "text of other articles that a marker announced", 352),
        Label::SiteLabel => (Filler, "a button, agency or photo label standing alone", 158),
        Label::SocialEmbed => (Filler, "an embedded post", 186),
        Label::Contact => (Filler, "addresses, telephone numbers, “write to us”", 120),
        Label::Promo => (Filler, "subscribe, download, follow", 330),
        Label::Share => (Filler, "a bar of share buttons", 142),
        Label::Rights => (Filler, "copyright and terms", 88),
        Label::SiteWide => (Filler, "a line repeated over the pages of a host", 20),
        Label::Repeat => (Repeated, "a passage that stands elsewhere too", 292),
        Label::DuplicateDocument => (Repeated, "the whole document stands elsewhere too", 272),
    }
}

fn hues() -> String {
    Label::ALL.iter().map(|&label| format!(".l-{label}{{--h:{}}}", about_label(label).2)).collect()
}

fn words(label: Label) -> String {
    label.name().replace('_', " ")
}

fn becomes(action: Action) -> &'static str {
    match action {
        Action::Remove => "removed",
        Action::Metadata => "to metadata",
        Action::Flag => "flagged",
        Action::Keep => "kept",
    }
}

fn per_cent(n: u64, all: u64) -> String {
    let share = percent(n, all);
    if n > 0 && share < 0.1 { "< 0.1 %".to_owned() } else { format!("{share:.1} %") }
}

fn overview(s: &Summary) -> Markup {
    let taken = |family: Family| -> u64 {
        s.labels.iter().filter(|&(&l, _)| about_label(l).0 == family).map(|(_, c)| c.bytes_taken).sum()
    };
    let (repeated, stray, metadata) = (taken(Family::Repeated), taken(Family::Stray), s.bytes_to_metadata);
    let spans = |c: &LabelCounts| c.actions.iter().filter(|(a, _)| **a != Action::Keep).map(|(_, n)| n).sum::<u64>();
    let found: Vec<u64> = s.labels.values().map(spans).filter(|&n| n > 0).collect();
    let filler = s.bytes_removed.saturating_sub(repeated + stray + metadata);
    let stays = s.bytes.saturating_sub(s.bytes_removed);
    let parts = [
        ("repeated", "Repeated text", repeated),
        ("filler", "Filler", filler),
        ("stray", "Stray headlines", stray),
        ("metadata", "To metadata", metadata),
        ("stays", "Stays", stays),
    ];
    let drawn: Vec<charts::Part> = parts.iter().map(|&(class, _, n)| (class, n)).collect();
    html! {
        section id="overview" aria-labelledby="overview-h" {
            h1 id="overview-h" { strong { (format!("{:.1} %", s.share_removed() * 100.0)) } " of the text would go" }
            p class="lead" {
                (count(s.documents, "document")) ", " (count(s.words, "word")) ", " (size(s.bytes))
                " from " (count(s.sources, "source")) ". "
                (size(s.bytes_removed)) " would leave the text"
                @if s.documents_removed > 0 { ", " (count(s.documents_removed, "whole document")) " among it" }
                ". Nothing has been changed."
            }
            (bar(&drawn, s.bytes))
            ul class="legend" {
                @for (class, name, n) in parts {
                    li { span class={ "key " (class) } {} (name) " " b { (per_cent(n, s.bytes)) } " " small { (size(n)) } }
                }
            }
            dl class="tiles" {
                div { dt { "Duplicate documents" } dd { (grouped(s.duplicates.values().sum())) small { " in " (count(s.clusters, "cluster")) } } }
                div { dt { "Repeated passages" } dd { (grouped(s.passages)) small { " in " (count(s.documents_with_passages, "document")) } } }
                div { dt { "Findings" } dd { (grouped(found.iter().sum())) small { " of " (found.len()) @if found.len() == 1 { " class" } @else { " classes" } } } }
                div { dt { "Records skipped" } dd { (grouped(s.skipped)) small { @if s.skipped > 0 { " listed by --format jsonl" } } } }
            }
            @for note in s.notes.iter().take(REMARKS) { p class="remark" { b { "Note" } " " (Shown(&short(note, REMARK_CHARS))) } }
            @for (limit, n) in s.limits_reached.iter().take(REMARKS) { p class="remark" { b { "Limit" } " " (limit) ": " (grouped(*n)) } }
        }
    }
}

fn classes(s: &Summary, samples: &Samples) -> Markup {
    html! {
        section id="classes" aria-labelledby="classes-h" {
            h2 id="classes-h" { "What was found" }
            @if s.labels.is_empty() { p { "No line looks like filler, and no document stands elsewhere too." } }
            @else {
                p class="hint" { "Bars are bytes, each group on a scale of its own: full colour leaves the text, pale colour stays in it. Choose a class to see documents that have it." }
                div class="table" {
                    table {
                        thead { tr {
                            th scope="col" { "Class" } th scope="col" class="n" { "Spans" } th scope="col" class="n wide" { "Documents" }
                            th scope="col" class="n" { "Bytes" } th scope="col" class="bars" { "Share" } th scope="col" class="wide" { "Becomes" }
                        } }
                        @for family in Family::ALL {
                            @let rows: Vec<_> = s.labels.iter().filter(|&(&l, _)| about_label(l).0 == family).collect();
                            @let most = rows.iter().map(|(_, c)| c.bytes).max().unwrap_or(0);
                            @if !rows.is_empty() {
                                tbody {
                                    tr { th colspan="6" scope="rowgroup" class="family" { (family.name()) } }
                                    @for (&label, c) in rows {
                                        tr class={ "l-" (label) } {
                                            th scope="row" {
                                                @if family == Family::Article { span class="tag" { (words(label)) } }
                                                @else { a class="tag" href={ "#documents?label=" (label) } { (words(label)) } }
                                                small { (about_label(label).1) }
                                                small class="phone" { @for (&action, n) in &c.actions { span class="fate" { (grouped(*n)) " " (becomes(action)) } } }
                                                @if let Some((_, span)) = samples.labels.get(&label) {
                                                    small class="example" dir="auto" { "“" (span.excerpt.as_str()) "”" }
                                                }
                                            }
                                            td class="n" { (grouped(c.spans)) }
                                            td class="n wide" { (grouped(c.documents)) }
                                            td class="n" { (size(c.bytes)) }
                                            td class="bars" {
                                                (bar(&[("taken", c.bytes_taken.min(c.bytes)), ("kept", c.bytes.saturating_sub(c.bytes_taken))], most))
                                            }
                                            td class="wide" {
                                                @for (&action, n) in &c.actions { span class="fate" { (grouped(*n)) " " (becomes(action)) } }
                                            }
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Where the text comes from: hosts and scripts, as far as they are known.
fn origins(g: &Gathered) -> Markup {
    let hosts = g.hosts();
    let mut rest = Share::default();
    let others = hosts.iter().skip(HOSTS).map(|(_, share)| share).chain([&g.other_hosts]);
    others.for_each(|s| {
        rest = Share {
            documents: rest.documents + s.documents,
            bytes: rest.bytes + s.bytes,
            bytes_taken: rest.bytes_taken + s.bytes_taken,
        }
    });
    let mut shown: Vec<(String, Share)> =
        hosts.iter().take(HOSTS).map(|&(host, share)| (short(host, NAME_CHARS), share)).collect();
    if rest.documents > 0 {
        shown.push((format!("{} other hosts", grouped(hosts.len().saturating_sub(HOSTS) as u64)), rest));
    }
    if g.without_host.documents > 0 {
        shown.push(("no host named".into(), g.without_host));
    }
    let mut scripts: Vec<(String, Share)> = g.scripts.iter().map(|(&name, &share)| (name.to_owned(), share)).collect();
    scripts.sort_by_key(|(_, share)| std::cmp::Reverse(share.bytes));
    html! {
        section id="hosts" aria-labelledby="hosts-h" class="pair" {
            @if hosts.len() > 1 {
                div {
                    h2 id="hosts-h" { "By host" }
                    p class="hint" { "Those that lose most first. " code { "ghirbal report --hosts" } " lists the lines each one repeats." }
                    (shares(&shown))
                }
            }
            div {
                h2 id=[(hosts.len() <= 1).then_some("hosts-h")] { "By script" }
                p class="hint" { "Of the first letters of each document." }
                (shares(&scripts))
            }
        }
    }
}

fn shares(rows: &[(String, Share)]) -> Markup {
    let most = rows.iter().map(|(_, s)| s.bytes).max().unwrap_or(0);
    html! {
        table class="shares" {
            thead { tr {
                th scope="col" { span class="unseen" { "Name" } } th scope="col" class="n" { "Documents" }
                th scope="col" class="n" { "Would go" } th scope="col" class="bars" { span class="unseen" { "Bytes" } }
            } }
            tbody {
                @for (name, s) in rows {
                    tr {
                        th scope="row" { bdi { (Shown(name)) } }
                        td class="n" { (grouped(s.documents)) }
                        td class="n" { (per_cent(s.bytes_taken, s.bytes)) }
                        td class="bars" { (bar(&[("filler", s.bytes_taken), ("kept", s.bytes - s.bytes_taken.min(s.bytes))], most)) }
                    }
                }
            }
        }
    }
}

fn duplicates(s: &Summary, g: &Gathered, numbers: &HashMap<&str, u32>) -> Markup {
    let params = &s.params.documents;
    let curve = |similarity: f64| candidate_probability(similarity, s.shape);
    let series = [
        Series { class: "near", name: "near", bins: &g.near },
        Series { class: "contained", name: "contained", bins: &g.contained },
    ];
    let pairs: u64 = g.near.iter().chain(&g.contained).sum();
    let largest = g.cluster_sizes.values().copied().max().unwrap_or(0);
    let mut room = CLUSTERS_MAX_BYTES;
    let clusters = fit(&mut room, g.clusters.iter().map(|c| cluster(c, numbers)));
    html! {
        section id="duplicates" aria-labelledby="duplicates-h" {
            h2 id="duplicates-h" { "Duplicate documents" }
            p {
                @if s.duplicates.is_empty() { "No document is a duplicate of another" }
                @else {
                    @for (i, (kind, n)) in s.duplicates.iter().enumerate() { @if i > 0 { ", " } b { (grouped(*n)) } " " (kind) }
                    " in " (count(s.clusters, "cluster"))
                }
                ", compared on " (params.shingle_len_tokens) "-word shingles without template lines. "
                (expected_to_miss(s)) "."
                @if let Some(audit) = &s.audit { " " (audited(audit, params.similar)) "." }
            }
            div class="pair" {
                figure {
                    figcaption {
                        b { "Similarity of pairs" } " (Jaccard). The curve is the chance that a pair of this similarity is compared at all. "
                        @if g.exact > 0 { (count(g.exact, "exact pair")) " not drawn." }
                        span class="keys" { span class="key near" {} "near " span class="key contained" {} "contained " span class="key curve-key" {} "chance" }
                    }
                    (histogram("Pairs of documents by Jaccard similarity, with the threshold and the chance to be compared", &series, params.similar, Some(&curve)))
                    @if pairs > 0 { (numbers_of(&series)) }
                }
                figure {
                    figcaption { b { "Size of clusters" } ", the document that stays included" }
                    @if g.cluster_sizes.is_empty() { p class="hint" { "There are none." } }
                    @else {
                        table class="shares" {
                            thead { tr { th scope="col" { "Documents" } th scope="col" class="n" { "Clusters" } th scope="col" class="bars" { span class="unseen" { "Share" } } } }
                            tbody {
                                @for (&least, &n) in &g.cluster_sizes {
                                    tr {
                                        th scope="row" { (grouped(least)) @if least > 4 { "–" (grouped((least - 1) * 2)) } }
                                        td class="n" { (grouped(n)) }
                                        td class="bars" { (bar(&[("repeated", n)], largest)) }
                                    }
                                }
                            }
                        }
                    }
                }
            }
            @if !clusters.is_empty() {
                h3 { "The largest clusters" small { " " (clusters.len()) " of " (grouped(s.clusters)) } }
                ol class="items" data-list="clusters" { @for c in &clusters { (c) } }
            }
        }
    }
}

/// The numbers of a histogram, for those who would rather read them.
fn numbers_of(series: &[Series]) -> Markup {
    html! {
        details class="numbers" {
            summary { "The numbers" }
            table {
                thead { tr { th scope="col" { "From" } @for s in series { th scope="col" class="n" { (s.name) } } } }
                tbody {
                    @for i in (0..BINS).filter(|&i| series.iter().any(|s| s.bins[i] > 0)) {
                        tr { th scope="row" { (format!("{:.2}", bin_start(i))) } @for s in series { td class="n" { (grouped(s.bins[i])) } } }
                    }
                }
            }
        }
    }
}

/// A document's id, a link where the document is shown.
fn name(id: &str, numbers: &HashMap<&str, u32>) -> Markup {
    let id = short(id, NAME_CHARS);
    html! {
        @match numbers.get(id.as_str()) {
            Some(number) => a href={ "#d" (number) } { bdi { (Shown(&id)) } },
            None => bdi { (Shown(&id)) },
        }
    }
}

fn cluster(c: &ClusterDetail, numbers: &HashMap<&str, u32>) -> Markup {
    html! {
        li class="item" {
            p class="line" { b { (name(&c.anchor.1, numbers)) } " stays for " (count(c.members as u64, "document")) }
            ul class="members" {
                @for (_, id, kind, jaccard) in &c.first {
                    li { (name(id, numbers)) " " small { (kind.name()) @if *jaccard < 1.0 { " " (format!("{:.2}", (jaccard * 100.0).floor() / 100.0)) } } }
                }
                @if c.members > c.first.len() { li { small { "and " (grouped((c.members - c.first.len()) as u64)) " more" } } }
            }
            details {
                @match c.compared_with() {
                    Some(i) => {
                        summary { "The beginnings side by side" }
                        (sides(&c.beginnings.a, &c.beginnings.b, html! { (name(&c.anchor.1, numbers)) }, html! { (name(&c.first[i].1, numbers)) }))
                    }
                    None => {
                        summary { "How it begins" }
                        (side(&c.beginnings.a, html! { (name(&c.anchor.1, numbers)) }))
                    }
                }
            }
        }
    }
}

fn passages(s: &Summary, samples: &Samples, g: &Gathered, numbers: &HashMap<&str, u32>) -> Markup {
    let series = [Series { class: "near", name: "passages", bins: &g.identities }];
    let mut room = PASSAGES_MAX_BYTES;
    let shown =
        fit(&mut room, samples.passages.iter().take(TOP).enumerate().map(|(i, p)| passage(p, numbers, i < OPEN)));
    html! {
        section id="passages" aria-labelledby="passages-h" {
            h2 id="passages-h" { "Repeated passages" }
            @if s.passages == 0 { p { "No passage stands twice " @if !s.params.passages.scope.across() { "inside a document; --scope corpus looks across documents" } "." } }
            @else {
                p { (count(s.passages, "passage")) " of at least " (s.params.passages.words_min) " words"
                    @if !s.params.passages.scope.across() { " inside one document; " code { "--scope corpus" } " looks across documents" } "." }
                figure class="narrow" {
                    figcaption { b { "Equal words" } ", as a share of the aligned ones" }
                    (histogram("Passages by the share of equal words", &series, s.params.passages.identity_min, None))
                    (numbers_of(&series))
                }
                h3 { "The longest" small { " " (shown.len()) " of " (grouped(s.passages)) } }
                p class="hint" { "What one side says and the other does not is marked; point at it to see what stands in its place." }
                ol class="items" data-list="passages" { @for p in &shown { (p) } }
            }
        }
    }
}

fn passage(p: &PassageSample, numbers: &HashMap<&str, u32>, open: bool) -> Markup {
    let place = |id: &str, lines: (u32, u32)| html! { (name(id, numbers)) " " (line_range(lines)) };
    // One document need not be named twice.
    let second = if p.docs.0 == p.docs.1 {
        html! { (line_range(p.lines.1)) }
    } else {
        place(&p.docs.1, p.lines.1)
    };
    html! {
        li class="item" {
            details open[open] {
                summary {
                    b { (p.kind.name()) } ", " (count(p.words.into(), "word")) ", "
                    (format!("{:.0} %", (p.identity * 100.0).floor())) " of the aligned words equal "
                    small { bdi { (Shown(&short(&p.docs.0, NAME_CHARS))) } @if p.docs.0 != p.docs.1 { " and " bdi { (Shown(&short(&p.docs.1, NAME_CHARS))) } } }
                }
                @if p.whole.a == p.whole.b {
                    (side(&p.whole.a, html! { (place(&p.docs.0, p.lines.0)) " and " (second) ", the same text" }))
                } @else {
                    (sides(&p.whole.a, &p.whole.b, place(&p.docs.0, p.lines.0), second))
                }
            }
        }
    }
}

fn sides(a: &[Stretch], b: &[Stretch], name_a: Markup, name_b: Markup) -> Markup {
    html! { div class="sides" { (side(a, name_a)) (side(b, name_b)) } }
}

fn side(stretches: &[Stretch], name: Markup) -> Markup {
    html! {
        div class="side" {
            p class="place" { (name) }
            p class="text" dir="auto" {
                @for (i, s) in stretches.iter().enumerate() {
                    @if i > 0 { " " }
                    @if !s.differs { (Shown(&s.text)) }
                    @else if s.text.is_empty() { span class="gone" data-i=(i) title="only the other side has words here" { "∅" } }
                    @else { mark class="differs" data-i=(i) { (Shown(&s.text)) } }
                }
            }
        }
    }
}

fn line_range((first, last): (u32, u32)) -> String {
    if first == last { format!("line {first}") } else { format!("lines {first}–{last}") }
}

fn documents_section(s: &Summary, documents: &[&DocumentDetail]) -> Markup {
    let mut room = DOCUMENTS_MAX_BYTES;
    let shown = fit(&mut room, documents.iter().enumerate().map(|(i, d)| document(d, i < OPEN)));
    let documents = &documents[..shown.len()];
    let mut labels: BTreeMap<Label, usize> = BTreeMap::new();
    for d in documents {
        let here: BTreeSet<Label> =
            d.notes.iter().map(|n| n.label).filter(|&l| about_label(l).0 != Family::Article).collect();
        here.into_iter().for_each(|label| *labels.entry(label).or_default() += 1);
    }
    let hosts: BTreeSet<&str> = documents.iter().filter_map(|d| d.host.as_deref()).collect();
    html! {
        section id="documents" aria-labelledby="documents-h" {
            h2 id="documents-h" { "Documents" }
            @if shown.is_empty() { p { "Nothing was found in any document." } }
            @else {
                p class="hint" {
                    (count(shown.len() as u64, "document")) " of " (grouped(s.documents)) ": those that lose most, and some of every class, drawn evenly. "
                    "Point at a mark, or move to it with the Tab key, to read its reason; all reasons stand below the text."
                }
                form id="filters" hidden {
                    fieldset {
                        legend { "Class" }
                        @for (label, n) in &labels {
                            label class={ "chip l-" (label) } {
                                input type="checkbox" name="label" value=(label);
                                span { (words(*label)) " " small { (n) } }
                            }
                        }
                    }
                    div class="selects" {
                        label { "What becomes of it "
                            select name="action" {
                                option value="" { "anything" }
                                @for action in [Action::Remove, Action::Metadata, Action::Flag] { option value=(action) { (becomes(action)) } }
                            }
                        }
                        @if hosts.len() > 1 {
                            label { "Host "
                                select name="host" { option value="" { "any" } @for host in &hosts { option value=(harmless(host)) { (harmless(host)) } } }
                            }
                        }
                        label { "Sort by "
                            select name="sort" {
                                option value="" { "bytes that go" } option value="share" { "share that goes" }
                                option value="notes" { "findings" } option value="order" { "reading order" } option value="id" { "id" }
                            }
                        }
                        button type="reset" { "Reset" }
                    }
                }
                p class="hint" {
                    span class="sample-remove" { "underlined" } " is removed, " span class="sample-metadata" { "dotted" } " moves to metadata, "
                    span class="sample-flag" { "wavy" } " is flagged and stays; numbers lead to the reasons."
                }
                p id="none" class="remark" hidden { "No document matches." }
                div class="items" data-list="documents" { @for d in &shown { (d) } }
            }
        }
    }
}

fn document(d: &DocumentDetail, open: bool) -> Markup {
    let found: BTreeSet<String> = d.notes.iter().map(|n| format!("{}:{}", n.label, n.action)).collect();
    let found = found.into_iter().collect::<Vec<_>>().join(" ");
    let labels: BTreeSet<Label> = d.notes.iter().filter(|n| n.action != Action::Keep).map(|n| n.label).collect();
    html! {
        details class="item document" id={ "d" (d.number) } open[open] data-found=(found) data-host=[d.host.as_deref().map(harmless)]
            data-taken=(d.bytes_taken) data-bytes=(d.bytes) data-order=(d.number) data-notes=(d.notes.len()) data-id=(harmless(&d.id)) {
            summary {
                span class="id" { bdi { (Shown(&d.id)) } }
                @if let Some(host) = &d.host { small class="host" { bdi { (Shown(host)) } } }
                span class="chips" { @for label in labels { span class={ "tag l-" (label) } { (words(label)) } } }
                span class="cost" {
                    (bar(&[("filler", d.bytes_taken)], d.bytes))
                    small {
                        @if d.bytes_taken == 0 { (size(d.bytes)) ", nothing goes" }
                        @else if d.bytes_taken == d.bytes { "all of " (size(d.bytes)) " goes" }
                        @else { (size(d.bytes_taken)) " of " (size(d.bytes)) " go" }
                    }
                }
            }
            div class="text" dir="auto" {
                @for piece in &d.pieces {
                    @match piece {
                        Piece::Gap(n) => span class="gap" { "… " (size(*n as u64)) " not shown …" },
                        Piece::Text(text, None) => (Shown(text)),
                        Piece::Text(text, Some(i)) => (marked(d.number, &d.notes[*i], *i, text)),
                    }
                }
            }
            ol class="notes" aria-label="Reasons" { @for (i, n) in d.notes.iter().enumerate() { (note(d.number, n, i)) } }
            @if d.notes_left_out > 0 { p class="hint" { "and " (count(d.notes_left_out as u64, "finding")) " more" } }
            p class="permalink" { a href={ "#d" (d.number) } { "Link to this document" } }
        }
    }
}

fn marked(document: u32, note: &Note, i: usize, text: &str) -> Markup {
    html! {
        mark class={ "l-" (note.label) " a-" (note.action) } tabindex="0" data-n=(i + 1)
            aria-describedby={ "n" (document) "-" (i + 1) } { (Shown(text)) }
    }
}

fn note(document: u32, n: &Note, i: usize) -> Markup {
    html! {
        li id={ "n" (document) "-" (i + 1) } {
            span class={ "tag l-" (n.label) } { (words(n.label)) } " " b { (becomes(n.action)) } ", "
            @match n.lines { Some(lines) => (line_range(lines)), None => "the whole document" }
            ": " span dir="auto" { (Shown(&n.why)) } " " small { "rule " (n.rule) ", certainty " (format!("{:.2}", n.score)) }
        }
    }
}

fn about(s: &Summary) -> Markup {
    let p = &s.params;
    let rows = [
        ("Written by", format!("ghirbal {}", s.ghirbal)),
        (
            "Documents are duplicates",
            format!(
                "at Jaccard {} or contained at {}, on shingles of {} words",
                p.documents.similar, p.documents.contained, p.documents.shingle_len_tokens
            ),
        ),
        ("Signatures", format!("{} bands of {} rows, seed {}", s.shape.bands, s.shape.rows, p.documents.seed)),
        (
            "Passages",
            format!("{} words or more, {} of the aligned words equal", p.passages.words_min, p.passages.identity_min),
        ),
        ("A finding is acted on", format!("from a certainty of {}", p.filler.level.score_min())),
        ("Digest of the parameters", s.params_digest.clone()),
    ];
    html! {
        section id="about" aria-labelledby="about-h" {
            h2 id="about-h" { "About this report" }
            dl class="facts" { @for (term, what) in rows { div { dt { (term) } dd { (what) } } } }
            p class="hint" {
                "Counts are of the whole corpus. Clusters, passages and documents are examples, chosen by rules that give the same ones each time. "
                "Everything that was found: " code { "ghirbal report --format jsonl" } ". This file loads nothing and sends nothing."
            }
        }
    }
}

/// As many pieces of a page, in order, as there is room for.
fn fit(room: &mut usize, pieces: impl Iterator<Item = Markup>) -> Vec<Markup> {
    let mut fitting = Vec::new();
    for piece in pieces {
        let Some(left) = room.checked_sub(piece.0.len()) else { break };
        *room = left;
        fitting.push(piece);
    }
    fitting
}
