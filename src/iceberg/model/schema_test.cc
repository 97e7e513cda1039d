// SPDX-License-Identifier: Apache-2.0
#include "iceberg/model/schema.h"

#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceberg/model/arrow_schema.h"

namespace k2i::iceberg {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TypePtr Of(TypeId id) { return Type::Primitive(id); }

NestedField Field(int32_t id, std::string name, TypePtr type, bool optional = true) {
  return {.field_id = id, .name = std::move(name), .type = std::move(type), .optional = optional};
}

Schema SchemaOf(std::vector<NestedField> fields) { return {.type = Type::Struct(std::move(fields))}; }

/// id, user {address {city}, name}, tags [element], scores {key, value}
Schema Nested() {
  const TypePtr address = Type::Struct({Field(20, "city", Of(TypeId::kString))});
  const TypePtr user = Type::Struct({Field(21, "address", address), Field(22, "name", Of(TypeId::kString))});
  Schema schema = SchemaOf(
      {Field(10, "id", Of(TypeId::kLong), false), Field(11, "user", user),
       Field(12, "tags", Type::List(Field(30, "", Of(TypeId::kString)))),
       Field(13, "scores", Type::Map(Field(31, "", Of(TypeId::kString)), Field(32, "", Of(TypeId::kDouble))))});
  schema.identifier_field_ids = {10};
  return schema;
}

TEST(SchemaTest, FindsFieldsByDottedNameAndById) {
  const Schema schema = Nested();
  EXPECT_EQ(schema.FindField("id")->field_id, 10);
  EXPECT_EQ(schema.FindField("user.address.city")->field_id, 20);
  EXPECT_EQ(schema.FindField("tags.element")->field_id, 30);
  EXPECT_EQ(schema.FindField("scores.value")->field_id, 32);
  EXPECT_EQ(schema.FindField(31)->name, "key");
  EXPECT_EQ(schema.FindField("user.city"), nullptr);
  EXPECT_EQ(schema.FindField("user."), nullptr);
  EXPECT_EQ(schema.FindField(99), nullptr);
  EXPECT_EQ(schema.highest_field_id(), 32);
}

TEST(SchemaTest, FindsNamesThatHoldDots) {
  const Schema schema =
      SchemaOf({Field(1, "a", Type::Struct({Field(3, "x", Of(TypeId::kInt))})), Field(2, "a.b", Of(TypeId::kInt))});
  EXPECT_EQ(schema.FindField("a.b")->field_id, 2);
  EXPECT_EQ(schema.FindField("a.x")->field_id, 3);
}

TEST(SchemaTest, FreshIdsGoThroughAStructBeforeItsChildren) {
  const Schema fresh = AssignFreshIds(Nested());
  EXPECT_EQ(fresh.FindField("id")->field_id, 1);
  EXPECT_EQ(fresh.FindField("user")->field_id, 2);
  EXPECT_EQ(fresh.FindField("tags")->field_id, 3);
  EXPECT_EQ(fresh.FindField("scores")->field_id, 4);
  EXPECT_EQ(fresh.FindField("user.address")->field_id, 5);
  EXPECT_EQ(fresh.FindField("user.name")->field_id, 6);
  EXPECT_EQ(fresh.FindField("user.address.city")->field_id, 7);
  EXPECT_EQ(fresh.FindField("tags.element")->field_id, 8);
  EXPECT_EQ(fresh.FindField("scores.key")->field_id, 9);
  EXPECT_EQ(fresh.FindField("scores.value")->field_id, 10);
  EXPECT_THAT(fresh.identifier_field_ids, ElementsAre(1));
}

TEST(SchemaTest, NameMapping) {
  EXPECT_EQ(NameMappingJson(SchemaOf(
                {Field(1, "id", Of(TypeId::kLong)), Field(2, "tags", Type::List(Field(3, "", Of(TypeId::kString))))})),
            R"([{"field-id":1,"names":["id"]},)"
            R"({"field-id":2,"names":["tags"],"fields":[{"field-id":3,"names":["element"]}]}])");
}

TEST(ExplainMismatchTest, WideningFits) {
  const Schema want = SchemaOf({Field(0, "i", Of(TypeId::kInt)), Field(0, "f", Of(TypeId::kFloat)),
                                Field(0, "d", Type::Decimal(9, 2)), Field(0, "u", Of(TypeId::kUnknown))});
  const Schema have = SchemaOf({Field(4, "d", Type::Decimal(18, 2)), Field(2, "f", Of(TypeId::kDouble)),
                                Field(1, "i", Of(TypeId::kLong)), Field(3, "u", Of(TypeId::kString)),
                                Field(5, "extra", Of(TypeId::kDate))});
  EXPECT_THAT(ExplainMismatch(want, have), IsEmpty());
}

TEST(ExplainMismatchTest, NamesEveryDifference) {
  const TypePtr want_user = Type::Struct({Field(0, "age", Of(TypeId::kLong)), Field(0, "mail", Of(TypeId::kString))});
  const TypePtr have_user = Type::Struct({Field(6, "age", Of(TypeId::kInt))});
  const Schema want =
      SchemaOf({Field(0, "id", Of(TypeId::kLong)), Field(0, "price", Type::Decimal(9, 3)), Field(0, "user", want_user),
                Field(0, "new", Of(TypeId::kDate)), Field(0, "tags", Type::List(Field(0, "", Of(TypeId::kString))))});
  const Schema have = SchemaOf({Field(1, "id", Of(TypeId::kLong), false), Field(2, "price", Type::Decimal(9, 2)),
                                Field(3, "user", have_user), Field(4, "must", Of(TypeId::kInt), false),
                                Field(5, "tags", Type::List(Field(7, "", Of(TypeId::kInt), false)))});
  EXPECT_THAT(ExplainMismatch(want, have),
              ElementsAre("column id: may be null, but is required in the table",
                          "column price: decimal(9,3) does not fit the table's decimal(9,2)",
                          "column user.age: long does not fit the table's int",
                          "column user.mail: string is not in the table", "column new: date is not in the table",
                          "column tags.element: may be null, but is required in the table",
                          "column tags.element: string does not fit the table's int",
                          "column must: int is required in the table, but no value is given for it"));
}

TEST(ArrowSchemaTest, CarriesTypesNullabilityAndFieldIds) {
  const auto schema = ToArrowSchema(Nested());
  ASSERT_TRUE(schema.has_value());
  EXPECT_EQ((*schema)->ToString(),
            "id: int64 not null\n"
            "user: struct<address: struct<city: string>, name: string>\n"
            "tags: list<element: string>\n"
            "scores: map<string, double>");
  const auto field_id = [](const std::shared_ptr<arrow::Field>& field) {
    return *field->metadata()->Get("PARQUET:field_id");
  };
  EXPECT_EQ(field_id((*schema)->field(0)), "10");
  const auto user = (*schema)->field(1);
  EXPECT_EQ(field_id(user), "11");
  EXPECT_EQ(field_id(user->type()->field(0)->type()->field(0)), "20");
  EXPECT_EQ(field_id((*schema)->field(2)->type()->field(0)), "30");
  const auto& scores = static_cast<const arrow::MapType&>(*(*schema)->field(3)->type());
  EXPECT_EQ(field_id(scores.key_field()), "31");
  EXPECT_FALSE(scores.key_field()->nullable());
  EXPECT_EQ(field_id(scores.item_field()), "32");
}

TEST(ArrowSchemaTest, Primitives) {
  const auto text = [](const TypePtr& type) { return (*ToArrowType(*type))->ToString(); };
  EXPECT_EQ(text(Of(TypeId::kTimestampTz)), "timestamp[us, tz=UTC]");
  EXPECT_EQ(text(Of(TypeId::kTimestampNs)), "timestamp[ns]");
  EXPECT_EQ(text(Of(TypeId::kTime)), "time64[us]");
  EXPECT_EQ(text(Of(TypeId::kUuid)), "fixed_size_binary[16]");
  EXPECT_EQ(text(Type::Decimal(9, 2)), "decimal128(9, 2)");
  EXPECT_EQ(ToArrowType(*Of(TypeId::kUnknown)).error().code, ErrorCode::kNotSupported);
  const auto nested = ToArrowSchema(SchemaOf({Field(1, "gone", Of(TypeId::kUnknown))}));
  EXPECT_EQ(nested.error().message, "gone: unknown has no Arrow form here");
}

}  // namespace
}  // namespace k2i::iceberg
