// SPDX-License-Identifier: Apache-2.0
#include "iceberg/model/name_mapping.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "iceberg/model/json.h"

namespace k2i::iceberg {
namespace {

constexpr int kMaxDepth = 100;

Result<NameMapping> MappingFromJson(const JsonView& json, int depth) {
  if (depth == kMaxDepth) return json.Malformed("nests too deeply");
  K2I_ASSIGN_OR_RETURN(const auto elements, json.Elements());
  NameMapping mapping;
  for (const JsonView& element : elements) {
    MappedField& field = mapping.emplace_back();
    K2I_ASSIGN_OR_RETURN(field.field_id, element.GetOptional<int32_t>("field-id"));
    if (const auto names = element.Find("names")) {
      K2I_ASSIGN_OR_RETURN(field.names, names->List<std::string>());
    }
    if (const auto fields = element.Find("fields")) {
      K2I_ASSIGN_OR_RETURN(field.fields, MappingFromJson(*fields, depth + 1));
    }
  }
  return mapping;
}

}  // namespace

const MappedField* FindMapped(const NameMapping& mapping, std::string_view name) {
  const auto found = std::ranges::find_if(
      mapping, [&](const MappedField& field) { return std::ranges::find(field.names, name) != field.names.end(); });
  return found == mapping.end() ? nullptr : &*found;
}

Result<NameMapping> ParseNameMapping(std::string_view text) {
  K2I_ASSIGN_OR_RETURN(const nlohmann::json json, ParseJson(text, "name mapping"));
  return MappingFromJson(JsonView(json, "name mapping"), 0);
}

Result<std::optional<NameMapping>> NameMappingOf(const TableMetadata& table) {
  const auto property = table.properties.find(kNameMappingProperty);
  if (property == table.properties.end()) return std::nullopt;
  auto mapping = ParseNameMapping(property->second);
  if (!mapping) return std::unexpected(mapping.error().With(std::string("table property ") + kNameMappingProperty));
  return *std::move(mapping);
}

}  // namespace k2i::iceberg
