// SPDX-License-Identifier: Apache-2.0
//
// A table's columns as Hive names them, for engines that list columns from the metastore. Iceberg's own schema is that
// of the metadata file; nothing is read back from here.
#pragma once

#include <string>
#include <vector>

#include "iceberg/model/schema.h"

namespace k2i::iceberg {

struct HiveColumn {
  std::string name;  // lower case, as the metastore keeps it
  std::string type;
  std::string comment;  // cut to what every metastore database holds
  friend bool operator==(const HiveColumn&, const HiveColumn&) = default;
};

/// "bigint", "array<struct<a:string>>"; types that Hive lacks as it sees them through Iceberg: time and uuid as string,
/// fixed as binary, nanoseconds as timestamps.
std::string HiveType(const Type& type);

/// Of columns whose names differ in case only, the first: Hive does not tell them apart.
std::vector<HiveColumn> HiveColumns(const Schema& schema);

}  // namespace k2i::iceberg
