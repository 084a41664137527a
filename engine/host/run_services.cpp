#include "host/run_services.hpp"

#include <fmt/format.h>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "core/signature_file.hpp"
#include "host/script_error.hpp"
#include "host/version.hpp"
#include "journal/evidence_kind.hpp"

namespace ballast::host {
namespace {

/// Longer answers are kept as objects, so that a journal stays readable.
constexpr std::size_t kLongestInlineAnswer = 2048;

/// Returns a member that a script gave as text, or nothing.
std::optional<std::string> text_member(const core::Json& given, const char* name) {
  if (!given.is_object())
    throw core::Error(core::Code::argument, fmt::format("expected a table with names, found {}", given.type_name()));
  const auto at = given.find(name);
  if (at == given.end() || at->is_null()) return std::nullopt;
  if (!at->is_string())
    throw core::Error(core::Code::argument, fmt::format("expected text, found {}", at->dump()), name);
  return at->get<std::string>();
}

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

bool is_answer(std::string_view call) { return !call.starts_with("ballast.run.") && call != "ballast.journal.append"; }

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
    throw core::Error(core::Code::state, "a runbook may look and act in main(run) only, not while it is loaded");
  }
}

journal::Draft RunServices::draft_of(const std::string& kind) const {
  journal::Draft out;
  out.kind = kind;
  out.actor = identity_.actor;
  out.environment = std::string(core::name_of(identity_.environment));
  out.run = identity_.id;
  out.time = identity_.time;
  out.clock_given = identity_.clock_given;
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
  FolderSource source = desk_.source();
  const PolicyOutcome outcome = [&] {
    try {
      return run_policy(source, policy, input, configuration_.settings.limits.policy);
    } catch (const ScriptError& e) {  // the runbook's error shows the policy's line, not only its own
      if (e.source_line().empty()) throw;
      throw core::Error(e.code(), fmt::format("{}\n       | {}", e.message(), e.source_line()), e.where());
    }
  }();
  if (dry()) return decision_result(outcome, std::nullopt);
  const journal::ObjectStore& objects = *stores_.objects;
  objects.put(outcome.policy.text);
  for (const Script& library : outcome.libraries) objects.put(library.text);
  journal::Draft draft = draft_of(text_member(options, "kind").value_or("decision"));
  draft.policy = journal::PolicyReference{outcome.name, outcome.version, outcome.policy.sha256()};
  draft.libraries_sha256 = objects.put(core::canonical_json(library_manifest(outcome.libraries)));
  draft.settings_sha256 = objects.put(configuration_.bytes());
  draft.inputs = std::vector<journal::NamedHash>{{"input", objects.put(outcome.input_bytes)}};
  draft.decision = outcome.decision;
  draft.review = review_of(outcome);
  // Decide, write durably, then act: when this throws, the runbook stops before it acts.
  const journal::Appended entry = stores_.log->append(draft);
  entries_.push_back(entry.seq);
  stores_.journal->append("decision", {{"policy", outcome.name},
                                       {"policy_sha256", outcome.policy.sha256()},
                                       {"input_sha256", draft.inputs->front().sha256},
                                       {"decision_sha256", core::sha256_hex(outcome.decision_bytes)},
                                       {"entry_seq", entry.seq},
                                       {"entry_sha256", entry.sha256}});
  return decision_result(outcome, entry);
}

core::Json RunServices::log_entry(const core::Json& given) {
  const std::string kind = text_member(given, "kind").value_or("note");
  if (dry()) return core::Json::object();
  journal::Draft draft = draft_of(kind);
  if (const auto note = text_member(given, "note")) draft.note = *note;
  if (given.contains("decision")) draft.decision = given["decision"];
  const journal::Appended entry = stores_.log->append(draft);
  entries_.push_back(entry.seq);
  stores_.journal->append("log", {{"draft_sha256", core::sha256_hex(core::canonical_json(given))},
                                  {"entry_seq", entry.seq},
                                  {"entry_sha256", entry.sha256}});
  return {{"seq", entry.seq}, {"sha256", entry.sha256}};
}

void RunServices::step_started(const std::string& name, const core::Json& input) {
  if (!dry())
    stores_.journal->append("step_started",
                            {{"step", name}, {"input_sha256", core::sha256_hex(core::canonical_json(input))}});
}

void RunServices::step_finished(const std::string& name, const core::Json& outcome) {
  if (dry()) return;
  const std::string bytes = core::canonical_json(outcome);
  core::Json payload{{"step", name}, {"outcome_sha256", core::sha256_hex(bytes)}};
  if (bytes.size() > kLongestInlineAnswer) {
    stores_.objects->put(bytes);
  } else {
    payload["outcome"] = outcome;
  }
  stores_.journal->append("step_finished", payload);
}

core::Json RunServices::write_artefact(const std::string& path, const std::string& bytes) {
  const auto file = artefact_path(desk_, configuration_.settings.market.store, path);
  const std::string shown = (std::filesystem::path("var") / file.lexically_relative(desk_.var)).string();
  core::Json out{{"path", shown}, {"sha256", core::sha256_hex(bytes)}, {"signature_file", shown + ".sig"}};
  if (dry()) return out;
  const core::Signer* signers[] = {stores_.keys->artefact_hmac.get(), stores_.keys->artefact_public.get()};
  // The bytes wait beside their place, so that a full disk leaves what was there; between the signature and the file
  // stands one rename. The signature first: what a crash leaves then is a signature without its file, or beside an
  // older one, and verification names both. A file without its signature would look like one that nothing vouches for.
  core::StagedFile staged(file, bytes);
  core::sign_bytes(file, bytes, core::Purpose::artefact, signers, clock_);
  staged.put_in_place();
  artefacts_.push_back(shown);
  stores_.journal->append("artefact", out);
  return out;
}

void RunServices::record_failure(std::string_view call, const core::Json& arguments, const core::Error& error) {
  if (dry() || !is_answer(call)) return;
  stores_.journal->append("answer", {{"call", std::string(call)},
                                     {"arguments_sha256", core::sha256_hex(core::canonical_json(arguments))},
                                     {"error",
                                      {{"code", std::string(core::code_name(error.code()))},
                                       {"message", error.message()},
                                       {"where", error.where()}}}});
}

std::optional<core::Json> RunServices::recorded(std::string_view, const core::Json&) {
  require_begun();  // asked before every call that looks or acts
  return std::nullopt;
}

void RunServices::record(std::string_view call, const core::Json& arguments, const core::Json& answer) {
  if (dry() || !is_answer(call)) return;
  const std::string bytes = core::canonical_json(answer);
  core::Json payload{{"call", std::string(call)},
                     {"arguments_sha256", core::sha256_hex(core::canonical_json(arguments))}};
  if (bytes.size() > kLongestInlineAnswer) {
    payload["answer_sha256"] = stores_.objects->put(bytes);
  } else {
    payload["answer"] = answer;
  }
  stores_.journal->append("answer", payload);
}

}  // namespace ballast::host
