// What a run asks and tells people beside approvals: confirmations, notices, and the secrets that go with them.
#include <chrono>
#include <thread>

#include <doctest/doctest.h>

#include "support/runbook_desk.hpp"

using namespace ballast;
using test::Ran;
using test::slurp;
using test::TestDesk;

namespace {

namespace fs = std::filesystem;

/// Waits for a file that a program writes by itself.
std::string awaited(const fs::path& file) {
  for (int i = 0; i < 500 && !fs::exists(file); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  return slurp(file);
}

}  // namespace

TEST_SUITE("people") {
  TEST_CASE("without its confirmation a run waits, and another one does not count") {
    TestDesk desk;
    test::spill_runbook(desk, "really",
                        "run:confirm { name = 'really', text = 'Write it?' }\n" + test::writing_effect("order", "'x'"));
    const Ran waiting = desk.run({"run", "really", "--actor", "ann", "--json"});
    const std::string id = test::run_id(waiting);
    CHECK(waiting.status == 4);
    CHECK(waiting.mentions("confirmation 'really' is missing (Write it?): ballast runs resume " + id +
                           " --confirm 'really'"));
    const Ran other = desk.run({"runs", "resume", id, "--confirm", "realy"});
    CHECK(other.status == 4);
    CHECK(other.mentions("note: nothing asked for the confirmation 'realy' (did you mean 'really'?)"));
    CHECK(!fs::exists(desk.var() / "out"));
    CHECK(desk.run({"runs", "resume", id, "--confirm", "really", "--actor", "bob"}).status == 0);
    CHECK(fs::exists(desk.var() / "out/order.txt"));
    for (const core::Json& each : test::journal_records(desk, id)) {
      if (each["kind"] != "confirm") continue;
      CHECK(each["actor"] == "bob");
      CHECK(each["by"] == "--confirm");
    }
    CHECK(desk.run({"run", "really", "--confirm", "really"}).status == 0);
  }

  TEST_CASE("a notice that cannot be sent is a remark, and those that can be are") {
    TestDesk desk;
    desk.spill("config/core.yaml", "notify:\n  file: notices.jsonl\n  command: [/nowhere/to/be/found]\n");
    test::spill_runbook(desk, "tell",
                        "run:notify { text = 'done | so', level = 'warning', data = { count = 3 } }\n"
                        "return { status = 'finished' }");
    const Ran ran = desk.run({"run", "tell", "--json"});
    CAPTURE(ran.out + ran.error);
    CHECK(ran.status == 0);
    CHECK(ran.mentions("warning: done | so"));
    const core::Json line = core::parse_json(slurp(desk.var() / "notices.jsonl"), "notices");
    CHECK(line["text"] == "done | so");
    CHECK(line["level"] == "warning");
    CHECK(line["data"]["count"] == 3);
    CHECK(line["run"] == test::run_id(ran));
    const auto records = test::journal_records(desk);
    CHECK(test::count_kind(records, "notice") == 1);
    REQUIRE(test::count_kind(records, "warning") == 1);
    for (const core::Json& each : records) {
      if (each["kind"] == "warning")
        CHECK(each["warning"].get<std::string>() ==
              "notice not sent: /nowhere/to/be/found could not be started: No such file or directory");
    }
    CHECK(desk.run({"verify", "var"}).status == 0);
    CHECK(desk.run({"replay", test::run_id(ran)}).status == 0);
    CHECK(slurp(desk.var() / "notices.jsonl").find('\n') == slurp(desk.var() / "notices.jsonl").size() - 1);
  }

  TEST_CASE("a secret reaches the command's environment and no file of the desk") {
    TestDesk desk;
    const std::string secret = "hunter2-but-longer";
    const fs::path seen = desk.outside("seen"), got = desk.outside("notice");
    desk.spill("config/core.yaml", "notify:\n  command: [/bin/sh, -c, 'cat > " + got.string() +
                                       "; printf %s \"$BALLAST_SECRET_TOKEN\" > " + seen.string() + ".part; mv " +
                                       seen.string() + ".part " + seen.string() + "']\n");
    test::spill_runbook(desk, "tell", "run:notify { text = 'with ' .. run.params.token }",
                        "params = { token = { type = 'secret', required = true, text = 'Token.' } },");
    test::Command command = desk.command({"run", "tell", "--set", "token=env:BALLAST_TEST_TOKEN"});
    command.environment["BALLAST_TEST_TOKEN"] = secret;
    const Ran ran = test::run_command(command);
    CAPTURE(ran.out + ran.error);
    CHECK(ran.status == 0);
    CHECK(!ran.mentions(secret));
    CHECK(awaited(seen) == secret);
    CHECK(slurp(got).find("with secret:token") != std::string::npos);
    for (const auto& entry : fs::recursive_directory_iterator(desk.desk())) {
      const std::string file = entry.path().string();
      CAPTURE(file);
      if (entry.is_regular_file()) CHECK(slurp(entry.path()).find(secret) == std::string::npos);
    }
  }
}
