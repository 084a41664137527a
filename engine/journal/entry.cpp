#include "journal/entry.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/nearest.hpp"
#include "journal/object_store.hpp"

namespace ballast::journal {
namespace {

using core::Code;
using core::Error;
using core::Json;

constexpr std::array<std::string_view, 11> kWithoutPolicy = {"annotation",  "approval",    "effect",   "key_event",
                                                             "note",        "override",    "recovery", "run_finished",
                                                             "run_started", "run_stopped", "undo"};
constexpr std::array<std::string_view, 5> kEnvironments = {"demo", "paper", "shadow", "testnet", "live"};
constexpr std::array<std::string_view, 6> kFrame = {"actor", "engine", "kind", "previous", "seq", "time"};
constexpr std::array<std::string_view, 6> kJudged = {"decision", "inputs", "libraries_sha256",
                                                     "policy",   "run",    "settings_sha256"};

[[noreturn]] void refuse(std::string_view field, std::string_view why) {
  throw Error(Code::argument, fmt::format("an entry of the decision log is refused: {}", why), std::string(field));
}

void require_text(std::string_view field, const std::string& text) {
  if (text.empty()) refuse(field, "it may not be empty");
}

void require_hash(std::string_view field, const std::string& text) {
  if (!is_sha256_hex(text)) refuse(field, fmt::format("expected 64 lower-case hexadecimal digits, found '{}'", text));
}

bool of_a_run(std::string_view kind) { return states_journal(kind) || kind == "effect" || kind == "undo"; }

}  // namespace

bool needs_policy(std::string_view kind) noexcept {
  return std::find(kWithoutPolicy.begin(), kWithoutPolicy.end(), kind) == kWithoutPolicy.end();
}

bool states_journal(std::string_view kind) noexcept { return kind == "run_finished" || kind == "run_stopped"; }

Json draft_json(const Draft& draft) {
  const bool name = !draft.kind.empty() && std::all_of(draft.kind.begin(), draft.kind.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
  if (!name) refuse("kind", fmt::format("expected a name of a-z, 0-9 and '_', found '{}'", draft.kind));
  require_text("actor", draft.actor);
  Json out{{"kind", draft.kind}, {"actor", draft.actor}};
  // A recovery is the log's own doing, in no environment.
  if (draft.kind != "recovery" || !draft.environment.empty()) {
    if (std::find(kEnvironments.begin(), kEnvironments.end(), draft.environment) == kEnvironments.end()) {
      refuse("environment", fmt::format("'{}' is not an environment{}", draft.environment,
                                        core::suggestion(draft.environment, kEnvironments)));
    }
    out["environment"] = draft.environment;
  }
  if (draft.clock_given) {
    if (draft.environment == "live") refuse("clock", "a given time is refused in live");
    out["clock"] = "given";
  }
  if (draft.run) {
    require_text("run", *draft.run);
    out["run"] = *draft.run;
  }
  if (draft.policy) {
    require_text("policy.name", draft.policy->name);
    require_hash("policy.sha256", draft.policy->sha256);
    const Json& version = draft.policy->version;
    if (!version.is_number_integer() && !(version.is_string() && !version.get_ref<const std::string&>().empty())) {
      refuse("policy.version", "expected a whole number or text");
    }
    out["policy"] = {{"name", draft.policy->name}, {"version", version}, {"sha256", draft.policy->sha256}};
  }
  if (draft.libraries_sha256) {
    require_hash("libraries_sha256", *draft.libraries_sha256);
    out["libraries_sha256"] = *draft.libraries_sha256;
  }
  if (draft.settings_sha256) {
    require_hash("settings_sha256", *draft.settings_sha256);
    out["settings_sha256"] = *draft.settings_sha256;
  }
  if (draft.inputs) {
    out["inputs"] = Json::array();
    for (std::size_t i = 0; i < draft.inputs->size(); ++i) {
      const NamedHash& input = (*draft.inputs)[i];
      require_text(fmt::format("inputs[{}].name", i), input.name);
      require_hash(fmt::format("inputs[{}].sha256", i), input.sha256);
      out["inputs"].push_back({{"name", input.name}, {"sha256", input.sha256}});
    }
  }
  if (draft.decision) {
    if (!draft.decision->is_object()) refuse("decision", "expected a table");
    out["decision"] = *draft.decision;
  }
  if (draft.review) {
    if (*draft.review != "reviewed" && *draft.review != "unreviewed") {
      refuse("review", fmt::format("'{}' is not accepted; accepted: reviewed, unreviewed", *draft.review));
    }
    out["review"] = *draft.review;
  }
  if (draft.note) out["note"] = *draft.note;
  if (draft.stopped) out["stopped"] = *draft.stopped;
  if (draft.recovery) out["recovery"] = *draft.recovery;
  if (draft.verdict) out["verdict"] = *draft.verdict;
  if (draft.annotates) {
    require_hash("annotates.sha256", draft.annotates->sha256);
    out["annotates"] = {{"seq", draft.annotates->seq}, {"sha256", draft.annotates->sha256}};
  }
  if (draft.kind == "annotation" && !draft.annotates)
    refuse("annotates", "an annotation says which entry it speaks of");
  if (draft.kind != "annotation" && draft.annotates)
    refuse("annotates", "only an entry of kind annotation may have it");
  if (draft.journal) {
    require_hash("journal.sha256", draft.journal->sha256);
    require_text("journal.status", draft.journal->status);
    out["journal"] = {
        {"records", draft.journal->records}, {"sha256", draft.journal->sha256}, {"status", draft.journal->status}};
  }
  if (states_journal(draft.kind) != draft.journal.has_value()) {
    refuse("journal", "an entry of kind run_finished or run_stopped, and no other, states where its run's journal is");
  }
  if (of_a_run(draft.kind) && !draft.run) refuse("run", fmt::format("an entry of kind {} names its run", draft.kind));
  if (needs_policy(draft.kind)) {
    for (const std::string_view field : kJudged) {
      if (!out.contains(std::string(field))) refuse(field, fmt::format("an entry of kind {} needs it", draft.kind));
    }
  }
  // Non-finite numbers and broken text are refused here, at the caller's, and not when the line is written.
  static_cast<void>(core::canonical_json(out));
  return out;
}

std::optional<std::string> missing_field(std::string_view kind, const std::vector<core::ScannedMember>& members) {
  const auto lacks = [&](std::string_view name) -> std::optional<std::string> {
    if (core::find_member(members, name) != nullptr) return std::nullopt;
    return fmt::format("member '{}' is missing", name);
  };
  for (const std::string_view name : kFrame) {
    if (auto problem = lacks(name)) return problem;
  }
  if (kind != "recovery") {
    if (auto problem = lacks("environment")) return problem;
  }
  if (kind == "annotation") return lacks("annotates");
  if (of_a_run(kind)) {
    if (auto problem = lacks("run")) return problem;
  }
  if (states_journal(kind)) return lacks("journal");
  if (!needs_policy(kind)) return std::nullopt;
  for (const std::string_view name : kJudged) {
    if (auto problem = lacks(name)) return problem;
  }
  return std::nullopt;
}

}  // namespace ballast::journal
