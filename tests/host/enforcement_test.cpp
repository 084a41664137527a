// What a policy's refusal means stands outside of the policy and of the runbook: nothing, a warning, no effect unless
// two people override it, no effect.
#include <doctest/doctest.h>

#include "support/command.hpp"

using namespace ballast;
using test::Ran;
using test::TestDesk;

namespace {

constexpr const char* kPolicy =
    "return require('policy').define { name = 'gate', version = 1, summary = 'Refuses.', reasons = { shut = 'It is "
    "shut.' },\n"
    "  decide = function() return { outcome = 'deny', reasons = { { code = 'shut' } } } end }\n";
constexpr const char* kRunbook =
    R"(return require("runbook").define { name = "pass", version = 1, summary = "Asks, then acts.",
  roots = { out = "Where it writes." },
  main = function(run)
    local decision = run:policy("gate", {})
    run:effect { name = "write", plan = function() return { file = "out/done.txt" } end,
      verify = function(plan) return ballast.files.exists(plan.file) end,
      apply = function(plan) ballast.files.write(plan.file, "done") end,
      undo = function(plan) ballast.files.remove(plan.file) end }
    return { outcome = decision.outcome }
  end }
)";

class Desk : public TestDesk {
 public:
  explicit Desk(const std::string& level) {
    spill("policies/gate.lua", kPolicy);
    spill("runbooks/pass.lua", kRunbook);
    std::string settings = "policies:\n  enforcement:\n    gate: " + level + "\napprovals:\n  approvers:\n";
    for (const char* name : {"ann", "bob", "cyd"}) {
      REQUIRE(run({"keys", "new", "--keys", keys_of(name)}).status == 0);
      const core::Json key = run({"approvals", "key", name, "--keys", keys_of(name), "--json"}).json();
      settings += std::string("    ") + name + ": { key: " + key["key"].get<std::string>() +
                  ", public_key: " + key["public_key"].get<std::string>() + ", roles: [risk] }\n";
    }
    spill("config/core.yaml", settings);
  }
  std::string keys_of(const std::string& name) const { return outside("keys_" + name).string(); }
  bool done() const { return std::filesystem::exists(var() / "out/done.txt"); }
  Ran pass(std::vector<std::string> more = {}) const {
    std::vector<std::string> all{"run", "pass", "--actor", "ann"};
    all.insert(all.end(), more.begin(), more.end());
    return run(all);
  }
  std::string last_run() const {
    return run({"runs", "list", "--json"}).json()["runs"].back()["run"].get<std::string>();
  }
  Ran approve(const std::string& name, std::vector<std::string> more) const {
    std::vector<std::string> all{"approvals", "approve", last_run(), "--actor", name, "--keys", keys_of(name)};
    all.insert(all.end(), more.begin(), more.end());
    return run(all);
  }
};

}  // namespace

TEST_SUITE("enforcement") {
  TEST_CASE("shadow and advisory refusals hold nothing back") {
    for (const char* level : {"shadow", "advisory"}) {
      CAPTURE(level);
      const Desk desk(level);
      const Ran ran = desk.pass();
      CHECK(ran.status == 0);
      CHECK(desk.done());
      CHECK(ran.mentions("warning: policy gate refused") == (level == std::string("advisory")));
    }
  }

  TEST_CASE("a hard refusal stops the run before its effect, whatever the script does, and a dry run says so") {
    const Desk desk("hard_mandatory");
    const Ran dry = desk.pass({"--dry-run"});
    CHECK(dry.status == 0);
    CHECK(dry.mentions("refusal 'write'"));
    const Ran ran = desk.pass();
    CHECK(ran.status == 1);
    CHECK(ran.mentions("effect 'write' is refused: policy gate said no, and it is hard_mandatory"));
    CHECK_FALSE(desk.done());
    CHECK(desk.run({"verify", "var"}).status == 0);
    CHECK(desk.run({"replay", desk.last_run()}).status == 0);
  }

  TEST_CASE("each policy that refused softly is overridden by its own name") {
    const Desk desk("soft_mandatory");
    desk.spill("policies/fence.lua", std::string(kPolicy).replace(std::string(kPolicy).find("gate"), 4, "fence"));
    std::string runbook = kRunbook;
    runbook.insert(runbook.find("    run:effect"), "    run:policy('fence', {})\n");
    desk.spill("runbooks/pass.lua", runbook);
    std::string settings = test::slurp(desk.desk() / "config/core.yaml");
    settings.insert(settings.find("    gate:"), "    fence: soft_mandatory\n");
    desk.spill("config/core.yaml", settings);
    CHECK(desk.pass().mentions("'override gate' waits for approval: 0 of 2 by"));
    for (const char* name : {"bob", "cyd"}) REQUIRE(desk.approve(name, {"--reason", "checked"}).status == 0);
    CHECK(desk.run({"runs", "resume", desk.last_run()}).mentions("'override fence' waits for approval: 0 of 2 by"));
    CHECK_FALSE(desk.done());
    for (const char* name : {"bob", "cyd"}) REQUIRE(desk.approve(name, {"--reason", "checked"}).status == 0);
    const Ran resumed = desk.run({"runs", "resume", desk.last_run()});
    CAPTURE(resumed.out + resumed.error);
    CHECK(resumed.status == 0);
    CHECK(desk.done());
    CHECK(desk.run({"replay", desk.last_run()}).status == 0);
  }

  TEST_CASE("a soft refusal is overridden by two people with reasons, neither of them the author, on record") {
    const Desk desk("soft_mandatory");
    CHECK(desk.pass().status == 4);
    CHECK_FALSE(desk.done());
    CHECK(desk.approve("ann", {"--reason", "I want it"}).mentions("the author of a run does not approve it"));
    CHECK(desk.approve("bob", {}).mentions("bob gives no reason"));
    CHECK(desk.approve("bob", {"--reason", "checked by hand"}).status == 0);
    CHECK(desk.run({"runs", "resume", desk.last_run()}).status == 4);
    CHECK_FALSE(desk.done());
    CHECK(desk.approve("cyd", {"--reason", "so did I"}).status == 0);
    const Ran resumed = desk.run({"runs", "resume", desk.last_run()});
    CAPTURE(resumed.out + resumed.error);
    CHECK(resumed.status == 0);
    CHECK(desk.done());
    const core::Json entries = desk.run({"log", "query", "--kind", "override", "--json"}).json()["entries"];
    REQUIRE(entries.size() == 1);
    CHECK(entries[0]["decision"]["request"]["overrides"] == "gate");
    CHECK(entries[0]["decision"]["request"].contains("expires"));
    CHECK(entries[0]["decision"]["approvals"].size() == 2);
    CHECK(desk.run({"verify", "var"}).status == 0);
    const Ran replay = desk.run({"replay", desk.last_run()});
    CAPTURE(replay.out + replay.error);
    CHECK(replay.status == 0);
  }
}
