// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <memory>

namespace k2i::iceberg {
namespace {

constexpr int kGzip = 15 + 16;  // window of 32 KiB, gzip header and checksum
constexpr size_t kChunk = size_t{64} << 10;

std::unexpected<Error> NoMemory() { return Fail(ErrorCode::kResourceExhausted, "zlib: no memory"); }

void SetInput(z_stream& stream, std::string_view bytes) {
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
}

}  // namespace

bool IsGzip(std::string_view bytes) { return bytes.starts_with("\x1f\x8b"); }

Result<std::string> Gzip(std::string_view bytes) {
  z_stream stream{};
  if (bytes.size() > std::numeric_limits<uInt>::max() / 2 ||
      deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    return NoMemory();
  }
  const std::unique_ptr<z_stream, int (*)(z_stream*)> closer(&stream, deflateEnd);
  std::string out(deflateBound(&stream, static_cast<uLong>(bytes.size())), '\0');
  SetInput(stream, bytes);
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) return Fail(ErrorCode::kInternal, "zlib: deflate did not finish");
  out.resize(stream.total_out);
  return out;
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
