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
        let others = text.split_whitespace().filter(|part| !shape::has_address(part) && part.chars().any(char::is_alphanumeric));
        let others = others.count();
        let outside = page.prose_after(line).is_none();
        let score = match (others, outside) {
            (0, true) => 0.95,
            (0, false) => 0.75,
            (1, true) => 0.8,
            _ => continue,
        };
        let why = "the line is an address and nothing else";
        page.set(line, Mark::new(Label::Contact, "contact.address", score, why).with("other_words", others));
    }
}
