//! The phrase lists: what filler says, as data, one file a language.
//!
//! Text of a phrase file -> `Source` -> the elements that `Phrases` matches. A file has four
//! kinds of lines:
//!
//! ```text
//! # a remark
//! @month يناير فبراير                                  words of a kind
//! read_also_marker both: (إقرأ/إقرئي) أيضا   # where it was seen
//! + إقرأ أيضاً:                                         a line it finds
//! - إقرأ أيضا ما كتبه الأقدمون في هذا الباب.             a line it does not
//! ```
//!
//! The head of a phrase is its label, its place (`block`: a whole line; `inline`: inside a line;
//! `both`) and, when a short or ordinary phrase needs support from its position, `weak`. `(a/b)`
//! are alternatives, `[a]` may be missing, `<date>` and its like are values, checked by type. Every
//! phrase has at least one `+` line; `check` tries them all.

use super::{Element, Example, Group, Phrase, Phrases, Place, Slot, one_of, required, words_of};
use crate::classify::lexicon::Kinds;
use crate::error::{Error, Result};
use crate::label::Label;
use crate::tokenise::Tokeniser;

/// The lists that come with the crate: language and text.
pub(super) const BUILTIN: &[(&str, &str)] = &[
    ("ar", include_str!("ar.txt")),
    ("en", include_str!("en.txt")),
    ("fa", include_str!("fa.txt")),
    ("ur", include_str!("ur.txt")),
    ("de", include_str!("de.txt")),
    ("fr", include_str!("fr.txt")),
    ("es", include_str!("es.txt")),
    ("pt", include_str!("pt.txt")),
    ("ru", include_str!("ru.txt")),
    ("tr", include_str!("tr.txt")),
    ("id", include_str!("id.txt")),
    ("zh", include_str!("zh.txt")),
];

impl Phrases {
    /// Adds the phrases and words of one list.
    pub(super) fn read(&mut self, tokeniser: &Tokeniser, name: &str, text: &str) -> Result<()> {
        let source = Source::parse(name, text);
        if let Some(error) = source.errors.into_iter().next() {
            return Err(error);
        }
        self.add_words(tokeniser, &source.words);
        source.phrases.into_iter().try_for_each(|phrase| self.add(tokeniser, phrase))
    }

    /// Adds words of known kinds.
    pub(super) fn add_words(&mut self, tokeniser: &Tokeniser, words: &[(Kinds, String)]) {
        for (kind, word) in words {
            for token in tokeniser.tokenise(word) {
                self.lexicon.add(token.hash, *kind);
            }
        }
    }

    /// Adds one phrase.
    ///
    /// # Errors
    /// When its words cannot be read.
    pub(super) fn add(&mut self, tokeniser: &Tokeniser, phrase: Phrase) -> Result<()> {
        let fail = |why: &str| {
            Err(Error::input(format!("failed to read phrase `{}`: {why}", phrase.pattern))
                .at(std::path::Path::new(&phrase.list))
                .line(phrase.line))
        };
        let elements = match self.elements(tokeniser, &phrase.pattern) {
            Ok(elements) => elements,
            Err(why) => return fail(&why),
        };
        let index = self.phrases.len() as u32;
        let mut first = First::default();
        first.collect(&elements);
        if first.empty || first.other {
            return fail("it can begin with neither a word nor a value");
        }
        first.words.sort_unstable();
        first.words.dedup();
        for word in first.words {
            self.first.add(word);
            self.by_first.entry(word).or_default().push(index);
            if phrase.place != Place::Block {
                self.inside.add(word);
                self.inside_by_first.entry(word).or_default().push(index);
            }
        }
        if first.slot {
            self.open.push(index);
        }
        self.words.push(words_of(&elements));
        self.required.push(required(&elements));
        self.one_of.push(one_of(&elements));
        self.elements.push(elements);
        self.phrases.push(phrase);
        Ok(())
    }
}

/// A phrase list as it was written.
pub(super) struct Source {
    pub phrases: Vec<Phrase>,
    pub words: Vec<(Kinds, String)>,
    /// Lines that are none of the four kinds, by their order.
    pub errors: Vec<Error>,
    /// Examples under phrases that cannot be read.
    pub examples_untried: usize,
}

impl Source {
    /// Reads the lines of a list.
    pub fn parse(name: &str, text: &str) -> Self {
        let mut source = Source { phrases: Vec::new(), words: Vec::new(), errors: Vec::new(), examples_untried: 0 };
        // Whether the phrase that examples belong to could be read; `None` before the first.
        let mut readable = None;
        for (line, text) in (1..).zip(text.lines()) {
            let text = text.trim();
            let read = if text.is_empty() || text.starts_with('#') {
                Ok(())
            } else if let Some(example) = text.strip_prefix("+ ").or(text.strip_prefix("- ")) {
                match (readable, source.phrases.last_mut()) {
                    (Some(false), _) => {
                        source.examples_untried += 1;
                        Ok(())
                    }
                    (Some(true), Some(phrase)) => {
                        phrase.examples.push(Example { line, plus: text.starts_with('+'), text: example.to_string() });
                        Ok(())
                    }
                    _ => Err("an example stands before the first phrase".into()),
                }
            } else if let Some(words) = text.strip_prefix('@') {
                let (kind, words) = words.split_once(' ').unwrap_or((words, ""));
                match Kinds::named(kind) {
                    Some(kind) => {
                        source.words.extend(words.split_whitespace().map(|w| (kind, w.to_string())));
                        Ok(())
                    }
                    None => Err(format!("there is no kind of word `{kind}`")),
                }
            } else {
                let phrase = phrase(name, line, text);
                readable = Some(phrase.is_ok());
                phrase.map(|phrase| source.phrases.push(phrase))
            };
            if let Err(why) = read {
                let error = Error::input(why).at(std::path::Path::new(name)).line(line);
                source.errors.push(error.hint("a phrase reads `label block|inline|both [weak]: the words # origin`"));
            }
        }
        source
    }
}

/// `label place [weak]: pattern # origin`
fn phrase(list: &str, line: u64, text: &str) -> std::result::Result<Phrase, String> {
    let (head, rest) = text.split_once(": ").ok_or_else(|| format!("`{text}` has no `: `"))?;
    let mut head = head.split_whitespace();
    let label = head.next().unwrap_or_default().parse::<Label>()?;
    let place = match head.next() {
        Some("block") => Place::Block,
        Some("inline") => Place::Inline,
        Some("both") => Place::Both,
        other => return Err(format!("`{}` is none of block, inline, both", other.unwrap_or_default())),
    };
    let weak = match head.next() {
        None => false,
        Some("weak") => true,
        Some(other) => return Err(format!("`{other}` is not `weak`")),
    };
    let (pattern, origin) = rest.split_once('#').unwrap_or((rest, ""));
    Ok(Phrase {
        label,
        place,
        weak,
        pattern: pattern.trim().to_string(),
        list: list.to_string(),
        line,
        origin: origin.trim().to_string(),
        examples: Vec::new(),
    })
}

/// What a phrase can begin with.
#[derive(Default)]
struct First {
    words: Vec<u64>,
    slot: bool,
    /// A colon or the end of the line.
    other: bool,
    /// Nothing at all: every element may be missing.
    empty: bool,
}

impl First {
    fn collect(&mut self, elements: &[Element]) {
        self.empty = true;
        for element in elements {
            self.empty = false;
            match element {
                Element::Word { hash, .. } => self.words.push(*hash),
                Element::Slot(_) => self.slot = true,
                Element::Colon | Element::End => self.other = true,
                Element::Group(group) => {
                    let mut empty = false;
                    for choice in &group.choices {
                        self.collect(choice);
                        empty |= self.empty;
                    }
                    self.empty = empty;
                }
            }
            if !self.empty {
                return;
            }
        }
    }
}

impl Phrases {
    /// Reads a pattern: words, values, `(a/b)` and `[a/b]`.
    pub(super) fn elements(&self, tokeniser: &Tokeniser, pattern: &str) -> std::result::Result<Vec<Element>, String> {
        let mut elements = Vec::new();
        let mut rest = pattern.trim();
        while let Some(first) = rest.chars().next() {
            let used = match first {
                '(' | '[' => {
                    let close = if first == '(' { ')' } else { ']' };
                    let end = rest.find(close).ok_or_else(|| format!("`{first}` is not closed"))?;
                    let mut choices = Vec::new();
                    for choice in rest[1..end].split('/') {
                        choices.push(self.elements(tokeniser, choice)?);
                    }
                    // Signs alone leave nothing: an optional © is no choice.
                    choices.retain(|c| !c.is_empty());
                    if first == '[' {
                        choices.push(Vec::new());
                    }
                    elements.push(Element::Group(Group::new(choices)));
                    end + 1
                }
                _ => {
                    let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
                    match &rest[..end] {
                        ":" => elements.push(Element::Colon),
                        "$" => elements.push(Element::End),
                        word if word.starts_with('<') => {
                            let slot = Slot::named(word.trim_matches(['<', '>']));
                            elements.push(Element::Slot(slot.ok_or_else(|| format!("there is no value `{word}`"))?));
                        }
                        word => elements.extend(
                            tokeniser
                                .tokenise(word)
                                .iter()
                                .map(|t| Element::Word { hash: t.hash, form: self.folds.fold(t.span.of(word)) }),
                        ),
                    }
                    end
                }
            };
            rest = rest[used..].trim_start();
        }
        Ok(elements)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalise::Folds;
    use crate::params::PhraseList;
    use crate::tokenise::default_tokeniser;

    #[test]
    fn a_wrong_line_is_named_with_its_number() {
        let list = |text: &str| PhraseList { name: "mine.txt".into(), text: text.into() };
        let error =
            |text| Phrases::new(default_tokeniser(), Folds::default(), &[list(text)]).err().map(|e| e.to_string());
        let got = error("# mine\nread_also blocks: see also").unwrap();
        assert!(got.contains("mine.txt") && got.contains("line 2") && got.contains("read_also"), "{got}");
        assert!(error("promo block: <nonsense>").unwrap().contains("nonsense"));
        assert!(error("promo block: join our club").is_none());
    }
}
