// Services of a run: what it learns is journaled as an answer, what it decides is durable before it acts, what it
// writes is signed. A dry run computes the same and writes nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/desk_services.hpp"
#include "host/evidence.hpp"
#include "host/policy_runner.hpp"
#include "host/review_manifest.hpp"
#include "journal/decision_log.hpp"
#include "journal/run_journal.hpp"

namespace ballast::host {

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
};

/// Where a run writes. All are null in a dry run, none otherwise but `manifest`.
struct RunStores {
  journal::ObjectStore* objects = nullptr;
  journal::DecisionLog* log = nullptr;
  journal::RunJournal* journal = nullptr;
  const Keys* keys = nullptr;
  const ReviewManifest* manifest = nullptr;  ///< none: nothing counts as reviewed
};

class RunServices final : public DeskServices, public bind::Answers {
 public:
  RunServices(const Desk& desk, const Configuration& configuration, const core::Clock& clock);

  core::Instant now() override { return identity_.time; }
  core::Json run_information() override;
  core::Json decide(const std::string& policy, const core::Json& input, const core::Json& options) override;
  core::Json log_entry(const core::Json& draft) override;
  void step_started(const std::string& name, const core::Json& input) override;
  void step_finished(const std::string& name, const core::Json& outcome) override;
  core::Json write_artefact(const std::string& path, const std::string& bytes) override;

  std::optional<core::Json> recorded(std::string_view call, const core::Json& arguments) override;
  void record(std::string_view call, const core::Json& arguments, const core::Json& answer) override;
  void record_failure(std::string_view call, const core::Json& arguments, const core::Error& error) override;

  /// From here on the script may look and act, and everything is journaled unless `stores` is empty: a dry run.
  void begin(RunIdentity identity, RunStores stores);
  bool dry() const { return stores_.log == nullptr; }
  /// Paths of the artefacts written so far.
  const std::vector<std::string>& artefacts() const { return artefacts_; }
  /// Numbers of the log entries written so far.
  const std::vector<std::uint64_t>& entries() const { return entries_; }

 private:
  /// Throws: Error{state} before the journal was begun: a runbook that acts while it is loaded would leave no record.
  void require_begun() const;
  journal::Draft draft_of(const std::string& kind) const;
  /// "reviewed" when every script stands in the signed manifest. Throws: Error{state} in live otherwise.
  std::string review_of(const PolicyOutcome& outcome) const;

  RunIdentity identity_;
  RunStores stores_;
  bool begun_ = false;
  std::vector<std::string> artefacts_;
  std::vector<std::uint64_t> entries_;
};

/// Whether an effectful call's answer is journaled (what a run learns) rather than repeated in a replay (what it does).
bool is_answer(std::string_view call);

/// The form in which `ballast.run.decide` returns a decision.
core::Json decision_result(const PolicyOutcome& outcome, const std::optional<journal::Appended>& entry);

}  // namespace ballast::host
