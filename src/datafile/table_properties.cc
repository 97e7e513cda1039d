// SPDX-License-Identifier: Apache-2.0
#include "datafile/table_properties.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "base/ascii.h"

namespace k2i::datafile {

Result<int64_t> PositiveProperty(const std::map<std::string, std::string>& properties, const std::string& key,
                                 int64_t fallback) {
  const auto found = properties.find(key);
  if (found == properties.end()) return fallback;
  const std::string& text = found->second;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size() && value > 0) return value;
  return Fail(ErrorCode::kInvalidConfig, "table property " + key + " is not a positive number: " + text);
}

bool IsTrue(const std::map<std::string, std::string>& properties, const std::string& key) {
  const auto found = properties.find(key);
  return found != properties.end() && LowerAscii(found->second) == "true";
}

Status CheckFilesCanBeWritten(const std::map<std::string, std::string>& properties) {
  if (const auto format = properties.find("write.format.default");
      format != properties.end() && LowerAscii(format->second) != "parquet") {
    return Fail(ErrorCode::kInvalidConfig, "table property write.format.default asks for data files of format " +
                                               format->second +
                                               ", and K2I writes Parquet: set the property to parquet, or remove it");
  }
  if (const auto key = properties.find("encryption.key-id"); key != properties.end()) {
    return Fail(
        ErrorCode::kNotSupported,
        "the table is encrypted (table property encryption.key-id), and K2I would write its files in the clear");
  }
  return {};
}

}  // namespace k2i::datafile
