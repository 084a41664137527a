// ballast repl: looks at the market, the log and settings interactively; writes only with --live.
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "core/error.hpp"
#include "host/cli.hpp"
#include "host/desk_services.hpp"
#include "host/line_editor.hpp"
#include "host/session.hpp"
#include "host/version.hpp"

namespace ballast::host {
namespace {

int converse(const CommonOptions& common) {
  const Desk desk = common.open_desk();
  const Configuration configuration = common.read(desk);
  FolderSource source = desk.source();
  const core::SystemClock clock;
  DeskServices services(desk, configuration, clock);
  services.limit_output(static_cast<std::size_t>(configuration.settings.limits.runbook.output_kib) << 10);
  State state(services, repl_profile(false), source, configuration.settings.limits.runbook);
  Session session(state);
  LineEditor editor(state_folder() / "repl_history", [&](const std::string& text) { return session.complete(text); });
  fmt::print(stderr, "ballast {}: help() explains, help \"word\" searches, Ctrl-D ends. Nothing is written here.\n", kVersion);
  bool failed = false;
  while (const auto line = editor.read(session.pending() ? ">> " : "> ")) {
    const Session::Reply reply = session.enter(*line);
    failed = reply.outcome == Session::Outcome::failed;
    std::fwrite(reply.text.data(), 1, reply.text.size(), failed ? stderr : stdout);
    std::fflush(stdout);
  }
  if (session.pending()) throw core::Error(core::Code::argument, "the input ended inside an unfinished entry");
  return failed ? kError : kPassed;
}

}  // namespace

void add_repl_verb(CLI::App& app, CommonOptions& common, Action& action) {
  CLI::App* verb = app.add_subcommand("repl", "Investigate interactively; nothing is written");
  verb->footer("examples:\n  ballast repl\n  > ballast.market.series()\n  > help(ballast.market)\n  echo 'ballast.market.series()' | ballast repl\n");
  add_common_options(*verb, common);
  verb->callback([&common, &action] { action = [&common] { return converse(common); }; });
}

}  // namespace ballast::host
