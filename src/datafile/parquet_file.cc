// SPDX-License-Identifier: Apache-2.0
#include "datafile/parquet_file.h"

#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <parquet/arrow/writer.h>
#include <parquet/file_writer.h>
#include <parquet/metadata.h>

#include <limits>
#include <utility>

#include "datafile/arrow_status.h"
#include "datafile/file_schema.h"

namespace k2i::datafile {

ParquetFile::ParquetFile(std::string location, std::shared_ptr<const FileLayout> layout, arrow::MemoryPool* pool)
    : location_(std::move(location)),
      layout_(std::move(layout)),
      pool_(pool),
      metrics_(layout_->leaves, layout_->modes) {}

ParquetFile::~ParquetFile() { Abort(); }

Result<std::unique_ptr<ParquetFile>> ParquetFile::Open(io::ObjectStore& store, std::string location,
                                                       std::shared_ptr<const FileLayout> layout,
                                                       const arrow::RecordBatchVector& first_rows,
                                                       arrow::MemoryPool* pool) {
  K2I_ASSIGN_OR_RETURN(auto output, store.OpenForWrite(location));
  std::unique_ptr<ParquetFile> file(new ParquetFile(std::move(location), std::move(layout), pool));
  file->sink_ = std::make_shared<StoreOutputStream>(std::move(output));
  K2I_RETURN_IF_ERROR(file->OpenWriter(first_rows));
  return file;
}

Status ParquetFile::OpenWriter(const arrow::RecordBatchVector& first_rows) {
  return CatchAll([&]() -> Status {
    K2I_ASSIGN_OR_RETURN(auto samples, SampleColumns(first_rows, layout_->leaves, pool_));
    const auto plans = ChooseEncodings(samples, layout_->leaves, layout_->encodings, layout_->codec.get());
    // No ARROW:schema in the file: readers are to go by Parquet's own types. No threads: two writers that share Arrow's
    // executor can wait for each other forever.
    const auto arrow_properties = parquet::ArrowWriterProperties::Builder().set_use_threads(false)->build();
    auto writer = parquet::arrow::FileWriter::Open(*layout_->file_schema, pool_, sink_,
                                                   layout_->Properties(plans, pool_), arrow_properties);
    K2I_ASSIGN_OR_RETURN(writer_, FromArrow(std::move(writer)));
    return {};
  });
}

Error ParquetFile::Explain(Error error) const {
  if (sink_->store_error()) error = *sink_->store_error();
  return error.With(location_);
}

Status ParquetFile::WriteRowGroup(const arrow::RecordBatchVector& rows) {
  auto written = CatchAll([&]() -> Status {
    arrow::RecordBatchVector file_rows;
    for (const auto& batch : rows) file_rows.push_back(WithFileSchema(*batch, layout_->file_schema));
    K2I_ASSIGN_OR_RETURN(auto table, FromArrow(arrow::Table::FromRecordBatches(layout_->file_schema, file_rows)));
    K2I_RETURN_IF_ERROR(metrics_.AddRowGroup(rows, pool_));
    return FromArrow(writer_->WriteTable(*table, std::numeric_limits<int64_t>::max()));
  });
  if (!written.has_value()) return std::unexpected(Explain(std::move(written).error()));
  return {};
}

Result<iceberg::DataFile> ParquetFile::Close() {
  iceberg::DataFile file;
  file.file_path = location_;
  auto closed = CatchAll([&]() -> Status {
    K2I_RETURN_IF_ERROR(FromArrow(writer_->Close()));
    K2I_RETURN_IF_ERROR(metrics_.Finish(*writer_->metadata(), file));
    return sink_->Commit();
  });
  if (!closed.has_value()) return std::unexpected(Explain(std::move(closed).error()));
  file.file_size_in_bytes = sink_->bytes_written();
  return file;
}

void ParquetFile::Abort() {
  if (sink_ != nullptr) sink_->Abandon();
}

}  // namespace k2i::datafile
