#include "core/recurrence.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>

#include <fmt/format.h>

#include "core/error.hpp"

namespace ballast::core {
namespace {

constexpr std::int64_t kMinute = 60'000'000, kDay = 1440 * kMinute;
constexpr int kMinutesOfDay = 1440;
// Every month has its 28th: a day that a month lacks would be passed over without a word.
constexpr int kLastDay = 28;
constexpr std::array<std::string_view, 7> kWeekdays{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

std::int64_t day_of(Instant instant) {
  const std::int64_t day = instant.microseconds / kDay;
  return instant.microseconds % kDay < 0 ? day - 1 : day;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto end = std::min(text.find(separator), text.size());
    if (end > 0 || separator != ' ') out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

/// A number of digits only; nothing for anything else.
std::optional<int> number(std::string_view text) {
  int out = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (text.empty() || text.size() > 4 || text.front() == '-' || problem != std::errc() ||
      end != text.data() + text.size())
    return std::nullopt;
  return out;
}

/// "06:30" as a minute of the day.
std::optional<int> time_of_day(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const auto hour = number(text.substr(0, 2)), minute = number(text.substr(3));
  if (!hour || !minute || *hour > 23 || *minute > 59) return std::nullopt;
  return *hour * 60 + *minute;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {
    std::string lower(text);
    for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    words_ = split(lower, ' ');
  }
  std::size_t size() const { return words_.size(); }
  const std::string& word(std::size_t index) const { return words_[index]; }

  [[noreturn]] void refuse(const std::string& why) const {
    throw Error(Code::argument,
                fmt::format("'{}' does not say when: {}; accepted, in UTC: hourly, hourly :15, every 15min (1, 2, 3, "
                            "4, 5, 6, 10, 12, 15, 20 or 30), every 4h (1, 2, 3, 4, 6, 8 or 12), daily 06:30, weekdays "
                            "06:30, weekly mon 07:00, weekly mon,thu 07:00, monthly 1 07:00 (1 to 28)",
                            text_, why));
  }
  void expect_words(std::size_t count) const {
    if (words_.size() != count) refuse(fmt::format("'{}' takes {} more", words_[0], count - 1));
  }
  int time_at(std::size_t index) const {
    const auto out = time_of_day(words_[index]);
    if (!out) refuse(fmt::format("'{}' is no time of day such as 06:30", words_[index]));
    return *out;
  }

 private:
  std::string_view text_;
  std::vector<std::string> words_;
};

/// Days of the week as bits and as both programs write them.
struct Weekdays {
  unsigned bits = 0;
  std::string systemd, cron;
};

Weekdays read_weekdays(const Reader& reader, const std::string& word) {
  Weekdays out;
  for (const std::string& each : split(word, ',')) {
    const auto at = std::find(kWeekdays.begin(), kWeekdays.end(), each);
    if (at == kWeekdays.end())
      reader.refuse(fmt::format("'{}' is no day; days are mon, tue, wed, thu, fri, sat and sun", each));
    const auto day = static_cast<unsigned>(at - kWeekdays.begin());
    if ((out.bits & (1U << day)) != 0) reader.refuse(fmt::format("'{}' stands there twice", each));
    out.bits |= 1U << day;
    std::string name = each;
    name[0] = static_cast<char>(name[0] - 'a' + 'A');
    out.systemd += (out.systemd.empty() ? "" : ",") + name;
    out.cron += fmt::format("{}{}", out.cron.empty() ? "" : ",", day);
  }
  if (out.bits == 0) reader.refuse("no day is named");
  return out;
}

}  // namespace

void Recurrence::at_minutes(int first, int step, int end) {
  for (int minute = first; minute < end; minute += step) minutes_.push_back(minute);
}

Recurrence Recurrence::parse(std::string_view text) {
  const Reader reader(text);
  if (reader.size() == 0) reader.refuse("nothing is there");
  Recurrence out;
  const std::string& word = reader.word(0);
  const auto once_a_day = [&](int minute, const std::string& days, const std::string& date, const std::string& cron) {
    out.at_minutes(minute, kMinutesOfDay, kMinutesOfDay);
    out.on_calendar_ = fmt::format("{}{} {:02}:{:02}:00 UTC", days, date, minute / 60, minute % 60);
    out.cron_ = fmt::format("{} {} {}", minute % 60, minute / 60, cron);
  };
  if (word == "hourly") {
    if (reader.size() > 1) reader.expect_words(2);
    const auto minute = reader.size() == 1 ? std::optional<int>(0)
                        : reader.word(1).size() == 3 && reader.word(1)[0] == ':'
                            ? number(std::string_view(reader.word(1)).substr(1))
                            : std::nullopt;
    if (!minute || *minute > 59) reader.refuse(fmt::format("'{}' is no minute such as :15", reader.word(1)));
    out.at_minutes(*minute, 60, kMinutesOfDay);
    out.on_calendar_ = fmt::format("*-*-* *:{:02}:00 UTC", *minute);
    out.cron_ = fmt::format("{} * * * *", *minute);
  } else if (word == "every") {
    reader.expect_words(2);
    std::string_view length = reader.word(1);
    const bool minutes = length.ends_with("min");
    if (!minutes && !length.ends_with("h")) reader.refuse(fmt::format("'{}' has neither min nor h", length));
    length.remove_suffix(minutes ? 3 : 1);
    const auto count = number(length);
    const int whole = minutes ? 60 : 24;
    if (!count || *count == 0 || *count >= whole || whole % *count != 0)
      reader.refuse(fmt::format("'{}' is no part of {}", reader.word(1), minutes ? "an hour" : "a day"));
    out.at_minutes(0, *count * (minutes ? 1 : 60), kMinutesOfDay);
    const std::string systemd = *count == 1 ? "*" : fmt::format("00/{}", *count);
    const std::string cron = *count == 1 ? "*" : fmt::format("*/{}", *count);
    out.on_calendar_ = minutes ? fmt::format("*-*-* *:{}:00 UTC", systemd) : fmt::format("*-*-* {}:00:00 UTC", systemd);
    out.cron_ = minutes ? cron + " * * * *" : fmt::format("0 {} * * *", cron);
  } else if (word == "daily") {
    reader.expect_words(2);
    once_a_day(reader.time_at(1), "", "*-*-*", "* * *");
  } else if (word == "weekdays") {
    reader.expect_words(2);
    out.weekdays_ = 0x3e;
    once_a_day(reader.time_at(1), "Mon..Fri ", "*-*-*", "* * 1-5");
  } else if (word == "weekly") {
    reader.expect_words(3);
    const Weekdays days = read_weekdays(reader, reader.word(1));
    out.weekdays_ = days.bits;
    once_a_day(reader.time_at(2), days.systemd + " ", "*-*-*", "* * " + days.cron);
  } else if (word == "monthly") {
    reader.expect_words(3);
    const auto day = number(reader.word(1));
    if (!day || *day < 1 || *day > kLastDay)
      reader.refuse(fmt::format("'{}' is no day that every month has", reader.word(1)));
    out.month_day_ = static_cast<unsigned>(*day);
    once_a_day(reader.time_at(2), "", fmt::format("*-*-{:02}", *day), fmt::format("{} * *", *day));
  } else {
    reader.refuse(fmt::format("'{}' is not known", word));
  }
  return out;
}

bool Recurrence::is_day(std::int64_t day) const {
  using namespace std::chrono;
  const sys_days point{days{day}};
  if ((weekdays_ & (1U << weekday{point}.c_encoding())) == 0) return false;
  return month_day_ == 0 || unsigned(year_month_day{point}.day()) == month_day_;
}

// A day that is due comes within 31 days, so both walks end.
Instant Recurrence::latest_at(Instant instant) const {
  for (std::int64_t day = day_of(instant);; --day) {
    if (!is_day(day)) continue;
    for (auto minute = minutes_.rbegin(); minute != minutes_.rend(); ++minute) {
      const Instant due{day * kDay + *minute * kMinute};
      if (due <= instant) return due;
    }
  }
}

Instant Recurrence::next_after(Instant instant) const {
  for (std::int64_t day = day_of(instant);; ++day) {
    if (!is_day(day)) continue;
    for (const std::int64_t minute : minutes_) {
      const Instant due{day * kDay + minute * kMinute};
      if (due > instant) return due;
    }
  }
}

}  // namespace ballast::core
