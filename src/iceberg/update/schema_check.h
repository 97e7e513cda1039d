// SPDX-License-Identifier: Apache-2.0
//
// What must hold before a schema, partition spec or sort order may enter table metadata.
#pragma once

#include "iceberg/model/table_metadata.h"

namespace k2i::iceberg {

/// InvalidArgument for ids or names that are missing or occur twice, types and defaults that `format_version` does not
/// have, and identifier fields that are not required primitives.
Status CheckSchema(const Schema& schema, int32_t format_version);

/// InvalidArgument for a source column that is missing or inside a list or map, and a transform that does not fit it.
Status CheckPartitionSources(const PartitionSpec& spec, const Schema& schema);

/// For a spec that is to be added: CheckPartitionSources, and InvalidArgument for fields, names and ids that occur
/// twice and names that are those of other columns.
Status CheckNewPartitionSpec(const PartitionSpec& spec, const Schema& schema);

/// InvalidArgument for a source column that is missing, and a transform that does not fit it.
Status CheckSortOrder(const SortOrder& order, const Schema& schema);

}  // namespace k2i::iceberg
