// Runs a runbook again from its journal. What it learned then is handed to it again; what it does is compared.
#include <fmt/format.h>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "host/evidence.hpp"
#include "host/replay.hpp"
#include "host/run/runbook.hpp"
#include "host/run/services.hpp"
#include "host/script_error.hpp"
#include "host/state.hpp"
#include "journal/log_reader.hpp"
#include "journal/run_journal.hpp"

namespace ballast::host {
namespace {

/// The records of a run in order, the place that the repeated run has reached, and what ended or stopped it then.
class Cursor {
 public:
  explicit Cursor(FoldedJournal journal)
      : started_(std::move(journal.started)), end_(std::move(journal.end)), history_(std::move(journal.records)) {}

  /// Returns the next record. Throws: what ended the run, when it came no further; Error{state} when the record is of
  /// another kind, because then the run took another way.
  const core::Json& next(std::string_view kind, const std::string& doing) {
    if (const core::Json* record = history_.take(kind, doing)) return *record;
    came_to_end_ = true;
    if (end_ && end_->contains("error")) throw recorded_error((*end_)["error"]);
    throw core::Error(core::Code::state, fmt::format("the journal ends, and the run comes to {}", doing));
  }
  [[noreturn]] void refuse(const std::string& doing, const core::Json& record) const {
    history_.refuse(doing, describe_record(record));
  }
  bool next_is(std::string_view kind) const { return history_.peek() != nullptr && (*history_.peek())["kind"] == kind; }
  /// The run was stopped here then. Throws: Error{state}.
  [[noreturn]] void stop(const std::string& doing) {
    came_to_end_ = true;
    throw core::Error(core::Code::state, fmt::format("the run stopped at {} then", doing));
  }
  /// The end of the step `name`, wherever it stands; null when it has none.
  const core::Json* end_of(const std::string& name) const {
    for (const journal::RunRecord& each : history_.records()) {
      if (each.json["kind"] == "step_finished" && each.json["step"] == name) return &each.json;
    }
    return nullptr;
  }
  const core::Json& started() const { return started_; }
  const std::optional<core::Json>& end() const { return end_; }
  std::size_t remaining() const { return history_.remaining(); }
  /// Whether the run asked for more than was recorded: it came to where it failed, stopped or ended then.
  bool came_to_end() const { return came_to_end_; }

 private:
  core::Json started_;
  std::optional<core::Json> end_;
  RunHistory history_;
  bool came_to_end_ = false;
};

class ReplayServices final : public DeskServices, public bind::Answers {
 public:
  ReplayServices(const Desk& desk, const Configuration& configuration, const core::Clock& clock, Cursor& cursor,
                 const journal::ObjectStore& objects)
      : DeskServices(desk, configuration, clock), cursor_(cursor), objects_(objects), log_(log_folder(desk)) {
    answers = this;
  }
  std::vector<std::string> differences;

  std::optional<core::Json> recorded(std::string_view call, const core::Json& arguments) override {
    if (!is_answer(call)) return std::nullopt;
    const std::string doing = fmt::format("a call of '{}'", call);
    const core::Json& record = cursor_.next("answer", doing);
    if (record["call"] != call) cursor_.refuse(doing, record);
    if (record["arguments_sha256"] != core::sha256_hex(core::canonical_json(arguments)))
      cursor_.refuse(doing + " with other arguments", record);
    if (record.contains("error")) throw recorded_error(record["error"]);
    return recorded_value(record, "answer", objects_);
  }
  void record(std::string_view, const core::Json&, const core::Json&) override {}
  void record_failure(std::string_view, const core::Json&, const core::Error&) override {}

  core::Json run_information() override {
    const core::Json& started = cursor_.started();
    return {
        {"id", started["run"]},       {"runbook", started["runbook"]["name"]}, {"parameters", started["parameters"]},
        {"actor", started["actor"]},  {"environment", started["environment"]}, {"dry_run", false},
        {"engine", started["engine"]}};
  }

  core::Json decide(const std::string&, const core::Json& input, const core::Json&) override {
    const core::Json& record = cursor_.next("decision", "a decision");
    const auto seq = record["entry_seq"].get<std::uint64_t>();
    note("decision input of entry " + std::to_string(seq), record["input_sha256"],
         core::sha256_hex(core::canonical_json(input)));
    const auto entry = log_.entry(seq);
    if (!entry) throw core::Error(core::Code::not_found, fmt::format("entry {} is not in the log", seq));
    // The decision itself is repeated and compared with the others (replay_decision); here the recorded one goes on.
    return logged_decision(*entry, record);
  }
  core::Json log_entry(const core::Json& draft) override {
    const core::Json& record = cursor_.next("log", "an entry of the log");
    note("drafted entry", record["draft_sha256"], core::sha256_hex(core::canonical_json(draft)));
    return {{"seq", record["entry_seq"]}, {"sha256", record["entry_sha256"]}};
  }
  core::Json step_started(const std::string& name, const core::Json& input) override {
    const core::Json& record = cursor_.next("step_started", fmt::format("step '{}'", name));
    note("name of a step", record["step"], name);
    note("input of step " + name, record["input_sha256"], core::sha256_hex(core::canonical_json(input)));
    return {{"finished", false}};
  }
  core::Json step_finished(const std::string& name, const core::Json& outcome) override {
    const core::Json& record = cursor_.next("step_finished", fmt::format("the end of step '{}'", name));
    note("outcome of step " + name, record.value("outcome_sha256", core::Json()),
         core::sha256_hex(core::canonical_json(outcome)));
    return outcome;
  }
  void step_failed(const std::string& name, const core::Json& error) override {
    // Only where the script caught the failure does the step have an end.
    if (cursor_.came_to_end() || failed_effect_ == name || cursor_.end_of(name) == nullptr) return;
    const core::Json& record = cursor_.next("step_finished", fmt::format("the end of step '{}'", name));
    if (record.value("error", core::Json()) != error)
      differences.push_back(fmt::format("failure of step {}: recorded {}, now {}", name,
                                        record.value("error", core::Json()).dump(), error.dump()));
  }
  // What an effect did outside is not done again: its plan is made again and compared, its outcome is the recorded one.
  core::Json effect_started(const std::string& name) override {
    pass_over_overrides();
    const core::Json& record = cursor_.next("step_started", fmt::format("effect '{}'", name));
    note("name of an effect", record["step"], name);
    return {{"finished", false}};
  }
  core::Json effect_planned(const std::string& name, const core::Json& plan) override {
    const core::Json& record = cursor_.next("plan", fmt::format("the plan of effect '{}'", name));
    note("plan of effect " + name, record["plan_sha256"], core::sha256_hex(core::canonical_json(plan)));
    const core::Json& end = cursor_.next("step_finished", fmt::format("the end of effect '{}'", name));
    if (end.contains("error")) {
      failed_effect_ = name;
      return {{"todo", "nothing"}, {"key", record["key"]}, {"plan", plan}, {"error", end["error"]}};
    }
    return {{"todo", "nothing"},
            {"key", record["key"]},
            {"plan", plan},
            {"outcome", recorded_value(end, "outcome", objects_)}};
  }
  bool check(const std::string& text, bool holds) override {
    if (!holds) return false;
    note("check", cursor_.next("check", fmt::format("the check '{}'", text))["text"], text);
    return true;
  }
  // What people said is part of the outside world.
  core::Json approve(const core::Json& request) override {
    const std::string doing = fmt::format("approval '{}'", request.value("name", ""));
    const core::Json* record = &cursor_.next("approval_asked", doing);
    note("name of an approval", (*record)["name"], request.value("name", ""));
    while (cursor_.next_is("approval_asked")) record = &cursor_.next("approval_asked", doing);
    record = &cursor_.next("approval_given", doing);
    if ((*record)["answer"] == "rejected") cursor_.stop(doing);
    return approval_result(*record);
  }
  core::Json confirm(const core::Json& request) override {
    const core::Json& record = cursor_.next("confirm", fmt::format("confirmation '{}'", request.value("name", "")));
    note("name of a confirmation", record["name"], request.value("name", ""));
    return {{"actor", record["actor"]}};
  }
  core::Json wait(const core::Json& request) override {
    const core::Json& record = cursor_.next("wait", fmt::format("the wait '{}'", request.value("name", "")));
    // An instant can be written in several ways.
    note("wait " + request.value("name", ""), record["until"],
         core::format_instant(core::parse_instant(request.value("until", ""))));
    clock_.wait_until(core::parse_instant(record["reached"].get<std::string>()), stop);
    return {{"time", record["reached"]}};
  }
  void notify(const core::Json& notice) override {
    note("notice", cursor_.next("notice", "a notice")["text"], notice.value("text", ""));
  }
  // A child is a run of its own, replayed by its own name; here it ends as it did.
  void children_started(const core::Json& children) override {
    pass_over_overrides();
    for (const core::Json& each : children) {
      const core::Json& record = cursor_.next("child", "child run " + each.value("name", ""));
      note("name of a child run", record["name"], each.value("name", ""));
      note("runbook of child run " + each.value("name", ""), record["runbook"], each.value("runbook", ""));
    }
  }
  core::Json children_finished(const core::Json& names, std::int64_t) override {
    core::Json out = core::Json::array();
    for (const core::Json& name : names) {
      const core::Json& record = cursor_.next("child", "the end of child run " + name.get<std::string>());
      note("name of a child run that ended", record["name"], name.get<std::string>());
      out.push_back({{"name", name},
                     {"run", record["run"]},
                     {"status", record["status"]},
                     {"result", recorded_value(record, "result", objects_)}});
    }
    return out;
  }
  core::Json write_artefact(const std::string& path, const std::string& bytes) override {
    const core::Json& record = cursor_.next("artefact", fmt::format("artefact '{}'", path));
    note("artefact " + path, record["sha256"], core::sha256_hex(bytes));
    return {{"path", record["path"]}, {"sha256", record["sha256"]}, {"signature_file", record["signature_file"]}};
  }
  void print(std::string_view) override {}

 private:
  /// Before what a policy forbade: people said it.
  void pass_over_overrides() {
    while (cursor_.next_is("approval_asked") || cursor_.next_is("approval_given"))
      cursor_.next(cursor_.next_is("approval_asked") ? "approval_asked" : "approval_given", "an override");
  }
  void note(const std::string& what, const core::Json& recorded, const std::string& found) {
    if (recorded != found)
      differences.push_back(fmt::format("{}: recorded {}, now \"{}\"", what, recorded.dump(), found));
  }

  Cursor& cursor_;
  std::string failed_effect_;  ///< whose failure the script caught then
  const journal::ObjectStore& objects_;
  journal::LogReader log_;
};

/// The scripts that a run had, from the objects.
struct RecordedRun {
  RecordedSource source;
  Script runbook;
};

RecordedRun recorded_scripts(const core::Json& started, const core::Json& end, const journal::ObjectStore& objects) {
  RecordedRun out;
  // What was required in main stands at the end only.
  const core::Json& said = end.contains("libraries_sha256") ? end : started;
  const core::Json libraries = core::parse_json(objects.get(said["libraries_sha256"].get<std::string>()), "libraries");
  for (const auto& [name, sha256] : libraries.items())
    out.source.add_library(name, objects.get(sha256.get<std::string>()));
  const core::Json& runbook = started["runbook"];
  out.runbook = make_script(runbook["name"].get<std::string>(), runbook["place"].get<std::string>(),
                            objects.get(runbook["sha256"].get<std::string>()));
  return out;
}

/// Compares how the run ended now with how it ended, or stopped, then.
void compare_ends(const core::Json& end, const core::Json& result, const std::optional<core::Json>& error,
                  const Cursor& cursor, std::vector<std::string>& out) {
  const std::string status = end["status"].get<std::string>();
  const bool finished = end["kind"] == "run_finished" && !end.contains("error");
  if (!finished) {
    const core::Json then = end.value("error", core::Json::object());
    // Where a limit or a person stopped it is chance: that it came so far in the same way is what can be repeated.
    const bool by_chance = !end.contains("error") || status == "interrupted" ||
                           then.value("code", "") == core::code_name(core::Code::budget);
    if (by_chance || cursor.came_to_end()) {
      // It asked for what came next then, or would have.
    } else if (!error) {
      out.push_back(fmt::format("the run {} then ({}), now it finishes", status, then.value("message", "")));
    } else {
      for (const char* member : {"code", "message", "where"}) {
        if (then[member] != (*error)[member])
          out.push_back(
              fmt::format("error {}: recorded {}, now {}", member, then[member].dump(), (*error)[member].dump()));
      }
    }
  } else if (error) {
    out.push_back(fmt::format("the run finished then, now: {}", (*error)["message"].get<std::string>()));
    return;
  } else {
    for (const Difference& each : differences_of(end.value("result", core::Json()), result)) {
      out.push_back(fmt::format("result {}: recorded {}, now {}", each.path, each.recorded.dump(), each.found.dump()));
    }
  }
  if (cursor.remaining() > 0) out.push_back(fmt::format("{} recorded steps were not repeated", cursor.remaining()));
}

/// One execution of a recorded run.
struct Repeated {
  core::Json result;
  std::optional<core::Json> error;
  std::vector<std::string> differences;
};

Repeated repeat(const Desk& desk, const Configuration& configuration, ScriptSource& source, const Script& runbook,
                Cursor& cursor, const Limits& limits) {
  const journal::ObjectStore objects(objects_folder(desk));
  const core::FixedClock clock(core::parse_instant(cursor.started()["decision_time"].get<std::string>()));
  ReplayServices services(desk, configuration, clock, cursor, objects);
  State state(services, runbook_profile(), source, limits);
  load_runbook(state, runbook);
  Repeated out;
  try {
    out.result = start_runbook(state, runbook.name, services.run_information());
  } catch (const core::Error& e) {
    out.error = error_document(e)["error"];
  }
  out.differences = std::move(services.differences);
  return out;
}

}  // namespace

std::vector<std::string> replay_run(const Desk& desk, const Configuration& configuration, const std::string& run) {
  FoldedJournal journal = read_run(runs_folder(desk) / run);
  if (!journal.end)
    throw core::Error(core::Code::state, "the run did not finish: there is nothing to compare with", run);
  if ((*journal.end)["status"] == "aborted")
    throw core::Error(core::Code::state, "the run was aborted: what it did was taken back, and is not repeated", run);
  const core::Json end = *journal.end;
  Cursor cursor(std::move(journal));
  RecordedRun scripts = recorded_scripts(cursor.started(), end, journal::ObjectStore(objects_folder(desk)));
  // What finished then finishes now, however slow the machine; what was stopped then would go on for ever.
  Limits limits{.seconds = 86400, .memory_mib = 8192, .output_kib = 1048576, .instructions = 0};
  if (end["status"] != "finished") limits.seconds = configuration.settings.limits.runbook.seconds;
  Repeated repeated = repeat(desk, configuration, scripts.source, scripts.runbook, cursor, limits);
  compare_ends(end, repeated.result, repeated.error, cursor, repeated.differences);
  return std::move(repeated.differences);
}

std::optional<std::string> first_difference(const Desk& desk, const Configuration& configuration, const Script& runbook,
                                            FoldedJournal journal) {
  journal.end.reset();
  Cursor cursor(std::move(journal));
  FolderSource source = desk.source();
  const Repeated repeated = repeat(desk, configuration, source, runbook, cursor, configuration.settings.limits.runbook);
  if (!repeated.differences.empty()) return repeated.differences.front();
  if (repeated.error && !cursor.came_to_end()) return (*repeated.error)["message"].get<std::string>();
  if (cursor.remaining() > 0) return fmt::format("{} recorded steps would not be come to", cursor.remaining());
  return std::nullopt;
}

}  // namespace ballast::host
