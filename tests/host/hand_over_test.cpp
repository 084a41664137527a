// Handing reports over to an audit repository: verified, once, never rewritten, completed after an interruption.
#include <doctest/doctest.h>

#include "host/hand_over/report_files.hpp"
#include "support/runbook_desk.hpp"

using namespace ballast;
using test::Ran;
using test::TestDesk;

namespace {

namespace fs = std::filesystem;

constexpr const char* kReporting =
    "run:artefact(('reports/%s.json'):format(run.params.day), ballast.json.pretty({ day = run.params.day }))\n"
    "run:artefact('reports/latest.json', ballast.json.pretty({ day = run.params.day }))\n"
    "run:confirm { name = 'go', text = 'Go?' }\n"
    "return { status = 'finished' }";

struct AuditDesk {
  TestDesk desk;
  fs::path audit = desk.outside("audit");

  explicit AuditDesk(bool git = false) {
    test::spill_runbook(desk, "report", kReporting,
                        "params = { day = { type = 'string', required = true, text = 'Day.' } },");
    fs::create_directories(audit);
    if (git) this->git({"init", "--quiet", "--initial-branch=main"});
  }
  /// A report of a day in 2026; the run waits where `ends` is false.
  std::string report(const std::string& day, bool ends = true, const std::string& actor = "ann") const {
    std::vector<std::string> call{"run",     "report", "--set", "day=" + day, "--now", "2026-" + day + "T12:00:00Z",
                                  "--actor", actor,    "--json"};
    if (ends) call.insert(call.end(), {"--confirm", "go"});
    return test::run_id(desk.run(call));
  }
  Ran hand_over(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"runs", "hand-over", "--to", audit.string(), "--json"});
    return desk.run(more);
  }
  /// Runs that a call handed over.
  std::size_t handed_over(const Ran& ran) const {
    CAPTURE(ran.out + ran.error);
    REQUIRE(!ran.out.empty());
    return ran.json()["handed_over"].size();
  }
  Ran git(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(),
                     {"/usr/bin/git", "-C", audit.string(), "-c", "user.name=t", "-c", "user.email=t@t"});
    test::Command command = desk.command({});
    command.arguments = arguments;
    return test::run_command(command);
  }
  std::size_t commits() const {
    const std::string text = git({"log", "--format=%H"}).out;
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  }
  /// Every file of the audit folder with its bytes, but for what git keeps.
  std::map<std::string, std::string> content() const {
    std::map<std::string, std::string> out;
    for (const auto& each : fs::recursive_directory_iterator(audit)) {
      const std::string name = each.path().lexically_relative(audit).string();
      if (each.is_regular_file() && !name.starts_with(".git/")) out[name] = test::slurp(each.path());
    }
    return out;
  }
};

}  // namespace

TEST_SUITE("hand_over") {
  TEST_CASE("weeks are those of ISO 8601") {
    const std::vector<std::pair<const char*, const char*>> known{
        {"2026-01-01T00:00:00Z", "2026-W01"}, {"2025-12-29T00:00:00Z", "2026-W01"},
        {"2025-12-28T23:59:59Z", "2025-W52"}, {"2021-01-03T23:59:59Z", "2020-W53"},
        {"2021-01-04T00:00:00Z", "2021-W01"}, {"2024-12-30T12:00:00Z", "2025-W01"},
        {"2024-02-29T12:00:00Z", "2024-W09"}, {"1970-01-01T00:00:00Z", "1970-W01"}};
    for (const auto& each : known) {
      CAPTURE(each.first);
      CHECK(host::iso_week(core::parse_instant(each.first)) == each.second);
    }
  }

  TEST_CASE("nothing is handed over to where it comes from, or behind a link") {
    const AuditDesk audit;
    audit.report("01-15");
    const auto to = [&](const fs::path& folder) {
      return audit.desk.run({"runs", "hand-over", "--to", folder.string()});
    };
    const Ran inside = to(audit.desk.var() / "runs");
    CHECK(inside.status == 2);
    CHECK(inside.mentions("this folder is inside it; take one outside"));
    fs::create_directories(audit.desk.outside("elsewhere"));
    fs::create_directory_symlink(audit.desk.outside("elsewhere"), audit.audit / "2026-W03");
    const Ran linked = to(audit.audit);
    CHECK(linked.status == 2);
    CHECK(linked.mentions("2026-W03: the folder of a week is a link"));
    CHECK(fs::is_empty(audit.desk.outside("elsewhere")));
    CHECK(audit.desk.run({"verify", "var"}).status == 0);
  }

  TEST_CASE("reports of runs that ended go to their week, verified, and once") {
    const AuditDesk audit;
    const std::string first = audit.report("01-15"), second = audit.report("01-19"),
                      open = audit.report("01-20", false);
    const Ran ran = audit.hand_over();
    CHECK(ran.status == 0);
    CHECK(audit.handed_over(ran) == 2);
    const auto before = audit.content();
    CHECK(before.size() == 8 + 8);  // latest.json is of the run that is open now
    const fs::path folder = audit.audit / "2026-W03" / first;
    CHECK(test::slurp(folder / "summary.json") == test::slurp(audit.desk.var() / "runs" / first / "summary.json"));
    CHECK(fs::exists(folder / "artefacts/reports/01-15.json.sig"));
    CHECK(fs::exists(audit.audit / "2026-W04" / second / "record.md"));
    CHECK_FALSE(fs::exists(audit.audit / "2026-W04" / open));
    const core::Json statement = core::parse_json(test::slurp(folder / "hand_over.json"), "statement");
    CHECK(statement["replaced"][0]["path"] == "reports/latest.json");
    CHECK(audit.desk.run({"verify", audit.audit.string()}).status == 0);
    const Ran again = audit.hand_over();
    CHECK(again.status == 0);
    CHECK(audit.handed_over(again) == 0);
    CHECK(again.json()["there"] == 2);
    CHECK(audit.content() == before);
    REQUIRE(audit.desk.run({"runs", "resume", open, "--confirm", "go"}).status == 0);
    CHECK(audit.handed_over(audit.hand_over({"--since", "2026-01-20"})) == 1);
  }

  TEST_CASE("a run that is taken back after its report was handed over is another report") {
    const AuditDesk audit;
    const std::string run = audit.report("01-15");
    CHECK(audit.handed_over(audit.hand_over()) == 1);
    const auto before = audit.content();
    REQUIRE(audit.desk.run({"runs", "abort", run}).status == 0);
    const Ran ran = audit.hand_over();
    CHECK(ran.status == 0);
    CHECK(audit.handed_over(ran) == 1);
    const fs::path folder = audit.audit / "2026-W03" / (run + "-taken-back");
    CHECK(core::parse_json(test::slurp(folder / "summary.json"), "summary")["status"] == "aborted");
    for (const auto& [path, bytes] : before) CHECK(audit.content()[path] == bytes);
    CHECK(audit.handed_over(audit.hand_over()) == 0);
  }

  TEST_CASE("a compacted run was handed over before, or is refused with the reason") {
    const AuditDesk audit;
    const std::string before = audit.report("01-15");
    CHECK(audit.handed_over(audit.hand_over()) == 1);
    const std::string never = audit.report("01-16");
    REQUIRE(audit.desk.run({"runs", "compact", before, never}).status == 0);
    const Ran ran = audit.hand_over();
    CHECK(ran.status == 1);
    CHECK(ran.json()["there"] == 1);
    CHECK(ran.json()["refused"].size() == 1);
    CHECK(ran.mentions(never));
    CHECK(ran.mentions("was compacted before it was handed over"));
  }

  TEST_CASE("a desk handed over in time keeps the artefacts that later runs replace") {
    const AuditDesk audit;
    const std::string first = audit.report("01-15");
    CHECK(audit.handed_over(audit.hand_over()) == 1);
    audit.report("01-16");
    CHECK(audit.handed_over(audit.hand_over()) == 1);
    CHECK(test::slurp(audit.audit / "2026-W03" / first / "artefacts/reports/latest.json").find("01-15") !=
          std::string::npos);
  }

  TEST_CASE("since leaves out what ended before") {
    const AuditDesk audit;
    audit.report("01-15");
    const std::string second = audit.report("01-19");
    const Ran ran = audit.hand_over({"--since", "2026-01-19T12:00:00Z"});
    REQUIRE(audit.handed_over(ran) == 1);
    CHECK(ran.json()["handed_over"][0]["run"] == second);
    CHECK(audit.hand_over({"--since", "last week"}).status == 2);
  }

  TEST_CASE("what does not verify is not handed over, and holds up nothing else") {
    const AuditDesk audit;
    const std::string bad = audit.report("01-15"), artefact = audit.report("01-16"), good = audit.report("01-17");
    const fs::path record = audit.desk.var() / "runs" / bad / "record.md";
    test::spill(record, test::slurp(record) + "\n");
    test::spill(audit.desk.var() / "reports/01-16.json", "{}");
    const Ran ran = audit.hand_over();
    CHECK(ran.status == 1);
    REQUIRE(audit.handed_over(ran) == 1);
    CHECK(ran.json()["handed_over"][0]["run"] == good);
    REQUIRE(ran.json()["refused"].size() == 2);
    CHECK(ran.json()["refused"][0]["run"] == bad);
    CHECK(ran.json()["refused"][1]["why"].get<std::string>().find("artefacts/reports/01-16.json") != std::string::npos);
    CHECK_FALSE(fs::exists(audit.audit / "2026-W03" / bad));
    CHECK(test::temporary_files(audit.audit).empty());
  }

  TEST_CASE("a journal whose end the log does not state, or a log that was cut, is not handed over") {
    const AuditDesk audit;
    const std::string run = audit.report("01-15");
    const fs::path log = audit.desk.var() / "audit/decision_log";
    test::spill(log / "decision_log-2026-01-15.jsonl", "");
    const Ran ran = audit.hand_over();
    CHECK(ran.status == 2);
    CHECK(ran.mentions("the decision log does not verify"));
    CHECK(audit.content().empty());
  }

  TEST_CASE("nothing that is there is rewritten; what is not as it was handed over is named") {
    const AuditDesk audit;
    const std::string run = audit.report("01-15");
    REQUIRE(audit.hand_over().status == 0);
    const fs::path folder = audit.audit / "2026-W03" / run;
    const auto refused = [&](const std::string& what) {
      const auto before = audit.content();
      const Ran ran = audit.hand_over();
      CAPTURE(ran.out + ran.error);
      CHECK(ran.status == 1);
      CHECK(ran.mentions(what));
      CHECK(audit.content() == before);
    };
    for (const char* name : {"summary.json", "record.md.sig", "artefacts/reports/01-15.json", "hand_over.json"}) {
      const std::string bytes = test::slurp(folder / name);
      test::spill(folder / name, bytes + " ");
      refused((folder / name).string());
      test::spill(folder / name, bytes);
    }
    CHECK(audit.hand_over().status == 0);
    test::spill(folder / "more.txt", "more");
    refused("more.txt: it does not belong to the report");
    fs::remove(folder / "more.txt");
    fs::remove(folder / "record.md");
    refused("record.md: it was handed over and is not there any more");
    fs::remove_all(folder);
    test::spill(folder / "summary.json", "somebody else's");
    refused("was not handed over by ballast");
  }

  TEST_CASE("a git repository gets a commit a week, by who ran, and none when nothing is new") {
    const AuditDesk audit(true);
    test::spill(audit.audit / ".gitignore", "*.sig\n");
    audit.git({"add", "."});
    audit.git({"commit", "--quiet", "--message", "begin"});
    const std::string first = audit.report("01-15"), second = audit.report("01-16", true, "bob");
    audit.report("01-19");
    const Ran ran = audit.hand_over({"--git"});
    CAPTURE(ran.out + ran.error);
    REQUIRE(ran.status == 0);
    CHECK(ran.json()["commits"].size() == 2);
    CHECK(audit.commits() == 3);
    CHECK(audit.git({"status", "--porcelain"}).out.empty());
    const std::string log = audit.git({"log", "--skip=1", "-1", "--format=%an|%aI|%s|%b"}).out;
    CHECK(log.find("ann, bob|2026-01-16T12:00:00+00:00|2026-W03: 2 reports|" + first + ": finished, by ann") == 0);
    // Ignored signatures are evidence all the same.
    CHECK(audit.git({"ls-files", "2026-W03/" + second}).mentions("record.md.sig"));
    CHECK(audit.handed_over(audit.hand_over()) == 0);
    CHECK(audit.commits() == 3);
  }

  TEST_CASE("a repository that is dirty, missing or none is a clear error, and nothing is written") {
    const AuditDesk audit(true);
    audit.report("01-15");
    const auto refused = [&](const std::string& what, std::vector<std::string> more = {}) {
      const auto before = audit.content();
      const Ran ran = audit.hand_over(std::move(more));
      CAPTURE(ran.out + ran.error);
      CHECK(ran.status == 2);
      CHECK(ran.mentions(what));
      CHECK(audit.content() == before);
    };
    test::spill(audit.audit / "notes.txt", "mine");
    refused("a change that nobody committed (notes.txt)");
    audit.git({"add", "."});
    refused("a change that nobody committed (notes.txt)");
    audit.git({"commit", "--quiet", "--message", "notes"});
    test::spill(audit.audit / "notes.txt", "changed");
    refused("a change that nobody committed (notes.txt)");
    audit.git({"checkout", "--quiet", "."});
    test::spill(audit.audit / "2026-W03/stranger/file", "whose?");
    {
      const Ran ran = audit.hand_over();
      CHECK(ran.status == 2);
      CHECK(ran.mentions("2026-W03/stranger/file"));
    }
    fs::remove_all(audit.audit / "2026-W03/stranger");
    audit.git({"checkout", "--quiet", "--detach"});
    refused("symbolic-ref failed");
    fs::remove_all(audit.audit / ".git");
    refused("it is no git repository, and one is asked for", {"--git"});
    fs::remove_all(audit.audit);
    const Ran missing = audit.hand_over();
    CHECK(missing.status == 2);
    CHECK(missing.mentions("there is no such folder to hand reports over to"));
  }

  TEST_CASE("what an interruption left is completed by the next call") {
    const AuditDesk audit(true);
    const std::string first = audit.report("01-15");
    // Killed while a report was copied: part of it stands under a name of its own.
    test::spill(audit.audit / "2026-W03" / ("." + first + ".tmp") / "summary.json", "half");
    CHECK(audit.handed_over(audit.hand_over()) == 1);
    CHECK(audit.commits() == 1);
    CHECK(test::temporary_files(audit.audit).empty());
    const auto whole = audit.content();
    // Killed before the commit, and between adding and the commit.
    for (const bool added : {false, true}) {
      audit.git({"update-ref", "-d", "HEAD"});
      audit.git({"rm", "-r", "--quiet", "--cached", "."});
      if (added) audit.git({"add", "2026-W03"});
      REQUIRE(audit.commits() == 0);
      const Ran ran = audit.hand_over({"--since", "2026-02-01"});
      CAPTURE(ran.out + ran.error);
      CHECK(ran.status == 0);
      CHECK(audit.handed_over(ran) == 1);
      CHECK(audit.commits() == 1);
      CHECK(audit.git({"status", "--porcelain"}).out.empty());
      CHECK(audit.content() == whole);
    }
  }

  TEST_CASE("a repository whose attributes change bytes is refused before the commit") {
    const AuditDesk audit(true);
    test::spill_runbook(audit.desk, "report",
                        "run:artefact('lines.csv', 'a,b\\r\\n1,2\\r\\n') return { status = 'finished' }");
    test::spill(audit.audit / ".gitattributes", "* text=auto\n");
    audit.git({"add", "."});
    audit.git({"commit", "--quiet", "--message", "begin"});
    test::run_id(audit.desk.run({"run", "report", "--now", "2026-01-15T12:00:00Z", "--json"}));
    const Ran ran = audit.hand_over();
    CAPTURE(ran.out + ran.error);
    CHECK(ran.status == 2);
    CHECK(ran.mentions("git would keep it with other bytes"));
    CHECK(ran.mentions("artefacts/lines.csv"));
    CHECK(audit.commits() == 1);
    test::spill(audit.audit / ".git/info/attributes", "* -text\n");
    audit.git({"reset", "--quiet"});
    CHECK(audit.hand_over().status == 0);
    CHECK(audit.commits() == 2);
    CHECK(audit.git({"status", "--porcelain"}).out.empty());
  }

  TEST_CASE("a schedule hands over after its run, or hands over only") {
    const AuditDesk audit;
    audit.desk.spill("config/core.yaml",
                     "notify: { standard_error: false, file: notices.jsonl }\nschedules:\n"
                     "  daily:\n    when: daily 06:30\n    runbook: report\n    parameters: { day: 01-15 }\n"
                     "    confirm: [go]\n    hand_over: { to: ../audit }\n"
                     "  weekly: { when: weekly mon 07:00, hand_over: { to: ../audit, git: true } }\n");
    const Ran daily = audit.desk.run({"runs", "start-scheduled", "daily", "--now", "2026-01-15T06:30:00Z"});
    CAPTURE(daily.out + daily.error);
    CHECK(daily.status == 0);
    CHECK(daily.mentions("1 report handed over to ../audit (2026-W03)"));
    const Ran weekly = audit.desk.run({"runs", "start-scheduled", "weekly", "--now", "2026-01-19T07:00:00Z"});
    CHECK(weekly.status == 2);
    CHECK(weekly.mentions("it is no git repository"));
    CHECK(test::slurp(audit.desk.var() / "notices.jsonl").find("reports could not be handed over") !=
          std::string::npos);
    audit.desk.spill("config/core.yaml",
                     "schedules:\n  weekly: { when: weekly mon 07:00, hand_over: { to: ../audit } }\n");
    const Ran corrected = audit.desk.run({"runs", "start-scheduled", "weekly", "--now", "2026-01-19T07:01:00Z"});
    CHECK(corrected.mentions("nothing new to hand over to ../audit; 1 there already"));
    CHECK(audit.desk.run({"runs", "start-scheduled", "weekly", "--now", "2026-01-19T07:02:00Z"})
              .mentions("was settled already"));
    CHECK(audit.desk.run({"verify", "var"}).status == 0);
  }
}
