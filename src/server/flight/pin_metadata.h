// SPDX-License-Identifier: Apache-2.0
//
// What an answer saw, in the metadata of its schema (docs/flight.md, "What an answer saw").
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <vector>

#include "query/service.h"

namespace k2i::server::flight {

inline constexpr char kPinnedKey[] = "k2i.pinned";
inline constexpr char kSnapshotIdKey[] = "k2i.snapshot-id";
inline constexpr char kOffsetsKey[] = "k2i.offsets";
inline constexpr char kCommittedKey[] = "k2i.committed";
inline constexpr char kFromKey[] = "k2i.from";
inline constexpr char kShareKey[] = "k2i.share";

/// `schema` with k2i.pinned, and for one table k2i.snapshot-id (absent: no snapshot yet) and k2i.offsets.
std::shared_ptr<arrow::Schema> WithPins(const std::shared_ptr<arrow::Schema>& schema,
                                        const std::vector<query::Pinned>& pinned);

/// For a stream of hot rows at or after `from`, read beside the snapshot of `table`: k2i.snapshot-id and k2i.committed
/// say where the cold side ends, k2i.from where the rows of the stream begin, and k2i.offsets and k2i.pinned what was
/// there when it began; k2i.share what a ticket with "share" is told.
std::shared_ptr<arrow::Schema> WithTailPins(const std::shared_ptr<arrow::Schema>& schema, const query::TableInfo& table,
                                            const OffsetVector& from, const std::vector<query::Pinned>& pinned);

}  // namespace k2i::server::flight
