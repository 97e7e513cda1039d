// SPDX-License-Identifier: Apache-2.0
#include "txlog/frame.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "base/crc32c.h"

namespace k2i::txlog {
namespace {

constexpr std::string_view kMagic = "K2ITXLOG";
constexpr uint16_t kVersion = 1;
constexpr uint16_t kEncryptedFlag = 1;
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

/// Length and type: what stands before the checksum, and what encryption authenticates with the payload.
constexpr size_t kFrameStartSize = 5;

std::string FrameStart(size_t payload_size, uint8_t type) {
  std::string start;
  start.reserve(kFrameHeaderSize + payload_size);
  PutLittleEndian(start, static_cast<uint32_t>(payload_size), 4);
  start.push_back(static_cast<char>(type));
  return start;
}

std::string Framed(std::string start, std::string_view payload) {
  PutLittleEndian(start, Crc32c(payload, Crc32c(start)), 4);
  return start.append(payload);
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

std::string SegmentHeader(Encryption encryption) {
  std::string header(kMagic);
  PutLittleEndian(header, kVersion, 2);
  PutLittleEndian(header, encryption == Encryption::kOn ? kEncryptedFlag : 0, 2);
  PutLittleEndian(header, Crc32c(header), 4);
  return header;
}

std::string EncodeFrame(const Entry& entry) {
  const std::string payload = EncodePayload(entry);
  return Framed(FrameStart(payload.size(), TypeOf(entry)), payload);
}

Result<std::string> EncodeFrame(const Entry& entry, const FrameCipher& cipher) {
  const std::string payload = EncodePayload(entry);
  std::string start = FrameStart(payload.size() + FrameCipher::kOverhead, TypeOf(entry));
  K2I_ASSIGN_OR_RETURN(const std::string sealed, cipher.Seal(start, payload));
  return Framed(std::move(start), sealed);
}

Result<SegmentEnd> ReadSegment(std::string_view bytes, const VisitEntry& visit, const FrameCipher* cipher) {
  SegmentEnd end;
  const bool encrypted = bytes.starts_with(SegmentHeader(Encryption::kOn));
  if (!encrypted && !bytes.starts_with(SegmentHeader())) {
    if (bytes.size() >= kSegmentHeaderSize && bytes.starts_with(kMagic) &&
        GetLittleEndian(bytes.substr(8), 2) > kVersion) {
      return Fail(ErrorCode::kNotSupported, "written by a newer version of K2I", Component::kTransactionLog);
    }
    if (AnyFrameIn(bytes)) return Corrupt(0, "the segment header is damaged");
    return end;
  }
  if (encrypted && cipher == nullptr) {
    return Fail(ErrorCode::kPermissionDenied, "it is encrypted, and there is no transaction_log.encryption_key",
                Component::kTransactionLog);
  }
  end.header_ok = true;
  size_t at = kSegmentHeaderSize;
  while (at < bytes.size()) {
    const auto frame = ReadFrame(bytes.substr(at));
    if (!frame) {
      if (AnyFrameIn(bytes.substr(at + 1))) return Corrupt(at, "a damaged frame with whole ones behind it");
      break;
    }
    std::string opened;
    if (encrypted) {
      auto plain = cipher->Open(bytes.substr(at, kFrameStartSize), frame->payload);
      if (!plain) return Corrupt(at, plain.error().message);
      opened = std::move(*plain);
    }
    const std::string_view payload = encrypted ? opened : frame->payload;
    auto entry = DecodePayload(frame->type, payload);
    if (!entry) return Corrupt(at, entry.error().message);
    ++end.entries;
    visit({at, payload, *entry});
    at += kFrameHeaderSize + frame->payload.size();
  }
  end.valid_bytes = at;
  return end;
}

Result<ParsedSegment> ParseSegment(std::string_view bytes) {
  ParsedSegment segment;
  K2I_ASSIGN_OR_RETURN(const SegmentEnd end, ReadSegment(bytes, [&segment](const EntryView& view) {
                         segment.entries.push_back(std::move(view.entry));
                       }));
  segment.header_ok = end.header_ok;
  segment.valid_bytes = end.valid_bytes;
  return segment;
}

}  // namespace k2i::txlog
