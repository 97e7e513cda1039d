// SPDX-License-Identifier: Apache-2.0
//
// httplib parses requests and frames answers. Connections are ours (connection.h), for its own know neither that a
// client has hung up nor a bound for all headers; so are the routes, for its own are regular expressions.
#include "server/http_server.h"

#include <fmt/format.h>
#include <httplib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <thread>

#include "base/logging.h"
#include "server/connection.h"
#include "server/connection_threads.h"
#include "server/disconnect_watch.h"
#include "server/url_text.h"

namespace k2i::server {
namespace {

constexpr int kBacklog = 128;

/// The request that this thread serves; httplib hands the connection to no handler.
struct Exchange {
  Connection& connection;
  std::stop_token gone;
  Router::Match match;
};
thread_local Exchange* current = nullptr;

bool HasBody(const httplib::Request& request) {
  const std::string length = request.get_header_value("Content-Length");
  return request.has_header("Transfer-Encoding") || length.find_first_not_of('0') != std::string::npos;
}

std::string_view PathOf(const httplib::Request& request) {
  return std::string_view(request.target).substr(0, request.target.find('?'));
}

/// Where a body ends must be said once, or a proxy before us may understand it otherwise (RFC 9112 §6.3).
bool IsFramedTwice(const httplib::Request& request) {
  const size_t lengths = request.get_header_value_count("Content-Length");
  return lengths > 1 || (lengths == 1 && request.has_header("Transfer-Encoding"));
}

bool IsNumber(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// For what httplib refuses by itself.
HttpAnswer RefusalOf(int status) {
  switch (status) {
    case 408:
      return ErrorAnswer(408, "Timeout", "the request did not arrive in time");
    case 413:
      return ErrorAnswer(413, "ContentTooLarge", "the body is too long");
    case 414:
      return ErrorAnswer(414, "UriTooLong", "the URL is too long");
    case 431:
      return ErrorAnswer(431, "HeadersTooLarge", "the headers are too long");
    default:
      return ErrorAnswer(status, status < 500 ? "InvalidArgument" : "Internal", "this is not HTTP as K2I takes it");
  }
}

Result<HttpRequest> ToRequest(const httplib::Request& from, Exchange& exchange) {
  HttpRequest request{.method = from.method == "HEAD" ? "GET" : from.method,
                      .path_parameters = std::move(exchange.match.path_parameters),
                      .query = {},
                      .headers = {},
                      .body = {},
                      .gone = exchange.gone};
  if (const size_t mark = from.target.find('?'); mark != std::string::npos) {
    K2I_ASSIGN_OR_RETURN(request.query, ParseQuery(std::string_view(from.target).substr(mark + 1)));
  }
  for (const auto& [name, value] : from.headers) {
    std::string lower(name);
    for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    std::string& all = request.headers[std::move(lower)];
    if (!all.empty()) all += ", ";
    all += value;
  }
  return request;
}

class SinkWriter final : public BodyWriter {
 public:
  SinkWriter(httplib::DataSink& sink, Connection& connection) : sink_(sink), connection_(connection) {}
  bool Write(std::string_view piece) override {
    if (piece.empty()) return connection_.Flush();  // to httplib an empty piece is the end
    return sink_.write(piece.data(), piece.size()) && connection_.Flush();
  }

 private:
  httplib::DataSink& sink_;
  Connection& connection_;
};

/// httplib does not catch what a body throws.
bool WriteStream(const HttpAnswer& answer, BodyWriter& out) {
  try {
    return out.Write(answer.body) && answer.stream(out);
  } catch (const std::exception& error) {
    log::Error("answer_cut", {{"error", error.what()}});
    return false;
  }
}

void DeliverStream(HttpAnswer answer, const httplib::Request& request, httplib::Response& response) {
  Connection& connection = current->connection;
  const bool chunked = request.version != "HTTP/1.0";
  const std::string content_type = answer.content_type;
  httplib::ContentProviderWithoutLength provider = [answer = std::make_shared<HttpAnswer>(std::move(answer)), chunked,
                                                    &connection](size_t, httplib::DataSink& sink) {
    SinkWriter writer(sink, connection);
    const bool whole = WriteStream(*answer, writer);
    if (whole) sink.done();
    if (!whole && !chunked) connection.ResetOnClose();
    return whole;
  };
  if (chunked) {
    response.set_chunked_content_provider(content_type, std::move(provider));
  } else {
    connection.CloseAfterAnswer();
    response.set_content_provider(content_type, std::move(provider));
  }
}

void Deliver(HttpAnswer answer, const httplib::Request& request, httplib::Response& response) {
  response.status = answer.status;
  for (const auto& [name, value] : answer.headers) response.set_header(name, value);
  if (answer.stream && request.method != "HEAD") {
    DeliverStream(std::move(answer), request, response);
    return;
  }
  if (answer.status != 204) response.set_header("Content-Type", answer.content_type);
  response.body = std::move(answer.body);
}

/// The connection ends after this answer: what the client has still to send is not read.
void RefuseUnread(HttpAnswer answer, const httplib::Request& request, httplib::Response& response) {
  if (HasBody(request)) current->connection.CloseAfterAnswer();
  Deliver(std::move(answer), request, response);
}

void Answer(const httplib::Request& from, std::string body, httplib::Response& response) {
  auto request = ToRequest(from, *current);
  if (!request) return Deliver(ErrorAnswer(request.error()), from, response);
  request->body = std::move(body);
  Deliver((*current->match.handler)(*request), from, response);
}

class Listener final : public httplib::Server {
 public:
  Listener(std::vector<Route> routes, HttpLimits limits)
      : router_(std::move(routes)), limits_(limits), stopped_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    new_task_queue = [this] { return threads_ = new ConnectionThreads(limits_.connections); };
    set_payload_max_length(limits_.body_bytes);
    // Without httplib's SO_REUSEPORT: the second process on a port is to fail, not to take half of the requests.
    set_socket_options([](socket_t socket) {
      const int yes = 1;
      ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    });
    set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
      return TakeRequest(request, response);
    });
    // TakeRequest has found the route: this one only reads the body.
    Post(R"([\s\S]*)", [this](const httplib::Request& request, httplib::Response& response,
                              const httplib::ContentReader& read) { TakeBody(request, response, read); });
    set_error_handler(httplib::Server::HandlerWithResponse(
        [this](const httplib::Request& request, httplib::Response& response) { return FillError(request, response); }));
    set_post_routing_handler([](const httplib::Request&, httplib::Response& response) {
      response.headers.erase("Keep-Alive");  // its numbers are not ours
      if (current->connection.must_close()) response.set_header("Connection", "close");
    });
    set_exception_handler([](const httplib::Request& request, httplib::Response& response, std::exception_ptr thrown) {
      std::string what = "unknown exception";
      try {
        std::rethrow_exception(thrown);
      } catch (const std::exception& error) {
        what = error.what();
      } catch (...) {
      }
      Deliver(ErrorAnswer(500, "Internal", what), request, response);
    });
  }
  ~Listener() override { ::close(stopped_); }

  int Bind(const std::string& address, int port) {
    const int bound = port == 0 ? bind_to_any_port(address) : (bind_to_port(address, port) ? port : -1);
    // httplib's backlog of 5 would make clients that come together wait for a second.
    if (bound >= 0) ::listen(svr_sock_, kBacklog);
    return bound;
  }

  /// Ends what is under way; listen_after_bind returns soon after.
  void Stop() {
    const uint64_t one = 1;
    static_cast<void>(!::write(stopped_, &one, sizeof(one)));
    watch_.Stop();
    stop();
  }

 private:
  bool process_and_close_socket(socket_t socket) override {
    Connection connection(socket, stopped_, limits_);
    while (connection.WaitForRequest([this] { return threads_->crowded(); }) && ServeOne(connection)) {
    }
    ::close(socket);
    return true;
  }

  /// Later versions of httplib than 0.11 want to be told the addresses.
  template <typename Self>
  static bool Process(Self& self, Connection& connection, bool& closed) {
    if constexpr (requires { self.process_request(connection, false, closed, Prepare); }) {
      return self.process_request(connection, false, closed, Prepare);
    } else {
      return self.process_request(connection, "", 0, "", 0, false, closed, Prepare);
    }
  }

  /// Called with the request's head.
  static void Prepare(httplib::Request& request) {
    current->connection.HeadIsRead();
    // Parts of answers and compressed ones are not offered: both would hold back a stream of rows.
    request.ranges.clear();
    for (const char* header : {"Range", "Accept-Encoding"}) request.headers.erase(header);
    // httplib's own additions.
    for (const char* header : {"REMOTE_ADDR", "REMOTE_PORT", "LOCAL_ADDR", "LOCAL_PORT"}) request.headers.erase(header);
  }

  /// False: the connection is at its end.
  bool ServeOne(Connection& connection) {
    const DisconnectWatch::Watched watched(watch_, connection.socket());
    Exchange exchange{.connection = connection, .gone = watched.gone(), .match = {}};
    current = &exchange;
    bool closed = false;
    bool served = false;
    try {
      served = Process(*this, connection, closed);
    } catch (const std::exception& error) {
      log::Error("request_failed", {{"error", error.what()}});
    }
    const bool sent = connection.Flush();
    current = nullptr;
    if (served && sent && connection.must_close()) connection.Drain();
    return served && sent && !closed && !connection.must_close();
  }

  HandlerResponse TakeRequest(const httplib::Request& request, httplib::Response& response) {
    const auto refuse = [&](HttpAnswer answer) {
      RefuseUnread(std::move(answer), request, response);
      return HandlerResponse::Handled;
    };
    const std::string length = request.get_header_value("Content-Length");
    if (IsFramedTwice(request) || (request.has_header("Content-Length") && !IsNumber(length))) {
      current->connection.CloseAfterAnswer();
      return refuse(ErrorAnswer(400, "InvalidArgument", "the length of the body is not clear"));
    }
    current->match = router_.Find(request.method, PathOf(request));
    if (current->match.handler == nullptr) return refuse(std::move(current->match.refusal));
    if (request.method == "POST") {
      if (!request.is_multipart_form_data()) return HandlerResponse::Unhandled;
      return refuse(ErrorAnswer(415, "UnsupportedMediaType", "forms are not taken"));
    }
    if (HasBody(request)) current->connection.CloseAfterAnswer();
    Answer(request, "", response);
    return HandlerResponse::Handled;
  }

  void TakeBody(const httplib::Request& request, httplib::Response& response, const httplib::ContentReader& read) {
    std::string body;
    bool fits = true;
    const bool whole = read([&](const char* data, size_t size) {
      fits = body.size() + size <= limits_.body_bytes;
      if (fits) body.append(data, size);
      return fits;
    });
    if (whole) return Answer(request, std::move(body), response);
    current->connection.CloseAfterAnswer();
    if (!fits) response.status = 413;
    if (response.status == -1) response.status = 400;
  }

  HandlerResponse FillError(const httplib::Request& request, httplib::Response& response) {
    if (!response.body.empty() || response.content_provider_) return HandlerResponse::Unhandled;
    Connection& connection = current->connection;
    if (connection.head_too_long()) response.status = 431;
    if (connection.timed_out()) response.status = 408;
    // httplib has given up in the middle of a request: what follows is not the next one.
    connection.CloseAfterAnswer();
    auto refused = router_.Find(request.method, PathOf(request));
    const bool no_such_method = response.status == 400 && !request.version.empty() && refused.handler == nullptr;
    Deliver(no_such_method ? std::move(refused.refusal) : RefusalOf(response.status), request, response);
    return HandlerResponse::Handled;
  }

  const Router router_;
  const HttpLimits limits_;
  const int stopped_;
  DisconnectWatch watch_;
  ConnectionThreads* threads_ = nullptr;  // httplib's
};

}  // namespace

struct HttpServer::Impl {
  Impl(std::vector<Route> routes, HttpLimits limits) : listener(std::move(routes), limits) {}
  Listener listener;
  int port = 0;
  std::thread thread;
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<HttpServer>> HttpServer::Start(const std::string& what, const std::string& address, int port,
                                                      std::vector<Route> routes, HttpLimits limits) {
  auto impl = std::make_unique<Impl>(std::move(routes), limits);
  impl->port = impl->listener.Bind(address, port);
  if (impl->port < 0) {
    return Fail(ErrorCode::kInvalidConfig,
                fmt::format("{}: cannot listen on {}:{}; is another process using the port?", what, address, port),
                Component::kConfig);
  }
  impl->thread = std::thread([listener = &impl->listener] { listener->listen_after_bind(); });
  // stop() is heeded only by a server that runs.
  while (!impl->listener.is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::~HttpServer() {
  impl_->listener.Stop();
  impl_->thread.join();
}

int HttpServer::port() const { return impl_->port; }

}  // namespace k2i::server
