//! The only place that removes: findings and matches + policy -> what leaves the text.
//!
//! [`Finding`]s, [`Passage`]s and [`Match`]es -> [`Decided`] spans and [`Removal`]s. It knows no
//! candidates, only what has been verified. Removals of one document are sorted, do not overlap and
//! begin and end on character borders; where every word of a line goes, its line end goes with it.

use std::collections::HashMap;

use crate::align::{Passage, PassageKind, Side, narrow};
use crate::classify::{Evidence, Finding};
use crate::label::{Action, Label, Zone};
use crate::params::{KeepPassage, Params, Snap};
use crate::span::Span;
use crate::tokenise::View;
use crate::verify::{Match, MatchKind};

/// Where the counterpart of something removed stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partner {
    /// The id of its document.
    pub doc: String,
    /// Its place there; `None` for the whole document.
    pub span: Option<Span>,
}

/// Bytes that leave a text, with the reason.
#[derive(Clone, Debug, PartialEq)]
pub struct Removal {
    /// What is cut, line ends included where whole lines go. Removals of one document are sorted
    /// and do not overlap.
    pub span: Span,
    /// What it is.
    pub label: Label,
    /// `Remove` or `Metadata`.
    pub action: Action,
    /// The rule that found it.
    pub rule: &'static str,
    /// Certainty, 0 to 1.
    pub score: f32,
    /// What speaks for it.
    pub evidence: Evidence,
    /// The reason as a sentence.
    pub why: String,
    /// The counterpart, when there is one.
    pub partner: Option<Partner>,
}

/// What becomes of one record.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// It stays, without these bytes (possibly none).
    Stay(Vec<Removal>),
    /// The whole document goes.
    Go(Removal),
}

/// A finding and what becomes of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Decided {
    /// What was found.
    pub finding: Finding,
    /// What policy does with it.
    pub action: Action,
}

/// What was decided on the inside of one document.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    /// Every finding with its action, in reading order.
    pub spans: Vec<Decided>,
    /// What leaves the text.
    pub removals: Vec<Removal>,
}

/// Decides on everything found inside one document. `id` is the document's own id: the partner of a
/// passage repeated inside it. `elsewhere` is what goes because it stands in other documents.
pub fn decide(
    id: &str,
    view: &View,
    findings: Vec<Finding>,
    passages: &[Passage],
    elsewhere: &[Repeat],
    params: &Params,
) -> Decision {
    let mut spans: Vec<Decided> =
        findings.into_iter().map(|finding| Decided { action: action(&finding, params), finding }).collect();
    carry_along(&mut spans);
    let mut removals: Vec<Removal> = spans.iter().filter(|d| d.action.takes_away()).map(removal).collect();
    if params.policy.action(Label::Repeat).takes_away() {
        let asked = inside(id, passages, params).chain(elsewhere.iter().cloned());
        let repeats = repeats(view, asked, id, &removals, params);
        spans.extend(repeats.iter().map(|r| Decided { finding: as_finding(r), action: r.action }));
        spans.sort_by_key(|d| d.finding.span);
        removals.extend(repeats);
        removals.sort_by_key(|r| r.span);
    }
    widen_to_lines(view, &mut removals);
    Decision { spans, removals }
}

/// What is flagged between two removed spans of a tail goes with them: half an embedded post of
/// another article is no use to anyone.
fn carry_along(spans: &mut [Decided]) {
    for i in 1..spans.len().saturating_sub(1) {
        let goes = |d: &Decided| d.finding.zone == Zone::Tail && d.action == Action::Remove;
        if spans[i].action == Action::Flag
            && spans[i].finding.zone == Zone::Tail
            && goes(&spans[i - 1])
            && goes(&spans[i + 1])
        {
            spans[i].action = Action::Remove;
        }
    }
}

/// What policy does with one finding.
fn action(finding: &Finding, params: &Params) -> Action {
    let policy = &params.policy;
    let asked = policy.action(finding.label);
    // What stands in another article's tail goes with that tail: its dateline is no metadata of
    // this document, and its embeds are not this document's.
    let in_tail = finding.zone == Zone::Tail && finding.label != Label::ReadAlsoMarker;
    let asked = if in_tail && matches!(asked, Action::Flag | Action::Metadata) {
        policy.action(Label::ReadAlsoContent).max(asked)
    } else {
        asked
    };
    if asked.takes_away() && finding.score < params.filler.level.score_min() { Action::Flag } else { asked }
}

fn removal(decided: &Decided) -> Removal {
    let Decided { finding, action } = decided;
    Removal {
        span: finding.span,
        label: finding.label,
        action: *action,
        rule: finding.rule,
        score: finding.score,
        evidence: finding.evidence.clone(),
        why: finding.why.clone(),
        partner: None,
    }
}

fn as_finding(removal: &Removal) -> Finding {
    Finding {
        span: removal.span,
        label: removal.label,
        zone: Zone::Main,
        rule: removal.rule,
        score: removal.score,
        evidence: removal.evidence.clone(),
        why: removal.why.clone(),
    }
}

/// A passage of which this document's side goes, because the other side stays.
#[derive(Clone, Debug, PartialEq)]
pub struct Repeat {
    /// What goes, at word borders.
    pub span: Span,
    /// Words of the shorter side.
    pub words: u32,
    /// Share of aligned words that are equal.
    pub identity: f32,
    /// Share of the smaller side's word pairs that the other has.
    pub containment: f32,
    /// Whether one side quotes the other.
    pub quote: bool,
    /// The side that stays.
    pub stays: Partner,
    /// What the other side is to this one, for a sentence: "an earlier passage of this document".
    pub relation: String,
}

impl Repeat {
    fn new(passage: &Passage, span: Span, stays: Partner, relation: impl Into<String>) -> Self {
        let Passage { words, identity, containment, .. } = *passage;
        Self {
            span,
            words,
            identity,
            containment,
            quote: passage.kind == PassageKind::Quote,
            stays,
            relation: relation.into(),
        }
    }
}

/// Of each passage repeated inside one document, the side that goes.
fn inside<'p>(id: &'p str, passages: &'p [Passage], params: &'p Params) -> impl Iterator<Item = Repeat> + 'p {
    passages.iter().filter(|p| p.a.document == p.b.document).map(|p| {
        let later_stays = params.passages.keep == KeepPassage::Longest && p.b.span.len() > p.a.span.len();
        let (goes, stays, relation) = if later_stays {
            (p.a, p.b, "a later passage of this document")
        } else {
            (p.b, p.a, "an earlier passage of this document")
        };
        Repeat::new(p, goes.span, Partner { doc: id.to_owned(), span: Some(stays.span) }, relation)
    })
}

/// Of the passages that stand in two documents, the sides that go, by document.
///
/// `rank` orders documents by preference, 0 first; `taken` is what leaves a document for another
/// reason, everything when it goes as a whole. What stays for another place is not taken itself, so
/// nothing vanishes from all documents.
pub fn across<'p>(
    passages: &'p [Passage],
    rank: impl Fn(u32) -> u32,
    id: impl Fn(u32) -> &'p str,
    taken: &HashMap<u32, Vec<Span>>,
    params: &Params,
) -> HashMap<u32, Vec<Repeat>> {
    let mut gone = taken.clone();
    let mut needed: HashMap<u32, Vec<Span>> = HashMap::new();
    let mut repeats: HashMap<u32, Vec<Repeat>> = HashMap::new();
    let touches = |spans: &HashMap<u32, Vec<Span>>, side: Side| {
        spans.get(&side.document).is_some_and(|list| list.iter().any(|s| s.overlap(side.span) > 0))
    };
    let mut order: Vec<(&Passage, Side, Side)> = passages
        .iter()
        .filter(|p| p.a.document != p.b.document && p.identity >= params.filler.level.score_min())
        .map(|p| if rank(p.a.document) < rank(p.b.document) { (p, p.a, p.b) } else { (p, p.b, p.a) })
        .collect();
    order.sort_by_key(|(_, stays, goes)| (rank(stays.document), rank(goes.document), stays.span, goes.span));
    for (passage, stays, goes) in order {
        if touches(&gone, stays) || touches(&gone, goes) || touches(&needed, goes) {
            continue;
        }
        gone.entry(goes.document).or_default().push(goes.span);
        needed.entry(stays.document).or_default().push(stays.span);
        let doc = id(stays.document);
        let partner = Partner { doc: doc.to_owned(), span: Some(stays.span) };
        let repeat = Repeat::new(passage, goes.span, partner, format!("a passage of `{doc}`, which stays"));
        repeats.entry(goes.document).or_default().push(repeat);
    }
    repeats
}

/// The whole sentences (or lines, as `snap` asks) inside what goes of each repeat, so that no half
/// sentence is left. What goes for another reason is not counted again.
fn repeats(
    view: &View,
    asked: impl Iterator<Item = Repeat>,
    id: &str,
    removals: &[Removal],
    params: &Params,
) -> Vec<Removal> {
    let snap = if params.passages.snap == Snap::Paragraph { Snap::Paragraph } else { Snap::Sentence };
    let mut found: Vec<Removal> = Vec::new();
    for repeat in asked {
        let Some(span) = narrow(view, repeat.span, snap) else { continue };
        // One side stays: not where the other goes already. And not where it is too uncertain; the
        // passage is reported all the same.
        let other = repeat.stays.span.filter(|_| repeat.stays.doc == id);
        let touched = |r: &Removal| r.span.overlap(span) > 0 || other.is_some_and(|s| r.span.overlap(s) > 0);
        if repeat.identity < params.filler.level.score_min() || removals.iter().chain(&found).any(touched) {
            continue;
        }
        found.push(Removal {
            span,
            label: Label::Repeat,
            action: params.policy.action(Label::Repeat),
            rule: "passage.repeat",
            score: repeat.identity,
            evidence: vec![
                ("identity", round(repeat.identity as f64).into()),
                ("containment", round(repeat.containment as f64).into()),
                ("words", repeat.words.into()),
            ],
            why: format!(
                "{} of the {} words say the same as {}{}",
                percent(repeat.identity as f64),
                repeat.words,
                repeat.relation,
                if repeat.quote { ", one of them as a quotation" } else { "" },
            ),
            partner: Some(repeat.stays),
        });
    }
    found.sort_by_key(|r| r.span);
    found
}

/// What becomes of a document that says the same as `partner`.
pub fn duplicate(text_len: usize, matched: &Match, partner: &str, params: &Params) -> Removal {
    let (rule, score, why) = match matched.kind {
        MatchKind::Exact => {
            ("document.exact", 1.0, format!("every word is the same as in `{partner}`, in the same order"))
        }
        MatchKind::Near => (
            "document.near",
            matched.jaccard,
            format!(
                "it shares {} of all {}-word shingles with `{partner}`, at least the {} asked for",
                percent(matched.jaccard),
                params.documents.shingle_len_tokens,
                percent(params.documents.similar),
            ),
        ),
        MatchKind::Contained => (
            "document.contained",
            matched.containment,
            format!(
                "{} of its {}-word shingles stand in `{partner}`",
                percent(matched.containment),
                params.documents.shingle_len_tokens
            ),
        ),
    };
    let action = match matched.kind {
        MatchKind::Contained => params.policy.contained,
        MatchKind::Exact | MatchKind::Near => params.policy.action(Label::DuplicateDocument),
    };
    Removal {
        span: Span::new(0, text_len),
        label: Label::DuplicateDocument,
        action,
        rule,
        score: round(score) as f32,
        evidence: vec![
            ("kind", matched.kind.name().into()),
            ("jaccard", round(matched.jaccard).into()),
            ("containment", round(matched.containment).into()),
        ],
        why,
        partner: Some(Partner { doc: partner.to_owned(), span: None }),
    }
}

/// Lets removals that take every word of a line take the whole line, and the others the space that
/// would be left doubled.
fn widen_to_lines(view: &View, removals: &mut [Removal]) {
    let mut i = 0;
    while i < removals.len() {
        let segment = view.segment_at(removals[i].span.start);
        let line = view.segments[segment];
        // The removals that begin in this line; a span over several lines is one of the last.
        let n = removals[i..].iter().take_while(|r| r.span.start < line.span.end).count();
        let here = &mut removals[i..i + n];
        let last_line = view.segments[view.segment_at(here[n - 1].span.end.saturating_sub(1))];
        let mut at = line.content.start;
        let mut whole = true;
        for r in here.iter() {
            whole &= view.text[at as usize..r.span.start.max(at) as usize].trim().is_empty();
            at = r.span.end;
        }
        whole &=
            at >= last_line.content.end || view.text[at as usize..last_line.content.end as usize].trim().is_empty();
        if whole {
            let mut start = line.span.start;
            for r in here.iter_mut() {
                r.span.start = start;
                start = r.span.end;
            }
            here[n - 1].span.end = last_line.span.end;
        } else {
            let mut floor = line.content.start;
            for r in here.iter_mut() {
                let end = view.segments[view.segment_at(r.span.end.saturating_sub(1))].content.end;
                r.span = with_spare_space(view.text, Span { start: floor.min(r.span.start), end }, r.span);
                floor = r.span.end;
            }
        }
        i += n;
    }
    trim_end(view, removals);
}

/// The span with the spaces on one side of it, where otherwise two would meet or one would begin or
/// end the line. `line` begins where the removal before this one ended.
fn with_spare_space(text: &str, line: Span, span: Span) -> Span {
    let before = &text[line.start as usize..span.start as usize];
    let after = &text[span.end as usize..line.end.max(span.end) as usize];
    if after.trim_start().is_empty() {
        Span { start: span.start - (before.len() - before.trim_end().len()) as u32, end: span.end + after.len() as u32 }
    } else if before.is_empty() || before.ends_with(char::is_whitespace) {
        Span { end: span.end + (after.len() - after.trim_start().len()) as u32, ..span }
    } else {
        span
    }
}

/// Where the end of a text goes that did not end in a line end, what is left should not either.
fn trim_end(view: &View, removals: &mut [Removal]) {
    let mut end = view.text.len() as u32;
    if view.segments.last().is_some_and(|s| s.span.end != s.content.end) {
        return;
    }
    for i in (0..removals.len()).rev() {
        if removals[i].span.end != end {
            return;
        }
        end = removals[i].span.start;
        let floor = i.checked_sub(1).map_or(0, |before| removals[before].span.end);
        if floor < end || i == 0 {
            let kept = &view.text[floor as usize..end as usize];
            // With nothing left at all there is no line end to give back.
            if !kept.trim_end().is_empty() {
                removals[i].span.start = floor + kept.trim_end().len() as u32;
            }
            return;
        }
    }
}

/// Four decimals: what a report shows of a share.
pub fn round(share: f64) -> f64 {
    (share * 1e4).round() / 1e4
}

fn percent(share: f64) -> String {
    // Never rounded up to a whole that it is not.
    let tenths = (share * 1000.0).floor() / 10.0;
    if tenths.fract() == 0.0 { format!("{tenths:.0} %") } else { format!("{tenths:.1} %") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::Scope;
    use crate::tokenise::default_tokeniser;

    fn finding(text: &str, what: &str, label: Label, score: f32) -> Finding {
        let start = text.find(what).unwrap();
        Finding {
            span: Span::new(start, start + what.len()),
            label,
            zone: Zone::Main,
            rule: "test.rule",
            score,
            evidence: vec![],
            why: "test".into(),
        }
    }

    /// What is left of `text` when `what` goes.
    fn check(text: &str, what: &[&str], expect: &str) {
        let view = View::new(text, default_tokeniser());
        let findings = what.iter().map(|w| finding(text, w, Label::Promo, 1.0)).collect();
        let decision = decide("d", &view, findings, &[], &[], &Params::default());
        let mut left = String::new();
        let mut at = 0;
        for r in &decision.removals {
            assert!(at <= r.span.start as usize, "removals overlap");
            left.push_str(&text[at..r.span.start as usize]);
            at = r.span.end as usize;
        }
        left.push_str(&text[at..]);
        assert_eq!(left, expect, "{text:?} without {what:?}");
    }

    #[test]
    fn a_whole_line_goes_with_its_line_end() {
        check("one\ntwo\n\nthree\n", &["two"], "one\nthree\n");
        check("one\r\ntwo", &["one"], "two");
        check("\n\none\ntwo\n", &["one"], "two\n");
    }

    #[test]
    fn part_of_a_line_goes_without_leaving_two_spaces() {
        check("a marker b\n", &["marker"], "a b\n");
        check("marker b\n", &["marker"], "b\n");
        check("a marker\n", &["marker"], "a\n");
        check("إقرأ المزيدوأشار الكرملين", &["إقرأ المزيد"], "وأشار الكرملين");
    }

    #[test]
    fn several_findings_that_fill_a_line_take_it_whole() {
        check("x\nfiller. embed\ny", &["filler.", "embed"], "x\ny");
        check("x\nfiller. kept embed\ny", &["filler.", "embed"], "x\nkept\ny");
    }

    #[test]
    fn a_text_that_did_not_end_in_a_line_end_does_not_afterwards() {
        check("body\n\ntail\nmore", &["tail", "more"], "body");
        check("body\ntail\n", &["tail"], "body\n");
        check("tail", &["tail"], "");
        check("a tail", &["tail"], "a");
    }

    #[test]
    fn a_span_over_several_lines_goes_as_one() {
        check("a\nb c\nd\ne\n", &["b c\nd"], "a\ne\n");
    }

    #[test]
    fn a_span_that_ends_in_mid_line_leaves_no_space_before_the_rest() {
        check("a\nb c\nd rest of it\n", &["b c\nd"], "a\nrest of it\n");
        check("start b\nc rest\n", &["b\nc"], "start rest\n");
    }

    #[test]
    fn a_repeat_stays_where_its_counterpart_goes() {
        let text = "Said one two three.\nSaid one two three.";
        let view = View::new(text, default_tokeniser());
        let side = |start, end| Side { document: 0, span: Span::new(start, end) };
        let passage = |identity| Passage {
            a: side(0, 18),
            b: side(20, 38),
            kind: PassageKind::Near,
            words: 4,
            identity,
            jaccard: 1.0,
            containment: 1.0,
            scope: Scope::Document,
        };
        let mut params = Params::default();
        params.policy.set(Label::Repeat, Action::Remove).unwrap();
        let gone = |findings, identity| {
            let removals = decide("d", &view, findings, &[passage(identity)], &[], &params).removals;
            removals.iter().map(|r| r.label).collect::<Vec<_>>()
        };
        assert_eq!(gone(vec![], 1.0), [Label::Repeat]);
        assert_eq!(gone(vec![finding(text, "Said one two three.", Label::Promo, 1.0)], 1.0), [Label::Promo]);
        assert_eq!(gone(vec![], 0.5), [], "too uncertain at the default level");
    }

    #[test]
    fn below_the_level_a_removal_becomes_a_flag() {
        let view = View::new("one\ntwo", default_tokeniser());
        let act = |label, score| {
            decide("d", &view, vec![finding("one\ntwo", "two", label, score)], &[], &[], &Params::default()).spans[0]
                .action
        };
        assert_eq!(act(Label::InsertedHeadline, 0.5), Action::Flag);
        assert_eq!(act(Label::InsertedHeadline, 0.9), Action::Remove);
        assert_eq!(act(Label::Keywords, 0.9), Action::Metadata);
        assert_eq!(act(Label::SocialEmbed, 1.0), Action::Flag);
        assert_eq!(act(Label::Title, 1.0), Action::Keep);
    }

    #[test]
    fn what_stands_in_a_tail_goes_with_it() {
        let view = View::new("one\ntwo", default_tokeniser());
        let embed = Finding { zone: Zone::Tail, ..finding("one\ntwo", "two", Label::SocialEmbed, 0.9) };
        assert_eq!(decide("d", &view, vec![embed], &[], &[], &Params::default()).spans[0].action, Action::Remove);
    }

    #[test]
    fn what_is_uncertain_inside_a_tail_goes_with_it_and_at_its_end_stays() {
        let text = "one\ntwo\nthree";
        let view = View::new(text, default_tokeniser());
        let tail = |what, label, score| Finding { zone: Zone::Tail, ..finding(text, what, label, score) };
        let actions = |findings| -> Vec<Action> {
            decide("d", &view, findings, &[], &[], &Params::default()).spans.iter().map(|d| d.action).collect()
        };
        let (before, embed) = (tail("one", Label::ReadAlsoContent, 0.9), tail("two", Label::SocialEmbed, 0.6));
        let after = tail("three", Label::ReadAlsoContent, 0.9);
        assert_eq!(actions(vec![before.clone(), embed.clone(), after]), [Action::Remove; 3]);
        assert_eq!(actions(vec![before, embed]), [Action::Remove, Action::Flag]);
    }

    #[test]
    fn a_repeat_goes_by_whole_sentences_and_only_when_asked() {
        let text = "One two three four five six. More.\nOne two three four five six. And one two three four five";
        let view = View::new(text, default_tokeniser());
        let side = |start, end| Side { document: 0, span: Span::new(start, end) };
        let passage = |b| Passage {
            a: side(0, 27),
            b,
            kind: PassageKind::Exact,
            words: 6,
            identity: 1.0,
            jaccard: 1.0,
            containment: 1.0,
            scope: Scope::Document,
        };
        let passages = [passage(side(35, 62)), passage(side(68, 91))];
        assert!(decide("d", &view, vec![], &passages, &[], &Params::default()).removals.is_empty());
        let mut params = Params::default();
        params.policy.set(Label::Repeat, Action::Remove).unwrap();
        let removals = decide("d", &view, vec![], &passages, &[], &params).removals;
        let gone: Vec<&str> = removals.iter().map(|r| r.span.of(text)).collect();
        assert_eq!(gone, ["One two three four five six. "], "the second begins and ends in mid-sentence");
        assert_eq!(removals[0].partner, Some(Partner { doc: "d".into(), span: Some(Span::new(0, 27)) }));
    }

    #[test]
    fn a_share_is_never_rounded_up() {
        assert_eq!(percent(0.99999), "99.9 %");
        assert_eq!(percent(1.0), "100 %");
        assert_eq!(percent(0.87), "87 %");
    }
}
