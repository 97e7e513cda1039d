// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <deque>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "base/json_text.h"
#include "iceberg/manifest/avro/container.h"
#include "iceberg/manifest/data_file_columns.h"
#include "iceberg/manifest/manifest.h"
#include "iceberg/manifest/partition_value.h"
#include "iceberg/model/json.h"

namespace k2i::iceberg {
namespace {

using Entries = std::vector<ManifestEntry>;
using EntryStatus = ManifestEntry::Status;

std::unexpected<Error> Refuse(const DataFile& file, const char* what) {
  return Fail(ErrorCode::kInvalidArgument, "manifest entry of " + file.file_path + ": " + what);
}

bool IsDelete(const ManifestEntry& entry) { return entry.data_file.content != DataFile::Content::kData; }

Status CheckEntry(const ManifestEntry& entry, bool deletes, int64_t snapshot_id) {
  const DataFile& file = entry.data_file;
  if (IsDelete(entry) != deletes) return Refuse(file, "data files and delete files in one manifest");
  if (file.record_count < 0 || file.file_size_in_bytes < 0) return Refuse(file, "a negative count or size");
  if (entry.sequence_number.has_value()) return {};
  if (entry.status != EntryStatus::kAdded) return Refuse(file, "only an added file can inherit its sequence number");
  if (entry.snapshot_id.value_or(snapshot_id) != snapshot_id) {
    return Refuse(file, "of another snapshot, and without a sequence number");
  }
  return {};
}

/// False when the rows are more than 64 bits hold.
bool CountRows(const ManifestEntry& entry, int32_t& files, int64_t& rows) {
  ++files;
  return !__builtin_add_overflow(rows, entry.data_file.record_count, &rows);
}

Status Count(const ManifestEntry& entry, ManifestFile& summary) {
  const bool counted = entry.status == EntryStatus::kAdded
                           ? CountRows(entry, summary.added_files_count, summary.added_rows_count)
                       : entry.status == EntryStatus::kExisting
                           ? CountRows(entry, summary.existing_files_count, summary.existing_rows_count)
                           : CountRows(entry, summary.deleted_files_count, summary.deleted_rows_count);
  if (!counted) return Refuse(entry.data_file, "with those before it, more rows than 64 bits count");
  const bool live = entry.status != EntryStatus::kDeleted;
  if (!live || !entry.sequence_number.has_value()) return {};
  const bool first = summary.min_sequence_number == kUnassignedSequence;
  summary.min_sequence_number =
      first ? *entry.sequence_number : std::min(summary.min_sequence_number, *entry.sequence_number);
  return {};
}

std::map<std::string, std::string> Metadata(int32_t format_version, const Schema& schema, const PartitionSpec& spec,
                                            bool deletes) {
  return {{"schema", JsonText(SchemaToJson(schema))},
          {"schema-id", std::to_string(schema.schema_id)},
          {"partition-spec", JsonText(PartitionFieldsToJson(spec))},
          {"partition-spec-id", std::to_string(spec.spec_id)},
          {"format-version", std::to_string(format_version)},
          {"content", deletes ? "deletes" : "data"}};
}

}  // namespace

Result<EncodedManifest> EncodeManifest(int32_t format_version, const Schema& schema, const PartitionSpec& spec,
                                       int64_t snapshot_id, const Entries& entries) {
  if (format_version != 2 && format_version != 3) {
    return Fail(ErrorCode::kNotSupported, "writing manifests of format version " + std::to_string(format_version));
  }
  const bool deletes = !entries.empty() && IsDelete(entries.front());
  K2I_ASSIGN_OR_RETURN(const TypePtr partition_type, spec.PartitionType(schema));
  avro::ContainerWriter writer(EntrySchema(format_version, PartitionSchema(*partition_type)),
                               Metadata(format_version, schema, spec, deletes));
  PartitionSummary partitions(*partition_type);
  EncodedManifest result;
  result.summary = {.partition_spec_id = spec.spec_id,
                    .content = deletes ? ManifestFile::Content::kDeletes : ManifestFile::Content::kData,
                    .sequence_number = kUnassignedSequence,
                    .min_sequence_number = kUnassignedSequence,
                    .added_snapshot_id = snapshot_id};
  for (const ManifestEntry& entry : entries) {
    K2I_RETURN_IF_ERROR(CheckEntry(entry, deletes, snapshot_id));
    std::deque<std::string> arena;
    auto partition = PartitionValue(*partition_type, entry.data_file.partition, arena);
    if (!partition.has_value()) return std::unexpected(partition.error().With(entry.data_file.file_path));
    K2I_RETURN_IF_ERROR(writer.Append(EntryValue(format_version, entry, *std::move(partition))));
    partitions.Add(entry.data_file.partition);
    K2I_RETURN_IF_ERROR(Count(entry, result.summary));
  }
  K2I_ASSIGN_OR_RETURN(result.bytes, writer.Finish());
  result.summary.manifest_length = static_cast<int64_t>(result.bytes.size());
  result.summary.partitions = partitions.Finish();
  return result;
}

}  // namespace k2i::iceberg
