// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/clock.h"
#include "io/object_store.h"
#include "io/storage_options.h"
#include "net/http.h"

namespace k2i::io {

/// Objects in S3 and what speaks its protocol (docs/adr/0015-own-s3-client.md). Takes s3://, s3a:// and s3n://
/// locations.
///
/// - A streamed file is sent in parts of 7 MB while it is appended, four at a time over all files of the store; less
///   goes in one request. A file that is given up or fails takes its parts with it.
/// - Create does not replace a file, where the store offers that; where it does not, names must be unique, as those of
///   Iceberg's files are. Close of a streamed file does replace.
/// - DeleteMany takes a thousand files a request.
///
/// No request is sent. InvalidConfig for options that cannot be: an endpoint without http:// or https://, half a key.
Result<std::unique_ptr<ObjectStore>> MakeS3Store(const S3Options& options);

/// The same over another transport; `clock` must outlive the store.
Result<std::unique_ptr<ObjectStore>> MakeS3Store(const S3Options& options, std::shared_ptr<net::HttpTransport> http,
                                                 Clock& clock);

}  // namespace k2i::io
