//! Plain text: one file, one record, one document.
//!
//! The text is the whole file as it stands, line ends and byte order mark included.

use std::io::{self, BufRead, Read};

use super::formats::Step;
use super::{Content, Document, Parsed, RawRecord, Source, TextForm, utf8};
use crate::params::Params;

pub(super) fn split(input: &mut dyn BufRead, first: bool, len_max: u64, raw: &mut Vec<u8>) -> io::Result<Step> {
    let len = input.take(len_max).read_to_end(raw)?;
    Ok(match len {
        // An empty file is an empty document, not a missing one.
        0 if !first => Step::End,
        _ if len as u64 == len_max => Step::Piece,
        _ => Step::Record,
    })
}

pub(super) fn parse(source: &Source, _params: &Params, record: &RawRecord) -> Content {
    match utf8(&record.raw, 0) {
        Ok(text) => Content::Document(Parsed {
            document: Document { id: source.name.clone(), host: None, sort_key: None, text: text.to_owned() },
            text_at: 0..text.len(),
            text_form: TextForm::Plain,
        }),
        Err(skipped) => skipped,
    }
}
