// SPDX-License-Identifier: Apache-2.0
//
// Arrow's and Parquet's statuses and exceptions become K2I errors here, by code.
#pragma once

#include <arrow/result.h>
#include <arrow/status.h>

#include <utility>

#include "base/error.h"

namespace k2i::datafile {

Error ToError(const arrow::Status& status);
/// The exception being handled, as an error. REQUIRES: called inside a catch block.
Error CurrentExceptionToError();

inline Status FromArrow(const arrow::Status& status) {
  if (status.ok()) return {};
  return std::unexpected(ToError(status));
}

template <typename T>
Result<T> FromArrow(arrow::Result<T> result) {
  if (!result.ok()) return std::unexpected(ToError(result.status()));
  return std::move(result).ValueUnsafe();
}

/// Calls `call` (returning a Result) and turns whatever it throws into an error.
template <typename Call>
auto CatchAll(Call call) -> decltype(call()) {
  try {
    return call();
  } catch (...) {
    return std::unexpected(CurrentExceptionToError());
  }
}

}  // namespace k2i::datafile
