// Who a run is: its name follows from the runbook, the parameters, the settings and the time, so the same call with the
// same clock gives the same name.
#pragma once

#include <functional>
#include <string>

#include "host/run/run.hpp"
#include "host/run/runbook.hpp"
#include "host/run/services.hpp"

namespace ballast::host {

/// What the operator gave becomes the identity; its id is still empty.
RunIdentity new_identity(const Configuration& configuration, const RunRequest& request, const RunbookInfo& info,
                         const ParameterValues& given, core::Instant time);
/// The identity that a journal or a plan recorded.
RunIdentity recorded_identity(const core::Json& recorded);

/// The run that is resumed and aborted for this one: itself, or the one whose children, and their children, it is
/// among.
std::string head_of_family(const RunIdentity& identity);
/// What a name of the run (of a confirmation, an effect) is called in the commands for that one.
std::string name_for_head(const RunIdentity& identity, const std::string& name);

/// An entry of the log that the run writes; its time is the log's own unless somebody sets it.
journal::Draft draft_entry(const RunIdentity& identity, const std::string& kind);

/// The name that the run would have if it were the only one of its kind.
std::string base_id(const RunIdentity& identity, const Script& script, const Configuration& configuration);
/// Returns the first of `base`, `base-2`, ... that `take` accepts.
std::string first_id(const std::string& base, const std::function<bool(const std::string&)>& take);

/// What a journal and a plan say of a run's identity.
core::Json identity_payload(const RunIdentity& identity, const RunbookInfo& info, const Script& script,
                            const ParameterValues& given);

}  // namespace ballast::host
