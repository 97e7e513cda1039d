// SPDX-License-Identifier: Apache-2.0
#include "record/dead_letter_rows.h"

#include <arrow/array.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <gtest/gtest.h>

#include <limits>

namespace k2i::record {
namespace {

Rejected MakeRejected(int64_t offset) {
  Rejected rejected;
  rejected.partition = {"events", PartitionId{3}};
  rejected.offset = Offset{offset};
  rejected.timestamp_ms = 1'700'000'000'123;
  rejected.value = std::string("\xff{", 2);
  rejected.reason = "no JSON";
  return rejected;
}

std::string Cell(const DecodedRows& decoded, const std::string& column, int64_t row) {
  return decoded.rows->GetColumnByName(column)->GetScalar(row).ValueOrDie()->ToString();
}

TEST(DeadLetterRowsTest, KeepsEverythingOfTheRecord) {
  auto rows = DeadLetterRows::Make(arrow::default_memory_pool()).value();
  Rejected rejected = MakeRejected(7);
  rejected.key = "k";
  rejected.headers = {{"trace", "a1"}, {"none", std::nullopt}};
  ASSERT_TRUE(rows->Append(std::span(&rejected, 1), 4));
  const auto decoded = rows->Seal().value();
  ASSERT_EQ(decoded.rows->num_rows(), 1);
  ASSERT_EQ(decoded.offsets, std::vector<int64_t>{7});
  EXPECT_EQ(decoded.runs.at(0).partition, rejected.partition);
  EXPECT_EQ(Cell(decoded, "topic", 0), "events");
  EXPECT_EQ(Cell(decoded, "partition", 0), "3");
  EXPECT_EQ(Cell(decoded, "offset", 0), "7");
  EXPECT_EQ(Cell(decoded, "timestamp", 0), "2023-11-14 22:13:20.123000Z");
  EXPECT_EQ(Cell(decoded, "key", 0), "k");
  EXPECT_EQ(Cell(decoded, "value", 0), *rejected.value);
  EXPECT_NE(Cell(decoded, "headers", 0).find("trace"), std::string::npos);
  EXPECT_EQ(Cell(decoded, "error_class", 0), "InvalidArgument");
  EXPECT_EQ(Cell(decoded, "error", 0), "no JSON");
  EXPECT_EQ(Cell(decoded, "schema_id", 0), "4");
  ASSERT_TRUE(decoded.rows->ValidateFull().ok());
}

TEST(DeadLetterRowsTest, WhatNoColumnTakesIsToldInTheText) {
  auto rows = DeadLetterRows::Make(arrow::default_memory_pool()).value();
  Rejected rejected = MakeRejected(8);
  rejected.timestamp_ms = std::numeric_limits<int64_t>::max();
  rejected.value = std::nullopt;
  rejected.headers = {{"\xff", "x"}, {"good", "y"}};
  ASSERT_TRUE(rows->Append(std::span(&rejected, 1), std::nullopt));
  const auto decoded = rows->Seal().value();
  EXPECT_EQ(Cell(decoded, "timestamp", 0), "null");
  EXPECT_EQ(Cell(decoded, "value", 0), "null");
  EXPECT_EQ(Cell(decoded, "schema_id", 0), "null");
  EXPECT_NE(Cell(decoded, "error", 0).find("9223372036854775807"), std::string::npos);
  EXPECT_NE(Cell(decoded, "error", 0).find("not UTF-8"), std::string::npos);
  EXPECT_NE(Cell(decoded, "headers", 0).find("good"), std::string::npos);
}

TEST(DeadLetterRowsTest, SealStartsAnew) {
  auto rows = DeadLetterRows::Make(arrow::default_memory_pool()).value();
  const Rejected first = MakeRejected(1), second = MakeRejected(2);
  ASSERT_TRUE(rows->Append(std::span(&first, 1), 0));
  ASSERT_EQ(rows->Seal()->rows->num_rows(), 1);
  EXPECT_EQ(rows->row_count(), 0);
  ASSERT_TRUE(rows->Append(std::span(&second, 1), 0));
  const auto decoded = rows->Seal().value();
  ASSERT_EQ(decoded.rows->num_rows(), 1);
  EXPECT_EQ(Cell(decoded, "offset", 0), "2");
}

}  // namespace
}  // namespace k2i::record
