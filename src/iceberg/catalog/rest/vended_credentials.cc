// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/rest/vended_credentials.h"

#include <algorithm>
#include <charconv>
#include <iterator>

namespace k2i::iceberg {

namespace {

using Properties = std::map<std::string, std::string>;

constexpr int64_t kLongestMarginMs = 10 * 60'000;
constexpr int64_t kPauseMs = 1'000;  // between two renewals, whatever the server's clock says
constexpr int64_t kUnknownLifeMs = 10 * 60'000;
/// Younger credentials are not stale: who is refused with them lacks the right.
constexpr int64_t kYoungMs = 5'000;
constexpr size_t kMostTables = 1'000;

bool IsStorageKey(std::string_view key) {
  return key.starts_with("s3.") || key.starts_with("gcs.") || key.starts_with("adls.") || key == "client.region";
}

bool IsCredentialKey(std::string_view key) {
  return key == "s3.access-key-id" || key == "gcs.oauth2.token" || key.starts_with("adls.sas-token.") ||
         key.starts_with("adls.connection-string.") || key.starts_with("adls.auth.shared-key.");
}

bool IsExpiryKey(std::string_view key) {
  return key == "s3.session-token-expires-at-ms" || key == "gcs.oauth2.token-expires-at" ||
         key.starts_with("adls.sas-token-expires-at-ms.");
}

std::optional<int64_t> ExpiryOf(const Properties& config) {
  std::optional<int64_t> earliest;
  for (const auto& [key, text] : config) {
    int64_t moment_ms = 0;
    if (!IsExpiryKey(key)) continue;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), moment_ms);
    if (error == std::errc() && end == text.data() + text.size()) {
      earliest = std::min(moment_ms, earliest.value_or(moment_ms));
    }
  }
  return earliest;
}

bool IsSecretKey(std::string_view key) {
  return IsCredentialKey(key) || IsExpiryKey(key) || key == "s3.secret-access-key" || key == "s3.session-token";
}

/// The same but for the secrets themselves.
bool IsAlike(const Properties& a, const Properties& b) {
  return std::ranges::equal(a, b, [](const auto& x, const auto& y) {
    return x.first == y.first && (x.second == y.second || IsSecretKey(x.first));
  });
}

Properties StorageKeys(const Properties& config) {
  Properties found;
  std::ranges::copy_if(config, std::inserter(found, found.end()),
                       [](const auto& each) { return IsStorageKey(each.first); });
  return found;
}

/// "s3a://bucket/x" and "s3n://bucket/x" as "s3://bucket/x"; no slash at the end.
std::string Plain(std::string_view location) {
  if (location.starts_with("s3a://") || location.starts_with("s3n://")) {
    return Plain("s3" + std::string(location.substr(3)));
  }
  while (location.ends_with('/')) location.remove_suffix(1);
  return std::string(location);
}

bool IsBelow(std::string_view location, std::string_view path) {
  return location.starts_with(path) && (location.size() == path.size() || location[path.size()] == '/');
}

/// The locations that a table's files may have.
std::vector<std::string> PathsOf(const TableMetadata& metadata) {
  std::vector<std::string> paths = {Plain(metadata.location)};
  for (const char* property : {"write.data.path", "write.metadata.path", "write.object-storage.path"}) {
    if (const std::string path = metadata.PropertyOr(property, ""); !path.empty()) paths.push_back(Plain(path));
  }
  return paths;
}

}  // namespace

VendedCredentials::Held VendedCredentials::Hold(const Table& table, const StorageCredential& credential) const {
  auto grant = std::make_shared<io::StorageGrant>(io::StorageGrant{StorageKeys(credential.config)});
  grant->config.insert(table.config.begin(), table.config.end());
  Held held{.prefix = Plain(credential.prefix), .grant = grant, .taken_ms = clock_.wall_ms()};
  held.expires_ms = ExpiryOf(grant->config);
  const bool ends = std::ranges::any_of(grant->config, [](const auto& each) { return IsCredentialKey(each.first); });
  if (!ends) grant->signer = table.signer;
  if (ends && held.expires_ms.has_value()) {
    const int64_t life_ms = std::max<int64_t>(*held.expires_ms - held.taken_ms, 0);
    held.renew_ms = std::max(*held.expires_ms - std::min(life_ms / 4, kLongestMarginMs), held.taken_ms + kPauseMs);
  } else if (ends) {
    held.renew_ms = held.taken_ms + kUnknownLifeMs;
  }
  return held;
}

void VendedCredentials::Take(const RestTable& loaded, const Properties& catalog) {
  Table table{.identifier = loaded.table.identifier, .paths = PathsOf(*loaded.table.metadata)};
  table.config = StorageKeys(loaded.table.config);
  table.config.merge(StorageKeys(catalog));
  table.signing = loaded.remote_signing;
  const std::string name = table.identifier.ToString();
  {
    std::lock_guard lock(mutex_);
    if (const auto known = tables_.find(name); known != tables_.end()) {
      table.held = std::move(known->second.held);
      if (known->second.signing == table.signing) table.signer = std::move(known->second.signer);
    } else if (tables_.size() >= kMostTables) {
      tables_.erase(tables_.begin());
    }
    if (table.signing.has_value() && !table.signer) table.signer = make_signer_(*table.signing);
    tables_[name] = std::move(table);
  }
  TakeCredentials(loaded.table.identifier, loaded.credentials);
}

void VendedCredentials::TakeCredentials(const TableIdentifier& identifier,
                                        const std::vector<StorageCredential>& credentials) {
  std::lock_guard lock(mutex_);
  const auto found = tables_.find(identifier.ToString());
  if (found == tables_.end()) return;
  Table& table = found->second;
  std::vector<Held> taken;
  for (const StorageCredential& each : credentials) taken.push_back(Hold(table, each));
  // What the configuration itself holds is good for all of the table's paths.
  if (taken.empty() && (!table.config.empty() || table.signer)) taken.push_back(Hold(table, {}));
  for (Held& each : taken) {
    // Servers give new credentials with each load; a store for each of them would be a waste.
    const auto good = std::ranges::find_if(table.held, [&](const Held& old) {
      return old.prefix == each.prefix && old.grant->signer == each.grant->signer &&
             IsAlike(old.grant->config, each.grant->config) && !IsDue(old);
    });
    if (good != table.held.end()) each = *good;
  }
  table.held = std::move(taken);
}

bool VendedCredentials::IsDue(const Held& held) const {
  return held.renew_ms.has_value() && clock_.wall_ms() >= *held.renew_ms;
}

bool VendedCredentials::IsDue(const TableIdentifier& table) {
  std::lock_guard lock(mutex_);
  const auto found = tables_.find(table.ToString());
  return found == tables_.end() || std::ranges::any_of(found->second.held, [&](const Held& h) { return IsDue(h); });
}

VendedCredentials::Table* VendedCredentials::TableOf(std::string_view location) {
  Table* best = nullptr;
  size_t longest = 0;
  for (auto& [name, table] : tables_) {
    for (const std::string& path : table.paths) {
      if (path.size() < longest || !IsBelow(location, path)) continue;
      best = &table;
      longest = path.size();
    }
  }
  return best;
}

const VendedCredentials::Held* VendedCredentials::BestOf(const Table& table, std::string_view location) {
  const Held* best = nullptr;
  for (const Held& held : table.held) {
    if (!location.starts_with(held.prefix)) continue;
    if (best == nullptr || held.prefix.size() > best->prefix.size()) best = &held;
  }
  return best;
}

Result<std::optional<std::pair<TableIdentifier, VendedCredentials::Held>>> VendedCredentials::Find(
    std::string_view location) {
  std::lock_guard lock(mutex_);
  const Table* table = TableOf(location);
  if (table == nullptr) return std::nullopt;
  const Held* held = BestOf(*table, location);
  if (held == nullptr) return std::nullopt;
  return std::pair(table->identifier, *held);
}

Result<std::shared_ptr<const io::StorageGrant>> VendedCredentials::GrantFor(std::string_view given) {
  const std::string location = Plain(given);
  K2I_ASSIGN_OR_RETURN(auto found, Find(location));
  if (!found.has_value()) return nullptr;
  if (!IsDue(found->second)) return found->second.grant;
  std::lock_guard one_at_a_time(renewing_);
  K2I_ASSIGN_OR_RETURN(found, Find(location));
  if (!found.has_value()) return nullptr;
  if (!IsDue(found->second)) return found->second.grant;
  const Status renewed = renew_(found->first);
  if (!renewed) {
    const auto expires_ms = found->second.expires_ms;
    const bool still_good = expires_ms.has_value() ? clock_.wall_ms() < *expires_ms : renewed.error().retryable();
    if (still_good) return found->second.grant;
    return std::unexpected(
        renewed.error().With("new credentials for the files of " + found->first.ToString()).In(Component::kCatalog));
  }
  K2I_ASSIGN_OR_RETURN(found, Find(location));
  if (!found.has_value()) return nullptr;
  return found->second.grant;
}

bool VendedCredentials::Refused(const std::shared_ptr<const io::StorageGrant>& grant) {
  std::lock_guard lock(mutex_);
  for (auto& [name, table] : tables_) {
    for (Held& held : table.held) {
      if (held.grant != grant) continue;
      const int64_t now_ms = clock_.wall_ms();
      if (!held.renew_ms.has_value() || now_ms - held.taken_ms < kYoungMs) return false;
      held.renew_ms = now_ms;
      held.expires_ms = now_ms;
      return true;
    }
  }
  return true;  // it has been replaced since
}

}  // namespace k2i::iceberg
