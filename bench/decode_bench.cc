// SPDX-License-Identifier: Apache-2.0
//
// CPU seconds a million messages for decoding (design.md §10): events of about 225 bytes and 12 fields, among them a
// struct and a list. The counter "CPU/M" is the figure to watch; differences below 15 % are noise.
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <array>
#include <random>
#include <string>
#include <vector>

#include "record/decoder.h"
#include "record/message_batch_testing.h"

namespace {

using k2i::iceberg::NestedField;
using k2i::iceberg::Type;
using k2i::iceberg::TypeId;
using k2i::iceberg::TypePtr;
using k2i::record::DecoderOptions;
using k2i::record::Format;
using k2i::record::MessageBatchBuilder;

constexpr int kMessages = 20'000;
constexpr int kBatchSize = 1'000;
constexpr int kSealRows = 10'000;

enum class KeyOrder { kAsDeclared, kReversed };

/// Members of an event as `"name":value`, in the order of the schema.
std::vector<std::string> EventMembers(std::mt19937_64& random, int64_t number) {
  static constexpr std::array kTypes = {"click", "view", "cart", "buy"};
  static constexpr std::array kCountries = {"DE", "FR", "US", "JP", "BR"};
  auto pick = [&](const auto& choices) { return choices[random() % choices.size()]; };
  const uint64_t a = random(), b = random();
  return {
      fmt::format(R"("id":"{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}")", a >> 32, a & 0xFFFF, b & 0xFFF, b >> 52,
                  b >> 8 & 0xFFFFFFFFFFFF),
      fmt::format(R"("user":{})", random() % 100'000),
      fmt::format(R"("ts":"2024-01-31T12:{:02}:{:02}.{:03}Z")", number / 60'000 % 60, number / 1000 % 60,
                  number % 1000),
      fmt::format(R"("type":"{}")", pick(kTypes)),
      fmt::format(R"("url":"/{}")", random() % 1000),
      fmt::format(R"("price":{}.{:02})", random() % 500, random() % 100),
      fmt::format(R"("qty":{})", 1 + random() % 9),
      fmt::format(R"("device":{{"os":"ios","app":"web","version":{}}})", 100 + random() % 30),
      fmt::format(R"("tags":["{}","{}"])", random() % 50, random() % 50),
      fmt::format(R"("ok":{})", random() % 2 == 0),
      fmt::format(R"("country":"{}")", pick(kCountries)),
      fmt::format(R"("session":"{:04x}")", random() & 0xFFFF),
  };
}

std::string Event(std::mt19937_64& random, int64_t number, KeyOrder order) {
  std::vector<std::string> members = EventMembers(random, number);
  if (order == KeyOrder::kReversed) std::reverse(members.begin(), members.end());
  std::string json = "{";
  for (const std::string& member : members) json += (json.size() > 1 ? "," : "") + member;
  return json + "}";
}

NestedField Field(const char* name, TypePtr type) { return {.name = name, .type = std::move(type)}; }
NestedField Field(const char* name, TypeId type) { return Field(name, Type::Primitive(type)); }

k2i::iceberg::Schema JsonSchema(TypeId id_type, bool metadata) {
  std::vector<NestedField> fields = {
      Field("id", id_type),
      Field("user", TypeId::kLong),
      Field("ts", TypeId::kTimestampTz),
      Field("type", TypeId::kString),
      Field("url", TypeId::kString),
      Field("price", TypeId::kDouble),
      Field("qty", TypeId::kInt),
      Field("device", Type::Struct({Field("os", TypeId::kString), Field("app", TypeId::kString),
                                    Field("version", TypeId::kInt)})),
      Field("tags", Type::List(Field("element", TypeId::kString))),
      Field("ok", TypeId::kBoolean),
      Field("country", TypeId::kString),
      Field("session", TypeId::kString),
  };
  if (metadata) {
    fields.push_back(Field("_kafka_topic", TypeId::kString));
    fields.push_back(Field("_kafka_partition", TypeId::kInt));
    fields.push_back(Field("_kafka_offset", TypeId::kLong));
    fields.push_back(Field("_kafka_timestamp", TypeId::kTimestampTz));
    fields.push_back(Field("_kafka_key", TypeId::kString));
  }
  return {.type = Type::Struct(std::move(fields))};
}

k2i::iceberg::Schema RawSchema() {
  return {.type = Type::Struct({Field("key", TypeId::kBinary), Field("value", TypeId::kBinary),
                                Field("_kafka_partition", TypeId::kInt), Field("_kafka_offset", TypeId::kLong),
                                Field("_kafka_timestamp", TypeId::kTimestampTz)})};
}

std::vector<k2i::kafka::MessageBatch> Batches(KeyOrder order) {
  std::mt19937_64 random(7);
  std::vector<k2i::kafka::MessageBatch> batches;
  for (int first = 0; first < kMessages; first += kBatchSize) {
    MessageBatchBuilder builder;
    for (int i = first; i < first + kBatchSize; ++i) {
      builder.Add({.partition = i / kBatchSize % 8,
                   .offset = i,
                   .key = fmt::format("user-{}", i),
                   .value = Event(random, i, order)});
    }
    batches.push_back(builder.Build());
    for (auto& message : batches.back().messages) message.topic = "events";  // one memory for all, as in a consumer
  }
  return batches;
}

void Decode(benchmark::State& state, const k2i::iceberg::Schema& schema, const DecoderOptions& options,
            KeyOrder order) {
  const auto batches = Batches(order);
  int64_t bytes = 0;
  for (const auto& batch : batches) {
    for (const auto& message : batch.messages) bytes += static_cast<int64_t>(message.value->size());
  }
  arrow::ProxyMemoryPool pool(arrow::system_memory_pool());
  auto decoder = k2i::record::Decoder::Make(schema, options, &pool).value();
  std::vector<k2i::record::Rejected> rejected;
  for (auto _ : state) {
    for (const auto& batch : batches) {
      if (!decoder->Append(batch, &rejected).has_value()) state.SkipWithError("append failed");
      if (decoder->row_count() >= kSealRows) benchmark::DoNotOptimize(decoder->Seal().value());
    }
  }
  if (!rejected.empty()) state.SkipWithError(rejected.front().reason.c_str());
  const auto messages = static_cast<double>(state.iterations() * kMessages);
  state.counters["CPU/M"] =
      benchmark::Counter(messages / 1e6, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["bytes/message"] = static_cast<double>(bytes) / kMessages;
}

DecoderOptions NoMetadata(Format format) {
  return {.format = format, .metadata = {"", "", "", "", "", ""}, .extra_column = ""};
}

void JsonOrdered(benchmark::State& state) {
  Decode(state, JsonSchema(TypeId::kString, false), NoMetadata(Format::kJson), KeyOrder::kAsDeclared);
}
void JsonReversed(benchmark::State& state) {
  Decode(state, JsonSchema(TypeId::kString, false), NoMetadata(Format::kJson), KeyOrder::kReversed);
}
void JsonUuid(benchmark::State& state) {
  Decode(state, JsonSchema(TypeId::kUuid, false), NoMetadata(Format::kJson), KeyOrder::kAsDeclared);
}
void JsonWithMetadata(benchmark::State& state) {
  Decode(state, JsonSchema(TypeId::kString, true), DecoderOptions{}, KeyOrder::kAsDeclared);
}
void Raw(benchmark::State& state) {
  DecoderOptions options{.format = Format::kRaw};
  options.metadata.topic = options.metadata.key = "";
  Decode(state, RawSchema(), options, KeyOrder::kAsDeclared);
}

BENCHMARK(JsonOrdered)->Unit(benchmark::kMillisecond);
BENCHMARK(JsonReversed)->Unit(benchmark::kMillisecond);
BENCHMARK(JsonUuid)->Unit(benchmark::kMillisecond);
BENCHMARK(JsonWithMetadata)->Unit(benchmark::kMillisecond);
BENCHMARK(Raw)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
