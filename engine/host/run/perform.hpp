// Runs main between the first and the last record of a journal, and records how it ended or why it stopped.
#pragma once

#include "host/run/run.hpp"
#include "host/run/stores.hpp"
#include "host/state.hpp"

namespace ballast::host {

/// What a result of main says of itself: "finished" when it says nothing.
std::string status_of(const core::Json& value);

/// Calls main of the runbook that load_runbook left in `state` and fills the result. A run that fails, is interrupted
/// or waits is stopped, and can be resumed. Requires: `services` was begun with these stores.
/// Throws: what main threw, once it is recorded.
void perform_run(State& state, RunServices& services, OpenStores& stores, const RunIdentity& identity,
                 RunResult& result);

}  // namespace ballast::host
