// SPDX-License-Identifier: Apache-2.0
#include "server/monitoring.h"

#include <gtest/gtest.h>
#include <httplib.h>

#include <nlohmann/json.hpp>

namespace k2i::server {
namespace {

class FakeHealth final : public HealthPort {
 public:
  std::map<std::string, ComponentReport> Components() override { return components; }
  std::optional<std::string> NotReady() override { return not_ready; }
  std::string StatusJson() override { return R"({"state":"running"})"; }
  std::string MaintenanceJson() override { return R"({"held":null,"tasks":[]})"; }
  std::string Version() override { return "1.2.3"; }
  double UptimeSeconds() override { return 7.5; }

  std::map<std::string, ComponentReport> components{{"kafka", {HealthState::kHealthy, ""}}};
  std::optional<std::string> not_ready;
};

class MonitoringTest : public testing::Test {
 protected:
  httplib::Result Get(const char* path) { return httplib::Client("127.0.0.1", server_->port()).Get(path); }
  FakeHealth health_;
  std::unique_ptr<HttpServer> server_ = ServeHealth("127.0.0.1", 0, health_).value();
};

TEST_F(MonitoringTest, HealthHasTheShapeOfTheInterface) {
  health_.components["catalog"] = {HealthState::kDegraded, "no answer \xFF"};
  const auto response = Get("/health");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  const auto body = nlohmann::json::parse(response->body);
  EXPECT_EQ(body["status"], "degraded");
  EXPECT_EQ(body["version"], "1.2.3");
  EXPECT_EQ(body["uptime_seconds"], 7.5);
  EXPECT_EQ(body["components"]["kafka"], (nlohmann::json{{"status", "healthy"}}));
  EXPECT_EQ(body["components"]["catalog"]["status"], "degraded");
}

TEST_F(MonitoringTest, OnlyUnhealthyIs503) {
  health_.components["catalog"] = {HealthState::kUnhealthy, "gone"};
  EXPECT_EQ(Get("/health")->status, 503);
  health_.components["catalog"] = {HealthState::kUnknown, ""};
  EXPECT_EQ(Get("/health")->status, 200);
}

TEST_F(MonitoringTest, ReadyAndAlive) {
  EXPECT_EQ(Get("/healthz")->status, 200);
  EXPECT_EQ(Get("/readyz")->status, 200);
  health_.not_ready = "no partitions";
  EXPECT_EQ(Get("/readyz")->status, 503);
  EXPECT_EQ(nlohmann::json::parse(Get("/readyz")->body)["reason"], "no partitions");
  EXPECT_EQ(Get("/healthz")->status, 200);
  EXPECT_EQ(Get("/nothing")->status, 404);
}

TEST_F(MonitoringTest, PortThatIsTakenIsAConfigurationError) {
  const auto second = ServeHealth("127.0.0.1", server_->port(), health_);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::kInvalidConfig);
  EXPECT_NE(second.error().message.find(std::to_string(server_->port())), std::string::npos);
}

TEST(MetricsServerTest, ServesPrometheusText) {
  class FakeMetrics final : public MetricsPort {
    std::string Render() override { return "k2i_rows_total 1\n"; }
  } metrics;
  const auto server = ServeMetrics("127.0.0.1", 0, metrics).value();
  const auto response = httplib::Client("127.0.0.1", server->port()).Get("/metrics");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, "k2i_rows_total 1\n");
  EXPECT_EQ(response->get_header_value("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
}

}  // namespace
}  // namespace k2i::server
