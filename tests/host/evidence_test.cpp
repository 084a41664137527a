// Evidence on the command line: what is sealed was verified, and what is shown is safe to show.
#include <doctest/doctest.h>

#include "support/command.hpp"

using namespace ballast;
using test::Ran;
using test::slurp;
using test::TestDesk;

TEST_SUITE("evidence") {
  TEST_CASE("a run is exported only when it verifies, with its journal") {
    TestDesk desk;
    desk.sample();
    const Ran ran = desk.run(desk.cycle({"--json"}));
    REQUIRE(ran.status == 0);
    const std::string run = ran.json()["run"].get<std::string>();
    const auto bundle = desk.outside("run.bundle");
    const auto journal = desk.var() / "runs" / run / "journal.jsonl";
    REQUIRE(desk.run({"log", "export", run, bundle.string()}).status == 0);
    CHECK(desk.run({"verify", bundle.string()}).status == 0);
    std::filesystem::remove(bundle);
    const std::string text = slurp(journal);
    std::string edited = text;
    edited.replace(edited.find("tester"), 6, "nobody");
    const std::string cut = text.substr(0, text.rfind('\n', text.size() - 2) + 1);
    for (const std::string& wrong : {edited, cut}) {
      test::spill(journal, wrong);
      const Ran refused = desk.run({"log", "export", run, bundle.string()});
      CHECK(refused.status == 2);
      CHECK(refused.mentions("the run does not verify, so no bundle is made of it"));
      CHECK_FALSE(std::filesystem::exists(bundle));
    }
    std::filesystem::remove(journal);
    const Ran refused = desk.run({"log", "export", run, bundle.string()});
    CHECK(refused.status == 2);
    CHECK(refused.mentions("has no journal, so no bundle is made of it"));
    CHECK_FALSE(std::filesystem::exists(bundle));
  }

  TEST_CASE("verify shows names with control characters and invalid UTF-8 escaped") {
    TestDesk desk;
    test::spill(desk.var() / "objects/x", "");
    test::spill(desk.var() / "report\nverified \x1b[31m\xc2\x9b.json.sig", "{}");
    test::spill(desk.var() / "caf\xc3\xa9\xff.json.sig", "{}");
    const Ran shown = desk.run({"verify", "var"});
    CHECK(shown.status == 1);
    CHECK(shown.mentions("report\\x0averified \\x1b[31m\\xc2\\x9b.json"));
    CHECK(shown.mentions("caf\xc3\xa9\\xff.json"));
    CHECK_FALSE(shown.mentions("\x1b"));
    const Ran document = desk.run({"verify", "var", "--json"});
    CHECK(document.status == 1);
    CHECK(document.json()["reports"][0]["findings"].size() == 2);
  }
}
