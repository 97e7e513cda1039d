// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ucontext.h>

#include <cstddef>
#include <functional>

namespace k2i::sim {

/// A function with a stack of its own that is left and entered again at will, so that code that waits can be
/// interleaved on one thread (docs/adr/0006). REQUIRES: all fibers of a program are used by one thread; no exception
/// leaves the body.
class Fiber {
 public:
  explicit Fiber(std::function<void()> body);
  /// REQUIRES: done(), or never resumed.
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// Runs the fiber until it suspends itself or ends.
  void Resume();
  bool done() const { return done_; }

  /// The fiber that runs; nullptr outside of all.
  static Fiber* Current();
  /// Back to whoever resumed the running fiber.
  static void Suspend();

 private:
  static void Enter();
  void Leave(bool for_good);

  std::function<void()> body_;
  void* stack_;
  ucontext_t context_{};
  ucontext_t resumer_{};
  bool done_ = false;
  // What AddressSanitizer keeps of a stack while another is in use.
  void* own_fake_stack_ = nullptr;
  void* resumer_fake_stack_ = nullptr;
  const void* resumer_stack_ = nullptr;
  size_t resumer_stack_size_ = 0;
};

}  // namespace k2i::sim
