// SPDX-License-Identifier: Apache-2.0
//
// Two processes of a group, each with a view of its own of one table; one asks the other.
#pragma once

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "query/fake_peer_testing.h"
#include "query/test_table_testing.h"

namespace k2i::query {

inline const TopicPartition kP0{"events", PartitionId{0}};
inline const TopicPartition kP1{"events", PartitionId{1}};

inline iceberg::Schema Columns() {
  using iceberg::Type;
  using iceberg::TypeId;
  return {.type = Type::Struct({{1, "id", Type::Primitive(TypeId::kLong)},
                                {2, "_kafka_partition", Type::Primitive(TypeId::kInt)},
                                {3, "_kafka_offset", Type::Primitive(TypeId::kLong)},
                                {4, "name", Type::Primitive(TypeId::kString)}})};
}

/// A process: what it has in memory, and its engine.
struct Process {
  explicit Process(std::vector<TopicPartition> assigned) : table(Columns()) {
    table.key_column = "name";
    table.assigned = std::move(assigned);
  }
  /// Rows of offsets [from, to); "1:7" is the id of the seventh of partition 1, "key3" the key of every fourth.
  void Ingest(int32_t partition, int64_t from, int64_t to) {
    std::string json = "[";
    for (int64_t i = from; i < to; ++i) {
      const std::string n = std::to_string(i);
      json += (i > from ? ",[" : "[") + std::to_string(partition * 100 + i) + "," + std::to_string(partition) + "," +
              n + ",\"key" + std::to_string(i % 4) + "\"" + (columns > 4 ? ",\"more\"]" : "]");
    }
    table.Ingest(Rows(table.schema(), json + "]"), partition);
  }
  ServedTable served() {
    ServedTable served = table.served();
    served.partition_column = "_kafka_partition";
    served.offset_column = "_kafka_offset";
    return served;
  }
  Engine& Start(EngineOptions options = {}, std::function<Result<buffer::CommittedTable>()> reload = {}) {
    table.Publish();
    ServedTable mine = served();
    mine.reload = std::move(reload);
    engine = Engine::Make(std::move(options), {mine}).value();
    return *engine;
  }

  TestTable table;
  int columns = 4;
  std::unique_ptr<Engine> engine;
};

/// Two rows of each partition are committed, as both processes know; then come rows that each has for itself.
class PeersTest : public testing::Test {
 protected:
  PeersTest() {
    for (Process* process : {&mine_, &theirs_}) {
      process->Ingest(0, 0, 2);
      process->Ingest(1, 0, 2);
      process->table.Flush();
    }
  }
  Engine& Start(std::function<Result<buffer::CommittedTable>()> reload = {}) {
    theirs_.Start();
    if (options_.peers.empty()) options_.peers = {peer_};
    return mine_.Start(options_, std::move(reload));
  }
  std::unique_ptr<Answer> Ask(const std::string& sql = "SELECT id FROM events ORDER BY id") {
    auto answer = mine_.engine->Query({.sql = sql});
    EXPECT_TRUE(answer.has_value()) << answer.error().ToString();
    return answer ? *std::move(answer) : nullptr;
  }
  /// The rows, and what the answer says of itself.
  std::vector<std::string> Ids(std::unique_ptr<Answer> answer) {
    pinned_ = answer->pinned().at(0);
    const auto table = ReadAll(std::move(answer));
    return table ? Lines(**table) : std::vector{table.error().ToString()};
  }
  std::vector<std::string> Ids() { return Ids(Ask()); }
  std::vector<std::string> Lookup(LookupRequest request) {
    request.table = "events";
    auto answer = mine_.engine->Lookup(request);
    if (!answer) return {answer.error().ToString()};
    pinned_ = (*answer)->pinned().at(0);
    return Lines(*(*ReadAll(std::move(answer)))->SelectColumns({0}).ValueOrDie());
  }
  std::vector<std::string> Reasons() const {
    std::vector<std::string> reasons;
    for (const auto& failure : pinned_.failed_peers) reasons.push_back(failure.peer + ": " + failure.reason);
    return reasons;
  }

  Process mine_{{kP0}};
  Process theirs_{{kP1}};
  std::shared_ptr<FakePeer> peer_ = std::make_shared<FakePeer>(
      "peer", [this](const PeerRequest& request) { return AskEngine(*theirs_.engine, request); });
  EngineOptions options_;
  Pinned pinned_;
};

}  // namespace k2i::query
