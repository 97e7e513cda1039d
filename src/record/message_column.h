// SPDX-License-Identifier: Apache-2.0
//
// Columns filled from the Kafka record itself: metadata, and all columns of Format::kRaw.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "iceberg/model/schema.h"
#include "kafka/message.h"
#include "record/column.h"
#include "record/decoder_options.h"

namespace k2i::record {

class UnknownFields;

struct MessageColumn {
  std::string name;
  bool required = false;
  std::unique_ptr<Column> column;
  /// Appends its part of the message; says why it cannot, or kNull when there is nothing to append.
  Why (*append)(Column& column, const kafka::Message& message) = nullptr;
};

/// The value of a MessageColumn::append that has appended nothing because its part of the message is null.
extern const Why kNull;

/// The columns that `options` name, and for Format::kRaw all others of the table. InvalidConfig: one is missing or of a
/// type that it cannot have, or a required one would stay empty.
Result<std::vector<MessageColumn>> MakeMessageColumns(const iceberg::Schema& schema, const DecoderOptions& options,
                                                      UnknownFields& unknown, arrow::MemoryPool* pool);

/// Types of the columns K2I creates.
iceberg::TypePtr HeadersType();
/// The columns that `options` switch on, as K2I creates them: metadata, then the extra column; without field ids.
std::vector<iceberg::NestedField> MetadataFields(const DecoderOptions& options);

/// Columns of Format::kRaw.
inline constexpr const char* kRawKeyColumn = "key";
inline constexpr const char* kRawValueColumn = "value";
inline constexpr const char* kRawHeadersColumn = "headers";

}  // namespace k2i::record
