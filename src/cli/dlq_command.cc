// SPDX-License-Identifier: Apache-2.0
#include <arrow/compute/initialize.h>
#include <arrow/memory_pool.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/base64.h"
#include "base/json_text.h"
#include "cli/commands.h"
#include "cli/signals.h"
#include "cli/wiring.h"
#include "ingest/dead_letter_replay.h"
#include "record/json_reader.h"

namespace k2i::cli {
namespace {

using nlohmann::ordered_json;

struct DlqFlags {
  ConfigFlags config;
  ingest::LetterFilter filter;
  int64_t limit = 100;
  bool json = false;
  bool dry_run = false;
};

/// "key": text, or "key_base64" for bytes that are none.
void AddBytes(ordered_json& object, const std::string& name, const std::optional<std::string>& bytes) {
  if (!bytes) {
    object[name] = nullptr;
  } else if (record::IsUtf8(*bytes)) {
    object[name] = *bytes;
  } else {
    object[name + "_base64"] = Base64(*bytes);
  }
}

ordered_json LetterJson(const ingest::Letter& letter) {
  const auto& record = letter.record;
  ordered_json object{{"topic", record.partition.topic},
                      {"partition", record.partition.partition.value},
                      {"offset", record.offset.value}};
  object["timestamp_ms"] = record.timestamp_ms < 0 ? ordered_json(nullptr) : ordered_json(record.timestamp_ms);
  AddBytes(object, "key", record.key);
  AddBytes(object, "value", record.value);
  object["headers"] = ordered_json::array();
  for (const auto& [name, value] : record.headers) {
    ordered_json header{{"name", name}};
    AddBytes(header, "value", value);
    object["headers"].push_back(std::move(header));
  }
  object["error_class"] = letter.error_class;
  object["error"] = record.reason;
  object["schema_id"] = letter.schema_id ? ordered_json(*letter.schema_id) : ordered_json(nullptr);
  return object;
}

/// The beginning of the value on one line, whatever bytes it holds.
std::string Preview(const std::optional<std::string>& value) {
  constexpr size_t kLongest = 60;
  if (!value) return "(null)";
  std::string text;
  for (const char c : value->substr(0, kLongest)) {
    const auto byte = static_cast<unsigned char>(c);
    text += byte < 0x20 || byte >= 0x7f ? fmt::format("\\x{:02x}", byte) : std::string(1, c);
  }
  return value->size() > kLongest ? text + "…" : text;
}

iceberg::TableIdentifier DeadLetterTableOf(const config::Config& config) {
  return MakePipelineOptions(config).stream.dead_letters;
}

Status List(const config::Config& config, const DlqFlags& flags) {
  SystemClock clock;
  Random random(Random::SystemSeed());
  K2I_ASSIGN_OR_RETURN(auto parts, MakeCatalog(config, clock, random));
  K2I_ASSIGN_OR_RETURN(const auto found, ingest::FindTable(*parts.catalog, {.identifier = DeadLetterTableOf(config)}));
  if (!found) {
    if (!flags.json) std::printf("no dead letters: %s does not exist\n", DeadLetterTableOf(config).ToString().c_str());
    return {};
  }
  int64_t shown = 0;
  bool more = false;
  K2I_RETURN_IF_ERROR(ingest::ForEachLetter(
      *parts.store, *found->metadata, config.iceberg.branch, flags.filter, *arrow::default_memory_pool(),
      [&](ingest::Letter letter) -> Result<bool> {
        if (flags.limit > 0 && shown == flags.limit) {
          more = true;
          return false;
        }
        ++shown;
        const auto& record = letter.record;
        if (flags.json) {
          std::printf("%s\n", OrderedJsonText(LetterJson(letter)).c_str());
        } else {
          std::printf("%s/%d %lld  %s: %s\n    %s\n", record.partition.topic.c_str(), record.partition.partition.value,
                      static_cast<long long>(record.offset.value), letter.error_class.c_str(), record.reason.c_str(),
                      Preview(record.value).c_str());
        }
        return true;
      }));
  if (!flags.json) {
    std::printf("%lld dead letters%s\n", static_cast<long long>(shown), more ? "; --limit shows more" : "");
  }
  return {};
}

void PrintReport(const ingest::ReplayReport& report, const DlqFlags& flags) {
  if (flags.json) {
    const ordered_json object{{"letters", report.letters},
                              {"replayed", report.replayed},
                              {"already_there", report.already_there},
                              {"not_yet_passed", report.not_yet_passed},
                              {"still_rejected", report.still_rejected},
                              {"reasons", report.reasons},
                              {"snapshots", report.snapshots},
                              {"dry_run", flags.dry_run}};
    std::printf("%s\n", object.dump().c_str());
    return;
  }
  auto line = [](const char* what, int64_t count) { std::printf("%-34s %lld\n", what, static_cast<long long>(count)); };
  line("dead letters looked at", report.letters);
  line(flags.dry_run ? "would be replayed" : "replayed", report.replayed);
  line("in the table already", report.already_there);
  if (report.not_yet_passed > 0) line("not yet passed by the stream", report.not_yet_passed);
  line("still rejected", report.still_rejected);
  for (const auto& [reason, count] : report.reasons)
    std::printf("    %lld × %s\n", static_cast<long long>(count), reason.c_str());
}

Status Replay(const config::Config& config, const DlqFlags& flags) {
  SystemClock clock;
  Random random(Random::SystemSeed());
  K2I_ASSIGN_OR_RETURN(auto parts, MakeCatalog(config, clock, random));
  const auto pipeline = MakePipelineOptions(config);
  MetricsRegistry registry;
  ingest::IngestMetrics metrics(registry, pipeline.stream.table.identifier.ToString());
  ingest::ComponentHealth health(metrics);
  ingest::ReplayOptions options{
      .table = pipeline.stream.table.identifier,
      .dead_letters = pipeline.stream.dead_letters,
      .flusher = pipeline.stream.flusher,
      .rows = pipeline.stream.rows,
      .positions = {config.schema.metadata.topic, config.schema.metadata.partition, config.schema.metadata.offset},
      .filter = flags.filter,
      .dry_run = flags.dry_run};
  // A command that a person waits for gives up in time; what it has not committed it can be asked for again.
  options.flusher.committer.retry = {.max_attempts = 20, .budget = std::chrono::seconds(60)};
  const SignalStop signals;
  K2I_ASSIGN_OR_RETURN(const auto report,
                       ingest::ReplayDeadLetters({*parts.catalog, *parts.store, clock, random, metrics, health},
                                                 *arrow::default_memory_pool(), options, signals.token()));
  PrintReport(report, flags);
  return {};
}

int Run(const DlqFlags& flags, Status (*command)(const config::Config&, const DlqFlags&)) {
  const auto config = LoadAndConfigure(flags.config);
  if (!config) return ReportError(config.error());
  if (const auto ready = arrow::compute::Initialize(); !ready.ok()) {
    return ReportError({ErrorCode::kInternal, "Arrow compute: " + ready.ToString()});
  }
  const auto done = command(*config, flags);
  return done ? kExitOk : ReportError(done.error());
}

void AddFilter(CLI::App& command, DlqFlags& flags) {
  AddConfigFlags(command, flags.config);
  command.add_option("--topic", flags.filter.topic, "Only letters of this topic");
  command.add_option("--partition", flags.filter.partition, "Only letters of this partition");
  command.add_option("--from", flags.filter.from_offset, "Only letters at or above this offset");
  command.add_option("--to", flags.filter.to_offset, "Only letters below this offset");
  command.add_flag("--json", flags.json, "Machine-readable");
}

}  // namespace

void AddDlqCommand(CLI::App& app, int& exit_code) {
  auto* dlq = app.add_subcommand("dlq", "The records that could not be decoded");
  dlq->require_subcommand(1);
  auto flags = std::make_shared<DlqFlags>();
  auto* list = dlq->add_subcommand("list", "Show dead letters: where they come from, and why they are there");
  AddFilter(*list, *flags);
  list->add_option("--limit", flags->limit, "Most letters shown; 0: all");
  list->callback([flags, &exit_code] { exit_code = Run(*flags, List); });
  auto* replay = dlq->add_subcommand(
      "replay", "Decode dead letters by the configuration as it is now, and append those that fit to the table");
  AddFilter(*replay, *flags);
  replay->add_flag("--dry-run", flags->dry_run, "Say what would be done");
  replay->callback([flags, &exit_code] { exit_code = Run(*flags, Replay); });
}

}  // namespace k2i::cli
