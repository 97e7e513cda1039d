// SPDX-License-Identifier: Apache-2.0
#include "record/declared_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>
#include <vector>

#include "record/message_column.h"

namespace k2i::record {
namespace {

using iceberg::NestedField;
using iceberg::Type;
using iceberg::TypePtr;

constexpr int kMaxDepth = 32;

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

std::string WithoutAlias(const std::string& name) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kAliases = {{{"bool", "boolean"},
                                                                                             {"int32", "int"},
                                                                                             {"integer", "int"},
                                                                                             {"int64", "long"},
                                                                                             {"bigint", "long"},
                                                                                             {"float32", "float"},
                                                                                             {"float64", "double"}}};
  const auto found = std::ranges::find(kAliases, name, [](const auto& alias) { return alias.first; });
  return found == kAliases.end() ? name : std::string(found->second);
}

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("_-.$@").find(c) != std::string_view::npos || static_cast<unsigned char>(c) >= 0x80;
}

/// Recursive descent over the grammar in the header, a function a rule.
class TypeParser {
 public:
  explicit TypeParser(std::string_view text) : text_(text) {}

  Result<TypePtr> Parse() {
    K2I_ASSIGN_OR_RETURN(TypePtr type, ParseType());
    if (Peek() != '\0') return Expected("the end of the type");
    return type;
  }

 private:
  Result<TypePtr> ParseType() {
    if (++depth_ > kMaxDepth) return Expected("less nesting");
    const std::string word = Lower(TakeWord());
    auto type = ParseTypeAfter(word);
    --depth_;
    return type;
  }

  Result<TypePtr> ParseTypeAfter(const std::string& word) {
    if (word.empty()) return Expected("a type");
    if (word == "list") return ParseList();
    if (word == "map") return ParseMap();
    if (word == "struct") return ParseStruct();
    std::string name = WithoutAlias(word);
    if (word == "decimal" || word == "fixed") {
      K2I_ASSIGN_OR_RETURN(const std::string parameters, TakeParameters());
      name += parameters;
    }
    auto type = iceberg::ParsePrimitiveType(name);
    if (type.has_value()) return type;
    return Fail(ErrorCode::kInvalidArgument, fmt::format("'{}' is not a type (position {} of '{}')", name, at_, text_));
  }

  Result<TypePtr> ParseList() {
    K2I_RETURN_IF_ERROR(Take('<'));
    K2I_ASSIGN_OR_RETURN(TypePtr element, ParseType());
    K2I_RETURN_IF_ERROR(Take('>'));
    return Type::List({.type = std::move(element)});
  }

  Result<TypePtr> ParseMap() {
    K2I_RETURN_IF_ERROR(Take('<'));
    K2I_ASSIGN_OR_RETURN(TypePtr key, ParseType());
    K2I_RETURN_IF_ERROR(Take(','));
    K2I_ASSIGN_OR_RETURN(TypePtr value, ParseType());
    K2I_RETURN_IF_ERROR(Take('>'));
    return Type::Map({.type = std::move(key)}, {.type = std::move(value)});
  }

  Result<TypePtr> ParseStruct() {
    std::vector<NestedField> fields;
    std::set<std::string> names;
    K2I_RETURN_IF_ERROR(Take('<'));
    do {
      K2I_ASSIGN_OR_RETURN(NestedField field, ParseField());
      if (!names.insert(Lower(field.name)).second) return Expected("a field name that is not there already");
      fields.push_back(std::move(field));
    } while (TakeIf(','));
    K2I_RETURN_IF_ERROR(Take('>'));
    return Type::Struct(std::move(fields));
  }

  Result<NestedField> ParseField() {
    K2I_ASSIGN_OR_RETURN(std::string name, TakeFieldName());
    K2I_RETURN_IF_ERROR(Take(':'));
    K2I_ASSIGN_OR_RETURN(TypePtr type, ParseType());
    bool optional = true;
    if (IsNameCharacter(Peek())) {
      if (Lower(TakeWord()) != "required") return Expected("'required', ',' or '>'");
      optional = false;
    }
    return NestedField{.name = std::move(name), .type = std::move(type), .optional = optional};
  }

  Result<std::string> TakeFieldName() {
    if (!TakeIf('"')) {
      std::string name(TakeWord());
      if (name.empty()) return Expected("a field name");
      return name;
    }
    const size_t end = text_.find('"', at_);
    if (end == std::string_view::npos || end == at_) return Expected("a name in double quotes");
    std::string name(text_.substr(at_, end - at_));
    at_ = end + 1;
    return name;
  }

  /// "(9,2)" or "[16]", without white space. fixed(16) is taken for fixed[16].
  Result<std::string> TakeParameters() {
    const bool square = TakeIf('[');
    if (!square) K2I_RETURN_IF_ERROR(Take('('));
    std::string inside(TakeWord());
    const bool decimal = TakeIf(',');
    if (decimal) inside += "," + std::string(TakeWord());
    K2I_RETURN_IF_ERROR(Take(square ? ']' : ')'));
    return decimal ? "(" + inside + ")" : "[" + inside + "]";
  }

  char Peek() {
    while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool TakeIf(char c) {
    if (Peek() != c) return false;
    ++at_;
    return true;
  }
  Status Take(char c) {
    if (TakeIf(c)) return {};
    return Expected(fmt::format("'{}'", c));
  }
  std::string_view TakeWord() {
    Peek();
    const size_t begin = at_;
    while (at_ < text_.size() && IsNameCharacter(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }
  std::unexpected<Error> Expected(std::string_view what) const {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("expected {} at position {} of '{}'", what, at_ + 1, text_));
  }

  std::string_view text_;
  size_t at_ = 0;
  int depth_ = 0;
};

Error BadColumn(const std::string& name, std::string_view what) {
  return {ErrorCode::kInvalidConfig, fmt::format("column '{}': {}", name, what), Component::kConfig};
}

}  // namespace

Result<TypePtr> ParseTypeText(std::string_view text) { return TypeParser(text).Parse(); }

Result<iceberg::Schema> SchemaFromDeclaration(std::span<const DeclaredColumn> columns, const DecoderOptions& options) {
  std::vector<NestedField> fields;
  std::set<std::string> names;
  for (const DeclaredColumn& column : columns) {
    if (column.name.empty()) return std::unexpected(BadColumn(column.name, "has no name"));
    if (!names.insert(Lower(column.name)).second) {
      return std::unexpected(BadColumn(column.name, "is declared twice, or differs from another only in case"));
    }
    auto type = ParseTypeText(column.type);
    if (!type.has_value()) return std::unexpected(BadColumn(column.name, type.error().message));
    fields.push_back({.name = column.name, .type = *std::move(type), .optional = !column.required, .doc = column.doc});
  }
  for (NestedField& field : MetadataFields(options)) {
    if (names.insert(Lower(field.name)).second) fields.push_back(std::move(field));
  }
  if (fields.empty()) return Fail(ErrorCode::kInvalidConfig, "no columns are declared", Component::kConfig);
  return iceberg::Schema{.type = Type::Struct(std::move(fields))};
}

}  // namespace k2i::record
