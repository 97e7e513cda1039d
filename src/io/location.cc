// SPDX-License-Identifier: Apache-2.0
#include "io/location.h"

#include <algorithm>

namespace k2i::io {

namespace {

std::unexpected<Error> Invalid(std::string_view location, std::string_view why) {
  return Fail(ErrorCode::kInvalidArgument, "'" + std::string(location) + "' " + std::string(why), Component::kStorage);
}

bool IsSchemeCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
}

}  // namespace

std::string SchemeOf(std::string_view location) {
  if (location.starts_with('/')) return "file";
  const size_t colon = location.find(':');
  if (colon == 0 || colon == std::string_view::npos) return "";
  std::string scheme(location.substr(0, colon));
  if (!std::ranges::all_of(scheme, IsSchemeCharacter)) return "";
  std::ranges::transform(scheme, scheme.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; });
  // "file:/x" needs no authority; every other scheme we could meet has one.
  if (scheme != "file" && !location.substr(colon).starts_with("://")) return "";
  return scheme;
}

bool IsS3Scheme(std::string_view scheme) { return scheme == "s3" || scheme == "s3a" || scheme == "s3n"; }

Result<std::string> LocalPath(std::string_view location) {
  if (location.find('\0') != std::string_view::npos) return Invalid(location, "holds a NUL byte");
  if (location.starts_with('/')) return std::string(location);
  if (SchemeOf(location) != "file") return Invalid(location, "is neither a file: URI nor an absolute path");
  std::string_view rest = location.substr(std::string_view("file:").size());
  if (rest.starts_with("//")) {
    rest.remove_prefix(2);
    if (rest.starts_with("localhost/")) rest.remove_prefix(std::string_view("localhost").size());
    if (!rest.starts_with('/')) return Invalid(location, "names a host; write file:///path for a path on this one");
  }
  if (!rest.starts_with('/')) return Invalid(location, "is a relative path");
  return std::string(rest);
}

Result<std::string> S3Path(std::string_view location) {
  const std::string scheme = SchemeOf(location);
  if (!IsS3Scheme(scheme)) return Invalid(location, "is not an s3:// location");
  std::string_view path = location.substr(scheme.size() + std::string_view("://").size());
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path.empty() || path.starts_with('/')) return Invalid(location, "names no bucket");
  return std::string(path);
}

std::string JoinLocation(std::string_view folder, std::string_view name) {
  while (folder.ends_with('/')) folder.remove_suffix(1);
  return std::string(folder) + "/" + std::string(name);
}

}  // namespace k2i::io
