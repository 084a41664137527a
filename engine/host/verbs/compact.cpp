// ballast runs compact: the journals of runs that have ended go into archives.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "core/duration.hpp"
#include "core/error.hpp"
#include "host/cli.hpp"
#include "host/run/compact.hpp"

namespace ballast::host {
namespace {

struct CompactOptions {
  std::vector<std::string> runs;
  std::string older_than, archive, actor;
  bool dry_run = false;
};

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

int compact(const CommonOptions& common, const CompactOptions& options) {
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

void add_compact_verb(CLI::App& runs, CommonOptions& common, Action& action) {
  auto options = std::make_shared<CompactOptions>();
  CLI::App* verb = runs.add_subcommand("compact", "Move the journals of runs that have ended into sealed archives");
  finish_verb(*verb, common, action, [&common, options] { return compact(common, *options); });
  verb->footer(
      "The record, a signed statement and the decision log stay; ballast replay RUN works from the archive. A "
      "compacted\n"
      "run is not taken back any more.\n"
      "Exit status 1 when a run does not verify, which stays as it is.\n"
      "examples:\n  ballast runs compact --older-than 90d\n"
      "  ballast runs compact portfolio_cycle-20260115T000000Z-1f0c2d3e --archive /mnt/archive\n");
  verb->add_option("RUN", options->runs, "Ids of runs; left out, --older-than says which of those that have ended");
  verb->add_option("--older-than", options->older_than, "Only runs whose last record is older: 90d");
  verb->add_option("--archive", options->archive, "Folder of the archives (default: archive below var)");
  verb->add_option("--actor", options->actor, "Who compacts (default: the operating system's user)");
  verb->add_flag("--dry-run", options->dry_run, "Say what would be done and do nothing");
}

}  // namespace ballast::host
