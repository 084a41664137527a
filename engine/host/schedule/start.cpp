#include "host/schedule/start.hpp"

#include <algorithm>

#include <fcntl.h>
#include <fmt/format.h>

#include "core/error.hpp"
#include "core/file.hpp"
#include "core/file_lock.hpp"
#include "host/run/list.hpp"
#include "host/schedule/history.hpp"
#include "host/schedule/notes.hpp"
#include "host/schedule/state.hpp"

namespace ballast::host {
namespace {

/// Held from looking at what was started until the run has a journal that others see.
class StartLock {
 public:
  explicit StartLock(const Desk& desk, const std::string& name) {
    const auto path = desk.var / "locks" / fmt::format("schedule-{}", name);
    core::create_folders(path.parent_path());
    file_ = core::open_file(path, O_RDWR | O_CREAT);
    core::lock_file(file_.get(), core::LockKind::exclusive, path);
  }
  void release() { file_ = {}; }

 private:
  core::FileDescriptor file_;
};

/// The newest run of the schedule that is going on, or waits to be gone on with. One that failed or died is nobody's
/// work any more.
std::optional<RunSummary> run_in_the_way(const Desk& desk, const ScheduleHistory& history) {
  for (auto run = history.open_runs.rbegin(); run != history.open_runs.rend(); ++run) {
    const RunSummary summary = find_run(desk, *run);
    for (const char* status : {"running", "waiting", "interrupted"}) {
      if (summary.status == status) return summary;
    }
  }
  return std::nullopt;
}

std::string shown(core::Instant due) { return core::format_instant(due); }

class Starter {
 public:
  Starter(const Desk& desk, const Configuration& configuration, const StartRequest& request, const core::Clock& clock,
          const StartWork& work)
      : desk_(desk),
        request_(request),
        work_(work),
        schedule_(read_schedule(configuration, request.schedule)),
        clock_(clock),
        notes_{desk, configuration, clock, request.now.has_value(),
               actor_name(configuration, schedule_.settings.actor)} {}

  Start start() {
    const core::Instant arrived = clock_.now();
    for (;;) {
      StartLock lock(desk_, schedule_.name);
      const core::Instant now = clock_.now();
      history_ = read_histories(desk_, {schedule_.name}, now).at(schedule_.name);
      // Who waits does so for the due time that it was called for.
      DueTimes due = due_and_not_handled(schedule_, history_, arrived);
      if (due.count == 0 && request_.again) due = latest_due(arrived);
      if (due.count == 0) return nothing_to_start(arrived);
      if (const auto other = find_in_the_way(due.last)) {
        if (request_.again)  // somebody is there, and can do something about it
          throw core::Error(
              core::Code::state,
              fmt::format("run {} has not ended ({}); resume or abort it first", other->id, other->status), "--again");
        const core::Instant next = schedule_.when.next_after(due.last);
        const bool over = clock_.now() >= next;
        if (schedule_.settings.on_overlap == OnOverlap::skip || over)
          return skip(due.last, fmt::format("run {} has not ended ({}){}", other->id, other->status,
                                            over ? ", and the next due time has come" : ""));
        lock.release();
        wait_a_little(next);
        continue;
      }
      return begin(due, now, lock);
    }
  }

 private:
  DueTimes latest_due(core::Instant now) const {
    const core::Instant latest = schedule_.when.latest_at(now);
    if (schedule_.settings.since && latest < *schedule_.settings.since) return {};
    return {1, latest, latest};
  }

  /// Nobody may be there to read why a start failed: it is told as the settings say.
  std::optional<RunSummary> find_in_the_way(core::Instant due) const {
    try {
      return run_in_the_way(desk_, history_);
    } catch (const core::Error& e) {
      note(due, ScheduleOutcome::failed,
           fmt::format("the start due {} failed, because nobody can tell whether an earlier run goes on: {}",
                       shown(due), e.what()));
      throw;
    }
  }

  void note(core::Instant due, ScheduleOutcome outcome, const std::string& text) const {
    notes_.write({schedule_.name, due, outcome, fmt::format("schedule {}: {}", schedule_.name, text)});
  }

  /// A given clock stands still until somebody waits, so there it is the next due time at once.
  void wait_a_little(core::Instant next) {
    const core::Stop stop;  // an interrupt ends the process: nothing was begun
    const core::Instant later{clock_.now().microseconds + pause_};
    pause_ =
        std::min<std::int64_t>(2 * pause_, 60'000'000);  // each look reads the log: a day of them, not one a second
    clock_.wait_until(request_.now ? next : std::min(later, next), stop);
  }

  Start nothing_to_start(core::Instant now) const {
    if (!history_.handled || *history_.handled < schedule_.when.latest_at(now)) {
      const core::Instant since = *schedule_.settings.since;
      return {Start::What::nothing_due, schedule_.when.next_after(std::max(now, core::Instant{since.microseconds - 1})),
              fmt::format("nothing is due before {} (schedules.{}.since)", shown(since), schedule_.name)};
    }
    const std::string hint = fmt::format("ballast runs start-scheduled {} --again starts it once more", schedule_.name);
    return {Start::What::already, *history_.handled,
            history_.handled_by.starts_with("run ")
                ? fmt::format("{} was started already: {}; {}", shown(*history_.handled), history_.handled_by, hint)
                : fmt::format("{} was settled already: {}; {}", shown(*history_.handled), history_.handled_by, hint)};
  }

  Start skip(core::Instant due, const std::string& why) const {
    const std::string text = fmt::format("the start due {} is passed over: {}", shown(due), why);
    note(due, ScheduleOutcome::skipped, text);
    return {Start::What::skipped, due, text};
  }

  Start begin(const DueTimes& due, core::Instant now, StartLock& lock) {
    const core::Instant late{now.microseconds - due.last.microseconds};
    const bool missed = late > schedule_.late_after && !request_.again;  // somebody wants it now
    const std::size_t passed = due.count - (missed ? 0 : 1);
    const std::string all = passed == 1 ? "it" : "all of them";
    const std::string which = passed == 1
                                  ? fmt::format("the start due {} was missed", shown(due.first))
                                  : fmt::format("{} starts were missed, the first due {}", passed, shown(due.first));
    if (missed && schedule_.settings.on_missed == OnMissed::skip)
      return skip(due.last, fmt::format("{}, and missed ones are not made up", which));
    if (missed) {
      note(due.last, ScheduleOutcome::made_up, fmt::format("{}; one run is started now for {}", which, all));
    } else if (passed > 0) {
      const bool made_up = schedule_.settings.on_missed == OnMissed::run_once;
      note(due.last, made_up ? ScheduleOutcome::made_up : ScheduleOutcome::missed,
           fmt::format(
               "{}; {}", which,
               made_up ? "the run that is due now stands for " + all : std::string("missed ones are not made up")));
    }
    if (schedule_.settings.runbook.empty()) {
      const std::string text = hand_over(due.last);
      note(due.last, ScheduleOutcome::handed_over, text);
      return {Start::What::handed_over, due.last, text};
    }
    start_run(due.last, lock);
    if (!schedule_.settings.hand_over.to.empty()) hand_over(due.last);
    return {Start::What::started, due.last, {}};
  }

  std::string hand_over(core::Instant due) {
    try {
      return work_.hand_over();
    } catch (const core::Error& e) {
      note(due, ScheduleOutcome::failed,
           fmt::format("reports could not be handed over: {}; once that is mended: ballast runs hand-over --to {}{}",
                       e.what(), schedule_.settings.hand_over.to, schedule_.settings.hand_over.git ? " --git" : ""));
      throw;
    }
  }

  void start_run(core::Instant due, StartLock& lock) {
    RunRequest run = run_of_schedule(desk_, schedule_);
    run.now = request_.now;
    run.json = request_.json;
    run.child_options = request_.child_options;
    run.scheduled = {{"name", schedule_.name}, {"due", shown(due)}};
    bool begun = false;
    run.begun = [&](const std::string&) {
      begun = true;
      lock.release();
    };
    try {
      work_.run(run);
    } catch (const core::Error& e) {
      // A run that has a journal tells of its failure itself. The due time stays open: who corrects it starts again.
      if (!begun) note(due, ScheduleOutcome::failed, fmt::format("the start due {} failed: {}", shown(due), e.what()));
      throw;
    }
  }

  const Desk& desk_;
  const StartRequest& request_;
  const StartWork& work_;
  Schedule schedule_;
  const core::Clock& clock_;
  NoteWriter notes_;
  ScheduleHistory history_;
  std::int64_t pause_ = 1'000'000;  // microseconds
};

}  // namespace

RunRequest run_of_schedule(const Desk& desk, const Schedule& schedule) {
  const ScheduleSettings& settings = schedule.settings;
  RunRequest out;
  out.runbook = settings.runbook;
  out.actor = settings.actor;
  out.confirmed = settings.confirm;
  out.parameters.values = settings.parameters;
  out.parameters.values_place = fmt::format("schedules.{}.parameters", schedule.name);
  out.parameters.values_origin = "settings:" + out.parameters.values_place;
  if (!settings.parameters_file.empty()) out.parameters.file = (desk.folder / settings.parameters_file).string();
  return out;
}

Start start_scheduled(const Desk& desk, const Configuration& configuration, const StartRequest& request,
                      const core::Clock& clock, const StartWork& work) {
  if (request.now && configuration.settings.desk.environment == Environment::live)
    throw core::Error(core::Code::argument, "a given clock is refused in live", "--now");
  return Starter(desk, configuration, request, clock, work).start();
}

}  // namespace ballast::host
