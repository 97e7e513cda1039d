// SPDX-License-Identifier: Apache-2.0
#include "cli/cold_tables.h"

namespace k2i::cli {

Result<std::unique_ptr<query::Service>> OpenColdTables(const config::Config&) {
  return Fail(ErrorCode::kNotSupported,
              "this version reads tables through a running K2I only: start one, or give --url");
}

}  // namespace k2i::cli
