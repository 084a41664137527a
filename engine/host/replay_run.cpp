// Runs a runbook again from its journal. What it learned then is handed to it again; what it does is compared.
#include <fmt/format.h>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "host/evidence.hpp"
#include "host/policy_runner.hpp"
#include "host/replay.hpp"
#include "host/run_services.hpp"
#include "host/runbook.hpp"
#include "host/script_error.hpp"
#include "host/state.hpp"
#include "journal/log_reader.hpp"
#include "journal/run_journal.hpp"

namespace ballast::host {
namespace {

/// Error of a record, as it was raised then.
core::Error recorded_error(const core::Json& error) {
  return {core::code_from_name(error["code"].get<std::string>(), core::Code::internal),
          error["message"].get<std::string>(), error["where"].get<std::string>()};
}

/// The records of a journal in order, and the place that the repeated run has reached.
class Cursor {
 public:
  explicit Cursor(std::vector<journal::RunRecord> records) : records_(std::move(records)) {}

  /// Returns the next record. Throws: what ended the run, when it came no further; Error{state} when the record is of
  /// another kind, because then the run took another way.
  const core::Json* next(std::string_view kind, const std::string& doing) {
    if (at_ < records_.size() && records_[at_].json["kind"] == kind) return &records_[at_++].json;
    if (remaining() == 1 && last().contains("error")) {
      came_to_error_ = true;
      throw recorded_error(last()["error"]);
    }
    const std::string found =
        at_ < records_.size() ? records_[at_].json["kind"].get<std::string>() : "the end of the journal";
    throw core::Error(core::Code::state, fmt::format("{}: the journal has {} here, not {}", doing, found, kind),
                      fmt::format("record {}", at_ + 1));
  }
  const core::Json& first() const { return records_.front().json; }
  const core::Json& last() const { return records_.back().json; }
  std::size_t remaining() const { return records_.size() - at_; }
  void skip() { ++at_; }
  /// Whether the run came to the call that failed then.
  bool came_to_error() const { return came_to_error_; }

 private:
  std::vector<journal::RunRecord> records_;
  std::size_t at_ = 0;
  bool came_to_error_ = false;
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
    const core::Json& record = *cursor_.next("answer", std::string(call));
    if (record["call"] != call)
      throw core::Error(core::Code::state, fmt::format("the runbook asks {}, the journal recorded {}", call,
                                                       record["call"].get<std::string>()));
    if (record["arguments_sha256"] != core::sha256_hex(core::canonical_json(arguments))) {
      throw core::Error(core::Code::state, fmt::format("{} is asked with other arguments than recorded", call));
    }
    if (record.contains("error")) throw recorded_error(record["error"]);
    if (record.contains("answer")) return record["answer"];
    return core::parse_json(objects_.get(record["answer_sha256"].get<std::string>()), "answer");
  }
  void record(std::string_view, const core::Json&, const core::Json&) override {}
  void record_failure(std::string_view, const core::Json&, const core::Error&) override {}

  core::Json run_information() override {
    const core::Json& started = cursor_.first();
    return {
        {"id", started["run"]},       {"runbook", started["runbook"]["name"]}, {"parameters", started["parameters"]},
        {"actor", started["actor"]},  {"environment", started["environment"]}, {"dry_run", false},
        {"engine", started["engine"]}};
  }

  core::Json decide(const std::string&, const core::Json& input, const core::Json&) override {
    const core::Json& record = *cursor_.next("decision", "decide");
    const auto seq = record["entry_seq"].get<std::uint64_t>();
    note("decision input of entry " + std::to_string(seq), record["input_sha256"],
         core::sha256_hex(core::canonical_json(input)));
    const auto entry = log_.entry(seq);
    if (!entry) throw core::Error(core::Code::not_found, fmt::format("entry {} is not in the log", seq));
    const core::Json json = entry->json();
    // The decision itself is repeated and compared with the others (replay_decision); here the recorded one goes on.
    core::Json out{{"decision", json["decision"]},
                   {"policy",
                    {{"name", json["policy"]["name"]},
                     {"version", json["policy"]["version"]},
                     {"sha256", json["policy"]["sha256"]}}}};
    out["seq"] = seq;
    out["sha256"] = record["entry_sha256"];
    return out;
  }
  core::Json log_entry(const core::Json& draft) override {
    const core::Json& record = *cursor_.next("log", "append");
    note("drafted entry", record["draft_sha256"], core::sha256_hex(core::canonical_json(draft)));
    return {{"seq", record["entry_seq"]}, {"sha256", record["entry_sha256"]}};
  }
  void step_started(const std::string& name, const core::Json& input) override {
    const core::Json& record = *cursor_.next("step_started", "step " + name);
    note("name of a step", record["step"], name);
    note("input of step " + name, record["input_sha256"], core::sha256_hex(core::canonical_json(input)));
  }
  void step_finished(const std::string& name, const core::Json& outcome) override {
    const core::Json& record = *cursor_.next("step_finished", "step " + name);
    note("outcome of step " + name, record["outcome_sha256"], core::sha256_hex(core::canonical_json(outcome)));
  }
  core::Json write_artefact(const std::string& path, const std::string& bytes) override {
    const core::Json& record = *cursor_.next("artefact", "artefact " + path);
    note("artefact " + path, record["sha256"], core::sha256_hex(bytes));
    return {{"path", record["path"]}, {"sha256", record["sha256"]}, {"signature_file", record["signature_file"]}};
  }
  void print(std::string_view) override {}

 private:
  void note(const std::string& what, const core::Json& recorded, const std::string& found) {
    if (recorded != found)
      differences.push_back(fmt::format("{}: recorded {}, now \"{}\"", what, recorded.dump(), found));
  }

  Cursor& cursor_;
  const journal::ObjectStore& objects_;
  journal::LogReader log_;
};

/// The scripts that a run had, from the objects.
struct RecordedRun {
  RecordedSource source;
  Script runbook;
};

RecordedRun recorded_scripts(const core::Json& started, const core::Json& finished,
                             const journal::ObjectStore& objects) {
  RecordedRun out;
  // A run that failed wrote down only the libraries that it began with.
  const core::Json& said = finished.contains("libraries_sha256") ? finished : started;
  const core::Json libraries = core::parse_json(objects.get(said["libraries_sha256"].get<std::string>()), "libraries");
  for (const auto& [name, sha256] : libraries.items())
    out.source.add_library(name, objects.get(sha256.get<std::string>()));
  const core::Json& runbook = started["runbook"];
  out.runbook = make_script(runbook["name"].get<std::string>(), runbook["place"].get<std::string>(),
                            objects.get(runbook["sha256"].get<std::string>()));
  return out;
}

/// Compares how the run ended now with how it ended then.
void compare_ends(const core::Json& finished, const core::Json& result, const std::optional<core::Json>& error,
                  const Cursor& cursor, std::vector<std::string>& out) {
  const std::string status = finished["status"].get<std::string>();
  if (finished.contains("error")) {
    const core::Json& then = finished["error"];
    // Where a limit or a person stopped it is chance: that it came so far in the same way is what can be repeated.
    const bool stopped = status == "interrupted" || then["code"] == core::code_name(core::Code::budget);
    if (!error) {
      if (!stopped)
        out.push_back(fmt::format("the run {} then ({}), now it finishes", status, then["message"].get<std::string>()));
    } else if (!stopped && !cursor.came_to_error()) {
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
    for (const Difference& each : differences_of(finished.value("result", core::Json()), result)) {
      out.push_back(fmt::format("result {}: recorded {}, now {}", each.path, each.recorded.dump(), each.found.dump()));
    }
  }
  if (cursor.remaining() > 1) out.push_back(fmt::format("{} recorded steps were not repeated", cursor.remaining() - 1));
}

}  // namespace

std::vector<std::string> replay_run(const Desk& desk, const Configuration& configuration, const std::string& run) {
  Cursor cursor(journal::RunJournal::read(runs_folder(desk) / run));
  const journal::ObjectStore objects(objects_folder(desk));
  const core::Json started = cursor.first(), finished = cursor.last();
  if (finished["kind"] != "run_finished")
    throw core::Error(core::Code::state, "the run did not finish: there is nothing to compare with", run);
  RecordedRun scripts = recorded_scripts(started, finished, objects);
  const core::FixedClock clock(core::parse_instant(started["decision_time"].get<std::string>()));
  ReplayServices services(desk, configuration, clock, cursor, objects);
  // What finished then finishes now, however slow the machine; what was stopped then would go on for ever.
  Limits limits{.seconds = 86400, .memory_mib = 8192, .output_kib = 1048576, .instructions = 0};
  if (finished["status"] != "finished") limits.seconds = configuration.settings.limits.runbook.seconds;
  State state(services, runbook_profile(), scripts.source, limits);
  load_runbook(state, scripts.runbook);
  cursor.skip();  // run_started
  std::optional<core::Json> error;
  core::Json result;
  try {
    result = start_runbook(state, scripts.runbook.name, services.run_information());
  } catch (const core::Error& e) {
    error = error_document(e)["error"];
  }
  std::vector<std::string> out = services.differences;
  compare_ends(finished, result, error, cursor, out);
  return out;
}

}  // namespace ballast::host
