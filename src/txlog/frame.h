// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "txlog/entry.h"
#include "txlog/frame_cipher.h"

namespace k2i::txlog {

inline constexpr size_t kSegmentHeaderSize = 16;
inline constexpr size_t kFrameHeaderSize = 9;
inline constexpr size_t kMaxPayloadSize = 64 << 20;

enum class Encryption { kOff, kOn };
std::string SegmentHeader(Encryption encryption = Encryption::kOff);
std::string EncodeFrame(const Entry& entry);
/// For a segment with encryption. Internal: the library fails.
Result<std::string> EncodeFrame(const Entry& entry, const FrameCipher& cipher);

/// One entry of a segment, while it is being read.
struct EntryView {
  size_t offset = 0;         // of its frame, in the segment
  std::string_view payload;  // JSON, decrypted, whole: with members that this version does not know
  Entry& entry;              // may be moved from
};
using VisitEntry = std::function<void(EntryView)>;

struct SegmentEnd {
  bool header_ok = false;
  size_t entries = 0;
  size_t valid_bytes = 0;  // where the torn tail begins; the segment's size when there is none
};

/// Reads a segment and shows each entry to `visit`, in order. A torn tail is not an error; Corruption when a broken
/// frame has whole ones behind it, or a frame with a good checksum cannot be understood: the message begins with its
/// byte. NotSupported for a segment of a newer version; PermissionDenied for one that is encrypted when there is no
/// `cipher`. With another key than it was written with, its first entry cannot be understood.
Result<SegmentEnd> ReadSegment(std::string_view bytes, const VisitEntry& visit, const FrameCipher* cipher = nullptr);

struct ParsedSegment {
  bool header_ok = false;
  std::vector<Entry> entries;
  size_t valid_bytes = 0;
};
/// ReadSegment, collected.
Result<ParsedSegment> ParseSegment(std::string_view bytes);

}  // namespace k2i::txlog
