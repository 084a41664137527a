// A desk with a runbook that reads a file, decides, writes a file and reports, for tests of what stands around a run.
#pragma once

#include <vector>

#include <doctest/doctest.h>

#include "support/command.hpp"

namespace ballast::test {

/// Records of a run, or of the only run of the desk where no id is given.
inline std::vector<core::Json> journal_records(const TestDesk& desk, std::string id = {}) {
  std::filesystem::path folder = desk.var() / "runs";
  if (id.empty()) {
    for (const auto& each : std::filesystem::directory_iterator(folder)) id = each.path().filename().string();
  }
  std::istringstream lines(slurp(folder / id / "journal.jsonl"));
  std::vector<core::Json> out;
  for (std::string line; std::getline(lines, line);) out.push_back(core::parse_json(line, id));
  return out;
}

inline std::size_t count_kind(const std::vector<core::Json>& records, std::string_view kind) {
  std::size_t out = 0;
  for (const core::Json& each : records) out += each["kind"] == kind ? 1 : 0;
  return out;
}

/// A runbook of that name whose main is `body`; it may write below var/out.
inline void spill_runbook(const TestDesk& desk, const std::string& name, const std::string& body,
                          const std::string& more = {}) {
  desk.spill("runbooks/" + name + ".lua",
             "return require('runbook').define { name = '" + name + "', version = 1, summary = 'Tested.',\n" + more +
                 "\nroots = { out = 'what the test writes' },\nmain = function(run)\n" + body + "\nend }\n");
}

/// An effect that writes `text`, a Lua expression, into a file below var/out.
inline std::string writing_effect(const std::string& name, const std::string& text) {
  return "run:effect { name = '" + name + "', plan = function() return { file = 'out/" + name +
         ".txt', text = " + text +
         ", outcome = { written = true } } end,\n"
         "  apply = function(plan) ballast.files.write(plan.file, plan.text) end,\n"
         "  verify = function(plan) return ballast.files.exists(plan.file) end,\n"
         "  undo = function(plan) ballast.files.remove(plan.file) end }\n";
}

/// The id in what `run --json` printed.
inline std::string run_id(const Ran& ran) {
  CAPTURE(ran.out + ran.error);
  REQUIRE(!ran.out.empty());
  return ran.json()["run"].get<std::string>();
}

}  // namespace ballast::test
