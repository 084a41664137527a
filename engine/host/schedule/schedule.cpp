#include "host/schedule/schedule.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/duration.hpp"
#include "core/error.hpp"
#include "core/nearest.hpp"

namespace ballast::host {

std::vector<std::string> schedule_names(const Configuration& configuration) {
  std::vector<std::string> out;
  for (const auto& [name, settings] : configuration.settings.schedules) out.push_back(name);
  return out;
}

Schedule read_schedule(const Configuration& configuration, const std::string& name) {
  const auto& all = configuration.settings.schedules;
  const auto at = all.find(name);
  if (at == all.end()) {
    const std::vector<std::string> names = schedule_names(configuration);
    throw core::Error(core::Code::not_found,
                      names.empty() ? std::string("the settings declare no schedules")
                                    : fmt::format("there is no such schedule{}; ballast runs schedule shows them",
                                                  core::did_you_mean(name, names)),
                      name);
  }
  const std::string place = "schedules." + name;
  // The name is that of files: of units, and of a lock.
  const bool is_name = name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
                         return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
                       });
  if (name.empty() || !is_name || name.front() == '-')
    throw core::Error(core::Code::argument, "the name of a schedule is at most 64 of a-z, 0-9, _ and -", place);
  const ScheduleSettings& settings = at->second;
  if (settings.runbook.empty() && settings.hand_over.to.empty())
    throw core::Error(core::Code::argument, "it starts nothing: give runbook, hand_over or both", place);
  if (settings.runbook.empty() && !(settings.parameters.empty() && settings.parameters_file.empty()))
    throw core::Error(core::Code::argument, "parameters without a runbook", place);
  const auto read = [&](const char* member, auto work) {
    try {
      return work();
    } catch (const core::Error& e) {
      throw e.at(fmt::format("{}.{}", place, member));
    }
  };
  return {name, settings, read("when", [&] { return core::Recurrence::parse(settings.when); }), read("late_after", [&] {
            return core::Instant{static_cast<std::int64_t>(core::parse_duration(settings.late_after) * 1e6)};
          })};
}

DueTimes due_between(const Schedule& schedule, core::Instant from, core::Instant to) {
  DueTimes out;
  out.first = schedule.when.next_after(from);
  for (core::Instant due = out.first; due <= to; due = schedule.when.next_after(due)) {
    ++out.count;
    out.last = due;
  }
  return out;
}

}  // namespace ballast::host
