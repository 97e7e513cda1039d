// SPDX-License-Identifier: Apache-2.0
#include "query/engine.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "query/test_table_testing.h"

namespace k2i::query {
namespace {

using iceberg::Type;
using iceberg::TypeId;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

iceberg::Schema EventSchema() {
  return {.type = Type::Struct({{1, "id", Type::Primitive(TypeId::kLong)},
                                {2, "name", Type::Primitive(TypeId::kString)},
                                {3, "Score", Type::Primitive(TypeId::kDouble)}})};
}

class EngineTest : public testing::Test {
 protected:
  EngineTest() : table_(EventSchema()) {
    table_.Ingest(Rows(table_.schema(), R"([[1, "a", 0.5], [2, "b", null]])"));
    table_.Flush();
    table_.Ingest(Rows(table_.schema(), R"([[3, null, 1.5], [4, "a longer text than fits inline", 2.5]])"));
    table_.Ingest(Rows(table_.schema(), R"([[5, "e", -1]])"), 1);
    table_.Publish();
  }
  Engine& engine() {
    if (engine_ == nullptr) {
      served_.push_back(table_.served());
      engine_ = Engine::Make(options_, served_).value();
    }
    return *engine_;
  }
  Result<std::shared_ptr<arrow::Table>> Query(SqlRequest request) { return ReadAll(engine().Query(request)); }
  std::vector<std::string> Ask(const std::string& sql, std::vector<std::shared_ptr<arrow::Scalar>> parameters = {}) {
    const auto answer = Query({.sql = sql, .parameters = std::move(parameters)});
    if (!answer) return {answer.error().ToString()};
    return Lines(**answer);
  }

  TestTable table_;
  EngineOptions options_;
  std::vector<ServedTable> served_;
  std::unique_ptr<Engine> engine_;
};

TEST_F(EngineTest, ReadsHotAndColdRowsAsOneTable) {
  EXPECT_THAT(Ask("SELECT * FROM db.events ORDER BY id"),
              ElementsAre("1|a|0.5", "2|b|NULL", "3|NULL|1.5", "4|a longer text than fits inline|2.5", "5|e|-1"));
  EXPECT_THAT(Ask("SELECT count(*) FROM events"), ElementsAre("5"));
  EXPECT_THAT(Ask("SELECT name FROM Events WHERE ID > 3 ORDER BY score DESC"),
              ElementsAre("a longer text than fits inline", "e"));
  EXPECT_THAT(Ask("SELECT db.events.id FROM db.events WHERE id = 1"), ElementsAre("1"));
  EXPECT_THAT(Ask("SELECT count(*) FROM events a JOIN events b ON a.id < b.id"), ElementsAre("10"));
  EXPECT_THAT(Ask("SELECT sum(id), avg(\"Score\") FROM events"), ElementsAre("15|0.875"));
}

TEST_F(EngineTest, SaysWhatItHasSeen) {
  const auto answer = engine().Query({.sql = "SELECT * FROM events"}).value();
  ASSERT_EQ(answer->pinned().size(), 1u);
  EXPECT_EQ(answer->pinned()[0].table, "db.events");
  EXPECT_EQ(answer->pinned()[0].snapshot_id, 101);
  EXPECT_EQ(answer->pinned()[0].offsets,
            (OffsetVector{{{"events", PartitionId{0}}, Offset{4}}, {{"events", PartitionId{1}}, Offset{1}}}));
}

TEST_F(EngineTest, TakesParameters) {
  EXPECT_THAT(Ask("SELECT id FROM events WHERE name = ?", {arrow::MakeScalar("b")}), ElementsAre("2"));
  EXPECT_THAT(Ask("SELECT $1 + 1", {arrow::MakeScalar(int32_t{41})}), ElementsAre("42"));
  EXPECT_THAT(Ask("SELECT $1 IS NULL", {nullptr}), ElementsAre("true"));
  EXPECT_THAT(Ask("SELECT ?"), ElementsAre(HasSubstr("InvalidArgument: the statement has 1 parameters")));
}

}  // namespace
}  // namespace k2i::query
