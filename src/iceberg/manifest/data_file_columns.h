// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "iceberg/manifest/columns.h"
#include "iceberg/manifest/manifest.h"

namespace k2i::iceberg {

inline constexpr int32_t kDataFileFieldId = 2;
inline constexpr int32_t kPartitionFieldId = 102;

/// Columns of a manifest entry but data_file, in the order they are written.
std::span<const columns::Column<ManifestEntry>> EntryColumns();
/// Columns of struct data_file but partition, in the order they are written; partition comes after file_format.
std::span<const columns::Column<DataFile>> DataFileColumns();

/// Avro record "manifest_entry" of v2 or v3; `partition` is the record r102.
avro::TypePtr EntrySchema(int32_t format_version, avro::TypePtr partition);
/// `entry` as a value of EntrySchema, with views into it; `partition` is a value of its record.
avro::Value EntryValue(int32_t format_version, const ManifestEntry& entry, avro::Value partition);

}  // namespace k2i::iceberg
