// SPDX-License-Identifier: Apache-2.0
//
// Ids, names and types are those of the Iceberg specification, "Manifest Lists".
#include "iceberg/manifest/manifest_file_columns.h"

#include <utility>

namespace k2i::iceberg {
namespace {

using avro::Kind;
using columns::Column;
using columns::Get;
using columns::Presence;
using columns::Set;

constexpr int32_t kPartitionsElementId = 508;

template <auto kMember, typename T>
Column<T> Of(int32_t id, const char* name, Kind kind, Presence presence, const char* doc, int min_version = 1) {
  return {id, name, avro::Primitive(kind), presence, doc, Get<kMember, T>, Set<kMember, T>, min_version};
}

avro::TypePtr SummarySchema() {
  std::vector<avro::Field> fields;
  for (const auto& column : FieldSummaryColumns()) fields.push_back(column.AvroField());
  return avro::Record("r508", std::move(fields));
}

avro::Value SummariesValue(const ManifestFile& file) {
  avro::Values summaries;
  for (const FieldSummary& summary : file.partitions) {
    avro::Values values;
    for (const auto& column : FieldSummaryColumns()) values.push_back(column.get(summary));
    summaries.push_back({std::move(values)});
  }
  return {std::move(summaries)};
}

}  // namespace

std::span<const Column<FieldSummary>> FieldSummaryColumns() {
  using S = FieldSummary;
  static const std::vector<Column<S>> kColumns = {
      Of<&S::contains_null, S>(509, "contains_null", Kind::kBoolean, Presence::kRequired,
                               "True if any file has a null partition value"),
      Of<&S::contains_nan, S>(518, "contains_nan", Kind::kBoolean, Presence::kOptional,
                              "True if any file has a nan partition value"),
      Of<&S::lower_bound, S>(510, "lower_bound", Kind::kBytes, Presence::kOptional,
                             "Partition lower bound for all files"),
      Of<&S::upper_bound, S>(511, "upper_bound", Kind::kBytes, Presence::kOptional,
                             "Partition upper bound for all files"),
  };
  return kColumns;
}

std::span<const Column<ManifestFile>> ManifestFileColumns() {
  using M = ManifestFile;
  constexpr Presence kRequired = Presence::kRequired, kFromV2 = Presence::kRequiredFromV2;
  static const std::vector<Column<M>> kColumns = {
      Of<&M::manifest_path, M>(500, "manifest_path", Kind::kString, kRequired, "Location URI with FS scheme"),
      Of<&M::manifest_length, M>(501, "manifest_length", Kind::kLong, kRequired, "Total file size in bytes"),
      Of<&M::partition_spec_id, M>(502, "partition_spec_id", Kind::kInt, kRequired, "Spec ID used to write"),
      {517, "content", avro::Primitive(Kind::kInt), kFromV2, "Contents of the manifest: 0=data, 1=deletes",
       Get<&M::content, M>,
       [](const avro::Value& value, M& file) {
         return columns::EnumFromValue<M::Content::kDeletes>(value, file.content);
       }},
      Of<&M::sequence_number, M>(515, "sequence_number", Kind::kLong, kFromV2,
                                 "Sequence number when the manifest was added"),
      Of<&M::min_sequence_number, M>(516, "min_sequence_number", Kind::kLong, kFromV2,
                                     "Lowest sequence number in the manifest"),
      Of<&M::added_snapshot_id, M>(503, "added_snapshot_id", Kind::kLong, kRequired,
                                   "Snapshot ID that added the manifest"),
      Of<&M::added_files_count, M>(504, "added_files_count", Kind::kInt, kFromV2, "Added entry count"),
      Of<&M::existing_files_count, M>(505, "existing_files_count", Kind::kInt, kFromV2, "Existing entry count"),
      Of<&M::deleted_files_count, M>(506, "deleted_files_count", Kind::kInt, kFromV2, "Deleted entry count"),
      Of<&M::added_rows_count, M>(512, "added_rows_count", Kind::kLong, kFromV2, "Added rows count"),
      Of<&M::existing_rows_count, M>(513, "existing_rows_count", Kind::kLong, kFromV2, "Existing rows count"),
      Of<&M::deleted_rows_count, M>(514, "deleted_rows_count", Kind::kLong, kFromV2, "Deleted rows count"),
      {kPartitionsFieldId, "partitions", avro::Array(SummarySchema(), kPartitionsElementId), Presence::kOptional,
       "Summary for each partition", SummariesValue, nullptr},
      Of<&M::key_metadata, M>(519, "key_metadata", Kind::kBytes, Presence::kOptional, "Encryption key metadata blob"),
      Of<&M::first_row_id, M>(520, "first_row_id", Kind::kLong, Presence::kOptional,
                              "Starting row ID to assign to new rows in ADDED data files", 3),
  };
  return kColumns;
}

}  // namespace k2i::iceberg
