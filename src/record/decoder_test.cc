// SPDX-License-Identifier: Apache-2.0
#include "record/decoder.h"

#include <arrow/array.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "record/declared_schema.h"
#include "record/inference.h"
#include "record/message_batch_testing.h"

namespace k2i::record {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

DecoderOptions Plain(std::string extra = "") {
  return {.metadata = {"", "", "", "", "", ""}, .extra_column = std::move(extra)};
}

iceberg::Schema Declare(const std::vector<DeclaredColumn>& columns, const DecoderOptions& options = Plain()) {
  auto schema = SchemaFromDeclaration(columns, options);
  EXPECT_TRUE(schema.has_value()) << schema.error().ToString();
  return iceberg::AssignFreshIds(*schema);
}

class DecoderTest : public testing::Test {
 protected:
  void Make(const std::vector<DeclaredColumn>& columns, DecoderOptions options = Plain()) {
    MakeFor(Declare(columns, options), options);
  }
  void MakeFor(const iceberg::Schema& schema, DecoderOptions options) {
    auto decoder = Decoder::Make(schema, std::move(options), &pool_);
    ASSERT_TRUE(decoder.has_value()) << decoder.error().ToString();
    decoder_ = *std::move(decoder);
  }
  void Append(kafka::MessageBatch batch) { ASSERT_TRUE(decoder_->Append(batch, &rejected_).has_value()); }
  void AppendValues(const std::vector<std::string>& values) {
    MessageBatchBuilder builder;
    for (const std::string& value : values) builder.AddValue(value);
    Append(builder.Build());
  }
  DecodedRows Seal() {
    auto sealed = decoder_->Seal();
    EXPECT_TRUE(sealed.has_value());
    const arrow::Status valid = sealed->rows->ValidateFull();
    EXPECT_TRUE(valid.ok()) << valid.ToString();
    return *std::move(sealed);
  }
  /// The column's values as Arrow prints them.
  static std::vector<std::string> Column(const DecodedRows& rows, const std::string& name) {
    std::vector<std::string> values;
    const auto column = rows.rows->GetColumnByName(name);
    for (int64_t i = 0; i < column->length(); ++i) values.push_back(column->GetScalar(i).ValueOrDie()->ToString());
    return values;
  }
  /// One value decoded as `type`: as Arrow prints it, or the reason it was rejected for.
  std::string Decode(const std::string& type, const std::string& json, bool required = false) {
    rejected_.clear();
    Make({{.name = "v", .type = type, .required = required}});
    AppendValues({"{\"v\":" + json + "}"});
    const DecodedRows rows = Seal();
    return rejected_.empty() ? Column(rows, "v")[0] : rejected_[0].reason;
  }

  arrow::ProxyMemoryPool pool_{arrow::system_memory_pool()};
  std::unique_ptr<Decoder> decoder_;
  std::vector<Rejected> rejected_;
};

TEST_F(DecoderTest, DecodesPrimitives) {
  EXPECT_EQ(Decode("boolean", "true"), "true");
  EXPECT_EQ(Decode("boolean", "false"), "false");
  EXPECT_EQ(Decode("int", "-2147483648"), "-2147483648");
  EXPECT_EQ(Decode("long", "9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(Decode("long", "1.0"), "1");
  EXPECT_EQ(Decode("float", "1.5"), "1.5");
  EXPECT_EQ(Decode("double", "0.1"), "0.1");
  EXPECT_EQ(Decode("double", "7"), "7");
  EXPECT_EQ(Decode("decimal(38,10)", "1234567890123456789012345678.0123456789"),
            "1234567890123456789012345678.0123456789");
  EXPECT_EQ(Decode("decimal(9,2)", "\"-1.10\""), "-1.10");
  EXPECT_EQ(Decode("date", "\"2024-01-31\""), "2024-01-31");
  EXPECT_EQ(Decode("time", "\"12:34:56.789\""), "12:34:56.789000");
  EXPECT_EQ(Decode("timestamptz", "\"2024-01-31T14:34:56.789+02:00\""), "2024-01-31 12:34:56.789000Z");
  EXPECT_EQ(Decode("timestamptz", "1706704496789"), "2024-01-31 12:34:56.789000Z");
  EXPECT_EQ(Decode("timestamp", "\"2024-01-31T12:34:56\""), "2024-01-31 12:34:56.000000");
  EXPECT_EQ(Decode("timestamptz_ns", "\"2024-01-31T12:34:56.123456789Z\""), "2024-01-31 12:34:56.123456789Z");
  EXPECT_EQ(Decode("string", "\"x\""), "x");
  EXPECT_EQ(Decode("string", R"("a\u00e4\n\ud83d\ude00")"), "aä\n😀");
  EXPECT_EQ(Decode("uuid", "\"61626364-6566-6768-696a-6b6c6d6e6f70\""), "abcdefghijklmnop");
  EXPECT_EQ(Decode("binary", "\"Zm9v\""), "foo");
  EXPECT_EQ(Decode("fixed[3]", "\"Zm9v\""), "foo");
  for (const char* type : {"boolean", "int", "long", "double", "decimal(9,2)", "date", "string", "uuid", "binary",
                           "fixed[3]", "struct<a:int>", "list<int>", "map<string,int>"}) {
    EXPECT_EQ(Decode(type, "null"), "null") << type;
  }
}

TEST_F(DecoderTest, KeepsOtherValuesOfStringColumnsAsText) {
  EXPECT_EQ(Decode("string", "12.50"), "12.50");
  EXPECT_EQ(Decode("string", "true"), "true");
  EXPECT_EQ(Decode("string", R"({"a": [1, "x\n"]})"), R"({"a": [1, "x\n"]})");
  EXPECT_THAT(Decode("string", R"({"a": [1, }]})"), HasSubstr("malformed JSON"));
}

TEST_F(DecoderTest, SaysWhyAValueDoesNotFit) {
  EXPECT_EQ(Decode("long", "\"12\""), "v: \"12\" is not a number");
  EXPECT_EQ(Decode("long", "1.5"), "v: 1.5 is not an integer");
  EXPECT_EQ(Decode("int", "3000000000"), "v: 3000000000 does not fit an int");
  EXPECT_EQ(Decode("long", "{}"), "v: an object is not a number");
  EXPECT_EQ(Decode("boolean", "1"), "v: 1 is not a boolean");
  EXPECT_EQ(Decode("date", "20240131"), "v: 20240131 is not a string");
  EXPECT_EQ(Decode("uuid", "\"x\""), "v: \"x\" is not a UUID");
  EXPECT_EQ(Decode("binary", "\"?\""), "v: \"?\" is not base64");
  EXPECT_EQ(Decode("fixed[4]", "\"Zm9v\""), "v: \"Zm9v\" has not the column's number of bytes");
  EXPECT_EQ(Decode("struct<a:int>", "[1]"), "v: an array is not an object");
  EXPECT_EQ(Decode("list<int>", "{}"), "v: an object is not an array");
  EXPECT_EQ(Decode("struct<a:struct<b:list<int>>>", R"({"a":{"b":[1,2,"x"]}})"), "v.a.b[2]: \"x\" is not a number");
  EXPECT_EQ(Decode("map<string,int>", R"({"k":1,"l":true})"), "v[\"l\"]: true is not a number");
  EXPECT_EQ(Decode("map<string,int>", R"({"k":1,"k":2})"), "v: the key \"k\" is there twice");
  EXPECT_EQ(Decode("long", "null", true), "v: null, but the column is required");
  EXPECT_EQ(Decode("struct<a:int required>", "{}"), "v.a: missing, but the column is required");
  EXPECT_THAT(Decode("long", "tru"), HasSubstr("malformed JSON"));
  EXPECT_THAT(Decode("long", ""), HasSubstr("malformed JSON"));
  // A long text is cut, between characters.
  EXPECT_EQ(Decode("long", "\"" + std::string(62, 'x') + "ä\""), "v: \"" + std::string(62, 'x') + "… is not a number");
}

TEST_F(DecoderTest, DecodesNestedValues) {
  Make({{.name = "s", .type = "struct<a: long, t: struct<b: string required>>"},
        {.name = "l", .type = "list<struct<k: int>>"},
        {.name = "m", .type = "map<string, list<double>>"}});
  AppendValues({R"({"s":{"a":1,"t":{"b":"x"}},"l":[{"k":1},null,{}],"m":{"p":[1.5],"q":null}})",
                R"({"s":{"t":null},"l":[]})", R"({"s":null,"m":{}})", R"({"m":{"é\n":[]},"s":{"a":7}})"});
  ASSERT_TRUE(rejected_.empty()) << rejected_[0].reason;
  const DecodedRows rows = Seal();
  EXPECT_THAT(Column(rows, "s"), ElementsAre("{a:int64 = 1, t:struct<b: string not null> = {b:string = x}}",
                                             "{a:int64 = null, t:struct<b: string not null> = null}", "null",
                                             "{a:int64 = 7, t:struct<b: string not null> = null}"));
  const auto& list = static_cast<const arrow::ListArray&>(*rows.rows->GetColumnByName("l"));
  EXPECT_EQ(list.value_length(0), 3);
  EXPECT_TRUE(list.values()->IsNull(1));
  EXPECT_EQ(list.value_length(1), 0);
  EXPECT_FALSE(list.IsNull(1));
  EXPECT_TRUE(list.IsNull(2) && list.IsNull(3));
  const auto& map = static_cast<const arrow::MapArray&>(*rows.rows->GetColumnByName("m"));
  EXPECT_EQ(map.value_length(0), 2);
  EXPECT_TRUE(map.IsNull(1));
  EXPECT_EQ(map.keys()->GetScalar(2).ValueOrDie()->ToString(), "é\n");
}

TEST_F(DecoderTest, RejectsRecordsAndGoesOn) {
  Make({{.name = "a", .type = "long"}, {.name = "r", .type = "string", .required = true}});
  MessageBatchBuilder builder;
  builder.AddValue(R"({"a":1,"r":"x"})")
      .Add({.partition = 3, .offset = 7, .timestamp_ms = 5, .key = "k\xff", .value = R"({"a":"no","r":"x"})"})
      .Add({.offset = 8, .value = std::nullopt})
      .AddValue(R"({"a":2})")
      .AddValue(R"({"a":2,"r":null})")
      .AddValue(R"([1])")
      .AddValue("{\"a\":2,\"r\":\"\xff\"}")
      .AddValue(R"({"a":2,"r":"x"} {})")
      .AddValue("")
      .AddValue(R"({"a":3,"r":"z"})");
  Append(builder.Build());
  std::vector<std::string> reasons;
  for (const Rejected& rejected : rejected_) reasons.push_back(rejected.reason);
  EXPECT_THAT(reasons, ElementsAre("a: \"no\" is not a number", "the value is null (a tombstone)",
                                   "r: missing, but the column is required", "r: null, but the column is required",
                                   "the value is not a JSON object", HasSubstr("UTF-8"),
                                   HasSubstr("text follows the object"), "malformed JSON: no text"));
  EXPECT_EQ(rejected_[0].partition, (TopicPartition{"events", PartitionId{3}}));
  EXPECT_EQ(rejected_[0].offset, Offset{7});
  EXPECT_EQ(rejected_[0].timestamp_ms, 5);
  EXPECT_EQ(rejected_[0].key, "k\xff");
  EXPECT_EQ(rejected_[0].value, R"({"a":"no","r":"x"})");
  EXPECT_EQ(rejected_[1].value, std::nullopt);
  const DecodedRows rows = Seal();
  EXPECT_THAT(Column(rows, "a"), ElementsAre("1", "3"));
  EXPECT_THAT(Column(rows, "r"), ElementsAre("x", "z"));
  EXPECT_THAT(rows.offsets, ElementsAre(0, 15));
}

TEST_F(DecoderTest, LeavesNoTraceOfRejectedRecords) {
  const std::vector<DeclaredColumn> columns = {
      {.name = "s", .type = "struct<a: string, l: list<struct<x: int, y: string>>, m: map<string, binary>>"},
      {.name = "b", .type = "boolean"},
      {.name = "f", .type = "fixed[3]"},
      {.name = "last", .type = "long"}};
  auto good = [](int i) {
    return fmt::format(
        R"({{"s":{{"a":"a{}","l":[{{"x":{},"y":"y"}},null],"m":{{"k":"Zm9v"}}}},"b":{},"f":{},"last":{}}})", i, i,
        i % 2 == 0, i % 3 == 0 ? "null" : "\"Zm9v\"", i);
  };
  // Cut or spoilt at every place, the record must vanish as a whole.
  std::vector<std::string> all, only_good;
  const std::string victim = good(1);
  for (size_t i = 0; i < victim.size(); ++i) {
    all.push_back(victim.substr(0, i));
    all.push_back(victim.substr(0, i) + "?" + victim.substr(i + 1));
    only_good.push_back(good(static_cast<int>(i)));
    all.push_back(only_good.back());
  }
  Make(columns);
  AppendValues(only_good);
  const DecodedRows expected = Seal();
  ASSERT_TRUE(rejected_.empty());
  Make(columns);
  AppendValues(all);
  const DecodedRows rows = Seal();
  EXPECT_GT(rejected_.size(), victim.size());
  // What the damage left well-formed stays, so compare the good rows only.
  std::vector<int64_t> kept;
  for (size_t row = 0; row < rows.offsets.size(); ++row) {
    if (rows.offsets[row] % 3 == 2) kept.push_back(static_cast<int64_t>(row));
  }
  ASSERT_EQ(kept.size(), only_good.size());
  for (size_t i = 0; i < kept.size(); ++i) {
    EXPECT_TRUE(rows.rows->Slice(kept[i], 1)->Equals(*expected.rows->Slice(static_cast<int64_t>(i), 1))) << i;
  }
}

TEST_F(DecoderTest, TakesFieldsInAnyOrder) {
  Make({{.name = "a", .type = "long"}, {.name = "b", .type = "long"}, {.name = "c", .type = "long"}});
  AppendValues({R"({"a":1,"b":2,"c":3})", R"({"c":3,"b":2,"a":1})", R"({"c":3,"b":2,"a":1})", R"({"b":2})",
                R"({ "a" : 1 , "c" : 3 })", R"({"\u0061":1,"x":0,"c":3})", "{}", R"({"a":1,"b":2,"a":10})"});
  const DecodedRows rows = Seal();
  EXPECT_THAT(Column(rows, "a"), ElementsAre("1", "1", "1", "null", "1", "1", "null", "10"));
  EXPECT_THAT(Column(rows, "b"), ElementsAre("2", "2", "2", "2", "null", "null", "null", "2"));
  EXPECT_THAT(Column(rows, "c"), ElementsAre("3", "3", "3", "null", "3", "3", "null", "null"));
  EXPECT_EQ(decoder_->unknown_fields(), 1);
}

TEST_F(DecoderTest, RejectsAFirstDuplicateThatDoesNotFit) {
  Make({{.name = "s", .type = "struct<a: string>"}});
  AppendValues({R"({"s":{"a":"x","a":"y"},"s":{"a":"z"}})", R"({"s":1,"s":{"a":"z"}})"});
  EXPECT_EQ(rejected_.size(), 1U);
  EXPECT_THAT(Column(Seal(), "s"), ElementsAre("{a:string = z}"));
}

TEST_F(DecoderTest, CollectsUnknownFields) {
  Make({{.name = "a", .type = "long"}, {.name = "l", .type = "list<struct<k: int>>"}}, Plain("_extra"));
  AppendValues({R"({"a":1})", R"({"u":{"v": [1]},"a":1,"_extra":"x","w\n\u0041":null})",
                R"({"l":[{"k":1},{"k":2,"z":true}]})", R"({"u":1,"a":"bad"})", R"({"a":1})"});
  const DecodedRows rows = Seal();
  EXPECT_THAT(Column(rows, "_extra"),
              ElementsAre("null", R"({"u":{"v": [1]},"_extra":"x","w\u000aA":null})", R"({"l[1].z":true})", "null"));
  EXPECT_EQ(decoder_->unknown_fields(), 5);
}

TEST_F(DecoderTest, FillsMetadataColumns) {
  DecoderOptions options;
  options.metadata.headers = "_kafka_headers";
  Make({{.name = "a", .type = "long"}}, options);
  MessageBatchBuilder builder;
  builder.Add({.topic = "t",
               .partition = 4,
               .offset = 9,
               .timestamp_ms = 1706704496789,
               .key = "k",
               .value = R"({"a":1})",
               .headers = {{"h", "\x01"}, {"n", std::nullopt}}});
  builder.Add({.topic = "u", .offset = 10, .timestamp_ms = -1, .value = R"({"_kafka_offset":77})"});
  builder.Add({.topic = "u", .offset = 11, .key = "\xff", .value = "{}"});
  builder.Add({.topic = "u", .offset = 12, .value = "{}"});
  Append(builder.Build());
  const DecodedRows rows = Seal();
  EXPECT_THAT(Column(rows, "a"), ElementsAre("1", "null", "null"));
  EXPECT_THAT(Column(rows, "_kafka_topic"), ElementsAre("t", "u", "u"));
  EXPECT_THAT(Column(rows, "_kafka_partition"), ElementsAre("4", "0", "0"));
  EXPECT_THAT(Column(rows, "_kafka_offset"), ElementsAre("9", "10", "12"));
  EXPECT_THAT(Column(rows, "_kafka_timestamp"),
              ElementsAre("2024-01-31 12:34:56.789000Z", "null", "2023-11-14 22:13:20.000000Z"));
  EXPECT_THAT(Column(rows, "_kafka_key"), ElementsAre("k", "null", "null"));
  const auto& headers = static_cast<const arrow::ListArray&>(*rows.rows->GetColumnByName("_kafka_headers"));
  EXPECT_EQ(headers.value_length(0), 2);
  EXPECT_EQ(headers.value_length(1), 0);
  ASSERT_EQ(rejected_.size(), 1U);
  EXPECT_EQ(rejected_[0].reason, "_kafka_key: the value is not valid UTF-8");
}

TEST_F(DecoderTest, DecodesRaw) {
  const DecoderOptions options{.format = Format::kRaw};
  MakeFor(iceberg::AssignFreshIds(RawSchema(options)), options);
  MessageBatchBuilder builder;
  builder.Add({.key = "\xff", .value = std::string("\x00\x01", 2)}).Add({.value = std::nullopt}).AddValue("not json");
  Append(builder.Build());
  EXPECT_TRUE(rejected_.empty());
  const DecodedRows rows = Seal();
  const auto& value = static_cast<const arrow::BinaryArray&>(*rows.rows->GetColumnByName("value"));
  EXPECT_EQ(value.GetView(0), std::string_view("\x00\x01", 2));
  EXPECT_TRUE(value.IsNull(1));
  EXPECT_EQ(value.GetView(2), "not json");
  EXPECT_EQ(static_cast<const arrow::BinaryArray&>(*rows.rows->GetColumnByName("_kafka_key")).GetView(0), "\xff");
}

TEST_F(DecoderTest, RefusesTablesThatDoNotFit) {
  auto code = [this](const std::vector<DeclaredColumn>& columns, const DecoderOptions& options) {
    auto decoder = Decoder::Make(Declare(columns), options, &pool_);
    return decoder.has_value() ? ErrorCode::kInternal : decoder.error().code;
  };
  EXPECT_EQ(code({{.name = "a", .type = "long"}}, DecoderOptions{}), ErrorCode::kInvalidConfig);
  EXPECT_EQ(code({{.name = "a", .type = "long"}}, Plain("_extra")), ErrorCode::kInvalidConfig);
  DecoderOptions offset = Plain();
  offset.metadata.offset = "o";
  EXPECT_EQ(code({{.name = "o", .type = "string"}}, offset), ErrorCode::kInvalidConfig);
  EXPECT_EQ(code({{.name = "m", .type = "map<long,int>"}}, Plain()), ErrorCode::kNotSupported);
  DecoderOptions raw = Plain();
  raw.format = Format::kRaw;
  EXPECT_EQ(code({{.name = "key", .type = "binary"}}, raw), ErrorCode::kInvalidConfig);
  EXPECT_EQ(code({{.name = "value", .type = "long"}}, raw), ErrorCode::kInvalidConfig);
  EXPECT_EQ(code({{.name = "value", .type = "binary"}, {.name = "x", .type = "int", .required = true}}, raw),
            ErrorCode::kInvalidConfig);
}

TEST_F(DecoderTest, TracksPositions) {
  Make({{.name = "a", .type = "long"}});
  MessageBatchBuilder builder;
  builder.Add({.partition = 0, .offset = 10, .timestamp_ms = 100, .value = "{}"})
      .Add({.partition = 0, .offset = 12, .timestamp_ms = 90, .value = "{}"})
      .Add({.partition = 1, .offset = 5, .timestamp_ms = -1, .value = "{}"})
      .Add({.partition = 0, .offset = 13, .timestamp_ms = 200, .value = "bad"})
      .Add({.partition = 2, .offset = 3, .value = "bad"});
  Append(builder.Build());
  EXPECT_EQ(decoder_->row_count(), 3);
  const DecodedRows rows = Seal();
  EXPECT_EQ(decoder_->row_count(), 0);
  ASSERT_EQ(rows.runs.size(), 2U);
  EXPECT_EQ(rows.runs[0].partition.partition, PartitionId{0});
  EXPECT_EQ(rows.runs[0].row_count, 2);
  EXPECT_EQ(rows.runs[0].min_timestamp_ms, 90);
  EXPECT_EQ(rows.runs[0].max_timestamp_ms, 100);
  EXPECT_EQ(rows.runs[1].first_row, 2);
  EXPECT_EQ(rows.runs[1].max_timestamp_ms, -1);
  EXPECT_THAT(rows.offsets, ElementsAre(10, 12, 5));
  const DecodedRows none = Seal();
  EXPECT_EQ(none.rows->num_rows(), 0);
  EXPECT_TRUE(none.runs.empty());
}

TEST_F(DecoderTest, StartsARunWhereOffsetsGoBack) {
  Make({{.name = "a", .type = "long"}});
  MessageBatchBuilder builder;
  builder.Add({.offset = 5, .value = "{}"}).Add({.offset = 6, .value = "{}"}).Add({.offset = 5, .value = "{}"});
  Append(builder.Build());
  const DecodedRows rows = Seal();
  ASSERT_EQ(rows.runs.size(), 2U);
  EXPECT_EQ(rows.runs[0].row_count, 2);
  EXPECT_EQ(rows.runs[1].first_row, 2);
}

TEST_F(DecoderTest, SealsAreIndependentAndFreeTheirMemory) {
  Make({{.name = "a", .type = "long"}, {.name = "s", .type = "string"}, {.name = "l", .type = "list<boolean>"}});
  std::mt19937 random(9);
  std::vector<DecodedRows> seals;
  std::vector<std::vector<std::string>> expected;
  for (int seal = 0; seal < 60; ++seal) {
    std::vector<std::string> values, texts;
    for (unsigned i = 0, count = random() % (seal % 10 == 0 ? 3000 : 50); i < count; ++i) {
      const bool null = random() % 4 == 0;
      texts.push_back(null ? "null" : std::string(random() % 60, static_cast<char>('a' + random() % 26)));
      values.push_back(
          fmt::format(R"({{"a":{},"s":{},"l":[true,null]}})", random(), null ? "null" : "\"" + texts.back() + "\""));
      if (random() % 10 == 0) values.push_back(R"({"s":"spoilt","l":[true,1]})");
    }
    AppendValues(values);
    seals.push_back(Seal());
    expected.push_back(std::move(texts));
  }
  for (size_t i = 0; i < seals.size(); ++i) {
    EXPECT_EQ(Column(seals[i], "s"), expected[i]) << i;
    EXPECT_TRUE(seals[i].rows->ValidateFull().ok());
  }
  EXPECT_GT(pool_.bytes_allocated(), 0);
  seals.clear();
  decoder_.reset();
  EXPECT_EQ(pool_.bytes_allocated(), 0);
}

TEST_F(DecoderTest, ReportsExhaustedMemory) {
  arrow::CappedMemoryPool capped(&pool_, 1 << 20);
  auto decoder = Decoder::Make(Declare({{.name = "s", .type = "string"}}), Plain(), &capped);
  ASSERT_TRUE(decoder.has_value());
  MessageBatchBuilder builder;
  for (int i = 0; i < 100; ++i) builder.AddValue("{\"s\":\"" + std::string(20'000, 'x') + "\"}");
  const Status status = (*decoder)->Append(builder.Build(), &rejected_);
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code, ErrorCode::kResourceExhausted);
  const auto sealed = (*decoder)->Seal();
  EXPECT_TRUE(sealed->rows->ValidateFull().ok());
  EXPECT_GT(sealed->rows->num_rows(), 5);
  EXPECT_EQ(sealed->offsets.size(), static_cast<size_t>(sealed->rows->num_rows()));
}

}  // namespace
}  // namespace k2i::record
