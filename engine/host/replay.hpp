// Replays and re-judges: decides again from recorded inputs and compares bytes.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/configuration.hpp"
#include "host/desk.hpp"
#include "host/run/history.hpp"

namespace ballast::host {

/// One logged decision with everything needed to decide it again.
struct RecordedDecision {
  core::Json entry;
  std::string policy_text, library_manifest, input;
  std::map<std::string, std::string> library_texts;  ///< by name
};

struct Difference {
  std::string path;  ///< "adjustments[0].proposed_weight"
  core::Json recorded, found;
};

struct ReplayResult {
  std::uint64_t seq = 0;
  std::string policy;  ///< name of the policy that decided now
  std::string status;  ///< "same", "different" or "failed"
  std::string text;    ///< why, when it failed
  std::vector<Difference> differences;
  bool same() const { return status == "same"; }
};

/// Decides again with the recorded policy and libraries, without a time limit, or judges the recorded input with the
/// policy in `judge` (a file or name; its libraries come from the desk), which `judge_limits` hold for.
ReplayResult replay_decision(const Desk& desk, const RecordedDecision& recorded,
                             const std::optional<std::string>& judge, const Limits& judge_limits);

enum class SubjectKind { entry, run, bundle };
/// What a replay was asked for.
struct Subject {
  SubjectKind kind = SubjectKind::entry;
  std::string text;       ///< as it was given: a number, the id of a run, the path of a bundle
  std::uint64_t seq = 0;  ///< entries only
};
/// Throws: Error{not_found} with the nearest run.
Subject read_subject(const Desk& desk, const std::string& text);

/// Collects the decisions of an entry, a run or a bundle; a run may have none.
/// Throws: Error{not_found} for what is not there; Error{argument} for an entry that no policy decided; Error{crypto}
/// for an object that was changed.
std::vector<RecordedDecision> find_recorded(const Desk& desk, const Subject& subject);

/// Runs a runbook again from its journal: every answer comes from the record; steps, inputs of decisions, artefacts and
/// the end are compared. A run that failed must fail in the same way; one that was stopped is followed as far as it
/// came. Returns the differences, in order; empty when everything came out the same. Throws: Error{state} for a run
/// that did not end; Error{not_found | crypto} for objects.
std::vector<std::string> replay_run(const Desk& desk, const Configuration& configuration, const std::string& run);

/// Repeats the recorded steps with the scripts that the desk has now, and returns what would come out differently
/// first, or nothing. Throws: as replay_run.
std::optional<std::string> first_difference(const Desk& desk, const Configuration& configuration, const Script& runbook,
                                            FoldedJournal journal);

/// Lists where two documents differ, member by member; elements of lists are told apart by symbol, strategy, code or
/// name where they have one.
std::vector<Difference> differences_of(const core::Json& recorded, const core::Json& found);

}  // namespace ballast::host
