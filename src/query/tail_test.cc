// SPDX-License-Identifier: Apache-2.0
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

const TopicPartition kP0{"events", PartitionId{0}};

class TailTest : public testing::Test {
 protected:
  TailTest()
      : table_({.type = Type::Struct({{1, "id", Type::Primitive(TypeId::kLong)},
                                      {2, "_kafka_partition", Type::Primitive(TypeId::kInt)},
                                      {3, "_kafka_offset", Type::Primitive(TypeId::kLong)},
                                      {4, "name", Type::Primitive(TypeId::kString)}})}) {
    table_.key_column = "name";
    Ingest(0, 3);
    table_.Flush(/*retain=*/true);
    Ingest(3, 5);
    table_.Publish();
    ServedTable served = table_.served();
    served.partition_column = "_kafka_partition";
    served.offset_column = "_kafka_offset";
    engine_ = Engine::Make({}, {served}).value();
  }
  /// Rows of offsets [from, to), which say so; a key comes back every fourth row.
  void Ingest(int64_t from, int64_t to) {
    std::string json = "[";
    for (int64_t i = from; i < to; ++i) {
      const std::string n = std::to_string(i);
      json += (i > from ? ",[" : "[") + n + ",0," + n + ",\"key" + std::to_string(i % 4) + "\"]";
    }
    table_.Ingest(Rows(table_.schema(), json + "]"));
  }
  std::vector<std::string> Ids(Result<std::unique_ptr<Answer>> answer) {
    const auto table = ReadAll(std::move(answer));
    if (!table) return {table.error().ToString()};
    return Lines(*(*table)->SelectColumns({0}).ValueOrDie());
  }
  std::vector<std::string> Position(int64_t offset, bool hot_only = false) {
    return Ids(engine_->Lookup({.table = "events", .position = {{kP0, Offset{offset}}}, .hot_only = hot_only}));
  }
  std::vector<std::string> Key(const std::string& key, bool all = false, bool hot_only = false) {
    return Ids(engine_->Lookup({.table = "db.events", .key = key, .all = all, .hot_only = hot_only}));
  }

  TestTable table_;
  std::unique_ptr<Engine> engine_;
};

TEST_F(TailTest, GivesTheRowsThatTheTableLacks) {
  EXPECT_THAT(Ids(engine_->Tail({.table = "events"})), ElementsAre("3", "4"));
  EXPECT_THAT(Ids(engine_->Tail({.table = "events", .from = {{kP0, Offset{4}}}})), ElementsAre("4"));
  EXPECT_THAT(Ids(engine_->Tail({.table = "events", .from = {{kP0, Offset{5}}}})), IsEmpty());
  EXPECT_THAT(Ids(engine_->Tail({.table = "events", .from = {{kP0, Offset{1}}}})), ElementsAre("1", "2", "3", "4"));
  EXPECT_THAT(Ids(engine_->Tail({.table = "events", .from = {{{"x", PartitionId{0}}, Offset{1}}}})),
              ElementsAre(HasSubstr("InvalidArgument: partition x-0 is not read here")));
}

TEST_F(TailTest, SaysWhenMemoryNoLongerHasThem) {
  table_.Evict();
  table_.Publish();
  EXPECT_THAT(
      Ids(engine_->Tail({.table = "events", .from = {{kP0, Offset{1}}}})),
      ElementsAre(HasSubstr("InvalidArgument: memory no longer holds the rows of events-0 from offset 1 on: read "
                            "the table up to 3")));
}

TEST_F(TailTest, FollowsUntilItIsCancelled) {
  const auto tail = engine_->Tail({.table = "events", .follow = true}).value();
  EXPECT_EQ(tail->Next().value()->num_rows(), 2);
  std::thread stream([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    table_.Flush(/*retain=*/true);
    Ingest(5, 8);
    table_.Publish();
  });
  EXPECT_EQ(tail->Next().value()->num_rows(), 3);
  stream.join();
  std::thread canceller([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    tail->Cancel();
  });
  EXPECT_EQ(tail->Next().error().code, ErrorCode::kCancelled);
  canceller.join();
}

TEST_F(TailTest, SeesThatItHasFallenBehind) {
  const auto tail = engine_->Tail({.table = "events", .follow = true}).value();
  EXPECT_EQ(tail->Next().value()->num_rows(), 2);
  Ingest(5, 6);
  table_.Flush(/*retain=*/false);
  table_.Evict();
  Ingest(6, 7);
  table_.Publish();
  const auto lost = tail->Next();
  ASSERT_FALSE(lost.has_value());
  EXPECT_EQ(lost.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(lost.error().message, HasSubstr("from offset 5 on"));
}

TEST_F(TailTest, LooksUpByPositionInMemoryAndInTheTable) {
  EXPECT_THAT(Position(4), ElementsAre("4"));
  EXPECT_THAT(Position(1, /*hot_only=*/true), ElementsAre("1")) << "retained";
  table_.Evict();
  table_.Publish();
  EXPECT_THAT(Position(1, /*hot_only=*/true), ElementsAre(HasSubstr("NotFound")));
  EXPECT_THAT(Position(1), ElementsAre("1"));
  EXPECT_THAT(Position(5), ElementsAre(HasSubstr("NotFound")));
}

TEST_F(TailTest, LooksUpByKey) {
  EXPECT_THAT(Key("key0"), ElementsAre("4"));
  EXPECT_THAT(Key("key2"), ElementsAre("2"));
  EXPECT_THAT(Key("key0", /*all=*/true), ElementsAre("4", "0"));
  EXPECT_THAT(Key("key9"), ElementsAre(HasSubstr("NotFound")));
  EXPECT_THAT(Ids(engine_->Lookup({.table = "events"})), ElementsAre(HasSubstr("InvalidArgument")));
  EXPECT_THAT(Ids(engine_->Lookup({.table = "none", .key = "k"})), ElementsAre(HasSubstr("NotFound")));
}

}  // namespace
}  // namespace k2i::query
