// SPDX-License-Identifier: Apache-2.0
//
// The decoder of JSON records. Each line of the input is a Kafka message; an empty one is a tombstone.
#include <arrow/array.h>
#include <arrow/compare.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/status.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <span>

#include "fuzz/fuzz_target.h"
#include "fuzz/json_mutation.h"
#include "record/declared_schema.h"
#include "record/decoder.h"
#include "record/inference.h"
#include "record/json_reader.h"
#include "record/message_batch_testing.h"

namespace k2i::fuzz {
namespace {

using record::DecodedRows;
using record::DecoderOptions;
using record::Rejected;

constexpr size_t kMostMessages = 16;

const DecoderOptions kOptions{.metadata = {.headers = ""}, .extra_column = "_extra"};

iceberg::Schema EveryType() {
  const std::vector<record::DeclaredColumn> columns = {
      {"b", "boolean"},
      {"i", "int"},
      {"l", "long"},
      {"f", "float"},
      {"d", "double"},
      {"m", "decimal(9,2)"},
      {"big", "decimal(38,10)"},
      {"day", "date"},
      {"t", "time"},
      {"ts", "timestamp"},
      {"tz", "timestamptz"},
      {"ns", "timestamp_ns"},
      {"tn", "timestamptz_ns"},
      {"s", "string"},
      {"u", "uuid"},
      {"x", "fixed[2]"},
      {"y", "binary"},
      {"st", "struct<a: long, b: string required, c: struct<d: double>>"},
      {"li", "list<int>"},
      {"ls", "list<struct<a: string, b: list<boolean>>>"},
      {"mp", "map<string, long>"},
      {"a name of more than sixteen bytes", "string"}};
  return iceberg::AssignFreshIds(record::SchemaFromDeclaration(columns, kOptions).value());
}

kafka::MessageBatch Batch(const std::vector<std::string_view>& values, bool keys) {
  record::MessageBatchBuilder builder;
  for (size_t i = 0; i < values.size(); ++i) {
    record::MessageBatchBuilder::Record message{.offset = static_cast<int64_t>(i)};
    if (!values[i].empty()) message.value = values[i];
    // The line before, as bytes of its own choice: a key that is not UTF-8 rejects a good value.
    if (keys && i % 2 == 1) message.key = values[i - 1].substr(0, 8);
    builder.Add(std::move(message));
  }
  return builder.Build();
}

struct Decoded {
  DecodedRows rows;
  std::vector<Rejected> rejected;
};

/// Memory comes from the system's allocator, so that the address sanitizer sees each buffer.
Decoded Decode(const iceberg::Schema& schema, const kafka::MessageBatch& batch) {
  auto decoder = record::Decoder::Make(schema, kOptions, arrow::system_memory_pool());
  Require(decoder.has_value(), "there is a decoder for the schema");
  Decoded decoded;
  Require((*decoder)->Append(batch, &decoded.rejected).has_value(), "no message stops the batch");
  const int64_t rows = (*decoder)->row_count();
  Require(rows + static_cast<int64_t>(decoded.rejected.size()) == static_cast<int64_t>(batch.messages.size()),
          "each message is a row or rejected");
  auto sealed = (*decoder)->Seal();
  Require(sealed.has_value() && sealed->rows->num_rows() == rows, "as many rows as were counted");
  Require((*decoder)->row_count() == 0, "nothing is left after a seal");
  const arrow::Status valid = sealed->rows->ValidateFull();
  Require(valid.ok(), "rows are valid Arrow: " + valid.ToString());
  decoded.rows = *std::move(sealed);
  return decoded;
}

/// Whether another parser takes the text for an object too; nullopt where it knows less than RFC 8259 allows (numbers
/// beyond a double).
std::optional<bool> IsObject(std::string_view text) {
  try {
    return nlohmann::json::parse(text).is_object();
  } catch (const nlohmann::json::out_of_range&) {
    return std::nullopt;
  } catch (const nlohmann::json::exception&) {
    return false;
  }
}

void CheckRejected(const Rejected& rejected, const kafka::Message& message) {
  Require(rejected.offset == message.offset, "a rejected message keeps its offset");
  Require(rejected.value.has_value() == message.value.has_value() &&
              rejected.value.value_or("") == message.value.value_or(""),
          "a rejected message keeps its bytes");
  Require(!rejected.reason.empty() && record::IsUtf8(rejected.reason), "a reason is text");
}

void CheckExtra(const arrow::RecordBatch& rows) {
  const auto column = std::static_pointer_cast<arrow::StringArray>(rows.GetColumnByName("_extra"));
  for (int64_t i = 0; i < column->length(); ++i) {
    if (!column->IsNull(i)) Require(IsObject(column->GetView(i)).value_or(true), "the extra column holds JSON objects");
  }
}

void CheckDecoder(const std::vector<std::string_view>& values) {
  static const iceberg::Schema kSchema = EveryType();
  const kafka::MessageBatch batch = Batch(values, /*keys=*/true);
  const Decoded all = Decode(kSchema, batch);
  kafka::MessageBatch accepted{.owner = batch.owner};
  size_t rejected = 0;
  for (const kafka::Message& message : batch.messages) {
    if (rejected < all.rejected.size() && all.rejected[rejected].offset == message.offset) {
      CheckRejected(all.rejected[rejected++], message);
      continue;
    }
    Require(message.value.has_value() && IsObject(*message.value).value_or(true),
            "only whole JSON objects become rows");
    accepted.messages.push_back(message);
  }
  Require(rejected == all.rejected.size(), "messages are rejected in their order");
  Require(all.rows.offsets.size() == accepted.messages.size(), "an offset for each row");
  for (size_t i = 0; i < accepted.messages.size(); ++i) {
    Require(all.rows.offsets[i] == accepted.messages[i].offset.value, "rows stand in the order of their messages");
  }
  const Decoded alone = Decode(kSchema, accepted);
  Require(alone.rejected.empty(), "what became a row becomes one again");
  Require(alone.rows.rows->Equals(*all.rows.rows, false, arrow::EqualOptions::Defaults().nans_equal(true)),
          "a rejected message leaves no trace in any row");
  CheckExtra(*all.rows.rows);
}

void CheckInference(const std::vector<std::string_view>& values) {
  const auto inference = record::InferSchema(std::span(values), kOptions);
  if (!inference.has_value()) {
    return Require(inference.error().code == ErrorCode::kInvalidArgument, "samples without a type are InvalidArgument");
  }
  Require(inference->samples_used + inference->samples_skipped == static_cast<int64_t>(values.size()),
          "each sample is used or skipped");
  const Decoded decoded = Decode(iceberg::AssignFreshIds(inference->schema), Batch(values, /*keys=*/false));
  Require(static_cast<int64_t>(decoded.rejected.size()) <= inference->samples_skipped,
          decoded.rejected.empty() ? "" : "an inferred schema takes its samples: " + decoded.rejected.back().reason);
}

std::vector<std::string_view> Lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (lines.size() < kMostMessages) {
    const size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

/// Changes one line and keeps the others.
std::string MutateLines(std::string_view text, size_t max_size, std::minstd_rand& random) {
  const auto lines = Lines(text);
  const size_t chosen = random() % lines.size();
  std::string out;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) out += '\n';
    out += i == chosen ? MutateJson(lines[i], max_size, random) : std::string(lines[i]);
    if (i == chosen && random() % 16 == 0) out += '\n' + std::string(lines[random() % lines.size()]);
  }
  return out;
}

}  // namespace

std::vector<std::string> Seeds() {
  const std::string whole =
      R"({"b":true,"i":-1,"l":9007199254740993,"f":1.5,"d":-1e-3,"m":"12.30","big":123456789012345678.5,"day":"2024-02-29",)"
      R"("t":"12:34:56.789","ts":"2024-02-29T12:00:00","tz":"2024-02-29T12:00:00.123456+02:00","ns":1700000000000,)"
      R"("tn":"1969-12-31T23:59:59.999999999Z","s":"\u00e5\ud83c\udf80","u":"f79c3e09-677c-4bbd-a479-3f349cb785e7","x":"AAE=",)"
      R"("y":"YQ==","st":{"a":1,"b":"x","c":{"d":1e300}},"li":[1,null,3],"ls":[{"a":"x","b":[true]},null],)"
      R"("mp":{"k":1,"l":null},"a name of more than sixteen bytes":"v"})";
  return {
      "\xff\n"
      R"({"unknown":1,"l":2})"
      "\n"
      R"({"l":3})",
      whole,
      R"({"l":1})"
      "\n\n"
      R"({"l":"no"})"
      "\n"
      R"({"x":{"deep":[1,{"y":null}]},"s":[1, 2.50]})"
      "\n{",
      R"({"s":"a\"\\\/\b\n\u0001","S":2,"device":{"battery":80,"tags":["a","b"]},"when":"2024-01-01T00:00:00Z"})"
      "\n" +
          whole};
}

}  // namespace k2i::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto lines = k2i::fuzz::Lines(k2i::fuzz::TextOf(data, size));
  k2i::fuzz::CheckDecoder(lines);
  k2i::fuzz::CheckInference(lines);
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  std::minstd_rand random(seed);
  if (random() % 4 == 0) return LLVMFuzzerMutate(data, size, max_size);
  const std::string mutated = k2i::fuzz::MutateLines(k2i::fuzz::TextOf(data, size), max_size, random);
  return k2i::fuzz::PutMutated(mutated, data, size, max_size);
}
