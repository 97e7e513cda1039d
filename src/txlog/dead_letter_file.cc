// SPDX-License-Identifier: Apache-2.0
#include "txlog/dead_letter_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/crc32c.h"

namespace k2i::txlog {
namespace {

using nlohmann::ordered_json;

std::unexpected<Error> IoError(const std::string& path, std::string_view what) {
  const ErrorCode code = errno == ENOSPC || errno == EDQUOT  ? ErrorCode::kResourceExhausted
                         : errno == EACCES || errno == EROFS ? ErrorCode::kPermissionDenied
                                                             : ErrorCode::kInternal;
  return Fail(code, fmt::format("cannot {} {}: {}", what, path, std::strerror(errno)), Component::kTransactionLog);
}

ordered_json Base64(const std::optional<std::string>& bytes) {
  if (!bytes) return nullptr;
  std::string text(4 * ((bytes->size() + 2) / 3) + 1, '\0');
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes->data()), static_cast<int>(bytes->size()));
  text.resize(static_cast<size_t>(length));
  return text;
}

ordered_json LineOf(const DeadLetter& letter) {
  return ordered_json{{"topic", letter.partition.topic}, {"partition", letter.partition.partition.value},
                      {"offset", letter.offset.value},   {"timestamp_ms", letter.timestamp_ms},
                      {"key", Base64(letter.key)},       {"value", Base64(letter.value)},
                      {"reason", letter.reason}};
}

std::string Text(const ordered_json& line) {
  return line.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

/// The reason is left out: a newer version may put it otherwise.
uint32_t ContentOf(const ordered_json& line) {
  return Crc32c(line.value("timestamp_ms", ordered_json()).dump() + line.value("key", ordered_json()).dump() +
                line.value("value", ordered_json()).dump());
}

bool IsDeadLetter(const ordered_json& line) {
  return line.is_object() && line.contains("topic") && line["topic"].is_string() && line.contains("partition") &&
         line["partition"].is_number_integer() && line.contains("offset") && line["offset"].is_number_integer();
}

}  // namespace

Result<std::unique_ptr<DeadLetterFile>> DeadLetterFile::Open(const std::string& path) {
  auto file = std::unique_ptr<DeadLetterFile>(new DeadLetterFile(path));
  file->fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (file->fd_ < 0) return IoError(path, "open");
  K2I_RETURN_IF_ERROR(file->ReadBack());
  return file;
}

DeadLetterFile::~DeadLetterFile() {
  if (fd_ >= 0) ::close(fd_);
}

Status DeadLetterFile::ReadBack() {
  std::ifstream in(path_, std::ios::binary);
  std::string line;
  int64_t whole_bytes = 0;
  while (std::getline(in, line) && !in.eof()) {
    const auto json = ordered_json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!IsDeadLetter(json)) {
      return Fail(ErrorCode::kCorruption,
                  fmt::format("{}: byte {} begins a line that is no dead letter", path_, whole_bytes),
                  Component::kTransactionLog);
    }
    const TopicPartition partition{json["topic"].get<std::string>(), PartitionId{json["partition"].get<int32_t>()}};
    Insert(marks_, partition, {json["offset"].get<int64_t>(), ContentOf(json)});
    whole_bytes += static_cast<int64_t>(line.size()) + 1;
  }
  if (::ftruncate(fd_, whole_bytes) != 0) return IoError(path_, "cut");
  return {};
}

bool DeadLetterFile::Insert(Marks& marks, const TopicPartition& partition, Mark mark) {
  std::vector<Mark>& known = marks[partition];
  // Offsets come in order, so this is nearly always the end.
  const auto at = std::ranges::lower_bound(known, mark.offset, {}, &Mark::offset);
  if (at == known.end() || at->offset != mark.offset) {
    known.insert(at, mark);
    return true;
  }
  return std::exchange(at->content, mark.content) != mark.content;
}

Result<int64_t> DeadLetterFile::Append(const std::vector<DeadLetter>& letters) {
  if (failed_) return std::unexpected(*failed_);
  std::string lines;
  std::vector<std::pair<const DeadLetter*, Mark>> fresh;
  Marks marks;  // of those known, only what this call looks at
  for (const auto& letter : letters) {
    const ordered_json line = LineOf(letter);
    const Mark mark{letter.offset.value, ContentOf(line)};
    if (Holds(letter.partition, mark) || !Insert(marks, letter.partition, mark)) continue;
    fresh.emplace_back(&letter, mark);
    lines += Text(line);
  }
  const off_t size = ::lseek(fd_, 0, SEEK_END);
  std::string_view rest = lines;
  while (!rest.empty()) {
    const ssize_t written = ::write(fd_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      auto failed = IoError(path_, "write");
      // Half a line before the next would make both unreadable.
      if (::ftruncate(fd_, size) != 0) failed_ = failed.error();
      return failed;
    }
    rest.remove_prefix(static_cast<size_t>(written));
  }
  for (const auto& [letter, mark] : fresh) Insert(marks_, letter->partition, mark);
  dirty_ = dirty_ || !fresh.empty();
  return static_cast<int64_t>(fresh.size());
}

bool DeadLetterFile::Holds(const TopicPartition& partition, Mark mark) const {
  const auto known = marks_.find(partition);
  if (known == marks_.end()) return false;
  const auto at = std::ranges::lower_bound(known->second, mark.offset, {}, &Mark::offset);
  return at != known->second.end() && at->offset == mark.offset && at->content == mark.content;
}

Status DeadLetterFile::Sync() {
  if (failed_) return std::unexpected(*failed_);
  if (!dirty_) return {};
  if (::fdatasync(fd_) != 0) {
    // The kernel may report success for pages that it has dropped.
    failed_ = IoError(path_, "sync").error();
    return std::unexpected(*failed_);
  }
  dirty_ = false;
  return {};
}

}  // namespace k2i::txlog
