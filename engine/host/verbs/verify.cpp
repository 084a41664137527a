// ballast verify: proves files, logs, runs and bundles untouched, or says what is wrong and where.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "core/error.hpp"
#include "host/checks.hpp"
#include "host/cli.hpp"

namespace ballast::host {
namespace {

struct VerifyOptions {
  std::vector<std::string> paths;
  std::optional<std::string> public_keys, expect_head;
};

int verify(const CommonOptions& common, const VerifyOptions& options) {
  const Desk desk = common.open_desk();
  std::vector<journal::VerifyReport> reports;
  for (const std::string& path : options.paths)
    reports.push_back(verify_at(desk, path, {options.public_keys, options.expect_head}));
  return show_reports(reports, common.json);
}

}  // namespace

void add_verify_verb(CLI::App& app, CommonOptions& common, Action& action) {
  auto options = std::make_shared<VerifyOptions>();
  CLI::App* verb = app.add_subcommand("verify", "Prove that files, logs, runs and bundles are unchanged");
  verb->add_option("PATH", options->paths, "Files with .sig, the decision log, runs, bundles, or folders of these")
      ->required();
  verb->add_option("--public-keys", options->public_keys, "File of public keys instead of the key ring");
  verb->add_option("--expect-head", options->expect_head, "HEAD file kept elsewhere: the log must contain it");
  finish_verb(*verb, common, action, [&common, options] { return verify(common, *options); });
  verb->footer(
      "examples:\n  ballast verify var\n  ballast verify var/audit/portfolio/summary.json\n  ballast verify "
      "decision.bundle --public-keys desk_keys.json\n");
}

}  // namespace ballast::host
