// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/hive/sasl_transport.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

namespace k2i::iceberg {
namespace {

using apache::thrift::transport::TTransport;
using apache::thrift::transport::TTransportException;

/// The first byte of its messages.
enum class Negotiation : uint8_t { kStart = 1, kOk = 2, kBad = 3, kError = 4, kComplete = 5 };

constexpr uint32_t kMaxToken = 1 << 20;    // of the exchange: tickets of users in very many groups are 64 KiB
constexpr uint32_t kMaxFrame = 100 << 20;  // Thrift's own bound of a message
constexpr int kMaxTurns = 16;
constexpr const char* kNoSasl =
    "; a metastore that asks for no Kerberos answers so (its hive.metastore.sasl.enabled): leave out "
    "iceberg.hive.kerberos_principal, or set it up there";

std::unexpected<Error> Refuse(ErrorCode code, std::string message) {
  return Fail(code, "SASL: " + std::move(message), Component::kCatalog);
}

std::string BigEndian(size_t size) {
  std::string bytes(4, '\0');
  for (size_t i = 0; i < 4; ++i) bytes[i] = static_cast<char>(size >> (24 - 8 * i));
  return bytes;
}

uint32_t ReadSize(TTransport& wire) {
  uint8_t bytes[4];
  wire.readAll(bytes, sizeof bytes);
  return uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 | bytes[3];
}

void Write(TTransport& wire, const std::string& bytes) {
  wire.write(reinterpret_cast<const uint8_t*>(bytes.data()), static_cast<uint32_t>(bytes.size()));
}

std::string ReadBytes(TTransport& wire, uint32_t size) {
  std::string bytes(size, '\0');
  if (size > 0) wire.readAll(reinterpret_cast<uint8_t*>(bytes.data()), size);
  return bytes;
}

struct Message {
  Negotiation status = Negotiation::kError;
  std::string payload;
};

std::string Frame(Negotiation status, std::string_view payload) {
  return static_cast<char>(status) + BigEndian(payload.size()).append(payload);
}

/// Throws TTransportException; nothing for what is no message of an exchange.
std::optional<Message> Receive(TTransport& wire) {
  uint8_t status = 0;
  wire.readAll(&status, 1);
  const uint32_t size = ReadSize(wire);
  if (status < static_cast<uint8_t>(Negotiation::kStart) || status > static_cast<uint8_t>(Negotiation::kComplete) ||
      size > kMaxToken) {
    return {};
  }
  return Message{static_cast<Negotiation>(status), ReadBytes(wire, size)};
}

/// Nothing while the exchange goes on; then how it has ended.
std::optional<Status> TakeTurn(TTransport& wire, SaslClient& client) {
  const std::optional<Message> message = Receive(wire);
  if (!message) return Refuse(ErrorCode::kCorruption, std::string("not an answer of SASL") + kNoSasl);
  if (message->status != Negotiation::kOk && message->status != Negotiation::kComplete) {
    return Refuse(ErrorCode::kPermissionDenied,
                  "the metastore refuses us: " + message->payload +
                      "; its log says why. Often its keytab lacks the key of iceberg.hive.kerberos_principal, or the "
                      "clocks differ");
  }
  std::string reply;
  if (!client.complete()) {
    auto next = client.Step(message->payload);
    if (!next.has_value()) return std::unexpected(std::move(next).error());
    reply = *std::move(next);
  }
  if (message->status == Negotiation::kComplete) {
    if (client.complete()) return Status();
    return Refuse(ErrorCode::kPermissionDenied, "the metastore ended the exchange before it had shown who it is");
  }
  Write(wire, Frame(client.complete() ? Negotiation::kComplete : Negotiation::kOk, reply));
  wire.flush();
  return {};
}

}  // namespace

Status NegotiateSasl(TTransport& wire, SaslClient& client) {
  K2I_ASSIGN_OR_RETURN(const std::string first, client.Step(""));
  try {
    Write(wire, Frame(Negotiation::kStart, client.mechanism()) + Frame(Negotiation::kOk, first));
    wire.flush();
    for (int turn = 0; turn < kMaxTurns; ++turn) {
      if (auto ended = TakeTurn(wire, client); ended) return *std::move(ended);
    }
    return Refuse(ErrorCode::kCorruption, "the exchange does not come to an end");
  } catch (const TTransportException& e) {
    const bool late = e.getType() == TTransportException::TIMED_OUT;
    return Refuse(late ? ErrorCode::kTimeout : ErrorCode::kUnavailable,
                  (late ? "no answer in time" : std::string("the connection is lost: ") + e.what()) + kNoSasl);
  }
}

uint32_t SaslTransport::read(uint8_t* buffer, uint32_t size) {
  while (read_from_ == read_.size()) ReadFrame();
  const size_t taken = std::min<size_t>(size, read_.size() - read_from_);
  std::memcpy(buffer, read_.data() + read_from_, taken);
  read_from_ += taken;
  return static_cast<uint32_t>(taken);
}

void SaslTransport::ReadFrame() {
  const uint32_t size = ReadSize(*wire_);
  if (size > kMaxFrame) {
    throw TTransportException(TTransportException::CORRUPTED_DATA,
                              "SASL: a message of " + std::to_string(size) + " bytes");
  }
  auto message = client_->Unwrap(ReadBytes(*wire_, size));
  if (!message.has_value()) throw TTransportException(TTransportException::CORRUPTED_DATA, message.error().message);
  read_ = *std::move(message);
  read_from_ = 0;
}

void SaslTransport::write(const uint8_t* bytes, uint32_t size) {
  written_.append(reinterpret_cast<const char*>(bytes), size);
}

void SaslTransport::flush() {
  const std::string message = std::exchange(written_, {});
  for (size_t from = 0; from < message.size();) {
    const size_t size = std::min(client_->max_message(), message.size() - from);
    const auto wrapped = client_->Wrap(std::string_view(message).substr(from, size));
    if (!wrapped.has_value()) throw TTransportException(TTransportException::INTERNAL_ERROR, wrapped.error().message);
    Write(*wire_, BigEndian(wrapped->size()) + *wrapped);
    from += size;
  }
  wire_->flush();
}

}  // namespace k2i::iceberg
