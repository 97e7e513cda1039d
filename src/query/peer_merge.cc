// SPDX-License-Identifier: Apache-2.0
#include "query/peer_merge.h"

#include <arrow/array/util.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "datafile/arrow_status.h"
#include "datafile/projection.h"
#include "iceberg/model/table_metadata.h"

namespace k2i::query {
namespace {

using buffer::SlicePtr;

/// The best that is known of a partition that is not read here.
struct Candidate {
  OffsetRange range;
  std::vector<SlicePtr> rows;
};
using Candidates = std::map<TopicPartition, Candidate>;

std::unexpected<Error> Odd(const std::string& what) { return Fail(ErrorCode::kCorruption, "its answer " + what); }

/// Whether rows of `given` can be shown in the columns of `wanted`; tried on no rows.
Status CheckColumns(const iceberg::Schema& wanted, const arrow::Schema& given) {
  K2I_ASSIGN_OR_RETURN(const auto projections, datafile::ProjectFields(wanted.fields(), given.fields()));
  for (const auto& projection : projections) {
    if (!projection.source) continue;
    K2I_ASSIGN_OR_RETURN(const auto none,
                         datafile::FromArrow(arrow::MakeEmptyArray(given.field(*projection.source)->type())));
    K2I_RETURN_IF_ERROR(datafile::Project(projection, *none, arrow::default_memory_pool()));
  }
  return {};
}

Status Check(const buffer::View& own, const PeerRows& answer) {
  if (answer.share.table_uuid != own.table->table_uuid) {
    return Fail(ErrorCode::kInvalidArgument, "it has another table of this name: " + answer.share.table_uuid);
  }
  int64_t promised = 0, sent = 0;
  for (const auto& [partition, rows] : answer.share.rows) {
    if (rows.row_count < 0 || rows.range.begin.value < 0 || rows.range.begin > rows.range.end ||
        rows.row_count > rows.range.end.value - rows.range.begin.value) {
      return Odd("names an impossible range of " + partition.topic + "-" + std::to_string(partition.partition.value));
    }
    promised += rows.row_count;
  }
  for (const auto& batch : answer.batches) {
    if (!batch->schema()->Equals(*answer.schema, /*check_metadata=*/false)) return Odd("has rows of another schema");
    sent += batch->num_rows();
  }
  if (promised != sent) {
    return Odd("has " + std::to_string(sent) + " rows, and says that it has " + std::to_string(promised));
  }
  return datafile::CatchAll([&] { return CheckColumns(own.table->current_schema(), *answer.schema); });
}

/// Hands out the rows of an answer from the first on, as slices. Where each comes from in Kafka is known of all of them
/// together only.
class RowCursor {
 public:
  explicit RowCursor(const PeerRows& answer) : answer_(answer) {}

  std::vector<SlicePtr> Take(int64_t count) {
    std::vector<SlicePtr> slices;
    while (count > 0) {
      const auto& batch = answer_.batches[batch_];
      const int64_t rows = std::min(count, batch->num_rows() - row_);
      if (rows > 0) {
        auto slice = std::make_shared<buffer::Slice>();
        // Under the schema of the stream, so that all slices of a peer share one.
        slice->rows = arrow::RecordBatch::Make(answer_.schema, rows, batch->Slice(row_, rows)->columns());
        slices.push_back(std::move(slice));
      }
      count -= rows;
      row_ += rows;
      if (row_ == batch->num_rows()) {
        ++batch_;
        row_ = 0;
      }
    }
    return slices;
  }

 private:
  const PeerRows& answer_;
  size_t batch_ = 0;
  int64_t row_ = 0;
};

/// Whether rows from `begin` on join the snapshot. One that does not know the partition has none of its rows, and
/// neither must the peer's, or there would be rows before these.
bool Joins(const buffer::View& own, const Share& share, const TopicPartition& partition, Offset begin) {
  const auto committed = own.committed.find(partition);
  if (committed != own.committed.end()) return begin == committed->second;
  return !share.committed.contains(partition);
}

bool Contains(const std::vector<TopicPartition>& partitions, const TopicPartition& partition) {
  return std::ranges::find(partitions, partition) != partitions.end();
}

/// Merging of one view.
class Merger {
 public:
  explicit Merger(const buffer::View& own) : own_(own) {
    if (own.assigned) assigned_ = *own.assigned;
  }

  void Add(PeerAnswer answer) {
    Status usable = answer.rows ? Check(own_, *answer.rows) : Status(std::unexpected(answer.rows.error()));
    if (answer.rows && answer.rows->share.table_uuid == own_.table->table_uuid) {
      // Columns that are not known here yet: the newer table has them.
      behind_ |= answer.rows->share.schema_id > own_.table->current_schema().schema_id;
    }
    if (!usable) {
      failures_.push_back({answer.peer, usable.error().ToString()});
      return;
    }
    const Share& share = answer.rows->share;
    for (const auto& partition : share.not_held) behind_ |= !Contains(assigned_, partition);
    RowCursor rows(*answer.rows);
    for (const auto& [partition, given] : share.rows) {
      auto slices = rows.Take(given.row_count);
      if (Contains(assigned_, partition)) continue;
      if (!Joins(own_, share, partition, given.range.begin)) {
        behind_ = true;
        continue;
      }
      Candidate& best = candidates_.try_emplace(partition, Candidate{{}, {}}).first->second;
      if (best.range.end < given.range.end || best.range == OffsetRange{}) best = {given.range, std::move(slices)};
    }
  }

  MergedView Finish() && {
    auto merged = std::make_shared<buffer::View>(own_);
    std::vector<TopicPartition> replaced;
    for (auto& [partition, candidate] : candidates_) {
      assigned_.push_back(partition);
      // Rows of a partition that has moved away: where there are as many, the reader's.
      const auto end = own_.end.find(partition);
      const auto committed = own_.committed.find(partition);
      const bool has_rows =
          end != own_.end.end() && (committed == own_.committed.end() || committed->second < end->second);
      if (has_rows && candidate.range.end < end->second) continue;
      if (has_rows) replaced.push_back(partition);
      merged->end[partition] = candidate.range.end;
      taken_.insert(taken_.end(), candidate.rows.begin(), candidate.rows.end());
    }
    if (!replaced.empty()) {
      merged->slices = buffer::DropPartitions(std::vector<SlicePtr>(own_.slices.begin(), own_.slices.end()), replaced);
    }
    for (auto& slice : taken_) merged->slices.push_back(std::move(slice));
    merged->assigned = std::move(assigned_);
    return {std::move(merged), behind_, std::move(failures_)};
  }

 private:
  const buffer::View& own_;
  std::vector<TopicPartition> assigned_;
  Candidates candidates_;
  std::vector<SlicePtr> taken_;
  bool behind_ = false;
  std::vector<PeerFailure> failures_;
};

}  // namespace

MergedView MergePeers(const buffer::ViewPtr& own, std::vector<PeerAnswer> answers) {
  Merger merger(*own);
  for (PeerAnswer& answer : answers) merger.Add(std::move(answer));
  return std::move(merger).Finish();
}

buffer::ViewPtr Rebase(const buffer::View& view, const buffer::CommittedTable& committed) {
  if (committed.table->table_uuid != view.table->table_uuid) return nullptr;
  const bool same_columns = committed.table->current_schema_id == view.table->current_schema_id;
  if (committed.snapshot_id == view.snapshot_id && same_columns) return nullptr;
  for (const auto& [partition, offset] : view.committed) {
    const auto newer = committed.offsets.find(partition);
    if (newer == committed.offsets.end() || newer->second < offset) return nullptr;  // rolled back
  }
  for (const auto& slice : view.slices) {
    for (const auto& [partition, range] : slice->ranges) {
      if (view.committed.contains(partition)) continue;
      // Its reader has begun by itself; a commit that ends before that leaves a gap.
      const auto newer = committed.offsets.find(partition);
      if (newer != committed.offsets.end() && newer->second < range.begin) return nullptr;
    }
  }
  auto rebased = std::make_shared<buffer::View>(view);
  rebased->table = committed.table;
  rebased->snapshot_id = committed.snapshot_id;
  rebased->committed = committed.offsets;
  rebased->slices = buffer::DropBelow(std::vector<SlicePtr>(view.slices.begin(), view.slices.end()), committed.offsets);
  for (const auto& [partition, offset] : committed.offsets) {
    Offset& end = rebased->end.try_emplace(partition, offset).first->second;
    end = std::max(end, offset);
  }
  return rebased;
}

}  // namespace k2i::query
