// SPDX-License-Identifier: Apache-2.0
#include "txlog/crash_point.h"

#include <charconv>
#include <string>

#include "txlog/entry.h"

namespace k2i::txlog {
namespace {

constexpr size_t kTypeOffset = 4;  // in a frame

/// Of the entries that a step of the protocol writes: checkpoints go into segments of their own.
uint8_t TypeNamed(std::string_view name) {
  for (uint8_t type = TypeOf(FlushStarted{}); !TypeName(type).empty(); ++type) {
    if (TypeName(type) == name) return type;
  }
  return 0;
}

bool ParseOccurrence(std::string_view text, int& occurrence) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), occurrence);
  return error == std::errc{} && end == text.data() + text.size() && occurrence > 0;
}

/// Cuts the text up to the next colon off.
std::string_view TakePart(std::string_view& text) {
  const size_t colon = text.find(':');
  const std::string_view part = text.substr(0, colon);
  text = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  return part;
}

}  // namespace

Result<CrashPoint> ParseCrashPoint(std::string_view text) {
  std::string_view rest = text;
  CrashPoint point{.type = TypeNamed(TakePart(rest))};
  bool good = point.type != 0;
  while (good && !rest.empty()) {
    const std::string_view part = TakePart(rest);
    if (part == "before" || part == "after") {
      point.after = part == "after";
    } else {
      good = ParseOccurrence(part, point.occurrence);
    }
  }
  if (good) return point;
  return Fail(ErrorCode::kInvalidConfig,
              "K2I_CRASH_AT: '" + std::string(text) + "' is not <Entry>[:<n>][:before|after]");
}

Status CrashingLogStorage::Append(const std::string& name, std::string_view bytes) {
  const bool here = bytes.size() > kTypeOffset && static_cast<uint8_t>(bytes[kTypeOffset]) == point_.type &&
                    ++seen_ == point_.occurrence;
  if (here && !point_.after) crash_();
  Status appended = storage_->Append(name, bytes);
  if (here && point_.after) crash_();
  return appended;
}

}  // namespace k2i::txlog
