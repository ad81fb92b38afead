//! The report as one screen of text.
//!
//! [`Summary`] + [`Samples`] -> text with ANSI styles, which the caller strips where they do not
//! belong. Text of documents is isolated (U+2068 … U+2069), so that Arabic and Latin stand side by
//! side without turning each other round.

use std::fmt::{self, Write};

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr;

use crate::label::{Action, Label};
use crate::report::{Audit, CONFIDENCE, DocumentSample, PassageSample, Samples, SpanSample, Stretch, Summary};

pub(super) const HEADING: Style = Style::new().bold();
pub(super) const FAINT: Style = Style::new().dimmed();
const REMOVED: Style = AnsiColor::Red.on_default();
const MOVED: Style = AnsiColor::Cyan.on_default();
pub(super) const FLAGGED: Style = AnsiColor::Yellow.on_default();

/// Columns of a report that goes to no terminal; a wider terminal has no wider report.
pub const COLUMNS_MAX: usize = 100;
/// The fewest columns that a report is laid out for.
pub const COLUMNS_MIN: usize = 60;

/// Columns of a side of a passage: longer lines are hard to compare.
const SIDE_COLUMNS_MAX: usize = 76;
/// Lines of one side of a passage.
const SIDE_LINES_MAX: usize = 2;
/// Spans shown of one document.
const SPANS_MAX: usize = 5;

/// The whole report, in lines of so many columns; only an id or a word that is longer still goes beyond.
pub fn render(summary: &Summary, samples: &Samples, columns: usize) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = try_render(&mut out, summary, samples, columns.clamp(COLUMNS_MIN, COLUMNS_MAX));
    out
}

fn try_render(out: &mut String, summary: &Summary, samples: &Samples, columns: usize) -> fmt::Result {
    head(out, summary, columns)?;
    labels(out, summary, samples, columns)?;
    duplicates(out, summary, samples, columns)?;
    passages(out, summary, &samples.passages, columns)?;
    documents(out, summary, &samples.documents, columns)?;
    if summary.sources_ignored > 0 {
        let ignored = count(summary.sources_ignored, "file");
        writeln!(out)?;
        prose(
            out,
            FAINT,
            0,
            columns,
            &format!("{ignored} of no known format not read; a file named directly is read as text"),
        )?;
    }
    if summary.sources_hidden > 0 {
        writeln!(out, "\n{FAINT}{} not read{FAINT:#}", count(summary.sources_hidden, "hidden file or folder"))?;
    }
    for note in &summary.notes {
        writeln!(out)?;
        prose(out, Style::new(), 0, columns, &format!("{FLAGGED}note{FLAGGED:#} {note}"))?;
    }
    for (limit, n) in &summary.limits_reached {
        writeln!(out, "\n{FLAGGED}limit{FLAGGED:#} {limit}: {}", grouped(*n))?;
    }
    Ok(())
}

/// A sentence, broken between words.
pub(super) fn prose(out: &mut String, style: Style, margin: usize, columns: usize, text: &str) -> fmt::Result {
    write!(out, "{:margin$}{style}", "")?;
    let mut at = margin;
    for (i, word) in text.split(' ').enumerate() {
        let width = shown_width(word);
        if i > 0 && at + 1 + width > columns {
            write!(out, "{style:#}\n{:1$}{style}", "", margin + 2)?;
            at = margin + 2;
        } else if i > 0 {
            out.push(' ');
            at += 1;
        }
        out.push_str(word);
        at += width;
    }
    writeln!(out, "{style:#}")
}

/// Columns of text that may hold styles.
fn shown_width(text: &str) -> usize {
    anstream::adapter::strip_str(text).to_string().width()
}

/// What a line says and what it says of that, below each other where there is no room for both.
fn beside(out: &mut String, left: &str, right: &str, columns: usize) -> fmt::Result {
    let apart = if shown_width(left) + 2 + shown_width(right) > columns { "\n    " } else { "  " };
    writeln!(out, "{left}{apart}{right}")
}

fn head(out: &mut String, s: &Summary, columns: usize) -> fmt::Result {
    writeln!(
        out,
        "{HEADING}{}{HEADING:#} · {} · {}{}",
        count(s.documents, "document"),
        count(s.words, "word"),
        size(s.bytes),
        if s.skipped > 0 {
            format!(" · {FLAGGED}{} skipped{FLAGGED:#}", count(s.skipped, "record"))
        } else {
            String::new()
        },
    )?;
    let would_go = format!(
        "{REMOVED}{:.1} %{REMOVED:#} of the text would go ({}), {} of it to metadata; nothing has been changed",
        s.share_removed() * 100.0,
        size(s.bytes_removed),
        size(s.bytes_to_metadata),
    );
    prose(out, Style::new(), 0, columns, &would_go)
}

/// One line a class: as much of it as there is room for, what becomes of it before all else.
fn labels(out: &mut String, s: &Summary, samples: &Samples, columns: usize) -> fmt::Result {
    let rows: Vec<_> = s
        .labels
        .iter()
        .filter(|(_, c)| c.actions.keys().any(|&a| a != Action::Keep))
        .map(|(label, c)| {
            let mut actions: Vec<(Action, u64)> = c.actions.iter().map(|(&action, &n)| (action, n)).collect();
            actions.sort_by_key(|&(action, n)| std::cmp::Reverse((n, action)));
            let names: Vec<&str> = actions.iter().map(|(action, _)| action.name()).collect();
            (label, c, style(actions[0].0), names.join(", "))
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let has_bytes = columns >= 75;
    let bytes = |text: &str| if has_bytes { format!(" {text:>9}") } else { String::new() };
    let becomes_columns = rows.iter().map(|(.., becomes)| becomes.len()).chain(["becomes".len()]).max().unwrap_or(0);
    let taken = 18 + 8 + 7 + bytes("").len() + 10 + 2 + becomes_columns + 2;
    let example_columns = columns.checked_sub(taken).filter(|&left| left >= 12);
    writeln!(
        out,
        "\n{HEADING}{:<18} {:>7} {:>6}{} {:>9}  {:<becomes_columns$}{}{HEADING:#}",
        "class",
        "spans",
        "docs",
        bytes("bytes"),
        "go",
        "becomes",
        if example_columns.is_some() { "  for example" } else { "" },
    )?;
    for (label, c, style, becomes) in rows {
        let example = example_columns.zip(samples.labels.get(label));
        let example = example.map(|(columns, (_, span))| format!("  {}", quoted(span.excerpt.as_str(), columns)));
        writeln!(
            out,
            "{:<18} {:>7} {:>6}{} {:>9}  {style}{becomes:<becomes_columns$}{style:#}{}",
            label.name(),
            grouped(c.spans),
            grouped(c.documents),
            bytes(&size(c.bytes)),
            if c.bytes_taken == 0 { "·".to_owned() } else { size(c.bytes_taken) },
            example.unwrap_or_default(),
        )?;
    }
    writeln!(out, "{FAINT}{:<18} {:>7} {:>6}{} {:>9}{FAINT:#}", "together", "", "", bytes(""), size(s.bytes_removed))
}

fn duplicates(out: &mut String, s: &Summary, samples: &Samples, columns: usize) -> fmt::Result {
    let kinds: Vec<String> = s.duplicates.iter().map(|(kind, &n)| format!("{} {kind}", grouped(n))).collect();
    let found = if kinds.is_empty() {
        "none".to_owned()
    } else {
        format!("{} in {}", kinds.join(", "), count(s.clusters, "cluster"))
    };
    let found = format!("{HEADING}duplicate documents{HEADING:#}  {found},");
    let by = format!(
        "at Jaccard >= {} on {}-word shingles",
        s.params.documents.similar, s.params.documents.shingle_len_tokens
    );
    writeln!(out)?;
    prose(out, Style::new(), 0, columns, &format!("{found} {by}"))?;
    missed(out, s, columns)?;
    for c in &samples.clusters {
        let (first, jaccard) = &c.first;
        let more = (c.members as u64).saturating_sub(1);
        let more = if more > 0 { format!(" and {} more", grouped(more)) } else { String::new() };
        writeln!(out, "  {} {FAINT}stays for{FAINT:#} {} ({jaccard:.2}){more}", isolate(&c.anchor), isolate(first))?;
    }
    Ok(())
}

/// What the search is expected to miss, and what a sample says it did.
fn missed(out: &mut String, s: &Summary, columns: usize) -> fmt::Result {
    prose(out, FAINT, 2, columns, &expected_to_miss(s))?;
    let similar = s.params.documents.similar;
    s.audit.iter().try_for_each(|audit| prose(out, Style::new(), 2, columns, &audited(audit, similar)))
}

/// What the bands of a run are expected to miss.
pub(super) fn expected_to_miss(s: &Summary) -> String {
    format!(
        "{} bands of {} rows: expected to miss {} of the pairs exactly at {}, fewer above",
        s.shape.bands,
        s.shape.rows,
        per_cent(s.miss_rate_expected),
        s.params.documents.similar
    )
}

/// What an audit says, in a sentence.
pub(super) fn audited(a: &Audit, similar: f64) -> String {
    let drawn = format!(
        "audit: {} of {} compared with all others: ",
        grouped(a.documents_sampled),
        count(a.documents, "different document")
    );
    if a.documents_with_pairs == 0 {
        return drawn + &format!("no pair at or above {similar} to be missed");
    }
    let low = (a.complete_min * 1_000.0).floor() / 10.0;
    let high = (a.complete_max * 1_000.0).ceil() / 10.0;
    drawn
        + &format!(
            "{} at or above {similar}, {} missed; {} of {} in them have all theirs proposed, so {low:.1}–{high:.1} % of \
             all such documents do ({:.0} % confidence)",
            count(a.pairs, "pair"),
            grouped(a.pairs_missed),
            grouped(a.documents_complete),
            count(a.documents_with_pairs, "document"),
            CONFIDENCE * 100.0
        )
}

/// `0.04 %`, with the digits that tell it from none and all.
pub(super) fn per_cent(share: f64) -> String {
    let percent = share * 100.0;
    match percent.min(100.0 - percent) {
        edge if edge <= 0.0 => format!("{percent:.0} %"),
        0.1.. => format!("{percent:.1} %"),
        0.001.. => format!("{percent:.3} %"),
        _ if percent < 50.0 => "<0.001 %".to_owned(),
        _ => ">99.99 %".to_owned(),
    }
}

fn passages(out: &mut String, s: &Summary, passages: &[PassageSample], columns: usize) -> fmt::Result {
    if passages.is_empty() {
        return Ok(());
    }
    let shown = if s.passages > passages.len() as u64 {
        format!("{} of {}", grouped(passages.len() as u64), grouped(s.passages))
    } else {
        grouped(s.passages)
    };
    writeln!(out, "\n{HEADING}repeated passages{HEADING:#}  {shown}, the longest first")?;
    for p in passages {
        let other = if p.docs.0 == p.docs.1 { String::new() } else { format!(" of {}", isolate(&p.docs.1)) };
        let places = format!(
            "  {} {HEADING}{} ≈ {}{HEADING:#}{other}",
            isolate(&p.docs.0),
            line_range("line", p.lines.0),
            line_range("line", p.lines.1),
        );
        let likeness = format!(
            "{FAINT}{}, {:.0} % of the aligned words equal, {}{FAINT:#}",
            p.kind.name(),
            (p.identity * 100.0).floor(),
            count(p.words.into(), "word"),
        );
        beside(out, &places, &likeness, columns)?;
        side(out, &p.compared.a, columns)?;
        side(out, &p.compared.b, columns)?;
    }
    Ok(())
}

/// One side of a passage on up to two lines, what differs from the other side in brackets; an empty
/// pair stands where only the other side has words.
fn side(out: &mut String, stretches: &[Stretch], columns_max: usize) -> fmt::Result {
    // Besides the text, a margin of six and an ellipsis.
    let columns_max = (columns_max - 8).min(SIDE_COLUMNS_MAX);
    let mut lines: Vec<(String, usize)> = vec![(String::new(), 0)];
    let words = stretches.iter().flat_map(|s| {
        let mut words: Vec<String> = s.text.split(' ').map(str::to_owned).collect();
        if s.differs {
            words[0].insert(0, '[');
            words.last_mut().into_iter().for_each(|w| w.push(']'));
        }
        words.into_iter().map(move |w| (w, s.differs))
    });
    for (word, differs) in words {
        let width = word.width();
        if lines[lines.len() - 1].1 + 1 + width > columns_max && lines[lines.len() - 1].1 > 0 {
            if lines.len() == SIDE_LINES_MAX {
                lines[SIDE_LINES_MAX - 1].0.push_str(" …");
                break;
            }
            lines.push((String::new(), 0));
        }
        let last = lines.len() - 1;
        let (line, columns) = &mut lines[last];
        if *columns > 0 {
            line.push(' ');
        }
        if differs {
            write!(line, "{FLAGGED}{word}{FLAGGED:#}")?;
        } else {
            line.push_str(&cut(&word, columns_max));
        }
        *columns += 1 + width;
    }
    for (i, (line, _)) in lines.iter().enumerate() {
        writeln!(out, "    {}\u{2068}{line}\u{2069}", if i == 0 { "" } else { "  " })?;
    }
    Ok(())
}

fn documents(out: &mut String, s: &Summary, documents: &[DocumentSample], columns: usize) -> fmt::Result {
    if documents.is_empty() {
        return Ok(());
    }
    let few = documents.len() as u64;
    let of = if s.documents > few { format!("{} of {}, ", grouped(few), grouped(s.documents)) } else { String::new() };
    writeln!(out, "\n{HEADING}documents{HEADING:#}  {of}those that lose most first")?;
    for d in documents {
        writeln!(out, "  {HEADING}{}{HEADING:#}  {} of {} go", isolate(&d.id), size(d.bytes_taken), size(d.bytes))?;
        let groups = groups(&d.spans);
        for group in groups.iter().take(SPANS_MAX) {
            let style = style(group.action);
            writeln!(
                out,
                "    {style}{:<9}{style:#} {:<12} {:<18} {}",
                group.action.name(),
                line_range("line", group.lines),
                group.label,
                quoted(group.excerpt, columns - 46),
            )?;
        }
        if groups.len() > SPANS_MAX {
            writeln!(out, "    {FAINT}and {} more{FAINT:#}", groups.len() - SPANS_MAX)?;
        }
    }
    Ok(())
}

/// Neighbouring spans that meet the same fate, shown as one.
struct Group<'a> {
    lines: (u32, u32),
    label: &'static str,
    action: Action,
    excerpt: &'a str,
}

fn groups(spans: &[SpanSample]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group> = Vec::new();
    for span in spans {
        let name = match span.label {
            Label::ReadAlsoMarker | Label::ReadAlsoContent => "read also",
            label => label.name(),
        };
        match groups.last_mut() {
            Some(g)
                if g.action == span.action
                    && span.lines.0 <= g.lines.1 + 1
                    && (g.label == name || g.label == "read also") =>
            {
                g.lines.1 = span.lines.1;
            }
            _ => groups.push(Group {
                lines: span.lines,
                label: name,
                action: span.action,
                excerpt: span.excerpt.as_str(),
            }),
        }
    }
    groups
}

pub(super) fn style(action: Action) -> Style {
    match action {
        Action::Remove => REMOVED,
        Action::Metadata => MOVED,
        Action::Flag => FLAGGED,
        Action::Keep => FAINT,
    }
}

fn line_range(unit: &str, (first, last): (u32, u32)) -> String {
    if first == last { format!("{unit} {first}") } else { format!("{unit}s {first}–{last}") }
}

/// "1 document", "2 documents".
pub fn count(n: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(n), if n == 1 { "" } else { "s" })
}

/// Digits in groups of three.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// Bytes in the unit that reads best.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} KB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.2} GB", bytes as f64 / 1e9),
    }
}

/// Text of a document between isolates, made harmless.
pub(crate) fn isolate(text: &str) -> String {
    let mut harmless = String::new();
    text.chars().for_each(|c| super::samples::push_harmless(c, &mut harmless));
    format!("\u{2068}{harmless}\u{2069}")
}

/// The beginning of an excerpt, cut to columns of display width.
pub(super) fn quoted(excerpt: &str, columns: usize) -> String {
    format!("\u{2068}{}\u{2069}", cut(excerpt, columns))
}

/// As much of a text as fits some columns, an ellipsis where it is cut included.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    let mut shown = String::new();
    for c in text.chars() {
        shown.push(c);
        if shown.width() > columns {
            while shown.width() >= columns && shown.pop().is_some() {}
            shown.push('…');
            break;
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(count(1, "word"), "1 word");
        assert_eq!(count(1_234_567, "word"), "1,234,567 words");
        assert_eq!((size(999), size(1_500), size(240_000_000)), ("999 B".into(), "1.5 KB".into(), "240.0 MB".into()));
    }

    #[test]
    fn what_is_cut_fits() {
        for (text, columns, expect) in
            [("غربال", 5, "غربال"), ("غربال", 4, "غرب…"), ("中文字", 5, "中文…"), ("中文字", 4, "中…")]
        {
            assert_eq!(cut(text, columns), expect);
        }
    }

    #[test]
    fn a_sentence_breaks_between_words_and_styles_take_no_room() {
        let mut out = String::new();
        prose(&mut out, Style::new(), 2, 12, &format!("{HEADING}one{HEADING:#} two three four")).unwrap();
        assert_eq!(anstream::adapter::strip_str(&out).to_string(), "  one two\n    three\n    four\n");
    }

    #[test]
    fn an_id_with_control_characters_stays_on_its_line() {
        assert!(!isolate("a\nb\u{1b}[31m").contains(['\n', '\u{1b}']));
    }
}
