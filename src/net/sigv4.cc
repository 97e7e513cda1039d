// SPDX-License-Identifier: Apache-2.0
#include "net/sigv4.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>
#include <vector>

#include "base/ascii.h"
#include "base/calendar.h"
#include "base/hex.h"
#include "net/digest.h"

namespace k2i::net {

namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

struct UrlParts {
  std::string host;  // with its port, unless it is the scheme's own
  std::string path;
  std::string query;
};

std::string_view WithoutPort(std::string_view host, std::string_view port) {
  return host.ends_with(port) ? host.substr(0, host.size() - port.size()) : host;
}

UrlParts Split(std::string_view url) {
  url = url.substr(0, url.find('#'));
  const bool https = url.starts_with("https://");
  if (const size_t scheme = url.find("://"); scheme != url.npos) url.remove_prefix(scheme + 3);
  const size_t host_end = std::min(url.find_first_of("/?"), url.size());
  const size_t query = std::min(url.find('?'), url.size());
  const std::string_view host = WithoutPort(url.substr(0, host_end), https ? ":443" : ":80");
  return {std::string(host), std::string(url.substr(host_end, query - host_end)),
          std::string(url.substr(std::min(query + 1, url.size())))};
}

std::string PercentDecode(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escaped =
        text[i] == '%' && i + 2 < text.size() && HexDigit(text[i + 1]) >= 0 && HexDigit(text[i + 2]) >= 0;
    if (!escaped) {
      decoded += text[i];
      continue;
    }
    decoded += static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2]));
    i += 2;
  }
  return decoded;
}

std::vector<std::string_view> SplitAt(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(separator, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

/// "/a/b/" without empty segments, "." and ".." (RFC 3986 section 5.2.4), each encoded.
std::string NormalizedPath(std::string_view path) {
  std::vector<std::string_view> kept;
  const std::vector<std::string_view> segments = SplitAt(path, '/');
  for (const std::string_view segment : segments) {
    if (segment == "..") {
      if (!kept.empty()) kept.pop_back();
    } else if (!segment.empty() && segment != ".") {
      kept.push_back(segment);
    }
  }
  std::string canonical;
  for (const std::string_view segment : kept) canonical += "/" + PercentEncode(segment);
  const std::string_view last = segments.back();
  return canonical.empty() || last.empty() || last == "." || last == ".." ? canonical + "/" : canonical;
}

/// The name of an object keeps its "//" and ".."; a "/" in it counts the same encoded or not.
std::string ObjectPath(std::string_view path) {
  const std::string decoded = PercentDecode(path.starts_with('/') ? path.substr(1) : path);
  std::string canonical;
  for (const std::string_view segment : SplitAt(decoded, '/')) canonical += "/" + PercentEncode(segment);
  return canonical;
}

std::string CanonicalQuery(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> fields;
  for (const std::string_view field : SplitAt(query, '&')) {
    if (field.empty()) continue;
    const size_t equals = std::min(field.find('='), field.size());
    const std::string_view value = field.substr(std::min(equals + 1, field.size()));
    fields.emplace_back(PercentEncode(PercentDecode(field.substr(0, equals))), PercentEncode(PercentDecode(value)));
  }
  std::ranges::sort(fields);
  std::string canonical;
  for (const auto& [name, value] : fields) canonical += (canonical.empty() ? "" : "&") + name + "=" + value;
  return canonical;
}

/// Without blanks at the ends, runs of them as one.
std::string Condensed(std::string_view value) {
  std::string condensed;
  for (const char c : value) {
    const bool blank = c == ' ' || c == '\t';
    if (!blank) condensed += c;
    if (blank && !condensed.empty() && condensed.back() != ' ') condensed += ' ';
  }
  if (condensed.ends_with(' ')) condensed.pop_back();
  return condensed;
}

bool ChangesOnTheWay(std::string_view lower_case_name) {
  constexpr std::array<std::string_view, 9> kNames = {
      "accept-encoding", "authorization",     "connection",     "content-length", "expect", "te",
      "user-agent",      "transfer-encoding", "x-amzn-trace-id"};
  return std::ranges::find(kNames, lower_case_name) != kNames.end();
}

struct CanonicalHeaders {
  std::string lines;         // "host:…\nx-amz-date:…\n"
  std::string signed_names;  // "host;x-amz-date"
};

CanonicalHeaders Canonicalize(const HttpHeaders& headers) {
  std::map<std::string, std::string> values;
  for (const auto& [name, value] : headers) {
    const std::string lower = LowerAscii(name);
    if (ChangesOnTheWay(lower)) continue;
    const auto [found, added] = values.emplace(lower, Condensed(value));
    if (!added) found->second += "," + Condensed(value);
  }
  CanonicalHeaders canonical;
  for (const auto& [name, value] : values) {
    canonical.lines += name + ":" + value + "\n";
    canonical.signed_names += (canonical.signed_names.empty() ? "" : ";") + name;
  }
  return canonical;
}

/// "20150830T123600Z"
std::string AmzDate(int64_t now_ms) {
  const calendar::Moment now = calendar::FromMicros(now_ms / 1'000 * calendar::kMicrosPerSecond);
  std::string text = calendar::FormatDate(now.days) + "T" + calendar::FormatTimeFixed(now.nanos_of_day, 6).substr(0, 8);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text + "Z";
}

}  // namespace

HttpHeaders SignV4(const HttpRequest& request, const AwsCredentials& credentials, const SigningScope& scope,
                   int64_t now_ms) {
  const UrlParts url = Split(request.url);
  const bool object_store = scope.service == "s3" || scope.service == "s3express";
  const std::string amz_date = AmzDate(now_ms);
  const std::string* given_hash = object_store ? FindHeader(request.headers, "x-amz-content-sha256") : nullptr;
  const std::string body_hash = given_hash == nullptr ? Hex(Sha256(request.body)) : *given_hash;

  HttpHeaders added = {{"X-Amz-Date", amz_date}};
  if (!credentials.session_token.empty()) added.emplace_back("X-Amz-Security-Token", credentials.session_token);
  if (object_store && given_hash == nullptr) added.emplace_back("X-Amz-Content-Sha256", body_hash);

  HttpHeaders covered = request.headers;
  covered.insert(covered.end(), added.begin(), added.end());
  if (FindHeader(covered, "host") == nullptr) covered.emplace_back("host", url.host);
  const CanonicalHeaders headers = Canonicalize(covered);

  const std::string canonical_request =
      request.method + "\n" + (object_store ? ObjectPath(url.path) : NormalizedPath(url.path)) + "\n" +
      CanonicalQuery(url.query) + "\n" + headers.lines + "\n" + headers.signed_names + "\n" + body_hash;
  const std::string day = amz_date.substr(0, 8);
  const std::string credential_scope = day + "/" + scope.region + "/" + scope.service + "/aws4_request";
  const std::string text =
      std::string(kAlgorithm) + "\n" + amz_date + "\n" + credential_scope + "\n" + Hex(Sha256(canonical_request));

  std::string key = "AWS4" + credentials.secret_access_key;
  for (const std::string_view part : {std::string_view(day), std::string_view(scope.region),
                                      std::string_view(scope.service), std::string_view("aws4_request")}) {
    key = HmacSha256(key, part);
  }
  added.emplace_back("Authorization", std::string(kAlgorithm) + " Credential=" + credentials.access_key_id + "/" +
                                          credential_scope + ", SignedHeaders=" + headers.signed_names +
                                          ", Signature=" + Hex(HmacSha256(key, text)));
  return added;
}

}  // namespace k2i::net
