// SPDX-License-Identifier: Apache-2.0
#include "sim/upkeep.h"

#include <arrow/memory_pool.h>

#include "maintenance/clean_orphans.h"
#include "maintenance/compaction.h"
#include "maintenance/expire_snapshots.h"
#include "maintenance/manifest_job.h"
#include "sim/fakes.h"
#include "sim/process.h"

namespace k2i::sim {
namespace {

using std::chrono::milliseconds;

/// One life of the machine.
class Upkeep {
 public:
  Upkeep(World& world, Life& life) : world_(world), life_(life) {}

  void Run() {
    while (!life_.off && !life_.stop.stop_requested()) {
      const auto wait = milliseconds(500 + static_cast<int64_t>(world_.random.Below(6000)));
      world_.scheduler.WaitUntil([&] { return life_.off || life_.stop.stop_requested(); }, wait);
      if (life_.off || life_.stop.stop_requested()) return;
      const auto& table = world_.random.Below(4) == 0 ? kDeadLetters : kTable;
      const Status done = DoOne(table);
      if (!done && !life_.off) Judge(done.error());
    }
  }

 private:
  Status DoOne(const iceberg::TableIdentifier& table) {
    const bool cleans = world_.scenario.orphan_age > Duration(0);
    switch (world_.random.Below(cleans ? 7 : 4)) {
      case 6:
      case 5:
      case 4:
        return Clean(table);
      case 0:
        return Expire(table);
      case 1:
        return MergeManifests(table);
      default:
        return Compact(table);
    }
  }

  maintenance::ReplaceOptions Replace() const {
    return {.version = "sim", .files_good_for = world_.scenario.files_good_for};
  }

  Status Compact(const iceberg::TableIdentifier& table) {
    maintenance::CompactionOptions options;
    options.policy.min_input_files = 2;
    options.policy.target_bytes = 1 << 20;
    options.replace = Replace();
    maintenance::CompactionReport report;
    maintenance::Compaction compaction({catalog_, store_, clock_, life_.random, arrow::default_memory_pool()}, options);
    const Status done = compaction.Run(table, life_.stop.get_token(), report);
    if (report.commits > 0) world_.Count("compaction");
    if (report.conflicts > 0) world_.Count("compaction in conflict");
    if (report.replans > 0) world_.Count("compaction planned anew");
    return done;
  }

  Status MergeManifests(const iceberg::TableIdentifier& table) {
    maintenance::ManifestOptions options;
    options.replace = Replace();
    const auto report = maintenance::RewriteTableManifests({catalog_, clock_, life_.random}, store_, table, options,
                                                           life_.stop.get_token());
    if (!report) return std::unexpected(report.error());
    if (report->snapshot_id) world_.Count("manifests merged");
    return {};
  }

  Status Expire(const iceberg::TableIdentifier& table) {
    maintenance::ExpiryOptions options;
    options.wishes.max_snapshot_age_ms = static_cast<int64_t>(world_.random.Below(10'000));
    options.deletion.threads = 1;  // fibers are no threads
    options.deletion.stop = life_.stop.get_token();
    maintenance::SnapshotExpiry expiry({catalog_, store_, clock_, life_.random}, options);
    const auto report = expiry.Run(table);
    if (!report) return std::unexpected(report.error());
    if (!report->plan.snapshots.empty()) world_.Count("expiry of ours");
    if (report->files.failed > 0) world_.Count("expiry left files");
    return {};
  }

  Status Clean(const iceberg::TableIdentifier& table) {
    maintenance::OrphanOptions options{
        .older_than_ms = world_.clock.wall_ms() - world_.scenario.orphan_age / milliseconds(1), .force = true};
    options.deletion.threads = 1;
    options.deletion.stop = life_.stop.get_token();
    const auto report = maintenance::OrphanCleaning({catalog_, store_, clock_}, std::move(options)).Run(table);
    if (!report) return std::unexpected(report.error());
    if (Total(report->files.deleted).files > 0) world_.Count("orphans deleted");
    if (report->files.failed > 0) world_.Count("orphans left");
    return report->stopped ? Status(std::unexpected(*report->stopped)) : Status();
  }

  /// Others may expire what it reads, refuse what it asks for, or ask it to stop; nothing else is an excuse.
  void Judge(const Error& error) {
    const bool excused = error.retryable() || error.code == ErrorCode::kNotFound ||
                         error.code == ErrorCode::kCancelled || error.code == ErrorCode::kCommitStateUnknown ||
                         error.code == ErrorCode::kCommitConflict ||
                         error.message.find("(simulated)") != std::string::npos;
    world_.Event(life_.name, "fails: " + error.ToString());
    if (!excused) world_.Break("upkeep-failed", life_.name + ": " + error.ToString());
  }

  World& world_;
  Life& life_;
  SimClock clock_{world_, life_};
  SimCatalog catalog_{world_, life_};
  SimStore store_{world_, life_};
};

}  // namespace

void CleanUp(World& world) {
  for (const auto& table : {kTable, kDeadLetters}) {
    if (!world.catalog.LoadTable(table)) continue;
    maintenance::OrphanOptions options{.older_than_ms = world.clock.wall_ms() + 1, .force = true};
    options.deletion.threads = 1;
    const auto report =
        maintenance::OrphanCleaning({world.catalog, world.store, world.clock}, std::move(options)).Run(table);
    if (!report || report->stopped) {
      world.Break("clean-up-failed", table.name + ": " + (report ? *report->stopped : report.error()).ToString());
      continue;
    }
    world.history.Count("files left to orphan clean-up", Total(report->files.deleted).files);
  }
}

void RunUpkeep(World& world, Machine& machine) {
  while (!world.finished) {
    world.scheduler.WaitUntil([&] { return world.finished || machine.wanted; }, Duration::max());
    if (world.finished) return;
    auto life =
        std::make_shared<Life>(machine, machine.name + "." + std::to_string(++machine.lives), world.random.Next());
    machine.life = life;
    world.Event(life->name, "starts to look after the tables");
    Upkeep(world, *life).Run();
    machine.life = nullptr;
    if (!life->off) world.Event(life->name, "has stopped");
    world.scheduler.Sleep(milliseconds(200 + static_cast<int64_t>(world.random.Below(4000))));
  }
}

}  // namespace k2i::sim
