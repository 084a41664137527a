// Schedules as what the machine starts them by: units of systemd, lines of a crontab.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "host/schedule/schedule.hpp"

namespace ballast::host {

/// How a start is called: absolute paths, and the options that this call was given.
struct StarterCommand {
  std::filesystem::path binary, desk, var;
  std::vector<std::string> options;  ///< "--keys", "/home/ballast/.config/ballast/keys", ...
  std::string user;                  ///< who the service runs as
  std::string prefix = "ballast";    ///< of the names of units
};

struct UnitFile {
  std::string name, text;
};

/// The service and the timer of a schedule. Throws: Error{argument} for a path that no unit can name.
std::vector<UnitFile> systemd_units(const Schedule& schedule, const StarterCommand& command);

/// The lines of a crontab for the schedules, with what stands above them. Throws: as systemd_units.
std::string crontab_lines(const std::vector<Schedule>& schedules, const StarterCommand& command);

/// An argument of ExecStart= as systemd.service(5) reads it back: quotes, C escapes and specifiers.
std::string systemd_quoted(const std::string& text);
/// An argument of a crontab's command: for /bin/sh, and with cron's own % taken care of.
std::string cron_quoted(const std::string& text);

}  // namespace ballast::host
