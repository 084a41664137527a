// The runs of a desk as their journals tell: what each is, where it is and what it did. Proves nothing; ballast verify
// does.
#pragma once

#include <string>
#include <vector>

#include "core/json.hpp"
#include "host/desk.hpp"

namespace ballast::host {

struct RunSummary {
  std::string id, runbook, actor, environment;
  std::string planned_by;        ///< who made the plan that it carries out, where that was somebody else
  std::string started, changed;  ///< RFC 3339: of the first and the last record
  std::string status;            ///< running, waiting, failed, interrupted, died, planned, finished, aborted
  std::string at;      ///< what it does, waits for or failed with; who took it back and why; empty once it has finished
  std::string parent;  ///< id of the run that began it; empty: none did
  std::size_t units = 0;     ///< steps, effects, decisions and so on that it completed
  std::string archive;       ///< file that holds its journal, once that was archived; empty before
  bool with_parent = false;  ///< it is looked after with its parent, which has not ended
  /// Whether somebody has to look after it by itself: it can be resumed, and no process does.
  bool open() const {
    return !with_parent && status != "running" && status != "planned" && status != "finished" && status != "aborted";
  }
};

/// Every run below var, oldest first, each as summarise_run has it.
std::vector<RunSummary> list_runs(const Desk& desk);
/// One run; when its journal cannot be read it has the status "unreadable", and what is wrong for `at`.
RunSummary summarise_run(const std::filesystem::path& folder);
/// Throws: Error{not_found} with the nearest id; as reading the journal does.
RunSummary find_run(const Desk& desk, const std::string& run);

/// Returns the folder of a run that has a journal, or a statement in its place. Throws: Error{not_found} with the
/// nearest id.
std::filesystem::path find_run_folder(const Desk& desk, const std::string& run);

core::Json run_document(const RunSummary& run);
/// The records that count, in order; of a compacted run the units of its summary: { unit, time, result, ... }.
core::Json run_units(const Desk& desk, const std::string& run);
/// The run for a terminal: head and a line a unit.
std::string run_text(const Desk& desk, const RunSummary& run);

}  // namespace ballast::host
