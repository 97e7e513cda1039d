// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace k2i::datafile {

/// Takes numbers off the front of some bytes; once they are too few, all that follow are 0 and ok() is false.
class LittleEndianReader {
 public:
  explicit LittleEndianReader(std::string_view bytes) : left_(bytes) {}

  template <typename T>
  T Take() {
    T value{};
    const std::string_view bytes = TakeBytes(sizeof(T));
    if (ok_) std::memcpy(&value, bytes.data(), sizeof(T));
    return value;
  }
  std::string_view TakeBytes(size_t count) {
    ok_ = ok_ && count <= left_.size();
    if (!ok_) return {};
    const std::string_view taken = left_.substr(0, count);
    left_.remove_prefix(count);
    return taken;
  }
  bool ok() const { return ok_; }
  std::string_view left() const { return left_; }

 private:
  static_assert(std::endian::native == std::endian::little);
  std::string_view left_;
  bool ok_ = true;
};

}  // namespace k2i::datafile
