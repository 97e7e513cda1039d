// SPDX-License-Identifier: Apache-2.0
//
// Applies TableUpdates one by one; ApplyUpdates is the way in.
#pragma once

#include <optional>
#include <set>
#include <string_view>

#include "iceberg/update/table_update.h"

namespace k2i::iceberg {

/// One set of updates. After an error the builder is spent. Not thread-safe.
class MetadataBuilder {
 public:
  MetadataBuilder(const TableMetadata& base, int64_t now_ms);

  Status operator()(const update::AssignUuid& update);
  Status operator()(const update::UpgradeFormatVersion& update);
  Status operator()(const update::SetLocation& update);
  Status operator()(const update::SetProperties& update);
  Status operator()(const update::RemoveProperties& update);

  // metadata_builder_definitions.cc
  Status operator()(const update::AddSchema& update);
  Status operator()(const update::SetCurrentSchema& update);
  Status operator()(const update::AddPartitionSpec& update);
  Status operator()(const update::SetDefaultSpec& update);
  Status operator()(const update::AddSortOrder& update);
  Status operator()(const update::SetDefaultSortOrder& update);

  // metadata_builder_snapshots.cc
  Status operator()(const update::AddSnapshot& update);
  Status operator()(const update::SetSnapshotRef& update);
  Status operator()(const update::RemoveSnapshots& update);
  Status operator()(const update::RemoveSnapshotRef& update);

  /// Checks that the parts fit together, brings the logs up to date and hands the metadata out.
  Result<TableMetadata> Finish(std::string_view base_location);

 private:
  const Schema* current_schema() const { return metadata_.FindSchema(metadata_.current_schema_id); }
  Status CheckDefaults() const;
  Status LogPreviousFile(std::string_view base_location);
  void CleanSnapshotLog();

  TableMetadata metadata_;
  const int64_t base_updated_ms_;
  std::optional<int32_t> last_added_schema_, last_added_spec_, last_added_order_;
  std::set<int64_t> added_snapshots_;
  bool removed_snapshots_ = false;
};

/// `location` without slashes at its end, as Iceberg stores it.
std::string WithoutTrailingSlash(std::string location);
/// True for properties that say what metadata holds elsewhere; Iceberg does not store them.
bool IsReservedProperty(std::string_view key);
/// The number in a property "format-version"; InvalidArgument when it is none.
Result<int32_t> ParseFormatVersion(const std::string& text);

}  // namespace k2i::iceberg
