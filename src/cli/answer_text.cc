// SPDX-License-Identifier: Apache-2.0
#include "cli/answer_text.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "server/json_rows.h"
#include "server/value_text.h"

namespace k2i::cli {
namespace {

using nlohmann::json;

/// Partitions that are named; of more, only their number.
constexpr size_t kNamedPartitions = 4;

std::unexpected<Error> Bad(const arrow::Status& status) {
  return Fail(ErrorCode::kCorruption, "the answer is not an Arrow stream, or not a whole one: " + status.ToString());
}

std::string Cell(const arrow::Array& wrapped, int64_t row) {
  if (wrapped.IsNull(row)) return "NULL";
  const arrow::Array& array = server::Unwrap(wrapped, &row);
  if (array.IsNull(row)) return "NULL";
  std::string text;
  if (server::AppendValue(array, row, &text) == server::ValueForm::kNested) server::AppendJsonValue(array, row, &text);
  return Printable(text);
}

bool IsNumber(const arrow::DataType& type) { return arrow::is_numeric(type.id()) || arrow::is_decimal(type.id()); }

void AddRows(const arrow::RecordBatch& batch, TextTable& table) {
  for (int64_t row = 0; row < batch.num_rows(); ++row) {
    auto& cells = table.rows.emplace_back();
    for (const auto& column : batch.columns()) cells.push_back(Cell(*column, row));
  }
}

/// "events/0 below 124, events/1 below 7"
std::string OffsetsText(const json& offsets) {
  std::string text;
  size_t count = 0;
  for (const auto& [topic, partitions] : offsets.items()) {
    for (const auto& [partition, offset] : partitions.items()) {
      if (++count <= kNamedPartitions) text += fmt::format(", {}/{} below {}", topic, partition, offset.dump());
    }
  }
  if (count > kNamedPartitions) text += fmt::format(" and {} partitions more", count - kNamedPartitions);
  return text;
}

std::string PinnedText(const json& table) {
  const auto snapshot = table.value("snapshot_id", json());
  std::string text = table.value("table", "");
  text += snapshot.is_null() ? " without a snapshot" : " at snapshot " + snapshot.dump();
  const auto offsets = table.value("offsets", json::object());
  text += OffsetsText(offsets);
  size_t missing = 0;
  const auto missing_by_topic = table.value("missing", json::object());
  for (const auto& [topic, partitions] : missing_by_topic.items()) missing += partitions.size();
  if (missing == 0) return Printable(text);
  text += fmt::format("; newer rows of {} partitions that other processes read are missing", missing);
  for (const json& peer : table.value("failed_peers", json::array())) {
    if (!peer.is_object()) continue;
    text += fmt::format("; {}: {}", peer.value("peer", ""), peer.value("reason", ""));
  }
  return Printable(text);
}

std::vector<std::string> PinnedTexts(const arrow::Schema& schema) {
  std::vector<std::string> texts;
  if (schema.metadata() == nullptr) return texts;
  const auto tables = schema.metadata()->Get("k2i.tables");
  if (!tables.ok()) return texts;
  const json parsed = json::parse(*tables, nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_array()) return texts;
  for (const json& table : parsed) {
    if (table.is_object()) texts.push_back(PinnedText(table));
  }
  return texts;
}

}  // namespace

Result<AnswerText> ReadAnswer(std::string body) {
  const auto input = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(std::move(body)));
  const auto opened = arrow::ipc::RecordBatchStreamReader::Open(input);
  if (!opened.ok()) return Bad(opened.status());
  auto& reader = **opened;
  AnswerText answer{.table = {}, .pinned = PinnedTexts(*reader.schema())};
  for (const auto& field : reader.schema()->fields()) {
    answer.table.columns.push_back({Printable(field->name()), IsNumber(*field->type())});
  }
  while (true) {
    std::shared_ptr<arrow::RecordBatch> batch;
    const arrow::Status read = reader.ReadNext(&batch);
    if (!read.ok()) return Bad(read);
    if (batch == nullptr) return answer;
    AddRows(*batch, answer.table);
  }
}

}  // namespace k2i::cli
