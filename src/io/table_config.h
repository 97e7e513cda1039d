// SPDX-License-Identifier: Apache-2.0
//
// What a catalog sends along for the files of a table: properties by the names of Iceberg's own FileIO classes, among
// them credentials that end.
#pragma once

#include <map>
#include <string>

#include "base/error.h"
#include "io/storage_options.h"

namespace k2i::io {

using TableConfig = std::map<std::string, std::string>;

/// `options` with what `config` says of S3 (s3.*, client.region), GCS (gcs.*) and Azure (adls.*). Credentials replace
/// all that `options` had for the same store. Properties that are none of ours are left alone; InvalidArgument for a
/// value that cannot be, NotSupported for a property that changes how files are written and that these stores cannot
/// honour (gcs.encryption-key), for files written without it would look right and not be.
Result<StorageOptions> WithTableConfig(StorageOptions options, const TableConfig& config);

}  // namespace k2i::io
