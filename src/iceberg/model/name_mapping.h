// SPDX-License-Identifier: Apache-2.0
//
// Which column a field of a data file without field ids is (spec: "Name Mapping Serialization").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "iceberg/model/table_metadata.h"

namespace k2i::iceberg {

struct MappedField {
  std::optional<int32_t> field_id;  // none: a field of files that is no column
  std::vector<std::string> names;
  std::vector<MappedField> fields;  // of a struct; "element" of a list; "key" and "value" of a map
};
using NameMapping = std::vector<MappedField>;

/// The table property that holds it.
inline constexpr const char* kNameMappingProperty = "schema.name-mapping.default";

/// nullptr where no field has that name.
const MappedField* FindMapped(const NameMapping& mapping, std::string_view name);
/// Corruption for text that is no name mapping.
Result<NameMapping> ParseNameMapping(std::string_view json);
/// The table's; nullopt where it has none.
Result<std::optional<NameMapping>> NameMappingOf(const TableMetadata& table);

}  // namespace k2i::iceberg
