// The status of a desk: each finding comes when there is a reason for it and goes with it, and nothing is written.
#include <chrono>
#include <csignal>
#include <set>
#include <thread>

#include <doctest/doctest.h>
#include <sys/wait.h>

#include "sign/key_ring.hpp"
#include "support/runbook_desk.hpp"

using namespace ballast;
using test::Ran;
using test::TestDesk;

namespace {

namespace fs = std::filesystem;

struct StatusDesk {
  TestDesk desk;

  StatusDesk() { fs::create_directories(desk.desk() / "policies"); }
  Ran ask(std::vector<std::string> more = {}) const {
    // The machine that tests run on may have any room on its disk.
    more.insert(more.begin(), {"status", "--json", "--setting", "status.disk_min_free_percent=0", "--setting",
                               "status.disk_min_free_mib=0"});
    return desk.run(more);
  }
  /// The finding of that code, or null.
  core::Json finding(const std::string& code, std::vector<std::string> more = {}) const {
    const Ran ran = ask(std::move(more));
    CAPTURE(ran.out + ran.error);
    const core::Json document = ran.json();
    CHECK(ran.status == (document["findings"].empty() ? 0 : 1));
    CHECK(document["needs_a_person"] == !document["findings"].empty());
    for (const core::Json& each : document["findings"]) {
      CHECK_FALSE(each["sentence"].get<std::string>().empty());
      CHECK_FALSE(each["action"].get<std::string>().empty());
      if (each["code"] == code) return each;
    }
    return nullptr;
  }
  bool finds(const std::string& code, std::vector<std::string> more = {}) const {
    return !finding(code, std::move(more)).is_null();
  }
  void runbook(const std::string& body) const { test::spill_runbook(desk, "work", body); }
  std::string only_run() const {
    std::string out;
    for (const auto& each : fs::directory_iterator(desk.var() / "runs")) out = each.path().filename().string();
    return out;
  }
  /// A run that is going on, and is ended by `signal`.
  void end_by(int signal) const {
    runbook("if not ballast.files.exists('go.txt') then run:wait { name = 'pause', until_ = '10min' } end");
    const pid_t child = test::start_command(desk.command({"run", "work"}));
    const auto waits = [&] {
      std::error_code ignored;
      for (const auto& each : fs::directory_iterator(desk.var() / "runs", ignored)) {
        if (each.path().filename().string().starts_with('.')) continue;  // not a run yet
        if (test::slurp(each.path() / "journal.jsonl").find("\"kind\":\"run_started\"") != std::string::npos)
          return true;
      }
      return false;
    };
    for (int i = 0; i < 1000 && !waits(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    const core::Json running = ask().json();
    CHECK(running["runs"]["running"] == 1);
    CHECK(running["findings"].empty());
    ::kill(child, signal);
    ::waitpid(child, nullptr, 0);
    desk.spill("go.txt", "now");
  }
  /// Name, time of change and bytes of everything that there is.
  std::map<std::string, std::string> everything() const {
    std::map<std::string, std::string> out;
    for (const auto& each : fs::recursive_directory_iterator(desk.outside("."))) {
      const auto when = each.last_write_time().time_since_epoch().count();
      out[each.path().string()] =
          std::to_string(when) + (each.is_regular_file() ? test::slurp(each.path()) : std::string());
    }
    return out;
  }
};

}  // namespace

TEST_SUITE("status") {
  TEST_CASE("a desk where nothing was done yet needs nobody") {
    const StatusDesk status;
    const Ran ran = status.ask();
    CAPTURE(ran.out + ran.error);
    CHECK(ran.status == 0);
    CHECK(ran.json()["format"] == "ballast-status");
    CHECK(ran.json()["version"] == 1);
    CHECK(ran.json()["decision"].is_null());
    CHECK_FALSE(fs::exists(status.desk.var()));
    CHECK(status.desk.run({"status", "--desk", "nowhere"}).status == 2);
    CHECK(status.desk.run({"status", "--now", "later"}).status == 2);
  }

  TEST_CASE("it writes nothing") {
    const StatusDesk status;
    status.desk.sample();
    REQUIRE(status.desk.run(status.desk.cycle()).status == 0);
    status.desk.spill("config/core.yaml", "schedules: { daily: { when: daily 06:30, runbook: portfolio_cycle } }\n");
    fs::remove(status.desk.var() / "audit/decision_log/index.sqlite");
    const auto before = status.everything();
    CHECK(status.ask().status == 1);
    CHECK(status.desk.run({"status"}).status == 1);
    CHECK(status.everything() == before);
  }

  TEST_CASE("the text fits a tired reader, and says what the document says") {
    const StatusDesk status;
    status.desk.sample();
    REQUIRE(status.desk.run(status.desk.cycle()).status == 0);
    const Ran ran = status.desk.run({"status", "--now", "2026-01-15T02:00:00Z", "--setting",
                                     "status.disk_min_free_percent=0", "--setting", "status.disk_min_free_mib=0"});
    CAPTURE(ran.out);
    CHECK(ran.status == 0);
    CHECK(ran.mentions("2026-01-15T02:00:00Z  demo  var\n\nnothing needs a person\n\n"));
    CHECK(ran.mentions("runs       0 to look after, 0 running, 1 ended\n"));
    CHECK(ran.mentions("decision   entry 1, portfolio_governor: allow, 2h 0min ago\n"));
    CHECK(ran.mentions("log        verified now to entry 2, its HEAD (2 entries in "));
    const core::Json document = status.ask({"--now", "2026-01-15T02:00:00Z"}).json();
    CHECK(document["decision"]["seq"] == 1);
    CHECK(document["decision"]["age_seconds"] == 7200);
    CHECK(document["log"]["verified_to"] == 2);
  }

  TEST_CASE("a run that waits") {
    const StatusDesk status;
    status.runbook("run:confirm { name = 'go', text = 'Go?' }");
    REQUIRE(status.desk.run({"run", "work"}).status == 4);
    const core::Json found = status.finding("run_waiting");
    REQUIRE(found.is_object());
    CHECK(found["subject"] == status.only_run());
    CHECK(found["sentence"].get<std::string>().find("confirmation 'go' is missing") != std::string::npos);
    CHECK(found["action"] == "ballast runs resume " + status.only_run() + " (or abort)");
    REQUIRE(status.desk.run({"runs", "resume", status.only_run(), "--confirm", "go"}).status == 0);
    CHECK_FALSE(status.finds("run_waiting"));
  }

  TEST_CASE("a family of runs is one matter, and its approval is found where it is asked for") {
    const StatusDesk status;
    test::spill_runbook(status.desk, "asks", "run:approve { name = 'ok', what = 'It.', role = 'risk' } return {}");
    status.runbook("return run:call('asks')");
    REQUIRE(status.desk.run({"run", "work", "--json"}).status == 4);
    const core::Json document = status.ask().json();
    REQUIRE(document["findings"].size() == 1);
    const std::string run = document["findings"][0]["subject"];
    CHECK(run.find('.') == std::string::npos);
    CHECK(document["findings"][0]["action"] ==
          "ballast approvals show " + run + ".asks; once it is answered ballast runs resume " + run + " (or abort)");
  }

  TEST_CASE("a run that failed, until it is taken back") {
    const StatusDesk status;
    status.runbook("run:check(false, 'the moon is full')");
    REQUIRE(status.desk.run({"run", "work"}).status == 2);
    CHECK(status.finding("run_failed")["sentence"].get<std::string>().find("the moon is full") != std::string::npos);
    REQUIRE(status.desk.run({"runs", "abort", status.only_run()}).status == 0);
    CHECK_FALSE(status.finds("run_failed"));
  }

  TEST_CASE("a run that was interrupted, and one that died") {
    for (const auto& [signal, code] : {std::pair{SIGTERM, "run_interrupted"}, std::pair{SIGKILL, "run_died"}}) {
      const StatusDesk status;
      status.end_by(signal);
      CHECK(status.finds(code));
      REQUIRE(status.desk.run({"runs", "abort", status.only_run()}).status == 0);
      CHECK_FALSE(status.finds(code));
    }
  }

  TEST_CASE("a run whose journal cannot be read hides nothing else") {
    const StatusDesk status;
    status.runbook("run:confirm { name = 'go', text = 'Go?' }");
    REQUIRE(status.desk.run({"run", "work"}).status == 4);
    const fs::path journal = status.desk.var() / "runs/broken/journal.jsonl";
    test::spill(journal, "no journal\n");
    CHECK(status.finding("run_unreadable")["subject"] == "broken");
    CHECK(status.finds("run_waiting"));
    fs::remove_all(journal.parent_path());
    CHECK_FALSE(status.finds("run_unreadable"));
  }

  TEST_CASE("schedules that nothing starts") {
    const StatusDesk status;
    status.runbook("return { status = 'finished' }");
    const std::string daily = "schedules:\n  daily:\n    when: daily 06:30\n    runbook: work\n";
    status.desk.spill("config/core.yaml", daily);
    const core::Json never = status.finding("schedule_never_started", {"--now", "2026-01-15T06:31:00Z"});
    CHECK(never["sentence"] == "daily was due 2026-01-15T06:30:00Z and nothing ever started it");
    REQUIRE(status.desk.run({"runs", "start-scheduled", "daily", "--now", "2026-01-15T06:31:00Z"}).status == 0);
    CHECK_FALSE(status.finds("schedule_never_started", {"--now", "2026-01-16T06:45:00Z"}));
    CHECK_FALSE(status.finds("schedule_overdue", {"--now", "2026-01-16T06:45:00Z"}));
    const core::Json overdue = status.finding("schedule_overdue", {"--now", "2026-01-16T06:45:01Z"});
    REQUIRE(overdue.is_object());
    CHECK(overdue["sentence"] == "daily was due 2026-01-16T06:30:00Z (15min ago) and was not started");
    REQUIRE(status.desk.run({"runs", "start-scheduled", "daily", "--now", "2026-01-16T07:00:00Z"}).status == 0);
    CHECK_FALSE(status.finds("schedule_overdue", {"--now", "2026-01-16T07:00:00Z"}));
    status.desk.spill("config/core.yaml", "schedules: { daily: { when: dayly 06:30, runbook: work } }\n");
    CHECK(status.finding("schedule_invalid")["sentence"].get<std::string>().find("'dayly' is not known") !=
          std::string::npos);
    status.desk.spill("config/core.yaml", daily);
    CHECK_FALSE(status.finds("schedule_invalid"));
  }

  TEST_CASE("a freeze in force, until it lapses or is ended") {
    const StatusDesk status;
    REQUIRE(status.desk
                .run({"run", "incident_freeze", "--set", "action=freeze", "--set", "symbol=BTC_USDT", "--set",
                      "duration=1h", "--set", "reason=fat finger", "--confirm", "freeze", "--actor", "ann", "--now",
                      "2026-01-15T08:00:00Z"})
                .status == 0);
    const core::Json found = status.finding("freeze_in_force", {"--now", "2026-01-15T08:30:00Z"});
    REQUIRE(found.is_object());
    CHECK(found["subject"] == "BTC_USDT");
    CHECK(found["sentence"].get<std::string>().find("BTC_USDT is frozen until 2026-01-15T09:00:00Z (in 30min): "
                                                    "block_entries") == 0);
    CHECK(found["sentence"].get<std::string>().find("fat finger") != std::string::npos);
    CHECK_FALSE(status.finds("freeze_in_force", {"--now", "2026-01-15T09:00:00Z"}));
    // What another environment froze is not ours.
    CHECK_FALSE(
        status.finds("freeze_in_force", {"--now", "2026-01-15T08:30:00Z", "--setting", "desk.environment=paper"}));
    REQUIRE(status.desk
                .run({"run", "incident_freeze", "--set", "action=release", "--set", "symbol=BTC_USDT", "--set",
                      "reason=over", "--confirm", "release", "--actor", "operator", "--now", "2026-01-15T08:40:00Z"})
                .status == 0);
    CHECK_FALSE(status.finds("freeze_in_force", {"--now", "2026-01-15T08:41:00Z"}));
  }

  TEST_CASE("an override that nobody can read blocks entries and is told") {
    const StatusDesk status;
    const fs::path file = status.desk.var() / "overrides/demo/symbol-BTC_USDT.json";
    const std::string fine =
        "{\"format\":\"ballast-freeze-override\",\"version\":1,\"environment\":\"demo\",\"symbol\":\"BTC_USDT\","
        "\"freezes\":[],\"actions\":[]}";
    for (const auto& [from, to] :
         {std::pair{"\"version\":1", "\"version\":2"}, std::pair{"demo", "live"},
          std::pair{"\"actions\":[]", "\"actions\":[{\"action\":\"sell\",\"freezes\":[]}]"}, std::pair{"{", ""}}) {
      std::string text = fine;
      text.replace(text.find(from), std::string(from).size(), to);
      test::spill(file, text);
      CHECK(status.finds("freeze_unreadable"));
    }
    test::spill(file, fine);
    CHECK_FALSE(status.finds("freeze_unreadable"));
    // The folder may be elsewhere.
    test::spill(status.desk.outside("elsewhere/demo/symbol-ETH_USDT.json"), "{}");
    CHECK(status.finds("freeze_unreadable", {"--setting", "runbooks.roots.overrides=../elsewhere"}));
  }

  TEST_CASE("a decision log that does not verify") {
    const StatusDesk status;
    REQUIRE(status.desk.run({"log", "append", "--note", "noted"}).status == 0);
    CHECK_FALSE(status.finds("log_not_verified"));
    fs::path segment;
    for (const auto& each : fs::directory_iterator(status.desk.var() / "audit/decision_log")) {
      if (each.path().extension() == ".jsonl") segment = each.path();
    }
    const std::string whole = test::slurp(segment);
    std::string changed = whole;
    changed.replace(changed.find("noted"), 5, "nited");
    test::spill(segment, changed);
    CHECK(status.finding("log_not_verified")["sentence"].get<std::string>().find("changed") != std::string::npos);
    test::spill(segment, whole);
    CHECK_FALSE(status.finds("log_not_verified"));
  }

  TEST_CASE("bars that are too old to decide by") {
    const StatusDesk status;
    status.desk.sample();  // its newest bars close 2024-03-24T08:00:00Z
    const std::vector<std::string> paper{"--setting", "desk.environment=paper"};
    const auto at = [&](const char* now, std::vector<std::string> more = {}) {
      more.insert(more.end(), {"--setting", "desk.environment=paper", "--now", now});
      return status.finding("data_stale", more);
    };
    CHECK(at("2024-03-24T11:00:00Z").is_null());
    const core::Json found = at("2024-03-24T11:00:01Z");
    REQUIRE(found.is_object());
    CHECK(found["sentence"] == "the newest 1h bar of BNB_USDT is 3h 0min old, and 3h are accepted");
    CHECK(at("2024-03-24T11:00:01Z", {"--setting", "status.bars_max_age_minutes=240"}).is_null());
    CHECK(at("2024-03-24T11:00:01Z", {"--setting", "status.ignored_symbols=[BNB_USDT, BTC_USDT, ETH_USDT, SOL_USDT]"})
              .is_null());
    CHECK_FALSE(status.finds("data_stale"));  // no limit in demo
    test::spill(status.desk.var() / "market.sqlite", "no store");
    CHECK(status.finds("data_unreadable"));
    fs::remove(status.desk.var() / "market.sqlite");
    CHECK_FALSE(status.finds("data_unreadable"));
  }

  TEST_CASE("keys that end, have ended, or are not there") {
    const StatusDesk status;
    CHECK(status.finds("key_missing", {"--setting", "desk.environment=shadow"}));
    const core::FixedClock clock(core::parse_instant("2026-01-01T00:00:00Z"));
    sign::KeyRing ring = sign::KeyRing::open(status.desk.keys());
    sign::NewKey ending;
    ending.algorithm = sign::Algorithm::ed25519;
    ending.key_id = "ending";
    ending.valid_until = core::parse_instant("2026-03-01T00:00:00Z");
    ring.create_key(std::move(ending), clock);
    CHECK(status.finding("key_missing")["subject"] == "HMAC-SHA256");
    ring.create_key({}, clock);
    CHECK_FALSE(status.finds("key_missing", {"--now", "2026-01-15T00:00:00Z"}));
    CHECK_FALSE(status.finds("key_expiring", {"--now", "2026-01-29T23:59:59Z"}));
    const core::Json found = status.finding("key_expiring", {"--now", "2026-01-30T00:00:00Z"});
    REQUIRE(found.is_object());
    CHECK(found["sentence"] == "key ending ends 2026-03-01T00:00:00Z (in 30d 0h), and no other follows it");
    CHECK(status.finds("key_expiring", {"--now", "2026-01-15T00:00:00Z", "--setting", "status.key_warning_days=60"}));
    CHECK(status.finds("key_expired", {"--now", "2026-03-01T00:00:00Z"}));
    REQUIRE(status.desk.run({"keys", "new", "--algorithm", "Ed25519"}).status == 0);
    CHECK_FALSE(status.finds("key_expiring", {"--now", "2026-01-30T00:00:00Z"}));
    CHECK_FALSE(status.finds("key_expired", {"--now", "2026-03-01T00:00:00Z"}));
    fs::permissions(status.desk.keys(), fs::perms::owner_all | fs::perms::group_read);
    CHECK(status.finds("keys_unreadable"));
    fs::permissions(status.desk.keys(), fs::perms::owner_all);
    CHECK_FALSE(status.finds("keys_unreadable"));
  }

  TEST_CASE("a disk that fills") {
    const StatusDesk status;
    CHECK_FALSE(status.finds("disk_low"));
    CHECK(status.finds("disk_low", {"--setting", "status.disk_min_free_percent=100"}));
    CHECK(status.finds("disk_low", {"--setting", "status.disk_min_free_mib=1073741824"}));
  }
}
