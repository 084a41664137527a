#include "host/run/services.hpp"

#include <set>

#include <fmt/format.h>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "host/log_access.hpp"
#include "host/run/artefact_file.hpp"
#include "host/run/identity.hpp"
#include "host/run/script_table.hpp"
#include "host/script_error.hpp"
#include "host/version.hpp"
#include "journal/evidence_kind.hpp"

namespace ballast::host {
namespace {

/// Longer answers are kept as objects, so that a journal stays readable.
constexpr std::size_t kLongestInlineAnswer = 2048;

std::filesystem::path artefact_path(const Desk& desk, const std::string& store, const std::string& path) {
  const std::filesystem::path relative =
      std::filesystem::path(path.starts_with("var/") ? path.substr(4) : path).lexically_normal();
  if (relative.empty() || relative.is_absolute() || *relative.begin() == "..") {
    throw core::Error(core::Code::argument, fmt::format("'{}' is not a path below var", path), "artefact");
  }
  for (const std::string& kept : {std::string(journal::kObjectsFolder), std::string(journal::kRunsFolder),
                                  std::string(journal::kLogFolder), store}) {
    const auto inside = relative.lexically_relative(kept);
    if (!inside.empty() && *inside.begin() != "..") {
      throw core::Error(core::Code::argument, fmt::format("'{}' is what only the engine writes", path), "artefact");
    }
  }
  if (journal::is_evidence_name(relative.filename().string())) {
    throw core::Error(core::Code::argument,
                      fmt::format("'{}' is a name that evidence has: verification would take it for some", path),
                      "artefact");
  }
  return desk.var / relative;
}

}  // namespace

bool is_answer(std::string_view call) {
  return !call.starts_with("ballast.run.") && call != "ballast.journal.append" && call != "ballast.files.write" &&
         call != "ballast.files.remove";
}

core::Json decision_result(const PolicyOutcome& outcome, const std::optional<journal::Appended>& entry) {
  core::Json out{
      {"decision", outcome.decision},
      {"policy", {{"name", outcome.name}, {"version", outcome.version}, {"sha256", outcome.policy.sha256()}}}};
  if (entry) {
    out["seq"] = entry->seq;
    out["sha256"] = entry->sha256;
  }
  return out;
}

core::Json logged_decision(const journal::Entry& entry, const core::Json& record) {
  const core::Json json = entry.json();
  return {{"decision", json["decision"]},
          {"policy",
           {{"name", json["policy"]["name"]},
            {"version", json["policy"]["version"]},
            {"sha256", json["policy"]["sha256"]}}},
          {"seq", record["entry_seq"]},
          {"sha256", record["entry_sha256"]}};
}

RunServices::RunServices(const Desk& desk, const Configuration& configuration, const core::Clock& clock)
    : DeskServices(desk, configuration, clock) {
  answers = this;
}

void RunServices::begin(RunIdentity identity, RunStores stores) {
  identity_ = std::move(identity);
  stores_ = stores;
  begun_ = true;
  for (const std::string& file : identity_.named_files) permit_file(file);
}

void RunServices::serve(RunHistory history) {
  history_ = std::move(history);
  for (const journal::RunRecord& each : history_.records()) {
    if (each.json["kind"] == "artefact") artefacts_.push_back(each.json["path"].get<std::string>());
    if (!each.json.contains("entry_seq")) continue;
    entries_.push_back(each.json["entry_seq"].get<std::uint64_t>());
    if (each.json["kind"] == "decision") decisions_.push_back(entries_.back());
  }
}

core::Json RunServices::run_information() {
  return {{"id", identity_.id},
          {"runbook", identity_.runbook},
          {"parameters", identity_.parameters},
          {"actor", identity_.actor},
          {"environment", std::string(core::name_of(identity_.environment))},
          {"dry_run", dry()},
          {"engine", {{"version", std::string(kVersion)}, {"build", std::string(kBuild)}}}};
}

void RunServices::require_begun() const {
  if (!begun_) {
    throw core::Error(core::Code::state,
                      "a runbook may look and act in main(run) only, not while it is loaded or checks its parameters");
  }
}

void RunServices::halt(std::string status, const std::string& text, core::Code code) {
  halt_ = Halt{std::move(status), text, code};
  limit_text = text;
  stop.request();  // no protected call swallows it
  throw core::Error(core::Code::budget, text);
}

void RunServices::planned(core::Json item) {
  if (const auto difference = plan.take(std::move(item))) halt("differs", *difference);
}

void RunServices::lose(const core::Error& error) {
  lost_ = error;
  limit_text = error.what();
  stop.request();
}

void RunServices::append_record(std::string_view kind, const core::Json& payload) {
  keep([&] { stores_.journal->append(kind, payload); });
}

std::string RunServices::put_object(std::string_view bytes) {
  return keep([&] { return stores_.objects->put(bytes); });
}

const core::Json* RunServices::served(std::string_view kind, const std::string& doing) {
  require_begun();
  if (!outside_.empty()) {
    throw core::Error(core::Code::state,
                      fmt::format("{} is reached while effect '{}' acts; an effect reads and writes the outside world "
                                  "and nothing else",
                                  doing, outside_));
  }
  settle_failed_step();
  if (!awaited_.empty() && kind != "child" && kind != "answer")
    throw core::Error(core::Code::state, fmt::format("{} comes while child run '{}' was begun and not waited for",
                                                     doing, *awaited_.begin()));
  if (const core::Json* record = history_.take(kind, doing)) {
    if (kind != "answer" && kind != "plan") plan.skip();  // neither is a unit
    return record;
  }
  if (undoing_) halt("history_ended", "everything that the run did was gone through");
  return nullptr;
}

void RunServices::finish_plan() {
  if (const auto difference = plan.finish()) halt("differs", *difference);
}

journal::Draft RunServices::draft_of(const std::string& kind) const {
  journal::Draft out = draft_entry(identity_, kind);
  out.time = identity_.time;
  return out;
}

journal::Appended RunServices::append_entry(const journal::Draft& draft) {
  const core::Json wanted = journal::draft_json(draft);
  const auto same = [&](const journal::Entry& each) {
    const core::Json there = each.json();
    for (const char* member : {"kind", "actor", "policy", "libraries_sha256", "inputs", "decision", "note"}) {
      if (there.value(member, core::Json()) != wanted.value(member, core::Json())) return false;
    }
    return true;
  };
  const auto at = std::find_if(unclaimed_.begin(), unclaimed_.end(), same);
  journal::Appended out;
  if (at != unclaimed_.end()) {  // the process died, or the step failed, after this was written
    out = {at->place.seq, at->place.sha256, at->place.segment};
    unclaimed_.erase(at);
  } else {
    out = keep([&] { return stores_.log->append(draft); });
  }
  entries_.push_back(out.seq);
  return out;
}

std::string RunServices::review_of(const PolicyOutcome& outcome) const {
  std::vector<Script> scripts = outcome.libraries;
  scripts.push_back(outcome.policy);
  static const ReviewManifest nothing_reviewed;
  const ReviewManifest& manifest = stores_.manifest != nullptr ? *stores_.manifest : nothing_reviewed;
  return manifest.review(scripts, identity_.environment == Environment::live);
}

core::Json RunServices::decide(const std::string& policy, const core::Json& input, const core::Json& options) {
  const std::string doing = fmt::format("a decision of policy '{}'", policy);
  const std::string input_sha256 = core::sha256_hex(core::canonical_json(input));
  if (const core::Json* record = served("decision", doing)) {
    if ((*record)["input_sha256"] != input_sha256) {
      history_.refuse(fmt::format("{} on another input than recorded", doing), describe_record(*record));
    }
    const auto seq = (*record)["entry_seq"].get<std::uint64_t>();
    // A plan that is made of a run has no log open.
    const auto entry = dry() ? journal::LogReader(log_folder(desk_)).entry(seq) : stores_.log->entry(seq);
    if (!entry) throw core::Error(core::Code::not_found, "the decision's entry is not in the log; run ballast verify");
    enforce((*record)["policy"].get<std::string>(), record->value("enforcement", ""),
            record->value("outcome", core::Json()));
    return logged_decision(*entry, *record);
  }
  FolderSource source = desk_.source();
  const PolicyOutcome outcome = [&] {
    try {
      return run_policy(source, policy, input, configuration_.settings.limits.policy);
    } catch (const ScriptError& e) {  // the runbook's error shows the policy's line, not only its own
      if (e.source_line().empty()) throw;
      throw core::Error(e.code(), fmt::format("{}\n       | {}", e.message(), e.source_line()), e.where());
    }
  }();
  planned({{"unit", "decision"},
           {"name", outcome.name},
           {"policy_sha256", outcome.policy.sha256()},
           {"decision_sha256", core::sha256_hex(outcome.decision_bytes)}});
  const std::string level(core::name_of(configuration_.settings.policies.level_of(outcome.name)));
  const core::Json answer = outcome.decision.value("outcome", core::Json());
  if (dry()) {
    enforce(outcome.name, level, answer);
    return decision_result(outcome, std::nullopt);
  }
  put_object(outcome.policy.text);
  for (const Script& library : outcome.libraries) put_object(library.text);
  journal::Draft draft = draft_of(optional_text(options, "kind").value_or("decision"));
  draft.policy = journal::PolicyReference{outcome.name, outcome.version, outcome.policy.sha256()};
  draft.libraries_sha256 = put_object(core::canonical_json(library_manifest(outcome.libraries)));
  draft.settings_sha256 = put_object(configuration_.bytes());
  draft.inputs = std::vector<journal::NamedHash>{{"input", put_object(outcome.input_bytes)}};
  draft.decision = outcome.decision;
  draft.review = review_of(outcome);
  // Decide, write durably, then act: when this throws, the runbook stops before it acts.
  const journal::Appended entry = append_entry(draft);
  decisions_.push_back(entry.seq);
  core::Json payload{{"policy", outcome.name},
                     {"policy_sha256", outcome.policy.sha256()},
                     {"input_sha256", draft.inputs->front().sha256},
                     {"decision_sha256", core::sha256_hex(outcome.decision_bytes)},
                     {"entry_seq", entry.seq},
                     {"entry_sha256", entry.sha256}};
  payload["enforcement"] = level;
  if (!answer.is_null()) payload["outcome"] = answer;
  append_record("decision", payload);
  enforce(outcome.name, level, answer);
  return decision_result(outcome, entry);
}

core::Json RunServices::log_entry(const core::Json& given) {
  const std::string kind = optional_text(given, "kind").value_or("note");
  const std::string sha256 = core::sha256_hex(core::canonical_json(given));
  if (const core::Json* record = served("log", "an entry of the log")) {
    if ((*record)["draft_sha256"] != sha256) history_.refuse("another entry of the log", describe_record(*record));
    return {{"seq", (*record)["entry_seq"]}, {"sha256", (*record)["entry_sha256"]}};
  }
  planned({{"unit", "entry"}, {"name", kind}, {"sha256", sha256}});
  if (dry()) {
    plan.predict();  // where it will stand in the log nobody knows yet
    return core::Json::object();
  }
  journal::Draft draft = draft_of(kind);
  if (const auto note = optional_text(given, "note")) draft.note = *note;
  if (given.contains("decision")) draft.decision = given["decision"];
  const journal::Appended entry = append_entry(draft);
  append_record("log", {{"draft_sha256", sha256}, {"entry_seq", entry.seq}, {"entry_sha256", entry.sha256}});
  return {{"seq", entry.seq}, {"sha256", entry.sha256}};
}

core::Json RunServices::last_entry(const core::Json& filter) {
  std::set<std::uint64_t> unseen;
  for (const journal::Entry& each : unclaimed_) unseen.insert(each.place.seq);
  return last_matching_entry(desk_, filter, unseen);
}

core::Json RunServices::inline_or_object(const char* name, const core::Json& value, core::Json payload) {
  const std::string bytes = core::canonical_json(value);
  const std::string hashed = std::string(name) + "_sha256";
  payload[hashed] = core::sha256_hex(bytes);
  if (bytes.size() > kLongestInlineAnswer) {
    put_object(bytes);
  } else {
    payload[name] = value;
  }
  return payload;
}

core::Json RunServices::from_object(const core::Json& record, const char* name) {
  return recorded_value(record, name, journal::ObjectStore(objects_folder(desk_)));
}

void RunServices::open_step(const std::string& name, const std::string& what) {
  if (!open_step_.empty()) {
    throw core::Error(
        core::Code::state,
        fmt::format("{} begins inside '{}'; steps and effects stand in main one after another", what, open_step_));
  }
  open_step_ = name;
}

core::Json RunServices::recorded_outcome(const core::Json& finished) {
  if (finished.contains("error")) return {{"finished", true}, {"error", finished["error"]}};
  return {{"finished", true}, {"outcome", from_object(finished, "outcome")}};
}

core::Json RunServices::step_started(const std::string& name, const core::Json& input) {
  const std::string doing = fmt::format("step '{}'", name);
  const std::string input_sha256 = core::sha256_hex(core::canonical_json(input));
  if (const core::Json* record = served("step_started", doing)) {
    const std::string recorded = describe_record(*record);
    if ((*record)["step"] != name || record->value("effect", false)) history_.refuse(doing, recorded);
    if ((*record)["input_sha256"] != input_sha256) history_.refuse(doing + " with another input", recorded);
    // Only what was completed is kept of a run, so its end is there, unless somebody wrote the journal by hand.
    const core::Json* finished = history_.take_step_end(name);
    if (finished == nullptr) history_.refuse(doing + ", whose end is missing", recorded);
    return recorded_outcome(*finished);
  }
  open_step(name, doing);
  if (!dry()) append_record("step_started", {{"step", name}, {"input_sha256", input_sha256}});
  return {{"finished", false}};
}

void RunServices::close_step(const std::string& name, const core::Json& outcome, bool effect) {
  if (open_step_ != name) {
    throw core::Error(core::Code::state, fmt::format("'{}' ends and was not begun, or belongs to another run", name));
  }
  open_step_.clear();
  failed_step_.reset();
  if (dry()) return;
  core::Json payload{{"step", name}};
  if (effect) payload["effect"] = true;
  append_record("step_finished", inline_or_object("outcome", outcome, std::move(payload)));
}

core::Json RunServices::step_finished(const std::string& name, const core::Json& outcome) {
  require_begun();
  planned({{"unit", "step"}, {"name", name}, {"outcome_sha256", core::sha256_hex(core::canonical_json(outcome))}});
  close_step(name, outcome, false);
  return outcome;
}

void RunServices::step_failed(const std::string& name, const core::Json& error) {
  if (open_step_ == name) failed_step_ = core::Json{{"step", name}, {"error", error}};
}

void RunServices::settle_failed_step() {
  if (!failed_step_) return;
  const core::Json failed = std::move(*failed_step_);
  failed_step_.reset();
  open_step_.clear();
  planned({{"unit", "step"}, {"name", failed["step"]}, {"error", failed["error"]}});
  if (!dry()) append_record("step_finished", failed);
}

bool RunServices::check(const std::string& text, bool holds) {
  require_begun();
  if (!holds && !plan.predicting()) return false;
  const std::string doing = fmt::format("the check '{}'", text);
  if (const core::Json* record = served("check", doing)) {
    if ((*record)["text"] != text) history_.refuse(doing, describe_record(*record));
    return true;
  }
  planned({{"unit", "check"}, {"text", text}});
  if (!dry()) append_record("check", {{"text", text}});
  return true;
}

core::Json RunServices::write_artefact(const std::string& path, const std::string& bytes) {
  const auto file = artefact_path(desk_, configuration_.settings.market.store, path);
  const std::string shown = (std::filesystem::path("var") / file.lexically_relative(desk_.var)).string();
  core::Json out{{"path", shown}, {"sha256", core::sha256_hex(bytes)}, {"signature_file", shown + ".sig"}};
  const std::string doing = fmt::format("artefact '{}'", shown);
  if (const core::Json* record = served("artefact", doing)) {
    if ((*record)["path"] != shown || (*record)["sha256"] != out["sha256"])
      history_.refuse((*record)["path"] == shown ? doing + " with other bytes" : doing, describe_record(*record));
    return out;
  }
  planned({{"unit", "artefact"}, {"path", shown}, {"sha256", out["sha256"]}});
  if (dry()) return out;
  append_record("note", artefact_remark(shown, out["sha256"].get<std::string>()));
  keep([&] { write_signed(file, bytes, *stores_.keys, clock_); });
  artefacts_.push_back(shown);
  append_record("artefact", out);
  return out;
}

void RunServices::finish_artefacts(const std::vector<UnfinishedArtefact>& unfinished) {
  for (const UnfinishedArtefact& each : unfinished) {
    const std::filesystem::path file = desk_.var / std::filesystem::path(each.path).lexically_relative("var");
    if (!finish_artefact(file, each.sha256)) continue;
    append_record("artefact", {{"path", each.path}, {"sha256", each.sha256}, {"signature_file", each.path + ".sig"}});
  }
}

void RunServices::record_failure(std::string_view call, const core::Json& arguments, const core::Error& error) {
  if (dry() || !is_answer(call) || !outside_.empty() || stop.requested()) return;
  append_record("answer", {{"call", std::string(call)},
                           {"arguments_sha256", core::sha256_hex(core::canonical_json(arguments))},
                           {"error",
                            {{"code", std::string(core::code_name(error.code()))},
                             {"message", error.message()},
                             {"where", error.where()}}}});
}

std::optional<core::Json> RunServices::recorded(std::string_view call, const core::Json& arguments) {
  require_begun();  // asked before every call that looks or acts
  if (!is_answer(call) || !outside_.empty()) return std::nullopt;
  const std::string doing = fmt::format("a call of '{}'", call);
  const core::Json* record = served("answer", doing);
  if (record == nullptr) return std::nullopt;
  if ((*record)["call"] != call) history_.refuse(doing, describe_record(*record));
  if ((*record)["arguments_sha256"] != core::sha256_hex(core::canonical_json(arguments)))
    history_.refuse(doing + " with other arguments", describe_record(*record));
  if (record->contains("error")) throw recorded_error((*record)["error"]);
  return from_object(*record, "answer");
}

void RunServices::record(std::string_view call, const core::Json& arguments, const core::Json& answer) {
  if (dry() || !is_answer(call) || !outside_.empty()) return;
  const std::string bytes = core::canonical_json(answer);
  core::Json payload{{"call", std::string(call)},
                     {"arguments_sha256", core::sha256_hex(core::canonical_json(arguments))}};
  if (bytes.size() > kLongestInlineAnswer) {
    payload["answer_sha256"] = put_object(bytes);
  } else {
    payload["answer"] = answer;
  }
  append_record("answer", payload);
}

}  // namespace ballast::host
