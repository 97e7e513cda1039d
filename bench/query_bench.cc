// SPDX-License-Identifier: Apache-2.0
//
// Queries over hot rows and files: the fixed cost of a query, and what a million rows cost.
#include <arrow/api.h>
#include <benchmark/benchmark.h>

#include <string>

#include "query/test_table_testing.h"

namespace k2i::query {
namespace {

using iceberg::Type;
using iceberg::TypeId;

constexpr int64_t kRows = 1'000'000;

iceberg::Schema BenchSchema() {
  return {.type = Type::Struct({{1, "id", Type::Primitive(TypeId::kLong)},
                                {2, "country", Type::Primitive(TypeId::kString)},
                                {3, "amount", Type::Primitive(TypeId::kDouble)},
                                {4, "city", Type::Primitive(TypeId::kString)}})};
}

std::shared_ptr<arrow::RecordBatch> BenchRows(const iceberg::Schema& schema, int64_t from, int64_t count) {
  static const char* const kCountries[] = {"DE", "FR", "a country with a long name", "IT", "ES", "PL", "NL"};
  arrow::StringBuilder cities;
  arrow::Int64Builder ids;
  arrow::StringBuilder countries;
  arrow::DoubleBuilder amounts;
  for (int64_t i = from; i < from + count; ++i) {
    (void)ids.Append(i);
    (void)countries.Append(kCountries[i % 7]);
    (void)amounts.Append(static_cast<double>(i % 1000) / 8);
    (void)cities.Append("city number " + std::to_string(i * 7919 % 3000));
  }
  return arrow::RecordBatch::Make(Rows(schema, "[]")->schema(), count,
                                  {ids.Finish().ValueOrDie(), countries.Finish().ValueOrDie(),
                                   amounts.Finish().ValueOrDie(), cities.Finish().ValueOrDie()});
}

/// Rows in slices of `slice_rows`; those below `cold` in a file.
class BenchTable {
 public:
  BenchTable(int64_t rows, int64_t slice_rows, int64_t cold) : table_(BenchSchema()) {
    table_.row_group_rows = 250'000;
    for (int64_t from = 0; from < rows; from += slice_rows) {
      if (from == cold && cold > 0) table_.Flush();
      table_.Ingest(BenchRows(table_.schema(), from, std::min(slice_rows, rows - from)));
    }
    if (cold == rows) table_.Flush();
    table_.Publish();
    engine_ = Engine::Make({}, {table_.served()}).value();
  }
  void Run(benchmark::State& state, const std::string& sql) {
    (void)ReadAll(engine_->Query({.sql = sql}));  // opens DuckDB
    for (auto _ : state) {
      const auto answer = ReadAll(engine_->Query({.sql = sql}));
      if (!answer) return state.SkipWithError(answer.error().message.c_str());
      benchmark::DoNotOptimize((*answer)->num_rows());
    }
  }

 private:
  TestTable table_;
  std::unique_ptr<Engine> engine_;
};

void BM_Trivial(benchmark::State& state) { BenchTable(1, 1, 0).Run(state, "SELECT * FROM events"); }
BENCHMARK(BM_Trivial)->Unit(benchmark::kMicrosecond)->UseRealTime();

/// Slices of this many rows, as sealing every 10 ms makes them at 100 times that rate.
void BM_HotCount(benchmark::State& state) {
  BenchTable(kRows, state.range(0), 0).Run(state, "SELECT count(*) FROM events WHERE amount > 10");
}
BENCHMARK(BM_HotCount)->Arg(1'000)->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMillisecond)->UseRealTime();

void BM_HotGroupBy(benchmark::State& state) {
  BenchTable(kRows, state.range(0), 0).Run(state, "SELECT country, sum(amount) FROM events GROUP BY country");
}
BENCHMARK(BM_HotGroupBy)->Arg(1'000)->Arg(10'000)->Unit(benchmark::kMillisecond)->UseRealTime();

void BM_HotAndColdGroupBy(benchmark::State& state) {
  BenchTable(kRows, 10'000, kRows / 2).Run(state, "SELECT country, sum(amount) FROM events GROUP BY country");
}
BENCHMARK(BM_HotAndColdGroupBy)->Unit(benchmark::kMillisecond)->UseRealTime();

void BM_ColdGroupBy(benchmark::State& state) {
  BenchTable(kRows, 10'000, kRows).Run(state, "SELECT country, sum(amount) FROM events GROUP BY country");
}
BENCHMARK(BM_ColdGroupBy)->Unit(benchmark::kMillisecond)->UseRealTime()->MeasureProcessCPUTime();

/// A column of 3,000 texts.
void BM_ColdGroupByMany(benchmark::State& state) {
  BenchTable(kRows, 10'000, kRows).Run(state, "SELECT city, sum(amount) FROM events GROUP BY city");
}
BENCHMARK(BM_ColdGroupByMany)->Unit(benchmark::kMillisecond)->UseRealTime()->MeasureProcessCPUTime();

void BM_ColdFilter(benchmark::State& state) {
  BenchTable(kRows, 10'000, kRows).Run(state, "SELECT count(*), min(id) FROM events WHERE country = 'FR'");
}
BENCHMARK(BM_ColdFilter)->Unit(benchmark::kMillisecond)->UseRealTime()->MeasureProcessCPUTime();

void BM_ColdPoint(benchmark::State& state) {
  BenchTable(kRows, 10'000, kRows).Run(state, "SELECT * FROM events WHERE id = 777777");
}
BENCHMARK(BM_ColdPoint)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace k2i::query

BENCHMARK_MAIN();
