// Times that recur, as people write them: "daily 06:30", "every 15min". Only what a systemd timer and a cron line can
// say exactly too, and of which the previous and the next time can be computed here. All of it is UTC.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/instant.hpp"

namespace ballast::core {

class Recurrence {
 public:
  /// Reads one of: `hourly`, `hourly :15`, `every 15min` and `every 4h` (parts of an hour or a day), `daily 06:30`,
  /// `weekdays 06:30` (Monday to Friday), `weekly mon 07:00`, `weekly mon,thu 07:00`, `monthly 1 07:00` (1 to 28).
  /// Throws: Error{argument} naming what is accepted.
  static Recurrence parse(std::string_view text);

  /// The last due time that is not later than `instant`.
  Instant latest_at(Instant instant) const;
  /// The first due time that is later than `instant`.
  Instant next_after(Instant instant) const;

  /// As `OnCalendar=` of a systemd timer: "Mon *-*-* 07:00:00 UTC".
  const std::string& on_calendar() const noexcept { return on_calendar_; }
  /// As the five fields of a crontab line whose times are UTC: "0 7 * * 1".
  const std::string& cron() const noexcept { return cron_; }

 private:
  Recurrence() = default;
  bool is_day(std::int64_t day) const;
  void at_minutes(int first, int step, int end);

  std::vector<std::int64_t> minutes_;  ///< of the day, ascending
  unsigned weekdays_ = 0x7f;           ///< bit 0 is Sunday
  unsigned month_day_ = 0;             ///< 0: every day of the month
  std::string on_calendar_, cron_;
};

}  // namespace ballast::core
