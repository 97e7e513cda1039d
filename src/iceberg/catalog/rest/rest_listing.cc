// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/rest/rest_listing.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "iceberg/model/json.h"

namespace k2i::iceberg {
namespace {

using nlohmann::json;
using Levels = std::vector<std::string>;

constexpr size_t kDeepestNamespace = 16;
constexpr int kMostPages = 10'000;
constexpr size_t kMostTables = 1'000'000;

std::unexpected<Error> TooMany(const std::string& what) {
  return Fail(ErrorCode::kNotSupported, what + ": the list does not end", Component::kCatalog);
}

/// Reads a list that may come in pages, and gives each element of its member `list` to `take`. The first page is asked
/// for without a token, for which servers answer with all there is (spec: parameter page-token).
template <typename Take>
Status ReadPages(RestSession& session, const RestRequest& first, const char* list, Take take) {
  const std::string& path = first.path;
  const std::string& what = first.what;
  std::string token;
  int pages = 0;
  do {
    if (++pages > kMostPages) return TooMany(what);
    RestRequest request = first;
    if (!token.empty()) {
      request.path += (path.find('?') == path.npos ? "?" : "&") + net::FormEncode({{"pageToken", token}});
    }
    K2I_ASSIGN_OR_RETURN(const net::HttpResponse response, session.Send(request));
    const Status read = [&]() -> Status {
      K2I_ASSIGN_OR_RETURN(const json document, ParseJson(response.body, "answer"));
      const JsonView answer(document, "answer");
      if (!document.is_object()) return answer.Malformed("is not an object");
      K2I_ASSIGN_OR_RETURN(const JsonView member, answer.At(list));
      K2I_ASSIGN_OR_RETURN(const auto elements, member.Elements());
      for (const JsonView& element : elements) K2I_RETURN_IF_ERROR(take(element));
      K2I_ASSIGN_OR_RETURN(const auto next, answer.GetOptional<std::string>("next-page-token"));
      if (next.has_value() && *next == token) return answer.Malformed("repeats its page token");
      token = next.value_or("");
      return {};
    }();
    if (!read.has_value()) return std::unexpected(ErrorOfBody(request.operation, read.error(), what));
  } while (!token.empty());
  return {};
}

/// Namespaces directly below `parent`; servers without nesting answer what they like, so that anything else is left
/// out.
Result<std::vector<Levels>> NamespacesIn(RestSession& session, const Levels& parent) {
  std::string path = "namespaces";
  if (!parent.empty()) {
    K2I_ASSIGN_OR_RETURN(const std::string whole, session.NamespacePath(parent));
    path += "?parent=" + whole.substr(std::string_view("namespaces/").size());
  }
  const RestRequest request{.endpoint = endpoint::kListNamespaces, .path = path, .what = "list namespaces"};
  std::vector<Levels> found;
  const Status read = ReadPages(session, request, "namespaces", [&](const JsonView& each) -> Status {
    K2I_ASSIGN_OR_RETURN(Levels levels, each.List<std::string>());
    const bool child = levels.size() == parent.size() + 1 && std::equal(parent.begin(), parent.end(), levels.begin());
    if (child) found.push_back(std::move(levels));
    return {};
  });
  const bool none_below = !parent.empty() && !read.has_value() && read.error().code == ErrorCode::kNotFound;
  if (!read.has_value() && !none_below) return std::unexpected(read.error());
  return found;
}

Status AddTablesBelow(RestSession& session, const Levels& name_space, std::vector<TableIdentifier>& tables) {
  if (name_space.size() > kDeepestNamespace) {
    return Fail(ErrorCode::kNotSupported, "the catalog's namespaces are nested more than 16 deep", Component::kCatalog);
  }
  if (!name_space.empty()) {
    K2I_ASSIGN_OR_RETURN(const std::string path, session.NamespacePath(name_space));
    const auto take = [&](const JsonView& each) -> Status {
      TableIdentifier table;
      K2I_ASSIGN_OR_RETURN(const JsonView levels, each.At("namespace"));
      K2I_ASSIGN_OR_RETURN(table.name_space, levels.List<std::string>());
      K2I_ASSIGN_OR_RETURN(table.name, each.Get<std::string>("name"));
      tables.push_back(std::move(table));
      return {};
    };
    const RestRequest request{.endpoint = endpoint::kListTables, .path = path + "/tables", .what = "list tables"};
    K2I_RETURN_IF_ERROR(ReadPages(session, request, "identifiers", take));
    if (tables.size() > kMostTables) return TooMany(request.what);
  }
  K2I_ASSIGN_OR_RETURN(const auto below, NamespacesIn(session, name_space));
  for (const Levels& each : below) K2I_RETURN_IF_ERROR(AddTablesBelow(session, each, tables));
  return {};
}

}  // namespace

Result<std::vector<TableIdentifier>> ListAllTables(RestSession& session) {
  K2I_RETURN_IF_ERROR(session.Require(endpoint::kListNamespaces));
  K2I_RETURN_IF_ERROR(session.Require(endpoint::kListTables));
  std::vector<TableIdentifier> tables;
  K2I_RETURN_IF_ERROR(AddTablesBelow(session, {}, tables));
  return tables;
}

}  // namespace k2i::iceberg
