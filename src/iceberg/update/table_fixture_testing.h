// SPDX-License-Identifier: Apache-2.0
//
// The small table that the tests of this folder change.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceberg/update/table_update.h"

namespace k2i::iceberg {

inline constexpr int64_t kNow = 1'700'000'000'000;

inline NestedField Field(int32_t id, std::string name, TypeId type, bool optional = true) {
  return {.field_id = id, .name = std::move(name), .type = Type::Primitive(type), .optional = optional};
}

inline Schema SchemaOf(std::vector<NestedField> fields) { return {.type = Type::Struct(std::move(fields))}; }

inline CreateTableRequest Request() {
  CreateTableRequest request;
  request.schema = SchemaOf({Field(10, "id", TypeId::kLong, false), Field(11, "ts", TypeId::kTimestampTz)});
  request.spec.fields = {{11, 0, "ts_day", {TransformKind::kDay}}};
  request.sort_order.fields = {{.transform = {}, .source_id = 10}};
  return request;
}

inline TableMetadata NewTable(const CreateTableRequest& request = Request()) {
  return *NewTableMetadata(request, "s3://b/t", "uuid-1", kNow);
}

inline Snapshot SnapshotOf(int64_t id, int64_t sequence_number, std::optional<int64_t> parent = {}) {
  Snapshot snapshot;
  snapshot.snapshot_id = id;
  snapshot.parent_snapshot_id = parent;
  snapshot.sequence_number = sequence_number;
  snapshot.timestamp_ms = kNow + id;
  snapshot.manifest_list = "s3://b/t/list.avro";
  snapshot.summary = {{"operation", "append"}};
  return snapshot;
}

inline Result<TableMetadata> Apply(const TableMetadata& base, const std::vector<TableUpdate>& updates,
                                   std::string_view location = "", int64_t now_ms = kNow + 1000) {
  return ApplyUpdates(base, location, updates, now_ms);
}

/// Adds snapshots 1, 2 … `count` and moves main along, one commit each.
inline TableMetadata WithCommits(TableMetadata table, int64_t count) {
  for (int64_t id = 1; id <= count; ++id) {
    const auto parent = id == 1 ? std::nullopt : std::optional<int64_t>(id - 1);
    table = *Apply(table, {update::AddSnapshot{SnapshotOf(id, id, parent)},
                           update::SetSnapshotRef{"main", SnapshotRef{.snapshot_id = id}}});
  }
  return table;
}

inline void ExpectIllegal(const Result<TableMetadata>& result, const std::string& message) {
  ASSERT_FALSE(result.has_value()) << message;
  EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(result.error().message, ::testing::HasSubstr(message));
}

}  // namespace k2i::iceberg
