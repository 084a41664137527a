// Schedules that nobody started in time, and those whose settings cannot be used.
#include <fmt/format.h>

#include "host/schedule/state.hpp"
#include "host/status/status.hpp"

namespace ballast::host {
namespace {

Finding overdue_finding(const StatusQuestion& question, const ScheduleState& state) {
  const std::string first = core::format_instant(*state.overdue);
  const std::string command = fmt::format("ballast runs start-scheduled {}{}", state.name, question.var_option);
  if (!state.history.handled)
    return {"schedule_never_started", state.name,
            fmt::format("{} was due {} and nothing ever started it", state.name, first),
            fmt::format("install its timer (ballast runs schedule --systemd), or {}, or set schedules.{}.since",
                        command, state.name)};
  return {"schedule_overdue", state.name,
          fmt::format("{} was due {} ({} ago) and was not started{}", state.name, first,
                      format_age(*state.overdue, question.now),
                      state.missed > 1 ? fmt::format("; {} starts are missing", state.missed) : ""),
          fmt::format("see whether its timer runs (systemctl list-timers), then {}", command)};
}

}  // namespace

StatusPart schedules_status(const StatusQuestion& question) {
  StatusPart out;
  out.facts = core::Json::array();
  const auto states = schedule_states(question.desk, question.configuration, question.now);
  if (states.empty()) out.lines.emplace_back("none declared");
  for (const ScheduleState& each : states) {
    out.facts.push_back(schedule_document(each));
    if (!each.refused.empty())
      out.findings.push_back({"schedule_invalid", each.name, each.refused,
                              "correct it in config/core.yaml; ballast runs schedule shows them"});
    if (!each.schedule) {
      out.lines.push_back(fmt::format("{:<16} invalid", each.name));
      continue;
    }
    if (each.overdue) out.findings.push_back(overdue_finding(question, each));
    out.lines.push_back(fmt::format(
        "{:<16} {}, next {}{}", each.name, each.word(), core::format_instant(*each.next),
        each.history.last_started.empty() ? "" : ", last started " + each.history.last_started.substr(0, 19) + "Z"));
  }
  return out;
}

}  // namespace ballast::host
