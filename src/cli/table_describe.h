// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "iceberg/catalog/catalog.h"
#include "iceberg/manifest/manifest.h"
#include "progress/lease.h"
#include "progress/progress.h"

namespace k2i::cli {

/// What `k2i table describe` has found out.
struct TableView {
  iceberg::LoadedTable table;
  std::string branch;
  std::vector<iceberg::ManifestFile> manifests;  // of the branch's head
  std::vector<progress::Lease> leases;
  int64_t now_ms = 0;
  struct Pipeline {
    std::string name;
    std::optional<progress::Boundary> boundary;
    std::string error;  // why the boundary cannot be read; empty: it can
  };
  std::vector<Pipeline> pipelines;
};

std::string DescribeText(const TableView& view);
/// One JSON object, with a line end. Schema, spec, order, snapshots and refs are as table metadata has them.
std::string DescribeJson(const TableView& view);

}  // namespace k2i::cli
