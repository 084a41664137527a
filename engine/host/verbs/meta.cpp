// ballast meta: writes or checks the generated files (types, reference, schemas, commented settings).
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "core/file.hpp"
#include "host/cli.hpp"
#include "host/help.hpp"

namespace ballast::host {
namespace {

struct MetaOptions {
  std::string out;
  bool check = false;
};

int generate(const CommonOptions& common, const MetaOptions& options) {
  const std::filesystem::path folder =
      options.out.empty() ? common.open_desk().installation : std::filesystem::path(options.out);
  int stale = 0;
  for (const Generated& each : generate_documentation()) {
    const auto file = folder / each.path;
    std::error_code ignored;
    const bool same = std::filesystem::exists(file, ignored) && core::read_file(file) == each.text;
    if (same) continue;
    ++stale;
    if (options.check) {
      fmt::print("stale: {}\n", each.path.string());
    } else {
      core::write_file_atomically(file, each.text);
      fmt::print("written: {}\n", each.path.string());
    }
  }
  if (options.check && stale > 0) fmt::print("{} generated files differ; run `ballast meta --out .`\n", stale);
  return options.check && stale > 0 ? kDenied : kPassed;
}

}  // namespace

void add_meta_verb(CLI::App& app, CommonOptions& common, Action& action) {
  auto options = std::make_shared<MetaOptions>();
  CLI::App* verb =
      app.add_subcommand("meta", "Write the generated files: editor types, reference pages, schemas, config/core.yaml");
  verb->add_option("--out", options->out, "Folder to write to (default: the installation)");
  verb->add_flag("--check", options->check, "Write nothing; exit 1 when a file is stale");
  finish_verb(*verb, common, action, [&common, options] { return generate(common, *options); });
}

}  // namespace ballast::host
