// The last decision of the log: what was asked, what was answered, how long ago.
#include <fmt/format.h>

#include "host/evidence.hpp"
#include "host/log_lines.hpp"
#include "host/status/status.hpp"

namespace ballast::host {

StatusPart decision_status(const StatusQuestion& question) {
  StatusPart out;
  for_each_log_line(log_folder(question.desk), [&](std::string_view line, std::string_view) {
    if (line.find("\"kind\":\"decision\"") == std::string_view::npos) return true;
    const core::Json entry = core::parse_json(line, "decision log");
    if (entry.value("kind", "") != "decision") return true;
    const std::string policy = entry.at("policy").at("name").get<std::string>();
    const std::string outcome = entry.at("decision").value("outcome", "");
    const core::Instant time = core::parse_instant(entry.at("time").get<std::string>());
    out.facts = {{"seq", entry.at("seq")},
                 {"time", entry.at("time")},
                 {"policy", policy},
                 {"outcome", outcome},
                 {"run", entry.value("run", "")},
                 {"age_seconds", (question.now.microseconds - time.microseconds) / 1'000'000}};
    out.lines.push_back(fmt::format("entry {}, {}: {}, {} ago", entry.at("seq").dump(), policy, outcome,
                                    format_age(time, question.now)));
    return false;
  });
  if (out.lines.empty()) out.lines.emplace_back("none yet");
  return out;
}

}  // namespace ballast::host
