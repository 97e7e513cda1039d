// SPDX-License-Identifier: Apache-2.0
#include "iceberg/model/schema.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

namespace k2i::iceberg {
namespace {

/// Names may hold dots themselves, so every prefix that names a field is tried.
const NestedField* FindIn(const Type& type, std::string_view name) {
  for (const NestedField& field : type.fields()) {
    if (field.name == name) return &field;
    if (name.size() > field.name.size() && name.starts_with(field.name) && name[field.name.size()] == '.') {
      const NestedField* found = FindIn(*field.type, name.substr(field.name.size() + 1));
      if (found != nullptr) return found;
    }
  }
  return nullptr;
}

const NestedField* FindIn(const Type& type, int32_t field_id) {
  for (const NestedField& field : type.fields()) {
    if (field.field_id == field_id) return &field;
    const NestedField* found = FindIn(*field.type, field_id);
    if (found != nullptr) return found;
  }
  return nullptr;
}

int32_t HighestIn(const Type& type) {
  int32_t highest = 0;
  for (const NestedField& field : type.fields()) {
    highest = std::max({highest, field.field_id, HighestIn(*field.type)});
  }
  return highest;
}

/// Gives out ids; remembers which old id became which new one.
struct FreshIds {
  int32_t last = 0;
  std::map<int32_t, int32_t> new_of_old;

  TypePtr Assign(const TypePtr& type) {
    if (!type->is_nested()) return type;
    std::vector<NestedField> fields = type->fields();
    for (NestedField& field : fields) {
      const int32_t old_id = std::exchange(field.field_id, ++last);
      new_of_old.emplace(old_id, field.field_id);
    }
    for (NestedField& field : fields) field.type = Assign(field.type);
    if (type->id() == TypeId::kList) return Type::List(std::move(fields[0]));
    if (type->id() == TypeId::kMap) return Type::Map(std::move(fields[0]), std::move(fields[1]));
    return Type::Struct(std::move(fields));
  }
};

nlohmann::ordered_json MappingOf(const Type& type) {
  auto mapping = nlohmann::ordered_json::array();
  for (const NestedField& field : type.fields()) {
    nlohmann::ordered_json entry = {{"field-id", field.field_id}, {"names", {field.name}}};
    if (field.type->is_nested()) entry["fields"] = MappingOf(*field.type);
    mapping.push_back(std::move(entry));
  }
  return mapping;
}

}  // namespace

const NestedField* Schema::FindField(std::string_view name) const { return FindIn(*type, name); }
const NestedField* Schema::FindField(int32_t field_id) const { return FindIn(*type, field_id); }
int32_t Schema::highest_field_id() const { return HighestIn(*type); }

Schema AssignFreshIds(const Schema& schema) {
  FreshIds ids;
  Schema fresh{.schema_id = schema.schema_id, .type = ids.Assign(schema.type), .identifier_field_ids = {}};
  for (const int32_t old_id : schema.identifier_field_ids) {
    const auto found = ids.new_of_old.find(old_id);
    if (found != ids.new_of_old.end()) fresh.identifier_field_ids.push_back(found->second);
  }
  return fresh;
}

std::string NameMappingJson(const Schema& schema) { return MappingOf(*schema.type).dump(); }

}  // namespace k2i::iceberg
