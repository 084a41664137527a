// Records that stand for the settings of a program in the tests of this folder.
#pragma once

#include <array>
#include <cstdint>

#include "core/record.hpp"

namespace ballast::test {

enum class Severity { info, warning, critical };

struct SampleDrift {
  double absolute = 0.01;
  double relative = 0.25;
  bool operator==(const SampleDrift&) const = default;
};

struct SampleAsset {
  std::string symbol;
  std::optional<double> cap;
  SampleDrift drift;
  bool operator==(const SampleAsset&) const = default;
};

struct SamplePortfolio {
  bool enabled = true;
  std::int64_t bars = 168;
  std::string interval = "1h";
  std::string quote = "yes";
  core::Instant since{1'704'067'200'000'000};
  Severity severity = Severity::warning;
  std::optional<double> cap;
  std::vector<std::string> tags{"core", "no"};
  SampleDrift drift;
  std::vector<SampleAsset> assets;
  std::map<std::string, SampleDrift> drifts{{"wide", {0.1, 0.5}}};
  bool operator==(const SamplePortfolio&) const = default;
};

struct SampleStore {
  std::string folder = "var/market";
  bool operator==(const SampleStore&) const = default;
};

struct SampleSettings {
  SamplePortfolio portfolio;
  SampleStore store;
  bool operator==(const SampleSettings&) const = default;
};

}  // namespace ballast::test

template <>
struct ballast::core::Names<ballast::test::Severity> {
  using S = ballast::test::Severity;
  static constexpr std::array<std::pair<S, std::string_view>, 3> values{
      {{S::info, "info"}, {S::warning, "warning"}, {S::critical, "critical"}}};
};

template <>
struct ballast::core::Record<ballast::test::SampleDrift> {
  using S = ballast::test::SampleDrift;
  static constexpr std::string_view name = "SampleDrift", doc = "How far a weight may stray.";
  static constexpr auto fields = std::tuple{
      field(&S::absolute, {.name = "absolute", .doc = "Smallest move.", .unit = "fraction", .low = 0, .high = 1}),
      field(&S::relative, {.name = "relative", .doc = "Smallest move relative to the weight.", .low = 0})};
};

template <>
struct ballast::core::Record<ballast::test::SampleAsset> {
  using S = ballast::test::SampleAsset;
  static constexpr std::string_view name = "SampleAsset", doc = "One asset.";
  static constexpr auto fields =
      std::tuple{field(&S::symbol, {.name = "symbol", .doc = "Name of the market.", .required = true}),
                 field(&S::cap, {.name = "cap", .doc = "Largest weight.", .unit = "fraction", .low = 0, .high = 1}),
                 field(&S::drift, {.name = "drift", .doc = "Its own tolerance."})};
};

template <>
struct ballast::core::Record<ballast::test::SamplePortfolio> {
  using S = ballast::test::SamplePortfolio;
  static constexpr std::string_view name = "SamplePortfolio", doc = "The portfolio.";
  static constexpr auto fields = std::tuple{
      field(&S::enabled, {.name = "enabled", .doc = "Whether it is governed."}),
      field(&S::bars, {.name = "bars", .doc = "How far metrics look back.", .unit = "bars", .low = 1, .high = 1000}),
      field(&S::interval, {.name = "interval", .doc = "Length of a bar."}),
      field(&S::quote, {.name = "quote", .doc = "A word that YAML 1.1 takes for a switch."}),
      field(&S::since, {.name = "since", .doc = "First instant that counts."}),
      field(&S::severity, {.name = "severity", .doc = "Lowest severity reported."}),
      field(&S::cap, {.name = "cap", .doc = "Largest weight of one asset.", .unit = "fraction", .high = 1}),
      field(&S::tags, {.name = "tags", .doc = "Labels."}),
      field(&S::drift, {.name = "drift", .doc = "Tolerance around each target."}),
      field(&S::assets, {.name = "assets", .doc = "What is held."}),
      field(&S::drifts, {.name = "drifts", .doc = "Tolerances by name."})};
};

template <>
struct ballast::core::Record<ballast::test::SampleStore> {
  using S = ballast::test::SampleStore;
  static constexpr std::string_view name = "SampleStore", doc = "Where bars are kept.";
  static constexpr auto fields =
      std::tuple{field(&S::folder, {.name = "folder", .doc = "Folder of the market store."})};
};

template <>
struct ballast::core::Record<ballast::test::SampleSettings> {
  using S = ballast::test::SampleSettings;
  static constexpr std::string_view name = "SampleSettings", doc = "Settings of the tests.";
  static constexpr auto fields = std::tuple{field(&S::portfolio, {.name = "portfolio", .doc = "What is governed."}),
                                            field(&S::store, {.name = "store", .doc = "Where bars are kept."})};
};
