// SPDX-License-Identifier: Apache-2.0
#include "buffer/slice_list.h"

#include <gtest/gtest.h>

#include <random>

#include "buffer/slices_testing.h"

namespace k2i::buffer {
namespace {

std::vector<SlicePtr> Made(size_t count) {
  std::vector<SlicePtr> slices;
  for (size_t i = 0; i < count; ++i) slices.push_back(SliceOf({{0, static_cast<int64_t>(i)}}));
  return slices;
}

std::vector<SlicePtr> Held(const SliceList& list) { return {list.begin(), list.end()}; }

TEST(SliceListTest, GrowsAndShrinksAsAVectorDoes) {
  std::mt19937 random(3);
  const auto slices = Made(500);
  std::vector<SlicePtr> model;
  SliceList list;
  size_t next = 0;
  for (int round = 0; round < 400; ++round) {
    if (random() % 8 != 0 && next < slices.size()) {
      model.push_back(slices[next]);
      list.push_back(slices[next++]);
    } else {
      const size_t count = random() % (std::min<size_t>(model.size(), 150) + 1);
      model.erase(model.begin(), model.begin() + static_cast<std::ptrdiff_t>(count));
      list.DropFront(count);
    }
    ASSERT_EQ(Held(list), model);
    ASSERT_EQ(list.size(), model.size());
    if (!model.empty()) {
      EXPECT_EQ(list.front(), model.front());
      EXPECT_EQ(list.back(), model.back());
    }
  }
}

TEST(SliceListTest, CopiesStayAsTheyWere) {
  const auto slices = Made(200);
  SliceList list(slices);
  const SliceList before = list;
  list.push_back(slices[0]);
  list.DropFront(100);
  EXPECT_EQ(Held(before), slices);
  EXPECT_EQ(list.size(), 101u);
  EXPECT_TRUE(SliceList(std::vector<SlicePtr>{}).empty());
}

}  // namespace
}  // namespace k2i::buffer
