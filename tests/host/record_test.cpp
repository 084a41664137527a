// The record of a run: what people read afterwards says what the journal says, and is signed.
#include <doctest/doctest.h>

#include "support/runbook_desk.hpp"

using namespace ballast;
using test::Ran;
using test::slurp;
using test::TestDesk;

namespace {

namespace fs = std::filesystem;

/// Folder of the only run.
fs::path run_folder(const TestDesk& desk) {
  std::vector<fs::path> all;
  for (const auto& each : fs::directory_iterator(desk.var() / "runs")) all.push_back(each.path());
  REQUIRE(all.size() == 1);
  return all.front();
}

core::Json summary_of(const TestDesk& desk) {
  const fs::path file = run_folder(desk) / "summary.json";
  return core::parse_json(slurp(file), file.string());
}

bool record_says(const TestDesk& desk, const std::string& text) {
  const std::string record = slurp(run_folder(desk) / "record.md");
  CAPTURE(record);
  CHECK(record.find(text) != std::string::npos);
  return record.find(text) != std::string::npos;
}

constexpr const char* kAcceptance = "acceptance = { 'the book is flat', 'nobody was hurt' },";

}  // namespace

TEST_SUITE("record") {
  TEST_CASE("a line of the acceptance is ticked by its check and by nothing else") {
    TestDesk desk;
    test::spill_runbook(desk, "accept",
                        "run:step('nobody was hurt', function() return { held = true } end)\n"
                        "run:notify { text = 'nobody was hurt' }\nprint('nobody was hurt')\n"
                        "run:check(true, 'nobody was hurt?')\nrun:check(true, 'the book is flat')\n"
                        "return { status = 'finished' }",
                        kAcceptance);
    REQUIRE(desk.run({"run", "accept"}).status == 0);
    CHECK(summary_of(desk)["acceptance"] == core::Json::array({{{"text", "the book is flat"}, {"held", true}},
                                                               {{"text", "nobody was hurt"}, {"held", false}}}));
    CHECK(record_says(desk, "- [x] the book is flat\n- [ ] nobody was hurt (not checked)\n"));
  }

  TEST_CASE("a check that does not hold ticks nothing") {
    TestDesk desk;
    test::spill_runbook(desk, "accept", "run:check(false, 'the book is flat')", kAcceptance);
    CHECK(desk.run({"run", "accept"}).status == 2);
    CHECK(summary_of(desk)["status"] == "failed");
    CHECK(record_says(desk, "- [ ] the book is flat (not checked)"));
    CHECK(record_says(desk, "| status | failed: "));
    CHECK(record_says(desk, "does not hold: the book is flat"));
  }

  TEST_CASE("summary and record verify, agree with the journal, and a change of either is found") {
    TestDesk desk;
    test::spill_runbook(desk, "write",
                        "run:step('one', function() return 1 end)\n" + test::writing_effect("order", "'x'") +
                            "run:artefact('reports/a.txt', 'text')\nreturn { status = 'finished' }");
    REQUIRE(desk.run({"run", "write", "--actor", "ann"}).status == 0);
    REQUIRE(desk.run({"verify", "var"}).status == 0);
    const core::Json summary = summary_of(desk);
    const auto records = test::journal_records(desk);
    CHECK(summary["journal"]["records"] == records.size());
    CHECK(summary["status"] == "finished");
    CHECK(summary["actor"] == "ann");
    CHECK(summary["units"].size() == 3);
    REQUIRE(summary["artefacts"].size() == 1);
    CHECK(summary["artefacts"][0]["path"] == "var/reports/a.txt");
    for (const char* name : {"summary.json", "record.md"}) {
      CAPTURE(name);
      const fs::path file = run_folder(desk) / name;
      const std::string bytes = slurp(file);
      test::spill(file, bytes + "\n");
      const Ran verified = desk.run({"verify", "var"});
      CHECK(verified.status == 1);
      CHECK(verified.mentions(name));
      test::spill(file, bytes);
      CHECK(desk.run({"verify", "var"}).status == 0);
    }
  }

  TEST_CASE("the record of a run that stopped says why, and after it was resumed that it was") {
    TestDesk desk;
    test::spill_runbook(desk, "stop",
                        "run:confirm { name = 'go', text = 'Go?' }\n"
                        "run:step('look | see', function() return ballast.files.read('in.txt') end)\n"
                        "return { status = 'finished' }");
    REQUIRE(desk.run({"run", "stop", "--actor", "ann", "--no-input"}).status == 4);
    const std::string id = run_folder(desk).filename().string();
    CHECK(summary_of(desk)["status"] == "waiting");
    CHECK(record_says(desk, "| status | waiting: confirmation 'go' is missing (Go?)"));
    CHECK(desk.run({"verify", "var"}).status == 0);
    REQUIRE(desk.run({"runs", "resume", id, "--confirm", "go", "--actor", "bob"}).status == 2);
    CHECK(record_says(desk, "| status | failed: "));
    CHECK(record_says(desk, "in.txt"));
    CHECK(record_says(desk, "step 'look \\| see' | not completed |"));  // a name cannot break the table
    CHECK(desk.run({"verify", "var"}).status == 0);
    desk.spill("in.txt", "there");
    REQUIRE(desk.run({"runs", "resume", id, "--actor", "carl"}).status == 0);
    const core::Json summary = summary_of(desk);
    CHECK(summary["status"] == "finished");
    CHECK(!summary.contains("reason"));
    CHECK(!summary.contains("error"));
    REQUIRE(summary["resumed"].size() == 2);
    CHECK(summary["resumed"][0]["actor"] == "bob");
    CHECK(summary["resumed"][1]["actor"] == "carl");
    REQUIRE(summary["confirmations"].size() == 1);
    CHECK(summary["confirmations"][0]["actor"] == "bob");
    CHECK(desk.run({"verify", "var"}).status == 0);
  }

  TEST_CASE("a run that was given up says what was taken back") {
    TestDesk desk;
    test::spill_runbook(desk, "stop", test::writing_effect("order", "'x'") + "ballast.files.read('absent.txt')");
    REQUIRE(desk.run({"run", "stop"}).status == 2);
    const std::string id = run_folder(desk).filename().string();
    REQUIRE(desk.run({"runs", "abort", id, "--reason", "no use"}).status == 0);
    CHECK(!fs::exists(desk.var() / "out/order.txt"));
    const core::Json summary = summary_of(desk);
    CHECK(summary["status"] == "aborted");
    REQUIRE(summary["undone"].size() == 1);
    CHECK(summary["undone"][0] == core::Json{{"effect", "order"}, {"state", "finished"}});
    CHECK(desk.run({"verify", "var"}).status == 0);
  }
}
