// SPDX-License-Identifier: Apache-2.0
#include "datafile/row_group_statistics.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include "datafile/data_file_reader.h"
#include "datafile/random_rows_testing.h"
#include "datafile/rolling_writer.h"
#include "io/memory_object_store_testing.h"

namespace k2i::datafile {
namespace {

using iceberg::Literal;
using iceberg::Type;
using iceberg::TypeId;

/// Compares literals of one type where neither is null.
bool Above(const Literal& a, const Literal& b) { return b < a; }

/// Bounds and counts of every row group hold its rows, for each primitive type.
TEST(RowGroupStatisticsTest, HoldTheRowsOfTheirGroup) {
  io::MemoryObjectStore store;
  WriterOptions options;
  options.format_version = 3;
  options.data_location = "s3://b/t/data";
  options.file_name_prefix = "f";
  options.schema = AllTypesSchema(3);
  options.row_group_rows = 100;
  RandomRows random(3);
  const arrow::RecordBatchVector rows = {random.Batch(options.schema, 250)};
  auto writer = RollingWriter::Make(store, options, arrow::default_memory_pool()).value();
  ASSERT_TRUE(writer->Write(rows).has_value());
  const auto files = writer->Finish().value();
  ASSERT_EQ(files.size(), 1u);

  int64_t first_row = 0;
  int known = 0;
  ReaderOptions reading;
  reading.keep_row_group = [&](const RowGroupStatistics& group) {
    for (size_t c = 0; c < options.schema.fields().size(); ++c) {
      const auto& field = options.schema.fields()[c];
      const auto column = group.Of(field.field_id, *field.type);
      if (!column) continue;
      const auto values = rows[0]->column(static_cast<int>(c))->Slice(first_row, group.row_count());
      EXPECT_EQ(column->null_count, values->null_count()) << field.name;
      for (int64_t i = 0; i < values->length() && column->lower; ++i) {
        const Literal value = LiteralAt(*values, *field.type, i);
        if (iceberg::is_null(value)) continue;
        EXPECT_FALSE(Above(*column->lower, value) || Above(value, *column->upper)) << field.name << " row " << i;
      }
      known += column->lower.has_value() ? 1 : 0;
    }
    first_row += group.row_count();
    return first_row == 200;  // the second group alone
  };
  const auto reader =
      DataFileReader::Open(store, files[0], options.schema, arrow::default_memory_pool(), reading).value();
  EXPECT_EQ(first_row, 250);
  EXPECT_GE(known, 3 * 11);
  EXPECT_EQ(reader->row_groups(), std::vector<int>{1});
  EXPECT_EQ(reader->row_group_count(), 3);
  EXPECT_EQ(reader->Next().value()->num_rows(), 100);
  EXPECT_EQ(reader->Next().value(), nullptr);

  reading.keep_row_group = nullptr;
  reading.row_groups = {2};
  const auto last =
      DataFileReader::Open(store, files[0], options.schema, arrow::default_memory_pool(), reading).value();
  EXPECT_EQ(last->Next().value()->num_rows(), 50);
  EXPECT_EQ(last->Next().value(), nullptr);
}

}  // namespace
}  // namespace k2i::datafile
