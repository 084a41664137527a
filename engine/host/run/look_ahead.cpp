#include "host/run/look_ahead.hpp"

#include "core/error.hpp"
#include "host/run/history.hpp"
#include "host/run/runbook.hpp"
#include "host/state.hpp"

namespace ballast::host {

core::Json look_ahead(const Desk& desk, const Configuration& configuration, ScriptSource& source, const Script& runbook,
                      const RunIdentity& identity, const core::Clock& clock, const ChildRuns& children,
                      const std::string& approval) {
  FoldedJournal journal = read_run(runs_folder(desk) / identity.id);
  // Its waits cost no time, and the run's own clock stays where it is.
  const core::ChosenClock own(identity.clock_given ? std::optional(clock.now()) : std::nullopt);
  RunServices services(desk, configuration, own);
  services.print_nothing();
  services.with_children(children);
  State state(services, runbook_profile(), source, configuration.settings.limits.runbook);
  load_runbook(state, runbook);
  services.begin(identity, {});
  services.serve(RunHistory(std::move(journal.records)));
  services.plan.collect();
  services.plan_behind(approval);
  try {
    start_runbook(state, identity.runbook, services.run_information());
  } catch (const core::Error&) {
    if (!services.halted() || services.halted()->status != "denied") throw;  // a refusal is part of what will happen
  }
  return {{"format", std::string(kPlanFormat)},
          {"version", 1},
          {"run", identity.id},
          {"behind", approval},
          {"items", services.plan.items()}};
}

}  // namespace ballast::host
