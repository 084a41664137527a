#include <doctest/doctest.h>

#include "core/canonical_scan.hpp"
#include "core/error.hpp"
#include "core/json.hpp"

using namespace ballast::core;

TEST_SUITE("core") {
  TEST_CASE("the canonical scanner accepts what the canonical writer writes") {
    std::vector<ScannedMember> members;
    for (const char* text : {R"({})", R"({"a":1})", R"({"a":[],"b":{},"c":null,"d":true,"e":false})",
                             R"({"a":-1.5,"b":1e+21,"c":1e-7,"d":0.000001})",
                             R"({"a":"\"\\\b\t\n\f\r\u0001\u001f/é€"})", R"({"":0,"A":1,"a":2,"a-b":3,"aa":4})",
                             R"({"x":0.30000000000000004})", "{\"\xF0\x9F\x98\x80\":1,\"\xEF\xBF\xBF\":2}"}) {
      CAPTURE(text);
      CHECK(canonical_json(parse_json(text, "test")) == text);
      const auto problem = scan_canonical_object(text, members);
      CHECK_MESSAGE(!problem.has_value(), problem.value_or(ScanProblem{}).reason);
    }
  }

  TEST_CASE("the canonical scanner refuses everything else and says where") {
    std::vector<ScannedMember> members;
    struct Refused {
      const char* text;
      std::size_t offset;
    };
    for (const auto& each : {Refused{"", 0},
                             {"[]", 0},
                             {"{} ", 2},
                             {R"({"a": 1})", 5},
                             {R"({"b":1,"a":2})", 7},
                             {R"({"a":1,"a":2})", 7},
                             {R"({"a":1.0})", 5},
                             {R"({"a":01})", 5},
                             {R"({"a":-0})", 5},
                             {R"({"a":1E5})", 6},
                             {R"({"a":1e5})", 5},
                             {R"({"a":0.0000001})", 5},
                             {R"({"a":NaN})", 5},
                             {R"({"a":9007199254740993})", 5},
                             {R"({"a":"\/"})", 6},
                             {R"({"a":"\u0041"})", 6},
                             {R"({"a":"\u000a"})", 6},
                             {R"({"a":"\u001F"})", 6},
                             {"{\"a\":\"\x01\"}", 6},
                             {R"({"a":1,})", 7},
                             {R"({"a":tru})", 5},
                             {"{\"a\":\"\xff\"}", 0},
                             {R"({"a)", 3},
                             {R"({"a":0.1234567890123456789})", 5},
                             {"{\"\xEF\xBF\xBF\":2,\"\xF0\x9F\x98\x80\":1}", 9}}) {
      CAPTURE(each.text);
      const auto problem = scan_canonical_object(each.text, members);
      REQUIRE(problem.has_value());
      CHECK(problem->offset == each.offset);
    }
  }

  TEST_CASE("a member inserted in canonical order is cut out by position to the same bytes") {
    for (const char* text : {R"({})", R"({"a":1})", R"({"z":1})", R"({"a":1,"z":{"signature":"inner"}})"}) {
      CAPTURE(text);
      const std::string with = insert_member(text, "signature", R"({"value":"x,}"})");
      CHECK(canonical_json(parse_json(with, "test")) == with);
      std::vector<ScannedMember> members;
      REQUIRE_FALSE(scan_canonical_object(with, members).has_value());
      CHECK(cut_member(with, members, "signature")->rest() == text);
    }
    CHECK_THROWS_AS(insert_member(R"({"signature":1})", "signature", "2"), Error);
  }
}
