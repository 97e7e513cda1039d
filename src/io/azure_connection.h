// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/error.h"
#include "io/storage_options.h"

namespace k2i::io {

/// Sets account, credential and endpoint from an Azure Storage connection string: AccountName, AccountKey or
/// SharedAccessSignature, BlobEndpoint. InvalidConfig for text that is none, or that holds no
/// key.
Status ApplyConnectionString(std::string_view text, AzureOptions& options);

}  // namespace k2i::io
