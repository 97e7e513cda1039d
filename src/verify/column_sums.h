// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <string>
#include <vector>

#include "datafile/leaf_column.h"
#include "iceberg/model/literal.h"

namespace k2i::verify {

struct ColumnSum {
  std::string name;  // "user.age"
  std::string type;  // Iceberg's
  int64_t count = 0;
  std::string sum;  // exact for integers and decimals; "" where it does not fit 128 bits
};

/// Counts and adds up numeric columns: int, long, float, double, decimal, those in structs too, but not in lists and
/// maps.
class ColumnSums {
 public:
  explicit ColumnSums(const iceberg::Schema& schema);

  /// The columns to read, with structs cut to what is added up. Batches given to Add are of it.
  const iceberg::Schema& columns() const { return columns_; }
  Status Add(const arrow::RecordBatch& rows, arrow::MemoryPool* pool);
  std::vector<ColumnSum> Result() const;

 private:
  struct Total {
    int64_t count = 0;
    iceberg::Decimal128::Rep integer = 0;
    bool overflow = false;
    double real = 0, lost = 0;  // Neumaier's: `lost` gathers what rounding drops
  };
  static void AddReal(double value, Total& total);

  iceberg::Schema columns_;
  std::vector<datafile::LeafColumn> leaves_;
  std::vector<Total> totals_;
};

}  // namespace k2i::verify
