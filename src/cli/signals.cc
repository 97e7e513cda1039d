// SPDX-License-Identifier: Apache-2.0
#include "cli/signals.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "base/logging.h"

namespace k2i::cli {
namespace {

constexpr int kExitOnSecondSignal = 130;

/// SIGUSR2 wakes the thread when the process ends by itself.
sigset_t HandledSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGUSR2}) sigaddset(&signals, signal);
  return signals;
}

}  // namespace

SignalStop::SignalStop() {
  const sigset_t signals = HandledSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  // A reader of our output that goes away must not end the stream.
  ::signal(SIGPIPE, SIG_IGN);
  thread_ = std::thread([this] { Run(); });
}

SignalStop::~SignalStop() {
  pthread_kill(thread_.native_handle(), SIGUSR2);
  thread_.join();
}

void SignalStop::Run() {
  const sigset_t signals = HandledSignals();
  int signal = 0;
  while (sigwait(&signals, &signal) == 0 && signal != SIGUSR2) {
    if (stop_.stop_requested()) ::_exit(kExitOnSecondSignal);
    log::Info("stopping", {{"signal", signal}});
    stop_.request_stop();
  }
}

}  // namespace k2i::cli
