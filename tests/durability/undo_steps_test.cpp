// Orders of a portfolio are handed over and the run is given up, after each of its records in turn: outside of var the
// desk is what it was before the run, and the log tells of the doing and of the taking back.
#include <map>
#include <mutex>
#include <set>

#include <doctest/doctest.h>

#include "core/digest.hpp"
#include "durability/approver.hpp"
#include "durability/desks.hpp"
#include "durability/trial.hpp"
#include "host/run/history.hpp"
#include "journal/run_journal.hpp"
#include "support/runbook_desk.hpp"

using namespace ballast;
using namespace ballast::test;

namespace {

namespace fs = std::filesystem;

constexpr const char* kOrders = "exchange/orders";  ///< outside of var, as the settings say

/// Everything below the desk but var, and the folder that orders have where no setting says another: files by their
/// SHA-256, folders by name.
std::map<std::string, std::string> tree_of(const TestDesk& desk) {
  std::map<std::string, std::string> out;
  for (const auto& each : fs::recursive_directory_iterator(desk.desk())) {
    const std::string path = each.path().lexically_relative(desk.desk()).string();
    if (path.starts_with("var/") && !path.starts_with("var/orders")) continue;
    out[path] = each.is_regular_file() ? core::sha256_file_hex(each.path()) : "folder";
  }
  return out;
}

bool has_order_file(const TestDesk& desk) {
  for (const auto& each : fs::directory_iterator(desk.desk() / kOrders)) {
    if (each.path().filename().string().starts_with("rebalance_handover-")) return true;
  }
  return false;
}

std::size_t count_entries(const Traces& traces, const std::string& kind) {
  std::size_t out = 0;
  for (const std::string& each : traces.entries) out += core::parse_json(each, "entry")["kind"] == kind ? 1 : 0;
  return out;
}

std::vector<journal::RunRecord> records_of(const TestDesk& desk) {
  const std::string run = begun_run(desk);
  if (run.empty()) return {};
  return journal::RunJournal::read(desk.var() / "runs" / run);
}

/// For each number of records that a kill can leave, the first call at which it does.
std::vector<long> after_each_record(const TestDesk& desk, const Words& words) {
  std::map<std::size_t, long> first;
  std::mutex mutex;
  const std::string problem = for_all(points(count_calls(desk, words), 1), [&](long at) {
    const std::size_t records = records_of(*killed(desk, words, at)).size();
    const std::lock_guard guard(mutex);
    const auto [there, is_new] = first.emplace(records, at);
    if (!is_new) there->second = std::min(there->second, at);
    return std::string();
  });
  if (!problem.empty()) throw std::runtime_error(problem);
  std::vector<long> out;
  for (const auto& [records, at] : first) {
    if (records > records_of(desk).size()) out.push_back(at);
  }
  return out;
}

class Rebalance {
 public:
  Rebalance() {
    prepare_book(start);
    approver.make_known_to(start, std::string("runbooks:\n  roots:\n    orders: ") + kOrders + "\n");
    start.spill(std::string(kOrders) + "/of-another-system.txt", "stays");
    waiting = copy_of(start);
    const Ran ran = run_plain(*waiting, words);
    CAPTURE(ran.out + ran.error);
    REQUIRE(ran.status == 4);
    resume = {"runs", "resume", begun_run(*waiting)};
    abort = {"runs", "abort", begun_run(*waiting), "--reason", "wrong book"};
    approved = copy_of(*waiting);
    approver.approve(*approved, core::parse_instant("2026-01-15T00:01:00Z"));
  }

  /// Gives up what is there. Returns what is wrong, or nothing.
  std::string give_up(const TestDesk& desk) {
    const bool was_there = has_order_file(desk);
    const bool was_planned = is_recorded(desk, "plan", "orders");
    const Ran aborted = run_plain(desk, abort);
    if (aborted.status != 0) return told("aborting", aborted);
    if (tree_of(desk) != tree_of(start)) return "the desk is not what it was before the run";
    const Ran verified = run_plain(desk, {"verify", "var"});
    if (verified.status != 0) return told("verifying", verified);
    const auto end = records_of(desk).back().json;
    if (end["kind"] != "run_finished" || end["status"] != "aborted") return "it ended as " + end.dump();
    const Traces traces = traces_of(desk);
    const std::size_t done = count_entries(traces, "effect"), undone = count_entries(traces, "undo");
    if (was_planned && done != 1) return "the log does not tell that the orders were planned";
    if (undone != (was_there ? 1 : 0)) return "the log has " + std::to_string(undone) + " entries of taking back";
    const std::lock_guard guard(mutex);
    ++(was_there ? taken_back : nothing_there);
    return {};
  }

  const Words words = handover_words("0.01");
  Words resume, abort;
  TestDesk start;
  Approver approver;
  std::unique_ptr<TestDesk> waiting, approved;
  std::mutex mutex;
  int taken_back = 0, nothing_there = 0;
};

}  // namespace

TEST_SUITE("undo of rebalance_handover") {
  TEST_CASE("given up after any of its records, the desk is what it was, and the log tells of both") {
    Rebalance rebalance;
    const auto trial = [&](const TestDesk& from, const Words& words) {
      return for_all(after_each_record(from, words),
                     [&](long at) { return rebalance.give_up(*killed(from, words, at)); });
    };
    CHECK(trial(rebalance.start, rebalance.words) == "");
    CHECK(rebalance.give_up(*copy_of(*rebalance.waiting)) == "");
    CHECK(rebalance.give_up(*copy_of(*rebalance.approved)) == "");
    CHECK(trial(*rebalance.approved, rebalance.resume) == "");
    MESSAGE(rebalance.taken_back, " times there were orders to take back, ", rebalance.nothing_there, " times none");
    // Applied; recorded; its check; the signed record; its end; and what a resumed run says about itself.
    const bool at_every_place = points(2, 1).size() == 2;  // slow builds leave some out
    CHECK(rebalance.taken_back >= (at_every_place ? 5 : 1));
    CHECK(rebalance.nothing_there >= (at_every_place ? 15 : 3));
  }

  TEST_CASE("a run that died while it wrote over an earlier artefact leaves nothing that cannot be proved") {
    TestDesk desk;
    prepare_effects(desk);
    // Behind a call that is answered, and in a step.
    spill_runbook(desk, "writes",
                  "run:artefact('made/it.txt', run.params.text .. ballast.clock.now())\n"
                  "run:step('more', function() run:artefact('made/more.txt', run.params.text .. 'more') return 1 end)\n"
                  "return {}",
                  "params = { text = { type = 'string', required = true, text = 'What is written.' } },");
    REQUIRE(run_plain(desk, at_time("2026-01-14T00:00:00Z", {"run", "writes", "--set", "text=first"})).status == 0);
    const Words second = at_time(TestDesk::kNow, {"run", "writes", "--set", "text=second"});
    std::set<std::string> left;
    for (const long at : points(count_calls(desk, second), 1)) {
      const auto died = killed(desk, second, at);
      CAPTURE(at);
      const core::Json open = run_plain(*died, {"runs", "list", "--status", "died", "--json"}).json()["runs"];
      if (open.empty()) continue;
      const Ran aborted = run_plain(*died, {"runs", "abort", open[0]["run"].get<std::string>()});
      CHECK_MESSAGE(aborted.status == 0, told("aborting", aborted));
      const Ran verified = run_plain(*died, {"verify", "var"});
      CHECK_MESSAGE(verified.status == 0, told("verifying", verified));
      left.insert(slurp(died->var() / "made/it.txt"));
      left.insert(slurp(died->var() / "made/more.txt"));
    }
    CHECK(left.size() == 4);  // what was begun was finished, and what was not begun was not
  }

  TEST_CASE("who dies while the record of a stop is written can be gone on with, and given up") {
    TestDesk desk;
    prepare_effects(desk);
    spill_runbook(desk, "asks",
                  "run:confirm { name = 'go', text = 'Go?' } " + writing_effect("order", "'x'") + " return {}");
    REQUIRE(run_plain(desk, at_time(TestDesk::kNow, {"run", "asks", "--no-input"})).status == 4);
    const std::string run = begun_run(desk);
    const Words again{"runs", "resume", run, "--no-input"};
    for (const long at : points(count_calls(desk, again), 1)) {
      CAPTURE(at);
      for (const Words& next :
           {Words{"runs", "resume", run, "--no-input", "--confirm", "go"}, Words{"runs", "abort", run}}) {
        const auto died = killed(desk, again, at);
        const Ran ran = run_plain(*died, next);
        CHECK_MESSAGE(ran.status == 0, told("after the kill", ran));
        const Ran verified = run_plain(*died, {"verify", "var"});
        CHECK_MESSAGE(verified.status == 0, told("verifying", verified));
      }
    }
  }

  TEST_CASE("a run that failed behind its orders takes them back, and one that has ended does too") {
    Rebalance rebalance;
    // The record of the hand-over cannot be written: the last step fails.
    rebalance.approved->spill("var/audit/handover", "a file where a folder belongs");
    const auto failed = copy_of(*rebalance.approved);
    CHECK(run_plain(*failed, rebalance.resume).status == 2);
    CHECK(has_order_file(*failed));
    CHECK(rebalance.give_up(*failed) == "");
    CHECK(rebalance.taken_back == 1);

    fs::remove(rebalance.approved->var() / "audit/handover");
    CHECK(run_plain(*rebalance.approved, rebalance.resume).status == 0);
    CHECK(rebalance.give_up(*rebalance.approved) == "");
    CHECK(rebalance.taken_back == 2);
  }
}
