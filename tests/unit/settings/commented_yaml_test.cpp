// The file that is generated for people: it changes nothing, and any line of it can be taken into force.
#include "settings/commented_yaml.hpp"

#include <sstream>

#include <doctest/doctest.h>

#include "sample_records.hpp"
#include "settings/yaml.hpp"

using namespace ballast;
using settings::commented_yaml;
using settings::read_section;
using settings::read_yaml;
using test::SampleSettings;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) out.push_back(line);
  return out;
}

// A value behind a '#' follows it without a space; words follow it after one.
bool holds_value(const std::string& line) {
  const auto at = line.find_first_not_of(' ');
  return at != std::string::npos && line[at] == '#' && line.size() > at + 1 && line[at + 1] != ' ';
}

std::string with_value(std::string line) { return line.erase(line.find('#'), 1); }

}  // namespace

TEST_SUITE_BEGIN("settings");

TEST_CASE("the commented file of a record says everything its description says") {
  CHECK(commented_yaml<SampleSettings>() ==
        "# Settings of the tests.\n"
        "# As written, this file changes nothing. A value that follows its '#' without a space is the\n"
        "# default: take the '#' away and change it.\n"
        "\n"
        "# What is governed.\n"
        "portfolio:\n"
        "  # Whether it is governed.\n"
        "  #enabled: true\n"
        "  # How far metrics look back. Unit: bars. Accepted: 1 to 1000.\n"
        "  #bars: 168\n"
        "  # Length of a bar.\n"
        "  #interval: \"1h\"\n"
        "  # A word that YAML 1.1 takes for a switch.\n"
        "  #quote: \"yes\"\n"
        "  # First instant that counts.\n"
        "  #since: \"2024-01-01T00:00:00Z\"\n"
        "  # Lowest severity reported. Accepted: \"info\"|\"warning\"|\"critical\".\n"
        "  #severity: warning\n"
        "  # Largest weight of one asset. Unit: fraction. Accepted: at most 1.\n"
        "  #cap: null\n"
        "  # Labels.\n"
        "  #tags: [core, \"no\"]\n"
        "  # Tolerance around each target.\n"
        "  drift:\n"
        "    # Smallest move. Unit: fraction. Accepted: 0 to 1.\n"
        "    #absolute: 0.01\n"
        "    # Smallest move relative to the weight. Accepted: at least 0.\n"
        "    #relative: 0.25\n"
        "  # What is held.\n"
        "  # Each holds:\n"
        "  # - symbol (string): Name of the market. Required.\n"
        "  # - cap (number?): Largest weight. Unit: fraction. Accepted: 0 to 1.\n"
        "  # - drift (SampleDrift): Its own tolerance.\n"
        "  # - drift.absolute (number): Smallest move. Unit: fraction. Accepted: 0 to 1.\n"
        "  # - drift.relative (number): Smallest move relative to the weight. Accepted: at least 0.\n"
        "  #assets: []\n"
        "  # Tolerances by name.\n"
        "  # Each holds:\n"
        "  # - absolute (number): Smallest move. Unit: fraction. Accepted: 0 to 1.\n"
        "  # - relative (number): Smallest move relative to the weight. Accepted: at least 0.\n"
        "  #drifts: {wide: {absolute: 0.1, relative: 0.5}}\n"
        "\n"
        "# Where bars are kept.\n"
        "store:\n"
        "  # Folder of the market store.\n"
        "  #folder: var/market\n");
}

TEST_CASE(
    "as written it changes nothing; with any one line, any prefix and all lines in force it reads back the defaults") {
  const std::vector<std::string> lines = lines_of(commented_yaml<SampleSettings>());
  const auto read = [&](auto&& in_force) {
    std::string text;
    for (std::size_t i = 0; i < lines.size(); ++i)
      text += (holds_value(lines[i]) && in_force(i) ? with_value(lines[i]) : lines[i]) + "\n";
    CAPTURE(text);
    return read_section<SampleSettings>(read_yaml(text, "generated"));
  };
  CHECK(read([](std::size_t) { return false; }) == SampleSettings{});
  CHECK(read([](std::size_t) { return true; }) == SampleSettings{});
  std::size_t values = 0;
  for (std::size_t line = 0; line < lines.size(); ++line) {
    if (!holds_value(lines[line])) continue;
    ++values;
    CAPTURE(lines[line]);
    CHECK(read([&](std::size_t i) { return i == line; }) == SampleSettings{});
    CHECK(read([&](std::size_t i) { return i <= line; }) == SampleSettings{});
  }
  CHECK(values == 13);
}

TEST_CASE("a required member gets a value that is accepted") {
  const std::string text = commented_yaml<test::SampleAsset>();
  CHECK(text.find("# Name of the market. Required.\n#symbol: text\n") != std::string::npos);
}

TEST_CASE("flow_yaml quotes what could be read as something else") {
  for (const core::Json& value :
       {core::Json("plain_text"), core::Json("1h"), core::Json("no"), core::Json(""), core::Json("a: b"),
        core::Json("#x"), core::Json("null"), core::Json("x y"), core::Json("\"q\"\n\t\\"), core::Json("\xC3\xB6"),
        core::Json("1e5"), core::Json(".5"), core::Json(1e20), core::Json(1e-7), core::Json(-3), core::Json(true),
        core::Json(nullptr),
        core::Json{{"a", {1, {{"b c", "on"}}}}, {"true", core::Json::array()}, {"e", core::Json::object()}}}) {
    const std::string text = settings::flow_yaml(value);
    CAPTURE(text);
    if (value == core::Json(1e20)) continue;  // written as a whole number past 2^53, which settings refuse
    CHECK(read_yaml("a: " + text, "f").value.at("a") == value);
  }
  CHECK(settings::flow_yaml({{"a", {"x", "no"}}}) == "{a: [x, \"no\"]}");
}

TEST_CASE("schema_text is the record's JSON Schema with a final newline") {
  const std::string text = settings::schema_text<test::SampleDrift>();
  CHECK(core::parse_json(text, "schema") == core::record_schema<test::SampleDrift>());
  CHECK(text.ends_with("}\n"));
}

TEST_SUITE_END();
