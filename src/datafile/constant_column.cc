// SPDX-License-Identifier: Apache-2.0
#include "datafile/constant_column.h"

#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/scalar.h>
#include <arrow/util/decimal.h>

#include "datafile/arrow_status.h"

namespace k2i::datafile {
namespace {

using ScalarResult = arrow::Result<std::shared_ptr<arrow::Scalar>>;

struct ToScalar {
  const std::shared_ptr<arrow::DataType>& type;

  ScalarResult operator()(std::monostate) const { return arrow::MakeNullScalar(type); }
  ScalarResult operator()(bool value) const { return arrow::MakeScalar(type, value); }
  ScalarResult operator()(int32_t value) const { return arrow::MakeScalar(type, value); }
  ScalarResult operator()(int64_t value) const { return arrow::MakeScalar(type, value); }
  ScalarResult operator()(float value) const { return arrow::MakeScalar(type, value); }
  ScalarResult operator()(double value) const { return arrow::MakeScalar(type, value); }
  ScalarResult operator()(const iceberg::Decimal128& value) const {
    return arrow::MakeScalar(
        type, arrow::Decimal128(static_cast<int64_t>(value.value >> 64), static_cast<uint64_t>(value.value)));
  }
  ScalarResult operator()(const std::string& value) const { return OfBytes(value); }
  ScalarResult operator()(const iceberg::Bytes& value) const { return OfBytes(value.value); }
  ScalarResult operator()(const iceberg::UuidBytes& value) const {
    return OfBytes(std::string(value.bytes.begin(), value.bytes.end()));
  }
  ScalarResult OfBytes(const std::string& bytes) const {
    return arrow::MakeScalar(type, arrow::Buffer::FromString(bytes));
  }
};

}  // namespace

Result<std::shared_ptr<arrow::Array>> ConstantColumn(const iceberg::Literal& value,
                                                     const std::shared_ptr<arrow::DataType>& type, int64_t length,
                                                     arrow::MemoryPool* pool) {
  K2I_ASSIGN_OR_RETURN(const auto scalar, FromArrow(std::visit(ToScalar{type}, value)));
  return FromArrow(arrow::MakeArrayFromScalar(*scalar, length, pool));
}

}  // namespace k2i::datafile
