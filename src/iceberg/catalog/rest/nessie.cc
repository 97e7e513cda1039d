// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/rest/nessie.h"

#include <nlohmann/json.hpp>

#include "base/json_text.h"
#include "iceberg/catalog/rest/rest_session.h"
#include "iceberg/model/json.h"

namespace k2i::iceberg {

namespace {

using nlohmann::json;

std::string Root(std::string server) {
  while (server.ends_with('/')) server.pop_back();
  for (const std::string_view end : {"/iceberg", "/api/v2", "/api/v1"}) {
    if (server.ends_with(end)) server.resize(server.size() - end.size());
  }
  return server;
}

std::string TreesUrl(const std::string& server) { return Root(server) + "/api/v2/trees"; }

/// A branch or tag: {"type": "BRANCH", "name": …, "hash": …}.
Result<json> FindRef(RestSession& session, const std::string& server, const std::string& name) {
  const RestRequest request{.what = "Nessie reference " + name};
  K2I_ASSIGN_OR_RETURN(const net::HttpResponse response,
                       session.SendTo(TreesUrl(server) + "/" + net::PercentEncode(name), request, {}));
  const auto read = [&]() -> Result<json> {
    K2I_ASSIGN_OR_RETURN(const json document, ParseJson(response.body, "reference"));
    const JsonView answer(document, "answer");
    if (!document.is_object() || !document.contains("reference")) return answer.Malformed("holds no reference");
    K2I_RETURN_IF_ERROR(JsonView(document["reference"], "reference").Get<std::string>("type"));
    return document["reference"];
  }();
  if (!read) return std::unexpected(ErrorOfBody(request.operation, read.error(), request.what));
  return read;
}

Status CreateBranch(RestSession& session, const std::string& server, const NessieRef& ref) {
  K2I_ASSIGN_OR_RETURN(const json from, FindRef(session, server, ref.from));
  json source = {{"type", from["type"]}, {"name", ref.from}};
  if (from.contains("hash")) source["hash"] = from["hash"];
  const auto created =
      session.SendTo(TreesUrl(server) + "?" + net::FormEncode({{"name", ref.name}, {"type", "BRANCH"}}),
                     {.operation = RestOperation::kCreate,
                      .method = "POST",
                      .body = JsonText(source),
                      .what = "create Nessie branch " + ref.name},
                     {});
  if (created || created.error().code == ErrorCode::kAlreadyExists) return {};
  return std::unexpected(created.error());
}

}  // namespace

std::string NessieCatalogUri(const std::string& server, const std::string& ref) {
  return Root(server) + "/iceberg/" + net::PercentEncode(ref);
}

Status EnsureNessieRef(RestSession& session, const std::string& server, const NessieRef& ref) {
  const auto found = FindRef(session, server, ref.name);
  if (found && (*found)["type"] == "BRANCH") return {};
  if (found) {
    return Fail(ErrorCode::kInvalidConfig,
                "Nessie reference " + ref.name + " is not a branch: only branches take commits", Component::kCatalog);
  }
  if (found.error().code != ErrorCode::kNotFound) return std::unexpected(found.error());
  if (ref.create) return CreateBranch(session, server, ref);
  return std::unexpected(found.error().With("the branch is not there; create it, or have K2I do so with create_ref"));
}

}  // namespace k2i::iceberg
