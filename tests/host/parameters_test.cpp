// Parameters of runbooks and the layers of settings: what is refused, in full.
#include <doctest/doctest.h>

#include "host/configuration.hpp"
#include "host/parameters.hpp"
#include "support/command.hpp"
#include "support/error_text.hpp"

using namespace ballast;
using ballast::test::error_text;

namespace {

const std::vector<host::Parameter>& declared() {
  static const auto out = host::read_parameters(core::parse_json(R"({
    "value": {"type": "number", "text": "Value.", "unit": "USD", "required": true, "minimum": 0, "maximum": 100},
    "count": {"type": "integer", "text": "Count.", "default": 3, "minimum": 1},
    "mode": {"type": "string", "text": "Mode.", "choices": ["fast", "slow"]},
    "force": {"type": "boolean", "text": "Force.", "default": false},
    "table": {"type": "table", "text": "Table.", "default": []},
    "file": {"type": "file", "text": "File."}})",
                                                                 "test"));
  return out;
}

std::string refusal(std::vector<std::string> given) {
  return error_text([&] { return host::parameter_values(declared(), given); });
}

}  // namespace

TEST_SUITE("parameters") {
  TEST_CASE("values are read by their declared type, with defaults for what is left out") {
    CHECK(core::canonical_json(host::parameter_values(declared(), {"value=0"})) ==
          R"({"count":3,"force":false,"table":[],"value":0})");
    CHECK(core::canonical_json(host::parameter_values(
              declared(), {"value=99.5", "count=7", "mode=slow", "force=true", R"(table={"a":[1]})", "file=a=b"})) ==
          R"({"count":7,"file":"a=b","force":true,"mode":"slow","table":{"a":[1]},"value":99.5})");
    CHECK(core::canonical_json(host::parameter_values(declared(), {"value=1e1", "file="})) ==
          R"({"count":3,"file":"","force":false,"table":[],"value":10})");
  }

  TEST_CASE("every refusal names the parameter, what is accepted and what was found") {
    CHECK(refusal({}) == "argument | parameter value: 'value' is missing: Value. Give it with --set value=...");
    CHECK(refusal({"vaule=1"}) == "argument | --set: unknown parameter 'vaule' (did you mean 'value'?)");
    CHECK(refusal({"value"}) == "argument | --set: expected name=value, found 'value'");
    CHECK(refusal({"=1"}) == "argument | --set: expected name=value, found '=1'");
    CHECK(refusal({"value=1", "value=2"}) == "argument | --set: parameter 'value' is given twice");
    CHECK(refusal({"value=abc"}) == "argument | parameter value: expected a finite number, USD, found 'abc'");
    CHECK(refusal({"value="}) == "argument | parameter value: expected a finite number, USD, found ''");
    CHECK(refusal({"value=inf"}) == "argument | parameter value: expected a finite number, USD, found 'inf'");
    CHECK(refusal({"value=nan"}) == "argument | parameter value: expected a finite number, USD, found 'nan'");
    CHECK(refusal({"value=1x"}) == "argument | parameter value: expected a finite number, USD, found '1x'");
    CHECK(refusal({"value=101"}) ==
          "argument | parameter value: expected a finite number of at least 0 of at most 100, USD, found '101'");
    CHECK(refusal({"value=1", "count=1.5"}) == "argument | parameter count: expected an integer, found '1.5'");
    CHECK(refusal({"value=1", "count=0"}) ==
          "argument | parameter count: expected an integer of at least 1, found '0'");
    CHECK(refusal({"value=1", "count=1e300"}) == "argument | parameter count: expected an integer, found '1e300'");
    CHECK(refusal({"value=1", "force=yes"}) == "argument | parameter force: expected true or false, found 'yes'");
    CHECK(refusal({"value=1", "mode=fats"}) ==
          "argument | parameter mode: 'fats' is not accepted (did you mean 'fast'?)");
    CHECK(refusal({"value=1", "table={"}).starts_with("argument | parameter table:1:"));
    CHECK(refusal({"value=1", "file=\xff"}) ==
          "argument | parameter file: expected UTF-8 text, found 'bytes that are not'");
  }

  TEST_CASE("the listing says what each parameter accepts") {
    CHECK(host::describe_parameters(declared()) ==
          "  count                    integer: Count. Accepted: at least 1. Default: 3.\n"
          "  file                     file: File.\n"
          "  force                    boolean: Force. Default: false.\n"
          "  mode                     string: Mode. One of: fast, slow.\n"
          "  table                    table: Table. Default: [].\n"
          "  value                    number: Value. Unit: USD. Accepted: 0 to 100. Required.\n");
  }

  TEST_CASE("later layers of settings win: desk over installation, --config over both, --setting over all") {
    test::TestDesk folder;
    const host::Desk desk{folder.desk(), host::find_installation(), folder.var(), folder.keys()};
    const auto seconds = [&](const std::optional<std::filesystem::path>& file, const std::vector<std::string>& sets) {
      return host::read_configuration(desk, file, sets).settings.limits.policy.seconds;
    };
    CHECK(seconds(std::nullopt, {}) == 2);
    folder.spill("config/core.yaml", "limits:\n  policy:\n    seconds: 3\n");
    CHECK(seconds(std::nullopt, {}) == 3);
    folder.spill("over.yaml", "limits: { policy: { seconds: 4 } }\n");
    CHECK(seconds(folder.desk() / "over.yaml", {}) == 4);
    CHECK(seconds(folder.desk() / "over.yaml", {"limits.policy.seconds=5"}) == 5);
    CHECK(host::read_configuration(desk, folder.desk() / "over.yaml", {}).settings.limits.policy.memory_mib ==
          64);  // the rest stays
  }

  TEST_CASE(
      "a governor file of the desk replaces the installation's whole, and one that cannot be read is told apart") {
    test::TestDesk folder;
    const host::Desk desk{folder.desk(), host::find_installation(), folder.var(), folder.keys()};
    CHECK(host::read_configuration(desk, std::nullopt, {}).value()["governors"].contains("stage6_core"));
    folder.spill("config/governors/stage6_core.yaml", "name: stage6_core\n");
    CHECK(host::read_configuration(desk, std::nullopt, {}).value()["governors"]["stage6_core"] ==
          core::Json{{"name", "stage6_core"}});
    folder.spill("config/governors/list.yaml", "- 1\n");
    folder.spill("config/governors/strategies_core.yaml", "a: [1\n");
    const core::Json value = host::read_configuration(desk, std::nullopt, {}).value();
    CHECK(value["unreadable_governors"]["list"] ==
          "config/governors/list.yaml: expected the settings of one governor (a table)");
    CHECK(value["unreadable_governors"]["strategies_core"].get<std::string>().starts_with(
        "config/governors/strategies_core.yaml:2:1: not YAML"));
    CHECK(value["governors"].contains("stage6_core"));
    CHECK(!value["governors"].contains("strategies_core"));  // the installation's does not stand in for it
    folder.spill("config/governors/stage6_core.yml", "name: stage6_core\nassets: []\n");
    const core::Json twice = host::read_configuration(desk, std::nullopt, {}).value();
    CHECK(!twice["governors"].contains("stage6_core"));
    CHECK(twice["unreadable_governors"]["stage6_core"] ==
          "config/governors has both stage6_core.yaml and stage6_core.yml: keep one");
  }
}
