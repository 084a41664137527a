// Schedules: each due time is started once, whoever calls; what is missed, passed over or fails stands in the log and
// is told.
#include <doctest/doctest.h>
#include <sys/wait.h>

#include "host/schedule/start.hpp"
#include "support/error_text.hpp"
#include "support/runbook_desk.hpp"

using namespace ballast;
using test::Ran;
using test::TestDesk;

namespace {

namespace fs = std::filesystem;

constexpr const char* kQuick = "run:check(true, 'done') return { status = 'finished' }";
constexpr const char* kAsking = "run:confirm { name = 'go', text = 'Go?' }";

struct ScheduleDesk {
  TestDesk desk;

  explicit ScheduleDesk(const std::string& lines, const std::string& body = kQuick) {
    test::spill_runbook(desk, "work", body,
                        "params = { size = { type = 'integer', required = true, maximum = 9, text = 'Size.' } },");
    declare(lines);
  }
  void declare(const std::string& lines) const {
    desk.spill("config/core.yaml",
               "notify: { standard_error: false, file: notices.jsonl }\nschedules:\n  daily:\n"
               "    when: daily 06:30\n    runbook: work\n    parameters: { size: 3 }\n" +
                   lines);
  }
  Ran start(const std::string& now, std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"runs", "start-scheduled", "daily", "--now", now, "--json"});
    return desk.run(more);
  }
  core::Json state(const std::string& now) const {
    const Ran ran = desk.run({"runs", "schedule", "--json", "--now", now});
    CAPTURE(ran.out + ran.error);
    REQUIRE(ran.status == 0);
    return ran.json()["schedules"][0];
  }
  std::size_t runs() const {
    std::size_t count = 0;
    std::error_code ignored;
    for (const auto& each : fs::directory_iterator(desk.var() / "runs", ignored)) count += each.is_directory() ? 1 : 0;
    return count;
  }
  /// Notes of schedules in the log.
  std::vector<core::Json> notes() const {
    std::vector<core::Json> out;
    const core::Json entries = desk.run({"log", "query", "--kind", "note", "--json"}).json()["entries"];
    for (const core::Json& each : entries) {
      if (each.contains("decision") && each["decision"].contains("schedule")) out.push_back(each);
    }
    return out;
  }
  std::size_t notices() const {
    const std::string text = test::slurp(desk.var() / "notices.jsonl");
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  }
};

/// A clock on which waiting does something else meanwhile.
class BusyClock final : public core::Clock {
 public:
  BusyClock(core::Instant now, std::function<void(int)> meanwhile) : now_(now), meanwhile_(std::move(meanwhile)) {}
  core::Instant now() const override { return now_; }
  void wait_until(core::Instant until, const core::Stop&) const override {
    now_ = until;
    meanwhile_(++waits_);
  }

 private:
  mutable core::Instant now_;
  mutable int waits_ = 0;
  std::function<void(int)> meanwhile_;
};

host::Desk as_host(const TestDesk& desk) { return {desk.desk(), host::find_installation(), desk.var(), desk.keys()}; }

}  // namespace

TEST_SUITE("schedule") {
  TEST_CASE("a due time is started once, and the run says for which one it stands") {
    const ScheduleDesk daily("");
    const Ran first = daily.start("2026-01-15T06:30:05Z");
    CAPTURE(first.out + first.error);
    REQUIRE(first.status == 0);
    const std::string id = test::run_id(first);
    const core::Json started = test::journal_records(daily.desk, id).front();
    CHECK(started["scheduled"] == core::Json{{"name", "daily"}, {"due", "2026-01-15T06:30:00Z"}});
    CHECK(started["parameters"]["size"] == 3);
    CHECK(started["origins"]["size"] == "settings:schedules.daily.parameters");
    const fs::path folder = daily.desk.var() / "runs" / id;
    CHECK(core::parse_json(test::slurp(folder / "summary.json"), "summary")["scheduled"]["name"] == "daily");
    CHECK(test::slurp(folder / "record.md").find("| scheduled | daily, due 2026-01-15T06:30:00Z |") !=
          std::string::npos);
    const Ran again = daily.start("2026-01-15T06:44:00Z");
    CHECK(again.status == 0);
    CHECK(again.json()["outcome"] == "already_started");
    CHECK(again.mentions(id));
    CHECK(daily.runs() == 1);
    CHECK(daily.notes().empty());
    CHECK(daily.start("2026-01-16T06:30:00Z").status == 0);
    CHECK(daily.runs() == 2);
    CHECK(daily.notes().empty());
    CHECK(daily.desk.run({"verify", "var"}).status == 0);
    CHECK(daily.desk.run({"replay", id}).status == 0);
  }

  TEST_CASE("a run whose journal was archived still stands for its due time") {
    const ScheduleDesk daily("");
    const std::string id = test::run_id(daily.start("2026-01-15T06:30:05Z"));
    REQUIRE(daily.desk.run({"runs", "compact", id}).status == 0);
    const Ran again = daily.start("2026-01-15T06:44:00Z");
    CHECK(again.json()["outcome"] == "already_started");
    CHECK(again.mentions(id));
  }

  TEST_CASE("two starters at once for one due time give one run") {
    const ScheduleDesk daily("");
    for (int day = 11; day < 15; ++day) {
      std::vector<pid_t> children;
      for (int second = 1; second <= 4; ++second) {
        const std::string now = "2026-01-" + std::to_string(day) + "T06:30:0" + std::to_string(second) + "Z";
        children.push_back(test::start_command(daily.desk.command({"runs", "start-scheduled", "daily", "--now", now})));
      }
      for (const pid_t child : children) {
        int status = 0;
        ::waitpid(child, &status, 0);
        CHECK(WEXITSTATUS(status) == 0);
      }
      CHECK(daily.runs() == static_cast<std::size_t>(day - 10));
    }
  }

  TEST_CASE("missed starts are made up by one run, with a note and a notice") {
    const ScheduleDesk daily("    on_missed: run_once\n");
    REQUIRE(daily.start("2026-02-27T06:30:00Z").status == 0);
    REQUIRE(daily.start("2026-03-02T09:00:00Z").status == 0);
    CHECK(daily.runs() == 2);
    const auto notes = daily.notes();
    REQUIRE(notes.size() == 1);
    CHECK(notes[0]["decision"] ==
          core::Json{{"schedule", "daily"}, {"due", "2026-03-02T06:30:00Z"}, {"outcome", "made_up"}});
    CHECK(notes[0]["note"] ==
          "schedule daily: 3 starts were missed, the first due 2026-02-28T06:30:00Z; one run is started now for all of "
          "them");
    CHECK(daily.notices() == 1);
    // In time again, but the days between were not.
    REQUIRE(daily.start("2026-03-05T06:30:01Z").status == 0);
    CHECK(daily.runs() == 3);
    CHECK(daily.notes().size() == 2);
    CHECK(daily.notes()[1]["note"].get<std::string>().find("2 starts were missed") != std::string::npos);
    CHECK(daily.desk.run({"verify", "var"}).status == 0);
  }

  TEST_CASE("missed starts are passed over where that is asked for, once and on record") {
    const ScheduleDesk daily("    on_missed: skip\n    late_after: 1h\n");
    REQUIRE(daily.start("2026-02-27T07:30:00Z").status == 0);  // an hour late is in time here
    REQUIRE(daily.runs() == 1);
    const Ran late = daily.start("2026-02-28T07:30:01Z");
    CHECK(late.status == 0);
    CHECK(late.json()["outcome"] == "skipped");
    CHECK(daily.runs() == 1);
    REQUIRE(daily.notes().size() == 1);
    CHECK(daily.notes()[0]["decision"]["outcome"] == "skipped");
    CHECK(daily.start("2026-02-28T08:00:00Z").json()["outcome"] == "already_started");
    CHECK(daily.notes().size() == 1);
    CHECK(daily.notices() == 1);
    CHECK(daily.start("2026-03-01T06:30:00Z").status == 0);
    CHECK(daily.runs() == 2);
    CHECK(daily.notes().size() == 1);
  }

  TEST_CASE("a start beside a run that has not ended is passed over") {
    const ScheduleDesk daily("", kAsking);
    const Ran first = daily.start("2026-01-15T06:30:00Z");
    REQUIRE(first.status == 4);
    const std::string id = test::run_id(first);
    const Ran second = daily.start("2026-01-16T06:30:00Z");
    CAPTURE(second.out + second.error);
    CHECK(second.status == 0);
    CHECK(second.json()["outcome"] == "skipped");
    CHECK(second.mentions("run " + id + " has not ended (waiting)"));
    CHECK(daily.notes().size() == 1);
    CHECK(daily.notices() == 1);
    CHECK(daily.state("2026-01-16T06:31:00Z")["state"] == "waiting");
    const Ran again = daily.start("2026-01-16T06:31:00Z", {"--again"});
    CHECK(again.status == 2);
    CHECK(again.mentions("run " + id + " has not ended (waiting); resume or abort it first"));
    REQUIRE(daily.desk.run({"runs", "resume", id, "--confirm", "go"}).status == 0);
    CHECK(daily.start("2026-01-16T06:32:00Z").json()["outcome"] == "already_started");  // that one was settled
    CHECK(daily.start("2026-01-17T06:30:00Z").status == 4);
    CHECK(daily.runs() == 2);
  }

  TEST_CASE("where it waits for the earlier run, the start comes when that has ended, or is passed over at last") {
    const ScheduleDesk daily("    on_overlap: wait\n", kAsking);
    const std::string id = test::run_id(daily.start("2026-01-15T06:30:00Z"));
    const host::Desk desk = as_host(daily.desk);
    const host::Configuration configuration = host::read_configuration(desk, {}, {});
    std::optional<host::RunRequest> begun;
    host::StartWork work;
    work.run = [&](const host::RunRequest& request) { begun = request; };

    const BusyClock patient(core::parse_instant("2026-01-16T06:30:00Z"), [](int) {});
    const host::Start given_up = host::start_scheduled(desk, configuration, {"daily", {}, false}, patient, work);
    CHECK(given_up.what == host::Start::What::skipped);
    CHECK(given_up.text.find("and the next due time has come") != std::string::npos);
    CHECK_FALSE(begun);
    CHECK(core::format_instant(patient.now()) == "2026-01-17T06:30:00Z");

    const BusyClock meanwhile(core::parse_instant("2026-01-17T06:30:00Z"), [&](int waits) {
      if (waits == 3) daily.desk.run({"runs", "resume", id, "--confirm", "go"});
    });
    const host::Start started = host::start_scheduled(desk, configuration, {"daily", {}, false}, meanwhile, work);
    CHECK(started.what == host::Start::What::started);
    REQUIRE(begun);
    CHECK(begun->scheduled["due"] == "2026-01-17T06:30:00Z");
    CHECK(core::format_instant(meanwhile.now()) == "2026-01-17T06:30:07Z");  // after 1, 2 and 4 seconds
    CHECK(daily.notes().size() == 1);
  }

  TEST_CASE("what failed is started once more for its due time when somebody asks for that") {
    const ScheduleDesk daily("", "run:check(run.params.size > 3, 'it is large enough')");
    CHECK(daily.start("2026-01-15T06:30:00Z").status == 2);
    const Ran again = daily.start("2026-01-15T09:00:00Z");
    CHECK(again.json()["outcome"] == "already_started");
    CHECK(again.mentions("ballast runs start-scheduled daily --again starts it once more"));
    daily.desk.spill(
        "config/core.yaml",
        "schedules: { daily: { when: daily 06:30, runbook: work, on_missed: skip, parameters: { size: 4 } } }\n");
    const Ran started = daily.start("2026-01-15T09:00:00Z", {"--again"});
    CAPTURE(started.out + started.error);
    CHECK(started.status == 0);
    CHECK(daily.runs() == 2);
    CHECK(daily.notes().empty());
    const core::Json first = test::journal_records(daily.desk, test::run_id(started)).front();
    CHECK(first["scheduled"]["due"] == "2026-01-15T06:30:00Z");
    CHECK(daily.start("2026-01-15T09:01:00Z").json()["outcome"] == "already_started");
    CHECK(daily.start("2026-01-16T06:30:00Z").status == 0);
  }

  TEST_CASE("an earlier run that nobody can read stops the schedule, and people hear of it") {
    const ScheduleDesk daily("", kAsking);
    const std::string id = test::run_id(daily.start("2026-01-15T06:30:00Z"));
    const fs::path journal = daily.desk.var() / "runs" / id / "journal.jsonl";
    std::string text = test::slurp(journal);
    const auto second = text.find('\n') + 1;
    test::spill(journal, text.replace(second, 1, "?"));
    const Ran refused = daily.start("2026-01-16T06:30:00Z");
    CAPTURE(refused.out + refused.error);
    CHECK(refused.status == 2);
    CHECK(daily.runs() == 1);
    REQUIRE(daily.notes().size() == 1);
    CHECK(daily.notes()[0]["decision"]["outcome"] == "failed");
    CHECK(daily.notices() == 1);
  }

  TEST_CASE("what the runbook would refuse is found before the timer calls") {
    const ScheduleDesk daily("");
    CHECK(daily.state("2026-01-15T06:00:00Z").value("refused", "") == "");
    daily.desk.spill("config/core.yaml",
                     "schedules: { daily: { when: daily 06:30, runbook: work, parameters: { size: 10 } } }\n");
    const core::Json state = daily.state("2026-01-15T06:00:00Z");
    CHECK(state["state"] == "invalid");
    CHECK(state["refused"].get<std::string>().find("schedules.daily.parameters") != std::string::npos);
    const Ran status = daily.desk.run({"status", "--json", "--now", "2026-01-15T06:00:00Z"});
    CHECK(status.status == 1);
    CHECK(status.mentions("schedule_invalid"));
    daily.desk.spill("config/core.yaml", "schedules: { daily: { when: daily 06:30, runbook: wrok } }\n");
    CHECK(daily.state("2026-01-15T06:00:00Z")["refused"].get<std::string>().find("wrok") != std::string::npos);
    CHECK(daily.runs() == 0);
  }

  TEST_CASE("a run that failed is in nobody's way") {
    const ScheduleDesk daily("", "run:step('look', function() return ballast.files.read('in.txt') end)");
    CHECK(daily.start("2026-01-15T06:30:00Z").status == 2);
    CHECK(daily.state("2026-01-15T06:31:00Z")["state"] == "failed");
    CHECK(daily.start("2026-01-15T06:31:00Z").json()["outcome"] == "already_started");
    daily.desk.spill("in.txt", "there");
    CHECK(daily.start("2026-01-16T06:30:00Z").status == 0);
    CHECK(daily.runs() == 2);
    CHECK(daily.notes().empty());  // the run's own record tells of the failure
  }

  TEST_CASE("a start that fails before there is a run is told, and tried again by the next call") {
    const ScheduleDesk daily("");
    daily.desk.spill("config/core.yaml",
                     "notify: { standard_error: false, file: notices.jsonl }\nschedules:\n  daily:\n    when: daily "
                     "06:30\n    runbook: work\n    parameters: { size: 10 }\n");
    const Ran refused = daily.start("2026-01-15T06:30:00Z");
    CAPTURE(refused.out + refused.error);
    CHECK(refused.status == 2);
    CHECK(refused.mentions("schedules.daily.parameters"));
    REQUIRE(daily.notes().size() == 1);
    CHECK(daily.notes()[0]["decision"]["outcome"] == "failed");
    CHECK(daily.notices() == 1);
    daily.declare("");
    CHECK(daily.start("2026-01-15T06:31:00Z").status == 0);
    CHECK(daily.runs() == 1);
  }

  TEST_CASE("the list says what is next, what was started and what is overdue") {
    const ScheduleDesk daily("");
    CHECK(daily.state("2026-01-15T06:00:00Z")["state"] == "never started");
    daily.declare("    since: 2026-01-15T00:00:00Z\n");
    CHECK(daily.state("2026-01-15T06:00:00Z")["state"] == "not due yet");
    CHECK(daily.state("2026-01-14T06:00:00Z")["next"] == "2026-01-15T06:30:00Z");
    CHECK(daily.start("2026-01-15T06:00:00Z").json()["outcome"] == "nothing_due");
    CHECK(daily.state("2026-01-15T06:45:00Z")["state"] == "not due yet");
    CHECK(daily.state("2026-01-15T06:45:01Z")["state"] == "never started");
    REQUIRE(daily.start("2026-01-15T06:30:00Z").status == 0);
    const core::Json fine = daily.state("2026-01-16T06:44:59Z");
    CHECK(fine["state"] == "on time");
    CHECK(fine["next"] == "2026-01-17T06:30:00Z");
    CHECK(fine["last_due"] == "2026-01-15T06:30:00Z");
    const core::Json late = daily.state("2026-01-18T12:00:00Z");
    CHECK(late["state"] == "overdue");
    CHECK(late["overdue_since"] == "2026-01-16T06:30:00Z");
    CHECK(late["missed"] == 3);
  }

  TEST_CASE("what a given clock started for a time to come settles nothing before then") {
    const ScheduleDesk daily("");
    REQUIRE(daily.start("2036-01-15T06:30:00Z").status == 0);
    CHECK(daily.state("2026-01-15T12:00:00Z")["state"] == "never started");
    CHECK(daily.start("2026-01-15T06:30:00Z").status == 0);
    CHECK(daily.runs() == 2);
    CHECK(daily.state("2026-01-17T12:00:00Z")["state"] == "overdue");
  }

  TEST_CASE("a schedule changes no decision: runs are not pinned to it") {
    const ScheduleDesk daily("", kAsking);
    const std::string id = test::run_id(daily.start("2026-01-15T06:30:00Z"));
    daily.declare("    late_after: 2h\n");
    CHECK(daily.desk.run({"runs", "resume", id, "--confirm", "go"}).status == 0);
  }

  TEST_CASE("what a schedule cannot be is refused with the setting and what is accepted") {
    const ScheduleDesk daily("");
    const auto refused = [&](const std::string& lines, std::vector<std::string> call = {}) {
      daily.desk.spill("config/core.yaml", "schedules:\n" + lines);
      if (call.empty()) call = {"runs", "start-scheduled", "daily", "--now", "2026-01-15T06:30:00Z"};
      const Ran ran = daily.desk.run(call);
      CHECK(ran.status == 2);
      return ran.error;
    };
    const auto has = [](const std::string& text, const char* part) {
      CAPTURE(text);
      return text.find(part) != std::string::npos;
    };
    CHECK(
        has(refused("  daily: { when: every 7min, runbook: work }\n"), "schedules.daily.when: 'every 7min' does not"));
    CHECK(has(refused("  daily: { runbook: work }\n"), "'when' is missing"));
    CHECK(has(refused("  daily: { when: hourly }\n"), "it starts nothing: give runbook, hand_over or both"));
    CHECK(has(refused("  daily: { when: hourly, runbook: work, late_after: 5 min }\n"), "schedules.daily.late_after"));
    CHECK(has(refused("  daily: { when: hourly, runbook: work, on_missed: never }\n"), "run_once"));
    CHECK(has(refused("  dayly: { when: hourly, runbook: work }\n"), "did you mean 'dayly'?"));
    CHECK(has(refused("  a/b: { when: hourly, runbook: work }\n", {"runs", "schedule", "--systemd"}), "schedules.a/b"));
    const std::string live = refused(
        "  daily: { when: hourly, runbook: work }\n",
        {"runs", "start-scheduled", "daily", "--now", "2026-01-15T06:30:00Z", "--setting", "desk.environment=live"});
    CHECK(has(live, "a given clock is refused in live"));
    CHECK(daily.runs() == 0);
  }
}
