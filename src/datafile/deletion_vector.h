// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "datafile/position_set.h"
#include "iceberg/model/data_file.h"
#include "io/object_store.h"

namespace k2i::datafile {

/// A blob `deletion-vector-v1` of the Puffin spec: length of magic and vector (4 bytes, big-endian), magic D1 D3 39 64,
/// the positions, CRC-32 of magic and vector (big-endian). Corruption for anything else.
Result<PositionSet> DecodeDeletionVector(std::string_view blob);

/// Reads the one blob that a manifest entry stands for; the rest of its file is not looked at. Errors of the store;
/// Corruption also where it holds another number of positions than the entry says.
Result<PositionSet> ReadDeletionVector(io::ObjectStore& store, const iceberg::DataFile& vector);

}  // namespace k2i::datafile
