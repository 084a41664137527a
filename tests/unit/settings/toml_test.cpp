// TOML as settings: the same Document, the same refusals, the same places.
#include "settings/toml.hpp"

#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "core/file.hpp"
#include "sample_records.hpp"
#include "support/error_text.hpp"
#include "support/temporary_folder.hpp"

using namespace ballast;
using settings::Document;
using settings::Position;
using settings::read_toml;
using test::error_text;

namespace {

std::string read(std::string_view text) { return core::canonical_json(read_toml(text, "f").value); }
std::string refusal(std::string_view text) {
  return error_text([&] { return read_toml(text, "f"); });
}
std::string repeated(std::string_view piece, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += piece;
  return out;
}

}  // namespace

TEST_SUITE_BEGIN("settings");

TEST_CASE("TOML reads into the same document as YAML, with places") {
  const Document document =
      read_toml("a = 1\n[b.c]\nd = [1, 2.5]\nx.y = 'z'\n[[t]]\nq = true\n[[t]]\nq = false\n", "f");
  CHECK(core::canonical_json(document.value) ==
        R"({"a":1,"b":{"c":{"d":[1,2.5],"x":{"y":"z"}}},"t":[{"q":true},{"q":false}]})");
  CHECK(document.positions.at("a") == Position{1, 1});
  CHECK(document.positions.at("b.c.d") == Position{3, 1});
  CHECK(document.positions.at("b.c.d[1]") == Position{3, 9});
  CHECK(document.positions.at("t[1].q") == Position{8, 1});
  CHECK(document.place("t[1].none") == "f:7:1");
  CHECK(read("") == "{}");
  CHECK(read("a = 0x1F\nb = 1_000") == R"({"a":31,"b":1000})");
}

TEST_CASE("times become their text, and an instant decides about them") {
  CHECK(read("a = 2024-01-01T00:00:00Z\nb = 2024-01-01\nc = 07:32:00.5\nd = 2024-01-01T00:00:00-05:30\ne = 2024-01-01 "
             "00:00:00.123456789") ==
        R"({"a":"2024-01-01T00:00:00Z","b":"2024-01-01","c":"07:32:00.500000","d":"2024-01-01T00:00:00-05:30",)"
        R"("e":"2024-01-01T00:00:00.123456789"})");
  const auto portfolio = settings::read_section<test::SamplePortfolio>(
      read_toml("[portfolio]\nsince = 2024-01-01T01:00:00+01:00\n", "f"), "portfolio");
  CHECK(portfolio == test::SamplePortfolio{});
}

TEST_CASE("TOML refusals are placed too") {
  const std::vector<std::pair<std::string, std::string>> refused{
      {"a = nan", "f:1:5: nan is not a finite number"},
      {"a = [1, -inf]", "f:1:9: -inf is not a finite number"},
      {"a = 9007199254740993", "f:1:5: integer 9007199254740993 is past 2^53; put it in quotes if it is a name"},
      {"a = -9007199254740993", "f:1:5: integer -9007199254740993 is past 2^53; put it in quotes if it is a name"},
      {"a = 1\na = 2", "f:2:5: not TOML: Error while parsing key-value pair: cannot redefine existing integer 'a'"},
      {"a = 1 b = 2", "f:1:7: not TOML: Error while parsing key-value pair: expected a comment or whitespace, saw 'b'"},
      {"a = \"\xFF\"", "f:1:6: not TOML: byte 0xFF is not accepted here; settings are UTF-8 text"}};
  for (const auto& row : refused) {
    const auto& text = row.first;
    const auto& want = row.second;
    CAPTURE(text);
    CHECK(refusal(text) == "argument | " + want);
  }
  CHECK(error_text([] {
          return settings::read_section<test::SampleDrift>(read_toml("\n[d]\nabsolute = 2", "f"), "d"), 0;
        }) == "argument | f:3:1: d.absolute: expected a finite number in [0, 1], fraction, found 2");
}

TEST_CASE("depth and size of TOML are held, dotted names included") {
  CHECK(refusal("a = " + repeated("[", 70) + repeated("]", 70)) == "argument | f:1:68: nested deeper than 64");
  CHECK(refusal("\na" + repeated(".a", 1'000'000) + " = 1") == "argument | f:2:1: nested deeper than 64");
  CHECK(refusal("[a" + repeated(".a", 1'000'000) + "]") == "argument | f:1:1: nested deeper than 64");
  CHECK(refusal(repeated("a = {a.b = ", 300)).starts_with("argument | f:1:"));
  CHECK(refusal("a = [" + repeated("1,", 100'000) + "]").ends_with(": more than 100000 values"));
  const std::string dots = repeated(".", 200);
  const core::Json value =
      read_toml("a = '" + dots + "' # " + dots + "\nb = \"\"\"\\\"\"" + dots + "\"\"\"\nc = '''" + dots + "'''''\n",
                "f")
          .value;
  CHECK(value == core::Json{{"a", dots}, {"b", "\"\"" + dots}, {"c", dots + "''"}});
}

TEST_CASE("read_toml_file names the file") {
  const test::TemporaryFolder folder;
  const std::string path = (folder / "x.toml").string();
  core::write_file_atomically(path, "a = 1\n");
  CHECK(settings::read_document(path).place("a") == path + ":1:1");
}

TEST_SUITE_END();
