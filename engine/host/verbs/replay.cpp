// ballast replay: decides again from recorded inputs and compares bytes, or judges them by a changed policy.
#include <algorithm>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "core/error.hpp"
#include "host/archived_run.hpp"
#include "host/checks.hpp"
#include "host/cli.hpp"
#include "host/evidence.hpp"
#include "host/policy_runner.hpp"
#include "host/replay.hpp"
#include "journal/evidence_kind.hpp"

namespace ballast::host {
namespace {

struct ReplayOptions {
  std::string subject;
  std::optional<std::string> policy, public_keys, archive;
  bool unverified = false;
};

core::Json result_document(const ReplayResult& result) {
  core::Json differences = core::Json::array();
  for (const Difference& each : result.differences)
    differences.push_back({{"path", each.path}, {"recorded", each.recorded}, {"found", each.found}});
  return {{"seq", result.seq},
          {"policy", result.policy},
          {"status", result.status},
          {"differences", differences},
          {"text", result.text}};
}

/// A value in one line of a table; what is longer is cut, `--json` has all of it.
std::string cell(const core::Json& value) {
  constexpr std::size_t kWidest = 40;
  const std::string text = value.is_null() ? "-" : value.dump();
  return text.size() <= kWidest ? text : text.substr(0, kWidest - 3) + "...";
}

void show_differences(const std::vector<Difference>& differences) {
  std::size_t path = 6, recorded = 8;
  for (const Difference& each : differences) {
    path = std::max(path, each.path.size());
    recorded = std::max(recorded, cell(each.recorded).size());
  }
  fmt::print("  {:<{}}  {:<{}}  now\n", "member", path, "recorded", recorded);
  for (const Difference& each : differences)
    fmt::print("  {:<{}}  {:<{}}  {}\n", each.path, path, cell(each.recorded), recorded, cell(each.found));
}

void show(const ReplayResult& result, bool judged) {
  if (result.status == "failed") {
    fmt::print("entry {}: cannot be decided again\n{}", result.seq, result.text);
  } else if (result.same()) {
    fmt::print("entry {}: {}\n", result.seq, judged ? "the other policy decides the same" : "the same bytes");
  } else {
    fmt::print("entry {}: {} {}\n", result.seq, result.differences.size(),
               result.differences.size() == 1 ? "difference" : "differences");
    show_differences(result.differences);
  }
}

/// Proves what is about to be replayed: a record that anybody could have written proves nothing by being repeated.
/// Keys that are not known leave a bundle unproved, and what only secret keys prove where public ones are given. This
/// is said; everything else is a finding.
std::vector<journal::VerifyReport> prove(const Desk& desk, const Subject& subject,
                                         const std::optional<std::string>& public_keys, const ArchivedRun* archived,
                                         bool& unproved) {
  std::vector<journal::VerifyReport> out;
  if (subject.kind == SubjectKind::bundle) {
    out.push_back(verify_at(desk, subject.text, {public_keys, {}}));
  } else {
    out.push_back(verify_at(desk, log_folder(desk), {public_keys, {}}));
    if (archived != nullptr)  // whose statement was proved when it was opened
      out.push_back(verify_at(desk, archived->archive(), {public_keys, {}}));
    else if (subject.kind == SubjectKind::run)
      out.push_back(verify_at(desk, runs_folder(desk) / subject.text, {public_keys, {}}));
  }
  for (journal::VerifyReport& each : out) {
    const bool excused = subject.kind == SubjectKind::bundle || public_keys;
    const auto is_unknown = [&](const journal::Finding& finding) {
      return excused && finding.code == journal::FindingCode::unknown_key;
    };
    for (const journal::Finding& finding : each.findings) {
      if (is_unknown(finding)) each.findings_total -= finding.count;
    }
    unproved = std::erase_if(each.findings, is_unknown) > 0 || unproved;
  }
  std::erase_if(out, [](const journal::VerifyReport& each) { return each.verified(); });
  return out;
}

/// Leaves the decisions of one policy, whose changed copy judges them: another policy answers another question.
void keep_decisions_of(const std::string& judge, std::vector<RecordedDecision>& recorded) {
  const auto decided_by = [](const RecordedDecision& each) { return each.entry["policy"]["name"].get<std::string>(); };
  const std::string first = decided_by(recorded.front());
  std::erase_if(recorded, [&](const RecordedDecision& each) { return decided_by(each) != judge; });
  if (recorded.empty()) {
    throw core::Error(
        core::Code::argument,
        fmt::format("{} is another policy than {}, which decided; a changed copy keeps the name", judge, first),
        "--policy");
  }
}

int replay(const CommonOptions& common, const ReplayOptions& options) {
  const Desk desk = common.open_desk();
  const Configuration configuration = common.read(desk);
  const Limits& limits = configuration.settings.limits.policy;
  std::string judge;
  if (options.policy) {  // what is not a policy is an error of usage, found before anything is judged
    FolderSource source = desk.source();
    judge = check_policy(source, *options.policy, limits);
  }
  const Subject subject = read_subject(desk, options.subject);
  std::optional<ArchivedRun> archived;
  if (subject.kind == SubjectKind::run && journal::is_compacted(runs_folder(desk) / subject.text)) {
    const sign::KeyRing keys = open_verifier(desk, options.public_keys);
    archived.emplace(desk, subject.text, options.archive, options.unverified ? nullptr : &keys);
    if (!common.json) fmt::print("{}\n", compacted_sentence(runs_folder(desk) / subject.text));
  } else if (options.archive) {
    throw core::Error(core::Code::argument, "only a compacted run has an archive", "--archive");
  }
  const Desk& at = archived ? archived->desk() : desk;
  auto recorded = find_recorded(at, subject);
  if (recorded.empty() && (options.policy || subject.kind != SubjectKind::run)) {
    throw core::Error(core::Code::not_found, "nothing there was decided by a policy", options.subject);
  }
  if (options.policy) keep_decisions_of(judge, recorded);
  bool unproved = options.unverified;
  if (!options.unverified) {
    const auto broken = prove(desk, subject, options.public_keys, archived ? &*archived : nullptr, unproved);
    if (!broken.empty()) {
      if (!common.json)
        fmt::print(stderr,
                   "not replayed, because the record does not verify (--unverified replays it all the same):\n");
      return show_reports(broken, common.json);
    }
  }
  if (unproved && !common.json)
    fmt::print(stderr, "note: not everything here is proved: {}\n",
               options.unverified ? "--unverified" : "keys are not known here (--public-keys FILE)");
  bool same = true;
  core::Json all = core::Json::array();
  for (const RecordedDecision& each : recorded) {
    const ReplayResult result = replay_decision(at, each, options.policy, limits);
    same = same && result.same();
    if (common.json) {
      all.push_back(result_document(result));
    } else {
      show(result, options.policy.has_value());
    }
  }
  core::Json run_differences = core::Json::array();
  if (!options.policy && subject.kind == SubjectKind::run) {
    for (const std::string& each : replay_run(at, configuration, options.subject)) {
      same = false;
      run_differences.push_back(each);
      if (!common.json) fmt::print("  {}\n", each);
    }
    if (!common.json && run_differences.empty())
      fmt::print("run {}: every step, decision and artefact came out the same\n", options.subject);
  }
  if (common.json)
    fmt::print("{}\n",
               core::canonical_json(
                   {{"same", same}, {"proved", !unproved}, {"decisions", all}, {"run_differences", run_differences}}));
  return same ? kPassed : kDenied;
}

}  // namespace

void add_replay_verb(CLI::App& app, CommonOptions& common, Action& action) {
  auto options = std::make_shared<ReplayOptions>();
  CLI::App* verb =
      app.add_subcommand("replay", "Decide again from recorded inputs and compare; or judge them by another policy");
  verb->add_option("SUBJECT", options->subject, "Number of an entry, id of a run, or a bundle")->required();
  verb->add_option("--policy", options->policy, "Judge the recorded inputs by this policy and show what differs");
  verb->add_option("--public-keys", options->public_keys, "File of public keys instead of the key ring");
  verb->add_option("--archive", options->archive,
                   "Where the archive of a compacted run lies now: its folder, or the file");
  verb->add_flag("--unverified", options->unverified, "Replay although the record does not verify");
  finish_verb(*verb, common, action, [&common, options] { return replay(common, *options); });
  verb->footer(
      "examples:\n  ballast replay 12\n  ballast replay portfolio_cycle-20240324T081000Z-21cb6a24\n  ballast replay "
      "decision.bundle\n  ballast replay 12 --policy policies/portfolio_governor.lua\n");
}

}  // namespace ballast::host
