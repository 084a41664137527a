// Runs a runbook again from its journal. What it learned then is handed to it again; what it does is compared.
#include <fmt/format.h>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "host/evidence.hpp"
#include "host/policy_runner.hpp"
#include "host/replay.hpp"
#include "host/run.hpp"
#include "host/run_services.hpp"
#include "host/script_error.hpp"
#include "host/state.hpp"
#include "journal/log_reader.hpp"
#include "journal/run_journal.hpp"

namespace ballast::host {
namespace {

/// The records of a journal in order, and the place that the repeated run has reached.
class Cursor {
 public:
  explicit Cursor(std::vector<journal::RunRecord> records) : records_(std::move(records)) {}

  /// Returns the next record when it is of `kind`; notes a difference otherwise.
  const core::Json* next(std::string_view kind, const std::string& doing) {
    if (at_ < records_.size() && records_[at_].json["kind"] == kind) return &records_[at_++].json;
    const std::string found = at_ < records_.size() ? records_[at_].json["kind"].get<std::string>() : "the end of the journal";
    throw core::Error(core::Code::state, fmt::format("{}: the journal has {} here, not {}", doing, found, kind), fmt::format("record {}", at_ + 1));
  }
  const core::Json& first() const { return records_.front().json; }
  const core::Json& last() const { return records_.back().json; }
  std::size_t remaining() const { return records_.size() - at_; }
  void skip() { ++at_; }

 private:
  std::vector<journal::RunRecord> records_;
  std::size_t at_ = 0;
};

class ReplayServices final : public DeskServices, public bind::Answers {
 public:
  ReplayServices(const Desk& desk, const Configuration& configuration, const core::Clock& clock, Cursor& cursor, const journal::ObjectStore& objects)
      : DeskServices(desk, configuration, clock), cursor_(cursor), objects_(objects), log_(log_folder(desk)) {
    answers = this;
  }
  std::vector<std::string> differences;

  std::optional<core::Json> recorded(std::string_view call, const core::Json& arguments) override {
    if (!is_answer(call)) return std::nullopt;
    const core::Json& record = *cursor_.next("answer", std::string(call));
    if (record["call"] != call) throw core::Error(core::Code::state, fmt::format("the runbook asks {}, the journal recorded {}", call, record["call"].get<std::string>()));
    if (record["arguments_sha256"] != core::sha256_hex(core::canonical_json(arguments))) {
      throw core::Error(core::Code::state, fmt::format("{} is asked with other arguments than recorded", call));
    }
    if (record.contains("error")) {
      const core::Json& error = record["error"];
      throw core::Error(core::code_from_name(error["code"].get<std::string>(), core::Code::internal), error["message"].get<std::string>(), error["where"].get<std::string>());
    }
    if (record.contains("answer")) return record["answer"];
    return core::parse_json(objects_.get(record["answer_sha256"].get<std::string>()), "answer");
  }
  void record(std::string_view, const core::Json&, const core::Json&) override {}
  void record_failure(std::string_view, const core::Json&, const core::Error&) override {}

  core::Json run_information() override {
    const core::Json& started = cursor_.first();
    return {{"id", started["run"]}, {"runbook", started["runbook"]["name"]}, {"parameters", started["parameters"]}, {"actor", started["actor"]},
            {"environment", started["environment"]}, {"dry_run", false}, {"engine", started["engine"]}};
  }

  core::Json decide(const std::string&, const core::Json& input, const core::Json&) override {
    const core::Json& record = *cursor_.next("decision", "decide");
    const auto seq = record["entry_seq"].get<std::uint64_t>();
    note("decision input of entry " + std::to_string(seq), record["input_sha256"], core::sha256_hex(core::canonical_json(input)));
    const auto entry = log_.entry(seq);
    if (!entry) throw core::Error(core::Code::not_found, fmt::format("entry {} is not in the log", seq));
    const core::Json json = entry->json();
    // The decision itself is repeated and compared with the others (replay_decision); here the recorded one goes on.
    core::Json out{{"decision", json["decision"]}, {"policy", {{"name", json["policy"]["name"]}, {"version", json["policy"]["version"]}, {"sha256", json["policy"]["sha256"]}}}};
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
    if (recorded != found) differences.push_back(fmt::format("{}: recorded {}, now \"{}\"", what, recorded.dump(), found));
  }

  Cursor& cursor_;
  const journal::ObjectStore& objects_;
  journal::LogReader log_;
};

}  // namespace

std::vector<std::string> replay_run(const Desk& desk, const Configuration& configuration, const std::string& run) {
  Cursor cursor(journal::RunJournal::read(runs_folder(desk) / run));
  const journal::ObjectStore objects(objects_folder(desk));
  const core::Json started = cursor.first(), finished = cursor.last();
  if (finished["kind"] != "run_finished") throw core::Error(core::Code::state, "the run did not finish: there is nothing to compare with", run);
  RecordedSource source;
  const std::string manifest = objects.get(finished.contains("libraries_sha256") ? finished["libraries_sha256"].get<std::string>() : started["libraries_sha256"].get<std::string>());
  const core::Json libraries = core::parse_json(manifest, "libraries");
  for (const auto& [name, sha256] : libraries.items()) {
    source.libraries.emplace(name, make_script(name, "lua/" + name + ".lua", objects.get(sha256.get<std::string>())));
  }
  const Script script = make_script(started["runbook"]["name"].get<std::string>(), started["runbook"]["place"].get<std::string>(),
                                    objects.get(started["runbook"]["sha256"].get<std::string>()));
  const core::FixedClock clock(core::parse_instant(started["decision_time"].get<std::string>()));
  ReplayServices services(desk, configuration, clock, cursor, objects);
  const Limits limits{.seconds = 86400, .memory_mib = 8192, .output_kib = 1048576, .instructions = 0};
  State state(services, runbook_profile(), source, limits);
  state.load(script);
  state.call(0, 1);
  cursor.skip();  // run_started
  std::string failure;
  core::Json result;
  try {
    lua_pushliteral(state.get(), "start");
    lua_rawget(state.get(), -2);
    state.push_json(services.run_information());
    state.call(1, 1);
    result = state.take_json("result");
  } catch (const core::Error& e) {
    failure = e.what();
  }
  std::vector<std::string> out = services.differences;
  const std::string status = finished["status"].get<std::string>();
  if (failure.empty() != (status == "finished")) {
    out.push_back(failure.empty() ? fmt::format("the run was recorded as {}, now it finishes", status) : fmt::format("the run finished, now: {}", failure));
  } else if (failure.empty()) {
    for (const Difference& each : differences_of(finished.value("result", core::Json()), result)) {
      out.push_back(fmt::format("result {}: recorded {}, now {}", each.path, each.recorded.dump(), each.found.dump()));
    }
    if (cursor.remaining() != 1) out.push_back(fmt::format("{} recorded steps were not repeated", cursor.remaining() - 1));
  }
  return out;
}

}  // namespace ballast::host
