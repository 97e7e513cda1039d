// SPDX-License-Identifier: Apache-2.0
#include "txlog/frame.h"

#include <fmt/format.h>

#include <optional>

#include "base/crc32c.h"

namespace k2i::txlog {
namespace {

constexpr std::string_view kMagic = "K2ITXLOG";
constexpr uint16_t kVersion = 1;
constexpr uint8_t kLastType = 7;

void PutLittleEndian(std::string& out, uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

uint32_t GetLittleEndian(std::string_view in, int bytes) {
  uint32_t value = 0;
  for (int i = 0; i < bytes; ++i) value |= static_cast<uint32_t>(static_cast<uint8_t>(in[i])) << (8 * i);
  return value;
}

/// A frame whose checksum holds.
struct Frame {
  uint8_t type;
  std::string_view payload;
};

std::optional<Frame> ReadFrame(std::string_view bytes) {
  if (bytes.size() < kFrameHeaderSize) return std::nullopt;
  const uint32_t length = GetLittleEndian(bytes, 4);
  const auto type = static_cast<uint8_t>(bytes[4]);
  if (length > kMaxPayloadSize || length > bytes.size() - kFrameHeaderSize || type == 0 || type > kLastType) {
    return std::nullopt;
  }
  const std::string_view payload = bytes.substr(kFrameHeaderSize, length);
  if (Crc32c(payload, Crc32c(bytes.substr(0, 5))) != GetLittleEndian(bytes.substr(5), 4)) return std::nullopt;
  return Frame{type, payload};
}

bool AnyFrameIn(std::string_view bytes) {
  for (size_t at = 0; at + kFrameHeaderSize <= bytes.size(); ++at) {
    if (ReadFrame(bytes.substr(at))) return true;
  }
  return false;
}

std::unexpected<Error> Corrupt(size_t offset, std::string_view why) {
  return Fail(ErrorCode::kCorruption, fmt::format("byte {}: {}", offset, why), Component::kTransactionLog);
}

}  // namespace

std::string SegmentHeader() {
  std::string header(kMagic);
  PutLittleEndian(header, kVersion, 2);
  PutLittleEndian(header, 0, 2);
  PutLittleEndian(header, Crc32c(header), 4);
  return header;
}

std::string EncodeFrame(const Entry& entry) {
  const std::string payload = EncodePayload(entry);
  std::string frame;
  frame.reserve(kFrameHeaderSize + payload.size());
  PutLittleEndian(frame, static_cast<uint32_t>(payload.size()), 4);
  frame.push_back(static_cast<char>(TypeOf(entry)));
  PutLittleEndian(frame, Crc32c(payload, Crc32c(frame)), 4);
  return frame + payload;
}

Result<ParsedSegment> ParseSegment(std::string_view bytes) {
  ParsedSegment segment;
  if (bytes.size() < kSegmentHeaderSize || bytes.substr(0, kSegmentHeaderSize) != SegmentHeader()) {
    if (bytes.size() >= kSegmentHeaderSize && bytes.starts_with(kMagic) &&
        GetLittleEndian(bytes.substr(8), 2) > kVersion) {
      return Fail(ErrorCode::kNotSupported, "written by a newer version of K2I", Component::kTransactionLog);
    }
    if (AnyFrameIn(bytes)) return Corrupt(0, "the segment header is damaged");
    return segment;
  }
  segment.header_ok = true;
  size_t at = kSegmentHeaderSize;
  while (at < bytes.size()) {
    const auto frame = ReadFrame(bytes.substr(at));
    if (!frame) {
      if (AnyFrameIn(bytes.substr(at + 1))) return Corrupt(at, "a damaged frame with whole ones behind it");
      break;
    }
    auto entry = DecodePayload(frame->type, frame->payload);
    if (!entry) return Corrupt(at, entry.error().message);
    segment.entries.push_back(std::move(*entry));
    at += kFrameHeaderSize + frame->payload.size();
  }
  segment.valid_bytes = at;
  return segment;
}

}  // namespace k2i::txlog
