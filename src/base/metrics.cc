// SPDX-License-Identifier: Apache-2.0
#include "base/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace k2i {
namespace {

std::vector<double> DefaultBuckets() {
  std::vector<double> buckets;
  for (double decade = 0.001; decade < 150; decade *= 10) {
    for (const double step : {1.0, 2.5, 5.0}) buckets.push_back(decade * step);
  }
  return buckets;
}

}  // namespace

void Counter::Increment(double by) { impl_->Increment(by); }
double Counter::value() const { return impl_->Value(); }
void Gauge::Set(double value) { impl_->Set(value); }
double Gauge::value() const { return impl_->Value(); }
void Histogram::Observe(double value) { impl_->Observe(value); }

struct MetricsRegistry::Impl {
  // Merge: asking for a family that is there gives it again.
  prometheus::Registry registry{prometheus::Registry::InsertBehavior::Merge};
};

MetricsRegistry::MetricsRegistry() : impl_(std::make_unique<Impl>()) {}
MetricsRegistry::~MetricsRegistry() = default;

Counter MetricsRegistry::GetCounter(std::string_view name, std::string_view help, const MetricLabels& labels) {
  auto& family = prometheus::BuildCounter().Name(std::string(name)).Help(std::string(help)).Register(impl_->registry);
  return Counter(family.Add(labels));
}

Gauge MetricsRegistry::GetGauge(std::string_view name, std::string_view help, const MetricLabels& labels) {
  auto& family = prometheus::BuildGauge().Name(std::string(name)).Help(std::string(help)).Register(impl_->registry);
  return Gauge(family.Add(labels));
}

Histogram MetricsRegistry::GetHistogram(std::string_view name, std::string_view help, const MetricLabels& labels,
                                        std::vector<double> buckets) {
  auto& family = prometheus::BuildHistogram().Name(std::string(name)).Help(std::string(help)).Register(impl_->registry);
  return Histogram(family.Add(labels, buckets.empty() ? DefaultBuckets() : std::move(buckets)));
}

std::string MetricsRegistry::Render() const {
  return prometheus::TextSerializer().Serialize(impl_->registry.Collect());
}

}  // namespace k2i
