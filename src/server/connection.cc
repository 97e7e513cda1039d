// SPDX-License-Identifier: Apache-2.0
#include "server/connection.h"

#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace k2i::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr size_t kReadBytes = 16 << 10;
/// Headers and a small body leave in one packet.
constexpr size_t kWriteBytes = 64 << 10;
/// How often a connection that is kept open looks whether others wait.
constexpr milliseconds kCrowdInterval{1'000};
constexpr milliseconds kDrainTime{500};

int MillisUntil(steady_clock::time_point deadline) {
  const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now()).count();
  return static_cast<int>(std::clamp<int64_t>(left, 0, 1 << 30));
}

}  // namespace

Connection::Connection(int socket, int stopped, const HttpLimits& limits)
    : socket_(socket), stopped_(stopped), limits_(limits) {
  const int yes = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
}

bool Connection::WaitFor(short event, Instant deadline) const {
  while (true) {
    std::array<pollfd, 2> polled{pollfd{socket_, event, 0}, pollfd{stopped_, POLLIN, 0}};
    const int ready = ::poll(polled.data(), polled.size(), MillisUntil(deadline));
    if (ready < 0 && errno == EINTR) continue;
    return ready > 0 && polled[0].revents != 0;
  }
}

bool Connection::WaitForRequest(const std::function<bool()>& crowded) {
  const Instant idle_end = steady_clock::now() + limits_.idle;
  // What has come already is served, also when others wait.
  bool ready = in_at_ < in_.size();
  while (!ready) {
    const Instant now = steady_clock::now();
    ready = WaitFor(POLLIN, std::min(idle_end, now + kCrowdInterval));
    if (ready) break;
    std::array<pollfd, 1> stopped{pollfd{stopped_, POLLIN, 0}};
    if (::poll(stopped.data(), 1, 0) != 0 || steady_clock::now() >= idle_end || crowded()) return false;
  }
  request_deadline_ = steady_clock::now() + limits_.request;
  head_bytes_ = 0;
  reading_head_ = true;
  head_too_long_ = timed_out_ = false;
  return true;
}

ssize_t Connection::Fill() {
  // "100 Continue" is what the client waits for.
  if (!out_.empty() && !Flush()) return -1;
  if (!WaitFor(POLLIN, request_deadline_)) {
    timed_out_ = true;
    return -1;
  }
  in_.resize(kReadBytes);
  in_at_ = 0;
  ssize_t got = -1;
  do {
    got = ::recv(socket_, in_.data(), in_.size(), MSG_DONTWAIT);
  } while (got < 0 && errno == EINTR);
  in_.resize(static_cast<size_t>(std::max<ssize_t>(got, 0)));
  return got;
}

ssize_t Connection::read(char* data, size_t size) {
  if (in_at_ == in_.size()) {
    if (const ssize_t got = Fill(); got <= 0) return got;
  }
  const size_t count = std::min(size, in_.size() - in_at_);
  if (reading_head_) {
    head_bytes_ += count;
    head_too_long_ = head_bytes_ > limits_.head_bytes;
    if (head_too_long_) return -1;
  }
  std::memcpy(data, in_.data() + in_at_, count);
  in_at_ += count;
  return static_cast<ssize_t>(count);
}

bool Connection::is_readable() const { return in_at_ < in_.size() || WaitFor(POLLIN, request_deadline_); }

ssize_t Connection::write(const char* data, size_t size) {
  if (broken_) return -1;
  out_.append(data, size);
  if (out_.size() >= kWriteBytes && !Flush()) return -1;
  return static_cast<ssize_t>(size);
}

bool Connection::Flush() {
  size_t sent = 0;
  while (!broken_ && sent < out_.size()) {
    const ssize_t count = ::send(socket_, out_.data() + sent, out_.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count > 0) {
      sent += static_cast<size_t>(count);
    } else if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      broken_ = !WaitFor(POLLOUT, steady_clock::now() + limits_.write);
    } else if (count < 0 && errno != EINTR) {
      broken_ = true;
    }
  }
  out_.clear();
  return !broken_;
}

void Connection::Drain() {
  ::shutdown(socket_, SHUT_WR);
  request_deadline_ = steady_clock::now() + kDrainTime;
  size_t left = limits_.body_bytes;
  for (ssize_t got = Fill(); got > 0 && left > 0; got = Fill()) left -= std::min(left, static_cast<size_t>(got));
}

void Connection::ResetOnClose() {
  const linger now{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

// Nobody asks for addresses yet.
void Connection::get_remote_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}
void Connection::get_local_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}

}  // namespace k2i::server
