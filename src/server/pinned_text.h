// SPDX-License-Identifier: Apache-2.0
//
// What an answer was pinned to, as members of JSON answers, as headers and as an Arrow schema's metadata.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "query/service.h"

namespace k2i::server {

/// {"table","snapshot_id","offsets"} and, where there are some, "missing": {"events":[1,2]}.
nlohmann::ordered_json PinnedJson(const query::Pinned& pinned);

/// JSON texts; of an answer from other than one table, the snapshot is null and the offsets are {}.
struct PinnedTexts {
  std::string snapshot_id;
  std::string offsets;
  std::string tables;  // [{"table",…}], ASCII
};
PinnedTexts MakePinnedTexts(const std::vector<query::Pinned>& pinned);

}  // namespace k2i::server
