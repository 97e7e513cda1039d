// SPDX-License-Identifier: Apache-2.0
#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/extension/uuid.h>
#include <arrow/extension_type.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "server/csv_rows.h"
#include "server/json_rows.h"
#include "server/rows_testing.h"
#include "server/value_text.h"

namespace k2i::server {
namespace {

using arrow::TimeUnit;

/// All values of an array as a JSON array.
std::string Json(const arrow::Array& array) {
  std::string text;
  for (int64_t row = 0; row < array.length(); ++row) {
    if (row > 0) text += ' ';
    AppendJsonValue(array, row, &text);
  }
  return text;
}

std::string Json(const std::shared_ptr<arrow::DataType>& type, const std::string& values) {
  return Json(*MakeArray(type, values));
}

TEST(JsonRowsTest, NumbersAndBooleans) {
  EXPECT_EQ(Json(arrow::boolean(), "[true, false, null]"), "true false null");
  EXPECT_EQ(Json(arrow::int32(), "[-2147483648, 7]"), "-2147483648 7");
  EXPECT_EQ(Json(arrow::int64(), "[9223372036854775807, -9223372036854775808]"),
            "9223372036854775807 -9223372036854775808");
  EXPECT_EQ(Json(arrow::uint64(), "[18446744073709551615]"), "18446744073709551615");
  EXPECT_EQ(Json(arrow::int8(), "[-128]"), "-128");
  EXPECT_EQ(Json(arrow::float64(), "[1.5, 0.1, 1e300, -0.0]"), "1.5 0.1 1e+300 -0");
  EXPECT_EQ(Json(arrow::float32(), "[0.1]"), "0.1");
  EXPECT_EQ(Json(arrow::float64(), "[NaN, Inf, -Inf]"), R"("NaN" "Infinity" "-Infinity")");
}

TEST(JsonRowsTest, DecimalsAreStringsWithAllTheirPlaces) {
  EXPECT_EQ(Json(arrow::decimal128(38, 10), R"(["0.0000000001", "-12.0000000000", "0.0000000000"])"),
            R"("0.0000000001" "-12.0000000000" "0.0000000000")");
  EXPECT_EQ(Json(arrow::decimal128(9, 0), R"(["-5"])"), R"("-5")");
  EXPECT_EQ(Json(arrow::decimal128(4, 4), R"(["-0.0001"])"), R"("-0.0001")");
  EXPECT_EQ(Json(arrow::decimal256(60, 1), R"(["12345678901234567890123456789012345678901234567890.5"])"),
            R"("12345678901234567890123456789012345678901234567890.5")");
}

TEST(JsonRowsTest, Times) {
  EXPECT_EQ(Json(arrow::date32(), "[0, -1, 19753]"), R"("1970-01-01" "1969-12-31" "2024-01-31")");
  EXPECT_EQ(Json(arrow::time64(TimeUnit::MICRO), "[0, 86399999999, 45296789000]"),
            R"("00:00:00" "23:59:59.999999" "12:34:56.789")");
  EXPECT_EQ(Json(arrow::timestamp(TimeUnit::MICRO), "[0, -1, 1706704496789000]"),
            R"("1970-01-01T00:00:00" "1969-12-31T23:59:59.999999" "2024-01-31T12:34:56.789")");
  EXPECT_EQ(Json(arrow::timestamp(TimeUnit::MICRO, "UTC"), "[60000000]"), R"("1970-01-01T00:01:00Z")");
  EXPECT_EQ(Json(arrow::timestamp(TimeUnit::NANO, "UTC"), "[1]"), R"("1970-01-01T00:00:00.000000001Z")");
  EXPECT_EQ(Json(arrow::timestamp(TimeUnit::SECOND), "[253402300800]"), R"("+10000-01-01T00:00:00")");
  EXPECT_EQ(Json(arrow::month_day_nano_interval(), "[[14, 3, -1500000000], [0, 0, 0]]"), R"("P14M3DT-1.500S" "PT0S")");
}

TEST(JsonRowsTest, TextAndBytes) {
  EXPECT_EQ(Json(arrow::utf8(), R"(["", "a\"b\\c\n\u0001ä"])"), "\"\" \"a\\\"b\\\\c\\n\\u0001ä\"");
  EXPECT_EQ(Json(arrow::large_utf8(), R"(["x"])"), R"("x")");
  arrow::StringBuilder broken;
  ASSERT_TRUE(broken.Append("a\xFF\xC3z").ok());
  EXPECT_EQ(Json(**broken.Finish()), "\"a\xEF\xBF\xBD\xEF\xBF\xBDz\"");
  EXPECT_EQ(Json(arrow::binary(), R"(["", "f", "foob"])"), R"("" "Zg==" "Zm9vYg==")");
  EXPECT_EQ(Json(arrow::fixed_size_binary(3), R"(["foo"])"), R"("Zm9v")");
  const auto uuids = arrow::ExtensionType::WrapArray(
      arrow::extension::uuid(), MakeArray(arrow::fixed_size_binary(16), R"(["abcdefghijklmnop", null])"));
  EXPECT_EQ(Json(*uuids), R"("61626364-6566-6768-696a-6b6c6d6e6f70" null)");
}

TEST(JsonRowsTest, NestedValues) {
  EXPECT_EQ(Json(arrow::list(arrow::int32()), "[[1, null], [], null]"), "[1,null] [] null");
  EXPECT_EQ(Json(arrow::struct_({arrow::field("a", arrow::int32()), arrow::field("b\"", arrow::utf8())}),
                 R"([{"a": 1, "b\"": "x"}, {"a": null, "b\"": null}, null])"),
            R"({"a":1,"b\"":"x"} {"a":null,"b\"":null} null)");
  EXPECT_EQ(Json(arrow::map(arrow::utf8(), arrow::list(arrow::int64())), R"([[["a", [1]], ["b", null]], []])"),
            R"([{"key":"a","value":[1]},{"key":"b","value":null}] [])");
  const auto list = MakeArray(arrow::list(arrow::int32()), "[[1], [2, 3], [4]]");
  EXPECT_EQ(Json(*list->Slice(1, 1)), "[2,3]");
  EXPECT_EQ(Json(arrow::dictionary(arrow::int32(), arrow::utf8()), R"(["x", null, "y"])"), R"("x" null "y")");
}

TEST(TypeNameTest, AreIcebergs) {
  EXPECT_EQ(TypeName(*arrow::int64()), "long");
  EXPECT_EQ(TypeName(*arrow::decimal128(9, 2)), "decimal(9, 2)");
  EXPECT_EQ(TypeName(*arrow::timestamp(TimeUnit::MICRO, "UTC")), "timestamptz");
  EXPECT_EQ(TypeName(*arrow::timestamp(TimeUnit::NANO)), "timestamp_ns");
  EXPECT_EQ(TypeName(*arrow::extension::uuid()), "uuid");
  EXPECT_EQ(TypeName(*arrow::fixed_size_binary(4)), "fixed[4]");
  EXPECT_EQ(TypeName(*arrow::map(arrow::utf8(), arrow::list(arrow::float64()))), "map<string, list<double>>");
  EXPECT_EQ(TypeName(*arrow::struct_({arrow::field("a", arrow::int32()), arrow::field("b", arrow::date32())})),
            "struct<a: int, b: date>");
  EXPECT_EQ(TypeName(*arrow::uint64()), "uint64");
}

TEST(CsvRowsTest, QuotesWhereItMust) {
  const auto schema =
      arrow::schema({arrow::field("id", arrow::int64()), arrow::field("a,b", arrow::utf8()),
                     arrow::field("tags", arrow::list(arrow::utf8())), arrow::field("raw", arrow::binary())});
  const auto batch = MakeBatch(schema, R"([{"id": 1, "a,b": "say \"x\"", "tags": ["p", "q"], "raw": "f"},
                                           {"id": null, "a,b": "", "tags": null, "raw": ""},
                                           {"id": 3, "a,b": "two\r\nlines", "tags": [], "raw": null},
                                           {"id": 4, "a,b": "plain ä", "tags": ["p"], "raw": null}])");
  std::string text;
  AppendCsvHeader(*schema, &text);
  for (int64_t row = 0; row < 4; ++row) AppendCsvRow(*batch, row, &text);
  EXPECT_EQ(text,
            "id,\"a,b\",tags,raw\r\n"
            "1,\"say \"\"x\"\"\",\"[\"\"p\"\",\"\"q\"\"]\",Zg==\r\n"
            ",\"\",,\"\"\r\n"
            "3,\"two\r\nlines\",[],\r\n"
            "4,plain ä,\"[\"\"p\"\"]\",\r\n");
}

TEST(JsonObjectsTest, NamesAreUnique) {
  const auto schema = arrow::schema({arrow::field("a", arrow::int32()), arrow::field("a", arrow::int32())});
  const auto batch =
      arrow::RecordBatch::Make(schema, 1, {MakeArray(arrow::int32(), "[1]"), MakeArray(arrow::int32(), "[2]")});
  std::string text;
  JsonObjects(*schema).Append(*batch, 0, &text);
  EXPECT_EQ(text, R"({"a":1,"a:1":2})");
}

}  // namespace
}  // namespace k2i::server
