// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "net/request_signer.h"

namespace k2i::io {

/// What opens the files of a table for a while, as Iceberg's FileIO properties name it: s3.access-key-id, s3.endpoint …
struct StorageGrant {
  std::map<std::string, std::string> config;
  /// Signs each request to S3, where the catalog keeps the keys to itself; null: the keys are in `config`.
  std::shared_ptr<net::RequestSigner> signer;
};

/// Where credentials come from that end and are renewed. Thread-safe.
class StorageAccess {
 public:
  virtual ~StorageAccess() = default;
  /// What opens `location` now and for long enough to write a file; the same object as long as it is good. Null:
  /// nothing has been granted, our own credentials serve. Errors carry Component::kCatalog; NotSupported where the
  /// catalog demands a way of access that K2I does not have.
  virtual Result<std::shared_ptr<const StorageGrant>> GrantFor(std::string_view location) = 0;
  /// The store refuses `grant`. True when GrantFor will give another one, so that the call is worth repeating.
  virtual bool Refused(const std::shared_ptr<const StorageGrant>& grant) = 0;
};

}  // namespace k2i::io
