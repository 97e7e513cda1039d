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

TEST_F(EngineTest, KeepsItsViewWhileTheStreamMovesOn) {
  const auto before = engine().Query({.sql = "SELECT count(*), sum(id) FROM events"}).value();
  table_.Ingest(Rows(table_.schema(), R"([[100, "x", 0]])"));
  table_.Flush();
  table_.Publish();
  EXPECT_THAT(Ask("SELECT count(*), sum(id) FROM events"), ElementsAre("6|115"));
  const auto rows = before->Next().value();
  EXPECT_EQ(rows->column(0)->GetScalar(0).ValueOrDie()->ToString(), "5");
  EXPECT_EQ(rows->column(1)->GetScalar(0).ValueOrDie()->ToString(), "15");
  EXPECT_EQ(before->Next().value(), nullptr);
}

TEST_F(EngineTest, ReadsNoRowTwiceThatIsRetained) {
  table_.Flush(/*retain=*/true);
  table_.Publish();
  EXPECT_THAT(Ask("SELECT count(*), count(DISTINCT id) FROM events"), ElementsAre("5|5"));
  EXPECT_EQ(engine().Table("events").value().retained_rows, 3);
}

TEST_F(EngineTest, ShowsOldRowsInTheNewestSchema) {
  table_.Evolve({{1, "key", Type::Primitive(TypeId::kLong)},      // renamed
                 {3, "Score", Type::Primitive(TypeId::kDouble)},  // name is dropped
                 {4, "extra", Type::Primitive(TypeId::kInt)}});
  table_.Ingest(Rows(table_.schema(), "[[6, 6.5, 7]]"));
  table_.Publish();
  EXPECT_THAT(Ask("SELECT * FROM events ORDER BY key"),
              ElementsAre("1|0.5|NULL", "2|NULL|NULL", "3|1.5|NULL", "4|2.5|NULL", "5|-1|NULL", "6|6.5|7"));
  EXPECT_THAT(Ask("SELECT name FROM events"), ElementsAre(HasSubstr("InvalidArgument")));
  table_.Evolve({{1, "key", Type::Primitive(TypeId::kLong)}, {4, "extra", Type::Primitive(TypeId::kLong)}});
  table_.Publish();
  EXPECT_THAT(Ask("SELECT sum(extra), count(*) FROM events WHERE key > 0"), ElementsAre("7|6"));
  EXPECT_THAT(Ask("SELECT key FROM events WHERE extra = 7"), ElementsAre("6"));
}

TEST_F(EngineTest, ServesATableThatIsEmptyOrColdOnly) {
  TestTable empty(EventSchema(), {}, "empty");
  empty.Publish();
  TestTable absent(EventSchema(), {}, "absent");
  served_ = {empty.served(), absent.served()};
  EXPECT_THAT(Ask("SELECT * FROM empty"), IsEmpty());
  EXPECT_THAT(Ask("SELECT count(*), max(id) FROM empty"), ElementsAre("0|NULL"));
  EXPECT_THAT(Ask("SELECT * FROM absent"), ElementsAre(HasSubstr("Unavailable")));
  EXPECT_THAT(Ask("SELECT * FROM nowhere"), ElementsAre(HasSubstr("InvalidArgument: no table nowhere is served here")));
  EXPECT_EQ(engine().Tables().size(), 2u);
  table_.Flush();
  table_.Publish();
  EXPECT_THAT(Ask("SELECT count(*) FROM events WHERE name IS NOT NULL"), ElementsAre("4"));
}

TEST_F(EngineTest, TellsTablesOfOneNameApart) {
  TestTable other(EventSchema());
  other.Ingest(Rows(other.schema(), "[[7, null, null]]"));
  other.Publish();
  ServedTable second = other.served();
  second.database = "the \"other\" db.x";
  served_ = {second};
  EXPECT_THAT(Ask("SELECT count(*) FROM db.events"), ElementsAre("5"));
  EXPECT_THAT(Ask("SELECT id FROM \"the \"\"other\"\" db.x\".events"), ElementsAre("7"));
  EXPECT_THAT(Ask("SELECT id FROM events"), ElementsAre(HasSubstr("InvalidArgument: several databases have a table")));
  EXPECT_EQ(engine().Table("the \"other\" db.x.events").value().hot_rows, 1);
  served_ = {second, second};
  EXPECT_EQ(Engine::Make({}, served_).error().code, ErrorCode::kInvalidConfig);
}

TEST_F(EngineTest, StopsAtItsLimits) {
  options_.max_rows = 10;
  options_.memory_bytes = int64_t{24} << 20;
  EXPECT_THAT(Ask("SELECT * FROM range(11)"), ElementsAre(HasSubstr("ResourceExhausted: the answer has more than 10")));
  EXPECT_EQ(Ask("SELECT * FROM range(10)").size(), 10u);
  EXPECT_EQ(Query({.sql = "SELECT * FROM events", .max_rows = 4}).error().code, ErrorCode::kResourceExhausted);
  EXPECT_EQ(
      Query({.sql = "SELECT count(*) FROM (SELECT DISTINCT range, range::VARCHAR FROM range(20000000))"}).error().code,
      ErrorCode::kResourceExhausted);
  const auto begun = std::chrono::steady_clock::now();
  const auto late =
      Query({.sql = "SELECT count(*) FROM range(100000000000) a", .timeout = std::chrono::milliseconds(100)});
  EXPECT_EQ(late.error().code, ErrorCode::kTimeout) << late.error().ToString();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(10));
  EXPECT_THAT(Ask("SELECT count(*) FROM events"), ElementsAre("5")) << "goes on after all that";
}

TEST_F(EngineTest, CancelsAtOnce) {
  const auto answer = engine().Query({.sql = "SELECT count(*) FROM range(100000000000) a"}).value();
  std::thread canceller([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    answer->Cancel();
  });
  const auto rows = answer->Next();
  canceller.join();
  ASSERT_FALSE(rows.has_value());
  EXPECT_EQ(rows.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(answer->Next().error().code, ErrorCode::kCancelled);
  const auto never = engine().Query({.sql = "SELECT 1"}).value();
  never->Cancel();
  EXPECT_EQ(never->Next().error().code, ErrorCode::kCancelled);
}

TEST_F(EngineTest, BoundsHowManyRunAndWait) {
  options_.max_running = 1;
  options_.max_waiting = 0;
  auto first = engine().Query({.sql = "SELECT 1"}).value();
  EXPECT_THAT(Ask("SELECT 2"), ElementsAre(HasSubstr("ResourceExhausted")));
  first.reset();
  EXPECT_THAT(Ask("SELECT 2"), ElementsAre("2"));
  options_.max_waiting = 1;
  engine_.reset();
  served_.clear();
  first = engine().Query({.sql = "SELECT 1"}).value();
  EXPECT_EQ(Query({.sql = "SELECT 2", .timeout = std::chrono::milliseconds(30)}).error().code, ErrorCode::kTimeout);
  std::thread leaves([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    first.reset();
  });
  EXPECT_THAT(Ask("SELECT 2"), ElementsAre("2"));
  leaves.join();
}

TEST_F(EngineTest, WaitsForTheRowsItIsToShow) {
  const TopicPartition p0{"events", PartitionId{0}};
  SqlRequest request{.sql = "SELECT max(id) FROM events", .wait_for = {{p0, Offset{4}}}};
  request.timeout = std::chrono::milliseconds(50);
  const auto late = Query(request);
  EXPECT_EQ(late.error().code, ErrorCode::kTimeout);
  EXPECT_THAT(late.error().message, HasSubstr("offset 4 of events-0 is not there: the next one to come is 4"));
  std::thread producer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    table_.Ingest(Rows(table_.schema(), "[[77, null, null]]"));
    table_.Publish();
  });
  request.timeout = std::chrono::seconds(20);
  EXPECT_EQ(Lines(**Query(request)), std::vector<std::string>{"77"});
  producer.join();
  request.timeout = std::chrono::milliseconds(20);
  request.wait_for = {{{"elsewhere", PartitionId{3}}, Offset{0}}};
  EXPECT_THAT(Query(request).error().message, HasSubstr("partition elsewhere-3 is not read here"));
}

TEST_F(EngineTest, GivesTheStoresOwnErrors) {
  engine();
  table_.store().set_fault_hook([](const io::StoreCall& call) -> Status {
    if (call.location.ends_with(".parquet")) return Fail(ErrorCode::kPermissionDenied, "no", Component::kStorage);
    return {};
  });
  const auto refused = Query({.sql = "SELECT sum(id) FROM events"});
  EXPECT_EQ(refused.error().code, ErrorCode::kPermissionDenied) << refused.error().ToString();
  EXPECT_EQ(refused.error().component, Component::kStorage);
  EXPECT_THAT(Ask("SELECT count(*) FROM events"), ElementsAre("5"));
}

TEST_F(EngineTest, TellsErrorsOfTheUserApart) {
  EXPECT_THAT(Ask("SELEC 1"), ElementsAre(HasSubstr("InvalidArgument")));
  EXPECT_THAT(Ask("SELECT nothing FROM events"), ElementsAre(HasSubstr("InvalidArgument")));
  EXPECT_THAT(Ask("SELECT name::INT FROM events"), ElementsAre(HasSubstr("InvalidArgument")));
  EXPECT_THAT(Ask("SELECT sum(name) FROM events"), ElementsAre(HasSubstr("InvalidArgument")));
}

TEST_F(EngineTest, DescribesWithoutRunning) {
  const auto wrong = engine().Describe("SELECT nothing FROM events WHERE id > $1");
  ASSERT_FALSE(wrong.has_value());
  EXPECT_EQ(wrong.error().code, ErrorCode::kInvalidArgument);
  const auto good = engine().Describe("SELECT id, upper(name) AS n FROM events WHERE id > $1").value();
  EXPECT_EQ(good.result->ToString(), "id: int64\nn: string");
  ASSERT_EQ(good.parameters->num_fields(), 1);
  const auto explained = Ask("EXPLAIN SELECT count(*) FROM events WHERE id > 3");
  ASSERT_EQ(explained.size(), 1u);
  EXPECT_THAT(explained[0], HasSubstr("K2I_SCAN"));
}

TEST_F(EngineTest, DescribesWhatFollowsFromParametersAsNull) {
  const auto unknown = engine().Describe("SELECT ? AS x, id + ? AS y FROM events");
  ASSERT_TRUE(unknown.has_value()) << unknown.error().ToString();
  EXPECT_EQ(unknown->result->field(0)->type()->id(), arrow::Type::NA);
  EXPECT_EQ(unknown->parameters->num_fields(), 2);
}

TEST_F(EngineTest, DescribesItsTables) {
  const auto info = engine().Table("DB.Events").value();
  EXPECT_EQ(info.database, "db");
  EXPECT_EQ(info.table, "events");
  EXPECT_EQ(info.location, "s3://b/events");
  EXPECT_EQ(info.schema->field_names(), (std::vector<std::string>{"id", "name", "Score"}));
  EXPECT_EQ(info.hot_rows, 3);
  EXPECT_GT(info.hot_bytes, 0);
  EXPECT_EQ(info.cold_rows, 2);
  EXPECT_EQ(info.cold_files, 1);
  EXPECT_EQ(info.committed, (OffsetVector{{{"events", PartitionId{0}}, Offset{2}}}));
  EXPECT_EQ(engine().Table("nothing").error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace k2i::query
