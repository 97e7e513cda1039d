// SPDX-License-Identifier: Apache-2.0
#include "txlog/crash_point.h"

#include <gtest/gtest.h>

#include "base/clock_testing.h"
#include "txlog/log.h"
#include "txlog/memory_log_storage_testing.h"

namespace k2i::txlog {
namespace {

TEST(CrashPointTest, ParsesStepNumberAndSide) {
  const auto plain = ParseCrashPoint("CommitDone").value();
  EXPECT_EQ(plain.type, TypeOf(CommitDone{}));
  EXPECT_EQ(plain.occurrence, 1);
  EXPECT_FALSE(plain.after);
  const auto whole = ParseCrashPoint("FileWritten:3:after").value();
  EXPECT_EQ(whole.type, TypeOf(FileWritten{}));
  EXPECT_EQ(whole.occurrence, 3);
  EXPECT_TRUE(whole.after);
  EXPECT_TRUE(ParseCrashPoint("CommitIntent:after")->after);
}

TEST(CrashPointTest, RefusesWhatItDoesNotKnow) {
  for (const char* text : {"", "Commit", "CommitDone:0", "CommitDone:x", "CommitDone:1:later", "CommitDone:1x"}) {
    const auto refused = ParseCrashPoint(text);
    ASSERT_FALSE(refused.has_value()) << text;
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidConfig);
  }
}

size_t EntriesIn(const std::string& bytes) {
  size_t count = 0;
  for (size_t at = 0; (at = bytes.find("a-location", at)) != std::string::npos; ++at) ++count;
  return count;
}

/// How many entries were in the log when the process ended at `point`; nullopt: it did not.
std::optional<size_t> EntriesAtCrash(const char* point) {
  auto memory = std::make_unique<MemoryLogStorage>();
  MemoryLogStorage& files = *memory;
  std::optional<size_t> found;
  CrashingLogStorage storage(std::move(memory), ParseCrashPoint(point).value(), [&] {
    const auto names = files.List().value();
    found = EntriesIn(files.Read(names.back()).value());
  });
  ManualClock clock;
  auto opened = Log::Open(storage, {}, clock).value();
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(opened.log->Append(FileStarted{"f", "a-location"}).has_value());
  return found;
}

TEST(CrashPointTest, EndsBeforeOrAfterTheEntry) {
  EXPECT_EQ(EntriesAtCrash("FileStarted:3"), 2);
  EXPECT_EQ(EntriesAtCrash("FileStarted:3:after"), 3);
  EXPECT_EQ(EntriesAtCrash("FileStarted:6"), std::nullopt);
  EXPECT_EQ(EntriesAtCrash("CommitDone"), std::nullopt);
}

}  // namespace
}  // namespace k2i::txlog
