// Where a desk keeps its evidence, below the folder that `--var` names.
#pragma once

#include <string>
#include <string_view>

namespace ballast::journal {

inline constexpr std::string_view kLogFolder = "audit/decision_log";
inline constexpr std::string_view kRunsFolder = "runs";
inline constexpr std::string_view kObjectsFolder = "objects";

/// Whether verification takes a file of that name for a signature, a log, a run or an object.
bool is_evidence_name(const std::string& name);

}  // namespace ballast::journal
