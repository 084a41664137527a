// The settings that are shipped: they read, and their comments tell the truth.
#include <cmath>
#include <filesystem>

#include <doctest/doctest.h>

#include "settings/yaml.hpp"

using namespace ballast;
using core::Json;

TEST_SUITE_BEGIN("settings");

TEST_CASE("every shipped YAML file reads as one table") {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(BALLAST_SOURCE_DIR "/config")) {
    if (entry.path().extension() != ".yaml") continue;
    CAPTURE(entry.path().string());
    CHECK(settings::read_yaml_file(entry.path().string()).value.is_object());
    ++files;
  }
  CHECK(files > 0);
}

TEST_CASE("the stage6_core governor has the values of its specification, as fractions") {
  const Json governor = settings::read_yaml_file(BALLAST_SOURCE_DIR "/config/governors/stage6_core.yaml").value;
  CHECK(governor.at("name") == "stage6_core");
  CHECK(governor.at("drift_tolerance") == Json{{"absolute", 0.02}, {"relative", 0.25}});
  CHECK(governor.at("rebalance_cooldown_seconds") == 900);
  CHECK(governor.at("min_rebalance_value_usd") == 1000);
  CHECK(governor.at("min_rebalance_weight") == 0.01);
  CHECK(governor.at("market") == Json{{"interval", "1h"}, {"lookback_bars", 168}});
  CHECK(governor.at("risk_budgets") == Json{{"balanced", {{"max_drawdown", 0.18}, {"severity", "warning"}}},
                                            {"aggressive", {{"max_drawdown", 0.25}, {"severity", "critical"}}}});
  CHECK(governor.at("slo_overrides") == Json::array({{{"slo_name", "router_latency"},
                                                      {"apply_on", {"warning", "breach"}},
                                                      {"weight_multiplier", 0.5},
                                                      {"tags", {"latency", "stage6"}},
                                                      {"force_rebalance", true}},
                                                     {{"slo_name", "order_throughput"},
                                                      {"apply_on", Json::array({"breach"})},
                                                      {"min_weight", 0.05},
                                                      {"severity", "warning"}}}));
  // In thousandths, so that the sums are exact.
  long target = 0, least = 0;
  for (const Json& asset : governor.at("assets")) {
    const auto thousandths = [&](const char* name) { return std::lround(asset.at(name).get<double>() * 1000); };
    CHECK(thousandths("min_weight") <= thousandths("target_weight"));
    CHECK(thousandths("target_weight") <= thousandths("max_weight"));
    CHECK(governor.at("risk_budgets").contains(asset.at("risk_budget").get<std::string>()));
    target += thousandths("target_weight");
    least += thousandths("min_weight");
  }
  CHECK(target == 1000);
  CHECK(least == 350);
}

TEST_SUITE_END();
