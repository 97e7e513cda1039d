// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace k2i::iceberg {

/// A JSON value being read and the path that led to it, such as "snapshots[3].summary". Every accessor fails with
/// Corruption that names the path; none throws. The JSON must outlive the view.
class JsonView {
 public:
  JsonView(const nlohmann::json& value, std::string path) : value_(&value), path_(std::move(path)) {}

  const nlohmann::json& value() const { return *value_; }
  const std::string& path() const { return path_; }

  /// T: bool, int32_t, int64_t or std::string.
  template <typename T>
  Result<T> As() const;
  /// The elements of an array.
  Result<std::vector<JsonView>> Elements() const;
  /// The members of an object.
  Result<std::vector<std::pair<std::string, JsonView>>> Members() const;
  /// An object of strings; numbers and booleans among the values are taken as their text, as Java's reader does.
  Result<std::map<std::string, std::string>> StringMap() const;
  template <typename T>
  Result<std::vector<T>> List() const;

  /// A member of an object; nullopt when it is absent or null.
  std::optional<JsonView> Find(std::string_view key) const;
  Result<JsonView> At(std::string_view key) const;
  template <typename T>
  Result<T> Get(std::string_view key) const;
  template <typename T>
  Result<std::optional<T>> GetOptional(std::string_view key) const;

  /// Corruption "<path>: <what>".
  std::unexpected<Error> Malformed(std::string_view what) const;

 private:
  const nlohmann::json* value_;
  std::string path_;
};

template <typename T>
Result<T> JsonView::Get(std::string_view key) const {
  K2I_ASSIGN_OR_RETURN(const JsonView member, At(key));
  return member.As<T>();
}

template <typename T>
Result<std::optional<T>> JsonView::GetOptional(std::string_view key) const {
  const auto member = Find(key);
  if (!member.has_value()) return std::optional<T>();
  K2I_ASSIGN_OR_RETURN(T value, member->As<T>());
  return std::optional<T>(std::move(value));
}

template <typename T>
Result<std::vector<T>> JsonView::List() const {
  K2I_ASSIGN_OR_RETURN(const auto elements, Elements());
  std::vector<T> values;
  for (const JsonView& element : elements) {
    K2I_ASSIGN_OR_RETURN(T value, element.As<T>());
    values.push_back(std::move(value));
  }
  return values;
}

}  // namespace k2i::iceberg
