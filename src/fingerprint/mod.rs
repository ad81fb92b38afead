//! What is counted over the whole corpus before anything is judged.
//!
//! Token hashes -> [`Fingerprint`] (equal comparison forms have equal fingerprints); views of all
//! documents -> [`Frequencies`] (how common a word or a line is). Every count is a sum, a minimum
//! or a maximum, so it does not depend on the order in which documents are observed.

pub mod lines;
mod words;

pub use lines::{HostKey, LineCount, LineFrequencies, line_keys};
pub use words::WordFrequencies;

use xxhash_rust::xxh3::xxh3_128;

use crate::tokenise::{Token, View};

/// 128 bits of the comparison form of a whole text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub u128);

/// The fingerprint of a text's words, `None` when it has none: texts without words are not
/// compared.
pub fn fingerprint(tokens: &[Token]) -> Option<Fingerprint> {
    let bytes: Vec<u8> = tokens.iter().flat_map(|t| t.hash.to_le_bytes()).collect();
    of_bytes(&bytes)
}

/// The same from the words' hashes as bytes, least first.
pub(crate) fn of_bytes(words: &[u8]) -> Option<Fingerprint> {
    (!words.is_empty()).then(|| Fingerprint(xxh3_128(words)))
}

/// How common words and lines are in the corpus.
#[derive(Default)]
pub struct Frequencies {
    /// Documents in which each word stands.
    pub words: WordFrequencies,
    /// Lines by host.
    pub lines: LineFrequencies,
}

impl Frequencies {
    /// Counts one document. Threads may observe different documents at the same time.
    pub fn observe(&self, host: Option<&str>, view: &View) {
        self.words.observe(&view.tokens);
        self.lines.observe(host, view);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokenise::default_tokeniser;

    #[test]
    fn equal_comparison_forms_have_equal_fingerprints_and_others_have_not() {
        let of = |text| fingerprint(&default_tokeniser().tokenise(text));
        assert_eq!(of("قال الأمينُ:  نعم"), of("قال الامين، نعم!"));
        assert_ne!(of("قال نعم"), of("نعم قال"));
        assert_eq!(of("!!! …"), None);
    }
}
