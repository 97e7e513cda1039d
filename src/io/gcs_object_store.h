// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include "arrow/status.h"
#include "io/object_store.h"
#include "io/storage_options.h"

namespace k2i::io {

/// Objects in Google Cloud Storage, over Arrow's GcsFileSystem. Takes gs:// locations.
///
/// - A streamed file is one resumable upload, sent in pieces of 8 MB as it is appended, on the caller's thread. One
///   that is given up is finished and deleted, for Arrow has no other way to end it: for a moment it can be seen. Arrow
///   tells neither of sums that differ nor of an upload that ended early, so that Close asks how large the object is.
/// - A listing is held in memory whole.
///
/// No request is sent. InvalidConfig for options that cannot be: an endpoint without http:// or https://, a key that is
/// no service account's.
Result<std::unique_ptr<ObjectStore>> MakeGcsStore(const GcsOptions& options);

/// The code for a status of GcsFileSystem: by the errno it carries, else by the google::cloud::StatusCode that begins
/// its text ("google::cloud::Status(UNAVAILABLE: …"), which Arrow keeps nowhere else.
ErrorCode CodeOfGcsStatus(const arrow::Status& status);

}  // namespace k2i::io
