// SPDX-License-Identifier: Apache-2.0
//
// Parquet files that others have written become data files of a table, where they lie.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "iceberg/catalog/catalog.h"
#include "iceberg/model/data_file.h"
#include "io/object_store.h"
#include "maintenance/replace_commit.h"

namespace k2i::maintenance {

struct AdoptedFiles {
  std::optional<int64_t> snapshot_id;  // none: there was nothing to adopt
  int64_t files = 0, rows = 0, bytes = 0;
};

/// One append of `files`, as another engine would make it: no offsets are said of its rows, and the boundary of a
/// pipeline stays where it is. AlreadyExists where the branch refers to one of the files already. Beside it as
/// ReplaceCommit.
Result<AdoptedFiles> AdoptFiles(ReplaceCommit::Parts parts, io::ObjectStore& store, const iceberg::LoadedTable& table,
                                const std::vector<iceberg::DataFile>& files, const ReplaceOptions& options,
                                std::stop_token stop);

}  // namespace k2i::maintenance
