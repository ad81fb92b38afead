//! Parquet.

use std::fs::File;
use std::io::{self, BufWriter};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, SchemaRef};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::{ARROW_SCHEMA_META_KEY, ArrowWriter};
use parquet::basic::{BrotliLevel, Compression, GzipLevel, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::{KeyValue, ParquetMetaData};
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;

use super::{BATCH_LEN_BYTES, BATCH_LEN_ROWS, Batches, Kind, Sink, TableCoding, failed, written};

/// Rows in a row group where the file does not say, and at most.
const GROUP_LEN_ROWS: usize = 1 << 20;

/// A row group is ended when it has this many bytes, so that memory has a bound.
const GROUP_LEN_BYTES: usize = 256 << 20;

fn arrow(e: ParquetError) -> ArrowError {
    ArrowError::ParquetError(e.to_string())
}

pub(super) fn coding(file: File) -> Result<TableCoding, ArrowError> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(arrow)?;
    let metadata = builder.metadata();
    let codecs = metadata.row_groups().first().map_or(Vec::new(), |group| {
        group.columns().iter().map(|c| (c.column_path().string(), codec(c.compression()).to_owned())).collect()
    });
    let kept = metadata.file_metadata().key_value_metadata();
    let kept = kept.into_iter().flatten().filter(|kv| kv.key != ARROW_SCHEMA_META_KEY);
    Ok(TableCoding {
        kind: Kind::Parquet,
        schema: written(builder.schema()),
        group_len_rows: group_len_rows(metadata),
        codecs,
        metadata: kept.map(|kv| (kv.key.clone(), kv.value.clone())).collect(),
    })
}

fn group_len_rows(metadata: &ParquetMetaData) -> usize {
    let longest = metadata.row_groups().iter().map(|group| group.num_rows()).max().unwrap_or(0);
    usize::try_from(longest).ok().filter(|&rows| rows > 0).unwrap_or(GROUP_LEN_ROWS).min(GROUP_LEN_ROWS)
}

fn codec(compression: Compression) -> &'static str {
    match compression {
        Compression::UNCOMPRESSED => "none",
        Compression::SNAPPY => "snappy",
        Compression::GZIP(_) => "gzip",
        Compression::BROTLI(_) => "brotli",
        Compression::LZ4 => "lz4",
        Compression::LZ4_RAW => "lz4_raw",
        Compression::ZSTD(_) => "zstd",
        _ => "snappy",
    }
}

/// The codec of a name, at the level its tools take when they are not told one.
fn compression(codec: &str) -> Compression {
    match codec {
        "none" => Compression::UNCOMPRESSED,
        "gzip" => Compression::GZIP(GzipLevel::default()),
        "brotli" => Compression::BROTLI(BrotliLevel::default()),
        // The framing of `lz4` was never agreed on; `lz4_raw` is what is written today.
        "lz4" | "lz4_raw" => Compression::LZ4_RAW,
        "zstd" => Compression::ZSTD(ZstdLevel::default()),
        _ => Compression::SNAPPY,
    }
}

pub(super) fn read(file: File) -> Result<Batches, ArrowError> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(arrow)?;
    // So many rows that a batch of average rows has the wanted length.
    let groups = builder.metadata().row_groups();
    let (rows, bytes) = groups.iter().fold((0, 0), |(r, b), g| (r + g.num_rows(), b + g.total_byte_size()));
    let row_len = usize::try_from(bytes.checked_div(rows).unwrap_or(0)).unwrap_or(0).max(1);
    let batch_len = (BATCH_LEN_BYTES / row_len).clamp(1, BATCH_LEN_ROWS);
    Ok(Box::new(builder.with_batch_size(batch_len).build().map_err(arrow)?))
}

pub(super) struct Writer(ArrowWriter<BufWriter<File>>);

impl Writer {
    pub(super) fn new(file: File, schema: SchemaRef, coding: &TableCoding) -> Result<Self, ArrowError> {
        let first = coding.codecs.first().map_or("snappy", |(_, codec)| codec);
        let mut properties = WriterProperties::builder()
            .set_created_by(concat!("ghirbal ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_compression(compression(first))
            .set_max_row_group_row_count(Some(coding.group_len_rows));
        for (path, codec) in coding.codecs.iter().filter(|(_, codec)| codec != first) {
            let path = ColumnPath::new(path.split('.').map(str::to_owned).collect());
            properties = properties.set_column_compression(path, compression(codec));
        }
        let mut writer =
            ArrowWriter::try_new(BufWriter::new(file), Arc::clone(&schema), Some(properties.build())).map_err(arrow)?;
        for (key, value) in &coding.metadata {
            writer.append_key_value_metadata(KeyValue { key: key.clone(), value: value.clone() });
        }
        Ok(Self(writer))
    }
}

impl Sink for Writer {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        self.0.write(batch).map_err(arrow)?;
        if self.0.in_progress_size() > GROUP_LEN_BYTES {
            self.0.flush().map_err(arrow)?;
        }
        Ok(())
    }

    fn finish(self) -> io::Result<File> {
        let file = self.0.into_inner().map_err(failed)?;
        file.into_inner().map_err(io::IntoInnerError::into_error)
    }
}
