// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"

namespace k2i::iceberg {

/// Our side of one SASL exchange (RFC 4422), and the layer that guards the messages after it. For one thread at a time.
class SaslClient {
 public:
  virtual ~SaslClient() = default;
  virtual std::string_view mechanism() const = 0;
  /// What is sent for what the server has sent; "" at the beginning. PermissionDenied, InvalidConfig, Unavailable.
  virtual Result<std::string> Step(std::string_view challenge) = 0;
  /// Whether both sides know each other and have agreed on a layer.
  virtual bool complete() const = 0;

  /// The most bytes that Wrap takes.
  virtual size_t max_message() const = 0;
  virtual Result<std::string> Wrap(std::string_view message) = 0;
  /// PermissionDenied for a message that the server has not sent so.
  virtual Result<std::string> Unwrap(std::string_view message) = 0;
  /// Whether what was agreed on has ended: what is still to be sent needs a new exchange.
  virtual bool expired() const = 0;
};

}  // namespace k2i::iceberg
