// SPDX-License-Identifier: Apache-2.0
#include "verify/position_check.h"

#include <fmt/format.h>

#include <algorithm>

namespace k2i::verify {

PositionCheck::PositionCheck(Options options) : options_(options), found_rows_(options.history.statements.size(), 0) {
  for (const auto& declaration : options_.declarations) {
    if (declaration.adopted) adoptions_.push_back(declaration.sequence_number);
  }
  for (const auto& declaration : options_.declarations) {
    const int epoch = EpochOf(declaration.sequence_number);
    for (const auto& [partition, moved] : declaration.moved) {
      if (moved.end >= moved.begin) continue;
      SlotOf(partition.topic, partition.partition.value).reread.push_back({epoch, {moved.end, moved.begin}});
    }
  }
  const auto& statements = options_.history.statements;
  for (size_t i = 0; i < statements.size(); ++i) {
    const int epoch = EpochOf(statements[i].snapshot->sequence_number);
    for (const auto& [partition, range] : statements[i].ranges) {
      SlotOf(partition.topic, partition.partition.value)
          .intervals[epoch]
          .push_back({range.begin.value, range.end.value, i});
    }
  }
  for (auto& [name, slot] : slots_) {
    for (auto& [epoch, intervals] : slot.intervals) std::ranges::sort(intervals, {}, &Interval::begin);
  }
}

int PositionCheck::EpochOf(int64_t sequence_number) const {
  return static_cast<int>(std::ranges::count_if(adoptions_, [&](int64_t at) { return at <= sequence_number; }));
}

PositionCheck::Slot& PositionCheck::SlotOf(std::string_view topic, int32_t partition) {
  if (last_slot_ != nullptr && last_slot_->partition.partition.value == partition &&
      last_slot_->partition.topic == topic) {
    return *last_slot_;
  }
  const auto [found, fresh] = slots_.try_emplace({std::string(topic), partition});
  if (fresh) {
    found->second.partition = {std::string(topic), PartitionId{partition}};
    found->second.next = options_.committed.Next(found->second.partition);
  }
  last_slot_ = &found->second;
  return *last_slot_;
}

void PositionCheck::StartFile(const iceberg::ManifestEntry& file) {
  file_ = &file;
  file_statement_.reset();
  file_replayed_ = false;
  const auto& statements = options_.history.statements;
  for (size_t i = 0; i < statements.size() && file.snapshot_id; ++i) {
    const auto& statement = statements[i];
    if (!statement.ours || !statement.readable || statement.snapshot->snapshot_id != *file.snapshot_id) continue;
    file_replayed_ = statement.replayed.has_value();
    if (!statement.ranges.empty()) file_statement_ = i;
  }
  file_epoch_ = EpochOf(file.sequence_number.value_or(0));
}

bool PositionCheck::IsDeclared(const Slot& slot, int64_t offset, size_t layer) const {
  const auto times = std::ranges::count_if(slot.reread, [&](const auto& reread) {
    return reread.first == file_epoch_ && reread.second.begin.value <= offset && offset < reread.second.end.value;
  });
  return layer <= static_cast<size_t>(times);
}

/// The statement that committed the offset; nullopt when it is not kept, or several did.
std::optional<size_t> PositionCheck::StatementOf(const Slot& slot, int64_t offset) const {
  const auto intervals = slot.intervals.find(file_epoch_);
  if (intervals == slot.intervals.end()) return std::nullopt;
  std::optional<size_t> found;
  auto it = std::ranges::upper_bound(intervals->second, offset, {}, &Interval::begin);
  // Ranges overlap where a rewind was declared (or where the history is wrong): two of them are looked at.
  for (int looked = 0; it != intervals->second.begin() && looked < 2; ++looked) {
    --it;
    if (offset >= it->end) continue;
    if (found) return std::nullopt;
    found = it->statement;
  }
  return found;
}

void PositionCheck::Blame(const char* kind, const Slot& slot, int64_t offset) {
  Fault& fault = faults_[{kind, file_->snapshot_id.value_or(0), slot.partition}];
  if (fault.count++ == 0) {
    fault.first = fault.last = offset;
    fault.file = file_->data_file.file_path;
  }
  fault.first = std::min(fault.first, offset);
  fault.last = std::max(fault.last, offset);
}

void PositionCheck::Add(std::string_view topic, int32_t partition, int64_t offset) {
  Slot& slot = SlotOf(topic, partition);
  ++rows_;
  ++slot.rows;
  const bool newest_epoch = file_epoch_ == static_cast<int>(adoptions_.size());
  if (offset < 0 || (newest_epoch && (!slot.next || offset >= slot.next->value))) {
    Blame("outside-vector", slot, offset);
    if (offset < 0) return;
  }
  if (file_statement_) {
    const auto& ranges = options_.history.statements[*file_statement_].ranges;
    const auto range = ranges.find(slot.partition);
    if (range == ranges.end() || offset < range->second.begin.value || offset >= range->second.end.value) {
      Blame("outside-range", slot, offset);
    }
    ++found_rows_[*file_statement_];
  } else if (file_replayed_) {
    // Its record was no row of the snapshot that committed its offset.
  } else if (const auto statement = StatementOf(slot, offset)) {
    ++found_rows_[*statement];
  }
  auto& layers = slot.seen[file_epoch_];
  size_t layer = 0;
  for (; layer < layers.size(); ++layer) {
    if (layers[layer].Insert(offset)) break;
  }
  if (layer > 0 && IsDeclared(slot, offset, layer)) {
    ++declared_repeats_;
  } else if (layer > 0) {
    Blame("repeated-position", slot, offset);
    return;  // more copies need no layer of their own
  }
  if (layer == layers.size()) layers.emplace_back().Insert(offset);
}

void PositionCheck::Finish(Findings& findings) {
  for (const auto& [key, fault] : faults_) {
    const auto& [kind, snapshot_id, partition] = key;
    const std::string offsets = fault.count == 1
                                    ? fmt::format("offset {}", fault.first)
                                    : fmt::format("{} offsets from {} to {}", fault.count, fault.first, fault.last);
    const Findings::Place place{snapshot_id, partition};
    if (kind == "repeated-position") {
      const std::string text = fmt::format("{} in the table more than once; again in {}", offsets, fault.file);
      findings.Add(options_.rows_deleted ? Severity::kUnchecked : Severity::kProblem, kind, place, text);
    } else if (kind == "outside-vector") {
      findings.Problem(kind, place, fmt::format("{} past what has been committed, in {}", offsets, fault.file));
    } else {
      findings.Problem(kind, place, fmt::format("{} outside of the snapshot's range, in {}", offsets, fault.file));
    }
  }
  TellMissing(findings);
}

void PositionCheck::TellMissing(Findings& findings) const {
  const auto& statements = options_.history.statements;
  for (size_t i = 0; i < statements.size(); ++i) {
    if (!statements[i].ours || !statements[i].readable || statements[i].ranges.empty()) continue;
    // Rows that were compacted where ranges overlap cannot be told apart.
    const bool ambiguous = std::ranges::any_of(statements[i].ranges, [&](const auto& each) {
      const auto slot = slots_.find({each.first.topic, each.first.partition.value});
      return slot != slots_.end() && !slot->second.reread.empty();
    });
    if (ambiguous || found_rows_[i] >= options_.committed_rows[i]) continue;
    findings.Add(
        options_.rows_deleted ? Severity::kUnchecked : Severity::kProblem, "missing-rows",
        {statements[i].snapshot->snapshot_id},
        fmt::format("committed {} rows, of which {} are in the table", options_.committed_rows[i], found_rows_[i]));
  }
}

std::map<TopicPartition, int64_t> PositionCheck::RowsByPartition() const {
  std::map<TopicPartition, int64_t> rows;
  for (const auto& [name, slot] : slots_) rows[slot.partition] = slot.rows;
  return rows;
}

}  // namespace k2i::verify
