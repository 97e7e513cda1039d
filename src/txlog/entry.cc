// SPDX-License-Identifier: Apache-2.0
#include "txlog/entry.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/offset_json.h"

namespace k2i::txlog {
namespace {

using nlohmann::json;

template <typename... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

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

json ToJson(const CommitIntent& intent) {
  json out{{"flush_id", intent.flush_id}, {"table_uuid", intent.table_uuid}, {"snapshot_id", intent.snapshot_id}};
  if (intent.base_snapshot_id) out["base_snapshot_id"] = *intent.base_snapshot_id;
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

json ToJson(const Checkpoint& checkpoint) {
  json flushes = json::array();
  for (const auto& [id, flush] : checkpoint.state.flushes) flushes.push_back(ToJson(flush));
  json tables = json::object();
  for (const auto& [name, table] : checkpoint.state.tables) {
    tables[name] = {{"uuid", table.table_uuid}, {"snapshot_id", table.snapshot_id}, {"next", k2i::ToJson(table.next)}};
  }
  return {{"flushes", std::move(flushes)}, {"tables", std::move(tables)}};
}

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

// The readers below use json::at, which throws; DecodePayload converts.

FileWritten ReadFileWritten(const json& in) {
  return {in.at("flush_id"), in.at("location"), in.at("record_count"), in.at("size_bytes")};
}

CommitIntent ReadIntent(const json& in) {
  CommitIntent intent{in.at("flush_id"), in.at("table_uuid"), in.at("snapshot_id"), std::nullopt};
  if (const auto base = in.find("base_snapshot_id"); base != in.end()) intent.base_snapshot_id = base->get<int64_t>();
  return intent;
}

Result<OpenFlush> ReadOpenFlush(const json& in) {
  OpenFlush flush{in.at("flush_id"), in.at("table"), {}, in.at("started"), {}, std::nullopt};
  K2I_ASSIGN_OR_RETURN(flush.ranges, RangesFromJson(in.at("ranges")));
  for (const auto& file : in.at("written")) flush.written.push_back(ReadFileWritten(file));
  if (const auto intent = in.find("intent"); intent != in.end()) flush.intent = ReadIntent(*intent);
  return flush;
}

Result<Entry> ReadCheckpoint(const json& in) {
  Checkpoint checkpoint;
  for (const auto& item : in.at("flushes")) {
    K2I_ASSIGN_OR_RETURN(auto flush, ReadOpenFlush(item));
    const std::string id = flush.flush_id;
    checkpoint.state.flushes.emplace(id, std::move(flush));
  }
  for (const auto& [name, item] : in.at("tables").items()) {
    TableState table{item.at("uuid"), item.at("snapshot_id"), {}};
    K2I_ASSIGN_OR_RETURN(table.next, OffsetsFromJson(item.at("next")));
    checkpoint.state.tables.emplace(name, std::move(table));
  }
  return Entry(std::move(checkpoint));
}

Result<Entry> ReadEntry(uint8_t type, const json& in) {
  switch (type) {
    case 1:
      return ReadCheckpoint(in);
    case 2: {
      FlushStarted entry{in.at("flush_id"), in.at("table"), {}};
      K2I_ASSIGN_OR_RETURN(entry.ranges, RangesFromJson(in.at("ranges")));
      return Entry(std::move(entry));
    }
    case 3:
      return Entry(ReadFileWritten(in));
    case 4:
      return Entry(ReadIntent(in));
    case 5: {
      CommitDone entry{in.at("flush_id"), in.at("table"), in.at("table_uuid"), in.at("snapshot_id"), {}};
      K2I_ASSIGN_OR_RETURN(entry.next, OffsetsFromJson(in.at("next")));
      return Entry(std::move(entry));
    }
    case 6:
      return Entry(FlushAbandoned{in.at("flush_id"), in.at("reason")});
    case 7:
      return Entry(FileStarted{in.at("flush_id"), in.at("location")});
  }
  return Fail(ErrorCode::kCorruption, fmt::format("unknown entry type {}", type), Component::kTransactionLog);
}

}  // namespace

void Replay(RecoveryState& state, const Entry& entry) {
  std::visit(
      Overloaded{
          [&](const Checkpoint& e) { state = e.state; },
          [&](const FlushStarted& e) { state.flushes[e.flush_id] = {e.flush_id, e.table, e.ranges, {}, {}, {}}; },
          [&](const FileStarted& e) {
            if (auto* flush = FindFlush(state, e.flush_id)) flush->started.push_back(e.location);
          },
          [&](const FileWritten& e) {
            if (auto* flush = FindFlush(state, e.flush_id)) flush->written.push_back(e);
          },
          [&](const CommitIntent& e) {
            if (auto* flush = FindFlush(state, e.flush_id)) flush->intent = e;
          },
          [&](const CommitDone& e) {
            state.flushes.erase(e.flush_id);
            state.tables[e.table] = {e.table_uuid, e.snapshot_id, e.next};
          },
          [&](const FlushAbandoned& e) { state.flushes.erase(e.flush_id); },
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

std::string EncodePayload(const Entry& entry) {
  return std::visit([](const auto& e) { return ToJson(e).dump(); }, entry);
}

Result<Entry> DecodePayload(uint8_t type, std::string_view payload) {
  try {
    return ReadEntry(type, json::parse(payload));
  } catch (const json::exception& error) {
    return Fail(ErrorCode::kCorruption, fmt::format("entry of type {}: {}", type, error.what()),
                Component::kTransactionLog);
  }
}

}  // namespace k2i::txlog
