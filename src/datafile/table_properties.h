// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/error.h"

namespace k2i::datafile {

/// A table property's number, or `fallback` where it is not set. InvalidConfig unless it is a positive number.
Result<int64_t> PositiveProperty(const std::map<std::string, std::string>& properties, const std::string& key,
                                 int64_t fallback);

/// Whether the property is set to "true", in any case of letters.
bool IsTrue(const std::map<std::string, std::string>& properties, const std::string& key);

/// InvalidConfig where the table wants data files of another format than Parquet (write.format.default); NotSupported
/// where it wants them encrypted (encryption.key-id).
Status CheckFilesCanBeWritten(const std::map<std::string, std::string>& properties);

}  // namespace k2i::datafile
