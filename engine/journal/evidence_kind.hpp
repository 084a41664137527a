// What a file or folder is, by what it holds rather than by its name alone: git too has files called HEAD.
#pragma once

#include <filesystem>
#include <string>

namespace ballast::journal {

/// A folder that holds segments or a HEAD of a decision log.
bool is_log(const std::filesystem::path& folder);
/// A folder that holds the journal of a run.
bool is_run(const std::filesystem::path& folder);
/// A folder of a run where a statement stands in place of the journal.
bool is_compacted(const std::filesystem::path& run_folder);
/// A folder of a run that holds its plan and no journal: a dry run made it, and nobody carried it out.
bool is_plan(const std::filesystem::path& folder);
/// A folder that holds the place of the log, runs or objects, as a desk's `var` does.
bool is_desk(const std::filesystem::path& folder);
/// A file called `.bundle`, or whose first line says so.
bool is_bundle(const std::filesystem::path& file);

/// Whether a name is one that a decision log keeps for itself in its folder.
bool belongs_to_log(const std::string& name);
/// Whether verification takes a file of that name for a signature, a log, a run or an object.
bool is_evidence_name(const std::string& name);

}  // namespace ballast::journal
