// ballast repl: looks at the market, the log and settings interactively; writes only with --live.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "core/error.hpp"
#include "host/cli.hpp"
#include "host/desk_services.hpp"
#include "host/limits.hpp"
#include "host/line_editor.hpp"
#include "host/session.hpp"
#include "host/version.hpp"

namespace ballast::host {
namespace {

using Outcome = Session::Outcome;

int status_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::failed: return kError;
    case Outcome::stopped: return kStopped;
    case Outcome::interrupted: return kInterrupted;
    case Outcome::done:
    case Outcome::incomplete: break;
  }
  return kPassed;
}

/// Reads entries until the end of input and returns the status of the last one. On a terminal Ctrl-C stops the running
/// entry, sets an unfinished one aside, and ends the session when there is nothing of either twice.
int converse_over(LineEditor& editor, Session& session, DeskServices& services, std::size_t output_bytes) {
  Outcome last = Outcome::done;
  bool warned = false;
  for (;;) {
    const LineEditor::Input input = editor.read(session.pending() ? ">> " : "> ");
    if (input.event == LineEditor::Event::end) break;
    if (input.event == LineEditor::Event::interrupt) {
      const bool nothing = input.line.empty() && !session.pending();
      if (nothing && warned) break;
      if (nothing) fmt::print(stderr, "Ctrl-C again or Ctrl-D ends\n");
      warned = nothing;
      session.discard();
      continue;
    }
    warned = false;
    services.limit_output(output_bytes);
    const Session::Reply reply = session.enter(input.line);
    if (!input.line.empty()) last = reply.outcome;
    std::fwrite(reply.text.data(), 1, reply.text.size(), status_of(reply.outcome) == kPassed ? stdout : stderr);
    std::fflush(stdout);
    if (reply.outcome == Outcome::interrupted && !editor.is_terminal()) break;  // nobody is there to go on
  }
  if (session.pending() && !editor.is_terminal())
    throw core::Error(core::Code::argument, "the input ended inside an unfinished entry");
  return status_of(last);
}

int converse(const CommonOptions& common) {
  const Desk desk = common.open_desk();
  const Configuration configuration = common.read(desk);
  const Limits& limits = configuration.settings.limits.repl;
  FolderSource source = desk.source();
  const core::SystemClock clock;
  DeskServices services(desk, configuration, clock);
  State state(services, repl_profile(false), source, limits);
  Session session(state);
  LineEditor editor(state_folder() / "repl_history", [&](const std::string& text) { return session.complete(text); });
  stop_on_interrupt(editor.is_terminal() ? WhenIdle::go_on : WhenIdle::end_process);
  fmt::print(stderr,
             "ballast {}: help() explains, help \"word\" searches, Ctrl-C stops an entry, Ctrl-D ends. Nothing is "
             "written here.\n",
             kVersion);
  return converse_over(editor, session, services, static_cast<std::size_t>(limits.output_kib) << 10);
}

}  // namespace

void add_repl_verb(CLI::App& app, CommonOptions& common, Action& action) {
  CLI::App* verb = app.add_subcommand("repl", "Investigate interactively; nothing is written");
  verb->footer(
      "Each entry has the limits of limits.repl in config/core.yaml; the session goes on after a stopped one.\n\n"
      "examples:\n  ballast repl\n  > ballast.market.series()\n  > help(ballast.market)\n  echo "
      "'ballast.market.series()' | ballast repl\n"
      "  ballast repl --setting limits.repl.seconds=600\n");
  finish_verb(*verb, common, action, [&common] { return converse(common); });
}

}  // namespace ballast::host
