// SPDX-License-Identifier: Apache-2.0
#include "sim/disk.h"

#include <cstdint>
#include <vector>

namespace k2i::sim {
namespace {

// docs/format/txlog.md, read here without the product's code.
constexpr size_t kSegmentHeader = 16;
constexpr size_t kFrameHeader = 9;

uint32_t LittleEndian(const std::string& bytes, size_t at) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value |= static_cast<uint32_t>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
  return value;
}

std::vector<size_t> FrameStarts(const std::string& bytes) {
  std::vector<size_t> starts;
  size_t at = kSegmentHeader;
  while (at + kFrameHeader <= bytes.size()) {
    const size_t end = at + kFrameHeader + LittleEndian(bytes, at);
    // Zeros: a page that was never written, or the end of one frame that was not. Payloads are JSON objects.
    if (end > bytes.size() || bytes[at + 4] == 0 || bytes[end - 1] != '}') break;
    starts.push_back(at);
    at = end;
  }
  return starts;
}

}  // namespace

bool CutPower(Disk& disk, Random& random) {
  bool torn = false;
  for (auto& [name, file] : disk.files) {
    const size_t loose = file.bytes.size() - file.synced;
    if (loose == 0) continue;
    const size_t kept = random.Below(loose + 1);
    file.bytes.resize(file.synced + kept);
    // A page that was never written reads as zeros.
    if (kept > 0 && random.Below(4) == 0) file.bytes.append(random.Below(64), '\0');
    file.synced = file.bytes.size();
    torn = true;
  }
  return torn;
}

bool FlipBit(Disk& disk, Random& random) {
  if (disk.files.empty()) return false;
  std::string& bytes = disk.files.rbegin()->second.bytes;
  const auto starts = FrameStarts(bytes);
  if (starts.size() < 3) return false;
  // Neither the checkpoint (then the segment looks like a rotation cut short) nor the last frame (then it looks torn).
  const size_t frame = 1 + random.Below(starts.size() - 2);
  const size_t at = starts[frame] + random.Below(starts[frame + 1] - starts[frame]);
  bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.Below(8)));
  return true;
}

}  // namespace k2i::sim
