// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "iceberg/manifest/columns.h"
#include "iceberg/manifest/manifest.h"

namespace k2i::iceberg {

inline constexpr int32_t kPartitionsFieldId = 507;

/// Columns of an element of field "partitions".
std::span<const columns::Column<FieldSummary>> FieldSummaryColumns();
/// Columns of a manifest list, in the order they are written. "partitions" can only be written: its elements are
/// records.
std::span<const columns::Column<ManifestFile>> ManifestFileColumns();

}  // namespace k2i::iceberg
