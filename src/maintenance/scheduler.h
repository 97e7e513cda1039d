// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"

namespace k2i::maintenance {

/// What a task has done, as a JSON object; and what went wrong beside, or in place of it.
struct TaskOutcome {
  std::string summary;  // may be empty after an error
  std::optional<Error> error = {};
};

/// Something that is done to a table again and again.
struct ScheduledTask {
  std::string name;  // "compaction", as labels and logs have it
  Duration interval{0};
  /// Ends soon after `stop` is requested.
  std::function<TaskOutcome(std::stop_token stop)> run;
};

/// How a task went the last time.
struct TaskRun {
  std::string task;
  int64_t started_ms = 0;  // Unix epoch
  double seconds = 0;
  TaskOutcome outcome;
};

struct TaskStatus {
  std::string name;
  Duration interval{0};
  bool running = false;
  Duration due_in{0};  // not below zero; of one that runs: until the next time
  int64_t runs = 0, failures = 0;
  std::optional<TaskRun> last;
};

/// Runs the tasks of one process on a thread of their own, one at a time: each once in its interval, give or take a
/// tenth, so that the processes of a group do not move in step. A task that fails comes again at its next time.
class Scheduler {
 public:
  struct Options {
    /// Why no task may begin now; nullopt: one may. Asked when one is due, on the scheduler's thread.
    std::function<std::optional<std::string>()> hold;
    /// After each run, on the scheduler's thread; may be empty.
    std::function<void(const TaskRun&)> on_end;
    Duration ask_again = std::chrono::seconds(5);  // while tasks are held
    int niceness = 10;                             // of the thread
  };

  /// `clock` and `random` must outlive this; `random` is this thread's alone.
  Scheduler(std::vector<ScheduledTask> tasks, Options options, Clock& clock, Random& random);
  /// Stops.
  ~Scheduler();

  void Start();
  /// Asks a task under way to end, and waits for it.
  void Stop();

  /// Runs what is due, or finds out why it may not be run. How long until something may be due. What Start's thread
  /// does; for tests without one.
  Duration RunDue(std::stop_token stop);

  /// Any thread.
  std::vector<TaskStatus> Status() const;
  /// Why tasks that are due do not run; nullopt: nothing holds them. Any thread.
  std::optional<std::string> held() const;

 private:
  struct Entry {
    ScheduledTask task;
    Duration next{0};
    TaskStatus status;
  };
  Duration NextAfter(Duration now, Duration interval);
  Entry* MostOverdue(Duration now);
  void Run(Entry& entry, std::stop_token stop);

  const Options options_;
  Clock& clock_;
  Random& random_;
  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  std::vector<Entry> entries_;       // their times and status guarded by mutex_
  std::optional<std::string> held_;  // guarded by mutex_
  std::jthread thread_;
};

/// {"held": "why" or null, "tasks": [{"name", "interval_seconds", "state", …, "last": {…}}]}
std::string StatusJson(const Scheduler& scheduler);

}  // namespace k2i::maintenance
