// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "buffer/slice.h"
#include "iceberg/model/schema.h"
#include "query/running_query.h"

namespace k2i::query {

/// False only when no row of `slice`, which has rows, meets the predicate: by the positions that it knows its rows by,
/// and by the bounds of its columns. `schema`: the one that the predicate's fields are of.
bool MayMatchSlice(const Predicate& predicate, const buffer::Slice& slice, const iceberg::Schema& schema,
                   const MetadataColumns& columns);

}  // namespace k2i::query
