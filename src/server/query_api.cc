// SPDX-License-Identifier: Apache-2.0
#include "server/query_api.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/json_text.h"
#include "base/offset_json.h"
#include "server/admission.h"
#include "server/answer_stream.h"
#include "server/openapi.h"
#include "server/query_request.h"
#include "server/value_text.h"

namespace k2i::server {
namespace {

using nlohmann::ordered_json;

constexpr Format kRows[] = {Format::kJson, Format::kNdjson, Format::kCsv, Format::kArrow};
constexpr Format kTails[] = {Format::kNdjson, Format::kArrow};

HttpAnswer NotAcceptable(std::span<const Format> offered) {
  std::string types;
  for (const Format format : offered) types += fmt::format("{}{}", types.empty() ? "" : ", ", MediaType(format));
  return ErrorAnswer(406, "NotAcceptable", "this is served as " + types);
}

HttpAnswer Busy(std::string_view what, const Admission& admission) {
  return ErrorAnswer(503, "Unavailable",
                     fmt::format("{} {} are under way, which is the bound", admission.limit(), what));
}

ordered_json TableJson(const query::TableInfo& table) {
  ordered_json columns = ordered_json::array();
  for (const auto& field : table.schema->fields()) {
    columns.push_back({{"name", field->name()}, {"type", TypeName(*field->type())}, {"nullable", field->nullable()}});
  }
  ordered_json json = PinnedJson(table.pinned);
  json["table"] = table.database + "." + table.table;
  json["committed"] = k2i::ToJson(table.committed);
  json["location"] = table.location;
  json["key"] = table.key.empty() ? ordered_json(nullptr) : ordered_json(table.key);
  json["hot_rows"] = table.hot_rows;
  json["hot_bytes"] = table.hot_bytes;
  json["retained_rows"] = table.retained_rows;
  json["cold_rows"] = table.cold_rows;
  json["cold_files"] = table.cold_files;
  json["columns"] = std::move(columns);
  return json;
}

bool IsJson(std::string_view content_type) {
  std::string type(content_type.substr(0, content_type.find(';')));
  while (type.ends_with(' ')) type.pop_back();
  for (char& c : type) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return type.empty() || type == MediaType(Format::kJson);
}

class QueryApi {
 public:
  QueryApi(query::Service& service, QueryApiLimits limits)
      : service_(service),
        queries_(limits.queries),
        lookups_(limits.lookups),
        tails_(limits.tails),
        held_bytes_(limits.held_bytes) {}

  HttpAnswer Query(const HttpRequest& request) {
    auto ticket = queries_.TryEnter();
    if (ticket == nullptr) return Busy("queries", queries_);
    return AnswerQuery(service_, request, std::move(ticket), held_bytes_);
  }

  HttpAnswer Lookup(const HttpRequest& request) {
    const auto format = Negotiate(request.Header("accept"), kRows);
    if (!format) return NotAcceptable(kRows);
    auto lookup = ParseLookup(request.path_parameters.at(0), request.query);
    if (!lookup) return ErrorAnswer(lookup.error());
    lookup->gone = request.gone;
    auto ticket = lookups_.TryEnter();
    if (ticket == nullptr) return Busy("look-ups", lookups_);
    auto answer = service_.Lookup(*lookup);
    if (!answer) return ErrorAnswer(answer.error());
    return StreamAnswer(std::move(*answer), {*format, held_bytes_, std::move(ticket)}, request.gone);
  }

  HttpAnswer Tail(const HttpRequest& request) {
    const auto format = Negotiate(request.Header("accept"), kTails);
    if (!format) return NotAcceptable(kTails);
    const auto tail = ParseTail(request.path_parameters.at(0), request.query);
    if (!tail) return ErrorAnswer(tail.error());
    auto ticket = tails_.TryEnter();
    if (ticket == nullptr) return Busy("tails", tails_);
    auto answer = service_.Tail(*tail);
    if (!answer) return ErrorAnswer(answer.error());
    return StreamAnswer(std::move(*answer), {*format, tail->follow ? 0 : held_bytes_, std::move(ticket)}, request.gone);
  }

  HttpAnswer Tables() {
    ordered_json tables = ordered_json::array();
    for (const query::TableInfo& table : service_.Tables()) tables.push_back(TableJson(table));
    return {.body = OrderedJsonText({{"tables", std::move(tables)}})};
  }

  HttpAnswer Table(const HttpRequest& request) {
    const auto table = service_.Table(request.path_parameters.at(0));
    if (!table) return ErrorAnswer(table.error());
    return {.body = OrderedJsonText(TableJson(*table))};
  }

 private:
  query::Service& service_;
  Admission queries_, lookups_, tails_;
  const size_t held_bytes_;
};

}  // namespace

HttpAnswer AnswerQuery(query::Service& service, const HttpRequest& request, std::shared_ptr<void> ticket,
                       size_t held_bytes) {
  if (!IsJson(request.Header("content-type"))) {
    return ErrorAnswer(415, "UnsupportedMediaType", "send the body as application/json (curl: --json)");
  }
  const auto format = Negotiate(request.Header("accept"), kRows);
  if (!format) return NotAcceptable(kRows);
  auto sql = ParseSqlRequest(request.body);
  if (!sql) return ErrorAnswer(sql.error());
  sql->gone = request.gone;
  auto answer = service.Query(*sql);
  if (!answer) return ErrorAnswer(answer.error());
  return StreamAnswer(std::move(*answer), {*format, held_bytes, std::move(ticket)}, request.gone);
}

std::vector<Route> QueryRoutes(query::Service& service, QueryApiLimits limits) {
  const auto api = std::make_shared<QueryApi>(service, limits);
  const std::string table = "/api/v1/tables/{table}";
  return {
      {"POST", "/api/v1/query", [api](const HttpRequest& request) { return api->Query(request); }},
      {"GET", "/api/v1/tables", [api](const HttpRequest&) { return api->Tables(); }},
      {"GET", table, [api](const HttpRequest& request) { return api->Table(request); }},
      {"GET", table + "/lookup", [api](const HttpRequest& request) { return api->Lookup(request); }},
      {"GET", table + "/tail", [api](const HttpRequest& request) { return api->Tail(request); }},
      {"GET", "/api/v1/openapi.json", [](const HttpRequest&) { return HttpAnswer{.body = std::string(kOpenApi)}; }}};
}

Result<std::unique_ptr<HttpServer>> ServeQueries(const std::string& address, int port, HealthPort& health,
                                                 query::Service& service, QueryApiLimits limits) {
  auto routes = HealthRoutes(health);
  for (Route& route : QueryRoutes(service, limits)) routes.push_back(std::move(route));
  return HttpServer::Start("server.health_port", address, port, std::move(routes));
}

}  // namespace k2i::server
