// SPDX-License-Identifier: Apache-2.0
#include "record/decoder.h"

#include <arrow/array/data.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <stdexcept>
#include <utility>

#include "iceberg/model/arrow_schema.h"
#include "record/json_reader.h"
#include "record/message_column.h"
#include "record/nested_column.h"
#include "record/run_tracker.h"

namespace k2i::record {
namespace {

std::optional<std::string> Copy(const std::optional<std::string_view>& bytes) {
  return bytes.has_value() ? std::optional<std::string>(*bytes) : std::nullopt;
}

Rejected MakeRejected(const kafka::MessageBatch& batch, const kafka::Message& message, std::string reason) {
  Rejected rejected{.partition = {std::string(message.topic), message.partition},
                    .offset = message.offset,
                    .timestamp_ms = message.timestamp_ms,
                    .key = Copy(message.key),
                    .value = Copy(message.value),
                    .headers = {},
                    .reason = std::move(reason)};
  for (const auto& [name, value] : batch.HeadersOf(message)) rejected.headers.emplace_back(name, Copy(value));
  return rejected;
}

/// Asks for the beginning of a value that is decoded next: another thread has written it, so it is in no near cache.
void Prefetch(const kafka::Message& message) {
  if (!message.value.has_value()) return;
  const size_t size = std::min<size_t>(message.value->size(), 512);
  for (size_t at = 0; at < size; at += 64) __builtin_prefetch(message.value->data() + at);
}

/// The fields without a column, as one JSON object a record.
class ExtraText final : public UnknownFields {
 public:
  explicit ExtraText(bool keep) : keep_(keep) {}

  void Add(const std::string& path, std::string_view key, std::string_view json) override {
    ++count_;
    if (!keep_) return;
    text_ += text_.empty() ? '{' : ',';
    AppendJsonString(path.empty() ? std::string(key) : path + "." + std::string(key), &text_);
    text_ += ':';
    text_ += json;
  }
  void Clear() { text_.clear(); }
  void AppendTo(BytesColumn& column) {
    if (text_.empty()) return column.AppendNull();
    text_ += '}';
    column.AppendBytes(text_);
  }
  int64_t count() const { return count_; }

 private:
  const bool keep_;
  int64_t count_ = 0;
  std::string text_;
};

/// Both formats: raw is JSON without the JSON.
class RecordDecoder final : public Decoder {
 public:
  RecordDecoder(DecoderOptions options, arrow::MemoryPool* pool)
      : options_(std::move(options)), pool_(pool), unknown_(!options_.extra_column.empty()) {}

  Status Init(const iceberg::Schema& schema);
  Status Append(const kafka::MessageBatch& batch, std::vector<Rejected>* rejected) override;
  int64_t row_count() const override { return positions_.row_count(); }
  Result<DecodedRows> Seal() override;
  int64_t unknown_fields() const override { return unknown_.count(); }

 private:
  Status InitExtra(const iceberg::Schema& schema);
  Status InitPayload(const iceberg::Schema& schema);
  /// False: rejected, and reader_ has the reason.
  bool AppendRow(const kafka::Message& message);
  bool AppendPayload(const kafka::Message& message);
  bool AppendMessageColumn(MessageColumn& column, const kafka::Message& message);
  void TakeBackRow();

  const DecoderOptions options_;
  arrow::MemoryPool* const pool_;
  std::shared_ptr<arrow::Schema> arrow_schema_;
  ExtraText unknown_;
  JsonReader reader_;
  std::unique_ptr<StructColumn> payload_;  // Format::kJson only
  std::unique_ptr<BytesColumn> extra_;     // where there is an extra column
  std::vector<MessageColumn> message_columns_;
  RunTracker positions_;
};

Status RecordDecoder::Init(const iceberg::Schema& schema) {
  K2I_ASSIGN_OR_RETURN(arrow_schema_, iceberg::ToArrowSchema(schema));
  K2I_ASSIGN_OR_RETURN(message_columns_, MakeMessageColumns(schema, options_, unknown_, pool_));
  if (options_.format == Format::kRaw) return {};
  K2I_RETURN_IF_ERROR(InitExtra(schema));
  return InitPayload(schema);
}

Status RecordDecoder::InitExtra(const iceberg::Schema& schema) {
  if (options_.extra_column.empty()) return {};
  const auto field = std::ranges::find(schema.fields(), options_.extra_column, &iceberg::NestedField::name);
  if (field == schema.fields().end() || field->type->id() != iceberg::TypeId::kString || !field->optional) {
    return Fail(ErrorCode::kInvalidConfig,
                fmt::format("the table has no optional string column {}; add it or turn it off", options_.extra_column),
                Component::kConfig);
  }
  extra_ = std::make_unique<BytesColumn>(BytesColumn::Kind::kString, arrow::utf8(), pool_);
  return {};
}

Status RecordDecoder::InitPayload(const iceberg::Schema& schema) {
  std::vector<std::string> filled_otherwise;
  for (const MessageColumn& column : message_columns_) filled_otherwise.push_back(column.name);
  if (extra_ != nullptr) filled_otherwise.push_back(options_.extra_column);
  K2I_ASSIGN_OR_RETURN(auto fields, MakeFields(*schema.type, filled_otherwise, unknown_, pool_));
  payload_ = std::make_unique<StructColumn>(std::move(fields), unknown_, nullptr, pool_);
  return {};
}

Status RecordDecoder::Append(const kafka::MessageBatch& batch, std::vector<Rejected>* rejected) {
  try {
    for (size_t i = 0; i < batch.messages.size(); ++i) {
      const kafka::Message& message = batch.messages[i];
      if (i + 1 < batch.messages.size()) Prefetch(batch.messages[i + 1]);
      if (AppendRow(message)) {
        positions_.AddRow(message);
      } else {
        TakeBackRow();
        rejected->push_back(MakeRejected(batch, message, reader_.reason()));
      }
    }
    return {};
  } catch (const std::bad_alloc&) {
    TakeBackRow();
    return Fail(ErrorCode::kResourceExhausted, "out of memory while decoding");
  } catch (const std::length_error& error) {
    TakeBackRow();
    return Fail(ErrorCode::kResourceExhausted, error.what());
  }
}

bool RecordDecoder::AppendRow(const kafka::Message& message) {
  if (payload_ != nullptr && !AppendPayload(message)) return false;
  for (MessageColumn& column : message_columns_) {
    if (!AppendMessageColumn(column, message)) return false;
  }
  return true;
}

bool RecordDecoder::AppendPayload(const kafka::Message& message) {
  if (!message.value.has_value()) return reader_.Fail("the value is null (a tombstone)");
  if (!reader_.Start(*message.value)) return false;
  unknown_.Clear();
  if (!payload_->AppendJson(reader_) || !reader_.CheckEnd()) return false;
  if (extra_ != nullptr) unknown_.AppendTo(*extra_);
  return true;
}

bool RecordDecoder::AppendMessageColumn(MessageColumn& column, const kafka::Message& message) {
  const Why why = column.append(*column.column, message);
  if (why == nullptr) return true;
  if (why == kNull && !column.required) {
    column.column->AppendNull();
    return true;
  }
  return reader_.Fail(
      fmt::format("{}: the value {}{}", column.name, why, why == kNull ? ", but the column is required" : ""));
}

void RecordDecoder::TakeBackRow() {
  const int64_t rows = positions_.row_count();
  if (payload_ != nullptr) payload_->Truncate(rows);
  if (extra_ != nullptr) extra_->Truncate(rows);
  for (MessageColumn& column : message_columns_) column.column->Truncate(rows);
}

Result<DecodedRows> RecordDecoder::Seal() {
  std::vector<std::shared_ptr<arrow::ArrayData>> payload, columns;
  if (payload_ != nullptr) payload = payload_->SealChildren();
  size_t next_payload = 0;
  for (const auto& field : arrow_schema_->fields()) {
    const auto from_message = std::ranges::find(message_columns_, field->name(), &MessageColumn::name);
    if (from_message != message_columns_.end()) {
      columns.push_back(from_message->column->Seal());
    } else if (extra_ != nullptr && field->name() == options_.extra_column) {
      columns.push_back(extra_->Seal());
    } else {
      columns.push_back(payload[next_payload++]);
    }
  }
  const int64_t rows = positions_.row_count();
  DecodedRows sealed = positions_.Take();
  sealed.rows = arrow::RecordBatch::Make(arrow_schema_, rows, std::move(columns));
  return sealed;
}

}  // namespace

Result<std::unique_ptr<Decoder>> Decoder::Make(const iceberg::Schema& table_schema, DecoderOptions options,
                                               arrow::MemoryPool* pool) {
  auto decoder = std::make_unique<RecordDecoder>(std::move(options), pool);
  K2I_RETURN_IF_ERROR(decoder->Init(table_schema));
  return decoder;
}

}  // namespace k2i::record
