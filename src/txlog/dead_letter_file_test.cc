// SPDX-License-Identifier: Apache-2.0
#include "txlog/dead_letter_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <sstream>

namespace k2i::txlog {
namespace {

const TopicPartition kP0{"events", PartitionId{0}};

class DeadLetterFileTest : public testing::Test {
 protected:
  void SetUp() override { path_ = testing::TempDir() + "k2i-dead-letters-" + std::to_string(::getpid()) + ".jsonl"; }
  void TearDown() override { std::remove(path_.c_str()); }
  std::string Contents() const {
    std::ostringstream out;
    out << std::ifstream(path_).rdbuf();
    return out.str();
  }
  std::string path_;
};

DeadLetter Letter(int64_t offset) { return {kP0, Offset{offset}, 1000, std::nullopt, "\xFF{", "not JSON"}; }

TEST_F(DeadLetterFileTest, KeepsBytesAndReason) {
  auto file = DeadLetterFile::Open(path_).value();
  EXPECT_EQ(file->Append({Letter(7)}).value(), 1);
  ASSERT_TRUE(file->Sync().has_value());
  EXPECT_EQ(Contents(),
            "{\"topic\":\"events\",\"partition\":0,\"offset\":7,\"timestamp_ms\":1000,\"key\":null,\"value\":\"/3s=\","
            "\"reason\":\"not JSON\"}\n");
}

TEST_F(DeadLetterFileTest, RecordReadTwiceStandsThereOnce) {
  ASSERT_EQ(DeadLetterFile::Open(path_).value()->Append({Letter(7), Letter(9)}).value(), 2);
  auto again = DeadLetterFile::Open(path_).value();
  EXPECT_EQ(again->Append({Letter(7), Letter(9), Letter(10)}).value(), 1);
  const std::string contents = Contents();
  EXPECT_EQ(std::count(contents.begin(), contents.end(), '\n'), 3);
}

TEST_F(DeadLetterFileTest, LineCutShortIsRemovedAndWrittenAgain) {
  ASSERT_EQ(DeadLetterFile::Open(path_).value()->Append({Letter(7), Letter(9)}).value(), 2);
  const std::string whole = Contents();
  for (size_t cut = 1; cut < 20; ++cut) {
    std::ofstream(path_, std::ios::trunc) << whole.substr(0, whole.size() - cut);
    auto again = DeadLetterFile::Open(path_).value();
    EXPECT_EQ(again->Append({Letter(9)}).value(), 1);
    EXPECT_EQ(Contents(), whole);
  }
}

TEST_F(DeadLetterFileTest, RecordsOfATopicMadeAnewAreNotTakenForOldOnes) {
  DeadLetter other = Letter(7);
  other.value = "another";
  {
    auto file = DeadLetterFile::Open(path_).value();
    ASSERT_EQ(file->Append({Letter(7), Letter(9)}).value(), 2);
    EXPECT_EQ(file->Append({other, Letter(8), other}).value(), 2);
  }
  auto again = DeadLetterFile::Open(path_).value();
  EXPECT_EQ(again->Append({other, Letter(8), Letter(9)}).value(), 0);
  DeadLetter reworded = Letter(9);
  reworded.reason = "put otherwise";
  EXPECT_EQ(again->Append({reworded}).value(), 0);
}

TEST_F(DeadLetterFileTest, ForeignFileIsRefused) {
  for (const char* line :
       {"hello", "[]", "{}", R"({"topic":1,"partition":0,"offset":1})", R"({"topic":"t","partition":"0","offset":1})",
        R"({"topic":"t","partition":0,"offset":1.5})"}) {
    std::ofstream(path_, std::ios::trunc) << line << "\n";
    const auto opened = DeadLetterFile::Open(path_);
    ASSERT_FALSE(opened.has_value()) << line;
    EXPECT_EQ(opened.error().code, ErrorCode::kCorruption);
  }
}

}  // namespace
}  // namespace k2i::txlog
