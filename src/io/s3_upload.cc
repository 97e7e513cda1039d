// SPDX-License-Identifier: Apache-2.0
#include "io/s3_upload.h"

#include <algorithm>
#include <utility>

#include "base/base64.h"
#include "base/crc32c.h"
#include "net/xml.h"

namespace k2i::io {

namespace {

/// Less than 8 MiB, from where jemalloc gives a block back to the system as soon as it is freed: the next part would
/// have to have its pages made again.
constexpr int64_t kFirstPartBytes = 7'000'000;
constexpr int64_t kPartsOfOneSize = 1'000;
constexpr int64_t kMostParts = 10'000;
constexpr size_t kWorthReserving = size_t{1} << 20;
/// Of giving up: a store that does not answer has been tried long enough.
constexpr int kAbortAttempts = 2;

/// Says who has made an object, so that a lost reply can be told from another's object.
constexpr char kMark[] = "x-amz-meta-k2i-create";

/// Base64 of the four bytes, highest first.
std::string ChecksumOf(std::string_view bytes) {
  const uint32_t crc = Crc32c(bytes);
  std::string big_endian;
  for (int shift = 24; shift >= 0; shift -= 8) big_endian += static_cast<char>((crc >> shift) & 0xff);
  return Base64(big_endian);
}

void Add(net::HttpHeaders& headers, const net::HttpHeaders& more) {
  headers.insert(headers.end(), more.begin(), more.end());
}

S3Call PutCall(const S3Client& client, const S3Place& place, std::string bytes) {
  S3Call call{.name = "write", .place = place, .method = "PUT"};
  Add(call.headers, client.options().encryption_headers);
  Add(call.headers, client.options().key_headers);
  call.headers.emplace_back("x-amz-checksum-crc32c", ChecksumOf(bytes));
  call.body = std::move(bytes);
  return call;
}

}  // namespace

int64_t PartBytes(int64_t part) { return kFirstPartBytes * (1 + (part - 1) / kPartsOfOneSize); }

Status PutObject(S3Client& client, const S3Place& place, std::string bytes) {
  K2I_RETURN_IF_ERROR(client.Send(PutCall(client, place, std::move(bytes))));
  return {};
}

Status PutNewObject(S3Client& client, const S3Place& place, std::string bytes) {
  const std::string mark = client.NewId();
  S3Call call = PutCall(client, place, std::move(bytes));
  call.headers.emplace_back("If-None-Match", "*");
  call.headers.emplace_back(kMark, mark);
  const auto written = client.Send(std::move(call));
  if (written.has_value()) return {};
  if (written.error().code != ErrorCode::kAlreadyExists) return std::unexpected(written.error());
  S3Call look{.name = "write", .place = place, .method = "HEAD", .headers = client.options().key_headers};
  const auto found = client.Send(std::move(look));
  if (found.has_value() && found->header(kMark) == mark) return {};
  return Fail(ErrorCode::kAlreadyExists, place.location + " is there already", Component::kStorage);
}

Status S3OutputFile::CheckOpen() const {
  if (!finished_) return {};
  return Fail(ErrorCode::kInternal, place_.location + " was closed, aborted or has failed", Component::kStorage);
}

Status S3OutputFile::Append(std::string_view bytes) {
  K2I_RETURN_IF_ERROR(CheckOpen());
  bytes_written_ += static_cast<int64_t>(bytes.size());
  while (!bytes.empty()) {
    // `parts_` grows on this thread alone.
    const auto room = static_cast<size_t>(PartBytes(static_cast<int64_t>(parts_.size()) + 1));
    if (gathered_.size() == room) {
      if (const Status sent = SendPart(); !sent.has_value()) return GiveUp(sent.error());
      continue;
    }
    const std::string_view taken = bytes.substr(0, room - gathered_.size());
    if (gathered_.size() + taken.size() > kWorthReserving) gathered_.reserve(room);
    gathered_.append(taken);
    bytes.remove_prefix(taken.size());
  }
  return {};
}

Status S3OutputFile::Begin() {
  S3Call call{.name = "write", .place = place_, .method = "POST", .query = "uploads="};
  Add(call.headers, client_->options().encryption_headers);
  Add(call.headers, client_->options().key_headers);
  call.headers.emplace_back("x-amz-checksum-algorithm", "CRC32C");
  K2I_ASSIGN_OR_RETURN(const net::HttpResponse response, client_->Send(std::move(call)));
  const auto root = net::ParseXml(response.body);
  if (root.has_value()) upload_id_ = root->TextOf("UploadId");
  if (!upload_id_.empty()) return {};
  return Fail(ErrorCode::kCorruption, "write " + place_.location + ": the answer names no upload", Component::kStorage);
}

Status S3OutputFile::SendPart() {
  if (upload_id_.empty()) K2I_RETURN_IF_ERROR(Begin());
  int64_t number = 0;
  {
    std::lock_guard lock(mutex_);
    if (failure_.has_value()) return std::unexpected(*failure_);
    if (static_cast<int64_t>(parts_.size()) == kMostParts) {
      return Fail(ErrorCode::kInvalidArgument, "write " + place_.location + ": S3 takes no more than 10,000 parts",
                  Component::kStorage);
    }
    parts_.emplace_back();
    number = static_cast<int64_t>(parts_.size());
    ++on_the_way_;
  }
  auto bytes = std::make_shared<std::string>(std::exchange(gathered_, {}));
  threads_->Run([this, number, bytes] {
    const Status sent = UploadPart(number, std::move(*bytes));
    std::lock_guard lock(mutex_);
    if (!sent.has_value() && !failure_.has_value()) failure_ = sent.error();
    --on_the_way_;
    done_.notify_all();
  });
  return {};
}

Status S3OutputFile::UploadPart(int64_t number, std::string bytes) {
  S3Call call{.name = "write", .place = place_, .method = "PUT"};
  call.query = "partNumber=" + std::to_string(number) + "&uploadId=" + net::PercentEncode(upload_id_);
  call.headers = client_->options().key_headers;
  const std::string checksum = ChecksumOf(bytes);
  call.headers.emplace_back("x-amz-checksum-crc32c", checksum);
  call.body = std::move(bytes);
  K2I_ASSIGN_OR_RETURN(const net::HttpResponse response, client_->Send(std::move(call)));
  const std::string etag(response.header("etag"));
  if (etag.empty()) {
    return Fail(ErrorCode::kCorruption, "write " + place_.location + ": the store gives a part no ETag",
                Component::kStorage);
  }
  std::lock_guard lock(mutex_);
  parts_[static_cast<size_t>(number - 1)] = {etag, checksum};
  return {};
}

Status S3OutputFile::WaitForParts() {
  std::unique_lock lock(mutex_);
  done_.wait(lock, [this] { return on_the_way_ == 0; });
  return failure_.has_value() ? Status(std::unexpected(*failure_)) : Status();
}

Status S3OutputFile::Close() {
  K2I_RETURN_IF_ERROR(CheckOpen());
  if (upload_id_.empty()) {
    finished_ = true;
    return PutObject(*client_, place_, std::move(gathered_));
  }
  Status done = gathered_.empty() ? Status() : SendPart();
  if (const Status waited = WaitForParts(); done.has_value()) done = waited;
  if (done.has_value()) done = Complete();
  if (!done.has_value()) return GiveUp(done.error());
  finished_ = true;
  return {};
}

Status S3OutputFile::Complete() {
  S3Call call{.name = "write", .place = place_, .method = "POST", .may_fail_late = true};
  call.query = "uploadId=" + net::PercentEncode(upload_id_);
  call.headers = client_->options().key_headers;
  call.body = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
  for (size_t i = 0; i < parts_.size(); ++i) {
    call.body += "<Part><PartNumber>" + std::to_string(i + 1) + "</PartNumber><ETag>" + net::XmlEscape(parts_[i].etag) +
                 "</ETag>";
    call.body += "<ChecksumCRC32C>" + parts_[i].checksum + "</ChecksumCRC32C></Part>";
  }
  call.body += "</CompleteMultipartUpload>";
  S3Refusal refusal;
  const auto done = client_->Send(std::move(call), &refusal);
  if (done.has_value()) return {};
  return refusal.code == "NoSuchUpload" ? ConfirmComplete(done.error()) : Status(std::unexpected(done.error()));
}

/// The upload has gone: it may be complete, and the reply that said so lost.
Status S3OutputFile::ConfirmComplete(const Error& error) {
  S3Call look{.name = "write", .place = place_, .method = "HEAD", .headers = client_->options().key_headers};
  const auto found = client_->Send(std::move(look));
  const bool whole = found.has_value() && found->header("content-length") == std::to_string(bytes_written_);
  return whole ? Status() : Status(std::unexpected(error));
}

std::unexpected<Error> S3OutputFile::GiveUp(const Error& error) {
  Abort();
  return std::unexpected(error);
}

void S3OutputFile::Abort() {
  if (std::exchange(finished_, true)) return;
  gathered_ = {};
  if (upload_id_.empty()) return;
  static_cast<void>(WaitForParts());  // a part that arrives after the end of its upload would stay for ever
  static_cast<void>(client_->Send({.name = "abort",
                                   .place = place_,
                                   .method = "DELETE",
                                   .query = "uploadId=" + net::PercentEncode(upload_id_),
                                   .max_attempts = kAbortAttempts}));
}

}  // namespace k2i::io
