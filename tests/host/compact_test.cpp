// Compacted runs: what stays, what goes, that it all still verifies and replays, and that who changes any of it is
// found.
#include <algorithm>
#include <set>
#include <thread>

#include <doctest/doctest.h>
#include <sys/wait.h>

#include "support/runbook_desk.hpp"

using namespace ballast;
using test::Ran;
using test::slurp;
using test::TestDesk;

namespace {

namespace fs = std::filesystem;

/// Two runs of one runbook, each with an answer and an outcome that are objects of their own, a decision, an effect and
/// an artefact.
struct CompactDesk {
  TestDesk desk;
  std::string first, second;

  CompactDesk() {
    desk.spill("policies/tiny.lua",
               "return { name = 'tiny', version = 1, decide = function(input) return { outcome = 'allow' } end }");
    desk.spill("shared.txt", std::string(3000, 's'));
    test::spill_runbook(desk, "work",
                        "local shared = run:step('shared', function() return ballast.files.read('shared.txt') end)\n"
                        "local own = run:step('own', function() return ballast.clock.now():rep(200) end)\n"
                        "run:policy('tiny', { n = #own })\n" +
                            test::writing_effect("order", "'x'") +
                            "run:artefact('reports/' .. run.id .. '.txt', shared .. own)\n"
                            "return { status = 'finished' }");
    first = started("2026-01-15T00:00:00Z");
    second = started("2026-01-15T01:00:00Z");
  }

  std::string started(const std::string& now) const {
    fs::remove_all(desk.var() / "out");
    const Ran ran = desk.run({"run", "work", "--now", now, "--actor", "ann", "--json"});
    CAPTURE(ran.out + ran.error);
    REQUIRE(ran.status == 0);
    return test::run_id(ran);
  }
  Ran compact(std::vector<std::string> more) const {
    more.insert(more.begin(), {"runs", "compact"});
    return desk.run(std::move(more));
  }
  fs::path folder(const std::string& run) const { return desk.var() / "runs" / run; }
  fs::path archive(const std::string& run) const { return desk.var() / "archive" / (run + ".bundle"); }
  std::set<std::string> objects() const {
    std::set<std::string> out;
    for (const auto& each : fs::directory_iterator(desk.var() / "objects")) out.insert(each.path().filename().string());
    return out;
  }
  core::Json verify() const { return desk.run({"verify", "var", "--json"}).json()["reports"][0]; }
};

void check_refused(const Ran& ran, int status, const std::string& text) {
  CAPTURE(ran.out + ran.error);
  CHECK(ran.status == status);
  CHECK(ran.mentions(text));
}

void flip(const fs::path& file, std::size_t at) {
  std::string bytes = slurp(file);
  bytes[at] = static_cast<char>(bytes[at] ^ 1);
  test::spill(file, bytes);
}

}  // namespace

TEST_SUITE("compaction") {
  TEST_CASE("the journal goes into an archive, and the run still verifies, is shown and replays") {
    const CompactDesk made;
    const core::Json entries = made.verify()["entries"];
    const auto before = made.objects();
    const std::string journal = slurp(made.folder(made.first) / "journal.jsonl");
    const Ran compacted = made.compact({made.first, "--actor", "ann"});
    CAPTURE(compacted.out + compacted.error);
    REQUIRE(compacted.status == 0);
    CHECK(!fs::exists(made.folder(made.first) / "journal.jsonl"));
    for (const char* kept : {"compacted.json", "summary.json", "summary.json.sig", "record.md", "record.md.sig"})
      CHECK(fs::exists(made.folder(made.first) / kept));
    const core::Json report = made.verify();
    CHECK(report["verified"] == true);
    CHECK(report["compacted"] == 1);
    CHECK(report["entries"] == entries);  // those of the archive are the same
    CHECK(report["runs"] == 2);

    // The outcome that only this run had is gone; the text that the other one has too is there.
    std::vector<std::string> gone;
    const auto after = made.objects();
    std::set_difference(before.begin(), before.end(), after.begin(), after.end(), std::back_inserter(gone));
    REQUIRE(!gone.empty());
    for (const std::string& each : gone)
      CHECK(slurp(made.folder(made.second) / "journal.jsonl").find(each) == std::string::npos);
    const std::string bundle = slurp(made.archive(made.first));
    for (const std::string& each : gone) CHECK(bundle.find(each) != std::string::npos);

    const core::Json listed = made.desk.run({"runs", "list", "--json"}).json()["runs"];
    REQUIRE(listed.size() == 2);
    CHECK(listed[0]["run"] == made.first);
    CHECK(listed[0]["status"] == "finished");
    CHECK(listed[0]["actor"] == "ann");
    CHECK(listed[0]["archive"].get<std::string>().ends_with(made.first + ".bundle"));
    CHECK(listed[0]["units"] == listed[1]["units"]);
    CHECK(!listed[1].contains("archive"));
    const Ran shown = made.desk.run({"runs", "show", made.first});
    CHECK(shown.mentions("compacted: the journal is in "));
    CHECK(shown.mentions("effect 'order'"));
    const Ran replayed = made.desk.run({"replay", made.first});
    CAPTURE(replayed.out + replayed.error);
    CHECK(replayed.status == 0);
    CHECK(replayed.mentions("every step, decision and artefact came out the same"));
    CHECK(made.desk.run({"verify", (made.folder(made.first)).string()}).status == 0);

    // What is written in a bundle is what was in the journal.
    core::Json held;
    std::istringstream lines(bundle);
    for (std::string line; std::getline(lines, line);) {
      const core::Json record = core::parse_json(line, "bundle");
      if (record.contains("file")) held = record;
    }
    CHECK(held["data"] == journal);

    check_refused(made.desk.run({"runs", "resume", made.first}), 2, "the run was compacted: its journal is in ");
    check_refused(made.desk.run({"runs", "abort", made.first}), 2, "the run was compacted: its journal is in ");
    check_refused(made.desk.run({"log", "export", made.first, "x.bundle"}), 2, "which is a bundle of it");
    CHECK(made.compact({made.first}).mentions("no run to compact"));
    // The id stays taken: the same run again gets another one.
    CHECK(made.started("2026-01-15T00:00:00Z") == made.first + "-2");
    REQUIRE(made.desk.run({"run", "work", "--now", "2026-01-15T00:00:00Z", "--actor", "ann", "--dry-run"}).status == 0);
    CHECK(!fs::exists(made.folder(made.first) / "plan.json"));
  }

  TEST_CASE("who changes the statement or the archive, or takes either away, is found") {
    const CompactDesk made;
    REQUIRE(made.compact({made.first, made.second}).status == 0);
    REQUIRE(made.verify()["verified"] == true);
    const fs::path statement = made.folder(made.first) / "compacted.json", archive = made.archive(made.first);
    const std::string said = slurp(statement), held = slurp(archive);
    const auto found = [&] {
      const Ran ran = made.desk.run({"verify", "var"});
      CAPTURE(ran.out);
      CHECK(ran.status == 1);
      return ran.out;
    };
    for (std::size_t at = 0; at + 1 < said.size(); at += 97) {
      CAPTURE(at);
      flip(statement, at);
      found();
      test::spill(statement, said);
    }
    for (std::size_t at = 0; at < held.size(); at += held.size() / 7) {
      CAPTURE(at);
      flip(archive, at);
      CHECK(found().find("is not the one that holds the run's journal") != std::string::npos);
      check_refused(made.desk.run({"replay", made.first}), 2, "this is not the archive of run");
      test::spill(archive, held);
    }
    test::spill(archive, slurp(made.archive(made.second)));  // whole, sealed, of another run
    found();
    fs::remove(archive);
    CHECK(found().find("is not there") != std::string::npos);
    check_refused(made.desk.run({"replay", made.first}), 2, "--archive FOLDER says where it lies now");
    test::spill(archive, held);
    test::spill(statement, slurp(made.folder(made.second) / "compacted.json"));
    CHECK(found().find("the statement is of the run '" + made.second) != std::string::npos);
    fs::remove(statement);
    found();
    test::spill(statement, said);
    fs::remove(made.desk.var() / "reports" / (made.first + ".txt"));  // named by the statement alone now
    fs::remove(made.desk.var() / "reports" / (made.first + ".txt.sig"));
    CHECK(found().find("the artefact that run " + made.first + " wrote (record ") != std::string::npos);
  }

  TEST_CASE("a statement that another key signed, or that the log contradicts, proves nothing") {
    const CompactDesk made, other;
    REQUIRE(made.compact({made.first}).status == 0);
    REQUIRE(other.compact({other.first}).status == 0);
    REQUIRE(made.first == other.first);  // of equal runs on two desks
    test::spill(made.folder(made.first) / "compacted.json", slurp(other.folder(made.first) / "compacted.json"));
    test::spill(made.archive(made.first), slurp(other.archive(made.first)));
    const Ran ran = made.desk.run({"verify", "var"});
    CHECK(ran.status == 1);
    CHECK(ran.mentions("is not proved by its signature"));
    CHECK(ran.mentions("states another end of the run's journal"));
    check_refused(made.desk.run({"replay", made.first}), 2, "the statement in place of the journal does not verify");
  }

  TEST_CASE("an archive on another disk may be away, and is judged when it is there") {
    const CompactDesk made;
    const fs::path disk = made.desk.outside("disk"), archive = disk / (made.first + ".bundle");
    REQUIRE(made.compact({made.first, "--archive", disk.string()}).status == 0);
    CHECK(fs::exists(archive));
    CHECK(made.verify()["archives_away"] == 0);
    fs::rename(disk, made.desk.outside("moved"));
    CHECK(made.verify()["verified"] == true);
    CHECK(made.verify()["archives_away"] == 1);
    check_refused(made.desk.run({"replay", made.first}), 2, "--archive FOLDER says where it lies now");
    CHECK(made.desk.run({"replay", made.first, "--archive", made.desk.outside("moved").string()}).status == 0);
    check_refused(made.desk.run({"replay", made.second, "--archive", "."}), 2, "only a compacted run has an archive");
    fs::rename(made.desk.outside("moved"), disk);
    flip(archive, 200);
    CHECK(made.verify()["verified"] == false);
  }

  TEST_CASE("only runs that have ended and verify are compacted, and a dry run changes nothing") {
    const CompactDesk made;
    test::spill_runbook(made.desk, "asks", "run:confirm { name = 'go', text = 'Go?' }");
    const Ran waiting = made.desk.run({"run", "asks", "--no-input", "--json"});
    REQUIRE(waiting.status == 4);
    check_refused(made.compact({test::run_id(waiting)}), 2,
                  "the run is waiting; only one that has ended can be compacted");
    check_refused(made.compact({}), 2, "name runs, or say --older-than 90d");
    check_refused(made.compact({"none"}), 2, "there is no such run");
    check_refused(made.compact({made.first, "--older-than", "36500d"}), 0, "no run to compact");

    const auto before = made.objects();
    const Ran dry = made.compact({"--older-than", "1d", "--dry-run", "--json"});
    REQUIRE(dry.status == 0);
    CHECK(dry.json()["runs"].size() == 2);
    CHECK(dry.json()["objects_removed"] > 0);
    CHECK(made.objects() == before);
    CHECK(fs::exists(made.folder(made.first) / "journal.jsonl"));
    CHECK(!fs::exists(made.desk.var() / "archive"));

    test::spill(made.archive(made.first), "notes of somebody");
    const Ran taken = made.compact({made.first});
    check_refused(taken, 1, "there is another file where the archive belongs");
    CHECK(slurp(made.archive(made.first)) == "notes of somebody");
    fs::remove(made.archive(made.first));

    const std::string journal = slurp(made.folder(made.first) / "journal.jsonl");
    flip(made.folder(made.first) / "journal.jsonl", journal.size() / 2);
    const Ran partly = made.compact({"--older-than", "1d"});
    check_refused(partly, 1, "stays as it is");
    CHECK(fs::exists(made.folder(made.first) / "journal.jsonl"));
    CHECK(!fs::exists(made.folder(made.second) / "journal.jsonl"));
    CHECK(partly.mentions("nobody can tell which objects it needs"));
    CHECK(made.objects() == before);
    test::spill(made.folder(made.first) / "journal.jsonl", journal);
    const Ran rest = made.compact({"--older-than", "1d", "--json"});  // with the objects of the other one
    CHECK(rest.status == 0);
    CHECK(rest.json()["objects_removed"] == dry.json()["objects_removed"]);
    CHECK(made.verify()["verified"] == true);
  }

  TEST_CASE("while a run is executed objects stay, and the next compaction removes them") {
    const CompactDesk made;
    test::spill_runbook(made.desk, "patient", "run:wait { name = 'pause', until_ = '1h' }");
    const pid_t child = test::start_command(made.desk.command({"run", "patient"}));
    const auto waits = [&] {
      for (const auto& each : fs::directory_iterator(made.desk.var() / "runs")) {
        if (each.path().filename().string().starts_with("patient")) return true;
      }
      return false;
    };
    for (int i = 0; i < 1000 && !waits(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    const auto before = made.objects();
    const Ran during = made.compact({made.first});
    ::kill(child, SIGINT);
    ::waitpid(child, nullptr, 0);
    CHECK(during.status == 0);
    CHECK(during.mentions("objects stay: runs are being executed"));
    CHECK(made.objects() == before);
    CHECK(!fs::exists(made.folder(made.first) / "journal.jsonl"));
    const Ran later = made.compact({"--older-than", "36500d", "--json"});
    CHECK(later.json()["objects_removed"] > 0);
    CHECK(made.verify()["verified"] == true);
    CHECK(made.desk.run({"replay", made.first}).status == 0);
  }
}
