// SPDX-License-Identifier: Apache-2.0
#include "txlog/dead_letter_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

namespace k2i::txlog {
namespace {

using nlohmann::ordered_json;

std::unexpected<Error> IoError(const std::string& path, std::string_view what) {
  const ErrorCode code = errno == ENOSPC || errno == EDQUOT ? ErrorCode::kResourceExhausted
                         : errno == EACCES || errno == EROFS ? ErrorCode::kPermissionDenied
                                                             : ErrorCode::kInternal;
  return Fail(code, fmt::format("cannot {} {}: {}", what, path, std::strerror(errno)), Component::kTransactionLog);
}

ordered_json Base64(const std::optional<std::string>& bytes) {
  if (!bytes) return nullptr;
  std::string text(4 * ((bytes->size() + 2) / 3) + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                     reinterpret_cast<const unsigned char*>(bytes->data()), static_cast<int>(bytes->size()));
  text.resize(static_cast<size_t>(length));
  return text;
}

std::string Line(const DeadLetter& letter) {
  const ordered_json line{{"topic", letter.partition.topic},
                          {"partition", letter.partition.partition.value},
                          {"offset", letter.offset.value},
                          {"timestamp_ms", letter.timestamp_ms},
                          {"key", Base64(letter.key)},
                          {"value", Base64(letter.value)},
                          {"reason", letter.reason}};
  return line.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
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
    if (!json.is_object() || !json.contains("topic") || !json.contains("partition") || !json.contains("offset")) {
      return Fail(ErrorCode::kCorruption, fmt::format("{}: byte {} begins a line that is no dead letter", path_, whole_bytes),
                  Component::kTransactionLog);
    }
    Offset& last = last_[{json["topic"].get<std::string>(), PartitionId{json["partition"].get<int32_t>()}}];
    last = std::max(last, Offset{json["offset"].get<int64_t>() + 1});
    whole_bytes += static_cast<int64_t>(line.size()) + 1;
  }
  if (::ftruncate(fd_, whole_bytes) != 0) return IoError(path_, "cut");
  return {};
}

Result<int64_t> DeadLetterFile::Append(const std::vector<DeadLetter>& letters) {
  std::string lines;
  OffsetVector last = last_;
  int64_t added = 0;
  for (const auto& letter : letters) {
    Offset& next = last[letter.partition];
    if (letter.offset < next) continue;
    next = Offset{letter.offset.value + 1};
    lines += Line(letter);
    ++added;
  }
  const off_t size = ::lseek(fd_, 0, SEEK_END);
  std::string_view rest = lines;
  while (!rest.empty()) {
    const ssize_t written = ::write(fd_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      auto failed = IoError(path_, "write");
      if (::ftruncate(fd_, size) != 0) return IoError(path_, "cut");
      return failed;
    }
    rest.remove_prefix(static_cast<size_t>(written));
  }
  last_ = std::move(last);
  dirty_ = dirty_ || added > 0;
  return added;
}

Status DeadLetterFile::Sync() {
  if (!dirty_) return {};
  if (::fdatasync(fd_) != 0) return IoError(path_, "sync");
  dirty_ = false;
  return {};
}

}  // namespace k2i::txlog
