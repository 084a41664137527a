#include "host/schedule/history.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/error.hpp"
#include "host/evidence.hpp"
#include "host/log_lines.hpp"
#include "host/run/journal_ends.hpp"
#include "host/schedule/notes.hpp"

namespace ballast::host {
namespace {

/// A run of a schedule, from its first record.
void take_run(std::map<std::string, ScheduleHistory>& histories, const JournalEnds& run, core::Instant now) {
  const auto scheduled = run.first.find("scheduled");
  if (scheduled == run.first.end() || !scheduled->is_object()) return;
  const auto at = histories.find(scheduled->value("name", ""));
  if (at == histories.end()) return;
  ScheduleHistory& history = at->second;
  const core::Instant due = core::parse_instant(scheduled->value("due", ""));
  if (!run.ended()) history.open_runs.push_back(run.run);
  if (due > now || (history.handled && *history.handled > due)) return;
  history.handled = due;
  history.handled_by = "run " + run.run;
  history.last_run = run.run;
  history.last_started = run.first.value("time", "");
}

/// A run that is damaged behind its first record was started all the same, and nobody knows that it ended.
void take_damaged(std::map<std::string, ScheduleHistory>& histories, const std::filesystem::path& folder,
                  core::Instant now) {
  try {
    take_run(histories, {folder.filename().string(), read_first_record(folder), core::Json::object()}, now);
  } catch (const std::exception&) {  // whose it was cannot be said; it is found by whoever lists or verifies runs
  }
}

}  // namespace

std::map<std::string, ScheduleHistory> read_histories(const Desk& desk, const std::vector<std::string>& names,
                                                      core::Instant now) {
  std::map<std::string, ScheduleHistory> out;
  for (const std::string& name : names) out[name];
  for (const auto& folder : run_folders(desk)) {
    try {
      if (const auto ends = read_journal_ends(folder)) take_run(out, *ends, now);
    } catch (const core::Error&) {
      take_damaged(out, folder, now);
    }
  }
  // What was passed over after the newest run: its note is no older than the due time that it speaks of.
  std::map<std::string, std::string> wanted;  // the day on which the search for each ends
  for (const auto& [name, history] : out) wanted[name] = history.handled ? core::format_day(*history.handled) : "";
  for_each_log_line(log_folder(desk), [&](std::string_view line, std::string_view day) {
    std::erase_if(wanted, [&](const auto& each) { return day < each.second; });
    if (wanted.empty()) return false;
    const auto note = read_schedule_note(line);
    if (!note || !wanted.contains(note->schedule) || !note->settles() || note->due > now) return true;
    ScheduleHistory& history = out[note->schedule];
    if (!history.handled || note->due > *history.handled) {
      history.handled = note->due;
      history.handled_by = note->text;
    }
    wanted.erase(note->schedule);  // notes of a schedule come in the order of its due times
    return true;
  });
  return out;
}

}  // namespace ballast::host
