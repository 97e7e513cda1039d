// SPDX-License-Identifier: Apache-2.0
//
// What every ObjectStore promises, tried on each: local disk and memory always; S3, GCS and Azure where the environment
// names servers (K2I_TEST_S3_ENDPOINT and its like; tests/interop/test_live_units.py starts them).
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <thread>

#include "base/random.h"
#include "io/faulty_proxy_testing.h"
#include "io/location.h"
#include "io/make_object_store.h"
#include "io/memory_object_store_testing.h"

namespace k2i::io {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using ::testing::UnorderedElementsAreArray;

/// One kind of store and how to reach it.
struct Kind {
  std::string name;
  /// Variables that must be set for it; empty: it needs no server.
  std::vector<const char*> needs;
  std::function<std::string(const std::string& unique)> folder;
  /// `endpoint` "": the server's own.
  std::function<std::unique_ptr<ObjectStore>(const std::string& endpoint)> make;
  std::function<std::unique_ptr<ObjectStore>()> denied;  // with credentials that are wrong; may be empty
  bool create_notices = false;
};
std::ostream& operator<<(std::ostream& out, const Kind& kind) { return out << kind.name; }

std::string Variable(const char* name) {
  const char* value = ::getenv(name);
  return value != nullptr ? value : "";
}

std::unique_ptr<ObjectStore> Made(const StorageOptions& options) { return MakeObjectStore(options).value(); }

std::string EndpointOr(const std::string& endpoint, const char* variable) {
  return endpoint.empty() ? Variable(variable) : endpoint;
}

Kind Local() {
  return {.name = "local",
          .folder = [](const std::string& unique) { return "file://" + ::testing::TempDir() + "k2i-" + unique; },
          .make = [](const std::string&) { return Made({.type = StorageType::kLocal}); },
          .create_notices = true};
}

Kind Memory() {
  return {.name = "memory",
          .folder = [](const std::string& unique) { return "mem://" + unique; },
          .make = [](const std::string&) { return std::make_unique<MemoryObjectStore>(); },
          .create_notices = true};
}

S3Options S3At(const std::string& endpoint) {
  return {.endpoint = EndpointOr(endpoint, "K2I_TEST_S3_ENDPOINT"),
          .keys = {.access_key_id = Variable("K2I_TEST_S3_KEY"), .secret_access_key = Variable("K2I_TEST_S3_SECRET")}};
}

Kind S3() {
  return {.name = "s3",
          .needs = {"K2I_TEST_S3_ENDPOINT", "K2I_TEST_S3_BUCKET", "K2I_TEST_S3_KEY", "K2I_TEST_S3_SECRET"},
          .folder = [](const std::string& unique) { return "s3://" + Variable("K2I_TEST_S3_BUCKET") + "/" + unique; },
          .make = [](const std::string& endpoint) { return Made({.type = StorageType::kS3, .s3 = S3At(endpoint)}); },
          .denied =
              [] {
                S3Options options = S3At("");
                options.keys.secret_access_key = "wrong";
                return Made({.s3 = options});
              },
          .create_notices = true};
}

/// Over TLS, where bodies are not signed but have checksums.
Kind S3OverTls() {
  return {.name = "s3_tls",
          .needs = {"K2I_TEST_S3_TLS_ENDPOINT", "K2I_TEST_S3_CA", "K2I_TEST_S3_BUCKET", "K2I_TEST_S3_KEY",
                    "K2I_TEST_S3_SECRET"},
          .folder = [](const std::string& unique) { return "s3://" + Variable("K2I_TEST_S3_BUCKET") + "/" + unique; },
          .make =
              [](const std::string&) {
                S3Options options = S3At(Variable("K2I_TEST_S3_TLS_ENDPOINT"));
                options.tls_ca_file = Variable("K2I_TEST_S3_CA");
                return Made({.type = StorageType::kS3, .s3 = options});
              },
          .create_notices = true};
}

Kind Gcs() {
  return {.name = "gcs",
          .needs = {"K2I_TEST_GCS_ENDPOINT", "K2I_TEST_GCS_BUCKET"},
          .folder = [](const std::string& unique) { return "gs://" + Variable("K2I_TEST_GCS_BUCKET") + "/" + unique; },
          .make =
              [](const std::string& endpoint) {
                return Made({.type = StorageType::kGcs,
                             .gcs = {.credential = GcsCredential::kAnonymous,
                                     .endpoint = EndpointOr(endpoint, "K2I_TEST_GCS_ENDPOINT"),
                                     .retry_limit = std::chrono::seconds(10)}});
              }};
}

std::string AzureFolder(const std::string& unique) {
  return "abfss://" + Variable("K2I_TEST_AZURE_CONTAINER") + "@" + Variable("K2I_TEST_AZURE_ACCOUNT") +
         ".dfs.core.windows.net/" + unique;
}

const std::vector<const char*> kAzureNeeds = {"K2I_TEST_AZURE_ENDPOINT", "K2I_TEST_AZURE_CONTAINER",
                                              "K2I_TEST_AZURE_ACCOUNT",  "K2I_TEST_AZURE_KEY",
                                              "K2I_TEST_AZURE_SAS",      "K2I_TEST_AZURE_ENDED_SAS"};

AzureOptions AzureKeyAt(const std::string& endpoint) {
  return {.credential = AzureCredential::kAccountKey,
          .account_key = Variable("K2I_TEST_AZURE_KEY"),
          .endpoint = EndpointOr(endpoint, "K2I_TEST_AZURE_ENDPOINT")};
}

AzureOptions AzureSasAt(const std::string& endpoint, const char* token) {
  return {.credential = AzureCredential::kSas,
          .sas_tokens = {{Variable("K2I_TEST_AZURE_ACCOUNT"), Variable(token)}},
          .endpoint = EndpointOr(endpoint, "K2I_TEST_AZURE_ENDPOINT")};
}

Kind AzureByKey() {
  return {.name = "azure_key",
          .needs = kAzureNeeds,
          .folder = AzureFolder,
          .make =
              [](const std::string& endpoint) {
                return Made({.type = StorageType::kAzure, .azure = AzureKeyAt(endpoint)});
              },
          .denied =
              [] {
                AzureOptions options = AzureKeyAt("");
                options.account_key = "d3Jvbmc=";
                return Made({.azure = options});
              }};
}

/// Denied by a token that has ended.
Kind AzureBySas() {
  return {.name = "azure_sas",
          .needs = kAzureNeeds,
          .folder = AzureFolder,
          .make =
              [](const std::string& endpoint) {
                return Made({.type = StorageType::kAzure, .azure = AzureSasAt(endpoint, "K2I_TEST_AZURE_SAS")});
              },
          .denied = [] { return Made({.azure = AzureSasAt("", "K2I_TEST_AZURE_ENDED_SAS")}); }};
}

class StoreContract : public ::testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    for (const char* name : GetParam().needs) {
      if (Variable(name).empty()) GTEST_SKIP() << name << " is not set";
    }
    Random random(Random::SystemSeed());
    folder_ = GetParam().folder(random.Uuid());
    store_ = GetParam().make("");
  }
  void TearDown() override {
    if (GetParam().name == "local") std::filesystem::remove_all(folder_.substr(std::string("file://").size()));
  }

  std::string At(const std::string& name) const { return folder_ + "/" + name; }
  std::vector<std::string> Listed(const std::string& prefix) {
    std::vector<std::string> locations;
    const auto files = store_->List(prefix);
    EXPECT_TRUE(files.has_value()) << files.error().ToString();
    for (const FileInfo& file : files.value_or(std::vector<FileInfo>())) locations.push_back(file.location);
    return locations;
  }
  /// The store through a proxy.
  std::unique_ptr<ObjectStore> Behind(const FaultyProxy& proxy) const { return GetParam().make(proxy.endpoint()); }
  std::string ServerEndpoint() const { return Variable(GetParam().needs.front()); }

  std::string folder_;
  std::unique_ptr<ObjectStore> store_;
};

/// Bytes of which no two stretches are alike.
std::string Pattern(size_t size) {
  Random random(size);
  std::string bytes(size, '\0');
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i % 8 == 0 ? random.Next() : bytes[i - 1] * 31 + 7);
  return bytes;
}

Status Stream(ObjectStore& store, const std::string& location, std::string_view bytes, size_t piece) {
  K2I_ASSIGN_OR_RETURN(const auto file, store.OpenForWrite(location));
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    K2I_RETURN_IF_ERROR(file->Append(bytes.substr(0, piece)));
  }
  return file->Close();
}

#define ASSERT_DONE(expr)                                     \
  do {                                                        \
    const auto done = (expr);                                 \
    ASSERT_TRUE(done.has_value()) << done.error().ToString(); \
  } while (false)

TEST_P(StoreContract, ReadsBackWhatItWrites) {
  const std::string bytes("a\0b\xff", 4);
  ASSERT_DONE(store_->Create(At("db/t/metadata/m.json"), bytes));
  EXPECT_EQ(store_->Read(At("db/t/metadata/m.json")).value(), bytes);
  const FileInfo info = store_->Stat(At("db/t/metadata/m.json")).value();
  EXPECT_EQ(info.location, At("db/t/metadata/m.json"));
  EXPECT_EQ(info.size_bytes, 4);
  if (GetParam().name == "memory") return;  // its clock is the test's
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  EXPECT_NEAR(info.modified_ms, std::chrono::duration_cast<std::chrono::milliseconds>(now).count(), 60'000);
}

TEST_P(StoreContract, KeepsEmptyFiles) {
  ASSERT_DONE(store_->Create(At("empty"), ""));
  ASSERT_DONE(Stream(*store_, At("streamed"), "", 1));
  for (const char* name : {"empty", "streamed"}) {
    EXPECT_EQ(store_->Read(At(name)).value(), "");
    EXPECT_EQ(store_->Stat(At(name)).value().size_bytes, 0);
    EXPECT_EQ(store_->OpenForRead(At(name)).value()->size_bytes(), 0);
  }
}

TEST_P(StoreContract, StreamsLargeFilesInPiecesOfAnySize) {
  const std::string bytes = Pattern(30'000'001);
  for (const size_t piece : {size_t{1'234'567}, size_t{30'000'001}}) {
    const std::string location = At("large-" + std::to_string(piece));
    ASSERT_DONE(Stream(*store_, location, bytes, piece));
    EXPECT_EQ(store_->Stat(location).value().size_bytes, 30'000'001);
    EXPECT_TRUE(store_->Read(location).value() == bytes);
  }
}

TEST_P(StoreContract, ReadsRangesOnSeveralThreads) {
  const std::string bytes = Pattern(3'000'000);
  ASSERT_DONE(store_->Create(At("f"), bytes));
  const auto file = store_->OpenForRead(At("f")).value();
  EXPECT_EQ(file->size_bytes(), 3'000'000);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int64_t position = t * 1000; position < 3'000'000; position += 700'001) {
        std::string out(10'000, '.');
        const auto got = file->ReadAt(position, 10'000, out.data());
        if (!got || out.substr(0, static_cast<size_t>(*got)) != bytes.substr(static_cast<size_t>(position), 10'000))
          ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  std::string out(10, '.');
  EXPECT_EQ(file->ReadAt(2'999'996, 10, out.data()).value(), 4);
  EXPECT_EQ(out, bytes.substr(2'999'996) + "......");
  EXPECT_EQ(file->ReadAt(3'000'000, 10, out.data()).value(), 0);
}

TEST_P(StoreContract, TakesNamesAsTheyAre) {
  const std::vector<std::string> names = {"with space/a b.parquet",     "ümlaut/日本語 🚀.parquet",
                                          "p=a%2Fb/100%.parquet",       "plus+and&and=and,and;'(x)~.parquet",
                                          "question?mark#hash.parquet", "percent%20encoded/x.parquet"};
  std::vector<std::string> locations;
  for (const std::string& name : names) {
    locations.push_back(At(name));
    ASSERT_DONE(store_->Create(At(name), name));
  }
  EXPECT_THAT(Listed(folder_), UnorderedElementsAreArray(locations));
  for (size_t i = 0; i < names.size(); ++i) {
    EXPECT_EQ(store_->Read(locations[i]).value(), names[i]);
    EXPECT_EQ(store_->Stat(locations[i]).value().size_bytes, static_cast<int64_t>(names[i].size()));
    ASSERT_DONE(store_->Delete(locations[i]));
  }
  EXPECT_THAT(Listed(folder_), IsEmpty());
}

TEST_P(StoreContract, ListsMoreThanOnePage) {
  constexpr int kThreads = 8;
  constexpr int kFiles = 1'104;
  std::vector<std::thread> threads;
  std::atomic<int> failed = 0;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = t; i < kFiles; i += kThreads) {
        const std::string name = "day=" + std::to_string(i % 3) + "/" + std::to_string(i);
        if (!store_->Create(At(name), std::string(static_cast<size_t>(i % 7), 'x'))) ++failed;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_EQ(failed, 0);
  int64_t files = 0, bytes = 0, expected = 0;
  for (int i = 0; i < kFiles; ++i) expected += i % 7;
  ASSERT_DONE(store_->ForEachFile(folder_, [&](const FileInfo& file) -> Status {
    ++files;
    bytes += file.size_bytes;
    return {};
  }));
  EXPECT_EQ(files, kFiles);
  EXPECT_EQ(bytes, expected);
  int calls = 0;
  const Status stopped = store_->ForEachFile(folder_, [&](const FileInfo&) -> Status {
    ++calls;
    return Fail(ErrorCode::kCancelled, "enough");
  });
  EXPECT_EQ(stopped.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(calls, 1);
}

TEST_P(StoreContract, ListsWhatIsBelowItsPrefixAlone) {
  for (const char* name : {"t/a", "t/x/y/b", "t2/c", "t-/d"}) ASSERT_DONE(store_->Create(At(name), "1"));
  EXPECT_THAT(Listed(At("t")), UnorderedElementsAre(At("t/a"), At("t/x/y/b")));
  EXPECT_THAT(Listed(At("t/")), UnorderedElementsAre(At("t/a"), At("t/x/y/b")));
  EXPECT_THAT(Listed(At("nowhere")), IsEmpty());
}

TEST_P(StoreContract, DeletesOnceAndAgain) {
  ASSERT_DONE(store_->Create(At("d/f"), "1"));
  ASSERT_DONE(store_->Create(At("d/g"), "1"));
  ASSERT_DONE(store_->Delete(At("d/f")));
  ASSERT_DONE(store_->Delete(At("d/f")));
  ASSERT_DONE(store_->Delete(At("no/such/folder/f")));
  EXPECT_EQ(store_->Read(At("d/f")).error().code, ErrorCode::kNotFound);
  EXPECT_THAT(Listed(folder_), ElementsAre(At("d/g")));
}

TEST_P(StoreContract, DeletesManyAtOnce) {
  std::vector<std::string> locations;
  for (const char* name : {"a&b <c>.parquet", "ümlaut 🚀", "100%+1", "x/y/z", "\"'"}) locations.push_back(At(name));
  for (const std::string& location : locations) ASSERT_DONE(store_->Create(location, "1"));
  ASSERT_DONE(store_->Create(At("stays"), "1"));
  locations.push_back(At("was never there"));
  EXPECT_GE(store_->DeletedAtOnce(folder_), 1u);
  const std::vector<Status> outcomes = store_->DeleteMany(locations);
  ASSERT_EQ(outcomes.size(), locations.size());
  for (const Status& outcome : outcomes) ASSERT_DONE(outcome);
  EXPECT_THAT(Listed(folder_), ElementsAre(At("stays")));
  EXPECT_THAT(store_->DeleteMany({}), IsEmpty());
}

TEST_P(StoreContract, SaysNotFound) {
  for (const Error& error : {store_->Read(At("none")).error(), store_->OpenForRead(At("none")).error(),
                             store_->Stat(At("none")).error(), store_->Stat(At("no/folder/none")).error()}) {
    EXPECT_EQ(error.code, ErrorCode::kNotFound) << error.ToString();
    EXPECT_EQ(error.component, Component::kStorage);
  }
}

TEST_P(StoreContract, AnAbortedFileLeavesNothing) {
  const std::string part(7'000'000, 'x');
  auto aborted = store_->OpenForWrite(At("aborted")).value();
  for (int i = 0; i < 3; ++i) ASSERT_DONE(aborted->Append(part));
  aborted->Abort();
  EXPECT_FALSE(aborted->Append("y").has_value());
  EXPECT_FALSE(aborted->Close().has_value());
  {
    auto dropped = store_->OpenForWrite(At("dropped")).value();
    ASSERT_DONE(dropped->Append("y"));
  }
  EXPECT_EQ(store_->Stat(At("aborted")).error().code, ErrorCode::kNotFound);
  EXPECT_THAT(Listed(folder_), IsEmpty());
}

TEST_P(StoreContract, ReplacesAsItSays) {
  ASSERT_DONE(store_->Create(At("f"), "first"));
  const Status again = store_->Create(At("f"), "second");
  if (GetParam().create_notices) {
    ASSERT_FALSE(again.has_value());
    EXPECT_EQ(again.error().code, ErrorCode::kAlreadyExists);
  } else {
    ASSERT_DONE(again);
  }
  EXPECT_EQ(store_->Read(At("f")).value(), GetParam().create_notices ? "first" : "second");
  ASSERT_DONE(Stream(*store_, At("f"), "third", 2));
  EXPECT_EQ(store_->Read(At("f")).value(), "third");
}

TEST_P(StoreContract, PassesItsOwnCheck) {
  Random random(7);
  ASSERT_DONE(CheckStorage(*store_, folder_, random));
  EXPECT_THAT(Listed(folder_), IsEmpty());
}

std::string NameOf(const ::testing::TestParamInfo<Kind>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Here, StoreContract, ::testing::Values(Local(), Memory()), NameOf);
INSTANTIATE_TEST_SUITE_P(Live, StoreContract, ::testing::Values(S3(), S3OverTls(), Gcs(), AzureByKey()), NameOf);

/// What stores over a network promise besides.
class RemoteStoreContract : public StoreContract {};

TEST_P(RemoteStoreContract, RidesOutConnectionsThatBreak) {
  FaultyProxy proxy(ServerEndpoint());
  const std::string bytes = Pattern(21'000'000);
  proxy.Cut(2, 3'000'000);
  const Status written = Stream(*Behind(proxy), At("f"), bytes, 2'000'000);
  EXPECT_EQ(proxy.cut(), 2);
  if (GetParam().name == "gcs" && !written.has_value()) {
    // fake-gcs-server now and then takes a client that asks how much has arrived for one that is done.
    EXPECT_TRUE(written.error().retryable()) << written.error().ToString();
    EXPECT_EQ(store_->Stat(At("f")).error().code, ErrorCode::kNotFound);
    ASSERT_DONE(Stream(*Behind(proxy), At("f"), bytes, 2'000'000));
  } else {
    ASSERT_DONE(written);
  }
  EXPECT_TRUE(store_->Read(At("f")).value() == bytes);
}

TEST_P(RemoteStoreContract, RidesOutThrottling) {
  FaultyProxy proxy(ServerEndpoint());
  ASSERT_DONE(store_->Create(At("f"), "bytes"));
  const auto throttled = Behind(proxy);
  proxy.Throttle(2);
  ASSERT_DONE(throttled->Create(At("g"), "more"));
  EXPECT_EQ(proxy.throttled(), 2);
  EXPECT_EQ(store_->Read(At("g")).value(), "more");
  const auto reader = Behind(proxy);
  proxy.Throttle(2);
  EXPECT_EQ(reader->Read(At("f")).value(), "bytes");
}

TEST_P(RemoteStoreContract, GivesUpOnAStoreThatStaysBusy) {
  FaultyProxy proxy(ServerEndpoint());
  proxy.Throttle(1'000);
  const auto busy = Behind(proxy);
  const Status created = busy->Create(At("f"), "1");
  ASSERT_FALSE(created.has_value());
  EXPECT_EQ(created.error().code, ErrorCode::kUnavailable) << created.error().ToString();
  EXPECT_EQ(store_->Stat(At("f")).error().code, ErrorCode::kNotFound);
}

TEST_P(RemoteStoreContract, AnEndpointThatRefusesIsUnavailable) {
  const Status created = GetParam().make("http://127.0.0.1:1")->Create(At("f"), "1");
  ASSERT_FALSE(created.has_value());
  EXPECT_EQ(created.error().code, ErrorCode::kUnavailable) << created.error().ToString();
}

TEST_P(RemoteStoreContract, NoSuchBucketIsNotFound) {
  const std::string elsewhere =
      GetParam().name.starts_with("azure")
          ? "abfss://no-such-container@" + Variable("K2I_TEST_AZURE_ACCOUNT") + ".dfs.core.windows.net/f"
          : SchemeOf(folder_) + "://no-such-bucket-of-k2i/f";
  EXPECT_EQ(store_->Read(elsewhere).error().code, ErrorCode::kNotFound);
  if (GetParam().name == "s3") return;  // SeaweedFS makes the bucket
  const Status created = store_->Create(elsewhere, "1");
  ASSERT_FALSE(created.has_value());
  EXPECT_EQ(created.error().code, ErrorCode::kNotFound) << created.error().ToString();
}

TEST_P(RemoteStoreContract, WrongCredentialsAreDenied) {
  if (!GetParam().denied) return;  // its server asks nobody; gcs_object_store_test has scripted answers
  ASSERT_DONE(store_->Create(At("f"), "1"));
  const auto denied = GetParam().denied();
  for (const Error& error :
       {denied->Create(At("x"), "1").error(), denied->Read(At("f")).error(), denied->Stat(At("f")).error(),
        denied->Delete(At("f")).error(), denied->List(folder_).error()}) {
    EXPECT_EQ(error.code, ErrorCode::kPermissionDenied) << error.ToString();
  }
  EXPECT_THAT(Listed(folder_), ElementsAre(At("f")));
}

INSTANTIATE_TEST_SUITE_P(Live, RemoteStoreContract, ::testing::Values(S3(), Gcs(), AzureByKey(), AzureBySas()), NameOf);

}  // namespace
}  // namespace k2i::io
