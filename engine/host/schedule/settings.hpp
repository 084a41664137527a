// What the settings say of schedules: the section `schedules`, by name.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/record.hpp"

namespace ballast::host {

/// What becomes of a due time that nobody started in time. run_once: one run for all of them; skip: none.
enum class OnMissed { run_once, skip };
/// What becomes of a start while an earlier run of the schedule has not ended.
enum class OnOverlap { skip, wait };

struct HandOverSettings {
  std::string to;
  bool git = false;
};

struct ScheduleSettings {
  std::string when;
  std::string runbook;
  std::map<std::string, core::Json> parameters;
  std::string parameters_file;
  std::string actor;
  std::vector<std::string> confirm;
  OnMissed on_missed = OnMissed::run_once;
  OnOverlap on_overlap = OnOverlap::skip;
  std::string late_after = "15min";
  std::optional<core::Instant> since;
  HandOverSettings hand_over;
};

}  // namespace ballast::host

namespace ballast::core {

template <>
struct Names<host::OnMissed> {
  using enum host::OnMissed;
  static constexpr std::array<std::pair<host::OnMissed, std::string_view>, 2> values{
      {{run_once, "run_once"}, {skip, "skip"}}};
};

template <>
struct Names<host::OnOverlap> {
  using enum host::OnOverlap;
  static constexpr std::array<std::pair<host::OnOverlap, std::string_view>, 2> values{{{skip, "skip"}, {wait, "wait"}}};
};

template <>
struct Record<host::HandOverSettings> {
  using S = host::HandOverSettings;
  static constexpr std::string_view name = "HandOverSettings", doc = "Where signed reports are handed over to.";
  static constexpr auto fields = std::tuple{
      field(&S::to, {.name = "to", .doc = "Folder or git repository, relative to the desk; empty: nowhere."}),
      field(&S::git, {.name = "git", .doc = "Whether it must be a git repository; one is committed to in any case."})};
};

template <>
struct Record<host::ScheduleSettings> {
  using S = host::ScheduleSettings;
  static constexpr std::string_view name = "ScheduleSettings", doc = "A runbook that is started at given times.";
  static constexpr auto fields = std::tuple{
      field(&S::when, {.name = "when",
                       .doc = "Times in UTC: hourly, hourly :15, every 15min, every 4h, daily 06:30, weekdays 06:30, "
                              "weekly mon,thu 07:00 or monthly 1 07:00.",
                       .required = true}),
      field(&S::runbook,
            {.name = "runbook", .doc = "File, or name of one in runbooks/; empty: no run, only what hand_over says."}),
      field(&S::parameters, {.name = "parameters", .doc = "Values of its parameters, as in a file of --params."}),
      field(&S::parameters_file,
            {.name = "parameters_file", .doc = "File of parameters, relative to the desk; `parameters` count first."}),
      field(&S::actor, {.name = "actor", .doc = "Who acts; empty: as desk.actor says."}),
      field(&S::confirm, {.name = "confirm", .doc = "Confirmations that are given beforehand."}),
      field(&S::on_missed,
            {.name = "on_missed", .doc = "When due times passed without a start: one run for all of them, or none."}),
      field(&S::on_overlap,
            {.name = "on_overlap",
             .doc = "When an earlier run of the schedule has not ended: no run, or wait until the next due time."}),
      field(&S::late_after, {.name = "late_after",
                             .doc = "A start later than this after its due time counts as missed, such as 15min."}),
      field(&S::since, {.name = "since",
                        .doc = "Due times before this one do not count, such as "
                               "2026-01-01T00:00:00Z."}),
      field(&S::hand_over,
            {.name = "hand_over", .doc = "Reports of runs that ended are handed over after each start."})};
};

}  // namespace ballast::core
