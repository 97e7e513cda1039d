// SPDX-License-Identifier: Apache-2.0
#include "iceberg/model/gzip.h"

#include <gtest/gtest.h>

namespace k2i::iceberg {
namespace {

std::string Gzip(std::string_view text) {
  GzipWriter writer;
  EXPECT_TRUE(writer.Append(text).has_value());
  return std::move(writer).Finish();
}

TEST(GzipTest, RoundTripsAndRefuses) {
  const std::string text(300'000, 'x');
  const std::string packed = Gzip(text);
  EXPECT_TRUE(IsGzip(packed));
  EXPECT_FALSE(IsGzip("{}"));
  EXPECT_EQ(Gunzip(packed, text.size()), text);
  EXPECT_EQ(Gunzip(Gzip(""), 10), "");
  for (const std::string& bytes :
       {packed.substr(0, packed.size() - 1), std::string("\x1f\x8bnonsense"), std::string()}) {
    EXPECT_EQ(Gunzip(bytes, 1 << 20).error().code, ErrorCode::kCorruption);
  }
  EXPECT_EQ(Gunzip(packed, text.size() - 1).error().code, ErrorCode::kCorruption);
}

TEST(GzipTest, PutsPartsTogether) {
  const std::string first(100'000, 'a'), second = "b and a" + first;
  const DeflatedText part = *Deflate(second);
  GzipWriter writer;
  ASSERT_TRUE(writer.Append(first).has_value());
  writer.Append(part);
  writer.Append(part);
  ASSERT_TRUE(writer.Append("").has_value());
  EXPECT_EQ(Gunzip(std::move(writer).Finish(), 1 << 20), first + second + second);
}

}  // namespace
}  // namespace k2i::iceberg
