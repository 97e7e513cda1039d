// SPDX-License-Identifier: Apache-2.0
//
// Locations as they stand in Iceberg metadata: which store a location belongs to, and what that store calls it. Nothing
// is percent-decoded: Iceberg's own readers take locations literally.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace k2i::io {

/// "s3" of "s3://bucket/key", in lower case; "file" for file: URIs and for absolute paths; "" for anything else.
std::string SchemeOf(std::string_view location);
/// True for s3, s3a and s3n.
bool IsS3Scheme(std::string_view scheme);

/// The absolute path of "file:///dir/f", "file:/dir/f", "file://localhost/dir/f" or "/dir/f". InvalidArgument
/// otherwise.
Result<std::string> LocalPath(std::string_view location);
/// "bucket/key" of "s3://bucket/key" (s3a, s3n). InvalidArgument for another scheme, or where the bucket is missing.
Result<std::string> S3Path(std::string_view location);

/// "bucket/key" of "gs://bucket/key". InvalidArgument as for S3Path.
Result<std::string> GcsPath(std::string_view location);

/// True for abfs, abfss, wasb, wasbs and az.
bool IsAzureScheme(std::string_view scheme);
/// A place in Azure Storage, from abfs[s]:// or wasb[s]://container@account.dfs.core.windows.net/key, or without
/// "@account…" (as az:// always is), where the account is the configured one.
struct AzureLocation {
  std::string account;  // "": not named
  std::string domain;   // "core.windows.net"; "": not named
  std::string path;     // "container/key"
};
Result<AzureLocation> ParseAzureLocation(std::string_view location);

/// `folder` and `name` with one slash between them.
std::string JoinLocation(std::string_view folder, std::string_view name);

}  // namespace k2i::io
