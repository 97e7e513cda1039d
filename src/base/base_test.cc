// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <regex>
#include <set>
#include <thread>

#include "base/base64.h"
#include "base/clock.h"
#include "base/crc32c.h"
#include "base/error.h"
#include "base/executor.h"
#include "base/logging.h"
#include "base/metrics.h"
#include "base/random.h"

namespace k2i {
namespace {

TEST(ErrorTest, ExitCodeFollowsFromCodeAndComponent) {
  EXPECT_EQ(ExitCode({ErrorCode::kInvalidConfig, "", Component::kKafka}), 1);
  EXPECT_EQ(ExitCode({ErrorCode::kUnavailable, "", Component::kKafka}), 2);
  EXPECT_EQ(ExitCode({ErrorCode::kUnavailable, "", Component::kCatalog}), 3);
  EXPECT_EQ(ExitCode({ErrorCode::kPermissionDenied, "", Component::kStorage}), 4);
  EXPECT_EQ(ExitCode({ErrorCode::kCorruption, "", Component::kTransactionLog}), 5);
  EXPECT_EQ(ExitCode({ErrorCode::kInternal, ""}), 10);
}

TEST(ErrorTest, ContextKeepsCodeAndComponent) {
  const Error error = Error{ErrorCode::kTimeout, "no answer", Component::kCatalog}.With("load table a.b");
  EXPECT_EQ(error.ToString(), "Timeout: load table a.b: no answer");
  EXPECT_EQ(error.component, Component::kCatalog);
  EXPECT_EQ(error.In(Component::kKafka).component, Component::kCatalog);
  EXPECT_EQ((Error{ErrorCode::kTimeout, ""}.In(Component::kKafka).component), Component::kKafka);
}

// RFC 3720, appendix B.4.
TEST(Crc32cTest, KnownValues) {
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(Crc32c(std::string(32, '\xFF')), 0x62A8AB43u);
  EXPECT_EQ(Crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(Crc32c("6789", Crc32c("12345")), Crc32c("123456789"));
  std::string bytes;
  for (int i = 0; i < 100; ++i) bytes.push_back(static_cast<char>(i * 37));
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    EXPECT_EQ(Crc32c(bytes.substr(cut), Crc32c(bytes.substr(0, cut))), Crc32c(bytes)) << cut;
  }
}

TEST(Base64Test, GoesThereAndBack) {
  for (const std::string bytes : {"", "f", "fo", "foo", "foob", "\xff\x7f"}) {
    EXPECT_EQ(FromBase64(Base64(bytes)), bytes);
  }
  EXPECT_EQ(FromBase64("Zm9vYg=="), "foob");
  for (const char* wrong : {"Zm9", "Zm9v=", "Zm!v", "====", "Z==="})
    EXPECT_EQ(FromBase64(wrong), std::nullopt) << wrong;
}

TEST(RandomTest, SameSeedSameHistory) {
  Random a(7), b(7);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(a.Next(), b.Next());
}

TEST(RandomTest, UuidsAreVersion4AndSnapshotIdsPositive) {
  Random random(1);
  const std::regex shape("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string uuid = random.Uuid();
    EXPECT_TRUE(std::regex_match(uuid, shape)) << uuid;
    EXPECT_TRUE(seen.insert(uuid).second);
    EXPECT_GT(random.PositiveInt64(), 0);
  }
}

// RFC 9562, appendix A.6: the time comes first.
TEST(RandomTest, TimeOrderedUuidsAreVersion7) {
  Random random(1);
  const std::string uuid = random.TimeOrderedUuid(0x017F22E279B0);
  EXPECT_TRUE(uuid.starts_with("017f22e2-79b0-7")) << uuid;
  EXPECT_TRUE(std::regex_match(uuid, std::regex("[0-9a-f-]{15}[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"))) << uuid;
}

TEST(ExecutorTest, RunsInOrderAndFinishesBeforeItGoes) {
  std::vector<int> ran;
  {
    ThreadExecutor executor;
    for (int i = 0; i < 100; ++i) executor.Submit([&ran, i] { ran.push_back(i); });
  }
  ASSERT_EQ(ran.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(ran[i], i);
}

TEST(ExecutorTest, WaitingForIdleEndsWithTheWorkOrWithPatience) {
  ThreadExecutor executor;
  EXPECT_TRUE(executor.WaitUntilIdle(Duration(0)));
  std::promise<void> gate;
  bool done = false;
  executor.Submit([&] {
    gate.get_future().wait();
    done = true;
  });
  EXPECT_FALSE(executor.WaitUntilIdle(std::chrono::milliseconds(5)));
  gate.set_value();
  EXPECT_TRUE(executor.WaitUntilIdle(std::chrono::minutes(1)));
  EXPECT_TRUE(done);
}

TEST(SystemClockTest, StopEndsASleep) {
  SystemClock clock;
  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });
  EXPECT_FALSE(clock.SleepFor(std::chrono::hours(1), stop.get_token()));
}

TEST(LoggingTest, JsonFieldsKeepTheirTypesAndSurviveBadBytes) {
  EXPECT_EQ(log::RenderJson("commit", {{"rows", 3}, {"seconds", 0.5}, {"ok", true}, {"table", "a.b"}}),
            R"({"event":"commit","rows":3,"seconds":0.5,"ok":true,"table":"a.b"})");
  EXPECT_NO_THROW(log::RenderJson("bad", {{"key", std::string("\xFF\xFE")}}));
}

TEST(MetricsTest, RendersPrometheusTextAndSharesByNameAndLabels) {
  MetricsRegistry registry;
  registry.GetCounter("k2i_rows_total", "Rows.", {{"table", "t"}}).Increment(2);
  registry.GetCounter("k2i_rows_total", "Rows.", {{"table", "t"}}).Increment();
  registry.GetGauge("k2i_lag", "Lag.").Set(5);
  registry.GetHistogram("k2i_flush_seconds", "Flush.").Observe(0.3);
  const std::string text = registry.Render();
  EXPECT_THAT(text, testing::HasSubstr("k2i_rows_total{table=\"t\"} 3"));
  EXPECT_THAT(text, testing::HasSubstr("k2i_lag 5"));
  EXPECT_THAT(text, testing::HasSubstr("k2i_flush_seconds_count 1"));
}

}  // namespace
}  // namespace k2i
