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
core::Json step_started(Services& services, const std::string& name, const core::Json& input) {
  return services.step_started(name, input);
}
core::Json step_finished(Services& services, const std::string& name, const core::Json& outcome) {
  return services.step_finished(name, outcome);
}
bool step_failed(Services& services, const std::string& name, const core::Json& error) {
  services.step_failed(name, error);
  return true;
}
core::Json effect_started(Services& services, const std::string& name) { return services.effect_started(name); }
core::Json effect_planned(Services& services, const std::string& name, const core::Json& plan) {
  return services.effect_planned(name, plan);
}
bool effect_finished(Services& services, const std::string& name, const core::Json& outcome) {
  services.effect_finished(name, outcome);
  return true;
}
bool outside_entered(Services& services, const std::string& name) {
  services.outside_entered(name);
  return true;
}
bool outside_left(Services& services, const std::string& name) {
  services.outside_left(name);
  return true;
}
core::Json undo_started(Services& services, const std::string& name) { return services.undo_started(name); }
bool undo_finished(Services& services, const std::string& name) {
  services.undo_finished(name);
  return true;
}
bool predict(Services& services) {
  services.predict();
  return true;
}
bool open_ended(Services& services, const std::string& name, bool open) {
  services.open_ended(name, open);
  return true;
}
bool check(Services& services, const std::string& text, bool holds) { return services.check(text, holds); }
core::Json approve(Services& services, const core::Json& request) { return services.approve(request); }
core::Json confirm(Services& services, const core::Json& request) { return services.confirm(request); }
core::Json wait(Services& services, const core::Json& request) { return services.wait(request); }
bool notify(Services& services, const core::Json& notice) {
  services.notify(notice);
  return true;
}
bool children_started(Services& services, const core::Json& children) {
  services.children_started(children);
  return true;
}
core::Json children_finished(Services& services, const core::Json& names, std::int64_t at_once) {
  return services.children_finished(names, at_once);
}
core::Json child_undone(Services& services, const std::string& name) { return services.child_undone(name); }
core::Json artefact(Services& services, const std::string& path, const std::string& text) {
  return services.write_artefact(path, text);
}

constexpr auto kJournal = bind::module_of(
    "ballast.journal", "The decision log.",
    bind::fn<&append>("append", "Writes an entry that a person made, durably.",
                      {{{.name = "draft", .doc = "{ kind, decision, note? }; the host adds who, when and the chain."}}},
                      {.name = "entry", .doc = "{ seq, sha256 }."}, bind::Effect::writes_journal),
    bind::fn<&last>("last", "Returns the newest entry that matches.",
                    {{{.name = "filter",
                       .doc = "{ kind?, policy?, run?, actor?, environment?, portfolio_id?, governor?, symbol? }."}}},
                    {.name = "entry", .doc = "The whole entry, or nil."}, bind::Effect::reads_journal));

constexpr Words kStep{.name = "name", .doc = "Name of the step."};
constexpr Words kEffect{.name = "name", .doc = "Name of the effect."};
constexpr Words kRecorded{.name = "recorded", .doc = "True."};

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
        "step_started", "Records that a step begins, or returns what it came to in an earlier execution of the run.",
        {{kStep, {.name = "input", .doc = "What it works on."}}},
        {.name = "recorded", .doc = "{ finished, outcome?, error? }."}, bind::Effect::writes_journal),
    bind::fn<&step_finished>(
        "step_finished", "Records what a step returned.", {{kStep, {.name = "outcome", .doc = "What it returned."}}},
        {.name = "outcome", .doc = "The same, as it is read from the record."}, bind::Effect::writes_journal),
    bind::fn<&step_failed>("step_failed", "Remembers why a step failed, for the case that the script goes on.",
                           {{kStep, {.name = "error", .doc = "{ code, message }."}}}, kRecorded,
                           bind::Effect::writes_journal),
    bind::fn<&effect_started>("effect_started",
                              "Records that an effect begins, or returns what it came to in an earlier execution.",
                              {{kEffect}}, {.name = "recorded", .doc = "{ finished, plan?, outcome?, key?, error? }."},
                              bind::Effect::writes_journal),
    bind::fn<&effect_planned>(
        "effect_planned", "Makes the plan of an effect durable, in the log too, before it is applied.",
        {{kEffect, {.name = "plan", .doc = "What will be done."}}},
        {.name = "task", .doc = "{ todo = apply, verify, settle, predict or nothing; key, plan, outcome?, error? }."},
        bind::Effect::writes_journal),
    bind::fn<&effect_finished>("effect_finished", "Records what an effect came to.",
                               {{kEffect, {.name = "outcome", .doc = "What its verify found."}}}, kRecorded,
                               bind::Effect::writes_journal),
    bind::fn<&outside_entered>("outside_entered", "From here on the script acts on the outside world.", {{kEffect}},
                               kRecorded, bind::Effect::writes_journal),
    bind::fn<&outside_left>("outside_left", "Ends what outside_entered began.", {{kEffect}}, kRecorded,
                            bind::Effect::writes_journal),
    bind::fn<&undo_started>("undo_started", "Records that an effect is taken back, in the log too, before it is.",
                            {{kEffect}}, {.name = "task", .doc = "{ todo = undo, verify, leave or nothing }."},
                            bind::Effect::writes_journal),
    bind::fn<&undo_finished>("undo_finished", "Records that an effect was taken back.", {{kEffect}}, kRecorded,
                             bind::Effect::writes_journal),
    bind::fn<&predict>("predict", "Marks what follows in a dry run: it depends on what only the run itself can know.",
                       {}, kRecorded, bind::Effect::writes_journal),
    bind::fn<&open_ended>(
        "open_ended", "What follows until it is closed is tried as often as it takes: one unit of a plan.",
        {{{.name = "name", .doc = "What it is called."}, {.name = "open", .doc = "Whether it begins or ends."}}},
        kRecorded, bind::Effect::writes_journal),
    bind::fn<&check>("check", "Records that something that had to hold did.",
                     {{{.name = "text", .doc = "What had to hold."}, {.name = "holds", .doc = "Whether it does."}}},
                     {.name = "may_go_on", .doc = "True when it holds, or a dry run cannot know yet."},
                     bind::Effect::writes_journal),
    bind::fn<&approve>("approve", "Stops the run until enough people approved what it will do.",
                       {{{.name = "request", .doc = "{ name, what, role, quorum, not_author, expires_seconds }."}}},
                       {.name = "approved", .doc = "{ approvals, plan_sha256 }."}, bind::Effect::writes_journal),
    bind::fn<&confirm>("confirm", "Asks the person at the terminal; without one the run stops until it is confirmed.",
                       {{{.name = "request", .doc = "{ name, text }."}}}, {.name = "confirmed", .doc = "{ actor }."},
                       bind::Effect::writes_journal),
    bind::fn<&wait>("wait", "Waits until an instant, which is the decision time from then on.",
                    {{{.name = "request", .doc = "{ name, until }."}}}, {.name = "reached", .doc = "{ time }."},
                    bind::Effect::writes_journal),
    bind::fn<&notify>("notify", "Tells people something, once that is recorded; never waits for anybody.",
                      {{{.name = "notice", .doc = "{ text, level, data? }."}}}, kRecorded,
                      bind::Effect::writes_journal),
    bind::fn<&children_started>("children_started", "Records which other runbooks run as children of this run.",
                                {{{.name = "children", .doc = "List of { name, runbook, params }."}}}, kRecorded,
                                bind::Effect::writes_journal),
    bind::fn<&children_finished>(
        "children_finished", "Runs the children, each in a process of its own, and waits for all of them.",
        {{{.name = "names", .doc = "Their names."}, {.name = "at_once", .doc = "How many run at the same time."}}},
        {.name = "results", .doc = "List of { name, run, status, result }."}, bind::Effect::writes_journal),
    bind::fn<&child_undone>(
        "child_undone", "Takes back the effects of a child run.", {{{.name = "name", .doc = "Name of the child run."}}},
        {.name = "left", .doc = "Names of its effects that were left."}, bind::Effect::writes_journal),
    bind::fn<&artefact>("artefact", "Writes a signed file below `var`.",
                        {{{.name = "path", .doc = "Path below `var`."}, {.name = "text", .doc = "Its bytes."}}},
                        {.name = "artefact", .doc = "{ path, sha256, signature_file }."}, bind::Effect::writes_files));

}  // namespace

bind::ModuleRows journal_rows() { return bind::rows_of<kJournal>(); }
bind::ModuleRows run_rows() { return bind::rows_of<kRun>(); }

}  // namespace ballast::modules
