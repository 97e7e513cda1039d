// SPDX-License-Identifier: Apache-2.0
#include "datafile/column_metrics.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <cmath>

#include "datafile/random_rows_testing.h"
#include "datafile/rolling_writer.h"
#include "io/memory_object_store_testing.h"

namespace k2i::datafile {
namespace {

using iceberg::DataFile;
using iceberg::Literal;
using iceberg::NestedField;
using iceberg::Type;
using iceberg::TypeId;

DataFile WriteOne(const WriterOptions& options, const arrow::RecordBatchVector& batches) {
  io::MemoryObjectStore store;
  auto writer = RollingWriter::Make(store, options, arrow::default_memory_pool()).value();
  const Status written = writer->Write(batches);
  EXPECT_TRUE(written.has_value()) << (written ? "" : written.error().ToString());
  return writer->Finish().value().at(0);
}

WriterOptions Options(iceberg::Schema schema) {
  WriterOptions options;
  options.format_version = 3;
  options.data_location = "s3://b/t/data";
  options.file_name_prefix = "f";
  options.schema = std::move(schema);
  return options;
}

/// What a reader of the metrics would count, value by value.
struct NaiveLeaf {
  int64_t values = 0, nulls = 0, nans = 0;
  std::vector<Literal> present;  // without nulls and NaNs
};

bool IsNan(const Literal& value) {
  const auto* narrow = std::get_if<float>(&value);
  const auto* wide = std::get_if<double>(&value);
  return (narrow != nullptr && std::isnan(*narrow)) || (wide != nullptr && std::isnan(*wide));
}

class NaiveMetrics {
 public:
  explicit NaiveMetrics(const iceberg::Schema& schema) : schema_(schema) {}

  void Add(const arrow::RecordBatch& rows) {
    for (int64_t row = 0; row < rows.num_rows(); ++row) {
      for (size_t i = 0; i < schema_.fields().size(); ++i)
        Visit(*rows.column(static_cast<int>(i)), schema_.fields()[i], row);
    }
  }
  const NaiveLeaf& leaf(int32_t id) { return leaves_[id]; }

 private:
  /// Parquet stores one null for each leaf below a null, or below an empty list or map.
  void VisitNull(const NestedField& field) {
    if (!field.type->is_nested()) {
      ++leaves_[field.field_id].values;
      ++leaves_[field.field_id].nulls;
    }
    for (const NestedField& child : field.type->fields()) VisitNull(child);
  }

  void Visit(const arrow::Array& array, const NestedField& field, int64_t row) {
    if (array.IsNull(row)) return VisitNull(field);
    switch (field.type->id()) {
      case TypeId::kStruct:
        for (size_t i = 0; i < field.type->fields().size(); ++i) {
          Visit(*static_cast<const arrow::StructArray&>(array).field(static_cast<int>(i)), field.type->fields()[i],
                row);
        }
        return;
      case TypeId::kList: {
        const auto& list = static_cast<const arrow::ListArray&>(array);
        if (list.value_length(row) == 0) VisitNull(field);
        for (int i = 0; i < list.value_length(row); ++i) {
          Visit(*list.values(), field.type->fields()[0], list.value_offset(row) + i);
        }
        return;
      }
      case TypeId::kMap: {
        const auto& map = static_cast<const arrow::MapArray&>(array);
        if (map.value_length(row) == 0) VisitNull(field);
        for (int i = 0; i < map.value_length(row); ++i) {
          Visit(*map.keys(), field.type->fields()[0], map.value_offset(row) + i);
          Visit(*map.items(), field.type->fields()[1], map.value_offset(row) + i);
        }
        return;
      }
      default:
        AddValue(leaves_[field.field_id], LiteralAt(array, *field.type, row));
    }
  }

  static void AddValue(NaiveLeaf& leaf, Literal value) {
    ++leaf.values;
    leaf.nans += IsNan(value);
    if (!IsNan(value)) leaf.present.push_back(std::move(value));
  }

  const iceberg::Schema& schema_;
  std::map<int32_t, NaiveLeaf> leaves_;
};

/// Bounds must hold for all values, and be values themselves where nothing is cut.
void CheckBounds(const DataFile& file, const LeafColumn& leaf, const NaiveLeaf& naive) {
  SCOPED_TRACE(leaf.name);
  const bool has_lower = file.lower_bounds.contains(leaf.field_id);
  const bool has_upper = file.upper_bounds.contains(leaf.field_id);
  if (leaf.repeated || naive.present.empty()) {
    EXPECT_FALSE(has_lower || has_upper);
    return;
  }
  ASSERT_TRUE(has_lower);
  const auto [smallest, largest] =
      std::ranges::minmax(naive.present, [](const Literal& a, const Literal& b) { return a < b; });
  const Literal lower = iceberg::DeserializeLiteral(*leaf.type, file.lower_bounds.at(leaf.field_id)).value();
  EXPECT_TRUE(lower <= smallest);
  const bool cut = leaf.type->id() == TypeId::kString || leaf.type->id() == TypeId::kBinary;
  EXPECT_TRUE(cut || lower == smallest);
  if (cut && !has_upper) return;  // nothing could be raised
  ASSERT_TRUE(has_upper);
  const Literal upper = iceberg::DeserializeLiteral(*leaf.type, file.upper_bounds.at(leaf.field_id)).value();
  EXPECT_TRUE(upper >= largest);
  EXPECT_TRUE(cut || upper == largest);
}

class RandomMetricsTest : public ::testing::TestWithParam<int> {};

TEST_P(RandomMetricsTest, AgreeWithTheNaiveCount) {
  RandomRows random(static_cast<uint64_t>(GetParam()));
  random.null_share = GetParam() % 3 == 0 ? 0.95 : 0.2;
  random.max_text = 40;
  WriterOptions options = Options(AllTypesSchema(3));
  options.row_group_rows = 70;  // several row groups, so that they must be merged
  arrow::RecordBatchVector batches;
  NaiveMetrics naive(options.schema);
  for (int64_t rows : {1, 100, 33, 120}) {
    batches.push_back(random.Batch(options.schema, rows + 4)->Slice(4));
    naive.Add(*batches.back());
  }
  const DataFile file = WriteOne(options, batches);
  EXPECT_EQ(file.record_count, 254);
  EXPECT_EQ(file.split_offsets.size(), 4u);
  EXPECT_EQ(file.split_offsets[0], 4);  // behind "PAR1"
  EXPECT_TRUE(std::ranges::is_sorted(file.split_offsets));
  for (const LeafColumn& leaf : LeafColumns(options.schema)) {
    const NaiveLeaf& expected = naive.leaf(leaf.field_id);
    EXPECT_EQ(file.value_counts.at(leaf.field_id), expected.values) << leaf.name;
    EXPECT_EQ(file.null_value_counts.at(leaf.field_id), expected.nulls) << leaf.name;
    EXPECT_GT(file.column_sizes.at(leaf.field_id), 0) << leaf.name;
    const bool floating = leaf.type->id() == TypeId::kFloat || leaf.type->id() == TypeId::kDouble;
    EXPECT_EQ(file.nan_value_counts.contains(leaf.field_id), floating);
    if (floating) {
      EXPECT_EQ(file.nan_value_counts.at(leaf.field_id), expected.nans) << leaf.name;
    }
    NaiveLeaf present = expected;
    std::erase_if(present.present, [](const Literal& value) { return is_null(value); });
    CheckBounds(file, leaf, present);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomMetricsTest, ::testing::Range(0, 12));

class ColumnMetricsTest : public ::testing::Test {
 protected:
  template <typename Builder, typename Value>
  DataFile Write(iceberg::TypePtr type, const std::vector<std::optional<Value>>& values) {
    options_.schema = {.type = Type::Struct({{.field_id = 7, .name = "c", .type = std::move(type)}})};
    Builder builder;
    for (const auto& value : values) Must(value ? builder.Append(*value) : builder.AppendNull());
    const auto array = builder.Finish().ValueOrDie();
    return WriteOne(options_, {arrow::RecordBatch::Make(arrow::schema({arrow::field("c", array->type())}),
                                                        array->length(), {array})});
  }
  WriterOptions options_ = Options({});
};

TEST_F(ColumnMetricsTest, NanIsNeverABound) {
  const double nan = std::nan("");
  const DataFile some =
      Write<arrow::DoubleBuilder, double>(Type::Primitive(TypeId::kDouble), {nan, 1.5, std::nullopt, -2.0});
  EXPECT_EQ(some.nan_value_counts.at(7), 1);
  EXPECT_EQ(some.lower_bounds.at(7), iceberg::SerializeLiteral(*Type::Primitive(TypeId::kDouble), -2.0));
  EXPECT_EQ(some.upper_bounds.at(7), iceberg::SerializeLiteral(*Type::Primitive(TypeId::kDouble), 1.5));
  const DataFile all = Write<arrow::DoubleBuilder, double>(Type::Primitive(TypeId::kDouble), {nan, nan, std::nullopt});
  EXPECT_EQ(all.nan_value_counts.at(7), 2);
  EXPECT_TRUE(all.lower_bounds.empty() && all.upper_bounds.empty());
}

TEST_F(ColumnMetricsTest, ARowGroupOfNansLeavesTheBoundsOfTheOthers) {
  options_.row_group_rows = 1;
  const DataFile file =
      Write<arrow::DoubleBuilder, double>(Type::Primitive(TypeId::kDouble), {std::nan(""), 3.0, std::nullopt});
  EXPECT_EQ(file.split_offsets.size(), 3u);
  EXPECT_EQ(file.lower_bounds.at(7), iceberg::SerializeLiteral(*Type::Primitive(TypeId::kDouble), 3.0));
}

TEST_F(ColumnMetricsTest, ZeroBoundsCoverBothZeros) {
  for (double zero : {0.0, -0.0}) {
    const DataFile file = Write<arrow::DoubleBuilder, double>(Type::Primitive(TypeId::kDouble), {zero});
    EXPECT_EQ(file.lower_bounds.at(7), iceberg::SerializeLiteral(*Type::Primitive(TypeId::kDouble), -0.0));
    EXPECT_EQ(file.upper_bounds.at(7), iceberg::SerializeLiteral(*Type::Primitive(TypeId::kDouble), 0.0));
  }
}

TEST_F(ColumnMetricsTest, NansBelowNullStructsDoNotCount) {
  const auto child = std::make_shared<arrow::DoubleArray>(
      3, arrow::Buffer::FromVector(std::vector<double>{std::nan(""), 1, std::nan("")}));
  const auto valid = arrow::Buffer::FromString("\x03");  // the last struct is null
  options_.schema = {
      .type = Type::Struct(
          {{.field_id = 1,
            .name = "s",
            .type = Type::Struct({{.field_id = 2, .name = "x", .type = Type::Primitive(TypeId::kDouble)}})}})};
  const auto type = arrow::struct_({arrow::field("x", arrow::float64())});
  const auto array = std::make_shared<arrow::StructArray>(type, 3, arrow::ArrayVector{child}, valid);
  const DataFile file =
      WriteOne(options_, {arrow::RecordBatch::Make(arrow::schema({arrow::field("s", type)}), 3, {array})});
  EXPECT_EQ(file.nan_value_counts.at(2), 1);
  EXPECT_EQ(file.null_value_counts.at(2), 1);
  EXPECT_EQ(file.value_counts.at(2), 3);
}

TEST_F(ColumnMetricsTest, LongTextHasBoundsThoughParquetKeepsNone) {
  options_.row_group_rows = 2;
  const std::string longest(5000, 'm');
  const DataFile file = Write<arrow::StringBuilder, std::string>(Type::Primitive(TypeId::kString),
                                                                 {longest + "a", "zebra", "apple", "b", std::nullopt});
  EXPECT_EQ(file.lower_bounds.at(7), "apple");
  EXPECT_EQ(file.upper_bounds.at(7), "zebra");
  const DataFile only = Write<arrow::BinaryBuilder, std::string>(Type::Primitive(TypeId::kBinary), {longest});
  EXPECT_EQ(only.lower_bounds.at(7), std::string(16, 'm'));
  EXPECT_EQ(only.upper_bounds.at(7), std::string(15, 'm') + "n");
}

TEST_F(ColumnMetricsTest, ModesSayHowMuch) {
  const auto write = [&](const std::string& mode) {
    options_.properties["write.metadata.metrics.column.c"] = mode;
    return Write<arrow::StringBuilder, std::string>(Type::Primitive(TypeId::kString), {"abcdefgh", std::nullopt});
  };
  DataFile file = write("none");
  EXPECT_TRUE(file.value_counts.empty() && file.null_value_counts.empty() && file.lower_bounds.empty());
  EXPECT_EQ(file.column_sizes.size(), 1u);
  file = write("counts");
  EXPECT_EQ(file.value_counts.at(7), 2);
  EXPECT_EQ(file.null_value_counts.at(7), 1);
  EXPECT_TRUE(file.lower_bounds.empty() && file.upper_bounds.empty());
  file = write("truncate(3)");
  EXPECT_EQ(file.lower_bounds.at(7), "abc");
  EXPECT_EQ(file.upper_bounds.at(7), "abd");
  file = write("full");
  EXPECT_EQ(file.lower_bounds.at(7), "abcdefgh");
  EXPECT_EQ(file.upper_bounds.at(7), "abcdefgh");
}

}  // namespace
}  // namespace k2i::datafile
