// SPDX-License-Identifier: Apache-2.0
//
// Ids, names and types are those of the Iceberg specification, "Manifests"; the order and the names of the key-value
// records are those Iceberg's Java library writes.
#include "iceberg/manifest/data_file_columns.h"

#include <utility>

namespace k2i::iceberg {
namespace {

using avro::Kind;
using columns::Column;
using columns::Get;
using columns::Presence;
using columns::Set;

constexpr int32_t kFileFormatFieldId = 101;

avro::TypePtr Int() { return avro::Primitive(Kind::kInt); }
avro::TypePtr Long() { return avro::Primitive(Kind::kLong); }
avro::TypePtr String() { return avro::Primitive(Kind::kString); }
avro::TypePtr Binary() { return avro::Primitive(Kind::kBytes); }

/// A map with int keys: an array of records k<key id>_v<value id>.
avro::TypePtr MapOf(int32_t key_id, int32_t value_id, const avro::TypePtr& value) {
  const std::string name = "k" + std::to_string(key_id) + "_v" + std::to_string(value_id);
  return avro::Array(avro::Record(name, {{"key", Int(), key_id}, {"value", value, value_id}}), std::nullopt, "map");
}

template <auto kMember>
Column<DataFile> Of(int32_t id, const char* name, avro::TypePtr type, Presence presence, const char* doc,
                    int min_version = 1) {
  return {id, name, std::move(type), presence, doc, Get<kMember, DataFile>, Set<kMember, DataFile>, min_version};
}

template <auto kMember>
Column<ManifestEntry> EntryOf(int32_t id, const char* name) {
  return {id, name, Long(), Presence::kOptional, "", Get<kMember, ManifestEntry>, Set<kMember, ManifestEntry>};
}

std::vector<Column<DataFile>> MakeDataFileColumns() {
  constexpr Presence kRequired = Presence::kRequired, kOptional = Presence::kOptional;
  return {
      {134, "content", Int(), Presence::kRequiredFromV2,
       "Contents of the file: 0=data, 1=position deletes, 2=equality deletes", Get<&DataFile::content, DataFile>,
       [](const avro::Value& value, DataFile& file) {
         return columns::EnumFromValue<DataFile::Content::kEqualityDeletes>(value, file.content);
       }},
      Of<&DataFile::file_path>(100, "file_path", String(), kRequired, "Location URI with FS scheme"),
      Of<&DataFile::file_format>(kFileFormatFieldId, "file_format", String(), kRequired,
                                 "File format name: avro, orc, or parquet"),
      Of<&DataFile::record_count>(103, "record_count", Long(), kRequired, "Number of records in the file"),
      Of<&DataFile::file_size_in_bytes>(104, "file_size_in_bytes", Long(), kRequired, "Total file size in bytes"),
      Of<&DataFile::column_sizes>(108, "column_sizes", MapOf(117, 118, Long()), kOptional,
                                  "Map of column id to total size on disk"),
      Of<&DataFile::value_counts>(109, "value_counts", MapOf(119, 120, Long()), kOptional,
                                  "Map of column id to total count, including null and NaN"),
      Of<&DataFile::null_value_counts>(110, "null_value_counts", MapOf(121, 122, Long()), kOptional,
                                       "Map of column id to null value count"),
      Of<&DataFile::nan_value_counts>(137, "nan_value_counts", MapOf(138, 139, Long()), kOptional,
                                      "Map of column id to number of NaN values in the column"),
      Of<&DataFile::lower_bounds>(125, "lower_bounds", MapOf(126, 127, Binary()), kOptional,
                                  "Map of column id to lower bound"),
      Of<&DataFile::upper_bounds>(128, "upper_bounds", MapOf(129, 130, Binary()), kOptional,
                                  "Map of column id to upper bound"),
      Of<&DataFile::key_metadata>(131, "key_metadata", Binary(), kOptional, "Encryption key metadata blob"),
      Of<&DataFile::split_offsets>(132, "split_offsets", avro::Array(Long(), 133), kOptional, "Splittable offsets"),
      Of<&DataFile::equality_ids>(135, "equality_ids", avro::Array(Int(), 136), kOptional,
                                  "Equality comparison field IDs"),
      Of<&DataFile::sort_order_id>(140, "sort_order_id", Int(), kOptional, "Sort order ID"),
      Of<&DataFile::first_row_id>(142, "first_row_id", Long(), kOptional,
                                  "The first row ID assigned to the first row in the data file", 3),
      Of<&DataFile::referenced_data_file>(
          143, "referenced_data_file", String(), kOptional,
          "Fully qualified location (URI with FS scheme) of a data file that all deletes reference", 2),
      Of<&DataFile::content_offset>(144, "content_offset", Long(), kOptional,
                                    "The offset in the file where the content starts", 3),
      Of<&DataFile::content_size_in_bytes>(145, "content_size_in_bytes", Long(), kOptional,
                                           "The length of referenced content stored in the file", 3),
  };
}

}  // namespace

std::span<const Column<ManifestEntry>> EntryColumns() {
  static const std::vector<Column<ManifestEntry>> kColumns = {
      {0, "status", Int(), Presence::kRequired, "", Get<&ManifestEntry::status, ManifestEntry>,
       [](const avro::Value& value, ManifestEntry& entry) {
         return columns::EnumFromValue<ManifestEntry::Status::kDeleted>(value, entry.status);
       }},
      EntryOf<&ManifestEntry::snapshot_id>(1, "snapshot_id"),
      EntryOf<&ManifestEntry::sequence_number>(3, "sequence_number"),
      EntryOf<&ManifestEntry::file_sequence_number>(4, "file_sequence_number"),
  };
  return kColumns;
}

std::span<const Column<DataFile>> DataFileColumns() {
  static const std::vector<Column<DataFile>> kColumns = MakeDataFileColumns();
  return kColumns;
}

avro::TypePtr EntrySchema(int32_t format_version, avro::TypePtr partition) {
  std::vector<avro::Field> file;
  for (const auto& column : DataFileColumns()) {
    if (column.min_version > format_version) continue;
    file.push_back(column.AvroField());
    if (column.id != kFileFormatFieldId) continue;
    file.push_back(
        {"partition", partition, kPartitionFieldId, "Partition data tuple, schema based on the partition spec"});
  }
  std::vector<avro::Field> entry;
  for (const auto& column : EntryColumns()) entry.push_back(column.AvroField());
  entry.push_back({"data_file", avro::Record("r2", std::move(file)), kDataFileFieldId});
  return avro::Record("manifest_entry", std::move(entry));
}

avro::Value EntryValue(int32_t format_version, const ManifestEntry& entry, avro::Value partition) {
  avro::Values file;
  for (const auto& column : DataFileColumns()) {
    if (column.min_version > format_version) continue;
    file.push_back(column.get(entry.data_file));
    if (column.id == kFileFormatFieldId) file.push_back(std::move(partition));
  }
  avro::Values values;
  for (const auto& column : EntryColumns()) values.push_back(column.get(entry));
  values.push_back({std::move(file)});
  return {std::move(values)};
}

}  // namespace k2i::iceberg
