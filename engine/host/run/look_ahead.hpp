// The plan of what a run will do behind an approval: the run is executed dry from its journal as it is now.
#pragma once

#include <string>

#include "host/run/services.hpp"
#include "host/source.hpp"

namespace ballast::host {

/// Returns { format, version, run, behind, items }. Requires: the run is not inside a step.
/// Throws: what main throws on its way.
core::Json look_ahead(const Desk& desk, const Configuration& configuration, ScriptSource& source, const Script& runbook,
                      const RunIdentity& identity, const core::Clock& clock, const ChildRuns& children,
                      const std::string& approval);

}  // namespace ballast::host
