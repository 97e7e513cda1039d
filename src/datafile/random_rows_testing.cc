// SPDX-License-Identifier: Apache-2.0
#include "datafile/random_rows_testing.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>

#include <cstring>
#include <limits>
#include <stdexcept>

#include "iceberg/model/arrow_schema.h"

namespace k2i::datafile {
namespace {

using iceberg::Literal;
using iceberg::NestedField;
using iceberg::Type;
using iceberg::TypeId;
using iceberg::TypePtr;

class Filler {
 public:
  explicit Filler(RandomRows& rows) : rows_(rows) {}

  void Append(const NestedField& field, arrow::ArrayBuilder& builder) {
    if (field.optional && std::bernoulli_distribution(rows_.null_share)(rows_.engine))
      return Must(builder.AppendNull());
    AppendValue(*field.type, builder);
  }

 private:
  int64_t Below(int64_t bound) { return std::uniform_int_distribution<int64_t>(0, bound - 1)(rows_.engine); }

  template <typename Builder, typename Value>
  static void Put(arrow::ArrayBuilder& builder, const Value& value) {
    Must(static_cast<Builder&>(builder).Append(value));
  }

  double Floating() {
    constexpr double kSpecial[] = {0.0, -0.0, std::numeric_limits<double>::quiet_NaN(),
                                   std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};
    const int64_t pick = Below(20);
    return pick < 5 ? kSpecial[pick] : static_cast<double>(Below(rows_.distinct)) - 7.5;
  }

  std::string Text() {
    constexpr const char* kPoints[] = {"a", "b", "Z", "\u00e9", "\u4e2d", "\U0001F600", "\U0010FFFF", "\uD7FF"};
    std::string text;
    for (int64_t i = Below(static_cast<int64_t>(rows_.max_text) + 1); i > 0; --i) text += kPoints[Below(8)];
    return text;
  }

  std::string RawBytes(size_t length) {
    std::string bytes;
    for (size_t i = 0; i < length; ++i) bytes.push_back(static_cast<char>(Below(4) == 0 ? 0xFF : Below(256)));
    return bytes;
  }

  void AppendNested(const Type& type, arrow::ArrayBuilder& builder) {
    const auto& fields = type.fields();
    if (type.id() == TypeId::kStruct) {
      auto& group = static_cast<arrow::StructBuilder&>(builder);
      Must(group.Append());
      for (size_t i = 0; i < fields.size(); ++i) Append(fields[i], *group.field_builder(static_cast<int>(i)));
      return;
    }
    const int64_t elements = Below(static_cast<int64_t>(rows_.max_elements) + 1);
    if (type.id() == TypeId::kList) {
      auto& list = static_cast<arrow::ListBuilder&>(builder);
      Must(list.Append());
      for (int64_t i = 0; i < elements; ++i) Append(fields[0], *list.value_builder());
      return;
    }
    auto& map = static_cast<arrow::MapBuilder&>(builder);
    Must(map.Append());
    for (int64_t i = 0; i < elements; ++i) {
      AppendValue(*fields[0].type, *map.key_builder());
      Append(fields[1], *map.item_builder());
    }
  }

  /// Over all values there are; wraps round where there are many.
  static int64_t Spread(int64_t number) { return static_cast<int64_t>(static_cast<uint64_t>(number) * 1'000'000'007); }

  void AppendValue(const Type& type, arrow::ArrayBuilder& builder) {
    const int64_t number = Below(rows_.distinct) - rows_.distinct / 2;
    constexpr int64_t kMicrosPerStep = int64_t{7} * 3600 * 1'000'000 + 1;
    switch (type.id()) {
      case TypeId::kBoolean:
        return Put<arrow::BooleanBuilder>(builder, number % 2 == 0);
      case TypeId::kInt:
        return Put<arrow::Int32Builder>(builder, static_cast<int32_t>(number));
      case TypeId::kDate:
        return Put<arrow::Date32Builder>(builder, static_cast<int32_t>(number * 11));
      case TypeId::kLong:
        return Put<arrow::Int64Builder>(builder, Spread(number));
      case TypeId::kTime:
        return Put<arrow::Time64Builder>(builder, (number + rows_.distinct) * 1'000'003);
      case TypeId::kTimestamp:
      case TypeId::kTimestampTz:
      case TypeId::kTimestampNs:
      case TypeId::kTimestampTzNs:
        return Put<arrow::TimestampBuilder>(builder, number * kMicrosPerStep);
      case TypeId::kFloat:
        return Put<arrow::FloatBuilder>(builder, static_cast<float>(Floating()));
      case TypeId::kDouble:
        return Put<arrow::DoubleBuilder>(builder, Floating());
      case TypeId::kDecimal:
        return Put<arrow::Decimal128Builder>(builder, arrow::Decimal128(number * 1'000'003));
      case TypeId::kString:
        return Put<arrow::StringBuilder>(builder, Text());
      case TypeId::kBinary:
        return Put<arrow::BinaryBuilder>(builder, RawBytes(static_cast<size_t>(Below(40))));
      case TypeId::kUuid:
        return Put<arrow::FixedSizeBinaryBuilder>(builder, RawBytes(16));
      case TypeId::kFixed:
        return Put<arrow::FixedSizeBinaryBuilder>(builder, RawBytes(static_cast<size_t>(type.length())));
      default:
        return AppendNested(type, builder);
    }
  }

  RandomRows& rows_;
};

TypePtr Primitive(TypeId id) { return Type::Primitive(id); }

}  // namespace

void Must(const arrow::Status& status) {
  if (!status.ok()) throw std::runtime_error(status.ToString());
}

std::shared_ptr<arrow::RecordBatch> RandomRows::Batch(const iceberg::Schema& schema, int64_t rows) {
  const auto arrow_schema = iceberg::ToArrowSchema(schema).value();
  Filler filler(*this);
  arrow::ArrayVector columns;
  for (size_t i = 0; i < schema.fields().size(); ++i) {
    auto builder = arrow::MakeBuilder(arrow_schema->field(static_cast<int>(i))->type()).ValueOrDie();
    for (int64_t row = 0; row < rows; ++row) filler.Append(schema.fields()[i], *builder);
    columns.push_back(builder->Finish().ValueOrDie());
  }
  // MakeBuilder loses the children's metadata (field ids) on the way.
  for (size_t i = 0; i < columns.size(); ++i) {
    columns[i] = columns[i]->View(arrow_schema->field(static_cast<int>(i))->type()).ValueOrDie();
  }
  return arrow::RecordBatch::Make(arrow_schema, rows, std::move(columns));
}

iceberg::Schema AllTypesSchema(int format_version) {
  int32_t id = 0;
  std::vector<NestedField> fields;
  const auto add = [&](std::string name, TypePtr type, bool optional = true) {
    fields.push_back({.field_id = ++id, .name = std::move(name), .type = std::move(type), .optional = optional});
  };
  const auto field = [&](std::string name, TypePtr type, bool optional = true) {
    return NestedField{.field_id = ++id, .name = std::move(name), .type = std::move(type), .optional = optional};
  };
  add("flag", Primitive(TypeId::kBoolean));
  add("small", Primitive(TypeId::kInt));
  add("big", Primitive(TypeId::kLong), false);
  add("ratio", Primitive(TypeId::kFloat));
  add("score", Primitive(TypeId::kDouble));
  add("price9", Type::Decimal(9, 2));
  add("price18", Type::Decimal(18, 4));
  add("price38", Type::Decimal(38, 10));
  add("day", Primitive(TypeId::kDate));
  add("at", Primitive(TypeId::kTime));
  add("ts", Primitive(TypeId::kTimestamp));
  add("tstz", Primitive(TypeId::kTimestampTz));
  add("name", Primitive(TypeId::kString));
  add("id", Primitive(TypeId::kUuid));
  add("code", Type::Fixed(5));
  add("raw", Primitive(TypeId::kBinary));
  if (format_version >= 3) {
    add("ts_ns", Primitive(TypeId::kTimestampNs));
    add("tstz_ns", Primitive(TypeId::kTimestampTzNs));
  }
  auto city = field("city", Primitive(TypeId::kString));
  auto zip = field("zip", Primitive(TypeId::kInt), false);
  auto uid = field("uid", Primitive(TypeId::kUuid));
  auto address = field("address", Type::Struct({city, zip, uid}));
  auto weight = field("weight", Primitive(TypeId::kDouble));
  add("user", Type::Struct({address, weight}));
  add("tags", Type::List(field("element", Primitive(TypeId::kString))));
  auto inner = field("x", Primitive(TypeId::kDouble));
  add("points", Type::List(field("element", Type::Struct({inner, field("u", Primitive(TypeId::kUuid))}))));
  auto key = field("key", Primitive(TypeId::kString), false);
  add("props", Type::Map(key, field("value", Primitive(TypeId::kLong))));
  return {.schema_id = 0, .type = Type::Struct(std::move(fields))};
}

iceberg::Literal LiteralAt(const arrow::Array& array, const Type& type, int64_t i) {
  if (array.IsNull(i)) return {};
  switch (type.id()) {
    case TypeId::kBoolean:
      return static_cast<const arrow::BooleanArray&>(array).Value(i);
    case TypeId::kInt:
    case TypeId::kDate:
      return static_cast<const arrow::NumericArray<arrow::Int32Type>&>(array).Value(i);
    case TypeId::kFloat:
      return static_cast<const arrow::FloatArray&>(array).Value(i);
    case TypeId::kDouble:
      return static_cast<const arrow::DoubleArray&>(array).Value(i);
    case TypeId::kString:
      return std::string(static_cast<const arrow::StringArray&>(array).GetView(i));
    case TypeId::kBinary:
      return iceberg::Bytes{std::string(static_cast<const arrow::BinaryArray&>(array).GetView(i))};
    case TypeId::kDecimal: {
      iceberg::Decimal128 value;
      std::memcpy(&value, static_cast<const arrow::FixedSizeBinaryArray&>(array).GetValue(i), sizeof(value));
      return value;
    }
    case TypeId::kUuid: {
      iceberg::UuidBytes uuid;
      std::memcpy(&uuid, static_cast<const arrow::FixedSizeBinaryArray&>(array).GetValue(i), sizeof(uuid));
      return uuid;
    }
    case TypeId::kFixed:
      return iceberg::Bytes{std::string(static_cast<const arrow::FixedSizeBinaryArray&>(array).GetView(i))};
    default:
      return static_cast<const arrow::NumericArray<arrow::Int64Type>&>(array).Value(i);
  }
}

}  // namespace k2i::datafile
