// SPDX-License-Identifier: Apache-2.0
#include "server/answer_encoder.h"

#include <arrow/io/interfaces.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>

#include "server/csv_rows.h"
#include "server/json_rows.h"

namespace k2i::server {
namespace {

class JsonEncoder final : public AnswerEncoder {
 public:
  JsonEncoder(std::shared_ptr<arrow::Schema> schema, PinnedTexts pinned)
      : schema_(std::move(schema)), pinned_(std::move(pinned)) {}

  Status Begin(std::string* out) override {
    *out += "{\"columns\":";
    AppendJsonColumns(*schema_, out);
    *out += ",\"rows\":[";
    return {};
  }
  Status Append(const arrow::RecordBatch& batch, std::string* out) override {
    for (int64_t row = 0; row < batch.num_rows(); ++row) {
      if (any_) *out += ',';
      any_ = true;
      AppendJsonRow(batch, row, out);
    }
    return {};
  }
  Status End(std::string* out) override {
    *out += "],\"snapshot_id\":" + pinned_.snapshot_id + ",\"offsets\":" + pinned_.offsets +
            ",\"tables\":" + pinned_.tables + "}";
    return {};
  }

 private:
  const std::shared_ptr<arrow::Schema> schema_;
  const PinnedTexts pinned_;
  bool any_ = false;
};

class NdjsonEncoder final : public AnswerEncoder {
 public:
  explicit NdjsonEncoder(const arrow::Schema& schema) : objects_(schema) {}
  Status Begin(std::string*) override { return {}; }
  Status Append(const arrow::RecordBatch& batch, std::string* out) override {
    for (int64_t row = 0; row < batch.num_rows(); ++row) {
      objects_.Append(batch, row, out);
      *out += '\n';
    }
    return {};
  }
  Status End(std::string*) override { return {}; }

 private:
  const JsonObjects objects_;
};

class CsvEncoder final : public AnswerEncoder {
 public:
  explicit CsvEncoder(std::shared_ptr<arrow::Schema> schema) : schema_(std::move(schema)) {}
  Status Begin(std::string* out) override {
    AppendCsvHeader(*schema_, out);
    return {};
  }
  Status Append(const arrow::RecordBatch& batch, std::string* out) override {
    for (int64_t row = 0; row < batch.num_rows(); ++row) AppendCsvRow(batch, row, out);
    return {};
  }
  Status End(std::string*) override { return {}; }

 private:
  const std::shared_ptr<arrow::Schema> schema_;
};

/// Collects what Arrow's writer writes.
class StringStream final : public arrow::io::OutputStream {
 public:
  std::string Take() { return std::exchange(text_, {}); }
  arrow::Status Write(const void* data, int64_t size) override {
    text_.append(static_cast<const char*>(data), static_cast<size_t>(size));
    position_ += size;
    return arrow::Status::OK();
  }
  using arrow::io::OutputStream::Write;
  arrow::Result<int64_t> Tell() const override { return position_; }
  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }

 private:
  std::string text_;
  int64_t position_ = 0;
  bool closed_ = false;
};

class ArrowEncoder final : public AnswerEncoder {
 public:
  ArrowEncoder(const arrow::Schema& schema, const PinnedTexts& pinned) {
    auto metadata = schema.metadata() ? schema.metadata()->Copy() : std::make_shared<arrow::KeyValueMetadata>();
    for (const auto& [key, value] : {std::pair{"k2i.snapshot-id", pinned.snapshot_id},
                                     {"k2i.offsets", pinned.offsets},
                                     {"k2i.tables", pinned.tables}}) {
      metadata->Append(key, value);
    }
    schema_ = schema.WithMetadata(std::move(metadata));
  }

  Status Begin(std::string* out) override {
    auto writer = arrow::ipc::MakeStreamWriter(&stream_, schema_);
    if (!writer.ok()) return ToStatus(writer.status());
    writer_ = std::move(writer).ValueUnsafe();
    *out += stream_.Take();
    return {};
  }
  Status Append(const arrow::RecordBatch& batch, std::string* out) override {
    const arrow::Status written = writer_->WriteRecordBatch(batch);
    *out += stream_.Take();
    return ToStatus(written);
  }
  Status End(std::string* out) override {
    const arrow::Status closed = writer_->Close();
    *out += stream_.Take();
    return ToStatus(closed);
  }

 private:
  static Status ToStatus(const arrow::Status& status) {
    if (status.ok()) return {};
    return Fail(ErrorCode::kInternal, "Arrow stream: " + status.ToString());
  }

  std::shared_ptr<arrow::Schema> schema_;
  StringStream stream_;
  std::shared_ptr<arrow::ipc::RecordBatchWriter> writer_;
};

}  // namespace

std::unique_ptr<AnswerEncoder> MakeEncoder(Format format, const std::shared_ptr<arrow::Schema>& schema,
                                           const PinnedTexts& pinned) {
  switch (format) {
    case Format::kJson:
      return std::make_unique<JsonEncoder>(schema, pinned);
    case Format::kNdjson:
      return std::make_unique<NdjsonEncoder>(*schema);
    case Format::kCsv:
      return std::make_unique<CsvEncoder>(schema);
    case Format::kArrow:
      return std::make_unique<ArrowEncoder>(*schema, pinned);
  }
  return nullptr;
}

}  // namespace k2i::server
