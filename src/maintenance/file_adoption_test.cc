// SPDX-License-Identifier: Apache-2.0
#include "maintenance/file_adoption.h"

#include "maintenance/maintained_table_testing.h"

namespace k2i::maintenance {
namespace {

class FileAdoptionTest : public MaintainedTable {
 protected:
  FileAdoptionTest() {
    Create(Request());
    Ingest(10);
  }
  Result<AdoptedFiles> Adopt(const std::vector<iceberg::DataFile>& files) {
    return AdoptFiles({catalog_, clock_, random_}, store_, *catalog_.LoadTable(kTable), files, {}, {});
  }
  std::optional<progress::Boundary> Boundary() { return *progress::FindBoundary(Metadata(), "p", "main"); }
};

TEST_F(FileAdoptionTest, FilesJoinInOneAppendThatLeavesTheBoundaryAlone) {
  const auto before = *Boundary();
  const auto files = Write(20, 1);
  const auto adopted = Adopt(files);
  ASSERT_TRUE(adopted.has_value()) << adopted.error().ToString();
  EXPECT_EQ(adopted->rows, 20);
  EXPECT_EQ(Rows().size(), 30u);
  const auto metadata = Metadata();
  EXPECT_EQ(metadata.current_snapshot_id, adopted->snapshot_id);
  EXPECT_FALSE(metadata.FindSnapshot(*adopted->snapshot_id)->summary.contains("k2i.pipeline"));
  EXPECT_EQ(Boundary()->progress, before.progress);
  EXPECT_EQ(Boundary()->snapshot_id, before.snapshot_id);
}

TEST_F(FileAdoptionTest, NoFileIsReferredToTwice) {
  auto files = Write(20, 1);
  EXPECT_EQ(Adopt({files[0], files[0]}).error().code, ErrorCode::kInvalidArgument);
  ASSERT_TRUE(Adopt(files).has_value());
  EXPECT_EQ(Adopt(files).error().code, ErrorCode::kAlreadyExists);
  EXPECT_EQ(Rows().size(), 30u);
  EXPECT_FALSE(Adopt({})->snapshot_id.has_value());
}

TEST_F(FileAdoptionTest, AConflictIsRebasedAndLookedAtAnew) {
  const auto files = Write(20, 1);
  bool others = true;
  catalog_.before_commit = [&]() -> Status {
    if (!std::exchange(others, false)) return {};
    AppendForeign(5);
    return {};
  };
  ASSERT_TRUE(Adopt(files).has_value());
  EXPECT_EQ(Rows().size(), 35u);
}

}  // namespace
}  // namespace k2i::maintenance
