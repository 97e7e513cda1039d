// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdio>
#include <memory>

#include "cli/commands.h"
#include "cli/consent.h"
#include "cli/offsets_show.h"
#include "cli/version.h"
#include "cli/wiring.h"
#include "ingest/boundary_commit.h"
#include "kafka/logs.h"
#include "txlog/log_storage.h"

namespace k2i::cli {
namespace {

using ingest::BoundaryCommit;
using progress::Boundary;
using progress::BoundaryChange;

struct OffsetsFlags {
  ConfigFlags config;
  bool json = false;
  bool offline = false;
  bool dry_run = false;
  bool yes = false;
  std::optional<int64_t> to_snapshot;
  std::vector<std::string> partitions;  // "topic/0"
  std::vector<int64_t> offsets;
  bool allow_duplicates = false;
  bool allow_gap = false;
  std::string from;
};

std::unexpected<Error> Usage(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(message), Component::kConfig);
}

/// The n-th --partition goes on at the n-th --offset.
Result<OffsetVector> OffsetsByHand(const OffsetsFlags& flags) {
  if (flags.partitions.size() != flags.offsets.size()) return Usage("each --partition takes one --offset");
  OffsetVector offsets;
  for (size_t i = 0; i < flags.partitions.size(); ++i) {
    const std::string& text = flags.partitions[i];
    const size_t slash = text.rfind('/');
    int32_t number = -1;
    const char* end = text.data() + text.size();
    const bool read = slash != std::string::npos && slash > 0 &&
                      std::from_chars(text.data() + slash + 1, end, number) == std::from_chars_result{end, std::errc()};
    if (!read || number < 0) return Usage("--partition " + text + " is not of the form topic/0");
    if (!offsets.emplace(TopicPartition{text.substr(0, slash), PartitionId{number}}, Offset{flags.offsets[i]}).second) {
      return Usage("--partition " + text + " is given twice");
    }
  }
  return offsets;
}

/// The running command: catalog, store and what the configuration says of them.
class Command {
 public:
  Command(config::Config config, const OffsetsFlags& flags)
      : config_(std::move(config)), flags_(flags), random_(Random::SystemSeed()) {}

  Status Show();
  Status Rewind();
  Status Adopt();

 private:
  Status Connect() {
    K2I_ASSIGN_OR_RETURN(parts_, MakeCatalog(config_, clock_, random_));
    return {};
  }
  Result<std::optional<Boundary>> FindBoundary(const iceberg::TableMetadata& table) const {
    return progress::FindBoundary(table, config_.kafka.group_id, config_.iceberg.branch);
  }
  /// Shows what `plan` would do to `table`; false: nothing.
  Result<bool> Announce(const iceberg::TableIdentifier& table, const BoundaryCommit::Plan& plan);
  Status CarryOut(const std::vector<std::pair<iceberg::TableIdentifier, BoundaryCommit::Plan>>& plans,
                  const std::string& nothing);

  const config::Config config_;
  const OffsetsFlags& flags_;
  SystemClock clock_;
  Random random_;
  CatalogParts parts_;
  std::unique_ptr<txlog::PosixLogStorage> lock_;
};

Status Command::Show() {
  K2I_RETURN_IF_ERROR(Connect());
  const auto identifier = MakeTableOptions(config_).identifier;
  K2I_ASSIGN_OR_RETURN(const auto table, parts_.catalog->LoadTable(identifier));
  OffsetsView view{.table = identifier.ToString(),
                   .pipeline = config_.kafka.group_id,
                   .branch = config_.iceberg.branch,
                   .boundary = {},
                   .kafka = {},
                   .kafka_error = {},
                   .identity_error = {}};
  K2I_ASSIGN_OR_RETURN(view.boundary, FindBoundary(*table.metadata));
  if (!flags_.offline) {
    auto logs = kafka::DescribeLogs(MakeKafkaOptions(config_));
    if (logs) {
      view.kafka = std::move(*logs);
    } else {
      view.kafka_error = logs.error().message;
    }
  }
  if (view.kafka && view.boundary) {
    const Status same = progress::CheckIdentity(view.boundary->progress, view.kafka->cluster);
    if (!same) view.identity_error = same.error().message;
  }
  std::fputs((flags_.json ? OffsetsJson(view) : OffsetsText(view)).c_str(), stdout);
  return {};
}

Result<bool> Command::Announce(const iceberg::TableIdentifier& table, const BoundaryCommit::Plan& plan) {
  K2I_ASSIGN_OR_RETURN(const auto loaded, parts_.catalog->LoadTable(table));
  K2I_ASSIGN_OR_RETURN(const auto boundary, FindBoundary(*loaded.metadata));
  K2I_ASSIGN_OR_RETURN(const auto change, plan(*loaded.metadata, boundary));
  if (!change) return false;
  std::printf("table %s, pipeline %s\n", table.ToString().c_str(), config_.kafka.group_id.c_str());
  for (const std::string& effect : change->effects) std::printf("  %s\n", effect.c_str());
  return true;
}

Status Command::CarryOut(const std::vector<std::pair<iceberg::TableIdentifier, BoundaryCommit::Plan>>& plans,
                         const std::string& nothing) {
  if (!flags_.dry_run) {
    K2I_ASSIGN_OR_RETURN(lock_, LockLog(config_));
  }
  bool any = false;
  for (const auto& [table, plan] : plans) {
    K2I_ASSIGN_OR_RETURN(const bool planned, Announce(table, plan));
    any |= planned;
  }
  if (!any) return Usage(nothing);
  if (flags_.dry_run) {
    std::printf("nothing has been changed (--dry-run)\n");
    return {};
  }
  K2I_RETURN_IF_ERROR(Confirm(flags_.yes));
  BoundaryCommit commit({*parts_.catalog, *parts_.store, clock_, random_},
                        {.pipeline = config_.kafka.group_id,
                         .branch = config_.iceberg.branch,
                         .version = kVersion,
                         .property_mirror = config_.iceberg.property_mirror});
  for (const auto& [table, plan] : plans) {
    K2I_ASSIGN_OR_RETURN(const auto head, commit.Run(table, plan));
    if (head)
      std::printf("%s: branch %s stands at snapshot %lld\n", table.ToString().c_str(), config_.iceberg.branch.c_str(),
                  static_cast<long long>(*head));
  }
  return {};
}

Status Command::Rewind() {
  K2I_ASSIGN_OR_RETURN(const auto offsets, OffsetsByHand(flags_));
  if (flags_.to_snapshot.has_value() == !offsets.empty() || offsets.size() > 1) {
    return Usage("give --to-snapshot ID, or one --partition topic/0 with --offset N");
  }
  K2I_RETURN_IF_ERROR(Connect());
  const BoundaryCommit::Plan plan =
      [&](const iceberg::TableMetadata& table,
          const std::optional<Boundary>& boundary) -> Result<std::optional<BoundaryChange>> {
    if (flags_.to_snapshot) {
      K2I_ASSIGN_OR_RETURN(auto change, progress::PlanRollBack(table, config_.kafka.group_id, config_.iceberg.branch,
                                                               *flags_.to_snapshot));
      return change;
    }
    if (!boundary) return Usage("the table holds no offsets of this pipeline: give it some with `k2i offsets adopt`");
    const auto& [partition, to] = *offsets.begin();
    K2I_ASSIGN_OR_RETURN(auto change, progress::PlanMove(boundary->progress, partition, to,
                                                         {flags_.allow_duplicates, flags_.allow_gap}));
    return change;
  };
  return CarryOut({{MakeTableOptions(config_).identifier, plan}}, "there is nothing to rewind");
}

Status Command::Adopt() {
  progress::Adoption adoption;
  K2I_ASSIGN_OR_RETURN(adoption.offsets, OffsetsByHand(flags_));
  if (flags_.from == "earliest") adoption.from = progress::AdoptFrom::kEarliest;
  if (flags_.from == "latest") adoption.from = progress::AdoptFrom::kLatest;
  if (flags_.from == "keep") adoption.from = progress::AdoptFrom::kKeep;
  if (!adoption.from && adoption.offsets.empty()) {
    return Usage("say where to go on: --from earliest, latest or keep, or --partition topic/0 --offset N");
  }
  K2I_RETURN_IF_ERROR(Connect());
  K2I_ASSIGN_OR_RETURN(const auto kafka, kafka::DescribeLogs(MakeKafkaOptions(config_)));
  const BoundaryCommit::Plan plan = [&](const iceberg::TableMetadata&, const std::optional<Boundary>& boundary) {
    return progress::PlanAdoption(boundary ? std::optional(boundary->progress) : std::nullopt, kafka.cluster,
                                  kafka.logs, adoption);
  };
  std::vector<std::pair<iceberg::TableIdentifier, BoundaryCommit::Plan>> plans{
      {MakeTableOptions(config_).identifier, plan}};
  // The dead letters' table has a vector of its own, of the same topics. One without a snapshot needs none.
  const auto letters = MakePipelineOptions(config_).stream.dead_letters;
  K2I_ASSIGN_OR_RETURN(const auto found, ingest::FindTable(*parts_.catalog, {.identifier = letters}));
  if (found) {
    plans.emplace_back(letters,
                       [&](const iceberg::TableMetadata& table,
                           const std::optional<Boundary>& boundary) -> Result<std::optional<BoundaryChange>> {
                         if (!boundary && table.FindRef(config_.iceberg.branch) == nullptr) return std::nullopt;
                         return plan(table, boundary);
                       });
  }
  return CarryOut(plans,
                  "the boundary fits this cluster and its topics: there is nothing to adopt (to move it, "
                  "`k2i offsets rewind`)");
}

void AddChange(CLI::App* command, OffsetsFlags& flags) {
  AddConfigFlags(*command, flags.config);
  command->add_option("--partition", flags.partitions, "topic/0");
  command->add_option("--offset", flags.offsets, "Where that partition goes on");
  command->add_flag("--dry-run", flags.dry_run, "Say what would be done, and change nothing");
  command->add_flag("--yes,-y", flags.yes, "Do not ask");
}

}  // namespace

void AddOffsetsCommand(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<OffsetsFlags>();
  CLI::App* offsets = app.add_subcommand("offsets", "Show the boundary, go back, or take over a re-made topic");
  offsets->require_subcommand(1);
  const auto run = [flags, &exit_code](Status (Command::*action)()) {
    return [flags, &exit_code, action] {
      auto config = LoadAndConfigure(flags->config);
      const Status done =
          config ? (Command(std::move(*config), *flags).*action)() : std::unexpected(std::move(config).error());
      if (!done) exit_code = ReportError(done.error());
    };
  };
  CLI::App* show = offsets->add_subcommand("show", "Where the pipeline goes on, and what Kafka holds");
  AddConfigFlags(*show, flags->config);
  show->add_flag("--offline", flags->offline, "Do not ask Kafka");
  show->add_flag("--json", flags->json, "Print JSON");
  show->callback(run(&Command::Show));
  CLI::App* rewind =
      offsets->add_subcommand("rewind", "Go back: the table to a snapshot, or one partition to an offset");
  AddChange(rewind, *flags);
  rewind->add_option("--to-snapshot", flags->to_snapshot,
                     "Roll the table back to this snapshot; later rows are read again");
  rewind->add_flag("--allow-duplicates", flags->allow_duplicates, "Rows that are in the table may come again");
  rewind->add_flag("--allow-gap", flags->allow_gap, "Records may be left out");
  rewind->callback(run(&Command::Rewind));
  CLI::App* adopt = offsets->add_subcommand("adopt", "Take over after the cluster or a topic was made anew");
  AddChange(adopt, *flags);
  adopt->add_option("--from", flags->from, "Where to go on: earliest, latest, or keep")
      ->check(CLI::IsMember({"earliest", "latest", "keep"}));
  adopt->callback(run(&Command::Adopt));
}

}  // namespace k2i::cli
