// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace k2i::maintenance {

/// A location in a form in which all spellings of one file are equal: s3, s3a and s3n; "file:/d/f", "file:///d/f" and
/// "/d/f"; double slashes and slashes at the end; percent-encoded characters, however often they were encoded. Two
/// different objects may have equal keys ("a b" and "a%20b" are two in S3); one object never has two. So whoever
/// deletes what a set of keys does *not* hold is on the safe side.
struct LocationKey {
  std::string root;  // "file://", "s3://bucket"
  std::string path;  // below the root; no slash at either end

  /// InvalidArgument (kStorage) where the form cannot be told: no scheme, no bucket, a host, or a ".." in the path.
  static Result<LocationKey> Of(std::string_view location);

  /// True when `other` is this, or below it.
  bool Holds(const LocationKey& other) const;
  std::string ToString() const { return root + "/" + path; }
  friend auto operator<=>(const LocationKey&, const LocationKey&) = default;
};

}  // namespace k2i::maintenance
