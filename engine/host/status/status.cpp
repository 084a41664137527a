#include "host/status/status.hpp"

#include <array>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/printable.hpp"
#include "host/desk.hpp"

namespace ballast::host {
namespace {

struct Part {
  const char* name;
  StatusPart (*read)(const StatusQuestion&);
};

constexpr std::array<Part, 8> kParts{{{"runs", runs_status},
                                      {"schedules", schedules_status},
                                      {"freezes", freezes_status},
                                      {"decision", decision_status},
                                      {"log", log_status},
                                      {"data", data_status},
                                      {"keys", keys_status},
                                      {"disk", disk_status}}};

constexpr std::size_t kShownOfOneCode = 8;  // at night nobody reads more; --json has all

}  // namespace

std::vector<StatusPart> read_status(const StatusQuestion& question) {
  std::vector<StatusPart> out;
  for (const Part& each : kParts) {
    try {
      out.push_back(each.read(question));
    } catch (const std::exception& e) {
      StatusPart failed{each.name, nullptr, {"could not be read"}, {}};
      failed.findings.push_back({fmt::format("{}_unreadable", each.name), each.name,
                                 fmt::format("{} could not be read: {}", each.name, e.what()),
                                 "correct what the message names, then ask again"});
      out.push_back(std::move(failed));
    }
    out.back().name = each.name;
  }
  return out;
}

std::size_t count_findings(const std::vector<StatusPart>& parts) {
  std::size_t out = 0;
  for (const StatusPart& each : parts) out += each.findings.size();
  return out;
}

core::Json status_document(const StatusQuestion& question, const std::vector<StatusPart>& parts) {
  core::Json findings = core::Json::array();
  core::Json out{{"format", std::string(kStatusFormat)},
                 {"version", 1},
                 {"time", core::format_instant(question.now)},
                 {"desk", whole_path(question.desk.folder)},
                 {"var", whole_path(question.desk.var)},
                 {"environment", std::string(core::name_of(question.configuration.settings.desk.environment))},
                 {"needs_a_person", count_findings(parts) > 0}};
  for (const StatusPart& part : parts) {
    out[part.name] = part.facts;
    for (const Finding& each : part.findings)
      findings.push_back({{"code", each.code},
                          {"part", part.name},
                          {"subject", each.subject},
                          {"sentence", each.sentence},
                          {"action", each.action}});
  }
  out["findings"] = std::move(findings);
  return out;
}

std::string status_text(const StatusQuestion& question, const std::vector<StatusPart>& parts) {
  std::string out =
      fmt::format("{}  {}  {}\n\n", core::format_instant(question.now).substr(0, 19) + "Z",
                  core::name_of(question.configuration.settings.desk.environment), question.desk.var.string());
  const std::size_t count = count_findings(parts);
  if (count == 0) out += "nothing needs a person\n\n";
  if (count > 0)
    out += fmt::format("{} a person\n", count == 1 ? "1 thing needs" : fmt::format("{} things need", count));
  for (const StatusPart& part : parts) {
    std::string code;
    std::size_t shown = 0, left = 0;
    for (const Finding& each : part.findings) {
      if (each.code != code) shown = 0;
      code = each.code;
      if (++shown > kShownOfOneCode) {
        ++left;
        continue;
      }
      out += fmt::format("  {:<20} {}\n  {:<20} -> {}\n", each.code, core::printable(each.sentence), "",
                         core::printable(each.action));
    }
    if (left > 0) out += fmt::format("  {:<20} and {} more; ballast status --json has all\n", "", left);
  }
  if (count > 0) out += "\n";
  for (const StatusPart& part : parts) {
    std::string_view word = part.name;
    for (const std::string& each : part.lines) {
      out += fmt::format("{:<10} {}\n", word, core::printable(each));
      word = "";
    }
  }
  return out;
}

std::string format_age(core::Instant from, core::Instant now) {
  const std::int64_t seconds = (now.microseconds - from.microseconds) / 1'000'000;
  if (seconds < 0) return "in " + format_age(now, from);
  if (seconds < 60) return fmt::format("{}s", seconds);
  if (seconds < 3600) return fmt::format("{}min", seconds / 60);
  if (seconds < 86400) return fmt::format("{}h {}min", seconds / 3600, seconds / 60 % 60);
  return fmt::format("{}d {}h", seconds / 86400, seconds / 3600 % 24);
}

}  // namespace ballast::host
