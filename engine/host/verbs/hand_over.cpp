// ballast runs hand-over: signed reports of runs that have ended, handed over to an audit repository.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "core/error.hpp"
#include "host/cli.hpp"
#include "host/hand_over/hand_over.hpp"

namespace ballast::host {
namespace {

struct HandOverOptions {
  std::string to, since;
  bool git = false;
};

/// A time, or a day, which is its midnight in UTC.
core::Instant parse_since(const std::string& text) {
  try {
    return core::parse_instant(text.size() == 10 ? text + "T00:00:00Z" : text);
  } catch (const core::Error& e) {
    throw core::Error(core::Code::argument, fmt::format("{}; or a day such as 2026-01-05", e.message()), "--since");
  }
}

core::Json document(const HandOverResult& result, const std::string& to) {
  core::Json handed = core::Json::array(), refused = core::Json::array(), commits = core::Json::array();
  for (const Report& each : result.handed_over)
    handed.push_back({{"run", each.run},
                      {"week", each.week},
                      {"status", each.status},
                      {"files", each.files},
                      {"replaced", each.replaced}});
  for (const auto& each : result.refused) refused.push_back({{"run", each.run}, {"why", each.why}});
  for (const auto& each : result.commits)
    commits.push_back({{"week", each.week}, {"commit", each.name}, {"runs", each.runs}});
  return {{"to", to}, {"handed_over", handed}, {"there", result.there}, {"refused", refused}, {"commits", commits}};
}

int work(const CommonOptions& common, const HandOverOptions& options) {
  const Desk desk = common.open_desk();
  HandOverRequest request{options.to, options.git, {}};
  if (!options.since.empty()) request.since = parse_since(options.since);
  const HandOverResult result = hand_over(desk, common.read(desk), request);
  if (common.json) {
    fmt::print("{}\n", core::canonical_json(document(result, options.to)));
    return result.refused.empty() ? kPassed : kDenied;
  }
  for (const Report& each : result.handed_over) {
    fmt::print("{:<9}  {:<9}  {:>2} files  {}{}\n", each.week, each.status, each.files, each.run,
               each.replaced == 0 ? "" : fmt::format(" ({} artefacts were replaced by later runs)", each.replaced));
  }
  for (const auto& each : result.refused) fmt::print("refused    {}: {}\n", each.run, each.why);
  for (const auto& each : result.commits) fmt::print("commit     {} for {}\n", each.name.substr(0, 12), each.week);
  fmt::print("{}\n", result.text(options.to));
  return result.refused.empty() ? kPassed : kDenied;
}

}  // namespace

void add_hand_over_verb(CLI::App& runs, CommonOptions& common, Action& action) {
  auto options = std::make_shared<HandOverOptions>();
  CLI::App* verb = runs.add_subcommand(
      "hand-over", "Hand the signed reports of runs that have ended over to an audit folder or git repository");
  verb->add_option("--to", options->to, "Folder that is there, or the top of a git repository, which is committed to")
      ->required();
  verb->add_option("--since", options->since, "Only runs that ended then or later: a time, or a day");
  verb->add_flag("--git", options->git, "Refuse a folder that is no git repository");
  finish_verb(*verb, common, action, [&common, options] { return work(common, *options); });
  verb->footer(
      "Each report is verified first and goes to WEEK/RUN/ with its signatures; nothing that is there is rewritten.\n"
      "Exit status 1 when a run does not verify, or a report is not as it was handed over.\n"
      "examples:\n  ballast runs hand-over --to /srv/audit\n"
      "  ballast runs hand-over --to /srv/audit.git-work --git --since 2026-01-05\n");
}

}  // namespace ballast::host
