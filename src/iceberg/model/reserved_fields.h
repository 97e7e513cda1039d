// SPDX-License-Identifier: Apache-2.0
//
// Field ids of columns that are no table's own (spec: "Reserved Field IDs").
#pragma once

#include <cstdint>

namespace k2i::iceberg {

/// Of position delete files (spec: "Position Delete Files"): the data file's location, and the row's position in it,
/// from 0.
inline constexpr int32_t kDeleteFilePathFieldId = 2'147'483'546;
inline constexpr int32_t kDeletePositionFieldId = 2'147'483'545;

/// Of data files of v3 (spec: "Row Lineage"): what a row is known by, and the sequence number of its last change.
inline constexpr int32_t kRowIdFieldId = 2'147'483'540;
inline constexpr int32_t kLastUpdatedSequenceFieldId = 2'147'483'539;
inline constexpr const char* kRowIdName = "_row_id";
inline constexpr const char* kLastUpdatedSequenceName = "_last_updated_sequence_number";

}  // namespace k2i::iceberg
