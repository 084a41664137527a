// ballast test: runs Lua test suites.
#include <regex>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "core/error.hpp"
#include "core/file.hpp"
#include "host/cli.hpp"
#include "host/lua_tests.hpp"

namespace ballast::host {
namespace {

struct TestOptions {
  std::vector<std::string> paths;
  std::string filter, junit;
};

std::vector<std::string> default_paths(const Desk& desk) {
  std::vector<std::string> out;
  for (const char* folder : {"lua", "policies", "runbooks", "tests"}) {
    if (std::filesystem::is_directory(desk.folder / folder)) out.push_back((desk.folder / folder).string());
  }
  return out;
}

void show(const SuiteResult& suite) {
  std::string line = fmt::format("{:<56} {:>4} passed", suite.file, suite.count(CaseStatus::passed));
  if (const auto n = suite.count(CaseStatus::failed); n > 0) line += fmt::format(", {} failed", n);
  if (const auto n = suite.count(CaseStatus::skipped); n > 0) line += fmt::format(", {} skipped", n);
  fmt::print("{}\n", line);
  for (const CaseResult& each : suite.cases) {
    if (each.status == CaseStatus::failed) fmt::print("  FAILED {}\n    {}\n", each.name, each.text);
    if (each.status == CaseStatus::skipped) fmt::print("  skipped {}: {}\n", each.name, each.text);
  }
}

int run_tests(const CommonOptions& common, const TestOptions& options) {
  const Desk desk = common.open_desk();
  const Configuration configuration = common.read(desk);
  std::optional<std::regex> filter;
  try {
    if (!options.filter.empty()) filter.emplace(options.filter, std::regex::ECMAScript);
  } catch (const std::regex_error& e) {
    throw core::Error(core::Code::argument,
                      fmt::format("--filter '{}' is not a regular expression: {}", options.filter, e.what()));
  }
  const auto wanted = [&](const std::string& name) { return !filter || std::regex_search(name, *filter); };
  const auto files = find_test_files(options.paths.empty() ? default_paths(desk) : options.paths);
  std::vector<SuiteResult> suites;
  std::size_t passed = 0, failed = 0, skipped = 0;
  core::Json document = core::Json::array();
  for (const auto& file : files) {
    suites.push_back(run_test_file(desk, configuration, file, wanted));
    const SuiteResult& suite = suites.back();
    passed += suite.count(CaseStatus::passed);
    failed += suite.count(CaseStatus::failed);
    skipped += suite.count(CaseStatus::skipped);
    if (!common.json && !suite.cases.empty()) show(suite);
    core::Json cases = core::Json::array();
    for (const CaseResult& each : suite.cases) {
      static constexpr const char* kNames[] = {"passed", "failed", "skipped"};
      cases.push_back({{"name", each.name}, {"status", kNames[static_cast<int>(each.status)]}, {"text", each.text}});
    }
    document.push_back({{"file", suite.file}, {"cases", cases}});
  }
  if (passed + failed + skipped == 0)
    throw core::Error(core::Code::not_found, "no test was found, and a run that proves nothing does not pass");
  if (!options.junit.empty()) core::write_file_atomically(options.junit, junit_document(suites));
  if (common.json) {
    fmt::print("{}\n", core::canonical_json(
                           {{"suites", document}, {"passed", passed}, {"failed", failed}, {"skipped", skipped}}));
  } else {
    fmt::print("{} files: {} passed, {} failed, {} skipped\n", files.size(), passed, failed, skipped);
  }
  return failed == 0 ? kPassed : kDenied;
}

}  // namespace

void add_test_verb(CLI::App& app, CommonOptions& common, Action& action) {
  auto options = std::make_shared<TestOptions>();
  CLI::App* verb = app.add_subcommand("test", "Run Lua test suites (*_test.lua)");
  verb->add_option("PATH", options->paths, "Files or folders (default: lua, policies, runbooks and tests of the desk)");
  verb->add_option("--filter", options->filter, "Only cases whose sentence matches this regular expression");
  verb->add_option("--junit", options->junit, "Also write JUnit XML to this file");
  verb->footer("examples:\n  ballast test\n  ballast test policies/portfolio_governor_test.lua --filter volatility\n");
  finish_verb(*verb, common, action, [&common, options] { return run_tests(common, *options); });
}

}  // namespace ballast::host
