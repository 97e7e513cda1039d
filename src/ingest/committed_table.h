// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "buffer/view_maker.h"

namespace k2i::ingest {

/// The head of `branch` with the offsets that it says of itself, from the table rather than from a commit: the branch
/// may be further than the commit, and the offsets must be those of the snapshot that is read. Corruption: the table
/// does not say what it holds.
Result<buffer::CommittedTable> ReadCommitted(std::shared_ptr<const iceberg::TableMetadata> table,
                                             const std::string& pipeline, const std::string& branch);

}  // namespace k2i::ingest
