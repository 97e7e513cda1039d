// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "iceberg/catalog/hive/kerberos.h"

namespace k2i::hive_thrift {
class ThriftHiveMetastoreClient;
}

namespace k2i::iceberg {

struct HiveServer {
  std::string host;
  int32_t port = 9083;
  friend bool operator==(const HiveServer&, const HiveServer&) = default;
};

/// "thrift://a:9083,thrift://b" (port 9083 where none is said). InvalidConfig for anything else.
Result<std::vector<HiveServer>> ParseMetastoreUris(std::string_view uris);

struct HiveClientOptions {
  std::vector<HiveServer> servers;  // of one metastore; the first that answers is used
  bool tls = false;
  std::string ca;  // file of CA certificates; empty: the system's
  KerberosOptions kerberos;
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds timeout{30'000};  // of one answer
};

/// One connection to a Hive Metastore, made when it is needed and again when it was lost. Thread-safe: calls take
/// turns.
///
/// Errors carry Component::kCatalog. What the server throws: NotFound, AlreadyExists, InvalidArgument; Unavailable for
/// its MetaException, which stands for every trouble of its own; NotSupported for a method that it does not have.
/// Beside them Unavailable and Timeout when it is not reached, PermissionDenied when TLS fails, those of kerberos.h.
class HiveClient {
 public:
  using Thrift = hive_thrift::ThriftHiveMetastoreClient;
  using Call = std::function<void(Thrift&)>;

  explicit HiveClient(HiveClientOptions options);
  ~HiveClient();
  HiveClient(const HiveClient&) = delete;
  HiveClient& operator=(const HiveClient&) = delete;

  /// A call without effect: made once more on a new connection when the connection was lost.
  Status Ask(std::string_view what, const Call& call);
  /// A call with an effect. CommitStateUnknown when it was sent and no answer came.
  Status Tell(std::string_view what, const Call& call);

 private:
  struct Connection;
  Status Connect();
  Status ConnectTo(const HiveServer& server);
  /// Throws Thrift's exceptions, beside the errors of the login.
  Result<std::unique_ptr<Connection>> Open(const HiveServer& server);
  /// Lets go of a connection whose login has ended.
  void DropExpired();
  /// `lost`: whether the connection broke under the call.
  Status Run(std::string_view what, const Call& call, bool& lost);

  const HiveClientOptions options_;
  std::mutex mutex_;  // guards what follows
  KerberosLogin login_;
  std::unique_ptr<Connection> connection_;
  size_t next_server_ = 0;
};

}  // namespace k2i::iceberg
