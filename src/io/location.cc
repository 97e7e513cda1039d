// SPDX-License-Identifier: Apache-2.0
#include "io/location.h"

#include <algorithm>

namespace k2i::io {

namespace {

std::unexpected<Error> Invalid(std::string_view location, const std::string& why) {
  return Fail(ErrorCode::kInvalidArgument, "'" + std::string(location) + "' " + why, Component::kStorage);
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

namespace {

/// "bucket/key" of "scheme://bucket/key".
Result<std::string> BucketPath(std::string_view location, std::string_view scheme) {
  std::string_view path = location.substr(scheme.size() + std::string_view("://").size());
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path.empty() || path.starts_with('/')) return Invalid(location, "names no bucket");
  return std::string(path);
}

}  // namespace

Result<std::string> S3Path(std::string_view location) {
  const std::string scheme = SchemeOf(location);
  if (!IsS3Scheme(scheme)) return Invalid(location, "is not an s3:// location");
  return BucketPath(location, scheme);
}

Result<std::string> GcsPath(std::string_view location) {
  const std::string scheme = SchemeOf(location);
  if (scheme != "gs") return Invalid(location, "is not a gs:// location");
  return BucketPath(location, scheme);
}

bool IsAzureScheme(std::string_view scheme) {
  return scheme == "abfs" || scheme == "abfss" || scheme == "wasb" || scheme == "wasbs" || scheme == "az";
}

Result<AzureLocation> ParseAzureLocation(std::string_view location) {
  const std::string scheme = SchemeOf(location);
  if (!IsAzureScheme(scheme)) return Invalid(location, "is not an abfss:// location");
  K2I_ASSIGN_OR_RETURN(std::string path, BucketPath(location, scheme));
  const size_t host_end = std::min(path.find('/'), path.size());
  const size_t at = path.substr(0, host_end).find('@');
  if (at == std::string::npos) return AzureLocation{"", "", std::move(path)};
  // "account.dfs.core.windows.net": the service's name is between the account and the domain.
  const std::string host = path.substr(at + 1, host_end - at - 1);
  const size_t account_end = host.find('.');
  const size_t service_end = account_end == std::string::npos ? account_end : host.find('.', account_end + 1);
  if (at == 0 || account_end == 0 || service_end == std::string::npos || service_end + 1 == host.size()) {
    return Invalid(location, "is not of the form " + scheme + "://container@account.dfs.core.windows.net/path");
  }
  return AzureLocation{host.substr(0, account_end), host.substr(service_end + 1),
                       path.substr(0, at) + path.substr(host_end)};
}

std::string JoinLocation(std::string_view folder, std::string_view name) {
  while (folder.ends_with('/')) folder.remove_suffix(1);
  return std::string(folder) + "/" + std::string(name);
}

}  // namespace k2i::io
