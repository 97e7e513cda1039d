// SPDX-License-Identifier: Apache-2.0
#include "io/azure_connection.h"

#include <map>
#include <string>

namespace k2i::io {

namespace {

/// "Name=value;Name=value": values hold '=' themselves (Base64, SAS).
Result<std::map<std::string, std::string>> Fields(std::string_view text) {
  std::map<std::string, std::string> fields;
  while (!text.empty()) {
    const std::string_view field = text.substr(0, text.find(';'));
    text.remove_prefix(std::min(text.size(), field.size() + 1));
    if (field.empty()) continue;
    const size_t equals = field.find('=');
    if (equals == 0 || equals == std::string_view::npos) {
      return Fail(ErrorCode::kInvalidConfig, "an Azure connection string is of the form AccountName=…;AccountKey=…;…",
                  Component::kStorage);
    }
    fields[std::string(field.substr(0, equals))] = std::string(field.substr(equals + 1));
  }
  return fields;
}

/// "http://host:port" of "http://host:port/account".
std::string WithoutPath(const std::string& url) {
  const size_t scheme = url.find("://");
  const size_t slash = scheme == std::string::npos ? std::string::npos : url.find('/', scheme + 3);
  return url.substr(0, slash);
}

}  // namespace

Status ApplyConnectionString(std::string_view text, AzureOptions& options) {
  K2I_ASSIGN_OR_RETURN(auto fields, Fields(text));
  if (fields["UseDevelopmentStorage"] == "true") {
    return Fail(ErrorCode::kInvalidConfig,
                "UseDevelopmentStorage=true names no key: write AccountName, AccountKey and BlobEndpoint out",
                Component::kStorage);
  }
  if (!fields["AccountName"].empty()) options.account = fields["AccountName"];
  if (!fields["BlobEndpoint"].empty()) ApplyEndpoint(fields["BlobEndpoint"], options.account, options);
  if (!fields["AccountKey"].empty()) {
    options.credential = AzureCredential::kAccountKey;
    options.account_key = fields["AccountKey"];
  } else if (!fields["SharedAccessSignature"].empty()) {
    options.credential = AzureCredential::kSas;
    options.sas_tokens[options.account] = fields["SharedAccessSignature"];
  } else {
    return Fail(ErrorCode::kInvalidConfig,
                "the Azure connection string holds neither AccountKey nor SharedAccessSignature", Component::kStorage);
  }
  return {};
}

void ApplyEndpoint(const std::string& url, std::string_view account, AzureOptions& options) {
  if (url.find("://" + std::string(account) + ".") == std::string::npos) options.endpoint = WithoutPath(url);
}

}  // namespace k2i::io
