// Layers of settings: who wins, who is remembered, and what two neighbours may not do to each other.
#include "settings/layers.hpp"

#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "core/digest.hpp"
#include "core/file.hpp"
#include "sample_records.hpp"
#include "settings/yaml.hpp"
#include "support/error_text.hpp"
#include "support/temporary_folder.hpp"

using namespace ballast;
using settings::Layers;
using settings::read_yaml;
using settings::Source;
using test::error_text;
using test::SampleSettings;

TEST_SUITE_BEGIN("settings");

TEST_CASE("without layers the defaults stand") {
  const auto effective = Layers().resolve<SampleSettings>();
  CHECK(effective.value == SampleSettings{});
  CHECK(effective.canonical == core::canonical_json(core::write_record(SampleSettings{})));
  CHECK(Layers().source_of("portfolio.bars") == Source{"default", ""});
  CHECK(Layers().overrides() == core::Json::object());
}

TEST_CASE("a later layer wins member by member and every value knows where it came from") {
  Layers layers;
  layers.add(
      read_yaml("portfolio:\n  bars: 24\n  drift: {absolute: 0.02, relative: 1}\n  tags: [a, b, c]\n", "install.yaml"),
      "installation");
  layers.add(read_yaml("portfolio:\n  drift:\n    absolute: 0\n  tags: [z]\n", "desk.yaml"), "desk");
  layers.add(read_yaml("store: {folder: var/other}\nportfolio:\n", "own.yaml"), "--config");
  layers.add_assignment("portfolio.bars=48");
  const auto effective = layers.resolve<SampleSettings>();
  CHECK(effective.value.portfolio.bars == 48);
  CHECK(effective.value.portfolio.drift == test::SampleDrift{0, 1});
  CHECK(effective.value.portfolio.tags == std::vector<std::string>{"z"});
  CHECK(effective.value.store.folder == "var/other");
  CHECK(effective.json.at("portfolio").at("interval") == "1h");
  CHECK(core::sha256_hex(effective.canonical) == core::sha256_hex(core::canonical_json(effective.json)));

  CHECK(layers.source_of("portfolio.bars") == Source{"--setting", "--setting portfolio.bars"});
  CHECK(layers.source_of("portfolio.drift.absolute") == Source{"desk", "desk.yaml:3:5"});
  CHECK(layers.source_of("portfolio.drift.relative") == Source{"installation", "install.yaml:3:27"});
  CHECK(layers.source_of("portfolio.tags[0]") == Source{"desk", "desk.yaml:4:10"});
  CHECK(layers.source_of("portfolio.tags[1]") == Source{"default", ""});
  CHECK(layers.source_of("store.folder") == Source{"--config", "own.yaml:1:9"});
  CHECK(layers.source_of("portfolio.interval") == Source{"default", ""});
  CHECK(layers.overrides() ==
        core::Json{{"portfolio", {{"bars", 48}, {"drift", {{"absolute", 0}, {"relative", 1}}}, {"tags", {"z"}}}},
                   {"store", {{"folder", "var/other"}}}});
}

TEST_CASE("the bytes that are hashed do not depend on who said it or in which order") {
  Layers a, b;
  a.add(read_yaml("portfolio: {bars: 24, interval: 4h}", "x"), "desk");
  b.add_assignment("portfolio.interval=4h");
  b.add_assignment("portfolio.bars=24.0");
  CHECK(a.resolve<SampleSettings>().canonical == b.resolve<SampleSettings>().canonical);
  b.add_assignment("portfolio.bars=25");
  CHECK(a.resolve<SampleSettings>().canonical != b.resolve<SampleSettings>().canonical);
}

TEST_CASE("refused values and unknown sections are placed where they were written") {
  const auto refusal = [](std::string_view file_text, std::string_view assignment) {
    Layers layers;
    layers.add(read_yaml(file_text, "core.yaml"), "desk");
    if (!assignment.empty()) layers.add_assignment(assignment);
    return error_text([&] { return layers.resolve<SampleSettings>(), 0; });
  };
  CHECK(refusal("portfolo:\n  bars: 1", "") ==
        "argument | core.yaml:1:1: portfolo: unknown field 'portfolo' (did you mean 'portfolio'?)");
  CHECK(refusal("portfolio:\n  bars: 0", "") ==
        "argument | core.yaml:2:3: portfolio.bars: expected an integer in [1, 1000], bars, found 0");
  CHECK(refusal("portfolio:\n  bars: 1", "portfolio.bars=no") ==
        "argument | --setting portfolio.bars: expected an integer in [1, 1000], bars, found \"no\"");
  CHECK(refusal("portfolio:\n  assets: [{cap: 1}]", "") ==
        "argument | core.yaml:2:12: portfolio.assets[0].symbol: 'symbol' is missing: Name of the market.");
  CHECK(
      refusal("portfolio:\n  assets: [{symbol: A}]", "portfolio.assets[0].drift={absolut: 1}") ==
      "argument | --setting portfolio.assets[0].drift: portfolio.assets[0].drift.absolut: unknown field 'absolut' (did "
      "you mean 'absolute'?)");
  Layers layers;
  CHECK(error_text([&] { return layers.add(read_yaml("[1]", "core.yaml"), "desk"), 0; }) ==
        "argument | core.yaml:1:1: settings are a table of sections, found array");
}

TEST_CASE("an assignment reads its value as YAML and reaches into lists that are there") {
  Layers layers;
  layers.add(read_yaml("portfolio:\n  assets: [{symbol: A}, {symbol: B, cap: 0.5}]", "x"), "desk");
  layers.add_assignment("portfolio.assets[1].cap=0.25");
  layers.add_assignment("portfolio.tags=[x, 'no']");
  layers.add_assignment("portfolio.drift={relative: 2}");
  layers.add_assignment("portfolio.drift.absolute=0");
  layers.add_assignment("portfolio.interval='a=b'");
  const auto value = layers.resolve<SampleSettings>().value.portfolio;
  CHECK(value.assets == std::vector<test::SampleAsset>{{"A", {}, {}}, {"B", 0.25, {}}});
  CHECK(value.tags == std::vector<std::string>{"x", "no"});
  CHECK(value.drift == test::SampleDrift{0, 2});
  CHECK(value.interval == "a=b");
  CHECK(layers.source_of("portfolio.assets[1].cap").layer == "--setting");
  CHECK(layers.source_of("portfolio.assets[1].symbol") == Source{"desk", "x:2:26"});
}

TEST_CASE("an assignment that cannot be meant is refused and changes nothing") {
  Layers layers;
  layers.add(read_yaml("portfolio: {assets: [{symbol: A}], bars: 3}", "x"), "desk");
  const core::Json before = layers.overrides();
  const std::vector<std::pair<std::string, std::string>> refused{
      {"portfolio", "--setting: expected section.key=value, found 'portfolio'"},
      {"=1", "--setting: expected section.key=value, found '=1'"},
      {"portfolio.bars= ", "--setting portfolio.bars: nothing after '='; write '' for empty text, null for no value"},
      {"portfolio..bars=1",
       "--setting portfolio..bars: 'portfolio..bars' is not a path; accepted: section.key or section.list[0].key"},
      {"portfolio.=1",
       "--setting portfolio.: 'portfolio.' is not a path; accepted: section.key or section.list[0].key"},
      {".a=1", "--setting .a: '.a' is not a path; accepted: section.key or section.list[0].key"},
      {"[0]=1", "--setting [0]: '[0]' is not a path; accepted: section.key or section.list[0].key"},
      {"portfolio.assets[x]=1",
       "--setting portfolio.assets[x]: 'portfolio.assets[x]' is not a path; accepted: section.key or "
       "section.list[0].key"},
      {"portfolio.assets[0=1",
       "--setting portfolio.assets[0: 'portfolio.assets[0' is not a path; accepted: section.key or "
       "section.list[0].key"},
      {"portfolio.assets[0]x=1",
       "--setting portfolio.assets[0]x: 'portfolio.assets[0]x' is not a path; accepted: section.key or "
       "section.list[0].key"},
      {"portfolio.assets[1].cap=1",
       "--setting portfolio.assets[1].cap: 'portfolio.assets' has 1 elements in the settings so far, [1] is not one of "
       "them"},
      {"portfolio.tags[0]=1",
       "--setting portfolio.tags[0]: 'portfolio.tags' has 0 elements in the settings so far, [0] is not one of them"},
      {"portfolio.bars.x=1", "--setting portfolio.bars.x: 'portfolio.bars' is set to a value that has no members"},
      {"portfolio.bars=.nan", "--setting portfolio.bars:1:1: .nan is not a finite number"},
      {"portfolio.bars=[1", "--setting portfolio.bars:1:1: not YAML: end of sequence flow not found"}};
  for (const auto& row : refused) {
    const auto& text = row.first;
    const auto& want = row.second;
    CAPTURE(text);
    CHECK(error_text([&] { return layers.add_assignment(text), 0; }) == "argument | " + want);
    CHECK(layers.overrides() == before);
  }
}

TEST_CASE("the files of a folder are one layer, and none of them is on top of another") {
  const test::TemporaryFolder folder;
  const std::string a = (folder / "a.yaml").string(), b = (folder / "b.toml").string(),
                    c = (folder / "c.json").string();
  core::write_file_atomically(a, "portfolio:\n  bars: 24\n  drift:\n");
  core::write_file_atomically(b, "[portfolio]\ninterval = \"4h\"\n[portfolio.drift]\nabsolute = 0.5\n");
  core::write_file_atomically(c, R"({"store": {"folder": "x"}})");
  core::write_file_atomically(folder / ".a.yaml.swp.yaml", "][");
  core::write_file_atomically(folder / "notes.txt", "][");
  core::write_file_atomically(folder / "governors" / "g.yaml", "name: not settings");
  Layers layers;
  layers.add(read_yaml("portfolio: {bars: 12, tags: [q]}", "below.yaml"), "installation");
  layers.add_folder(folder.path(), "desk");
  const auto value = layers.resolve<SampleSettings>().value;
  CHECK(value.portfolio.bars == 24);
  CHECK(value.portfolio.interval == "4h");
  CHECK(value.portfolio.drift.absolute == 0.5);
  CHECK(value.portfolio.tags == std::vector<std::string>{"q"});
  CHECK(value.store.folder == "x");
  CHECK(layers.source_of("portfolio.bars") == Source{"desk", a + ":2:3"});
  CHECK(layers.source_of("portfolio.interval") == Source{"desk", b + ":2:1"});
  CHECK(layers.source_of("store.folder") == Source{"desk", c});
  CHECK(layers.source_of("portfolio.tags") == Source{"installation", "below.yaml:1:23"});

  core::write_file_atomically(folder / "d.yaml", "portfolio:\n  bars: 24\n");
  const std::string d = (folder / "d.yaml").string();
  CHECK(error_text([&] { return layers.add_folder(folder.path(), "desk"), 0; }) ==
        "argument | " + d + ":2:3: portfolio.bars: is already set at " + a + ":2:3, in a file of the same folder");
  CHECK_NOTHROW(layers.add_folder(folder / "none", "desk"));
}

TEST_SUITE_END();
