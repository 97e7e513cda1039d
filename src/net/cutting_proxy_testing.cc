// SPDX-License-Identifier: Apache-2.0
#include "net/cutting_proxy_testing.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

namespace k2i::net {
namespace {

void Check(bool ok) {
  if (!ok) std::abort();
}

int Connect(const std::string& host, const std::string& port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) return -1;
  const int fd = socket(found->ai_family, found->ai_socktype, 0);
  const bool connected = fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) == 0;
  freeaddrinfo(found);
  if (connected) return fd;
  if (fd >= 0) close(fd);
  return -1;
}

bool SendAll(int to, const char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t sent = send(to, bytes, size, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes += sent;
    size -= static_cast<size_t>(sent);
  }
  return true;
}

}  // namespace

CuttingProxy::CuttingProxy(const std::string& target)
    : target_host_(target.substr(0, target.rfind(':'))), target_port_(target.substr(target.rfind(':') + 1)) {
  listener_ = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(name);
  auto* generic = reinterpret_cast<sockaddr*>(&name);
  Check(listener_ >= 0 && bind(listener_, generic, size) == 0 && listen(listener_, 16) == 0);
  Check(getsockname(listener_, generic, &size) == 0 && pipe(wake_) == 0);
  address_ = "127.0.0.1:" + std::to_string(ntohs(name.sin_port));
  thread_ = std::jthread([this] { Run(); });
}

CuttingProxy::~CuttingProxy() {
  close(wake_[1]);
  thread_.join();
  while (!ways_.empty()) Close(ways_.begin()->first);
  close(wake_[0]);
  close(listener_);
}

void CuttingProxy::Arm(Cut cut) {
  const std::lock_guard lock(mutex_);
  armed_ = cut;
  cut_ = down_ = false;
}

bool CuttingProxy::Disarm() {
  const std::lock_guard lock(mutex_);
  armed_.reset();
  down_ = false;
  return cut_;
}

void CuttingProxy::Run() {
  while (true) {
    std::vector<pollfd> polled = {{wake_[0], POLLIN, 0}, {listener_, POLLIN, 0}};
    for (const auto& [fd, way] : ways_) polled.push_back({fd, POLLIN, 0});
    if (poll(polled.data(), polled.size(), -1) < 0) continue;
    if (polled[0].revents != 0) return;
    for (size_t i = 2; i < polled.size(); ++i) {
      const auto way = ways_.find(polled[i].fd);
      if (polled[i].revents != 0 && way != ways_.end() && !Forward(way->first, way->second)) Close(polled[i].fd);
    }
    if (polled[1].revents != 0) Accept();
  }
}

void CuttingProxy::Accept() {
  const int client = accept(listener_, nullptr, nullptr);
  if (client < 0) return;
  const bool down = [&] {
    const std::lock_guard lock(mutex_);
    return down_;
  }();
  const int server = down ? -1 : Connect(target_host_, target_port_);
  if (server < 0) {
    close(client);
    return;
  }
  ways_[client] = {server, Side::kRequest};
  ways_[server] = {client, Side::kReply};
}

bool CuttingProxy::Forward(int from, const Way& way) {
  static thread_local std::vector<char> buffer(size_t{1} << 20);
  const ssize_t got = recv(from, buffer.data(), buffer.size(), 0);
  if (got <= 0 || IsLost(way.side)) return false;
  return SendAll(way.to, buffer.data(), static_cast<size_t>(got));
}

bool CuttingProxy::IsLost(Side side) {
  const std::lock_guard lock(mutex_);
  if (!armed_ || armed_->side != side || armed_->after-- > 0) return down_;
  cut_ = true;
  down_ = armed_->stay_down;
  armed_.reset();
  return true;
}

void CuttingProxy::Close(int socket) {
  const auto way = ways_.find(socket);
  const int other = way->second.to;
  ways_.erase(way);
  ways_.erase(other);
  close(socket);
  close(other);
}

}  // namespace k2i::net
