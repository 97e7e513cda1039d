// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "iceberg/model/schema.h"

namespace k2i::iceberg {
namespace {

/// Every value of `want` is a value of `have`: the same type, or one of the spec's widening promotions.
bool PrimitiveFits(const Type& want, const Type& have) {
  if (want.id() == TypeId::kUnknown) return true;
  if (want.id() == TypeId::kInt && have.id() == TypeId::kLong) return true;
  if (want.id() == TypeId::kFloat && have.id() == TypeId::kDouble) return true;
  if (want.id() != have.id()) return false;
  if (want.id() == TypeId::kDecimal) return want.scale() == have.scale() && want.precision() <= have.precision();
  return want.id() != TypeId::kFixed || want.length() == have.length();
}

class Comparison {
 public:
  std::vector<std::string> TakeLines() { return std::move(lines_); }

  void Structs(const std::string& prefix, const Type& want, const Type& have) {
    for (const NestedField& field : want.fields()) {
      const auto in_table = std::ranges::find(have.fields(), field.name, &NestedField::name);
      if (in_table == have.fields().end()) {
        Add(prefix + field.name, fmt::format("{} is not in the table", field.type->ToString()));
      } else {
        Fields(prefix + field.name, field, *in_table);
      }
    }
    for (const NestedField& field : have.fields()) {
      const bool wanted = std::ranges::find(want.fields(), field.name, &NestedField::name) != want.fields().end();
      if (!wanted && !field.optional && !field.write_default.has_value()) {
        Add(prefix + field.name,
            fmt::format("{} is required in the table, but no value is given for it", field.type->ToString()));
      }
    }
  }

 private:
  void Fields(const std::string& path, const NestedField& want, const NestedField& have) {
    if (want.optional && !have.optional) Add(path, "may be null, but is required in the table");
    Types(path, *want.type, *have.type);
  }

  void Types(const std::string& path, const Type& want, const Type& have) {
    const bool fits = want.is_nested() ? want.id() == have.id() : PrimitiveFits(want, have);
    if (!fits) return Add(path, fmt::format("{} does not fit the table's {}", want.ToString(), have.ToString()));
    if (want.id() == TypeId::kStruct) return Structs(path + ".", want, have);
    for (size_t i = 0; i < want.fields().size(); ++i) {
      Fields(path + "." + want.fields()[i].name, want.fields()[i], have.fields()[i]);
    }
  }

  void Add(const std::string& path, const std::string& what) {
    lines_.push_back(fmt::format("column {}: {}", path, what));
  }

  std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> ExplainMismatch(const Schema& want, const Schema& have) {
  Comparison comparison;
  comparison.Structs("", *want.type, *have.type);
  return comparison.TakeLines();
}

}  // namespace k2i::iceberg
