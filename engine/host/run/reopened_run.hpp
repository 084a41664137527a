// A run that is opened again, to go on with it or to take it back.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "host/reviewed_source.hpp"
#include "host/run/artefact_file.hpp"
#include "host/run/history.hpp"
#include "host/run/resume.hpp"
#include "host/run/services.hpp"
#include "host/run/stated_end.hpp"
#include "host/run/stores.hpp"
#include "host/run/target_lock.hpp"
#include "host/state.hpp"

namespace ballast::host {

/// Who opens a run again, and how.
struct Reopener {
  std::string actor;
  bool json = false;       ///< text printed by the script goes to standard error
  bool by_parent = false;  ///< asked for by the run that ordered this one
  GivenToChildren for_children;
};

/// Everything that a run needs which was opened again, in the order in which it is needed.
class ReopenedRun {
 public:
  /// Throws: Error{state} when it has ended, or is a child that its parent answers for.
  ReopenedRun(const Desk& desk, const Configuration& configuration, Purpose purpose, ReadRun read, Reopener by);

  /// Refuses to go on over a change, unless it is accepted. Returns what changed.
  std::vector<std::string> check_pins(bool accept);
  const FoldedJournal& journal() const { return journal_; }
  /// Who goes on with the run, or takes it back.
  const std::string& actor() const { return actor_; }
  /// Before anything is written: what is not there is told, and the run stays as it is.
  void read_secrets_again(const ResumeRequest& request);
  /// Opens the stores, takes the journal, records that the run goes on and has the history served.
  void open(const std::vector<std::string>& accepted);
  /// Finishes what the run was writing when it died, which a run that goes on writes again by itself.
  void finish_artefacts() { services.finish_artefacts(unfinished_); }
  /// Nobody is asked for anything: what was done is only gone through.
  void without_people() { services.with_people({actor_, {}, false, nullptr, {}}); }
  void with_people(const ResumeRequest& request);

 private:
  TargetUse use_of_target() const;
  void require_open() const;
  /// Takes the journal's lock and reads it again under it: another process may have gone on with the run meanwhile.
  /// `named` gets the entries of the log that its records name.
  /// Throws: Error{crypto | state} when what is there is not what the run wrote, before anything is written.
  void take_journal(std::set<std::uint64_t>& named);
  /// The same for what lies beside the journal: its record, and what recoveries kept aside.
  void check_folder(const std::vector<journal::RunRecord>& records);
  /// The log states how far the journal came when the run stopped. Throws: Error{state} when it does not any more.
  void check_stated(const std::vector<journal::RunRecord>& records);
  /// Entries that the run wrote and its kept records do not name. One that no record names was written just before the
  /// process died: it is named now, so that the run answers for it whatever comes.
  std::vector<journal::Entry> unclaimed_entries(const std::vector<journal::RunRecord>& kept,
                                                const std::set<std::uint64_t>& named);

  const Desk& desk_;
  const Configuration& configuration_;
  Purpose purpose_;
  std::filesystem::path folder_;
  FoldedJournal journal_;

 public:
  RunIdentity identity;

 private:
  core::ChosenClock clock_;
  std::string actor_;
  ReviewManifest manifest_;
  ReviewedSource source_;
  ChildRuns children_;
  Script script_;
  RunbookInfo info_;
  std::optional<RunPins> pins_;
  std::optional<TargetLock> target_;
  Secrets secrets_;
  std::vector<UnfinishedArtefact> unfinished_;  ///< that the run was writing when it died

 public:
  RunServices services;
  State state;
  std::optional<OpenStores> stores;
  RunResult result;
  journal::RunObserver observer;
};

}  // namespace ballast::host
