// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "iceberg/catalog/rest/rest_json.h"
#include "io/storage_access.h"

namespace k2i::iceberg {

/// What a REST catalog has given for the files of its tables: a signer, where it signs each request to the store
/// itself, or credentials (spec: LoadTableResult, "Storage Credentials"). Those are kept by location, asked for anew a
/// quarter of their life before they end, ten minutes at most. Those that do not say when they end are renewed every
/// ten minutes. Thread-safe.
class VendedCredentials final : public io::StorageAccess {
 public:
  /// Has the catalog give credentials for a table again; what comes is told by Take or TakeCredentials before it
  /// returns.
  using Renew = std::function<Status(const TableIdentifier& table)>;

  /// The signer at an address; it must work as long as this lives.
  using MakeSigner = std::function<std::shared_ptr<net::RequestSigner>(const RemoteSigning& signing)>;

  /// `clock` must outlive this, and so must all that `renew` and `make_signer` need.
  VendedCredentials(Clock& clock, Renew renew, MakeSigner make_signer)
      : clock_(clock), renew_(std::move(renew)), make_signer_(std::move(make_signer)) {}

  /// A table has been loaded or made. `catalog` are the properties of the whole catalog, which stand below the table's.
  void Take(const RestTable& loaded, const std::map<std::string, std::string>& catalog);
  /// New credentials of a table that is known already.
  void TakeCredentials(const TableIdentifier& table, const std::vector<StorageCredential>& credentials);
  /// True when the table's next load should bring credentials.
  bool IsDue(const TableIdentifier& table);

  Result<std::shared_ptr<const io::StorageGrant>> GrantFor(std::string_view location) override;
  bool Refused(const std::shared_ptr<const io::StorageGrant>& grant) override;

 private:
  using Properties = std::map<std::string, std::string>;
  struct Held {
    std::string prefix;  // of the locations it is for
    std::shared_ptr<const io::StorageGrant> grant;
    int64_t taken_ms = 0;
    std::optional<int64_t> expires_ms;
    std::optional<int64_t> renew_ms;  // nullopt: never, there is nothing in it that ends
  };
  struct Table {
    TableIdentifier identifier;
    std::vector<std::string> paths;  // where its files are
    Properties config;               // the part of its configuration that is about stores
    std::vector<Held> held;
    std::optional<RemoteSigning> signing;
    std::shared_ptr<net::RequestSigner> signer;  // null where `signing` is nothing
  };

  Held Hold(const Table& table, const StorageCredential& credential) const;
  Table* TableOf(std::string_view location);
  static const Held* BestOf(const Table& table, std::string_view location);
  bool IsDue(const Held& held) const;
  /// What is held for `location` now, and of which table; nullopt: nothing.
  Result<std::optional<std::pair<TableIdentifier, Held>>> Find(std::string_view location);

  Clock& clock_;
  const Renew renew_;
  const MakeSigner make_signer_;
  std::mutex renewing_;  // one at a time: the others take what the first has brought
  std::mutex mutex_;
  std::map<std::string, Table> tables_;  // guarded by mutex_; by the identifier's text
};

}  // namespace k2i::iceberg
