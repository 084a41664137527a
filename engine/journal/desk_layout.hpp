// Where a desk keeps its evidence, below the folder that `--var` names.
#pragma once

#include <string_view>

namespace ballast::journal {

inline constexpr std::string_view kLogFolder = "audit/decision_log";
inline constexpr std::string_view kRunsFolder = "runs";
inline constexpr std::string_view kObjectsFolder = "objects";
inline constexpr std::string_view kPlanName = "plan.json";            ///< in the folder of a run
inline constexpr std::string_view kCompactedName = "compacted.json";  ///< the same, in place of its journal
inline constexpr std::string_view kArchiveFolder = "archive";  ///< journals of compacted runs, where no other is named

}  // namespace ballast::journal
