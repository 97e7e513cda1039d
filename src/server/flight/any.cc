// SPDX-License-Identifier: Apache-2.0
#include "server/flight/any.h"

#include <fmt/format.h>

#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

namespace k2i::server::flight {
namespace {

constexpr std::string_view kAuthority = "type.googleapis.com/";
constexpr std::string_view kPackage = "arrow.flight.protocol.sql.";

constexpr uint32_t kTypeUrl = 1;
constexpr uint32_t kValue = 2;

/// The last part of "authority/package.Name", if the package is Flight SQL's; else "".
std::string_view NameOf(std::string_view url) {
  const size_t slash = url.rfind('/');
  if (slash != std::string_view::npos) url.remove_prefix(slash + 1);
  if (!url.starts_with(kPackage)) return {};
  return url.substr(kPackage.size());
}

}  // namespace

std::string PackAny(std::string_view type, std::string_view value) {
  std::string bytes;
  protozero::pbf_writer writer(bytes);
  writer.add_string(kTypeUrl, fmt::format("{}{}{}", kAuthority, kPackage, type));
  writer.add_bytes(kValue, value.data(), value.size());
  return bytes;
}

Result<AnyMessage> UnpackAny(std::string_view bytes) {
  AnyMessage any;
  try {
    protozero::pbf_reader reader(bytes.data(), bytes.size());
    while (reader.next()) {
      const bool text = reader.wire_type() == protozero::pbf_wire_type::length_delimited;
      if (text && reader.tag() == kTypeUrl) {
        any.type = NameOf(reader.get_string());
      } else if (text && reader.tag() == kValue) {
        any.value = reader.get_string();
      } else {
        reader.skip();
      }
    }
  } catch (const protozero::exception& error) {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("not a message of Flight SQL: {}", error.what()));
  }
  if (any.type.empty()) return Fail(ErrorCode::kInvalidArgument, "not a message of Flight SQL");
  return any;
}

}  // namespace k2i::server::flight
