// Parameters of runbooks and the layers of settings: what is refused, in full.
#include <doctest/doctest.h>

#include "host/configuration.hpp"
#include "host/run/parameter_sources.hpp"
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
    "file": {"type": "file", "text": "File."},
    "since": {"type": "instant", "text": "Since.", "minimum": "2020-01-01"},
    "wait": {"type": "duration", "text": "Wait.", "minimum": "90s", "maximum": "1d"}})",
                                                                 "test"),
                                                "runbook 'x'");
  return out;
}

host::ParameterValues gathered(std::vector<std::string> set, const std::optional<std::string>& file = {},
                               bool environment = false) {
  host::ParameterInput input;
  input.set = std::move(set);
  input.file = file;
  input.use_environment = environment;
  return host::gather_parameters(declared(), input);
}

std::string values(std::vector<std::string> set) { return core::canonical_json(gathered(std::move(set)).values); }

std::string refusal(std::vector<std::string> set) {
  return error_text([&] { return gathered(std::move(set)).values; });
}

/// What the definition of one parameter `p`, as JSON, is refused with, without the place that all share.
std::string faulty(const std::string& parameter, const std::string& name = "p") {
  const core::Json definition{{name, core::parse_json(parameter, "test")}};
  const std::string text = error_text([&] { return host::read_parameters(definition, "runbook 'x'").size(); });
  const std::string shared = "argument | runbook 'x': parameter '" + name + "': ";
  return text.starts_with(shared) ? text.substr(shared.size()) : text;
}

/// A variable of the environment, for as long as a test lasts.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  ~Variable() { ::unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

}  // namespace

TEST_SUITE("parameters") {
  TEST_CASE("values are read by their declared type, with defaults for what is left out") {
    CHECK(values({"value=0"}) == R"({"count":3,"force":false,"table":[],"value":0})");
    CHECK(values({"value=99.5", "count=7", "mode=slow", "force=true", R"(table={"a":[1]})", "file=a=b"}) ==
          R"({"count":7,"file":"a=b","force":true,"mode":"slow","table":{"a":[1]},"value":99.5})");
    CHECK(values({"value=1e1", "file="}) == R"({"count":3,"file":"","force":false,"table":[],"value":10})");
    CHECK(values({"value=1", "since=2024-01-01T02:00:00+02:00", "wait=15min"}) ==
          R"({"count":3,"force":false,"since":"2024-01-01T00:00:00Z","table":[],"value":1,"wait":900})");
    CHECK(values({"value=1", "since=2024-02-29", "wait=1.5h"}) ==
          R"({"count":3,"force":false,"since":"2024-02-29T00:00:00Z","table":[],"value":1,"wait":5400})");
  }

  TEST_CASE("every refusal names the parameter, what is accepted and what was found") {
    CHECK(refusal({}) ==
          "argument | parameter value: 'value' is missing: Value. Give it with --set value=..., in a file of --params "
          "or as BALLAST_PARAM_VALUE.");
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
          "argument | parameter value: expected a finite number from 0 to 100, USD, found '101'");
    CHECK(refusal({"value=1", "count=1.5"}) == "argument | parameter count: expected an integer, found '1.5'");
    CHECK(refusal({"value=1", "count=0"}) ==
          "argument | parameter count: expected an integer of at least 1, found '0'");
    CHECK(refusal({"value=1", "count=1e300"}) == "argument | parameter count: expected an integer, found '1e300'");
    CHECK(refusal({"value=1", "force=yes"}) == "argument | parameter force: expected true or false, found 'yes'");
    CHECK(refusal({"value=1", "mode=fats"}) ==
          "argument | parameter mode: 'fats' is not accepted (did you mean 'fast'?)");
    CHECK(refusal({"value=1", "table={"}).starts_with("argument | parameter table:1:"));
    CHECK(refusal({"value=1", "table=5"}) ==
          "argument | parameter table: expected a table or list, found the number 5");
    CHECK(refusal({"value=1", "file=\xff"}) ==
          "argument | parameter file: expected UTF-8 text, found bytes that are not");
    CHECK(refusal({"value=1", "since=2024-02-30"}) ==
          "argument | parameter since: '2024-02-30T00:00:00Z' is not a time: that date does not exist; accepted: "
          "2024-01-01T12:00:00Z, with a fraction or an offset such as +02:00");
    CHECK(refusal({"value=1", "since=2019-12-31"}) ==
          "argument | parameter since: expected an instant (such as 2024-01-01T12:00:00Z) or a date of at least "
          "2020-01-01T00:00:00Z, found '2019-12-31T00:00:00Z'");
    CHECK(refusal({"value=1", "wait=90"}) ==
          "argument | parameter wait: '90' is not a duration; accepted: a number and s, min, h or d, such as 90s, "
          "15min, 4h, 14d");
    CHECK(refusal({"value=1", "wait=2d"}) ==
          "argument | parameter wait: expected a duration (such as 90s, 15min, 4h, 14d) from 90s to 1d, found '2d'");
  }

  TEST_CASE("a faulty definition is refused with the word, what was found and what is accepted") {
    CHECK(faulty("5") == "expected a table { type = ..., text = ... }, found the number 5");
    CHECK(faulty(R"({"type": "number", "text": "T.", "minimun": 1})") ==
          "unknown field 'minimun' (did you mean 'minimum'?)");
    CHECK(faulty(R"({"type": "nubmer", "text": "T."})") == "unknown type 'nubmer' (did you mean 'number'?)");
    CHECK(
        faulty(R"({"type": "whatever", "text": "T."})") ==
        "unknown type 'whatever'; accepted: number, integer, string, boolean, file, table, instant, duration, secret");
    CHECK(faulty(R"({"text": "T."})") ==
          "'type' is missing: one of number, integer, string, boolean, file, table, instant, duration, secret");
    CHECK(faulty(R"({"type": "number"})") == "'text' is missing: a sentence that says what the parameter means");
    CHECK(faulty(R"({"type": "number", "text": 5})") == "'text': expected text, found the number 5");
    CHECK(faulty(R"({"type": "number", "text": "T.", "unit": []})") == "'unit': expected text, found a list");
    CHECK(faulty(R"({"type": "number", "text": "T.", "required": "yes"})") ==
          "'required': expected true or false, found the text 'yes'");
    CHECK(faulty(R"({"type": "number", "text": "T.", "required": true, "default": 1})") ==
          "'required' and 'default' exclude each other: what has a default need not be given");
    CHECK(faulty(R"({"type": "number", "text": "T.", "minimum": 2, "maximum": 1})") ==
          "'minimum' 2 is above 'maximum' 1");
    CHECK(faulty(R"({"type": "duration", "text": "T.", "minimum": "2h", "maximum": "90min"})") ==
          "'minimum' 2h is above 'maximum' 90min");
    CHECK(faulty(R"({"type": "instant", "text": "T.", "minimum": "2024-01-02", "maximum": "2024-01-01"})") ==
          "'minimum' 2024-01-02T00:00:00Z is above 'maximum' 2024-01-01T00:00:00Z");
    CHECK(faulty(R"({"type": "string", "text": "T.", "minimum": 2})") ==
          "'minimum' is for number, integer, instant and duration, found type string");
    CHECK(faulty(R"({"type": "integer", "text": "T.", "maximum": 1.5})") ==
          "'maximum': expected an integer, found the number 1.5");
    CHECK(faulty(R"({"type": "number", "text": "T.", "maximum": 1, "default": 2})") ==
          "'default': expected a finite number of at most 1, found '2'");
    CHECK(faulty(R"({"type": "number", "text": "T.", "default": "2"})") ==
          "'default': expected a finite number, found the text '2'; numbers stand without quotes");
    CHECK(faulty(R"({"type": "string", "text": "T.", "default": 2})") ==
          "'default': expected text, found the number 2; text that looks like a number stands in quotes");
    CHECK(faulty(R"({"type": "duration", "text": "T.", "default": 90})") ==
          "'default': expected a duration (such as 90s, 15min, 4h, 14d), found the number 90");
    CHECK(faulty(R"({"type": "duration", "text": "T.", "default": "90"})").starts_with("'default': '90' is not a"));
    CHECK(faulty(R"({"type": "string", "text": "T.", "choices": ["a", 1]})") ==
          "'choices[2]': expected text, found the number 1; text that looks like a number stands in quotes");
    CHECK(faulty(R"({"type": "integer", "text": "T.", "minimum": 2, "choices": [1]})") ==
          "'choices[1]': expected an integer of at least 2, found '1'");
    CHECK(faulty(R"({"type": "string", "text": "T.", "choices": []})") ==
          "'choices': expected a list of values, found a list without any");
    CHECK(faulty(R"({"type": "boolean", "text": "T.", "choices": [true]})") ==
          "'choices' is for string, number, integer, instant and duration, found type boolean");
    CHECK(faulty(R"({"type": "string", "text": "T.", "choices": ["fast"], "default": "fats"})") ==
          "'default': 'fats' is not accepted (did you mean 'fast'?)");
    CHECK(faulty(R"({"type": "secret", "text": "T.", "default": "hunter2"})") ==
          "'default': a secret stands in no script; accepted is a reference, env:NAME or file:PATH");
    for (const char* name : {"", "A", "a-b", "1a", "a b", "_a", "\xc3\xa9"}) {
      CAPTURE(name);
      CHECK(faulty(R"({"type": "string", "text": "T."})", name) ==
            "the name of a parameter is lower-case letters, digits and '_', and begins with a letter");
    }
    CHECK(error_text([] { return host::read_parameters(core::Json::array({1}), "runbook 'x'").size(); }) ==
          "argument | runbook 'x': params: expected a table by name, found a list");
  }

  TEST_CASE("defaults and limits are normalised as what is given") {
    const auto read = host::read_parameters(
        core::parse_json(R"({"a": {"type": "duration", "text": "T.", "default": "4h", "maximum": "14d"},
                             "b": {"type": "instant", "text": "T.", "default": "2024-01-01"},
                             "c": {"type": "integer", "text": "T.", "default": 2.0}})",
                         "test"),
        "runbook 'x'");
    CHECK(read[0].standard == core::Json(14400.0));
    CHECK(host::shown_value(read[0], *read[0].standard) == "4h");
    CHECK(host::accepted_values(read[0]) == "at most 14d");
    CHECK(read[1].standard == core::Json("2024-01-01T00:00:00Z"));
    CHECK(read[2].standard->is_number_integer());
  }

  TEST_CASE(
      "of several sources the first counts: --set, file, environment, default; each value says where it is from") {
    test::TestDesk desk;
    desk.spill("p.yaml", "count: 5\nvalue: 2\nmode: slow\n");
    const std::string file = (desk.desk() / "p.yaml").string();
    const Variable value("BALLAST_PARAM_VALUE", "4"), mode("BALLAST_PARAM_MODE", "never read"),
        force("BALLAST_PARAM_FORCE", "true");
    const auto all = gathered({"value=1"}, file, true);
    CHECK(core::canonical_json(all.values) == R"({"count":5,"force":true,"mode":"slow","table":[],"value":1})");
    CHECK(all.origins == core::Json{{"value", "set"},
                                    {"count", "file:" + file + ":1:1"},
                                    {"mode", "file:" + file + ":3:1"},
                                    {"force", "environment"},
                                    {"table", "default"}});
    CHECK(all.was_given("force"));
    CHECK(!all.was_given("table"));
    CHECK(!all.was_given("file"));
    CHECK(gathered({"value=1"}, file).values["force"] == false);  // the environment is read only where asked for
  }

  TEST_CASE("a file of parameters is typed, and its refusals say the place") {
    test::TestDesk desk;
    const auto refused = [&](const std::string& name, const std::string& text) {
      desk.spill(name, text);
      const std::string file = (desk.desk() / name).string();
      std::string found = error_text([&] { return gathered({"value=1"}, file).values; });
      if (const auto at = found.find(file); at != std::string::npos) found.replace(at, file.size(), "FILE");
      return found;
    };
    CHECK(
        refused("p.yaml", "count: '5'\n") ==
        "argument | FILE:1:1: parameter count: expected an integer, found the text '5'; numbers stand without quotes");
    CHECK(
        refused("p.yaml", "mode: 5\n") ==
        "argument | FILE:1:1: parameter mode: expected text, found the number 5; text that looks like a number stands "
        "in quotes");
    CHECK(refused("p.toml", "force = 'true'\n") ==
          "argument | FILE:1:1: parameter force: expected true or false, found the text 'true'; true and false stand "
          "without quotes");
    CHECK(
        refused("p.yaml", "table: {}\nwait: 90\n") ==
        "argument | FILE:2:1: parameter wait: expected a duration (such as 90s, 15min, 4h, 14d), found the number 90");
    CHECK(refused("p.yaml", "count:\n") == "argument | FILE:1:1: parameter count: expected an integer, found nothing");
    CHECK(refused("p.yaml", "value: 101\n") ==  // also where --set wins
          "argument | FILE:1:1: parameter value: expected a finite number from 0 to 100, USD, found '101'");
    CHECK(refused("p.json", R"({"cuont": 1})") == "argument | FILE: unknown parameter 'cuont' (did you mean 'count'?)");
    CHECK(refused("p.yaml", "- 1\n") == "argument | FILE:1:1: expected parameters by name, 'name: value'");
    CHECK(refused("p.txt", "") == "argument | FILE: the name of a settings file ends in .yaml, .yml, .toml or .json");
    CHECK(error_text([&] { return gathered({"value=1"}, desk.desk() / "none.yaml").values; }).starts_with("not_found"));
    desk.spill("p.toml", "since = 2024-01-01\nwait = '4h'\ntable = [1]\n");
    CHECK(core::canonical_json(gathered({"value=1"}, desk.desk() / "p.toml").values) ==
          R"({"count":3,"force":false,"since":"2024-01-01T00:00:00Z","table":[1],"value":1,"wait":14400})");
    desk.spill("p.yaml", "# nothing yet\n");
    CHECK(gathered({"value=1"}, desk.desk() / "p.yaml").origins["value"] == "set");
  }

  TEST_CASE("variables of the environment are read as text; those that no parameter reads are told") {
    const Variable right("BALLAST_PARAM_COUNT", "7"), misspelt("BALLAST_PARAM_VAULE", "1"),
        strange("BALLAST_PARAM_ZZZZZZZZ", "1");
    std::vector<std::string> told;
    host::ParameterInput input;
    input.use_environment = true;
    input.warn = [&](const std::string& text) { told.push_back(text); };
    // Told although the run is refused: the misspelt variable is why.
    CHECK(error_text([&] {
            return host::gather_parameters(declared(), input).values;
          }).starts_with("argument | parameter value: 'value' is missing"));
    CHECK(told == std::vector<std::string>{
                      "BALLAST_PARAM_VAULE is set, and this runbook has no parameter of that name (did you mean "
                      "BALLAST_PARAM_VALUE?)",
                      "BALLAST_PARAM_ZZZZZZZZ is set, and this runbook has no parameter of that name"});
    input.set = {"value=1"};
    CHECK(host::gather_parameters(declared(), input).values["count"] == 7);
    const Variable wrong("BALLAST_PARAM_COUNT", "many");
    CHECK(error_text([&] { return host::gather_parameters(declared(), input).values; }) ==
          "argument | BALLAST_PARAM_COUNT: parameter count: expected an integer, found 'many'");
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
