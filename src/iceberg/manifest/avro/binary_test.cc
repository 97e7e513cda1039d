// SPDX-License-Identifier: Apache-2.0
#include "iceberg/manifest/avro/binary.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace k2i::iceberg::avro {
namespace {

using std::string_literals::operator""s;

std::string Encode(const Type& type, const Value& value) {
  std::string out;
  const Status status = AppendValue(type, value, out);
  EXPECT_TRUE(status.has_value()) << status.error().ToString();
  return out;
}

Result<Value> Decode(const Type& type, std::string_view bytes, int64_t budget = 1000) {
  Value value;
  K2I_RETURN_IF_ERROR(Decoder(bytes, budget).ReadValue(type, value));
  return value;
}

ErrorCode DecodeError(const Type& type, std::string_view bytes, int64_t budget = 1000) {
  const auto result = Decode(type, bytes, budget);
  return result.has_value() ? ErrorCode::kInternal : result.error().code;
}

Value Text(std::string_view text) { return Value{text}; }
Value Number(int64_t number) { return Value{number}; }

// The bytes are those of the Avro specification's own examples.
TEST(AvroBinaryTest, WritesTheSpecificationsExamples) {
  const TypePtr number = Primitive(Kind::kLong), text = Primitive(Kind::kString);
  EXPECT_EQ(Encode(*number, Number(0)), "\x00"s);
  EXPECT_EQ(Encode(*number, Number(-1)), "\x01");
  EXPECT_EQ(Encode(*number, Number(1)), "\x02");
  EXPECT_EQ(Encode(*number, Number(-64)), "\x7f");
  EXPECT_EQ(Encode(*number, Number(64)), "\x80\x01");
  EXPECT_EQ(Encode(*text, Text("foo")),
            "\x06"
            "foo");
  EXPECT_EQ(Encode(*Record("test", {{"a", number}, {"b", text}}), Value{Values{Number(27), Text("foo")}}),
            "\x36\x06"
            "foo");
  EXPECT_EQ(Encode(*Array(number, {}), Value{Values{Number(3), Number(27)}}), "\x04\x06\x36\x00"s);
  EXPECT_EQ(Encode(*Array(number, {}), Value{Values{}}), "\x00"s);
  EXPECT_EQ(Encode(*Optional(text), Value{}), "\x00"s);
  EXPECT_EQ(Encode(*Optional(text), Text("a")),
            "\x02\x02"
            "a");
  EXPECT_EQ(Encode(*Primitive(Kind::kFloat), Value{1.0f}), "\x00\x00\x80\x3f"s);
  EXPECT_EQ(Encode(*Primitive(Kind::kDouble), Value{-2.0}), "\x00\x00\x00\x00\x00\x00\x00\xc0"s);
  EXPECT_EQ(Encode(*Primitive(Kind::kBoolean), Value{true}), "\x01");
  EXPECT_EQ(Encode(*Fixed("f", 3), Text("abc")), "abc");
}

TEST(AvroBinaryTest, RoundTripsExtremeNumbers) {
  const TypePtr type = Primitive(Kind::kLong);
  for (const int64_t number :
       {std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max(), int64_t{-1} << 32}) {
    EXPECT_EQ(Decode(*type, Encode(*type, Number(number))), Number(number)) << number;
  }
}

TEST(AvroBinaryTest, RefusesValuesThatDoNotFit) {
  std::string out;
  const auto refused = [&](const TypePtr& type, const Value& value) {
    const Status status = AppendValue(*type, value, out);
    return !status.has_value() && status.error().code == ErrorCode::kInvalidArgument;
  };
  EXPECT_TRUE(refused(Primitive(Kind::kInt), Number(int64_t{1} << 31)));
  EXPECT_TRUE(refused(Primitive(Kind::kInt), Text("1")));
  EXPECT_TRUE(refused(Primitive(Kind::kFloat), Number(1)));
  EXPECT_TRUE(refused(Primitive(Kind::kString), Number(1)));
  EXPECT_TRUE(refused(Primitive(Kind::kString), Value{}));
  EXPECT_TRUE(refused(Fixed("f", 3), Text("ab")));
  EXPECT_TRUE(refused(Record("r", {{"a", Primitive(Kind::kInt)}}), Value{Values{}}));
}

TEST(AvroBinaryTest, ReadsBlocksOfItems) {
  const TypePtr type = Array(Primitive(Kind::kLong), {});
  const Value expected{Values{Number(3), Number(27)}};
  EXPECT_EQ(Decode(*type, "\x02\x06\x02\x36\x00"s), expected);  // two blocks of one
  EXPECT_EQ(Decode(*type, "\x03\x04\x06\x36\x00"s), expected);  // a negative count, then the size in bytes
  EXPECT_EQ(DecodeError(*type, "\x03\x03\x06\x36\x00"s), ErrorCode::kCorruption);  // a negative size
  const auto map = ParseSchema(R"({"type":"map","values":"long"})");
  EXPECT_EQ(Decode(**map, "\x02\x02k\x06\x00"s), (Value{Values{Value{Values{Text("k"), Number(3)}}}}));
}

TEST(AvroBinaryTest, ReadsEnumsAndUnions) {
  const auto suit = ParseSchema(R"({"type":"enum","name":"s","symbols":["A","B"]})");
  EXPECT_EQ(Decode(**suit, "\x02"), Number(1));
  EXPECT_EQ(DecodeError(**suit, "\x04"), ErrorCode::kCorruption);
  const auto either = ParseSchema(R"(["string","null","long"])");
  EXPECT_EQ(Decode(**either, "\x04\x06"), Number(3));
  EXPECT_EQ(Decode(**either, "\x02"), Value{});
  EXPECT_EQ(DecodeError(**either, "\x06"), ErrorCode::kCorruption);
  EXPECT_EQ(DecodeError(**either, "\x01"), ErrorCode::kCorruption);
}

TEST(AvroBinaryTest, RefusesMalformedBytes) {
  const TypePtr number = Primitive(Kind::kLong), text = Primitive(Kind::kString);
  EXPECT_EQ(DecodeError(*number, ""), ErrorCode::kCorruption);
  EXPECT_EQ(DecodeError(*number, "\x80"), ErrorCode::kCorruption);
  EXPECT_EQ(DecodeError(*number, std::string(9, '\xff') + "\x02"), ErrorCode::kCorruption);
  EXPECT_EQ(DecodeError(*number, std::string(11, '\xff')), ErrorCode::kCorruption);
  EXPECT_EQ(DecodeError(*Primitive(Kind::kInt), Encode(*number, Number(int64_t{1} << 31))), ErrorCode::kCorruption);
  EXPECT_EQ(DecodeError(*text,
                        "\x06"
                        "fo"),
            ErrorCode::kCorruption);
  EXPECT_EQ(DecodeError(*text, "\x01"), ErrorCode::kCorruption);
  EXPECT_EQ(DecodeError(*Primitive(Kind::kBoolean), "\x02"), ErrorCode::kCorruption);
  EXPECT_EQ(DecodeError(*Primitive(Kind::kDouble), "1234567"), ErrorCode::kCorruption);
  EXPECT_EQ(DecodeError(*Fixed("f", 1 << 30), "abc"), ErrorCode::kCorruption);
}

TEST(AvroBinaryTest, BoundsItemsThatTakeNoBytes) {
  const TypePtr nulls = Array(Primitive(Kind::kNull), {});
  EXPECT_EQ(DecodeError(*nulls, Encode(*Primitive(Kind::kLong), Number(int64_t{1} << 60)) + "\x00"s),
            ErrorCode::kCorruption);
  EXPECT_EQ(DecodeError(*nulls, "\x04\x04\x04\x00"s, 3), ErrorCode::kCorruption);
  // Sixty levels of records with two fields each: 2^60 values in no bytes at all.
  TypePtr type = Primitive(Kind::kNull);
  for (int i = 0; i < 60; ++i) type = Record("r", {{"a", type}, {"b", type}});
  EXPECT_EQ(DecodeError(*type, "", 100'000), ErrorCode::kCorruption);
}

}  // namespace
}  // namespace k2i::iceberg::avro
