// SPDX-License-Identifier: Apache-2.0
#include "datafile/arrow_status.h"

#include <parquet/exception.h>

#include <new>

namespace k2i::datafile {
namespace {

ErrorCode ToCode(arrow::StatusCode code) {
  switch (code) {
    case arrow::StatusCode::OutOfMemory:
      return ErrorCode::kResourceExhausted;
    case arrow::StatusCode::Invalid:
    case arrow::StatusCode::TypeError:
    case arrow::StatusCode::KeyError:
    case arrow::StatusCode::IndexError:
    case arrow::StatusCode::CapacityError:
      return ErrorCode::kInvalidArgument;
    case arrow::StatusCode::NotImplemented:
      return ErrorCode::kNotSupported;
    case arrow::StatusCode::IOError:
      return ErrorCode::kUnavailable;
    case arrow::StatusCode::Cancelled:
      return ErrorCode::kCancelled;
    case arrow::StatusCode::AlreadyExists:
      return ErrorCode::kAlreadyExists;
    default:
      return ErrorCode::kInternal;
  }
}

}  // namespace

Error ToError(const arrow::Status& status) { return Error{ToCode(status.code()), status.message()}; }

Error CurrentExceptionToError() {
  try {
    throw;
  } catch (const parquet::ParquetStatusException& e) {
    return ToError(e.status());
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::kResourceExhausted, "out of memory"};
  } catch (const std::exception& e) {
    return Error{ErrorCode::kInternal, e.what()};
  } catch (...) {
    return Error{ErrorCode::kInternal, "unknown exception"};
  }
}

}  // namespace k2i::datafile
