// What the host offers to effectful primitives. Modules call these; the host implements them, so that the same script
// runs for real, as a dry run, in a test or in a replay.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "bind/context.hpp"
#include "core/clock.hpp"
#include "core/json.hpp"

namespace ballast::market {
class Store;
}
namespace ballast::journal {
class DecisionLog;
}

namespace ballast::modules {

class Services : public bind::Context {
 public:
  /// The decision time. Throws: Error{state} where no clock is granted.
  virtual core::Instant now() = 0;
  /// The market store under `var`. Throws: Error{not_found} when nothing was imported yet.
  virtual market::Store& market_store() = 0;
  /// Reads a file below the roots a script may read. Throws: Error{argument | not_found}.
  virtual std::string read_file(const std::string& path) = 0;
  virtual bool file_exists(const std::string& path) = 0;
  /// Lists the names of files in a folder below the roots, sorted; an absent folder has none.
  virtual std::vector<std::string> list_files(const std::string& folder) = 0;
  /// Returns the effective settings at a dotted path ("governors.stage6_core"), read-only.
  virtual core::Json settings(const std::string& path) = 0;
  /// Returns the parameters of this run.
  virtual core::Json run_information() = 0;
  /// Runs a policy in a fresh state, writes the decision durably and returns {decision, seq, sha256}.
  virtual core::Json decide(const std::string& policy, const core::Json& input, const core::Json& options) = 0;
  /// Writes an entry that a person made. Returns {seq, sha256}.
  virtual core::Json log_entry(const core::Json& draft) = 0;
  /// Returns the newest entry that matches {kind?, policy?, ...}, or null.
  virtual core::Json last_entry(const core::Json& filter) = 0;
  /// Begins a step. Returns {finished, outcome?, error?}: what an earlier execution of this run recorded.
  virtual core::Json step_started(const std::string& name, const core::Json& input) = 0;
  /// Returns the outcome as an execution that finds it recorded gets it.
  virtual core::Json step_finished(const std::string& name, const core::Json& outcome) = 0;
  /// Remembers why the open step failed: where the script catches it and goes on, it is the step's outcome.
  virtual void step_failed(const std::string& name, const core::Json& error) = 0;
  /// Begins an effect. Returns {finished, plan?, outcome?, key?, error?} as recorded by an earlier execution.
  virtual core::Json effect_started(const std::string& name) = 0;
  /// Makes the plan durable before anything acts. Returns {todo, key, plan, outcome?}; todo is apply, verify (it may
  /// have been applied), settle (the same, and it is not applied any more), nothing (`outcome` is recorded) or predict
  /// (a dry run).
  virtual core::Json effect_planned(const std::string& name, const core::Json& plan) = 0;
  virtual void effect_finished(const std::string& name, const core::Json& outcome) = 0;
  /// Between these the script acts on the outside world: files below the declared roots may be written, and nothing
  /// that it reads is recorded or repeated.
  virtual void outside_entered(const std::string& name) = 0;
  virtual void outside_left(const std::string& name) = 0;
  /// Records that an effect is taken back, before it is. Returns {todo}: undo, verify (it may be undone), leave or
  /// nothing.
  virtual core::Json undo_started(const std::string& name) = 0;
  virtual void undo_finished(const std::string& name) = 0;
  /// Marks what follows in a dry run: it depends on something that only the run itself can know.
  virtual void predict() = 0;
  /// What follows until it is closed again is tried as often as it takes, and is one unit of a plan.
  virtual void open_ended(const std::string& name, bool open) = 0;
  /// Records that a check held. Returns whether the run may go on: where a dry run has only predicted what is checked,
  /// nobody knows yet.
  virtual bool check(const std::string& text, bool holds) = 0;
  /// Asks people for approval of what the run will do: { name, what, role, quorum, not_author, expires_seconds }. Stops
  /// the run until enough of them answered. Returns { approvals, plan_sha256 }.
  virtual core::Json approve(const core::Json& request) = 0;
  /// Asks the person at the terminal: { name, text }. Returns { actor }.
  virtual core::Json confirm(const core::Json& request) = 0;
  /// Waits until an instant, which is the decision time afterwards: { name, until }. Returns { time }.
  virtual core::Json wait(const core::Json& request) = 0;
  /// Tells people something: { text, level, data? }. Recorded before it is sent; never waits for anybody.
  virtual void notify(const core::Json& notice) = 0;
  /// Begins runs of other runbooks as children of this one: a list of { name, runbook, params }.
  virtual void children_started(const core::Json& children) = 0;
  /// Waits for the children of these names, so many at once, and returns for each { name, run, status, result }. What
  /// one of them waits for, or stopped for, the run does.
  virtual core::Json children_finished(const core::Json& names, std::int64_t at_once) = 0;
  /// Takes back what a child did. Returns the names of its effects that were left.
  virtual core::Json child_undone(const std::string& name) = 0;
  /// Replaces or removes a file below a root that the runbook declared; only while it acts outside.
  virtual void write_file(const std::string& path, const std::string& bytes) = 0;
  virtual void remove_file(const std::string& path) = 0;
  /// Writes a signed artefact below `var`. Returns {path, sha256, signature_file}.
  virtual core::Json write_artefact(const std::string& path, const std::string& bytes) = 0;
  /// Shows text to the person at the terminal.
  virtual void print(std::string_view text) = 0;
};

}  // namespace ballast::modules
