// ballast review and what live makes of it: a signed list of scripts, and nothing runs that is not on it as it is.
#include <doctest/doctest.h>

#include "core/digest.hpp"
#include "support/command.hpp"

using ballast::test::Ran;
using ballast::test::slurp;
using ballast::test::TestDesk;

namespace {

namespace fs = std::filesystem;

std::string source(const std::string& name) { return slurp(fs::path(BALLAST_SOURCE_DIR) / name); }

/// A desk with keys, market, a policy and a library of its own.
struct ReviewDesk : TestDesk {
  ReviewDesk() {
    sample();
    for (const char* each : {"HMAC-SHA256", "Ed25519"}) REQUIRE(run({"keys", "new", "--algorithm", each}).status == 0);
    spill("policies/portfolio_governor.lua", source("policies/portfolio_governor.lua"));
    spill("lua/policy.lua", source("lua/policy.lua"));
    spill("policies/portfolio_governor_test.lua", "return {}");
    spill("cash.json", "{}");
  }
  Ran live(std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments{
        "run",  "portfolio_cycle", "--set", "portfolio_value=1e6", "--set", "allocations=cash.json", "--environment",
        "live", "--actor",         "tester"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  }
  std::size_t decisions() const {
    return run({"log", "query", "--kind", "decision", "--json"}).json()["entries"].size();
  }
  fs::path manifest() const { return desk() / "policies/manifest.json"; }
};

void flip_last_byte(const fs::path& file) {
  std::string text = slurp(file);
  text.back() = text.back() == '\n' ? ' ' : '\n';
  ballast::test::spill(file, text);
}

}  // namespace

TEST_SUITE("review") {
  TEST_CASE(
      "a live desk decides once its scripts are reviewed, and refuses after one byte of a policy, library or runbook "
      "changed") {
    ReviewDesk desk;
    const Ran before = desk.live();
    CHECK(before.status == 2);
    CHECK(before.error.find("live runs reviewed scripts only, and there is no policies/manifest.json; `ballast review "
                            "show` lists them, `ballast review sign` signs a review") != std::string::npos);

    const Ran made = desk.run({"review", "sign", "--reviewer", "ann"});
    CAPTURE(made.out + made.error);
    REQUIRE(made.status == 0);
    const Ran ran = desk.live();
    CAPTURE(ran.out + ran.error);
    REQUIRE(ran.status == 0);
    const auto entry = desk.run({"log", "show", "1", "--json"}).json();
    CHECK(entry["review"] == "reviewed");
    CHECK(entry["environment"] == "live");
    CHECK(desk.run({"verify", "var"}).status == 0);

    desk.spill("runbooks/portfolio_cycle.lua", source("runbooks/portfolio_cycle.lua") + " ");
    for (const char* changed : {"policies/portfolio_governor.lua", "lua/policy.lua", "runbooks/portfolio_cycle.lua"}) {
      CAPTURE(changed);
      const std::string kept = slurp(desk.desk() / changed);
      if (std::string(changed) != "runbooks/portfolio_cycle.lua") {
        fs::remove(desk.desk() / "runbooks/portfolio_cycle.lua");
        flip_last_byte(desk.desk() / changed);
      } else {
        desk.spill(changed, source(changed) + " ");
      }
      const Ran refused = desk.live();
      CHECK(refused.status == 2);
      CHECK(refused.error.find(changed) != std::string::npos);
      CHECK(refused.error.find("this one was changed since ann reviewed it at ") != std::string::npos);
      CHECK(desk.decisions() == 1);
      const Ran check = desk.run({"review", "check"});
      CHECK(check.status == 1);
      CHECK(check.out.find(std::string("changed   ") + changed) != std::string::npos);
      CHECK(check.out.find("lua/bounds.lua") == std::string::npos);  // reviewed ones are not in the way
      desk.spill(changed, kept);
    }
    fs::remove(desk.desk() / "runbooks/portfolio_cycle.lua");
    CHECK(desk.run({"review", "check"}).status == 0);
    CHECK(desk.live({"--set", "force=true"}).status == 0);
  }

  TEST_CASE("show lists every script that can run with its hash and state, and ends with 1 unless all are reviewed") {
    ReviewDesk desk;
    const auto states = [&](const std::vector<std::string>& arguments, int status) {
      const Ran ran = desk.run(arguments);
      CHECK(ran.status == status);
      std::map<std::string, ballast::core::Json> out;
      const ballast::core::Json document = ran.json();
      for (const auto& each : document["files"]) out[each["place"].get<std::string>()] = each;
      return out;
    };
    auto all = states({"review", "show", "--json"}, 1);
    CHECK(all.at("policies/portfolio_governor.lua")["state"] == "new");
    CHECK(all.at("policies/portfolio_governor.lua")["sha256"] ==
          ballast::core::sha256_hex(source("policies/portfolio_governor.lua")));
    CHECK(all.contains("lua/governor/total.lua"));  // from the installation
    CHECK(all.contains("runbooks/portfolio_cycle.lua"));
    for (const auto& [place, each] : all) CHECK((!place.ends_with("_test.lua") && !place.starts_with("lua/meta/")));
    REQUIRE(desk.run({"review", "sign", "--reviewer", "ann"}).status == 0);
    all = states({"review", "show", "--json"}, 0);
    CHECK(all.at("lua/policy.lua")["state"] == "reviewed");
    CHECK(all.at("lua/policy.lua")["review"]["reviewer"] == "ann");
    CHECK(states({"review", "check", "--json"}, 0).empty());
    desk.spill("policies/mine.lua", "return {}");
    flip_last_byte(desk.desk() / "lua/policy.lua");
    REQUIRE(desk.run({"review", "sign", "policies/mine.lua", "--reviewer", "ben"}).status == 0);
    all = states({"review", "show", "--json"}, 1);
    CHECK(all.at("policies/mine.lua")["review"]["reviewer"] == "ben");
    CHECK(all.at("lua/bounds.lua")["review"]["reviewer"] == "ann");
    CHECK(all.at("lua/policy.lua")["state"] == "changed");  // one review says nothing of another file
    fs::remove(desk.desk() / "policies/mine.lua");
    CHECK(states({"review", "check", "--json"}, 1).at("policies/mine.lua")["state"] == "removed");
    const Ran text = desk.run({"review", "show"});
    CHECK(text.out.find("NOT REVIEWED: ") != std::string::npos);
    CHECK(text.out.find("by ann at ") != std::string::npos);
    CHECK(desk.run({"review", "sign", "--reviewer", "cat", "--json"}).json()["reviewer"] == "cat");
    CHECK(states({"review", "check", "--json"}, 0).empty());
  }

  TEST_CASE("a manifest that was edited, or signed by a key for other purposes, reviews nothing") {
    ReviewDesk desk;
    REQUIRE(desk.run({"review", "sign", "--reviewer", "ann"}).status == 0);
    const std::string kept = slurp(desk.manifest()), signature = slurp(desk.manifest().string() + ".sig");
    ballast::test::spill(desk.manifest(), kept + " ");
    const Ran check = desk.run({"review", "check"});
    CHECK(check.status == 1);
    CHECK(check.out.find("NOT REVIEWED: ") != std::string::npos);
    CHECK(check.out.find("manifest.json has ") != std::string::npos);
    CHECK(desk.live().status == 2);
    CHECK(desk.run({"review", "sign", "policies/portfolio_governor.lua"}).status ==
          2);  // what would stay is not proved
    CHECK(slurp(desk.manifest()) == kept + " ");
    fs::remove(desk.manifest().string() + ".sig");
    CHECK(desk.run({"review", "check"}).status == 1);
    CHECK(desk.live().status == 2);
    ballast::test::spill(desk.manifest(), kept);
    ballast::test::spill(desk.manifest().string() + ".sig", signature);
    CHECK(desk.run({"review", "check"}).status == 0);
    const std::string keys = desk.outside("keys.json").string();
    REQUIRE(desk.run({"keys", "export", keys}).status == 0);
    fs::rename(desk.keys(), desk.outside("elsewhere"));
    CHECK(desk.run({"review", "check", "--public-keys", keys}).status == 0);
    CHECK(desk.run({"review", "check"}).status == 1);  // the key is not known here
    CHECK(desk.run({"review", "sign"}).status == 2);
    REQUIRE(desk.run({"keys", "new", "--algorithm", "HMAC-SHA256", "--id", "only-hmac"}).status == 0);
    const Ran wrong = desk.run({"review", "sign", "--key", "only-hmac"});
    CHECK(wrong.status == 2);
    CHECK(
        wrong.error.find("key 'only-hmac' may not sign reviews: that takes an Ed25519 key with the purpose approval") !=
        std::string::npos);
    CHECK(slurp(desk.manifest()) == kept);
  }

  TEST_CASE("what does not compile, does not exist or is no script is not signed, and nothing is written") {
    ReviewDesk desk;
    desk.spill("policies/broken.lua", "local x = = 3");
    const Ran broken = desk.run({"review", "sign"});
    CHECK(broken.status == 2);
    CHECK(broken.error.find("policies/broken.lua:1: unexpected symbol near '='") != std::string::npos);
    CHECK(!fs::exists(desk.manifest()));
    const std::pair<std::vector<std::string>, const char*> cases[] = {
        {{"review", "sign", "policies/portfolio_governer.lua"},
         "policies/portfolio_governer.lua: no such script (did you mean 'policies/portfolio_governor.lua'?)"},
        {{"review", "sign", "/etc/passwd"}, "/etc/passwd: not a Lua script of the desk or the installation"},
        {{"review", "sign", "--key", "nosuch"}, "no key 'nosuch' in the key ring"},
        {{"review"}, "subcommand is required"}};
    for (const auto& [arguments, text] : cases) {
      const std::string shown = text;
      CAPTURE(shown);
      const Ran ran = desk.run(arguments);
      CAPTURE(ran.error);
      CHECK(ran.status == 2);
      CHECK(ran.error.find(text) != std::string::npos);
      CHECK(!fs::exists(desk.manifest()));
    }
    desk.spill("policies/manifest.json", "{}");
    CHECK(desk.run({"review", "check"}).status == 1);
  }
}
