// SPDX-License-Identifier: Apache-2.0
#include "iceberg/model/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <memory>

namespace k2i::iceberg {
namespace {

constexpr int kGzip = 15 + 16;  // window of 32 KiB, gzip header and checksum
constexpr int kRaw = -15;       // the same window and nothing round the blocks
constexpr size_t kChunk = size_t{64} << 10;
constexpr size_t kFlushed = 16;  // bytes that a flush may add

std::unexpected<Error> NoMemory() { return Fail(ErrorCode::kResourceExhausted, "zlib: no memory"); }

void SetInput(z_stream& stream, std::string_view bytes) {
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
}

}  // namespace

bool IsGzip(std::string_view bytes) { return bytes.starts_with("\x1f\x8b"); }

Result<DeflatedText> Deflate(std::string_view text) {
  if (text.size() > std::numeric_limits<uInt>::max() / 2) {
    return Fail(ErrorCode::kResourceExhausted, "gzip: more than 2 GiB in one piece");
  }
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kRaw, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    return NoMemory();
  }
  const std::unique_ptr<z_stream, int (*)(z_stream*)> closer(&stream, deflateEnd);
  DeflatedText out{.crc = static_cast<uint32_t>(crc32_z(0, nullptr, 0)), .size = text.size()};
  out.crc = static_cast<uint32_t>(crc32_z(out.crc, reinterpret_cast<const Bytef*>(text.data()), text.size()));
  out.blocks.resize(deflateBound(&stream, static_cast<uLong>(text.size())) + kFlushed);
  SetInput(stream, text);
  stream.next_out = reinterpret_cast<Bytef*>(out.blocks.data());
  stream.avail_out = static_cast<uInt>(out.blocks.size());
  // A full flush ends with whole bytes.
  if (deflate(&stream, Z_FULL_FLUSH) != Z_OK || stream.avail_out == 0) {
    return Fail(ErrorCode::kInternal, "zlib: deflate did not finish");
  }
  out.blocks.resize(stream.total_out);
  return out;
}

GzipWriter::GzipWriter() : bytes_("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10) {}

void GzipWriter::Append(const DeflatedText& part) {
  bytes_ += part.blocks;
  crc_ = static_cast<uint32_t>(crc32_combine(crc_, part.crc, static_cast<z_off_t>(part.size)));
  size_ += part.size;
}

Status GzipWriter::Append(std::string_view text) {
  K2I_ASSIGN_OR_RETURN(const DeflatedText part, Deflate(text));
  Append(part);
  return {};
}

std::string GzipWriter::Finish() && {
  bytes_.append("\x03\0", 2);  // the last block, empty
  for (const uint32_t number : {crc_, static_cast<uint32_t>(size_)}) {
    for (int shift = 0; shift < 32; shift += 8) bytes_ += static_cast<char>(number >> shift);
  }
  return std::move(bytes_);
}

Result<std::string> Gunzip(std::string_view bytes, size_t max_size) {
  const auto malformed = [](const char* what) { return Fail(ErrorCode::kCorruption, std::string("gzip: ") + what); };
  if (bytes.size() > std::numeric_limits<uInt>::max()) return malformed("more than 4 GiB");
  z_stream stream{};
  if (inflateInit2(&stream, kGzip) != Z_OK) return NoMemory();
  const std::unique_ptr<z_stream, int (*)(z_stream*)> closer(&stream, inflateEnd);
  SetInput(stream, bytes);
  std::string out;
  int status = Z_OK;
  while (status == Z_OK) {
    const size_t used = out.size();
    if (used > max_size) return malformed("expands beyond the limit");
    out.resize(used + std::max(used, kChunk));
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + used);
    stream.avail_out = static_cast<uInt>(std::min<size_t>(out.size() - used, std::numeric_limits<uInt>::max()));
    const size_t room = stream.avail_out;
    status = inflate(&stream, Z_NO_FLUSH);
    out.resize(used + room - stream.avail_out);
  }
  if (status != Z_STREAM_END) return malformed("malformed or cut short");
  if (out.size() > max_size) return malformed("expands beyond the limit");
  return out;
}

}  // namespace k2i::iceberg
