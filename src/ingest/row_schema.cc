// SPDX-License-Identifier: Apache-2.0
#include "ingest/row_schema.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/logging.h"
#include "record/inference.h"

namespace k2i::ingest {

Result<std::optional<iceberg::Schema>> DeclaredSchema(const RowOptions& options) {
  if (options.decoder.format == record::Format::kRaw) return record::RawSchema(options.decoder);
  if (options.declared.empty()) return std::nullopt;
  return record::SchemaFromDeclaration(options.declared, options.decoder);
}

Result<iceberg::Schema> InferredSchema(const RowOptions& options, std::span<const kafka::MessageBatch> sample) {
  std::vector<std::string_view> values;
  for (const auto& batch : sample) {
    for (const auto& message : batch.messages) {
      if (message.value && values.size() < static_cast<size_t>(options.infer_records)) values.push_back(*message.value);
    }
  }
  K2I_ASSIGN_OR_RETURN(auto inference, record::InferSchema(values, options.decoder));
  for (const auto& field : inference.left_out) {
    log::Warn("field_without_column", {{"field", field.path}, {"reason", field.reason}});
  }
  log::Info("columns_inferred", {{"columns", inference.schema.fields().size()},
                                 {"samples", inference.samples_used},
                                 {"unusable_samples", inference.samples_skipped}});
  return std::move(inference.schema);
}

Result<record::DecoderOptions> FitToTable(const RowOptions& options, const iceberg::Schema& schema) {
  record::DecoderOptions fitted = options.decoder;
  auto& metadata = fitted.metadata;
  for (std::string* column : {&metadata.topic, &metadata.partition, &metadata.offset, &metadata.timestamp,
                              &metadata.key, &metadata.headers, &fitted.extra_column}) {
    if (column->empty() || schema.FindField(*column) != nullptr) continue;
    log::Warn("column_not_in_table", {{"column", *column}});
    column->clear();
  }
  return fitted;
}

Status CheckKeyColumn(const iceberg::Schema& schema, const std::string& column) {
  if (column.empty()) return {};
  const auto& fields = schema.fields();
  const auto field = std::find_if(fields.begin(), fields.end(), [&](const auto& each) { return each.name == column; });
  if (field == fields.end()) {
    return Fail(ErrorCode::kInvalidConfig, fmt::format("buffer.key: the table has no column '{}'", column),
                Component::kConfig);
  }
  using iceberg::TypeId;
  const auto types = {TypeId::kString, TypeId::kBinary, TypeId::kInt, TypeId::kLong, TypeId::kUuid, TypeId::kFixed};
  if (std::find(types.begin(), types.end(), field->type->id()) != types.end()) return {};
  return Fail(ErrorCode::kInvalidConfig,
              fmt::format("buffer.key: column '{}' is a {}; there are look-ups by string, binary, int, long, uuid and "
                          "fixed",
                          column, field->type->ToString()),
              Component::kConfig);
}

}  // namespace k2i::ingest
