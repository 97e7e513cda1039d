// SPDX-License-Identifier: Apache-2.0
//
// libparquet of the pyarrow wheel exports symbols of a Thrift of its own, by which it writes its footers. Bound to
// those of another version, it crashes at the first file; src/iceberg/catalog/hive/CMakeLists.txt therefore links the
// system's Thrift in under another name. One process here speaks Thrift both ways.
#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>

#include "iceberg/catalog/hive/hive_client.h"

namespace k2i {
namespace {

TEST(ThriftApartTest, ParquetKeepsItsOwnBesideTheMetastores) {
  iceberg::HiveClient client({.servers = {{"127.0.0.1", 1}}});
  EXPECT_EQ(client.Ask("ask", [](auto&) {}).error().code, ErrorCode::kUnavailable);

  arrow::Int64Builder builder;
  ASSERT_TRUE(builder.AppendValues({1, 2, 3}).ok());
  const auto table = arrow::Table::Make(arrow::schema({arrow::field("n", arrow::int64())}), {*builder.Finish()});
  const auto out = *arrow::io::BufferOutputStream::Create();
  ASSERT_TRUE(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), out, 1024).ok());
  auto reader =
      parquet::arrow::OpenFile(std::make_shared<arrow::io::BufferReader>(*out->Finish()), arrow::default_memory_pool());
  ASSERT_TRUE(reader.ok());
  const auto read = (*reader)->ReadTable();
  ASSERT_TRUE(read.ok());
  EXPECT_TRUE((*read)->Equals(*table));
}

TEST(ThriftApartTest, NoOtherLibraryBringsTheSystemsThriftIn) {
  // By its plain name it is nowhere in this process but, hidden or not, in libparquet.
  void* const found = dlsym(RTLD_DEFAULT, "_ZTIN6apache6thrift10TExceptionE");
  if (found == nullptr) return;
  Dl_info info{};
  ASSERT_NE(dladdr(found, &info), 0);
  EXPECT_NE(std::string(info.dli_fname).find("libparquet"), std::string::npos) << info.dli_fname;
}

}  // namespace
}  // namespace k2i
