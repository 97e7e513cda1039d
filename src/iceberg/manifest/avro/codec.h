// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"

namespace k2i::iceberg::avro {

/// Compression of a container file's blocks (Avro specification, "Required Codecs", "Optional Codecs").
enum class Codec { kNull, kDeflate, kZstandard };

/// Of the metadata entry "avro.codec"; empty means null. NotSupported for another codec (snappy, bzip2, xz).
Result<Codec> ParseCodec(std::string_view name);

/// Raw deflate (RFC 1951), as Avro wants it. ResourceExhausted when memory is short.
Result<std::string> Deflate(std::string_view bytes);
/// Corruption for malformed bytes or more than `max_size` bytes of output.
Result<std::string> Decompress(Codec codec, std::string_view bytes, size_t max_size);

}  // namespace k2i::iceberg::avro
