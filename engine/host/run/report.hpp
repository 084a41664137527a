// What the command line says of a run: its result, or how to go on with it.
#pragma once

#include <functional>
#include <string>

#include "host/cli.hpp"
#include "host/run/run.hpp"

namespace ballast::host {

/// Executes `work`, shows what came of it and returns the exit status. `work` calls what it is given with the id of the
/// run once it can be resumed, so that a failure says how.
int show_run(const CommonOptions& common, const Desk& desk,
             const std::function<RunResult(const std::function<void(const std::string&)>&)>& work);

}  // namespace ballast::host
