// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "io/storage_options.h"

namespace k2i::io {

/// Sets account, credential and endpoint from an Azure Storage connection string: AccountName, AccountKey or
/// SharedAccessSignature, BlobEndpoint. InvalidConfig for text that is none, or that holds no
/// key.
Status ApplyConnectionString(std::string_view text, AzureOptions& options);

/// Sets the endpoint from "http(s)://host[:port][/account]", unless that is what the account's name says already, such
/// as https://account.dfs.core.windows.net.
void ApplyEndpoint(const std::string& url, std::string_view account, AzureOptions& options);

}  // namespace k2i::io
