// Shows the progress of a run that this process executes, on standard error: a line a unit, and on a terminal one more
// that says what is going on. Nothing ticks: Lua's limits and signals belong to the one thread there is.
#pragma once

#include <string>

#include "host/run/progress.hpp"

namespace CLI {
class App;
}

namespace ballast::host {

enum class ProgressStyle {
  none,
  plain,    ///< lines, also of what begins
  terminal  ///< lines of what is done, and one that is replaced
};

/// What operators asked for.
struct ProgressOptions {
  bool wanted = false;    ///< --progress
  bool unwanted = false;  ///< --no-progress
};

/// On a terminal progress is shown unless it is unwanted or a document was asked for; elsewhere only when it is wanted.
ProgressStyle progress_style(const ProgressOptions& options, bool json);

/// Adds --progress and --no-progress to a verb.
void add_progress_options(CLI::App& verb, ProgressOptions& options);

class ProgressDisplay {
 public:
  explicit ProgressDisplay(ProgressStyle style) : style_(style) {}
  ~ProgressDisplay();
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;
  /// Who is told of the run's records; empty when nothing is shown. Requires: this outlives the run.
  journal::RunObserver observer();

 private:
  void show(const journal::RunRecord& record, journal::Recorded when);

  ProgressStyle style_;
  Progress progress_;
};

}  // namespace ballast::host
