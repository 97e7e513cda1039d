// SPDX-License-Identifier: Apache-2.0
//
// SASL as Thrift frames it (thrift/doc/specs/thrift-sasl-spec.txt): for the exchange a status byte, four bytes of
// length and a payload; after it four bytes of length and a message of the agreed layer.
#pragma once

#include <thrift/transport/TVirtualTransport.h>

#include <memory>
#include <string>

#include "iceberg/catalog/hive/sasl.h"

namespace k2i::iceberg {

/// Makes `client` and the server at the other end of `wire`, which is open, known to each other.
/// - PermissionDenied: the server refuses us, or ends the exchange before its time.
/// - Timeout, Unavailable: it does not answer, or hangs up, as one does that asks for no SASL.
/// - Corruption: it answers something else. Beside them the errors of SaslClient::Step.
Status NegotiateSasl(apache::thrift::transport::TTransport& wire, SaslClient& client);

/// Messages of Thrift through the layer that `client` has agreed on. Throws TTransportException, as its base.
class SaslTransport final : public apache::thrift::transport::TVirtualTransport<SaslTransport> {
 public:
  SaslTransport(std::shared_ptr<apache::thrift::transport::TTransport> wire, std::shared_ptr<SaslClient> client)
      : wire_(std::move(wire)), client_(std::move(client)) {}

  bool isOpen() const override { return wire_->isOpen(); }
  void close() override { wire_->close(); }
  uint32_t read(uint8_t* buffer, uint32_t size);
  void write(const uint8_t* bytes, uint32_t size);
  void flush() override;

 private:
  void ReadFrame();

  const std::shared_ptr<apache::thrift::transport::TTransport> wire_;
  const std::shared_ptr<SaslClient> client_;
  std::string read_;      // one message, unwrapped
  size_t read_from_ = 0;  // what of it has been taken
  std::string written_;   // since the last flush
};

}  // namespace k2i::iceberg
