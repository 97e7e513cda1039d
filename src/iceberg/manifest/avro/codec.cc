// SPDX-License-Identifier: Apache-2.0
#include "iceberg/manifest/avro/codec.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <limits>
#include <memory>

namespace k2i::iceberg::avro {
namespace {

constexpr int kRawDeflate = -15;             // no header, window of 32 KiB
constexpr size_t kChunk = size_t{64} << 10;  // step in which output grows, so that a lying size allocates nothing
constexpr int kMaxZstdWindowLog = 25;        // 32 MiB; level 19 uses 23

std::unexpected<Error> Malformed(const char* what) {
  return Fail(ErrorCode::kCorruption, std::string("Avro block: ") + what);
}

/// Makes room for one more chunk in `out`, of which `used` bytes are taken. False when that would pass `max_size`.
bool Grow(std::string& out, size_t used, size_t max_size) {
  if (used < out.size()) return true;
  if (used >= max_size) return false;
  out.resize(std::min(max_size, std::max(used * 2, kChunk)));
  return true;
}

Result<std::string> Inflate(std::string_view bytes, size_t max_size) {
  if (bytes.size() > std::numeric_limits<uInt>::max()) return Malformed("more than 4 GiB");
  z_stream stream{};
  if (inflateInit2(&stream, kRawDeflate) != Z_OK) return Fail(ErrorCode::kResourceExhausted, "zlib: no memory");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> closer(&stream, inflateEnd);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string out;
  size_t used = 0;
  while (true) {
    // One byte beyond the limit tells a block that is too long from one that ends exactly there.
    if (!Grow(out, used, max_size + 1)) return Malformed("expands beyond the limit");
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + used);
    stream.avail_out = static_cast<uInt>(std::min<size_t>(out.size() - used, std::numeric_limits<uInt>::max()));
    const size_t room = stream.avail_out;
    const int status = inflate(&stream, Z_NO_FLUSH);
    used += room - stream.avail_out;
    // PyIceberg leaves part of zlib's checksum behind the stream, so what follows its end is not looked at.
    if (status == Z_STREAM_END) break;
    if (status != Z_OK || (stream.avail_in == 0 && stream.avail_out != 0)) return Malformed("bad deflate data");
  }
  if (used > max_size) return Malformed("expands beyond the limit");
  out.resize(used);
  return out;
}

Result<std::string> Unzstd(std::string_view bytes, size_t max_size) {
  const std::unique_ptr<ZSTD_DCtx, size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(), ZSTD_freeDCtx);
  if (context == nullptr) return Fail(ErrorCode::kResourceExhausted, "zstd: no memory");
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, kMaxZstdWindowLog);
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  std::string out;
  size_t used = 0;
  while (true) {
    if (!Grow(out, used, max_size + 1)) return Malformed("expands beyond the limit");
    ZSTD_outBuffer buffer{out.data() + used, out.size() - used, 0};
    const size_t status = ZSTD_decompressStream(context.get(), &buffer, &in);
    if (ZSTD_isError(status) != 0) return Malformed("bad zstandard data");
    used += buffer.pos;
    if (status == 0 && in.pos == in.size) break;  // a whole frame, and nothing behind it
    if (in.pos == in.size && buffer.pos < buffer.size) return Malformed("zstandard data ends early");
  }
  if (used > max_size) return Malformed("expands beyond the limit");
  out.resize(used);
  return out;
}

}  // namespace

Result<Codec> ParseCodec(std::string_view name) {
  if (name.empty() || name == "null") return Codec::kNull;
  if (name == "deflate") return Codec::kDeflate;
  if (name == "zstandard") return Codec::kZstandard;
  return Fail(ErrorCode::kNotSupported,
              "Avro codec " + std::string(name.substr(0, 100)) + " (supported: null, deflate, zstandard)");
}

Result<std::string> Deflate(std::string_view bytes) {
  z_stream stream{};
  if (bytes.size() > std::numeric_limits<uInt>::max() / 2 ||
      deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kRawDeflate, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    return Fail(ErrorCode::kResourceExhausted, "zlib: no memory");
  }
  const std::unique_ptr<z_stream, int (*)(z_stream*)> closer(&stream, deflateEnd);
  std::string out(deflateBound(&stream, static_cast<uLong>(bytes.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) return Fail(ErrorCode::kInternal, "zlib: deflate did not finish");
  out.resize(stream.total_out);
  return out;
}

Result<std::string> Decompress(Codec codec, std::string_view bytes, size_t max_size) {
  switch (codec) {
    case Codec::kNull:
      if (bytes.size() > max_size) return Malformed("longer than the limit");
      return std::string(bytes);
    case Codec::kDeflate:
      return Inflate(bytes, max_size);
    case Codec::kZstandard:
      return Unzstd(bytes, max_size);
  }
  return Malformed("of no known codec");
}

}  // namespace k2i::iceberg::avro
