// SPDX-License-Identifier: Apache-2.0
#include "datafile/position_deletes.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <optional>

#include "datafile/data_file_reader.h"
#include "datafile/row_group_statistics.h"
#include "iceberg/model/reserved_fields.h"

namespace k2i::datafile {
namespace {

using iceberg::Type;
using iceberg::TypeId;

const iceberg::Schema& DeleteColumns() {
  static const iceberg::Schema kColumns{
      .type = Type::Struct(
          {{iceberg::kDeleteFilePathFieldId, "file_path", Type::Primitive(TypeId::kString), /*optional=*/false},
           {iceberg::kDeletePositionFieldId, "pos", Type::Primitive(TypeId::kLong), /*optional=*/false}})};
  return kColumns;
}

bool MayName(const RowGroupStatistics& group, std::string_view data_file) {
  const auto paths = group.Of(iceberg::kDeleteFilePathFieldId, *DeleteColumns().fields()[0].type);
  if (!paths) return true;
  const auto bound = [](const std::optional<iceberg::Literal>& literal) {
    return literal ? std::get_if<std::string>(&*literal) : nullptr;
  };
  const std::string* lower = bound(paths->lower);
  const std::string* upper = bound(paths->upper);
  return (lower == nullptr || *lower <= data_file) && (upper == nullptr || data_file <= *upper);
}

using Visit = std::function<Status(std::string_view path, int64_t position)>;

Status VisitBatch(const arrow::RecordBatch& rows, const Visit& visit) {
  const auto& paths = static_cast<const arrow::StringArray&>(*rows.column(0));
  const auto& positions = static_cast<const arrow::Int64Array&>(*rows.column(1));
  if (paths.null_count() > 0 || positions.null_count() > 0) {
    return Fail(ErrorCode::kCorruption, "a position delete without a path or a position", Component::kStorage);
  }
  for (int64_t row = 0; row < rows.num_rows(); ++row) {
    const int64_t position = positions.Value(row);
    if (position < 0) return Fail(ErrorCode::kCorruption, "a position delete below 0", Component::kStorage);
    K2I_RETURN_IF_ERROR(visit(paths.GetView(row), position));
  }
  return {};
}

/// Of the row groups that may name `data_file`, or of all.
Status ForEachDelete(io::ObjectStore& store, const iceberg::DataFile& deletes,
                     std::optional<std::string_view> data_file, arrow::MemoryPool* pool, const Visit& visit) {
  ReaderOptions options;
  if (data_file) options.keep_row_group = [&](const RowGroupStatistics& group) { return MayName(group, *data_file); };
  K2I_ASSIGN_OR_RETURN(auto reader, DataFileReader::Open(store, deletes, DeleteColumns(), pool, options));
  const Status read = reader->ForEach([&](const arrow::RecordBatch& rows) { return VisitBatch(rows, visit); });
  if (!read && read.error().code == ErrorCode::kCorruption)
    return std::unexpected(read.error().With(deletes.file_path));
  return read;
}

}  // namespace

Result<std::optional<PositionsByFile>> ReadPositionDeletes(io::ObjectStore& store, const iceberg::DataFile& deletes,
                                                           arrow::MemoryPool* pool, int64_t max_bytes) {
  PositionsByFile files;
  auto current = files.end();
  int64_t bytes = 0;
  bool too_large = false;
  // Sorted by path, as the spec asks: a file's set is whole when the next one begins.
  const auto visit = [&](std::string_view path, int64_t position) -> Status {
    if (current == files.end() || current->first != path) {
      if (current != files.end()) bytes += current->second.size_bytes() + static_cast<int64_t>(current->first.size());
      too_large = bytes > max_bytes;
      if (too_large) return Fail(ErrorCode::kResourceExhausted, "");
      current = files.try_emplace(std::string(path)).first;
    }
    current->second.Add(position);
    return {};
  };
  const Status read = ForEachDelete(store, deletes, std::nullopt, pool, visit);
  if (too_large) return std::nullopt;
  if (!read) return std::unexpected(read.error());
  return files;
}

Result<PositionSet> ReadPositionDeletesOf(io::ObjectStore& store, const iceberg::DataFile& deletes,
                                          std::string_view data_file, arrow::MemoryPool* pool) {
  PositionSet positions;
  K2I_RETURN_IF_ERROR(
      ForEachDelete(store, deletes, data_file, pool, [&](std::string_view path, int64_t position) -> Status {
        if (path == data_file) positions.Add(position);
        return {};
      }));
  return positions;
}

}  // namespace k2i::datafile
