// SPDX-License-Identifier: Apache-2.0
#include "datafile/delete_loader.h"

#include <algorithm>
#include <ranges>
#include <utility>

#include "datafile/deletion_vector.h"

namespace k2i::datafile {
namespace {

using iceberg::NestedField;

/// The newest form of a column, which the table may have dropped since.
Result<NestedField> ColumnOf(const iceberg::TableMetadata& table, int32_t field_id) {
  std::vector<const iceberg::Schema*> schemas{&table.current_schema()};
  for (const auto& schema : std::views::reverse(table.schemas)) schemas.push_back(&schema);
  for (const auto* schema : schemas) {
    const auto field = std::ranges::find(schema->fields(), field_id, &NestedField::field_id);
    if (field == schema->fields().end()) continue;
    NestedField column = *field;
    column.optional = true;  // in files that are older than it
    return column;
  }
  const std::string id = std::to_string(field_id);
  if (std::ranges::any_of(schemas, [&](const auto* schema) { return schema->FindField(field_id) != nullptr; })) {
    return Fail(ErrorCode::kNotSupported, "equality deletes by the nested column of field id " + id);
  }
  return Fail(ErrorCode::kCorruption, "equality deletes by field id " + id + ", which no schema of the table has",
              Component::kStorage);
}

Status CheckWithin(const PositionSet& positions, const iceberg::DataFile& data) {
  if (positions.last().value_or(-1) < data.record_count) return {};
  return Fail(ErrorCode::kCorruption,
              "row " + std::to_string(*positions.last()) + " of " + data.file_path + " is deleted, but it has only " +
                  std::to_string(data.record_count),
              Component::kStorage);
}

int64_t SizeOf(const PositionsByFile& files) {
  int64_t bytes = 0;
  for (const auto& [path, positions] : files) bytes += positions.size_bytes() + static_cast<int64_t>(path.size());
  return bytes;
}

}  // namespace

DeleteLoader::DeleteLoader(io::ObjectStore& store, const iceberg::TableMetadata& table, arrow::MemoryPool* pool,
                           DeleteLoaderOptions options)
    : store_(store), table_(table), pool_(pool), options_(options) {}

Result<std::shared_ptr<const DeletedRows>> DeleteLoader::Load(const iceberg::DataFile& data,
                                                              const iceberg::DeletesOfFile& deletes) {
  auto rows = std::make_shared<DeletedRows>();
  rows->sequence_number = deletes.sequence_number;
  if (deletes.vector != nullptr) {
    K2I_ASSIGN_OR_RETURN(rows->positions, ReadDeletionVector(store_, deletes.vector->data_file));
  }
  for (const auto& entry : deletes.positions) {
    K2I_RETURN_IF_ERROR(AddPositions(entry->data_file, data.file_path, rows->positions));
  }
  K2I_RETURN_IF_ERROR(CheckWithin(rows->positions, data));
  for (const auto& group : deletes.equalities) {
    K2I_ASSIGN_OR_RETURN(rows->equalities.emplace_back(), Equalities(group));
  }
  return rows;
}

Status DeleteLoader::AddPositions(const iceberg::DataFile& deletes, const std::string& data_file,
                                  PositionSet& positions) {
  std::shared_ptr<const PositionsByFile> shared;
  if (!iceberg::ReferencedDataFile(deletes)) {
    K2I_ASSIGN_OR_RETURN(shared, Shared(deletes));
  }
  if (shared != nullptr) {
    const auto found = shared->find(data_file);
    if (found != shared->end()) positions.AddAll(found->second);
    return {};
  }
  K2I_ASSIGN_OR_RETURN(const PositionSet read, ReadPositionDeletesOf(store_, deletes, data_file, pool_));
  positions.AddAll(read);
  return {};
}

std::shared_ptr<DeleteLoader::SharedFile> DeleteLoader::SlotOf(const std::string& location) {
  std::lock_guard lock(mutex_);
  auto& slot = shared_[location];
  if (slot == nullptr) slot = std::make_shared<SharedFile>();
  const auto kept = std::ranges::find(kept_, location, &Kept::location);
  if (kept != kept_.end()) kept_.splice(kept_.begin(), kept_, kept);
  return slot;
}

void DeleteLoader::Keep(Kept kept) {
  std::lock_guard lock(mutex_);
  kept_bytes_ += kept.size_bytes;
  kept_.push_front(std::move(kept));
  while (kept_bytes_ > options_.cache_bytes && kept_.size() > 1) {
    kept_bytes_ -= kept_.back().size_bytes;
    shared_.erase(kept_.back().location);
    kept_.pop_back();
  }
}

Result<std::shared_ptr<const PositionsByFile>> DeleteLoader::Shared(const iceberg::DataFile& deletes) {
  const auto slot = SlotOf(deletes.file_path);
  std::lock_guard lock(slot->mutex);
  if (slot->loaded) return slot->positions;
  K2I_ASSIGN_OR_RETURN(auto read, ReadPositionDeletes(store_, deletes, pool_, options_.cache_bytes));
  slot->loaded = true;
  if (!read) return nullptr;
  const int64_t bytes = SizeOf(*read);
  slot->positions = std::make_shared<const PositionsByFile>(*std::move(read));
  Keep({deletes.file_path, bytes});
  return slot->positions;
}

Result<std::shared_ptr<const EqualitySet>> DeleteLoader::Equalities(
    const std::shared_ptr<const iceberg::EqualityDeletes>& deletes) {
  std::lock_guard lock(equality_mutex_);
  auto& set = equalities_[deletes];
  if (set != nullptr) return set;
  std::vector<NestedField> columns;
  for (const int32_t id : deletes->field_ids) {
    K2I_ASSIGN_OR_RETURN(columns.emplace_back(), ColumnOf(table_, id));
  }
  K2I_ASSIGN_OR_RETURN(
      set, EqualitySet::Load(store_, *deletes, std::move(columns), pool_, options_.equality_bytes - equality_bytes_));
  equality_bytes_ += set->size_bytes();
  return set;
}

std::optional<int64_t> LiveRowCount(const iceberg::DataFile& data, const iceberg::DeletesOfFile& deletes) {
  if (!deletes.positions.empty() || !deletes.equalities.empty()) return std::nullopt;
  return data.record_count - (deletes.vector != nullptr ? deletes.vector->data_file.record_count : 0);
}

}  // namespace k2i::datafile
