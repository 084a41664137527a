#include <algorithm>

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

namespace {

struct Run {
  DeskLog desk;
  std::filesystem::path folder = desk.scratch / "runs/r1";
  std::filesystem::path file = folder / "journal.jsonl";
  support::FakeSigner signer{"HMAC-SHA256", "desk-hmac", "one secret"};
  void finish() const {
    auto run = RunJournal::create(folder, "r1", {{"runbook", "portfolio_cycle"}}, signer, desk.clock);
    run.append("step_started", {{"step", "measure"}});
    run.append("step_finished", {{"step", "measure"}, {"outcome", "passed"}});
    run.finish({{"outcome", "passed"}});
  }
  journal::VerifyReport verify() const { return journal::verify_path(folder, desk.ring); }
};

}  // namespace

TEST_SUITE("journal") {
  TEST_CASE("a run's records are chained, and signed at the end") {
    const Run run;
    run.finish();
    const auto records = RunJournal::read(run.folder);
    REQUIRE(records.size() == 4);
    CHECK(records[0].json["kind"] == "run_started");
    CHECK(records[0].json["run"] == "r1");
    CHECK(records[0].json["version"] == 1);
    CHECK(records[0].json["previous"] == core::sha256_hex("ballast-genesis-v1\nballast-run-journal\nr1"));
    CHECK(records[2].json["previous"] == records[1].sha256);
    CHECK(records[3].json["signature"]["key_id"] == "desk-hmac");
    const auto report = run.verify();
    CHECK_MESSAGE(report.verified(), codes(report));
    CHECK(report.kind == "run");
    CHECK(report.signatures == 4);
    CHECK_THROWS_AS(RunJournal::open(run.folder, run.signer, run.desk.clock), core::Error);
    CHECK_THROWS_AS(RunJournal::create(run.folder, "r1", {}, run.signer, run.desk.clock), core::Error);
  }

  TEST_CASE("every flipped byte of a finished run's journal is found in its line") {
    const Run run;
    run.finish();
    const std::string text = core::read_file(run.file);
    std::size_t line = 1;
    for (std::size_t i = 0; i < text.size(); ++i) {
      std::string flipped = text;
      flipped[i] = static_cast<char>(static_cast<unsigned char>(flipped[i]) ^ (i % 2 == 0 ? 0x01U : 0x20U));
      DeskLog::write(run.file, flipped);
      const auto report = run.verify();
      CAPTURE(i);
      CAPTURE(codes(report));
      REQUIRE_FALSE(report.verified());
      bool placed = false;
      for (const auto& each : report.findings) placed = placed || each.line == line;
      CHECK(placed);
      if (text[i] == '\n') ++line;
    }
  }

  TEST_CASE("an interrupted run is opened again, its torn end kept aside and recorded") {
    const Run run;
    {
      auto journal = RunJournal::create(run.folder, "r1", {}, run.signer, run.desk.clock);
      journal.append("step_started", {{"step", "a"}});
      CHECK_THROWS_AS(RunJournal::open(run.folder, run.signer, run.desk.clock), core::Error);  // being run
    }
    DeskLog::write(run.file, core::read_file(run.file) + "{\"half");
    auto journal = RunJournal::open(run.folder, run.signer, run.desk.clock);
    CHECK(journal.run() == "r1");
    CHECK(journal.last_seq() == 3);
    journal.append("run_resumed", Json::object());
    const auto records = RunJournal::read(run.folder);
    CHECK(records[2].json["kind"] == "recovery");
    CHECK(core::read_file(run.folder / records[2].json["file"].get<std::string>()) == "{\"half");
    CHECK(run.verify().verified());
  }

  TEST_CASE("what never reached the disk when the power failed is cut, and nothing that was synced is") {
    struct Loss {
      std::vector<const char*> kinds;  ///< records behind the first one
      std::size_t zeroed;              ///< the one that holds a block of zeros
      bool is_cut;
    };
    const Loss all[] = {
        {{"step_started", "answer", "answer"}, 1, true},
        {{"step_started", "answer", "answer"}, 2, true},
        {{"step_started", "answer", "step_finished"}, 1, true},  // the last was being synced
        {{"step_started", "answer", "step_finished"}, 2, true},
        {{"step_started", "step_finished", "answer"}, 1, true},
        {{"step_started", "step_finished", "note"}, 0, false},  // they were synced together, and the note behind them
        {{"step_started", "step_finished", "note", "answer"}, 1, false},
    };
    for (const Loss& each : all) {
      CAPTURE(each.kinds.size());
      CAPTURE(each.zeroed);
      const Run run;
      std::vector<std::size_t> begins;
      {
        auto journal = RunJournal::create(run.folder, "r1", {}, run.signer, run.desk.clock);
        for (const char* kind : each.kinds) {
          begins.push_back(core::read_file(run.file).size());
          journal.append(kind, {{"step", "a"}, {"text", std::string(3000, 'x')}});
        }
      }
      std::string text = core::read_file(run.file);
      text.replace(begins[each.zeroed] + 500, 2000, std::string(2000, '\0'));
      DeskLog::write(run.file, text);
      std::size_t read = 0;
      const auto open = [&] {
        return RunJournal::open(
            run.folder, run.signer, run.desk.clock,
            {&run.desk.ring, [&](std::vector<journal::RunRecord> records) { read = records.size(); }});
      };
      if (!each.is_cut) {
        CHECK_THROWS_WITH_AS(open(), doctest::Contains("does not hold at record"), core::Error);
        CHECK(core::read_file(run.file) == text);
        continue;
      }
      open().append("run_resumed", Json::object());
      CHECK(read == each.zeroed + 1);
      const auto records = RunJournal::read(run.folder);
      REQUIRE(records.size() == each.zeroed + 3);
      CHECK(records[each.zeroed + 1].json["kind"] == "recovery");
      CHECK(core::read_file(run.folder / records[each.zeroed + 1].json["file"].get<std::string>()) ==
            text.substr(begins[each.zeroed]));
    }
    // What somebody wrote there is no block of zeros.
    const Run run;
    {
      auto journal = RunJournal::create(run.folder, "r1", {}, run.signer, run.desk.clock);
      journal.append("step_started", {{"step", "a"}});
    }
    const std::string text = core::read_file(run.file);
    DeskLog::write(run.file, text + "{\"half\n");
    CHECK_THROWS_AS(RunJournal::open(run.folder, run.signer, run.desk.clock), core::Error);
  }

  TEST_CASE("a record that is not the key's is refused before anything is written") {
    const Run run;
    {
      auto journal = RunJournal::create(run.folder, "r1", {}, run.signer, run.desk.clock);
      const support::FakeSigner other("HMAC-SHA256", "desk-hmac", "another secret");
      auto again = RunJournal::create(run.desk.scratch / "runs/r2", "r1", {}, other, run.desk.clock);
    }
    DeskLog::write(run.file, core::read_file(run.desk.scratch / "runs/r2/journal.jsonl") + "{\"half");
    const std::string text = core::read_file(run.file);
    CHECK_THROWS_WITH_AS(RunJournal::open(run.folder, run.signer, run.desk.clock, {&run.desk.ring, {}}),
                         doctest::Contains("not proved by its signature"), core::Error);
    CHECK(core::read_file(run.file) == text);
  }

  TEST_CASE("records are refused when they use the journal's own names, unknown kinds or numbers that are not finite") {
    const Run run;
    auto journal = RunJournal::create(run.folder, "r1", {}, run.signer, run.desk.clock);
    CHECK_THROWS_AS(journal.append("note", {{"seq", 1}}), core::Error);
    CHECK_THROWS_AS(journal.append("notes", Json::object()), core::Error);
    CHECK_THROWS_AS(journal.append("run_finished", Json::object()), core::Error);
    CHECK_THROWS_AS(journal.append("note", {{"x", std::numeric_limits<double>::infinity()}}), core::Error);
    CHECK(journal.append("note", {{"x", 1}}).seq == 2);
    CHECK_THROWS_AS(RunJournal::create(run.desk.scratch / "other", "../x", {}, run.signer, run.desk.clock),
                    core::Error);
  }

  TEST_CASE("verify_path takes whatever it is given") {
    const Run run;
    const auto& desk = run.desk;
    const auto& var = desk.scratch.path();
    {
      auto log = desk.open();
      auto journal = RunJournal::create(run.folder, "r1", {{"runbook", "portfolio_cycle"}}, run.signer, desk.clock);
      for (int i = 1; i <= 2; ++i) {
        journal::Draft draft = desk.draft(i);
        draft.run = "r1";
        const auto entry = log.append(draft);
        journal.append("decision", {{"entry_seq", entry.seq}, {"entry_sha256", entry.sha256}});
      }
      const auto last = journal.finish({{"outcome", "passed"}});
      journal::Draft end;
      end.kind = "run_finished";
      end.actor = "anna";
      end.environment = "paper";
      end.run = "r1";
      end.journal = journal::JournalEnd{last.seq, last.sha256, "finished"};
      log.append(end);
    }
    DeskLog::write(var / "report.json", "{}");
    const core::Signer* const signers[] = {&run.signer};
    core::sign_file(var / "report.json", core::Purpose::artefact, signers, desk.clock);
    const auto verify = [&](const char* path) { return journal::verify_path(var / path, desk.ring); };
    CHECK(verify("audit/decision_log").objects == 5);
    CHECK(verify("audit/decision_log/HEAD").kind == "decision_log");
    CHECK(verify("audit/decision_log/decision_log-2026-03-01.jsonl").entries == 3);
    CHECK(verify("runs/r1/journal.jsonl").kind == "run");
    CHECK(verify("report.json").verified());
    CHECK(verify("report.json.sig").verified());
    CHECK(verify("objects").objects == 5);
    const auto all = journal::verify_path(var, desk.ring);
    CHECK_MESSAGE(all.verified(), codes(all));
    DeskLog::write(var / "report.json", "[]");
    DeskLog::write(var / "runs/r1/journal.jsonl", "{}\n");
    std::filesystem::remove(var / "audit/decision_log/HEAD");
    const auto broken = journal::verify_path(var, desk.ring);
    CHECK(codes(broken).find("no_head@0") == 0);
    CHECK(broken.findings[0].file == "audit/decision_log/HEAD");
    CHECK(codes(broken).find("malformed@1") != std::string::npos);
    CHECK(codes(broken).find("changed@0") != std::string::npos);
    CHECK(std::any_of(broken.findings.begin(), broken.findings.end(),
                      [](const auto& each) { return each.file == "runs/r1/journal.jsonl"; }));
    DeskLog::write(var / "plain.txt", "x");
    CHECK(codes(verify("plain.txt")) == "unsigned@0");
    CHECK_THROWS_AS(verify("absent"), core::Error);
  }
}
