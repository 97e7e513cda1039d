// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/hive/hive_columns.h"

#include <set>

#include "base/ascii.h"
#include "base/utf8.h"
#include "iceberg/catalog/metastore_type.h"

namespace k2i::iceberg {
namespace {

constexpr size_t kLongestComment = 256;  // the column COMMENT of a metastore over Derby

const MetastoreTypeNames kNames = {.timestamp_tz = "timestamp with local time zone",
                                   .timestamp_ns = "timestamp",
                                   .timestamp_tz_ns = "timestamp with local time zone",
                                   .unknown = "string",
                                   .lower_case = true};

}  // namespace

std::string HiveType(const Type& type) { return MetastoreType(type, kNames); }

std::vector<HiveColumn> HiveColumns(const Schema& schema) {
  std::vector<HiveColumn> columns;
  std::set<std::string> seen;
  for (const NestedField& field : schema.fields()) {
    std::string name = LowerAscii(field.name);
    if (seen.insert(name).second)
      columns.push_back({std::move(name), HiveType(*field.type), std::string(Utf8Prefix(field.doc, kLongestComment))});
  }
  return columns;
}

}  // namespace k2i::iceberg
