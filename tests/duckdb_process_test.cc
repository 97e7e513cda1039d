// SPDX-License-Identifier: Apache-2.0
//
// libduckdb carries copies of libraries that others here use too (mbedtls, zstd, lz4, snappy, Thrift, a Parquet reader,
// jemalloc, ICU), and so does the Arrow wheel. One process uses DuckDB between Parquet with encryption and OpenSSL's
// hashes; the names that matter must stay bound to their own libraries.
#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <dlfcn.h>
#include <duckdb.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

std::shared_ptr<arrow::Table> SomeTable() {
  arrow::StringBuilder texts;
  for (int i = 0; i < 10'000; ++i) EXPECT_TRUE(texts.Append("text number " + std::to_string(i % 97)).ok());
  return arrow::Table::Make(arrow::schema({arrow::field("t", arrow::utf8())}),
                            std::vector{texts.Finish().ValueOrDie()});
}

/// Through Parquet and back, in the codec given.
bool SurvivesParquet(const arrow::Table& table, arrow::Compression::type codec) {
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  const auto properties = parquet::WriterProperties::Builder().compression(codec)->build();
  if (!parquet::arrow::WriteTable(table, arrow::default_memory_pool(), sink, 1000, properties).ok()) return false;
  const auto reader = parquet::arrow::OpenFile(std::make_shared<arrow::io::BufferReader>(sink->Finish().ValueOrDie()),
                                               arrow::default_memory_pool());
  return reader.ok() && (*reader)->ReadTable().ValueOrDie()->Equals(table);
}

std::string Sha256Hex(const std::string& text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  EVP_Digest(text.data(), text.size(), digest, &length, EVP_sha256(), nullptr);
  std::string hex;
  for (unsigned int i = 0; i < length; ++i) {
    constexpr char kDigits[] = "0123456789abcdef";
    hex += kDigits[digest[i] >> 4];
    hex += kDigits[digest[i] & 15];
  }
  return hex;
}

/// The first value of a query's answer, as text.
std::string Ask(duckdb_connection connection, const std::string& sql) {
  duckdb_result result;
  if (duckdb_query(connection, sql.c_str(), &result) != DuckDBSuccess) {
    const std::string error = duckdb_result_error(&result);
    duckdb_destroy_result(&result);
    return error;
  }
  char* text = duckdb_value_varchar(&result, 0, 0);
  const std::string value = text != nullptr ? text : "NULL";
  duckdb_free(text);
  duckdb_destroy_result(&result);
  return value;
}

TEST(DuckDbProcessTest, LivesBesideArrowAndOpenssl) {
  const auto table = SomeTable();
  duckdb_database database = nullptr;
  duckdb_connection connection = nullptr;
  ASSERT_EQ(duckdb_open(nullptr, &database), DuckDBSuccess);
  ASSERT_EQ(duckdb_connect(database, &connection), DuckDBSuccess);
  std::vector<std::thread> threads;
  for (const auto codec : {arrow::Compression::ZSTD, arrow::Compression::SNAPPY, arrow::Compression::LZ4,
                           arrow::Compression::BROTLI, arrow::Compression::GZIP}) {
    threads.emplace_back([&table, codec] { EXPECT_TRUE(SurvivesParquet(*table, codec)) << static_cast<int>(codec); });
  }
  EXPECT_EQ(Ask(connection, "SELECT sum(range)::BIGINT FROM range(1000001)"), "500000500000");
  EXPECT_EQ(Ask(connection, "SELECT sha256('k2i')"), Sha256Hex("k2i"));
  EXPECT_EQ(Ask(connection, "SELECT date_trunc('hour', TIMESTAMPTZ '2024-01-01 10:20:00+02') AT TIME ZONE 'UTC'"),
            "2024-01-01 08:00:00");
  for (auto& thread : threads) thread.join();
  duckdb_disconnect(&connection);
  duckdb_close(&database);
  EXPECT_TRUE(SurvivesParquet(*table, arrow::Compression::ZSTD));
}

/// Which library a name is bound to, for every library of the process.
std::string BoundTo(const char* symbol) {
  Dl_info info{};
  void* address = dlsym(RTLD_DEFAULT, symbol);
  return address != nullptr && dladdr(address, &info) != 0 ? info.dli_fname : "nothing";
}

TEST(DuckDbProcessTest, TakesNobodysNames) {
  for (const char* symbol :
       {"malloc", "free", "ZSTD_compress", "ZSTD_decompress", "LZ4_compress_default", "BrotliDecoderDecompress",
        "deflate", "inflate", "XXH64", "EVP_sha256", "mbedtls_sha256"}) {
    EXPECT_EQ(BoundTo(symbol).find("libduckdb"), std::string::npos) << symbol << " is " << BoundTo(symbol);
  }
  EXPECT_NE(BoundTo("EVP_sha256").find("libcrypto.so"), std::string::npos);
  EXPECT_NE(BoundTo("duckdb_open").find("libduckdb"), std::string::npos);
}

}  // namespace
