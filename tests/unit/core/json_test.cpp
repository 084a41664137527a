// Canonical JSON against the published examples of RFC 8785, and the strict reader against what it must refuse.
#include "core/json.hpp"

#include <bit>
#include <limits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "support/error_text.hpp"

using namespace ballast;
using core::canonical_json;
using core::Json;
using core::parse_json;
using test::error_text;

TEST_SUITE_BEGIN("core");

TEST_CASE("format_number gives every line of RFC 8785, appendix B") {
  const std::vector<std::pair<std::uint64_t, std::string>> table{{0x0000000000000000, "0"},
                                                                 {0x8000000000000000, "0"},
                                                                 {0x0000000000000001, "5e-324"},
                                                                 {0x8000000000000001, "-5e-324"},
                                                                 {0x7fefffffffffffff, "1.7976931348623157e+308"},
                                                                 {0xffefffffffffffff, "-1.7976931348623157e+308"},
                                                                 {0x4340000000000000, "9007199254740992"},
                                                                 {0xc340000000000000, "-9007199254740992"},
                                                                 {0x4430000000000000, "295147905179352830000"},
                                                                 {0x44b52d02c7e14af5, "9.999999999999997e+22"},
                                                                 {0x44b52d02c7e14af6, "1e+23"},
                                                                 {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
                                                                 {0x444b1ae4d6e2ef4e, "999999999999999700000"},
                                                                 {0x444b1ae4d6e2ef4f, "999999999999999900000"},
                                                                 {0x444b1ae4d6e2ef50, "1e+21"},
                                                                 {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
                                                                 {0x3eb0c6f7a0b5ed8d, "0.000001"},
                                                                 {0x41b3de4355555553, "333333333.3333332"},
                                                                 {0x41b3de4355555554, "333333333.33333325"},
                                                                 {0x41b3de4355555555, "333333333.3333333"},
                                                                 {0x41b3de4355555556, "333333333.3333334"},
                                                                 {0x41b3de4355555557, "333333333.33333343"},
                                                                 {0xbecbf647612f3696, "-0.0000033333333333333333"},
                                                                 {0x43143ff3c1cb0959, "1424953923781206.2"}};
  for (const auto& row : table) {
    const auto& bits = row.first;
    const auto& want = row.second;
    CAPTURE(bits);
    CHECK(core::format_number(std::bit_cast<double>(bits)) == want);
    // Every one of them is read back to the same value, whole numbers past 2^53 included.
    const Json again = parse_json(want, "table");
    CHECK(again.get<double>() == std::bit_cast<double>(bits));
    CHECK(canonical_json(again) == want);
  }
}

TEST_CASE("format_number refuses what JSON cannot say, as appendix B asks") {
  CHECK(error_text([] { return core::format_number(std::bit_cast<double>(0x7fffffffffffffffu)); }) ==
        "argument | NaN is not a JSON number");
  CHECK(error_text([] { return core::format_number(std::bit_cast<double>(0x7ff0000000000000u)); }) ==
        "argument | infinity is not a JSON number");
  CHECK(error_text([] { return core::format_number(-std::numeric_limits<double>::infinity()); }) ==
        "argument | -infinity is not a JSON number");
}

TEST_CASE("canonical_json sorts members by UTF-16 code units (RFC 8785, 3.2.3)") {
  const Json value = parse_json(R"({
      "\u20ac": "Euro Sign",
      "\r": "Carriage Return",
      "\ufb33": "Hebrew Letter Dalet With Dagesh",
      "1": "One",
      "\ud83d\ude00": "Emoji: Grinning Face",
      "\u0080": "Control",
      "\u00f6": "Latin Small Letter O With Diaeresis"})",
                                "rfc8785");
  CHECK(canonical_json(value) ==
        "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xC2\x80\":\"Control\","
        "\"\xC3\xB6\":\"Latin Small Letter O With Diaeresis\",\"\xE2\x82\xAC\":\"Euro Sign\","
        "\"\xF0\x9F\x98\x80\":\"Emoji: Grinning Face\",\"\xEF\xAC\xB3\":\"Hebrew Letter Dalet With Dagesh\"}");
  // U+D7FF lies below the surrogates, U+E000 above them.
  const Json around = parse_json("{\"\xEE\x80\x80\":1,\"\xF0\x90\x80\x80\":2,\"\xED\x9F\xBF\":3}", "around");
  CHECK(canonical_json(around) == "{\"\xED\x9F\xBF\":3,\"\xF0\x90\x80\x80\":2,\"\xEE\x80\x80\":1}");
}

TEST_CASE("canonical_json gives the example of RFC 8785, 3.2.4") {
  const Json value = parse_json(R"({
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]})",
                                "rfc8785");
  CHECK(canonical_json(value) ==
        "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
        "\"string\":\"\xE2\x82\xAC$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
}

TEST_CASE("canonical_json escapes exactly what RFC 8785, 3.2.2.2 names") {
  std::string all;
  for (char c = 1; c < 0x20; ++c) all += c;
  CHECK(canonical_json(Json(all + "\x7f")) ==
        "\"\\u0001\\u0002\\u0003\\u0004\\u0005\\u0006\\u0007\\b\\t\\n\\u000b\\f\\r\\u000e\\u000f\\u0010\\u0011\\u0012\\"
        "u0013"
        "\\u0014\\u0015\\u0016\\u0017\\u0018\\u0019\\u001a\\u001b\\u001c\\u001d\\u001e\\u001f\x7f\"");
  CHECK(canonical_json(Json(std::string(1, '\0'))) == "\"\\u0000\"");
}

TEST_CASE("canonical_json names the member that cannot be written") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(error_text([&] {
          return canonical_json({{"a", {1, {{"b", nan}}}}});
        }) == "argument | a[1].b: NaN is not a JSON number");
  CHECK(error_text([&] {
          return canonical_json({{"n", std::int64_t{9007199254740993}}});
        }) == "argument | n: integer 9007199254740993 is past 2^53 and would not survive a reader");
  CHECK(error_text([&] {
          return canonical_json({{"n", std::int64_t{-9007199254740993}}});
        }) == "argument | n: integer -9007199254740993 is past 2^53 and would not survive a reader");
  CHECK(error_text([&] {
          return canonical_json({{"n", std::numeric_limits<std::uint64_t>::max()}});
        }) == "argument | n: integer 18446744073709551615 is past 2^53 and would not survive a reader");
  CHECK(error_text([&] { return canonical_json({{"s", "\xC3"}}); }) == "argument | s: text is not valid UTF-8");
  CHECK(error_text([&] { return canonical_json(Json::binary({1, 2})); }) == "argument | a value that JSON cannot hold");
  CHECK(canonical_json({{"n", std::int64_t{9007199254740992}}, {"m", std::int64_t{-9007199254740992}}}) ==
        R"({"m":-9007199254740992,"n":9007199254740992})");
}

TEST_CASE("pretty_json indents by two spaces, ends with a newline and names what it cannot write") {
  CHECK(core::pretty_json({{"b", {1, 2.5}}, {"a", Json::object()}, {"c", Json::array()}}) ==
        "{\n  \"a\": {},\n  \"b\": [\n    1,\n    2.5\n  ],\n  \"c\": []\n}\n");
  CHECK(core::pretty_json("x") == "\"x\"\n");
  CHECK(error_text([] {
          return core::pretty_json({{"a", {0, std::numeric_limits<double>::infinity()}}});
        }) == "argument | a[1]: infinity is not a JSON number");
}

TEST_CASE("parse_json places every refusal at line and column") {
  const std::vector<std::pair<std::string, std::string>> refused{
      {"{\"a\": 1,\n \"b\": 2,\n \"a\": 3}", "x:3:2: not accepted as JSON: member 'a' appears twice"},
      {"{\"o\": {\"k\": 1, \"k\": 1}}", "x:1:16: not accepted as JSON: member 'k' appears twice"},
      {"{\"\xC3\xB6\": {\"k\\\"\": 1, \"k\\u0022\": 1}}", "x:1:18: not accepted as JSON: member 'k\"' appears twice"},
      {"[1, 9007199254740993]",
       "x:1:5: not accepted as JSON: integer 9007199254740993 is past 2^53 and would not survive a reader"},
      {"[-9007199254740993]",
       "x:1:2: not accepted as JSON: integer -9007199254740993 is past 2^53 and would not survive a reader"},
      {"[12345678901234567890123]",
       "x:1:2: not accepted as JSON: integer 12345678901234567890123 is past 2^53 and would not survive a reader"},
      {"[18446744073709551615]",
       "x:1:2: not accepted as JSON: integer 18446744073709551615 is past 2^53 and would not survive a reader"},
      {"[\n  true, \"]\", 1e400]", "x:2:14: not accepted as JSON: number 1e400 is out of range"},
      {"[-1e-400]", "x:1:2: not accepted as JSON: number -1e-400 is too small for a double"},
      {"{\"a\": }",
       "x:1:7: not JSON: syntax error while parsing value - unexpected '}'; expected '[', '{', or a literal"},
      {"",
       "x:1:1: not JSON: syntax error while parsing value - unexpected end of input; expected '[', '{', or a literal"},
      {"{} {}", "x:1:4: not JSON: syntax error while parsing value - unexpected '{'; expected end of input"},
      {"[1,]", "x:1:4: not JSON: syntax error while parsing value - unexpected ']'; expected '[', '{', or a literal"},
      {"[01]", "x:1:3: not JSON: syntax error while parsing array - unexpected number literal; expected ']'"},
      {"[NaN]", "x:1:2: not JSON: syntax error while parsing value - invalid literal; last read: '[N'"},
      {"[\"\\ud800\"]",
       "x:1:9: not JSON: syntax error while parsing value - invalid string: surrogate U+D800..U+DBFF must be followed "
       "by "
       "U+DC00..U+DFFF; last read: '\"\\ud800\"'"},
      {"[\"\\udc00\"]",
       "x:1:8: not JSON: syntax error while parsing value - invalid string: surrogate U+DC00..U+DFFF must follow "
       "U+D800..U+DBFF; last read: '\"\\udc00'"},
      {"[\n \"\xC3\xB6\", \"\xFF\"]", "x:2:8: not JSON: byte 0xFF is not valid UTF-8 here"},
      {"[\"\xED\xA0\x80\"]", "x:1:3: not JSON: byte 0xED is not valid UTF-8 here"},
      {"[\"\xC0\xAF\"]", "x:1:3: not JSON: byte 0xC0 is not valid UTF-8 here"},
      {std::string("{}\0{}", 5), "x:1:3: not JSON: a NUL byte"},
      {"\xEF\xBB\xBF{}", "x:1:1: not JSON: the text begins with a byte order mark"},
      {"[\xC3\xB6]", "x:1:2: not JSON: syntax error while parsing value - invalid literal; last read: '[?'"},
      {"// no\n1", "x:1:1: not JSON: syntax error while parsing value - invalid literal; last read: '/'"}};
  for (const auto& row : refused) {
    const auto& text = row.first;
    const auto& want = row.second;
    CAPTURE(text);
    CHECK(error_text([&] { return parse_json(text, "x"); }) == "argument | " + want);
  }
}

TEST_CASE("parse_json reads 256 levels and places the refusal of the 257th") {
  const std::string open(256, '['), close(256, ']');
  const Json deep = parse_json(open + close, "deep");
  CHECK(canonical_json(deep) == open + close);
  CHECK(error_text([&] { return parse_json("[" + open + close + "]", "deep"); }) ==
        "argument | deep:1:257: not accepted as JSON: nested deeper than 256");
  const Json deeper = Json::array({deep});
  std::string path;
  for (int i = 0; i < 256; ++i) path += "[0]";
  CHECK(error_text([&] { return canonical_json(deeper); }) == "argument | " + path + ": nested deeper than 256");
  CHECK(error_text([&] { return core::pretty_json(Json::array({1, deeper})); }).ends_with(": nested deeper than 256"));
}

TEST_CASE("parse_json keeps integers and reals apart and reads escapes") {
  const Json value = parse_json(R"([1, -1, 1.0, -0.0, 1e2, "\ud83d\ude00\u0000", true, null])", "x");
  CHECK(value[0].is_number_integer());
  CHECK(value[1].is_number_integer());
  CHECK(value[2].is_number_float());
  CHECK(value[4].is_number_float());
  CHECK(value[5].get<std::string>() == std::string("\xF0\x9F\x98\x80\0", 5));
  CHECK(canonical_json(value) == "[1,-1,1,0,100,\"\xF0\x9F\x98\x80\\u0000\",true,null]");
}

TEST_CASE("a large double written as a whole number is read back, its neighbours are refused") {
  for (const double value : {1e17, 1e20, 9007199254740994.0, -123456789012345680000.0}) {
    const std::string text = canonical_json(Json(value));
    CHECK(parse_json(text, "x").get<double>() == value);
    CHECK(canonical_json(parse_json(text, "x")) == text);
  }
  CHECK(error_text([] { return parse_json("100000000000000000001", "x"); }) ==
        "argument | x:1:1: not accepted as JSON: integer 100000000000000000001 is past 2^53 and would not survive a "
        "reader");
}

TEST_CASE("first_invalid_utf8 follows table 3-7 of the Unicode standard") {
  for (const std::string good : {"", "a", "\x7f", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF",
                                 "\xEE\x80\x80", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    CAPTURE(good);
    CHECK(core::is_utf8(good));
  }
  for (const std::string bad :
       {"\x80", "\xC1\xBF", "\xC2", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xEF\xBF", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80", "\xC2\x41", "\xE1\x80\x41", "\xFE"}) {
    CAPTURE(bad);
    CHECK_FALSE(core::is_utf8(bad));
    CHECK(core::first_invalid_utf8("ab" + bad) == 2);
  }
}

TEST_SUITE_END();
