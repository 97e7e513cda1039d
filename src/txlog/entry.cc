// SPDX-License-Identifier: Apache-2.0
#include "txlog/entry.h"

#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/json_text.h"
#include "base/offset_json.h"
#include "txlog/replay.h"

namespace k2i::txlog {
namespace {

using nlohmann::json;

template <typename... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

/// An error message may hold any bytes: what is not UTF-8 is replaced.
/// The open flush of that id, or nullptr.
OpenFlush* FindFlush(RecoveryState& state, const std::string& flush_id) {
  const auto it = state.flushes.find(flush_id);
  return it == state.flushes.end() ? nullptr : &it->second;
}

json ToJson(const FileWritten& file) {
  return {{"flush_id", file.flush_id},
          {"location", file.location},
          {"record_count", file.record_count},
          {"size_bytes", file.size_bytes}};
}

json ToJson(const Handover& handover) {
  json out{{"pipeline", handover.pipeline},
           {"branch", handover.branch},
           {"cluster", handover.cluster_id},
           {"topics", handover.topic_ids}};
  if (!handover.manifest.empty()) {
    out["manifest"] = handover.manifest;
    out["spec_id"] = handover.spec_id;
  }
  if (handover.watermark_ms) out["watermark_ms"] = *handover.watermark_ms;
  return out;
}

json ToJson(const CommitIntent& intent) {
  json out{{"flush_id", intent.flush_id}, {"table_uuid", intent.table_uuid}, {"snapshot_id", intent.snapshot_id}};
  if (intent.base_snapshot_id) out["base_snapshot_id"] = *intent.base_snapshot_id;
  if (intent.handover) out["handover"] = ToJson(*intent.handover);
  return out;
}

json ToJson(const OpenFlush& flush) {
  json written = json::array();
  for (const auto& file : flush.written) written.push_back(ToJson(file));
  json out{{"flush_id", flush.flush_id},
           {"table", flush.table},
           {"ranges", k2i::ToJson(flush.ranges)},
           {"started", flush.started},
           {"written", std::move(written)}};
  if (flush.intent) out["intent"] = ToJson(*flush.intent);
  return out;
}

json ToJson(const RecoveryState& state) {
  json flushes = json::array();
  for (const auto& [id, flush] : state.flushes) flushes.push_back(ToJson(flush));
  json tables = json::object();
  for (const auto& [name, table] : state.tables) {
    tables[name] = {{"uuid", table.table_uuid}, {"snapshot_id", table.snapshot_id}, {"next", k2i::ToJson(table.next)}};
  }
  return {{"flushes", std::move(flushes)}, {"tables", std::move(tables)}};
}

json ToJson(const Checkpoint& checkpoint) { return ToJson(checkpoint.state); }
json ToJson(const FlushStarted& entry) {
  return {{"flush_id", entry.flush_id}, {"table", entry.table}, {"ranges", k2i::ToJson(entry.ranges)}};
}
json ToJson(const FileStarted& entry) { return {{"flush_id", entry.flush_id}, {"location", entry.location}}; }
json ToJson(const FlushAbandoned& entry) { return {{"flush_id", entry.flush_id}, {"reason", entry.reason}}; }
json ToJson(const CommitDone& entry) {
  return {{"flush_id", entry.flush_id},
          {"table", entry.table},
          {"table_uuid", entry.table_uuid},
          {"snapshot_id", entry.snapshot_id},
          {"next", k2i::ToJson(entry.next)}};
}

}  // namespace

void Replay(RecoveryState& state, Entry entry) { ReplayAndTake(state, entry); }

void ReplayAndTake(RecoveryState& state, Entry& entry) {
  std::visit(Overloaded{
                 [&](Checkpoint& e) { state = std::move(e.state); },
                 [&](FlushStarted& e) {
                   OpenFlush& flush = state.flushes[e.flush_id];
                   flush = {std::move(e.flush_id), std::move(e.table), std::move(e.ranges), {}, {}, {}};
                 },
                 [&](FileStarted& e) {
                   if (auto* flush = FindFlush(state, e.flush_id)) flush->started.push_back(std::move(e.location));
                 },
                 [&](FileWritten& e) {
                   if (auto* flush = FindFlush(state, e.flush_id)) flush->written.push_back(std::move(e));
                 },
                 [&](CommitIntent& e) {
                   if (auto* flush = FindFlush(state, e.flush_id)) flush->intent = std::move(e);
                 },
                 [&](CommitDone& e) {
                   state.flushes.erase(e.flush_id);
                   state.tables[e.table] = {std::move(e.table_uuid), e.snapshot_id, std::move(e.next)};
                 },
                 [&](FlushAbandoned& e) { state.flushes.erase(e.flush_id); },
             },
             entry);
}

uint8_t TypeOf(const Entry& entry) {
  return std::visit(Overloaded{[](const Checkpoint&) { return 1; }, [](const FlushStarted&) { return 2; },
                               [](const FileWritten&) { return 3; }, [](const CommitIntent&) { return 4; },
                               [](const CommitDone&) { return 5; }, [](const FlushAbandoned&) { return 6; },
                               [](const FileStarted&) { return 7; }},
                    entry);
}

std::string_view TypeName(uint8_t type) {
  constexpr std::string_view kNames[] = {"",           "Checkpoint",     "FlushStarted", "FileWritten", "CommitIntent",
                                         "CommitDone", "FlushAbandoned", "FileStarted"};
  return type < std::size(kNames) ? kNames[type] : std::string_view();
}

std::string EncodePayload(const Entry& entry) {
  return std::visit([](const auto& e) { return JsonText(ToJson(e)); }, entry);
}

std::string EncodeState(const RecoveryState& state) { return JsonText(ToJson(state)); }

}  // namespace k2i::txlog
