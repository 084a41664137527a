// Replays and re-judges: decides again from recorded inputs and compares bytes.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/configuration.hpp"
#include "host/desk.hpp"

namespace ballast::host {

/// One logged decision with everything needed to decide it again.
struct RecordedDecision {
  core::Json entry;
  std::string policy_text, library_manifest, input;
  std::map<std::string, std::string> library_texts;  ///< by name
};

struct Difference {
  std::string path;      ///< "adjustments[0].proposed_weight"
  core::Json recorded, found;
};

struct ReplayResult {
  std::uint64_t seq = 0;
  std::string policy;                   ///< name of the policy that decided now
  std::string status;                   ///< "same", "different", "stopped" (the recorded run was stopped by time), "failed"
  std::string text;                     ///< why, when it failed
  std::vector<Difference> differences;
  bool same() const { return status == "same"; }
};

/// Decides again with the recorded policy and libraries, without a time limit, or judges the recorded input with the
/// policy in `judge` (a file or name; its libraries come from the desk), which `judge_limits` hold for.
ReplayResult replay_decision(const Desk& desk, const RecordedDecision& recorded, const std::optional<std::string>& judge,
                             const Limits& judge_limits);

/// Finds what SUBJECT names: the number of an entry, the id of a run, or a bundle file.
/// Throws: Error{not_found} for what is not there, Error{crypto} for an object that was changed.
std::vector<RecordedDecision> find_recorded(const Desk& desk, const std::string& subject);

/// Runs a runbook again from its journal: every answer comes from the record, decisions and artefacts are compared.
/// Returns the differences, in order; empty when everything came out the same.
std::vector<std::string> replay_run(const Desk& desk, const Configuration& configuration, const std::string& run);

/// Lists where two documents differ, member by member.
std::vector<Difference> differences_of(const core::Json& recorded, const core::Json& found);

}  // namespace ballast::host
