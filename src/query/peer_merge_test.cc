// SPDX-License-Identifier: Apache-2.0
//
// Moving a view to a newer commit, and sharing rows whose slices are in no order.
#include "query/peer_merge.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "buffer/slices_testing.h"
#include "iceberg/model/table_metadata.h"
#include "query/share_answer.h"

namespace k2i::query {
namespace {

using buffer::SliceOf;
using buffer::Where;
using testing::ElementsAre;
using testing::Pair;

std::shared_ptr<const iceberg::TableMetadata> Table(const std::string& uuid = "u", int32_t schema_id = 0) {
  auto table = std::make_shared<iceberg::TableMetadata>();
  table->table_uuid = uuid;
  iceberg::Schema schema;
  schema.schema_id = schema_id;
  schema.type = iceberg::Type::Struct({{1, "v", iceberg::Type::Primitive(iceberg::TypeId::kLong)}});
  table->schemas = {schema};
  table->current_schema_id = schema_id;
  return table;
}

/// Partition 0 is committed to 10 and has three rows more, partition 1 has rows from 5 on that no commit knows.
buffer::View SomeView() {
  buffer::View view;
  view.table = Table();
  view.snapshot_id = 1;
  view.committed = {{Where(0), Offset{10}}};
  view.end = {{Where(0), Offset{13}}, {Where(1), Offset{7}}};
  view.slices = {SliceOf({{0, 10}, {0, 11}, {0, 12}, {1, 5}, {1, 6}})};
  view.assigned = {{Where(0), Where(1)}};
  return view;
}

buffer::CommittedTable Commit(OffsetVector offsets) {
  return {.table = Table(), .snapshot_id = 2, .offsets = std::move(offsets)};
}

TEST(RebaseTest, RowsBelowANewerCommitGo) {
  const auto view = Rebase(SomeView(), Commit({{Where(0), Offset{12}}, {Where(1), Offset{6}}, {Where(2), Offset{40}}}));
  ASSERT_NE(view, nullptr);
  EXPECT_EQ(view->snapshot_id, 2);
  EXPECT_THAT(buffer::PositionsOf(view->slices), ElementsAre(Pair(0, 12), Pair(1, 6)));
  EXPECT_EQ(view->end, (OffsetVector{{Where(0), Offset{13}}, {Where(1), Offset{7}}, {Where(2), Offset{40}}}));
  const auto further = Rebase(SomeView(), Commit({{Where(0), Offset{20}}, {Where(1), Offset{7}}}));
  ASSERT_NE(further, nullptr);
  EXPECT_THAT(buffer::PositionsOf(further->slices), testing::IsEmpty());
  EXPECT_EQ(further->end.at(Where(0)), Offset{20});
}

TEST(RebaseTest, CommitsThatDoNotJoin) {
  EXPECT_EQ(Rebase(SomeView(), Commit({{Where(0), Offset{9}}})), nullptr) << "rolled back";
  EXPECT_EQ(Rebase(SomeView(), Commit({{Where(1), Offset{7}}})), nullptr) << "a partition is forgotten";
  EXPECT_EQ(Rebase(SomeView(), Commit({{Where(0), Offset{10}}, {Where(1), Offset{4}}})), nullptr) << "a gap";
  EXPECT_NE(Rebase(SomeView(), Commit({{Where(0), Offset{10}}, {Where(1), Offset{5}}})), nullptr);
  auto other = Commit({{Where(0), Offset{12}}});
  other.table = Table("another");
  EXPECT_EQ(Rebase(SomeView(), other), nullptr);
  auto same = Commit({{Where(0), Offset{10}}});
  same.snapshot_id = 1;
  EXPECT_EQ(Rebase(SomeView(), same), nullptr) << "nothing is new";
  same.table = Table("u", 1);
  EXPECT_NE(Rebase(SomeView(), same), nullptr) << "the columns are";
}

/// The values that a view shares, and what it says of them.
std::vector<int64_t> Shared(const buffer::View& view, const OffsetVector& from, Share* share) {
  const auto answer = ShareAnswer::Make(std::make_shared<buffer::View>(view), {.table = "t"},
                                        {.table = "t", .from = from, .share = true}, arrow::default_memory_pool())
                          .value();
  *share = answer->pinned().at(0).share.value();
  std::vector<int64_t> values;
  while (const auto batch = answer->Next().value()) {
    const auto& column = static_cast<const arrow::Int64Array&>(*batch->column(0));
    for (int64_t i = 0; i < column.length(); ++i) values.push_back(column.Value(i));
  }
  return values;
}

buffer::SlicePtr WithIds(const buffer::SlicePtr& slice) {
  auto copy = std::make_shared<buffer::Slice>(*slice);
  auto schema = slice->rows->schema();
  const auto field = schema->field(0)->WithMetadata(arrow::key_value_metadata({"PARQUET:field_id"}, {"1"}));
  copy->rows = slice->rows->ReplaceSchemaMetadata(nullptr);
  copy->rows = arrow::RecordBatch::Make(schema->SetField(0, field).ValueOrDie(), slice->rows->num_rows(),
                                        slice->rows->columns());
  return copy;
}

TEST(ShareAnswerTest, EachRowOnceAndInOrderWhateverTheSlices) {
  buffer::View view = SomeView();
  view.retained = {WithIds(SliceOf({{0, 7}, {0, 8}, {0, 9}})), WithIds(SliceOf({{0, 5}, {0, 6}, {0, 7}, {0, 8}}))};
  view.slices = {WithIds(SliceOf({{1, 5}, {0, 10}, {0, 11}, {1, 6}})), WithIds(SliceOf({{0, 11}, {0, 12}}))};
  Share share;
  EXPECT_THAT(Shared(view, {{Where(0), Offset{6}}}, &share), ElementsAre(6, 7, 8, 9, 10, 11, 12, 1'000'005, 1'000'006));
  EXPECT_EQ(share.rows.at(Where(0)).range, (OffsetRange{Offset{6}, Offset{13}}));
  EXPECT_EQ(share.rows.at(Where(0)).row_count, 7);
  EXPECT_EQ(share.rows.at(Where(1)).range, (OffsetRange{Offset{5}, Offset{7}}))
      << "of a partition without a commit, all";
  EXPECT_EQ(share.committed, view.committed);
  EXPECT_EQ(share.table_uuid, "u");

  EXPECT_THAT(Shared(view, {{Where(0), Offset{4}}}, &share), ElementsAre(1'000'005, 1'000'006)) << "4 is not there";
  EXPECT_THAT(share.not_held, ElementsAre(Where(0)));
  EXPECT_THAT(Shared(view, {{Where(0), Offset{40}}, {Where(1), Offset{7}}}, &share), testing::IsEmpty());
  EXPECT_EQ(share.rows.at(Where(0)).range, (OffsetRange{Offset{40}, Offset{40}}))
      << "it reads it, and has not come there";

  const auto answer =
      ShareAnswer::Make(std::make_shared<buffer::View>(view), {.table = "t"},
                        {.table = "t", .share = true, .without = {Where(0)}}, arrow::default_memory_pool())
          .value();
  EXPECT_THAT(answer->pinned().at(0).share->rows, ElementsAre(Pair(Where(1), testing::_)));
  EXPECT_EQ(answer->Next().value()->num_rows(), 2);

  view.assigned = {{Where(1)}};
  EXPECT_THAT(Shared(view, {{Where(0), Offset{6}}}, &share), ElementsAre(1'000'005, 1'000'006));
  EXPECT_FALSE(share.rows.contains(Where(0))) << "somebody else reads it";
  view.assigned.reset();
  EXPECT_THAT(Shared(view, {}, &share), testing::IsEmpty());
}

TEST(ShareAnswerTest, HolesAreNoGaps) {
  buffer::View view = SomeView();
  view.assigned = {{Where(0)}};
  view.slices = {WithIds(SliceOf({{0, 12}}, 0, 0, {{Where(0), {Offset{10}, Offset{13}}}}))};
  Share share;
  EXPECT_THAT(Shared(view, {}, &share), ElementsAre(12));
  EXPECT_EQ(share.rows.at(Where(0)).range, (OffsetRange{Offset{10}, Offset{13}}));
  view.slices = {WithIds(SliceOf({{0, 12}}))};
  EXPECT_THAT(Shared(view, {}, &share), testing::IsEmpty());
  EXPECT_THAT(share.not_held, ElementsAre(Where(0)));
}

}  // namespace
}  // namespace k2i::query
