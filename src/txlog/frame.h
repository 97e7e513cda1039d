// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "txlog/entry.h"

namespace k2i::txlog {

inline constexpr size_t kSegmentHeaderSize = 16;
inline constexpr size_t kFrameHeaderSize = 9;
inline constexpr size_t kMaxPayloadSize = 64 << 20;

std::string SegmentHeader();
std::string EncodeFrame(const Entry& entry);

struct ParsedSegment {
  bool header_ok = false;
  std::vector<Entry> entries;
  size_t valid_bytes = 0;  // where the torn tail begins; the segment's size when there is none
};

/// Reads a segment. A torn tail is not an error; Corruption when a broken frame has whole ones behind it, or a frame
/// with a good checksum cannot be understood. NotSupported for a segment of a newer version.
Result<ParsedSegment> ParseSegment(std::string_view bytes);

}  // namespace k2i::txlog
