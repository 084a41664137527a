// What a run is pinned to: it goes on only with the same bytes, or when somebody accepts the change.
#pragma once

#include <string>
#include <vector>

#include "host/configuration.hpp"
#include "host/desk.hpp"
#include "host/source.hpp"
#include "journal/object_store.hpp"

namespace ballast::host {

struct RunPins {
  std::string runbook_place, runbook_sha256, settings_sha256;
  core::Json libraries, policies;  ///< name to SHA-256

  /// The hashes that `run_started` and `run_resumed` hold; the lists behind two of them are objects.
  core::Json hashes() const;
  /// Everything in one document, for a plan.
  core::Json document() const;
  static RunPins read(const core::Json& document);
  /// The pins of a run that began. Throws: Error{not_found | crypto} for a list that is not among the objects.
  static RunPins of_run(const core::Json& started, const journal::ObjectStore& objects);

  /// What is not the same now: "the policy risk_freeze".
  std::vector<std::string> changes(const RunPins& now) const;
};

/// Names of the settings that are not the same in two documents: "approvers.ann.role".
std::vector<std::string> changed_settings(const core::Json& then, const core::Json& now);

/// Pins of a run that would begin now. `libraries`: those that the runbook loaded.
RunPins current_pins(const Desk& desk, const Configuration& configuration, const Script& script,
                     const std::vector<Script>& libraries);

}  // namespace ballast::host
