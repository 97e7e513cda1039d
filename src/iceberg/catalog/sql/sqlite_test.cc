// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/sql/sqlite.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <atomic>
#include <cstring>
#include <filesystem>

#include "base/random.h"

namespace k2i::iceberg {
namespace {

/// SQLite's default file system, in which deleting a rollback journal (the moment of a commit) fails on demand.
class FailingJournal {
 public:
  FailingJournal() {
    real_ = sqlite3_vfs_find(nullptr);
    vfs_ = *real_;
    vfs_.zName = "failing-journal";
    vfs_.xDelete = [](sqlite3_vfs*, const char* name, int sync) -> int {
      const bool journal = std::strstr(name, "-journal") != nullptr;
      return journal && failing_ ? SQLITE_IOERR_DELETE : real_->xDelete(real_, name, sync);
    };
    sqlite3_vfs_register(&vfs_, /*makeDflt=*/1);
  }
  ~FailingJournal() {
    failing_ = false;
    sqlite3_vfs_register(real_, /*makeDflt=*/1);
    sqlite3_vfs_unregister(&vfs_);
  }
  static void set_failing(bool failing) { failing_ = failing; }

 private:
  static inline sqlite3_vfs* real_ = nullptr;
  static inline std::atomic<bool> failing_{false};
  sqlite3_vfs vfs_{};
};

class SqliteTest : public testing::Test {
 protected:
  SqliteTest() : path_(testing::TempDir() + "sqlite_" + random_.Uuid() + ".db") {}
  ~SqliteTest() override {
    std::filesystem::remove(path_);
    std::filesystem::remove(path_ + "-journal");
  }

  Random random_{Random::SystemSeed()};
  std::string path_;
};

TEST_F(SqliteTest, WritesAllStatementsOrNone) {
  const auto db = *Sqlite::Open(path_, 1'000);
  ASSERT_TRUE(db->Write({"CREATE TABLE t (k TEXT PRIMARY KEY, v TEXT)"}).has_value());
  EXPECT_EQ(db->Write({"INSERT INTO t VALUES (?1, ?2)", "UPDATE t SET v = 'x'"}, {"a", std::string("b\0c", 3)}), 1);
  const auto clash = db->Write({"UPDATE t SET v = 'y'", "INSERT INTO t VALUES (?1, NULL)"}, {"a"});
  ASSERT_FALSE(clash.has_value());
  EXPECT_EQ(clash.error().code, ErrorCode::kAlreadyExists);
  EXPECT_EQ(db->Query("SELECT * FROM t"), (std::vector<Sqlite::Row>{{"a", "x"}}));
  EXPECT_EQ(db->Query("SELECT nonsense").error().code, ErrorCode::kInternal);
}

TEST_F(SqliteTest, AnErrorAtTheMomentOfCommitLeavesTheOutcomeOpen) {
  const FailingJournal vfs;
  const auto db = *Sqlite::Open(path_, 1'000);
  ASSERT_TRUE(db->Write({"CREATE TABLE t (v TEXT)"}).has_value());
  FailingJournal::set_failing(true);
  const auto written = db->Write({"INSERT INTO t VALUES ('lost?')"});
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().code, ErrorCode::kCommitStateUnknown) << written.error().ToString();
  FailingJournal::set_failing(false);
  // The connection goes on.
  EXPECT_EQ(db->Write({"INSERT INTO t VALUES ('kept')"}), 1);
}

}  // namespace
}  // namespace k2i::iceberg
