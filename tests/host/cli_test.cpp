// The command line as people and programs meet it: exit status, one document with --json, messages that name the place,
// what was found and what is accepted.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "support/command.hpp"

using ballast::test::Ran;
using ballast::test::run_command;
using ballast::test::TestDesk;

namespace {

namespace fs = std::filesystem;

struct Case {
  std::vector<std::string> arguments;
  int status;
  const char* text;
};

const char* const kBars =
    "open_time,open,high,low,close,volume\n2024-01-01T00:00:00Z,1,2,1,2,10\n2024-01-01T01:00:00Z,2,3,2,3,10\n";

}  // namespace

TEST_SUITE("command line") {
  TEST_CASE("what is wrong is said with its place and what is accepted, status 2, and with --json as one document") {
    TestDesk desk;
    desk.sample();
    REQUIRE(desk.run(desk.cycle()).status == 0);
    desk.spill("bad.yaml", "limits:\n  policy:\n    secnds: 3\n");
    desk.spill("broken.yaml", "limits:\n  policy: [1\n");
    desk.spill("bad.json", "{\"a\": }");
    desk.spill("bad.lua", "return 1 +");
    desk.spill("bad.csv", "one,two\n1,2\n");
    desk.spill("good.csv", "time,open,high,low,close,volume\n2024-01-01T00:00:00Z,1,2,1,2,10\n");
    desk.spill("packed.csv", "\x1f\x8b\x08more");
    desk.spill("short.csv", "open_time,open,high,low,close,volume\n2024-01-01T00:00:00Z,1,2\n");
    desk.spill("governor.yaml", "name: x\n");
    desk.spill("nan.json", "{\"BTC_USDT\": NaN}");
    const std::vector<std::string> cycle{"run", "portfolio_cycle", "--set", "portfolio_value=1e6"};
    const auto with = [&](std::initializer_list<std::string> more) {
      std::vector<std::string> out = cycle;
      out.insert(out.end(), more);
      return out;
    };
    const Case cases[] = {
        {{}, 2, "A subcommand is required"},
        {{"rnu"}, 2, "no verb 'rnu' (did you mean 'run'?)"},
        {{"eval", "--bogus"}, 2, "The following argument was not expected: --bogus"},
        {{"eval"}, 2, "eval takes either -e CODE or a FILE"},
        {{"eval", "-e", "1", "--profile", "root"}, 2, "--profile: root not in {policy,runbook}"},
        {{"eval", "nosuch.lua"}, 2, "nosuch.lua: cannot open: No such file or directory"},
        {{"eval", "bad.lua"}, 2, "bad.lua:1: unexpected symbol near <eof>"},
        {{"eval", "-e", "return ...", "--input", "bad.json"}, 2, "bad.json:1:7"},
        {{"eval", "-e", "0/0"}, 2, "expected a finite number, found nan"},
        {{"eval", "-e", "1", "--desk", "nodesk"}, 2, "nodesk: no such folder; `ballast init DESK` makes a desk folder"},
        {{"eval", "-e", "while true do end", "--setting", "limits.eval.seconds=0.1"},
         3,
         "the time limit of 0.1 s is reached"},
        {{"run"}, 2, "name a runbook, for example runbooks/portfolio_cycle.lua"},
        {{"run", "nosuch"}, 2, "nosuch: no such runbook in the desk or the installation"},
        {{"run", "portfolio_cycel"},
         2,
         "portfolio_cycel: no such runbook in the desk or the installation (did you mean 'portfolio_cycle'?)"},
        {{"run", "runbooks/portfolio_cycel.lua"}, 2, "(did you mean 'runbooks/portfolio_cycle.lua'?)"},
        {with({"--set", "policy=policies/portfolio_governer.lua"}), 2,
         "policies/portfolio_governer.lua: there is no such policy (did you mean 'policies/portfolio_governor.lua'?)"},
        {{"run", "portfolio_cycle"},
         2,
         "parameter portfolio_value: 'portfolio_value' is missing: Value of the portfolio. Give it with --set "
         "portfolio_value=..."},
        {{"run", "portfolio_cycle", "--set", "portfolio_vale=1"},
         2,
         "--set: unknown parameter 'portfolio_vale' (did you mean 'portfolio_value'?)"},
        {{"run", "portfolio_cycle", "--set", "portfolio_value"},
         2,
         "--set: expected name=value, found 'portfolio_value'"},
        {{"run", "portfolio_cycle", "--set", "portfolio_value=nan"},
         2,
         "parameter portfolio_value: expected a finite number, USD, found 'nan'"},
        {{"run", "portfolio_cycle", "--set", "portfolio_value=-1"},
         2,
         "expected a finite number of at least 0, USD, found '-1'"},
        {with({"--now", "yesterday"}), 2, "'yesterday' is not a time"},
        {with({"--environment", "prod"}), 2, "'prod' is not accepted; accepted: demo, paper, shadow, testnet, live"},
        {with({"--setting", "limits.polcy.seconds=1"}), 2, "unknown field 'polcy' (did you mean 'policy'?)"},
        {with({"--setting", "limits.policy.seconds=0"}), 2, "expected a finite number in [0.001, 86400]"},
        {with({"--config", "nosuch.yaml"}), 2, "nosuch.yaml: cannot open: No such file or directory"},
        {with({"--config", "bad.yaml"}), 2,
         "bad.yaml:3:5: limits.policy.secnds: unknown field 'secnds' (did you mean 'seconds'?)"},
        {with({"--config", "broken.yaml"}), 2, "broken.yaml:3:1: not YAML"},
        {with({"--set", "governor=stage6_cor"}), 2, "stage6_core"},
        {with({"--set", "policy=portfolio_governer"}), 2,
         "no policy 'portfolio_governer' (did you mean 'portfolio_governor'?)"},
        {with({"--set", "allocations=nosuch.json"}), 2, "nosuch.json"},
        {with({"--set", "allocations=nan.json"}), 2, "nan.json:1:14"},
        {{"verify", "nosuch"}, 2, "nosuch: there is nothing here to verify"},
        {{"verify"}, 2, "PATH is required"},
        {{"verify", "var", "--public-keys", "nosuch"}, 2, "nosuch"},
        {{"verify", "var", "--keys", "bad.json"},
         2,
         "--keys: 'bad.json' is a file, and a key ring is a folder; a file of public keys is given with --public-keys "
         "where a verb takes it"},
        {{"eval", "-e", "('x'):rep(5e6):rep(10)", "--setting", "limits.eval.memory_mib=8"},
         3,
         "the memory limit of 8 MiB is reached"},
        {{"eval", "-e",
          "local l, k = {}, {} for i = 1, 1e4 do l[i] = i end while true do k[#k + 1] = ballast.numeric.vector(l) end",
          "--setting", "limits.eval.memory_mib=8"},
         3,
         "the memory limit of 8 MiB is reached"},
        {{"replay", "99"}, 2, "no entry 99 in the log"},
        {{"replay", "nosuch"}, 2, "'nosuch' is neither an entry, nor a run, nor a bundle"},
        {{"replay", "1", "--policy", "portfolio_governr"},
         2,
         "no policy 'portfolio_governr' (did you mean 'portfolio_governor'?)"},
        {{"replay", "bad.lua"}, 2, "bad.lua"},
        {{"log", "show", "99"}, 2, "no entry 99 in the log"},
        {{"log", "tail", "--var", "nowhere"}, 2, "nowhere/audit/decision_log: there is no decision log here"},
        {{"log", "query", "--from", "x"}, 2, "'x' is not a time"},
        {{"log", "annotate", "99", "--note", "x"}, 2, "99"},
        {{"log", "export", "99", "out.bundle"}, 2, "99"},
        {{"log", "append", "--note", "x", "--decision", "{"}, 2, "parameter decision:1:"},
        {{"data", "list", "--var", "nowhere"},
         2,
         "nowhere/market.sqlite: there is no market store here; import data or make a sample first"},
        {{"data", "query", "--symbol", "NOPE"},
         2,
         "no bars of NOPE are stored; accepted: BNB_USDT, BTC_USDT, ETH_USDT, SOL_USDT"},
        {{"data", "query", "--symbol", "../../etc"}, 2, "--symbol: '../../etc' is not a symbol"},
        {{"data", "query", "--symbol", "BTC_USDT", "--interval", "soon"},
         2,
         "--interval: 'soon' is not a bar interval"},
        {{"data", "export", "--symbol", "BTC_USDT", "--kind", "bras"},
         2,
         "--kind: 'bras' is not a kind of market data (did you mean 'bars'?)"},
        {{"data", "import", "short.csv", "--kind", "bras"},
         2,
         "--kind: 'bras' is not a kind of market data (did you mean 'bars'?)"},
        {{"data", "import", "short.csv", "--symbol", "?"}, 2, "--symbol: '?' is not a symbol"},
        {{"data", "import", "short.csv", "--symbol", "SPY", "--interval", "x"},
         2,
         "--interval: 'x' is not a bar interval"},
        {{"data", "import", "short.csv", "--symbol", "SPY", "--time", "x"}, 2, "--time: 'x' is not a time"},
        {{"data", "import", "good.csv"}, 2, "good.csv: cannot tell the symbol"},
        {{"data", "import", "good.csv"}, 2, "give it with --symbol"},
        {{"data", "import", "good.csv", "--symbol", "SPY"},
         2,
         "cannot tell the interval of the bars: give it with --interval"},
        {{"data", "import", "packed.csv"},
         2,
         "packed.csv: the file is compressed by gzip: unpack it with gunzip; only CSV text is read"},
        {{"data", "import", "nosuch.csv"}, 2, "nosuch.csv: cannot open: No such file or directory"},
        {{"data", "import", "bad.csv"}, 2, "bad.csv"},
        {{"data", "import", "short.csv", "--symbol", "SPY", "--strict"}, 2, "short.csv"},
        {{"keys", "new", "--algorithm", "RSA"},
         2,
         "--algorithm: 'RSA' is not accepted; accepted: HMAC-SHA256, Ed25519"},
        {{"keys", "export"}, 2, "FILE is required"},
        {{"test", "nosuch"}, 2, "nosuch: no such file or folder"},
        {{"test", "--filter", "["}, 2, "--filter '[' is not a regular expression"},
        {{"test", "config"}, 2, "config"}};
    for (const Case& each : cases) {
      const std::string shown = fmt::format("{}", fmt::join(each.arguments, " "));
      CAPTURE(shown);
      const Ran plain = desk.run(each.arguments);
      CAPTURE(plain.error);
      CHECK(plain.status == each.status);
      CHECK(plain.error.find(each.text) != std::string::npos);
      CHECK(plain.error.starts_with("error: "));
      CHECK(!plain.mentions("defect of ballast"));
      if (each.arguments.empty()) continue;
      auto arguments = each.arguments;
      arguments.push_back("--json");
      const Ran json = desk.run(arguments);
      CAPTURE(json.out);
      CHECK(json.status == each.status);
      ballast::core::Json document;
      CHECK_NOTHROW(document = json.json());
      REQUIRE(document.contains("error"));
      CHECK(document["error"]["message"].is_string());
      CHECK(document["error"]["code"].is_string());
    }
  }

  TEST_CASE(
      "what an operator has to correct is one sentence with its place; the calls of library code show with "
      "--traceback") {
    TestDesk desk;
    desk.sample();
    desk.spill("weights.json", R"({"BTC_USDT": "x"})");
    const std::string runbook = "runbooks/portfolio_cycle.lua:";
    const std::tuple<std::vector<std::string>, std::string> cases[] = {
        {desk.cycle({"--set", "allocations=weight.json"}),
         "error: weight.json: there is no such file (did you mean 'weights.json'?)\n  in " + runbook},
        {desk.cycle({"--set", "allocations=/nosuch/weights.json"}),
         "error: /nosuch/weights.json: there is no such file\n  in " + runbook},
        {desk.cycle({"--set", "allocations=weights.json"}), "error: weights.json: "},
        {desk.cycle({"--set", "governor=stage6_cor"}),
         "error: no setting 'governors.stage6_cor' (did you mean 'stage6_core'?)\n  in " + runbook},
        {desk.cycle({"--set", "policy=portfolio_governer"}),
         "error: policies/portfolio_governer.lua: no policy 'portfolio_governer' (did you mean "
         "'portfolio_governor'?)\n  in " +
             runbook},
        {{"eval", "-e", "ballast.market.series()", "--var", "nowhere"},
         "error: nowhere/market.sqlite: there is no market store here; import data or make a sample first\n  in -e:1 "
         "(--traceback"},
        {{"eval", "-e", "error { code = 'weights_unknown', message = 'Name the weights.' }"},
         "error: Name the weights.\n  in -e:1 (--traceback"}};
    for (const auto& each : cases) {
      auto arguments = std::get<0>(each);
      const std::string& text = std::get<1>(each);
      CAPTURE(text);
      const Ran plain = desk.run(arguments);
      CAPTURE(plain.error);
      CHECK(plain.status == 2);
      CHECK(plain.error.starts_with(text));
      CHECK(plain.error.find("called from") == std::string::npos);
      CHECK(plain.error.find("lua/") == std::string::npos);
      arguments.push_back("--traceback");
      const Ran whole = desk.run(arguments);
      CHECK(whole.status == 2);
      CHECK(whole.error.find("called from\n") != std::string::npos);
    }
  }

  TEST_CASE("an error of a script keeps its line and its calls, and one raised for a caller has the caller's place") {
    TestDesk desk;
    for (const char* code : {"local function f() return 1 + {} end return f() + 1", "ballast.json.parse(3)",
                             "ballast.files.read_document()", "error('text')",
                             "error { code = 'policy.decision_shape', message = 'Wrong.' }"}) {
      CAPTURE(code);
      const Ran ran = desk.run({"eval", "-e", code});
      CHECK(ran.status == 2);
      CHECK(ran.error.starts_with("error: -e:1: "));
      CHECK(ran.error.find("called from\n  -e:1: ") != std::string::npos);
    }
    desk.sample();
    desk.spill("policies/half.lua",
               "local policy = require 'policy'\nlocal half = policy.define { name = 'half' }\nreturn half");
    const Ran half = desk.run(desk.cycle({"--set", "policy=half"}));
    CAPTURE(half.error);
    CHECK(half.error.starts_with("error: policies/half.lua:2: policy 'half': "));
    CHECK(half.error.find("| local half = policy.define { name = 'half' }\n") != std::string::npos);
    const Ran raised =
        desk.run({"eval", "-e", "local failure = require 'failure'\nfailure.require(false, 'shape.wrong', 'No.')"});
    CAPTURE(raised.error);
    CHECK(raised.error.starts_with(
        "error: -e:2: No.\n     2 | failure.require(false, 'shape.wrong', 'No.')\ncalled from\n  -e:2: "));
  }

  TEST_CASE("every verb answers --help with status 0 and an example or its options") {
    TestDesk desk;
    for (const char* verb :
         {"run", "eval", "repl", "test", "verify", "replay", "log", "data", "keys", "review", "init", "meta"}) {
      CAPTURE(verb);
      const Ran ran = desk.run({verb, "--help"});
      CHECK(ran.status == 0);
      CHECK(ran.out.find("Usage") != std::string::npos);
      CHECK(ran.error.empty());
    }
    CHECK(desk.run({"--help"}).status == 0);
    CHECK(desk.run({"--version"}).out.starts_with("ballast "));
    CHECK(desk.run({"run", "portfolio_cycle", "--help"}).out.find("portfolio_value") != std::string::npos);
  }

  TEST_CASE("--json gives exactly one document on success, whatever a script prints") {
    TestDesk desk;
    desk.sample();
    desk.spill("printing.lua", "print('noise') return 1, 'two'");
    desk.spill("x_test.lua",
               "local testing = require 'testing' return testing.suite('x', { { 'one holds', function() print('noise') "
               "end } })");
    desk.spill("SPY_1h.csv", kBars);
    const std::vector<std::vector<std::string>> commands{{"eval", "printing.lua"},
                                                         {"data", "sample", "--var", "other"},
                                                         {"data", "import", "SPY_1h.csv"},
                                                         {"data", "list"},
                                                         {"data", "list", "--quarantine"},
                                                         {"data", "query", "--symbol", "SPY"},
                                                         {"data", "export", "--symbol", "SPY"},
                                                         {"data", "export", "--symbol", "SPY", "--out", "spy.csv"},
                                                         desk.cycle(),
                                                         {"log", "append", "--note", "a note"},
                                                         {"log", "tail"},
                                                         {"log", "query", "--kind", "nothing"},
                                                         {"log", "show", "1"},
                                                         {"log", "annotate", "1", "--note", "seen"},
                                                         {"log", "verify"},
                                                         {"log", "export", "1", "out.bundle"},
                                                         {"verify", "var"},
                                                         {"replay", "1"},
                                                         {"keys", "list"},
                                                         {"test", "."}};
    for (auto arguments : commands) {
      arguments.push_back("--json");
      const std::string shown = fmt::format("{}", fmt::join(arguments, " "));
      CAPTURE(shown);
      const Ran ran = desk.run(arguments);
      CAPTURE(ran.out);
      CAPTURE(ran.error);
      CHECK(ran.status == 0);
      CHECK_NOTHROW(ran.json());
    }
  }

  TEST_CASE("bytes that are no text end in an error, not in a crash") {
    TestDesk desk;
    for (const bool json : {false, true}) {
      std::vector<std::vector<std::string>> commands{{"verify", "\xff\xfe"},
                                                     {"eval", "-e", "'\xff'"},
                                                     {"run", "\xff"},
                                                     {"data", "query", "--symbol", "B\xffTC"},
                                                     {"eval", "-e", "'\\xff'"},
                                                     {"log", "append", "--note", "\xff"},
                                                     {"data", "sample", "--var", "nosuch\xff/\x01"},
                                                     {"eval", "-e", "error('\\xff\\0\\27[31m')"}};
      for (auto& arguments : commands) {
        if (json) arguments.push_back("--json");
        const Ran ran = desk.run(arguments);
        const std::string first = arguments[0] + " " + arguments[1];
        CAPTURE(first);
        CHECK((ran.status == 0 || ran.status == 2));
        CHECK(ran.error.find('\x1b') == std::string::npos);
        if (json && ran.status == 2) CHECK_NOTHROW(ran.json());
      }
    }
  }

  TEST_CASE("an import that keeps no row ends with 2 and says so; one that keeps some ends with 0") {
    TestDesk desk;
    const std::string header = "open_time,open,high,low,close,volume\n";
    desk.spill(
        "BTCUSDT_1h.csv",
        header +
            "2024-01-01T00:00:00Z,-1,2,1,2,10\n2024-01-01T01:00:00Z,-1,2,1,2,10\n2024-01-01T02:00:00Z,1,2,1,x,10\n");
    desk.spill("ETHUSDT_1h.csv", header + "2024-01-01T00:00:00Z,-1,2,1,2,10\n2024-01-01T01:00:00Z,1,2,1,2,10\n");
    const Ran none = desk.run({"data", "import", "BTCUSDT_1h.csv"});
    CAPTURE(none.out + none.error);
    CHECK(none.status == 2);
    CHECK(none.error ==
          "error: BTCUSDT_1h.csv: nothing was imported: all 3 rows are in quarantine, most as non_positive_price "
          "(first at line 2); `ballast data list --quarantine` shows them\n");
    CHECK(none.out.find("3 rows read: 0 new") != std::string::npos);
    CHECK(desk.run({"data", "list", "--quarantine"}).out.find("3 rows in quarantine") !=
          std::string::npos);  // kept, to be looked at
    CHECK(desk.run({"data", "import", "ETHUSDT_1h.csv"}).status == 0);
    CHECK(desk.run({"data", "import", "ETHUSDT_1h.csv"}).status == 0);  // unchanged rows are there
    const Ran both = desk.run({"data", "import", "ETHUSDT_1h.csv", "BTCUSDT_1h.csv", "--json"});
    CHECK(both.status == 2);
    const auto document = both.json();
    CHECK(document["imports"].size() == 2);
    CHECK(document["error"]["where"] == "BTCUSDT_1h.csv");
    CHECK(document["error"]["message"].get<std::string>().starts_with("nothing was imported: "));
  }

  TEST_CASE("with an empty market the run says that data is missing") {
    TestDesk desk;
    const Ran none = desk.run(desk.cycle());
    CHECK((none.status == 0 || none.status == 2));
    CHECK(!none.mentions("defect of ballast"));
    CHECK((none.mentions("market_data_missing") || none.mentions("there is no market store here")));
    desk.spill("SPY_1h.csv", kBars);
    REQUIRE(desk.run({"data", "import", "SPY_1h.csv"}).status == 0);
    const Ran ran = desk.run(desk.cycle());
    CAPTURE(ran.out + ran.error);
    REQUIRE(ran.status == 0);
    CHECK(ran.mentions("market_data_missing BTC_USDT"));
  }

  TEST_CASE("with nothing known of its assets no weight is raised, and each asset says why") {
    TestDesk desk;
    desk.spill("SPY_1h.csv", kBars);
    REQUIRE(desk.run({"data", "import", "SPY_1h.csv"}).status == 0);
    REQUIRE(desk.run(desk.cycle()).status == 0);
    const auto entry = desk.run({"log", "show", "1", "--json"}).json();
    CHECK(entry["decision"]["adjustments"].empty());
    for (const auto& each : entry["decision"]["assets"]) CHECK(each["reasons"][0]["code"] == "held_on_missing_data");
  }

  TEST_CASE("a corrupted or locked store is named and nothing is written") {
    TestDesk desk;
    desk.spill("var/market.sqlite", std::string(8192, 'z'));
    const Ran broken = desk.run({"data", "list"});
    CHECK(broken.status == 2);
    CHECK(broken.error.find("var/market.sqlite") != std::string::npos);
    const Ran cycle = desk.run(desk.cycle());
    CHECK(cycle.status == 2);
    CHECK(cycle.error.find("market.sqlite") != std::string::npos);
  }

  TEST_CASE("folders that cannot be written are named") {
    if (::geteuid() == 0) {  // permissions do not bind root: a file in the way does
      TestDesk desk;
      desk.spill("var", "a file where the folder should be");
      for (const auto& arguments :
           {std::vector<std::string>{"data", "sample"}, desk.cycle(), {"log", "append", "--note", "x"}}) {
        const Ran ran = desk.run(arguments);
        CAPTURE(ran.error);
        CHECK(ran.status == 2);
        CHECK(ran.error.find("var") != std::string::npos);
        CHECK(!ran.mentions("defect of ballast"));
      }
    } else {
      TestDesk desk;
      fs::create_directories(desk.var());
      fs::permissions(desk.var(), fs::perms::owner_read | fs::perms::owner_exec);
      CHECK(desk.run({"data", "sample"}).status == 2);
      fs::permissions(desk.var(), fs::perms::owner_all);
    }
  }

  TEST_CASE("zero tests do not pass, a file that returns no suite fails, skipped ones are counted") {
    TestDesk desk;
    fs::create_directories(desk.desk() / "empty");
    CHECK(desk.run({"test", "empty"}).error.find("no test was found, and a run that proves nothing does not pass") !=
          std::string::npos);
    CHECK(desk.run({"test", "empty"}).status == 2);
    desk.spill("a/stops_test.lua", "return");
    CHECK(desk.run({"test", "a"}).status == 1);
    CHECK(desk.run({"test", "a"})
              .mentions("the file must return testing.suite(...), so that a script that stops early cannot pass"));
    desk.spill("b/empty_test.lua", "return { name = 'empty', cases = {} }");
    CHECK(desk.run({"test", "b"}).mentions("a suite without cases proves nothing"));
    CHECK(desk.run({"test", "b"}).status == 1);
    desk.spill("c/some_test.lua",
               "local testing = require 'testing'\nreturn testing.suite('some', {\n  { 'holds', function() "
               "testing.equal(1, 1) end },\n"
               "  { 'is skipped', function() testing.skip('no data') end },\n  { 'fails', function()\n    "
               "testing.equal(1, 2) end },\n  { 'spins', function() while true do end end },\n"
               "  { 'comes after', function() end } })\n");
    const Ran ran = desk.run({"test", "c", "--json", "--setting", "limits.test.seconds=0.2", "--junit", "junit.xml"});
    CHECK(ran.status == 1);
    const auto document = ran.json();
    CHECK(document["passed"] == 1);
    CHECK(document["skipped"] == 1);
    CHECK(document["failed"] == 3);
    CHECK(ballast::test::slurp(desk.desk() / "junit.xml").find("<skipped message=\"no data\"/>") != std::string::npos);
    const Ran text = desk.run({"test", "c", "--filter", "^fails$"});
    CHECK(text.status == 1);
    CHECK(text.mentions("value: found 1, expected 2"));
    CHECK(desk.run({"test", "c", "--filter", "no such case"}).status == 2);
    CHECK(desk.run({"test", "c", "--filter", "^is skipped$"}).status == 0);
  }

  TEST_CASE("the REPL reads a pipe, shows values on standard output and errors on standard error") {
    TestDesk desk;
    auto command = desk.command({"repl"});
    command.input = "1 + 1\nfor i = 1, 2 do\nprint(i)\nend\n";
    const Ran ran = run_command(command);
    CHECK(ran.status == 0);
    CHECK(ran.out.find("2\n1\n2\n") != std::string::npos);
    command.input = "tostrng(1)\n";
    CHECK(run_command(command).status == 2);
    command.input = "for i = 1, 2 do\n";
    CHECK(run_command(command).error.find("the input ended inside an unfinished entry") != std::string::npos);
  }

  TEST_CASE("init makes a desk that works, and touches no folder that is not empty") {
    TestDesk desk;
    const Ran made = desk.run({"init", "mine"});
    CAPTURE(made.error);
    CHECK(made.status == 0);
    CHECK(fs::exists(desk.desk() / "mine/policies/portfolio_governor.lua"));
    CHECK(desk.run({"init", "mine"}).error == "error: mine: the folder is not empty; nothing was changed\n");
  }
}
