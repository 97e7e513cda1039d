// SPDX-License-Identifier: Apache-2.0
#include "sim/fiber.h"

#include <sys/mman.h>

#include <cstdlib>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

namespace k2i::sim {
namespace {

constexpr size_t kStackSize = 8 << 20;  // address space; only what is touched takes memory
constexpr size_t kGuardSize = 4096;

Fiber* current = nullptr;

/// Stacks are used again, for their pages are there already.
std::vector<void*>& FreeStacks() {
  static std::vector<void*> stacks;
  return stacks;
}

void* TakeStack() {
  auto& free = FreeStacks();
  if (!free.empty()) {
    void* stack = free.back();
    free.pop_back();
    return stack;
  }
  void* stack = ::mmap(nullptr, kStackSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (stack == MAP_FAILED || ::mprotect(stack, kGuardSize, PROT_NONE) != 0) std::abort();
  return stack;
}

}  // namespace

Fiber::Fiber(std::function<void()> body) : body_(std::move(body)), stack_(TakeStack()) {
  if (::getcontext(&context_) != 0) std::abort();
  context_.uc_stack.ss_sp = static_cast<char*>(stack_) + kGuardSize;
  context_.uc_stack.ss_size = kStackSize - kGuardSize;
  context_.uc_link = nullptr;
  ::makecontext(&context_, &Fiber::Enter, 0);
}

Fiber::~Fiber() { FreeStacks().push_back(stack_); }

Fiber* Fiber::Current() { return current; }

void Fiber::Resume() {
  Fiber* outer = current;
  current = this;
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(&resumer_fake_stack_, context_.uc_stack.ss_sp, context_.uc_stack.ss_size);
#endif
  ::swapcontext(&resumer_, &context_);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(resumer_fake_stack_, nullptr, nullptr);
#endif
  current = outer;
}

void Fiber::Suspend() { current->Leave(/*for_good=*/false); }

void Fiber::Leave([[maybe_unused]] bool for_good) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(for_good ? nullptr : &own_fake_stack_, resumer_stack_, resumer_stack_size_);
#endif
  ::swapcontext(&context_, &resumer_);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(own_fake_stack_, &resumer_stack_, &resumer_stack_size_);
#endif
}

void Fiber::Enter() {
  Fiber* self = current;
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(nullptr, &self->resumer_stack_, &self->resumer_stack_size_);
#endif
  self->body_();
  self->body_ = nullptr;
  self->done_ = true;
  self->Leave(/*for_good=*/true);
}

}  // namespace k2i::sim
