// ballast status: what needs a person, and how the desk is. Writes nothing.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "host/cli.hpp"
#include "host/status/status.hpp"

namespace ballast::host {
namespace {

int status(const CommonOptions& common, const std::string& now) {
  const Desk desk = common.open_desk();
  const auto there = [](const std::filesystem::path& path) { return std::filesystem::exists(path); };
  if (!there(desk.var) && !there(desk.folder / "config") && !there(desk.folder / "policies") &&
      !there(desk.folder / "runbooks"))
    throw core::Error(core::Code::not_found,
                      "this is no desk: it holds neither config, policies, runbooks nor var; `ballast init` makes one",
                      common.desk);
  const Configuration configuration = common.read(desk);
  const StatusQuestion question{desk, configuration, now.empty() ? core::SystemClock().now() : core::parse_instant(now),
                                common.var_option()};
  const auto parts = read_status(question);
  if (common.json) {
    fmt::print("{}\n", core::canonical_json(status_document(question, parts)));
  } else {
    fmt::print("{}", status_text(question, parts));
  }
  return count_findings(parts) == 0 ? kPassed : kDenied;
}

}  // namespace

void add_status_verb(CLI::App& app, CommonOptions& common, Action& action) {
  auto now = std::make_shared<std::string>();
  CLI::App* verb = app.add_subcommand("status", "Show what needs a person, and how the desk is");
  verb->add_option("--now", *now, "As of this time, RFC 3339 (default: the clock's)");
  finish_verb(*verb, common, action, [&common, now] { return status(common, *now); });
  verb->footer(
      "Runs that wait, failed or died; schedules that are overdue; freezes in force; the last decision; the decision\n"
      "log, verified; old bars; keys that end; room on the disk. Writes nothing.\n"
      "Exit status: 0 when nothing needs a person, 1 when something does, 2 for an error.\n"
      "examples:\n  ballast status\n  ballast status --json | jq .findings\n"
      "  ballast status --setting status.key_warning_days=90\n");
}

}  // namespace ballast::host
