// SPDX-License-Identifier: Apache-2.0
#include "maintenance/scheduler.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/json_text.h"
#include "base/logging.h"
#include "base/thread_priority.h"

namespace k2i::maintenance {
namespace {

using nlohmann::json;

double Seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

void Log(const TaskRun& run) {
  const auto& [summary, error] = run.outcome;
  if (error) {
    log::Warn("maintenance_failed",
              {{"task", run.task}, {"seconds", run.seconds}, {"error", error->ToString()}, {"summary", summary}});
  } else {
    log::Info("maintenance_done", {{"task", run.task}, {"seconds", run.seconds}, {"summary", summary}});
  }
}

json ToJson(const TaskRun& run) {
  const auto& [summary, error] = run.outcome;
  json shown{{"started_ms", run.started_ms}, {"seconds", run.seconds}, {"ok", !error}};
  if (error) shown["error"] = error->ToString();
  if (!summary.empty()) shown["summary"] = json::parse(summary);
  return shown;
}

}  // namespace

Scheduler::Scheduler(std::vector<ScheduledTask> tasks, Options options, Clock& clock, Random& random)
    : options_(std::move(options)), clock_(clock), random_(random) {
  const Duration now = clock_.monotonic();
  for (auto& task : tasks) {
    Entry entry{.task = std::move(task)};
    entry.next = NextAfter(now, entry.task.interval);
    entry.status = {.name = entry.task.name, .interval = entry.task.interval};
    entries_.push_back(std::move(entry));
  }
}

Scheduler::~Scheduler() { Stop(); }

Duration Scheduler::NextAfter(Duration now, Duration interval) {
  const double share = 0.9 + 0.2 * static_cast<double>(random_.Below(1'001)) / 1'000;
  return now + std::chrono::duration_cast<Duration>(interval * share);
}

void Scheduler::Start() {
  thread_ = std::jthread([this](std::stop_token stop) {
    YieldPriority(options_.niceness);
    while (!stop.stop_requested()) {
      const Duration pause = RunDue(stop);
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, stop, pause, [] { return false; });
    }
  });
}

void Scheduler::Stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

Scheduler::Entry* Scheduler::MostOverdue(Duration now) {
  const auto first = std::ranges::min_element(entries_, {}, &Entry::next);
  return first == entries_.end() || first->next > now ? nullptr : &*first;
}

Duration Scheduler::RunDue(std::stop_token stop) {
  Entry* due = nullptr;
  while (!stop.stop_requested()) {
    {
      std::lock_guard lock(mutex_);
      due = MostOverdue(clock_.monotonic());
    }
    auto why = due == nullptr ? std::nullopt : options_.hold();
    {
      std::lock_guard lock(mutex_);
      held_ = why;
      if (why) return options_.ask_again;
      if (due == nullptr) break;
    }
    Run(*due, stop);
  }
  std::lock_guard lock(mutex_);
  if (entries_.empty()) return std::chrono::hours(1);
  const Duration next = std::ranges::min_element(entries_, {}, &Entry::next)->next;
  return std::max(Duration(0), next - clock_.monotonic());
}

void Scheduler::Run(Entry& entry, std::stop_token stop) {
  TaskRun run{.task = entry.task.name, .started_ms = clock_.wall_ms()};
  {
    std::lock_guard lock(mutex_);
    entry.status.running = true;
  }
  const Duration started = clock_.monotonic();
  run.outcome = entry.task.run(stop);
  const Duration ended = clock_.monotonic();
  run.seconds = Seconds(ended - started);
  // One that was asked to stop has not failed.
  const auto& error = run.outcome.error;
  const bool stopped = error && error->code == ErrorCode::kCancelled && stop.stop_requested();
  if (!stopped) Log(run);
  {
    std::lock_guard lock(mutex_);
    entry.next = NextAfter(ended, entry.task.interval);
    entry.status.running = false;
    ++entry.status.runs;
    if (error && !stopped) ++entry.status.failures;
    entry.status.last = run;
  }
  if (options_.on_end && !stopped) options_.on_end(run);
}

std::vector<TaskStatus> Scheduler::Status() const {
  std::lock_guard lock(mutex_);
  std::vector<TaskStatus> all;
  for (const Entry& entry : entries_) {
    all.push_back(entry.status);
    all.back().due_in = std::max(Duration(0), entry.next - clock_.monotonic());
  }
  return all;
}

std::optional<std::string> Scheduler::held() const {
  std::lock_guard lock(mutex_);
  return held_;
}

std::string StatusJson(const Scheduler& scheduler) {
  json tasks = json::array();
  for (const TaskStatus& task : scheduler.Status()) {
    json shown{{"name", task.name},
               {"interval_seconds", Seconds(task.interval)},
               {"state", task.running ? "running" : "waiting"},
               {"due_in_seconds", Seconds(task.due_in)},
               {"runs", task.runs},
               {"failures", task.failures},
               {"last", nullptr}};
    if (task.last) shown["last"] = ToJson(*task.last);
    tasks.push_back(std::move(shown));
  }
  const auto held = scheduler.held();
  return JsonText({{"held", held ? json(*held) : json(nullptr)}, {"tasks", std::move(tasks)}});
}

}  // namespace k2i::maintenance
