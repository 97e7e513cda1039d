// SPDX-License-Identifier: Apache-2.0
#include "maintenance/scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/clock_testing.h"

namespace k2i::maintenance {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

class SchedulerTest : public testing::Test {
 protected:
  ScheduledTask Task(const std::string& name, Duration interval) {
    return {name, interval, [this, name](std::stop_token) -> TaskOutcome {
              ran_.push_back(name);
              clock_.Advance(seconds(1));
              return {R"({"files":3})", failure_};
            }};
  }
  Scheduler Make(std::vector<ScheduledTask> tasks) {
    return Scheduler(std::move(tasks),
                     {.hold = [this] { return hold_; },
                      .on_end = [this](const TaskRun& run) { ended_.push_back(run); },
                      .ask_again = seconds(5)},
                     clock_, random_);
  }

  ManualClock clock_;
  Random random_{3};
  std::vector<std::string> ran_;
  std::vector<TaskRun> ended_;
  std::optional<std::string> hold_;
  std::optional<Error> failure_;
};

TEST_F(SchedulerTest, RunsEachTaskOnceInItsInterval) {
  Scheduler scheduler = Make({Task("often", seconds(100)), Task("rarely", seconds(1000))});
  int64_t steps = 0;
  const Duration begun = clock_.monotonic();
  while (clock_.monotonic() - begun < seconds(10'000)) {
    const Duration pause = scheduler.RunDue({});
    EXPECT_GT(pause, Duration(0));
    EXPECT_LE(pause, seconds(110));
    clock_.Advance(pause);
    ASSERT_LT(++steps, 1000);
  }
  EXPECT_NEAR(static_cast<double>(std::ranges::count(ran_, "often")), 99, 8);
  EXPECT_NEAR(static_cast<double>(std::ranges::count(ran_, "rarely")), 10, 1);
  EXPECT_EQ(ended_.size(), ran_.size());
  EXPECT_EQ(ended_[0].outcome.summary, R"({"files":3})");
  EXPECT_EQ(ended_[0].seconds, 1);
}

TEST_F(SchedulerTest, WaitsWhileItIsHeld) {
  Scheduler scheduler = Make({Task("compaction", seconds(100))});
  hold_ = "the buffer is nearly full";
  EXPECT_GT(scheduler.RunDue({}), seconds(80)) << "nothing is due, so nobody asks";
  EXPECT_EQ(scheduler.held(), std::nullopt);
  clock_.Advance(seconds(120));
  EXPECT_EQ(scheduler.RunDue({}), seconds(5));
  EXPECT_EQ(scheduler.held(), hold_);
  EXPECT_THAT(ran_, IsEmpty());
  hold_.reset();
  scheduler.RunDue({});
  EXPECT_THAT(ran_, ElementsAre("compaction"));
  EXPECT_EQ(scheduler.held(), std::nullopt);
}

TEST_F(SchedulerTest, AFailureIsToldAndComesAgain) {
  Scheduler scheduler = Make({Task("expiry", seconds(100))});
  failure_ = Error{ErrorCode::kUnavailable, "no catalog"};
  clock_.Advance(seconds(120));
  scheduler.RunDue({});
  const auto failed = nlohmann::json::parse(StatusJson(scheduler))["tasks"][0]["last"];
  EXPECT_EQ(failed["ok"], false);
  EXPECT_EQ(failed["error"], "Unavailable: no catalog");
  EXPECT_EQ(failed["summary"]["files"], 3) << "what was done all the same";
  failure_.reset();
  clock_.Advance(seconds(120));
  scheduler.RunDue({});
  const auto status = scheduler.Status();
  ASSERT_EQ(status.size(), 1u);
  EXPECT_EQ(status[0].runs, 2);
  EXPECT_EQ(status[0].failures, 1);
  EXPECT_EQ(ended_[0].outcome.error->message, "no catalog");
  const auto shown = nlohmann::json::parse(StatusJson(scheduler));
  EXPECT_EQ(shown["held"], nullptr);
  EXPECT_EQ(shown["tasks"][0]["last"]["summary"]["files"], 3);
  EXPECT_EQ(shown["tasks"][0]["state"], "waiting");
}

TEST(SchedulerThreadTest, StopEndsATaskUnderWay) {
  SystemClock clock;
  Random random(1);
  std::atomic<bool> begun{false}, ended{false};
  const auto wait = [&](std::stop_token stop) -> TaskOutcome {
    begun = true;
    while (!stop.stop_requested()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    ended = true;
    return {"", Error{ErrorCode::kCancelled, "stopped"}};
  };
  int told = 0;
  Scheduler scheduler({{"long", std::chrono::milliseconds(1), wait}},
                      {.hold = [] { return std::nullopt; }, .on_end = [&](const TaskRun&) { ++told; }}, clock, random);
  scheduler.Start();
  while (!begun) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  scheduler.Stop();
  EXPECT_TRUE(ended);
  EXPECT_EQ(told, 0) << "what was stopped has not failed";
}

}  // namespace
}  // namespace k2i::maintenance
