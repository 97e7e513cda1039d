// SPDX-License-Identifier: Apache-2.0
#include "iceberg/model/history_list.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "iceberg/model/gzip.h"
#include "iceberg/model/table_metadata.h"

namespace k2i::iceberg {
namespace {

/// With so many snapshots, whose ids are drawn from `seed`, and a log of them.
TableMetadata Table(size_t snapshots, uint64_t seed = 1) {
  std::mt19937_64 random(seed);
  TableMetadata table{.table_uuid = "9c12d441-03fe-4693-9a96-a0705ddf69c1", .location = "s3://b/t"};
  table.schemas = {{.type = Type::Struct({{1, "id", Type::Primitive(TypeId::kLong)}})}};
  table.partition_specs = {{}};
  table.sort_orders = {{}};
  for (size_t i = 0; i < snapshots; ++i) {
    const auto id = static_cast<int64_t>(random() >> 1);
    table.snapshots.push_back({.snapshot_id = id,
                               .sequence_number = static_cast<int64_t>(i) + 1,
                               .timestamp_ms = 1'000,
                               .manifest_list = "s3://b/t/metadata/snap.avro",
                               .summary = {{"operation", "append"}, {"k2i.text", std::string(300, 'x')}}});
    table.snapshot_log.push_back({1'000, id});
    table.current_snapshot_id = id;
  }
  if (snapshots > 0) table.refs["main"] = {.snapshot_id = *table.current_snapshot_id};
  return table;
}

std::vector<int64_t> Ids(const SnapshotList& list) {
  std::vector<int64_t> ids;
  for (const Snapshot& each : list) ids.push_back(each.snapshot_id);
  return ids;
}

/// How many elements of the two are the same object.
template <typename T>
size_t Shared(const HistoryList<T>& a, const HistoryList<T>& b) {
  size_t count = 0;
  for (const T& each : a) count += std::ranges::any_of(b, [&](const T& other) { return &each == &other; });
  return count;
}

TEST(HistoryListTest, CopiesShareTheirElementsUntilOneIsEdited) {
  const TableMetadata table = Table(2);
  TableMetadata copy = table;
  EXPECT_EQ(Shared(copy.snapshots, table.snapshots), 2U);
  EXPECT_EQ(&copy.snapshots.JsonOf(1), &table.snapshots.JsonOf(1));
  copy.snapshots.Edit(1).summary["added-records"] = "8";
  copy.snapshots.push_back({.snapshot_id = 5});
  EXPECT_EQ(table.snapshots.size(), 2U);
  EXPECT_FALSE(nlohmann::json::parse(table.snapshots.JsonOf(1))["summary"].contains("added-records"));
  EXPECT_EQ(nlohmann::json::parse(copy.snapshots.JsonOf(1))["summary"]["added-records"], "8");
  EXPECT_EQ(nlohmann::json::parse(TableMetadataJson(copy))["snapshots"][2]["snapshot-id"], 5);
  EXPECT_EQ(copy.snapshots.PositionOf(5, 3), 2U);
  EXPECT_EQ(copy.snapshots.PositionOf(5, 1), 2U);
  EXPECT_EQ(copy.snapshots.PositionOf(6, 1), 3U);
  erase_if(copy.snapshots, [](const Snapshot& snapshot) { return snapshot.snapshot_id != 5; });
  EXPECT_EQ(copy.snapshots.front().snapshot_id, 5);
  EXPECT_EQ(table.FindRef("main")->snapshot_id, table.snapshots[1].snapshot_id);
}

TEST(HistoryListTest, TheGzipFileIsTheTextWhateverHasChangedSince) {
  const auto packs_what_is_there = [](const TableMetadata& table) {
    const auto packed = TableMetadataGzip(table);
    return packed.has_value() && Gunzip(*packed, 1 << 24) == TableMetadataJson(table);
  };
  for (const size_t snapshots : {0, 1, 2, 500}) {
    TableMetadata table = Table(snapshots);
    EXPECT_TRUE(packs_what_is_there(table)) << snapshots;
    const TableMetadata before = table;
    for (int64_t more = 0; more < 100; ++more) {  // past the beginnings of runs
      table.snapshots.push_back({.snapshot_id = more, .manifest_list = "l"});
      table.snapshot_log.push_back({1'000, more});
      ASSERT_TRUE(packs_what_is_there(table)) << snapshots << " and " << more;
    }
    EXPECT_TRUE(packs_what_is_there(before)) << "the list that ended there, " << snapshots;
    table.snapshots.Edit(table.snapshots.size() / 2).summary["edited"] = "true";
    EXPECT_TRUE(packs_what_is_there(table)) << "edited, " << snapshots;
    table.snapshots.EraseFront(table.snapshots.size() / 3);
    EXPECT_TRUE(packs_what_is_there(table)) << "expired, " << snapshots;
    erase_if(table.snapshots, [](const Snapshot& each) { return each.snapshot_id % 3 == 0; });
    EXPECT_TRUE(packs_what_is_there(table)) << "with holes, " << snapshots;
    while (table.snapshots.size() > 1) table.snapshots.EraseFront(table.snapshots.size() / 2);
    EXPECT_TRUE(packs_what_is_there(table)) << "one left of " << snapshots;
  }
}

TEST(HistoryListTest, WhatIsKnownIsSharedAndNotReadAgain) {
  const TableMetadata written = Table(300);
  const TableMetadata known = *ParseTableMetadata(TableMetadataJson(written));
  TableMetadata next = written;
  next.snapshots.EraseFront(70);
  next.snapshot_log.EraseFront(70);
  next.snapshots.Edit(30).summary["edited"] = "true";
  next.snapshots.push_back({.snapshot_id = 7, .timestamp_ms = 8, .manifest_list = "l"});

  const TableMetadata read = *ParseTableMetadata(TableMetadataJson(next), &known);
  EXPECT_EQ(Ids(read.snapshots), Ids(next.snapshots));
  // All but the one edited, the one added, and the first, by whose id the place in the old list was found.
  EXPECT_EQ(Shared(read.snapshots, known.snapshots), 228U);
  EXPECT_EQ(Shared(read.snapshot_log, known.snapshot_log), 229U);
  EXPECT_EQ(read.snapshots[30].summary.at("edited"), "true");
  EXPECT_EQ(read.snapshots.back().timestamp_ms, 8);
  EXPECT_EQ(TableMetadataJson(read), TableMetadataJson(next));

  const TableMetadata foreign = *ParseTableMetadata(TableMetadataJson(Table(300, 2)), &known);
  EXPECT_EQ(Shared(foreign.snapshots, known.snapshots), 0U);
  EXPECT_EQ(Ids(foreign.snapshots), Ids(Table(300, 2).snapshots));
}

TEST(HistoryListTest, WhatOthersWroteIsKnownAgainAndWrittenOurWay) {
  const std::string ours = TableMetadataJson(Table(2));
  std::string theirs = ours;
  theirs.insert(theirs.rfind(R"("manifest-list":)"), R"("x-unknown": [1, {"a": null}] , "schema-id":null,)");
  const TableMetadata known = *ParseTableMetadata(theirs);
  EXPECT_EQ(Shared(ParseTableMetadata(theirs, &known)->snapshots, known.snapshots), 2U);
  EXPECT_EQ(known.snapshots[1].other.at("x-unknown"), R"([1,{"a":null}])");
  const auto written = nlohmann::json::parse(TableMetadataJson(known))["snapshots"][1];
  EXPECT_EQ(written["x-unknown"].dump(), R"([1,{"a":null}])");
  EXPECT_FALSE(written.contains("schema-id"));
}

TEST(HistoryListTest, OnlyRunsThatHaveChangedAreDeflatedAgain) {
  TableMetadata table = Table(1'000);
  EXPECT_EQ(table.snapshots.CountDeflated(), 0U);
  ASSERT_TRUE(TableMetadataGzip(table).has_value());
  EXPECT_EQ(table.snapshots.CountDeflated(), 1'000U);
  TableMetadata next = table;
  next.snapshots.push_back({.snapshot_id = 1, .manifest_list = "l"});
  next.snapshots.EraseFront(1);
  next.snapshots.Edit(500).summary["edited"] = "true";
  EXPECT_GT(next.snapshots.CountDeflated(), 1'000U - 3 * 128);  // all but the first, the last and the edited one's
  EXPECT_LT(next.snapshots.CountDeflated(), 1'000U);
  ASSERT_TRUE(TableMetadataGzip(next).has_value());
  EXPECT_EQ(next.snapshots.CountDeflated(), 1'000U);
}

TEST(HistoryListTest, RunsEndWhereNoIdEndsThem) {
  TableMetadata table = Table(0);
  while (table.snapshots.size() < 1'000) table.snapshots.push_back({.snapshot_id = 1, .manifest_list = "l"});
  ASSERT_TRUE(TableMetadataGzip(table).has_value());
  table.snapshots.push_back({.snapshot_id = 1, .manifest_list = "l"});
  EXPECT_GE(table.snapshots.CountDeflated(), 800U);
}

TEST(HistoryListTest, ThreadsMayWriteCopiesAtOnce) {
  const TableMetadata table = Table(300);
  const std::string expected = TableMetadataJson(Table(300));
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&expected, copy = table] {
      EXPECT_EQ(Gunzip(TableMetadataGzip(copy).value(), 1 << 24), expected);
      EXPECT_EQ(TableMetadataJson(copy), expected);
    });
  }
}

TEST(HistoryListTest, BadElementsAreNamed) {
  const std::string good = TableMetadataJson(Table(3));
  const auto with = [&](const std::string& key, const std::string& list) {
    nlohmann::json json = nlohmann::json::parse(good);
    json.erase(key);
    std::string text = json.dump();
    text.pop_back();
    return ParseTableMetadata(text + ",\"" + key + "\":" + list + "}");
  };
  const auto message = [](const auto& read) { return read.has_value() ? "read" : read.error().message; };
  EXPECT_EQ(message(with("snapshots", "[{}]")), "table metadata.snapshots[0]: member 'snapshot-id' is missing");
  EXPECT_EQ(message(with("snapshot-log", R"([{"timestamp-ms":1,"snapshot-id":2},3])")),
            "table metadata.snapshot-log[1]: not an object");
  EXPECT_EQ(message(with("snapshots", R"({"a":1})")), "table metadata.snapshots: not an array");
  for (const char* list : {"[1 2]", "[,]", "[{},]", "[{\"a\":}]", "[tru]", "[\"\x01\"]", "["}) {
    const auto read = with("snapshot-log", list);
    ASSERT_FALSE(read.has_value()) << list;
    EXPECT_EQ(read.error().code, ErrorCode::kCorruption) << list;
  }
}

TEST(HistoryListTest, OfListsThatStandTwiceTheLastCounts) {
  nlohmann::json json = nlohmann::json::parse(TableMetadataJson(Table(3)));
  const std::string list = json["snapshots"].dump();
  json.erase("snapshots");
  std::string text = json.dump();
  text.pop_back();
  const auto read = ParseTableMetadata(text + R"(,"snapshots":[],"snap\u0073hots":)" + list + "}");
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(Ids(read->snapshots), Ids(Table(3).snapshots));
  EXPECT_FALSE(ParseTableMetadata(text + R"(,"snapshots":)" + list + R"(,"snap\u0073hots":[]})").has_value());
}

}  // namespace
}  // namespace k2i::iceberg
