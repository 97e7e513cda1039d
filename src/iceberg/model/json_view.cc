// SPDX-License-Identifier: Apache-2.0
#include "iceberg/model/json_view.h"

#include <fmt/format.h>

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>

namespace k2i::iceberg {

std::unexpected<Error> JsonView::Malformed(std::string_view what) const {
  return Fail(ErrorCode::kCorruption, fmt::format("{}: {}", path_, what));
}

template <>
Result<bool> JsonView::As<bool>() const {
  if (!value_->is_boolean()) return Malformed("not a boolean");
  return value_->get<bool>();
}

template <>
Result<int64_t> JsonView::As<int64_t>() const {
  if (!value_->is_number_integer()) return Malformed("not an integer");
  if (value_->is_number_unsigned() &&
      value_->get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    return Malformed("larger than 64 bits hold");
  }
  return value_->get<int64_t>();
}

template <>
Result<int32_t> JsonView::As<int32_t>() const {
  K2I_ASSIGN_OR_RETURN(const int64_t value, As<int64_t>());
  if (value < std::numeric_limits<int32_t>::min() || value > std::numeric_limits<int32_t>::max()) {
    return Malformed("larger than 32 bits hold");
  }
  return static_cast<int32_t>(value);
}

template <>
Result<std::string> JsonView::As<std::string>() const {
  if (!value_->is_string()) return Malformed("not a string");
  return value_->get<std::string>();
}

Result<std::vector<JsonView>> JsonView::Elements() const {
  if (!value_->is_array()) return Malformed("not an array");
  std::vector<JsonView> elements;
  elements.reserve(value_->size());
  for (const auto& element : *value_) elements.emplace_back(element, fmt::format("{}[{}]", path_, elements.size()));
  return elements;
}

Result<std::vector<std::pair<std::string, JsonView>>> JsonView::Members() const {
  if (!value_->is_object()) return Malformed("not an object");
  std::vector<std::pair<std::string, JsonView>> members;
  for (const auto& [key, member] : value_->items()) members.emplace_back(key, JsonView(member, path_ + "." + key));
  return members;
}

Result<std::map<std::string, std::string>> JsonView::StringMap() const {
  K2I_ASSIGN_OR_RETURN(const auto members, Members());
  std::map<std::string, std::string> map;
  for (const auto& [key, member] : members) {
    if (member.value().is_structured() || member.value().is_null()) return member.Malformed("not a string");
    map[key] = member.value().is_string() ? member.value().get<std::string>() : member.value().dump();
  }
  return map;
}

std::optional<JsonView> JsonView::Find(std::string_view key) const {
  if (!value_->is_object()) return std::nullopt;
  const auto found = value_->find(key);
  if (found == value_->end() || found->is_null()) return std::nullopt;
  return JsonView(*found, path_ + "." + std::string(key));
}

Result<JsonView> JsonView::At(std::string_view key) const {
  if (!value_->is_object()) return Malformed("not an object");
  auto member = Find(key);
  if (!member.has_value()) return Malformed(fmt::format("member '{}' is missing", key));
  return *std::move(member);
}

}  // namespace k2i::iceberg
