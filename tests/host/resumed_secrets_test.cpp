// Secrets of a run that is gone on with: what was typed is kept nowhere, so it is asked for or given again.
#include <doctest/doctest.h>

#include "support/runbook_desk.hpp"
#include "support/terminal.hpp"

using namespace ballast;
using test::Ran;
using test::Terminal;
using test::TestDesk;

namespace {

constexpr const char* kSecret = "hunter2-and-more";

/// A run that was given its secret by typing, and waits. Notices go to a program that writes down what it was given.
struct TypedDesk : TestDesk {
  std::string id;

  TypedDesk() {
    spill("config/core.yaml", "notify: { command: [sh, -c, 'printf %s \"$BALLAST_SECRET_TOKEN\" > told'] }\n");
    test::spill_runbook(*this, "send",
                        "run:confirm { name = 'go', text = 'Go?' }\nrun:notify { text = 'sent' }\nreturn {}",
                        "params = { token = { type = 'secret', required = true, text = 'Token of the desk.' } },");
    Terminal terminal(command({"run", "send"}));
    REQUIRE(terminal.shows("token (does not show)> "));
    terminal.type(std::string(kSecret) + "\n");
    REQUIRE(terminal.shows("Go? [y/N] "));
    terminal.type("n\n");
    REQUIRE(terminal.finish() == 4);
    for (const auto& each : std::filesystem::directory_iterator(var() / "runs")) id = each.path().filename().string();
  }
  /// What the program was told, once it was.
  std::string told() const {
    for (int i = 0; i < 250 && test::slurp(desk() / "told").empty(); ++i) ::usleep(20000);
    return test::slurp(desk() / "told");
  }
};

}  // namespace

TEST_SUITE("resumed secrets") {
  TEST_CASE("a secret that was typed is asked for again") {
    const TypedDesk desk;
    Terminal terminal(desk.command({"runs", "resume", desk.id, "--confirm", "go"}));
    REQUIRE(terminal.shows("token: Token of the desk. (secret)"));
    REQUIRE(terminal.shows("token (does not show)> "));
    terminal.type(std::string(kSecret) + "\n");
    CHECK(terminal.finish() == 0);
    CHECK(terminal.shown().find(kSecret) == std::string::npos);
    CHECK(desk.told() == kSecret);
    for (const auto& each : std::filesystem::recursive_directory_iterator(desk.var()))
      if (each.is_regular_file()) CHECK(test::slurp(each.path()).find(kSecret) == std::string::npos);
  }

  TEST_CASE("where nobody can be asked the refusal says how to give it, and the run stays as it is") {
    const TypedDesk desk;
    const auto before = test::journal_records(desk).size();
    const Ran refused = desk.run({"runs", "resume", desk.id, "--confirm", "go"});
    CHECK(refused.status == 2);
    CHECK(refused.mentions(
        "error: parameter token: the secret 'token' was typed when the run began, and is kept nowhere"));
    CHECK(refused.mentions("--secret token=env:NAME"));
    CHECK(test::journal_records(desk).size() == before);
    test::Command given =
        desk.command({"runs", "resume", desk.id, "--confirm", "go", "--secret", "token=env:DESK_TOKEN"});
    given.environment["DESK_TOKEN"] = kSecret;
    CHECK(test::run_command(given).status == 0);
    CHECK(desk.told() == kSecret);
  }

  TEST_CASE("only a reference to a secret that the run has is taken, and none is shown") {
    const TypedDesk desk;
    const Ran typed = desk.run({"runs", "resume", desk.id, "--secret", std::string("token=") + kSecret});
    CHECK(typed.status == 2);
    CHECK(typed.mentions("expected NAME=env:VARIABLE or NAME=file:PATH"));
    CHECK(!typed.mentions(kSecret));
    CHECK(desk.run({"runs", "resume", desk.id, "--secret", "tokn=env:HOME"})
              .mentions("--secret: the run has no secret 'tokn' (did you mean 'token'?)"));
    CHECK(desk.run({"runs", "resume", desk.id, "--secret", "token=env:BALLAST_NOT_THERE"}).status == 2);
  }
}
