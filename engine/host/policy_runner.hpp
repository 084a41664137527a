// Runs one policy call: a fresh state, pure primitives only, the input as canonical JSON in, the decision out.
#pragma once

#include <string>
#include <vector>

#include "core/json.hpp"
#include "host/limits.hpp"
#include "host/source.hpp"

namespace ballast::host {

/// What a policy call produced and everything needed to repeat it elsewhere.
struct PolicyOutcome {
  std::string name;
  core::Json version;
  core::Json decision;
  std::string decision_bytes;  ///< canonical JSON of the decision: what a replay must reproduce
  std::string input_bytes;     ///< canonical JSON of the input
  Script policy;
  std::vector<Script> libraries;  ///< in order of first use
};

/// Runs `policy` (a name or a path) on `input`. Both are taken through their canonical bytes, so that the first run
/// sees exactly what a replay will see.
/// Throws: ScriptError (with Error{budget} when a limit stopped it), Error{not_found}, Error{argument} for a decision
///         that JSON cannot hold or a file that is no policy.
PolicyOutcome run_policy(ScriptSource& source, const std::string& policy, const core::Json& input,
                         const Limits& limits);

/// Loads a policy without asking it anything. Returns the name it gives itself. Throws: as run_policy.
std::string check_policy(ScriptSource& source, const std::string& policy, const Limits& limits);

/// Returns {name: sha256} of libraries; its canonical bytes are what `libraries_sha256` hashes.
core::Json library_manifest(const std::vector<Script>& libraries);

}  // namespace ballast::host
