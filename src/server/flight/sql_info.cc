// SPDX-License-Identifier: Apache-2.0
#include "server/flight/sql_info.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/config.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <map>
#include <variant>

#include "server/flight/flight_status.h"

namespace k2i::server::flight {
namespace {

using TextList = std::vector<std::string>;
/// The map of conversions is only ever empty: CAST converts, JDBC's {fn CONVERT()} does not.
struct NoConversions {};
/// In the order of the union's members.
using Value = std::variant<std::string, bool, int64_t, int32_t, TextList, NoConversions>;
using Infos = std::map<uint32_t, Value>;

enum Member : int8_t { kText, kBool, kBigint, kBitmask, kTextList, kIntMap };

std::shared_ptr<arrow::DataType> ConversionsType() {
  return arrow::map(arrow::int32(), arrow::list(arrow::field("$data$", arrow::int32())));
}

std::shared_ptr<arrow::DataType> ValueType() {
  return arrow::dense_union(
      {arrow::field("string_value", arrow::utf8()), arrow::field("bool_value", arrow::boolean()),
       arrow::field("bigint_value", arrow::int64()), arrow::field("int32_bitmask", arrow::int32()),
       arrow::field("string_list", arrow::list(arrow::field("string_data", arrow::utf8()))),
       arrow::field("int32_to_int32_list_map", ConversionsType())},
      {kText, kBool, kBigint, kBitmask, kTextList, kIntMap});
}

/// Server information, 0 to 499.
void AddServer(const ServerFacts& facts, Infos& infos) {
  const auto idle_ms = std::chrono::duration_cast<std::chrono::milliseconds>(facts.prepared_idle).count();
  infos[0] = std::string("K2I");  // name
  infos[1] = facts.version;       // version
  infos[2] = std::string(ARROW_VERSION_STRING);
  infos[3] = true;   // read only
  infos[4] = true;   // SQL
  infos[5] = false;  // Substrait, and its oldest and newest version
  infos[6] = std::string();
  infos[7] = std::string();
  infos[8] = int32_t{0};                       // transactions: none
  infos[9] = true;                             // cancels
  infos[100] = static_cast<int32_t>(idle_ms);  // life of a prepared statement that nobody uses
  infos[101] = int32_t{0};                     // of a transaction
}

/// What SQL can be written: 500 to 540. The SQL is DuckDB's.
void AddSyntax(Infos& infos) {
  infos[500] = false;  // DDL of catalogs, schemas, tables
  infos[501] = false;
  infos[502] = false;
  infos[503] = int64_t{1};         // identifiers are case insensitive
  infos[504] = std::string("\"");  // quote of identifiers
  infos[505] = int64_t{1};         // quoted ones are too
  infos[506] = true;               // all tables can be selected from
  infos[507] = int64_t{3};         // nulls come last
  infos[508] = TextList{"QUALIFY", "PIVOT", "UNPIVOT", "SUMMARIZE", "SAMPLE", "ASOF", "ANTI", "SEMI", "POSITIONAL"};
  infos[509] = TextList{"ABS", "CEILING", "EXP", "FLOOR", "LOG10", "MOD", "PI", "POWER", "ROUND", "SIGN", "SQRT"};
  infos[510] = TextList{"CONCAT", "LENGTH", "LOWER", "LTRIM", "REPLACE", "RTRIM", "SUBSTRING", "UPPER"};
  infos[511] = TextList{"COALESCE", "IFNULL"};
  infos[512] = TextList{"CURRENT_DATE", "DAYNAME", "EXTRACT", "HOUR", "MINUTE", "MONTH", "QUARTER", "WEEK", "YEAR"};
  infos[513] = std::string("\\");  // escapes wildcards of metadata patterns
  infos[514] = std::string();      // more characters of names
  infos[515] = true;               // column aliases
  infos[516] = true;               // null || text is null
  infos[517] = NoConversions{};
  infos[518] = true;  // aliases of tables, which may be the names of others
  infos[519] = false;
  infos[520] = true;  // ORDER BY expressions, and columns not selected
  infos[521] = true;
  infos[522] = int32_t{0b11};   // GROUP BY columns not selected, and beyond
  infos[523] = true;            // LIKE … ESCAPE
  infos[524] = true;            // columns that are not null
  infos[525] = int32_t{0b11};   // grammar: minimum, core
  infos[526] = int32_t{0b1};    // ANSI 92: entry
  infos[527] = false;           // integrity enhancement
  infos[528] = int32_t{0b111};  // outer joins: limited, full
  infos[529] = std::string("schema");
  infos[530] = std::string();  // procedures: none
  infos[531] = std::string();  // catalogs: none
  infos[532] = false;
  infos[533] = int32_t{0};  // schemas in definitions and calls, of which there are none
  infos[534] = int32_t{0};
  infos[535] = int32_t{0};       // positioned updates and deletes
  infos[536] = false;            // SELECT FOR UPDATE
  infos[537] = false;            // stored procedures
  infos[538] = int32_t{0b1111};  // subqueries: comparisons, EXISTS, IN, quantified
  infos[539] = true;             // correlated ones
  infos[540] = int32_t{0b11};    // UNION, UNION ALL
}

/// Limits, 541 to 561: none that is known, which is 0. Transactions and the rest, to 576.
void AddLimits(Infos& infos) {
  for (uint32_t id = 541; id <= 561; ++id) infos[id] = int64_t{0};
  infos[556] = true;          // the largest row includes LOBs
  infos[562] = int64_t{0};    // isolation: TRANSACTION_NONE
  infos[563] = false;         // transactions
  infos[564] = int32_t{0b1};  // levels: TRANSACTION_NONE
  infos[565] = false;
  infos[566] = false;
  infos[567] = int32_t{0b10};  // results are read forward, and not written
  infos[568] = int32_t{0b10};
  infos[569] = int32_t{0b10};
  infos[570] = int32_t{0};
  infos[571] = int32_t{0};
  for (uint32_t id = 572; id <= 576; ++id)
    infos[id] = false;  // batch updates, savepoints, named parameters, LOB copies
}

Infos AllInfos(const ServerFacts& facts) {
  Infos infos;
  AddServer(facts, infos);
  AddSyntax(infos);
  AddLimits(infos);
  return infos;
}

/// Builds the union: a builder for each member, and where each row's value is.
class ValueColumn {
 public:
  ValueColumn() {
    const auto type = ValueType();
    for (const auto& field : type->fields()) members_.push_back(*arrow::MakeBuilder(field->type()));
  }

  arrow::Status Append(const Value& value) {
    arrow::ArrayBuilder& member = *members_[value.index()];
    ARROW_RETURN_NOT_OK(types_.Append(static_cast<int8_t>(value.index())));
    ARROW_RETURN_NOT_OK(offsets_.Append(static_cast<int32_t>(member.length())));
    return std::visit([&](const auto& v) { return AppendTo(member, v); }, value);
  }

  arrow::Result<std::shared_ptr<arrow::Array>> Finish() {
    arrow::ArrayVector members;
    for (const auto& member : members_) {
      ARROW_ASSIGN_OR_RAISE(members.emplace_back(), member->Finish());
    }
    const int64_t rows = types_.length();
    ARROW_ASSIGN_OR_RAISE(const auto types, types_.Finish());
    ARROW_ASSIGN_OR_RAISE(const auto offsets, offsets_.Finish());
    return std::make_shared<arrow::DenseUnionArray>(ValueType(), rows, std::move(members), types, offsets);
  }

 private:
  static arrow::Status AppendTo(arrow::ArrayBuilder& member, const std::string& text) {
    return static_cast<arrow::StringBuilder&>(member).Append(text);
  }
  static arrow::Status AppendTo(arrow::ArrayBuilder& member, bool value) {
    return static_cast<arrow::BooleanBuilder&>(member).Append(value);
  }
  static arrow::Status AppendTo(arrow::ArrayBuilder& member, int64_t value) {
    return static_cast<arrow::Int64Builder&>(member).Append(value);
  }
  static arrow::Status AppendTo(arrow::ArrayBuilder& member, int32_t value) {
    return static_cast<arrow::Int32Builder&>(member).Append(value);
  }
  static arrow::Status AppendTo(arrow::ArrayBuilder& member, const TextList& texts) {
    auto& list = static_cast<arrow::ListBuilder&>(member);
    ARROW_RETURN_NOT_OK(list.Append());
    return static_cast<arrow::StringBuilder*>(list.value_builder())->AppendValues(texts);
  }
  static arrow::Status AppendTo(arrow::ArrayBuilder& member, NoConversions) {
    return static_cast<arrow::MapBuilder&>(member).Append();
  }

  std::vector<std::shared_ptr<arrow::ArrayBuilder>> members_;
  arrow::TypedBufferBuilder<int8_t> types_;
  arrow::TypedBufferBuilder<int32_t> offsets_;
};

arrow::Result<std::shared_ptr<arrow::RecordBatch>> Build(const GetSqlInfo& command, const Infos& infos) {
  arrow::UInt32Builder ids;
  ValueColumn values;
  for (const auto& [id, value] : infos) {
    if (!command.ids.empty() && std::ranges::count(command.ids, id) == 0) continue;
    ARROW_RETURN_NOT_OK(ids.Append(id));
    ARROW_RETURN_NOT_OK(values.Append(value));
  }
  ARROW_ASSIGN_OR_RAISE(const auto id_column, ids.Finish());
  ARROW_ASSIGN_OR_RAISE(const auto value_column, values.Finish());
  return arrow::RecordBatch::Make(SchemaOf(command), id_column->length(), {id_column, value_column});
}

}  // namespace

std::shared_ptr<arrow::Schema> SchemaOf(const GetSqlInfo&) {
  return arrow::schema({arrow::field("info_name", arrow::uint32(), false), arrow::field("value", ValueType(), false)});
}

Result<std::shared_ptr<arrow::RecordBatch>> RowsOf(const GetSqlInfo& command, const ServerFacts& facts) {
  FLIGHT_ASSIGN_OR_RETURN(auto batch, Build(command, AllInfos(facts)));
  return batch;
}

}  // namespace k2i::server::flight
