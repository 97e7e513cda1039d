// SPDX-License-Identifier: Apache-2.0
//
// HttpClient against real servers on loopback: httplib's, and bare sockets for what a well-behaved server cannot do.
#include "net/http_client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <set>
#include <thread>

#include "net/loopback_server_testing.h"

namespace k2i::net {
namespace {

using std::chrono::milliseconds;

/// Takes `connections` connections one after the other and hands each to `serve`.
class BareServer {
 public:
  BareServer(int connections, std::function<void(int fd, int number)> serve) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address));
    socklen_t length = sizeof(address);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    ::listen(listener_, 8);
    thread_ = std::thread([this, connections, serve] {
      for (int i = 0; i < connections; ++i) {
        const int fd = ::accept(listener_, nullptr, nullptr);
        if (fd < 0) return;
        ++accepted;
        serve(fd, i);
        ::close(fd);
      }
    });
  }
  ~BareServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  std::string Url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/"; }

  std::atomic<int> accepted = 0;

 private:
  int listener_ = -1;
  int port_ = 0;
  std::thread thread_;
};

void ReadSome(int fd) {
  char buffer[4096];
  static_cast<void>(::recv(fd, buffer, sizeof(buffer), 0));
}
void SendAll(int fd, std::string_view bytes) {
  static_cast<void>(::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL));
}

TEST(HttpClient, SendsMethodHeadersAndBodyAndReadsTheAnswer) {
  LoopbackServer server([](httplib::Server& s) {
    s.Post("/echo", [](const httplib::Request& request, httplib::Response& response) {
      response.status = 201;
      response.set_header("X-Seen", request.get_header_value("X-Sent"));
      response.set_content(request.body + "|" + request.get_header_value("Content-Type"), "text/plain");
    });
  });
  HttpClient client;
  const std::string body = "a\0b" + std::string(3'000'000, 'x');
  const auto response = client.Send({.method = "POST",
                                     .url = server.Url("/echo"),
                                     .headers = {{"X-Sent", "yes"}, {"Content-Type", "application/json"}},
                                     .body = body});
  ASSERT_TRUE(response.has_value()) << response.error().ToString();
  EXPECT_EQ(response->status, 201);
  EXPECT_EQ(response->header("x-seen"), "yes");
  EXPECT_EQ(response->body, body + "|application/json");
}

TEST(HttpClient, KnowsHeadAndDelete) {
  LoopbackServer server([](httplib::Server& s) {
    s.Get("/x", [](const httplib::Request&, httplib::Response& r) { r.set_content("body", "text/plain"); });
    s.Delete("/x", [](const httplib::Request&, httplib::Response& r) { r.status = 204; });
  });
  HttpClient client;
  const auto head = client.Send({.method = "HEAD", .url = server.Url("/x")}).value();
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.body, "");
  EXPECT_EQ(client.Send({.method = "DELETE", .url = server.Url("/x")}).value().status, 204);
  EXPECT_EQ(client.Send({.url = server.Url("/none")}).value().status, 404);
  EXPECT_EQ(client.Send({.url = server.Url("/x")}).value().body, "body");  // HEAD has left no trace in the handle
}

TEST(HttpClient, KeepsConnectionsForGetAndNotForPost) {
  std::mutex mutex;
  std::set<int> ports;
  LoopbackServer server([&](httplib::Server& s) {
    const auto note = [&](const httplib::Request& request, httplib::Response&) {
      std::lock_guard lock(mutex);
      ports.insert(request.remote_port);
    };
    s.Get("/", note);
    s.Post("/", note);
  });
  HttpClient client;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(client.Send({.url = server.Url("/")}).has_value());
  EXPECT_EQ(ports.size(), 1u);
  ASSERT_TRUE(client.Send({.method = "POST", .url = server.Url("/")}).has_value());
  EXPECT_EQ(ports.size(), 2u);
}

TEST(HttpClient, APostIsNotSentTwiceWhenAKeptConnectionDies) {
  // Answers the GET, keeps the connection, reads the POST and hangs up.
  BareServer server(4, [](int fd, int number) {
    ReadSome(fd);
    if (number == 0) SendAll(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    if (number == 0) ::usleep(50'000);
  });
  HttpClient client;
  ASSERT_EQ(client.Send({.url = server.Url()}).value().status, 200);
  const auto lost = client.Send({.method = "POST", .url = server.Url(), .body = "commit"});
  ASSERT_FALSE(lost.has_value());
  EXPECT_EQ(lost.error().code, ErrorCode::kTimeout);
  EXPECT_EQ(server.accepted, 2);
}

TEST(HttpClient, ARefusedConnectionWasNotSent) {
  HttpClient client;
  EXPECT_EQ(client.Send({.method = "POST", .url = "http://127.0.0.1:1/", .body = "x"}).error().code,
            ErrorCode::kUnavailable);
  EXPECT_EQ(client.Send({.url = "http://no-such-host.invalid/"}).error().code, ErrorCode::kUnavailable);
}

TEST(HttpClient, NoAnswerInTimeMayHaveBeenSent) {
  BareServer server(1, [](int fd, int) {
    ReadSome(fd);
    ::usleep(600'000);
  });
  HttpClient client;
  const auto late = client.Send({.method = "POST", .url = server.Url(), .body = "x", .timeout = milliseconds(200)});
  EXPECT_EQ(late.error().code, ErrorCode::kTimeout);
}

TEST(HttpClient, ABodyCutShortMayHaveBeenSent) {
  BareServer server(1, [](int fd, int) {
    ReadSome(fd);
    SendAll(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
  });
  HttpClient client;
  EXPECT_EQ(client.Send({.method = "POST", .url = server.Url(), .body = "x"}).error().code, ErrorCode::kTimeout);
}

TEST(HttpClient, AnAnswerThatIsNotHttpMayHaveBeenSent) {
  BareServer server(1, [](int fd, int) {
    ReadSome(fd);
    SendAll(fd, "hello\r\n\r\n");
  });
  HttpClient client;
  EXPECT_EQ(client.Send({.method = "POST", .url = server.Url(), .body = "x"}).error().code, ErrorCode::kTimeout);
}

TEST(HttpClient, BoundsTheAnswer) {
  LoopbackServer server([](httplib::Server& s) {
    s.Get("/",
          [](const httplib::Request&, httplib::Response& r) { r.set_content(std::string(2000, 'x'), "text/plain"); });
  });
  HttpClient client({.max_response_bytes = 1000});
  EXPECT_EQ(client.Send({.url = server.Url("/")}).error().code, ErrorCode::kResourceExhausted);
}

TEST(HttpClient, RefusesWhatCannotBeSent) {
  HttpClient client;
  EXPECT_EQ(client.Send({.url = "ftp://127.0.0.1/x"}).error().code, ErrorCode::kInvalidConfig);
  EXPECT_EQ(client.Send({.url = "not a url"}).error().code, ErrorCode::kInvalidConfig);
  EXPECT_EQ(client.Send({.url = "http://127.0.0.1:1/", .headers = {{"A", "b\r\nC: d"}}}).error().code,
            ErrorCode::kInvalidConfig);
  HttpClient untrusting({.ca_file = "/no/such/file.pem"});
  EXPECT_EQ(untrusting.Send({.url = "https://127.0.0.1:1/"}).error().code, ErrorCode::kUnavailable);
}

TEST(HttpClient, SendsPathsAsTheyAreAndTakesBodiesAsTheyAre) {
  LoopbackServer server([](httplib::Server& s) {
    s.Get(".*", [](const httplib::Request& request, httplib::Response& response) {
      response.set_header("Content-Encoding", "gzip");
      response.set_content(request.target + " " + request.get_header_value("Accept-Encoding"), "text/plain");
    });
    s.Post(".*", [](const httplib::Request& request, httplib::Response& response) {
      response.set_content(request.body, "text/plain");
    });
  });
  HttpClient client({.decode_content = false});
  EXPECT_EQ(client.Send({.url = server.Url("/a/../b/./c//d%2F")}).value().body, "/a/../b/./c//d%2F ");
  const std::string large(3'000'000, 'x');
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(client
                    .Send({.method = "POST",
                           .url = server.Url("/"),
                           .headers = {{"Content-Type", "text/plain"}},  // httplib takes little of what curl would say
                           .body = large,
                           .repeatable = true})
                    .value()
                    .body == large);
  }
}

TEST(HttpClient, EndsAnExchangeThatStalls) {
  LoopbackServer server([](httplib::Server& s) {
    s.Get("/slow",
          [](const httplib::Request&, httplib::Response&) { std::this_thread::sleep_for(std::chrono::seconds(4)); });
  });
  HttpClient client;
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(client.Send({.url = server.Url("/slow"), .stall_timeout = std::chrono::seconds(1)}).error().code,
            ErrorCode::kTimeout);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(3));
}

TEST(HttpClient, ServesManyThreads) {
  LoopbackServer server([](httplib::Server& s) {
    s.Get(R"(/(\d+))", [](const httplib::Request& request, httplib::Response& response) {
      response.set_content(request.matches[1].str(), "text/plain");
    });
  });
  HttpClient client;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 30; ++i) {
        const std::string number = std::to_string(t * 1000 + i);
        const auto response = client.Send({.url = server.Url("/" + number)});
        if (!response.has_value() || response->body != number) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(PercentEncode, KeepsUnreservedCharactersAlone) {
  EXPECT_EQ(PercentEncode("aZ0-._~"), "aZ0-._~");
  EXPECT_EQ(PercentEncode("a b/\x1f\xc3\xa9"), "a%20b%2F%1F%C3%A9");
  EXPECT_EQ(FormEncode({{"a", "1&2"}, {"b", ""}}), "a=1%262&b=");
}

}  // namespace
}  // namespace k2i::net
