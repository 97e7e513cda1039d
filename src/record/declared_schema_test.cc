// SPDX-License-Identifier: Apache-2.0
#include "record/declared_schema.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace k2i::record {
namespace {

std::string Type(std::string_view text) {
  auto type = ParseTypeText(text);
  return type.has_value() ? (*type)->ToString() : type.error().ToString();
}

TEST(ParseTypeText, ReadsPrimitives) {
  for (const char* name : {"boolean", "int", "long", "float", "double", "date", "time", "timestamp", "timestamptz",
                           "timestamp_ns", "timestamptz_ns", "string", "uuid", "binary", "decimal(9,2)", "fixed[16]"}) {
    EXPECT_EQ(Type(name), name);
  }
  EXPECT_EQ(Type("int64"), "long");
  EXPECT_EQ(Type("Int32"), "int");
  EXPECT_EQ(Type("bool"), "boolean");
  EXPECT_EQ(Type("FLOAT64"), "double");
  EXPECT_EQ(Type(" decimal ( 38 , 10 ) "), "decimal(38,10)");
  EXPECT_EQ(Type("fixed(4)"), "fixed[4]");
}

TEST(ParseTypeText, ReadsNestedTypes) {
  EXPECT_EQ(Type("list<string>"), "list<string>");
  EXPECT_EQ(Type("map<string, list<decimal(4,2)>>"), "map<string, list<decimal(4,2)>>");
  EXPECT_EQ(Type("struct<a: long, \"b c\": struct<d-e:int required>>"),
            "struct<0: a: optional long, 0: b c: optional struct<0: d-e: required int>>");
}

TEST(ParseTypeText, SaysWhereItWentWrong) {
  EXPECT_EQ(Type("list<string"), "InvalidArgument: expected '>' at position 12 of 'list<string'");
  EXPECT_EQ(Type("struct<a long>"), "InvalidArgument: expected ':' at position 10 of 'struct<a long>'");
  for (const char* text :
       {"", "varint", "list", "list<>", "list<int>>", "map<string>", "struct<>", "struct<a:int,>",
        "struct<a:int,A:int>", "struct<:int>", "struct<\"\":int>", "struct<\"a:int>", "decimal", "decimal(39,2)",
        "decimal(5,6)", "decimal(5)", "fixed[]", "int long", "struct<a:int optional>"}) {
    const auto type = ParseTypeText(text);
    ASSERT_FALSE(type.has_value()) << text;
    EXPECT_EQ(type.error().code, ErrorCode::kInvalidArgument) << text;
  }
  std::string deep;
  for (int i = 0; i < 10'000; ++i) deep += "list<";
  EXPECT_FALSE(ParseTypeText(deep).has_value());
}

TEST(SchemaFromDeclaration, AppendsWhatIsNotDeclared) {
  const std::vector<DeclaredColumn> columns = {{.name = "id", .type = "uuid", .required = true, .doc = "who"},
                                               {.name = "_kafka_offset", .type = "long", .required = true}};
  const auto schema = SchemaFromDeclaration(columns, {.extra_column = "_extra"});
  ASSERT_TRUE(schema.has_value()) << schema.error().ToString();
  std::string names;
  for (const auto& field : schema->fields()) names += field.name + (field.optional ? " " : "! ");
  EXPECT_EQ(names, "id! _kafka_offset! _kafka_topic _kafka_partition _kafka_timestamp _kafka_key _extra ");
  EXPECT_EQ(schema->fields()[0].doc, "who");
}

TEST(SchemaFromDeclaration, RefusesBadColumns) {
  using Columns = std::vector<DeclaredColumn>;
  for (const Columns& columns : {Columns{{.name = "a", .type = "no"}}, Columns{{.name = "", .type = "int"}},
                                 Columns{{.name = "a", .type = "int"}, {.name = "A", .type = "int"}}}) {
    const auto schema = SchemaFromDeclaration(columns, {});
    ASSERT_FALSE(schema.has_value());
    EXPECT_EQ(schema.error().code, ErrorCode::kInvalidConfig);
    EXPECT_EQ(schema.error().component, Component::kConfig);
  }
}

}  // namespace
}  // namespace k2i::record
