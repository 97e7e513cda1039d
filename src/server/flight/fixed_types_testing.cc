// SPDX-License-Identifier: Apache-2.0
#include "server/flight/fixed_types_testing.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/json/from_string.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

namespace k2i::server::flight {
namespace {

struct Column {
  std::shared_ptr<arrow::Field> field;
  const char* json;
};

std::shared_ptr<arrow::Array> Parse(const Column& column) {
  return arrow::json::ArrayFromJSONString(column.field->type(), column.json).ValueOrDie();
}

std::shared_ptr<arrow::Array> Uuids() {
  arrow::FixedSizeBinaryBuilder builder(arrow::fixed_size_binary(16));
  const std::string low(16, '\x01');
  const std::string high(16, '\xfe');
  if (!builder.Append(low).ok() || !builder.Append(high).ok() || !builder.AppendNull().ok()) std::abort();
  return builder.Finish().ValueOrDie();
}

std::vector<Column> Columns() {
  const auto point = arrow::struct_({arrow::field("x", arrow::float64()), arrow::field("y", arrow::float64())});
  const auto utc = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  const auto local = arrow::timestamp(arrow::TimeUnit::MICRO);
  return {
      {arrow::field("id", arrow::int64(), false), "[1, 2, 3]"},
      {arrow::field("name", arrow::utf8()), R"(["Zoë", "", null])"},
      {arrow::field("amount", arrow::decimal128(9, 2)), R"(["1234567.89", "-0.01", null])"},
      {arrow::field("flag", arrow::boolean()), "[true, false, null]"},
      {arrow::field("small", arrow::int32()), "[2147483647, -2147483648, null]"},
      {arrow::field("ratio", arrow::float32()), "[0.5, -2.25, null]"},
      {arrow::field("score", arrow::float64()), "[0.1, -1e300, null]"},
      {arrow::field("payload", arrow::binary()), R"(["bytes", "", null])"},
      {arrow::field("day", arrow::date32()), "[19000, -1, null]"},
      {arrow::field("clock", arrow::time64(arrow::TimeUnit::MICRO)), "[1, 86399999999, null]"},
      {arrow::field("at", local), R"(["2026-01-02 03:04:05.678901", "1969-12-31 23:59:59", null])"},
      {arrow::field("seen", utc), R"(["2026-01-02 03:04:05.678901", "1969-12-31 23:59:59", null])"},
      {arrow::field("tags", arrow::list(arrow::utf8())), R"([["a", null], [], null])"},
      {arrow::field("point", point), R"([{"x": 1.5, "y": -1.5}, {"x": null, "y": 0}, null])"},
      {arrow::field("counts", arrow::map(arrow::utf8(), arrow::int64())), R"([[["a", 1], ["b", null]], [], null])"},
  };
}

}  // namespace

std::shared_ptr<arrow::RecordBatch> EveryType() {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const Column& column : Columns()) {
    fields.push_back(column.field);
    arrays.push_back(Parse(column));
  }
  fields.push_back(arrow::field("uuid", arrow::fixed_size_binary(16)));
  arrays.push_back(Uuids());
  return arrow::RecordBatch::Make(arrow::schema(fields), 3, arrays);
}

std::shared_ptr<arrow::RecordBatch> Numbers(int64_t rows) {
  arrow::Int64Builder numbers;
  arrow::Int32Builder partitions;
  arrow::Int64Builder offsets;
  arrow::StringBuilder texts;
  for (int64_t n = 0; n < rows; ++n) {
    const bool ok = numbers.Append(n).ok() && partitions.Append(static_cast<int32_t>(n % 2)).ok() &&
                    offsets.Append(n / 2).ok() && texts.Append("row " + std::to_string(n)).ok();
    if (!ok) std::abort();
  }
  const auto schema =
      arrow::schema({arrow::field("n", arrow::int64(), false), arrow::field("partition", arrow::int32()),
                     arrow::field("offset", arrow::int64()), arrow::field("text", arrow::utf8())});
  return arrow::RecordBatch::Make(schema, rows,
                                  {numbers.Finish().ValueOrDie(), partitions.Finish().ValueOrDie(),
                                   offsets.Finish().ValueOrDie(), texts.Finish().ValueOrDie()});
}

}  // namespace k2i::server::flight
