// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/hive/hive_client.h"

#include <ThriftHiveMetastore.h>
#include <thrift/TOutput.h>
#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/transport/TBufferTransports.h>
#include <thrift/transport/TSSLSocket.h>
#include <thrift/transport/TSocket.h>

#include <charconv>
#include <utility>

#include "base/logging.h"
#include "iceberg/catalog/hive/sasl_transport.h"

namespace k2i::iceberg {
namespace {

namespace transport = apache::thrift::transport;
using apache::thrift::TApplicationException;
using apache::thrift::protocol::TBinaryProtocol;
using apache::thrift::protocol::TProtocolException;
using transport::TTransportException;

std::unexpected<Error> Refuse(ErrorCode code, std::string message) {
  return Fail(code, "Hive Metastore: " + std::move(message), Component::kCatalog);
}

ErrorCode CodeOf(const TTransportException& error) {
  return error.getType() == TTransportException::TIMED_OUT ? ErrorCode::kTimeout : ErrorCode::kUnavailable;
}

/// The exception being handled, as an error; `lost`: whether it leaves the connection of no use.
Error CurrentError(std::string_view what, bool& lost) {
  const auto make = [&](ErrorCode code, const std::string& message) {
    return Error{code, "Hive Metastore: " + std::string(what) + ": " + message, Component::kCatalog};
  };
  lost = false;
  try {
    throw;
  } catch (const hive_thrift::NoSuchObjectException& e) {
    return make(ErrorCode::kNotFound, e.message);
  } catch (const hive_thrift::UnknownDBException& e) {
    return make(ErrorCode::kNotFound, e.message);
  } catch (const hive_thrift::AlreadyExistsException& e) {
    return make(ErrorCode::kAlreadyExists, e.message);
  } catch (const hive_thrift::InvalidObjectException& e) {
    return make(ErrorCode::kInvalidArgument, e.message);
  } catch (const hive_thrift::InvalidOperationException& e) {
    return make(ErrorCode::kInvalidArgument, e.message);
  } catch (const hive_thrift::MetaException& e) {
    return make(ErrorCode::kUnavailable, e.message);
  } catch (const hive_thrift::NoSuchLockException& e) {
    return make(ErrorCode::kNotFound, "the lock is gone: " + e.message);
  } catch (const hive_thrift::NoSuchTxnException& e) {
    return make(ErrorCode::kUnavailable, e.message);
  } catch (const hive_thrift::TxnAbortedException& e) {
    return make(ErrorCode::kUnavailable, e.message);
  } catch (const hive_thrift::TxnOpenException& e) {
    return make(ErrorCode::kUnavailable, e.message);
  } catch (const TApplicationException& e) {
    const bool unknown = e.getType() == TApplicationException::UNKNOWN_METHOD;
    return make(unknown ? ErrorCode::kNotSupported : ErrorCode::kUnavailable, e.what());
  } catch (const TTransportException& e) {
    lost = true;
    return make(CodeOf(e), std::string("the connection is lost: ") + e.what());
  } catch (const std::exception& e) {  // TProtocolException, and what libraries below throw
    lost = true;
    return make(ErrorCode::kCorruption, std::string("an answer that cannot be read: ") + e.what());
  }
}

}  // namespace

Result<std::vector<HiveServer>> ParseMetastoreUris(std::string_view uris) {
  constexpr std::string_view kScheme = "thrift://";
  std::vector<HiveServer> servers;
  for (size_t begin = 0; begin <= uris.size();) {
    const size_t end = std::min(uris.find(',', begin), uris.size());
    std::string_view uri = uris.substr(begin, end - begin);
    begin = end + 1;
    while (uri.starts_with(' ')) uri.remove_prefix(1);
    const auto refuse = [&] {
      return Fail(ErrorCode::kInvalidConfig, "'" + std::string(uri) + "' is not thrift://host:port",
                  Component::kCatalog);
    };
    if (!uri.starts_with(kScheme)) return refuse();
    std::string_view rest = uri.substr(kScheme.size());
    while (rest.ends_with('/')) rest.remove_suffix(1);
    HiveServer server;
    if (const size_t colon = rest.rfind(':'); colon != rest.npos) {
      const auto [last, error] = std::from_chars(rest.data() + colon + 1, rest.data() + rest.size(), server.port);
      if (error != std::errc() || last != rest.data() + rest.size() || server.port < 1 || server.port > 65'535) {
        return refuse();
      }
      rest = rest.substr(0, colon);
    }
    if (rest.empty()) return refuse();
    server.host = rest;
    servers.push_back(std::move(server));
  }
  return servers;
}

struct HiveClient::Connection {
  // Before the socket: it lives as long as the sockets it has made.
  std::unique_ptr<transport::TSSLSocketFactory> tls;
  std::shared_ptr<SaslClient> sasl;  // none without Kerberos
  std::unique_ptr<Thrift> thrift;
  bool answered = false;
};

HiveClient::HiveClient(HiveClientOptions options) : options_(std::move(options)), login_(options_.kerberos) {
  // Thrift would write lines of its own to standard error; what they say is in our errors too.
  apache::thrift::GlobalOutput.setOutputFunction([](const char* line) { log::Debug("thrift", {{"message", line}}); });
}
HiveClient::~HiveClient() = default;

Status HiveClient::Connect() {
  Status last = Refuse(ErrorCode::kInvalidConfig, "no server is named");
  for (size_t i = 0; i < options_.servers.size(); ++i) {
    last = ConnectTo(options_.servers[next_server_]);
    if (last.has_value()) return last;
    next_server_ = (next_server_ + 1) % options_.servers.size();
  }
  return last;
}

Result<std::unique_ptr<HiveClient::Connection>> HiveClient::Open(const HiveServer& server) {
  auto connection = std::make_unique<Connection>();
  std::shared_ptr<transport::TSocket> socket;
  if (options_.tls) {
    transport::TSSLSocketFactory::setManualOpenSSLInitialization(true);  // OpenSSL 3 sees to itself
    connection->tls = std::make_unique<transport::TSSLSocketFactory>(transport::TLSv1_2);
    connection->tls->authenticate(true);
    const char* system = "/etc/ssl/certs/ca-certificates.crt";
    connection->tls->loadTrustedCertificates(options_.ca.empty() ? system : options_.ca.c_str());
    socket = connection->tls->createSocket(server.host, server.port);
  } else {
    socket = std::make_shared<transport::TSocket>(server.host, server.port);
  }
  socket->setConnTimeout(static_cast<int>(options_.connect_timeout.count()));
  socket->setRecvTimeout(static_cast<int>(options_.timeout.count()));
  socket->setSendTimeout(static_cast<int>(options_.timeout.count()));
  socket->setKeepAlive(true);
  std::shared_ptr<transport::TTransport> messages;
  if (options_.kerberos.service.empty()) {
    messages = std::make_shared<transport::TBufferedTransport>(socket);
    socket->open();
  } else {
    K2I_ASSIGN_OR_RETURN(connection->sasl, login_.Begin(server.host));
    socket->open();
    K2I_RETURN_IF_ERROR(NegotiateSasl(*socket, *connection->sasl));
    messages = std::make_shared<SaslTransport>(socket, connection->sasl);
  }
  connection->thrift = std::make_unique<Thrift>(std::make_shared<TBinaryProtocol>(messages));
  return connection;
}

Status HiveClient::ConnectTo(const HiveServer& server) {
  const std::string name = server.host + ":" + std::to_string(server.port);
  try {
    auto connection = Open(server);
    if (!connection.has_value()) return std::unexpected(connection.error().With("Hive Metastore: " + name));
    connection_ = *std::move(connection);
    return {};
  } catch (const transport::TSSLException& e) {
    return Refuse(ErrorCode::kPermissionDenied, name + ": TLS: " + e.what());
  } catch (const TTransportException& e) {
    return Refuse(CodeOf(e), name + ": " + e.what());
  } catch (const std::exception& e) {
    return Refuse(ErrorCode::kUnavailable, name + ": " + e.what());
  }
}

void HiveClient::DropExpired() {
  if (connection_ && connection_->sasl && connection_->sasl->expired()) connection_.reset();
}

Status HiveClient::Run(std::string_view what, const Call& call, bool& lost) {
  lost = false;
  try {
    call(*connection_->thrift);
    connection_->answered = true;
    return {};
  } catch (...) {
    Error error = CurrentError(what, lost);
    if (lost && !connection_->answered && options_.kerberos.service.empty()) {
      error.message +=
          "; a metastore that asks for Kerberos or TLS ends plain connections: set iceberg.hive.kerberos_principal or "
          "iceberg.hive.tls";
    }
    if (lost) connection_.reset();
    return std::unexpected(std::move(error));
  }
}

Status HiveClient::Ask(std::string_view what, const Call& call) {
  const std::lock_guard lock(mutex_);
  DropExpired();
  if (connection_) {
    bool lost = false;
    const Status done = Run(what, call, lost);
    if (!lost || done.error().code == ErrorCode::kTimeout) return done;
  }
  K2I_RETURN_IF_ERROR(Connect());
  bool lost = false;
  return Run(what, call, lost);
}

Status HiveClient::Tell(std::string_view what, const Call& call) {
  const std::lock_guard lock(mutex_);
  DropExpired();
  if (!connection_) K2I_RETURN_IF_ERROR(Connect());
  bool lost = false;
  Status done = Run(what, call, lost);
  if (lost) done.error().code = ErrorCode::kCommitStateUnknown;
  return done;
}

}  // namespace k2i::iceberg
