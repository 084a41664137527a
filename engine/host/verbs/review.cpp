// ballast review: signs the list of reviewed scripts, and tells what changed since. In `live` nothing else runs.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "host/cli.hpp"
#include "host/evidence.hpp"
#include "host/review.hpp"
#include "host/run/run.hpp"

namespace ballast::host {
namespace {

struct ReviewOptions {
  SignReviewRequest request;
  std::optional<std::string> public_keys;
};

core::Json file_document(const ReviewedFile& each) {
  core::Json out{{"place", each.place}, {"state", std::string(core::name_of(each.state))}};
  if (!each.sha256.empty()) out["sha256"] = each.sha256;
  if (each.review) out["review"] = core::write_record(*each.review);
  return out;
}

void show_file(const ReviewedFile& each) {
  fmt::print("{:<9} {:<36} {}\n", core::name_of(each.state), each.place,
             each.sha256.empty() ? std::string("not there any more") : "sha256 " + each.sha256);
  if (!each.review) return;
  const std::string seen = each.state == ReviewState::reviewed ? "" : fmt::format(" as sha256 {}", each.review->sha256);
  fmt::print("{:<9} by {} at {}{}\n", "", each.review->reviewer, core::format_instant(each.review->time), seen);
}

/// Shows every script, or with `differences` those alone that are not reviewed as they are.
int show(const CommonOptions& common, const ReviewOptions& options, bool differences) {
  const Desk desk = common.open_desk();
  const ReviewSurvey survey = survey_reviews(desk, open_verifier(desk, options.public_keys));
  core::Json files = core::Json::array();
  std::size_t reviewed = 0;
  for (const ReviewedFile& each : survey.files) {
    const bool same = each.state == ReviewState::reviewed;
    reviewed += same ? 1 : 0;
    if (same && differences) continue;
    files.push_back(file_document(each));
    if (!common.json) show_file(each);
  }
  if (common.json) {
    core::Json document{{"reviewed", survey.complete()}, {"files", files}};
    if (!survey.manifest.empty()) document["manifest"] = survey.manifest;
    if (survey.signed_at) document["signed_at"] = core::format_instant(*survey.signed_at);
    if (!survey.problem.empty()) document["problem"] = survey.problem;
    fmt::print("{}\n", core::canonical_json(document));
  } else if (!survey.problem.empty()) {
    fmt::print("NOT REVIEWED: {}\n", survey.problem);
  } else if (survey.manifest.empty()) {
    fmt::print("NOT REVIEWED: there is no policies/manifest.json; `ballast review sign` makes one\n");
  } else {
    fmt::print("{}: {} of {} scripts as in {}, signed at {}\n", survey.complete() ? "reviewed" : "NOT REVIEWED",
               reviewed, survey.files.size(), survey.manifest, core::format_instant(*survey.signed_at));
  }
  return survey.complete() ? kPassed : kDenied;
}

int sign(const CommonOptions& common, const ReviewOptions& options) {
  const Desk desk = common.open_desk();
  const Configuration configuration = common.read(desk);
  SignReviewRequest request = options.request;
  request.reviewer = actor_name(configuration, request.reviewer);
  const core::SystemClock clock;
  const SignedReview made = sign_reviews(desk, configuration, request, clock);
  if (common.json) {
    fmt::print("{}\n", core::canonical_json({{"manifest", made.manifest.string()},
                                             {"reviewer", request.reviewer},
                                             {"time", core::format_instant(made.time)},
                                             {"key_id", made.key_id},
                                             {"files", made.places},
                                             {"listed", made.listed}}));
    return kPassed;
  }
  for (const std::string& each : made.places) fmt::print("reviewed  {}\n", each);
  fmt::print("{}: {} scripts, {} of them reviewed now by {}, signed with {} at {}\n", made.manifest.string(),
             made.listed, made.places.size(), request.reviewer, made.key_id, core::format_instant(made.time));
  return kPassed;
}

}  // namespace

void add_review_verb(CLI::App& app, CommonOptions& common, Action& action) {
  auto options = std::make_shared<ReviewOptions>();
  CLI::App* verb = app.add_subcommand("review", "Sign which scripts were reviewed, and tell what changed since");
  verb->require_subcommand(1);
  CLI::App* made = verb->add_subcommand("sign", "Sign the policies, runbooks and libraries as they are now");
  made->add_option("FILE", options->request.files, "Those that were reviewed (default: all); other reviews stay");
  made->add_option("--reviewer", options->request.reviewer,
                   "Who reviewed (default: the configured actor, else the operating system's user)");
  made->add_option("--key", options->request.key, "Key id (default: the newest Ed25519 key with the purpose approval)");
  finish_verb(*made, common, action, [&common, options] { return sign(common, *options); });
  made->footer(
      "Scripts that do not compile are not signed. `live` runs nothing that is not listed as it is.\n\n"
      "examples:\n  ballast review sign --reviewer ann\n  ballast review sign policies/portfolio_governor.lua "
      "--reviewer ann\n");
  const auto add = [&](const char* name, const char* summary, bool differences) {
    CLI::App* each = verb->add_subcommand(name, summary);
    each->add_option("--public-keys", options->public_keys, "File of public keys instead of the key ring");
    finish_verb(*each, common, action, [&common, options, differences] { return show(common, *options, differences); });
    return each;
  };
  add("show", "List every script with its hash: reviewed, changed, new or removed", false)
      ->footer("exit status: 0 when all are reviewed as they are, else 1\n\nexamples:\n  ballast review show\n");
  add("check", "List the scripts that are not reviewed as they are", true)
      ->footer(
          "exit status: 0 when all are reviewed as they are, else 1\n\nexamples:\n  ballast review check && ballast "
          "run portfolio_cycle --environment live --set portfolio_value=1e6\n"
          "  ballast review check --public-keys desk_keys.json --json\n");
  verb->footer(
      "examples:\n  ballast review show                                       what is new or changed\n"
      "  ballast review sign --reviewer ann                        all scripts were reviewed\n"
      "  ballast review sign policies/mine.lua --reviewer ann      this one was; other reviews stay\n"
      "  ballast review check                                      status 1 when something changed since\n");
}

}  // namespace ballast::host
