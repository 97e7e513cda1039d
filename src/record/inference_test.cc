// SPDX-License-Identifier: Apache-2.0
#include "record/inference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace k2i::record {
namespace {

using testing::ElementsAre;

DecoderOptions Plain() { return {.metadata = {"", "", "", "", "", ""}, .extra_column = ""}; }

/// "a long, b string" of the inferred schema.
std::string Columns(const std::vector<std::string_view>& samples, const DecoderOptions& options = Plain()) {
  auto inference = InferSchema(samples, options);
  if (!inference.has_value()) return inference.error().ToString();
  std::string text;
  for (const auto& field : inference->schema.fields()) {
    text +=
        (text.empty() ? "" : ", ") + field.name + " " + field.type->ToString() + (field.optional ? "" : " required");
  }
  return text;
}

std::vector<std::string> LeftOutPaths(const std::vector<std::string_view>& samples,
                                      const DecoderOptions& options = Plain()) {
  std::vector<std::string> paths;
  const auto inference = InferSchema(samples, options);
  for (const LeftOut& left : inference->left_out) paths.push_back(left.path);
  return paths;
}

TEST(InferSchema, FindsPrimitives) {
  EXPECT_EQ(Columns({R"({"i":1,"d":1.5,"b":true,"s":"x","t":"2024-01-31T12:34:56Z"})"}),
            "i long, d double, b boolean, s string, t timestamptz");
}

TEST(InferSchema, KeepsTheOrderFirstSeen) {
  EXPECT_EQ(Columns({R"({"z":1})", R"({"a":1,"z":2})", R"({"m":1})"}), "z long, a long, m long");
}

TEST(InferSchema, MergesKinds) {
  EXPECT_EQ(Columns({R"({"v":1})", R"({"v":1e3})"}), "v double");
  EXPECT_EQ(Columns({R"({"v":1})", R"({"v":"x"})"}), "v string");
  EXPECT_EQ(Columns({R"({"v":true})", R"({"v":1})"}), "v string");
  EXPECT_EQ(Columns({R"({"v":{"a":1}})", R"({"v":[1]})"}), "v string");
  EXPECT_EQ(Columns({R"({"v":"2024-01-31T12:34:56Z"})", R"({"v":"soon"})"}), "v string");
  EXPECT_EQ(Columns({R"({"v":"2024-01-31T12:34:56"})"}), "v string");
  EXPECT_EQ(Columns({R"({"v":18446744073709551615})"}), "v string");
  EXPECT_EQ(Columns({R"({"v":1.5})", R"({"v":1e320})"}), "v string");
  EXPECT_EQ(Columns({R"({"v":null})", R"({"v":1})"}), "v long");
}

TEST(InferSchema, FindsNestedTypes) {
  EXPECT_EQ(Columns({R"({"o":{"a":1,"p":{"b":"x"}},"l":[1,2.5],"m":[{"k":1},{"k":null,"j":true}],"e":[[1]]})"}),
            "o struct<0: a: optional long, 0: p: optional struct<0: b: optional string>>, l list<double>, "
            "m list<struct<0: k: optional long, 0: j: optional boolean>>, e list<list<long>>");
}

TEST(InferSchema, LeavesOutWhatHasNoType) {
  const std::vector<std::string_view> samples = {
      R"({"a":1,"n":null,"e":[],"o":{},"p":{"q":null},"l":[null],"m":[[]]})"};
  EXPECT_EQ(Columns(samples), "a long");
  EXPECT_THAT(LeftOutPaths(samples), ElementsAre("n", "e", "o", "p.q", "p", "l.element", "m.element"));
}

TEST(InferSchema, LeavesOutNamesThatCollide) {
  EXPECT_EQ(Columns({R"({"a":1,"A":2,"":3,"b":{"x":1,"X":2},"B.x":1,"c.d":1,"c":{"d":1,"e":1}})"}),
            "a long, b struct<0: x: optional long>, c.d long, c struct<0: e: optional long>");
  EXPECT_THAT(LeftOutPaths({R"({"a":1,"A":2,"":3})"}), ElementsAre("A", ""));
}

TEST(InferSchema, AppendsMetadataColumns) {
  DecoderOptions options;
  options.extra_column = "_extra";
  options.metadata.headers = "_kafka_headers";
  options.metadata.timestamp = "";
  EXPECT_EQ(Columns({R"({"a":1,"_KAFKA_OFFSET":7,"_extra":{}})"}, options),
            "a long, _kafka_topic string, _kafka_partition int, _kafka_offset long, _kafka_key string, "
            "_kafka_headers list<struct<0: name: required string, 0: value: optional binary>>, _extra string");
}

TEST(InferSchema, SkipsBadSamples) {
  const std::vector<std::string_view> samples = {R"({"a":1})", R"({"b":1)", "[1]", "", R"({"b":1} x)", R"({"c":"\x"})"};
  const auto inference = InferSchema(samples, Plain());
  ASSERT_TRUE(inference.has_value());
  EXPECT_EQ(inference->samples_used, 1);
  EXPECT_EQ(inference->samples_skipped, 5);
  EXPECT_EQ(Columns(samples), "a long");
}

TEST(InferSchema, FailsWithoutAnyType) {
  for (const auto& samples : std::vector<std::vector<std::string_view>>{{}, {"x"}, {"{}"}, {R"({"a":null})"}}) {
    const auto inference = InferSchema(samples, DecoderOptions{});
    ASSERT_FALSE(inference.has_value());
    EXPECT_EQ(inference.error().code, ErrorCode::kInvalidArgument);
  }
}

TEST(InferSchema, SurvivesDepth) {
  const std::string deep = "{\"a\":" + std::string(400, '[') + std::string(400, ']') + ",\"b\":1}";
  EXPECT_FALSE(Columns({std::string_view(deep)}).empty());
}

TEST(RawSchema, HoldsTheWholeRecord) {
  const iceberg::Schema schema = RawSchema({.format = Format::kRaw, .extra_column = "_extra"});
  std::string text;
  for (const auto& field : schema.fields()) text += field.name + ":" + field.type->ToString() + " ";
  EXPECT_EQ(
      text,
      "key:binary value:binary headers:list<struct<0: name: required string, 0: value: optional binary>> "
      "_kafka_topic:string _kafka_partition:int _kafka_offset:long _kafka_timestamp:timestamptz _kafka_key:binary ");
}

}  // namespace
}  // namespace k2i::record
