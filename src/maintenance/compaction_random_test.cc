// SPDX-License-Identifier: Apache-2.0
#include <arrow/memory_pool.h>

#include <random>
#include <set>

#include "datafile/delete_files_testing.h"
#include "maintenance/compaction.h"
#include "maintenance/maintained_table_testing.h"

namespace k2i::maintenance {
namespace {

using iceberg::TransformKind;

/// Random tables, random policies, others who write and delete meanwhile: the rows stay the same.
class RandomCompactionTest : public MaintainedTable, public testing::WithParamInterface<int32_t> {
 protected:
  int64_t Draw(int64_t low, int64_t high) { return std::uniform_int_distribution<int64_t>(low, high)(engine_); }

  void WriteSome(int64_t least) {
    for (int64_t i = Draw(least, 4); i > 0; --i) {
      Draw(0, 1) == 0 ? Ingest(Draw(1, 300), static_cast<int>(Draw(1, 4))) : AppendForeign(Draw(1, 300), 2);
    }
  }
  void ChangeSpec() {
    iceberg::PartitionSpec next{.spec_id = ++spec_, .fields = {}};
    const iceberg::Transform transform{TransformKind::kBucket, static_cast<int32_t>(Draw(2, 5))};
    if (Draw(0, 2) != 0) next.fields = {{1, 1000 + spec_, "b" + std::to_string(spec_), transform}};
    Apply({iceberg::update::AddPartitionSpec{next}, iceberg::update::SetDefaultSpec{-1}});
  }
  /// Positions of one file, in a delete file of its partition or in a deletion vector.
  void DeleteSome() {
    const auto files = Files();
    const auto& file = files.data[static_cast<size_t>(Draw(0, std::ssize(files.data) - 1))].data_file;
    std::set<int64_t> positions;
    for (int64_t i = Draw(1, 9); i > 0; --i) positions.insert(Draw(0, file.record_count - 1));
    const std::string name = "p" + std::to_string(++deletes_);
    iceberg::DataFile deletes;
    if (GetParam() >= 3) {
      const auto of_file = [&](const auto& each) { return each.data_file.referenced_data_file == file.file_path; };
      if (std::ranges::any_of(files.deletes, of_file)) return;  // it may have one only
      deletes =
          datafile::WriteDeletionVector(store_, "s3://d", name, file.file_path, {positions.begin(), positions.end()});
    } else {
      std::vector<std::pair<std::string, int64_t>> rows;
      for (const int64_t position : positions) rows.emplace_back(file.file_path, position);
      deletes = datafile::WritePositionDeletes(store_, "s3://d", name, rows);
    }
    deletes.spec_id = file.spec_id;
    deletes.partition = file.partition;
    AddDeletes({deletes});
  }
  void CheckTotals() {
    const auto summary = Metadata().FindRef("main")->summary;
    const auto files = Files();
    int64_t records = 0;
    for (const auto& entry : files.data) records += entry.data_file.record_count;
    ASSERT_EQ(summary.at("total-records"), std::to_string(records));
    ASSERT_EQ(summary.at("total-data-files"), std::to_string(files.data.size()));
    ASSERT_EQ(summary.at("total-delete-files"), std::to_string(files.deletes.size()));
  }

  std::mt19937_64 engine_{5};
  int spec_ = 0, deletes_ = 0;
};

TEST_P(RandomCompactionTest, RowsStayTheSame) {
  Create(Request(/*partitioned=*/false, GetParam()));
  int64_t commits = 0, deleted = 0, replans = 0, copied = 0;
  for (int round = 0; round < 80; ++round) {
    WriteSome(round == 0 ? 1 : 0);
    if (Draw(0, 9) == 0) ChangeSpec();
    if (Draw(0, 3) == 0) DeleteSome();
    auto rows = Rows();
    int races = Draw(0, 3) == 0 ? 1 : 0;
    catalog_.before_commit = [&]() -> Status {
      if (races-- <= 0) return {};
      Draw(0, 1) == 0 ? Ingest(5) : DeleteSome();
      rows = Rows();
      return {};
    };
    auto options = Options(Draw(2'000, 20'000));
    options.policy.all_of_old_specs = Draw(0, 3) == 0;
    options.commit_bytes = Draw(1, 30'000);
    if (Draw(0, 1) == 0) options.copy_from_share = 0;  // files as small as these too
    const auto compacted = Compact(options);
    ASSERT_TRUE(compacted.has_value()) << compacted.error().ToString();
    commits += report_.commits;
    deleted += report_.rows_deleted;
    replans += report_.replans;
    copied += report_.groups_copied;
    ASSERT_EQ(Rows(), rows) << "round " << round;
    CheckTotals();
  }
  EXPECT_GT(commits, 40);
  EXPECT_GT(deleted, 20);
  EXPECT_GT(replans, 0);
  EXPECT_GT(copied, 3);
}

INSTANTIATE_TEST_SUITE_P(FormatVersion, RandomCompactionTest, testing::Values(2, 3));

}  // namespace
}  // namespace k2i::maintenance
