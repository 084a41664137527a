// ballast eval: runs a piece of Lua and prints what it returns, as JSON.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "core/error.hpp"
#include "core/file.hpp"
#include "host/cli.hpp"
#include "host/desk_services.hpp"
#include "host/limits.hpp"
#include "host/state.hpp"

namespace ballast::host {
namespace {

struct EvalOptions {
  std::string code, file, input, profile = "runbook";
};

/// Code given with -e may be an expression.
void load_code(State& state, const Script& script) {
  try {
    Script expression = script;
    expression.text = "return " + script.text;
    state.load(expression);
  } catch (const core::Error&) {
    state.load(script);
  }
}

int evaluate(const CommonOptions& common, const EvalOptions& options) {
  if (options.code.empty() == options.file.empty()) {
    throw core::Error(core::Code::argument, "eval takes either -e CODE or a FILE");
  }
  const Desk desk = common.open_desk();
  const Configuration configuration = common.read(desk);
  FolderSource source = desk.source();
  const core::SystemClock clock;
  DeskServices services(desk, configuration, clock);
  if (common.json) services.print_to_standard_error();
  services.limit_output(static_cast<std::size_t>(configuration.settings.limits.eval.output_kib) << 10);
  const bool pure = options.profile == "policy";
  const Profile& profile = pure ? policy_profile() : repl_profile(false);
  State state(services, profile, source,
              pure ? configuration.settings.limits.policy : configuration.settings.limits.eval);
  if (!options.file.empty()) {
    state.load(make_script(options.file, options.file, core::read_file(options.file)));
  } else {
    load_code(state, make_script("-e", "-e", options.code));
  }
  int arguments = 0;
  if (!options.input.empty()) {
    state.push_json(core::parse_json(core::read_file(options.input), options.input));
    arguments = 1;
  }
  stop_on_interrupt();
  const int before = lua_gettop(state.get()) - 1 - arguments;
  state.call(arguments, LUA_MULTRET);
  core::Json values = core::Json::array();
  while (lua_gettop(state.get()) > before) values.insert(values.begin(), state.take_json("returned value"));
  std::string out;
  if (common.json) {
    out = core::canonical_json({{"values", values}}) + "\n";
  } else {
    for (const core::Json& value : values) out += core::pretty_json(value);
  }
  std::fwrite(out.data(), 1, out.size(), stdout);
  return kPassed;
}

}  // namespace

void add_eval_verb(CLI::App& app, CommonOptions& common, Action& action) {
  auto options = std::make_shared<EvalOptions>();
  CLI::App* verb = app.add_subcommand("eval", "Run a piece of Lua and print what it returns, as JSON");
  verb->add_option("-e", options->code, "Lua code; an expression needs no 'return'");
  verb->add_option("FILE", options->file, "Lua file");
  verb->add_option("--input", options->input, "JSON file handed to the chunk as '...'");
  verb->add_option("--profile", options->profile, "policy: pure primitives only; runbook: may also look at the world")
      ->check(CLI::IsMember({"policy", "runbook"}))
      ->capture_default_str();
  verb->footer(
      "examples:\n  ballast eval -e '1 + 1'\n  ballast eval -e 'return ballast.json.sha256(\"abc\")'\n"
      "  ballast eval score.lua --input case.json --profile policy --json\n");
  finish_verb(*verb, common, action, [&common, options] { return evaluate(common, *options); });
}

}  // namespace ballast::host
