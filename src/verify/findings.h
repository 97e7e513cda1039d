// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"

namespace k2i::verify {

enum class Severity {
  kProblem,    // the table is not what K2I committed
  kUnchecked,  // something that could not be proven, and why
  kNote,       // worth knowing, such as a snapshot of another writer
};

struct Finding {
  Severity severity = Severity::kProblem;
  std::string kind;  // for programs: "gap", "overlap", "double-reference" …; docs/verify.md has them all
  std::optional<int64_t> snapshot_id;
  std::optional<TopicPartition> partition;
  std::string message;
  /// "snapshot 12, events/0: gap: …"
  std::string ToString() const;
};

/// What the checks have to say, in the order in which they said it.
class Findings {
 public:
  struct Place {
    std::optional<int64_t> snapshot_id = std::nullopt;
    std::optional<TopicPartition> partition = std::nullopt;
  };
  void Problem(std::string kind, Place place, std::string message) {
    Add(Severity::kProblem, std::move(kind), std::move(place), std::move(message));
  }
  void Unchecked(std::string kind, Place place, std::string message) {
    Add(Severity::kUnchecked, std::move(kind), std::move(place), std::move(message));
  }
  void Note(std::string kind, Place place, std::string message) {
    Add(Severity::kNote, std::move(kind), std::move(place), std::move(message));
  }
  void Add(Severity severity, std::string kind, Place place, std::string message) {
    all_.push_back({severity, std::move(kind), place.snapshot_id, std::move(place.partition), std::move(message)});
  }

  const std::vector<Finding>& all() const { return all_; }
  std::vector<Finding> Of(Severity severity) const;

 private:
  std::vector<Finding> all_;
};

}  // namespace k2i::verify
