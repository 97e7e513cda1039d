// SPDX-License-Identifier: Apache-2.0
#include "maintenance/location_key.h"

#include <algorithm>

#include "base/hex.h"
#include "io/location.h"

namespace k2i::maintenance {
namespace {

/// Decodes what is encoded once; what is no code stays.
std::string DecodeOnce(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
    const int low = high >= 0 ? HexDigit(text[i + 2]) : -1;
    if (low < 0) {
      decoded += text[i];
      continue;
    }
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

/// Each round that changes anything makes the text shorter.
std::string Decode(std::string text) {
  while (text.find('%') != std::string::npos) {
    std::string decoded = DecodeOnce(text);
    if (decoded.size() == text.size()) break;
    text = std::move(decoded);
  }
  return text;
}

std::unexpected<Error> Undecided(std::string_view location, std::string_view why) {
  return Fail(ErrorCode::kInvalidArgument, "'" + std::string(location) + "' " + std::string(why), Component::kStorage);
}

}  // namespace

Result<LocationKey> LocationKey::Of(std::string_view location) {
  LocationKey key;
  std::string path;
  const std::string scheme = io::SchemeOf(location);
  if (scheme == "file") {
    key.root = "file://";
    K2I_ASSIGN_OR_RETURN(path, io::LocalPath(location));
  } else if (scheme.empty()) {
    return Undecided(location, "is neither a URI nor an absolute path");
  } else {
    const std::string_view rest = location.substr(scheme.size() + std::string_view("://").size());
    const size_t slash = std::min(rest.find('/'), rest.size());
    if (slash == 0) return Undecided(location, "names no bucket");
    key.root = (io::IsS3Scheme(scheme) ? "s3" : scheme) + "://" + std::string(rest.substr(0, slash));
    path = std::string(rest.substr(slash));
  }
  path = Decode(std::move(path));
  for (size_t begin = 0; begin < path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view step = std::string_view(path).substr(begin, end - begin);
    if (step == "..") return Undecided(location, "holds '..'");
    if (!step.empty() && step != ".") (key.path += key.path.empty() ? "" : "/") += step;
    begin = end + 1;
  }
  return key;
}

bool LocationKey::Holds(const LocationKey& other) const {
  if (root != other.root) return false;
  if (path.empty() || path == other.path) return true;
  return other.path.starts_with(path) && other.path[path.size()] == '/';
}

}  // namespace k2i::maintenance
