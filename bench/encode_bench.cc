// SPDX-License-Identifier: Apache-2.0
//
// CPU seconds a million rows for encoding Parquet (design.md §10): events of 12 columns, among them a struct and a
// list, and 5 columns of Kafka metadata. The counters "CPU/M" and "bytes/row" are the figures to watch; differences
// below 15 % are noise. Nothing is stored.
#include <arrow/api.h>
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <array>
#include <random>
#include <stdexcept>
#include <string>

#include "datafile/rolling_writer.h"
#include "iceberg/model/arrow_schema.h"

namespace {

using k2i::datafile::EncodingSet;
using k2i::datafile::RollingWriter;
using k2i::datafile::WriterOptions;
using k2i::iceberg::NestedField;
using k2i::iceberg::Type;
using k2i::iceberg::TypeId;
using k2i::iceberg::TypePtr;

constexpr int64_t kRows = 1'000'000;
constexpr int64_t kBatchRows = 10'000;
constexpr int kPartitions = 8;

/// Counts bytes and forgets them.
class DiscardingStore final : public k2i::io::ObjectStore {
 public:
  class File final : public k2i::io::OutputFile {
   public:
    k2i::Status Append(std::string_view bytes) override {
      return written_ += static_cast<int64_t>(bytes.size()), k2i::Status{};
    }
    k2i::Status Close() override { return {}; }
    void Abort() override {}
    int64_t bytes_written() const override { return written_; }

   private:
    int64_t written_ = 0;
  };
  k2i::Result<std::string> Read(std::string_view) override { return Refuse(); }
  k2i::Status Create(std::string_view, std::string_view) override { return Refuse(); }
  k2i::Result<std::unique_ptr<k2i::io::OutputFile>> OpenForWrite(std::string_view) override {
    return std::make_unique<File>();
  }
  k2i::Status Delete(std::string_view) override { return Refuse(); }
  k2i::Result<k2i::io::FileInfo> Stat(std::string_view) override { return Refuse(); }
  k2i::Result<std::vector<k2i::io::FileInfo>> List(std::string_view) override { return Refuse(); }

 private:
  static std::unexpected<k2i::Error> Refuse() { return k2i::Fail(k2i::ErrorCode::kNotSupported, "bench"); }
};

void Must(const arrow::Status& status) {
  if (!status.ok()) throw std::runtime_error(status.ToString());
}

k2i::iceberg::Schema EventSchema(TypeId id_type) {
  int32_t id = 0;
  std::vector<NestedField> fields;
  const auto field = [&](std::string name, TypePtr type) {
    return NestedField{.field_id = ++id, .name = std::move(name), .type = std::move(type)};
  };
  const auto add = [&](std::string name, TypeId type) {
    fields.push_back(field(std::move(name), Type::Primitive(type)));
  };
  add("id", id_type);
  add("user", TypeId::kLong);
  add("ts", TypeId::kTimestampTz);
  add("type", TypeId::kString);
  add("url", TypeId::kString);
  add("price", TypeId::kDouble);
  add("qty", TypeId::kInt);
  const auto os = field("os", Type::Primitive(TypeId::kString));
  const auto app = field("app", Type::Primitive(TypeId::kString));
  fields.push_back(field("device", Type::Struct({os, app, field("version", Type::Primitive(TypeId::kInt))})));
  fields.push_back(field("tags", Type::List(field("element", Type::Primitive(TypeId::kString)))));
  add("ok", TypeId::kBoolean);
  add("country", TypeId::kString);
  add("session", TypeId::kString);
  add("_kafka_topic", TypeId::kString);
  add("_kafka_partition", TypeId::kInt);
  add("_kafka_offset", TypeId::kLong);
  add("_kafka_timestamp", TypeId::kTimestampTz);
  add("_kafka_key", TypeId::kBinary);
  return {.type = Type::Struct(std::move(fields))};
}

/// Appends events row by row; slow and plain, for it is not what is measured.
class EventBuilder {
 public:
  EventBuilder(const k2i::iceberg::Schema& schema, TypeId id_type) : id_type_(id_type) {
    builder_ =
        arrow::RecordBatchBuilder::Make(k2i::iceberg::ToArrowSchema(schema).value(), arrow::default_memory_pool())
            .ValueOrDie();
  }

  void Append(int64_t number) {
    static constexpr std::array kTypes = {"click", "view", "cart", "buy"};
    static constexpr std::array kCountries = {"DE", "FR", "US", "JP", "BR"};
    column_ = 0;
    AppendId();
    const auto user = static_cast<int64_t>(random_() % 100'000);
    Put<arrow::Int64Builder>(user);
    const int64_t micros = 1'706'702'400'000'000 + number * 100 + static_cast<int64_t>(random_() % 1000) * 1000;
    Put<arrow::TimestampBuilder>(micros / 1000 * 1000);
    Put<arrow::StringBuilder>(kTypes[random_() % kTypes.size()]);
    Put<arrow::StringBuilder>(fmt::format("/{}", random_() % 1000));
    Put<arrow::DoubleBuilder>(static_cast<double>(random_() % 50'000) / 100);
    Put<arrow::Int32Builder>(static_cast<int32_t>(1 + random_() % 9));
    AppendDevice();
    AppendTags();
    Put<arrow::BooleanBuilder>(random_() % 2 == 0);
    Put<arrow::StringBuilder>(kCountries[random_() % kCountries.size()]);
    Put<arrow::StringBuilder>(fmt::format("{:04x}", random_() & 0xFFFF));
    // A consumer gets runs of a few hundred records of one partition.
    const auto partition = static_cast<int32_t>(number / 500 % kPartitions);
    Put<arrow::StringBuilder>("events");
    Put<arrow::Int32Builder>(partition);
    Put<arrow::Int64Builder>(1'000'000 + number / (500 * kPartitions) * 500 + number % 500);
    Put<arrow::TimestampBuilder>((micros / 1000 + 3) * 1000);
    Put<arrow::BinaryBuilder>(fmt::format("{}", user));
  }
  std::shared_ptr<arrow::RecordBatch> Finish() { return builder_->Flush().ValueOrDie(); }

 private:
  template <typename Builder, typename Value>
  void Put(const Value& value) {
    Must(builder_->GetFieldAs<Builder>(column_++)->Append(value));
  }

  void AppendId() {
    const uint64_t a = random_(), b = random_();
    if (id_type_ == TypeId::kUuid) {
      std::array<uint64_t, 2> bytes = {a, b};
      Put<arrow::FixedSizeBinaryBuilder>(reinterpret_cast<const uint8_t*>(bytes.data()));
      return;
    }
    Put<arrow::StringBuilder>(fmt::format("{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}", a >> 32, a & 0xFFFF, b & 0xFFF,
                                          b >> 52, b >> 8 & 0xFFFFFFFFFFFF));
  }
  void AppendDevice() {
    auto* device = builder_->GetFieldAs<arrow::StructBuilder>(column_++);
    Must(device->Append());
    Must(static_cast<arrow::StringBuilder*>(device->field_builder(0))->Append(random_() % 2 == 0 ? "ios" : "android"));
    Must(static_cast<arrow::StringBuilder*>(device->field_builder(1))->Append(random_() % 3 == 0 ? "web" : "native"));
    Must(static_cast<arrow::Int32Builder*>(device->field_builder(2))
             ->Append(static_cast<int32_t>(100 + random_() % 30)));
  }
  void AppendTags() {
    auto* tags = builder_->GetFieldAs<arrow::ListBuilder>(column_++);
    Must(tags->Append());
    for (int i = 0; i < 2; ++i)
      Must(static_cast<arrow::StringBuilder*>(tags->value_builder())->Append(std::to_string(random_() % 50)));
  }

  const TypeId id_type_;
  std::unique_ptr<arrow::RecordBatchBuilder> builder_;
  std::mt19937_64 random_{42};
  int column_ = 0;
};

const arrow::RecordBatchVector& Events(TypeId id_type) {
  static std::map<TypeId, arrow::RecordBatchVector> made;
  auto& batches = made[id_type];
  if (!batches.empty()) return batches;
  EventBuilder builder(EventSchema(id_type), id_type);
  for (int64_t row = 0; row < kRows; ++row) {
    builder.Append(row);
    if ((row + 1) % kBatchRows == 0) batches.push_back(builder.Finish());
  }
  return batches;
}

void Encode(benchmark::State& state, TypeId id_type, EncodingSet encodings, const std::string& transform = "") {
  const arrow::RecordBatchVector& batches = Events(id_type);
  WriterOptions options;
  options.data_location = "/data";
  options.file_name_prefix = "bench";
  options.schema = EventSchema(id_type);
  options.encodings = encodings;
  if (!transform.empty()) {
    const auto source = options.schema.FindField("user")->field_id;
    options.spec.fields.push_back({source, 1000, "p", k2i::iceberg::Transform::Parse(transform).value()});
  }
  int64_t bytes = 0;
  for (auto _ : state) {
    DiscardingStore store;
    auto writer = RollingWriter::Make(store, options, arrow::system_memory_pool()).value();
    if (!writer->Write(batches)) throw std::runtime_error("write failed");
    bytes = 0;
    const std::vector<k2i::iceberg::DataFile> files = writer->Finish().value();
    for (const auto& file : files) bytes += file.file_size_in_bytes;
  }
  const double millions = static_cast<double>(state.iterations()) * kRows / 1e6;
  state.counters["CPU/M"] = benchmark::Counter(millions, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["bytes/row"] = static_cast<double>(bytes) / kRows;
}

BENCHMARK_CAPTURE(Encode, uuid, TypeId::kUuid, EncodingSet::kCompatible)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Encode, uuid_compact, TypeId::kUuid, EncodingSet::kCompact)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Encode, uuid_as_text, TypeId::kString, EncodingSet::kCompatible)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Encode, in_16_partitions, TypeId::kUuid, EncodingSet::kCompatible, "bucket[16]")
    ->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
