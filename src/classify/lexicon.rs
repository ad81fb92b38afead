//! Words of known kinds: months, weekdays, agencies, places, function words.
//!
//! Word hashes -> [`Kinds`]. The words stand in the phrase files (`@month …`); a word that several
//! languages share has the kinds of all of them. Numbers are recognised by their digits, not listed.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use super::phrases::Filter;
use crate::tokenise::Token;

/// A map by word hashes, which are random already.
pub(super) type ByHash<V> = HashMap<u64, V, BuildHasherDefault<Identity>>;

/// Passes a 64-bit hash through.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Identity(u64);

impl std::hash::Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// What kinds of word one word is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Kinds(u16);

impl Kinds {
    /// Name of a month of any calendar.
    pub const MONTH: Kinds = Kinds(1);
    /// Name of a day of the week.
    pub const WEEKDAY: Kinds = Kinds(2);
    /// A word that stands around dates and times: GMT, هـ, الموافق, Uhr.
    pub const DATE: Kinds = Kinds(4);
    /// News agencies and outlets, word by word.
    pub const AGENCY: Kinds = Kinds(8);
    /// Cities and countries, word by word.
    pub const PLACE: Kinds = Kinds(16);
    /// Words of running text: articles, prepositions, conjunctions.
    pub const FUNCTION: Kinds = Kinds(32);
    /// Verbs of reporting and other words that begin a sentence, never a name.
    pub const VERB: Kinds = Kinds(64);
    /// Words that number the parts of a series: episode, season.
    pub const EPISODE: Kinds = Kinds(128);
    /// Titles of persons: Dr., Prof., الدكتور.
    pub const PERSON: Kinds = Kinds(256);

    /// Words that go on with a text: but, also, meanwhile.
    pub const RESUME: Kinds = Kinds(512);

    /// Words in which a writer speaks of himself and to the reader: I, you, our.
    pub const SELF: Kinds = Kinds(1024);

    const NAMES: [(&'static str, Kinds); 11] = [
        ("month", Self::MONTH),
        ("weekday", Self::WEEKDAY),
        ("date", Self::DATE),
        ("agency", Self::AGENCY),
        ("place", Self::PLACE),
        ("function", Self::FUNCTION),
        ("verb", Self::VERB),
        ("episode", Self::EPISODE),
        ("person", Self::PERSON),
        ("resume", Self::RESUME),
        ("self", Self::SELF),
    ];

    /// The kind of that name, as phrase files write it after `@`.
    pub fn named(name: &str) -> Option<Kinds> {
        Self::NAMES.iter().find(|(n, _)| *n == name).map(|&(_, kind)| kind)
    }

    /// Whether it is of one of these kinds.
    pub fn any(self, kinds: Kinds) -> bool {
        self.0 & kinds.0 != 0
    }

    /// Of either's kinds.
    pub fn or(self, kinds: Kinds) -> Kinds {
        Kinds(self.0 | kinds.0)
    }
}

/// The known words.
#[derive(Default)]
pub(super) struct Lexicon {
    words: ByHash<Kinds>,
    /// Which words may be known: most are not, and this is one read.
    known: Filter,
}

impl Lexicon {
    /// Adds one word.
    pub fn add(&mut self, hash: u64, kind: Kinds) {
        let kinds = self.words.entry(hash).or_default();
        *kinds = kinds.or(kind);
        self.known.add(hash);
    }

    /// The kinds of one word.
    pub fn kinds(&self, token: &Token) -> Kinds {
        if !self.known.may_have(token.hash) {
            return Kinds::default();
        }
        self.words.get(&token.hash).copied().unwrap_or_default()
    }

    /// Whether one word is of one of these kinds.
    pub fn is(&self, token: &Token, kinds: Kinds) -> bool {
        self.kinds(token).any(kinds)
    }

    /// How many of these words are of one of these kinds.
    pub fn count(&self, tokens: &[Token], kinds: Kinds) -> usize {
        tokens.iter().filter(|t| self.is(t, kinds)).count()
    }

    /// Whether all of these words, at least one, are of these kinds.
    pub fn all(&self, tokens: &[Token], kinds: Kinds) -> bool {
        !tokens.is_empty() && self.count(tokens, kinds) == tokens.len()
    }
}
