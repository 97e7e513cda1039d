// SPDX-License-Identifier: Apache-2.0
//
// Private to the module: librdkafka's codes as ours.
#pragma once

#include <librdkafka/rdkafka.h>

#include <string>
#include <string_view>

#include "base/error.h"

namespace k2i::kafka {

/// What the caller of a failed operation can do about it.
ErrorCode CodeOf(rd_kafka_resp_err_t code);

/// "<context>: <librdkafka's words> (<name of the code>)", Component::kKafka.
Error MakeError(rd_kafka_resp_err_t code, std::string_view context, std::string_view detail = "");

/// What has ended `handle` for good; NO_ERROR when it lives. `error` is set when it does not.
rd_kafka_resp_err_t FatalError(rd_kafka_t* handle, Error& error);

}  // namespace k2i::kafka
