// SPDX-License-Identifier: Apache-2.0
#include "sim/history.h"

#include <fmt/format.h>

namespace k2i::sim {

void History::Event(Duration now, const std::string& who, const std::string& what) {
  lines_.push_back(
      fmt::format("{:5} {:10.4f} {:<9} {}", lines_.size(), static_cast<double>(now.count()) / 1e9, who, what));
  // FNV-1a; the number is left out, for notes stand between events or not.
  for (const char c : lines_.back().substr(6)) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
}

void History::Note(Duration now, const std::string& who, const std::string& what) {
  lines_.push_back(
      fmt::format("{:5} {:10.4f} {:<9}   | {}", lines_.size(), static_cast<double>(now.count()) / 1e9, who, what));
}

void History::Break(Duration now, const std::string& check, const std::string& what) {
  Event(now, "CHECK", check + ": " + what);
  if (broken()) return;
  broken_check_ = check;
  broken_what_ = what;
}

}  // namespace k2i::sim
