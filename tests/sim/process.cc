// SPDX-License-Identifier: Apache-2.0
#include "sim/process.h"

#include <arrow/memory_pool.h>

#include "iceberg/catalog/guarded_catalog.h"
#include "ingest/pipeline.h"
#include "io/guarded_store.h"
#include "sim/fakes.h"
#include "sim/view_check.h"
#include "txlog/log.h"

namespace k2i::sim {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

ingest::PipelineOptions MakeOptions(World& world) {
  const Scenario& s = world.scenario;
  ingest::PipelineOptions options;
  options.memory.limit_bytes = 1 << 30;
  options.status_interval = seconds(5);
  auto& stream = options.stream;
  stream.table.identifier = kTable;
  stream.dead_letters = kDeadLetters;
  if (s.declared) stream.rows.declared = {{"id", "long", false, ""}, {"name", "string", false, ""}};
  stream.rows.infer_records = 15;
  stream.rows.infer_timeout = seconds(1);
  stream.flush = {.max_bytes = 1 << 28, .max_rows = s.flush_rows, .max_age = s.flush_age};
  stream.flusher.compression = "uncompressed";
  stream.flusher.committer = {
      .pipeline = kPipeline, .version = "sim", .property_mirror = s.mirror == Scenario::Mirror::kOn};
  stream.flusher.committer.files_good_for = s.files_good_for;
  if (s.mirror == Scenario::Mirror::kMixed) stream.flusher.committer.property_mirror = world.random.Below(2) == 0;
  stream.claim_starts = s.latest;
  stream.views.retain_for = seconds(10);
  stream.refresh_interval = seconds(3);
  if (s.bucketed) stream.table.partition_fields = {{"id", "bucket[2]", ""}};
  return options;
}

/// Everything that one process is made of, on the simulated world.
class Process {
 public:
  Process(World& world, Life& life) : world_(world), life_(life) {}

  Status Run() {
    auto opened =
        txlog::Log::Open(storage_, {.checkpoint_interval_entries = world_.scenario.checkpoint_entries}, clock_);
    if (!opened) return std::unexpected(opened.error());
    if (life_.machine.disk.must_be_refused && !life_.off) {
      world_.Break("corrupt-log-accepted", life_.name + " starts with a log that has a bit turned");
    }
    return RunPipeline(*opened);
  }

 private:
  Status RunPipeline(txlog::Log::Opened& opened) {
    const ingest::TableStream::Parts parts{
        .flushing = {.committing = {guarded_catalog_, guarded_store_, clock_, life_.random, metrics_, health_},
                     .log = *opened.log,
                     .pool = pool_},
        .executor = executor_,
        .status = status_,
        .views = views_,
        .letter_views = letter_views_};
    ingest::Pipeline pipeline(parts, MakeOptions(world_), [&](kafka::RebalanceListener& listener) {
      return Result<std::unique_ptr<kafka::Source>>(
          CheckingViews(world_, life_, views_, letter_views_, std::make_unique<SimSource>(world_, life_, listener)));
    });
    const Status ran = pipeline.Run(opened.state, life_.stop.get_token());
    if (status_.Get().fenced_rows > 0) world_.Count("life with fenced rows");
    return ran;
  }
  CircuitBreaker::OnChange Tell(const char* what) {
    return [this, what](CircuitBreaker::State state, const std::optional<Error>&) {
      if (state != CircuitBreaker::State::kOpen) return;
      world_.Count("circuit breaker open");
      world_.Event(life_.name, std::string("does not ask the ") + what + " for a while");
    };
  }

  World& world_;
  Life& life_;
  SimClock clock_{world_, life_};
  SimCatalog catalog_{world_, life_};
  SimStore store_{world_, life_};
  CircuitBreaker catalog_breaker_{"catalog", {}, clock_, life_.random, Tell("catalog")};
  CircuitBreaker store_breaker_{"store", {}, clock_, life_.random, Tell("store")};
  iceberg::GuardedCatalog guarded_catalog_{catalog_, catalog_breaker_};
  io::GuardedStore guarded_store_{store_, store_breaker_};
  SimLogStorage storage_{world_, life_};
  SimExecutor executor_{world_, life_};
  arrow::ProxyMemoryPool pool_{arrow::default_memory_pool()};
  MetricsRegistry registry_;
  ingest::IngestMetrics metrics_{registry_, "db.events"};
  ingest::ComponentHealth health_{metrics_};
  ingest::SharedStatus status_;
  buffer::ViewPublisher views_;
  buffer::ViewPublisher letter_views_;
};

/// Whether what a process has stopped with was to be expected of what was done to it.
bool IsExplained(const World& world, const Life& life, const Error& error) {
  if (error.message.find("(simulated)") != std::string::npos) return true;
  if (error.retryable()) return true;  // its patience at start, or a full disk
  // A zombie has begun the partition at an earlier end than this process, which must read again from there.
  if (world.scenario.latest && error.message.find("restart K2I to read again") != std::string::npos) return true;
  const bool asked = life.stop.stop_requested();
  return asked && (error.code == ErrorCode::kCancelled || error.code == ErrorCode::kCommitStateUnknown);
}

void AfterDeath(World& world, Machine& machine, const Life& life, const Status& status) {
  if (life.off) return;
  if (status) {
    world.Count("clean stop");
    return world.Event(life.name, "has stopped");
  }
  world.Event(life.name, "stops: " + status.error().ToString());
  world.Count("stopped with an error");
  if (status.error().code == ErrorCode::kCorruption && status.error().component == Component::kTransactionLog &&
      machine.disk.must_be_refused) {
    world.Count("corrupt log refused");
    world.Event(machine.name, "the operator moves the log away");
    machine.disk.files.clear();
    machine.disk.must_be_refused = false;
    return;
  }
  if (!IsExplained(world, life, status.error())) {
    world.Break("unexpected-stop", life.name + ": " + status.error().ToString());
  }
}

void Live(World& world, Machine& machine) {
  const std::string name = machine.name + "." + std::to_string(++machine.lives);
  auto life = std::make_shared<Life>(machine, name, world.random.Next());
  life->clock_skew = milliseconds(static_cast<int64_t>(world.random.Below(4000)) - 2000);
  machine.life = life;
  world.Event(name, "starts");
  world.Count("life");
  Status status;
  {
    Process process(world, *life);
    status = process.Run();
  }
  machine.life = nullptr;
  AfterDeath(world, machine, *life, status);
}

}  // namespace

void RunMachine(World& world, Machine& machine) {
  while (!world.finished) {
    world.scheduler.WaitUntil([&] { return world.finished || machine.wanted; }, Duration::max());
    if (world.finished) return;
    Live(world, machine);
    world.scheduler.Sleep(milliseconds(200 + static_cast<int64_t>(world.random.Below(4000))));
  }
}

}  // namespace k2i::sim
