// SPDX-License-Identifier: Apache-2.0
#include "datafile/foreign_file.h"

#include <arrow/array.h>
#include <arrow/io/memory.h>
#include <arrow/json/from_string.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/util/key_value_metadata.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>

#include "datafile/data_file_reader.h"
#include "datafile/random_rows_testing.h"
#include "iceberg/model/name_mapping.h"
#include "io/memory_object_store_testing.h"

namespace k2i::datafile {
namespace {

using iceberg::Literal;
using iceberg::Transform;
using iceberg::Type;
using iceberg::TypeId;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kFile = "s3://b/foreign/a.parquet";

class ForeignFileTest : public ::testing::Test {
 protected:
  ForeignFileTest() {
    const auto of = [](TypeId id) { return Type::Primitive(id); };
    table_.schemas = {{.type = Type::Struct({{1, "id", of(TypeId::kLong), false},
                                             {2, "country", of(TypeId::kString)},
                                             {3, "at", of(TypeId::kTimestampTz)},
                                             {4, "where", Type::Struct({{5, "x", of(TypeId::kInt)}})},
                                             {6, "tags", Type::List({.field_id = 7, .type = of(TypeId::kString)})}})}};
    table_.partition_specs = {{}};
    MapNames();
  }
  void MapNames() { table_.properties[iceberg::kNameMappingProperty] = NameMappingJson(table_.current_schema()); }
  void PartitionBy(int32_t source, const std::string& transform) {
    table_.partition_specs[0].fields = {{source, 1000, "p", Transform::Parse(transform).value()}};
  }
  /// By Arrow's own writer, as anybody makes Parquet.
  void Write(const std::shared_ptr<arrow::Schema>& schema, const std::string& rows) {
    const auto columns = arrow::json::ArrayFromJSONString(arrow::struct_(schema->fields()), rows).ValueOrDie();
    const auto batch = arrow::RecordBatch::FromStructArray(columns).ValueOrDie();
    const auto table = arrow::Table::FromRecordBatches(schema, {batch}).ValueOrDie();
    const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
    Must(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), sink, /*chunk_size=*/2));
    (void)store_.Delete(kFile);
    ASSERT_TRUE(store_.Create(kFile, sink->Finish().ValueOrDie()->ToString()).has_value());
  }
  std::shared_ptr<arrow::Schema> Columns() {
    return arrow::schema({arrow::field("country", arrow::large_utf8()), arrow::field("id", arrow::int32()),
                          arrow::field("at", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")),
                          arrow::field("where", arrow::struct_({arrow::field("x", arrow::int32())})),
                          arrow::field("tags", arrow::list(arrow::field("item", arrow::utf8())))});
  }
  void WriteThree() {
    Write(Columns(),
          R"([{"id": 5, "country": "CH", "at": "2024-03-01T10:00:00Z", "where": {"x": 1}, "tags": ["a", "b"]},
                         {"id": 7, "country": "CH", "at": "2024-03-01T11:00:00Z", "where": null, "tags": null},
                         {"id": 6, "country": "CH", "at": "2024-03-01T12:00:00Z", "where": {"x": 3}, "tags": []}])");
  }
  Result<iceberg::DataFile> Describe() {
    return DescribeForeignFile(store_, kFile, table_, arrow::default_memory_pool());
  }
  Error Refused() {
    const auto described = Describe();
    EXPECT_FALSE(described.has_value());
    return described ? Error{} : described.error();
  }

  io::MemoryObjectStore store_;
  iceberg::TableMetadata table_;
};

TEST_F(ForeignFileTest, FooterTellsTheMetrics) {
  WriteThree();
  const auto file = Describe();
  ASSERT_TRUE(file.has_value()) << file.error().ToString();
  EXPECT_EQ(file->record_count, 3);
  EXPECT_EQ(file->file_size_in_bytes, static_cast<int64_t>(store_.Read(kFile)->size()));
  EXPECT_EQ(file->split_offsets.size(), 2u);
  EXPECT_EQ(file->value_counts.at(1), 3);
  EXPECT_EQ(file->null_value_counts.at(2), 0);
  EXPECT_EQ(file->lower_bounds.at(1), SerializeLiteral(*Type::Primitive(TypeId::kLong), int64_t{5}));
  EXPECT_EQ(file->upper_bounds.at(1), SerializeLiteral(*Type::Primitive(TypeId::kLong), int64_t{7}));
  EXPECT_EQ(file->lower_bounds.at(2), "CH");
}

TEST_F(ForeignFileTest, RowsAreReadByTheNameMapping) {
  WriteThree();
  const auto file = Describe().value();
  auto reader =
      DataFileReader::Open(store_, file, table_.current_schema(), arrow::default_memory_pool(), {.table = &table_});
  ASSERT_TRUE(reader.has_value()) << reader.error().ToString();
  const auto rows = (*reader)->Next().value();
  ASSERT_EQ(rows->num_rows(), 3);
  EXPECT_EQ(rows->column(0)->ToString(), "[\n  5,\n  7,\n  6\n]");
  EXPECT_EQ(rows->column(3)->null_count(), 1);
  const auto& where = static_cast<const arrow::StructArray&>(*rows->column(3));
  EXPECT_EQ(static_cast<const arrow::Int32Array&>(*where.field(0)).Value(2), 3);
  const auto& tags = static_cast<const arrow::ListArray&>(*rows->column(4));
  EXPECT_EQ(static_cast<const arrow::StringArray&>(*tags.values()).GetView(1), "b");
  // A renamed column keeps the name that files know.
  table_.properties[iceberg::kNameMappingProperty] = R"([{"field-id": 1, "names": ["number", "id"]}])";
  const iceberg::Schema renamed{.type = Type::Struct({{1, "number", Type::Primitive(TypeId::kLong)}})};
  reader = DataFileReader::Open(store_, file, renamed, arrow::default_memory_pool(), {.table = &table_});
  EXPECT_EQ((*reader)->Next().value()->column(0)->null_count(), 0);
}

TEST_F(ForeignFileTest, WithoutANameMappingThereIsNoTelling) {
  WriteThree();
  table_.properties.clear();
  EXPECT_EQ(Refused().code, ErrorCode::kNotSupported);
  EXPECT_THAT(Refused().message, HasSubstr("schema.name-mapping.default"));
}

TEST_F(ForeignFileTest, PartitionsAreProvenFromBounds) {
  WriteThree();
  PartitionBy(2, "identity");
  EXPECT_THAT(Describe()->partition, ElementsAre(Literal(std::string("CH"))));
  PartitionBy(3, "day");
  EXPECT_THAT(Describe()->partition, ElementsAre(Literal(int32_t{19783})));
  PartitionBy(1, "truncate[10]");
  EXPECT_THAT(Describe()->partition, ElementsAre(Literal(int64_t{0})));
  PartitionBy(1, "void");
  EXPECT_THAT(Describe()->partition, ElementsAre(Literal()));
  PartitionBy(3, "hour");
  EXPECT_EQ(Refused().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(Refused().message, AllOf(HasSubstr(kFile), HasSubstr("hour(at)")));
  PartitionBy(1, "bucket[4]");
  EXPECT_THAT(Refused().message, HasSubstr("bucket[4](id)"));
}

TEST_F(ForeignFileTest, NullsAreAPartitionOfTheirOwn) {
  Write(Columns(), R"([{"id": 1}, {"id": 2, "country": null}])");
  PartitionBy(2, "identity");
  EXPECT_THAT(Describe()->partition, ElementsAre(Literal()));
  Write(Columns(), R"([{"id": 1, "country": "CH"}, {"id": 2}])");
  EXPECT_THAT(Refused().message, HasSubstr("one partition"));
}

TEST_F(ForeignFileTest, FilesThatDoNotFitAreRefused) {
  Write(arrow::schema({arrow::field("id", arrow::int64()), arrow::field("more", arrow::int64())}), R"([{"id": 1}])");
  EXPECT_THAT(Refused().message, HasSubstr("no column more"));
  Write(arrow::schema({arrow::field("country", arrow::utf8())}), R"([{"country": "CH"}])");
  EXPECT_THAT(Refused().message, HasSubstr("id is required"));
  Write(Columns(), R"([{"country": "CH"}])");
  EXPECT_THAT(Refused().message, HasSubstr("null in 1 rows"));
  Write(arrow::schema({arrow::field("id", arrow::utf8())}), R"([{"id": "one"}])");
  EXPECT_THAT(Refused().message, HasSubstr("id is string, and that of the table is long"));
  Write(arrow::schema({arrow::field("id", arrow::int64()),
                       arrow::field("where", arrow::struct_({arrow::field("x", arrow::int64())}))}),
        R"([{"id": 1}])");
  EXPECT_THAT(Refused().message, HasSubstr("its column where"));
  Write(arrow::schema({arrow::field("id", arrow::int64())}), "[]");
  EXPECT_THAT(Refused().message, HasSubstr("no rows"));
  const auto ids = arrow::key_value_metadata({"PARQUET:field_id"}, {"2"});
  Write(arrow::schema({arrow::field("id", arrow::int64(), true, ids)}), R"([{"id": 1}])");
  EXPECT_THAT(Refused().message, HasSubstr("field id 2, which is column country"));
  (void)store_.Delete(kFile);
  ASSERT_TRUE(store_.Create(kFile, "not Parquet").has_value());
  EXPECT_EQ(Refused().code, ErrorCode::kCorruption);
}

TEST_F(ForeignFileTest, ColumnsOfAFileBecomeIcebergs) {
  WriteThree();
  const auto schema = ColumnsOfFile(store_, kFile, arrow::default_memory_pool());
  ASSERT_TRUE(schema.has_value()) << schema.error().ToString();
  ASSERT_EQ(schema->fields().size(), 5u);
  EXPECT_EQ(schema->fields()[1].type->ToString(), "int");
  EXPECT_EQ(schema->FindField("at")->type->ToString(), "timestamptz");
  EXPECT_EQ(schema->FindField("where.x")->type->ToString(), "int");
  EXPECT_EQ(schema->FindField("tags.element")->type->ToString(), "string");
  EXPECT_EQ(schema->fields()[0].field_id, 0);
  Write(arrow::schema({arrow::field("n", arrow::uint64())}), R"([{"n": 1}])");
  EXPECT_EQ(ColumnsOfFile(store_, kFile, arrow::default_memory_pool()).error().code, ErrorCode::kNotSupported);
}

TEST_F(ForeignFileTest, IdentityPartitionsFillInColumnsThatFilesLack) {
  Write(arrow::schema({arrow::field("id", arrow::int64())}), R"([{"id": 1}, {"id": 2}])");
  table_.partition_specs[0].fields = {{2, 1000, "country", Transform::Parse("identity").value()}};
  const iceberg::DataFile file{.file_path = kFile, .partition = {Literal(std::string("CH"))}, .record_count = 2};
  const iceberg::Schema wanted{.type = Type::Struct({*table_.current_schema().FindField("country")})};
  const auto reader = DataFileReader::Open(store_, file, wanted, arrow::default_memory_pool(), {.table = &table_});
  ASSERT_TRUE(reader.has_value()) << reader.error().ToString();
  EXPECT_EQ((*reader)->Next().value()->column(0)->ToString(), "[\n  \"CH\",\n  \"CH\"\n]");
}

}  // namespace
}  // namespace k2i::datafile
