// One run at a time works on a target; what a run left half done there is named, not overwritten.
#include <chrono>
#include <csignal>
#include <thread>

#include <doctest/doctest.h>
#include <sys/wait.h>

#include "support/runbook_desk.hpp"

using namespace ballast;
using test::Ran;
using test::TestDesk;

namespace {

namespace fs = std::filesystem;

struct TargetDesk {
  TestDesk desk;

  explicit TargetDesk(const std::string& body) {
    test::spill_runbook(desk, "move", body,
                        "params = { symbol = { type = 'string', required = true, text = 'What is moved.' },\n"
                        "  pause = { type = 'boolean', default = false, text = 'Whether it waits first.' } },\n"
                        "target = { 'symbol' },");
  }
  Ran move(const std::string& symbol, std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"run", "move", "--json", "--actor", "ann", "--no-input", "--set", "symbol=" + symbol});
    return desk.run(more);
  }
  /// The only run that there is.
  std::string first() const {
    std::vector<std::string> all;
    for (const auto& each : fs::directory_iterator(desk.var() / "runs")) all.push_back(each.path().filename().string());
    REQUIRE(all.size() == 1);
    return all.front();
  }
};

const std::string kWriting = test::writing_effect("mark", "'x'");

/// Fails while the file is missing.
constexpr const char* kReading = "run:step('look', function() return ballast.files.read('in.txt') end)";

}  // namespace

TEST_SUITE("target") {
  TEST_CASE("a run that ended is not taken back once another one worked on its target") {
    const TestDesk desk;
    test::spill_runbook(desk, "book", test::writing_effect("order", "tostring(run.params.v)") + "return {}",
                        "params = { v = { type = 'integer', required = true, text = 'V.' }, to = { type = 'string', "
                        "default = 'x', text = 'To.' } }, target = { 'to' },");
    const std::string first = test::run_id(desk.run({"run", "book", "--set", "v=1", "--json"}));
    const std::string second = test::run_id(desk.run({"run", "book", "--set", "v=2", "--json"}));
    const test::Ran refused = desk.run({"runs", "abort", first});
    CHECK(refused.status == 2);
    CHECK(refused.mentions(second));
    CHECK(refused.mentions("abort that one first"));
    CHECK(std::filesystem::exists(desk.var() / "out/order.txt"));
    CHECK(desk.run({"runs", "abort", second}).status == 0);
    CHECK(desk.run({"verify", "var"}).status == 0);
  }

  TEST_CASE("a run that waits keeps its target, and another target is free") {
    const TargetDesk target("run:confirm { name = 'go', text = 'Go?' }");
    const Ran waiting = target.move("BTC_USDT");
    REQUIRE(waiting.status == 4);
    const std::string id = test::run_id(waiting);
    const Ran blocked = target.move("BTC_USDT", {"--confirm", "go"});
    CAPTURE(blocked.out + blocked.error);
    CHECK(blocked.status == 2);
    CHECK(blocked.mentions("run " + id + " of ann since "));
    CHECK(blocked.mentions("is waiting on the same target "));
    CHECK(blocked.mentions("ballast runs resume " + id + " or ballast runs abort " + id + " first"));
    CHECK(target.first() == id);  // the blocked one left nothing
    CHECK(target.move("ETH_USDT", {"--confirm", "go"}).status == 0);
    CHECK(target.desk.run({"runs", "resume", id, "--confirm", "go"}).status == 0);
    CHECK(target.move("BTC_USDT", {"--confirm", "go"}).status == 0);
    CHECK(target.desk.run({"verify", "var"}).status == 0);
  }

  TEST_CASE("what was given up leaves its target free") {
    const TargetDesk target("run:confirm { name = 'go', text = 'Go?' }");
    const Ran waiting = target.move("BTC_USDT");
    REQUIRE(waiting.status == 4);
    REQUIRE(target.desk.run({"runs", "abort", test::run_id(waiting)}).status == 0);
    const Ran next = target.move("BTC_USDT", {"--confirm", "go"});
    CHECK(next.status == 0);
    CHECK(test::count_kind(test::journal_records(target.desk, test::run_id(next)), "note") == 0);
  }

  TEST_CASE("a failed run is taken over with a note, and cannot be resumed afterwards") {
    const TargetDesk target(kReading);
    REQUIRE(target.move("BTC_USDT").status == 2);
    const std::string failed = target.first();
    target.desk.spill("in.txt", "there");
    const Ran next = target.move("BTC_USDT");
    CAPTURE(next.out + next.error);
    REQUIRE(next.status == 0);
    const std::string id = test::run_id(next);
    std::string note;
    for (const core::Json& each : test::journal_records(target.desk, id)) {
      if (each["kind"] == "note") note = each["note"].get<std::string>();
    }
    CHECK(note.starts_with("took the target over from run " + failed + " of ann since "));
    CHECK(note.ends_with(", which is failed"));
    const auto before = test::journal_records(target.desk, failed).size();
    const Ran resumed = target.desk.run({"runs", "resume", failed});
    CHECK(resumed.status == 2);
    CHECK(resumed.mentions("run " + id + " of ann since "));
    CHECK(resumed.mentions("has had the same target since; abort this run instead of resuming it"));
    CHECK(test::journal_records(target.desk, failed).size() == before);
    CHECK(target.desk.run({"runs", "abort", failed}).status == 0);
    CHECK(target.desk.run({"verify", "var"}).status == 0);
  }

  TEST_CASE("a failed run that nobody took over is resumed") {
    const TargetDesk target(kReading);
    REQUIRE(target.move("BTC_USDT").status == 2);
    target.desk.spill("in.txt", "there");
    CHECK(target.move("ETH_USDT").status == 0);
    CHECK(target.desk.run({"runs", "list", "--status", "failed", "--json"}).json()["runs"].size() == 1);
    const std::string failed =
        target.desk.run({"runs", "list", "--status", "failed", "--json"}).json()["runs"][0]["run"].get<std::string>();
    CHECK(target.desk.run({"runs", "resume", failed}).status == 0);
  }

  TEST_CASE("two runs at once exclude each other, and a killed one leaves no lock") {
    const TargetDesk target(
        "if not ballast.files.exists('go.txt') then run:wait { name = 'pause', until_ = '10min' } end");
    const pid_t child =
        test::start_command(target.desk.command({"run", "move", "--actor", "ann", "--set", "symbol=BTC_USDT"}));
    const auto holds = [&] {
      std::error_code ignored;
      for (const auto& each : fs::directory_iterator(target.desk.var() / "locks", ignored)) {
        if (test::slurp(each.path()).ends_with("\n")) return true;
      }
      return false;
    };
    for (int i = 0; i < 500 && !holds(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    // To take it back, or to go on with it, is work on the target too.
    for (const char* verb : {"abort", "resume"}) {
      const Ran itself = target.desk.run({"runs", verb, target.first()});
      CHECK(itself.status == 2);
      CHECK(itself.mentions("the run is being executed by another process"));
    }
    target.desk.spill("go.txt", "now");
    const Ran blocked = target.move("BTC_USDT");
    CHECK(blocked.status == 2);
    CHECK(blocked.mentions("another run works on the same target "));
    CHECK(blocked.mentions("run " + target.first() + " of ann since "));
    CHECK(target.move("ETH_USDT").status == 0);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    const Ran next = target.move("BTC_USDT");
    CAPTURE(next.out + next.error);
    CHECK(next.status == 0);
    CHECK(next.mentions("took the target over from run move-"));
    CHECK(next.mentions(", which is died"));
  }

  TEST_CASE("a run is taken back while no other works on its target") {
    const TargetDesk target("if run.params.pause then run:wait { name = 'pause', until_ = '10min' } end\n" + kWriting +
                            kReading);
    REQUIRE(target.move("BTC_USDT").status == 2);
    const std::string failed = target.first();
    const pid_t other = test::start_command(
        target.desk.command({"run", "move", "--actor", "bob", "--set", "symbol=BTC_USDT", "--set", "pause=true"}));
    const auto is_held = [&] {
      return target.desk.run({"runs", "list", "--status", "running", "--json"}).json()["runs"].size() == 1;
    };
    for (int i = 0; i < 200 && !is_held(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    const auto before = test::journal_records(target.desk, failed).size();
    const Ran refused = target.desk.run({"runs", "abort", failed});
    CHECK(refused.status == 2);
    CHECK(refused.mentions("another run works on the same target "));
    CHECK(refused.mentions(" of bob since "));
    CHECK(test::journal_records(target.desk, failed).size() == before);
    CHECK(fs::exists(target.desk.var() / "out/mark.txt"));
    ::kill(other, SIGTERM);
    ::waitpid(other, nullptr, 0);
    // The other one stopped: it is resumed or aborted for itself, and has no say in what this one did.
    CHECK(target.desk.run({"runs", "abort", failed}).status == 0);
    CHECK(!fs::exists(target.desk.var() / "out/mark.txt"));
    CHECK(target.desk.run({"verify", "var"}).status == 0);
  }
}
