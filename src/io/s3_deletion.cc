// SPDX-License-Identifier: Apache-2.0
#include "io/s3_deletion.h"

#include <map>
#include <utility>

#include "base/base64.h"
#include "net/digest.h"
#include "net/xml.h"

namespace k2i::io {

namespace {

using Refusals = std::map<std::string, S3Refusal>;  // by key

std::string BodyOf(std::span<const S3Place> places, const std::vector<size_t>& which) {
  std::string body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Delete><Quiet>true</Quiet>";
  for (const size_t i : which) body += "<Object><Key>" + net::XmlEscape(places[i].key) + "</Key></Object>";
  return body + "</Delete>";
}

/// Which keys are still there, of a quiet answer: it names the others not at all.
Result<Refusals> ParseRefusals(const std::string& body) {
  K2I_ASSIGN_OR_RETURN(const net::XmlElement root, net::ParseXml(body));
  if (root.name != "DeleteResult") return Fail(ErrorCode::kCorruption, "the answer is a " + root.name);
  Refusals refusals;
  for (const net::XmlElement& each : root.children) {
    if (each.name != "Error") continue;
    refusals[each.TextOf("Key")] = {
        .status = 200, .code = each.TextOf("Code"), .message = each.TextOf("Message"), .region = ""};
  }
  return refusals;
}

Result<Refusals> Ask(S3Client& client, std::span<const S3Place> places, const std::vector<size_t>& which) {
  const S3Place bucket{places[which.front()].location + (which.size() > 1 ? " and others" : ""), places.front().bucket,
                       ""};
  S3Call call{.name = "delete", .place = bucket, .method = "POST", .query = "delete="};
  call.body = BodyOf(places, which);
  call.headers = {{"Content-MD5", Base64(net::Md5(call.body))}};
  K2I_ASSIGN_OR_RETURN(const net::HttpResponse response, client.Send(std::move(call)));
  auto refusals = ParseRefusals(response.body);
  if (!refusals.has_value())
    return std::unexpected(refusals.error().With("delete " + bucket.location).In(Component::kStorage));
  return refusals;
}

Status OutcomeOf(const S3Place& place, const S3Refusal& refusal) {
  const ErrorCode code = CodeOfS3Error(refusal.status, refusal.code);
  if (code == ErrorCode::kNotFound && refusal.code == "NoSuchKey") return {};
  return Fail(code, "delete " + place.location + ": " + TextOf(refusal), Component::kStorage);
}

}  // namespace

Status DeleteOne(S3Client& client, const S3Place& place) {
  S3Refusal refusal;
  const auto response = client.Send({.name = "delete", .place = place, .method = "DELETE"}, &refusal);
  if (response.has_value()) return {};
  const bool gone = response.error().code == ErrorCode::kNotFound && refusal.code != "NoSuchBucket";
  return gone ? Status() : std::unexpected(response.error());
}

std::vector<Status> DeleteAtOnce(S3Client& client, std::span<const S3Place> places) {
  std::vector<Status> outcomes(places.size());
  std::vector<size_t> left;
  for (size_t i = 0; i < places.size(); ++i) left.push_back(i);
  for (int attempt = 1;; ++attempt) {
    const auto refusals = Ask(client, places, left);
    std::vector<size_t> again;
    for (const size_t i : left) {
      if (!refusals.has_value()) {
        outcomes[i] = std::unexpected(refusals.error());
        continue;
      }
      const auto refused = refusals->find(places[i].key);
      outcomes[i] = refused == refusals->end() ? Status() : OutcomeOf(places[i], refused->second);
      if (refused != refusals->end() && MayRepeat(refused->second)) again.push_back(i);
    }
    if (again.empty() || attempt >= client.options().max_attempts) return outcomes;
    left = std::move(again);
    client.WaitAfter(attempt);
  }
}

}  // namespace k2i::io
