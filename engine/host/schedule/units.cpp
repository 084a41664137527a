#include "host/schedule/units.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/printable.hpp"

namespace ballast::host {
namespace {

std::string replaced(const std::string& text, char what, std::string_view with) {
  std::string out;
  for (const char c : text) {
    if (c == what) {
      out += with;
    } else {
      out += c;
    }
  }
  return out;
}

void require_one_line(const std::string& text) {
  if (std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }))
    throw core::Error(core::Code::argument, "neither a unit nor a crontab can name what has control characters",
                      core::printable(text));
}

/// Text of a setting that takes the rest of its line, such as Description=.
std::string unit_text(const std::string& text) { return replaced(text, '%', "%%"); }

std::vector<std::string> arguments(const Schedule& schedule, const StarterCommand& command) {
  std::vector<std::string> out{command.binary.string(), "runs",  "start-scheduled",   schedule.name, "--desk",
                               command.desk.string(),   "--var", command.var.string()};
  out.insert(out.end(), command.options.begin(), command.options.end());
  for (const std::string& each : out) require_one_line(each);
  return out;
}

template <class Quote>
std::string joined(const std::vector<std::string>& words, Quote quote) {
  std::string out;
  for (const std::string& each : words) out += (out.empty() ? "" : " ") + quote(each);
  return out;
}

bool is_plain(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' || c == '-' ||
           c == '_' || c == '.' || c == '=' || c == ',';
  });
}

std::string what_it_does(const Schedule& schedule) {
  return schedule.settings.runbook.empty() ? "hand over reports" : schedule.settings.runbook;
}

}  // namespace

std::string systemd_quoted(const std::string& text) {
  if (is_plain(text)) return text;
  return "\"" + replaced(replaced(replaced(text, '\\', "\\\\"), '"', "\\\""), '%', "%%") + "\"";
}

std::string cron_quoted(const std::string& text) {
  if (is_plain(text)) return text;
  // cron takes the backslash away before the shell sees the line, within quotes too.
  return "'" + replaced(replaced(text, '\'', "'\\''"), '%', "\\%") + "'";
}

std::vector<UnitFile> systemd_units(const Schedule& schedule, const StarterCommand& command) {
  const std::string name = fmt::format("{}-{}", command.prefix, schedule.name);
  const std::string made = "# Made by `ballast runs schedule --systemd`; make it again when the settings change.\n";
  std::string mounts = systemd_quoted(command.desk.string());
  if (command.var.lexically_relative(command.desk).string().starts_with(".."))
    mounts += " " + systemd_quoted(command.var.string());
  require_one_line(schedule.settings.when);
  require_one_line(what_it_does(schedule));
  const std::string text = unit_text(
      fmt::format("ballast schedule {}: {}, {} UTC", schedule.name, what_it_does(schedule), schedule.settings.when));
  // ':' keeps systemd from replacing $NAME in arguments. A run that waits for somebody (4) and one that was stopped and
  // can be resumed (130) are no failures. Only the main process is killed: a command that sends a notice is left to
  // finish when the run has ended.
  const std::string service = fmt::format(
      "{}[Unit]\nDescription={}\nRequiresMountsFor={}\n\n"
      "[Service]\nType=oneshot\nUser={}\nWorkingDirectory={}\nExecStart=:{}\nSuccessExitStatus=4 130\n"
      "KillMode=process\nSyslogIdentifier={}\n",
      made, text, mounts, command.user, unit_text(command.desk.string()),
      joined(arguments(schedule, command), systemd_quoted), name);
  const std::string timer = fmt::format(
      "{}[Unit]\nDescription={}\n\n[Timer]\nOnCalendar={}\nPersistent={}\nAccuracySec=1s\nUnit={}.service\n\n"
      "[Install]\nWantedBy=timers.target\n",
      made, text, schedule.when.on_calendar(), schedule.settings.on_missed == OnMissed::run_once ? "true" : "false",
      name);
  return {{name + ".service", service}, {name + ".timer", timer}};
}

std::string crontab_lines(const std::vector<Schedule>& schedules, const StarterCommand& command) {
  std::string out =
      "# Made by `ballast runs schedule --cron`; make it again when the settings change.\n"
      "# Times are UTC. A cron that does not know CRON_TZ (Debian's) reads them in the zone of the machine.\n"
      "CRON_TZ=UTC\n";
  for (const Schedule& schedule : schedules) {
    require_one_line(schedule.settings.when);
    require_one_line(what_it_does(schedule));
    const std::string line = fmt::format("cd {} && {}", cron_quoted(command.desk.string()),
                                         joined(arguments(schedule, command), cron_quoted));
    out += fmt::format("\n# {}: {}, {} UTC\n{} {}\n", schedule.name, what_it_does(schedule), schedule.settings.when,
                       schedule.when.cron(), line);
    // What systemd's Persistent= does: a start that was missed while the machine was off.
    if (schedule.settings.on_missed == OnMissed::run_once) out += fmt::format("@reboot {}\n", line);
  }
  return out;
}

}  // namespace ballast::host
