// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "iceberg/model/type.h"

namespace k2i::iceberg {

/// A table schema: a struct type with an id. Immutable once in a TableMetadata.
struct Schema {
  int32_t schema_id = 0;
  TypePtr type;  // a struct
  std::vector<int32_t> identifier_field_ids;
  OtherMembers other = {};

  const std::vector<NestedField>& fields() const { return type->fields(); }
  /// The field of that dotted name ("user.address.city", list elements as "tags.element"), or nullptr.
  const NestedField* FindField(std::string_view name) const;
  const NestedField* FindField(int32_t field_id) const;
  int32_t highest_field_id() const;
};

/// The same columns with fresh ids 1, 2, … in the order Iceberg's own AssignFreshIds gives them: all fields of a struct
/// before the fields of its children.
Schema AssignFreshIds(const Schema& schema);

/// Differences that keep rows of `want` from being written to a table of `have`: one readable line each, empty when all
/// fit. Columns of the table that `want` lacks are fine when optional.
std::vector<std::string> ExplainMismatch(const Schema& want, const Schema& have);

/// Name mapping of the schema (table property "schema.name-mapping.default", spec appendix "Column projection"), as
/// JSON.
std::string NameMappingJson(const Schema& schema);

}  // namespace k2i::iceberg
