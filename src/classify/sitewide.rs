//! Lines that a host repeats over its pages.

use super::page::{Mark, Page};
use crate::label::Label;

/// A line is the host's own from this many documents on.
const DOCUMENTS_MIN: u32 = 3;

/// Running text is a template only from this many documents on.
const DOCUMENTS_PROSE_MIN: u32 = 8;

/// Marks lines the host repeats where they always stand at the edge of the page. A line repeated
/// inside articles (a heading of a daily column) is only doubtful.
pub(super) fn sitewide(page: &mut Page) {
    if page.lines.is_empty() {
        return;
    }
    // Where the title recurs as often as its lines, the document was published again.
    let copies = page.on_host(0).documents;
    let asked = |&line: &usize| page.marks[line].is_none() && page.lines[line].weight <= 40.0;
    page.look_up((1..page.lines.len()).filter(asked), false);
    for line in 1..page.lines.len() {
        let tokens = page.tokens(line);
        if page.marks[line].is_some() || tokens.is_empty() || page.lines[line].weight > 40.0 {
            continue;
        }
        let plain = page.on_host(line);
        let (count, form) =
            if plain.documents >= DOCUMENTS_MIN { (plain, "plain") } else { (page.masked(line), "masked") };
        // A masked line must keep a few words: "3-1" is no template.
        let words = || tokens.iter().filter(|t| !t.span.of(page.view.text).starts_with(char::is_numeric)).count();
        let least = if page.lines[line].prose { DOCUMENTS_PROSE_MIN } else { DOCUMENTS_MIN };
        if count.documents < least.max(2 * copies) || (form == "masked" && words() < 3) {
            continue;
        }
        let stable = count.at_edge * 10 >= count.documents * 9;
        let outside = page.is_outside(line);
        let score = match (stable, outside, count.documents >= 8) {
            (true, true, true) => 0.92,
            (true, true, false) => 0.8,
            (true, false, _) => 0.65,
            (false, true, true) => 0.7,
            _ => continue,
        };
        let why = format!(
            "the host repeats this line on {} documents, at the edge of {} of them",
            count.documents, count.at_edge
        );
        let mark = Mark::new(Label::SiteWide, "host.line", score, why)
            .with("documents_on_host", count.documents)
            .with("at_edge", count.at_edge)
            .with("form", form);
        page.set(line, mark);
    }
}
