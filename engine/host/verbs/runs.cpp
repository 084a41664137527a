// ballast runs: the runs of a desk, going on with one, giving one up. Compaction, schedules and the hand-over of
// reports are in files of their own.
#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include "core/error.hpp"
#include "core/printable.hpp"
#include "host/cli.hpp"
#include "host/evidence.hpp"
#include "host/limits.hpp"
#include "host/run/abort.hpp"
#include "host/run/child_order.hpp"
#include "host/run/child_process.hpp"
#include "host/run/list.hpp"
#include "host/run/progress_display.hpp"
#include "host/run/report.hpp"
#include "host/run/resume.hpp"
#include "host/run/watch.hpp"
#include "host/status_line.hpp"
#include "journal/run_journal.hpp"

namespace ballast::host {
namespace {

struct RunsOptions {
  std::string run, child, actor, reason, status, runbook;
  bool accept_change = false, no_input = false, once = false, take_back = false;
  std::vector<std::string> confirmed, leave, secrets;
  ProgressOptions progress;
};

int list(const CommonOptions& common, const RunsOptions& options) {
  const Desk desk = common.open_desk();
  std::vector<RunSummary> runs = list_runs(desk);
  std::erase_if(runs, [&](const RunSummary& each) {
    return (!options.status.empty() && each.status != options.status) ||
           (!options.runbook.empty() && each.runbook != options.runbook);
  });
  if (common.json) {
    core::Json all = core::Json::array();
    for (const RunSummary& each : runs) all.push_back(run_document(each));
    fmt::print("{}\n", core::canonical_json({{"runs", all}}));
    return kPassed;
  }
  if (runs.empty()) {
    fmt::print("no runs{}\n", options.status.empty() && options.runbook.empty() ? "" : " like that");
    return kPassed;
  }
  fmt::print("{:<27}  {:<11}  {:>5}  {:<10}  {}\n", "started", "status", "units", "by", "run: where it is");
  for (const RunSummary& each : runs) {
    fmt::print("{:<27}  {:<11}  {:>5}  {:<10}  {}{}\n", each.started, each.status, each.units,
               core::printable(each.actor), each.id, each.at.empty() ? "" : ": " + core::printable(each.at));
  }
  return kPassed;
}

int show(const CommonOptions& common, const RunsOptions& options) {
  const Desk desk = common.open_desk();
  const RunSummary run = find_run(desk, options.run);
  if (common.json) {
    core::Json out = run_document(run);
    out["records"] = run_units(desk, options.run);
    fmt::print("{}\n", core::canonical_json(out));
  } else {
    fmt::print("{}", run_text(desk, run));
  }
  return kPassed;
}

/// The options by which the children of a run go on as the run does.
std::vector<std::string> child_options(const CommonOptions& common, const RunsOptions& options) {
  std::vector<std::string> out = common.as_arguments();
  if (!options.reason.empty()) out.insert(out.end(), {"--reason", options.reason});
  if (options.accept_change) out.emplace_back("--accept-change");
  return out;
}

AbortRequest abort_request(const CommonOptions& common, const RunsOptions& options) {
  AbortRequest out;
  out.run = options.run;
  out.actor = options.actor;
  out.reason = options.reason;
  out.leave = {options.leave.begin(), options.leave.end()};
  out.json = common.json;
  out.child_options = child_options(common, options);
  return out;
}

int resume(const CommonOptions& common, const RunsOptions& options) {
  const Desk desk = common.open_desk();
  const Configuration configuration = common.read(desk);
  ProgressDisplay display(progress_style(options.progress, common.json));
  stop_on_interrupt();
  return show_run(common, desk, [&](const auto& begun) {
    ResumeRequest request;
    request.observer = display.observer();
    request.run = options.run;
    request.actor = options.actor;
    request.accept_change = options.accept_change;
    request.json = common.json;
    request.confirmed = options.confirmed;
    request.may_ask = !options.no_input;
    request.secrets = options.secrets;
    request.begun = begun;
    request.child_options = child_options(common, options);
    return resume_run(desk, configuration, request);
  });
}

int abort(const CommonOptions& common, const RunsOptions& options) {
  const Desk desk = common.open_desk();
  const Configuration configuration = common.read(desk);
  stop_on_interrupt();
  return show_run(common, desk,
                  [&](const auto&) { return abort_run(desk, configuration, abort_request(common, options)); });
}

RunResult go_on_with_child(const CommonOptions& common, const RunsOptions& options) {
  const Desk desk = common.open_desk();
  const Configuration configuration = common.read(desk);
  const ChildOrder order = read_order(desk, options.run, options.child);
  stop_on_interrupt();
  if (options.take_back) {
    AbortRequest request = abort_request(common, options);
    request.run = order.run;
    request.by_parent = true;
    return abort_run(desk, configuration, request);
  }
  if (std::filesystem::exists(runs_folder(desk) / order.run / journal::kRunJournalName)) {
    ResumeRequest request;
    request.run = order.run;
    request.actor = options.actor;
    request.accept_change = options.accept_change;
    request.confirmed = options.confirmed;
    request.child_options = child_options(common, options);
    request.by_parent = true;
    return resume_run(desk, configuration, request);
  }
  RunRequest request = child_request(order);
  request.confirmed = options.confirmed;
  request.child_options = child_options(common, options);
  return execute_run(desk, configuration, request);
}

/// What a run has done for it in a process of its own: one of its children, from where that is.
int child(const CommonOptions& common, const RunsOptions& options) {
  if (!has_waiting_parent())
    throw core::Error(
        core::Code::state,
        fmt::format("only a run begins its children; ballast runs resume {} goes on with both", options.run),
        options.child);
  try {
    const RunResult result = go_on_with_child(common, options);
    std::fflush(stdout);  // what the script printed comes first
    fmt::print(stderr, "child run '{}' ({}): {}{}{}\n", options.child, result.id, result.status,
               result.reason.empty() ? "" : ": ", core::printable(result.reason));
    return kPassed;  // its journal says the rest
  } catch (const core::Error& e) {
    if (was_interrupted()) {
      fmt::print(stderr, "child run '{}': interrupted\n", options.child);
      return kInterrupted;
    }
    tell_parent(e);  // where it has no journal, this is all that its parent hears
    throw;
  }
}

int watch(const CommonOptions& common, const RunsOptions& options) {
  const Desk desk = common.open_desk();
  stop_on_interrupt();
  return watch_run(desk, {options.run.empty() ? newest_unfinished_run(desk) : options.run, options.once, common.json,
                          !common.json && moves_cursor(STDOUT_FILENO)});
}

}  // namespace

void add_runs_verb(CLI::App& app, CommonOptions& common, Action& action) {
  auto options = std::make_shared<RunsOptions>();
  CLI::App* runs = app.add_subcommand("runs", "List runs, go on with one, give one up");
  runs->require_subcommand(1);
  const auto verb = [&](const char* name, const char* text, auto work, const char* examples) {
    CLI::App* out = runs->add_subcommand(name, text);
    finish_verb(*out, common, action, [&common, options, work] { return work(common, *options); });
    out->footer(examples);
    return out;
  };
  CLI::App* each = verb("list", "Show the runs, oldest first", list,
                        "examples:\n  ballast runs list\n  ballast runs list --status waiting --json\n");
  each->add_option("--status", options->status,
                   "Only these: running, waiting, failed, interrupted, died, planned, finished, aborted");
  each->add_option("--runbook", options->runbook, "Only runs of this runbook");
  each = verb("show", "Show what a run did, unit by unit, and where it is", show,
              "examples:\n  ballast runs show portfolio_cycle-20260115T000000Z-1f0c2d3e\n");
  each->add_option("RUN", options->run, "Id of the run")->required();
  each = verb(
      "watch", "Follow a run of another process until it ends or stops", watch,
      "Exit status as that of the run: 0 finished, 1 denied, 2 failed or died, 3 stopped by a limit, 4 waiting,\n"
      "130 interrupted. Ctrl-C ends the watching and leaves the run alone. --json: one document a line and event.\n"
      "examples:\n  ballast runs watch\n"
      "  ballast runs watch portfolio_cycle-20260115T000000Z-1f0c2d3e --json\n"
      "  ballast runs watch --once\n");
  each->add_option("RUN", options->run, "Id of the run (default: the newest that has not ended)");
  each->add_flag("--once", options->once, "Tell where it is and do not wait; status 0 when it goes on");
  each = verb("resume", "Go on with a run that was interrupted, waits, failed or died", resume,
              "What was completed is not done again; an effect that may have been applied is asked for first.\n"
              "examples:\n  ballast runs resume portfolio_cycle-20260115T000000Z-1f0c2d3e\n");
  each->add_option("RUN", options->run, "Id of the run")->required();
  each->add_option("--actor", options->actor, "Who resumes (default: the operating system's user)");
  each->add_option("--confirm", options->confirmed, "Give this confirmation; may be repeated");
  each->add_option("--secret", options->secrets,
                   "Where a secret of the run is now, as name=env:NAME or name=file:PATH; may be repeated");
  each->add_flag("--no-input", options->no_input, "Never ask at the terminal");
  add_progress_options(*each, options->progress);
  each->add_flag("--accept-change", options->accept_change,
                 "Go on although scripts, policies or settings changed since");
  each = verb("abort", "Take back the effects of a run, of one that ended too, the last one first", abort,
              "Exit status 1 when an effect that has no undo was left.\n"
              "examples:\n  ballast runs abort rebalance_handover-20260115T000000Z-1f0c2d3e --reason 'wrong book'\n");
  each->add_option("RUN", options->run, "Id of the run")->required();
  each->add_option("--actor", options->actor, "Who aborts (default: the operating system's user)");
  each->add_option("--reason", options->reason, "Why, for the record");
  each->add_option("--leave", options->leave,
                   "Leave this effect as it is, where its undo refuses; may be repeated, and is recorded");
  each = verb("child", "Begin or go on with a child of a run; runs do this by themselves", child, "");
  each->group("");
  each->add_option("RUN", options->run, "Id of the parent")->required();
  each->add_option("NAME", options->child, "What the child is called there")->required();
  each->add_option("--actor", options->actor, "Who executes the parent");
  each->add_option("--confirm", options->confirmed, "A confirmation that was given to the parent");
  each->add_option("--leave", options->leave, "An effect that is left as it is");
  each->add_option("--reason", options->reason, "Why it is taken back");
  each->add_flag("--accept-change", options->accept_change, "The parent goes on over changes");
  each->add_flag("--take-back", options->take_back, "Take back what the child did");
  add_compact_verb(*runs, common, action);
  add_schedule_verbs(*runs, common, action);
  add_hand_over_verb(*runs, common, action);
}

}  // namespace ballast::host
