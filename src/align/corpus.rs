//! The words of all documents, for alignment across them.
//!
//! [`View`]s, one at a time and from any thread -> [`Corpus`]. It is kept by document number, so
//! the order of observation leaves no trace. In memory: 11 bytes a word and 64 a document (see
//! [`super::words`]); everything else asks through [`Corpus::words`] alone, so a store on disk
//! can stand in its place.

use std::sync::Mutex;

use super::words::Words;
use crate::tokenise::View;

static NO_WORDS: Words = Words::EMPTY;

/// Collects documents from several threads.
#[derive(Default)]
pub struct CorpusBuilder {
    documents: Mutex<Vec<Option<Words>>>,
}

impl CorpusBuilder {
    /// Adds one document.
    pub fn observe(&self, document: u32, view: &View) {
        let words = Words::new(view);
        // A thread that panicked left whole documents behind, never halves.
        let mut documents = self.documents.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let at = document as usize;
        if documents.len() <= at {
            documents.resize_with(at + 1, || None);
        }
        documents[at] = Some(words);
    }

    /// Ends the collection.
    pub fn finish(self) -> Corpus {
        Corpus { documents: self.documents.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner()) }
    }
}

/// The words of all documents by number.
#[derive(Default)]
pub struct Corpus {
    documents: Vec<Option<Words>>,
}

impl Corpus {
    /// One more than the largest document number.
    pub fn len(&self) -> u32 {
        self.documents.len() as u32
    }

    /// Whether there is no document.
    pub fn is_empty(&self) -> bool {
        self.documents.is_empty()
    }

    /// The words of one document; none for a number that was not observed.
    pub fn words(&self, document: u32) -> &Words {
        self.documents.get(document as usize).and_then(Option::as_ref).unwrap_or(&NO_WORDS)
    }

    /// Words in all documents.
    pub fn words_total(&self) -> u64 {
        self.documents.iter().flatten().map(|w| w.len() as u64).sum()
    }
}
