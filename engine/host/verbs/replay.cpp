// ballast replay: decides again from recorded inputs and compares bytes, or judges them by a changed policy.
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "core/error.hpp"
#include "host/cli.hpp"
#include "host/evidence.hpp"
#include "host/replay.hpp"

namespace ballast::host {
namespace {

struct ReplayOptions {
  std::string subject;
  std::optional<std::string> policy;
};

core::Json result_document(const ReplayResult& result) {
  core::Json differences = core::Json::array();
  for (const Difference& each : result.differences) differences.push_back({{"path", each.path}, {"recorded", each.recorded}, {"found", each.found}});
  return {{"seq", result.seq}, {"policy", result.policy}, {"status", result.status}, {"differences", differences}, {"text", result.text}};
}

void show(const ReplayResult& result, bool judged) {
  if (result.status == "failed") {
    fmt::print("entry {}: cannot be decided again\n{}", result.seq, result.text);
    return;
  }
  if (result.same()) {
    fmt::print("entry {}: {}\n", result.seq, judged ? "the other policy decides the same" : "the same bytes");
    return;
  }
  fmt::print("entry {}: {} differences\n", result.seq, result.differences.size());
  for (const Difference& each : result.differences) fmt::print("  {}: recorded {}, now {}\n", each.path, each.recorded.dump(), each.found.dump());
}

int replay(const CommonOptions& common, const ReplayOptions& options) {
  const Desk desk = common.open_desk();
  if (options.policy) static_cast<void>(desk.source().policy(*options.policy));  // a name that nobody has is an error of usage
  const Configuration configuration = common.read(desk);
  bool same = true;
  core::Json all = core::Json::array();
  const auto recorded = find_recorded(desk, options.subject);
  if (recorded.empty()) throw core::Error(core::Code::not_found, "nothing there was decided by a policy", options.subject);
  for (const RecordedDecision& each : recorded) {
    const ReplayResult result = replay_decision(desk, each, options.policy, configuration.settings.limits.policy);
    same = same && result.same();
    if (common.json) {
      all.push_back(result_document(result));
    } else {
      show(result, options.policy.has_value());
    }
  }
  std::error_code ignored;
  core::Json run_differences = core::Json::array();
  if (!options.policy && std::filesystem::is_directory(runs_folder(desk) / options.subject, ignored)) {
    for (const std::string& each : replay_run(desk, configuration, options.subject)) {
      same = false;
      run_differences.push_back(each);
      if (!common.json) fmt::print("  {}\n", each);
    }
    if (!common.json && run_differences.empty()) fmt::print("run {}: every step, decision and artefact came out the same\n", options.subject);
  }
  if (common.json) fmt::print("{}\n", core::canonical_json({{"same", same}, {"decisions", all}, {"run_differences", run_differences}}));
  return same ? kPassed : kDenied;
}

}  // namespace

void add_replay_verb(CLI::App& app, CommonOptions& common, Action& action) {
  auto options = std::make_shared<ReplayOptions>();
  CLI::App* verb = app.add_subcommand("replay", "Decide again from recorded inputs and compare; or judge them by another policy");
  verb->add_option("SUBJECT", options->subject, "Number of an entry, id of a run, or a bundle")->required();
  verb->add_option("--policy", options->policy, "Judge the recorded inputs by this policy and show what differs");
  add_common_options(*verb, common);
  verb->footer("examples:\n  ballast replay 12\n  ballast replay decision.bundle\n  ballast replay 12 --policy policies/portfolio_governor.lua\n");
  verb->callback([&common, &action, options] { action = [&common, options] { return replay(common, *options); }; });
}

}  // namespace ballast::host
