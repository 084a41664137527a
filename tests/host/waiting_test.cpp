// Waits and attempts: with a given clock they cost no time, with the real one no CPU, and a resumed run goes on with
// the times that it would have had.
#include <chrono>
#include <csignal>
#include <thread>

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "support/runbook_desk.hpp"

using namespace ballast;
using test::Ran;
using test::slurp;
using test::TestDesk;

namespace {

namespace fs = std::filesystem;

/// Fourteen days, each with a step that says when it was; the seventh reads a file.
constexpr const char* kFortnight =
    "local days = ballast.json.array {}\n"
    "for day = 1, 14 do\n"
    "  run:wait { name = 'day ' .. day, until_ = '1d' }\n"
    "  days[day] = run:step('look ' .. day, function()\n"
    "    if day == 7 then ballast.files.read('seventh.txt') end\n"
    "    return ballast.clock.now() end)\n"
    "end\n"
    "run:artefact('days.json', ballast.json.pretty(days))\n"
    "return { status = 'finished', last = days[14] }";

std::vector<std::string> at_given_time(const std::string& runbook) {
  return {"run", runbook, "--now", TestDesk::kNow, "--actor", "ann", "--json"};
}

struct Ended {
  int status = -1;
  double cpu_seconds = 0;
};

Ended wait_for(pid_t child) {
  int status = 0;
  rusage used{};
  ::wait4(child, &status, 0, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
          seconds(used.ru_utime) + seconds(used.ru_stime)};
}

}  // namespace

TEST_SUITE("waiting") {
  TEST_CASE("a parameter says how long, how often and until when") {
    TestDesk desk;
    test::spill_runbook(
        desk, "long",
        "local times = ballast.json.array {}\n"
        "run:wait { name = 'a while', until_ = run.params.pause }\n"
        "times[1] = ballast.clock.now()\n"
        "local looks = 0\n"
        "run:wait { name = 'three looks', until_ = function() looks = looks + 1 return looks == 3 or nil end,\n"
        "  every = run.params.pause / 2, deadline = run.params.pause * 10 }\n"
        "times[2] = ballast.clock.now()\nreturn times",
        "params = { pause = { type = 'duration', default = '90min', text = 'How long.' } },");
    const Ran ran = desk.run(at_given_time("long"));
    CAPTURE(ran.error);
    CHECK(ran.json()["result"] == core::Json({"2026-01-15T01:30:00Z", "2026-01-15T03:00:00Z"}));
  }

  TEST_CASE("lengths that nobody can wait for are refused") {
    for (const char* wanted : {"until_ = -1", "until_ = 0/0", "until_ = 1e300", "until_ = 'soon'",
                               "until_ = function() end, every = 0", "until_ = function() end, every = '0s'"}) {
      CAPTURE(std::string(wanted));
      TestDesk desk;
      test::spill_runbook(desk, "never", "run:wait { name = 'it', " + std::string(wanted) + " }");
      const Ran ran = desk.run(at_given_time("never"));
      CHECK(ran.status == 2);
      CHECK(ran.mentions("wait 'it': "));
    }
  }

  TEST_CASE("fourteen days with a given clock take no time and replay the same") {
    TestDesk desk;
    desk.spill("seventh.txt", "there");
    test::spill_runbook(desk, "fortnight", kFortnight);
    const auto began = std::chrono::steady_clock::now();
    const Ran ran = desk.run(at_given_time("fortnight"));
    CAPTURE(ran.out + ran.error);
    CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(20));
    REQUIRE(ran.status == 0);
    CHECK(ran.json()["result"]["last"] == "2026-01-29T00:00:00Z");
    const core::Json days = core::parse_json(slurp(desk.var() / "days.json"), "days");
    REQUIRE(days.size() == 14);
    CHECK(days[0] == "2026-01-16T00:00:00Z");
    CHECK(days[6] == "2026-01-22T00:00:00Z");
    CHECK(desk.run({"verify", "var"}).status == 0);
    const Ran replay = desk.run({"replay", test::run_id(ran)});
    CAPTURE(replay.out + replay.error);
    CHECK(replay.status == 0);
  }

  TEST_CASE("resumed in the middle of fourteen days, each day is what it would have been") {
    TestDesk whole, broken;
    for (TestDesk* each : {&whole, &broken}) test::spill_runbook(*each, "fortnight", kFortnight);
    whole.spill("seventh.txt", "there");
    REQUIRE(whole.run(at_given_time("fortnight")).status == 0);
    REQUIRE(broken.run(at_given_time("fortnight")).status == 2);
    fs::path folder;
    for (const auto& each : fs::directory_iterator(broken.var() / "runs")) folder = each.path();
    const std::string id = folder.filename().string();
    CHECK(test::count_kind(test::journal_records(broken), "wait") == 7);
    CHECK(broken.run({"runs", "resume", id}).status == 2);  // it is still missing
    broken.spill("seventh.txt", "there");
    const Ran resumed = broken.run({"runs", "resume", id});
    CAPTURE(resumed.out + resumed.error);
    CHECK(resumed.status == 0);
    CHECK(slurp(broken.var() / "days.json") == slurp(whole.var() / "days.json"));
    CHECK(test::count_kind(test::journal_records(broken), "wait") == 14);
    CHECK(broken.run({"verify", "var"}).status == 0);
    const Ran replay = broken.run({"replay", id});
    CAPTURE(replay.out + replay.error);
    CHECK(replay.status == 0);
  }

  TEST_CASE("a wait with the real clock costs no CPU, and a signal leaves it to be resumed") {
    TestDesk desk;
    test::spill_runbook(desk, "patient",
                        "run:wait { name = 'pause', until_ = '4s' }\n" + test::writing_effect("order", "'x'"));
    const pid_t child = test::start_command(desk.command({"run", "patient"}));
    for (int i = 0; i < 500 && !fs::exists(desk.var() / "runs"); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    std::this_thread::sleep_for(std::chrono::milliseconds(2500));
    REQUIRE(::kill(child, SIGINT) == 0);
    const auto told = std::chrono::steady_clock::now();
    const Ended ended = wait_for(child);
    CHECK(std::chrono::steady_clock::now() - told < std::chrono::seconds(1));
    CHECK(ended.status == 130);
    CHECK(ended.cpu_seconds < 1);
    CHECK(!fs::exists(desk.var() / "out"));
    const auto records = test::journal_records(desk);
    CHECK(records.back()["status"] == "interrupted");
    CHECK(desk.run({"verify", "var"}).status == 0);
    const std::string id = records.front()["run"].get<std::string>();
    const Ran resumed = desk.run({"runs", "resume", id});
    CAPTURE(resumed.out + resumed.error);
    CHECK(resumed.status == 0);
    CHECK(fs::exists(desk.var() / "out/order.txt"));
  }

  TEST_CASE("what does not come by the deadline fails the run there, and what comes is returned") {
    const std::string body =
        "local found = run:wait { name = 'fill', every = '1h', deadline = '5h',\n"
        "  until_ = function() return ballast.clock.now() >= '2026-01-15T0' .. run.params.hour .. ':30:00Z' and { at = "
        "ballast.clock.now() } end }\n"
        "return { status = 'finished', at = found.at }";
    TestDesk desk;
    test::spill_runbook(desk, "poll", body,
                        "params = { hour = { type = 'string', default = '2', text = 'An hour.' } },");
    const Ran came = desk.run(at_given_time("poll"));
    CAPTURE(came.out + came.error);
    CHECK(came.status == 0);
    CHECK(came.json()["result"]["at"] == "2026-01-15T03:00:00Z");
    auto late = at_given_time("poll");
    late.insert(late.end(), {"--set", "hour=9"});
    const Ran failed = desk.run(late);
    CHECK(failed.status == 2);
    CHECK(failed.mentions("'fill' did not come by 2026-01-15T05:00:00Z"));
    // Looked at once more when it was over, and not after that.
    for (const auto& each : fs::directory_iterator(desk.var() / "runs")) {
      const auto records = test::journal_records(desk, each.path().filename().string());
      if (records.front()["parameters"]["hour"] != "9") continue;
      CHECK(test::count_kind(records, "wait") == 5);
      CHECK(test::count_kind(records, "step_finished") == 6);
    }
  }

  TEST_CASE("only errors with a declared code are tried again, with pauses that double") {
    const auto trying = [](const std::string& codes) {
      return "local result = run:retry { name = 'fetch', attempts = 4, backoff = '10s', on = { " + codes +
             " }, fn = function()\n"
             "  if ballast.clock.now() < '2026-01-15T00:00:30Z' then ballast.files.read('absent.txt') end\n"
             "  return { at = ballast.clock.now() } end }\n"
             "return { status = 'finished', at = result.at }";
    };
    TestDesk desk;
    test::spill_runbook(desk, "again", trying("'not_found'"));
    const Ran ran = desk.run(at_given_time("again"));
    CAPTURE(ran.out + ran.error);
    REQUIRE(ran.status == 0);
    CHECK(ran.json()["result"]["at"] == "2026-01-15T00:00:30Z");  // after 10 s and 20 s
    CHECK(test::count_kind(test::journal_records(desk), "wait") == 2);
    CHECK(desk.run({"replay", test::run_id(ran)}).status == 0);

    TestDesk other;
    test::spill_runbook(other, "again", trying("'io'"));
    const Ran failed = other.run(at_given_time("again"));
    CHECK(failed.status == 2);
    CHECK(failed.mentions("absent.txt"));
    CHECK(test::count_kind(test::journal_records(other), "wait") == 0);
  }

  TEST_CASE("attempts end, and the last error is what the run fails with") {
    TestDesk desk;
    test::spill_runbook(desk, "again",
                        "run:retry { name = 'fetch', attempts = 3, on = { 'not_found' }, fn = function() return "
                        "ballast.files.read('absent.txt') end }");
    const Ran failed = desk.run(at_given_time("again"));
    CHECK(failed.status == 2);
    CHECK(failed.mentions("absent.txt"));
    CHECK(test::count_kind(test::journal_records(desk), "wait") == 2);
  }
}
