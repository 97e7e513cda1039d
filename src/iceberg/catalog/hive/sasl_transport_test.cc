// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/hive/sasl_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <thrift/transport/TBufferTransports.h>

namespace k2i::iceberg {
namespace {

using apache::thrift::transport::TMemoryBuffer;
using apache::thrift::transport::TTransportException;

/// Knows the server after `steps` challenges; its layer turns each message round.
class TestClient final : public SaslClient {
 public:
  explicit TestClient(int steps) : steps_(steps) {}
  std::string_view mechanism() const override { return "TEST"; }
  Result<std::string> Step(std::string_view challenge) override {
    if (challenge == "forged") return Fail(ErrorCode::kPermissionDenied, "forged", Component::kCatalog);
    ++taken_;
    return "<" + std::string(challenge) + ">";
  }
  bool complete() const override { return taken_ >= steps_; }
  size_t max_message() const override { return 4; }
  Result<std::string> Wrap(std::string_view message) override { return std::string(message.rbegin(), message.rend()); }
  Result<std::string> Unwrap(std::string_view message) override {
    if (message == "forged") return Fail(ErrorCode::kPermissionDenied, "forged", Component::kCatalog);
    return Wrap(message);
  }
  bool expired() const override { return false; }

 private:
  const int steps_;
  int taken_ = 0;
};

/// A wire whose other end has sent `incoming` already.
class Wire final : public apache::thrift::transport::TVirtualTransport<Wire> {
 public:
  explicit Wire(const std::string& incoming) { in_.write(Bytes(incoming), static_cast<uint32_t>(incoming.size())); }
  uint32_t read(uint8_t* buffer, uint32_t size) { return in_.read(buffer, size); }
  void write(const uint8_t* bytes, uint32_t size) { sent.append(reinterpret_cast<const char*>(bytes), size); }
  std::string sent;

 private:
  static const uint8_t* Bytes(const std::string& text) { return reinterpret_cast<const uint8_t*>(text.data()); }
  TMemoryBuffer in_;
};

std::string Sized(const std::string& payload) {
  return std::string{0, 0, static_cast<char>(payload.size() >> 8), static_cast<char>(payload.size())} + payload;
}
std::string Message(char status, const std::string& payload) { return status + Sized(payload); }
constexpr char kStart = 1, kOk = 2, kBad = 3, kError = 4, kComplete = 5;

TEST(SaslTransportTest, TakesTurnsUntilBothAreThrough) {
  TestClient client(3);
  Wire wire(Message(kOk, "a") + Message(kOk, "b") + Message(kComplete, ""));
  ASSERT_TRUE(NegotiateSasl(wire, client).has_value());
  EXPECT_EQ(wire.sent, Message(kStart, "TEST") + Message(kOk, "<>") + Message(kOk, "<a>") + Message(kComplete, "<b>"));
}

TEST(SaslTransportTest, ServersMayEndWithTheLastChallenge) {
  TestClient client(2);
  Wire wire(Message(kComplete, "a"));
  EXPECT_TRUE(NegotiateSasl(wire, client).has_value());
  EXPECT_EQ(wire.sent, Message(kStart, "TEST") + Message(kOk, "<>"));
}

TEST(SaslTransportTest, TrustsNoServerThatEndsTheExchangeEarly) {
  TestClient client(4);  // one challenge more than these
  Wire wire(Message(kOk, "a") + Message(kComplete, ""));
  const Status status = NegotiateSasl(wire, client);
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code, ErrorCode::kPermissionDenied);
}

TEST(SaslTransportTest, SaysWhatTheServerSays) {
  for (const char refusal : {kBad, kError}) {
    TestClient client(2);
    Wire wire(Message(refusal, "GSS initiate failed"));
    const Status status = NegotiateSasl(wire, client);
    ASSERT_FALSE(status.has_value());
    EXPECT_EQ(status.error().code, ErrorCode::kPermissionDenied);
    EXPECT_THAT(status.error().message, testing::HasSubstr("refuses us: GSS initiate failed"));
  }
}

TEST(SaslTransportTest, RefusesWhatIsNoExchange) {
  const std::string endless = [] {
    std::string all;
    for (int i = 0; i < 100; ++i) all += Message(kOk, "x");
    return all;
  }();
  const std::pair<std::string, ErrorCode> cases[] = {
      {"", ErrorCode::kUnavailable},  // hung up
      {Message(kOk, "cut").substr(0, 6), ErrorCode::kUnavailable},
      {std::string("HTTP/1.1 400 Bad Request"), ErrorCode::kCorruption},
      {std::string{kOk, '\x7f', '\x7f', '\x7f', '\x7f'} + "too long", ErrorCode::kCorruption},
      {endless, ErrorCode::kCorruption},
      {Message(kOk, "forged"), ErrorCode::kPermissionDenied}};
  for (const auto& [incoming, code] : cases) {
    TestClient client(1'000);
    Wire wire(incoming);
    const Status status = NegotiateSasl(wire, client);
    ASSERT_FALSE(status.has_value());
    EXPECT_EQ(status.error().code, code) << status.error().ToString();
    EXPECT_EQ(status.error().component, Component::kCatalog);
  }
}

TEST(SaslTransportTest, WrapsWhatIsSentInPiecesThatTheServerTakes) {
  const auto wire = std::make_shared<Wire>(Sized("fedcba") + Sized("") + Sized("ihg"));
  SaslTransport transport(wire, std::make_shared<TestClient>(0));
  const std::string text = "123456789";
  transport.write(reinterpret_cast<const uint8_t*>(text.data()), 3);
  transport.write(reinterpret_cast<const uint8_t*>(text.data()) + 3, 6);
  EXPECT_EQ(wire->sent, "");
  transport.flush();
  EXPECT_EQ(wire->sent, Sized("4321") + Sized("8765") + Sized("9"));
  transport.flush();
  EXPECT_EQ(wire->sent.size(), 3 * 4 + text.size());

  std::string read(9, ' ');
  EXPECT_EQ(transport.readAll(reinterpret_cast<uint8_t*>(read.data()), 9), 9U);
  EXPECT_EQ(read, "abcdefghi");
}

TEST(SaslTransportTest, ThrowsWhatThriftUnderstands) {
  uint8_t byte = 0;
  for (const std::string& incoming : {std::string("\x7f\xff\xff\xff", 4), Sized("forged"), Sized("abc").substr(0, 5)}) {
    SaslTransport transport(std::make_shared<Wire>(incoming), std::make_shared<TestClient>(0));
    EXPECT_THROW(transport.read(&byte, 1), TTransportException);
  }
}

}  // namespace
}  // namespace k2i::iceberg
