//! Arrow IPC: the file and the stream, which is what Hugging Face data sets are kept in.

use std::collections::HashMap;
use std::fs;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom};

use arrow_array::{ArrayRef, RecordBatch};
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_ipc::writer::{DictionaryHandling, FileWriter, IpcWriteOptions, StreamWriter};
use arrow_ipc::{CompressionType, MessageHeader};
use arrow_schema::{ArrowError, SchemaRef};

use super::dictionary::Dictionary;
use super::sound;
use super::{BATCH_LEN_ROWS, Batches, Kind, Sink, TableCoding, failed, written};

const FILE_MAGIC: &[u8] = b"ARROW1\0\0";
pub(super) const CONTINUATION: [u8; 4] = [0xff; 4];

/// A message of plausible length follows the mark; UTF-8 text never has it.
pub(super) fn sniff_stream(head: &[u8]) -> bool {
    matches!(head.get(4..8), Some(len) if head.starts_with(&CONTINUATION) && len[3] == 0 && *len != [0; 4])
}

pub(super) fn coding(mut file: fs::File) -> Result<TableCoding, ArrowError> {
    let mut head = [0; 8];
    let is_file = file.read_exact(&mut head).is_ok() && head[..6] == FILE_MAGIC[..6];
    file.seek(SeekFrom::Start(if is_file { 8 } else { 0 }))?;
    let codec = codec(&mut BufReader::new(&mut file))?;
    file.rewind()?;
    let (kind, schema) = if is_file {
        sound::file(&file)?;
        file.rewind()?;
        (Kind::ArrowFile, FileReader::try_new_buffered(file, None)?.schema())
    } else {
        (Kind::ArrowStream, StreamReader::try_new_buffered(file, None)?.schema())
    };
    Ok(TableCoding {
        kind,
        schema: written(&schema),
        group_len_rows: BATCH_LEN_ROWS,
        codecs: codec.map(|codec| (String::new(), codec.to_owned())).into_iter().collect(),
        metadata: Vec::new(),
    })
}

/// The codec of the first batch; nothing when there is none, or no batch.
fn codec(messages: &mut (impl Read + Seek)) -> Result<Option<&'static str>, ArrowError> {
    loop {
        let mut len = [0; 4];
        if messages.read_exact(&mut len).is_err() {
            return Ok(None);
        }
        if len == CONTINUATION {
            messages.read_exact(&mut len)?;
        }
        let len = u32::from_le_bytes(len);
        if len == 0 {
            return Ok(None);
        }
        let mut metadata = Vec::new();
        messages.by_ref().take(u64::from(len)).read_to_end(&mut metadata)?;
        let message = arrow_ipc::root_as_message(&metadata).map_err(|e| ArrowError::ParseError(e.to_string()))?;
        if message.header_type() == MessageHeader::RecordBatch {
            let compression = message.header_as_record_batch().and_then(|batch| batch.compression());
            return Ok(compression.map(|c| if c.codec() == CompressionType::ZSTD { "zstd" } else { "lz4" }));
        }
        messages.seek_relative(message.bodyLength().max(0))?;
    }
}

pub(super) fn read_file(file: fs::File) -> Result<Batches, ArrowError> {
    let (batches, fault) = sound::file(&file)?;
    Ok(Box::new(FileReader::try_new_buffered(file, None)?.take(batches).chain(fault.map(Err))))
}

pub(super) fn read_stream(file: fs::File) -> Result<Batches, ArrowError> {
    let (len, fault) = sound::stream(&file)?;
    let mut input = BufReader::new(file);
    input.rewind()?;
    Ok(Box::new(StreamReader::try_new(input.take(len), None)?.chain(fault.map(Err))))
}

fn options(coding: &TableCoding) -> Result<IpcWriteOptions, ArrowError> {
    let codec = match coding.codecs.first().map(|(_, codec)| codec.as_str()) {
        Some("zstd") => Some(CompressionType::ZSTD),
        Some("lz4") => Some(CompressionType::LZ4_FRAME),
        _ => None,
    };
    Ok(IpcWriteOptions::default().try_with_compression(codec)?.with_dictionary_handling(DictionaryHandling::Delta))
}

pub(super) struct File {
    writer: FileWriter<BufWriter<fs::File>>,
    schema: SchemaRef,
    dictionaries: HashMap<usize, Dictionary>,
}

impl File {
    pub(super) fn new(file: fs::File, schema: SchemaRef, coding: &TableCoding) -> Result<Self, ArrowError> {
        let writer = FileWriter::try_new_with_options(BufWriter::new(file), &schema, options(coding)?)?;
        Ok(Self { writer, schema, dictionaries: HashMap::new() })
    }
}

impl Sink for File {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        self.writer.write(batch)
    }

    fn finish(mut self) -> io::Result<fs::File> {
        self.writer.finish().map_err(failed)?;
        let file = self.writer.into_inner().map_err(failed)?;
        file.into_inner().map_err(io::IntoInnerError::into_error)
    }

    fn dictionary(&mut self, column: usize, texts: &ArrayRef) -> Option<Result<ArrayRef, ArrowError>> {
        let wanted = self.schema.field(column).data_type();
        Some(self.dictionaries.entry(column).or_default().array(texts, wanted))
    }
}

pub(super) struct Stream(StreamWriter<BufWriter<fs::File>>);

impl Stream {
    pub(super) fn new(file: fs::File, schema: SchemaRef, coding: &TableCoding) -> Result<Self, ArrowError> {
        let options = options(coding)?.with_dictionary_handling(DictionaryHandling::Resend);
        Ok(Self(StreamWriter::try_new_with_options(BufWriter::new(file), &schema, options)?))
    }
}

impl Sink for Stream {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        self.0.write(batch)
    }

    fn finish(mut self) -> io::Result<fs::File> {
        self.0.finish().map_err(failed)?;
        let file = self.0.into_inner().map_err(failed)?;
        file.into_inner().map_err(io::IntoInnerError::into_error)
    }
}
