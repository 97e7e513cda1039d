// SPDX-License-Identifier: Apache-2.0
#include "verify/findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace k2i::verify {

std::string Finding::ToString() const {
  std::string place;
  if (snapshot_id) place = fmt::format("snapshot {}", *snapshot_id);
  if (partition) {
    place += fmt::format("{}{}/{}", place.empty() ? "" : ", ", partition->topic, partition->partition.value);
  }
  return place.empty() ? message : place + ": " + message;
}

std::vector<Finding> Findings::Of(Severity severity) const {
  std::vector<Finding> found;
  std::ranges::copy_if(all_, std::back_inserter(found),
                       [&](const Finding& finding) { return finding.severity == severity; });
  return found;
}

}  // namespace k2i::verify
