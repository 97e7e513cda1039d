// SPDX-License-Identifier: Apache-2.0
#include "base/circuit_breaker.h"

#include <fmt/format.h>

namespace k2i {

CircuitBreaker::CircuitBreaker(std::string name, Options options, Clock& clock, Random& random, OnChange on_change)
    : name_(std::move(name)), options_(options), clock_(clock), random_(random), on_change_(std::move(on_change)) {}

bool CircuitBreaker::IsFailure(const Error& error) {
  return error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kTimeout ||
         error.code == ErrorCode::kCommitStateUnknown;
}

std::optional<Error> CircuitBreaker::Admit() {
  {
    std::lock_guard lock(mutex_);
    if (state_ == State::kClosed) return std::nullopt;
    const Duration now = clock_.monotonic();
    if (now < open_until_ || probing_) {
      const double left = std::max(0.0, std::chrono::duration<double>(open_until_ - now).count());
      return Error{ErrorCode::kUnavailable,
                   fmt::format("the {} is not asked for another {:.1f} s, after {} failures in a row: {}", name_, left,
                               failures_, last_error_ ? last_error_->message : ""),
                   last_error_ ? last_error_->component : Component::kNone};
    }
    probing_ = true;
    if (state_ == State::kHalfOpen) return std::nullopt;
    state_ = State::kHalfOpen;
  }
  if (on_change_) on_change_(State::kHalfOpen, std::nullopt);
  return std::nullopt;
}

void CircuitBreaker::Observe(const std::optional<Error>& error) {
  std::optional<State> changed;
  std::optional<Error> why;
  {
    std::lock_guard lock(mutex_);
    const bool probe = std::exchange(probing_, false);
    if (!error || !IsFailure(*error)) {
      failures_ = 0;
      if (state_ != State::kClosed) changed = state_ = State::kClosed;
    } else {
      ++failures_;
      last_error_ = why = error;
      const bool trips =
          state_ == State::kClosed && options_.failure_threshold > 0 && failures_ >= options_.failure_threshold;
      if (trips || probe) {
        changed = state_ = State::kOpen;
        const auto jitter =
            Duration(static_cast<int64_t>(static_cast<double>(options_.open_for.count()) * 0.5 * random_.Unit()));
        open_until_ = clock_.monotonic() + options_.open_for + jitter;
      }
    }
  }
  if (changed && on_change_) on_change_(*changed, why);
}

CircuitBreaker::State CircuitBreaker::state() const {
  std::lock_guard lock(mutex_);
  return state_;
}

std::string_view ToString(CircuitBreaker::State state) {
  switch (state) {
    case CircuitBreaker::State::kClosed:
      return "closed";
    case CircuitBreaker::State::kHalfOpen:
      return "half-open";
    case CircuitBreaker::State::kOpen:
      return "open";
  }
  return "?";
}

}  // namespace k2i
