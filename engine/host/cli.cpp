#include "host/cli.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <csignal>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include "core/error.hpp"
#include "core/nearest.hpp"
#include "host/limits.hpp"
#include "host/script_error.hpp"
#include "host/version.hpp"

namespace ballast::host {
namespace {

constexpr const char* kExamples = R"(examples:
  ballast data sample                                  make a synthetic market to try things on
  ballast data import BTCUSDT_1h.csv                   import bars; kind, symbol and interval are guessed and said
  ballast run runbooks/portfolio_cycle.lua --set portfolio_value=1e6
  ballast status                                       what needs a person now
  ballast log tail                                     the newest decisions
  ballast verify var                                   prove that nothing was changed
  ballast replay 1                                     decide again from the recorded inputs and compare
  ballast eval -e 'return ballast.market.series()'

exit status: 0 passed or allowed; 1 denied, not verified, differences; 2 error, and what stopped because of one;
3 stopped by a limit; 4 waiting for somebody; 130 interrupted
)";

int status_of(const core::Error& error) {
  const bool limit = error.code() == core::Code::budget || error.code() == core::Code::memory;
  return limit ? kStopped : kError;
}

/// Callers leave odd things behind: a closed standard descriptor would be given to the next file that is opened, and
/// what is printed would go there; where SIGCHLD is ignored nobody learns how a child ended.
void take_safe_ground() noexcept {
  int fd = ::open("/dev/null", O_RDWR);
  while (fd >= 0 && fd <= STDERR_FILENO) fd = ::open("/dev/null", O_RDWR);
  if (fd >= 0) ::close(fd);
  std::signal(SIGCHLD, SIG_DFL);
}

void report(const core::Error& error, const CommonOptions& common) {
  if (was_interrupted() && !common.json && !common.open_run->empty()) {  // it goes on where it was
    fmt::print(stderr, "interrupted\n{}", common.how_to_go_on());
    return;
  }
  if (common.json) {
    core::Json document = error_document(error);
    if (!common.open_run->empty()) document["run"] = *common.open_run;
    const std::string text = document.dump(-1, ' ', false, core::Json::error_handler_t::replace) + "\n";
    std::fwrite(text.data(), 1, text.size(), stdout);
  } else {
    const std::string text = explain(error, common.traceback ? Calls::show : Calls::hide) + common.how_to_go_on();
    std::fwrite(text.data(), 1, text.size(), stderr);
  }
}

}  // namespace

Desk CommonOptions::open_desk() const {
  Desk out;
  out.folder = desk;
  std::error_code ignored;
  if (!std::filesystem::is_directory(out.folder, ignored)) {
    throw core::Error(core::Code::not_found, "no such folder; `ballast init DESK` makes a desk folder", desk);
  }
  out.installation = find_installation();
  out.var = var;
  out.keys = keys.empty() ? default_keys_folder() : std::filesystem::path(keys);
  if (!keys.empty() && std::filesystem::is_regular_file(out.keys, ignored)) {
    throw core::Error(core::Code::argument,
                      fmt::format("'{}' is a file, and a key ring is a folder; a file of public keys is given with "
                                  "--public-keys where a verb takes it",
                                  keys),
                      "--keys");
  }
  return out;
}

std::string CommonOptions::var_option() const {
  return (desk == "." ? "" : " --desk " + desk) + (var_given ? " --var " + var : "");
}

std::vector<std::string> CommonOptions::as_arguments() const {
  std::vector<std::string> out{"--desk", desk, "--var", var};
  if (!keys.empty()) out.insert(out.end(), {"--keys", keys});
  if (config) out.insert(out.end(), {"--config", *config});
  for (const std::string& each : settings) out.insert(out.end(), {"--setting", each});
  return out;
}

std::string CommonOptions::how_to_go_on() const {
  if (open_run->empty()) return {};
  return fmt::format("go on with it: ballast runs resume {0}{1}\n  take it back: ballast runs abort {0}{1}\n",
                     *open_run, var_option());
}

Configuration CommonOptions::read(const Desk& at) const {
  std::optional<std::filesystem::path> file;
  if (config) file = *config;
  return read_configuration(at, file, settings);
}

void finish_verb(CLI::App& verb, CommonOptions& common, Action& action, Action work) {
  verb.add_option("--desk", common.desk, "Desk folder, searched before the installation")->capture_default_str();
  verb.add_option("--var", common.var, "Folder that is written (default: var in the desk)")
      ->each([&common](const std::string&) { common.var_given = true; });
  verb.add_option("--keys", common.keys, "Folder of the key ring (default: $XDG_CONFIG_HOME/ballast/keys)");
  verb.add_option("--config", common.config, "Settings file laid over those of the desk");
  verb.add_option("--setting", common.settings, "One setting, as section.key=value; may be repeated");
  verb.add_flag("--json", common.json, "One JSON document on standard output");
  verb.add_flag("--traceback", common.traceback, "Show the calls that led to an error, of libraries too");
  verb.callback([&action, work = std::move(work)] { action = work; });
}

bool shows_colour(int descriptor) {
  const char* refused = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  return isatty(descriptor) == 1 && (refused == nullptr || *refused == '\0') && terminal != nullptr &&
         std::strcmp(terminal, "dumb") != 0;
}

int run_command_line(int argc, char** argv) noexcept {
  take_safe_ground();
  CommonOptions common;
  try {
    CLI::App app("Governs portfolios of trading strategies: policies in Lua, signed and replayable decisions.",
                 "ballast");
    app.set_version_flag("--version", fmt::format("ballast {} ({})", kVersion, kBuild));
    app.require_subcommand(1);
    app.footer(kExamples);
    app.get_formatter()->column_width(34);
    Action action;
    add_run_verb(app, common, action);
    add_runs_verb(app, common, action);
    add_approvals_verb(app, common, action);
    add_status_verb(app, common, action);
    add_eval_verb(app, common, action);
    add_repl_verb(app, common, action);
    add_test_verb(app, common, action);
    add_verify_verb(app, common, action);
    add_replay_verb(app, common, action);
    add_log_verb(app, common, action);
    add_data_verb(app, common, action);
    add_keys_verb(app, common, action);
    add_review_verb(app, common, action);
    add_init_verb(app, common, action);
    add_meta_verb(app, common, action);
    try {
      app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
      if (e.get_exit_code() == 0) return app.exit(e);  // --help, --version
      // The parser may have stopped before it came to --json; who asked for a document gets one.
      common.json = std::any_of(argv, argv + argc, [](const char* each) { return std::strcmp(each, "--json") == 0; });
      std::vector<std::string> verbs;
      for (const CLI::App* each : app.get_subcommands([](const CLI::App*) { return true; }))
        verbs.push_back(each->get_name());
      if (argc > 1 && argv[1][0] != '-' && std::find(verbs.begin(), verbs.end(), argv[1]) == verbs.end()) {
        const std::vector<std::string_view> names(verbs.begin(), verbs.end());
        throw core::Error(core::Code::argument, fmt::format("no verb '{}'{} (see `ballast --help`)", argv[1],
                                                            core::suggestion(argv[1], names)));
      }
      throw core::Error(core::Code::argument, fmt::format("{} (see `ballast --help`)", e.what()));
    }
    if (!common.var_given && common.desk != ".") common.var = (std::filesystem::path(common.desk) / "var").string();
    const int status = action ? action() : static_cast<int>(kError);
    return was_interrupted() ? static_cast<int>(kInterrupted) : status;
  } catch (const core::Error& e) {
    report(e, common);
    return was_interrupted() ? static_cast<int>(kInterrupted) : status_of(e);
  } catch (const std::bad_alloc&) {
    std::fputs("error: out of memory\n", stderr);
    return kError;
  } catch (const std::exception& e) {
    report(core::Error(core::Code::internal, fmt::format("{} (this is a defect of ballast)", e.what())), common);
    return kError;
  } catch (...) {
    std::fputs("error: unknown failure (this is a defect of ballast)\n", stderr);
    return kError;
  }
}

}  // namespace ballast::host
