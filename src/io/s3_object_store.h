// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "io/object_store.h"
#include "io/storage_options.h"

namespace k2i::io {

/// Objects in S3 and what speaks its protocol, over Arrow's S3FileSystem. Takes s3://, s3a:// and s3n:// locations.
///
/// - A streamed file is sent in parts of 10 MB as it is appended, on the caller's thread, so that no more than one part
///   is held in memory; less goes in one request. A file that is given up takes its parts with it; when Close fails,
///   parts that were sent stay until the bucket's rule for incomplete uploads removes them.
/// - Delete leaves an empty object "folder/" in place of the last file of a folder; List does not show it.
///
/// No request is sent. InvalidConfig for options that cannot be: an endpoint without http:// or https://, half a key.
Result<std::unique_ptr<ObjectStore>> MakeS3Store(const S3Options& options);

/// Shuts the S3 library down, if it was used; main calls it last, when no store is left. S3 cannot be used after it.
void ShutdownS3();

}  // namespace k2i::io
