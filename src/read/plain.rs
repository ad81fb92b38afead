//! Plain text: one file, one record, one document.
//!
//! The text is the whole file as it stands, line ends and byte order mark included.

use super::{Content, Document, Parsed, RawRecord, Source, TextForm, utf8};
use crate::params::Params;

pub(super) fn parse(source: &Source, _params: &Params, record: &RawRecord) -> Content {
    match utf8(&record.raw, 0) {
        Ok(text) => Content::Document(Parsed {
            document: Document {
                id: source.name.clone(),
                host: source.folder.clone(),
                sort_key: None,
                text: text.to_owned(),
            },
            text_at: 0..text.len(),
            text_form: TextForm::Plain,
        }),
        Err(skipped) => skipped,
    }
}
