// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace k2i::iceberg {

/// Endpoints as /v1/config names them.
namespace endpoint {
inline constexpr char kListNamespaces[] = "GET /v1/{prefix}/namespaces";
inline constexpr char kCreateNamespace[] = "POST /v1/{prefix}/namespaces";
inline constexpr char kLoadNamespace[] = "GET /v1/{prefix}/namespaces/{namespace}";
inline constexpr char kListTables[] = "GET /v1/{prefix}/namespaces/{namespace}/tables";
inline constexpr char kCreateTable[] = "POST /v1/{prefix}/namespaces/{namespace}/tables";
inline constexpr char kLoadTable[] = "GET /v1/{prefix}/namespaces/{namespace}/tables/{table}";
inline constexpr char kCommitTable[] = "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}";
inline constexpr char kDropTable[] = "DELETE /v1/{prefix}/namespaces/{namespace}/tables/{table}";
inline constexpr char kRegisterTable[] = "POST /v1/{prefix}/namespaces/{namespace}/register";
inline constexpr char kRenameTable[] = "POST /v1/{prefix}/tables/rename";
inline constexpr char kReportMetrics[] = "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/metrics";
inline constexpr char kCommitTransaction[] = "POST /v1/{prefix}/transactions/commit";
inline constexpr char kLoadCredentials[] = "GET /v1/{prefix}/namespaces/{namespace}/tables/{table}/credentials";
inline constexpr char kSign[] = "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/sign";
}  // namespace endpoint

/// What a server offers, by its own word: the one place in which servers differ. What is not offered is not called.
struct CatalogCapabilities {
  /// Those of a server that lists none (spec: /v1/config).
  static std::set<std::string> AssumedEndpoints();

  std::set<std::string> endpoints = AssumedEndpoints();
  bool idempotency = false;                 // Idempotency-Key is heeded
  std::string namespace_separator = "%1F";  // as it stands in a path
  bool metrics = true;                      // reports are wanted, where the endpoint is there

  bool Offers(std::string_view endpoint) const { return endpoints.contains(std::string(endpoint)); }
};

}  // namespace k2i::iceberg
