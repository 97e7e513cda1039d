// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/error.h"
#include "ingest/ingest_metrics.h"

namespace k2i::ingest {

/// The last word of each component: an error while it fails and is retried, nothing while it works. Thread-safe.
class ComponentHealth {
 public:
  explicit ComponentHealth(IngestMetrics& metrics) : metrics_(metrics) {
    for (const char* name : {"kafka", "buffer", "iceberg", "catalog", "txlog", "schema"}) Healthy(name);
  }

  void Healthy(const std::string& component) {
    std::lock_guard lock(mutex_);
    metrics_.SetHealth(component, 1);
    errors_[component] = std::nullopt;
  }
  /// It fails, and we go on trying.
  void Degraded(const std::string& component, const Error& error) {
    metrics_.CountError(error);
    Say(component, error.ToString());
  }
  /// It works, but not as it should; not an error.
  void Say(const std::string& component, std::string message) {
    std::lock_guard lock(mutex_);
    metrics_.SetHealth(component, 0.5);
    errors_[component] = std::move(message);
  }
  /// Component → what is wrong, nullopt when healthy.
  std::map<std::string, std::optional<std::string>> Report() const {
    std::lock_guard lock(mutex_);
    return errors_;
  }

 private:
  IngestMetrics& metrics_;
  mutable std::mutex mutex_;
  std::map<std::string, std::optional<std::string>> errors_;
};

}  // namespace k2i::ingest
