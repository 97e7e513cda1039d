// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <span>
#include <string>
#include <vector>

#include "base/error.h"

namespace k2i::datafile {

/// Values of some columns as bytes: the same for two rows when their values are. Null is the same as null, NaN as NaN;
/// -0.0 is not 0.0, as in Iceberg's own comparison. Valid while the batch is.
class RowKeys {
 public:
  /// `columns`: indexes into `rows`, of primitive types as ToArrowType gives them. NotSupported for others.
  static Result<RowKeys> Make(const arrow::RecordBatch& rows, std::span<const int> columns);
  /// Replaces what is in `key`.
  void Write(int64_t row, std::string& key) const;

 private:
  std::vector<const arrow::Array*> columns_;
};

}  // namespace k2i::datafile
