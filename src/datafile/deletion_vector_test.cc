// SPDX-License-Identifier: Apache-2.0
#include "datafile/deletion_vector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "datafile/delete_files_testing.h"
#include "io/memory_object_store_testing.h"

namespace k2i::datafile {
namespace {

using testing::HasSubstr;

std::string FromHex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

/// {1, 5, 70000, 2^32 + 3} by pyroaring, framed by Python's zlib.
const std::string kBlob = FromHex(
    "00000044d1d339640200000000000000000000003a300000020000000000010001000000180000001c0000000100050070110100"
    "00003a3000000100000000000000100000000300d7e3638b");

std::string WhyNot(const std::string& blob) {
  const auto decoded = DecodeDeletionVector(blob);
  if (decoded) return "it is";
  EXPECT_EQ(decoded.error().code, ErrorCode::kCorruption);
  return decoded.error().message;
}

void ExpectSame(const PositionSet& set, const std::set<int64_t>& wanted) {
  EXPECT_EQ(set.cardinality(), std::ssize(wanted));
  EXPECT_EQ(set.empty(), wanted.empty());
  EXPECT_EQ(set.last(), wanted.empty() ? std::nullopt : std::optional(*wanted.rbegin()));
  for (const int64_t position : wanted) {
    ASSERT_TRUE(set.Contains(position)) << position;
    for (const int64_t near : {position - 1, position + 1, position ^ (int64_t{1} << 32), position + 65'536}) {
      if (near < 0) continue;
      ASSERT_EQ(set.Contains(near), wanted.contains(near)) << near;
    }
  }
}

TEST(DeletionVectorTest, ReadsWhatOthersWrite) {
  const auto set = DecodeDeletionVector(kBlob);
  ASSERT_TRUE(set.has_value()) << set.error().ToString();
  ExpectSame(*set, {1, 5, 70'000, (int64_t{1} << 32) + 3});
}

TEST(DeletionVectorTest, ReadsContainersOfAllKinds) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 60; ++round) {
    std::set<int64_t> positions;
    for (int part = 0; part < 4; ++part) {
      const int64_t base = static_cast<int64_t>(random() % 3) << 32 | static_cast<int64_t>(random() % 4) << 16;
      const int64_t count =
          std::array{int64_t{1}, int64_t{40}, int64_t{4096}, int64_t{4097}, int64_t{9000}}[random() % 5];
      const bool run = random() % 2 == 0;
      for (int64_t i = 0; i < count; ++i) positions.insert(base + (run ? i : static_cast<int64_t>(random() % 65'536)));
    }
    const auto set = PositionSet::Parse(EncodePositions({positions.begin(), positions.end()}));
    ASSERT_TRUE(set.has_value()) << set.error().ToString();
    ExpectSame(*set, positions);
  }
  ExpectSame(PositionSet::Parse(EncodePositions({})).value(), {});
}

TEST(DeletionVectorTest, AnyChangedByteIsNoticed) {
  for (size_t i = 0; i < kBlob.size(); ++i) {
    std::string blob = kBlob;
    blob[i] = static_cast<char>(blob[i] ^ 0x10);
    EXPECT_FALSE(DecodeDeletionVector(blob).has_value()) << i;
  }
  for (size_t size = 0; size < kBlob.size(); ++size) {
    EXPECT_FALSE(DecodeDeletionVector(kBlob.substr(0, size)).has_value()) << size;
  }
}

TEST(DeletionVectorTest, SaysWhatIsWrong) {
  std::string blob = kBlob;
  blob[3] = 'D' + 1;
  EXPECT_THAT(WhyNot(blob), HasSubstr("is not as long as it says"));
  blob = kBlob;
  blob[5] = 'x';
  EXPECT_THAT(WhyNot(blob), HasSubstr("magic bytes"));
  blob = kBlob;
  blob[20] = 'x';
  EXPECT_THAT(WhyNot(blob), HasSubstr("fails its checksum"));
  EXPECT_THAT(WhyNot(kBlob + "x"), HasSubstr("is not as long as it says"));
  EXPECT_THAT(WhyNot("short"), HasSubstr("is cut short"));
}

/// One bitmap of key 0 from its bytes.
std::string WhyNotBitmap(const std::string& hex) {
  const auto set = PositionSet::Parse(FromHex("010000000000000000000000" + hex));
  if (set) return "it is";
  EXPECT_EQ(set.error().code, ErrorCode::kCorruption);
  return set.error().message;
}

TEST(DeletionVectorTest, RefusesBitmapsThatContradictThemselves) {
  EXPECT_EQ(WhyNotBitmap("3a3000000100000000000100"
                         "10000000"
                         "01000500"),
            "it is");
  EXPECT_THAT(WhyNotBitmap("3a3000000100000000000100"
                           "10000000"
                           "05000100"),
              HasSubstr("out of order"));
  EXPECT_THAT(WhyNotBitmap("3a3000000100000000000100"
                           "10000000"
                           "05000500"),
              HasSubstr("out of order"));
  EXPECT_THAT(WhyNotBitmap("3a3000000100000000000200"
                           "10000000"
                           "01000500"),
              HasSubstr("cut short"));
  EXPECT_THAT(WhyNotBitmap("3a30000000000000"), HasSubstr("no container"));
  EXPECT_THAT(WhyNotBitmap("3a300000ffffffff"), HasSubstr("too many"));
  EXPECT_THAT(WhyNotBitmap("393000000100000000000100"), HasSubstr("cookie"));
  EXPECT_THAT(WhyNotBitmap("3a30000002000000010000000100000018000000180000000100"), HasSubstr("out of order"));
  // Of runs: 10 to 5009, and 70000.
  EXPECT_EQ(WhyNotBitmap("3b30010001000087130100000001000a0087137011"), "it is");
  EXPECT_THAT(WhyNotBitmap("3b30010001000088130100000001000a0087137011"), HasSubstr("not as many"));
  EXPECT_THAT(WhyNotBitmap("3b3000000100000900"
                           "0200"
                           "0a000400"
                           "0e000400"),
              HasSubstr("overlap"));
  EXPECT_THAT(WhyNotBitmap("3b3000000100000400"
                           "0100"
                           "feff0400"),
              HasSubstr("end too late"));
  const std::string bitset =
      "3a3000000100000000000010"
      "10000000" +
      std::string(1026, 'f') + std::string(15'358, '0');
  EXPECT_THAT(WhyNotBitmap(bitset), HasSubstr("not as many"));
}

TEST(DeletionVectorTest, RefusesSetsThatContradictThemselves) {
  const auto why_not = [](const std::string& bytes) { return PositionSet::Parse(bytes).error().message; };
  const std::string bitmap = FromHex(
      "3a300000010000000000010010000000"
      "01000500");
  const std::string twice = FromHex("0200000000000000");
  EXPECT_THAT(why_not(twice + FromHex("01000000") + bitmap + FromHex("01000000") + bitmap), HasSubstr("out of order"));
  EXPECT_THAT(why_not(twice + FromHex("01000000") + bitmap), HasSubstr("cut short"));
  EXPECT_THAT(why_not(FromHex("0100000000000000") + FromHex("00000080") + bitmap), HasSubstr("beyond 63 bits"));
  EXPECT_THAT(why_not(FromHex("0100000000000000") + FromHex("00000000") + bitmap + "x"), HasSubstr("after its end"));
  EXPECT_THAT(why_not(FromHex("ffffffffffffffff")), HasSubstr("cut short"));
}

TEST(PositionSetTest, KnowsRangesAndUnions) {
  PositionSet set;
  for (const int64_t position : {int64_t{3}, int64_t{100}, (int64_t{1} << 32) - 1, (int64_t{5} << 32) + 7}) {
    set.Add(position);
  }
  EXPECT_FALSE(set.ContainsAnyOf(0, 3));
  EXPECT_TRUE(set.ContainsAnyOf(0, 4));
  EXPECT_TRUE(set.ContainsAnyOf(3, 1));
  EXPECT_FALSE(set.ContainsAnyOf(4, 96));
  EXPECT_TRUE(set.ContainsAnyOf(4, 97));
  EXPECT_FALSE(set.ContainsAnyOf(101, 10));
  EXPECT_TRUE(set.ContainsAnyOf(101, int64_t{1} << 32));
  EXPECT_FALSE(set.ContainsAnyOf(int64_t{1} << 32, 1000));
  EXPECT_TRUE(set.ContainsAnyOf(int64_t{1} << 32, int64_t{5} << 32));
  EXPECT_FALSE(set.ContainsAnyOf(3, 0));
  PositionSet other;
  other.Add(4);
  other.Add(int64_t{9} << 32);
  other.AddAll(set);
  EXPECT_EQ(other.cardinality(), 6);
  EXPECT_EQ(other.last(), int64_t{9} << 32);
  EXPECT_TRUE(other.Contains(4) && other.Contains(100));
}

class ReadDeletionVectorTest : public testing::Test {
 protected:
  Error WhyNot(const iceberg::DataFile& vector) { return ReadDeletionVector(store_, vector).error(); }

  io::MemoryObjectStore store_;
  iceberg::DataFile vector_ = WriteDeletionVector(store_, "s3://b/t", "v", "s3://b/t/a.parquet", {0, 3, 9});
};

TEST_F(ReadDeletionVectorTest, ReadsItsPartOfTheFile) {
  ExpectSame(ReadDeletionVector(store_, vector_).value(), {0, 3, 9});
}

TEST_F(ReadDeletionVectorTest, RefusesWhatDoesNotFitItsEntry) {
  auto vector = vector_;
  vector.record_count = 4;
  EXPECT_EQ(WhyNot(vector).code, ErrorCode::kCorruption);
  EXPECT_THAT(WhyNot(vector).message, testing::AllOf(HasSubstr("v.puffin of s3://b/t/a.parquet"),
                                                     HasSubstr("holds 3 positions where its entry says 4")));
  for (const int64_t offset : {int64_t{-1}, vector_.file_size_in_bytes, INT64_MAX}) {
    vector = vector_;
    vector.content_offset = offset;
    EXPECT_THAT(WhyNot(vector).message, HasSubstr("lies outside its file"));
  }
  for (const int64_t size : {int64_t{-1}, vector_.file_size_in_bytes, int64_t{1} << 40}) {
    vector = vector_;
    vector.content_size_in_bytes = size;
    EXPECT_THAT(WhyNot(vector).message, HasSubstr("lies outside its file"));
  }
  vector = vector_;
  vector.content_offset = 0;
  EXPECT_EQ(WhyNot(vector).code, ErrorCode::kCorruption);
  EXPECT_EQ(WhyNot(vector).component, Component::kStorage);
  ASSERT_TRUE(store_.Delete(vector_.file_path).has_value());
  EXPECT_EQ(WhyNot(vector_).code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace k2i::datafile
