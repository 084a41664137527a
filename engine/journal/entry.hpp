// What a decision-log entry holds: the draft that a caller gives, and the rules that say when it is complete.
// Invariant: an entry without the fields its kind demands is refused before anything is written (W-33).
// Format: docs/formats/decision_log.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/canonical_scan.hpp"
#include "core/instant.hpp"
#include "core/json.hpp"

namespace ballast::journal {

inline constexpr std::string_view kLogFormat = "ballast-decision-log";

struct NamedHash {
  std::string name;
  std::string sha256;
};

struct PolicyReference {
  std::string name;
  core::Json version;  ///< a whole number or text, as the policy states it
  std::string sha256;
};

/// An entry of the log as other entries refer to it.
struct EntryReference {
  std::uint64_t seq = 0;
  std::string sha256;
};

/// How a run's journal ended, or where it stopped: what an entry of kind run_finished or run_stopped states of it.
struct JournalEnd {
  std::uint64_t records = 0;  ///< the journal's last seq then
  std::string sha256;         ///< of its last record then
  std::string status;         ///< finished, denied, aborted; stopped ones: failed, interrupted, waiting
};

/// One entry before the log gives it its number, its place in the chain and its signature.
struct Draft {
  std::string kind;         ///< "decision", or one of the kinds that need no policy (see needs_policy)
  std::string actor;        ///< who: a person or the name of a service
  std::string environment;  ///< demo, paper, shadow, testnet or live
  std::optional<std::string> run;
  std::optional<PolicyReference> policy;
  std::optional<std::string> libraries_sha256;
  std::optional<std::string> settings_sha256;
  std::optional<std::vector<NamedHash>> inputs;
  std::optional<core::Json> decision;
  std::optional<core::Instant> time;  ///< absent: the log's clock
  bool clock_given = false;           ///< the time was given (`--now`) and not read; refused in live
  std::optional<std::string> review;  ///< "reviewed" or "unreviewed": whether the policy stood in a signed manifest
  std::optional<std::string> note;
  std::optional<std::string> stopped;       ///< why the run was stopped by a limit
  std::optional<EntryReference> annotates;  ///< annotations only
  std::optional<std::string> verdict;       ///< annotations only: what the reviewer says of the entry
  std::optional<core::Json> recovery;       ///< the log's own: what was cut and kept aside
  std::optional<JournalEnd> journal;        ///< run_finished and run_stopped only
};

/// Returns whether entries of that kind need run, policy, libraries, settings, inputs and decision. All do but
/// annotation, approval, effect, key_event, note, override, recovery, run_finished, run_started, run_stopped and undo.
bool needs_policy(std::string_view kind) noexcept;

/// Returns whether entries of that kind state where the journal of their run ended or stopped.
bool states_journal(std::string_view kind) noexcept;

/// Writes a draft without seq, time, previous and engine.
/// Throws: Error{argument} placed at the field that is missing, empty or not accepted.
core::Json draft_json(const Draft& draft);

/// Checks the members of a line that was read. Returns what is missing, or nothing.
std::optional<std::string> missing_field(std::string_view kind, const std::vector<core::ScannedMember>& members);

}  // namespace ballast::journal
