// SPDX-License-Identifier: Apache-2.0
#include "io/s3_listing.h"

#include <charconv>
#include <optional>

#include "base/calendar.h"
#include "base/hex.h"
#include "io/location.h"
#include "net/xml.h"

namespace k2i::io {

namespace {

struct Page {
  std::vector<FileInfo> files;  // `location` is the key
  std::string next;             // token; empty: it was the last
};

/// As of a form: a space may come as '+'.
std::string FormDecoded(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escape =
        text[i] == '%' && i + 2 < text.size() && HexDigit(text[i + 1]) >= 0 && HexDigit(text[i + 2]) >= 0;
    if (escape) {
      decoded += static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2]));
      i += 2;
    } else {
      decoded += text[i] == '+' ? ' ' : text[i];
    }
  }
  return decoded;
}

std::optional<int64_t> ParseSize(const std::string& text) {
  int64_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || size < 0) return std::nullopt;
  return size;
}

int64_t ParseListedTime(const std::string& text) {
  const auto moment = calendar::ParseTimestamp(text, /*zoned=*/true);
  return moment.has_value() ? moment->days * 86'400'000 + moment->nanos_of_day / 1'000'000 : 0;
}

std::unexpected<Error> Malformed(const S3Place& prefix, const std::string& why) {
  return Fail(ErrorCode::kCorruption, "list " + prefix.location + ": " + why, Component::kStorage);
}

Result<Page> ParsePage(const S3Place& prefix, const std::string& body) {
  const auto root = net::ParseXml(body);
  if (!root.has_value()) return Malformed(prefix, root.error().message);
  if (root->name != "ListBucketResult") return Malformed(prefix, "the answer is a " + root->name);
  const bool encoded = root->TextOf("EncodingType") == "url";
  Page page;
  for (const net::XmlElement& each : root->children) {
    if (each.name != "Contents") continue;
    const std::string key = each.TextOf("Key");
    const auto size = ParseSize(each.TextOf("Size"));
    if (key.empty() || !size.has_value()) return Malformed(prefix, "an object without its key or size");
    page.files.push_back({encoded ? FormDecoded(key) : key, *size, ParseListedTime(each.TextOf("LastModified"))});
  }
  if (root->TextOf("IsTruncated") != "true") return page;
  page.next = root->TextOf("NextContinuationToken");
  if (page.next.empty()) return Malformed(prefix, "there is more, and no way to ask for it");
  return page;
}

Result<Page> FetchPage(S3Client& client, const S3Place& prefix, const std::string& key_prefix,
                       const std::string& token) {
  const S3Place bucket{prefix.location, prefix.bucket, ""};
  S3Call call{.name = "list", .place = bucket};
  if (!token.empty()) call.query = "continuation-token=" + net::PercentEncode(token) + "&";
  call.query += "encoding-type=url&list-type=2&max-keys=1000&prefix=" + net::PercentEncode(key_prefix);
  K2I_ASSIGN_OR_RETURN(const net::HttpResponse response, client.Send(std::move(call)));
  return ParsePage(prefix, response.body);
}

}  // namespace

Status ListS3(S3Client& client, const S3Place& prefix, const FileVisitor& visit) {
  const std::string key_prefix = prefix.key.empty() ? "" : prefix.key + "/";
  std::string token;
  do {
    K2I_ASSIGN_OR_RETURN(const Page page, FetchPage(client, prefix, key_prefix, token));
    if (page.next == token && !token.empty()) return Malformed(prefix, "the same page comes again and again");
    for (const FileInfo& file : page.files) {
      if (file.location.ends_with('/')) continue;
      if (!file.location.starts_with(key_prefix)) {
        return Malformed(prefix, "'" + file.location + "' is not below it");
      }
      K2I_RETURN_IF_ERROR(visit(
          {JoinLocation(prefix.location, file.location.substr(key_prefix.size())), file.size_bytes, file.modified_ms}));
    }
    token = page.next;
  } while (!token.empty());
  return {};
}

}  // namespace k2i::io
