// SPDX-License-Identifier: Apache-2.0
#include "io/faulty_proxy_testing.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <limits>
#include <stdexcept>

namespace k2i::io {

namespace {

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

int Connect(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = Loopback(port);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  ::close(fd);
  return -1;
}

bool SendAll(int fd, const char* bytes, ssize_t size) {
  while (size > 0) {
    const ssize_t sent = ::send(fd, bytes, static_cast<size_t>(size), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes += sent;
    size -= sent;
  }
  return true;
}

/// Both directions of it are closed with a reset, as a connection that breaks is.
void Reset(int fd) {
  const linger now{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  ::close(fd);
}

/// Answers whatever comes; the client reads the answer only if its request is taken first.
void AnswerSlowDown(int client) {
  std::array<char, 1 << 16> piece{};
  pollfd waiting{client, POLLIN, 0};
  while (::poll(&waiting, 1, 100) == 1 && ::recv(client, piece.data(), piece.size(), 0) > 0) {
  }
  constexpr std::string_view kAnswer =
      "HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nx-ms-error-code: ServerBusy\r\nConnection: close\r\n\r\n";
  SendAll(client, kAnswer.data(), static_cast<ssize_t>(kAnswer.size()));
  ::shutdown(client, SHUT_WR);
  while (::poll(&waiting, 1, 200) == 1 && ::recv(client, piece.data(), piece.size(), 0) > 0) {
  }
  ::close(client);
}

}  // namespace

FaultyProxy::FaultyProxy(const std::string& endpoint)
    : server_port_(std::stoi(endpoint.substr(endpoint.rfind(':') + 1))) {
  listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = Loopback(0);
  socklen_t length = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 || ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    throw std::runtime_error("no port on loopback");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

FaultyProxy::~FaultyProxy() {
  stopping_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  for (std::thread& connection : connections_) connection.join();
  ::close(listener_);
}

void FaultyProxy::Cut(int connections, int64_t bytes) {
  cut_after_ = bytes;
  to_cut_ = connections;
}

void FaultyProxy::Throttle(int connections) { to_throttle_ = connections; }

bool FaultyProxy::Take(std::atomic<int>& left) {
  int have = left;
  while (have > 0 && !left.compare_exchange_weak(have, have - 1)) {
  }
  return have > 0;
}

void FaultyProxy::Accept() {
  for (int client; (client = ::accept(listener_, nullptr, nullptr)) >= 0;) {
    std::lock_guard lock(mutex_);
    connections_.emplace_back([this, client] { Serve(client); });
  }
}

void FaultyProxy::Serve(int client) {
  if (Take(to_throttle_)) {
    ++throttled_;
    return AnswerSlowDown(client);
  }
  const int server = Connect(server_port_);
  if (server < 0) return Reset(client);
  if (Take(to_cut_)) {
    ++cut_;
    Pass(client, server, cut_after_);
    Reset(client);
  } else {
    Pass(client, server, std::numeric_limits<int64_t>::max());
    ::close(client);
  }
  ::close(server);
}

void FaultyProxy::Pass(int client, int server, int64_t budget) {
  std::array<char, 1 << 16> piece{};
  std::array<pollfd, 2> both = {pollfd{client, POLLIN, 0}, pollfd{server, POLLIN, 0}};
  while (!stopping_) {
    if (::poll(both.data(), both.size(), 50) <= 0) continue;
    for (size_t i = 0; i < both.size(); ++i) {
      if (both[i].revents == 0) continue;
      const ssize_t got = ::recv(both[i].fd, piece.data(), piece.size(), 0);
      if (got <= 0) return;
      if (i == 0 && (budget -= got) < 0) return;
      if (!SendAll(both[1 - i].fd, piece.data(), got)) return;
    }
  }
}

}  // namespace k2i::io
