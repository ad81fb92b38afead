//! Moves the borders of a passage to those of sentences or paragraphs.
//!
//! A span at word borders + [`Snap`] -> a span. [`widen`] shows a passage in its surroundings;
//! [`narrow`] gives what may be removed: whole sentences or paragraphs that lie inside, so that
//! neither half a sentence is left nor a word goes that is not repeated.

use unicode_segmentation::UnicodeSegmentation;

use crate::params::Snap;
use crate::span::Span;
use crate::tokenise::View;

/// The smallest span of whole units around `span`.
pub fn widen(view: &View, span: Span, snap: Snap) -> Span {
    let touched = units(view, span, snap);
    touched.into_iter().filter(|unit| unit.overlap(span) > 0).fold(span, Span::cover)
}

/// The whole units inside `span`, from the first to the last; `None` when there is none.
///
/// A unit lies inside when all its words do: the full stop behind a passage belongs to it.
pub fn narrow(view: &View, span: Span, snap: Snap) -> Option<Span> {
    if snap == Snap::Word {
        return Some(span);
    }
    let inside = |unit: &Span| match words(view, *unit) {
        Some(words) => span.contains(words),
        None => false,
    };
    units(view, span, snap).into_iter().filter(inside).reduce(Span::cover)
}

/// The sentences or paragraphs that `span` touches, without white space around them.
fn units(view: &View, span: Span, snap: Snap) -> Vec<Span> {
    let mut units = Vec::new();
    if snap == Snap::Word || view.segments.is_empty() {
        return units;
    }
    for segment in view.segment_at(span.start)..=view.segment_at(span.end.saturating_sub(1).max(span.start)) {
        let content = view.segments[segment].content;
        if snap == Snap::Paragraph {
            units.push(content);
            continue;
        }
        for (at, sentence) in content.of(view.text).split_sentence_bound_indices() {
            let trimmed = sentence.trim_end();
            if !trimmed.is_empty() {
                let start = content.start as usize + at;
                units.push(Span::new(start, start + trimmed.len()));
            }
        }
    }
    units
}

/// From the first to the last word of a unit.
fn words(view: &View, unit: Span) -> Option<Span> {
    let from = view.tokens.partition_point(|t| t.span.start < unit.start);
    let to = view.tokens.partition_point(|t| t.span.start < unit.end);
    let words = view.tokens.get(from..to)?;
    Some(words.first()?.span.cover(words.last()?.span))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokenise::default_tokeniser;

    fn check(text: &str, part: &str, snap: Snap, wide: &str, tight: Option<&str>) {
        let view = View::new(text, default_tokeniser());
        let start = text.find(part).unwrap();
        let span = Span::new(start, start + part.len());
        assert_eq!(widen(&view, span, snap).of(text), wide);
        assert_eq!(narrow(&view, span, snap).map(|s| s.of(text)), tight);
    }

    #[test]
    fn removal_never_leaves_half_a_sentence() {
        let text = "قال الوزير نعم. ثم مضى إلى بيته. وعاد الناس.\nفقرة أخرى هنا.";
        check(
            text,
            "نعم. ثم مضى إلى بيته",
            Snap::Sentence,
            "قال الوزير نعم. ثم مضى إلى بيته.",
            Some("ثم مضى إلى بيته."),
        );
        check(text, "مضى إلى", Snap::Sentence, "ثم مضى إلى بيته.", None);
        check(text, "الناس.\nفقرة أخرى هنا", Snap::Paragraph, text, Some("فقرة أخرى هنا."));
        check(text, "مضى إلى", Snap::Word, "مضى إلى", Some("مضى إلى"));
    }
}
