// A runbook's own judgement of its parameters: before anything is written, with the place of the value.
#include <doctest/doctest.h>

#include "support/runbook_desk.hpp"

using namespace ballast;
using test::Ran;
using test::TestDesk;

namespace {

constexpr const char* kParameters =
    "params = { low = { type = 'number', default = 0, text = 'Low.' }, high = { type = 'number', default = 1, text = "
    "'High.' } },\n";

/// A desk with a runbook whose `check` has that body.
struct CheckedDesk : TestDesk {
  explicit CheckedDesk(const std::string& body) {
    test::spill_runbook(*this, "bounds", "print('began') return { status = 'finished' }",
                        kParameters + ("check = function(params) " + body + " end,"));
  }
  Ran bounds(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"run", "bounds", "--now", kNow});
    return run(more);
  }
};

/// Says what is refused, and that nothing was written.
void refuses(const CheckedDesk& desk, const std::vector<std::string>& more, const std::string& text) {
  const Ran ran = desk.bounds(more);
  CAPTURE(ran.out + ran.error);
  CHECK(ran.status == 2);
  CHECK(ran.error.find(text) != std::string::npos);
  CHECK(ran.out.empty());
  CHECK(!std::filesystem::exists(desk.var()));
}

constexpr const char* kByName =
    "if params.low > params.high then return { high = 'expected at least low, ' .. params.low } end";

}  // namespace

TEST_SUITE("parameter check") {
  TEST_CASE("what the runbook refuses ends a run, a dry run and a plan before anything is written, with the place") {
    const CheckedDesk desk(kByName);
    refuses(desk, {"--set", "low=2"}, "error: --set high: expected at least low, 2");
    refuses(desk, {"--set", "low=2", "--dry-run"}, "error: --set high: expected at least low, 2");
    desk.spill("given.yaml", "low: 2\nhigh: 1.5\n");
    refuses(desk, {"--params", "given.yaml"}, "error: given.yaml:2:1: expected at least low, 2");
    CHECK(desk.bounds({"--set", "low=0.5"}).out.find("began") == 0);
  }

  TEST_CASE("a plan whose parameters are refused by a runbook that changed is not carried out") {
    const CheckedDesk desk("return true");
    const Ran planned = desk.bounds({"--set", "low=2", "--dry-run", "--json"});
    REQUIRE(planned.status == 0);
    test::spill_runbook(desk, "bounds", "return {}",
                        kParameters + (std::string("check = function(params) ") + kByName + " end,"));
    const Ran ran = desk.run({"run", "--plan", planned.json()["plan_sha256"].get<std::string>()});
    CHECK(ran.status == 2);
    CHECK(ran.mentions("--set high: expected at least low, 2"));
    CHECK(!std::filesystem::exists(desk.var() / "objects"));
  }

  TEST_CASE("texts, lists and failures of libraries are refusals; nothing and true are none") {
    refuses(CheckedDesk("return 'low and high are the same'"), {}, "error: low and high are the same");
    refuses(CheckedDesk("return { 'the first', 'the second' }"), {},
            "error: bounds: 2 faults in the parameters\n  the first\n  the second");
    refuses(CheckedDesk("return { high = 'a', low = 'b' }"), {},
            "2 faults in the parameters\n  --set high: a\n  --set low: b");
    refuses(CheckedDesk("require('failure').raise('bounds_crossed', '--set low: crossed')"), {},
            "error: --set low: crossed");
    CHECK(CheckedDesk("return nil").bounds().status == 0);
    CHECK(CheckedDesk("return true").bounds().status == 0);
    CHECK(CheckedDesk("return {}").bounds().status == 0);
  }

  TEST_CASE("a check that says something else, or looks at the world, is a fault of the runbook") {
    refuses(CheckedDesk("return false"), {}, "runbook 'bounds': check: expected nothing, true or texts that say what");
    refuses(CheckedDesk("return { hihg = 'x' }"), {}, "unknown parameter 'hihg' (did you mean 'high'?)");
    refuses(CheckedDesk("return { high = 5 }"), {}, "expected texts that say what is wrong, found number");
    refuses(CheckedDesk("return params.high.value.x"), {}, "bounds.lua:");
    refuses(CheckedDesk("ballast.clock.now()"), {}, "not while it is loaded or checks its parameters");
    refuses(CheckedDesk("ballast.files.read('runbooks/bounds.lua')"), {},
            "not while it is loaded or checks its parameters");
  }

  TEST_CASE("shipped runbooks judge their parameters beforehand") {
    const TestDesk desk;
    const auto refused = [&](const std::vector<std::string>& arguments, const std::string& text) {
      const Ran ran = desk.run(arguments);
      CAPTURE(ran.out + ran.error);
      CHECK(ran.status == 2);
      CHECK(ran.error.find("error: " + text) == 0);
      CHECK(!std::filesystem::exists(desk.var() / "runs"));
    };
    refused({"run", "incident_freeze", "--set", "action=alert", "--set", "symbol=BTC_USDT"},
            "action=alert needs --set alert=...");
    refused({"run", "incident_freeze", "--set", "action=observe", "--set", "assessment=a.json"},
            "an incident is about one symbol or one strategy");
    for (const char* each : {"portfolio_cycle", "rebalance_handover"}) {
      refused(
          {"run", each, "--set", "portfolio_value=1", "--set", "governor=stage6_core", "--set", "fallback_folders=[5]"},
          "--set fallback_folders: element 1");
    }
    refused({"run", "runtime_sanity", "--set", "expected_version=v1", "--set", "allow_state=[\"kpis\"]"},
            "--set allow_state: ");
    const std::vector<std::string> activation{"run",   "activation_log", "--set", "expected_version=v1",
                                              "--set", "commit=abcdef0", "--set"};
    auto with = activation;
    with.push_back("steps={\"code_pulled\": \"yesterday\"}");
    refused(with, "--set steps.code_pulled: expected an instant");
    with.back() = "steps={}";
    with.insert(with.end(), {"--set", "tests={\"a\": 1}"});
    refused(with, "--set tests: expected a JSON list");
  }
}
