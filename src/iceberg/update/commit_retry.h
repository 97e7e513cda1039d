// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/retry.h"
#include "iceberg/model/table_metadata.h"

namespace k2i::iceberg {

/// `policy` with what the table says instead: commit.retry.num-retries, min-wait-ms, max-wait-ms, total-timeout-ms.
/// InvalidConfig for a value that is not a number, or below zero.
Result<RetryPolicy> CommitRetry(const TableMetadata& table, RetryPolicy policy);

}  // namespace k2i::iceberg
