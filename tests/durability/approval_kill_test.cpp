// Runs with an approval in the way, killed anywhere: before they wait, while somebody approves, and when they go on.
// What was asked is asked once, an answer is there whole or not at all, and the end is that of an undisturbed run.
#include <atomic>
#include <numeric>

#include <doctest/doctest.h>

#include "core/instant.hpp"
#include "durability/approver.hpp"
#include "durability/desks.hpp"
#include "durability/trial.hpp"

using namespace ballast;
using namespace ballast::test;

namespace {

const core::Instant kAnswered = core::parse_instant("2026-01-15T00:01:00Z");

/// A run that waits for an approval: undisturbed, where it waits, and where it ends.
class Asking {
 public:
  Asking(std::string name, std::vector<std::string> arguments, const std::function<void(const TestDesk&)>& prepare)
      : scenario(std::move(name), std::move(arguments), prepare, 4) {
    waiting = scenario.copy();
    run_plain(*waiting, scenario.arguments());
    run = begun_run(*waiting);
    approved = copy_of(*waiting);
    approver().approve(*approved, kAnswered);
    const auto ended = copy_of(*approved);
    const Ran ran = run_plain(*ended, resume());
    if (ran.status != 0) throw std::runtime_error(told("going on", ran));
    end = traces_of(*ended);
  }

  static const Approver& approver() {
    static const Approver one;
    return one;
  }
  std::vector<std::string> resume() const { return {"runs", "resume", run}; }

  /// Goes on with what is there, answers where it waits, and compares what it waited with and how it ended.
  std::string settle(const TestDesk& desk, Compared compared) const {
    for (int i = 0; i < 2; ++i) {
      const Ran ran = run_plain(desk, begun_run(desk).empty() ? scenario.arguments() : resume());
      if (ran.status == 4) {
        if (!answers_of(desk, run).empty()) return told("it waits although it was approved", ran);
        if (std::string text = difference(alike(scenario.expected()), alike(traces_of(desk)), compared); !text.empty())
          return "waiting: " + text;
        approver().approve(desk, kAnswered);
        continue;
      }
      if (ran.status != 0 && !had_ended(ran)) return told("going on", ran);
      break;
    }
    return judge(desk, compared);
  }

  std::string judge(const TestDesk& desk, Compared compared) const {
    if (const Ran verified = run_plain(desk, {"verify", "var"}); verified.status != 0)
      return told("verifying", verified);
    if (const Ran replayed = run_plain(desk, {"replay", run}); replayed.status != 0) return told("replaying", replayed);
    return difference(alike(end), alike(traces_of(desk)), compared);
  }

  Scenario scenario;
  std::unique_ptr<TestDesk> waiting, approved;
  std::string run;
  Traces end;

 private:
  /// Without what may differ: an answer at the terminal has the time of the clock on the wall, and where entries stand
  /// depends on how often the run stopped before.
  static Traces alike(Traces traces) {
    for (std::string& each : traces.entries) {
      core::Json entry = core::parse_json(each, "entry");
      if (entry["kind"] != "approval") continue;
      for (core::Json& answer : entry["decision"]["approvals"]) {
        answer.erase("signature");
        answer["approval"].erase("time");
      }
      each = entry.dump();
    }
    without_entry_numbers(traces);
    return traces;
  }
};

void prepare_asking(const TestDesk& desk) {
  prepare_effects(desk);
  desk.spill("runbooks/asks_first.lua",
             slurp(std::filesystem::path(BALLAST_SOURCE_DIR) / "tests/durability/asks_first.lua"));
  Asking::approver().make_known_to(desk);
}

void prepare_asking_book(const TestDesk& desk) {
  prepare_book(desk);
  Asking::approver().make_known_to(desk);
}

/// Killed in the run until it waits and in the run that goes on with the answer.
std::string kill_both(const Asking& asking, const std::string& calls, long stride) {
  const auto trial = [&](const TestDesk& from, const std::vector<std::string>& words) {
    return for_all(points(count_calls(from, words, calls), stride),
                   [&](long at) { return asking.settle(*killed(from, words, at, calls), Compared::everything); });
  };
  return trial(asking.scenario.start(), asking.scenario.arguments()) + trial(*asking.approved, asking.resume());
}

}  // namespace

TEST_SUITE("durability") {
  TEST_CASE("a run with an approval in the way can be killed at any call before it and behind it") {
    const Asking asking("asks_first", at_time(TestDesk::kNow, {"run", "asks_first"}), prepare_asking);
    REQUIRE(asking.scenario.expected().entries.size() == 1);
    REQUIRE(asking.end.entries.size() == 4);  // two decisions, the approval, the effect
    // Between two calls that make something durable, only temporary files and folders differ.
    CHECK(kill_both(asking, "any", 3) == "");
    CHECK(kill_both(asking, "fdatasync,rename", 1) == "");
  }

  TEST_CASE("so can the hand-over of orders above the limit") {
    const Asking asking("rebalance_handover", handover_words("0.01"), prepare_asking_book);
    // The classes of places are those of the runbook above; what differs is what the shipped one does between them.
    CHECK(kill_both(asking, "fdatasync,rename", 3) == "");
  }

  TEST_CASE("an approval that is killed anywhere leaves no answer or one whole answer") {
    const Asking asking("asks_first", at_time(TestDesk::kNow, {"run", "asks_first"}), prepare_asking);
    const auto words = Asking::approver().words(asking.run);
    const long calls = count_calls(*asking.waiting, words);
    REQUIRE(calls >= 4);
    std::atomic<int> without{0}, with{0};
    std::vector<long> every(static_cast<std::size_t>(calls));  // so few that none is left out
    std::iota(every.begin(), every.end(), 1);
    CHECK(for_all(every, [&](long at) -> std::string {
            const auto desk = killed(*asking.waiting, words, at);
            const core::Json request = run_plain(*desk, {"approvals", "list", "--json"}).json()["requests"].at(0);
            const std::size_t counted = request["approved_by"].size();
            if (!request["not_counted"].empty() || counted != answers_of(*desk, asking.run).size())
              return "what lies there is no answer: " + request.dump();
            ++(counted == 0 ? without : with);
            const Ran again = run_plain(*desk, words);
            if (counted == 0 ? again.status != 0 : !again.mentions("bob has answered already"))
              return told("approving again", again);
            if (answers_of(*desk, asking.run).size() != 1) return "there are two answers";
            if (const Ran ran = run_plain(*desk, asking.resume()); ran.status != 0) return told("going on", ran);
            return asking.judge(*desk, Compared::all_but_units);  // its records hold the entry with the time
          }) == "");
    CHECK(without > 0);
    CHECK(with > 0);
  }
}
