// SPDX-License-Identifier: Apache-2.0
#include "datafile/store_output_stream.h"

#include <gtest/gtest.h>

#include "io/memory_object_store_testing.h"

namespace k2i::datafile {
namespace {

class StoreOutputStreamTest : public ::testing::Test {
 protected:
  std::unique_ptr<StoreOutputStream> Open() {
    return std::make_unique<StoreOutputStream>(store_.OpenForWrite("/f").value());
  }
  io::MemoryObjectStore store_;
};

TEST_F(StoreOutputStreamTest, KeepsTheOrderOfPiecesSmallAndLarge) {
  auto stream = Open();
  std::string expected;
  for (size_t size :
       {size_t{3}, size_t{2} << 20, size_t{700'000}, size_t{700'000}, size_t{0}, size_t{1} << 20, size_t{5}}) {
    const std::string piece(size, static_cast<char>('a' + expected.size() % 26));
    ASSERT_TRUE(stream->Write(piece.data(), static_cast<int64_t>(size)).ok());
    expected += piece;
    EXPECT_EQ(stream->Tell().ValueOrDie(), static_cast<int64_t>(expected.size()));
  }
  EXPECT_FALSE(store_.Exists("/f"));
  ASSERT_TRUE(stream->Commit().has_value());
  EXPECT_TRUE(stream->closed());
  EXPECT_TRUE(store_.Read("/f").value() == expected);
  EXPECT_FALSE(stream->Commit().has_value());
  EXPECT_FALSE(stream->Write("x", 1).ok());
}

TEST_F(StoreOutputStreamTest, AbandonedOrForgottenLeavesNothing) {
  auto stream = Open();
  ASSERT_TRUE(stream->Write("abc", 3).ok());
  stream->Abandon();
  EXPECT_FALSE(stream->Write("x", 1).ok());
  ASSERT_TRUE(Open()->Write("abc", 3).ok());
  EXPECT_EQ(store_.live_files(), 0u);
  EXPECT_EQ(store_.open_files(), 0u);
}

TEST_F(StoreOutputStreamTest, KeepsTheStoresError) {
  store_.set_fault_hook([](const io::StoreCall& call) -> Status {
    if (call.op != io::StoreOp::kAppend) return {};
    return Fail(ErrorCode::kResourceExhausted, "disk full", Component::kStorage);
  });
  auto stream = Open();
  ASSERT_TRUE(stream->Write("abc", 3).ok());  // gathered
  const Status committed = stream->Commit();
  ASSERT_FALSE(committed.has_value());
  EXPECT_EQ(committed.error().code, ErrorCode::kResourceExhausted);
  EXPECT_EQ(stream->store_error()->component, Component::kStorage);
}

}  // namespace
}  // namespace k2i::datafile
