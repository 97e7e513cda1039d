// SPDX-License-Identifier: Apache-2.0
//
// Table metadata as text whose long lists are taken out, so that what is known of them need not be parsed.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace k2i::iceberg {

struct HistoryText {
  std::string rest;  // the document, in which both lists are []
  /// The elements, within `document`. They may not be JSON: nobody has looked into them.
  std::vector<std::string_view> snapshots;
  std::vector<std::string_view> snapshot_log;
  std::unique_ptr<const std::string> document;
};

/// `member`: the member of the document that is the metadata, such as "metadata" in the REST protocol's answers; empty
/// where the document is. Where the lists are not found, or `document` is not JSON, `rest` is all of it.
HistoryText TakeHistoryOut(std::string_view document, std::string_view member);

}  // namespace k2i::iceberg
