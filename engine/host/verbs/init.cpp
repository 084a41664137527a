// ballast init: makes a desk folder to edit.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "core/error.hpp"
#include "core/file.hpp"
#include "host/cli.hpp"

namespace ballast::host {
namespace {

int make_desk(const CommonOptions& common, const std::string& folder) {
  const std::filesystem::path desk = folder;
  std::error_code problem;
  if (std::filesystem::exists(desk, problem) && !std::filesystem::is_empty(desk, problem)) {
    throw core::Error(core::Code::state, "the folder is not empty; nothing was changed", folder);
  }
  const auto installation = common.open_desk().installation;
  core::create_folders(desk);
  for (const char* each : {"policies", "runbooks", "config", "examples"}) {
    if (!std::filesystem::is_directory(installation / each, problem)) continue;
    std::filesystem::copy(installation / each, desk / each, std::filesystem::copy_options::recursive, problem);
    if (problem) core::throw_errno("copy to", (desk / each).string(), problem.value());
  }
  core::write_file_atomically(desk / ".gitignore", "var/\n");
  fmt::print(
      "{}: policies, runbooks, config and examples to edit; what is not there is taken from {}\n"
      "next: cd {} && ballast data sample && ballast run runbooks/portfolio_cycle.lua --set portfolio_value=1e6\n",
      folder, installation.string(), folder);
  return kPassed;
}

}  // namespace

void add_init_verb(CLI::App& app, CommonOptions& common, Action& action) {
  auto folder = std::make_shared<std::string>();
  CLI::App* verb = app.add_subcommand("init", "Make a desk folder with policies, runbooks and settings to edit");
  verb->add_option("DESK", *folder, "Folder to make")->required();
  verb->callback([&common, &action, folder] { action = [&common, folder] { return make_desk(common, *folder); }; });
}

}  // namespace ballast::host
