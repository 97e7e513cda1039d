// SPDX-License-Identifier: Apache-2.0
//
// The metrics of interface.md, by name, over prometheus-cpp's registry, whose headers stay in the .cc. A metric is made
// where it is set; /metrics prints the registry.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

namespace k2i {

using MetricLabels = std::map<std::string, std::string>;

/// Handles are cheap to copy, stay valid as long as the registry, and may be used from any thread.
class Counter {
 public:
  explicit Counter(prometheus::Counter& impl) : impl_(&impl) {}
  void Increment(double by = 1);
  double value() const;

 private:
  prometheus::Counter* impl_;
};

class Gauge {
 public:
  explicit Gauge(prometheus::Gauge& impl) : impl_(&impl) {}
  void Set(double value);
  double value() const;

 private:
  prometheus::Gauge* impl_;
};

class Histogram {
 public:
  explicit Histogram(prometheus::Histogram& impl) : impl_(&impl) {}
  /// Seconds, for metrics named *_seconds.
  void Observe(double value);

 private:
  prometheus::Histogram* impl_;
};

/// Thread-safe. Asking twice for one name and label set gives the same metric.
class MetricsRegistry {
 public:
  MetricsRegistry();
  ~MetricsRegistry();
  Counter GetCounter(std::string_view name, std::string_view help, const MetricLabels& labels = {});
  Gauge GetGauge(std::string_view name, std::string_view help, const MetricLabels& labels = {});
  /// Buckets are upper bounds, ascending; empty: 1 ms to 100 s, three a decade.
  Histogram GetHistogram(std::string_view name, std::string_view help, const MetricLabels& labels = {},
                         std::vector<double> buckets = {});
  /// Prometheus text exposition format 0.0.4.
  std::string Render() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace k2i
