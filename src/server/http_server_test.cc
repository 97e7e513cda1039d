// SPDX-License-Identifier: Apache-2.0
#include "server/http_server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <unistd.h>

#include <atomic>
#include <latch>
#include <thread>

namespace k2i::server {
namespace {

using std::chrono::milliseconds;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

/// A TCP connection on which a test says exactly what it wants.
class RawClient {
 public:
  explicit RawClient(int port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{
        .sin_family = AF_INET, .sin_port = htons(static_cast<uint16_t>(port)), .sin_addr = {}, .sin_zero = {}};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  }
  ~RawClient() { Close(); }
  void Close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }
  void Send(const std::string& text) {
    EXPECT_EQ(::send(socket_, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
  /// All until the server closes.
  std::string ReadAll() {
    std::string all;
    char buffer[4096];
    for (ssize_t got = 0; (got = ::recv(socket_, buffer, sizeof(buffer), 0)) > 0;)
      all.append(buffer, static_cast<size_t>(got));
    return all;
  }
  /// Until `end` has come.
  std::string ReadUntil(const std::string& end) {
    std::string all;
    char buffer[4096];
    while (all.find(end) == std::string::npos) {
      const ssize_t got = ::recv(socket_, buffer, sizeof(buffer), 0);
      if (got <= 0) break;
      all.append(buffer, static_cast<size_t>(got));
    }
    return all;
  }

 private:
  int socket_;
};

class HttpServerTest : public testing::Test {
 protected:
  static HttpAnswer Echo(const HttpRequest& request) {
    HttpAnswer answer{.content_type = "text/plain", .body = request.method};
    for (const auto& parameter : request.path_parameters) answer.body += " path=" + parameter;
    for (const auto& [name, value] : request.query) answer.body += " " + name + "=" + value;
    if (!request.body.empty()) answer.body += " body=" + request.body;
    return answer;
  }
  /// Pieces "a", "b", "c"; with ?cut it breaks off after them, with ?throw before "b".
  static HttpAnswer Letters(const HttpRequest& request) {
    const bool cut = !request.query.empty();
    if (cut && request.query[0].first == "throw") {
      return {.body = "a", .headers = {}, .stream = [](BodyWriter&) -> bool { throw std::runtime_error("oh"); }};
    }
    return {.content_type = "text/plain", .body = "a", .headers = {}, .stream = [cut](BodyWriter& out) {
              return out.Write("b") && out.Write("c") && !cut;
            }};
  }
  /// Waits until nobody wants the answer any more.
  HttpAnswer Wait(const HttpRequest& request) {
    ++waiting_;
    while (!request.gone.stop_requested()) std::this_thread::sleep_for(milliseconds(1));
    --waiting_;
    return {};
  }
  void Start(HttpLimits limits = {}) {
    auto server =
        HttpServer::Start("test", "127.0.0.1", 0,
                          {{"GET", "/echo", Echo},
                           {"POST", "/echo", Echo},
                           {"GET", "/echo/{name}/more", Echo},
                           {"GET", "/letters", Letters},
                           {"GET", "/throws", [](const HttpRequest&) -> HttpAnswer { throw std::runtime_error("oh"); }},
                           {"GET", "/wait", [this](const HttpRequest& request) { return Wait(request); }}},
                          limits);
    server_ = std::move(server).value();
  }
  void SetUp() override { Start(); }
  std::string Talk(const std::string& request) {
    RawClient client(server_->port());
    client.Send(request);
    return client.ReadAll();
  }
  void AwaitWaiting(int count) {
    for (int i = 0; i < 5000 && waiting_ != count; ++i) std::this_thread::sleep_for(milliseconds(1));
    EXPECT_EQ(waiting_, count);
  }

  std::atomic<int> waiting_ = 0;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, HandlersSeeTheRequest) {
  httplib::Client client("127.0.0.1", server_->port());
  EXPECT_EQ(client.Get("/echo?a=1&b=x%20y%26&c")->body, "GET a=1 b=x y& c=");
  EXPECT_EQ(client.Get("/echo/a%2Fb%C3%A4/more")->body, "GET path=a/b\xC3\xA4");
  EXPECT_EQ(client.Post("/echo", "text", "application/json")->body, "POST body=text");
  EXPECT_THAT(Talk("GET /echo?a=x+%FF HTTP/1.1\r\nConnection: close\r\n\r\n"), EndsWith("GET a=x \xFF"));
  EXPECT_EQ(client.Head("/echo")->get_header_value("Content-Length"), "3");
}

TEST_F(HttpServerTest, OneConnectionServesManyRequests) {
  RawClient client(server_->port());
  client.Send("GET /echo HTTP/1.1\r\n\r\nGET /letters HTTP/1.1\r\n\r\n");  // both at once
  EXPECT_THAT(client.ReadUntil("0\r\n\r\n"), HasSubstr("GETHTTP/1.1 200"));
  client.Send("POST /echo HTTP/1.1\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi");
  EXPECT_THAT(client.ReadAll(), EndsWith("POST body=hi"));
}

TEST_F(HttpServerTest, TakesChunkedBodies) {
  EXPECT_THAT(
      Talk("POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nhi\r\n0\r\n\r\n"),
      EndsWith("POST body=hi"));
}

TEST_F(HttpServerTest, SaysThatABodyMayCome) {
  RawClient client(server_->port());
  client.Send("POST /echo HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client.ReadUntil("\r\n\r\n"), StartsWith("HTTP/1.1 100"));
  client.Send("hi");
  EXPECT_THAT(client.ReadAll(), EndsWith("POST body=hi"));
}

TEST_F(HttpServerTest, RefusalsAreJsonAndSayWhatIsAllowed) {
  httplib::Client client("127.0.0.1", server_->port());
  const auto missing = client.Get("/nothing");
  EXPECT_EQ(missing->status, 404);
  EXPECT_EQ(missing->body, R"({"error":{"code":"NotFound","message":"there is nothing at this path"}})");
  EXPECT_EQ(missing->get_header_value("Content-Type"), "application/json");
  const auto put = client.Put("/echo", "x", "text/plain");
  EXPECT_EQ(put->status, 405);
  EXPECT_EQ(put->get_header_value("Allow"), "GET, HEAD, POST, OPTIONS");
  EXPECT_THAT(Talk("QUERY /echo HTTP/1.1\r\nA: b\r\n\r\n"), StartsWith("HTTP/1.1 405"));
  EXPECT_EQ(client.Options("/letters")->status, 204);
  EXPECT_EQ(client.Options("/letters")->get_header_value("Allow"), "GET, HEAD, OPTIONS");
  const auto thrown = client.Get("/throws");
  EXPECT_EQ(thrown->status, 500);
  EXPECT_EQ(thrown->body, R"({"error":{"code":"Internal","message":"oh"}})");
}

TEST_F(HttpServerTest, BadRequestsAreRefused) {
  EXPECT_THAT(Talk("GET /echo?a=%zz HTTP/1.1\r\nConnection: close\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(Talk("GET /echo/%ff/more HTTP/1.1\r\nConnection: close\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(Talk("nonsense\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(Talk("POST /echo HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nhi"),
              StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(Talk("POST /echo HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
              StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(Talk("POST /echo HTTP/1.1\r\nContent-Length: -1\r\n\r\n"), StartsWith("HTTP/1.1 400"));
}

TEST_F(HttpServerTest, WhatIsNotReadIsNotTakenForTheNextRequest) {
  EXPECT_THAT(Talk("GET /echo HTTP/1.1\r\nContent-Length: 40\r\n\r\nGET /letters HTTP/1.1\r\nA: bbbbbbbbbbbbb\r\n\r\n"),
              EndsWith("\r\n\r\nGET"));
}

TEST_F(HttpServerTest, SizesAreBounded) {
  Start({.head_bytes = 2000, .body_bytes = 100});
  EXPECT_THAT(Talk("POST /echo HTTP/1.1\r\nContent-Length: 101\r\n\r\n" + std::string(101, 'x')),
              StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(
      Talk("POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n" + std::string(101, 'x') + "\r\n0\r\n\r\n"),
      StartsWith("HTTP/1.1 413"));
  std::string many;
  for (int i = 0; i < 100; ++i) many += "A: bbbbbbbbbbbbbbbbbbbbbbbb\r\n";
  EXPECT_THAT(Talk("GET /echo HTTP/1.1\r\n" + many + "\r\n"), StartsWith("HTTP/1.1 431"));
}

TEST_F(HttpServerTest, SlowRequestsEnd) {
  Start({.request = milliseconds(50)});
  RawClient client(server_->port());
  client.Send("POST /echo HTTP/1.1\r\nContent-Length: 10\r\n\r\n");
  EXPECT_THAT(client.ReadAll(), StartsWith("HTTP/1.1 408"));
}

TEST_F(HttpServerTest, StreamsAreChunkedAndCutWhenTheyFail) {
  EXPECT_THAT(Talk("GET /letters HTTP/1.1\r\nConnection: close\r\n\r\n"),
              EndsWith("\r\n\r\n1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n"));
  EXPECT_THAT(Talk("GET /letters?cut HTTP/1.1\r\n\r\n"), EndsWith("1\r\nc\r\n"));
  EXPECT_THAT(Talk("GET /letters?throw HTTP/1.1\r\n\r\n"), EndsWith("1\r\na\r\n"));
  EXPECT_THAT(Talk("GET /letters HTTP/1.0\r\n\r\n"), EndsWith("\r\n\r\nabc"));
  EXPECT_THAT(Talk("HEAD /letters HTTP/1.1\r\nConnection: close\r\n\r\n"), EndsWith("\r\n\r\n"));
}

TEST_F(HttpServerTest, HandlersHearOfClientsThatHangUp) {
  RawClient client(server_->port());
  client.Send("GET /wait HTTP/1.1\r\n\r\n");
  AwaitWaiting(1);
  client.Close();
  AwaitWaiting(0);
}

TEST_F(HttpServerTest, StopEndsWhatIsUnderWay) {
  RawClient busy(server_->port()), idle(server_->port());
  busy.Send("GET /wait HTTP/1.1\r\n\r\n");
  AwaitWaiting(1);
  const auto begin = std::chrono::steady_clock::now();
  server_.reset();
  EXPECT_EQ(waiting_, 0);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
}

TEST_F(HttpServerTest, IdleConnectionsMakeRoomForNewOnes) {
  Start({.connections = 2});
  RawClient first(server_->port()), second(server_->port());
  for (RawClient* client : {&first, &second}) {
    client->Send("GET /echo HTTP/1.1\r\n\r\n");
    client->ReadUntil("GET");
  }
  EXPECT_THAT(Talk("GET /echo HTTP/1.1\r\nConnection: close\r\n\r\n"), EndsWith("GET"));
}

}  // namespace
}  // namespace k2i::server
