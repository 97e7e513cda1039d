// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"

namespace k2i::sim {

/// What happened, in order: numbered lines with the simulated time, a hash over them (two runs of one seed must agree),
/// how often each thing was exercised, and the first promise that was broken.
class History {
 public:
  void Event(Duration now, const std::string& who, const std::string& what);
  /// A line for people alone (what the product logs): not in the hash.
  void Note(Duration now, const std::string& who, const std::string& what);
  void Count(const std::string& what, int64_t times = 1) { counters_[what] += times; }
  /// `check`: the short name of the promise, such as "row-twice". Only the first is kept.
  void Break(Duration now, const std::string& check, const std::string& what);

  bool broken() const { return !broken_check_.empty(); }
  const std::string& broken_check() const { return broken_check_; }
  const std::string& broken_what() const { return broken_what_; }
  uint64_t hash() const { return hash_; }
  const std::vector<std::string>& lines() const { return lines_; }
  const std::map<std::string, int64_t>& counters() const { return counters_; }

 private:
  uint64_t hash_ = 0xcbf29ce484222325ULL;
  std::vector<std::string> lines_;
  std::map<std::string, int64_t> counters_;
  std::string broken_check_, broken_what_;
};

}  // namespace k2i::sim
