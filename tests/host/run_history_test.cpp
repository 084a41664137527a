// What counts of a journal, and what a resumed run keeps of it.
#include "host/run/history.hpp"

#include <doctest/doctest.h>

#include "core/error.hpp"

using namespace ballast;
using host::fold_journal;
using host::FoldedJournal;
using host::kept_records;
using journal::RunRecord;

namespace {

/// Records from their own members, numbered from 1, the first being run_started.
std::vector<RunRecord> records(std::vector<core::Json> members) {
  std::vector<RunRecord> out;
  members.insert(members.begin(), core::Json{{"kind", "run_started"}, {"run", "r"}});
  for (core::Json& each : members) {
    each["seq"] = out.size() + 1;
    const std::uint64_t seq = out.size() + 1;
    out.push_back({seq, "", std::move(each)});
  }
  return out;
}
core::Json begins(const char* step) { return {{"kind", "step_started"}, {"step", step}}; }
core::Json ends(const char* step) { return {{"kind", "step_finished"}, {"step", step}, {"outcome", 1}}; }
core::Json of(const char* kind) { return {{"kind", kind}, {"step", "e"}, {"state", "started"}, {"status", "failed"}}; }
core::Json keeps(std::uint64_t seq) { return {{"kind", "run_resumed"}, {"keeps", seq}}; }

std::vector<std::uint64_t> numbers(const std::vector<RunRecord>& list) {
  std::vector<std::uint64_t> out;
  for (const RunRecord& each : list) out.push_back(each.seq);
  return out;
}
using Numbers = std::vector<std::uint64_t>;

std::size_t kept(std::vector<core::Json> members) {
  return kept_records(fold_journal(records(std::move(members))).records);
}

}  // namespace

TEST_SUITE("run history") {
  TEST_CASE("remarks about a run's life do not count, and neither does what a resumption dropped") {
    const FoldedJournal plain = fold_journal(
        records({begins("a"), of("answer"), ends("a"), of("note"), of("warning"), of("recovery"), of("decision")}));
    CHECK(numbers(plain.records) == Numbers{2, 3, 4, 8});
    CHECK(plain.started["kind"] == "run_started");
    CHECK(!plain.end);
    const FoldedJournal resumed = fold_journal(
        records({begins("a"), ends("a"), begins("b"), of("run_stopped"), keeps(3), begins("b"), ends("b")}));
    CHECK(numbers(resumed.records) == Numbers{2, 3, 7, 8});
    CHECK(!resumed.end);
    const FoldedJournal nothing = fold_journal(records({begins("a"), keeps(1)}));
    CHECK(nothing.records.empty());
  }

  TEST_CASE("a later resumption may drop what an earlier one kept") {
    const FoldedJournal folded = fold_journal(records(
        {of("log"), begins("b"), of("log"), keeps(2), begins("b"), ends("b"), of("log"), keeps(2), begins("c")}));
    CHECK(numbers(folded.records) == Numbers{2, 10});
  }

  TEST_CASE("how a run ended, or where it stopped, stands beside the records; undone effects too") {
    CHECK((*fold_journal(records({of("run_stopped")})).end)["kind"] == "run_stopped");
    CHECK(!fold_journal(records({of("run_stopped"), keeps(1)})).end);
    CHECK((*fold_journal(records({of("run_stopped"), keeps(1), of("run_finished")})).end)["kind"] == "run_finished");
    core::Json finished = of("undo");
    finished["state"] = "finished";
    const FoldedJournal undone = fold_journal(records({of("undo"), keeps(1), finished}));
    CHECK(undone.undone == std::map<std::string, std::string>{{"e", "finished"}});
    CHECK(fold_journal(records({of("undo"), keeps(1)})).undone.at("e") == "started");
  }

  TEST_CASE("a journal that does not begin is refused") {
    CHECK_THROWS_AS(fold_journal({}), core::Error);
    auto all = records({begins("a")});
    all.erase(all.begin());
    CHECK_THROWS_AS(fold_journal(std::move(all)), core::Error);
  }

  TEST_CASE("what is kept ends with the last completed unit, or with the plan of an open effect") {
    CHECK(kept({}) == 0);
    CHECK(kept({begins("a")}) == 0);
    CHECK(kept({begins("a"), of("answer"), of("log"), of("artefact")}) == 0);  // inside a step
    CHECK(kept({begins("a"), ends("a")}) == 2);
    CHECK(kept({begins("a"), ends("a"), of("answer")}) == 2);  // asked again, as nothing followed from it
    CHECK(kept({begins("a"), ends("a"), of("answer"), of("decision")}) == 4);
    CHECK(kept({begins("a"), ends("a"), of("log"), begins("b"), of("log")}) == 3);
    CHECK(kept({begins("e"), of("answer"), of("plan")}) == 3);
    CHECK(kept({begins("e"), of("plan"), of("answer")}) == 2);
    CHECK(kept({begins("e"), of("plan"), ends("e"), begins("b")}) == 3);
    for (const char* unit : {"decision", "log", "artefact", "check"}) {
      CAPTURE(unit);
      CHECK(kept({of(unit)}) == 1);
    }
  }

  TEST_CASE("a history gives its records in order and says where a run takes another way") {
    host::RunHistory history(fold_journal(records({begins("a"), of("answer"), ends("a"), of("check")})).records);
    CHECK((*history.take("step_started", "step 'a'"))["step"] == "a");
    CHECK(history.take_step_end("b") == nullptr);
    CHECK(history.remaining() == 3);
    CHECK((*history.take_step_end("a"))["kind"] == "step_finished");
    CHECK(history.remaining() == 1);
    try {
      history.take("decision", "a decision");
      FAIL("was taken");
    } catch (const core::Error& e) {
      CHECK(e.code() == core::Code::state);
      CHECK(e.message() ==
            "the run takes another way than it did: it comes to a decision, the journal has the check '' there");
      CHECK(e.where() == "record 5");
    }
    CHECK(history.exhausted());
    CHECK(history.take("decision", "a decision") == nullptr);
  }
}
