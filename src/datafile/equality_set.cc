// SPDX-License-Identifier: Apache-2.0
#include "datafile/equality_set.h"

#include <arrow/record_batch.h>

#include <algorithm>
#include <numeric>

#include "datafile/data_file_reader.h"
#include "datafile/row_keys.h"
#include "iceberg/scan/delete_index.h"

namespace k2i::datafile {
namespace {

constexpr int64_t kKeyOverhead = 96;  // of a string in a hash map, and its value

std::unexpected<Error> TooLarge(int64_t max_bytes) {
  return Fail(ErrorCode::kResourceExhausted,
              "the table's equality deletes take more than " + std::to_string(max_bytes >> 20) +
                  " MiB in memory; compact the table to remove them",
              Component::kStorage);
}

}  // namespace

Result<std::shared_ptr<const EqualitySet>> EqualitySet::Load(io::ObjectStore& store,
                                                             const iceberg::EqualityDeletes& deletes,
                                                             std::vector<iceberg::NestedField> columns,
                                                             arrow::MemoryPool* pool, int64_t max_bytes) {
  std::shared_ptr<EqualitySet> set(new EqualitySet(columns));
  // A column that a delete file lacks is no column of nulls.
  for (auto& column : columns) column.optional = false;
  const iceberg::Schema schema{.type = iceberg::Type::Struct(std::move(columns))};
  for (const auto& entry : deletes.files) {
    K2I_ASSIGN_OR_RETURN(auto reader, DataFileReader::Open(store, entry->data_file, schema, pool));
    K2I_RETURN_IF_ERROR(reader->ForEach(
        [&](const arrow::RecordBatch& rows) { return set->Add(rows, *entry->sequence_number, max_bytes); }));
  }
  return set;
}

Status EqualitySet::Add(const arrow::RecordBatch& rows, int64_t sequence_number, int64_t max_bytes) {
  std::vector<int> all(columns_.size());
  std::iota(all.begin(), all.end(), 0);
  K2I_ASSIGN_OR_RETURN(const RowKeys keys, RowKeys::Make(rows, all));
  std::string key;
  for (int64_t row = 0; row < rows.num_rows(); ++row) {
    keys.Write(row, key);
    const auto [it, added] = newest_.try_emplace(key, sequence_number);
    it->second = std::max(it->second, sequence_number);
    if (added) size_bytes_ += static_cast<int64_t>(key.size()) + kKeyOverhead;
    if (size_bytes_ > max_bytes) return TooLarge(max_bytes);
  }
  return {};
}

Status EqualitySet::Mark(const arrow::RecordBatch& rows, std::span<const int> indexes, int64_t sequence_number,
                         std::vector<uint8_t>& deleted) const {
  K2I_ASSIGN_OR_RETURN(const RowKeys keys, RowKeys::Make(rows, indexes));
  std::string key;
  for (size_t row = 0; row < deleted.size(); ++row) {
    if (deleted[row] != 0) continue;
    keys.Write(static_cast<int64_t>(row), key);
    const auto found = newest_.find(key);
    if (found != newest_.end() && found->second > sequence_number) deleted[row] = 1;
  }
  return {};
}

}  // namespace k2i::datafile
