// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <httplib.h>

#include <chrono>
#include <functional>
#include <string>

#include "server/http_server.h"

namespace k2i::server {

/// A TCP connection as httplib wants to see it: buffered both ways, every wait bounded, and none outlives the server's
/// stop. One thread.
class Connection final : public httplib::Stream {
 public:
  /// `stopped`: a descriptor that is readable once the server stops. Neither it nor the socket is owned.
  Connection(int socket, int stopped, const HttpLimits& limits);

  /// Waits for the first byte of a request. False: there will be none (closed, idle for too long, `crowded`, stopped).
  bool WaitForRequest(const std::function<bool()>& crowded);
  /// The headers have been read: what comes now is body.
  void HeadIsRead() { reading_head_ = false; }
  bool head_too_long() const { return head_too_long_; }
  bool timed_out() const { return timed_out_; }

  /// Ends the connection after the answer under way.
  void CloseAfterAnswer() { must_close_ = true; }
  bool must_close() const { return must_close_; }
  /// Sends what has been written so far. False: the client does not take it.
  bool Flush();
  /// Lets the client read an answer that it gets while it is still sending: closing at once would throw that away.
  void Drain();
  /// Closing will tell the client that something went wrong, for it cannot tell by the length.
  void ResetOnClose();

  // httplib::Stream; later versions than 0.11 have some more
  bool is_readable() const override;
  virtual bool is_writable() const { return !broken_; }  // gone in the latest
  ssize_t read(char* data, size_t size) override;
  ssize_t write(const char* data, size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  socket_t socket() const override { return socket_; }
  virtual bool wait_readable() const { return is_readable(); }
  virtual bool wait_writable() const { return is_writable(); }
  virtual time_t duration() const { return 0; }

 private:
  using Instant = std::chrono::steady_clock::time_point;
  /// False: time is up, or the server stops and the socket is not ready.
  bool WaitFor(short event, Instant deadline) const;
  ssize_t Fill();

  const int socket_, stopped_;
  const HttpLimits& limits_;
  std::string in_;
  size_t in_at_ = 0;  // what stands before it has been read
  std::string out_;
  Instant request_deadline_;
  size_t head_bytes_ = 0;
  bool reading_head_ = true, head_too_long_ = false, timed_out_ = false, must_close_ = false, broken_ = false;
};

}  // namespace k2i::server
