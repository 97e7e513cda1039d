// SPDX-License-Identifier: Apache-2.0
#include "base/logging.h"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/json_text.h"

namespace k2i::log {
namespace {

std::atomic<Format> g_format{Format::kText};

std::function<void(Level, std::string_view)>& Sink() {
  static std::function<void(Level, std::string_view)> sink;
  return sink;
}

spdlog::logger& Logger() {
  static const auto logger = [] {
    auto made = std::make_shared<spdlog::logger>("k2i", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  return *logger;
}

spdlog::level::level_enum ToSpdlog(Level level) {
  switch (level) {
    case Level::kTrace:
      return spdlog::level::trace;
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarn:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::string RenderText(std::string_view event, std::initializer_list<Field> fields) {
  std::string line(event);
  for (const Field& field : fields) {
    line += fmt::format(" {}=", field.name);
    std::visit([&](const auto& value) { line += fmt::format("{}", value); }, field.value);
  }
  return line;
}

}  // namespace

std::string RenderJson(std::string_view event, std::initializer_list<Field> fields) {
  nlohmann::ordered_json line;
  line["event"] = event;
  for (const Field& field : fields) {
    std::visit([&](const auto& value) { line[std::string(field.name)] = value; }, field.value);
  }
  return OrderedJsonText(line);
}

void Configure(Level level, Format format) {
  g_format = format;
  Logger().set_level(ToSpdlog(level));
  std::string pattern = "%Y-%m-%dT%H:%M:%S.%eZ %l %v";
  if (format == Format::kJson) {
    pattern = R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v)";
  } else if (::isatty(STDERR_FILENO) == 1) {
    pattern.insert(0, "\r\x1b[K");  // over a progress line that may stand there
  }
  Logger().set_pattern(pattern, spdlog::pattern_time_type::utc);
}

void SetSink(std::function<void(Level, std::string_view)> sink) { Sink() = std::move(sink); }

void Write(Level level, std::string_view event, std::initializer_list<Field> fields) {
  if (Sink()) return Sink()(level, RenderText(event, fields));
  const auto spdlog_level = ToSpdlog(level);
  if (!Logger().should_log(spdlog_level)) return;
  if (g_format == Format::kJson) {
    Logger().log(spdlog_level, "{}", RenderJson(event, fields).substr(1));
  } else {
    Logger().log(spdlog_level, "{}", RenderText(event, fields));
  }
}

}  // namespace k2i::log
