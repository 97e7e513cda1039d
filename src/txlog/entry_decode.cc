// SPDX-License-Identifier: Apache-2.0
//
// Payloads back into entries. A start reads up to as many as there are between two checkpoints, so this is simdjson.
#include <fmt/format.h>
#include <simdjson.h>

#include <charconv>

#include "txlog/entry.h"

namespace k2i::txlog {
namespace {

namespace dom = simdjson::dom;

// All of these throw simdjson_error for a member that is not there or of another type, which DecodePayload converts.

std::string Text(const dom::object& in, std::string_view key) {
  const std::string_view text = in[key].get_string();
  return std::string(text);
}

int64_t Number(const dom::object& in, std::string_view key) { return in[key].get_int64(); }

/// Whether there is such a member.
bool Find(const dom::object& in, std::string_view key, dom::element& member) {
  const auto error = in[key].get(member);
  if (error != simdjson::SUCCESS && error != simdjson::NO_SUCH_FIELD) throw simdjson::simdjson_error(error);
  return error == simdjson::SUCCESS;
}

std::optional<int64_t> OptionalNumber(const dom::object& in, std::string_view key) {
  dom::element member;
  if (!Find(in, key, member)) return std::nullopt;
  return int64_t{member.get_int64()};
}

PartitionId Partition(std::string_view text) {
  int32_t partition = -1;
  const char* end = text.data() + text.size();
  if (std::from_chars(text.data(), end, partition) != std::from_chars_result{end, std::errc()} || partition < 0) {
    throw simdjson::simdjson_error(simdjson::NUMBER_ERROR);
  }
  return PartitionId{partition};
}

/// {"topic":{"0":value}} by partition.
template <typename Value, typename Read>
std::map<TopicPartition, Value> ByPartition(const dom::object& topics, Read read) {
  std::map<TopicPartition, Value> values;
  for (const auto [topic, partitions] : topics) {
    for (const auto [partition, value] : dom::object(partitions.get_object())) {
      values.insert_or_assign(values.end(), TopicPartition{std::string(topic), Partition(partition)}, read(value));
    }
  }
  return values;
}

OffsetRanges Ranges(const dom::object& in, std::string_view key) {
  return ByPartition<OffsetRange>(in[key].get_object(), [](const dom::element& value) {
    const dom::array both = value.get_array();
    if (both.size() != 2) throw simdjson::simdjson_error(simdjson::INCORRECT_TYPE);
    return OffsetRange{Offset{both.at(0).get_int64()}, Offset{both.at(1).get_int64()}};
  });
}

OffsetVector Offsets(const dom::object& in, std::string_view key) {
  return ByPartition<Offset>(in[key].get_object(), [](const dom::element& value) { return Offset{value.get_int64()}; });
}

FileWritten ReadFileWritten(const dom::object& in) {
  return {Text(in, "flush_id"), Text(in, "location"), Number(in, "record_count"), Number(in, "size_bytes")};
}

Handover ReadHandover(const dom::object& in) {
  Handover handover;
  handover.pipeline = Text(in, "pipeline");
  handover.branch = Text(in, "branch");
  handover.cluster_id = Text(in, "cluster");
  for (const auto [topic, id] : dom::object(in["topics"].get_object())) {
    handover.topic_ids.emplace(topic, std::string_view(id.get_string()));
  }
  dom::element manifest;
  if (Find(in, "manifest", manifest)) {
    handover.manifest = std::string_view(manifest.get_string());
    handover.spec_id = static_cast<int32_t>(Number(in, "spec_id"));
  }
  handover.watermark_ms = OptionalNumber(in, "watermark_ms");
  return handover;
}

CommitIntent ReadIntent(const dom::object& in) {
  CommitIntent intent{.flush_id = Text(in, "flush_id"),
                      .table_uuid = Text(in, "table_uuid"),
                      .snapshot_id = Number(in, "snapshot_id"),
                      .base_snapshot_id = OptionalNumber(in, "base_snapshot_id")};
  dom::element handover;
  if (Find(in, "handover", handover)) intent.handover = ReadHandover(handover.get_object());
  return intent;
}

OpenFlush ReadOpenFlush(const dom::object& in) {
  OpenFlush flush{.flush_id = Text(in, "flush_id"), .table = Text(in, "table"), .ranges = Ranges(in, "ranges")};
  for (const dom::element location : dom::array(in["started"].get_array())) {
    flush.started.emplace_back(std::string_view(location.get_string()));
  }
  for (const dom::element file : dom::array(in["written"].get_array())) {
    flush.written.push_back(ReadFileWritten(file.get_object()));
  }
  dom::element intent;
  if (Find(in, "intent", intent)) flush.intent = ReadIntent(intent.get_object());
  return flush;
}

Checkpoint ReadCheckpoint(const dom::object& in) {
  Checkpoint checkpoint;
  for (const dom::element item : dom::array(in["flushes"].get_array())) {
    auto flush = ReadOpenFlush(item.get_object());
    std::string id = flush.flush_id;
    checkpoint.state.flushes.emplace(std::move(id), std::move(flush));
  }
  for (const auto [name, item] : dom::object(in["tables"].get_object())) {
    const dom::object table = item.get_object();
    checkpoint.state.tables.emplace(
        name, TableState{Text(table, "uuid"), Number(table, "snapshot_id"), Offsets(table, "next")});
  }
  return checkpoint;
}

Result<Entry> ReadEntry(uint8_t type, const dom::object& in) {
  switch (type) {
    case 1:
      return ReadCheckpoint(in);
    case 2:
      return FlushStarted{Text(in, "flush_id"), Text(in, "table"), Ranges(in, "ranges")};
    case 3:
      return ReadFileWritten(in);
    case 4:
      return ReadIntent(in);
    case 5:
      return CommitDone{Text(in, "flush_id"), Text(in, "table"), Text(in, "table_uuid"), Number(in, "snapshot_id"),
                        Offsets(in, "next")};
    case 6:
      return FlushAbandoned{Text(in, "flush_id"), Text(in, "reason")};
    case 7:
      return FileStarted{Text(in, "flush_id"), Text(in, "location")};
  }
  return Fail(ErrorCode::kCorruption, fmt::format("unknown entry type {}", type), Component::kTransactionLog);
}

}  // namespace

Result<Entry> DecodePayload(uint8_t type, std::string_view payload) {
  // simdjson reads beyond the end of what it parses.
  thread_local std::string padded;
  thread_local dom::parser parser;
  padded.reserve(payload.size() + simdjson::SIMDJSON_PADDING);
  padded.assign(payload);
  try {
    return ReadEntry(type, parser.parse(padded.data(), padded.size(), /*realloc_if_needed=*/false).get_object());
  } catch (const simdjson::simdjson_error& error) {
    return Fail(ErrorCode::kCorruption, fmt::format("entry of type {}: {}", type, error.what()),
                Component::kTransactionLog);
  }
}

}  // namespace k2i::txlog
