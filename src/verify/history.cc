// SPDX-License-Identifier: Apache-2.0
#include "verify/history.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <ranges>
#include <set>

namespace k2i::verify {
namespace {

using progress::Progress;

const std::string* Find(const iceberg::Snapshot& snapshot, std::string_view key) {
  const auto found = snapshot.summary.find(std::string(key));
  return found == snapshot.summary.end() ? nullptr : &found->second;
}

Status ReadStatement(const iceberg::Snapshot& snapshot, Statement& statement) {
  const std::string* offsets = Find(snapshot, progress::kOffsetsKey);
  if (offsets == nullptr) {
    return Fail(ErrorCode::kCorruption, fmt::format("{} is missing", progress::kOffsetsKey));
  }
  K2I_ASSIGN_OR_RETURN(statement.progress, progress::ParseProgress(*offsets));
  if (const std::string* ranges = Find(snapshot, progress::kRangesKey)) {
    K2I_ASSIGN_OR_RETURN(statement.ranges, progress::ParseRanges(*ranges));
  }
  if (const std::string* rows = Find(snapshot, progress::kReplayKey)) {
    int64_t count = 0;
    const auto [end, error] = std::from_chars(rows->data(), rows->data() + rows->size(), count);
    if (error != std::errc() || end != rows->data() + rows->size()) {
      return Fail(ErrorCode::kCorruption, fmt::format("{} is no number", progress::kReplayKey));
    }
    statement.replayed = count;
  }
  K2I_ASSIGN_OR_RETURN(const auto declaration, progress::DeclarationOf(snapshot));
  if (declaration) {
    statement.moved = declaration->moved;
    statement.adopted = declaration->adopted;
  }
  return {};
}

/// One step from a statement of ours to the next.
class Step {
 public:
  Step(const Progress& before, const Statement& statement, Findings& findings)
      : before_(before), now_(statement), findings_(findings) {}

  void Check() {
    CheckRanges();
    if (now_.adopted) return NoteAdoption();
    CheckIdentity();
    for (const auto& [partition, next] : before_.Vector()) CheckPartition(partition, next);
    for (const auto& [partition, next] : now_.progress.Vector()) {
      if (before_.Next(partition) || now_.ranges.contains(partition)) continue;
      Problem("vector", partition, fmt::format("appears in the vector at {} without a range", next.value));
    }
  }

  /// Each range is one, and ends where the vector stands.
  void CheckRanges() {
    for (const auto& [partition, range] : now_.ranges) {
      const auto next = now_.progress.Next(partition);
      if (range.begin > range.end) {
        Problem("range", partition, fmt::format("range [{}, {}) is none", range.begin.value, range.end.value));
      } else if (next != range.end) {
        Problem("vector", partition,
                fmt::format("range [{}, {}) does not end where the vector stands ({})", range.begin.value,
                            range.end.value, next ? std::to_string(next->value) : "nowhere"));
      }
    }
  }

 private:
  void Problem(std::string kind, const TopicPartition& partition, std::string message) {
    findings_.Problem(std::move(kind), {now_.snapshot->snapshot_id, partition}, std::move(message));
  }

  void NoteAdoption() {
    findings_.Note("adopt", {now_.snapshot->snapshot_id},
                   fmt::format("declared: offsets start anew here (k2i offsets adopt; cluster '{}' became '{}')",
                               before_.cluster_id, now_.progress.cluster_id));
  }

  void CheckIdentity() {
    const auto differ = [](const std::string& a, const std::string& b) { return !a.empty() && !b.empty() && a != b; };
    if (differ(before_.cluster_id, now_.progress.cluster_id)) {
      findings_.Problem("identity", {now_.snapshot->snapshot_id},
                        fmt::format("Kafka cluster '{}' became '{}'", before_.cluster_id, now_.progress.cluster_id));
    }
    for (const auto& [name, topic] : now_.progress.topics) {
      const auto was = before_.topics.find(name);
      if (was == before_.topics.end() || !differ(was->second.topic_id, topic.topic_id)) continue;
      findings_.Problem(
          "identity", {now_.snapshot->snapshot_id},
          fmt::format("topic '{}' of id {} became another of id {}", name, was->second.topic_id, topic.topic_id));
    }
  }

  /// Where the rows of this snapshot must begin: where the one before ended, or where a rewind put it.
  Offset Expected(const TopicPartition& partition, Offset next) {
    const auto moved = now_.moved.find(partition);
    if (moved == now_.moved.end()) return next;
    const auto [from, to] = moved->second;
    if (from != next) {
      Problem("rewind", partition,
              fmt::format("the rewind says that it stood at {}, but it stood at {}", from.value, next.value));
    }
    findings_.Note("rewind", {now_.snapshot->snapshot_id, partition},
                   to < from ? fmt::format("declared: offsets [{}, {}) are read again", to.value, from.value)
                             : fmt::format("declared: offsets [{}, {}) are left out", from.value, to.value));
    return to;
  }

  void CheckPartition(const TopicPartition& partition, Offset next) {
    const auto after = now_.progress.Next(partition);
    if (!after) {
      return Problem("vector", partition, fmt::format("is not carried forward; it stood at {}", next.value));
    }
    const Offset expected = Expected(partition, next);
    const auto range = now_.ranges.find(partition);
    const bool ranged = range != now_.ranges.end();
    const Offset begin = ranged ? range->second.begin : *after;
    const std::string how = ranged ? "begins at" : "has no range, but moves the vector to";
    if (begin > expected) {
      Problem("gap", partition,
              fmt::format("gap: offsets [{}, {}) were never committed: the snapshot before ends at {}, this one {} {}",
                          expected.value, begin.value, expected.value, how, begin.value));
    } else if (begin < expected) {
      Problem(
          "overlap", partition,
          fmt::format("overlap: offsets [{}, {}) are committed again: the snapshot before ends at {}, this one {} {}",
                      begin.value, expected.value, expected.value, how, begin.value));
    }
  }

  const Progress& before_;
  const Statement& now_;
  Findings& findings_;
};

/// The first statement that is kept: there is nothing it must join.
void CheckFirst(const Statement& statement, bool first_of_all, Findings& findings) {
  Step({}, statement, findings).CheckRanges();
  if (!first_of_all || statement.adopted) return;
  for (const auto& [partition, next] : statement.progress.Vector()) {
    if (statement.ranges.contains(partition)) continue;
    findings.Problem("vector", {statement.snapshot->snapshot_id, partition},
                     fmt::format("the first snapshot stands at {} without a range", next.value));
  }
}

void CheckProperty(const iceberg::TableMetadata& table, std::string_view pipeline, bool property_mirror,
                   const Statement& newest, Findings& findings) {
  const std::string name = progress::PropertyName(pipeline);
  const auto property = table.properties.find(name);
  if (property == table.properties.end()) {
    if (property_mirror) findings.Note("property", {}, "table property " + name + " is missing");
    return;
  }
  const auto said = progress::ParseProgress(property->second);
  if (said && *said == newest.progress) return;
  findings.Problem("property", {newest.snapshot->snapshot_id},
                   fmt::format("table property {} {}", name,
                               said ? "does not say what the newest snapshot says" : "cannot be read"));
}

}  // namespace

const Statement* History::newest() const {
  for (const Statement& statement : statements | std::views::reverse) {
    if (statement.ours && statement.readable) return &statement;
  }
  return nullptr;
}

History ReadHistory(const iceberg::TableMetadata& table, std::string_view pipeline, std::string_view branch,
                    Findings& findings) {
  History history;
  std::set<int64_t> seen;
  const iceberg::Snapshot* snapshot = table.FindRef(branch);
  while (snapshot != nullptr && seen.insert(snapshot->snapshot_id).second) {
    Statement statement{.snapshot = snapshot};
    if (const std::string* owner = Find(*snapshot, progress::kPipelineKey)) statement.pipeline = *owner;
    statement.ours = statement.pipeline == pipeline;
    if (statement.ours) {
      const Status read = ReadStatement(*snapshot, statement);
      statement.readable = read.has_value();
      if (!read) findings.Problem("unreadable", {snapshot->snapshot_id}, read.error().message);
    }
    history.statements.push_back(std::move(statement));
    // Some that expire snapshots take the parent out of the one that is left: the table's first has sequence number 1.
    history.complete = !snapshot->parent_snapshot_id && snapshot->sequence_number <= 1;
    if (!snapshot->parent_snapshot_id) break;
    snapshot = table.FindSnapshot(*snapshot->parent_snapshot_id);
  }
  std::ranges::reverse(history.statements);
  return history;
}

void CheckContinuity(const History& history, Findings& findings) {
  const Statement* before = nullptr;
  bool nothing_before = history.complete;
  for (const Statement& statement : history.statements) {
    if (!statement.ours) continue;
    if (!statement.readable) {
      // What it said is unknown: the next one has nothing to join.
      before = nullptr;
    } else {
      if (before == nullptr) {
        CheckFirst(statement, nothing_before, findings);
      } else {
        Step(before->progress, statement, findings).Check();
      }
      before = &statement;
    }
    nothing_before = false;
  }
}

void CheckRefs(const iceberg::TableMetadata& table, std::string_view pipeline, std::string_view branch,
               bool property_mirror, const History& history, Findings& findings) {
  const Statement* newest = history.newest();
  if (newest == nullptr) return;
  const int64_t newest_id = newest->snapshot->snapshot_id;
  const std::string tag = progress::TagName(pipeline);
  const auto ref = table.refs.find(tag);
  if (ref == table.refs.end()) {
    findings.Note("tag", {newest_id}, "tag " + tag + " is missing: nothing keeps others from expiring the snapshot");
  } else if (const int64_t tagged = ref->second.snapshot_id; tagged != newest_id) {
    const bool in_branch = std::ranges::any_of(
        history.statements, [&](const Statement& statement) { return statement.snapshot->snapshot_id == tagged; });
    findings.Problem(
        "tag", {newest_id},
        in_branch || !history.complete
            ? fmt::format("tag {} points to snapshot {}, but this is the newest", tag, tagged)
            : fmt::format("tag {} points to snapshot {}, which is not in branch {}: the branch has been rolled back to "
                          "this snapshot by others",
                          tag, tagged, branch));
  }
  CheckProperty(table, pipeline, property_mirror, *newest, findings);
}

}  // namespace k2i::verify
