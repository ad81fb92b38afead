//! Finds the phrases of filler in lines.
//!
//! A line's words -> [`Hit`]s. Phrases are found by the hashes of their words, so that spelling
//! (hamza, vowel marks, tatweel), punctuation and case are what the comparison form makes of them.
//! How the lists are written is told in [`lists`].

mod check;
mod lists;

use std::ops::Range;

use super::dates;
use super::lexicon::{ByHash, Kinds, Lexicon};
use super::shape;
use crate::error::Result;
use crate::fingerprint::lines::begins_with_digit;
use crate::label::Label;
use crate::normalise::Folds;
use crate::params::PhraseList;
use crate::tokenise::{Token, Tokeniser};
pub use check::{CheckedPhrase, CheckedPhrases, Outcome, builtin_phrases};
use lists::BUILTIN;

/// No phrase with its values is longer, in words.
const LINE_WORDS_MAX: usize = 70;

/// Where a phrase counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// As a whole line.
    Block,
    /// Inside a line.
    Inline,
    /// As either.
    Both,
}

impl Place {
    /// As a list writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Place::Block => "block",
            Place::Inline => "inline",
            Place::Both => "both",
        }
    }
}

/// One phrase.
#[derive(Clone, Debug)]
pub struct Phrase {
    /// What it says a line is.
    pub label: Label,
    /// Where it counts.
    pub place: Place,
    /// Counts only where something else speaks for it too.
    pub weak: bool,
    /// As the file writes it.
    pub pattern: String,
    /// Name of the file.
    pub list: String,
    /// Its line there, from 1.
    pub line: u64,
    /// Where it was seen.
    pub origin: String,
    /// Its tests.
    pub examples: Vec<Example>,
}

/// A test of a phrase.
#[derive(Clone, Debug)]
pub struct Example {
    /// Its line in the list, from 1.
    pub line: u64,
    /// Whether the phrase should find it.
    pub plus: bool,
    /// The line to find.
    pub text: String,
}

/// A value inside a phrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    /// One number.
    Number,
    /// A whole date, with or without a time.
    Date,
    /// A date with its year.
    FullDate,
    /// A time of day.
    Time,
    /// A person or a place: 1 to 5 words, no prose.
    Name,
    /// Who published it: 1 to 9 words, no prose.
    Outlet,
    /// Tags: 1 to 60 words without the end of a sentence.
    Tags,
    /// What stands in quotation marks.
    Quoted,
    /// 3 to 25 words without a full stop.
    Headline,
    /// An address of the net.
    Address,
    /// 1 to 3 words that name an agency.
    Agency,
    /// 1 to 12 words of any kind.
    Any,
    /// 1 to 60 words of any kind.
    Rest,
}

impl Slot {
    fn named(name: &str) -> Option<Slot> {
        Some(match name {
            "n" => Slot::Number,
            "date" => Slot::Date,
            "fulldate" => Slot::FullDate,
            "time" => Slot::Time,
            "name" => Slot::Name,
            "outlet" => Slot::Outlet,
            "tags" => Slot::Tags,
            "quoted" => Slot::Quoted,
            "headline" => Slot::Headline,
            "address" => Slot::Address,
            "agency" => Slot::Agency,
            "any" => Slot::Any,
            "rest" => Slot::Rest,
            _ => return None,
        })
    }

    /// How many words it takes, least and most.
    fn words(self) -> (usize, usize) {
        match self {
            Slot::Number => (1, 1),
            Slot::Date | Slot::FullDate => (2, 18),
            Slot::Time => (2, 6),
            Slot::Name => (1, 5),
            Slot::Outlet => (1, 9),
            Slot::Tags => (1, 60),
            Slot::Quoted => (1, 8),
            Slot::Headline => (3, 25),
            Slot::Address => (1, 12),
            Slot::Agency => (1, 3),
            Slot::Any => (1, 12),
            Slot::Rest => (1, 60),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Element {
    Word {
        hash: u64,
        form: String,
    },
    Slot(Slot),
    /// One of several.
    Group(Group),
    /// A colon between the words around it.
    Colon,
    /// The line ends here.
    End,
}

/// Choices, an empty one for nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Group {
    choices: Vec<Vec<Element>>,
    /// The word each begins with: most choices are refused here, without a look at the rest.
    heads: Vec<Option<u64>>,
    /// The fewest and the most words each takes, and all.
    each: Vec<Words>,
    words: Words,
}

impl Group {
    fn new(choices: Vec<Vec<Element>>) -> Self {
        let head = |choice: &Vec<Element>| match choice.first() {
            Some(Element::Word { hash, .. }) => Some(*hash),
            _ => None,
        };
        let each: Vec<Words> = choices.iter().map(|choice| words_of(choice)).collect();
        let least = each.iter().map(|w| w.0).min().unwrap_or(0);
        let most = each.iter().map(|w| w.1).max().unwrap_or(0);
        Self { heads: choices.iter().map(head).collect(), each, words: (least, most), choices }
    }
}

/// The fewest and the most words something takes.
type Words = (usize, usize);

impl Element {
    fn words(&self) -> Words {
        match self {
            Element::Word { .. } => (1, 1),
            Element::Slot(slot) => slot.words(),
            Element::Colon | Element::End => (0, 0),
            Element::Group(group) => group.words,
        }
    }
}

/// Words without which these elements are not the whole of a line, one bit of 128 each.
fn required(elements: &[Element]) -> u128 {
    let bits = elements.iter().map(|element| match element {
        Element::Word { hash, .. } => word_bit(*hash),
        Element::Group(group) => group.choices.iter().map(|c| required(c)).fold(u128::MAX, |all, c| all & c),
        Element::Slot(_) | Element::Colon | Element::End => 0,
    });
    bits.fold(0, |all, bit| all | bit)
}

/// Of groups, words of which one at least stands in the line: two sets as bits, all bits where there
/// is no such group.
fn one_of(elements: &[Element]) -> [u128; 2] {
    let mut sets = [u128::MAX; 2];
    let groups = elements.iter().filter_map(|element| match element {
        Element::Group(group) => {
            let bits: Vec<u128> = group.choices.iter().map(|choice| required(choice)).collect();
            // One word of each choice is enough to tell.
            let set = bits.iter().fold(0, |set, bits| set | (bits & bits.wrapping_neg()));
            (!bits.contains(&0)).then_some(set)
        }
        _ => None,
    });
    sets.iter_mut().zip(groups).for_each(|(set, group)| *set = group);
    sets
}

fn word_bit(hash: u64) -> u128 {
    1 << (hash >> 57)
}

/// The fewest and the most words these elements take.
fn words_of(elements: &[Element]) -> Words {
    elements.iter().map(Element::words).fold((0, 0), |sum, w| (sum.0 + w.0, sum.1 + w.1))
}

/// A set of hashes that says no to nearly all others, from one read of memory.
#[derive(Default)]
pub(super) struct Filter(Vec<u64>);

impl Filter {
    /// 2^16 bits, for a few thousand words.
    const BITS_LOG2: u32 = 16;

    pub fn add(&mut self, hash: u64) {
        self.0.resize(1 << (Self::BITS_LOG2 - 6), 0);
        let bit = hash >> (64 - Self::BITS_LOG2);
        self.0[(bit >> 6) as usize] |= 1 << (bit & 63);
    }

    /// Whether the set may have this member; where it says no, it has not.
    pub fn may_have(&self, hash: u64) -> bool {
        let bit = hash >> (64 - Self::BITS_LOG2);
        self.0.get((bit >> 6) as usize).is_some_and(|word| word >> (bit & 63) & 1 == 1)
    }
}

/// What is still to be matched: elements, and what comes after them.
#[derive(Clone, Copy)]
struct Rest<'e> {
    elements: &'e [Element],
    then: Option<&'e Rest<'e>>,
    /// The fewest and the most words of all of it; what cannot fill the line is not tried.
    words: Words,
}

/// Words that may be left over where a phrase need not fill the line.
const ANY_WORDS: usize = usize::MAX / 2;

impl Rest<'_> {
    /// Whether nothing more needs to follow.
    fn may_be_empty(&self) -> bool {
        let optional = |e: &Element| matches!(e, Element::Group(group) if group.choices.iter().any(Vec::is_empty));
        self.elements.iter().all(optional) && self.then.is_none_or(Rest::may_be_empty)
    }
}

/// Where a match ends: the word after it, and inside the last word when that has more glued to it.
#[derive(Clone, Copy, PartialEq, Eq)]
struct MatchEnd {
    next: usize,
    cut: Option<usize>,
}

/// A phrase found in a line.
#[derive(Clone, Debug)]
pub(super) struct Hit<'p> {
    pub phrase: &'p Phrase,
    /// Bytes in the document.
    pub bytes: Range<usize>,
    /// The next word stands glued to it.
    pub glued: bool,
}

/// One line to look in.
#[derive(Clone, Copy)]
pub(super) struct Haystack<'t> {
    /// The document's text.
    pub text: &'t str,
    /// The line's bytes without surrounding white space.
    pub bytes: (usize, usize),
    /// Its words.
    pub tokens: &'t [Token],
}

/// All phrases, ready to be found.
pub(super) struct Phrases {
    phrases: Vec<Phrase>,
    /// The elements of each phrase.
    elements: Vec<Vec<Element>>,
    /// The fewest and the most words each phrase takes.
    words: Vec<Words>,
    /// Words without which each phrase is no line, as bits.
    required: Vec<u128>,
    one_of: Vec<[u128; 2]>,
    /// Which word's hash a phrase may begin with.
    first: Filter,
    /// Phrases by the hash of a word they can begin with.
    by_first: ByHash<Vec<u32>>,
    /// Of these the ones that count inside lines.
    inside_by_first: ByHash<Vec<u32>>,
    /// Which of these a word's hash may be in.
    inside: Filter,
    /// Phrases that can begin with a value.
    open: Vec<u32>,
    lexicon: Lexicon,
    folds: Folds,
}

impl Phrases {
    /// The built-in lists and the user's.
    ///
    /// # Errors
    /// Names the file and line of a phrase that cannot be read.
    pub fn new(tokeniser: &Tokeniser, folds: Folds, lists: &[PhraseList]) -> Result<Self> {
        let mut all = Self::builtin(tokeniser, folds);
        for list in lists {
            all.read(tokeniser, &list.name, &list.text)?;
        }
        Ok(all)
    }

    /// The built-in lists.
    pub fn builtin(tokeniser: &Tokeniser, folds: Folds) -> Self {
        let mut all = Self {
            phrases: Vec::new(),
            elements: Vec::new(),
            words: Vec::new(),
            required: Vec::new(),
            one_of: Vec::new(),
            first: Filter::default(),
            inside: Filter::default(),
            by_first: ByHash::default(),
            inside_by_first: ByHash::default(),
            open: Vec::new(),
            lexicon: Lexicon::default(),
            folds,
        };
        for (name, text) in BUILTIN {
            // A test reads every built-in list, so that none of them fails here.
            let _ = all.read(tokeniser, name, text);
        }
        all
    }

    /// The words of known kinds.
    pub fn lexicon(&self) -> &Lexicon {
        &self.lexicon
    }

    /// The phrase that is the whole line; of several, one that needs no support, then the first.
    pub fn whole_line(&self, hay: Haystack) -> Option<Hit<'_>> {
        let first = hay.tokens.first()?;
        if hay.tokens.len() > LINE_WORDS_MAX {
            return None;
        }
        let known = match self.first.may_have(first.hash) {
            true => self.by_first.get(&first.hash).map_or(&[][..], |v| &v[..]),
            false => &[],
        };
        // Every value a phrase begins with has a number near its beginning.
        let value = self.open.len() * usize::from(hay.tokens.iter().take(8).any(|t| begins_with_digit(hay.text, t)));
        if known.is_empty() && value == 0 {
            return None;
        }
        let words = hay.tokens.iter().fold(0, |bits, t| bits | word_bit(t.hash));
        let whole = MatchEnd { next: hay.tokens.len(), cut: None };
        let hits = known.iter().chain(&self.open[..value]).filter(|&&p| {
            let phrase = &self.phrases[p as usize];
            let all = [Element::End];
            let then = Rest { elements: &all, then: None, words: (0, 0) };
            let (least, most) = self.words[p as usize];
            let rest = Rest { elements: &self.elements[p as usize], then: Some(&then), words: (least, most) };
            phrase.place != Place::Inline
                && (least..=most).contains(&hay.tokens.len())
                && self.required[p as usize] & !words == 0
                && self.one_of[p as usize].iter().all(|set| set & words != 0)
                && self.matches(hay, rest, 0, false) == Some(whole)
        });
        let phrase = hits.map(|&p| (&self.phrases[p as usize], p)).min_by_key(|(phrase, p)| (phrase.weak, *p))?.0;
        Some(Hit { phrase, bytes: hay.bytes.0..hay.bytes.1, glued: false })
    }

    /// The phrases inside a line, each at the border of a sentence.
    pub fn inside_line(&self, hay: Haystack, mut found: impl FnMut(Hit<'_>)) {
        let mut from = 0;
        while from < hay.tokens.len() {
            if !self.inside.may_have(hay.tokens[from].hash) {
                from += 1;
                continue;
            }
            from = match self.inside_at(hay, from) {
                Some((hit, next)) => {
                    found(hit);
                    next
                }
                None => from + 1,
            };
        }
    }

    fn inside_at(&self, hay: Haystack, from: usize) -> Option<(Hit<'_>, usize)> {
        let known = self.inside_by_first.get(&hay.tokens[from].hash)?;
        let start = hay.tokens[from].span.start as usize;
        if !shape::sentence_begins(hay.text, hay.bytes.0, start) {
            return None;
        }
        known.iter().find_map(|&p| {
            let phrase = &self.phrases[p as usize];
            let words = (self.words[p as usize].0, ANY_WORDS);
            let rest = Rest { elements: &self.elements[p as usize], then: None, words };
            let MatchEnd { next, cut } = self.matches(hay, rest, from, true).filter(|end| end.next > from)?;
            let end = cut.or_else(|| border_after(hay, next))?;
            Some((Hit { phrase, bytes: start..end, glued: cut.is_some() }, next))
        })
    }

    /// The end of the words that `rest` takes from `from` on: with the first alternative that
    /// fits, and values as long as they can be. With `glue`, the last word may have more glued to it.
    fn matches(&self, hay: Haystack, rest: Rest, from: usize, glue: bool) -> Option<MatchEnd> {
        let Some((element, elements)) = rest.elements.split_first() else {
            return match rest.then {
                Some(then) => self.matches(hay, *then, from, glue),
                None => Some(MatchEnd { next: from, cut: None }),
            };
        };
        let left = hay.tokens.len().checked_sub(from)?;
        if left < rest.words.0 || left > rest.words.1 {
            return None;
        }
        let own = element.words();
        let words = (rest.words.0.saturating_sub(own.0), rest.words.1.saturating_sub(own.1));
        let rest = Rest { elements, then: rest.then, words };
        match element {
            Element::End => (from == hay.tokens.len()).then(|| self.matches(hay, rest, from, glue))?,
            Element::Colon => {
                let before = if from == 0 { hay.bytes.0 } else { hay.tokens[from - 1].span.end as usize };
                let after = hay.tokens.get(from).map_or(hay.bytes.1, |t| t.span.start as usize);
                hay.text
                    .get(before..after)
                    .unwrap_or_default()
                    .contains([':', '：', '﹕', '|', '؛', '–', '-', '/', '»'])
                    .then(|| self.matches(hay, rest, from, glue))?
            }
            Element::Word { hash, form } => {
                let token = hay.tokens.get(from)?;
                if token.hash == *hash {
                    return self.matches(hay, rest, from + 1, glue);
                }
                let cut = (glue && from > 0 && rest.may_be_empty()).then(|| self.glued(hay, token, form))??;
                Some(MatchEnd { next: from + 1, cut: Some(cut) })
            }
            Element::Group(group) => {
                let next = hay.tokens.get(from).map(|t| t.hash);
                group.choices.iter().zip(&group.heads).zip(&group.each).find_map(|((elements, head), own)| {
                    // A word that has more glued to it may still begin with the choice's.
                    if head.is_some() && *head != next && !glue {
                        return None;
                    }
                    let words = (own.0 + rest.words.0, own.1 + rest.words.1);
                    self.matches(hay, Rest { elements, then: Some(&rest), words }, from, glue)
                })
            }
            Element::Slot(slot) => {
                let (least, most) = slot.words();
                let least = least.max(left.saturating_sub(rest.words.1));
                let most = most.min(left.checked_sub(rest.words.0)?);
                (least..=most).rev().find_map(|n| {
                    // Types are dear, what follows is cheap: first see that it follows.
                    let end = self.matches(hay, rest, from + n, glue)?;
                    self.fits(hay, *slot, from, from + n).then_some(end)
                })
            }
        }
    }

    /// Where the word `form` ends inside a token that has another word glued to it.
    fn glued(&self, hay: Haystack, token: &Token, form: &str) -> Option<usize> {
        let word = token.span.of(hay.text);
        if word.len() > 200 || form.chars().count() < 4 {
            return None;
        }
        let ends = word.char_indices().skip(1).map(|(at, _)| at);
        // The longest cut that folds to the phrase's word, so that its marks go with it.
        let cut = ends.filter(|&at| self.folds.fold(&word[..at]) == form).last()?;
        (word[cut..].chars().count() >= 3).then_some(token.span.start as usize + cut)
    }

    /// Whether the words `from..to` are a value of that type.
    fn fits(&self, hay: Haystack, slot: Slot, from: usize, to: usize) -> bool {
        let tokens = &hay.tokens[from..to];
        let start = tokens[0].span.start as usize;
        let end = tokens[tokens.len() - 1].span.end as usize;
        let words = &hay.text[start..end];
        let behind = if to == hay.tokens.len() { &hay.text[end..hay.bytes.1] } else { "" };
        // A few words with a full stop may still be a name; more of them are a sentence.
        let sentence = || {
            shape::has_sentence_end(words)
                || (shape::ends_with_stop(behind) && (tokens.len() > 4 || words.contains([',', '،'])))
        };
        let function = || self.lexicon.count(tokens, Kinds::FUNCTION);
        let verbs = || self.lexicon.count(tokens, Kinds::VERB);
        match slot {
            Slot::Any | Slot::Rest => true,
            Slot::Agency => self.lexicon.all(tokens, Kinds::AGENCY),
            Slot::Number => dates::number(words).is_some(),
            Slot::Date => dates::is_date(hay.text, tokens, &self.lexicon),
            Slot::FullDate => dates::is_full_date(hay.text, tokens, &self.lexicon),
            Slot::Time => dates::is_time(hay.text, tokens, &self.lexicon),
            Slot::Name if hay.text[end..hay.bytes.1].trim_start().starts_with([':', '：']) => false,
            Slot::Name if self.lexicon.count(tokens, Kinds::WEEKDAY.or(Kinds::MONTH)) > 0 => false,
            Slot::Name => !sentence() && !words.contains([',', '،']) && verbs() == 0 && function() == 0,
            Slot::Outlet => !sentence() && verbs() == 0 && function() <= tokens.len() / 4,
            Slot::Tags => !sentence() && function() * 5 <= tokens.len(),
            Slot::Headline => !shape::ends_with_stop(words) && !shape::ends_with_stop(behind),
            Slot::Quoted => {
                let before = hay.text[hay.bytes.0..start].chars().next_back();
                let after = hay.text[end..hay.bytes.1].chars().next();
                let quote = |c: Option<char>| c.is_some_and(|c| "«»\"“”„‟‘’'{}()[]".contains(c));
                quote(before) && quote(after)
            }
            Slot::Address => shape::has_address(words),
        }
    }
}

/// Where a phrase found inside a line ends, when a sentence may begin behind it: with the colon or
/// arrow that belongs to it.
fn border_after(hay: Haystack, next: usize) -> Option<usize> {
    let end = hay.tokens[next - 1].span.end as usize;
    let Some(following) = hay.tokens.get(next) else { return Some(hay.bytes.1) };
    let gap = shape::between(hay.text, &hay.tokens[next - 1], following);
    let marks = gap.trim_end_matches([' ', '\u{a0}', '"', '\'', '«', '“', '(', '[', '#', '@']);
    (!marks.trim().is_empty()).then_some(end + marks.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokenise::default_tokeniser;

    /// Tries every phrase that can begin a line with its words, without the lengths and the filter.
    fn plain(phrases: &Phrases, hay: Haystack) -> (Option<u32>, usize) {
        let number = |t: &Token| t.span.of(hay.text).starts_with(|c| dates::digit(c).is_some());
        let open = if hay.tokens.iter().take(8).any(number) { &phrases.open[..] } else { &[] };
        let first = hay.tokens.first().and_then(|t| phrases.by_first.get(&t.hash));
        let all = first.into_iter().flatten().chain(open).copied();
        let whole = |p: &u32| {
            let (phrase, end) = (&phrases.phrases[*p as usize], [Element::End]);
            let words = (0, ANY_WORDS);
            let then = Rest { elements: &end, then: None, words };
            let rest = Rest { elements: &phrases.elements[*p as usize], then: Some(&then), words };
            let got = phrases.matches(hay, rest, 0, false);
            phrase.place != Place::Inline && got == Some(MatchEnd { next: hay.tokens.len(), cut: None })
        };
        let line = all.filter(whole).min_by_key(|&p| (phrases.phrases[p as usize].weak, p));
        let inside = (0..hay.tokens.len())
            .filter(|&from| phrases.inside_by_first.contains_key(&hay.tokens[from].hash))
            .filter(|&from| phrases.inside_at(hay, from).is_some())
            .count();
        (line, inside)
    }

    #[test]
    fn what_is_skipped_for_speed_changes_nothing() {
        let phrases = Phrases::builtin(default_tokeniser(), Folds::default());
        for (_, text) in BUILTIN {
            for line in text.lines().filter_map(|l| l.strip_prefix("+ ").or(l.strip_prefix("- "))) {
                let tokens = default_tokeniser().tokenise(line);
                let hay = Haystack { text: line, bytes: (0, line.len()), tokens: &tokens };
                let (whole, inside) = plain(&phrases, hay);
                let pattern = whole.map(|p| phrases.phrases[p as usize].pattern.as_str());
                assert_eq!(phrases.whole_line(hay).map(|h| h.phrase.pattern.as_str()), pattern, "{line}");
                let mut found = 0;
                phrases.inside_line(hay, |_| found += 1);
                assert_eq!(found > 0, inside > 0, "{line}");
            }
        }
    }

    #[test]
    fn the_filter_and_the_lengths_leave_no_phrase_out() {
        let phrases = Phrases::builtin(default_tokeniser(), Folds::default());
        assert!(phrases.inside_by_first.keys().all(|&word| phrases.inside.may_have(word)));
        assert!(
            phrases.inside_by_first.keys().filter(|&&word| phrases.inside.may_have(!word)).count() * 10
                < phrases.inside_by_first.len()
        );
        assert!(phrases.by_first.keys().all(|&word| phrases.first.may_have(word)));
        assert_eq!(phrases.words.len(), phrases.elements.len());
        let pattern = phrases.elements(default_tokeniser(), "(a/b c) [d] <date> e $").unwrap();
        assert_eq!(words_of(&pattern), (1 + 2 + 1, 2 + 1 + 18 + 1));
    }

    #[test]
    fn alternatives_and_options_are_tried_in_order() {
        let list = PhraseList { name: "x".into(), text: "promo block: (a/b c) d [e]".into() };
        let phrases = Phrases::new(default_tokeniser(), Folds::default(), &[list]).unwrap();
        for (line, found) in [("a d", true), ("b c d e", true), ("b d", false), ("a d e f", false)] {
            let tokens = default_tokeniser().tokenise(line);
            let hay = Haystack { text: line, bytes: (0, line.len()), tokens: &tokens };
            assert_eq!(phrases.whole_line(hay).is_some(), found, "{line}");
        }
    }
}
