// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "buffer/slice.h"

namespace k2i::buffer {

/// Whether rows can be looked up by a column of this type: string, binary, int, long, fixed and uuid.
bool CanBeKey(const arrow::DataType& type);

/// Hashes of the rows' keys, 32 bits each, in `hashes`; where the key is null, `valid` is 0. False: the slice has no
/// such column, or none that can be a key.
bool HashKeys(const Slice& slice, const std::string& column, std::vector<uint32_t>& hashes,
              std::vector<uint8_t>& valid);

/// A key to look for, in the form in which values of one type compare.
class KeyProbe {
 public:
  /// `text`: a number as decimal digits, a uuid as RFC 9562 §4 writes it or its 16 bytes, else the value's bytes.
  /// InvalidArgument: it is no value of this type.
  static Result<KeyProbe> Make(const arrow::DataType& type, std::string_view text);

  uint32_t hash() const;
  bool Matches(const arrow::Array& column, int64_t row) const;

 private:
  std::string bytes_;
  int64_t number_ = 0;
  bool is_number_ = false;
};

}  // namespace k2i::buffer
