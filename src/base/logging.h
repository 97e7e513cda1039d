// SPDX-License-Identifier: Apache-2.0
//
// Structured logs on standard error: one line an event, JSON or text, with named fields. Light to include: spdlog stays
// in the .cc.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace k2i::log {

enum class Level { kTrace, kDebug, kInfo, kWarn, kError };
enum class Format { kJson, kText };

/// Named value of a log line.
struct Field {
  std::string_view name;
  std::variant<int64_t, double, bool, std::string> value;

  Field(std::string_view n, std::string v) : name(n), value(std::move(v)) {}
  Field(std::string_view n, std::string_view v) : name(n), value(std::string(v)) {}
  Field(std::string_view n, const char* v) : name(n), value(std::string(v)) {}
  Field(std::string_view n, bool v) : name(n), value(v) {}
  Field(std::string_view n, double v) : name(n), value(v) {}
  template <typename T>
  requires std::is_integral_v<T> Field(std::string_view n, T v) : name(n), value(static_cast<int64_t>(v)) {}
};

/// Call once at start; before it, text at level info.
void Configure(Level level, Format format);

/// Lines go there rather than to standard error, as text and without time and level; empty: back again. Not
/// thread-safe: for a program that has one thread, such as the simulator.
void SetSink(std::function<void(Level, std::string_view line)> sink);

/// Thread-safe.
void Write(Level level, std::string_view event, std::initializer_list<Field> fields = {});

inline void Debug(std::string_view event, std::initializer_list<Field> f = {}) { Write(Level::kDebug, event, f); }
inline void Info(std::string_view event, std::initializer_list<Field> f = {}) { Write(Level::kInfo, event, f); }
inline void Warn(std::string_view event, std::initializer_list<Field> f = {}) { Write(Level::kWarn, event, f); }
inline void Error(std::string_view event, std::initializer_list<Field> f = {}) { Write(Level::kError, event, f); }

/// The line Write would print for these fields, without the time and level; for tests.
std::string RenderJson(std::string_view event, std::initializer_list<Field> fields);

}  // namespace k2i::log
