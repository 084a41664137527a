// Records: every kind of field read, refused with its full text, written and described.
#include "core/record.hpp"

#include <array>
#include <cstdint>

#include <doctest/doctest.h>

#include "support/error_text.hpp"

using namespace ballast;
using core::field;
using core::Json;
using core::read_record;
using core::Unknown;
using test::error_text;

namespace {

enum class Severity { info, warning, critical };

struct Drift {
  double absolute = 0.01;
  double relative = 0.25;
  bool operator==(const Drift&) const = default;
};

struct Asset {
  std::string symbol;
  double target = 0;
  std::optional<double> cap;
  bool operator==(const Asset&) const = default;
};

struct Everything {
  bool on = true;
  double ratio = 0.5;
  std::int64_t bars = 168;
  std::uint8_t small = 3;
  std::string text = "plain";
  core::Instant since{};
  Severity severity = Severity::warning;
  std::optional<std::int64_t> limit;
  std::vector<double> weights;
  std::map<std::string, Drift> drifts;
  std::vector<Asset> assets;
  Drift drift;
  Json extra;
  bool operator==(const Everything&) const = default;
};

}  // namespace

template <>
struct ballast::core::Names<Severity> {
  static constexpr std::array<std::pair<Severity, std::string_view>, 3> values{
      {{Severity::info, "info"}, {Severity::warning, "warning"}, {Severity::critical, "critical"}}};
};

template <>
struct ballast::core::Record<Drift> {
  static constexpr std::string_view name = "Drift", doc = "How far a weight may stray.";
  static constexpr auto fields = std::tuple{
      field(&Drift::absolute, {.name = "absolute", .doc = "Smallest move.", .unit = "fraction", .low = 0, .high = 1}),
      field(&Drift::relative, {.name = "relative", .doc = "Smallest move relative to the weight.", .low = 0})};
};

template <>
struct ballast::core::Record<Asset> {
  static constexpr std::string_view name = "Asset", doc = "One asset.";
  static constexpr auto fields = std::tuple{
      field(&Asset::symbol, {.name = "symbol", .doc = "Name of the market.", .required = true}),
      field(&Asset::target,
            {.name = "target", .doc = "Target weight.", .unit = "fraction", .low = 0, .high = 1, .required = true}),
      field(&Asset::cap, {.name = "cap", .doc = "Largest weight.", .unit = "fraction", .low = 0, .high = 1})};
};

template <>
struct ballast::core::Record<Everything> {
  using E = Everything;
  static constexpr std::string_view name = "Everything", doc = "One field of every kind.";
  static constexpr auto fields =
      std::tuple{field(&E::on, {.name = "on", .doc = "A switch."}),
                 field(&E::ratio, {.name = "ratio", .doc = "A ratio.", .high = 2}),
                 field(&E::bars, {.name = "bars", .doc = "A count.", .unit = "bars", .low = 1, .high = 1000}),
                 field(&E::small, {.name = "small", .doc = "A small count."}),
                 field(&E::text, {.name = "text", .doc = "Words."}),
                 field(&E::since, {.name = "since", .doc = "A time."}),
                 field(&E::severity, {.name = "severity", .doc = "How bad."}),
                 field(&E::limit, {.name = "limit", .doc = "A limit.", .low = 0}),
                 field(&E::weights, {.name = "weights", .doc = "Weights.", .low = 0, .high = 1}),
                 field(&E::drifts, {.name = "drifts", .doc = "Drifts by name."}),
                 field(&E::assets, {.name = "assets", .doc = "Assets."}),
                 field(&E::drift, {.name = "drift", .doc = "A drift."}),
                 field(&E::extra, {.name = "extra", .doc = "Anything."})};
};

namespace {

Everything read(const char* text) { return read_record<Everything>(core::parse_json(text, "test")); }

}  // namespace

TEST_SUITE_BEGIN("core");

TEST_CASE("a record reads every kind of field and writes it back") {
  const char* text =
      R"({"on": false, "ratio": 1, "bars": 5.0, "small": 255, "text": "x", "since": "2024-01-01T00:00:00Z",
    "severity": "critical", "limit": 0, "weights": [0, 0.5, 1], "drifts": {"a": {"absolute": 0}},
    "assets": [{"symbol": "BTC_USDT", "target": 0.5, "cap": 0.6}], "drift": {"relative": 3}, "extra": {"any": [1, null]}})";
  const Everything value = read(text);
  CHECK(value.on == false);
  CHECK(value.ratio == 1.0);
  CHECK(value.bars == 5);
  CHECK(value.small == 255);
  CHECK(value.since.microseconds == 1'704'067'200'000'000);
  CHECK(value.severity == Severity::critical);
  CHECK(value.limit == 0);  // a configured 0 is 0, not "unset"
  CHECK(value.weights == std::vector<double>{0, 0.5, 1});
  CHECK(value.drifts.at("a") == Drift{0, 0.25});
  CHECK(value.assets.at(0) == Asset{"BTC_USDT", 0.5, 0.6});
  CHECK(value.drift == Drift{0.01, 3});
  CHECK(value.extra == Json{{"any", {1, nullptr}}});
  CHECK(read_record<Everything>(core::write_record(value)) == value);
}

TEST_CASE("what is not stated keeps its default and null is no value") {
  CHECK(read("{}") == Everything{});
  CHECK(read("[]") == Everything{});  // a script's empty table does not say which it is
  CHECK(read(R"({"limit": null})").limit == std::nullopt);
  CHECK(read(R"({"weights": {}, "drifts": [], "assets": {}})") == Everything{});
  CHECK_FALSE(core::write_record(Everything{}).contains("limit"));
  CHECK_FALSE(core::write_record(Everything{}).contains("extra"));
}

TEST_CASE("a refused value is placed at its path with the accepted range, the unit and what was found") {
  const std::vector<std::pair<const char*, const char*>> refused{
      {R"({"on": 1})", "on: expected true or false, found 1"},
      {R"({"on": "yes"})", "on: expected true or false, found \"yes\""},
      {R"({"on": null})", "on: expected true or false, found null"},
      {R"({"ratio": "1"})", "ratio: expected a number of at most 2, found \"1\""},
      {R"({"ratio": 2.5})", "ratio: expected a finite number of at most 2, found 2.5"},
      {R"({"bars": 0})", "bars: expected an integer in [1, 1000], bars, found 0"},
      {R"({"bars": 1001})", "bars: expected an integer in [1, 1000], bars, found 1001"},
      {R"({"bars": 1.5})", "bars: expected an integer in [1, 1000], bars, found 1.5"},
      {R"({"bars": true})", "bars: expected an integer in [1, 1000], bars, found true"},
      {R"({"bars": 1e17})", "bars: expected an integer in [1, 1000], bars, found 1e+17"},
      {R"({"small": 256})", "small: expected an integer, found 256"},
      {R"({"small": -1})", "small: expected an integer, found -1"},
      {R"({"text": ["x"]})", "text: expected text, found array"},
      {R"({"since": 5})", "since: expected a time such as 2024-01-01T12:00:00Z, found 5"},
      {R"({"since": "now"})",
       "since: 'now' is not a time: a digit is missing; accepted: 2024-01-01T12:00:00Z, with a fraction or an offset "
       "such as "
       "+02:00"},
      {R"({"severity": "critcal"})", "severity: 'critcal' is not accepted (did you mean 'critical'?)"},
      {R"({"severity": "red"})", "severity: 'red' is not accepted; accepted: info, warning, critical"},
      {R"({"severity": 2})", "severity: expected \"info\"|\"warning\"|\"critical\", found 2"},
      {R"({"limit": -1})", "limit: expected an integer of at least 0, found -1"},
      {R"({"weights": 1})", "weights: expected a list, found 1"},
      {R"({"weights": {"a": 1}})", "weights: expected a list, found object"},
      {R"({"weights": [0, 1.5]})", "weights[1]: expected a finite number in [0, 1], found 1.5"},
      {R"({"drifts": [1]})", "drifts: expected a table of names, found array"},
      {R"({"drifts": {"a": {"absolute": 2}}})",
       "drifts.a.absolute: expected a finite number in [0, 1], fraction, found 2"},
      {R"({"drift": 5})", "drift: expected a table (Drift), found 5"},
      {R"({"drift": [1]})", "drift: expected a table (Drift), found array"},
      {R"({"drift": null})", "drift: expected a table (Drift), found null"},
      {R"({"drift": {"absolut": 1}})", "drift.absolut: unknown field 'absolut' (did you mean 'absolute'?)"},
      {R"({"assets": [{"symbol": "A", "target": 0}, {"symbol": "B"}]})",
       "assets[1].target: 'target' is missing: Target weight."},
      {R"({"assets": [{"symbol": "A", "target": 0, "cap": 2}]})",
       "assets[0].cap: expected a finite number in [0, 1], fraction, found 2"},
      {R"({"ratoi": 1})", "ratoi: unknown field 'ratoi' (did you mean 'ratio'?)"},
      {R"({"leverage": 1})",
       "leverage: unknown field 'leverage'; accepted: on, ratio, bars, small, text, since, severity, limit, weights, "
       "drifts, "
       "assets, drift, ..."},
      {"5", "expected a table (Everything), found 5"}};
  for (const auto& row : refused) {
    const auto& text = row.first;
    const auto& want = row.second;
    CAPTURE(text);
    CHECK(error_text([&] { return read(text); }) == std::string("argument | ") + want);
  }
}

TEST_CASE("numbers that only a program could hand over are refused too") {
  CHECK(error_text([] {
          return read_record<Everything>({{"ratio", std::numeric_limits<double>::quiet_NaN()}});
        }) == "argument | ratio: expected a finite number of at most 2, found nan");
  CHECK(error_text([] {
          return read_record<Everything>({{"limit", std::numeric_limits<std::uint64_t>::max()}});
        }) == "argument | limit: expected an integer of at least 0, found 18446744073709551615");
}

TEST_CASE("what was found stays printable and short, whatever a script hands over") {
  CHECK(error_text([] {
          return read_record<Everything>({{"bars", "\xFF"}});
        }) == "argument | bars: expected an integer in [1, 1000], bars, found \"\xEF\xBF\xBD\"");
  CHECK(error_text([] {
          return read_record<Everything>({{"bars", std::string(100, 'a')}});
        }) == "argument | bars: expected an integer in [1, 1000], bars, found \"" + std::string(56, 'a') + "...");
  std::string umlauts;
  for (int i = 0; i < 50; ++i) umlauts += "\xC3\xB6";
  const std::string text = error_text([&] { return read_record<Everything>({{"bars", "a" + umlauts}}); });
  CHECK(core::is_utf8(text));
  CHECK(text.ends_with("\xC3\xB6..."));
}

TEST_CASE("unknown members are ignored where newer machines may have written them") {
  const Json newer{{"absolute", 0.5}, {"added_later", 1}};
  CHECK(read_record<Drift>(newer, Unknown::ignore) == Drift{0.5, 0.25});
  CHECK(read_record<Everything>({{"drift", newer}, {"more", 1}}, Unknown::ignore).drift.absolute == 0.5);
  CHECK(error_text([&] { return read_record<Drift>(newer, Unknown::refuse, "portfolio.drift"); }) ==
        "argument | portfolio.drift.added_later: unknown field 'added_later'; accepted: absolute, relative");
}

TEST_CASE("kinds name their types as the generated reference does") {
  CHECK(core::Kind<std::vector<Asset>>::type() == "Asset[]");
  CHECK(core::Kind<std::optional<std::int64_t>>::type() == "integer?");
  CHECK(core::Kind<std::map<std::string, Drift>>::type() == "table<string, Drift>");
  CHECK(core::Kind<Severity>::type() == "\"info\"|\"warning\"|\"critical\"");
  CHECK(core::Kind<core::Instant>::type() == "string");
  CHECK(core::Kind<Json>::type() == "any");
  CHECK(core::Kind<bool>::type() == "boolean");
}

TEST_CASE("the schema of a record says what its description says") {
  CHECK(
      core::canonical_json(core::record_schema<Asset>()) ==
      R"({"$schema":"https://json-schema.org/draft/2020-12/schema","additionalProperties":false,"description":"One asset.",)"
      R"("properties":{"cap":{"description":"Largest weight. Unit: fraction.","maximum":1,"minimum":0,"type":"number"},)"
      R"("symbol":{"description":"Name of the market.","type":"string"},)"
      R"("target":{"description":"Target weight. Unit: fraction.","maximum":1,"minimum":0,"type":"number"}},)"
      R"("required":["symbol","target"],"title":"Asset","type":"object"})");
  const Json all = core::record_schema<Everything>();
  const Json& properties = all.at("properties");
  CHECK(properties.at("severity").at("enum") == Json{"info", "warning", "critical"});
  CHECK(properties.at("severity").at("default") == "warning");
  CHECK(properties.at("since").at("format") == "date-time");
  CHECK(properties.at("bars").at("default") == 168);
  CHECK_FALSE(properties.at("limit").contains("default"));
  CHECK(properties.at("weights").at("items").at("maximum") == 1);
  CHECK(properties.at("drifts").at("additionalProperties").at("title") == "Drift");
  CHECK(properties.at("assets").at("items").at("required") == Json{"symbol", "target"});
  CHECK(properties.at("drift").at("default") == Json{{"absolute", 0.01}, {"relative", 0.25}});
  CHECK(properties.at("extra") == Json{{"description", "Anything."}});
  CHECK_FALSE(all.contains("required"));
}

TEST_SUITE_END();
