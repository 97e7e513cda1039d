// SPDX-License-Identifier: Apache-2.0
//
// Leaving out files, row groups and slices changes no answer, and does leave some out.
#include <arrow/api.h>
#include <arrow/compute/initialize.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "query/test_table_testing.h"

namespace k2i::query {
namespace {

using iceberg::NestedField;
using iceberg::PartitionSpec;
using iceberg::Transform;
using iceberg::Type;
using iceberg::TypeId;
using testing::ElementsAre;

iceberg::Schema PrunedSchema() {
  const auto of = [](TypeId id) { return Type::Primitive(id); };
  return {.type = Type::Struct({{1, "id", of(TypeId::kLong)},
                                {2, "small", of(TypeId::kInt)},
                                {3, "day", of(TypeId::kDate)},
                                {4, "ts", of(TypeId::kTimestamp)},
                                {5, "tz", of(TypeId::kTimestampTz)},
                                {6, "name", of(TypeId::kString)},
                                {7, "price", Type::Decimal(9, 2)},
                                {8, "ratio", of(TypeId::kDouble)},
                                {9, "score", of(TypeId::kFloat)},
                                {10, "flag", of(TypeId::kBoolean)}})};
}

/// A partition spec by "column transform" pairs.
PartitionSpec SpecOf(const std::vector<std::pair<std::string, std::string>>& fields) {
  PartitionSpec spec;
  for (const auto& [column, transform] : fields) {
    spec.fields.push_back({PrunedSchema().FindField(column)->field_id, static_cast<int32_t>(1000 + spec.fields.size()),
                           column + "_p", Transform::Parse(transform).value()});
  }
  return spec;
}

class Numbers {
 public:
  explicit Numbers(uint64_t seed) : engine_(seed) {}
  int64_t Between(int64_t low, int64_t high) { return std::uniform_int_distribution<int64_t>(low, high)(engine_); }
  template <typename T>
  const T& OneOf(const std::vector<T>& choices) {
    return choices[static_cast<size_t>(Between(0, std::ssize(choices) - 1))];
  }

 private:
  std::mt19937_64 engine_;
};

/// Rows around `centre`, so that files differ in their bounds; nulls and NaNs among them.
std::shared_ptr<arrow::RecordBatch> RowsAround(Numbers& numbers, const iceberg::Schema& schema, int64_t centre,
                                               int rows) {
  std::string json = "[";
  const auto maybe = [&](std::string text) { return numbers.Between(0, 9) == 0 ? "null" : text; };
  for (int i = 0; i < rows; ++i) {
    const int64_t n = centre + numbers.Between(-5, 5);
    const std::string number = std::to_string(n);
    const std::string name = "\"" + std::string(1, static_cast<char>('a' + (n + 100) % 26)) + number + "\"";
    const std::string price = "\"" + number + "." + std::to_string(numbers.Between(10, 99)) + "\"";
    json += std::string(i > 0 ? "," : "") + "[" + maybe(number) + "," + maybe(number) + "," + maybe(number) + "," +
            maybe(std::to_string(n * 3'600'000'000)) + "," + maybe(std::to_string(n * 3'600'000'000)) + "," +
            maybe(name) + "," + maybe(price) + "," + maybe(numbers.Between(0, 9) == 0 ? "NaN" : number + ".5") + "," +
            maybe(number + ".25") + "," + maybe(n % 2 == 0 ? "true" : "false") + "]";
  }
  return Rows(schema, json + "]");
}

/// A constant as SQL for a column; now and then of another type than the column's.
std::string ConstantFor(Numbers& numbers, const std::string& column) {
  const int64_t n = numbers.Between(-40, 40);
  const std::string number = std::to_string(n);
  const std::string date =
      "1970-0" + std::to_string(numbers.Between(1, 2)) + "-1" + std::to_string(numbers.Between(0, 9));
  const std::string early = numbers.Between(0, 1) == 0 ? "1969-12-2" + std::to_string(numbers.Between(0, 9)) : date;
  if (column == "id" || column == "small") {
    return numbers.OneOf<std::string>({number, number, number + ".0", number + ".5", number + "::BIGINT",
                                       "'" + number + "'", number + "::DOUBLE", number + "e0"});
  }
  if (column == "day") {
    return numbers.OneOf<std::string>({"'" + early + "'", "DATE '" + early + "'", "TIMESTAMP '" + early + " 00:00:00'",
                                       "TIMESTAMP '" + early + " 07:30:00'"});
  }
  if (column == "ts" || column == "tz") {
    return numbers.OneOf<std::string>({"'" + early + "'", "DATE '" + early + "'", "TIMESTAMP '" + early + " 05:00:00'",
                                       "'" + early + " 05:00:00'", "TIMESTAMPTZ '" + early + " 05:00:00+00'"});
  }
  if (column == "name") {
    return "'" + std::string(1, static_cast<char>('a' + numbers.Between(0, 25))) +
           (numbers.Between(0, 2) == 0 ? "" : number) + "'";
  }
  if (column == "flag") return numbers.OneOf<std::string>({"true", "false"});
  return numbers.OneOf<std::string>(
      {number, number + ".5", number + ".25", number + ".50", number + ".5::DOUBLE", "'nan'::DOUBLE", "1e300"});
}

std::string TestOn(Numbers& numbers, const std::string& prefix) {
  const std::string column =
      numbers.OneOf<std::string>({"id", "small", "day", "ts", "tz", "name", "price", "ratio", "score", "flag"});
  const std::string named = prefix + column;
  const auto constant = [&] { return ConstantFor(numbers, column); };
  switch (numbers.Between(0, 7)) {
    case 0:
      return named + " IS NULL";
    case 1:
      return named + " IS NOT NULL";
    case 2:
      return named + " IN (" + constant() + ", " + constant() + ")";
    case 3:
      return named + " BETWEEN " + constant() + " AND " + constant();
    case 4:
      return constant() + numbers.OneOf<std::string>({" < ", " >= "}) + named;
    default:
      return named + numbers.OneOf<std::string>({" = ", " < ", " <= ", " > ", " >= ", " <> "}) + constant();
  }
}

std::string Condition(Numbers& numbers, const std::string& prefix, int depth = 0) {
  const int64_t pick = depth > 1 ? 0 : numbers.Between(0, 5);
  if (pick < 3) return TestOn(numbers, prefix);
  if (pick == 3) return "NOT (" + Condition(numbers, prefix, depth + 1) + ")";
  return "(" + Condition(numbers, prefix, depth + 1) + (pick == 4 ? " AND " : " OR ") +
         Condition(numbers, prefix, depth + 1) + ")";
}

class PruningTest : public testing::TestWithParam<int> {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(arrow::compute::Initialize().ok()); }
  static PartitionSpec Spec() {
    switch (GetParam()) {
      case 0:
        return {};
      case 1:
        return SpecOf({{"small", "identity"}});
      case 2:
        return SpecOf({{"id", "bucket[4]"}, {"ts", "day"}});
      case 3:
        return SpecOf({{"name", "truncate[1]"}, {"day", "month"}});
      case 4:
        return SpecOf({{"tz", "hour"}, {"id", "truncate[10]"}});
      default:
        return SpecOf({{"price", "truncate[500]"}, {"day", "year"}, {"flag", "identity"}});
    }
  }
  PruningTest()
      : table_(PrunedSchema(), Spec()),
        other_(PrunedSchema(), Spec(), "other"),
        numbers_(static_cast<uint64_t>(GetParam()) + 11) {
    Fill(table_);
    Fill(other_);
    const auto keep = [this](const ScanCounts& counts, double) { last_ = counts; };
    engine_ = Engine::Make({.on_end = keep}, {table_.served(), other_.served()}).value();
  }
  void Fill(TestTable& table) {
    table.row_group_rows = 8;
    for (int64_t centre = -30; centre <= 30; centre += 20) {
      table.Ingest(RowsAround(numbers_, table.schema(), centre, 24));
      table.Flush();
    }
    table.Ingest(RowsAround(numbers_, table.schema(), 0, 20));
    table.Publish();
  }
  /// The rows, or the error's code: a comparison that DuckDB does not have is one for both.
  std::vector<std::string> Ask(const std::string& sql) {
    const auto answer = ReadAll(engine_->Query({.sql = sql}));
    return answer ? SortedLines(**answer) : std::vector<std::string>{std::string(ToString(answer.error().code))};
  }

  TestTable table_;
  TestTable other_;
  Numbers numbers_;
  ScanCounts last_;
  std::unique_ptr<Engine> engine_;
};
INSTANTIATE_TEST_SUITE_P(Specs, PruningTest, testing::Range(0, 6));

TEST_P(PruningTest, ChangesNoAnswer) {
  int64_t skipped = 0;
  for (int round = 0; round < 25; ++round) {
    const std::string where = Condition(numbers_, "");
    // A condition within CASE is none that is looked at.
    const auto pruned = Ask("SELECT * FROM events WHERE " + where);
    skipped += last_.files_skipped + last_.row_groups_skipped + last_.manifests_skipped;
    EXPECT_EQ(pruned, Ask("SELECT * FROM events WHERE CASE WHEN " + where + " THEN true ELSE false END")) << where;
    EXPECT_EQ(last_.files_skipped + last_.row_groups_skipped, 0);
  }
  EXPECT_GT(skipped, 10);
}

TEST_P(PruningTest, ChangesNoJoin) {
  const std::vector<std::string> joins = {"JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "SEMI JOIN", "ANTI JOIN"};
  for (int round = 0; round < 15; ++round) {
    const std::string join = numbers_.OneOf(joins);
    const bool left_only = join == "SEMI JOIN" || join == "ANTI JOIN";
    const std::string columns = left_only ? "a.id, a.ts" : "a.id, b.id, b.ts";
    const std::string from = "SELECT " + columns + " FROM events a " + join + " other b ON a.id = b.small";
    const std::string where = Condition(numbers_, left_only || numbers_.Between(0, 1) == 0 ? "a." : "b.");
    EXPECT_EQ(Ask(from + " WHERE " + where), Ask(from + " WHERE CASE WHEN " + where + " THEN true ELSE false END"))
        << join << " WHERE " << where;
  }
}

TEST_P(PruningTest, ChangesNoSubquery) {
  for (int round = 0; round < 8; ++round) {
    const std::string inner = Condition(numbers_, "");
    const std::string outer = Condition(numbers_, "e.");
    const auto sql = [&](const std::string& in, const std::string& out) {
      return "WITH c AS (SELECT small FROM other WHERE " + in +
             ") SELECT id, (SELECT count(*) FROM c) FROM events e WHERE " + out + " AND id IN (SELECT small FROM c)";
    };
    const auto hide = [](const std::string& condition) {
      return "CASE WHEN " + condition + " THEN true ELSE false END";
    };
    EXPECT_EQ(Ask(sql(inner, outer)), Ask(sql(hide(inner), hide(outer)))) << inner << " / " << outer;
  }
}

TEST(PruningCountsTest, LeavesOutWhatCannotMatch) {
  TestTable table(PrunedSchema(), SpecOf({{"id", "truncate[100]"}}));
  table.row_group_rows = 10;
  const auto rows = [&](int64_t from) {
    std::string json = "[";
    for (int64_t i = from; i < from + 30; ++i) {
      json += (i > from ? ",[" : "[") + std::to_string(i) + ",null,null,null,null,\"n\",null,null,null,null]";
    }
    return Rows(table.schema(), json + "]");
  };
  for (const int64_t from : {0, 100, 200}) {
    table.Ingest(rows(from));
    table.Flush();
  }
  table.Publish();
  ScanCounts last;
  const auto engine =
      Engine::Make({.on_end = [&](const ScanCounts& counts, double) { last = counts; }}, {table.served()}).value();
  const auto ask = [&](const std::string& where, std::vector<std::shared_ptr<arrow::Scalar>> parameters = {}) {
    return Lines(**ReadAll(engine->Query({.sql = "SELECT id FROM events WHERE " + where, .parameters = parameters})));
  };
  EXPECT_THAT(ask("id = 105"), ElementsAre("105"));
  EXPECT_EQ(last.manifests_skipped, 2);
  EXPECT_EQ(last.files_scanned, 1);
  EXPECT_EQ(last.row_groups_scanned, 1);
  EXPECT_EQ(last.row_groups_skipped, 2);
  EXPECT_EQ(last.cold_rows, 10);
  EXPECT_THAT(ask("$1 = id", {arrow::MakeScalar(int64_t{205})}), ElementsAre("205"));
  EXPECT_EQ(last.files_scanned, 1);
  EXPECT_THAT(ask("id > 228 OR id = 7"), testing::UnorderedElementsAre("7", "229"));
  EXPECT_EQ(last.files_scanned, 2);
  EXPECT_THAT(ask("id IS NULL"), testing::IsEmpty());
  EXPECT_EQ(last.files_scanned, 0);
  EXPECT_THAT(ask("small = 5"), testing::IsEmpty());
  EXPECT_EQ(last.files_scanned, 0);
  EXPECT_EQ(Lines(**ReadAll(engine->Query({.sql = "SELECT count(*) FROM events"}))), std::vector<std::string>{"90"});
  EXPECT_EQ(last.row_groups_scanned, 0) << "counting opens no file";
}

TEST(PruningCountsTest, LeavesOutSlicesByTheirColumns) {
  ASSERT_TRUE(arrow::compute::Initialize().ok());
  TestTable table(PrunedSchema());
  for (const int from : {0, 10, 20}) {
    std::string json = "[";
    for (int i = from; i < from + 5; ++i) {
      const std::string n = std::to_string(i);
      json += (i > from ? ",[" : "[") + n + "," + (from == 10 ? n : "null") + ",null,null,null,\"n" + n + "\",null," +
              (from == 20 ? "NaN" : n + ".5") + ",null,null]";
    }
    table.Ingest(Rows(table.schema(), json + "]"));
  }
  table.Publish();
  ScanCounts last;
  const auto engine =
      Engine::Make({.on_end = [&](const ScanCounts& counts, double) { last = counts; }}, {table.served()}).value();
  const auto skipped = [&](const std::string& where, const std::vector<std::string>& expected) {
    EXPECT_EQ(SortedLines(**ReadAll(engine->Query({.sql = "SELECT id FROM events WHERE " + where}))), expected)
        << where;
    EXPECT_EQ(last.slices_skipped + last.slices_scanned, 3);
    return last.slices_skipped;
  };
  EXPECT_EQ(skipped("id = 11", {"11"}), 2);
  EXPECT_EQ(skipped("id > 22 OR id = 1", {"1", "23", "24"}), 1);
  EXPECT_EQ(skipped("name = 'n21'", {"21"}), 1) << "n2 and n3 are around it";
  EXPECT_EQ(skipped("small IS NOT NULL AND id >= 14", {"14"}), 2);
  EXPECT_EQ(skipped("small = 3", {}), 3);
  EXPECT_EQ(skipped("ratio BETWEEN 3 AND 4", {"3"}), 1);
  EXPECT_EQ(skipped("ratio > 13.6", {"14", "20", "21", "22", "23", "24"}), 0) << "NaN is above all numbers";
}

}  // namespace
}  // namespace k2i::query
