// What the journal of a run holds that counts, and how a run that is resumed, undone or replayed goes through it.
//
// A run is a program that is executed again from its first line: what was completed is served from the journal, and
// where the journal ends the run goes on. Units of completion are steps, effects, decisions, entries, artefacts, checks
// and whatever else writes a record in `main` itself. A unit that was begun and not completed is done again from its
// beginning, but for an effect whose plan is durable: it may have been applied, so its plan stands.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/json.hpp"
#include "journal/object_store.hpp"
#include "journal/run_journal.hpp"

namespace ballast::host {

/// The records that count: those that a `run_resumed` dropped are gone, and so are remarks about the run's life.
struct FoldedJournal {
  core::Json started;
  std::vector<journal::RunRecord> records;
  std::map<std::string, std::string> undone;  ///< effects that were taken back: started or finished, by name
  std::optional<core::Json> end;              ///< run_finished, or run_stopped when the run was not resumed since
};

/// Throws: Error{state} when the journal does not begin with run_started.
FoldedJournal fold_journal(std::vector<journal::RunRecord> records);

/// The same of the run in a folder. Throws: as RunJournal::read too.
FoldedJournal read_run(const std::filesystem::path& folder);

/// Whether a record says that a child run was ordered, and not yet that it ended.
bool is_begun_child(const core::Json& record);

/// Whether a record is a unit that was completed, and not a part or the beginning of one.
bool is_unit(const core::Json& record);

/// The value that a record holds as `name`, or names by `name`_sha256 where it is an object.
/// Throws: Error{not_found | crypto} for an object that is not there or was changed.
core::Json recorded_value(const core::Json& record, const std::string& name, const journal::ObjectStore& objects);

/// Returns how many of the folded records a resumed run keeps: to the end of the last completed unit, or to the plan
/// of an effect that was begun.
std::size_t kept_records(const std::vector<journal::RunRecord>& records);

/// The error of a record, as it was raised then.
core::Error recorded_error(const core::Json& error);

/// A place in the records of a run.
class RunHistory {
 public:
  RunHistory() = default;
  explicit RunHistory(std::vector<journal::RunRecord> records) : records_(std::move(records)) {}

  bool exhausted() const noexcept { return at_ == records_.size(); }
  std::size_t remaining() const noexcept { return records_.size() - at_; }
  /// Returns the next record and goes on behind it; null when there is none. `doing` says in messages what the run
  /// does now: "step 'market'".
  /// Throws: Error{state} when the record is of another kind: the run takes another way than it did.
  const core::Json* take(std::string_view kind, const std::string& doing);
  /// Returns the next record without going on; null when there is none.
  const core::Json* peek() const noexcept { return exhausted() ? nullptr : &records_[at_].json; }
  /// Goes on behind the end of the step that was just taken; returns null, and stays, when it has none.
  const core::Json* take_step_end(const std::string& step);
  /// Returns the plan of the effect that was just taken, without going on; null when it has none.
  const core::Json* plan_of(const std::string& effect) const;
  /// Throws: Error{state} that names the place, for whoever finds the record taken last to say something else.
  [[noreturn]] void refuse(const std::string& doing, const std::string& recorded) const;
  const std::vector<journal::RunRecord>& records() const noexcept { return records_; }

 private:
  std::vector<journal::RunRecord> records_;
  std::size_t at_ = 0;
};

/// What a record is called in messages: "step 'market'", "artefact 'audit/x.json'".
std::string describe_record(const core::Json& record);
/// The same of a unit that was completed: "step 'market'" for the end of that step.
std::string describe_unit(const core::Json& record);

}  // namespace ballast::host
