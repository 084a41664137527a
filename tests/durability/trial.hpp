// A runbook that is disturbed: what it left must, once somebody went on with it, be what an undisturbed run leaves.
// A scenario is prepared once; each trial works on a copy of it, with the same keys and a given clock.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "support/command.hpp"

namespace ballast::test {

/// What counts of a desk after a run.
struct Traces {
  std::map<std::string, std::string> files;  ///< artefacts and files of effects by path, bytes
  std::vector<std::string> entries;          ///< of the log in order, without who signed them and where they stand
  std::vector<std::string> units;            ///< folded records of the journal, without what depends on interruptions
};

/// What is done to a process: the n-th call of these kinds ends it ("kill"), with what was not synced ("power"), or
/// fails with an error ("EIO", "ENOSPC").
struct Fault {
  std::string calls = "any";
  long at = 0;
  std::string mode = "kill";
  std::string child = {};  ///< name of the child run whose process it is done to; empty: the run's own
};

std::unique_ptr<TestDesk> copy_of(const TestDesk& desk);

class Scenario {
 public:
  /// `prepare` fills the desk, then `arguments` are run once undisturbed on a copy.
  /// Throws: std::runtime_error when that does not end with `status`.
  Scenario(std::string name, std::vector<std::string> arguments, const std::function<void(const TestDesk&)>& prepare,
           int status = 0);

  const std::string& name() const { return name_; }
  const std::vector<std::string>& arguments() const { return arguments_; }
  const Traces& expected() const { return expected_; }
  const TestDesk& start() const { return start_; }
  std::unique_ptr<TestDesk> copy() const { return copy_of(start_); }
  int status() const { return status_; }

 private:
  std::string name_;
  std::vector<std::string> arguments_;
  int status_;
  TestDesk start_;
  Traces expected_;
};

/// How many calls of these kinds an undisturbed execution of `arguments` makes on a copy of `desk`.
long count_calls(const TestDesk& desk, const std::vector<std::string>& arguments, const std::string& calls = "any",
                 const std::string& child = {});

Ran run_with(const TestDesk& desk, const std::vector<std::string>& arguments, const Fault& fault);

/// A copy of `desk` on which `arguments` were killed at that call. Throws: std::runtime_error when they were not.
std::unique_ptr<TestDesk> killed(const TestDesk& desk, const std::vector<std::string>& arguments, long at,
                                 const std::string& calls = "any", const std::string& mode = "kill");

/// The first call from `from` on such that what a kill there leaves fulfils `holds`; 0 when there is none.
long first_kill(const TestDesk& desk, const std::vector<std::string>& arguments, long from,
                const std::function<bool(const TestDesk&)>& holds);

/// Runs a command whose syncs cost nothing.
Ran run_plain(const TestDesk& desk, const std::vector<std::string>& arguments);

/// The id of the only run of the desk that no other one began and whose journal holds a whole record; empty when there
/// is none.
std::string begun_run(const TestDesk& desk);

Traces traces_of(const TestDesk& desk);
/// Takes out of the units which entries of the log they name: processes that ran at once number them as it comes.
void without_entry_numbers(Traces& traces);

/// Units hold numbers of entries, which are others when a failure was logged between; bytes are other where keys are.
enum class Compared { everything, all_but_units, names_and_entries };
/// What differs, in words; empty when nothing does.
std::string difference(const Traces& expected, const Traces& found, Compared compared);

/// Goes on with what a disturbed `arguments` left: resumes the run, or starts it when it had not begun. Then verifies,
/// replays and compares. Returns what is wrong, or nothing.
std::string settle(const Scenario& scenario, const TestDesk& desk, Compared compared);
/// What a command that ended otherwise than expected said.
std::string told(const std::string& what, const Ran& ran);
/// Whether resuming or aborting was refused because the run was killed after the last thing that it did.
bool had_ended(const Ran& ran);
/// Gives up what was left: aborts the run, verifies and compares.
std::string settle_abort(const TestDesk& desk, const Traces& expected, Compared compared);

/// Runs `work` for each of `points` on both cores. Returns what went wrong, ten at most, and how many did.
std::string for_all(const std::vector<long>& points, const std::function<std::string(long)>& work);

/// 1, 1 + stride, ... up to `last`. The environment's BALLAST_KILL_STRIDE multiplies `stride`; under a sanitizer it is
/// 11 when it is not set: each place is killed at in the other builds, and there a process takes ten times as long.
std::vector<long> points(long last, long stride);

}  // namespace ballast::test
