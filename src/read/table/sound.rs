//! How far an Arrow file can be trusted: Arrow's reader asks for as much memory as a message says, and a
//! process that cannot have it ends.
//!
//! Messages -> the first that says more than its file can hold. Only headers are looked at, and eight
//! bytes of each compressed buffer.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

use arrow_ipc::{Block, Message, RecordBatch};
use arrow_schema::ArrowError;

use super::ipc::CONTINUATION;
use crate::read::{EXPANDED_LEN_BYTES_MIN, EXPANSION_MAX};

/// A batch of more rows has none that hold text.
const ROWS_MAX: i64 = 1 << 31;

/// The length of the sound beginning of a stream, and what is wrong behind it, if anything is.
pub(super) fn stream(file: &File) -> Result<(u64, Option<ArrowError>), ArrowError> {
    let len = file.metadata()?.len();
    let mut input = BufReader::new(file);
    input.seek(SeekFrom::Start(0))?;
    let mut at = 0;
    loop {
        match message(&mut input, at, len) {
            Ok(Some(end)) => at = end,
            Ok(None) => return Ok((len, None)),
            Err(e) => return Ok((at, Some(e))),
        }
    }
}

/// How many of the batches of a file are sound, and what is wrong with the next one, if anything is.
///
/// # Errors
/// When no batch can be read, because its footer or a dictionary is not sound.
pub(super) fn file(file: &File) -> Result<(usize, Option<ArrowError>), ArrowError> {
    let len = file.metadata()?.len();
    let mut input = BufReader::new(file);
    let mut trailer = [0; 10];
    input.seek(SeekFrom::Start(len.checked_sub(10).ok_or_else(cut)?))?;
    input.read_exact(&mut trailer)?;
    let footer_len = u64::from(u32::from_le_bytes([trailer[0], trailer[1], trailer[2], trailer[3]]));
    input.seek(SeekFrom::Start((len - 10).checked_sub(footer_len).ok_or_else(cut)?))?;
    let mut footer = Vec::new();
    input.by_ref().take(footer_len).read_to_end(&mut footer)?;
    let footer = arrow_ipc::root_as_footer(&footer).map_err(|e| ArrowError::ParseError(e.to_string()))?;
    let mut sound = |block: &Block| {
        let at = u64::try_from(block.offset()).map_err(|_| cut())?;
        let parts = u64::try_from(block.metaDataLength()).ok().zip(u64::try_from(block.bodyLength()).ok());
        let end = parts.and_then(|(metadata, body)| at.checked_add(metadata)?.checked_add(body));
        if end.is_none_or(|end| end > len) {
            return Err(cut());
        }
        input.seek(SeekFrom::Start(at))?;
        message(&mut input, at, len).map(|_| ())
    };
    footer.dictionaries().into_iter().flatten().try_for_each(&mut sound)?;
    let mut batches = 0;
    for block in footer.recordBatches().into_iter().flatten() {
        if let Err(e) = sound(block) {
            return Ok((batches, Some(e)));
        }
        batches += 1;
    }
    Ok((batches, None))
}

/// The end of the message at `at`, where `input` stands; nothing at the end of the stream.
fn message(input: &mut BufReader<&File>, at: u64, len: u64) -> Result<Option<u64>, ArrowError> {
    let mut prefix = [0; 4];
    let mut start = at + 4;
    if at == len {
        return Ok(None);
    }
    input.read_exact(&mut prefix)?;
    if prefix == CONTINUATION {
        input.read_exact(&mut prefix)?;
        start += 4;
    }
    let metadata_len = u64::from(u32::from_le_bytes(prefix));
    if metadata_len == 0 {
        return Ok(None);
    }
    let body_at = start + metadata_len;
    if body_at > len {
        return Err(cut());
    }
    let mut metadata = Vec::new();
    input.by_ref().take(metadata_len).read_to_end(&mut metadata)?;
    let message = arrow_ipc::root_as_message(&metadata).map_err(|e| ArrowError::ParseError(e.to_string()))?;
    let body_len = u64::try_from(message.bodyLength()).map_err(|_| cut())?;
    let end = body_at.checked_add(body_len).filter(|&end| end <= len).ok_or_else(cut)?;
    for batch in batches(&message) {
        body(input, &batch, body_at, body_len)?;
    }
    // Headers lie close together in small files, and `seek_relative` keeps what was read.
    input.seek(SeekFrom::Start(end))?;
    Ok(Some(end))
}

fn batches<'a>(message: &Message<'a>) -> impl Iterator<Item = RecordBatch<'a>> {
    let of_dictionary = message.header_as_dictionary_batch().and_then(|dictionary| dictionary.data());
    message.header_as_record_batch().into_iter().chain(of_dictionary)
}

/// Looks at what a batch says of its buffers.
fn body(input: &mut BufReader<&File>, batch: &RecordBatch, at: u64, len: u64) -> Result<(), ArrowError> {
    let rows = batch.nodes().into_iter().flatten().map(|node| node.length()).chain([batch.length()]);
    if rows.into_iter().any(|rows| !(0..=ROWS_MAX).contains(&rows)) {
        return Err(ArrowError::ParseError("a batch says that it has too many rows".into()));
    }
    for buffer in batch.buffers().into_iter().flatten() {
        let place = u64::try_from(buffer.offset()).ok().zip(u64::try_from(buffer.length()).ok());
        let Some((offset, buffer_len)) =
            place.filter(|(offset, l)| offset.checked_add(*l).is_some_and(|end| end <= len))
        else {
            return Err(cut());
        };
        if batch.compression().is_some() && buffer_len >= 8 {
            let mut expanded = [0; 8];
            input.seek(SeekFrom::Start(at + offset))?;
            input.read_exact(&mut expanded)?;
            // −1 says that it is not compressed.
            let expanded = i64::from_le_bytes(expanded);
            let most = EXPANDED_LEN_BYTES_MIN.max(buffer_len.saturating_mul(EXPANSION_MAX));
            if expanded < -1 || u64::try_from(expanded).is_ok_and(|expanded| expanded > most) {
                return Err(ArrowError::ParseError(format!(
                    "a buffer says that it expands more than {EXPANSION_MAX} times"
                )));
            }
        }
    }
    Ok(())
}

fn cut() -> ArrowError {
    ArrowError::ParseError("a message says that it is longer than its file".into())
}
