// SPDX-License-Identifier: Apache-2.0
//
// What users must not reach through a statement, tried in every way that comes to mind.
#include <gtest/gtest.h>

#include "query/test_table_testing.h"

namespace k2i::query {
namespace {

class CageTest : public testing::Test {
 protected:
  CageTest() : table_({.type = iceberg::Type::Struct({{1, "id", iceberg::Type::Primitive(iceberg::TypeId::kLong)}})}) {
    table_.Ingest(Rows(table_.schema(), "[[1], [2]]"));
    table_.Publish();
    engine_ = Engine::Make({}, {table_.served()}).value();
  }
  void ExpectRefused(const std::string& sql) {
    const auto answer = ReadAll(engine_->Query({.sql = sql}));
    ASSERT_FALSE(answer.has_value()) << sql << " gave " << testing::PrintToString(Lines(**answer));
    EXPECT_EQ(answer.error().code, ErrorCode::kInvalidArgument) << sql << ": " << answer.error().ToString();
  }
  void ExpectAllowed(const std::string& sql) {
    const auto answer = ReadAll(engine_->Query({.sql = sql}));
    EXPECT_TRUE(answer.has_value()) << sql << ": " << answer.error().ToString();
  }

  TestTable table_;
  std::unique_ptr<Engine> engine_;
};

TEST_F(CageTest, RefusesEveryStatementButSelect) {
  for (const char* sql : {
           "",
           ";",
           "-- nothing",
           "COPY events TO '/tmp/k2i_cage.csv'",
           "COPY (SELECT 1) TO '/tmp/k2i_cage.csv'",
           "ATTACH '/tmp/k2i_cage.db' AS x",
           "ATTACH ':memory:' AS x",
           "DETACH memory",
           "INSTALL httpfs",
           "LOAD icu",
           "FORCE INSTALL httpfs",
           "SET threads = 64",
           "SET memory_limit = '100GB'",
           "RESET memory_limit",
           "SET enable_external_access = true",
           "SET VARIABLE a = 1",
           "PRAGMA database_list",
           "PRAGMA threads = 9",
           "CALL pragma_version()",
           "CALL range(3)",
           "CREATE TABLE t (a INT)",
           "CREATE TEMP TABLE t AS SELECT 1",
           "CREATE VIEW v AS SELECT 1",
           "CREATE MACRO m(a) AS a",
           "CREATE SECRET s (TYPE s3)",
           "CREATE SCHEMA s",
           "CREATE OR REPLACE VIEW db.events AS SELECT 7",
           "DROP VIEW db.events",
           "ALTER VIEW db.events RENAME TO e",
           "INSERT INTO events VALUES (3)",
           "UPDATE events SET id = 1",
           "DELETE FROM events",
           "TRUNCATE events",
           "MERGE INTO events USING events e ON true WHEN MATCHED THEN DELETE",
           "EXPORT DATABASE '/tmp/k2i_cage'",
           "IMPORT DATABASE '/tmp/k2i_cage'",
           "VACUUM",
           "ANALYZE",
           "CHECKPOINT",
           "BEGIN",
           "COMMIT",
           "USE db",
           "PREPARE p AS SELECT 1",
           "EXECUTE p",
           "DEALLOCATE p",
           "SHOW TABLES",
           "SHOW ALL TABLES",
           "SHOW DATABASES",
           "SELECT 1; SELECT 2",
           "SELECT 1; DROP VIEW db.events",
           "EXPLAIN SELECT 1; SELECT 2",
           "EXPLAIN COPY events TO '/tmp/k2i_cage.csv'",
           "EXPLAIN ANALYZE CREATE TABLE t (a INT)",
           "EXPLAIN EXPLAIN SELECT 1",
           "EXPLAIN SET threads = 9",
           "/* */ EXPLAIN /* */ INSTALL httpfs",
           "PIVOT events ON id USING count(*)",
           "WITH x AS (DELETE FROM events RETURNING *) SELECT * FROM x",
       }) {
    ExpectRefused(sql);
    EXPECT_FALSE(engine_->Describe(sql).has_value()) << sql;
  }
}

TEST_F(CageTest, RefusesEverythingButItsTables) {
  for (const char* what : {
           "'/etc/passwd'",
           "\"/etc/passwd\"",
           "'x.parquet'",
           "\"x.csv\"",
           "'http://127.0.0.1/x.parquet'",
           "'s3://bucket/x.parquet'",
           "read_csv('/etc/passwd')",
           "read_csv_auto('/etc/passwd')",
           "read_text('/etc/passwd')",
           "read_blob('/etc/passwd')",
           "read_parquet('/tmp/x')",
           "parquet_scan('/tmp/x')",
           "read_json('/tmp/x')",
           "read_ndjson_objects('/tmp/x')",
           "parquet_metadata('/tmp/x')",
           "glob('/etc/*')",
           "sniff_csv('/etc/passwd')",
           "read_duckdb('/tmp/x')",
           "query('SELECT 1')",
           "query_table('events')",
           "duckdb_settings()",
           "duckdb_secrets()",
           "duckdb_tables()",
           "duckdb_extensions()",
           "duckdb_functions()",
           "duckdb_logs()",
           "which_secret('s3://b', 's3')",
           "pragma_table_info('events')",
           "pragma_version()",
           "pragma_storage_info('events')",
           "pragma_user_agent()",
           "checkpoint()",
           "force_checkpoint()",
           "enable_logging()",
           "json_execute_serialized_sql('{}')",
           "sql_auto_complete('SEL')",
           "seq_scan('events')",
           "arrow_scan(0, 0, 0)",
           "k2i_scan(0)",
           "K2I_SCAN(0)",
           "\"k2i_scan\"(0)",
           "main.k2i_scan(0)",
           "system.main.k2i_scan(0)",
           "test_all_types()",
           "repeat_row(1, num_rows = 3)",
           "summary('events')",
           "duckdb_settings",
           "main.duckdb_settings",
           "system.main.duckdb_settings",
           "duckdb_tables",
           "sqlite_master",
           "pragma_database_list",
           "pg_catalog.pg_class",
           "pg_class",
           "information_schema.schemata",
           "memory.db.events",
           "system.information_schema.tables",
           "temp.x",
           "histogram_values(events, id)",
       }) {
    const std::string from = what;
    ExpectRefused("SELECT * FROM " + from);
    ExpectRefused("FROM " + from);
    ExpectRefused("EXPLAIN SELECT * FROM " + from);
    ExpectRefused("DESCRIBE SELECT * FROM " + from);
    ExpectRefused("WITH c AS (SELECT * FROM " + from + ") SELECT * FROM c");
  }
}

TEST_F(CageTest, RefusesThemWhereverTheyStand) {
  for (const char* what : {"'/etc/passwd'", "read_csv('/etc/passwd')", "k2i_scan(0)", "duckdb_settings"}) {
    const std::string from = what;
    ExpectRefused("SELECT (SELECT count(*) FROM " + from + ")");
    ExpectRefused("SELECT 1 WHERE EXISTS (SELECT 1 FROM " + from + ")");
    ExpectRefused("WITH c AS MATERIALIZED (SELECT * FROM " + from + ") SELECT 1");
    ExpectRefused("WITH RECURSIVE c AS (SELECT 1 UNION ALL SELECT 1 FROM " + from + ") SELECT * FROM c");
    ExpectRefused("SELECT 1 UNION ALL SELECT 1 FROM " + from);
    ExpectRefused("SELECT * FROM events e JOIN " + from + " x ON true");
    ExpectRefused("SELECT * FROM events, LATERAL (SELECT * FROM " + from + ") x");
    ExpectRefused("SELECT list_transform([1], x -> (SELECT 1 FROM " + from + "))");
    ExpectRefused("SELECT 1 ORDER BY (SELECT 1 FROM " + from + ")");
    ExpectRefused("SELECT 1 LIMIT (SELECT 1 FROM " + from + ")");
    ExpectRefused("SELECT id FROM events GROUP BY id HAVING id IN (SELECT 1 FROM " + from + ")");
    ExpectRefused("SELECT count(*) FILTER (id IN (SELECT 1 FROM " + from + ")) FROM events");
    ExpectRefused("SELECT id FROM events QUALIFY row_number() OVER (ORDER BY (SELECT 1 FROM " + from + ")) = 1");
    ExpectRefused("VALUES ((SELECT 1 FROM " + from + "))");
    ExpectRefused("PIVOT (SELECT * FROM " + from + ") ON 1 IN (1) USING count(*)");
  }
}

TEST_F(CageTest, RefusesFunctionsThatReachOut) {
  for (const char* call :
       {"getenv('HOME')", "current_setting('memory_limit')", "getvariable('a')", "write_log('x')", "sleep_ms(1000)",
        "nextval('s')", "currval('s')", "json_serialize_plan('SELECT 1')", "query('SELECT 1')",
        "main.current_setting('threads')", "CURRENT_SETTING('threads')", "\"current_setting\"('threads')",
        "system.main.current_setting('threads')", "pg_sleep(10)", "pg_get_viewdef(1)", "read_text('/etc/passwd')",
        "__internal_compress_string_ubigint('x')", "create_sort_key(1, 'ASC')", "setseed(0.5)"}) {
    ExpectRefused(std::string("SELECT ") + call);
    ExpectRefused(std::string("SELECT * FROM events WHERE ") + call + " IS NULL");
    ExpectRefused(std::string("SELECT list_transform([1], x -> ") + call + ")");
  }
}

TEST_F(CageTest, KnowsACteOnlyWhereItIsInScope) {
  ExpectAllowed("WITH duckdb_settings AS (SELECT 1) SELECT * FROM duckdb_settings");
  ExpectAllowed("WITH a AS (SELECT 1 x), b AS (SELECT * FROM a) SELECT * FROM b, a");
  ExpectAllowed("WITH RECURSIVE c AS (SELECT 1 a UNION ALL SELECT a + 1 FROM c WHERE a < 3) SELECT * FROM c");
  ExpectRefused("SELECT * FROM (WITH duckdb_settings AS (SELECT 1) SELECT * FROM duckdb_settings), duckdb_settings");
  ExpectRefused("WITH duckdb_settings AS (SELECT * FROM duckdb_settings) SELECT * FROM duckdb_settings");
  ExpectRefused("WITH b AS (SELECT * FROM duckdb_settings), duckdb_settings AS (SELECT 1) SELECT * FROM b");
  ExpectRefused("WITH duckdb_settings AS (SELECT 1) SELECT * FROM main.duckdb_settings");
}

TEST_F(CageTest, LetsHonestStatementsThrough) {
  for (const char* sql : {
           "SELECT 1",
           "  -- a comment\n SELECT 1",
           "(SELECT 1)",
           "FROM events",
           "VALUES (1), (2)",
           "TABLE events",
           "SELECT * FROM range(3), unnest([1, 2]) u, generate_series(1, 2) g",
           "EXPLAIN SELECT * FROM events",
           "explain analyze select count(*) from db.events",
           "DESCRIBE events",
           "SUMMARIZE events",
           "DESCRIBE SELECT id FROM events",
           "SELECT * FROM \"db\".\"events\"",
           "SELECT * FROM DB.EVENTS",
           "SELECT id, count(*) FROM events GROUP BY ALL ORDER BY ALL LIMIT 5",
           "SELECT sum(id) OVER (ORDER BY id) FROM events",
           "SELECT * EXCLUDE (id), id + 1 AS id FROM events",
           "PIVOT events ON id IN (1, 2) USING count(*)",
           "SELECT CASE WHEN id > 1 THEN 'a' ELSE 'b' END FROM events",
           "SELECT a.id FROM events a LEFT JOIN events b USING (id) WHERE a.id IN (SELECT id FROM events)",
           "SELECT now() > TIMESTAMPTZ '2020-01-01', date_trunc('hour', now()), strftime(today(), '%Y')",
           "SELECT '{\"a\": 1}'::JSON ->> 'a', json_extract('{}', '$.a'), md5('x'), regexp_replace('a', 'a', 'b')",
           "SELECT {'a': 1}.a, [1, 2][1], MAP {'k': 1}['k'], list_filter([1], x -> x > 0)",
           "SELECT 1 UNION SELECT 2 INTERSECT SELECT 2 EXCEPT SELECT 3",
       }) {
    ExpectAllowed(sql);
  }
}

TEST_F(CageTest, RefusesBytesThatEndOrBreakTexts) {
  ExpectRefused(std::string("SELECT 1\0; COPY events TO '/tmp/x'", 34));
  ExpectRefused("SELECT '\xff\xfe'");
  ExpectRefused("SELECT " + std::string(2 << 20, ' ') + "1");
}

}  // namespace
}  // namespace k2i::query
