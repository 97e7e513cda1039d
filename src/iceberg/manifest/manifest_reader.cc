// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <utility>

#include "iceberg/manifest/avro/container.h"
#include "iceberg/manifest/data_file_columns.h"
#include "iceberg/manifest/manifest.h"
#include "iceberg/manifest/partition_value.h"

namespace k2i::iceberg {
namespace {

std::unexpected<Error> Malformed(std::string what) {
  return Fail(ErrorCode::kCorruption, "manifest: " + std::move(what));
}

/// Knows where the parts of an entry stand in one manifest's records.
class EntryReader {
 public:
  static Result<EntryReader> Make(const avro::Type& root, const PartitionSpec& spec, const Schema& schema) {
    K2I_ASSIGN_OR_RETURN(auto entry, columns::RecordReader<ManifestEntry>::Make(root, EntryColumns()));
    const int file_index = root.FieldIndex(kDataFileFieldId);
    const avro::Type* file = file_index < 0 ? nullptr : avro::NonNull(*FieldType(root, file_index));
    if (file == nullptr) return Malformed("no field data_file");
    K2I_ASSIGN_OR_RETURN(auto data_file, columns::RecordReader<DataFile>::Make(*file, DataFileColumns()));
    const int partition_index = file->FieldIndex(kPartitionFieldId);
    const avro::Type* partition = partition_index < 0 ? nullptr : avro::NonNull(*FieldType(*file, partition_index));
    return EntryReader(std::move(entry), std::move(data_file), PartitionReader(partition, spec, schema), file_index,
                       partition_index);
  }

  Result<ManifestEntry> Read(const avro::Value& record) const {
    ManifestEntry entry;
    K2I_RETURN_IF_ERROR(entry_.Read(record, entry));
    const avro::Value& file = At(record, file_index_);
    K2I_RETURN_IF_ERROR(data_file_.Read(file, entry.data_file));
    if (entry.data_file.record_count < 0 || entry.data_file.file_size_in_bytes < 0) {
      return Malformed("a negative count or size");
    }
    K2I_ASSIGN_OR_RETURN(entry.data_file.partition,
                         partition_.Read(partition_index_ < 0 ? avro::Value{} : At(file, partition_index_)));
    return entry;
  }

 private:
  EntryReader(columns::RecordReader<ManifestEntry> entry, columns::RecordReader<DataFile> data_file,
              PartitionReader partition, int file_index, int partition_index)
      : entry_(std::move(entry)),
        data_file_(std::move(data_file)),
        partition_(std::move(partition)),
        file_index_(file_index),
        partition_index_(partition_index) {}

  static const avro::Type* FieldType(const avro::Type& record, int index) {
    return record.fields[static_cast<size_t>(index)].type.get();
  }
  static const avro::Value& At(const avro::Value& record, int index) {
    return (*record.As<avro::Values>())[static_cast<size_t>(index)];
  }

  columns::RecordReader<ManifestEntry> entry_;
  columns::RecordReader<DataFile> data_file_;
  PartitionReader partition_;
  int file_index_;
  int partition_index_;
};

/// Spec "Sequence Number Inheritance" and "First Row ID Inheritance".
class Inheritance {
 public:
  explicit Inheritance(const ManifestFile& file) : file_(file), next_row_id_(file.first_row_id) {}

  Status Apply(ManifestEntry& entry) {
    entry.data_file.spec_id = file_.partition_spec_id;
    if (!entry.snapshot_id.has_value()) entry.snapshot_id = file_.added_snapshot_id;
    // Manifests of v1 have the sequence number 0, and their files too.
    const bool inherits = entry.status == ManifestEntry::Status::kAdded || file_.sequence_number == 0;
    if (!entry.sequence_number.has_value() && inherits) entry.sequence_number = file_.sequence_number;
    if (!entry.file_sequence_number.has_value() && inherits) entry.file_sequence_number = file_.sequence_number;
    return AssignRowId(entry);
  }

 private:
  Status AssignRowId(ManifestEntry& entry) {
    DataFile& file = entry.data_file;
    const bool deleted = entry.status == ManifestEntry::Status::kDeleted;
    if (!next_row_id_.has_value() || deleted || file.content != DataFile::Content::kData) return {};
    if (file.first_row_id.has_value()) return {};
    file.first_row_id = *next_row_id_;
    if (__builtin_add_overflow(*next_row_id_, file.record_count, &*next_row_id_)) return Malformed("row ids overflow");
    return {};
  }

  const ManifestFile& file_;
  std::optional<int64_t> next_row_id_;
};

}  // namespace

Result<std::vector<ManifestEntry>> DecodeManifest(std::string_view bytes, const ManifestFile& file,
                                                  const PartitionSpec& spec, const Schema& schema) {
  K2I_ASSIGN_OR_RETURN(avro::ContainerReader container, avro::ContainerReader::Open(bytes));
  K2I_ASSIGN_OR_RETURN(const EntryReader reader, EntryReader::Make(container.schema(), spec, schema));
  Inheritance inheritance(file);
  std::vector<ManifestEntry> entries;
  K2I_RETURN_IF_ERROR(container.ForEach([&](const avro::Value& record) -> Status {
    K2I_ASSIGN_OR_RETURN(ManifestEntry entry, reader.Read(record));
    K2I_RETURN_IF_ERROR(inheritance.Apply(entry));
    entries.push_back(std::move(entry));
    return {};
  }));
  return entries;
}

}  // namespace k2i::iceberg
