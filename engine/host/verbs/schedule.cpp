// ballast runs schedule, start-scheduled: runbooks that timers start.
#include <ctime>

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include "core/error.hpp"
#include "core/file.hpp"
#include "host/cli.hpp"
#include "host/hand_over/hand_over.hpp"
#include "host/limits.hpp"
#include "host/run/report.hpp"
#include "host/schedule/start.hpp"
#include "host/schedule/state.hpp"
#include "host/schedule/units.hpp"

namespace ballast::host {
namespace {

namespace fs = std::filesystem;

struct ScheduleOptions {
  std::string name, now, out, user, prefix = "ballast";
  bool systemd = false, cron = false, again = false;
};

std::optional<core::Instant> given_time(const ScheduleOptions& options) {
  if (options.now.empty()) return std::nullopt;
  return core::parse_instant(options.now);
}

void show_state(const ScheduleState& state) {
  if (!state.schedule) {
    fmt::print("{:<16}  {:<16}  {}\n", state.name, "invalid", state.refused);
    return;
  }
  std::string word = state.word();
  if (!state.refused.empty()) word += ": " + state.refused;
  if (state.overdue)
    word += fmt::format(": {} not started, the first due {}", state.missed, core::format_instant(*state.overdue));
  if (!state.open_run.empty()) word += fmt::format(" ({})", state.open_run);
  const ScheduleSettings& settings = state.schedule->settings;
  fmt::print("{:<16}  {:<20}  {:<20}  {:<20}  {:<20}  {}\n", state.name,
             settings.runbook.empty() ? "(hand over)" : settings.runbook, settings.when,
             core::format_instant(*state.next),
             state.history.last_started.empty() ? "-" : state.history.last_started.substr(0, 19) + "Z", word);
}

int list(const CommonOptions& common, const ScheduleOptions& options) {
  const Desk desk = common.open_desk();
  const auto states = schedule_states(desk, common.read(desk), given_time(options).value_or(core::SystemClock().now()));
  if (common.json) {
    core::Json all = core::Json::array();
    for (const ScheduleState& each : states) all.push_back(schedule_document(each));
    fmt::print("{}\n", core::canonical_json({{"schedules", all}}));
    return kPassed;
  }
  if (states.empty()) {
    fmt::print("no schedules; declare them in config/core.yaml, section schedules\n");
    return kPassed;
  }
  fmt::print("{:<16}  {:<20}  {:<20}  {:<20}  {:<20}  {}\n", "schedule", "runbook", "when (UTC)", "next", "last start",
             "state");
  for (const ScheduleState& each : states) show_state(each);
  return kPassed;
}

/// Who the service runs as, and where that user's keys are.
struct ServiceUser {
  std::string name;
  fs::path keys;
};

ServiceUser service_user(const Desk& desk, const ScheduleOptions& options) {
  const passwd* entry = options.user.empty() ? getpwuid(geteuid()) : getpwnam(options.user.c_str());
  if (entry == nullptr)
    throw core::Error(core::Code::not_found, "this machine has no such user", "--user " + options.user);
  const bool mine = entry->pw_uid == geteuid();
  return {entry->pw_name, mine ? desk.keys : fs::path(entry->pw_dir) / ".config/ballast/keys"};
}

StarterCommand starter_command(const CommonOptions& common, const Desk& desk, const ScheduleOptions& options) {
  const ServiceUser user = service_user(desk, options);
  StarterCommand out{
      fs::read_symlink("/proc/self/exe"), whole_path(desk.folder), whole_path(desk.var), {}, user.name, options.prefix};
  // A timer has no home and stands nowhere: every place is said.
  out.options = {"--keys", whole_path(common.keys.empty() ? user.keys : desk.keys)};
  if (common.config) out.options.insert(out.options.end(), {"--config", whole_path(*common.config)});
  for (const std::string& each : common.settings) out.options.insert(out.options.end(), {"--setting", each});
  return out;
}

int units(const std::vector<Schedule>& schedules, const StarterCommand& command, const ScheduleOptions& options) {
  std::vector<UnitFile> files;
  for (const Schedule& each : schedules) {
    for (UnitFile& file : systemd_units(each, command)) files.push_back(std::move(file));
  }
  for (const UnitFile& each : files) {
    if (options.out.empty()) {
      fmt::print("# {}\n{}\n", each.name, each.text);
    } else {
      core::write_file_atomically(fs::path(options.out) / each.name, each.text);
      fmt::print("{}\n", (fs::path(options.out) / each.name).string());
    }
  }
  if (!options.out.empty())
    fmt::print(stderr,
               "install: sudo cp {0}/{1}-* /etc/systemd/system/ && sudo systemctl daemon-reload && sudo "
               "systemctl enable --now {1}-NAME.timer\n",
               options.out, options.prefix);
  return kPassed;
}

/// Whether the clock on the wall here is UTC, in winter and in summer.
bool machine_is_in_utc() {
  for (const std::time_t ahead : {0, 91 * 86400, 182 * 86400, 273 * 86400}) {
    const std::time_t time = std::time(nullptr) + ahead;
    std::tm local{};
    if (localtime_r(&time, &local) == nullptr || local.tm_gmtoff != 0) return false;
  }
  return true;
}

int crontab(const std::vector<Schedule>& schedules, const StarterCommand& command, const ScheduleOptions& options) {
  const std::string text = crontab_lines(schedules, command);
  if (options.out.empty()) {
    fmt::print("{}", text);
  } else {
    const auto file = fs::path(options.out) / (options.prefix + ".cron");
    core::write_file_atomically(file, text);
    fmt::print("{}\n", file.string());
  }
  if (!machine_is_in_utc())
    fmt::print(stderr,
               "warning: this machine's zone is not UTC; where cron does not know CRON_TZ, these lines start at "
               "other times. Units of systemd (--systemd) say UTC themselves.\n");
  return kPassed;
}

int schedule(const CommonOptions& common, const ScheduleOptions& options) {
  if (options.systemd && options.cron)
    throw core::Error(core::Code::argument, "give --systemd or --cron, and not both");
  if (!options.systemd && !options.cron) {
    if (!options.out.empty()) throw core::Error(core::Code::argument, "--out takes units or a crontab", "--out");
    return list(common, options);
  }
  const Desk desk = common.open_desk();
  const Configuration configuration = common.read(desk);
  std::vector<Schedule> schedules;
  for (const std::string& name : schedule_names(configuration)) schedules.push_back(read_schedule(configuration, name));
  if (schedules.empty())
    throw core::Error(core::Code::not_found, "the settings declare no schedules", "config/core.yaml: schedules");
  for (const Schedule& each : schedules) {
    const std::string refused = refusal_of_run(desk, configuration, each);
    if (!refused.empty()) fmt::print(stderr, "warning: schedule {} would not start: {}\n", each.name, refused);
  }
  const StarterCommand command = starter_command(common, desk, options);
  return options.systemd ? units(schedules, command, options) : crontab(schedules, command, options);
}

int start(const CommonOptions& common, const ScheduleOptions& options) {
  const Desk desk = common.open_desk();
  const Configuration configuration = common.read(desk);
  const Schedule declared = read_schedule(configuration, options.name);
  int status = kPassed;
  StartWork work;
  work.run = [&](const RunRequest& given) {
    stop_on_interrupt();
    status = show_run(common, desk, [&](const auto& begun) {
      RunRequest request = given;
      request.begun = [&](const std::string& id) {
        given.begun(id);
        begun(id);
      };
      return execute_run(desk, configuration, request);
    });
  };
  work.hand_over = [&] {
    const HandOverSettings& settings = declared.settings.hand_over;
    const HandOverResult result = hand_over(desk, configuration, {desk.folder / settings.to, settings.git, {}});
    const std::string text = result.text(settings.to);
    if (!declared.settings.runbook.empty()) fmt::print(stderr, "{}\n", text);
    if (!result.refused.empty())
      throw core::Error(core::Code::state,
                        fmt::format("{}: {}: {}", text, result.refused.front().run, result.refused.front().why));
    return text;
  };
  const auto now = given_time(options);
  const core::ChosenClock clock(now);
  const Start result = start_scheduled(
      desk, configuration, {options.name, now, common.json, options.again, common.as_arguments()}, clock, work);
  if (result.what == Start::What::started) return status;
  if (common.json) {
    const char* const words[] = {"started", "already_started", "skipped", "nothing_due", "handed_over"};
    fmt::print("{}\n", core::canonical_json({{"schedule", options.name},
                                             {"due", core::format_instant(result.due)},
                                             {"outcome", words[static_cast<int>(result.what)]},
                                             {"text", result.text}}));
  } else {
    fmt::print("{}: {}\n", options.name, result.text);
  }
  return kPassed;
}

}  // namespace

void add_schedule_verbs(CLI::App& runs, CommonOptions& common, Action& action) {
  auto options = std::make_shared<ScheduleOptions>();
  CLI::App* verb =
      runs.add_subcommand("schedule", "Show the schedules, or make units of systemd or crontab lines of them");
  verb->add_flag("--systemd", options->systemd, "Make a service and a timer of each");
  verb->add_flag("--cron", options->cron, "Make the lines of a crontab");
  verb->add_option("--out", options->out, "Folder for the files (default: standard output)");
  verb->add_option("--user", options->user, "Who the services run as, a user of this machine (default: who calls)");
  verb->add_option("--prefix", options->prefix, "Of the names of units; one a desk")->capture_default_str();
  verb->add_option("--now", options->now, "As of this time, RFC 3339");
  finish_verb(*verb, common, action, [&common, options] { return schedule(common, *options); });
  verb->footer(
      "Schedules are declared in the settings, section schedules. Times are UTC.\n"
      "examples:\n  ballast runs schedule\n  ballast runs schedule --systemd --out units --user ballast\n"
      "  ballast runs schedule --cron | crontab -\n");

  verb = runs.add_subcommand("start-scheduled", "Start what a schedule says, once for each due time; timers call it");
  verb->add_option("NAME", options->name, "Name of the schedule")->required();
  verb->add_option("--now", options->now, "Decision time, RFC 3339 (refused in live)");
  verb->add_flag("--again", options->again,
                 "Start for the last due time once more, for example after a run that failed");
  finish_verb(*verb, common, action, [&common, options] { return start(common, *options); });
  verb->footer(
      "A due time that was started already is not started again. A start that was missed, or is passed over because "
      "an\n"
      "earlier run has not ended, stands in the decision log and is told as the settings `notify` say.\n"
      "Exit status: that of the run; 0 when none was to be begun.\n"
      "examples:\n  ballast runs start-scheduled daily_cycle\n  ballast runs start-scheduled daily_cycle --again\n");
}

}  // namespace ballast::host
