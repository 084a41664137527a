// Units of systemd and lines of cron: read by programs and rules that are not ours.
#include "host/schedule/units.hpp"

#include <doctest/doctest.h>

#include "support/cron_line.hpp"
#include "support/runbook_desk.hpp"

using namespace ballast;
using test::Ran;
using test::TestDesk;

namespace {

namespace fs = std::filesystem;

constexpr const char* kAnalyze = "/usr/bin/systemd-analyze";

/// The words of ExecStart= by systemd.syntax(7) and systemd.unit(5): quotes, C escapes, then specifiers.
std::vector<std::string> systemd_words(const std::string& line) {
  std::vector<std::string> out;
  std::string word;
  bool quoted = false, open = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '"') {
      quoted = !quoted;
      open = true;
    } else if (c == '\\') {
      word += line.at(++i);
    } else if (c == '%') {
      REQUIRE(line.at(++i) == '%');
      word += '%';
    } else if (c == ' ' && !quoted) {
      if (open || !word.empty()) out.push_back(word);
      word.clear();
      open = false;
    } else {
      word += c;
    }
  }
  if (open || !word.empty()) out.push_back(word);
  return out;
}

std::string line_of(const std::string& text, const std::string& start) {
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(start)) return line.substr(start.size());
  }
  return {};
}

/// A desk whose folder has in its name what units, shells and cron each read in their own way.
struct OddDesk {
  TestDesk desk;
  fs::path folder = desk.outside("a b%d $HOME 'q' \"r\" \\s;x");

  OddDesk() {
    fs::create_directories(folder / "runbooks");
    test::spill(folder / "runbooks/work.lua",
                "return require('runbook').define { name = 'work', version = 1, summary = 'Tested.',\n"
                "main = function(run) return { status = 'finished' } end }\n");
    test::spill(folder / "config/core.yaml",
                "schedules:\n  often: { when: every 15min, runbook: work, on_missed: skip }\n"
                "  nightly: { when: 'weekly mon,thu 02:05', runbook: work }\n");
  }
  Ran run(std::vector<std::string> arguments) const {
    test::Command command = desk.command(std::move(arguments));
    command.folder = folder;
    return test::run_command(command);
  }
};

}  // namespace

TEST_SUITE("schedule") {
  TEST_CASE("units pass systemd-analyze verify, and their command is the one that was meant") {
    const OddDesk odd;
    const fs::path out = odd.desk.outside("units");
    const Ran made = odd.run({"runs", "schedule", "--systemd", "--out", out.string(), "--setting", "desk.actor=ann b"});
    CAPTURE(made.out + made.error);
    REQUIRE(made.status == 0);
    const std::string service = test::slurp(out / "ballast-often.service");
    CHECK(systemd_words(line_of(service, "ExecStart=:")) ==
          std::vector<std::string>{fs::canonical(BALLAST_BINARY).string(), "runs", "start-scheduled", "often", "--desk",
                                   odd.folder.string(), "--var", (odd.folder / "var").string(), "--keys",
                                   odd.desk.keys().string(), "--setting", "desk.actor=ann b"});
    CHECK(line_of(service, "SuccessExitStatus=") == "4 130");
    CHECK(line_of(test::slurp(out / "ballast-often.timer"), "Persistent=") == "false");
    CHECK(line_of(test::slurp(out / "ballast-nightly.timer"), "Persistent=") == "true");
    CHECK(line_of(test::slurp(out / "ballast-nightly.timer"), "OnCalendar=") == "Mon,Thu *-*-* 02:05:00 UTC");
    if (!fs::exists(kAnalyze)) {
      MESSAGE("4 units were not given to systemd-analyze: it is not here");
      return;
    }
    std::vector<std::string> verify{kAnalyze, "verify"};
    for (const auto& each : fs::directory_iterator(out)) verify.push_back(each.path().string());
    REQUIRE(verify.size() == 6);
    const Ran verified = test::run_command({verify, {}, out, {}, {}});
    CAPTURE(verified.error);
    CHECK(verified.status == 0);
    // It also looks at units of the machine; what it says of ours is what counts.
    CHECK(verified.error.find("ballast-") == std::string::npos);
  }

  TEST_CASE("systemd computes the same due times") {
    const std::vector<std::string> rules{
        "hourly",           "hourly :07",     "every 1min",     "every 20min",      "every 1h",
        "every 8h",         "daily 23:59",    "weekdays 06:30", "weekly sun 07:00", "weekly sat,mon 12:05",
        "monthly 28 07:00", "monthly 1 00:00"};
    if (!fs::exists(kAnalyze)) {
      MESSAGE(rules.size(), " recurrences were not compared with systemd: it is not here");
      return;
    }
    for (const std::string& text : rules) {
      CAPTURE(text);
      const core::Recurrence rule = core::Recurrence::parse(text);
      const Ran ran = test::run_command(
          {{kAnalyze, "calendar", "--iterations=40", "--base-time=2028-02-27 22:58:30 UTC", rule.on_calendar()},
           {{"TZ", "UTC"}, {"LC_ALL", "C"}},
           "/",
           {},
           {}});
      REQUIRE(ran.status == 0);
      core::Instant due = core::parse_instant("2028-02-27T22:58:30Z");
      std::size_t compared = 0;
      std::istringstream lines(ran.out);
      for (std::string line; std::getline(lines, line);) {
        const auto elapse = line.find("elapse: "), iteration = line.find("Iter. #");
        if (elapse == std::string::npos && iteration == std::string::npos) continue;
        const std::string time = line.substr(line.find(": ") + 6);  // after "Mon "
        due = rule.next_after(due);
        CHECK(time.substr(0, 10) + "T" + time.substr(11, 8) + "Z" == core::format_instant(due));
        ++compared;
      }
      CHECK(compared == 40);
    }
  }

  TEST_CASE("crontab lines start the schedule when a shell gets them from cron") {
    const OddDesk odd;
    const Ran made = odd.run({"runs", "schedule", "--cron"});
    CAPTURE(made.out + made.error);
    REQUIRE(made.status == 0);
    std::vector<std::string> lines;
    std::istringstream in(made.out);
    for (std::string line; std::getline(in, line);) {
      if (!line.empty() && line[0] != '#') lines.push_back(line);
    }
    REQUIRE(lines.size() == 4);
    CHECK(lines[0] == "CRON_TZ=UTC");
    CHECK(lines[1].starts_with("5 2 * * 1,4 cd "));
    CHECK(lines[2].starts_with("@reboot cd "));  // made up, where missed starts are
    CHECK(lines[3].starts_with("*/15 * * * * cd "));
    CHECK(test::cron_is_due(lines[1], "2026-01-15T02:05", 4));
    CHECK_FALSE(test::cron_is_due(lines[1], "2026-01-16T02:05", 5));
    // As cron hands it over: everything behind the times, with \% as %.
    std::string command = lines[3].substr(lines[3].find("cd "));
    for (auto at = command.find("\\%"); at != std::string::npos; at = command.find("\\%", at)) command.erase(at, 1);
    test::Command shell = odd.desk.command({});
    shell.arguments = {"/bin/sh", "-c", command};
    shell.folder = "/";
    const Ran ran = test::run_command(shell);
    CAPTURE(ran.out + ran.error);
    CHECK(ran.status == 0);
    CHECK(fs::exists(odd.folder / "var/runs"));
    CHECK(fs::exists(odd.desk.keys()));
  }

  TEST_CASE("a place that no line can name is refused") {
    const TestDesk desk;
    test::spill_runbook(desk, "work", "return {}");
    desk.spill("config/core.yaml", "schedules: { often: { when: hourly, runbook: work } }\n");
    for (const char* kind : {"--systemd", "--cron"}) {
      const Ran ran = desk.run({"runs", "schedule", kind, "--var", "two\nlines"});
      CHECK(ran.status == 2);
      CHECK(ran.mentions("control characters"));
    }
    CHECK(desk.run({"runs", "schedule", "--systemd", "--cron"}).status == 2);
    CHECK(desk.run({"runs", "schedule", "--systemd", "--user", "nobody-of-that-name"}).mentions("no such user"));
  }
}
