// SPDX-License-Identifier: Apache-2.0
#include "datafile/metrics_mode.h"

#include <cctype>
#include <charconv>

#include "base/ascii.h"

namespace k2i::datafile {
namespace {

constexpr std::string_view kDefaultProperty = "write.metadata.metrics.default";
constexpr std::string_view kColumnPrefix = "write.metadata.metrics.column.";
constexpr std::string_view kMaxInferredProperty = "write.metadata.metrics.max-inferred-column-defaults";
constexpr size_t kMaxInferred = 100;

std::optional<size_t> ParseSize(std::string_view text) {
  size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

const std::string* Find(const std::map<std::string, std::string>& properties, std::string_view key) {
  const auto found = properties.find(std::string(key));
  return found == properties.end() ? nullptr : &found->second;
}

Result<MetricsMode> ParseProperty(std::string_view key, const std::string& value) {
  auto mode = MetricsMode::Parse(value);
  if (!mode.has_value()) return std::unexpected(mode.error().With("table property " + std::string(key)));
  return mode;
}

}  // namespace

Result<MetricsMode> MetricsMode::Parse(std::string_view text) {
  const std::string lower = LowerAscii(text);
  if (lower == "none") return MetricsMode{Kind::kNone, 0};
  if (lower == "counts") return MetricsMode{Kind::kCounts, 0};
  if (lower == "full") return MetricsMode{Kind::kFull, 0};
  constexpr std::string_view kTruncate = "truncate(";
  if (lower.starts_with(kTruncate) && lower.ends_with(')')) {
    const auto length =
        ParseSize(std::string_view(lower).substr(kTruncate.size(), lower.size() - kTruncate.size() - 1));
    if (length && *length > 0) return MetricsMode{Kind::kTruncate, *length};
  }
  return Fail(ErrorCode::kInvalidConfig, "\"" + std::string(text) + "\" is none of none, counts, truncate(n) and full");
}

Result<std::vector<MetricsMode>> MetricsModes(const std::map<std::string, std::string>& properties,
                                              const std::vector<LeafColumn>& leaves) {
  std::optional<MetricsMode> fallback;
  if (const std::string* value = Find(properties, kDefaultProperty)) {
    K2I_ASSIGN_OR_RETURN(fallback, ParseProperty(kDefaultProperty, *value));
  }
  size_t inferred = kMaxInferred;
  if (const std::string* value = Find(properties, kMaxInferredProperty)) {
    const auto parsed = ParseSize(*value);
    if (!parsed) return Fail(ErrorCode::kInvalidConfig, "table property " + std::string(kMaxInferredProperty));
    inferred = *parsed;
  }
  std::vector<MetricsMode> modes;
  for (const LeafColumn& leaf : leaves) {
    const std::string key = std::string(kColumnPrefix) + leaf.name;
    MetricsMode mode =
        fallback.value_or(modes.size() < inferred ? MetricsMode{} : MetricsMode{MetricsMode::Kind::kNone, 0});
    if (const std::string* value = Find(properties, key)) {
      K2I_ASSIGN_OR_RETURN(mode, ParseProperty(key, *value));
    }
    modes.push_back(mode);
  }
  return modes;
}

}  // namespace k2i::datafile
