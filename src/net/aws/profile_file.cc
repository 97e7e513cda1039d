// SPDX-License-Identifier: Apache-2.0
#include "net/aws/profile_file.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include "base/ascii.h"

namespace k2i::net {

namespace {

constexpr std::string_view kBlank = " \t\r";

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(kBlank);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

/// A "#" or ";" begins a comment at the start of a line or after a blank.
std::string_view WithoutComment(std::string_view line) {
  for (size_t i = 0; i < line.size(); ++i) {
    const bool mark = line[i] == '#' || line[i] == ';';
    if (mark && (i == 0 || kBlank.find(line[i - 1]) != kBlank.npos)) return line.substr(0, i);
  }
  return line;
}

/// "dev" of "[profile dev]"; nullopt for a section that is no profile.
std::optional<std::string> ProfileOf(std::string_view section, ProfileFileKind kind) {
  section = Trim(section);
  constexpr std::string_view kPrefix = "profile";
  if (section == "default" || kind == ProfileFileKind::kCredentials) return std::string(section);
  const bool is_profile = section.starts_with(kPrefix) && section.size() > kPrefix.size() &&
                          kBlank.find(section[kPrefix.size()]) != kBlank.npos;
  if (!is_profile) return std::nullopt;
  return std::string(Trim(section.substr(kPrefix.size())));
}

}  // namespace

void ParseProfiles(std::string_view text, ProfileFileKind kind, AwsProfiles& profiles) {
  AwsProfile* profile = nullptr;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view whole = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::string_view line = Trim(WithoutComment(whole));
    if (line.empty()) continue;
    if (line.front() == '[') {
      const auto name = ProfileOf(line.substr(1, line.find(']') - 1), kind);
      profile = name.has_value() ? &profiles[*name] : nullptr;
      continue;
    }
    const size_t equals = line.find('=');
    const bool nested = kBlank.find(whole.front()) != kBlank.npos;
    if (!profile || nested || equals == line.npos) continue;
    (*profile)[LowerAscii(Trim(line.substr(0, equals)))] = Trim(line.substr(equals + 1));
  }
}

std::string ProfileValue(const AwsProfile& profile, const std::string& key) {
  const auto found = profile.find(key);
  return found == profile.end() ? "" : found->second;
}

}  // namespace k2i::net
