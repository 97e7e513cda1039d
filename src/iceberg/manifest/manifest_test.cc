// SPDX-License-Identifier: Apache-2.0
#include "iceberg/manifest/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "base/random.h"
#include "iceberg/manifest/avro/binary.h"
#include "iceberg/manifest/avro/container.h"

namespace k2i::iceberg {
namespace {

using testing::ElementsAre;
using Json = nlohmann::json;

Schema TableSchema() {
  return {.schema_id = 3,
          .type = Type::Struct({{1, "id", Type::Primitive(TypeId::kLong), false},
                                {2, "ts", Type::Primitive(TypeId::kTimestampTz)},
                                {3, "price", Type::Decimal(9, 2)},
                                {4, "user", Type::Primitive(TypeId::kUuid)},
                                {5, "host", Type::Primitive(TypeId::kUuid)},
                                {6, "name", Type::Primitive(TypeId::kString)},
                                {7, "score", Type::Primitive(TypeId::kDouble)},
                                {8, "code", Type::Fixed(3)}})};
}

PartitionSpec TableSpec() {
  return {.spec_id = 5,
          .fields = {{2, 1000, "ts_day", {TransformKind::kDay}},
                     {1, 1001, "id_bucket", {TransformKind::kBucket, 16}},
                     {3, 1002, "price", {}},
                     {4, 1003, "user", {}},
                     {5, 1004, "host", {}},
                     {6, 1005, "na-me", {}},
                     {7, 1006, "score", {}},
                     {8, 1007, "code", {}}}};
}

UuidBytes Uuid(uint8_t last) {
  UuidBytes uuid;
  uuid.bytes[15] = last;
  return uuid;
}

PartitionTuple Tuple(int32_t day, double score) {
  return {day, 7, Decimal128{-1234}, Uuid(1), Uuid(2), std::string("å/b"), score, Bytes{"xyz"}};
}

DataFile File(std::string path, PartitionTuple partition = Tuple(19'000, 1.5)) {
  DataFile file;
  file.file_path = std::move(path);
  file.spec_id = 5;
  file.partition = std::move(partition);
  file.record_count = 10;
  file.file_size_in_bytes = 1234;
  file.column_sizes = {{1, 100}, {2, 200}};
  file.value_counts = {{1, 10}};
  file.null_value_counts = {{1, 0}};
  file.nan_value_counts = {{7, 1}};
  file.lower_bounds = {{1, std::string("\1\0\0\0\0\0\0\0", 8)}};
  file.upper_bounds = {{1, std::string("\xff\0\0\0\0\0\0\0", 8)}};
  file.key_metadata = "key";
  file.split_offsets = {4, 99'999'999'999};
  file.sort_order_id = 0;
  return file;
}

ManifestEntry Added(DataFile file) { return {.snapshot_id = 77, .data_file = std::move(file)}; }

ManifestFile Committed(ManifestFile summary, int64_t sequence_number) {
  summary.manifest_path = "s3://b/m.avro";
  summary.sequence_number = summary.min_sequence_number = sequence_number;
  return summary;
}

void ExpectSameFile(const DataFile& a, const DataFile& b) {
  EXPECT_EQ(a.content, b.content);
  EXPECT_EQ(a.file_path, b.file_path);
  EXPECT_EQ(a.file_format, b.file_format);
  EXPECT_EQ(a.spec_id, b.spec_id);
  EXPECT_EQ(a.partition, b.partition);
  EXPECT_EQ(a.record_count, b.record_count);
  EXPECT_EQ(a.file_size_in_bytes, b.file_size_in_bytes);
  EXPECT_EQ(a.column_sizes, b.column_sizes);
  EXPECT_EQ(a.value_counts, b.value_counts);
  EXPECT_EQ(a.null_value_counts, b.null_value_counts);
  EXPECT_EQ(a.nan_value_counts, b.nan_value_counts);
  EXPECT_EQ(a.lower_bounds, b.lower_bounds);
  EXPECT_EQ(a.upper_bounds, b.upper_bounds);
  EXPECT_EQ(a.key_metadata, b.key_metadata);
  EXPECT_EQ(a.split_offsets, b.split_offsets);
  EXPECT_EQ(a.equality_ids, b.equality_ids);
  EXPECT_EQ(a.sort_order_id, b.sort_order_id);
  EXPECT_EQ(a.first_row_id, b.first_row_id);
  EXPECT_EQ(a.referenced_data_file, b.referenced_data_file);
  EXPECT_EQ(a.content_offset, b.content_offset);
  EXPECT_EQ(a.content_size_in_bytes, b.content_size_in_bytes);
}

ErrorCode CodeOf(const auto& result) { return result.has_value() ? ErrorCode::kInternal : result.error().code; }

TEST(ManifestTest, ReadsWhatItWrites) {
  for (const int32_t version : {2, 3}) {
    DataFile nulls = File("s3://b/nulls.parquet", PartitionTuple(8));
    nulls.column_sizes.clear();
    nulls.key_metadata.reset();
    const auto encoded =
        EncodeManifest(version, TableSchema(), TableSpec(), 77, {Added(File("s3://b/a.parquet")), Added(nulls)});
    ASSERT_TRUE(encoded.has_value()) << encoded.error().ToString();
    const auto entries = DecodeManifest(encoded->bytes, Committed(encoded->summary, 4), TableSpec(), TableSchema());
    ASSERT_TRUE(entries.has_value()) << entries.error().ToString();
    ASSERT_EQ(entries->size(), 2u);
    ExpectSameFile((*entries)[0].data_file, File("s3://b/a.parquet"));
    ExpectSameFile((*entries)[1].data_file, nulls);
    EXPECT_EQ((*entries)[0].status, ManifestEntry::Status::kAdded);
    EXPECT_EQ((*entries)[0].snapshot_id, 77);
    EXPECT_EQ((*entries)[0].sequence_number, 4);
    EXPECT_EQ((*entries)[0].file_sequence_number, 4);
  }
}

TEST(ManifestTest, WritesTheMetadataAndIdsOfTheSpecification) {
  const auto encoded = EncodeManifest(2, TableSchema(), TableSpec(), 77, {Added(File("a"))});
  ASSERT_TRUE(encoded.has_value());
  const auto container = avro::ContainerReader::Open(encoded->bytes);
  const auto& metadata = container->metadata();
  EXPECT_EQ(metadata.at("format-version"), "2");
  EXPECT_EQ(metadata.at("content"), "data");
  EXPECT_EQ(metadata.at("schema-id"), "3");
  EXPECT_EQ(metadata.at("partition-spec-id"), "5");
  EXPECT_EQ(metadata.at("avro.codec"), "deflate");
  EXPECT_EQ(Json::parse(metadata.at("schema")).at("fields").size(), 8u);
  EXPECT_EQ(Json::parse(metadata.at("partition-spec")).at(0),
            Json::parse(R"({"source-id":2,"field-id":1000,"name":"ts_day","transform":"day"})"));
  const Json schema = Json::parse(metadata.at("avro.schema"));
  EXPECT_EQ(schema.at("name"), "manifest_entry");
  const Json& file = schema.at("fields").at(4).at("type");
  EXPECT_EQ(file.at("name"), "r2");
  std::vector<int> ids;
  for (const Json& field : file.at("fields")) ids.push_back(field.at("field-id"));
  EXPECT_THAT(ids, ElementsAre(134, 100, 101, 102, 103, 104, 108, 109, 110, 137, 125, 128, 131, 132, 135, 140, 143));
  EXPECT_EQ(file.at("fields").at(6).at("type"),
            Json::parse(R"(["null",{"type":"array","logicalType":"map","items":{"type":"record","name":"k117_v118",
              "fields":[{"name":"key","type":"int","field-id":117},{"name":"value","type":"long","field-id":118}]}}])"));
  const Json& partition = file.at("fields").at(3).at("type");
  EXPECT_EQ(partition.at("name"), "r102");
  const auto type = [&](int i) { return partition.at("fields").at(i).at("type").at(1); };
  EXPECT_EQ(type(0), Json::parse(R"({"type":"int","logicalType":"date"})"));
  EXPECT_EQ(type(1), "int");
  EXPECT_EQ(type(2), Json::parse(R"({"type":"fixed","name":"decimal_9_2","size":4,"logicalType":"decimal",
                                    "precision":9,"scale":2})"));
  EXPECT_EQ(type(3), Json::parse(R"({"type":"fixed","name":"uuid_fixed","size":16,"logicalType":"uuid"})"));
  EXPECT_EQ(type(4).at("name"), "uuid_fixed_1004");  // a name may be defined once
  EXPECT_EQ(type(7), Json::parse(R"({"type":"fixed","name":"fixed_3","size":3})"));
  EXPECT_EQ(partition.at("fields").at(5).at("name"), "na_x2Dme");
  EXPECT_EQ(partition.at("fields").at(5).at("iceberg-field-name"), "na-me");
}

TEST(ManifestTest, SummarizesPartitionsAndCounts) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  PartitionTuple no_day = Tuple(0, 0.0);
  no_day[0] = {};
  std::vector<ManifestEntry> entries = {Added(File("a", Tuple(-1, 0.0))), Added(File("b", Tuple(300, kNaN))),
                                        Added(File("c", no_day)), Added(File("d", Tuple(5, -0.0)))};
  entries[1].status = ManifestEntry::Status::kExisting;
  entries[1].sequence_number = 9;
  entries[2].status = ManifestEntry::Status::kDeleted;
  entries[2].sequence_number = 2;
  const auto encoded = EncodeManifest(2, TableSchema(), TableSpec(), 77, entries);
  ASSERT_TRUE(encoded.has_value());
  const ManifestFile& summary = encoded->summary;
  EXPECT_EQ(summary.manifest_length, static_cast<int64_t>(encoded->bytes.size()));
  EXPECT_EQ(summary.partition_spec_id, 5);
  EXPECT_EQ(summary.added_snapshot_id, 77);
  EXPECT_EQ(summary.sequence_number, kUnassignedSequence);
  EXPECT_EQ(summary.min_sequence_number, 9);
  EXPECT_EQ(summary.added_files_count, 2);
  EXPECT_EQ(summary.existing_files_count, 1);
  EXPECT_EQ(summary.deleted_files_count, 1);
  EXPECT_EQ(summary.added_rows_count, 20);
  EXPECT_EQ(summary.existing_rows_count, 10);
  EXPECT_EQ(summary.deleted_rows_count, 10);
  ASSERT_EQ(summary.partitions.size(), 8u);
  EXPECT_TRUE(summary.partitions[0].contains_null);
  EXPECT_EQ(summary.partitions[0].lower_bound, std::string("\xff\xff\xff\xff"));
  EXPECT_EQ(summary.partitions[0].upper_bound, std::string("\x2c\x01\0\0", 4));
  EXPECT_FALSE(summary.partitions[1].contains_null);
  EXPECT_EQ(summary.partitions[6].contains_nan, true);
  EXPECT_EQ(summary.partitions[6].lower_bound, std::string("\0\0\0\0\0\0\0\x80", 8));  // -0.0
  EXPECT_EQ(summary.partitions[6].upper_bound, std::string(8, '\0'));
}

TEST(ManifestTest, InheritsWhatEntriesLeaveOut) {
  std::vector<ManifestEntry> entries = {Added(File("a")), Added(File("b")), Added(File("c")), Added(File("d"))};
  entries[0].snapshot_id.reset();
  entries[1].data_file.first_row_id = 500;
  entries[2].status = ManifestEntry::Status::kExisting;
  entries[2].snapshot_id = 11;
  entries[2].sequence_number = 2;
  const auto encoded = EncodeManifest(3, TableSchema(), TableSpec(), 77, entries);
  ASSERT_TRUE(encoded.has_value()) << encoded.error().ToString();
  ManifestFile file = Committed(encoded->summary, 8);
  file.first_row_id = 1000;
  const auto read = DecodeManifest(encoded->bytes, file, TableSpec(), TableSchema());
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ((*read)[0].snapshot_id, 77);
  EXPECT_EQ((*read)[0].sequence_number, 8);
  EXPECT_EQ((*read)[2].snapshot_id, 11);
  EXPECT_EQ((*read)[2].sequence_number, 2);
  EXPECT_EQ((*read)[2].file_sequence_number, std::nullopt);  // only added files inherit
  EXPECT_EQ((*read)[0].data_file.first_row_id, 1000);
  EXPECT_EQ((*read)[1].data_file.first_row_id, 500);
  EXPECT_EQ((*read)[2].data_file.first_row_id, 1010);
  EXPECT_EQ((*read)[3].data_file.first_row_id, 1020);
  file.first_row_id = std::numeric_limits<int64_t>::max() - 5;
  EXPECT_EQ(CodeOf(DecodeManifest(encoded->bytes, file, TableSpec(), TableSchema())), ErrorCode::kCorruption);
}

TEST(ManifestTest, WritesDeleteManifests) {
  DataFile file = File("dv.puffin");
  file.content = DataFile::Content::kPositionDeletes;
  file.file_format = "PUFFIN";
  file.referenced_data_file = "a.parquet";
  file.content_offset = 4;
  file.content_size_in_bytes = 40;
  file.equality_ids = {};
  const auto encoded = EncodeManifest(3, TableSchema(), TableSpec(), 77, {Added(file)});
  ASSERT_TRUE(encoded.has_value());
  EXPECT_EQ(encoded->summary.content, ManifestFile::Content::kDeletes);
  ManifestFile committed = Committed(encoded->summary, 1);
  committed.first_row_id = 5;
  const auto read = DecodeManifest(encoded->bytes, committed, TableSpec(), TableSchema());
  ASSERT_TRUE(read.has_value());
  ExpectSameFile((*read)[0].data_file, file);
  EXPECT_EQ(CodeOf(EncodeManifest(3, TableSchema(), TableSpec(), 77, {Added(file), Added(File("a"))})),
            ErrorCode::kInvalidArgument);
}

TEST(ManifestTest, RefusesEntriesThatReadersWouldMisread) {
  const auto code = [](ManifestEntry entry, int32_t version = 2) {
    return CodeOf(EncodeManifest(version, TableSchema(), TableSpec(), 77, {std::move(entry)}));
  };
  EXPECT_EQ(code(Added(File("a")), 1), ErrorCode::kNotSupported);
  EXPECT_EQ(code(Added(File("a", {1}))), ErrorCode::kInvalidArgument);
  PartitionTuple tuple = Tuple(1, 1);
  tuple[0] = int64_t{1};  // a day is an int
  EXPECT_EQ(code(Added(File("a", tuple))), ErrorCode::kInvalidArgument);
  tuple = Tuple(1, 1);
  tuple[2] = Decimal128{Decimal128::Rep{1} << 40};
  EXPECT_EQ(code(Added(File("a", tuple))), ErrorCode::kInvalidArgument);
  tuple = Tuple(1, 1);
  tuple[7] = Bytes{"four"};
  EXPECT_EQ(code(Added(File("a", tuple))), ErrorCode::kInvalidArgument);
  ManifestEntry entry = Added(File("a"));
  entry.status = ManifestEntry::Status::kExisting;
  EXPECT_EQ(code(entry), ErrorCode::kInvalidArgument);
  entry = Added(File("a"));
  entry.snapshot_id = 78;
  EXPECT_EQ(code(entry), ErrorCode::kInvalidArgument);
  entry = Added(File("a"));
  entry.data_file.record_count = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(CodeOf(EncodeManifest(2, TableSchema(), TableSpec(), 77, {entry, Added(File("b"))})),
            ErrorCode::kInvalidArgument);
}

/// A manifest as an old engine writes it: v1, other order and types of fields, fields we do not know.
std::string ForeignManifest(const avro::TypePtr& partition, avro::Value partition_value) {
  const auto integer = avro::Primitive(avro::Kind::kInt), number = avro::Primitive(avro::Kind::kLong);
  const auto text = avro::Primitive(avro::Kind::kString);
  const auto file = avro::Record("r2", {{"block_size_in_bytes", number, 105},
                                        {"partition", partition, 102},
                                        {"record_count", number, 103},
                                        {"path", text, 100},
                                        {"file_format", text, 101},
                                        {"file_size_in_bytes", integer, 104},
                                        {"sort_columns", avro::Optional(avro::Array(integer, 113)), 112}});
  const auto root =
      avro::Record("manifest_entry", {{"data_file", file, 2}, {"status", integer, 0}, {"snapshot_id", number, 1}});
  avro::ContainerWriter writer(root, {{"format-version", "1"}});
  const auto value = [](int64_t n) { return avro::Value{n}; };
  const auto string = [](std::string_view s) { return avro::Value{s}; };
  avro::Values fields = {
      value(64), std::move(partition_value), value(3), string("f.parquet"), string("PARQUET"), value(99), {}};
  EXPECT_TRUE(writer.Append({avro::Values{{std::move(fields)}, value(1), value(42)}}).has_value());
  return *writer.Finish();
}

TEST(ManifestTest, ReadsManifestsOfVersion1) {
  const auto partition = avro::Record("r102", {{"b", avro::Optional(avro::Primitive(avro::Kind::kInt)), 1001},
                                               {"d", avro::Primitive(avro::Kind::kInt), 1000},
                                               {"s", avro::Primitive(avro::Kind::kFloat), 1006}});
  const std::string bytes = ForeignManifest(partition, {avro::Values{{int64_t{3}}, {int64_t{200}}, {0.5f}}});
  const ManifestFile file{.manifest_path = "m", .partition_spec_id = 5, .added_snapshot_id = 42};
  const auto entries = DecodeManifest(bytes, file, TableSpec(), TableSchema());
  ASSERT_TRUE(entries.has_value()) << entries.error().ToString();
  const ManifestEntry& entry = entries->at(0);
  EXPECT_EQ(entry.snapshot_id, 42);
  EXPECT_EQ(entry.sequence_number, 0);
  EXPECT_EQ(entry.data_file.content, DataFile::Content::kData);
  EXPECT_EQ(entry.data_file.file_path, "f.parquet");
  EXPECT_EQ(entry.data_file.file_size_in_bytes, 99);
  // By field id; those that are not there are null; the float has been promoted to the column's double.
  EXPECT_EQ(entry.data_file.partition, (PartitionTuple{200, 3, {}, {}, {}, {}, 0.5, {}}));
}

TEST(ManifestTest, ReadsPartitionsOfADroppedColumn) {
  PartitionSpec spec{.spec_id = 5, .fields = {{99, 1000, "gone", {}}}};
  const auto partition = avro::Record("r102", {{"gone", avro::Optional(avro::Timestamp(false, true)), 1000}});
  const std::string bytes = ForeignManifest(partition, {avro::Values{{int64_t{200}}}});
  const auto entries = DecodeManifest(bytes, {}, spec, TableSchema());
  ASSERT_TRUE(entries.has_value()) << entries.error().ToString();
  EXPECT_EQ(entries->at(0).data_file.partition, (PartitionTuple{int64_t{200}}));
}

TEST(ManifestTest, RefusesManifestsOfTheWrongShape) {
  const auto wrong_type = avro::Record("r102", {{"d", avro::Primitive(avro::Kind::kString), 1000}});
  EXPECT_EQ(CodeOf(DecodeManifest(ForeignManifest(wrong_type, {avro::Values{{std::string_view("x")}}}), {}, TableSpec(),
                                  TableSchema())),
            ErrorCode::kCorruption);
  EXPECT_EQ(CodeOf(DecodeManifest("", {}, TableSpec(), TableSchema())), ErrorCode::kCorruption);
  for (const avro::TypePtr& root : {avro::Primitive(avro::Kind::kInt), avro::Record("e", {}),
                                    avro::Record("e", {{"status", avro::Primitive(avro::Kind::kInt), 0}}),
                                    avro::Record("e", {{"status", avro::Primitive(avro::Kind::kInt), 0},
                                                       {"f", avro::Primitive(avro::Kind::kInt), 2}})}) {
    EXPECT_EQ(CodeOf(DecodeManifest(*avro::ContainerWriter(root, {}).Finish(), {}, TableSpec(), TableSchema())),
              ErrorCode::kCorruption);
  }
}

/// The same file, its one block not compressed, so that damage reaches the values.
std::string Uncompressed(const std::string& file) {
  const std::string sync = file.substr(file.size() - 16);
  const auto container = avro::ContainerReader::Open(file);
  int64_t budget = 0;
  avro::Decoder block(std::string_view(file).substr(file.find(sync) + 16), budget);
  const int64_t count = *block.ReadLong();
  const std::string values = *avro::Decompress(avro::Codec::kDeflate, *block.ReadBytes(), 1 << 20);
  std::string out("Obj\1\2", 5);
  avro::AppendBytes("avro.schema", out);
  avro::AppendBytes(container->metadata().at("avro.schema"), out);
  out += '\0' + sync;
  avro::AppendLong(count, out);
  avro::AppendBytes(values, out);
  return out + sync;
}

TEST(ManifestTest, SurvivesDamage) {
  const std::string packed =
      EncodeManifest(2, TableSchema(), TableSpec(), 77, {Added(File("a")), Added(File("b"))})->bytes;
  const std::string plain = Uncompressed(packed);
  ASSERT_EQ(DecodeManifest(plain, {}, TableSpec(), TableSchema())->size(), 2u);
  Random random(11);
  for (int i = 0; i < 5'000; ++i) {
    std::string bytes = i % 4 == 0 ? packed : plain;
    // Most of the file is its schema; half of the damage goes to the values at the end.
    const uint64_t from = random.Below(2) == 0 ? 0 : bytes.size() - 500;
    for (uint64_t n = 1 + random.Below(3); n > 0; --n) {
      bytes[from + random.Below(bytes.size() - from)] = static_cast<char>(random.Next());
    }
    (void)DecodeManifest(bytes, {}, TableSpec(), TableSchema());
    (void)DecodeManifestList(bytes);
  }
}

}  // namespace
}  // namespace k2i::iceberg
