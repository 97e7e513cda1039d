// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <utility>

#include "iceberg/manifest/avro/container.h"
#include "iceberg/manifest/manifest.h"
#include "iceberg/manifest/manifest_file_columns.h"

namespace k2i::iceberg {
namespace {

using columns::Column;

avro::TypePtr ListSchema(int32_t format_version) {
  std::vector<avro::Field> fields;
  for (const auto& column : ManifestFileColumns()) {
    if (column.min_version <= format_version) fields.push_back(column.AvroField());
  }
  return avro::Record("manifest_file", std::move(fields));
}

std::map<std::string, std::string> Metadata(int32_t format_version, const Snapshot& snapshot) {
  const auto& parent = snapshot.parent_snapshot_id;
  std::map<std::string, std::string> metadata{
      {"snapshot-id", std::to_string(snapshot.snapshot_id)},
      {"parent-snapshot-id", parent.has_value() ? std::to_string(*parent) : "null"},
      {"sequence-number", std::to_string(snapshot.sequence_number)},
      {"format-version", std::to_string(format_version)}};
  if (format_version >= 3) metadata["first-row-id"] = std::to_string(snapshot.first_row_id.value_or(0));
  return metadata;
}

bool HasCounts(const ManifestFile& file) {
  return file.added_files_count >= 0 && file.existing_files_count >= 0 && file.deleted_files_count >= 0 &&
         file.added_rows_count >= 0 && file.existing_rows_count >= 0 && file.deleted_rows_count >= 0;
}

/// `file` with the sequence numbers that the commit gives it, checked for what every reader relies on.
Result<ManifestFile> Committed(int32_t format_version, const Snapshot& snapshot, ManifestFile file) {
  if (!HasCounts(file)) {
    return Fail(ErrorCode::kNotSupported,
                "manifest " + file.manifest_path +
                    " comes from a v1 manifest list without counts; rewrite the table's manifests");
  }
  const bool unassigned =
      file.sequence_number == kUnassignedSequence || file.min_sequence_number == kUnassignedSequence;
  if (unassigned && file.added_snapshot_id != snapshot.snapshot_id) {
    return Fail(ErrorCode::kInvalidArgument,
                "manifest " + file.manifest_path + " of another snapshot has no sequence number");
  }
  if (file.sequence_number == kUnassignedSequence) file.sequence_number = snapshot.sequence_number;
  if (file.min_sequence_number == kUnassignedSequence) file.min_sequence_number = snapshot.sequence_number;
  if (format_version >= 3 && file.content == ManifestFile::Content::kData && !file.first_row_id.has_value()) {
    return Fail(ErrorCode::kInvalidArgument, "manifest " + file.manifest_path + " has no first row id");
  }
  return file;
}

}  // namespace

Result<int64_t> AssignFirstRowIds(int64_t next_row_id, std::vector<ManifestFile>& manifests) {
  for (ManifestFile& file : manifests) {
    if (file.content != ManifestFile::Content::kData || file.first_row_id.has_value()) continue;
    file.first_row_id = next_row_id;
    if (__builtin_add_overflow(next_row_id, file.existing_rows_count, &next_row_id) ||
        __builtin_add_overflow(next_row_id, file.added_rows_count, &next_row_id)) {
      return Fail(ErrorCode::kCorruption, "row ids overflow at manifest " + file.manifest_path);
    }
  }
  return next_row_id;
}

Result<std::string> EncodeManifestList(int32_t format_version, const Snapshot& snapshot,
                                       const std::vector<ManifestFile>& manifests) {
  if (format_version != 2 && format_version != 3) {
    return Fail(ErrorCode::kNotSupported, "writing manifest lists of format version " + std::to_string(format_version));
  }
  avro::ContainerWriter writer(ListSchema(format_version), Metadata(format_version, snapshot));
  for (const ManifestFile& manifest : manifests) {
    K2I_ASSIGN_OR_RETURN(const ManifestFile file, Committed(format_version, snapshot, manifest));
    avro::Values values;
    for (const auto& column : ManifestFileColumns()) {
      if (column.min_version <= format_version) values.push_back(column.get(file));
    }
    K2I_RETURN_IF_ERROR(writer.Append({std::move(values)}));
  }
  return writer.Finish();
}

namespace {

/// Reads field "partitions", whose elements are records of their own.
class SummariesReader {
 public:
  static Result<SummariesReader> Make(const avro::Type& root) {
    SummariesReader reader;
    reader.index_ = root.FieldIndex(kPartitionsFieldId);
    if (reader.index_ < 0) return reader;
    const avro::Type* list = avro::NonNull(*root.fields[static_cast<size_t>(reader.index_)].type);
    const bool array = list != nullptr && list->kind == avro::Kind::kArray;
    const avro::Type* element = array ? avro::NonNull(*list->parts[0]) : nullptr;
    if (element == nullptr) return Fail(ErrorCode::kCorruption, "manifest list: partitions is not a list of records");
    K2I_ASSIGN_OR_RETURN(reader.summary_, columns::RecordReader<FieldSummary>::Make(*element, FieldSummaryColumns()));
    return reader;
  }

  Status Read(const avro::Value& record, std::vector<FieldSummary>& out) const {
    if (index_ < 0) return {};
    const auto* summaries = (*record.As<avro::Values>())[static_cast<size_t>(index_)].As<avro::Values>();
    if (summaries == nullptr) return {};
    for (const avro::Value& summary : *summaries) K2I_RETURN_IF_ERROR(summary_.Read(summary, out.emplace_back()));
    return {};
  }

 private:
  int index_ = -1;
  columns::RecordReader<FieldSummary> summary_;
};

/// What a v1 file does not say: the counts.
ManifestFile WithoutCounts() {
  ManifestFile file;
  file.added_files_count = file.existing_files_count = file.deleted_files_count = -1;
  file.added_rows_count = file.existing_rows_count = file.deleted_rows_count = -1;
  return file;
}

}  // namespace

Result<std::vector<ManifestFile>> DecodeManifestList(std::string_view bytes) {
  K2I_ASSIGN_OR_RETURN(avro::ContainerReader container, avro::ContainerReader::Open(bytes));
  std::vector<Column<ManifestFile>> plain(ManifestFileColumns().begin(), ManifestFileColumns().end());
  std::erase_if(plain, [](const auto& column) { return column.id == kPartitionsFieldId; });
  K2I_ASSIGN_OR_RETURN(const auto reader, columns::RecordReader<ManifestFile>::Make(container.schema(), plain));
  K2I_ASSIGN_OR_RETURN(const auto summaries, SummariesReader::Make(container.schema()));
  std::vector<ManifestFile> files;
  K2I_RETURN_IF_ERROR(container.ForEach([&](const avro::Value& record) -> Status {
    ManifestFile file = WithoutCounts();
    K2I_RETURN_IF_ERROR(reader.Read(record, file));
    K2I_RETURN_IF_ERROR(summaries.Read(record, file.partitions));
    files.push_back(std::move(file));
    return {};
  }));
  return files;
}

}  // namespace k2i::iceberg
