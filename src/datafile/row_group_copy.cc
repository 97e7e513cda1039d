// SPDX-License-Identifier: Apache-2.0
#include "datafile/row_group_copy.h"

#include <arrow/buffer.h>
#include <arrow/util/compression.h>
#include <fmt/format.h>
#include <parquet/arrow/schema.h>
#include <parquet/file_reader.h>
#include <parquet/file_writer.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>
#include <parquet/schema.h>
#include <parquet/statistics.h>

#include <algorithm>
#include <utility>

#include "datafile/arrow_status.h"
#include "datafile/copied_footer.h"
#include "datafile/file_layout.h"
#include "datafile/merged_metrics.h"
#include "datafile/store_input_file.h"
#include "datafile/store_output_stream.h"
#include "iceberg/model/reserved_fields.h"

namespace k2i::datafile {
namespace {

constexpr int64_t kPieceBytes = int64_t{4} << 20;
constexpr std::string_view kMagic = "PAR1";

/// The footer of a file of such rows as a reader sees it, without row groups: types in memory say more than those that
/// have been written.
Result<std::shared_ptr<parquet::FileMetaData>> EmptyFooter(const FileLayout& layout, arrow::MemoryPool* pool) {
  const auto properties = layout.Properties(std::vector<ColumnPlan>(layout.leaves.size()), pool);
  std::shared_ptr<parquet::SchemaDescriptor> schema;
  K2I_RETURN_IF_ERROR(FromArrow(parquet::arrow::ToParquetSchema(layout.file_schema.get(), *properties, &schema)));
  return CatchAll([&]() -> Result<std::shared_ptr<parquet::FileMetaData>> {
    return parquet::FileMetaDataBuilder::Make(schema.get(), properties)->Finish();
  });
}

/// Names, types, field ids and nesting; the root's own name says nothing.
bool SameColumns(const parquet::SchemaDescriptor& a, const parquet::SchemaDescriptor& b) {
  const auto *left = a.group_node(), *right = b.group_node();
  if (left->field_count() != right->field_count()) return false;
  for (int i = 0; i < left->field_count(); ++i) {
    if (!left->field(i)->Equals(right->field(i).get())) return false;
  }
  return true;
}

bool IsLineage(const LeafColumn& leaf) {
  return leaf.field_id == iceberg::kRowIdFieldId || leaf.field_id == iceberg::kLastUpdatedSequenceFieldId;
}

bool LargeEnough(const parquet::RowGroupMetaData& group, const CopyLimits& limits) {
  return group.num_rows() >= limits.least_rows || group.total_byte_size() >= limits.least_bytes;
}

}  // namespace

bool MayBeCopied(const iceberg::DataFile& file, const CopyLimits& limits) {
  // Encodings and codecs together hardly save more than seven eighths.
  return file.record_count >= limits.least_rows || file.file_size_in_bytes >= limits.least_bytes / 8;
}

/// A file to be copied, open.
class RowGroupCopy::Source {
 public:
  static Result<std::unique_ptr<Source>> Open(io::ObjectStore& store, const iceberg::DataFile& file,
                                              arrow::MemoryPool* pool) {
    K2I_ASSIGN_OR_RETURN(auto input, store.OpenForRead(file.file_path));
    auto source = std::make_unique<Source>();
    source->data_file_ = &file;
    source->file_ = std::make_shared<StoreInputFile>(std::move(input), pool);
    K2I_RETURN_IF_ERROR(source->Catching([&]() -> Status {
      source->reader_ = parquet::ParquetFileReader::Open(source->file_, parquet::ReaderProperties(pool));
      return {};
    }));
    return source;
  }

  const iceberg::DataFile& data_file() const { return *data_file_; }
  const parquet::FileMetaData& metadata() const { return *reader_->metadata(); }
  parquet::ParquetFileReader& reader() { return *reader_; }
  const std::shared_ptr<StoreInputFile>& file() { return file_; }

  bool MayBeCopied(const parquet::SchemaDescriptor& schema, const FileLayout& layout, const CopyLimits& limits) const {
    if (metadata().is_encryption_algorithm_set() || !SameColumns(schema, *metadata().schema())) return false;
    if (metadata().num_rows() != data_file_->record_count) return false;  // decoding says what is wrong
    for (int i = 0; i < metadata().num_row_groups(); ++i) {
      const auto group = metadata().RowGroup(i);
      if (!LargeEnough(*group, limits)) return false;
      for (int column = 0; column < group->num_columns(); ++column) {
        const auto chunk = group->ColumnChunk(column);
        if (!MayMoveChunk(*chunk)) return false;
        // What a row inherits from one file, it would not from another.
        const auto statistics = chunk->statistics();
        const bool whole = statistics != nullptr && statistics->HasNullCount() && statistics->null_count() == 0;
        if (IsLineage(layout.leaves[static_cast<size_t>(column)]) && !whole) return false;
      }
    }
    return true;
  }

  /// Calls `call`; its errors are about this file: the store's own where one is behind them, else Corruption.
  template <typename Call>
  Status Catching(Call call) const {
    Status done = CatchAll(call);
    if (done) return done;
    Error error = std::move(done).error();
    if (const auto behind = file_->store_error()) {
      error = *behind;
    } else if (error.code == ErrorCode::kInternal || error.code == ErrorCode::kInvalidArgument) {
      error.code = ErrorCode::kCorruption;
    }
    return std::unexpected(error.With(data_file_->file_path).In(Component::kStorage));
  }

 private:
  const iceberg::DataFile* data_file_ = nullptr;
  std::shared_ptr<StoreInputFile> file_;
  std::unique_ptr<parquet::ParquetFileReader> reader_;
};

/// The file being written.
class RowGroupCopy::Output {
 public:
  Output(std::unique_ptr<io::OutputFile> file, const OnCopied& on_copied)
      : stream_(std::move(file)), on_copied_(on_copied) {}
  ~Output() { stream_.Abandon(); }

  Status Begin() { return Sent(stream_.Write(kMagic)); }

  Status CopyChunks(Source& source) {
    for (int group = 0; group < source.metadata().num_row_groups(); ++group) {
      std::vector<ChunkMove> moves;
      for (int column = 0; column < source.metadata().num_columns(); ++column) {
        const ChunkRange range = RangeOf(*source.metadata().RowGroup(group)->ColumnChunk(column));
        moves.push_back({range, stream_.bytes_written()});
        K2I_RETURN_IF_ERROR(CopyBytes(source, range));
      }
      footer_.AddRowGroup(source.reader(), source.file(), group, std::move(moves));
    }
    return {};
  }

  /// Page indexes and the footer; the file becomes visible.
  Status Finish(const std::vector<LeafColumn>& leaves, iceberg::DataFile& file) {
    const auto footer = CatchAll([&] { return footer_.Write(stream_); });
    if (!footer) return std::unexpected(Explain(footer.error()));
    Describe(**footer, leaves, file);
    if (Status done = stream_.Commit(); !done) return std::unexpected(Explain(done.error()));
    file.file_size_in_bytes = stream_.bytes_written();
    return {};
  }

 private:
  static void Describe(const parquet::FileMetaData& footer, const std::vector<LeafColumn>& leaves,
                       iceberg::DataFile& file) {
    for (int group = 0; group < footer.num_row_groups(); ++group) {
      const auto metadata = footer.RowGroup(group);
      file.split_offsets.push_back(RangeOf(*metadata->ColumnChunk(0)).start);
      for (size_t leaf = 0; leaf < leaves.size(); ++leaf) {
        const auto chunk = metadata->ColumnChunk(static_cast<int>(leaf));
        file.column_sizes[leaves[leaf].field_id] += chunk->total_compressed_size();
      }
    }
  }

  Status CopyBytes(Source& source, const ChunkRange& range) {
    for (int64_t done = 0; done < range.length;) {
      const int64_t wanted = std::min(kPieceBytes, range.length - done);
      std::shared_ptr<arrow::Buffer> piece;
      K2I_RETURN_IF_ERROR(source.Catching([&]() -> Status {
        K2I_ASSIGN_OR_RETURN(piece, FromArrow(source.file()->ReadAt(range.start + done, wanted)));
        if (piece->size() == wanted) return {};
        return Fail(ErrorCode::kCorruption, fmt::format("ends before byte {}", range.start + range.length));
      }));
      K2I_RETURN_IF_ERROR(Sent(stream_.Write(piece->data(), piece->size())));
      if (on_copied_) K2I_RETURN_IF_ERROR(on_copied_(wanted));
      done += wanted;
    }
    return {};
  }

  Status Sent(const arrow::Status& status) const {
    if (status.ok()) return {};
    return std::unexpected(Explain(ToError(status)));
  }
  /// The store's own error where one is behind `error`.
  Error Explain(Error error) const { return stream_.store_error().value_or(std::move(error)); }

  StoreOutputStream stream_;
  const OnCopied& on_copied_;
  CopiedFooter footer_;
};

RowGroupCopy::RowGroupCopy(io::ObjectStore& store, std::shared_ptr<const FileLayout> layout, int32_t spec_id,
                           arrow::MemoryPool* pool)
    : store_(store), layout_(std::move(layout)), spec_id_(spec_id), pool_(pool) {}

RowGroupCopy::~RowGroupCopy() = default;

Result<std::unique_ptr<RowGroupCopy>> RowGroupCopy::Make(io::ObjectStore& store, const WriterOptions& options,
                                                         arrow::MemoryPool* pool) {
  K2I_ASSIGN_OR_RETURN(auto layout, FileLayout::Make(options));
  std::unique_ptr<RowGroupCopy> copy(new RowGroupCopy(store, std::move(layout), options.spec.spec_id, pool));
  K2I_ASSIGN_OR_RETURN(copy->expected_, EmptyFooter(*copy->layout_, pool));
  return copy;
}

Result<bool> RowGroupCopy::Add(const iceberg::DataFile& file, const CopyLimits& limits) {
  if (!MayBeCopied(file, limits) || !MergeMetrics({&file}, layout_->leaves, layout_->modes)) return false;
  K2I_ASSIGN_OR_RETURN(auto source, Source::Open(store_, file, pool_));
  if (!source->MayBeCopied(*expected_->schema(), *layout_, limits)) return false;
  sources_.push_back(std::move(source));
  return true;
}

Result<iceberg::DataFile> RowGroupCopy::Run(const std::string& location, const OnCopied& on_copied) {
  K2I_ASSIGN_OR_RETURN(auto opened, store_.OpenForWrite(location));
  Output output(std::move(opened), on_copied);
  K2I_RETURN_IF_ERROR(output.Begin());
  std::vector<const iceberg::DataFile*> files;
  for (const auto& source : sources_) {
    K2I_RETURN_IF_ERROR(output.CopyChunks(*source));
    files.push_back(&source->data_file());
  }
  auto file = MergeMetrics(files, layout_->leaves, layout_->modes);
  if (!file) return Fail(ErrorCode::kInternal, "metrics that were there are not");
  file->file_path = location;
  file->spec_id = spec_id_;
  file->partition = files.front()->partition;
  K2I_RETURN_IF_ERROR(output.Finish(layout_->leaves, *file));
  return *std::move(file);
}

}  // namespace k2i::datafile
