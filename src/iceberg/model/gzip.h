// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace k2i::iceberg {

bool IsGzip(std::string_view bytes);
/// Corruption for malformed bytes or more than `max_size` bytes of output.
Result<std::string> Gunzip(std::string_view bytes, size_t max_size);

/// A part of a gzip file that can stand in many: it refers to nothing before it.
struct DeflatedText {
  std::string blocks;  // RFC 1951; whole bytes, none the last block of a stream
  uint32_t crc = 0;    // of the text, by which its size is known too
  size_t size = 0;     // of the text
};

/// ResourceExhausted when memory is short, or the text longer than 2 GiB.
Result<DeflatedText> Deflate(std::string_view text);

/// Puts a gzip file together from parts, as a single member, which some readers (DuckDB's) insist on.
class GzipWriter {
 public:
  GzipWriter();

  void Append(const DeflatedText& part);
  /// As Deflate.
  Status Append(std::string_view text);
  /// The file. Nothing may be called after it.
  std::string Finish() &&;

 private:
  std::string bytes_;
  uint32_t crc_ = 0;
  size_t size_ = 0;
};

}  // namespace k2i::iceberg
