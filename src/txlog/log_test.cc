// SPDX-License-Identifier: Apache-2.0
#include "txlog/log.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "base/clock_testing.h"
#include "txlog/frame.h"
#include "txlog/memory_log_storage_testing.h"

namespace k2i::txlog {
namespace {

const TopicPartition kP0{"events", PartitionId{0}};

/// One flush from start to intent.
std::vector<Entry> FlushWithoutOutcome(const std::string& id) {
  return {FlushStarted{id, "db.t", {{kP0, {Offset{0}, Offset{10}}}}}, FileStarted{id, "file:///a.parquet"},
          FileWritten{id, "file:///a.parquet", 10, 1234}, CommitIntent{id, "table-uuid", 42, 41}};
}

CommitDone Done(const std::string& id) { return {id, "db.t", "table-uuid", 42, {{kP0, Offset{10}}}}; }

class LogTest : public testing::Test {
 protected:
  Log::Opened Open(LogOptions options = {}) {
    auto opened = Log::Open(storage_, options, clock_);
    EXPECT_TRUE(opened.has_value()) << opened.error().ToString();
    return std::move(*opened);
  }
  std::string Newest() const { return storage_.files.rbegin()->first; }

  MemoryLogStorage storage_;
  ManualClock clock_;
};

TEST(FrameTest, GoldenBytes) {
  const std::string frame = EncodeFrame(FlushAbandoned{"f", "x"});
  const std::string payload = R"({"flush_id":"f","reason":"x"})";
  ASSERT_EQ(frame.size(), 9 + payload.size());
  EXPECT_EQ(frame.substr(0, 5), std::string("\x1d\0\0\0\x06", 5));
  EXPECT_EQ(frame.substr(5, 4), std::string("\x70\xf1\x26\xf4", 4));
  EXPECT_EQ(frame.substr(9), payload);
  EXPECT_EQ(SegmentHeader().substr(12), std::string("\x0f"
                                                    "\xe5"
                                                    "\x12"
                                                    "\x72",
                                                    4));
  EXPECT_EQ(SegmentHeader().substr(0, 12), std::string("K2ITXLOG\x01\0\0\0", 12));
}

TEST(FrameTest, EveryEntryRoundTrips) {
  auto entries = FlushWithoutOutcome("f1");
  entries.push_back(Done("f1"));
  entries.push_back(FlushAbandoned{"f2", "store refused"});
  const Handover handover{.manifest = "m.avro",
                          .spec_id = 3,
                          .watermark_ms = 5,
                          .pipeline = "p",
                          .branch = "main",
                          .cluster_id = "c",
                          .topic_ids = {{"events", "id"}}};
  entries.push_back(CommitIntent{"f1", "u", 42, std::nullopt, handover});
  RecoveryState state;
  for (const auto& entry : FlushWithoutOutcome("f3")) Replay(state, entry);
  Replay(state, Done("f4"));
  entries.push_back(Checkpoint{state});
  for (const auto& entry : entries) {
    const auto decoded = DecodePayload(TypeOf(entry), EncodePayload(entry));
    ASSERT_TRUE(decoded.has_value()) << decoded.error().ToString();
    EXPECT_EQ(EncodePayload(*decoded), EncodePayload(entry));
    EXPECT_EQ(TypeOf(*decoded), TypeOf(entry));
  }
}

TEST(FrameTest, IntentsOfOldLogsHaveNoHandoverAndUnknownMembersAreIgnored) {
  const auto decoded = DecodePayload(4, R"({"flush_id":"f","later":{"x":[1]},"table_uuid":"u","snapshot_id":42})");
  ASSERT_TRUE(decoded.has_value()) << decoded.error().ToString();
  const auto& intent = std::get<CommitIntent>(*decoded);
  EXPECT_EQ(intent.snapshot_id, 42);
  EXPECT_FALSE(intent.base_snapshot_id.has_value());
  EXPECT_FALSE(intent.handover.has_value());
}

TEST(FrameTest, TheHandoverOfAnOpenFlushGoesThroughCheckpoints) {
  const Handover handover{.manifest = "m.avro", .spec_id = 1, .pipeline = "p", .branch = "main"};
  RecoveryState state;
  Replay(state, FlushStarted{"f", "db.t", {}});
  Replay(state, CommitIntent{"f", "u", 42, std::nullopt, handover});
  const auto decoded = DecodePayload(1, EncodeState(state));
  ASSERT_TRUE(decoded.has_value()) << decoded.error().ToString();
  EXPECT_EQ(std::get<Checkpoint>(*decoded).state.flushes.at("f").intent->handover, handover);
}

TEST(FrameTest, AReasonThatIsNoTextIsLoggedAllTheSame) {
  const auto decoded = DecodePayload(6, EncodePayload(FlushAbandoned{"f", "said \xff\xfe"}));
  ASSERT_TRUE(decoded.has_value()) << decoded.error().ToString();
}

TEST(FrameTest, RejectsOffsetsOfAnotherShape) {
  for (const char* ranges : {R"({"t":{"0":[1]}})", R"({"t":{"-1":[1,2]}})", R"({"t":{"x":[1,2]}})", R"({"t":[1,2]})",
                             R"({"t":{"0":[1,2.5]}})", R"({"t":{"0":[1,"2"]}})", R"([])"}) {
    const auto payload = fmt::format(R"({{"flush_id":"f","table":"t","ranges":{}}})", ranges);
    EXPECT_FALSE(DecodePayload(2, payload).has_value()) << ranges;
  }
}

TEST(FrameTest, RejectsPayloadsOfAnotherShape) {
  for (uint8_t type = 0; type < 12; ++type) {
    for (const char* payload : {"", "[]", "{}", "{\"flush_id\":1}", "null"}) {
      const auto decoded = DecodePayload(type, payload);
      ASSERT_FALSE(decoded.has_value()) << int(type) << " " << payload;
      EXPECT_EQ(decoded.error().code, ErrorCode::kCorruption);
    }
  }
}

TEST(FrameTest, RejectsNumbersThatAreNoIntegersOf64Bits) {
  const auto written = [](const std::string& count) {
    return DecodePayload(3, R"({"flush_id":"f","location":"l","size_bytes":-1,"record_count":)" + count + "}");
  };
  EXPECT_EQ(std::get<FileWritten>(*written("9223372036854775807")).record_count, 9223372036854775807);
  for (const char* count : {"1.0", "1e300", "9223372036854775808", "true", "null"}) {
    ASSERT_FALSE(written(count).has_value()) << count;
    EXPECT_EQ(written(count).error().code, ErrorCode::kCorruption);
  }
  EXPECT_FALSE(
      DecodePayload(5, R"({"flush_id":"f","table":"t","table_uuid":"u","snapshot_id":1,"next":{"e":{"0":1e19}}})"));
  EXPECT_FALSE(DecodePayload(
      5, R"({"flush_id":"f","table":"t","table_uuid":"u","snapshot_id":1,"next":{"e":{"0":9223372036854775808}}})"));
}

TEST_F(LogTest, StateSurvivesACrash) {
  {
    auto opened = Open();
    for (const auto& entry : FlushWithoutOutcome("f1")) ASSERT_TRUE(opened.log->Append(entry).has_value());
    ASSERT_TRUE(opened.log->Append(Done("f1")).has_value());
    for (const auto& entry : FlushWithoutOutcome("f2")) ASSERT_TRUE(opened.log->Append(entry).has_value());
    ASSERT_TRUE(opened.log->Sync().has_value());
    ASSERT_TRUE(opened.log->Append(Done("f2")).has_value());
  }
  storage_.Crash();
  const auto state = Open().state;
  EXPECT_EQ(state.tables.at("db.t").next.at(kP0), Offset{10});
  ASSERT_EQ(state.flushes.size(), 1u);
  const auto& open = state.flushes.at("f2");
  ASSERT_TRUE(open.intent.has_value());
  EXPECT_EQ(open.intent->snapshot_id, 42);
  EXPECT_EQ(open.started, std::vector<std::string>{"file:///a.parquet"});
  EXPECT_EQ(open.written.at(0).record_count, 10);
}

TEST_F(LogTest, TornTailIsCutAtEveryByte) {
  auto opened = Open();
  for (const auto& entry : FlushWithoutOutcome("f1")) ASSERT_TRUE(opened.log->Append(entry).has_value());
  ASSERT_TRUE(opened.log->Sync().has_value());
  const std::string name = Newest();
  const std::string whole = storage_.files.at(name).bytes;
  const std::string last = EncodeFrame(Done("f1"));
  for (size_t kept = 0; kept < last.size(); ++kept) {
    storage_.files.clear();
    storage_.files[name] = {whole + last.substr(0, kept), 0};
    auto again = Open();
    EXPECT_EQ(again.torn_bytes, kept);
    EXPECT_EQ(again.state.flushes.size(), 1u);
    EXPECT_EQ(storage_.files.at(name).bytes.size(), whole.size());
  }
}

TEST_F(LogTest, ZeroesAtTheEndAreATornTail) {
  auto opened = Open();
  ASSERT_TRUE(opened.log->Append(Done("f1")).has_value());
  storage_.files.at(Newest()).bytes += std::string(4096, '\0');
  EXPECT_EQ(Open().torn_bytes, 4096u);
}

TEST_F(LogTest, DamageBeforeTheTailIsCorruptionAtEveryBit) {
  auto opened = Open();
  for (const auto& entry : FlushWithoutOutcome("f1")) ASSERT_TRUE(opened.log->Append(entry).has_value());
  const auto saved = storage_.files;
  const std::string name = Newest();
  const size_t last_frame = EncodeFrame(FlushWithoutOutcome("f1").back()).size();
  const size_t end = saved.at(name).bytes.size() - last_frame;
  for (size_t at = 0; at < end; ++at) {
    storage_.files = saved;
    storage_.files.at(name).bytes[at] ^= 0x10;
    const auto again = Log::Open(storage_, {}, clock_);
    ASSERT_FALSE(again.has_value()) << "byte " << at;
    EXPECT_THAT(again.error().code, testing::AnyOf(ErrorCode::kCorruption, ErrorCode::kNotSupported)) << "byte " << at;
    EXPECT_THAT(again.error().message, testing::HasSubstr(name));
    EXPECT_EQ(ExitCode(again.error()), 5);
  }
}

TEST_F(LogTest, RotationCutShortFallsBackToTheSegmentBefore) {
  auto opened = Open();
  ASSERT_TRUE(opened.log->Append(Done("f1")).has_value());
  const std::string unfinished = SegmentHeader() + EncodeFrame(Checkpoint{opened.log->state()});
  for (size_t kept = 0; kept < unfinished.size(); kept += 3) {
    storage_.files[SegmentName(99)] = {unfinished.substr(0, kept), 0};
    EXPECT_EQ(Open().state.tables.size(), 1u) << kept;
    storage_.files.erase(SegmentName(99));
  }
}

TEST_F(LogTest, CheckpointsByCountAndByTimeAndOldSegmentsGo) {
  auto opened =
      Open({.checkpoint_interval_entries = 5, .checkpoint_interval = std::chrono::seconds(60), .max_log_files = 3});
  const size_t before = storage_.files.size();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(opened.log->Append(Done("f")).has_value());
  EXPECT_EQ(storage_.files.size(), before + 1);
  clock_.Advance(std::chrono::seconds(61));
  ASSERT_TRUE(opened.log->Append(Done("f")).has_value());
  EXPECT_EQ(storage_.files.size(), before + 2);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(opened.log->Append(Done("f")).has_value());
  EXPECT_EQ(storage_.files.size(), 3u);
  EXPECT_EQ(Open().state.tables.size(), 1u);
}

TEST_F(LogTest, FullDiskLeavesNoHalfFrame) {
  auto opened = Open();
  bool full = true;
  storage_.fault = [&](std::string_view operation) -> Status {
    if (full && operation == "append")
      return Fail(ErrorCode::kResourceExhausted, "disk full", Component::kTransactionLog);
    return {};
  };
  EXPECT_EQ(opened.log->Append(Done("f1")).error().code, ErrorCode::kResourceExhausted);
  full = false;
  ASSERT_TRUE(opened.log->Append(Done("f2")).has_value());
  storage_.fault = nullptr;
  auto again = Open();
  EXPECT_EQ(again.torn_bytes, 0u);
  EXPECT_EQ(again.state.tables.size(), 1u);
}

TEST_F(LogTest, CorruptionSaysHowToGoOn) {
  auto opened = Open();
  for (const auto& entry : FlushWithoutOutcome("f1")) ASSERT_TRUE(opened.log->Append(entry).has_value());
  storage_.files.at(Newest()).bytes[20] ^= 1;
  const auto again = Log::Open(storage_, {}, clock_);
  EXPECT_THAT(again.error().message, testing::HasSubstr("to start without this log, move the segments away"));
}

TEST_F(LogTest, EntriesStayWhenACheckpointFindsNoRoomOrOldSegmentsDoNotGo) {
  auto opened = Open({.checkpoint_interval_entries = 2, .max_log_files = 2});
  std::string failing = "create";
  storage_.fault = [&](std::string_view operation) -> Status {
    if (operation == failing) return Fail(ErrorCode::kResourceExhausted, "disk full", Component::kTransactionLog);
    return {};
  };
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(opened.log->Append(Done("f" + std::to_string(i))).has_value());
  EXPECT_EQ(storage_.files.size(), 1u);
  failing = "remove";
  for (int i = 0; i < 6; ++i) EXPECT_TRUE(opened.log->Append(Done("f" + std::to_string(i))).has_value());
  EXPECT_GT(storage_.files.size(), 2u);
  storage_.fault = nullptr;
  EXPECT_EQ(Open({.max_log_files = 2}).state.tables.size(), 1u);
  EXPECT_EQ(storage_.files.size(), 2u);
}

TEST_F(LogTest, ABrokenCheckpointIsFinal) {
  // A segment that could not be synced may look whole after a crash and hide what is logged behind it.
  auto opened = Open({.checkpoint_interval_entries = 1});
  storage_.fault = [](std::string_view operation) -> Status {
    if (operation == "create") return Fail(ErrorCode::kInternal, "I/O error", Component::kTransactionLog);
    return {};
  };
  EXPECT_FALSE(opened.log->Append(Done("f")).has_value());
  storage_.fault = nullptr;
  EXPECT_FALSE(opened.log->Append(Done("f")).has_value());
  EXPECT_FALSE(opened.log->Sync().has_value());
}

TEST_F(LogTest, FailedSyncIsFinal) {
  auto opened = Open();
  bool broken = true;
  storage_.fault = [&](std::string_view operation) -> Status {
    if (broken && operation == "sync") return Fail(ErrorCode::kInternal, "I/O error", Component::kTransactionLog);
    return {};
  };
  EXPECT_FALSE(opened.log->Sync().has_value());
  broken = false;
  EXPECT_FALSE(opened.log->Sync().has_value());
  EXPECT_FALSE(opened.log->Append(Done("f")).has_value());
}

TEST_F(LogTest, NoRoomForASyncIsFinalToo) {
  // The kernel has dropped what it found no room for: waiting for room would be waiting for ever.
  auto opened = Open();
  storage_.fault = [](std::string_view operation) -> Status {
    if (operation == "sync") return Fail(ErrorCode::kResourceExhausted, "disk full", Component::kTransactionLog);
    return {};
  };
  const auto synced = opened.log->Sync();
  ASSERT_FALSE(synced.has_value());
  EXPECT_FALSE(synced.error().retryable());
  EXPECT_EQ(ExitCode(synced.error()), 5);
}

class PosixLogTest : public testing::Test {
 protected:
  void SetUp() override { folder_ = testing::TempDir() + "k2i-txlog-" + std::to_string(::getpid()); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string folder_;
  ManualClock clock_;
};

TEST_F(PosixLogTest, ReopensWhatItWrote) {
  for (int round = 0; round < 3; ++round) {
    auto storage = PosixLogStorage::Open(folder_).value();
    auto opened = Log::Open(*storage, {}, clock_).value();
    EXPECT_EQ(opened.state.flushes.size(), static_cast<size_t>(round));
    for (const auto& entry : FlushWithoutOutcome("f" + std::to_string(round))) {
      ASSERT_TRUE(opened.log->Append(entry).has_value());
    }
    ASSERT_TRUE(opened.log->Sync().has_value());
  }
}

TEST_F(PosixLogTest, SecondProcessIsRefused) {
  auto storage = PosixLogStorage::Open(folder_).value();
  const pid_t child = ::fork();
  if (child == 0) {
    const auto second = PosixLogStorage::Open(folder_);
    ::_exit(!second && second.error().code == ErrorCode::kAlreadyExists ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(PosixLogTest, FolderThatCannotBeMadeIsAClearError) {
  const auto opened = PosixLogStorage::Open("/proc/k2i-txlog");
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(ExitCode(opened.error()), 5);
  EXPECT_THAT(opened.error().message, testing::HasSubstr("/proc/k2i-txlog"));
}

}  // namespace
}  // namespace k2i::txlog
