// ballast run: runs a runbook.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "core/error.hpp"
#include "host/cli.hpp"
#include "host/limits.hpp"
#include "host/run/progress_display.hpp"
#include "host/run/report.hpp"
#include "host/run/run.hpp"
#include "host/run/runbook.hpp"
#include "host/run/runbook_help.hpp"

namespace ballast::host {
namespace {

struct RunOptions {
  RunRequest request;
  std::string now, environment;
  bool help = false, no_input = false;
  ProgressOptions progress;
};

int show_help(const CommonOptions& common, const RunOptions& options, const CLI::App& verb) {
  if (options.request.runbook.empty()) {
    fmt::print("{}", verb.help());
    return kPassed;
  }
  const Desk desk = common.open_desk();
  const RunbookInfo info = describe_runbook(desk, common.read(desk), options.request.runbook);
  fmt::print("{}", common.json ? core::canonical_json(runbook_document(info)) + "\n" : runbook_help(info));
  return kPassed;
}

int run(const CommonOptions& common, RunOptions options, const CLI::App& verb) {
  if (options.help) return show_help(common, options, verb);
  if (options.request.runbook.empty() && options.request.plan.empty())
    throw core::Error(core::Code::argument, "name a runbook, for example runbooks/portfolio_cycle.lua");
  CommonOptions settings = common;
  if (!options.environment.empty()) settings.settings.push_back("desk.environment=" + options.environment);
  const Desk desk = settings.open_desk();
  const Configuration configuration = settings.read(desk);
  if (!options.now.empty()) options.request.now = core::parse_instant(options.now);
  options.request.json = common.json;
  options.request.child_options = settings.as_arguments();
  options.request.parameters.use_environment = true;
  options.request.parameters.may_ask = options.request.may_ask = !options.no_input;
  options.request.parameters.warn = [](const std::string& text) { fmt::print(stderr, "warning: {}\n", text); };
  ProgressDisplay display(progress_style(options.progress, common.json));
  options.request.observer = display.observer();
  stop_on_interrupt();
  return show_run(common, desk, [&](const auto& begun) {
    options.request.begun = begun;
    return execute_run(desk, configuration, options.request);
  });
}

}  // namespace

void add_run_verb(CLI::App& app, CommonOptions& common, Action& action) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* verb = app.add_subcommand("run", "Run a runbook");
  verb->set_help_flag();
  verb->add_flag("-h,--help", options->help, "Help; with a runbook, what it takes and does");
  verb->add_option("RUNBOOK", options->request.runbook, "File, or name of one in runbooks/");
  verb->add_option("--set", options->request.parameters.set, "Parameter as name=value; may be repeated");
  verb->add_option("--params", options->request.parameters.file, "Parameters from a YAML, TOML or JSON file");
  verb->add_flag("--no-input", options->no_input, "Never ask for a parameter that is missing");
  add_progress_options(*verb, options->progress);
  verb->add_option("--actor", options->request.actor, "Who acts (default: the operating system's user)");
  verb->add_option("--environment", options->environment, "demo, paper, shadow, testnet or live");
  verb->add_option("--now", options->now, "Decision time, RFC 3339 (refused in live)");
  verb->add_flag("--dry-run", options->request.dry_run,
                 "Compute everything, apply nothing; keep what would be done as a plan and show its hash");
  verb->add_option("--confirm", options->request.confirmed, "Give this confirmation beforehand; may be repeated");
  verb->add_option("--plan", options->request.plan, "Carry out the plan with this hash; stop where reality differs");
  finish_verb(*verb, common, action, [&common, options, verb] { return run(common, *options, *verb); });
  verb->footer(
      "examples:\n  ballast run runbooks/portfolio_cycle.lua --set portfolio_value=1e6\n  ballast run portfolio_cycle "
      "--help\n"
      "  ballast run portfolio_cycle --set portfolio_value=1e6 --dry-run\n"
      "  ballast run portfolio_cycle --plan 3f9a6c1e2b7d\n"
      "  ballast run market_intel --set governor=stage6_core --var /srv/desk/var --json\n");
}

}  // namespace ballast::host
