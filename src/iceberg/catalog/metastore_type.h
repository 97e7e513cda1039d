// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "iceberg/model/type.h"

namespace k2i::iceberg {

/// How a metastore that lists columns in Hive's words names the types that Hive lacks.
struct MetastoreTypeNames {
  std::string timestamp_tz, timestamp_ns, timestamp_tz_ns, unknown;
  bool lower_case = false;  // the names of a struct's fields
};

/// "bigint", "array<struct<a:string>>"; time and uuid as string, fixed as binary.
std::string MetastoreType(const Type& type, const MetastoreTypeNames& names);

}  // namespace k2i::iceberg
