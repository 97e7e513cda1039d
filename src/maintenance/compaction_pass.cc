// SPDX-License-Identifier: Apache-2.0
#include "maintenance/compaction_pass.h"

#include <algorithm>
#include <charconv>

#include "maintenance/carried_progress.h"

namespace k2i::maintenance {
namespace {

constexpr int64_t kDefaultTarget = int64_t{256} << 20;
/// Rows in memory take about so many times the bytes they take in a file; sorting checks the true size as it reads.
constexpr int64_t kExpansion = 4;

int64_t TargetOf(const iceberg::TableMetadata& table, const CompactionPolicy& policy) {
  if (policy.target_bytes > 0) return policy.target_bytes;
  const std::string text = table.PropertyOr("write.target-file-size-bytes", "");
  int64_t bytes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  return error == std::errc() && bytes > 0 ? bytes : kDefaultTarget;
}

/// Files whose metrics are needed, for those of the file they become are made from them.
FileTest MayBeCopied(const CompactionOptions& options, bool sorted) {
  if (sorted || !options.copy_from_share) return [](const auto&) { return false; };
  const auto limits = CopyLimitsOf(options.memory_bytes, *options.copy_from_share);
  return [limits](const iceberg::DataFile& file) { return datafile::MayBeCopied(file, limits); };
}

}  // namespace

Result<std::vector<RewriterInput>> CompactionPass::FilesOf(const CompactionGroup& group) const {
  std::vector<RewriterInput> found;
  for (const size_t file : group.files) {
    K2I_ASSIGN_OR_RETURN(auto deleted, deletes.For(files.data[file]));
    found.push_back({&files.data[file].data_file, files.data[file].sequence_number, std::move(deleted)});
  }
  return found;
}

Status PlanPass(io::ObjectStore& store, const CompactionOptions& options, int64_t files_removed, CompactionPass& pass) {
  const iceberg::TableMetadata& table = pass.metadata();
  FileTest wanted = [](const auto&) { return true; };
  if (options.where) {
    K2I_ASSIGN_OR_RETURN(wanted, options.where(table));
  }
  const bool sorted = !table.default_sort_order().fields.empty();
  K2I_ASSIGN_OR_RETURN(pass.files, ReadLiveFiles(store, table, *pass.head, wanted, MayBeCopied(options, sorted)));
  K2I_ASSIGN_OR_RETURN(pass.deletes, iceberg::DeleteIndex::Make(pass.files.deletes, table.partition_specs));
  K2I_ASSIGN_OR_RETURN(const auto described, DescribeFiles(pass.files, pass.deletes));
  pass.policy = options.policy;
  pass.policy.target_bytes = TargetOf(table, options.policy);
  pass.policy.max_files -= files_removed;
  if (sorted) {
    pass.policy.max_group_bytes = std::min(pass.policy.max_group_bytes, options.memory_bytes / 3 / kExpansion);
  }
  K2I_ASSIGN_OR_RETURN(pass.policy.barriers, AdoptionBarriers(table, options.replace.branch));
  pass.plan = PlanCompaction(described, table.default_spec_id, pass.head->sequence_number, pass.policy);
  return {};
}

void DescribePlan(const CompactionPass& pass, CompactionReport& report) {
  const iceberg::TableMetadata& table = pass.metadata();
  report.planned_on = pass.head->snapshot_id;
  report.target_bytes = pass.policy.target_bytes;
  report.live_files_before = static_cast<int64_t>(pass.files.data.size());
  for (const auto& entry : pass.files.data) report.live_bytes_before += entry.data_file.file_size_in_bytes;
  report.not_rewritable = pass.plan.not_rewritable;
  for (const auto& group : pass.plan.groups) {
    GroupReport said{.partition = {},
                     .files = static_cast<int64_t>(group.files.size()),
                     .bytes = group.bytes,
                     .rows = group.rows,
                     .old_spec = group.old_spec,
                     .has_deletes = group.has_deletes};
    if (!group.old_spec) {
      const auto& first = pass.files.data[group.files.front()].data_file;
      const auto path = iceberg::PartitionPath(table.default_spec(), table.current_schema(), first.partition);
      if (path) said.partition = *path;  // for people only
    }
    report.groups.push_back(std::move(said));
  }
}

}  // namespace k2i::maintenance
