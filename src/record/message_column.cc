// SPDX-License-Identifier: Apache-2.0
#include "record/message_column.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "record/nested_column.h"
#include "record/primitive_column.h"
#include "record/time_text.h"

namespace k2i::record {

const Why kNull = "is null";

namespace {

using iceberg::NestedField;
using iceberg::Type;
using iceberg::TypeId;
using AppendFunction = decltype(MessageColumn::append);

constexpr Why kNotUtf8 = "is not valid UTF-8";

void AppendBytes(Column& column, std::string_view bytes) { static_cast<BytesColumn&>(column).AppendBytes(bytes); }

template <std::optional<std::string_view> kafka::Message::*part>
Why AppendBinary(Column& column, const kafka::Message& message) {
  if (!(message.*part).has_value()) return kNull;
  AppendBytes(column, *(message.*part));
  return nullptr;
}

template <std::optional<std::string_view> kafka::Message::*part>
Why AppendText(Column& column, const kafka::Message& message) {
  if ((message.*part).has_value() && !IsUtf8(*(message.*part))) return kNotUtf8;
  return AppendBinary<part>(column, message);
}

Why AppendTopic(Column& column, const kafka::Message& message) {
  AppendBytes(column, message.topic);
  return nullptr;
}

Why AppendPartition(Column& column, const kafka::Message& message) {
  static_cast<FixedColumn<int32_t>&>(column).AppendValue(message.partition.value);
  return nullptr;
}

Why AppendOffset(Column& column, const kafka::Message& message) {
  static_cast<FixedColumn<int64_t>&>(column).AppendValue(message.offset.value);
  return nullptr;
}

Why AppendTimestamp(Column& column, const kafka::Message& message) {
  if (message.timestamp_ms == -1) return kNull;
  int64_t micros = 0;
  if (const Why why = TimestampFromMillis(message.timestamp_ms, TimeUnit::kMicros, &micros)) return why;
  static_cast<FixedColumn<int64_t>&>(column).AppendValue(micros);
  return nullptr;
}

Why AppendHeaders(Column& column, const kafka::Message& message) {
  auto& list = static_cast<ListColumn&>(column);
  auto& entry = static_cast<StructColumn&>(list.element());
  for (const kafka::Header& header : message.headers) {
    if (!IsUtf8(header.name)) return "has a name that is not valid UTF-8";
    AppendBytes(entry.child(0), header.name);
    if (header.value.has_value()) {
      AppendBytes(entry.child(1), *header.value);
    } else {
      entry.child(1).AppendNull();
    }
    entry.CloseRow();
  }
  list.CloseRow();
  return nullptr;
}

Why AppendNothing(Column&, const kafka::Message&) { return kNull; }

/// The type apart from field ids.
bool IsHeadersType(const Type& type) {
  if (type.id() != TypeId::kList || type.fields()[0].type->id() != TypeId::kStruct) return false;
  const auto& fields = type.fields()[0].type->fields();
  return fields.size() == 2 && fields[0].name == "name" && fields[0].type->id() == TypeId::kString &&
         fields[1].name == "value" && fields[1].type->id() == TypeId::kBinary && fields[1].optional;
}

/// What fills a column of `type` with a key or a value; nullptr: neither string nor binary.
template <std::optional<std::string_view> kafka::Message::*part>
AppendFunction BytesOf(const Type& type) {
  if (type.id() == TypeId::kString) return AppendText<part>;
  return type.id() == TypeId::kBinary ? AppendBinary<part> : nullptr;
}

/// A part of the message, and how it fills a column of a type; nullptr where it cannot.
struct Source {
  std::string column;
  const char* wants;
  AppendFunction (*append_to)(const Type& type);
};

template <TypeId id, AppendFunction append>
AppendFunction OnlyFor(const Type& type) {
  return type.id() == id ? append : nullptr;
}

AppendFunction HeadersOf(const Type& type) { return IsHeadersType(type) ? AppendHeaders : nullptr; }

std::vector<Source> MetadataSources(const MetadataColumns& names) {
  return {
      {names.topic, "string", OnlyFor<TypeId::kString, AppendTopic>},
      {names.partition, "int", OnlyFor<TypeId::kInt, AppendPartition>},
      {names.offset, "long", OnlyFor<TypeId::kLong, AppendOffset>},
      {names.timestamp, "timestamptz", OnlyFor<TypeId::kTimestampTz, AppendTimestamp>},
      {names.key, "string or binary", BytesOf<&kafka::Message::key>},
      {names.headers, "list<struct<name: string, value: binary>>", HeadersOf},
  };
}

std::vector<Source> RawSources() {
  return {{kRawKeyColumn, "binary or string", BytesOf<&kafka::Message::key>},
          {kRawValueColumn, "binary or string", BytesOf<&kafka::Message::value>},
          {kRawHeadersColumn, "list<struct<name: string, value: binary>>", HeadersOf}};
}

const NestedField* FindColumn(const iceberg::Schema& schema, std::string_view name) {
  const auto found = std::ranges::find(schema.fields(), name, &NestedField::name);
  return found == schema.fields().end() ? nullptr : &*found;
}

Result<MessageColumn> Fill(const NestedField& field, AppendFunction append, UnknownFields& unknown,
                           arrow::MemoryPool* pool) {
  K2I_ASSIGN_OR_RETURN(auto column, MakeColumn(*field.type, unknown, pool));
  return MessageColumn{field.name, !field.optional, std::move(column), append};
}

Result<MessageColumn> Fill(const NestedField& field, const Source& source, UnknownFields& unknown,
                           arrow::MemoryPool* pool) {
  const AppendFunction append = source.append_to(*field.type);
  if (append == nullptr) {
    return Fail(ErrorCode::kInvalidConfig,
                fmt::format("column {} of the table is of type {}, but {} is what fits it", field.name,
                            field.type->ToString(), source.wants),
                Component::kConfig);
  }
  return Fill(field, append, unknown, pool);
}

Status AddRawColumns(const iceberg::Schema& schema, UnknownFields& unknown, arrow::MemoryPool* pool,
                     std::vector<MessageColumn>& columns) {
  const std::vector<Source> sources = RawSources();
  for (const NestedField& field : schema.fields()) {
    if (std::ranges::find(columns, field.name, &MessageColumn::name) != columns.end()) continue;
    const auto source = std::ranges::find(sources, field.name, &Source::column);
    if (source != sources.end()) {
      K2I_ASSIGN_OR_RETURN(columns.emplace_back(), Fill(field, *source, unknown, pool));
    } else if (field.optional) {
      K2I_ASSIGN_OR_RETURN(columns.emplace_back(), Fill(field, AppendNothing, unknown, pool));
    } else {
      return Fail(ErrorCode::kInvalidConfig,
                  fmt::format("nothing fills the required column {} when the format is raw", field.name),
                  Component::kConfig);
    }
  }
  return {};
}

}  // namespace

Result<std::vector<MessageColumn>> MakeMessageColumns(const iceberg::Schema& schema, const DecoderOptions& options,
                                                      UnknownFields& unknown, arrow::MemoryPool* pool) {
  std::vector<MessageColumn> columns;
  for (const Source& source : MetadataSources(options.metadata)) {
    if (source.column.empty()) continue;
    const NestedField* field = FindColumn(schema, source.column);
    if (field == nullptr) {
      return Fail(ErrorCode::kInvalidConfig,
                  fmt::format("the table has no column {}; add it to the table or turn it off", source.column),
                  Component::kConfig);
    }
    K2I_ASSIGN_OR_RETURN(columns.emplace_back(), Fill(*field, source, unknown, pool));
  }
  if (options.format != Format::kRaw) return columns;
  if (FindColumn(schema, kRawValueColumn) == nullptr) {
    return Fail(ErrorCode::kInvalidConfig, "the format is raw, but the table has no column value", Component::kConfig);
  }
  K2I_RETURN_IF_ERROR(AddRawColumns(schema, unknown, pool, columns));
  return columns;
}

iceberg::TypePtr HeadersType() {
  return Type::List(
      {.type = Type::Struct({{.name = "name", .type = Type::Primitive(TypeId::kString), .optional = false},
                             {.name = "value", .type = Type::Primitive(TypeId::kBinary)}}),
       .optional = false});
}

std::vector<NestedField> MetadataFields(const DecoderOptions& options) {
  std::vector<NestedField> fields;
  auto add = [&fields](const std::string& name, iceberg::TypePtr type, bool optional, const char* doc) {
    if (!name.empty()) fields.push_back({.name = name, .type = std::move(type), .optional = optional, .doc = doc});
  };
  const MetadataColumns& names = options.metadata;
  const TypeId key = options.format == Format::kRaw ? TypeId::kBinary : TypeId::kString;
  add(names.topic, Type::Primitive(TypeId::kString), true, "Kafka topic");
  add(names.partition, Type::Primitive(TypeId::kInt), true, "Kafka partition");
  add(names.offset, Type::Primitive(TypeId::kLong), true, "Kafka offset");
  add(names.timestamp, Type::Primitive(TypeId::kTimestampTz), true, "Timestamp of the Kafka record");
  add(names.key, Type::Primitive(key), true, "Key of the Kafka record");
  add(names.headers, HeadersType(), true, "Headers of the Kafka record");
  if (options.format == Format::kJson) {
    add(options.extra_column, Type::Primitive(TypeId::kString), true, "Fields without a column, as a JSON object");
  }
  return fields;
}

}  // namespace k2i::record
