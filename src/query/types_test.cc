// SPDX-License-Identifier: Apache-2.0
//
// Every type there is, hot and cold, comes out of DuckDB as it went in.
#include <arrow/api.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "datafile/random_rows_testing.h"
#include "iceberg/model/literal_text.h"
#include "query/test_table_testing.h"

namespace k2i::query {
namespace {

using iceberg::Type;
using iceberg::TypeId;

std::string Bytes(const arrow::Scalar& scalar) {
  return std::string(static_cast<const arrow::BaseBinaryScalar&>(scalar).view());
}

/// A moment in µs, whatever the unit: DuckDB's zoned timestamps have no finer one.
int64_t Micros(const arrow::Scalar& scalar, int64_t value) {
  const auto unit = static_cast<const arrow::TimestampType&>(*scalar.type).unit();
  return unit == arrow::TimeUnit::NANO ? value / 1000 : value;  // DuckDB rounds towards zero
}

/// One form of a value for both sides. `type`: Iceberg's.
std::string Show(const arrow::Scalar& scalar, const Type& type);

std::string ShowAll(const arrow::Array& values, const Type& type) {
  std::string text;
  for (int64_t i = 0; i < values.length(); ++i) text += Show(*values.GetScalar(i).ValueOrDie(), type) + ",";
  return text;
}

std::string ShowStruct(const arrow::Scalar& scalar, const std::vector<iceberg::NestedField>& fields) {
  const auto& children = static_cast<const arrow::StructScalar&>(scalar).value;
  std::string text = "{";
  for (size_t i = 0; i < fields.size(); ++i) text += Show(*children[i], *fields[i].type) + ";";
  return text + "}";
}

std::string Show(const arrow::Scalar& scalar, const Type& type) {
  if (!scalar.is_valid) return "NULL";
  switch (type.id()) {
    case TypeId::kUuid: {
      if (scalar.type->id() == arrow::Type::STRING) return Bytes(scalar);
      iceberg::UuidBytes uuid;
      std::ranges::copy(Bytes(scalar), uuid.bytes.begin());
      return iceberg::UuidText(uuid);
    }
    case TypeId::kFixed:
    case TypeId::kBinary:
      return iceberg::Hex(Bytes(scalar));
    case TypeId::kTimestampTzNs:
      return std::to_string(Micros(scalar, static_cast<const arrow::TimestampScalar&>(scalar).value));
    case TypeId::kFloat: {
      const float value = static_cast<const arrow::FloatScalar&>(scalar).value;
      return std::isnan(value) ? "nan" : scalar.ToString();
    }
    case TypeId::kDouble: {
      const double value = static_cast<const arrow::DoubleScalar&>(scalar).value;
      return std::isnan(value) ? "nan" : scalar.ToString();
    }
    case TypeId::kStruct:
      return ShowStruct(scalar, type.fields());
    case TypeId::kList:
      return "[" + ShowAll(*static_cast<const arrow::BaseListScalar&>(scalar).value, *type.fields()[0].type) + "]";
    case TypeId::kMap: {
      const auto& entries =
          static_cast<const arrow::StructArray&>(*static_cast<const arrow::BaseListScalar&>(scalar).value);
      return "<" + ShowAll(*entries.field(0), *type.fields()[0].type) + "|" +
             ShowAll(*entries.field(1), *type.fields()[1].type) + ">";
    }
    default:
      return scalar.ToString();
  }
}

std::vector<std::string> Shown(const arrow::Table& table, const iceberg::Schema& schema) {
  std::vector<std::string> lines;
  for (int64_t row = 0; row < table.num_rows(); ++row) {
    std::string line;
    for (int c = 0; c < table.num_columns(); ++c) {
      line += Show(*table.column(c)->GetScalar(row).ValueOrDie(), *schema.fields()[static_cast<size_t>(c)].type) + "|";
    }
    lines.push_back(line);
  }
  std::ranges::sort(lines);
  return lines;
}

std::string FirstDifference(const std::vector<std::string>& have, const std::vector<std::string>& want) {
  for (size_t i = 0; i < std::max(have.size(), want.size()); ++i) {
    const std::string left = i < have.size() ? have[i] : "nothing";
    const std::string right = i < want.size() ? want[i] : "nothing";
    if (left != right) return left + " rather than " + right;
  }
  return "";
}

/// Maps with a key that comes twice are none to DuckDB; random rows have them.
void DropMaps(std::vector<iceberg::NestedField>& fields) {
  std::erase_if(fields, [](const auto& field) { return field.type->id() == TypeId::kMap; });
}

class TypesTest : public testing::TestWithParam<uint64_t> {};
INSTANTIATE_TEST_SUITE_P(Seeds, TypesTest, testing::Range(uint64_t{1}, uint64_t{4}));

TEST_P(TypesTest, ComeOutAsTheyWentIn) {
  auto fields = datafile::AllTypesSchema(3).fields();
  DropMaps(fields);
  TestTable table({.type = Type::Struct(fields)});
  datafile::RandomRows random(GetParam());
  const auto engine = Engine::Make({}, {table.served()}).value();
  const auto ask = [&] {
    const auto answer = ReadAll(engine->Query({.sql = "SELECT * FROM events"}));
    EXPECT_TRUE(answer.has_value()) << answer.error().ToString();
    return answer ? Shown(**answer, table.schema()) : std::vector<std::string>{};
  };
  // Slices of a batch start anywhere in its buffers, within bytes of its bitmaps too.
  const auto all = random.Batch(table.schema(), 2600);
  const arrow::RecordBatchVector parts = {all->Slice(3, 2200), all->Slice(2203, 10), all->Slice(2213)};
  for (const auto& part : parts) table.Ingest(part);
  const auto expected = Shown(*arrow::Table::FromRecordBatches(parts).ValueOrDie(), table.schema());
  table.Publish();
  EXPECT_EQ(FirstDifference(ask(), expected), "") << "hot";
  table.Flush();
  table.Publish();
  EXPECT_EQ(FirstDifference(ask(), expected), "") << "cold";
}

/// Strings that files hold as dictionaries, one of them beside what goes on in plain.
TEST(DictionaryTest, GivesTheAnswersOfPlainStrings) {
  TestTable table({.type = Type::Struct({{1, "id", Type::Primitive(TypeId::kLong)},
                                         {2, "few", Type::Primitive(TypeId::kString)},
                                         {3, "more", Type::Primitive(TypeId::kString)}})});
  table.row_group_rows = 3000;
  std::string json = "[";
  for (int i = 0; i < 10'000; ++i) {
    // Each row group has another dictionary; the last one nothing but nulls at its end.
    const std::string few = i % 11 == 0 || i > 9500 ? "null" : "\"w" + std::to_string(i / 2500 + i % 5) + "\"";
    json += (i > 0 ? ",[" : "[") + std::to_string(i) + "," + few + ",\"some longer text, number " +
            std::to_string(i * 31 % 700) + "\"]";
  }
  table.Ingest(Rows(table.schema(), json + "]"));
  table.Publish();
  const auto engine = Engine::Make({}, {table.served()}).value();
  const std::vector<std::string> questions = {
      "SELECT * FROM events",
      "SELECT few, count(*), min(id), max(more) FROM events GROUP BY few",
      "SELECT few, more, sum(id) FROM events GROUP BY few, more",
      "SELECT more, count(*) FROM events WHERE few IS NULL GROUP BY more",
      "SELECT id, upper(few) || more FROM events WHERE more LIKE '%7' AND few <> 'w3'",
      "SELECT DISTINCT few FROM events",
      "SELECT a.few, count(*) FROM events a JOIN events b ON a.more = b.more AND b.id < 50 GROUP BY a.few",
      "SELECT few, list(more ORDER BY id) FROM events WHERE id % 100 = 3 GROUP BY few",
      "SELECT more, few, row_number() OVER (PARTITION BY few ORDER BY more, id) FROM events",
  };
  const auto ask = [&](const std::string& sql) {
    const auto answer = ReadAll(engine->Query({.sql = sql}));
    EXPECT_TRUE(answer.has_value()) << sql << ": " << answer.error().ToString();
    return answer ? SortedLines(**answer) : std::vector<std::string>{};
  };
  std::vector<std::vector<std::string>> hot;
  for (const std::string& sql : questions) hot.push_back(ask(sql));
  table.Flush();
  table.Publish();
  for (size_t i = 0; i < questions.size(); ++i) {
    EXPECT_FALSE(hot[i].empty());
    EXPECT_EQ(FirstDifference(ask(questions[i]), hot[i]), "") << questions[i];
  }
}

TEST(MapTest, ComesOutAsItWentIn) {
  TestTable table({.type = Type::Struct({{1, "m",
                                          Type::Map({2, "key", Type::Primitive(TypeId::kString), false},
                                                    {3, "value", Type::Primitive(TypeId::kLong)})}})});
  table.Ingest(Rows(table.schema(), R"([[[["a", 1], ["b", null]]], [null], [[]]])"));
  table.Publish();
  const auto engine = Engine::Make({}, {table.served()}).value();
  const std::vector<std::string> expected = {"<a,b,|1,NULL,>|", "<|>|", "NULL|"};
  for (int i = 0; i < 2; ++i) {
    const auto answer = ReadAll(engine->Query({.sql = "SELECT * FROM events"}));
    ASSERT_TRUE(answer.has_value()) << answer.error().ToString();
    EXPECT_EQ(Shown(**answer, table.schema()), expected);
    EXPECT_EQ(Lines(**ReadAll(engine->Query({.sql = "SELECT m['a'] FROM events WHERE m['a'] IS NOT NULL"}))),
              std::vector<std::string>{"1"});
    table.Flush();
    table.Publish();
  }
}

TEST(ResultTypesTest, AreOnesThatClientsKnow) {
  const auto engine = Engine::Make({}, {}).value();
  const auto schema = engine
                          ->Describe(
                              "SELECT true a, 1::TINYINT b, 1 c, 1::BIGINT d, 1::HUGEINT e, 1.5 f, 1.5::DOUBLE g, "
                              "'x' h, '\\x00'::BLOB i, DATE '2024-01-01' j, TIME '01:02:03' k, "
                              "TIMESTAMP '2024-01-01' l, TIMESTAMPTZ '2024-01-01' m, uuid() n, [1] o, {'a': 1} p")
                          .value()
                          .result;
  std::vector<std::string> types;
  for (const auto& field : schema->fields()) types.push_back(field->type()->ToString());
  EXPECT_EQ(types, (std::vector<std::string>{"bool", "int8", "int32", "int64", "decimal128(38, 0)", "decimal128(2, 1)",
                                             "double", "string", "binary", "date32[day]", "time64[us]", "timestamp[us]",
                                             "timestamp[us, tz=UTC]", "string", "list<l: int32>", "struct<a: int32>"}));
}

}  // namespace
}  // namespace k2i::query
