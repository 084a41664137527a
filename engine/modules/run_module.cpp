// ballast.journal and ballast.run: what a runbook leaves behind. The Lua library `runbook` is written on these.
#include "modules/module_list.hpp"

namespace ballast::modules {
namespace {

core::Json append(Services& services, const core::Json& draft) { return services.log_entry(draft); }
core::Json last(Services& services, const core::Json& filter) { return services.last_entry(filter); }

core::Json information(Services& services) { return services.run_information(); }
core::Json decide(Services& services, const std::string& policy, const core::Json& input,
                  const std::optional<core::Json>& options) {
  return services.decide(policy, input, options.value_or(core::Json::object()));
}
bool step_started(Services& services, const std::string& name, const core::Json& input) {
  services.step_started(name, input);
  return true;
}
bool step_finished(Services& services, const std::string& name, const core::Json& outcome) {
  services.step_finished(name, outcome);
  return true;
}
core::Json artefact(Services& services, const std::string& path, const std::string& text) {
  return services.write_artefact(path, text);
}

constexpr auto kJournal = bind::module_of(
    "ballast.journal", "The decision log.",
    bind::fn<&append>("append", "Writes an entry that a person made, durably.",
                      {{{.name = "draft", .doc = "{ kind, decision, note? }; the host adds who, when and the chain."}}},
                      {.name = "entry", .doc = "{ seq, sha256 }."}, bind::Effect::writes_journal),
    bind::fn<&last>(
        "last", "Returns the newest entry that matches.",
        {{{.name = "filter", .doc = "{ kind?, policy?, run?, actor?, environment?, portfolio_id?, governor? }."}}},
        {.name = "entry", .doc = "The whole entry, or nil."}, bind::Effect::reads_journal));

constexpr auto kRun = bind::module_of(
    "ballast.run", "This run: its parameters, steps, decisions and artefacts.",
    bind::fn<&information>("information",
                           "Returns id, runbook, parameters, actor, environment and settings of this run.", {},
                           {.name = "information", .doc = "A table."}, bind::Effect::reads_files),
    bind::fn<&decide>("decide",
                      "Runs a policy in a fresh state and writes its decision to the log before returning it.",
                      {{{.name = "policy", .doc = "Name of the policy, or path of its file."},
                        {.name = "input", .doc = "Everything it may see."},
                        {.name = "options", .doc = "{ kind? }."}}},
                      {.name = "result", .doc = "{ decision, seq, sha256, policy }."}, bind::Effect::writes_journal),
    bind::fn<&step_started>(
        "step_started", "Records that a step begins.",
        {{{.name = "name", .doc = "Name of the step."}, {.name = "input", .doc = "What it works on."}}},
        {.name = "recorded", .doc = "True."}, bind::Effect::writes_journal),
    bind::fn<&step_finished>(
        "step_finished", "Records what a step returned.",
        {{{.name = "name", .doc = "Name of the step."}, {.name = "outcome", .doc = "What it returned."}}},
        {.name = "recorded", .doc = "True."}, bind::Effect::writes_journal),
    bind::fn<&artefact>("artefact", "Writes a signed file below `var`.",
                        {{{.name = "path", .doc = "Path below `var`."}, {.name = "text", .doc = "Its bytes."}}},
                        {.name = "artefact", .doc = "{ path, sha256, signature_file }."}, bind::Effect::writes_files));

}  // namespace

bind::ModuleRows journal_rows() { return bind::rows_of<kJournal>(); }
bind::ModuleRows run_rows() { return bind::rows_of<kRun>(); }

}  // namespace ballast::modules
