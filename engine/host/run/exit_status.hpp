// The exit status that the process of a run has, from the run's journal alone: for whoever was not that process.
#pragma once

#include "host/run/history.hpp"

namespace ballast::host {

/// As `ballast run` ends: 0 finished, 1 denied, failed by its own word or different from its plan, 2 an error, 3 a
/// limit, 4 waiting, 130 interrupted; of an abort 1 when an effect was left. A run that died has 2.
int exit_status_of(const FoldedJournal& run);

}  // namespace ballast::host
