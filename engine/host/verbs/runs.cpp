// ballast runs: the runs of a desk, going on with one, giving one up.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "core/duration.hpp"
#include "core/error.hpp"
#include "host/cli.hpp"
#include "host/limits.hpp"
#include "host/run/compact.hpp"
#include "host/run/list.hpp"
#include "host/run/report.hpp"
#include "host/run/resume.hpp"

namespace ballast::host {
namespace {

struct RunsOptions {
  std::vector<std::string> runs;
  std::string older_than, archive;
  bool dry_run = false;
  std::string run, actor, reason, status, runbook;
  bool accept_change = false, no_input = false;
  std::vector<std::string> confirmed, leave;
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
  if (runs.empty()) fmt::print("no runs{}\n", options.status.empty() && options.runbook.empty() ? "" : " like that");
  for (const RunSummary& each : runs) {
    fmt::print("{:<20}  {:<11}  {:>3} units  {:<10}  {}{}\n", each.started, each.status, each.units, each.actor,
               each.id, each.at.empty() ? "" : ": " + each.at);
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

int resume(const CommonOptions& common, const RunsOptions& options) {
  const Desk desk = common.open_desk();
  const Configuration configuration = common.read(desk);
  stop_on_interrupt();
  return show_run(common, desk, [&](const auto& begun) {
    ResumeRequest request;
    request.run = options.run;
    request.actor = options.actor;
    request.accept_change = options.accept_change;
    request.json = common.json;
    request.confirmed = options.confirmed;
    request.may_ask = !options.no_input;
    request.begun = begun;
    return resume_run(desk, configuration, request);
  });
}

int abort(const CommonOptions& common, const RunsOptions& options) {
  const Desk desk = common.open_desk();
  const Configuration configuration = common.read(desk);
  stop_on_interrupt();
  return show_run(common, desk, [&](const auto&) {
    return abort_run(
        desk, configuration,
        {options.run, options.actor, options.reason, {options.leave.begin(), options.leave.end()}, common.json});
  });
}

core::Json compacted_document(const CompactResult& result, bool dry_run) {
  core::Json runs = core::Json::array();
  for (const CompactResult::Run& each : result.runs) {
    core::Json one{{"run", each.id}, {"archive", each.archive.string()}, {"journal_bytes", each.bytes}};
    if (!each.refused.empty()) one["refused"] = each.refused;
    runs.push_back(std::move(one));
  }
  core::Json out{{"dry_run", dry_run}, {"runs", runs}, {"objects_removed", result.objects}};
  if (!result.objects_kept.empty()) out["objects_kept"] = result.objects_kept;
  return out;
}

int compact(const CommonOptions& common, const RunsOptions& options) {
  if (options.runs.empty() && options.older_than.empty())
    throw core::Error(core::Code::argument, "name runs, or say --older-than 90d for all that ended before", "RUN");
  const Desk desk = common.open_desk();
  CompactRequest request;
  request.runs = options.runs;
  if (!options.older_than.empty()) request.older_than = core::parse_duration(options.older_than);
  request.archive = options.archive;
  request.actor = options.actor;
  request.dry_run = options.dry_run;
  const CompactResult result = compact_runs(desk, common.read(desk), request);
  bool all = true;
  for (const CompactResult::Run& each : result.runs) all = all && each.refused.empty();
  if (common.json) {
    fmt::print("{}\n", core::canonical_json(compacted_document(result, options.dry_run)));
    return all ? kPassed : kDenied;
  }
  const std::string_view would = options.dry_run ? "would be " : "";
  for (const CompactResult::Run& each : result.runs) {
    if (each.refused.empty()) {
      fmt::print("{}  {} bytes {}moved into {}\n", each.id, each.bytes, would, each.archive.string());
    } else {
      fmt::print("{}  stays as it is: {}\n", each.id, each.refused);
    }
  }
  if (result.runs.empty()) fmt::print("no run to compact\n");
  fmt::print("{} objects that nobody else needs {}removed\n", result.objects, would);
  if (!result.objects_kept.empty()) fmt::print("objects stay: {}\n", result.objects_kept);
  return all ? kPassed : kDenied;
}

}  // namespace

void add_runs_verb(CLI::App& app, CommonOptions& common, Action& action) {
  auto options = std::make_shared<RunsOptions>();
  CLI::App* runs = app.add_subcommand("runs", "List runs, go on with one, give one up");
  runs->require_subcommand(1);
  const auto verb = [&](const char* name, const char* text, auto work, const char* examples) {
    CLI::App* out = runs->add_subcommand(name, text);
    add_common_options(*out, common);
    out->footer(examples);
    out->callback(
        [&common, &action, options, work] { action = [&common, options, work] { return work(common, *options); }; });
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
  each = verb("resume", "Go on with a run that was interrupted, waits, failed or died", resume,
              "What was completed is not done again; an effect that may have been applied is asked for first.\n"
              "examples:\n  ballast runs resume portfolio_cycle-20260115T000000Z-1f0c2d3e\n");
  each->add_option("RUN", options->run, "Id of the run")->required();
  each->add_option("--actor", options->actor, "Who resumes (default: the operating system's user)");
  each->add_option("--confirm", options->confirmed, "Give this confirmation; may be repeated");
  each->add_flag("--no-input", options->no_input, "Never ask at the terminal");
  each->add_flag("--accept-change", options->accept_change,
                 "Go on although scripts, policies or settings changed since");
  each = verb("abort", "Take back the effects of a run, the last one first, and end it", abort,
              "Exit status 1 when an effect that has no undo was left.\n"
              "examples:\n  ballast runs abort rebalance_handover-20260115T000000Z-1f0c2d3e --reason 'wrong book'\n");
  each->add_option("RUN", options->run, "Id of the run")->required();
  each->add_option("--actor", options->actor, "Who aborts (default: the operating system's user)");
  each->add_option("--reason", options->reason, "Why, for the record");
  each->add_option("--leave", options->leave,
                   "Leave this effect as it is, where its undo refuses; may be repeated, and is recorded");
  each = verb("compact", "Move the journals of runs that have ended into sealed archives", compact,
              "The record, a signed statement and the decision log stay; ballast replay RUN works from the archive.\n"
              "Exit status 1 when a run does not verify, which stays as it is.\n"
              "examples:\n  ballast runs compact --older-than 90d\n"
              "  ballast runs compact portfolio_cycle-20260115T000000Z-1f0c2d3e --archive /mnt/archive\n");
  each->add_option("RUN", options->runs, "Ids of runs; left out: all that have ended");
  each->add_option("--older-than", options->older_than, "Only runs whose last record is older: 90d");
  each->add_option("--archive", options->archive, "Folder of the archives (default: archive below var)");
  each->add_option("--actor", options->actor, "Who compacts (default: the operating system's user)");
  each->add_flag("--dry-run", options->dry_run, "Say what would be done and do nothing");
}

}  // namespace ballast::host
