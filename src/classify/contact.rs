//! Lines that are nothing but an address: mail, link, account.

use super::page::{Mark, Page};
use super::shape;
use crate::label::Label;

/// Marks lines of addresses. A name with an account behind it, as lists of people have, stays.
pub(super) fn addresses(page: &mut Page) {
    for line in 1..page.lines.len() {
        if page.marks[line].is_some() {
            continue;
        }
        let text = page.text(line);
        if text.len() > 200 || !shape::has_address(text) {
            continue;
        }
        let others =
            text.split_whitespace().filter(|part| !shape::has_address(part) && part.chars().any(char::is_alphanumeric));
        let others = others.count();
        let outside = page.is_after(line);
        // "a@b.comTo reach the author send …": the address leads, what is glued to it follows.
        let leads = text.split_whitespace().next().is_some_and(shape::has_address);
        let score = match (others, outside) {
            (0, true) => 0.95,
            (0, false) => 0.75,
            (1, true) => 0.8,
            (_, true) if leads && !page.lines[line].stop && page.lines[line].weight <= 40.0 => 0.75,
            _ => continue,
        };
        let why = "the line is an address and nothing else";
        page.set(line, Mark::new(Label::Contact, "contact.address", score, why).with("other_words", others));
    }
    between(page);
    credits(page);
}

/// Marks the names that stand between addresses after the article.
fn between(page: &mut Page) {
    let contact = |page: &Page, line: usize| page.marks[line].as_ref().is_some_and(|m| m.label == Label::Contact);
    let end = (0..page.lines.len()).rev().find(|&i| page.is_prose(i)).map_or(0, |i| i + 1);
    let Some(first) = (end..page.lines.len()).find(|&i| contact(page, i)) else { return };
    let Some(last) = (end..page.lines.len()).rev().find(|&i| contact(page, i)) else { return };
    for line in first..last {
        let near = (line.saturating_sub(3)..line).any(|i| contact(page, i)) && page.lines[line].weight <= 8.0;
        if page.marks[line].is_none() && near {
            let why = "a short line between addresses after the article";
            page.set(line, Mark::new(Label::Contact, "contact.between", 0.75, why));
        }
    }
}

/// Marks a starred line at the very end, as opinion pages name the author's post.
fn credits(page: &mut Page) {
    let starred = |page: &Page, i: usize| {
        page.text(i).starts_with(['*', '٭', '●']) && page.lines[i].weight <= 7.0 && !page.lines[i].stop
    };
    let count = (0..page.lines.len()).filter(|&i| starred(page, i)).count();
    let Some(last) = (0..page.lines.len()).rev().find(|&i| page.marks[i].is_none()) else { return };
    if last > 0 && count <= 2 && starred(page, last) && (page.is_prose(last - 1) || starred(page, last - 1)) {
        let why = "a starred line after the last paragraph names who wrote it";
        page.set(last, Mark::new(Label::Byline, "contact.credit", 0.75, why));
    }
}
