// Every declared primitive is called once with success and once refuses something: an entry that nobody can use, or
// that accepts anything, does not go unnoticed. A new primitive without a line here fails the last check.
#include <map>

#include <doctest/doctest.h>

#include "bind/call.hpp"
#include "core/file.hpp"
#include "host/evidence.hpp"
#include "host/run/services.hpp"
#include "host/state.hpp"
#include "journal/decision_log.hpp"
#include "journal/run_journal.hpp"
#include "market/sample.hpp"
#include "modules/modules.hpp"
#include "support/command.hpp"
#include "support/sandbox.hpp"

using namespace ballast;

namespace {

class Watcher final : public bind::CallWatcher {
 public:
  Watcher() { bind::call_watcher = this; }
  ~Watcher() override { bind::call_watcher = nullptr; }
  void called(const void* decl, bool succeeded) noexcept override { ++(succeeded ? good : bad)[decl]; }
  std::map<const void*, int> good, bad;
};

// One line a primitive: name, a call that succeeds, a call that is refused.
constexpr std::string_view kCalls[][3] = {
    {"ballast.json.parse", "ballast.json.parse('{}')", "ballast.json.parse('{')"},
    {"ballast.json.parse_keeping_null", "ballast.json.parse_keeping_null('[null]')",
     "ballast.json.parse_keeping_null(3)"},
    {"ballast.json.canonical", "ballast.json.canonical {}", "ballast.json.canonical(print)"},
    {"ballast.json.pretty", "ballast.json.pretty { a = 1 }", "ballast.json.pretty(1/0)"},
    {"ballast.json.sha256", "ballast.json.sha256 'abc'", "ballast.json.sha256(1)"},
    {"ballast.numeric.vector", "ballast.numeric.vector { 1, 2 }", "ballast.numeric.vector { 1, 'x' }"},
    {"ballast.numeric.matrix", "ballast.numeric.matrix { { 1 }, { 2 } }", "ballast.numeric.matrix { { 1 }, {} }"},
    {"Vector.get", "v:get(1)", "v:get(9)"},
    {"Vector.slice", "v:slice(1)", "v:slice(3, 9)"},
    {"Vector.to_table", "v:to_table()", "v.to_table(3)"},
    {"Matrix.get", "m:get(1, 2)", "m:get(0, 1)"},
    {"Matrix.to_table", "m:to_table()", "m:to_table(1)"},
    {"Series.get", "s:get(1)", "s:get(0)"},
    {"Series.time", "s:time(1)", "s:time(10 ^ 9)"},
    {"Series.values", "s:values()", "s.values(v)"},
    {"Series.to_table", "s:to_table()", "s.to_table()"},
    {"ballast.market.series", "ballast.market.series()", "ballast.market.series(1)"},
    {"ballast.market.snapshot", "ballast.market.snapshot('BTCUSDT', { lookback = 10 })",
     "ballast.market.snapshot('BTC_USDT', { lokback = 1 })"},
    {"ballast.market.snapshots", "ballast.market.snapshots { 'BTC_USDT', 'NO_PE' }",
     "ballast.market.snapshots('BTC_USDT')"},
    {"ballast.market.baselines", "ballast.market.baselines { 'BTC_USDT' }",
     "ballast.market.baselines({ 'BTC_USDT' }, { depth_levels = 0 })"},
    {"ballast.market.closes", "ballast.market.closes('BTC_USDT', { lookback = 5 })", "ballast.market.closes('NO_PE')"},
    {"ballast.market.book_metrics", "ballast.market.book_metrics { bids = { { 1, 2 } }, asks = { { 2, 2 } } }",
     "ballast.market.book_metrics { bids = {} }"},
    {"ballast.market.realized_volatility", "ballast.market.realized_volatility { 1, 2, 3 }",
     "ballast.market.realized_volatility { 1, 0/0 }"},
    {"ballast.market.symbol", "ballast.market.symbol 'btc-usdt'", "ballast.market.symbol '../x'"},
    {"ballast.clock.now", "ballast.clock.now()", "ballast.clock.now(1)"},
    {"ballast.files.read", "ballast.files.read 'note.txt'", "ballast.files.read '/etc/passwd'"},
    {"ballast.files.read_document", "ballast.files.read_document 'doc.yaml'", "ballast.files.read_document 'note.txt'"},
    {"ballast.files.exists", "ballast.files.exists 'note.txt'", "ballast.files.exists '../../../../etc/passwd'"},
    {"ballast.files.list", "ballast.files.list '.'", "ballast.files.list '/etc'"},
    {"ballast.settings.get", "ballast.settings.get 'limits.policy'", "ballast.settings.get 'limits.polcy'"},
    {"ballast.journal.append", "ballast.journal.append { kind = 'note', note = 'x' }",
     "ballast.journal.append { kind = 3 }"},
    {"ballast.journal.last", "ballast.journal.last { kind = 'note' }", "ballast.journal.last { knd = 'note' }"},
    {"ballast.run.information", "ballast.run.information()", "ballast.run.information(1)"},
    {"ballast.run.decide", "ballast.run.decide('tiny', {})", "ballast.run.decide('tiny_', {})"},
    {"ballast.run.step_started", "ballast.run.step_started('one', {})", "ballast.run.step_started(1)"},
    {"ballast.run.step_finished", "ballast.run.step_finished('one', {})", "ballast.run.step_finished('one', print)"},
    {"ballast.run.step_failed", "ballast.run.step_failed('one', { code = 'x', message = 'y' })",
     "ballast.run.step_failed(1, {})"},
    {"ballast.run.check", "ballast.run.check('it holds', true)", "ballast.run.check(1, true)"},
    {"ballast.run.open_ended", "ballast.run.open_ended('look', false)", "ballast.run.open_ended('look')"},
    {"ballast.run.predict", "ballast.run.predict()", "ballast.run.predict(1)"},
    {"ballast.run.confirm", "ballast.run.confirm { name = 'sure', text = 'Go on?' }",
     "ballast.run.confirm { name = 'x' }"},
    {"ballast.run.notify", "ballast.run.notify { text = 'told' }", "ballast.run.notify { level = 'warn' }"},
    {"ballast.run.wait", "ballast.run.wait { name = 'till', ['until'] = '2026-01-15T01:00:00Z' }",
     "ballast.run.wait { name = 'till', ['until'] = 'soon' }"},
    {"ballast.run.children_started", "ballast.run.children_started { { name = 'c', runbook = 'tiny', params = {} } }",
     "ballast.run.children_started { { name = 'd' } }"},
    {"ballast.run.children_finished", "ballast.run.children_finished({ 'c' }, 1)",
     "ballast.run.children_finished({ 'd' }, 1)"},
    {"ballast.run.child_undone", "ballast.run.child_undone 'c'", "ballast.run.child_undone 'd'"},
    {"ballast.run.effect_started", "ballast.run.effect_started 'put'", "ballast.run.effect_started 'while another'"},
    {"ballast.run.effect_planned", "ballast.run.effect_planned('put', {})", "ballast.run.effect_planned('other', {})"},
    {"ballast.run.outside_entered", "ballast.run.outside_entered 'put'", "ballast.run.outside_entered 'other'"},
    {"ballast.files.write", "ballast.files.write('book/a', 'text')", "ballast.files.write('note.txt', 'text')"},
    {"ballast.files.remove", "ballast.files.remove 'book/a'", "ballast.files.remove 'book/../../note.txt'"},
    {"ballast.run.outside_left", "ballast.run.outside_left 'put'", "ballast.run.outside_left(1)"},
    {"ballast.run.effect_finished", "ballast.run.effect_finished('put', {})", "ballast.run.effect_finished('put', {})"},
    {"ballast.run.undo_started", "ballast.run.undo_started 'put'", "ballast.run.undo_started(1)"},
    {"ballast.run.undo_finished", "ballast.run.undo_finished 'put'", "ballast.run.undo_finished 'other'"},
    {"ballast.run.artefact", "ballast.run.artefact('out.txt', 'text')", "ballast.run.artefact('../out.txt', 'text')"},
    // The last one: afterwards the run is held to what was approved, which is nothing here.
    {"ballast.run.approve", "ballast.run.approve { name = 'big', what = 'a large order', role = 'risk' }",
     "ballast.run.approve { name = 'big', what = 'a large order', role = 'risk', quorum = 0 }"},
};

/// Has somebody whom the desk knows approve the plan, so that `approve` finds the answer there.
void hand_in_approval(host::Configuration& configuration, const host::Keys& keys, const journal::RunJournal& journal,
                      const std::string& plan_sha256, const core::Clock& clock) {
  const core::Json ring = core::parse_json(keys.ring.public_text(), "keys");
  const core::Json& key = ring["keys"][0];
  configuration.settings.approvals.approvers["ann"] = {
      key["key_id"].get<std::string>(), key["public"].get<std::string>(), {"risk"}};
  host::ApprovalRequest request;
  request.run = journal.run();
  request.name = "big";
  request.role = "risk";
  request.plan_sha256 = plan_sha256;
  request.expires = core::parse_instant("2026-01-16T01:00:00Z");  // a day after the hour that was waited before
  const auto signer = keys.ring.signer_for(core::Purpose::approval, sign::Algorithm::ed25519, clock);
  host::hand_in(host::sign_approval(request, "ann", "approve", "", clock.now(), *signer), journal.folder());
}

}  // namespace

TEST_SUITE("primitives") {
  TEST_CASE("every primitive was exercised and refused something") {
    test::TestDesk folder;
    folder.spill("note.txt", "a note");
    folder.spill("doc.yaml", "a: 1\n");
    folder.spill("runbooks/tiny.lua",
                 "return require('runbook').define { name = 'tiny', version = 1, summary = 'Tiny.', "
                 "main = function() return {} end }");
    folder.spill("policies/tiny.lua",
                 "return { name = 'tiny', version = 1, decide = function() return { outcome = 'allow' } end }");
    const host::Desk desk{folder.desk(), host::find_installation(), folder.var(), folder.keys()};
    host::Configuration configuration = host::read_configuration(desk, std::nullopt, {});
    core::create_folders(desk.var);
    {
      market::Store store = market::Store::open(desk.var / "market.sqlite", market::Mode::write);
      market::write_sample(store, {});
    }
    const core::FixedClock clock(core::parse_instant(test::TestDesk::kNow));
    const host::Keys keys = host::open_keys(desk, host::Environment::demo, clock);
    journal::ObjectStore objects(host::objects_folder(desk));
    journal::DecisionLog log = journal::DecisionLog::open(host::log_folder(desk), *keys.entry, *keys.head, keys.ring,
                                                          clock, {"0", "test", {}});
    host::RunIdentity identity;
    identity.id = "test-run";
    identity.runbook = "test";
    identity.parameters = core::Json::object();
    identity.actor = "tester";
    identity.time = clock.now();
    identity.roots = {{"book", desk.var / "book"}};
    journal::RunJournal journal =
        journal::RunJournal::create(host::runs_folder(desk) / identity.id, identity.id,
                                    {{"actor", "tester"}, {"clock", "given"}}, *keys.journal, clock);
    const core::Json nothing{{"items", core::Json::array()}};
    hand_in_approval(configuration, keys, journal, core::sha256_hex(core::canonical_json(nothing)), clock);
    host::RunServices services(desk, configuration, clock);
    services.with_people({"tester", {"sure"}, false, nullptr, [&](const std::string&) { return nothing; }});
    const host::ChildRuns children(
        desk, configuration,
        {.options = {"--desk", desk.folder.string(), "--var", desk.var.string(), "--keys", desk.keys.string()},
         .confirmed = {},
         .leave = {},
         .program = BALLAST_BINARY});
    services.with_children(children);
    services.begin(identity, {&objects, &log, &journal, &keys, nullptr});
    host::FolderSource source = desk.source();
    host::State state(services, host::runbook_profile(), source,
                      {.seconds = 60, .memory_mib = 256, .output_kib = 64, .instructions = 0});

    const auto call = [&](std::string_view code) {
      const std::string text =
          "local v = ballast.numeric.vector { 1, 2, 3 }\nlocal m = ballast.numeric.matrix { { 1, 2 }, { 3, 4 } }\n"
          "local s = ballast.market.closes('BTC_USDT', { lookback = 3 })\nreturn " +
          std::string(code);
      state.load(host::make_script("call", "call.lua", text));
      try {
        state.call(0, 0);
        return std::string();
      } catch (const core::Error& e) {
        return std::string(core::code_name(e.code())) + " | " + e.what();
      }
    };

    std::map<std::string, const bind::Row*> rows;
    for (const auto& module : modules::all_modules()) {
      for (const bind::Row& row : module.rows) rows[std::string(module.path) + "." + std::string(row.name)] = &row;
    }
    Watcher watcher;
    for (const auto& [name, good, bad] : kCalls) {
      const auto& shown = name;  // clang 14 captures no structured binding
      CAPTURE(shown);
      REQUIRE(rows.contains(std::string(name)));
      const void* decl = rows.at(std::string(name))->decl;
      const int before = watcher.good[decl];
      CHECK(call(good) == "");
      CHECK(watcher.good[decl] > before);
      const int refused = watcher.bad[decl];
      const std::string text = call(bad);
      CHECK(watcher.bad[decl] > refused);
      CHECK(text != "");
      CHECK(text.find("internal") == std::string::npos);
      CHECK(text.find("json.exception") == std::string::npos);
      CHECK(text.find("call.lua:4: " + std::string(name.substr(name.rfind('.') + 1)) + ": ") != std::string::npos);
    }
    for (const auto& [name, row] : rows) {
      const auto& shown = name;  // clang 14 captures no structured binding
      CAPTURE(shown);
      CHECK(watcher.good[row->decl] > 0);
      CHECK(watcher.bad[row->decl] > 0);
    }
  }

  TEST_CASE("a primitive that nobody called, or that never refused, would be found") {
    Watcher watcher;
    const void* decl = modules::all_modules().front().rows.front().decl;
    CHECK(watcher.good[decl] == 0);
    test::Sandbox box(host::policy_profile());
    box.run("return ballast.json.parse '{}'");
    CHECK(watcher.good[decl] == 1);
    CHECK(watcher.bad[decl] == 0);
    box.run("return ballast.json.parse '{'");
    CHECK(watcher.bad[decl] == 1);
  }

  TEST_CASE("what the world answered is recorded, handles included") {
    test::TestDesk folder;
    folder.sample();
    const test::Ran ran = folder.run({"eval", "-e",
                                      "local s = ballast.market.closes('BTC_USDT', { lookback = 3 }) return #s, "
                                      "tostring(s):match '^Series of 3', s:time(1)"});
    CAPTURE(ran.error);
    CHECK(ran.status == 0);
    CHECK(ran.out.find("Series of 3") != std::string::npos);
  }
}
