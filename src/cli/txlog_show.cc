// SPDX-License-Identifier: Apache-2.0
#include "cli/txlog_show.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "txlog/frame.h"
#include "txlog/replay.h"

namespace k2i::cli {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

/// An error that stands in the log may hold anything; a line is a line.
std::string OneLine(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    line += byte < 0x20 || byte == 0x7f ? fmt::format("\\x{:02x}", byte) : std::string(1, c);
  }
  return line;
}

std::string Text(const OffsetRanges& ranges) {
  std::string text;
  for (const auto& [tp, range] : ranges) {
    text += fmt::format(" {}/{}[{},{})", tp.topic, tp.partition.value, range.begin.value, range.end.value);
  }
  return text.empty() ? " nothing" : text;
}

std::string Text(const OffsetVector& next) {
  std::string text;
  for (const auto& [tp, offset] : next) text += fmt::format(" {}/{}={}", tp.topic, tp.partition.value, offset.value);
  return text.empty() ? " nothing" : text;
}

std::string Base(const std::optional<int64_t>& snapshot_id) {
  return snapshot_id ? fmt::format("snapshot {}", *snapshot_id) : "no snapshot";
}

std::string Count(size_t count, const char* one, const char* many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

/// What an entry says, behind its name.
struct Describe {
  std::string operator()(const txlog::Checkpoint& e) const {
    return fmt::format("{}, {}", Count(e.state.flushes.size(), "open flush", "open flushes"),
                       Count(e.state.tables.size(), "table", "tables"));
  }
  std::string operator()(const txlog::FlushStarted& e) const {
    return fmt::format("{}  {}{}", e.flush_id, e.table, Text(e.ranges));
  }
  std::string operator()(const txlog::FileStarted& e) const { return fmt::format("{}  {}", e.flush_id, e.location); }
  std::string operator()(const txlog::FileWritten& e) const {
    return fmt::format("{}  {}  {} rows, {} bytes", e.flush_id, e.location, e.record_count, e.size_bytes);
  }
  std::string operator()(const txlog::CommitIntent& e) const {
    const bool manifest = e.handover && !e.handover->manifest.empty();
    return fmt::format("{}  snapshot {} on {} of table {}{}", e.flush_id, e.snapshot_id, Base(e.base_snapshot_id),
                       e.table_uuid, manifest ? ", manifest " + e.handover->manifest : std::string());
  }
  std::string operator()(const txlog::CommitDone& e) const {
    return fmt::format("{}  {} snapshot {}, next{}", e.flush_id, e.table, e.snapshot_id, Text(e.next));
  }
  std::string operator()(const txlog::FlushAbandoned& e) const { return fmt::format("{}  {}", e.flush_id, e.reason); }
};

}  // namespace

Status TxlogPrinter::PrintSegment(const std::string& name, std::string_view bytes) {
  if (format_ == Format::kText) print_(fmt::format("{}  {} bytes", name, bytes.size()));
  txlog::SegmentReplay replay;
  const auto visit = [&](const txlog::EntryView& view) {
    PrintEntry(name, view.offset, view.payload, view.entry);
    replay.Take(view.entry);
  };
  const auto end = txlog::ReadSegment(bytes, visit, cipher_);
  if (!end) {
    state_.reset();
    const Error error = end.error().With(name);
    print_(format_ == Format::kJson ? ordered_json{{"segment", name}, {"error", error.ToString()}}.dump()
                                    : "  " + error.ToString());
    return std::unexpected(error);
  }
  if (replay.state()) {
    state_ = std::move(replay.state());
  } else {
    print_(format_ == Format::kJson ? ordered_json{{"segment", name}, {"unfinished", true}}.dump()
                                    : "  no whole checkpoint: a rotation that was cut short; a start removes it");
  }
  if (end->valid_bytes < bytes.size()) PrintTornTail(name, end->valid_bytes, bytes.size() - end->valid_bytes);
  return {};
}

void TxlogPrinter::PrintEntry(const std::string& segment, size_t offset, std::string_view payload,
                              const txlog::Entry& entry) {
  const std::string_view type = txlog::TypeName(txlog::TypeOf(entry));
  if (format_ == Format::kText) {
    return print_(fmt::format("{:>10}  {:<14}  {}", offset, type, OneLine(std::visit(Describe{}, entry))));
  }
  const bool one_line = std::ranges::none_of(payload, [](char c) { return c == '\n' || c == '\r'; });
  print_(fmt::format(R"({{"segment":"{}","offset":{},"type":"{}","payload":{}}})", segment, offset, type,
                     one_line ? std::string(payload) : json::parse(payload).dump()));
}

void TxlogPrinter::PrintTornTail(const std::string& segment, size_t offset, size_t size) {
  if (format_ == Format::kJson) {
    return print_(ordered_json{{"segment", segment}, {"torn_offset", offset}, {"torn_bytes", size}}.dump());
  }
  print_(
      fmt::format("{:>10}  torn tail of {} bytes, or an entry that is being written; a start cuts it", offset, size));
}

void TxlogPrinter::PrintState() {
  if (format_ == Format::kJson) {
    return print_(fmt::format(R"({{"recovery_state":{}}})", state_ ? txlog::EncodeState(*state_) : "null"));
  }
  if (!state_) return print_("a start would stop at the damage");
  print_(fmt::format("a start would know of {} and {}", Count(state_->flushes.size(), "open flush", "open flushes"),
                     Count(state_->tables.size(), "table", "tables")));
  for (const auto& [id, flush] : state_->flushes) PrintOpenFlush(flush);
  for (const auto& [name, table] : state_->tables) {
    print_(fmt::format("  table {}  uuid {}, snapshot {}, next{}", name, table.table_uuid, table.snapshot_id,
                       Text(table.next)));
  }
}

void TxlogPrinter::PrintOpenFlush(const txlog::OpenFlush& flush) {
  const std::string commit = flush.intent ? fmt::format("commit of snapshot {} on {} asked for, or about to be",
                                                        flush.intent->snapshot_id, Base(flush.intent->base_snapshot_id))
                                          : "no commit asked for";
  print_(fmt::format("  flush {}  {}{}: {}", flush.flush_id, flush.table, Text(flush.ranges), commit));
  for (const auto& location : flush.started) {
    const bool whole = std::ranges::find(flush.written, location, &txlog::FileWritten::location) != flush.written.end();
    print_(fmt::format("    {}  {}", whole ? "complete  " : "incomplete", OneLine(location)));
  }
}

}  // namespace k2i::cli
