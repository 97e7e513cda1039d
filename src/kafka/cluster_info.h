// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

namespace k2i::kafka {

/// Identity of what is read, as the boundary in the table carries it (design.md §4).
struct ClusterInfo {
  std::string cluster_id;
  std::map<std::string, std::string> topic_ids;  // topic → topic UUID (KIP-516); empty string where not known
  std::map<std::string, int> partition_counts;
};

}  // namespace k2i::kafka
