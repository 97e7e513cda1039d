// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/object_store.h"
#include "io/s3_client.h"

namespace k2i::io {

/// Tells `visit` of all objects below `prefix`, page by page (ListObjectsV2). Keys that end with a slash, by which some
/// tools mark folders, are none. Corruption for an answer that cannot be.
Status ListS3(S3Client& client, const S3Place& prefix, const FileVisitor& visit);

}  // namespace k2i::io
