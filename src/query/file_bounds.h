// SPDX-License-Identifier: Apache-2.0
//
// What manifests say of the rows of a file: partition values, counts and bounds of columns.
#pragma once

#include "iceberg/manifest/manifest.h"
#include "query/predicate.h"

namespace k2i::query {

/// False only when no row of `file` meets the predicate. `spec`: the file's.
bool MayMatchFile(const Predicate& predicate, const iceberg::DataFile& file, const iceberg::PartitionSpec& spec,
                  const iceberg::Schema& schema);
/// False only when no row of the files in `manifest` does.
bool MayMatchManifest(const Predicate& predicate, const iceberg::ManifestFile& manifest,
                      const iceberg::PartitionSpec& spec, const iceberg::Schema& schema);

/// The condition that the partition value `transform`(x) meets if x, of type `source`, meets `test`; nullopt where the
/// one says nothing of the other.
std::optional<ColumnTest> ProjectTest(const ColumnTest& test, const iceberg::Transform& transform,
                                      const iceberg::Type& source);

bool IsFloating(const iceberg::Type& type);

}  // namespace k2i::query
