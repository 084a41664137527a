#include <set>
#include <thread>

#include <doctest/doctest.h>

#include "support/command.hpp"

using namespace ballast;
using test::Ran;
using test::TestDesk;

namespace {

std::vector<Ran> at_once(const TestDesk& desk, const std::vector<std::vector<std::string>>& calls) {
  std::vector<Ran> out(calls.size());
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < calls.size(); ++i) threads.emplace_back([&, i] { out[i] = desk.run(calls[i]); });
  threads.clear();
  return out;
}

}  // namespace

TEST_SUITE("run") {
  TEST_CASE("equal runs that begin at once all run, each under a name of its own, while others read the log") {
    TestDesk desk;
    desk.sample();
    REQUIRE(desk.run(desk.cycle()).status == 0);
    const std::vector<std::string> measure{"run", "market_intel", "--now", TestDesk::kNow, "--json"};
    for (int round = 0; round < 3; ++round) {
      std::filesystem::remove(desk.var() / "audit/decision_log/index.sqlite");
      std::vector<std::vector<std::string>> calls(6, measure);
      calls.resize(8, {"log", "tail"});
      std::set<std::string> names;
      for (const Ran& ran : at_once(desk, calls)) {
        CAPTURE(ran.out + ran.error);
        CHECK(ran.status == 0);
        if (ran.out.starts_with("{\"artefacts\"")) names.insert(ran.json()["run"].get<std::string>());
      }
      CHECK(names.size() == 6);
    }
    const Ran verified = desk.run({"verify", "var"});
    CAPTURE(verified.out);
    CHECK(verified.status == 0);
    CHECK(verified.mentions("19 runs"));
  }

  TEST_CASE("first runs that begin at once on a desk without keys share the keys that one of them makes") {
    TestDesk desk;
    desk.sample();
    std::size_t made = 0;
    for (const Ran& ran : at_once(desk, std::vector<std::vector<std::string>>(
                                            6, {"run", "market_intel", "--now", TestDesk::kNow, "--json"}))) {
      CAPTURE(ran.out + ran.error);
      REQUIRE(ran.status == 0);
      made += ran.json()["keys_made"].size();
    }
    CHECK(made == 2);
    CHECK(desk.run({"verify", "var"}).status == 0);
  }
}
