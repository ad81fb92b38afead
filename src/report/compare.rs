//! Two sides of a passage, word against word.
//!
//! Two texts -> [`Compared`]: what is equal shortened to its ends, what differs in full.
//!
//! ```
//! use ghirbal::report::Compared;
//! use ghirbal::tokenise::default_tokeniser;
//! let compared = Compared::new("مصالح موسكو بل تروج", "مصالح موسكو وتروج", default_tokeniser());
//! assert_eq!(compared.a[1].text, "بل تروج");
//! assert!(compared.a[1].differs && !compared.a[0].differs);
//! assert_eq!(compared.b[1].text, "وتروج");
//! ```

use crate::align::{Op, difference};
use crate::report::samples::Excerpt;
use crate::span::Span;
use crate::tokenise::{Tokeniser, View};

/// Bytes of each side that are compared: what a report shows ends long before.
const COMPARED_MAX_BYTES: usize = 4096;

/// Words shown at either end of an equal stretch.
const ENDS_WORDS: usize = 3;

/// A stretch of one side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Its words, harmless to a terminal; empty where only the other side has any.
    pub text: String,
    /// Whether the other side says something else.
    pub differs: bool,
}

/// Both sides of a passage, stretch by stretch: as many on one as on the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// The first side.
    pub a: Vec<Stretch>,
    /// The second.
    pub b: Vec<Stretch>,
}

impl Compared {
    /// Compares two texts.
    pub fn new(a: &str, b: &str, tokeniser: &Tokeniser) -> Self {
        Self::shown(a, b, tokeniser, ends)
    }

    /// The same with equal stretches in full, for a page with room.
    pub fn whole(a: &str, b: &str, tokeniser: &Tokeniser) -> Self {
        Self::shown(a, b, tokeniser, |text| Excerpt::whole(text).as_str().to_owned())
    }

    fn shown(a: &str, b: &str, tokeniser: &Tokeniser, equal: impl Fn(&str) -> String) -> Self {
        let (a, b) = (beginning(a), beginning(b));
        let (x, y) = (View::new(a, tokeniser), View::new(b, tokeniser));
        let whole = |text: &str| Span::new(0, text.len());
        let mut compared = Compared::default();
        for (op, s, t) in difference(&x, whole(a), &y, whole(b)) {
            let differs = op != Op::Equal;
            for (side, text) in [(&mut compared.a, s.of(a)), (&mut compared.b, t.of(b))] {
                let text = if differs { Excerpt::new(text).as_str().to_owned() } else { equal(text) };
                side.push(Stretch { text, differs });
            }
        }
        compared
    }
}

/// As much of a text as is compared.
fn beginning(text: &str) -> &str {
    let mut end = COMPARED_MAX_BYTES.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The first and the last words of an equal stretch.
fn ends(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let short = |words: &[&str]| Excerpt::new(&words.join(" ")).as_str().to_owned();
    if words.len() <= 2 * ENDS_WORDS + 1 {
        return short(&words);
    }
    format!("{} … {}", short(&words[..ENDS_WORDS]), short(&words[words.len() - ENDS_WORDS..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokenise::default_tokeniser;

    #[test]
    fn long_equal_stretches_show_their_ends_and_missing_words_an_empty_place() {
        let same = "one two three four five six seven eight nine";
        let compared = Compared::new(&format!("{same} ten. last"), &format!("{same} last"), default_tokeniser());
        let texts = |side: &[Stretch]| side.iter().map(|s| s.text.clone()).collect::<Vec<_>>();
        assert_eq!(texts(&compared.a), ["one two three … seven eight nine", "ten", "last"]);
        assert_eq!(texts(&compared.b), ["one two three … seven eight nine", "", "last"]);
    }
}
