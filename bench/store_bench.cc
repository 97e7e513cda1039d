// SPDX-License-Identifier: Apache-2.0
//
// Upload throughput of each store: files of 128 MB in pieces of 1 MB, as the Parquet writer hands them over. Local disk
// always ($K2I_BENCH_DIR, or the working directory); S3, GCS and Azure where the environment names servers, as
// bench/store_upload.py does.
#include <benchmark/benchmark.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/random.h"
#include "io/make_object_store.h"

namespace {

using namespace k2i;

constexpr int64_t kFileBytes = 128 << 20;
constexpr int64_t kPieceBytes = 1 << 20;

double CpuSeconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

Status Upload(io::ObjectStore& store, const std::string& location, std::string_view piece) {
  K2I_ASSIGN_OR_RETURN(const auto file, store.OpenForWrite(location));
  for (int64_t sent = 0; sent < kFileBytes; sent += kPieceBytes) K2I_RETURN_IF_ERROR(file->Append(piece));
  return file->Close();
}

void BM_Upload(benchmark::State& state, const io::StorageOptions& options, const std::string& folder) {
  const auto store = io::MakeObjectStore(options).value();
  Random random(1);
  std::string piece(kPieceBytes, '\0');
  for (char& c : piece) c = static_cast<char>(random.Next());
  int64_t files = 0;
  const double before = CpuSeconds();
  for (auto _ : state) {
    const std::string location = folder + "/" + std::to_string(files++);
    if (const Status done = Upload(*store, location, piece); !done) {
      state.SkipWithError(done.error().ToString().c_str());
      break;
    }
    state.PauseTiming();
    static_cast<void>(store->Delete(location));
    state.ResumeTiming();
  }
  state.SetBytesProcessed(files * kFileBytes);
  state.counters["cpu_s_per_GB"] = (CpuSeconds() - before) * 1e9 / static_cast<double>(files * kFileBytes);
}

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

void Register(const char* name, const io::StorageOptions& options, const std::string& folder) {
  benchmark::RegisterBenchmark(name, [=](benchmark::State& state) { BM_Upload(state, options, folder); })
      ->Unit(benchmark::kMillisecond)
      ->UseRealTime()
      ->Iterations(8);
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  const std::string base = Variable("K2I_BENCH_DIR");
  const std::string local =
      std::filesystem::absolute(base.empty() ? "." : base).string() + "/store-bench-" + std::to_string(::getpid());
  Register("upload/local", {.type = io::StorageType::kLocal}, local);
  if (const std::string endpoint = Variable("K2I_TEST_S3_ENDPOINT"); !endpoint.empty()) {
    Register("upload/s3",
             {.s3 = {.endpoint = endpoint,
                     .keys = {.access_key_id = Variable("K2I_TEST_S3_KEY"),
                              .secret_access_key = Variable("K2I_TEST_S3_SECRET")}}},
             "s3://" + Variable("K2I_TEST_S3_BUCKET") + "/bench");
  }
  if (const std::string endpoint = Variable("K2I_TEST_GCS_ENDPOINT"); !endpoint.empty()) {
    Register("upload/gcs", {.gcs = {.credential = io::GcsCredential::kAnonymous, .endpoint = endpoint}},
             "gs://" + Variable("K2I_TEST_GCS_BUCKET") + "/bench");
  }
  if (const std::string endpoint = Variable("K2I_TEST_AZURE_ENDPOINT"); !endpoint.empty()) {
    Register("upload/azure",
             {.azure = {.credential = io::AzureCredential::kAccountKey,
                        .account = Variable("K2I_TEST_AZURE_ACCOUNT"),
                        .account_key = Variable("K2I_TEST_AZURE_KEY"),
                        .endpoint = endpoint}},
             "az://" + Variable("K2I_TEST_AZURE_CONTAINER") + "/bench");
  }
  benchmark::RunSpecifiedBenchmarks();
  std::filesystem::remove_all(local);
}
