#include "durability/desks.hpp"

#include "durability/trial.hpp"
#include "journal/run_journal.hpp"

namespace ballast::test {
namespace {

const std::filesystem::path kSource = BALLAST_SOURCE_DIR;

}  // namespace

Words at_time(const std::string& now, Words words) {
  words.insert(words.end(), {"--now", now, "--actor", "tester"});
  return words;
}

Words handover_words(const std::string& turnover_limit) {
  return at_time(TestDesk::kNow,
                 {"run", "rebalance_handover", "--set", "governor=stage6_core", "--set", "portfolio_value=1e6", "--set",
                  "turnover_limit=" + turnover_limit, "--set", "allocations=cash.json"});
}

void make_keys(const TestDesk& desk) {
  desk.run({"keys", "new", "--algorithm", "HMAC-SHA256"});
  desk.run({"keys", "new", "--algorithm", "Ed25519"});
}

void prepare_effects(const TestDesk& desk) {
  make_keys(desk);
  desk.spill("note.txt", "a note");
  desk.spill("runbooks/three_effects.lua", slurp(kSource / "tests/durability/three_effects.lua"));
  desk.spill("policies/tiny.lua",
             "return { name = 'tiny', version = 1, decide = function(input) return { outcome = 'allow', n = input.n } "
             "end }");
}

void prepare_market(const TestDesk& desk) {
  make_keys(desk);
  desk.sample();
}

void prepare_book(const TestDesk& desk) {
  prepare_market(desk);
  desk.spill("cash.json", R"({"BTC_USDT": 0, "ETH_USDT": 0, "BNB_USDT": 0})");
}

void prepare_surfaces(const TestDesk& desk) {
  make_keys(desk);
  desk.spill("surfaces.lua", "local good = (function()\n" + slurp(kSource / "tests/lua/good_surfaces.lua") +
                                 "\nend)()\nreturn good.surfaces()\n");
  const core::Json surfaces = desk.run({"eval", "surfaces.lua"}).json();
  for (const auto& [name, surface] : surfaces.items()) desk.spill("state/" + name + ".json", surface.dump());
  desk.spill("VERSION", "v7.6\n");
  desk.spill("v7_manifest.json", R"({"docs_version":"v7.6"})");
}

bool is_placed(const TestDesk& desk, const std::string& effect) {
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(desk.var() / "book", none)) {
    if (entry.path().filename().string().starts_with(effect + "-")) return true;
  }
  return false;
}

bool is_recorded(const TestDesk& desk, const std::string& kind, const std::string& step) {
  const std::string run = begun_run(desk);
  if (run.empty()) return false;
  for (const journal::RunRecord& each : journal::RunJournal::read(desk.var() / "runs" / run)) {
    if (each.json["kind"] == kind && each.json.value("step", "") == step) return true;
  }
  return false;
}

}  // namespace ballast::test
