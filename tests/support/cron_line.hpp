// A reader of crontab fields of the tests' own, by the rules of crontab(5): it shares nothing with what writes them.
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "core/instant.hpp"

namespace ballast::test {

/// Whether one field ("*", "*/15", "1-5", "1,4", "30") holds the value. Sunday is 0 or 7.
inline bool cron_field_holds(const std::string& field, int value, int first, int last) {
  std::istringstream parts(field);
  for (std::string part; std::getline(parts, part, ',');) {
    int step = 1, low = first, high = last;
    if (const auto slash = part.find('/'); slash != std::string::npos) {
      step = std::stoi(part.substr(slash + 1));
      part.resize(slash);
    }
    if (part != "*") {
      const auto dash = part.find('-');
      low = std::stoi(part);
      high = dash == std::string::npos ? low : std::stoi(part.substr(dash + 1));
    }
    for (int each = low; each <= high; each += step) {
      if (each == value || (last == 7 && each == 7 && value == 0)) return true;
    }
  }
  return false;
}

/// Whether a line of five fields is due in the minute, given as in RFC 3339 with the day of the week (Sunday is 0).
inline bool cron_is_due(const std::string& line, const std::string& minute, int weekday) {
  std::istringstream in(line);
  std::vector<std::string> fields(5);
  for (std::string& each : fields) in >> each;
  const auto at = [&](std::size_t from, std::size_t count) { return std::stoi(minute.substr(from, count)); };
  const bool time = cron_field_holds(fields[0], at(14, 2), 0, 59) && cron_field_holds(fields[1], at(11, 2), 0, 23) &&
                    cron_field_holds(fields[3], at(5, 2), 1, 12);
  const bool day = cron_field_holds(fields[2], at(8, 2), 1, 31), of_week = cron_field_holds(fields[4], weekday, 0, 7);
  // Where both days are restricted, cron takes either.
  return time && (fields[2] != "*" && fields[4] != "*" ? day || of_week : day && of_week);
}

}  // namespace ballast::test
