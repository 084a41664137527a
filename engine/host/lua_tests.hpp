// Runs Lua test suites: a file `*_test.lua` returns testing.suite(...); each case runs under protection and limits.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "host/configuration.hpp"
#include "host/desk.hpp"

namespace ballast::host {

enum class CaseStatus { passed, failed, skipped };

struct CaseResult {
  std::string name;
  CaseStatus status = CaseStatus::passed;
  std::string text;  ///< why it failed (with the place and the traceback) or was skipped
};

struct SuiteResult {
  std::string file;
  std::string name;
  std::vector<CaseResult> cases;
  std::size_t count(CaseStatus status) const;
};

/// Finds `*_test.lua` below the paths (files or folders), sorted. Throws: Error{not_found} for a path that is not
/// there.
std::vector<std::filesystem::path> find_test_files(const std::vector<std::string>& paths);

/// Runs one file; cases whose name `wanted` refuses are left out. A file that cannot be loaded or has no cases is one
/// failed case, so that it never looks green.
SuiteResult run_test_file(const Desk& desk, const Configuration& configuration, const std::filesystem::path& file,
                          const std::function<bool(const std::string&)>& wanted);

/// Writes results as JUnit XML.
std::string junit_document(const std::vector<SuiteResult>& suites);

}  // namespace ballast::host
