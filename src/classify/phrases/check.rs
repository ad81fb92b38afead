//! Tries a list of phrases before it is used.
//!
//! [`PhraseList`] -> [`CheckedPhrases`]: every line that cannot be read, and for each phrase what
//! became of its examples, with the built-in phrases beside it and without it.

use super::lists::{BUILTIN, Source};
use super::{Haystack, Phrase, Phrases};
use crate::error::Error;
use crate::label::Label;
use crate::normalise::Folds;
use crate::params::PhraseList;
use crate::tokenise::{Tokeniser, default_tokeniser};

/// A list with everything that is wrong with it.
#[derive(Debug)]
pub struct CheckedPhrases {
    /// The phrases that can be read, in the order of the list.
    pub phrases: Vec<CheckedPhrase>,
    /// What cannot be read, by line.
    pub errors: Vec<Error>,
    /// Examples under phrases that cannot be read.
    pub examples_untried: usize,
}

/// A phrase and what became of its examples.
#[derive(Debug)]
pub struct CheckedPhrase {
    /// The phrase.
    pub phrase: Phrase,
    /// For each of its examples.
    pub outcomes: Vec<Outcome>,
}

/// What became of an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// A line with its label is found in it, as a `+` line asks and a `-` line forbids.
    pub right: bool,
    /// The built-in phrases find it too.
    pub known: bool,
}

impl CheckedPhrases {
    /// Reads a list and tries its examples against it and the built-in lists.
    pub fn new(list: &PhraseList) -> Self {
        let tokeniser = default_tokeniser();
        let source = Source::parse(&list.name, &list.text);
        let mut phrases = Phrases::builtin(tokeniser, Folds::default());
        phrases.add_words(tokeniser, &source.words);
        let known: Vec<Vec<bool>> = source.phrases.iter().map(|p| found(p, &phrases, tokeniser)).collect();
        let mut checked =
            Self { phrases: Vec::new(), errors: source.errors, examples_untried: source.examples_untried };
        let mut readable = Vec::new();
        for (phrase, known) in source.phrases.into_iter().zip(known) {
            match phrases.add(tokeniser, phrase.clone()) {
                Ok(()) => readable.push((phrase, known)),
                Err(error) => {
                    checked.errors.push(error);
                    checked.examples_untried += phrase.examples.len();
                }
            }
        }
        checked.errors.sort_by_key(Error::line_number);
        for (phrase, known) in readable {
            let found = found(&phrase, &phrases, tokeniser);
            let outcome = |((example, found), known): ((&super::Example, bool), bool)| Outcome {
                right: found == example.plus,
                known,
            };
            let outcomes = phrase.examples.iter().zip(found).zip(known).map(outcome).collect();
            checked.phrases.push(CheckedPhrase { phrase, outcomes });
        }
        checked
    }

    /// Whether every line can be read, every example comes out as it should, and every phrase says
    /// where it was seen and has a `+` line.
    pub fn is_well(&self) -> bool {
        let well = |p: &CheckedPhrase| p.outcomes.iter().all(|o| o.right) && p.remarks().is_empty();
        self.errors.is_empty() && self.phrases.iter().all(well)
    }
}

impl CheckedPhrase {
    /// What the phrase lacks.
    pub fn remarks(&self) -> Vec<&'static str> {
        let plus = self.phrase.examples.iter().any(|example| example.plus);
        let lacks = [(!plus, "has no `+` line"), (self.phrase.origin.is_empty(), "has no origin")];
        lacks.into_iter().filter(|(lacks, _)| *lacks).map(|(_, remark)| remark).collect()
    }
}

/// The phrases of the built-in lists, by language.
pub fn builtin_phrases() -> impl Iterator<Item = (&'static str, Vec<Phrase>)> {
    BUILTIN.iter().map(|&(lang, text)| (lang, Source::parse(lang, text).phrases))
}

/// For each example of a phrase, whether something with its label is found in it.
fn found(phrase: &Phrase, phrases: &Phrases, tokeniser: &Tokeniser) -> Vec<bool> {
    let labels = |text: &str| -> Vec<Label> {
        let tokens = tokeniser.tokenise(text);
        let hay = Haystack { text, bytes: (0, text.len()), tokens: &tokens };
        let mut labels: Vec<Label> = phrases.whole_line(hay).iter().map(|h| h.phrase.label).collect();
        phrases.inside_line(hay, |h| labels.push(h.phrase.label));
        labels
    };
    phrase.examples.iter().map(|example| labels(&example.text).contains(&phrase.label)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> CheckedPhrases {
        CheckedPhrases::new(&PhraseList { name: "mine".into(), text: text.into() })
    }

    #[test]
    fn every_built_in_phrase_finds_its_plus_lines_and_none_of_its_minus_lines() {
        for (lang, text) in BUILTIN {
            let checked = check(text);
            assert!(checked.errors.is_empty(), "{lang}: {:?}", checked.errors);
            for CheckedPhrase { phrase, outcomes } in &checked.phrases {
                for (example, outcome) in phrase.examples.iter().zip(outcomes) {
                    assert!(outcome.right, "{lang} line {}: {}", example.line, example.text);
                }
            }
            assert!(checked.is_well(), "{lang}: a phrase lacks a `+` line or its origin");
        }
    }

    #[test]
    fn every_list_of_the_folder_is_built_in() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/classify/phrases");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|f| f.unwrap().file_name().into_string().unwrap())
            .filter_map(|f| f.strip_suffix(".txt").map(str::to_owned))
            .collect();
        files.sort();
        let mut lists: Vec<&str> = builtin_phrases().map(|(lang, _)| lang).collect();
        lists.sort();
        assert_eq!(files, lists);
    }

    #[test]
    fn every_line_that_cannot_be_read_is_named() {
        let text = "+ early\npromo block: join us # x\n+ join us\n- no\nnonsense\n+ lost\npromo block: <nix> # x\n";
        let checked = check(text);
        let lines: Vec<_> = checked.errors.iter().filter_map(Error::line_number).collect();
        assert_eq!((lines, checked.examples_untried), (vec![1, 5, 7], 1));
        assert!(checked.phrases[0].outcomes.iter().all(|o| o.right));
        assert!(!checked.is_well());
    }

    #[test]
    fn what_a_list_cannot_find_is_told_from_what_is_known_without_it() {
        let checked = check(
            "promo both: our own weekly sieve # x\n+ our own weekly sieve\n+ subscribe now\n+ a sentence of prose\n",
        );
        let outcomes: Vec<_> = checked.phrases[0].outcomes.iter().map(|o| (o.right, o.known)).collect();
        assert_eq!(outcomes, [(true, false), (true, true), (false, false)]);
    }
}
