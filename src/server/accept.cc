// SPDX-License-Identifier: Apache-2.0
#include <charconv>

#include "base/ascii.h"
#include "server/answer_encoder.h"

namespace k2i::server {
namespace {

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// Takes the text before `separator` off the front.
std::string_view TakeUntil(char separator, std::string_view& text) {
  const std::string_view taken = text.substr(0, text.find(separator));
  text.remove_prefix(std::min(taken.size() + 1, text.size()));
  return Trim(taken);
}

/// How closely a range such as "text/*" names a type: 0 not at all, 3 exactly.
int Closeness(std::string_view range, std::string_view type) {
  if (EqualsIgnoringCase(range, type)) return 3;
  if (range == "*/*") return 1;
  const size_t slash = type.find('/') + 1;
  return range.ends_with("/*") && EqualsIgnoringCase(range.substr(0, slash), type.substr(0, slash)) ? 2 : 0;
}

double Quality(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::string_view parameter = TakeUntil(';', parameters);
    if (!parameter.starts_with("q=") && !parameter.starts_with("Q=")) continue;
    double quality = 0;
    std::from_chars(parameter.data() + 2, parameter.data() + parameter.size(), quality);
    return quality;
  }
  return 1;
}

/// What the header thinks of a type: the quality of the range that names it most closely.
double QualityOf(std::string_view type, std::string_view accept) {
  int closest = 0;
  double quality = 0;
  while (!accept.empty()) {
    std::string_view element = TakeUntil(',', accept);
    const std::string_view range = TakeUntil(';', element);
    if (const int closeness = Closeness(range, type); closeness > closest) {
      closest = closeness;
      quality = Quality(element);
    }
  }
  return quality;
}

}  // namespace

std::string_view MediaType(Format format) {
  switch (format) {
    case Format::kJson:
      return "application/json";
    case Format::kNdjson:
      return "application/x-ndjson";
    case Format::kCsv:
      return "text/csv";
    case Format::kArrow:
      return "application/vnd.apache.arrow.stream";
  }
  return "application/json";
}

std::optional<Format> Negotiate(std::string_view accept, std::span<const Format> offered) {
  if (Trim(accept).empty()) return offered.front();
  std::optional<Format> best;
  double best_quality = 0;
  for (const Format format : offered) {
    const double quality = QualityOf(MediaType(format), accept);
    if (quality <= best_quality) continue;
    best = format;
    best_quality = quality;
  }
  return best;
}

}  // namespace k2i::server
