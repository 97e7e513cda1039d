// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "arrow/status.h"
#include "io/object_store.h"
#include "io/storage_options.h"

namespace k2i::io {

/// Blobs in Azure Storage, with or without a hierarchical namespace, over Arrow's AzureFileSystem. Takes abfs://,
/// abfss://, wasb://, wasbs:// and az:// locations; one store reaches any account that they name.
///
/// - Requests go by TLS whatever the scheme says, unless `endpoint` is an http:// one.
/// - A streamed file is sent in blocks of 10 MB as it is appended, on the caller's thread. It stands under its name
/// with
///   no bytes until it is closed, and is deleted when it is given up.
/// - Delete leaves an empty blob "folder/" in place of the last file of a folder; List does not show it.
/// - A listing is held in memory whole.
///
/// No request is sent. InvalidConfig for options that cannot be.
Result<std::unique_ptr<ObjectStore>> MakeAzureStore(const AzureOptions& options);

/// The code for a status of AzureFileSystem: by the errno it carries, else by the error code of the service, which
/// Arrow puts into "Azure Error: [AuthorizationFailure] 403 …" and keeps nowhere else, else by the HTTP status there.
ErrorCode CodeOfAzureStatus(const arrow::Status& status);

}  // namespace k2i::io
