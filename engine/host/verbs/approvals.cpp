// ballast approvals: what runs wait for, and the answers that people sign with their own keys.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "core/error.hpp"
#include "host/cli.hpp"
#include "host/evidence.hpp"
#include "host/run/approval.hpp"
#include "host/run/list.hpp"
#include "host/run/plan_file.hpp"
#include "host/run/run.hpp"

namespace ballast::host {
namespace {

struct ApprovalOptions {
  std::string run, actor, reason, name;
};

core::Json request_document(const Desk& desk, const Configuration& configuration, const ApprovalRequest& request) {
  core::Json out = request.json();
  out["run"] = request.run;
  out["author"] = request.author;
  const ApprovalVerdict verdict = judge_approvals(request, runs_folder(desk) / request.run,
                                                  configuration.settings.approvals, core::SystemClock().now());
  out["approved_by"] = core::Json::array();
  for (const Approval& each : verdict.accepted) out["approved_by"].push_back(each.approver());
  if (verdict.rejected) out["rejected_by"] = verdict.rejected->approver();
  out["not_counted"] = verdict.refused;
  return out;
}

/// Throws: Error{state} when the run waits for no approval.
ApprovalRequest request_of(const Desk& desk, const std::string& run) {
  const auto request = open_request(desk, run);
  if (request) return *request;
  for (const RunSummary& each : list_runs(desk)) {
    if (each.parent == run && open_request(desk, each.id))
      throw core::Error(core::Code::state, fmt::format("a child of the run waits for one: {}", each.id), run);
  }
  throw core::Error(core::Code::state,
                    fmt::format("the run waits for no approval; it is {}", find_run(desk, run).status), run);
}

int list(const CommonOptions& common, const ApprovalOptions&) {
  const Desk desk = common.open_desk();
  const Configuration configuration = common.read(desk);
  core::Json all = core::Json::array();
  for (const RunSummary& run : list_runs(desk)) {
    if (run.status != "waiting") continue;
    if (const auto request = open_request(desk, run.id)) all.push_back(request_document(desk, configuration, *request));
  }
  if (common.json) {
    fmt::print("{}\n", core::canonical_json({{"requests", all}}));
    return kPassed;
  }
  if (all.empty()) fmt::print("nothing waits for an approval\n");
  for (const core::Json& each : all) {
    const std::string rejected =
        each.contains("rejected_by") ? fmt::format("; rejected by {}", each["rejected_by"].get<std::string>()) : "";
    fmt::print("{}  {}: {}\n  {} of {} by {}, until {}; plan {}{}\n", each["run"].get<std::string>(),
               each["name"].get<std::string>(), each["what"].get<std::string>(), each["approved_by"].size(),
               each["quorum"].get<std::int64_t>(), each["role"].get<std::string>(), each["expires"].get<std::string>(),
               each["plan_sha256"].get<std::string>().substr(0, 12), rejected);
  }
  return kPassed;
}

int show(const CommonOptions& common, const ApprovalOptions& options) {
  const Desk desk = common.open_desk();
  const ApprovalRequest request = request_of(desk, options.run);
  core::Json out = request_document(desk, common.read(desk), request);
  const core::Json plan =
      core::parse_json(journal::ObjectStore(objects_folder(desk)).get(request.plan_sha256), request.plan_sha256);
  if (common.json) {
    out["plan"] = plan;
    fmt::print("{}\n", core::canonical_json(out));
    return kPassed;
  }
  fmt::print("run        {} of {}\nasked      {}: {}\nneeds      {} by {}{}, until {}\nplan       {}\n\n{}\n",
             request.run, request.author, request.name, request.what, request.quorum, request.role,
             request.not_author ? ", not by the author" : "", core::format_instant(request.expires),
             request.plan_sha256, plan_text(plan, Shown::whole));
  for (const core::Json& each : out["approved_by"]) fmt::print("approved by {}\n", each.get<std::string>());
  if (out.contains("rejected_by")) fmt::print("rejected by {}\n", out["rejected_by"].get<std::string>());
  for (const core::Json& each : out["not_counted"]) fmt::print("not counted: {}\n", each.get<std::string>());
  return kPassed;
}

int answer(const CommonOptions& common, const ApprovalOptions& options, const std::string& word) {
  const Desk desk = common.open_desk();
  const Configuration configuration = common.read(desk);
  const ApprovalRequest request = request_of(desk, options.run);
  const auto folder = runs_folder(desk) / request.run;
  const core::SystemClock clock;
  const core::Instant now = clock.now();
  const std::string actor = actor_name(configuration, options.actor);
  const auto signer =
      sign::KeyRing::open(desk.keys).signer_for(core::Purpose::approval, sign::Algorithm::ed25519, clock);
  const Approval approval = sign_approval(request, actor, word, options.reason, now, *signer);
  std::optional<std::string> refused = refuse_approval(request, approval, configuration.settings.approvals, now);
  const ApprovalVerdict before = judge_approvals(request, folder, configuration.settings.approvals, now);
  for (const Approval& each : before.accepted) {
    if (each.approver() == actor) refused = fmt::format("{} has answered already", actor);
  }
  if (before.rejected) refused = fmt::format("{} rejected it, and one rejection decides", before.rejected->approver());
  if (refused) {
    if (common.json) {
      fmt::print("{}\n", core::canonical_json({{"run", request.run}, {"accepted", false}, {"reason", *refused}}));
    } else {
      fmt::print("refused: {}\n", *refused);
    }
    return kDenied;
  }
  hand_in(approval, folder);
  const ApprovalVerdict verdict = judge_approvals(request, folder, configuration.settings.approvals, now);
  const bool decided = verdict.rejected || verdict.granted(request);
  if (common.json) {
    fmt::print("{}\n", core::canonical_json({{"run", request.run},
                                             {"accepted", true},
                                             {"answer", word},
                                             {"approver", actor},
                                             {"plan_sha256", request.plan_sha256},
                                             {"decided", decided}}));
    return kPassed;
  }
  fmt::print("{} by {} for plan {}\n", word == "reject" ? "rejected" : "approved", actor,
             request.plan_sha256.substr(0, 12));
  if (decided) {
    std::string root = request.run;  // a child goes on with its parent
    for (std::string parent = root; !parent.empty(); parent = find_run(desk, root).parent) root = parent;
    if (verdict.rejected) {
      fmt::print(
          "record it: ballast runs resume {0}{1}, which ends as denied; then ballast runs abort {0}{1} takes back "
          "what was done\n",
          root, common.var_option());
    } else {
      fmt::print("go on with it: ballast runs resume {}{}\n", root, common.var_option());
    }
  } else {
    fmt::print("{} of {} approvals are there\n", verdict.accepted.size(), request.quorum);
  }
  return kPassed;
}

/// What the desk has to know of an approver, from the approver's own ring.
int key(const CommonOptions& common, const ApprovalOptions& options) {
  const Desk desk = common.open_desk();
  const core::Json ring = core::parse_json(sign::KeyRing::open(desk.keys).public_text(), desk.keys.string());
  for (const core::Json& each : ring["keys"]) {
    const auto& purposes = each["purposes"];
    if (each["state"] != "active" || std::find(purposes.begin(), purposes.end(), "approval") == purposes.end())
      continue;
    if (common.json) {
      fmt::print("{}\n", core::canonical_json(
                             {{"name", options.name}, {"key", each["key_id"]}, {"public_key", each["public"]}}));
    } else {
      fmt::print(
          "# config/core.yaml, in place of its `approvals:`\napprovals:\n  approvers:\n    {}:\n      key: {}\n      "
          "public_key: {}\n      roles: [risk]\n",
          options.name, each["key_id"].get<std::string>(), each["public"].get<std::string>());
    }
    return kPassed;
  }
  throw core::Error(core::Code::not_found,
                    fmt::format("no active Ed25519 key for approvals; make one with `ballast keys new --algorithm "
                                "Ed25519 --keys {}`",
                                desk.keys.string()),
                    desk.keys.string());
}

}  // namespace

void add_approvals_verb(CLI::App& app, CommonOptions& common, Action& action) {
  auto options = std::make_shared<ApprovalOptions>();
  CLI::App* approvals = app.add_subcommand("approvals", "Show what runs wait for, approve or reject it");
  approvals->require_subcommand(1);
  const auto verb = [&](const char* name, const char* text, auto work, const char* examples) {
    CLI::App* out = approvals->add_subcommand(name, text);
    finish_verb(*out, common, action, [&common, options, work] { return work(common, *options); });
    out->footer(examples);
    return out;
  };
  verb("list", "Show what waits for an approval", list, "examples:\n  ballast approvals list\n");
  CLI::App* each = verb("show", "Show what a run asks for, and the plan that an approval is bound to", show,
                        "examples:\n  ballast approvals show rebalance_handover-20260115T000000Z-1f0c2d3e\n");
  each->add_option("RUN", options->run, "Id of the run")->required();
  for (const char* word : {"approve", "reject"}) {
    each = verb(
        word,
        word == std::string("approve") ? "Approve what a run asks for, signed with your own key"
                                       : "Reject it: the run ends as denied",
        [word](const CommonOptions& given, const ApprovalOptions& chosen) { return answer(given, chosen, word); },
        "Exit status 1 when the answer does not count: the author's, a second one, of another role, too late.\n"
        "examples:\n  ballast approvals approve rebalance_handover-20260115T000000Z-1f0c2d3e --actor ann --keys "
        "~/my_keys\n");
    each->add_option("RUN", options->run, "Id of the run")->required();
    each->add_option("--actor", options->actor, "Who answers (default: the operating system's user)");
    each->add_option("--reason", options->reason, "Why, for the record");
  }
  each =
      verb("key", "Print what the settings of the desk need to know of an approver", key,
           "Run by the approver, with the approver's own --keys; the output goes into config/core.yaml of the desk.\n"
           "examples:\n  ballast approvals key ann --keys ~/my_keys\n");
  each->add_option("NAME", options->name, "Name of the approver")->required();
}

}  // namespace ballast::host
