// SPDX-License-Identifier: Apache-2.0
#include "iceberg/manifest/avro/container.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include <string>

#include "base/random.h"
#include "iceberg/manifest/avro/binary.h"

namespace k2i::iceberg::avro {
namespace {

using std::string_literals::operator""s;

const std::string kSync = "0123456789abcdef";

TypePtr RowType() { return Record("row", {{"id", Primitive(Kind::kLong), 1}, {"text", Primitive(Kind::kString), 2}}); }

std::string Rows(int from, int count) {
  std::string out;
  for (int i = from; i < from + count; ++i) {
    AppendLong(i, out);
    AppendBytes("row " + std::to_string(i), out);
  }
  return out;
}

std::string Header(std::string_view codec, const std::string& schema = SchemaJson(*RowType())) {
  std::string out = "Obj\1\x04"s;
  AppendBytes("avro.schema", out);
  AppendBytes(schema, out);
  AppendBytes("avro.codec", out);
  AppendBytes(codec, out);
  return out + "\0"s + kSync;
}

std::string Block(int64_t count, std::string_view bytes, const std::string& sync = kSync) {
  std::string out;
  AppendLong(count, out);
  AppendBytes(bytes, out);
  return out + sync;
}

std::string Zstd(const std::string& bytes) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), 3));
  return out;
}

/// Number of rows, or the error. Every row must be the one its position says.
Result<int64_t> Count(std::string_view file, const ReadLimits& limits = {}) {
  K2I_ASSIGN_OR_RETURN(ContainerReader reader, ContainerReader::Open(file, limits));
  int64_t rows = 0;
  K2I_RETURN_IF_ERROR(reader.ForEach([&](const Value& row) -> Status {
    if (const auto* fields = row.As<Values>()) {
      EXPECT_EQ(*(*fields)[1].As<std::string_view>(), "row " + std::to_string(*(*fields)[0].As<int64_t>()));
      EXPECT_EQ(*(*fields)[0].As<int64_t>(), rows);
    }
    ++rows;
    return {};
  }));
  return rows;
}

ErrorCode CountError(std::string_view file, const ReadLimits& limits = {}) {
  const auto rows = Count(file, limits);
  return rows.has_value() ? ErrorCode::kInternal : rows.error().code;
}

std::string WriteRows(int count) {
  ContainerWriter writer(RowType(), {{"owner", "k2i"}});
  for (int i = 0; i < count; ++i) {
    const std::string text = "row " + std::to_string(i);
    EXPECT_TRUE(writer.Append(Value{Values{Value{int64_t{i}}, Value{std::string_view(text)}}}).has_value());
  }
  return *writer.Finish();
}

TEST(AvroContainerTest, ReadsWhatItWrites) {
  for (const int count : {0, 1, 50'000}) {  // 50,000 make several blocks
    const std::string file = WriteRows(count);
    EXPECT_EQ(Count(file), count);
    EXPECT_EQ(ContainerReader::Open(file)->metadata().at("owner"), "k2i");
  }
  EXPECT_EQ(WriteRows(10), WriteRows(10));
  EXPECT_NE(WriteRows(10), WriteRows(11));
}

TEST(AvroContainerTest, ARefusedRecordLeavesNothingBehind) {
  ContainerWriter writer(RowType(), {});
  EXPECT_FALSE(writer.Append(Value{Values{Value{int64_t{7}}, Value{int64_t{7}}}}).has_value());
  EXPECT_TRUE(writer.Append(Value{Values{Value{int64_t{0}}, Value{std::string_view("row 0")}}}).has_value());
  EXPECT_EQ(Count(*writer.Finish()), 1);
}

TEST(AvroContainerTest, ReadsEveryCodec) {
  EXPECT_EQ(Count(Header("null") + Block(3, Rows(0, 3)) + Block(0, "") + Block(2, Rows(3, 2))), 5);
  EXPECT_EQ(Count(Header("") + Block(3, Rows(0, 3))), 3);
  EXPECT_EQ(Count(Header("zstandard") + Block(900, Zstd(Rows(0, 900)))), 900);
  // As PyIceberg writes it: with part of zlib's checksum behind the stream.
  EXPECT_EQ(Count(Header("deflate") + Block(9, *Deflate(Rows(0, 9)) + "\1\2\3")), 9);
  EXPECT_EQ(CountError(Header("snappy") + Block(3, Rows(0, 3))), ErrorCode::kNotSupported);
}

TEST(AvroContainerTest, RefusesMalformedFiles) {
  const std::string good = Header("null") + Block(3, Rows(0, 3));
  for (const std::string& file :
       {std::string(), "Obj"s, "PAR1"s, Header("null").substr(0, 40), Header("null", "nonsense"), good + "\x02",
        Header("null") + Block(4, Rows(0, 3)), Header("null") + Block(2, Rows(0, 3)), Header("null") + Block(-1, ""),
        Header("null") + Block(3, Rows(0, 3), "ffffffffffffffff"), Header("deflate") + Block(3, Rows(0, 3)),
        Header("zstandard") + Block(3, Rows(0, 3)), good.substr(0, good.size() - 1),
        Header("zstandard") + Block(900, Zstd(Rows(0, 900)).substr(0, 200)),
        Header("deflate") + Block(900, Deflate(Rows(0, 900))->substr(0, 200)), Header("zstandard") + Block(1, "")}) {
    EXPECT_EQ(CountError(file), ErrorCode::kCorruption) << file.substr(0, 200);
  }
}

TEST(AvroContainerTest, BoundsWhatABlockExpandsTo) {
  const ReadLimits limits{.max_bytes = 1 << 20};
  const std::string at_limit(1 << 20, '\0'), beyond = at_limit + '\0';
  const std::string nulls = R"("null")", zeros = R"("int")";
  EXPECT_EQ(Count(Header("deflate", zeros) + Block(1 << 20, *Deflate(at_limit)), limits), 1 << 20);
  EXPECT_EQ(CountError(Header("deflate", zeros) + Block((1 << 20) + 1, *Deflate(beyond)), limits),
            ErrorCode::kCorruption);
  EXPECT_EQ(Count(Header("zstandard", zeros) + Block(1 << 20, Zstd(at_limit)), limits), 1 << 20);
  EXPECT_EQ(CountError(Header("zstandard", zeros) + Block((1 << 20) + 1, Zstd(beyond)), limits),
            ErrorCode::kCorruption);
  const std::string bomb = Header("zstandard", zeros) + Block(1, Zstd(std::string(64 << 20, '\0')));
  EXPECT_EQ(CountError(bomb), ErrorCode::kCorruption);
  EXPECT_EQ(CountError(Header("null", nulls) + Block(int64_t{1} << 60, "")), ErrorCode::kCorruption);
}

// A stand-in for the fuzzer: damaged files must be refused or read, never crash (the sanitizer build watches).
TEST(AvroContainerTest, SurvivesDamage) {
  const std::string good = WriteRows(40);
  Random random(7);
  for (int i = 0; i < 20'000; ++i) {
    std::string file = good;
    for (uint64_t n = 1 + random.Below(4); n > 0; --n)
      file[random.Below(file.size())] = static_cast<char>(random.Next());
    file.resize(random.Below(8) == 0 ? random.Below(file.size()) : file.size());
    const auto reader = ContainerReader::Open(file);
    if (reader.has_value()) (void)ContainerReader(*reader).ForEach([](const Value&) -> Status { return {}; });
  }
}

}  // namespace
}  // namespace k2i::iceberg::avro
