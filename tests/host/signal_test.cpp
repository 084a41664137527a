// Being told to end: a run stops at the next instruction and its journal and the log say so.
#include <chrono>
#include <csignal>
#include <thread>

#include <doctest/doctest.h>
#include <sys/wait.h>

#include "support/command.hpp"

using namespace ballast;
using test::Ran;
using test::slurp;
using test::TestDesk;

namespace {

constexpr const char* kEndless =
    "local runbook = require 'runbook'\n"
    "return runbook.define { name = 'endless', version = 1, summary = 'Does not end.',\n"
    "  main = function() while true do end end }\n";

/// The journal of the only run, once its first record is there; empty when it does not come.
std::filesystem::path journal_of(const TestDesk& desk) {
  for (int i = 0; i < 500; ++i) {
    std::error_code ignored;
    for (const auto& run : std::filesystem::directory_iterator(desk.var() / "runs", ignored)) {
      if (run.path().filename().string().starts_with('.')) continue;  // it is about to begin
      if (slurp(run.path() / "journal.jsonl").ends_with("\n")) return run.path() / "journal.jsonl";
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return {};
}

}  // namespace

TEST_SUITE("run") {
  TEST_CASE("SIGINT, SIGTERM and SIGHUP end a run, and that is recorded") {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
      CAPTURE(signal);
      TestDesk desk;
      desk.spill("runbooks/endless.lua", kEndless);
      const pid_t child = test::start_command(desk.command({"run", "endless"}));
      const auto journal = journal_of(desk);
      REQUIRE(!journal.empty());
      std::this_thread::sleep_for(std::chrono::milliseconds(200));  // main begins after the first record
      ::kill(child, signal);
      if (signal != SIGINT) ::kill(child, signal);  // a second one does not cut the record short
      int status = 0;
      ::waitpid(child, &status, 0);
      REQUIRE(WIFEXITED(status));
      CHECK(WEXITSTATUS(status) == 130);
      CHECK(slurp(journal).find("\"status\":\"interrupted\"") != std::string::npos);
      const Ran verified = desk.run({"verify", "var"});
      CAPTURE(verified.out);
      CHECK(verified.status == 0);
    }
  }
}
