// YAML as settings: what a text means, what is refused and where, and what hostile files cost.
#include "settings/yaml.hpp"

#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "core/file.hpp"
#include "sample_records.hpp"
#include "support/error_text.hpp"
#include "support/temporary_folder.hpp"

using namespace ballast;
using core::Json;
using settings::Document;
using settings::Position;
using settings::read_yaml;
using test::error_text;

namespace {

std::string read(std::string_view text) { return core::canonical_json(read_yaml(text, "f").value); }
std::string refusal(std::string_view text) {
  return error_text([&] { return read_yaml(text, "f"); });
}
std::string repeated(std::string_view piece, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += piece;
  return out;
}

}  // namespace

TEST_SUITE_BEGIN("settings");

TEST_CASE("text without quotes is typed by the core schema of YAML 1.2, without its surprises") {
  CHECK(read("no: no\non: on\nyes: Yes\nn: n\ntrue: True\nf: FALSE") ==
        R"({"f":false,"n":"n","no":"no","on":"on","true":true,"yes":"Yes"})");
  CHECK(read("[0, -1, +1, 0.10, .5, 5., 1e3, 1E+2, 1e-3, -0.0, 9007199254740992]") ==
        "[0,-1,1,0.1,0.5,5,1000,100,0.001,0,9007199254740992]");
  CHECK(read("[0x1F, 1_000, 010, 00, 0o7, 1:30, 1e, -, +, ., .e5, 1.5.2, 2024-01-01, 1e5x]") ==
        R"(["0x1F","1_000","010","00","0o7","1:30","1e","-","+",".",".e5","1.5.2","2024-01-01","1e5x"])");
  CHECK(read("['1', \"true\", '', ~, null, Null, nul, ! 12]") == R"(["1","true","",null,null,null,"nul","12"])");
  CHECK(read_yaml("[1, 1.0]", "f").value[0].is_number_integer());
  CHECK(read_yaml("[1, 1.0]", "f").value[1].is_number_float());
}

TEST_CASE("names stay the text they are") {
  CHECK(read("1: a\n1.0: b\ntrue: c\n\"\": d\n'a b': e") == R"({"":"d","1":"a","1.0":"b","a b":"e","true":"c"})");
}

TEST_CASE("text in blocks, quotes and lists reads as YAML says") {
  CHECK(read("a: |\n  one\n  two\nb: >-\n  f\n  g\nc: 'it''s'\nd: \"\\u00e9\\x41\\n\"") ==
        "{\"a\":\"one\\ntwo\\n\",\"b\":\"f g\",\"c\":\"it's\",\"d\":\"\xC3\xA9"
        "A\\n\"}");
  CHECK(read("a:\n- 1\n- - x\n  - y\nb: {c: [d, {e: 1}], \"f\":2}") ==
        R"({"a":[1,["x","y"]],"b":{"c":["d",{"e":1}],"f":2}})");
  CHECK(read("\xEF\xBB\xBF"
             "a: 1\r\nb: 2\r\n") == R"({"a":1,"b":2})");
  CHECK(read("%YAML 1.2\n---\na: 1\n...\n") == R"({"a":1})");
}

TEST_CASE("a document without content is null") {
  for (const char* text : {"", "# only\n  # words\n", "---\n", "~"}) {
    CAPTURE(text);
    CHECK(read_yaml(text, "f").value.is_null());
  }
}

TEST_CASE("every refusal is placed at file, line and column") {
  const std::vector<std::pair<std::string, std::string>> refused{
      {"a: .nan", "f:1:4: .nan is not a finite number"},
      {"a:\n  - 1\n  - -.INF", "f:3:5: -.INF is not a finite number"},
      {"a: +.inf", "f:1:4: +.inf is not a finite number"},
      {"a: 9007199254740993", "f:1:4: integer 9007199254740993 is past 2^53; put it in quotes if it is a name"},
      {"a: -9007199254740993", "f:1:4: integer -9007199254740993 is past 2^53; put it in quotes if it is a name"},
      {"a: 123456789012345678901234",
       "f:1:4: integer 123456789012345678901234 is past 2^53; put it in quotes if it is a name"},
      {"a: 1e999", "f:1:4: number 1e999 is out of the range of a double"},
      {"a: 1e-999", "f:1:4: number 1e-999 is out of the range of a double"},
      {"a: 1\nb: 2\n'a': 3", "f:3:1: member 'a' appears twice, first in line 1"},
      {"x: {b: 1, b: 2}", "f:1:11: member 'b' appears twice, first in line 1"},
      {"a: !!str 1", "f:1:4: the tag 'tag:yaml.org,2002:str'; tags are not accepted, put text in quotes instead"},
      {"a: !foo [1]", "f:1:4: the tag '!foo'; tags are not accepted, put text in quotes instead"},
      {"!m {a: 1}", "f:1:1: the tag '!m'; tags are not accepted, put text in quotes instead"},
      {"a: 1\n---\nb: 2", "f:2:1: a second document or stray text begins here; settings are one document"},
      {"[1,2] 3", "f:1:7: a second document or stray text begins here; settings are one document"},
      {"\"a\":1", "f:1:4: a second document or stray text begins here; settings are one document"},
      {"<<: {a: 1}", "f:1:1: merge keys ('<<') are not accepted; write the members out"},
      {"? [a]\n: b", "f:1:3: a table or list as the name of a member; names are text"},
      {"~: 1", "f:1:1: a member without a name"},
      {": 1", "f:1:1: a member without a name"},
      {"&k a: 1", "f:1:1: an anchor on the name of a member"},
      {"a: &x b\n*x : 1", "f:2:1: an alias as the name of a member; names are text"},
      {"a: &x [*x]", "f:1:8: an alias inside of what it refers to"},
      {"a: *x", "f:1:4: not YAML: the referenced anchor is not defined"},
      {"a: 1\nb", "f:2:1: 'b' has no ':' after it"},
      {"a: {b: 1, c}", "f:1:11: 'c' has no ':' after it"},
      {"a: [1,,2]", "f:1:7: an element without a value"},
      {"# \xC3\xB6\n%drift: 1\na: 1", "f:2:1: a line that begins with '%'; comments begin with '#'"},
      {"a:\n\tb: 1", "f:2:3: not YAML: illegal map value; the line is indented by a tab, use spaces"},
      {"a: 1\n\tb: 2",
       "f:2:1: not YAML: illegal tab when looking for indentation; the line is indented by a tab, use spaces"},
      {"a:\n  b: 1\n c: 2", "f:3:2: not YAML: end of map not found"},
      {"\xC3\xB6: b: c", "f:1:5: not YAML: illegal map value"},
      {"[1", "f:1:1: not YAML: end of sequence flow not found"},
      {"\xC3\xB6: {b: \xC3\xB6, c, d: 1}", "f:1:11: 'c' has no ':' after it"},
      {"a: [1, 2", "f:1:1: not YAML: end of sequence flow not found"},
      {"a: 'x", "f:1:6: not YAML: illegal EOF in scalar"},
      {"a: \"\\q\"", "f:1:7: not YAML: unknown escape character: q"},
      {"a: \"\\ud800\"", "f:1:11: not YAML: invalid unicode: 55296"},
      {"a: @x", "f:1:4: not YAML: unknown token"},
      {"a: \"x\" y", "f:1:8: not YAML: end of map not found"},
      {"\xC3\xB6: \xFF", "f:1:4: not YAML: byte 0xFF is not accepted here; settings are UTF-8 text"},
      {std::string("a: 1\nb: \0c", 10), "f:2:4: not YAML: byte 0x00 is not accepted here; settings are UTF-8 text"},
      {"a: \x1b[0m", "f:1:4: not YAML: byte 0x1B is not accepted here; settings are UTF-8 text"}};
  for (const auto& row : refused) {
    const auto& text = row.first;
    const auto& want = row.second;
    CAPTURE(text);
    CHECK(refusal(text) == "argument | " + want);
  }
}

TEST_CASE("members stand where their names do, and so do those behind an alias") {
  const Document document = read_yaml("a: &x\n  b: 1\n  c: [2, {d: 3}]\ne:\n  - *x\n", "f");
  CHECK(core::canonical_json(document.value) == R"({"a":{"b":1,"c":[2,{"d":3}]},"e":[{"b":1,"c":[2,{"d":3}]}]})");
  CHECK(document.positions.at("a") == Position{1, 1});
  CHECK(document.positions.at("a.b") == Position{2, 3});
  CHECK(document.positions.at("a.c[1]") == Position{3, 10});
  CHECK(document.positions.at("a.c[1].d") == Position{3, 11});
  CHECK(document.positions.at("e[0]") == Position{5, 5});
  CHECK(document.positions.at("e[0].c[1].d") == Position{3, 11});
  CHECK(document.place("e[0].c[1].none.at.all") == "f:3:10");
  CHECK(document.place("none") == "f:1:1");
}

TEST_CASE("aliases cannot blow a small file up, in size or in depth") {
  std::string bomb = "a0: &a0 [" + repeated("1,", 10) + "]\n";
  for (int i = 1; i < 9; ++i) {
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" +
            repeated("*a" + std::to_string(i - 1) + ",", 10) + "]\n";
  }
  CHECK(refusal(bomb) == "argument | f:5:38: more than 100000 values, aliases written out");
  std::string chain = "a0: &a0 [1]\n";
  for (int i = 1; i < 90; ++i)
    chain += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
  CHECK(refusal(chain) == "argument | f:64:12: nested deeper than 64");
}

TEST_CASE("hostile nesting and length are refused, not suffered") {
  CHECK(refusal(repeated("- ", 300'000)) == "argument | f:1:129: nested deeper than 64");
  CHECK(read(repeated("- ", 64) + "1") == repeated("[", 64) + "1" + repeated("]", 64));
  CHECK(refusal(repeated("[\n", 65) + repeated("]", 65)) == "argument | f:65:1: nested deeper than 64");
  CHECK(read(repeated("[\n", 64) + repeated("]", 64)) == repeated("[", 64) + repeated("]", 64));
  CHECK(refusal(repeated("{", 1'000'000)).starts_with("argument | f:1:"));
  CHECK(refusal(repeated("[\n", 1'000'000)).ends_with("nested deeper than 64"));
  CHECK(refusal(repeated("? ", 300'000)) == "argument | f:1:129: nested deeper than 64");
  CHECK(refusal(repeated("- 1\n", 100'000)) == "argument | f:100000:3: more than 100000 values, aliases written out");
  CHECK(read_yaml(repeated("- 1\n", 99'999), "f").value.size() == 99'999);
}

TEST_CASE("read_yaml_file names the file and refuses one that is too large") {
  const test::TemporaryFolder folder;
  const std::string path = (folder / "x.yaml").string();
  core::write_file_atomically(path, "a: {b: }\n");
  CHECK(settings::read_yaml_file(path).place("a.b") == path + ":1:5");
  core::write_file_atomically(path, std::string(settings::kMaxFileBytes + 1, '\n'));
  CHECK(error_text([&] { return settings::read_yaml_file(path); }) ==
        "argument | " + path + ": file is larger than the 4194304 bytes accepted here");
  CHECK(error_text([&] { return settings::read_document((folder / "none.yaml").string()); }) ==
        "not_found | " + (folder / "none.yaml").string() + ": cannot open: No such file or directory");
  CHECK(error_text([] { return settings::read_document("core.ini"); }) ==
        "argument | core.ini: the name of a settings file ends in .yaml, .yml, .toml or .json");
}

TEST_CASE("a section is read as a record, with errors placed where the member was written") {
  const Document document = read_yaml(
      "portfolio:\n  bars: 24\n  drift:\n  assets:\n    - symbol: BTC_USDT\n      drift:\n      cap: 0\n  drifts:\n    "
      "wide:\nstore: {}\n",
      "f");
  const auto portfolio = settings::read_section<test::SamplePortfolio>(document, "portfolio");
  CHECK(portfolio.bars == 24);
  CHECK(portfolio.drift == test::SampleDrift{});
  CHECK(portfolio.assets == std::vector<test::SampleAsset>{{"BTC_USDT", 0.0, {}}});
  CHECK(portfolio.drifts.at("wide") == test::SampleDrift{});
  CHECK(settings::read_section<test::SampleStore>(document, "nowhere") == test::SampleStore{});
  CHECK(settings::read_section<test::SampleDrift>(document, "portfolio.assets[0].drift") == test::SampleDrift{});

  const std::vector<std::pair<std::string, std::string>> refused{
      {"portfolio:\n  bars: many", "f:2:3: portfolio.bars: expected an integer in [1, 1000], bars, found \"many\""},
      {"portfolio:\n  bars:", "f:2:3: portfolio.bars: expected an integer in [1, 1000], bars, found null"},
      {"portfolio:\n  enabled: yes", "f:2:3: portfolio.enabled: expected true or false, found \"yes\""},
      {"portfolio:\n  drift: {absolut: 1}",
       "f:2:11: portfolio.drift.absolut: unknown field 'absolut' (did you mean 'absolute'?)"},
      {"portfolio:\n  assets:\n    - cap: 1",
       "f:3:7: portfolio.assets[0].symbol: 'symbol' is missing: Name of the market."},
      {"portfolio:\n  assets:\n    - symbol: X\n      cap: 1.5",
       "f:4:7: portfolio.assets[0].cap: expected a finite number in [0, 1], fraction, found 1.5"},
      {"portfolio: 5", "f:1:1: portfolio: expected a table (SamplePortfolio), found 5"}};
  for (const auto& row : refused) {
    const auto& text = row.first;
    const auto& want = row.second;
    CAPTURE(text);
    const Document bad = read_yaml(text, "f");
    CHECK(error_text([&] { return settings::read_section<test::SamplePortfolio>(bad, "portfolio"), 0; }) ==
          "argument | " + want);
  }
}

TEST_SUITE_END();
