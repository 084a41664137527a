#include "host/run/progress.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/printable.hpp"
#include "host/run/history.hpp"

namespace ballast::host {
namespace {

using core::Json;

double seconds_between(core::Instant first, core::Instant last) {
  return std::max(0.0, static_cast<double>(last.microseconds - first.microseconds) / 1e6);
}

/// The name of a look, an attempt or a pause without its number: what the operator knows it by.
std::string without_count(const std::string& name) {
  for (const std::string_view each : {", look ", ", attempt ", ", pause "}) {
    const auto at = name.rfind(each);
    if (at != std::string::npos && name.find_first_not_of("0123456789", at + each.size()) == std::string::npos)
      return name.substr(0, at);
  }
  return name;
}

core::Instant whole_second(core::Instant instant) { return {instant.microseconds / 1'000'000 * 1'000'000}; }

std::string clock_time(core::Instant instant) {
  const std::string text = core::format_instant(whole_second(instant));
  return text.substr(text.find('T') + 1);
}

std::string joined(const std::vector<std::string>& names) { return fmt::format("{}", fmt::join(names, ", ")); }

}  // namespace

std::size_t Progress::place_of(const std::string& step) const {
  const std::string name = without_count(step);
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    // A step that was announced by a text only may be called so too.
    if (const std::string& announced = steps_[i].name.empty() ? steps_[i].text : steps_[i].name;
        announced == step || announced == name)
      return i + 1;
  }
  return 0;
}

std::vector<std::string> Progress::to_come() const {
  std::vector<std::string> out;
  for (std::size_t i = reached_; i < steps_.size(); ++i)
    out.push_back(steps_[i].name.empty() ? steps_[i].text : steps_[i].name);
  return out;
}

double Progress::elapsed(core::Instant now) const {
  return began_ ? seconds_between(*began_, end_.is_null() ? now : last_) : 0;
}

void Progress::begin(const std::string& unit, std::optional<core::Instant> at, bool waits) {
  doing_ = unit;
  doing_since_ = at;
  waiting_ = waits;
}

std::string Progress::children_text() const {
  if (children_.empty()) return {};
  return fmt::format("child run{} '{}'", children_.size() == 1 ? "" : "s", fmt::join(children_, "', '"));
}

std::optional<ProgressEvent> Progress::take_unit(const Json& record, std::optional<core::Instant> at) {
  const std::string kind = record["kind"].get<std::string>();
  const bool takes_time = kind == "step_finished" || kind == "wait" || kind == "child";
  ProgressEvent out;
  out.unit = describe_unit(record);
  if (kind == "step_finished") {
    if (record.contains("error")) out.failed = record["error"].value("message", "");
    out.place = place_of(record["step"].get<std::string>());
  }
  if (takes_time && !doing_.empty() && doing_since_ && at) out.seconds = seconds_between(*doing_since_, *at);
  if (kind == "child") {
    std::erase(children_, record["name"].get<std::string>());
    begin(children_text(), doing_since_, false);
  } else if (takes_time) {
    begin("", {}, false);
  }
  done_.push_back({record["seq"].get<std::uint64_t>(), reached_});
  if (kind == "check") return std::nullopt;  // what held needs no line of its own
  return out;
}

std::optional<ProgressEvent> Progress::take(const Json& record, journal::Recorded when, core::Instant seen) {
  using What = ProgressEvent::What;
  const std::string kind = record.at("kind").get<std::string>();
  if (kind == "run_started") {
    run_ = record.value("run", "");
    clock_given_ = record.value("clock", "") == "given";
    for (const Json& each : record.value("steps", Json::array()))
      steps_.push_back({each.value("name", ""), each.value("text", "")});
  }
  // A given clock stands still: only whoever is there when a record comes knows the time.
  std::optional<core::Instant> at;
  if (!clock_given_) at = core::parse_instant(record.at("time").get<std::string>());
  if (clock_given_ && when == journal::Recorded::now) at = seen;
  last_ = at.value_or(seen);
  end_ = nullptr;
  if (kind == "run_started") {
    began_ = last_;
    return ProgressEvent{What::begun, "run " + run_, {}, {}, 0};
  }
  if (kind == "run_resumed") {
    const auto keeps = record.at("keeps").get<std::uint64_t>();
    std::erase_if(done_, [&](const Done& each) { return each.seq > keeps; });
    reached_ = done_.empty() ? 0 : done_.back().reached;
    began_ = last_;
    begin(children_text(), at, false);
    const std::string text =
        fmt::format("{} behind {} completed unit{}", record.value("aborting", false) ? "is taken back" : "goes on",
                    done_.size(), done_.size() == 1 ? "" : "s");
    return ProgressEvent{What::goes_on, text, {}, {}, 0};
  }
  if (kind == "run_stopped" || kind == "run_finished") {
    begin("", {}, false);
    end_ = record;
    std::string text = record.at("status").get<std::string>(), why = record.value("reason", "");
    if (record.contains("error")) why = record["error"].value("message", "");
    if (!why.empty()) text += ": " + why;
    return ProgressEvent{kind == "run_finished" ? What::ended : What::stopped, text, {}, {}, 0};
  }
  if (kind == "step_started") {
    const std::string step = record["step"].get<std::string>();
    const std::size_t place = place_of(step);
    reached_ = std::max(reached_, place);
    begin(describe_record(record), at, false);
    return ProgressEvent{What::begun, doing_, {}, {}, place};
  }
  if (kind == "note" && record.contains("wait")) {
    const core::Instant until = core::parse_instant(record["until"].get<std::string>());
    begin(fmt::format("'{}' until {}", record["wait"].get<std::string>(), core::format_instant(whole_second(until))),
          at, true);
    return ProgressEvent{What::waits, doing_, {}, {}, 0};
  }
  if (kind == "note" && record.contains("artefact")) return std::nullopt;
  if (kind == "note" || kind == "warning")
    return ProgressEvent{What::remark, fmt::format("{}: {}", kind, record.value(kind, "")), {}, {}, 0};
  if (is_begun_child(record)) {
    children_.push_back(record["name"].get<std::string>());
    begin(children_text(), children_.size() == 1 ? at : doing_since_, false);
    return ProgressEvent{What::begun, describe_record(record), {}, {}, 0};
  }
  if (kind == "undo") {
    const bool finished = record["state"] == "finished";
    const std::string text = fmt::format("undo of effect '{}'", record["step"].get<std::string>());
    begin(finished ? "" : text, at, false);
    return ProgressEvent{finished ? What::done : What::begun, text, {}, {}, 0};
  }
  if (kind == "recovery" || !is_unit(record)) return std::nullopt;
  return take_unit(record, at);
}

std::string shown_seconds(double seconds) {
  const auto whole = static_cast<std::int64_t>(seconds);
  if (seconds < 9.95) return fmt::format("{:.1f} s", seconds);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string event_line(const Progress& progress, const ProgressEvent& event) {
  using What = ProgressEvent::What;
  std::string out = fmt::format("{:>8}  ", shown_seconds(progress.elapsed(progress.last())));
  if (event.what == What::begun) out += "begins: ";
  if (event.what == What::done) out += "done:   ";
  if (event.what == What::waits) out += "waits:  ";
  out += core::printable(event.unit);
  if (!event.failed.empty()) out += " failed: " + core::printable(event.failed);
  if (event.seconds) out += ", " + shown_seconds(*event.seconds);
  if (event.place != 0) out += fmt::format(" ({} of {})", event.place, progress.announced());
  return out;
}

std::string status_text(const Progress& progress, core::Instant now, bool ticking) {
  if (!progress.end().is_null()) return {};
  std::string out = fmt::format("{:>8}  ", shown_seconds(progress.elapsed(now)));
  if (progress.doing().empty()) {
    if (!ticking) return {};
    out += fmt::format("{} units done", progress.done());
  } else {
    out += (progress.waiting() ? "waits:  " : "now:    ") + core::printable(progress.doing());
    if (const auto since = progress.doing_since()) {
      out += ticking ? ", " + shown_seconds(seconds_between(*since, now)) : ", since " + clock_time(*since);
    }
    if (progress.announced() != 0) out += fmt::format(" ({} of {})", progress.reached(), progress.announced());
  }
  const std::vector<std::string> next = progress.to_come();
  if (!next.empty()) out += "; to come: " + core::printable(joined(next));
  return out;
}

}  // namespace ballast::host
