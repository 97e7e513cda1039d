// SPDX-License-Identifier: Apache-2.0
#include "server/flight/xdbc_types.h"

#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/table_builder.h>
#include <arrow/type.h>

#include <array>
#include <optional>

#include "server/flight/flight_status.h"

namespace k2i::server::flight {
namespace {

enum XdbcType : int32_t {
  kBit = -7,
  kTinyint = -6,
  kBigint = -5,
  kVarbinary = -3,
  kDecimal = 3,
  kInteger = 4,
  kSmallint = 5,
  kFloat = 6,
  kDouble = 8,
  kDatetime = 9,
  kVarchar = 12,
  kDate = 91,
  kTime = 92,
  kTimestamp = 93,
};
enum Subcode : int32_t { kIsDate = 1, kIsTime = 2, kIsTimestamp = 3, kIsTimestampTz = 5 };
enum Searchable : int32_t { kBasic = 2, kFull = 3 };

struct TypeRow {
  const char* name;
  int32_t type;
  std::optional<int32_t> size;  // digits, or characters of the text
  const char* quote = nullptr;  // around a literal
  std::optional<int32_t> radix = {};
  std::optional<int32_t> min_scale = {};
  std::optional<int32_t> max_scale = {};
  std::optional<int32_t> subcode = {};
  bool has_sign = false;
};

constexpr std::optional<int32_t> kNone = std::nullopt;

/// By type, then by name.
constexpr std::array kTypes = {
    TypeRow{"BOOLEAN", kBit, 1},
    TypeRow{"TINYINT", kTinyint, 3, nullptr, 10, 0, 0, kNone, true},
    TypeRow{"BIGINT", kBigint, 19, nullptr, 10, 0, 0, kNone, true},
    TypeRow{"BLOB", kVarbinary, kNone, "'"},
    TypeRow{"DECIMAL", kDecimal, 38, nullptr, 10, 0, 38, kNone, true},
    TypeRow{"INTEGER", kInteger, 10, nullptr, 10, 0, 0, kNone, true},
    TypeRow{"SMALLINT", kSmallint, 5, nullptr, 10, 0, 0, kNone, true},
    TypeRow{"FLOAT", kFloat, 24, nullptr, 2, kNone, kNone, kNone, true},
    TypeRow{"DOUBLE", kDouble, 53, nullptr, 2, kNone, kNone, kNone, true},
    TypeRow{"UUID", kVarchar, 36, "'"},
    TypeRow{"VARCHAR", kVarchar, kNone, "'"},
    TypeRow{"DATE", kDate, 10, "'", kNone, kNone, kNone, kIsDate},
    TypeRow{"TIME", kTime, 15, "'", kNone, 6, 6, kIsTime},
    TypeRow{"TIMESTAMP", kTimestamp, 26, "'", kNone, 6, 6, kIsTimestamp},
    TypeRow{"TIMESTAMP WITH TIME ZONE", kTimestamp, 32, "'", kNone, 6, 6, kIsTimestampTz},
};

/// Appends to the columns of a row, one after the other.
class RowWriter {
 public:
  explicit RowWriter(arrow::RecordBatchBuilder& builder) : builder_(builder) {}
  arrow::Status Text(const char* text) {
    if (text == nullptr) return Null();
    return builder_.GetFieldAs<arrow::StringBuilder>(column_++)->Append(text);
  }
  arrow::Status Number(std::optional<int32_t> number) {
    if (!number.has_value()) return Null();
    return builder_.GetFieldAs<arrow::Int32Builder>(column_++)->Append(*number);
  }
  arrow::Status Flag(std::optional<bool> flag) {
    if (!flag.has_value()) return Null();
    return builder_.GetFieldAs<arrow::BooleanBuilder>(column_++)->Append(*flag);
  }
  arrow::Status Texts(const std::vector<std::string>& texts) {
    if (texts.empty()) return Null();
    auto* list = builder_.GetFieldAs<arrow::ListBuilder>(column_++);
    ARROW_RETURN_NOT_OK(list->Append());
    return static_cast<arrow::StringBuilder*>(list->value_builder())->AppendValues(texts);
  }
  arrow::Status Null() { return builder_.GetField(column_++)->AppendNull(); }

 private:
  arrow::RecordBatchBuilder& builder_;
  int column_ = 0;
};

arrow::Status Append(const TypeRow& type, RowWriter row) {
  using Texts = std::vector<std::string>;
  const bool numeric = type.radix.has_value();
  const bool text = std::string_view(type.name) == "VARCHAR";
  ARROW_RETURN_NOT_OK(row.Text(type.name));
  ARROW_RETURN_NOT_OK(row.Number(type.type));
  ARROW_RETURN_NOT_OK(row.Number(type.size));
  ARROW_RETURN_NOT_OK(row.Text(type.quote));
  ARROW_RETURN_NOT_OK(row.Text(type.quote));
  ARROW_RETURN_NOT_OK(row.Texts(type.type == kDecimal ? Texts{"precision", "scale"} : Texts{}));
  ARROW_RETURN_NOT_OK(row.Number(1));  // nullable
  ARROW_RETURN_NOT_OK(row.Flag(text));
  ARROW_RETURN_NOT_OK(row.Number(text ? kFull : kBasic));
  ARROW_RETURN_NOT_OK(row.Flag(numeric ? std::optional(!type.has_sign) : std::nullopt));
  ARROW_RETURN_NOT_OK(row.Flag(false));  // fixed precision and scale, as of money
  ARROW_RETURN_NOT_OK(row.Flag(numeric ? std::optional(false) : std::nullopt));  // auto increment
  ARROW_RETURN_NOT_OK(row.Text(type.name));
  ARROW_RETURN_NOT_OK(row.Number(type.min_scale));
  ARROW_RETURN_NOT_OK(row.Number(type.max_scale));
  ARROW_RETURN_NOT_OK(row.Number(type.subcode.has_value() ? int32_t{kDatetime} : type.type));
  ARROW_RETURN_NOT_OK(row.Number(type.subcode));
  ARROW_RETURN_NOT_OK(row.Number(type.radix));
  return row.Null();  // precision of intervals
}

arrow::Result<std::shared_ptr<arrow::RecordBatch>> Build(const GetXdbcTypeInfo& command) {
  ARROW_ASSIGN_OR_RAISE(const auto builder,
                        arrow::RecordBatchBuilder::Make(SchemaOf(command), arrow::default_memory_pool()));
  for (const TypeRow& type : kTypes) {
    if (command.data_type.has_value() && *command.data_type != type.type) continue;
    ARROW_RETURN_NOT_OK(Append(type, RowWriter(*builder)));
  }
  return builder->Flush();
}

}  // namespace

std::shared_ptr<arrow::Schema> SchemaOf(const GetXdbcTypeInfo&) {
  const auto field = [](const char* name, const std::shared_ptr<arrow::DataType>& type, bool nullable = true) {
    return arrow::field(name, type, nullable);
  };
  return arrow::schema({
      field("type_name", arrow::utf8(), false),
      field("data_type", arrow::int32(), false),
      field("column_size", arrow::int32()),
      field("literal_prefix", arrow::utf8()),
      field("literal_suffix", arrow::utf8()),
      field("create_params", arrow::list(arrow::field("item", arrow::utf8(), false))),
      field("nullable", arrow::int32(), false),
      field("case_sensitive", arrow::boolean(), false),
      field("searchable", arrow::int32(), false),
      field("unsigned_attribute", arrow::boolean()),
      field("fixed_prec_scale", arrow::boolean(), false),
      field("auto_increment", arrow::boolean()),
      field("local_type_name", arrow::utf8()),
      field("minimum_scale", arrow::int32()),
      field("maximum_scale", arrow::int32()),
      field("sql_data_type", arrow::int32(), false),
      field("datetime_subcode", arrow::int32()),
      field("num_prec_radix", arrow::int32()),
      field("interval_precision", arrow::int32()),
  });
}

Result<std::shared_ptr<arrow::RecordBatch>> RowsOf(const GetXdbcTypeInfo& command) {
  FLIGHT_ASSIGN_OR_RETURN(auto batch, Build(command));
  return batch;
}

}  // namespace k2i::server::flight
