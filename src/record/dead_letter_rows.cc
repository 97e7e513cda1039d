// SPDX-License-Identifier: Apache-2.0
#include "record/dead_letter_rows.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <fmt/format.h>

#include "record/message_column.h"
#include "record/time_text.h"

namespace k2i::record {
namespace {

constexpr const char* kClassColumn = "error_class";
constexpr const char* kTextColumn = "error";
constexpr const char* kSchemaIdColumn = "schema_id";

DecoderOptions RawOptions() {
  DecoderOptions options;
  options.format = Format::kRaw;
  options.metadata = {.topic = "topic",
                      .partition = "partition",
                      .offset = "offset",
                      .timestamp = "timestamp",
                      .key = "",
                      .headers = ""};
  return options;
}

/// What is handed to the raw decoder for one letter, and what is said of its error.
struct Letter {
  kafka::Message message;
  std::string text;
};

/// Views into `rejected` and `headers`; what the columns cannot take is told in the text.
Letter MakeLetter(const Rejected& rejected, std::vector<kafka::Header>& headers) {
  Letter letter{{.topic = rejected.partition.topic,
                 .partition = rejected.partition.partition,
                 .offset = rejected.offset,
                 .timestamp_ms = rejected.timestamp_ms,
                 .key = rejected.key,
                 .value = rejected.value},
                rejected.reason};
  int64_t micros = 0;
  if (rejected.timestamp_ms != -1 &&
      TimestampFromMillis(rejected.timestamp_ms, TimeUnit::kMicros, &micros) != nullptr) {
    letter.text += fmt::format("; its timestamp of {} ms fits no column", rejected.timestamp_ms);
    letter.message.timestamp_ms = -1;
  }
  for (const auto& [name, value] : rejected.headers) {
    if (IsUtf8(name)) {
      headers.push_back({name, value});
    } else {
      letter.text += "; a header whose name is not UTF-8 is left out";
    }
  }
  letter.message.headers = headers;
  return letter;
}

Result<std::shared_ptr<arrow::Array>> Strings(const std::vector<std::string>& values, arrow::MemoryPool* pool) {
  arrow::StringBuilder builder(pool);
  std::shared_ptr<arrow::Array> array;
  auto built = builder.AppendValues(values);
  if (built.ok()) built = builder.Finish(&array);
  if (!built.ok()) return Fail(ErrorCode::kResourceExhausted, "dead letters: " + built.ToString());
  return array;
}

Result<std::shared_ptr<arrow::Array>> Ints(const std::vector<std::optional<int32_t>>& values, arrow::MemoryPool* pool) {
  arrow::Int32Builder builder(pool);
  std::shared_ptr<arrow::Array> array;
  auto built = builder.Reserve(static_cast<int64_t>(values.size()));
  for (size_t i = 0; i < values.size() && built.ok(); ++i) built = builder.AppendOrNull(values[i]);
  if (built.ok()) built = builder.Finish(&array);
  if (!built.ok()) return Fail(ErrorCode::kResourceExhausted, "dead letters: " + built.ToString());
  return array;
}

}  // namespace

iceberg::Schema DeadLetterSchema() {
  using iceberg::Type;
  using iceberg::TypeId;
  auto column = [](const char* name, TypeId type, const char* doc) {
    return iceberg::NestedField{.name = name, .type = Type::Primitive(type), .doc = doc};
  };
  std::vector<iceberg::NestedField> fields{
      column("topic", TypeId::kString, "Kafka topic"),
      column("partition", TypeId::kInt, "Kafka partition"),
      column("offset", TypeId::kLong, "Kafka offset"),
      column("timestamp", TypeId::kTimestampTz, "Timestamp of the Kafka record"),
      column(kRawKeyColumn, TypeId::kBinary, "Key of the Kafka record, as it came"),
      column(kRawValueColumn, TypeId::kBinary, "Value of the Kafka record, as it came"),
      {.name = kRawHeadersColumn, .type = HeadersType(), .doc = "Headers of the Kafka record"},
      column(kClassColumn, TypeId::kString, "Kind of error that kept the record from the table"),
      column(kTextColumn, TypeId::kString, "What was wrong with the record"),
      column(kSchemaIdColumn, TypeId::kInt, "Schema of the table that the record did not fit")};
  return {.type = Type::Struct(std::move(fields))};
}

Result<std::unique_ptr<DeadLetterRows>> DeadLetterRows::Make(arrow::MemoryPool* pool) {
  K2I_ASSIGN_OR_RETURN(auto decoder, Decoder::Make(iceberg::AssignFreshIds(DeadLetterSchema()), RawOptions(), pool));
  return std::unique_ptr<DeadLetterRows>(new DeadLetterRows(std::move(decoder), pool));
}

Status DeadLetterRows::Append(std::span<const Rejected> rejected, std::optional<int32_t> schema_id) {
  for (const Rejected& record : rejected) {
    std::vector<kafka::Header> headers;
    Letter letter = MakeLetter(record, headers);
    kafka::MessageBatch batch;
    batch.messages.push_back(letter.message);
    std::vector<Rejected> refused;
    K2I_RETURN_IF_ERROR(decoder_->Append(batch, &refused));
    if (!refused.empty()) return Fail(ErrorCode::kInternal, "a dead letter makes no row: " + refused[0].reason);
    classes_.emplace_back(ToString(record.code));
    texts_.push_back(std::move(letter.text));
    schema_ids_.push_back(schema_id);
  }
  return {};
}

Result<DecodedRows> DeadLetterRows::Seal() {
  K2I_ASSIGN_OR_RETURN(auto classes, Strings(classes_, pool_));
  K2I_ASSIGN_OR_RETURN(auto texts, Strings(texts_, pool_));
  K2I_ASSIGN_OR_RETURN(auto schema_ids, Ints(schema_ids_, pool_));
  K2I_ASSIGN_OR_RETURN(auto decoded, decoder_->Seal());
  auto columns = decoded.rows->columns();
  const auto& schema = *decoded.rows->schema();
  columns[schema.GetFieldIndex(kClassColumn)] = std::move(classes);
  columns[schema.GetFieldIndex(kTextColumn)] = std::move(texts);
  columns[schema.GetFieldIndex(kSchemaIdColumn)] = std::move(schema_ids);
  decoded.rows = arrow::RecordBatch::Make(decoded.rows->schema(), decoded.rows->num_rows(), std::move(columns));
  classes_.clear();
  texts_.clear();
  schema_ids_.clear();
  return decoded;
}

}  // namespace k2i::record
