#include "host/schedule/notes.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "host/evidence.hpp"
#include "host/run/notice.hpp"
#include "host/version.hpp"
#include "journal/decision_log.hpp"

namespace ballast::host {

std::optional<ScheduleNote> read_schedule_note(std::string_view line) {
  if (line.find("\"schedule\":") == std::string_view::npos) return std::nullopt;  // most lines are spared the parser
  try {
    const core::Json entry = core::parse_json(line, "decision log");
    // A run may write notes with any content; those of schedules belong to no run.
    if (entry.value("kind", "") != "note" || entry.contains("run") || !entry.contains("decision")) return std::nullopt;
    const core::Json& decision = entry["decision"];
    ScheduleNote out{decision.at("schedule").get<std::string>(),
                     core::parse_instant(decision.at("due").get<std::string>()),
                     core::Kind<ScheduleOutcome>::read(decision.at("outcome"), {}, "outcome", core::Unknown::ignore),
                     entry.value("note", "")};
    return out;
  } catch (const std::exception&) {  // not ours, or damaged: verification names it
    return std::nullopt;
  }
}

void NoteWriter::write(const ScheduleNote& note) const {
  const Environment environment = configuration.settings.desk.environment;
  const Keys keys = open_keys(desk, environment, clock);
  auto log = journal::DecisionLog::open(log_folder(desk), *keys.entry, *keys.head, keys.ring, clock,
                                        {std::string(kVersion), std::string(kBuild), {}});
  log.seal_finished();
  const std::string outcome(core::name_of(note.outcome));
  journal::Draft draft;
  draft.kind = "note";
  draft.actor = actor;
  draft.environment = std::string(core::name_of(environment));
  draft.clock_given = clock_given;
  draft.note = note.text;
  draft.decision =
      core::Json{{"schedule", note.schedule}, {"due", core::format_instant(note.due)}, {"outcome", outcome}};
  const journal::Appended entry = log.append(draft);
  if (note.outcome == ScheduleOutcome::handed_over) return;
  core::Json notice{{"text", note.text},
                    {"level", "warning"},
                    {"data", *draft.decision},
                    {"entry", entry.seq},
                    {"time", core::format_instant(clock.now())}};
  for (const std::string& each : send_notice(notice, configuration.settings.notify, desk, nullptr))
    fmt::print(stderr, "{}\n", each);
}

}  // namespace ballast::host
