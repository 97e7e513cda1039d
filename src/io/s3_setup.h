// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/s3_client.h"
#include "io/storage_options.h"

namespace k2i::io {

/// A client as the options have it. InvalidConfig for those that cannot be. `clock` must outlive it.
Result<std::shared_ptr<S3Client>> MakeS3Client(const S3Options& options, std::shared_ptr<net::HttpTransport> http,
                                               Clock& clock);

}  // namespace k2i::io
