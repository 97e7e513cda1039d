// SPDX-License-Identifier: Apache-2.0
#include "server/flight/catalog_results.h"

#include <arrow/array.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/dictionary.h>
#include <arrow/ipc/reader.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/flight/fixed_tables_testing.h"
#include "server/flight/sql_info.h"
#include "server/flight/xdbc_types.h"

namespace k2i::server::flight {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class CatalogResultsTest : public testing::Test {
 protected:
  template <typename Command>
  std::shared_ptr<arrow::RecordBatch> Rows(const Command& command) {
    const auto batch = RowsOf(command, tables_.Tables()).value();
    EXPECT_TRUE(batch->ValidateFull().ok());
    EXPECT_TRUE(batch->schema()->Equals(SchemaOf(command)));
    return batch;
  }
  static std::vector<std::string> Texts(const arrow::RecordBatch& batch, const char* column) {
    std::vector<std::string> texts;
    const auto array = std::static_pointer_cast<arrow::StringArray>(batch.GetColumnByName(column));
    for (int64_t i = 0; i < array->length(); ++i) texts.push_back(array->GetString(i));
    return texts;
  }
  std::vector<std::string> TableNames(const GetTables& command) { return Texts(*Rows(command), "table_name"); }

  FixedTables tables_;
};

TEST_F(CatalogResultsTest, Databases) {
  EXPECT_THAT(Texts(*Rows(GetDbSchemas{}), "db_schema_name"), ElementsAre("lake", "other"));
  EXPECT_THAT(Texts(*Rows(GetDbSchemas{"", "l%"}), "db_schema_name"), ElementsAre("lake"));
  EXPECT_THAT(Texts(*Rows(GetDbSchemas{"cat", {}}), "db_schema_name"), IsEmpty());
  EXPECT_EQ(Rows(GetCatalogs{})->num_rows(), 0);
}

TEST_F(CatalogResultsTest, TablesByFilter) {
  EXPECT_THAT(TableNames({}), ElementsAre("events", "numbers", "empty"));
  EXPECT_THAT(TableNames({.schema_pattern = "lake"}), ElementsAre("events", "numbers"));
  EXPECT_THAT(TableNames({.table_pattern = "%e%", .types = {"VIEW", "TABLE"}}),
              ElementsAre("events", "numbers", "empty"));
  EXPECT_THAT(TableNames({.table_pattern = "event_"}), ElementsAre("events"));
  EXPECT_THAT(TableNames({.types = {"VIEW"}}), IsEmpty());
  EXPECT_THAT(TableNames({.catalog = "other"}), IsEmpty());
  EXPECT_THAT(Texts(*Rows(GetTables{.table_pattern = "empty"}), "table_type"), ElementsAre("TABLE"));
}

TEST_F(CatalogResultsTest, ColumnsOfATable) {
  const auto batch = Rows(GetTables{.table_pattern = "events", .include_schema = true});
  const auto bytes = std::static_pointer_cast<arrow::BinaryArray>(batch->GetColumnByName("table_schema"))->GetString(0);
  arrow::io::BufferReader reader(arrow::Buffer::FromString(bytes));
  arrow::ipc::DictionaryMemo memo;
  const auto schema = arrow::ipc::ReadSchema(&reader, &memo).ValueOrDie();
  const auto expected = tables_.Table("events")->schema;
  EXPECT_TRUE(schema->Equals(*expected, /*check_metadata=*/false)) << schema->ToString();
  EXPECT_EQ(schema->GetFieldByName("amount")->metadata()->Get("ARROW:FLIGHT:SQL:TYPE_NAME").ValueOrDie(),
            "DECIMAL(9,2)");
}

TEST_F(CatalogResultsTest, NoKeys) {
  EXPECT_EQ(Rows(GetPrimaryKeys{})->num_rows(), 0);
  EXPECT_EQ(Rows(GetForeignKeys{})->num_rows(), 0);
  EXPECT_EQ(SchemaOf(GetForeignKeys{})->num_fields(), 13);
  EXPECT_THAT(Texts(*Rows(GetTableTypes{}), "table_type"), ElementsAre("TABLE"));
}

TEST(SqlInfoTest, EveryValueOfTheSpecification) {
  const ServerFacts facts{"1.2.3", std::chrono::minutes(10)};
  const auto batch = RowsOf(GetSqlInfo{}, facts).value();
  ASSERT_TRUE(batch->ValidateFull().ok()) << batch->ValidateFull();
  EXPECT_EQ(batch->num_rows(), 10 + 2 + 77);  // 0–9, 100–101, 500–576
  const auto some = RowsOf(GetSqlInfo{{1, 8, 99999}}, facts).value();
  ASSERT_EQ(some->num_rows(), 2);
  const auto values = std::static_pointer_cast<arrow::DenseUnionArray>(some->column(1));
  EXPECT_EQ(values->GetScalar(0).ValueOrDie()->ToString(), "union{string_value: string = 1.2.3}");
  EXPECT_EQ(values->type_code(1), 3);  // clients read transactions as an int32
}

TEST(XdbcTypesTest, AllAndOne) {
  const auto all = RowsOf(GetXdbcTypeInfo{}).value();
  ASSERT_TRUE(all->ValidateFull().ok()) << all->ValidateFull();
  const auto types = std::static_pointer_cast<arrow::Int32Array>(all->GetColumnByName("data_type"));
  for (int64_t i = 1; i < types->length(); ++i) EXPECT_LE(types->Value(i - 1), types->Value(i));
  EXPECT_EQ(RowsOf(GetXdbcTypeInfo{-5}).value()->num_rows(), 1);
  EXPECT_EQ(RowsOf(GetXdbcTypeInfo{2000}).value()->num_rows(), 0);
}

}  // namespace
}  // namespace k2i::server::flight
