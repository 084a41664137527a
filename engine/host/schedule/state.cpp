#include "host/schedule/state.hpp"

#include "core/error.hpp"
#include "host/run/list.hpp"
#include "host/schedule/start.hpp"

namespace ballast::host {

// Found while somebody looks, and not when the timer calls.
std::string refusal_of_run(const Desk& desk, const Configuration& configuration, const Schedule& schedule) {
  if (schedule.settings.runbook.empty()) return {};
  try {
    check_run(desk, configuration, run_of_schedule(desk, schedule));
    return {};
  } catch (const core::Error& e) {
    return e.what();
  }
}

std::string ScheduleState::word() const {
  if (!refused.empty()) return "invalid";
  if (!open_run.empty() && open_status != "failed") return open_status;
  if (overdue) return history.handled ? "overdue" : "never started";
  if (!open_status.empty()) return open_status;
  return history.handled ? "on time" : "not due yet";
}

DueTimes due_and_not_handled(const Schedule& schedule, const ScheduleHistory& history, core::Instant now) {
  std::optional<core::Instant> from = history.handled;
  if (schedule.settings.since) {
    const core::Instant before{schedule.settings.since->microseconds - 1};  // `since` itself counts
    if (!from || before > *from) from = before;
  }
  if (!from) from = core::Instant{schedule.when.latest_at(now).microseconds - 1};
  return due_between(schedule, *from, now);
}

std::vector<ScheduleState> schedule_states(const Desk& desk, const Configuration& configuration, core::Instant now) {
  const std::vector<std::string> names = schedule_names(configuration);
  std::vector<ScheduleState> out;
  if (names.empty()) return out;
  const auto histories = read_histories(desk, names, now);
  for (const std::string& name : names) {
    ScheduleState state;
    state.name = name;
    state.history = histories.at(name);
    try {
      state.schedule = read_schedule(configuration, name);
    } catch (const core::Error& e) {
      state.refused = e.what();
      out.push_back(std::move(state));
      continue;
    }
    const Schedule& schedule = *state.schedule;
    state.refused = refusal_of_run(desk, configuration, schedule);
    const core::Instant since = schedule.settings.since.value_or(now);
    state.next = schedule.when.next_after(since > now ? core::Instant{since.microseconds - 1} : now);
    const DueTimes due = due_and_not_handled(schedule, state.history, now);
    const bool first = !state.history.handled && !schedule.settings.since;
    // What was never started has no due time to be measured from: it is overdue at once, because no timer may be there.
    if (due.count > 0 && (first || now.microseconds - due.first.microseconds > schedule.late_after.microseconds)) {
      state.overdue = due.first;
      state.missed = due.count;
    }
    if (!state.history.open_runs.empty()) {
      state.open_run = state.history.open_runs.back();
      try {
        state.open_status = find_run(desk, state.open_run).status;
      } catch (const std::exception&) {
        state.open_status = "unreadable";
      }
    }
    out.push_back(std::move(state));
  }
  return out;
}

core::Json schedule_document(const ScheduleState& state) {
  core::Json out{{"name", state.name}, {"state", state.word()}};
  if (!state.refused.empty()) out["refused"] = state.refused;
  if (!state.schedule) return out;
  out["when"] = state.schedule->settings.when;
  out["runbook"] = state.schedule->settings.runbook;
  if (!state.schedule->settings.hand_over.to.empty()) out["hand_over"] = state.schedule->settings.hand_over.to;
  out["next"] = core::format_instant(*state.next);
  if (state.history.handled) {
    out["last_due"] = core::format_instant(*state.history.handled);
    out["last_came_to"] = state.history.handled_by;
  }
  if (!state.history.last_run.empty()) {
    out["last_run"] = state.history.last_run;
    out["last_started"] = state.history.last_started;
  }
  if (!state.open_run.empty()) out["open_run"] = state.open_run;
  if (state.overdue) {
    out["overdue_since"] = core::format_instant(*state.overdue);
    out["missed"] = state.missed;
  }
  return out;
}

}  // namespace ballast::host
