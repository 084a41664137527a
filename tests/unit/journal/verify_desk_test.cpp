// A desk is verified as a whole: what was removed or put back is missed by what remains.
#include <functional>

#include <sys/stat.h>

#include <doctest/doctest.h>

#include "core/error.hpp"
#include "core/signature_file.hpp"
#include "journal/run_journal.hpp"
#include "support/desk_log.hpp"

using namespace ballast;
using core::Json;
using journal::RunJournal;
using support::codes;
using support::DeskLog;
namespace fs = std::filesystem;

namespace {

/// A desk with one run: two decisions, an artefact, a long answer, and the run's end in the log.
struct Desk : DeskLog {
  const fs::path& var = scratch.path();
  fs::path report = var / "audit/report.json";

  explicit Desk(bool finished = true) { execute("run-1", "first", finished); }

  void execute(const std::string& id, const std::string& text, bool finished = true) const {
    auto log = open();
    const std::string answer = objects.put("a long answer");
    auto run = RunJournal::create(var / "runs" / id, id,
                                  {{"libraries_sha256", libraries()}, {"log_seq", log.last_seq()}}, signer, clock);
    run.append("answer", {{"call", "ballast.market.closes"}, {"answer_sha256", answer}});
    for (int i = 1; i <= 2; ++i) {
      journal::Draft decision = draft(i);
      decision.run = id;
      decision.libraries_sha256 = libraries();
      const auto entry = log.append(decision);
      run.append("decision", {{"entry_seq", entry.seq}, {"entry_sha256", entry.sha256}});
    }
    write(report, text);
    const core::Signer* const signers[] = {&signer};
    core::sign_file(report, core::Purpose::artefact, signers, clock);
    run.append("artefact", {{"path", "var/audit/report.json"}, {"sha256", core::sha256_hex(text)}});
    if (!finished) return;
    state("run_finished", run.finish({{"status", "finished"}}), "finished", id);
  }
  /// States in the log how the journal of a run ended or stopped.
  void state(const std::string& kind, const journal::RunRecord& last, const std::string& status,
             const std::string& id = "run-1") const {
    auto log = open();
    journal::Draft end = draft();
    end.kind = kind;
    end.run = id;
    end.policy.reset();
    end.inputs.reset();
    end.decision.reset();
    end.libraries_sha256.reset();
    end.settings_sha256.reset();
    end.journal = journal::JournalEnd{last.seq, last.sha256, status};
    log.append(end);
  }
  std::string libraries() const {
    return objects.put(core::canonical_json({{"policy", objects.put("return library")}}));
  }
  journal::VerifyReport verify() const { return journal::verify_path(var, ring); }
};

/// Damages a fresh desk and returns what verification finds.
std::string after(const std::function<void(const Desk&)>& damage) {
  const Desk desk;
  damage(desk);
  const auto report = desk.verify();
  REQUIRE_FALSE(report.verified());
  return codes(report);
}

}  // namespace

TEST_SUITE("journal") {
  TEST_CASE("a whole desk verifies, and says what it followed") {
    const Desk desk;
    const auto report = desk.verify();
    CHECK_MESSAGE(report.verified(), codes(report));
    CHECK(report.kind == "desk");
    CHECK(report.entries == 3);
    CHECK(report.runs == 1);
    CHECK(report.records == 6);
    CHECK(report.files == 1);
    CHECK(report.objects == 8);  // policy, library, its list, an empty list, settings, two inputs, answer
    // Log: 2 x (libraries, library, settings, policy, input), less one library that was followed just before; run:
    // libraries, answer, two entries, artefact; and the log's run.
    CHECK(report.references == 15);
    CHECK(report.unsigned_files == 0);
  }

  TEST_CASE("whole files that were removed are missed") {
    CHECK(after([](const Desk& d) { fs::remove_all(d.folder); }) == "missing@3 missing@4 missing@0");
    CHECK(after([](const Desk& d) { fs::remove_all(d.var / "runs/run-1"); }) == "missing@0");
    CHECK(after([](const Desk& d) { fs::remove_all(d.var / "runs"); }) == "missing@0");
    CHECK(after([](const Desk& d) { fs::remove(d.var / "runs/run-1/journal.jsonl"); }).find("missing") == 0);
    CHECK(after([](const Desk& d) { fs::remove(d.report); }) == "missing@0");
    CHECK(after([](const Desk& d) { fs::remove(d.var / "audit/report.json.sig"); }) == "unsigned@0");
    CHECK(after([](const Desk& d) { fs::remove(d.objects.path_of(core::sha256_hex("a long answer"))); }) ==
          "object_missing@2");
    CHECK(after([](const Desk& d) { fs::remove(d.objects.path_of(core::sha256_hex("return library"))); }) ==
          "object_missing@1");
    CHECK(after([](const Desk& d) { fs::remove_all(d.objects.folder()); }).find("object_missing") != std::string::npos);
    const Desk empty;
    fs::remove_all(empty.var / "runs");
    fs::remove_all(empty.var / "audit");
    fs::remove_all(empty.var / "objects");
    CHECK(codes(empty.verify()) == "nothing@0");
  }

  TEST_CASE("an artefact that was changed with its signature removed, or put back to an older state, is found") {
    CHECK(after([](const Desk& d) {
            fs::remove(d.var / "audit/report.json.sig");
            DeskLog::write(d.report, "changed");
          }) == "unsigned@0 changed@0");
    const Desk desk;
    const std::string old = core::read_file(desk.report),
                      old_signature = core::read_file(desk.var / "audit/report.json.sig");
    const_cast<Desk&>(desk).clock.set("2026-03-01T13:00:00Z");
    desk.execute("run-2", "second");
    CHECK_MESSAGE(desk.verify().verified(), codes(desk.verify()));
    DeskLog::write(desk.report, old);
    DeskLog::write(desk.var / "audit/report.json.sig", old_signature);
    const auto report = desk.verify();
    REQUIRE(codes(report) == "changed@0");
    CHECK(report.findings[0].sentence.find("what run run-1 wrote earlier; run run-2 wrote it last") !=
          std::string::npos);
  }

  TEST_CASE("a finished run's journal that lost its end, or was taken back with its log entries, is found") {
    const Desk desk;
    const fs::path journal = desk.var / "runs/run-1/journal.jsonl";
    const std::string text = core::read_file(journal);
    for (std::size_t end = text.rfind('\n', text.size() - 2) + 1;; end = text.rfind('\n', end - 2) + 1) {
      DeskLog::write(journal, text.substr(0, end));
      const auto report = desk.verify();
      CAPTURE(end);
      CHECK_FALSE(report.verified());
      CHECK(codes(report).find("behind_head") != std::string::npos);
      if (end < 2 || text.rfind('\n', end - 2) == std::string::npos) break;
    }
  }

  TEST_CASE("an unfinished journal that was cut before what the log says it wrote is found") {
    const Desk desk(false);
    const fs::path journal = desk.var / "runs/run-1/journal.jsonl";
    std::vector<std::size_t> ends;
    const std::string text = core::read_file(journal);
    for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1))
      ends.push_back(at + 1);
    REQUIRE(ends.size() == 5);
    DeskLog::write(journal, text.substr(0, ends[3]));  // without the artefact, which a crash may explain
    CHECK(codes(desk.verify()) == "unfinished@4");
    DeskLog::write(journal, text.substr(0, ends[2]));  // without the second decision: a crash may explain one
    CHECK(codes(desk.verify()) == "unfinished@3");
    DeskLog::write(journal, text.substr(0, ends[1]));  // without both
    CHECK(codes(desk.verify()) == "unfinished@2 missing@0");
  }

  TEST_CASE("a run without its end is said to be unproved, and one that goes on is not a finding") {
    const Desk desk(false);
    const auto report = desk.verify();
    CHECK(codes(report) == "unfinished@5");
    const auto running = RunJournal::open(desk.var / "runs/run-1", desk.signer, desk.clock);
    const auto during = desk.verify();
    CHECK_MESSAGE(during.verified(), codes(during));
    CHECK(during.running == 1);
  }

  TEST_CASE("a run that stopped is counted, and is a finding only when the log does not state it") {
    const Desk desk(false);
    auto run = RunJournal::open(desk.var / "runs/run-1", desk.signer, desk.clock);
    const auto stopped = run.append("run_stopped", {{"status", "failed"}});
    { const auto holder = std::move(run); }
    CHECK(codes(desk.verify()) == "unfinished@6");
    desk.state("run_stopped", stopped, "failed");
    const auto report = desk.verify();
    CHECK_MESSAGE(report.verified(), codes(report));
    CHECK(report.stopped == 1);
    CHECK(report.running == 0);
    const fs::path journal = desk.var / "runs/run-1/journal.jsonl";
    const std::string text = core::read_file(journal);
    DeskLog::write(journal, text.substr(0, text.rfind('\n', text.size() - 2) + 1));  // the stop is taken back
    CHECK_FALSE(desk.verify().verified());
  }

  TEST_CASE("a run that went on with a clock that went back verifies") {
    Desk desk(false);
    desk.clock.set("2026-02-27T09:00:00Z");
    auto run = RunJournal::open(desk.var / "runs/run-1", desk.signer, desk.clock);
    run.append("run_resumed", {{"keeps", 5}});
    desk.state("run_finished", run.finish({{"status", "finished"}}), "finished");
    const auto records = RunJournal::read(desk.var / "runs/run-1");
    CHECK(records.back().json["time"] < records.front().json["time"]);
    CHECK_MESSAGE(desk.verify().verified(), codes(desk.verify()));
  }

  TEST_CASE("a run that died before its first record was durable is no run") {
    const Desk desk;
    DeskLog::write(desk.var / "runs/.run-2.0011223344aa.tmp/journal.jsonl", "{\"half");
    const auto report = desk.verify();
    CHECK_MESSAGE(report.verified(), codes(report));
    CHECK(report.runs == 1);
    fs::rename(desk.var / "runs/run-1", desk.var / "runs/.run-1.0011223344aa.tmp");  // hides no run
    CHECK(codes(desk.verify()).find("missing") != std::string::npos);
  }

  TEST_CASE("a journal in another run's folder is found") {
    CHECK(after([](const Desk& d) { fs::rename(d.var / "runs/run-1", d.var / "runs/run-9"); }).find("changed@1") !=
          std::string::npos);
  }

  TEST_CASE("planted names hide nothing") {
    for (const char* name :
         {"journal.jsonl", "HEAD", "audit/HEAD", "audit/journal.jsonl", "decision_log-2026-03-01.jsonl"}) {
      const Desk desk;
      DeskLog::write(desk.var / name, "{}\n");
      DeskLog::write(desk.report, "changed");
      const auto report = desk.verify();
      CAPTURE(name);
      CHECK(codes(report).find("changed@0") != std::string::npos);
      CHECK(report.entries == 3);
    }
    // Not a desk: a folder of signed files, and a name in it that a log would have.
    const Desk desk;
    const fs::path folder = desk.scratch / "elsewhere/files";
    fs::create_directories(folder);
    fs::copy(desk.report, folder / "report.json");
    fs::copy(desk.var / "audit/report.json.sig", folder / "report.json.sig");
    CHECK(journal::verify_path(folder, desk.ring).verified());
    DeskLog::write(folder / "report.json", "changed");
    DeskLog::write(folder / "HEAD", "{}\n");
    CHECK(codes(journal::verify_path(folder, desk.ring)).find("changed@0") != std::string::npos);
  }

  TEST_CASE("an older artefact put back is found whatever the clocks said") {
    Desk desk;
    const std::string old = core::read_file(desk.report),
                      old_signature = core::read_file(desk.var / "audit/report.json.sig");
    desk.clock.set("2026-03-01T09:00:00Z");  // given, and before the first run's
    desk.execute("run-2", "second");
    CHECK_MESSAGE(desk.verify().verified(), codes(desk.verify()));
    DeskLog::write(desk.report, old);
    DeskLog::write(desk.var / "audit/report.json.sig", old_signature);
    CHECK(codes(desk.verify()) == "changed@0");
  }

  TEST_CASE("the end of the log taken back with an older HEAD is missed by the run that ended") {
    const Desk desk;
    const std::string head = core::read_file(desk.folder / "HEAD"), lines = desk.segment_text();
    desk.execute("run-2", "first");
    CHECK(desk.verify().verified());
    DeskLog::write(desk.folder / "HEAD", head);
    DeskLog::write(desk.segment(), lines);
    CHECK(codes(desk.verify()) == "missing@3 missing@4 unfinished@6");
  }

  TEST_CASE("without a log there is nothing to compare a HEAD with, and nothing that proves objects") {
    const Desk desk;
    journal::VerifyOptions options;
    options.expect_head = core::read_file(desk.folder / "HEAD");
    CHECK(journal::verify_path(desk.var, desk.ring, options).verified());
    fs::remove_all(desk.folder);
    fs::remove_all(desk.var / "runs");
    CHECK(codes(journal::verify_path(desk.var, desk.ring, options)) == "missing@0 no_head@0");
    CHECK(codes(journal::verify_path(desk.report, desk.ring, options)) == "no_head@0");
  }

  TEST_CASE("what a recovery kept aside is followed") {
    const Desk desk;
    DeskLog::write(desk.segment(), desk.segment_text() + "{\"torn");
    desk.execute("run-2", "first");
    REQUIRE(fs::exists(desk.folder / "torn"));
    CHECK_MESSAGE(desk.verify().verified(), codes(desk.verify()));
    const fs::path kept = fs::directory_iterator(desk.folder / "torn")->path();
    DeskLog::write(kept, "{\"tor");
    CHECK(codes(desk.verify()) == "changed@0");
    fs::remove_all(desk.folder / "torn");
    CHECK(codes(desk.verify()) == "missing@0");
  }

  TEST_CASE("files beside the log and beside the runs are looked at") {
    for (const char* folder : {"audit/decision_log", "runs"}) {
      const Desk desk;
      DeskLog::write(desk.var / folder / "planted.json", "{}");
      CHECK(desk.verify().unsigned_files == 1);
      DeskLog::write(desk.var / folder / "planted.json.sig", "{}");
      CHECK(codes(desk.verify()) == "malformed@0");
    }
  }

  TEST_CASE("folders of others are not taken for logs, runs or desks") {
    const Desk desk;
    for (const char* name : {"git/logs/HEAD", "notes/runs/2026/a.txt", "reports/objects/b.txt"}) {
      const fs::path file = desk.var / name;
      fs::create_directories(file.parent_path());
      DeskLog::write(file, "0000 1111 somebody\n");
    }
    const auto report = desk.verify();
    CHECK_MESSAGE(report.verified(), codes(report));
    CHECK(report.unsigned_files == 3);
  }

  TEST_CASE("pipes and folders in the place of files are findings and hang nobody") {
    const Desk desk;
    REQUIRE(::mkfifo((desk.var / std::string(64, 'a')).c_str(), 0600) == 0);
    REQUIRE(::mkfifo((desk.var / "x.bundle").c_str(), 0600) == 0);
    CHECK(codes(desk.verify()) == "unreadable@0 unreadable@0");
    CHECK_THROWS_AS(journal::verify_path(desk.var / "x.bundle", desk.ring), core::Error);
    const Desk other;
    fs::remove(other.folder / "HEAD");
    REQUIRE(::mkfifo((other.folder / "HEAD").c_str(), 0600) == 0);
    fs::create_directories(other.folder / "decision_log-2026-03-02.jsonl");
    CHECK(codes(other.verify()).find("no_head@0") == 0);
  }

  TEST_CASE("links that lead in circles are not followed") {
    const Desk desk;
    fs::create_directory_symlink(desk.var, desk.var / "audit/loop");
    const auto report = desk.verify();
    CHECK_MESSAGE(report.verified(), codes(report));
    CHECK(report.unsigned_files == 1);
  }

  TEST_CASE("who has public keys only proves runs by their end in the log") {
    Desk desk;
    desk.ring.secrets.erase("desk-hmac");
    DeskLog::write(desk.report, "first");
    const core::Signer* const signers[] = {&desk.head_signer};
    core::sign_file(desk.report, core::Purpose::artefact, signers, desk.clock);
    journal::VerifyOptions options;
    options.chain_vouches = true;
    const auto report = journal::verify_path(desk.var, desk.ring, options);
    CHECK_MESSAGE(report.verified(), codes(report));
    CHECK(report.vouched == 9);  // three entries, six records
  }
}
