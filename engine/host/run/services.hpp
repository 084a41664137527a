// Services of a run: what it learns is journaled as an answer, what it decides is durable before it acts, what it
// writes is signed. What an earlier execution of the run completed is served from its history. A dry run computes the
// same and writes nothing.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "host/desk_services.hpp"
#include "host/evidence.hpp"
#include "host/policy_runner.hpp"
#include "host/review_manifest.hpp"
#include "host/run/approval.hpp"
#include "host/run/artefact_file.hpp"
#include "host/run/child_runs.hpp"
#include "host/run/history.hpp"
#include "host/run/plan.hpp"
#include "host/run/secrets.hpp"
#include "journal/decision_log.hpp"
#include "journal/run_journal.hpp"

namespace ballast::host {

/// The run that ordered this one.
struct ParentRun {
  std::string run;
  std::string name;       ///< what this run is called there
  std::size_t depth = 1;  ///< 1: nobody ordered the parent
};

/// What is known of a run before its first step.
struct RunIdentity {
  std::string id;
  std::string runbook;  ///< name
  core::Json parameters;
  std::string actor;
  Environment environment = Environment::demo;
  bool clock_given = false;
  std::vector<std::string>
      named_files;     ///< values of `file` parameters that the operator gave: readable wherever they are
  core::Instant time;  ///< the decision time: one for the whole run, so that nothing is newer than the decision
  std::map<std::string, std::filesystem::path> roots;  ///< folders that effects may write, by the name declared
  std::optional<ParentRun> parent;
};

/// Where a run writes. All are null in a dry run, none otherwise but `manifest`.
struct RunStores {
  journal::ObjectStore* objects = nullptr;
  journal::DecisionLog* log = nullptr;
  journal::RunJournal* journal = nullptr;
  const Keys* keys = nullptr;
  const ReviewManifest* manifest = nullptr;  ///< none: nothing counts as reviewed
};

/// Who is there while a run is executed, and what was said for it beforehand.
struct RunPeople {
  std::string actor;                 ///< who executes the run now: its author, or who resumes it
  std::set<std::string> confirmed;   ///< names of confirmations that were given on the command line
  bool may_ask = false;              ///< questions may be asked at the terminal
  const Secrets* secrets = nullptr;  ///< for the command that takes notices
  std::function<core::Json(const std::string&)> look_ahead;  ///< the plan of all that follows an approval, by its name
};

/// Why a run came to a halt that is no failure. `status` is a word of docs/formats/run_journal.md.
struct Halt {
  std::string status, text;
  core::Code code = core::Code::state;  ///< of the error that a halt as "failed" ends as
};

class RunServices final : public DeskServices, public bind::Answers {
 public:
  RunServices(const Desk& desk, const Configuration& configuration, const core::Clock& clock);

  core::Instant now() override { return identity_.time; }
  core::Json run_information() override;
  core::Json decide(const std::string& policy, const core::Json& input, const core::Json& options) override;
  core::Json log_entry(const core::Json& draft) override;
  /// Passes over what an interrupted execution wrote and this one has not come to: it has yet to be written.
  core::Json last_entry(const core::Json& filter) override;
  core::Json step_started(const std::string& name, const core::Json& input) override;
  core::Json step_finished(const std::string& name, const core::Json& outcome) override;
  void step_failed(const std::string& name, const core::Json& error) override;
  core::Json effect_started(const std::string& name) override;
  core::Json effect_planned(const std::string& name, const core::Json& plan) override;
  void effect_finished(const std::string& name, const core::Json& outcome) override;
  void outside_entered(const std::string& name) override;
  void outside_left(const std::string& name) override;
  core::Json undo_started(const std::string& name) override;
  void undo_finished(const std::string& name) override;
  bool check(const std::string& text, bool holds) override;
  core::Json approve(const core::Json& request) override;
  core::Json confirm(const core::Json& request) override;
  void notify(const core::Json& notice) override;
  void children_started(const core::Json& children) override;
  core::Json children_finished(const core::Json& names, std::int64_t at_once) override;
  core::Json child_undone(const std::string& name) override;
  core::Json wait(const core::Json& request) override;
  void predict() override { plan.predict(); }
  void open_ended(const std::string& name, bool open) override;
  core::Json write_artefact(const std::string& path, const std::string& bytes) override;
  void write_file(const std::string& path, const std::string& bytes) override;
  void remove_file(const std::string& path) override;
  std::string read_file(const std::string& path) override;
  bool file_exists(const std::string& path) override;
  std::vector<std::string> list_files(const std::string& folder) override;

  std::optional<core::Json> recorded(std::string_view call, const core::Json& arguments) override;
  void record(std::string_view call, const core::Json& arguments, const core::Json& answer) override;
  void record_failure(std::string_view call, const core::Json& arguments, const core::Error& error) override;

  /// From here on the script may look and act, and everything is journaled unless `stores` is empty: a dry run.
  void begin(RunIdentity identity, RunStores stores);
  void with_people(RunPeople people) { people_ = std::move(people); }
  /// Requires: `children` outlives the services, and is given before main is called.
  /// Of a run that is given up: what it was writing when it died is put in its place and recorded, so that all that is
  /// left of it can be proved. Throws: Error{io}.
  void finish_artefacts(const std::vector<UnfinishedArtefact>& unfinished);
  /// Says on standard error which confirmations were given and nothing asked for.
  void tell_of_unasked_confirmations() const;
  void with_children(const ChildRuns& children) { children_ = &children; }
  /// The plan begins behind the approval of that name: it is what the approval is asked for.
  void plan_behind(std::string approval) { behind_ = std::move(approval); }
  /// Has `history` served before anything is done anew. Requires: begin() was called and main was not.
  void serve(RunHistory history);
  /// Entries of the log that this run wrote and no record of its history names: they are taken, not written again.
  void adopt(std::vector<journal::Entry> entries) { unclaimed_ = std::move(entries); }
  /// Effects are only taken back, but for those that were: main stops where the history ends.
  void only_undo(std::map<std::string, std::string> undone, std::set<std::string> leave) {
    undoing_ = true;
    undone_ = std::move(undone);
    leave_ = std::move(leave);
  }
  /// Whether a mandatory policy refused and nobody overrode it.
  bool denied() const { return !refused_by_.empty() || !overridable_.empty(); }
  /// Whether everything that the history holds was gone through.
  bool all_served() const { return history_.exhausted(); }
  /// The effect of which only_undo() could not find out whether it was applied; empty when there is none.
  const std::string& unsettled() const { return settling_; }
  /// The undo that was begun failed, which is recorded: it is tried again by the next abort, and not taken for done.
  /// Returns its name; empty when none was begun.
  std::string give_up_undo();
  /// Whether something was taken back or left.
  bool took_back() const;
  /// What was done before only_undo() ended main: no more than undoing is accepted from now on.
  void end_history();
  bool dry() const { return stores_.log == nullptr; }
  /// What a dry run would do; what a planned run may do.
  PlanTrace plan;
  /// Stops the run when something was planned that did not come. Throws: Error{budget}.
  void finish_plan();
  /// Why the run came to a halt, if it did.
  const std::optional<Halt>& halted() const { return halt_; }
  /// Why evidence could not be kept, if it could not: that is what ended the run, whatever the script made of it.
  const std::optional<core::Error>& lost() const { return lost_; }
  /// Paths of the artefacts written so far.
  const std::vector<std::string>& artefacts() const { return artefacts_; }
  /// Numbers of the log entries written so far, and of the decisions among them.
  const std::vector<std::uint64_t>& entries() const { return entries_; }
  const std::vector<std::uint64_t>& decisions() const { return decisions_; }

 private:
  /// Throws: Error{state} before the journal was begun: a runbook that acts while it is loaded would leave no record.
  void require_begun() const;
  /// Returns the record of this unit when an earlier execution completed it, null when it is to be done now.
  const core::Json* served(std::string_view kind, const std::string& doing);
  /// Takes a unit into the plan, or stops the run when it is not the one that was planned.
  void planned(core::Json item);
  /// Stops the script so that it cannot catch it.
  [[noreturn]] void halt(std::string status, const std::string& text, core::Code code = core::Code::state);
  /// Does `work`, which keeps evidence. What cannot be kept stops the run, and the script cannot catch that: what it
  /// did next would have no record, and an execution that is served from the journal would take another way.
  template <class Work>
  auto keep(Work work) -> decltype(work()) {
    try {
      return work();
    } catch (const core::Error& e) {
      if (e.code() != core::Code::argument && e.code() != core::Code::domain) lose(e);
      throw;
    }
  }
  void lose(const core::Error& error);
  void append_record(std::string_view kind, const core::Json& payload);
  std::string put_object(std::string_view bytes);
  /// Writes down that the script caught the failure of a step and went on.
  void settle_failed_step();
  void open_step(const std::string& name, const std::string& what);
  void close_step(const std::string& name, const core::Json& outcome, bool effect);
  /// Remembers what a policy's refusal means for the effects that follow.
  void enforce(const std::string& policy, std::string_view level, const core::Json& outcome);
  /// Stops the run before an effect that a policy forbids, unless enough people override it.
  void require_not_denied(const std::string& effect);
  /// Stops the run until the request is granted, or returns what was granted.
  core::Json ask(ApprovalRequest request);
  /// Throws: Error{state} inside of a step: what people say is no part of one.
  void require_no_step(const std::string& doing) const;
  core::Json granted(const core::Json& record);
  core::Json recorded_outcome(const core::Json& finished);
  ChildOrder order_of(const core::Json& wanted) const;
  void begin_child(ChildOrder order);
  /// Throws: Error{argument} when no child of that name was begun.
  const ChildOrder& child_named(const core::Json& name) const;
  /// Throws: Error{budget}, and stops the run, when the child cannot be executed dry.
  ChildPlan plan_child(const ChildOrder& order);
  /// What a child that is not begun will come to. Stops the run when it will be refused.
  core::Json planned_child(const std::string& name);
  core::Json inline_or_object(const char* name, const core::Json& value, core::Json payload);
  core::Json from_object(const core::Json& record, const char* name);
  std::optional<std::filesystem::path> below_root(const std::string& path) const;
  std::filesystem::path writable(const std::string& path) const;

  journal::Draft draft_of(const std::string& kind) const;
  /// Appends an entry, unless an earlier execution wrote the very same one.
  journal::Appended append_entry(const journal::Draft& draft);
  /// "reviewed" when every script stands in the signed manifest. Throws: Error{state} in live otherwise.
  std::string review_of(const PolicyOutcome& outcome) const;

  RunIdentity identity_;
  RunStores stores_;
  RunHistory history_;
  std::vector<journal::Entry> unclaimed_;
  std::optional<Halt> halt_;
  RunPeople people_;
  const ChildRuns* children_ = nullptr;
  std::map<std::string, ChildOrder> children_begun_;  ///< by name
  std::map<std::string, ChildPlan> child_plans_;      ///< of those that were planned
  std::set<std::string> awaited_;                     ///< names of those that were begun and not waited for
  std::string behind_;
  std::string advised_against_;           ///< policy that refused at the level advisory
  std::string refused_by_;                ///< policy that refused at hard_mandatory
  std::vector<std::string> overridable_;  ///< policies that refused at soft_mandatory and nobody overrode
  std::optional<core::Error> lost_;
  bool begun_ = false, undoing_ = false;
  std::string open_step_, outside_, settling_, taking_back_;
  std::optional<core::Json> failed_step_;  ///< { step, error } that nobody caught yet
  std::vector<std::string> confirmations_asked_;
  std::set<std::string> leave_;  ///< effects that are not to be taken back
  std::map<std::string, std::string>
      undone_;  ///< effects that are taken back: started, finished, failed or left, by name
  std::vector<std::string> artefacts_;
  std::vector<std::uint64_t> entries_, decisions_;
};

/// Whether an effectful call's answer is journaled (what a run learns) rather than repeated in a replay (what it does).
bool is_answer(std::string_view call);

/// The key by which an effect can be told from every other: of the run, the effect and its plan.
std::string effect_key(const std::string& run, const std::string& effect, const core::Json& plan);

/// What `ballast.run.approve` returns, from the record of the answers.
core::Json approval_result(const core::Json& record);

/// The form in which `ballast.run.decide` returns a decision.
core::Json decision_result(const PolicyOutcome& outcome, const std::optional<journal::Appended>& entry);
/// The same of a decision that stands in the log.
core::Json logged_decision(const journal::Entry& entry, const core::Json& record);

}  // namespace ballast::host
